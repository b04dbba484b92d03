"""Which parameters an outcome rests on: first and total Sobol index of those that matter most."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from vagus.credibility.sensitivity import Influence, Sensitivity, least_share
from vagus.report import style

FIRST, TOTAL = style.SERIES[0], "#a9cfe6"
ROW_in, PANEL_in, WORDS = 0.34, 0.72, 50
"""Height of a row, of what a panel needs besides its rows, and letters of a row's description."""
ENDS = (-0.12, 1.12)
"""Of the axis: shares lie from 0 to 1; intervals that go on beyond end in an arrow."""
ARROW = 0.03
"""Room that an arrow takes inside the axis."""
HALF = {"total": 0.36, "first": 0.19}


@style.styled
def sensitivity_bars(outcomes: Sequence[Sensitivity], n: int = 10, groups: bool = False) -> Figure:
    """One panel per outcome with its ``n`` inputs of largest total index, or its groups of inputs.

    Wide bars: total index; narrow bars: first-order index; lines: their 95 % intervals. On the
    right the total in numbers and the mark of the distribution that it rests on.
    """
    chosen = [(one.groups if groups else one.top(n)) for one in outcomes]
    rows = [max(sum(i.reaches for i in some), 1) for some in chosen]
    figure = style.new_figure(0.75 + sum(PANEL_in + ROW_in * k for k in rows))
    panels = figure.subplots(
        len(rows), 1, sharex=True, squeeze=False, height_ratios=[k + 0.6 for k in rows]
    )[:, 0]
    for ax, one, some in zip(panels, outcomes, chosen, strict=True):
        _panel(ax, one, [i for i in some if i.reaches])
    panels[-1].set_xlabel("share of the outcome's variance")
    panels[-1].set_xlim(*ENDS)
    figure.legend(handles=_legend(), loc="outside lower center", ncols=3)
    return figure


def _panel(ax: Axes, one: Sensitivity, rows: Sequence[Influence]) -> None:
    ax.set_title(f"{one.outcome[0].upper()}{one.outcome[1:]}", fontweight="bold", pad=17)
    look: dict[str, Any] = {
        "color": style.MUTED,
        "fontsize": 8.2,
        "va": "bottom",
        "transform": ax.transAxes,
    }
    ax.text(0, 1.01, f"mean {_number(one.mean)}, SD {_number(one.sd)} {one.unit}", **look)
    ax.text(1.015, 1.01, "total (95 % interval)", **look)
    ax.axvline(0.0, color=style.INK, lw=0.9)
    ax.grid(True, axis="x")
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(max(len(rows), 1) - 0.4, -0.6)
    if one.note or not rows:
        ax.set_yticks([])
        words = "\n".join(textwrap.wrap(one.note or "no input reaches it", 70))
        ax.text(0.5, 0.5, words, transform=ax.transAxes, ha="center", va="center")
        return
    ax.set_yticks(range(len(rows)), [label(i) for i in rows])
    for tick, i in zip(ax.get_yticklabels(), rows, strict=True):
        tick.set_color(style.INK if i.total >= least_share() else style.MUTED)
    for y, i in enumerate(rows):
        _bar(ax, y, "total", i.total, i.total_low, i.total_high)
        _bar(ax, y, "first", i.first, i.first_low, i.first_high)
    right = ax.secondary_yaxis("right")
    right.set_yticks(range(len(rows)), [_told(i) for i in rows], fontsize=8)
    right.tick_params(length=0)
    right.spines["right"].set_visible(False)


def _bar(ax: Axes, y: float, kind: str, value: float, low: float, high: float) -> None:
    half, colour = HALF[kind], FIRST if kind == "first" else TOTAL
    ax.barh(y, value, height=2 * half, color=colour, lw=0)
    at = y + (0.0 if kind == "first" else 0.5 * (HALF["first"] + half))
    least = ENDS[0] + ARROW if low < ENDS[0] else ENDS[0]
    most = ENDS[1] - ARROW if high > ENDS[1] else ENDS[1]
    ends = np.clip([low, high], least, most)
    ax.plot(ends, [at, at], color=style.INK, lw=1.0, solid_capstyle="butt")
    for beyond, end, marker in ((low < ENDS[0], least, "<"), (high > ENDS[1], most, ">")):
        if beyond:
            ax.plot([end], [at], marker, color=style.INK, ms=4.5, clip_on=False)


def label(i: Influence) -> str:
    """What an input is, in a few words, and below them its symbol; of a group its name."""
    if not i.organ:
        return i.symbol
    words = i.description
    for stop in (";", ":", " ("):
        words = words.split(stop)[0]
    short = textwrap.shorten(words, WORDS, placeholder="", break_on_hyphens=False)
    cut = "" if short == words else " …"
    return f"{short.rstrip(',')}{cut}\n{i.symbol}"


def _told(i: Influence) -> str:
    ends = f"{_number(i.total_low)} to {_number(i.total_high)}"
    return f"{_number(i.total)} ({ends})" + (f"\n{i.told}" if i.mark else "")


def _number(value: float) -> str:
    """Two decimals, three for what is smaller than a tenth."""
    text = f"{value:.{2 if abs(value) >= 0.1 else 3}f}".replace("-", "−")
    return "< 0.001" if 0 < value < 0.0005 else text.replace("−0.000", "0").replace("0.000", "0")


def _legend() -> list[Patch | Line2D]:
    return [
        Patch(color=FIRST, label="first order: alone"),
        Patch(color=TOTAL, label="total: with its interplay"),
        Line2D([], [], color=style.INK, lw=1.0, label="95 % interval"),
    ]
