"""What the change is made of, and what it becomes when links are switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from vagus.body.outcome import Decomposition, Interval, interval
from vagus.report import style
from vagus.report.course_content import Ablation
from vagus.report.course_words import ROUTES, interval_words

Floats = NDArray[np.float64]
PART_COLOUR = {
    "natural course": style.MUTED,
    "sham response": "#d55e00",
    "cytokines": "#009e73",
    "brainstem": "#0072b2",
    "mood": "#7a4b8c",
    "plasticity": "#b8860b",
    "beyond sham": style.ACCENT,
}
SHAM, BEYOND, REST = "sham arm", "beyond sham", "not attributed"


@dataclass(frozen=True)
class DecompositionRow:
    """One line: a part, or a sum of parts. ``mean`` over draws adds up; ``spread`` does not.

    ``start``: sum of the means of the parts before it, where its bar begins; 0 for a sum.
    """

    label: str
    mean: float
    spread: Interval
    start: float
    is_sum: bool


Block = tuple[DecompositionRow, ...]


def decomposition_rows(parts: Decomposition) -> tuple[Block, Block]:
    """The treated arm (natural course, sham response, what stimulation adds); parts of the latter.

    What the parts leave of the total is a line of its own, never hidden. Empty without a draw.
    """
    kept = np.isfinite(parts.values).all(axis=1) & np.isfinite(parts.total)
    if not kept.any():
        return (), ()
    column = {p: parts.values[kept, k] for k, p in enumerate(parts.parts)}
    total = parts.total[kept]
    rest = total - np.sum(list(column.values()), axis=0)
    if np.abs(rest).max() > 1e-6 * max(float(np.abs(total).max()), 1e-12):
        column[REST] = rest
    shared = {p: v for p, v in column.items() if p not in ROUTES and p != REST}
    own = {p: v for p, v in column.items() if p not in shared}
    sham, added = (np.sum([*group.values(), 0 * total], axis=0) for group in (shared, own))
    arm = (
        *_steps(shared),
        _row(SHAM, sham, is_sum=True),
        _row(BEYOND, added, float(sham.mean())),
        _row("treated arm", total, is_sum=True),
    )
    return arm, (*_steps(own), _row(BEYOND, added, is_sum=True))


def _steps(columns: Mapping[str, Floats]) -> Block:
    """Rows of ``columns``, each beginning where the mean of the last ended."""
    means = [float(values.mean()) for values in columns.values()]
    starts = np.cumsum([0.0, *means])
    return tuple(_row(p, v, float(at)) for (p, v), at in zip(columns.items(), starts, strict=False))


def _row(label: str, values: Floats, start: float = 0.0, is_sum: bool = False) -> DecompositionRow:
    return DecompositionRow(label, float(values.mean()), interval(values), start, is_sum)


@style.styled
def decomposition(parts: Decomposition) -> Figure:
    """Above: the treated arm. Below, on its own scale: what stimulation adds, by route.

    Left: means as bars, each beginning where the last ended. Right: medians, 95 % intervals.
    """
    blocks = decomposition_rows(parts)
    heights = [max(len(rows), 1) for rows in blocks]
    figure = style.new_figure(1.75 + 0.34 * sum(heights))
    axes = figure.subplots(2, 2, sharey="row", height_ratios=heights, width_ratios=(1.0, 1.15))
    names = ("Treated arm", "Beyond sham, by route")
    for (bars, dots), rows, name in zip(axes, blocks, names, strict=True):
        _bars(bars, rows)
        for y, row in enumerate(rows):
            _dot(dots, y, row.spread, _colour(row))
        for ax in (bars, dots):
            _frame(ax, rows)
        bars.set_title(name, fontweight="bold")
        _words_right(dots, [row.spread for row in rows])
    axes[0, 1].set_title("median and 95 % interval")
    for ax, what in zip(axes[1], ("mean", "median"), strict=True):
        ax.set_title("own scale", loc="right", color=style.MUTED, fontsize=8)
        ax.set_xlabel(f"{what} change ({parts.unit})")
    return figure


def _colour(row: DecompositionRow) -> str:
    return style.INK if row.is_sum else PART_COLOUR.get(row.label, style.SERIES[5])


def _bars(ax: Axes, rows: Block) -> None:
    ax.use_sticky_edges = False  # room between the longest bar and the axis
    for y, row in enumerate(rows):
        ax.barh(y, row.mean, left=row.start, height=0.56, color=_colour(row), lw=0)
        end = row.mean + (0.0 if row.is_sum else row.start)
        if y + 1 < len(rows):
            ax.plot([end, end], [y + 0.28, y + 0.72], color=style.FAINT, lw=0.9)
        if not row.mean:
            ax.plot([row.start], [y], "|", color=_colour(row), ms=9, mew=1.5)
    ax.set_yticks(range(len(rows)), [r.label for r in rows])
    for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
        tick.set_fontweight("bold" if row.is_sum else "normal")
    ax.set_ylim(max(len(rows), 1) - 0.5, -0.5)


def _frame(ax: Axes, rows: Block) -> None:
    ax.axvline(0.0, color=style.INK, lw=0.9)
    ax.margins(x=0.07)
    ax.grid(True, axis="x")
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(4))
    for y, row in enumerate(rows):
        if row.is_sum:
            ax.axhspan(y - 0.5, y + 0.5, color=style.PANEL, lw=0, zorder=0)


def _words_right(ax: Axes, intervals: Sequence[Interval]) -> None:
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(intervals)), [interval_words(i) for i in intervals], fontsize=8)
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def _dot(ax: Axes, y: float, i: Interval, colour: str) -> None:
    ax.plot([i.low, i.high], [y, y], color=colour, lw=2.4, solid_capstyle="butt")
    ax.plot([i.middle], [y], "o", color=colour, ms=6, mec="white", mew=0.8)


@style.styled
def ablation(full: Interval, rows: Sequence[Ablation], label: str, unit: str) -> Figure:
    """The difference from sham as simulated, then with each thing changed."""
    lines = [("as simulated", full), *((r.change, r.difference) for r in rows)]
    figure = style.new_figure(1.0 + 0.3 * len(lines))
    ax = figure.subplots()
    ax.axvspan(full.low, full.high, color=style.ACCENT, alpha=0.1, lw=0)
    ax.axvline(0.0, color=style.INK, lw=0.9)
    for y, (_, difference) in enumerate(lines):
        _dot(ax, y, difference, style.INK if y else style.ACCENT)
    ax.set_yticks(range(len(lines)), [name for name, _ in lines])
    ax.set_ylim(len(lines) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(True, axis="x")
    ax.set_xlabel(f"{label}: stimulation minus sham ({unit})")
    _words_right(ax, [d for _, d in lines])
    band = Line2D([], [], color=style.ACCENT, alpha=0.2, lw=8, label="95 % interval as simulated")
    figure.legend(handles=[band], loc="outside lower center")
    return figure
