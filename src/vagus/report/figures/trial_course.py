"""Mean rating of every arm over the visits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vagus.report import style
from vagus.trial.mean_course import MeanCourse

MARKERS = "osD^vP"
LETTERS = 90  # of the names of arms, side by side in one row


@style.styled
def trial_course(courses: Sequence[MeanCourse], outcome: str, interval: str) -> Figure:
    """Means with intervals, arms a little apart, and how many were rated below.

    ``outcome``: what is rated and its unit; ``interval``: what the bars are.
    """
    figure = style.new_figure(3.5 + 0.2 * len(courses))
    ax = figure.subplots()
    span = float(courses[0].day[-1] - courses[0].day[0]) or 1.0  # one visit, no baseline
    gap = 0.012 * span
    for k, course in enumerate(courses):
        colour = style.SERIES[k % len(style.SERIES)]
        x = course.day + gap * (k - (len(courses) - 1) / 2)
        bars = np.stack([course.mean - course.low, course.high - course.mean])
        ax.errorbar(
            x, course.mean, bars, color=colour, marker=MARKERS[k % len(MARKERS)], ms=5, lw=1.6,
            elinewidth=1.1, capsize=2.5, label=course.arm,
        )  # fmt: skip
    days = courses[0].day
    ax.set_xticks(days, [f"{d:g}" for d in days])
    ax.set_xlim(days[0] - 0.05 * span, days[-1] + 0.05 * span)
    ax.set_ylabel(f"mean {outcome}")
    ax.set_xlabel("days after randomisation")
    ax.grid(True, axis="y")
    _numbers(ax, courses)
    longest = max(len(course.arm) for course in courses)
    figure.legend(loc="outside upper left", ncols=max(1, min(len(courses), LETTERS // longest)))
    figure.supxlabel(f"Bars: {interval}.", fontsize=8, color=style.MUTED, x=0.01, ha="left")
    return figure


def _numbers(ax: Axes, courses: Sequence[MeanCourse]) -> None:
    """Patients rated at each visit, one row per arm in its colour, under the axis."""
    for k, course in enumerate(courses):
        colour = style.SERIES[k % len(style.SERIES)]
        down = -38 - 12 * k
        for day, n in zip(course.day, course.n, strict=True):
            ax.annotate(
                f"{n}", (day, 0), (0, down), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="top", color=colour, fontsize=8,
                annotation_clip=False,
            )  # fmt: skip
        if k == 0:
            ax.annotate(
                "rated", (0, 0), (-6, down), xycoords="axes fraction",
                textcoords="offset points", ha="right", va="top", color=style.MUTED, fontsize=8,
                annotation_clip=False,
            )  # fmt: skip
