"""Forest plot: studies with weights, the pooled diamond, what is left out, virtual trials."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vagus.evidence.words import interval_text
from vagus.report import style

Kind = Literal["study", "virtual", "pooled", "excluded"]
COLOUR = {
    "study": style.INK,
    "virtual": style.SERIES[0],
    "pooled": style.ACCENT,
    "excluded": "#8b949e",
}
ROW, NOTE, GAP = 1.0, 0.52, 0.55
"""Height of a row, of one line of its note, and of the gap before another kind of row."""
NOTE_WIDTH = 43
COLUMNS = (2.75, 3.0, 2.55)
TICKS = (1, 2, 5)


@dataclass(frozen=True)
class ForestRow:
    """One line of a forest plot.

    ``estimate``, ``low``, ``high`` on the axis of the analysis (logarithms for ratios); nan for a
    row of words only. ``weight``: share of the fit, None where it has none. ``hollow``: worked back
    or derived, not read as such. ``prediction``: (low, high), drawn with a pooled row. ``note``:
    words below the label. ``marker``, ``colour``: other than those of the kind.
    """

    label: str
    estimate: float
    low: float
    high: float
    weight: float | None = None
    kind: Kind = "study"
    note: str = ""
    hollow: bool = False
    prediction: tuple[float, float] | None = None
    marker: str = ""
    colour: str = ""

    @property
    def drawn(self) -> bool:
        """Whether there is an effect to draw."""
        return bool(np.isfinite([self.estimate, self.low, self.high]).all())


@style.styled
def forest(
    rows: Sequence[ForestRow],
    axis: str,
    *,
    logarithmic: bool = False,
    favours: tuple[str, str] = ("", ""),
    value: str = "effect",
    level: float = 0.95,
) -> Figure:
    """Rows in the order given; a heading above the first row that is left out of the fit.

    ``axis``: what the effect is, with its unit. ``logarithmic``: values are logarithms and are
    printed as ratios. ``favours``: words for the left and the right of no effect. ``value``: head
    of the column of numbers. ``level``: of the intervals.
    """
    places, bottom = _places(rows)
    figure = style.new_figure(1.15 + 0.27 * bottom + 0.2 * any(favours))
    words, ax, numbers = figure.subplots(1, 3, sharey=True, width_ratios=COLUMNS)
    low, high = limits(rows)
    ax.axvline(0, color=style.MUTED, lw=0.9, zorder=1)
    for row, y in zip(rows, places, strict=True):
        _label(words, row, y)
        if row.drawn:
            _draw(ax, row, y, low, high)
            _numbers(numbers, row, y, logarithmic)
    _headings(words, numbers, rows, places, f"{value} ({100 * level:g} % CI)")
    ax.set_ylim(bottom - 0.2, -1.35)
    ax.set_xlim(low, high)
    ax.tick_params(axis="y", left=False, labelleft=False)
    for side in (words, numbers):
        side.set_xlim(0, 1)
        side.set_axis_off()
    ax.patch.set_visible(False)
    ax.spines["left"].set_visible(False)
    _ticks(ax, low, high, logarithmic)
    ax.set_xlabel(axis, labelpad=16 if any(favours) else 4)
    _favours(ax, favours)
    figure.legend(handles=_legend(rows), loc="outside lower center", ncols=4, fontsize=7.8)
    return figure


def limits(rows: Sequence[ForestRow]) -> tuple[float, float]:
    """Ends of the axis: every estimate and the pooled intervals, wide study intervals cut short."""
    drawn = [row for row in rows if row.drawn]
    if not drawn:
        return -1.0, 1.0
    half = float(np.median([(row.high - row.low) / 2 for row in drawn]))
    middles = [row.estimate for row in drawn]
    low = max(min(r.low for r in drawn), min(middles) - 1.6 * half)
    high = min(max(r.high for r in drawn), max(middles) + 1.6 * half)
    whole = [r for r in drawn if r.kind in ("pooled", "virtual")]
    ends = [x for r in whole for x in (r.low, r.high)]
    low, high = min([low, 0.0, *ends]), max([high, 0.0, *ends])
    margin = 0.04 * (high - low)
    return low - margin, high + margin


def _places(rows: Sequence[ForestRow]) -> tuple[list[float], float]:
    """y of each row, downwards, and where the last one ends."""
    places, y, before = [], 0.0, ""
    for row in rows:
        if before and row.kind != before:
            y += GAP + 0.9 * (row.kind == "excluded")
        places.append(y)
        y += ROW + NOTE * len(_note(row)) + 0.25 * (row.prediction is not None)
        before = row.kind
    return places, y


def _note(row: ForestRow) -> list[str]:
    return textwrap.wrap(row.note, NOTE_WIDTH)


def _colour(row: ForestRow) -> str:
    return row.colour or COLOUR[row.kind]


def _label(ax: Axes, row: ForestRow, y: float) -> None:
    bold = "bold" if row.kind == "pooled" else "normal"
    colour = style.MUTED if row.kind == "excluded" else row.colour or style.INK
    _text(ax, 0, y, row.label, color=colour, fontsize=8.6, weight=bold)
    for i, line in enumerate(_note(row), 1):
        _text(ax, 0, y + 0.2 + NOTE * i, line, color=style.MUTED, fontsize=7.2)


def _text(ax: Axes, x: float, y: float, text: str, **look: Any) -> None:
    """Words that do not move the columns."""
    ax.text(x, y, text, va="center", **look).set_in_layout(False)


def _draw(ax: Axes, row: ForestRow, y: float, low: float, high: float) -> None:
    colour = _colour(row)
    if row.kind == "pooled":
        x = [row.low, row.estimate, row.high, row.estimate]
        ax.fill(x, [y, y - 0.32, y, y + 0.32], color=colour, lw=0, zorder=3)
        if row.prediction is not None:
            _line(ax, row.prediction, y + 0.62, (low, high), colour, 1.6, cap=True)
        return
    _line(ax, (row.low, row.high), y, (low, high), colour, 1.3 if row.kind != "virtual" else 1.8)
    marker = row.marker or {"virtual": "D"}.get(row.kind, "s")
    size = 5.0 if row.weight is None else 3.6 + 6.4 * math.sqrt(row.weight)
    face = "white" if row.hollow or row.kind == "excluded" else colour
    ax.plot([row.estimate], [y], marker, ms=size, color=colour, mfc=face, mew=1.3, zorder=4)


def _line(
    ax: Axes, ends: tuple[float, float], y: float, shown: tuple[float, float], colour: str,
    width: float, cap: bool = False,
) -> None:  # fmt: skip
    """An interval, with an arrow where it runs out of the axis."""
    low, high = (min(max(x, shown[0]), shown[1]) for x in ends)
    ax.plot([low, high], [y, y], color=colour, lw=width, solid_capstyle="butt", zorder=2)
    for end, at, marker in ((ends[0], low, "<"), (ends[1], high, ">")):
        if end != at:
            ax.plot([at], [y], marker, color=colour, ms=5, clip_on=False, zorder=4)
        elif cap:
            ax.plot([at], [y], "|", color=colour, ms=6, mew=1.4, zorder=3)


def _numbers(ax: Axes, row: ForestRow, y: float, logarithmic: bool) -> None:
    colour = style.MUTED if row.kind == "excluded" else style.INK
    bold = "bold" if row.kind == "pooled" else "normal"
    text = interval_text(row.estimate, (row.low, row.high), logarithmic)
    _text(ax, 0, y, text, color=colour, weight=bold, fontsize=8.2)
    if row.weight is not None and row.kind != "pooled":
        _text(ax, 1, y, f"{100 * row.weight:.1f} %", color=colour, ha="right", fontsize=8.2)
    if row.prediction is not None:
        ends = interval_text(math.nan, row.prediction, logarithmic)
        _text(ax, 0, y + 0.66, ends, color=style.MUTED, fontsize=8.2)


def _headings(
    words: Axes, numbers: Axes, rows: Sequence[ForestRow], places: Sequence[float], value: str
) -> None:
    look = {"fontsize": 8.2, "color": style.MUTED}
    _text(words, 0, -0.95, "trial", **look)
    _text(numbers, 0, -0.95, value, **look)
    if any(row.weight is not None and row.kind != "pooled" for row in rows):
        _text(numbers, 1, -0.95, "weight", ha="right", **look)
    for ax in (words, numbers):
        ax.axhline(-0.5, color=style.FAINT, lw=0.8)
    left_out = [y for row, y in zip(rows, places, strict=True) if row.kind == "excluded"]
    if left_out:
        _text(words, 0, left_out[0] - 0.95, "left out of the fit", **look)


def _ticks(ax: Axes, low: float, high: float, logarithmic: bool) -> None:
    ax.grid(True, axis="x")
    if not logarithmic:
        return
    decades = range(math.floor(low / math.log(10)), math.ceil(high / math.log(10)) + 1)
    steps = TICKS if high - low < 2.5 * math.log(10) else (1,)
    ratios = [m * 10.0**d for d in decades for m in steps]
    shown = [r for r in ratios if low <= math.log(r) <= high]
    ax.set_xticks([math.log(r) for r in shown], [f"{r:g}" for r in shown])


def _favours(ax: Axes, favours: tuple[str, str]) -> None:
    zero = ax.transData.transform((0.0, 0.0))[0]
    at = ax.transAxes.inverted().transform((zero, 0.0))[0]
    for words, ha, shift in ((favours[0], "right", -6), (favours[1], "left", 6)):
        if words:
            arrow = f"← {words}" if ha == "right" else f"{words} →"
            text = ax.annotate(
                arrow, (at, 0), (shift, -20), xycoords="axes fraction",
                textcoords="offset points", ha=ha, va="top", fontsize=7.6, color=style.MUTED,
            )  # fmt: skip
            text.set_in_layout(False)


def _legend(rows: Sequence[ForestRow]) -> list[Line2D]:
    def square(label: str, colour: str, face: str, marker: str = "s") -> Line2D:
        return Line2D([], [], color=colour, mfc=face, marker=marker, ms=5.5, lw=1.2, label=label)

    kinds = {row.kind for row in rows if row.drawn}
    found = []
    if any(row.kind == "study" and not row.hollow for row in rows):
        found.append(square("as reported", style.INK, style.INK))
    if any(row.kind == "study" and row.hollow for row in rows):
        found.append(square("derived or approximate", style.INK, "white"))
    if "virtual" in kinds:
        row = next(row for row in rows if row.kind == "virtual")
        found.append(square("virtual trial", _colour(row), _colour(row), row.marker or "D"))
    if "pooled" in kinds:
        found.append(
            Line2D([], [], color=style.ACCENT, marker="D", lw=0, label="pooled, with its CI")
        )
    if any(row.prediction for row in rows):
        found.append(Line2D([], [], color=style.ACCENT, lw=1.6, label="prediction interval"))
    if "excluded" in kinds:
        found.append(square("left out", COLOUR["excluded"], "white"))
    return found
