"""Flow of patients through a trial, as CONSORT draws it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from vagus.report import style
from vagus.trial.consort import ArmFlow, Flow

LINE = 0.165  # height of a line of text, inches
PAD, GAP = 0.11, 0.26
WIDEST_ARM = 2.9
SIZE = 8.2


@style.styled
def consort_flow(flow: Flow) -> Figure:
    """Assessed, excluded, randomised; then by arm allocated, left, analysed. At most five arms."""
    columns = [_arm_boxes(arm, _letters(len(flow.arms))) for arm in flow.arms]
    heights = [max(_height(c[row].lines) for c in columns) for row in range(3)]
    side = _listed(f"Excluded (n = {_sum(flow.excluded)})", flow.excluded)
    top = _height(("",))
    between = max(_height(side.lines) + 0.24, GAP)
    total = 0.2 + 2 * top + between + sum(heights) + 4 * GAP
    figure = style.new_figure(total)
    figure.set_layout_engine("none")
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, style.WIDTH_in), ylim=(-total, 0))
    ax.axis("off")
    middle = style.WIDTH_in / 2
    assessed = Box((f"Assessed for eligibility (n = {flow.assessed})",))
    _box(ax, middle, -0.1, 2.6, top, assessed)
    low = -0.1 - top - between
    _arrow(ax, (middle, -0.1 - top), (middle, low))
    centre = -0.1 - top - between / 2
    height = _height(side.lines)
    _box(ax, middle + 1.95, centre + height / 2, 2.8, height, side)
    _arrow(ax, (middle, centre), (middle + 0.55, centre))
    _box(ax, middle, low, 2.6, top, Box((f"Randomised (n = {flow.randomised})",)))
    _arms(ax, columns, heights, low - top)
    return figure


@dataclass(frozen=True)
class Box:
    """Lines of a box, the first ``bold`` ones in bold."""

    lines: tuple[str, ...]
    bold: int = 1


def _arms(ax: Axes, columns: list[list[Box]], heights: list[float], low: float) -> None:
    """Columns of boxes below ``low``, joined to it by a bar."""
    share = style.WIDTH_in / len(columns)
    width = min(share - 0.14, WIDEST_ARM)
    places = [share * (k + 0.5) for k in range(len(columns))]
    bar = low - GAP
    middle = style.WIDTH_in / 2
    ax.plot([middle, middle], [low, bar], color=style.MUTED, lw=1.0, solid_capstyle="butt")
    ax.plot([places[0], places[-1]], [bar, bar], color=style.MUTED, lw=1.0, solid_capstyle="butt")
    for x, boxes in zip(places, columns, strict=True):
        top, before = bar - GAP, bar
        for box, height in zip(boxes, heights, strict=True):
            _arrow(ax, (x, before), (x, top))
            _box(ax, x, top, width, height, box)
            before, top = top - height, top - height - GAP


def _arm_boxes(arm: ArmFlow, letters: int) -> list[Box]:
    name = wrap(arm.name, letters)
    ends = [f"{arm.completed} completed all visits"]
    if arm.rescued:
        ends.append(f"{arm.rescued} took rescue treatment")
    lines = [line for text in ends for line in wrap(text, letters)]
    return [
        Box((*name, f"Allocated (n = {arm.allocated})"), len(name)),
        _listed(f"Left (n = {_sum(arm.left)})", arm.left, letters),
        Box((f"Analysed (n = {arm.analysed})", *lines)),
    ]


def _listed(head: str, counts: Mapping[str, int], letters: int = 44) -> Box:
    lines = [line for name, n in counts.items() if n for line in wrap(f"{n} {name}", letters)]
    return Box((head, *lines))


def _letters(arms: int) -> int:
    """Letters that fit into a line of an arm's box."""
    return int(min(style.WIDTH_in / arms - 0.3, WIDEST_ARM - 0.2) / 0.068)


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _height(lines: Sequence[str]) -> float:
    return 2 * PAD + LINE * len(lines)


def _box(ax: Axes, x: float, top: float, width: float, height: float, box: Box) -> None:
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, top - height), width, height,
            boxstyle="round,pad=0,rounding_size=0.05", lw=0.9, facecolor=style.PANEL,
            edgecolor=style.MUTED, zorder=3,
        )
    )  # fmt: skip
    start = top - height / 2 + LINE * (len(box.lines) - 1) / 2
    for k, line in enumerate(box.lines):
        ax.text(
            x, start - k * LINE, line, ha="center", va="center", fontsize=SIZE, zorder=4,
            fontweight="bold" if k < box.bold else "normal",
        )  # fmt: skip


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    ax.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=0,
            color=style.MUTED, lw=1.0, zorder=2,
        )
    )  # fmt: skip
