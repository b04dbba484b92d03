"""Courses over time: the outcome in both arms, other organs, and the seconds of one train."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vagus.body.outcome import Course
from vagus.report import style

Floats = NDArray[np.float64]
ARM_COLOUR = {"active": "#0072b2", "sham": "#d55e00", "natural": style.MUTED}
SESSION = "#e6b800"
QUANTITY_WORDS = {
    "pain": "pain",
    "DAS": "disease activity",
    "M": "depressed mood, + worse",
    "ppt": "pressure pain threshold",
    "TNF": "TNF",
    "IL6": "interleukin 6",
    "IL8": "interleukin 8",
    "IL10": "interleukin 10",
    "suppression": "vagal suppression of TNF",
    "NE": "noradrenaline",
    "S5HT": "serotonin",
    "LC": "locus coeruleus firing",
    "heart_rate": "heart rate",
    "rr_interval": "RR interval",
    "W": "trained plasticity",
    "D": "descending inhibition, 0 = rest",
    "P_last": "relief that outlasts sessions",
    "anti": "vagal anti-inflammatory state",
}

RATIO = ("LC", "NE", "S5HT")


def words(name: str) -> str:
    """A quantity's symbol in words; itself where it has none."""
    return QUANTITY_WORDS.get(name, name.replace("_", " "))


def quantiles(values: Floats) -> Floats:
    """[3, time]: 2.5, 50 and 97.5 % over the draws [draw, time] that are finite throughout."""
    kept = values[np.isfinite(values).all(axis=1)]
    if not len(kept):
        return np.full((3, values.shape[1]), np.nan)
    return np.asarray(np.quantile(kept, (0.025, 0.5, 0.975), axis=0))


def time_unit(time_s: Floats) -> tuple[float, str]:
    """Seconds of the unit that suits a course of this length, and its name."""
    span = float(np.ptp(time_s))
    for seconds, name, least in (
        (7 * 86400.0, "weeks", 6 * 7 * 86400.0),
        (86400.0, "days", 3 * 86400.0),
        (3600.0, "hours", 3 * 3600.0),
        (60.0, "minutes", 10 * 60.0),
    ):
        if span >= least:
            return seconds, name
    return 1.0, "seconds"


@style.styled
def outcome_course(
    active: Course,
    sham: Course,
    natural: Course | None,
    quantity: str,
    label: str,
    unit: str,
    baseline: float,
    sessions_s: Floats | None = None,
    smallest_noticed: float | None = None,
    end_s: float | None = None,
) -> Figure:
    """Above: the outcome per arm with 95 % bands. Below: treated minus sham, paired by draw.

    A vertical line marks ``end_s``, when outcomes are read, unless that is the last time.
    """
    scale, name = time_unit(active.time_s)
    figure = style.new_figure(5.2)
    top, low = figure.subplots(2, 1, sharex=True, height_ratios=(1.55, 1.0))
    arms = [("active", active), ("sham", sham)] + ([("natural", natural)] if natural else [])
    handles = [_arm(top, kind, course, quantity, scale) for kind, course in arms]
    top.axhline(baseline, color=style.MUTED, lw=0.9, ls=":")
    top.set_ylabel(f"{label} ({unit})")
    top.set_title("Both arms: median and 95 % band over draws")
    _difference(low, active, sham, quantity, scale)
    if smallest_noticed is not None:
        for side in (-smallest_noticed, smallest_noticed):
            low.axhline(side, color=style.MUTED, lw=0.9, ls="--")
    low.set_ylabel(f"difference\n({unit})")
    low.set_xlabel(f"time ({name})")
    low.set_title("Stimulation minus sham, draw by draw: below 0 is less than with sham")
    low.set_xlim(active.time_s[0] / scale, active.time_s[-1] / scale)
    for ax in (top, low):
        ax.grid(True, axis="y")
        if end_s is not None and end_s < active.time_s[-1]:
            ax.axvline(end_s / scale, color=style.INK, lw=0.9, ls=(0, (1, 2)))
    if end_s is not None and end_s < active.time_s[-1]:
        top.annotate(
            "outcomes read", (end_s / scale, 1.0), (-3, -2), ha="right", va="top", fontsize=8,
            xycoords=("data", "axes fraction"), textcoords="offset points",
        )  # fmt: skip
    handles.append(Line2D([], [], color=style.MUTED, lw=0.9, ls=":", label="mean at baseline"))
    if smallest_noticed is not None:
        text = f"± {smallest_noticed:g}: smallest noticed"
        handles.append(Line2D([], [], color=style.MUTED, lw=0.9, ls="--", label=text))
    if sessions_s is not None and len(sessions_s):
        bars = mark_sessions(top, sessions_s / scale)
        text = "sessions" if bars == len(sessions_s) else "sessions, merged where dense"
        handles.append(Line2D([], [], color=SESSION, lw=4, label=text))
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _arm(ax: Axes, kind: str, course: Course, quantity: str, scale: float) -> Line2D:
    colour, line = ARM_COLOUR[kind], {"active": "-", "sham": "--", "natural": "-."}[kind]
    low, middle, high = quantiles(course[quantity])
    time = course.time_s / scale
    if kind != "natural":
        ax.fill_between(time, low, high, color=colour, alpha=0.18, lw=0)
        for edge in (low, high):
            ax.plot(time, edge, color=colour, lw=0.6, ls=line, alpha=0.7)
    ax.plot(time, middle, color=colour, lw=2.0 if kind == "active" else 1.6, ls=line)
    text = {"active": "stimulation", "sham": "sham", "natural": "natural course, no treatment"}
    return Line2D([], [], color=colour, lw=2, ls=line, label=text[kind])


def _difference(ax: Axes, active: Course, sham: Course, quantity: str, scale: float) -> None:
    low, middle, high = quantiles(active[quantity] - sham[quantity])
    time = active.time_s / scale
    ax.fill_between(time, low, high, color=style.ACCENT, alpha=0.15, lw=0)
    ax.plot(time, middle, color=style.ACCENT, lw=1.8)
    ax.axhline(0.0, color=style.INK, lw=0.9)


def mark_sessions(ax: Axes, sessions: Floats) -> int:
    """On-times [n, 2] as bars along the foot of ``ax``; those nearer than can be seen are merged.

    A bar is never thinner than 1/400 of the axis. Returns the number of bars.
    """
    start, end = ax.get_xlim()
    least = (end - start) / 400
    merged: list[list[float]] = []
    for a, b in sessions[np.argsort(sessions[:, 0])]:
        b = max(float(b), float(a) + least)
        if merged and a - merged[-1][1] < least:
            merged[-1][1] = max(merged[-1][1], b)
        else:
            merged.append([float(a), b])
    bars = [(a, b - a) for a, b in merged]
    ax.broken_barh(bars, (0.0, 0.03), transform=ax.get_xaxis_transform(), color=SESSION, lw=0)
    return len(bars)


@style.styled
def organ_courses(active: Course, sham: Course, quantities: Sequence[str]) -> Figure:
    """Small panels, one per quantity: both arms with 95 % bands, each on its own scale."""
    columns = 3 if len(quantities) > 2 else max(len(quantities), 1)
    rows = -(-max(len(quantities), 1) // columns)
    figure = style.new_figure(0.75 + 1.65 * rows)
    axes = figure.subplots(rows, columns, sharex=True, squeeze=False).ravel()
    scale, name = time_unit(active.time_s)
    handles: list[Line2D] = []
    for ax, quantity in zip(axes, quantities, strict=False):
        handles = [_arm(ax, k, c, quantity, scale) for k, c in (("active", active), ("sham", sham))]
        unit = active.units[active.names.index(quantity)]
        ax.set_title(_panel_title(words(quantity), unit), fontsize=8.5)
        ax.grid(True, axis="y")
        ax.yaxis.get_major_locator().set_params(nbins=4)
        ax.ticklabel_format(axis="y", useOffset=False)
        _room_for_a_line(ax)
    for spare in axes[len(quantities) :]:
        spare.set_axis_off()
    for ax in axes[(rows - 1) * columns : len(quantities)]:
        ax.set_xlabel(f"time ({name})")
    axes[0].xaxis.set_major_locator(MaxNLocator(5, integer=True, steps=[1, 2, 3, 4, 5, 10]))
    axes[0].set_xlim(active.time_s[0] / scale, active.time_s[-1] / scale)
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def _panel_title(text: str, unit: str) -> str:
    return text if unit in ("", "1") else f"{text} ({unit})"


def _room_for_a_line(ax: Axes) -> None:
    """A quantity that hardly moves is drawn flat rather than blown up to fill the panel."""
    low, high = ax.get_ylim()
    least = 0.02 * max(abs(low), abs(high), 1e-9)
    if high - low < least:
        middle = (low + high) / 2
        ax.set_ylim(middle - least / 2, middle + least / 2)


@style.styled
def fast_course(fast: Course, quantities: Sequence[str], sessions_s: Floats | None) -> Figure:
    """The seconds of one session, one panel per quantity, stimulation shaded."""
    figure = style.new_figure(0.9 + 1.25 * len(quantities))
    axes = figure.subplots(len(quantities), 1, sharex=True, squeeze=False)[:, 0]
    scale, name = time_unit(fast.time_s)
    time = fast.time_s / scale
    for ax, quantity in zip(axes, quantities, strict=True):
        low, middle, high = quantiles(fast[quantity])
        ax.fill_between(time, low, high, color=ARM_COLOUR["active"], alpha=0.18, lw=0)
        ax.plot(time, middle, color=ARM_COLOUR["active"])
        unit = fast.units[fast.names.index(quantity)]
        ax.set_title(_panel_title(words(quantity), "ratio to rest" if quantity in RATIO else unit))
        ax.grid(True, axis="y")
        ax.yaxis.get_major_locator().set_params(nbins=4)
        ax.ticklabel_format(axis="y", useOffset=False)
        for start, end in () if sessions_s is None else sessions_s / scale:
            ax.axvspan(start, end, color=SESSION, alpha=0.22, lw=0)
        _room_for_a_line(ax)
    axes[-1].set_xlim(time[0], time[-1])
    axes[-1].set_xlabel(f"time ({name})")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=ARM_COLOUR["active"], lw=1.8, label="median, 95 % band over draws"),
        Patch(color=SESSION, alpha=0.22, lw=0, label="stimulation on"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure
