"""Measured against simulated, one row per published result, on the scale of the measurement."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vagus.report import style
from vagus.validation.table import Row

VERDICT_COLOUR = {"reproduced": "#00735a", "compatible": "#0b4f7d", "failed": style.ACCENT}
VERDICT_MARKER = {"reproduced": "o", "compatible": "s", "failed": "X"}
REACH = 5.0
"""Half-widths of the measured interval shown to either side; beyond stand arrows."""


def measured_scale(row: Row) -> tuple[float, float]:
    """Centre and half-width of the measured interval.

    Where the interval has no width: a tenth of the value (or 1) stands for it.
    """
    o = row.observation
    half = (o.high - o.low) / 2
    if half <= 0:
        half = 0.1 * abs(o.value) or 1.0
    return (o.low + o.high) / 2, half


@style.styled
def measured_and_simulated(rows: Sequence[Row]) -> Figure:
    """Measured interval as a grey bar from -1 to 1, simulated 95 % interval over it in colour.

    Rows that may have shaped a prior have grey labels.
    """
    figure = style.new_figure(0.95 + 0.42 * max(len(rows), 1))
    ax = figure.subplots()
    ax.axvspan(-1, 1, color=style.FAINT, alpha=0.45, lw=0)
    for y, row in enumerate(rows):
        _row(ax, y, row)
    ax.set_yticks(range(len(rows)), [_label(r) for r in rows], fontsize=7.6)
    for tick, row in zip(ax.get_yticklabels(), rows, strict=True):
        tick.set_color(style.INK if row.observation.role == "validate" else style.MUTED)
    ax.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    ax.set_xlim(-REACH - 0.35, REACH + 0.35)
    ax.set_xticks([-4, -2, -1, 0, 1, 2, 4])
    ax.tick_params(axis="y", length=0)
    ax.grid(True, axis="x")
    ax.set_xlabel("distance from the measured interval's middle, in half its width")
    present = [v for v in VERDICT_COLOUR if any(r.verdict == v for r in rows)]
    handles: list[Line2D | Patch] = [
        Patch(color=style.FAINT, alpha=0.45, lw=0, label="measured interval"),
        Line2D([], [], color=style.INK, marker="|", ms=9, mew=1.6, lw=0, label="measured value"),
        *(
            Line2D([], [], color=VERDICT_COLOUR[v], marker=VERDICT_MARKER[v], lw=2, label=v)
            for v in present
        ),
    ]
    if any(r.observation.null is not None for r in rows):
        null = Line2D([], [], color=style.MUTED, marker="D", mfc="white", ms=6, lw=0)
        null.set_label("no effect")
        handles.append(null)
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _row(ax: Axes, y: float, row: Row) -> None:
    o, s = row.observation, row.simulated
    centre, half = measured_scale(row)
    colour = VERDICT_COLOUR.get(row.verdict, style.INK)
    ax.plot([(o.value - centre) / half], [y], "|", color=style.INK, ms=13, mew=1.6)
    if o.null is not None and abs(o.null - centre) <= REACH * half:
        null = (o.null - centre) / half
        ax.plot([null], [y], "D", color=style.MUTED, mfc="white", ms=8, zorder=1.8)
    if not np.isfinite([s.low, s.middle, s.high]).all():
        ax.text(0, y + 0.3, "not simulated", color=colour, fontsize=7.5, ha="center", va="center")
        return
    low, middle, high = ((v - centre) / half for v in (s.low, s.middle, s.high))
    ends = np.clip([low, high], -REACH, REACH)
    ax.plot(ends, [y, y], color=colour, lw=2.2, solid_capstyle="butt")
    for end, sign, marker in ((low, -1, "<"), (high, 1, ">")):
        if sign * end > REACH:
            ax.plot([sign * REACH], [y], marker, color=colour, ms=6, clip_on=False)
    if abs(middle) <= REACH:
        marker = VERDICT_MARKER.get(row.verdict, "o")
        ax.plot([middle], [y], marker, color=colour, ms=6, mec="w", mew=0.6)


def _label(row: Row) -> str:
    o = row.observation
    text = f"{o.study}: {o.quantity}"
    words, lines = text.split(), [""]
    for word in words:
        if len(lines[-1]) + len(word) > 46:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    if len(lines) > 2:
        lines = [lines[0], lines[1].rstrip(",;") + " …"]
    return "\n".join(lines)


def plain(value: float) -> str:
    """Three significant digits, thousands written out; a dash for nan."""
    if not math.isfinite(value):
        return "–"
    if abs(value) >= 1000:
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:z.3g}".replace("-", "−")
