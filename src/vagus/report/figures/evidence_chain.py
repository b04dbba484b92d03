"""The chain from the device to the outcome: every link with its evidence, off links dashed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from vagus.body.outcome import Interval
from vagus.report import style
from vagus.report.course_content import GRADES, DriveRow, Link
from vagus.report.course_words import rate_words

GRADE_STYLE: dict[str, dict[str, Any]] = {
    "strong": {"color": "#00517d", "lw": 2.8, "ls": "-"},
    "moderate": {"color": "#0072b2", "lw": 2.0, "ls": "-"},
    "weak": {"color": "#b8860b", "lw": 1.6, "ls": "-"},
    "contested": {"color": "#d55e00", "lw": 1.8, "ls": (0, (6, 1.5, 1.2, 1.5))},
    "none": {"color": style.ACCENT, "lw": 1.6, "ls": (0, (1, 1.2))},
}
OFF: dict[str, Any] = {"color": "#a4acb5", "lw": 1.2, "ls": (0, (4, 3))}

# Places in inches on a page of 7.5 x 5.6; (x, y, width, height, words)
NODES = {
    "device": (0.54, 2.85, 0.94, 0.62, "stimulation"),
    "sensation": (2.05, 5.25, 1.30, 0.40, "what is felt"),
    "u_E": (2.05, 4.45, 1.30, 0.44, "ear A\u03b2 afferents"),
    "u_A": (2.05, 3.65, 1.30, 0.44, "A afferents"),
    "u_C": (2.05, 2.85, 1.30, 0.44, "C afferents"),
    "u_S": (2.05, 1.85, 1.30, 0.44, "splenic efferents"),
    "u_B": (2.05, 0.82, 1.30, 0.44, "cardiac efferents"),
    "brainstem": (3.75, 3.65, 1.12, 0.66, "brainstem:\nnoradrenaline,\nserotonin"),
    "immune": (3.75, 1.85, 1.12, 0.62, "immune system:\nTNF, IL-6"),
    "heart": (3.75, 0.82, 1.12, 0.40, "heart"),
    "mood": (5.30, 4.45, 1.12, 0.44, "mood"),
    "plasticity": (5.30, 3.65, 1.12, 0.44, "plasticity"),
    "descending": (5.30, 2.85, 1.12, 0.44, "descending\ncontrol"),
    "DAS": (5.30, 1.78, 0.84, 0.44, "disease\nactivity"),
    "ppt": (5.30, 0.82, 1.12, 0.44, "pressure pain\nthreshold"),
    "pain": (6.83, 3.25, 1.00, 0.80, "pain"),
    "expectation": (6.83, 5.25, 1.00, 0.40, "expectation"),
    "natural": (6.83, 1.42, 1.00, 0.44, "natural\ncourse"),
}
TRUNK = 1.17
AFFERENT = ("u_E", "u_A", "u_C")
Way = tuple[str, str, float, str, str, float, float, float]
# symbol -> (start, side, shift, end, side, shift, bend, place of the number); shifts in inches
ROUTES_DRAWN: dict[str, Way] = {
    "link_sensation_expectation": ("sensation", "r", 0, "expectation", "l", 0, 0, 0.5),
    "link_expectation": ("expectation", "b", 0.2, "pain", "t", 0.2, 0, 0.5),
    "link_natural_course": ("natural", "t", 0.0, "pain", "b", 0.0, 0, 0.5),
    "link_vagus_lc": ("u_A", "r", 0, "brainstem", "l", 0, 0, 0.4),
    "route_mood": ("u_A", "r", 0.16, "mood", "l", 0.08, 0, 0.5),
    "route_cytokines": ("u_S", "r", 0, "immune", "l", 0, 0, 0.4),
    "route_heart": ("u_B", "r", 0, "heart", "l", 0, 0, 0.36),
    "link_cytokine_heart": ("immune", "b", 0, "heart", "t", 0, 0, 0.36),
    "link_monoamine_mood": ("brainstem", "r", 0.2, "mood", "l", -0.12, 0, 0.5),
    "route_plasticity": ("brainstem", "r", 0, "plasticity", "l", 0, 0, 0.42),
    "route_brainstem": ("brainstem", "r", -0.2, "descending", "l", 0, 0, 0.5),
    "link_cytokine_ppt": ("immune", "r", -0.2, "ppt", "l", 0, 0, 0.5),
    "link_cytokine_das": ("immune", "r", -0.07, "DAS", "l", 0, 0, 0.5),
    "link_cytokine_pain": ("immune", "r", 0.2, "pain", "b", -0.28, 0.1, 0.3),
    "link_descending_ppt": ("descending", "b", 0.5, "ppt", "t", 0.5, 0, 0.72),
    "link_descending_pain": ("descending", "r", 0, "pain", "l", -0.24, 0, 0.5),
    "link_plasticity_pain": ("plasticity", "r", 0, "pain", "l", 0.14, 0, 0.5),
    "link_mood_pain": ("mood", "r", 0.06, "pain", "t", 0.0, -0.18, 0.45),
    "link_pain_mood": ("pain", "t", -0.3, "mood", "r", -0.12, -0.05, 0.5),
}


def link_numbers(links: Sequence[Link]) -> dict[str, int]:
    """The number of each link, in the order of the table, as printed in figure and table."""
    return {link.symbol: k for k, link in enumerate(links, 1)}


@style.styled
def evidence_chain(
    links: Sequence[Link], drive: Sequence[DriveRow], outcome: str = "pain"
) -> Figure:
    """Boxes from device to outcome; line colour and style say the grade of each link.

    A link whose symbol has no place in the drawing is left to the table.
    """
    figure = Figure(figsize=(style.WIDTH_in, 5.8))
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_xlim(0, style.WIDTH_in)
    ax.set_ylim(-0.2, 5.6)
    ax.set_axis_off()
    driven = {row.channel: row for row in drive}
    shown = _nodes_shown(links, driven)
    for name in shown:
        _box(ax, name, driven, outcome)
    _deliveries(ax, [n for n in shown if n.startswith("u_") or n == "sensation"], driven)
    numbers = link_numbers(links)
    for link in links:
        for way in _ways(link.symbol, driven):
            _arrow(ax, link, way, numbers[link.symbol])
    _legend(figure, links)
    return figure


def _nodes_shown(links: Sequence[Link], driven: Mapping[str, DriveRow]) -> list[str]:
    used = {"device", "pain", *driven}
    for link in links:
        for way in _ways(link.symbol, driven):
            used |= {way[0], way[3]}
    return [name for name in NODES if name in used]


def _ways(symbol: str, driven: Mapping[str, DriveRow]) -> tuple[Way, ...]:
    """Where a link is drawn: nowhere, once, or from every afferent channel that carries spikes."""
    way = ROUTES_DRAWN.get(symbol)
    if way is None:
        return ()
    if way[0] != "u_A":
        return (way,)
    live = [n for n in AFFERENT if n in driven and driven[n].spikes_per_s.high > 0]
    from_each = live if symbol == "link_vagus_lc" else live[:1]
    return tuple(_from(name, way) for name in from_each or ["u_A"])


def _from(name: str, way: Way) -> Way:
    """``way`` from another afferent channel; it ends a little higher or lower on the same side."""
    apart = 0.13 * np.sign(NODES[name][1] - NODES["u_A"][1])
    return (name, way[1], way[2], way[3], way[4], way[5] + apart, *way[6:])


def _box(ax: Axes, name: str, driven: Mapping[str, DriveRow], outcome: str) -> None:
    x, y, width, height, text = NODES[name]
    under = ""
    if name in driven:
        i = driven[name].spikes_per_s
        under = f"{rate_words(i)} spikes/s".replace(" to ", "–") if _known(i) else "not known"
    text = outcome if name == "pain" else text
    strong = name in ("device", "pain")
    ax.add_patch(
        FancyBboxPatch(
            (x - width / 2, y - height / 2), width, height,
            boxstyle="round,pad=0,rounding_size=0.07", lw=1.4 if strong else 0.9,
            facecolor="white" if strong else style.PANEL,
            edgecolor=style.ACCENT if strong else style.MUTED, zorder=4,
        )
    )  # fmt: skip
    drop = 0.085 if under else 0.0
    ax.text(
        x, y + drop, text, ha="center", va="center", fontsize=8.2, zorder=5, linespacing=1.15,
        fontweight="bold" if strong else "normal",
    )  # fmt: skip
    if under:
        ax.text(
            x, y - 0.1, under, ha="center", va="center", fontsize=7, color=style.MUTED, zorder=5
        )


def _known(i: Interval) -> bool:
    return bool(np.isfinite([i.low, i.middle, i.high]).all())


def _side(name: str, side: str, shift: float) -> tuple[float, float]:
    x, y, width, height, _ = NODES[name]
    return {
        "r": (x + width / 2, y + shift),
        "l": (x - width / 2, y + shift),
        "t": (x + shift, y + height / 2),
        "b": (x + shift, y - height / 2),
    }[side]


def _deliveries(ax: Axes, names: Sequence[str], driven: Mapping[str, DriveRow]) -> None:
    """Device to channels: plain lines, their width by the share recruited; off where none is."""
    heights = [NODES[name][1] for name in names] + [NODES["device"][1]]
    ax.plot([TRUNK, TRUNK], [min(heights), max(heights)], color=style.INK, lw=1.0)
    ax.plot([_side("device", "r", 0)[0], TRUNK], [NODES["device"][1]] * 2, color=style.INK, lw=1.0)
    for name in names:
        row = driven.get(name)
        share = 0.0 if row is None else float(np.nan_to_num(row.recruited.middle))
        silent = name != "sensation" and (row is None or row.spikes_per_s.high == 0)
        look = OFF if silent else {"color": style.INK, "lw": 1.0 + 1.6 * min(share, 1.0)}
        end = _side(name, "l", 0)
        ax.add_patch(
            FancyArrowPatch(
                (TRUNK, end[1]), end, arrowstyle="-|>", mutation_scale=9, shrinkA=0, shrinkB=1,
                zorder=3, **look,
            )
        )  # fmt: skip


def _arrow(ax: Axes, link: Link, way: Way, number: int) -> None:
    start_node, start_side, start_shift, end_node, end_side, end_shift, bend, at = way
    look = GRADE_STYLE.get(link.grade, {"color": style.INK, "lw": 1.4, "ls": "-"})
    look = look if link.on else OFF
    start = np.array(_side(start_node, start_side, start_shift))
    end = np.array(_side(end_node, end_side, end_shift))
    ax.add_patch(
        FancyArrowPatch(
            (start[0], start[1]), (end[0], end[1]), arrowstyle="-|>",
            connectionstyle=f"arc3,rad={bend}", mutation_scale=8 + look["lw"],
            shrinkA=0, shrinkB=1, zorder=3, **look,
        )
    )  # fmt: skip
    along = end - start
    control = (start + end) / 2 + bend * np.array([along[1], -along[0]])
    place = (1 - at) ** 2 * start + 2 * at * (1 - at) * control + at**2 * end
    ax.text(
        place[0], place[1], str(number), ha="center", va="center", fontsize=6.8, zorder=6,
        color=look["color"] if link.on else style.MUTED,
        bbox={"boxstyle": "circle,pad=0.22", "fc": "white", "ec": look["color"], "lw": 0.8},
    )  # fmt: skip


def _legend(figure: Figure, links: Sequence[Link]) -> None:
    used = {link.grade for link in links if link.on}
    words = {"none": "no evidence (assumption)"}
    handles = [
        Line2D([], [], label=words.get(g, f"{g} evidence"), **GRADE_STYLE[g])
        for g in GRADES
        if g in used
    ]
    if any(not link.on for link in links):
        handles.append(Line2D([], [], label="switched off in this run", **OFF))
    figure.legend(handles=handles, loc="lower center", ncols=3, handlelength=3.6)
