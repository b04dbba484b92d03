"""Funnel plot: effects against standard errors, with the region that chance alone explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from scipy import stats

from vagus.report import style
from vagus.report.figures.forest import _ticks

LEVELS = (0.99, 0.95)
LINE = 0.05
"""Height of a line of text, as a share of the axis."""


@dataclass(frozen=True)
class FunnelPoint:
    """An effect on the axis of the analysis, its standard error; ``filled``: no real trial."""

    label: str
    estimate: float
    se: float
    filled: bool = False
    hollow: bool = False


@style.styled
def funnel(
    points: Sequence[FunnelPoint], centre: float, axis: str, *, logarithmic: bool = False
) -> Figure:
    """Points over the pseudo-confidence region around ``centre`` (95 % and 99 %).

    Filled points are mirror images from trim and fill: where trials would be missing if the funnel
    were symmetric. ``logarithmic``: values are logarithms and printed as ratios.
    """
    figure = style.new_figure(4.1, 6.2)
    ax = figure.subplots()
    top = 1.12 * max(point.se for point in points)
    for level, shade in zip(LEVELS, ("#eef0f2", "#dfe3e8"), strict=True):
        reach = float(stats.norm.ppf(0.5 + level / 2)) * top
        ax.fill(
            [centre - reach, centre, centre + reach], [top, 0, top], color=shade, lw=0, zorder=0
        )
    ax.axvline(centre, color=style.ACCENT, lw=1.1, zorder=1)
    ax.axvline(0, color=style.MUTED, lw=0.9, ls=(0, (4, 3)), zorder=1)
    for point in points:
        _point(ax, point)
    reach = float(stats.norm.ppf(0.5 + max(LEVELS) / 2)) * top
    xs = [point.estimate for point in points]
    low, high = min([centre - reach, *xs]), max([centre + reach, *xs])
    margin = 0.04 * (high - low)
    ax.set_xlim(low - margin, high + margin)
    ax.set_ylim(top, 0)
    _ticks(ax, low, high, logarithmic)
    ax.grid(False)
    _names(ax, points, centre)
    ax.set_xlabel(axis)
    ax.set_ylabel("standard error" + " of the logarithm" * logarithmic)
    figure.legend(handles=_legend(points), loc="outside lower center", ncols=3, fontsize=7.8)
    return figure


def _point(ax: Axes, point: FunnelPoint) -> None:
    marker, colour = ("D", style.SERIES[1]) if point.filled else ("o", style.INK)
    face = "white" if point.filled or point.hollow else colour
    ax.plot([point.estimate], [point.se], marker, color=colour, mfc=face, mew=1.3, ms=6, zorder=4)


def _names(ax: Axes, points: Sequence[FunnelPoint], centre: float) -> None:
    """Names beside the real points, away from a point at the same height, else from the centre."""
    real = [point for point in points if not point.filled]
    height = abs(ax.get_ylim()[1] - ax.get_ylim()[0])
    for point in real:
        level = [o for o in real if o is not point and abs(o.se - point.se) < LINE * height]
        beside = min(
            (o.estimate for o in level), key=lambda x: abs(x - point.estimate), default=centre
        )
        left = point.estimate < beside
        text = ax.annotate(
            point.label, (point.estimate, point.se), (-7 if left else 7, 0), fontsize=7.8,
            textcoords="offset points", ha="right" if left else "left", va="center", zorder=5,
        )  # fmt: skip
        text.set_path_effects([withStroke(linewidth=2.2, foreground="white", alpha=0.75)])


def _legend(points: Sequence[FunnelPoint]) -> list[Line2D | Patch]:
    real = [point for point in points if not point.filled]
    found: list[Line2D | Patch] = []
    for hollow, label in ((False, "trial, as reported"), (True, "trial, derived or approximate")):
        if any(point.hollow == hollow for point in real):
            face = "white" if hollow else style.INK
            found.append(Line2D([], [], color=style.INK, mfc=face, marker="o", lw=0, label=label))
    if len(real) < len(points):
        fill = Line2D([], [], color=style.SERIES[1], mfc="white", marker="D", lw=0)
        fill.set_label("filled by trim and fill")
        found.append(fill)
    return [
        *found,
        Line2D([], [], color=style.ACCENT, lw=1.1, label="pooled estimate"),
        Line2D([], [], color=style.MUTED, lw=0.9, ls=(0, (4, 3)), label="no effect"),
        Patch(color="#dfe3e8", label="95 % by chance alone"),
        Patch(color="#eef0f2", label="99 %"),
    ]
