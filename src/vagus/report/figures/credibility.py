"""What is assumed by part, how far a protocol lies from anything validated, verdicts by organ."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from vagus.credibility.applicability import Light
from vagus.report import style
from vagus.report.credibility_content import MarkCount
from vagus.report.figures.validation import VERDICT_COLOUR
from vagus.report.validation_content import ROLES, organs, tally
from vagus.validation.table import VERDICTS, Row

MARK_COLOUR = {
    "seen": "#2f9e7e",
    "derived": "#3f8fc4",
    "recalled": "#e0a92e",
    "assumed": "#d9703c",
    "not_found": "#b9c0c7",
}
"""As the bars of page.css."""
LIGHT_COLOUR = {"green": "#00735a", "amber": "#e0a92e", "red": style.ACCENT, "grey": "#b9c0c7"}
LIGHT_LETTER = {"green": "G", "amber": "A", "red": "R", "grey": "?"}
"""Said besides the colour, for those who tell colours apart badly."""
ROLE_WORDS = {"validate": "held out: shaped no prior", "calibrate": "known: may have shaped one"}
PER_LINE = 6
"""Lights side by side, so that their names can be read."""


@style.styled
def marks(counts: Sequence[MarkCount]) -> Figure:
    """One bar per part: the share of its parameters with each mark; numbers at the right."""
    figure = style.new_figure(0.9 + 0.34 * len(counts))
    ax = figure.subplots()
    present = [m for m in MARK_COLOUR if any(m in c.counts for c in counts)]
    for y, row in enumerate(counts):
        left = 0.0
        for mark in present:
            width = 100 * row.share(mark)
            ax.barh(y, width, left=left, height=0.66, color=MARK_COLOUR[mark], lw=0)
            if mark == "assumed" and width >= 9:  # narrower ones hold no number
                ax.text(left + width / 2, y, f"{width:.0f} %", color="white", fontsize=8,
                        ha="center", va="center")  # fmt: skip
            left += width
        ax.text(101.5, y, f"{row.total}", va="center", fontsize=8.5, color=style.MUTED)
    ax.set_yticks(range(len(counts)), [c.part for c in counts])
    ax.set_ylim(len(counts) - 0.5, -0.6)
    ax.set_xlim(0, 100)
    ax.set_xlabel("share of parameters (%); at the right: how many")
    ax.tick_params(axis="y", length=0)
    handles = [Patch(color=MARK_COLOUR[m], label=m.replace("_", " ")) for m in present]
    figure.legend(handles=handles, loc="outside upper left", ncols=len(handles))
    return figure


@style.styled
def lights(found: Sequence[Light]) -> Figure:
    """The traffic light of each dimension: colour, letter and name."""
    lines = -(-len(found) // PER_LINE)
    columns = -(-len(found) // lines)
    figure = style.new_figure(0.1 + 0.95 * lines)
    ax = figure.subplots()
    ax.set_axis_off()
    for i, light in enumerate(found):
        x, y = i % columns, i // columns
        ax.scatter([x], [y], s=560, color=LIGHT_COLOUR[light.colour], lw=0)
        dark = light.colour in ("amber", "grey")
        ax.text(x, y + 0.01, LIGHT_LETTER[light.colour], color=style.INK if dark else "white",
                ha="center", va="center", fontsize=11, fontweight="bold")  # fmt: skip
        name = "\n".join(textwrap.wrap(light.dimension, 17))
        ax.text(x, y + 0.28, name, ha="center", va="top", fontsize=8.5, linespacing=1.1)
    ax.set_xlim(-0.6, columns - 0.4)
    ax.set_ylim(lines - 0.3, -0.35)
    return figure


@style.styled
def verdicts(rows: Sequence[Row]) -> Figure:
    """Numbers of published results by organ and verdict, those held out apart from those known."""
    names = organs(rows)
    figure = style.new_figure(1.0 + 0.31 * max(len(names), 1))
    held_out, known = figure.subplots(1, 2, sharex=True, sharey=True)
    for ax, role in ((held_out, ROLES[0]), (known, ROLES[1])):
        _verdict_bars(ax, rows, names, role)
    held_out.set_yticks(range(len(names)), names)
    held_out.set_ylim(max(len(names), 1) - 0.5, -0.6)
    handles = [Patch(color=VERDICT_COLOUR[v], label=v) for v in reversed(VERDICTS)]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _verdict_bars(ax: Axes, rows: Sequence[Row], names: Sequence[str], role: str) -> None:
    """Failures first, from the left, so that they can be compared."""
    for y, organ in enumerate(names):
        counts, left = tally(rows, role, organ), 0
        for name in reversed(VERDICTS):
            ax.barh(y, counts[name], left=left, height=0.66, color=VERDICT_COLOUR[name], lw=0)
            left += counts[name]
        if left:
            ax.annotate(f"{counts['failed']} of {left}", (left, y), (4, 0), va="center",
                        textcoords="offset points", fontsize=8, color=style.MUTED)  # fmt: skip
    ax.set_title(ROLE_WORDS[role])
    ax.set_xlabel("published results; beside a bar: failed, of all")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.margins(x=0.16)
    ax.tick_params(axis="y", length=0)
    ax.grid(True, axis="x")
