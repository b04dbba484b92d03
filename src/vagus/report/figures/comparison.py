"""Published thresholds over the predicted bands, one row each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vagus.report import style
from vagus.report.compare import Comparison


@style.styled
def published_and_predicted(
    comparisons: Sequence[Comparison], max_current_mA: float, current_mA: float
) -> Figure:
    """Predicted band as a bar with its middle, the published value or range above it in ink."""
    rows = [c for c in comparisons if _drawable(c)]
    figure = style.new_figure(1.5 + 0.42 * max(len(rows), 1))
    ax = figure.subplots()
    edges = [v for c in rows for v in _numbers(c) if np.isfinite(v)] + [current_mA]
    low, high = 0.7 * min(edges), 1.25 * max([*edges, max_current_mA])
    for y, row in enumerate(rows):
        _band(ax, y, row, high, max_current_mA)
        _published(ax, y, row)
    style.current_axis(ax, low, high)
    ax.set_yticks(range(len(rows)), [_label(c) for c in rows])
    ax.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(True, axis="x", which="major")
    ax.set_xlabel("current (mA)")
    style.mark_current(ax, current_mA)
    figure.legend(
        handles=[
            Patch(color=style.MUTED, alpha=0.35, lw=0, label="predicted band"),
            Line2D([], [], color=style.MUTED, marker="|", ms=11, mew=2, lw=0, label="whole group"),
            Line2D(
                [], [], color=style.INK, marker="D", ms=4.5, lw=1.4, label="published value, range"
            ),
        ],
        loc="outside lower center",
        ncols=3,
    )
    return figure


def _numbers(row: Comparison) -> tuple[float, ...]:
    p, b = row.published, row.band
    return b.lower, b.middle, b.upper, p.value_mA, p.lower_mA, p.upper_mA


def _drawable(row: Comparison) -> bool:
    published = row.published
    return bool(np.isfinite([published.value_mA, published.lower_mA, published.upper_mA]).any())


def _label(row: Comparison) -> str:
    who = f", {row.published.species}" if row.published.species != "human" else ""
    words = style.spaced_percent(row.published.effect)
    return f"{words}{who} ({row.published.id})\n{row.verdict}"


def _band(ax: Axes, y: int, row: Comparison, high: float, max_current_mA: float) -> None:
    colour, band = style.class_colour(row.fibre_class), row.band
    if np.isnan(band.lower):
        return
    if np.isinf(band.lower):
        text = f"band above {max_current_mA:g} mA"
        ax.annotate(
            text,
            (1.0, y),
            (-4, -8),
            xycoords=("axes fraction", "data"),
            color=colour,
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=8,
        )
        return
    ax.plot(
        [band.lower, min(band.upper, high)],
        [y, y],
        color=colour,
        lw=11,
        alpha=0.32,
        solid_capstyle="butt",
    )
    if np.isfinite(band.middle):
        ax.plot([band.middle], [y], "|", color=colour, ms=12, mew=2.2)


def _published(ax: Axes, y: int, row: Comparison) -> None:
    p = row.published
    if p.has_range:
        ax.plot([p.lower_mA, p.upper_mA], [y, y], color=style.INK, lw=1.4)
        ax.plot([p.lower_mA, p.upper_mA], [y, y], "|", color=style.INK, ms=6, mew=1.4)
    elif np.isfinite(p.lower_mA):  # only a lower bound: open to the right
        ax.plot([p.lower_mA], [y], ">", color=style.INK, ms=5.5)
    if np.isfinite(p.value_mA):
        ax.plot([p.value_mA], [y], "D", color=style.INK, ms=4.5)
