"""Predictions as intervals beside the baselines and what was found; scores, coverage, places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from vagus.report import style
from vagus.trial.frozen import SIMULATOR, Prediction
from vagus.trial.results import CONTRAST, POOLED
from vagus.trial.score import NAMES, TO_BEAT, ScoreTable
from vagus.trial.scores import LEVELS

COLOUR = {SIMULATOR: style.SERIES[0], "sham": "#77808a", "effect": "#009e73", "pilot": "#d98200"}
MARKER = {SIMULATOR: "o", "sham": "s", "effect": "^", "pilot": "D"}
WIDTH = {0.95: 1.1, 0.8: 2.8, 0.5: 5.4}
QUANTITY = {
    "change_mean": "mean change",
    "change_median": "median change",
    "responder_share": "share of responders",
    "event_share": "share of attacks",
    "difference": "difference",
}
LEAST_PITS = 10
BINS = 5
Group = tuple[str, str]


@style.styled
def prediction_intervals(
    prediction: Prediction, groups: Sequence[Group], found: Mapping[Group, float]
) -> Figure:
    """One panel per unit; per arm and quantity a block with a line per forecaster.

    ``groups``: (arm, quantity) to show; ``found``: published values, drawn across their block.
    """
    units: dict[str, list[Group]] = {}
    for group in groups:
        row = prediction.row(*group)
        if row is not None:
            units.setdefault(str(row["unit"]), []).append(group)
    heights = [_height(prediction, own) for own in units.values()]
    figure = style.new_figure(0.75 + 0.2 * sum(heights) + 0.5 * len(heights))
    axes = np.atleast_1d(figure.subplots(len(heights), 1, height_ratios=heights))
    for ax, (unit, own) in zip(axes, units.items(), strict=True):
        _panel(ax, prediction, unit, own, found)
    figure.legend(handles=_interval_legend(bool(found)), loc="outside lower center", ncols=4)
    return figure


@style.styled
def mean_scores(table: ScoreTable) -> Figure:
    """CRPS of each trial as a dot and their mean, by forecaster; less is better.

    Above: results that the simulator and both baselines speak of; below: those with a pilot.
    """
    blocks = [
        (title, names)
        for title, names in (
            ("all results", (SIMULATOR, *TO_BEAT)),
            ("results with an open-label pilot", (SIMULATOR, *TO_BEAT, "pilot")),
        )
        if table.common(*names)
    ]
    figure = style.new_figure(0.9 + 0.36 * sum(len(names) + 1 for _, names in blocks))
    ax = figure.subplots()
    ticks: list[tuple[float, str]] = []
    y = 0.0
    for title, names in blocks:
        rows = table.common(*names)
        trials = list(dict.fromkeys(row.result.trial for row in rows))
        words = f"{title}: {len(rows)} from {_plural(len(trials), 'trial')}"
        _heading(ax, y, words)
        for name in names:
            y += 1
            each = table.by_trial(name, rows)
            _score_row(ax, y, name, each)
            ticks.append((y, NAMES[name]))
        y += 1.3
    ax.set_yticks([at for at, _ in ticks], [name for _, name in ticks])
    ax.set_ylim(y - 0.7, -0.6)
    ax.set_xlim(left=0)
    ax.tick_params(axis="y", length=0)
    ax.grid(True, axis="x")
    ax.set_xlabel("CRPS, in SD of the endpoint or in shares; less is better")
    dot = Line2D([], [], color=style.MUTED, marker="o", ms=4, alpha=0.5, lw=0, label="one trial")
    mean = Line2D([], [], color=style.INK, marker="|", ms=13, mew=2.4, lw=0, label="mean of trials")
    figure.legend(handles=[dot, mean], loc="outside lower center", ncols=2)
    return figure


@style.styled
def coverage_figure(table: ScoreTable) -> Figure:
    """Share of results inside intervals of 50, 80 and 95 %, with exact 95 % intervals."""
    names = [name for name in NAMES if table.common(name)]
    figure = style.new_figure(3.1)
    ax = figure.subplots()
    for at, level in enumerate(LEVELS):
        ax.plot([at - 0.42, at + 0.42], [100 * level] * 2, color=style.INK, lw=1, ls=(0, (4, 2)))
        for place, name in zip(_places(len(names)), names, strict=True):
            held = table.coverage(name, level)
            bounds = [[100 * (held.share - held.low)], [100 * (held.high - held.share)]]
            ax.errorbar(
                [at + place], [100 * held.share], yerr=bounds, color=COLOUR[name],
                marker=MARKER[name], ms=6, lw=1.3, capsize=0,
            )  # fmt: skip
    ax.set_xticks(range(len(LEVELS)), [f"{100 * level:g} % interval" for level in LEVELS])
    ax.set_xlim(-0.5, len(LEVELS) - 0.5)
    ax.set_ylim(0, 103)
    ax.tick_params(axis="x", length=0)
    ax.grid(True, axis="y")
    ax.set_ylabel("results inside (%)")
    handles = [
        Line2D([], [], color=COLOUR[n], marker=MARKER[n], lw=1.3,
               label=f"{NAMES[n]} (n = {len(table.common(n))})")
        for n in names
    ]  # fmt: skip
    handles.append(Line2D([], [], color=style.INK, lw=1, ls=(0, (4, 2)), label="as it should be"))
    figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


@style.styled
def places_figure(table: ScoreTable) -> Figure:
    """Histograms of where results lay in the distributions; flat where these are right."""
    names = [SIMULATOR, *TO_BEAT]
    figure = style.new_figure(2.5)
    axes = figure.subplots(1, len(names), sharey=True)
    for ax, name in zip(axes, names, strict=True):
        places = table.pits(name)
        ax.hist(places, np.linspace(0, 1, BINS + 1), color=COLOUR[name], alpha=0.75, ec="white")
        ax.axhline(len(places) / BINS, color=style.INK, lw=1, ls=(0, (4, 2)))
        ax.set_title(NAMES[name])
        ax.set_xlim(0, 1)
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.yaxis.get_major_locator().set_params(integer=True)
        ax.set_xlabel("place in the distribution")
    axes[0].set_ylabel("results")
    return figure


def group_name(arm: str, quantity: str) -> str:
    """An arm and a quantity as printed."""
    words = QUANTITY[quantity]
    if arm == CONTRAST:
        return f"{words} between arms"
    return f"{'both arms' if arm == POOLED else arm}, {words}"


def _panel(
    ax: Axes, prediction: Prediction, unit: str, groups: Sequence[Group],
    found: Mapping[Group, float],
) -> None:  # fmt: skip
    y = 0.0
    ticks: list[tuple[float, str]] = []
    for group in groups:
        _heading(ax, y, group_name(*group))
        first = y + 0.62
        for name in prediction.forecasters:
            row = prediction.row(*group, name)
            if row is not None:
                y += 1
                _interval(ax, y, row, name)
                ticks.append((y, NAMES[name]))
        if group in found:
            value = found[group]
            ax.plot([value] * 2, [first, y + 0.5], color=style.ACCENT, lw=1.3, zorder=4)
            ax.plot([value], [first], marker="v", color=style.ACCENT, ms=5, zorder=5, clip_on=False)
        y += 1.35
    if unit != "share" or any(quantity == "difference" for _, quantity in groups):
        ax.axvline(0, color=style.MUTED, lw=0.9, zorder=0)
    ax.set_yticks([at for at, _ in ticks], [name for _, name in ticks], fontsize=8)
    ax.set_ylim(y - 0.6, -0.65)
    ax.tick_params(axis="y", length=0)
    ax.grid(True, axis="x")
    ax.margins(x=0.03)
    ax.set_xlabel(_axis(unit, groups))


def _interval(ax: Axes, y: float, row: Mapping[str, Any], name: str) -> None:
    for level, width in WIDTH.items():
        low, high = row["intervals"][f"{100 * level:g}"]
        colour = _shade(COLOUR[name], level)
        ax.plot([low, high], [y, y], color=colour, lw=width, solid_capstyle="butt", zorder=2)
    ax.plot([row["median"]], [y], "|", color="white", ms=6, mew=1.8, zorder=3)


def _heading(ax: Axes, y: float, words: str) -> None:
    """Bold words at the left of the panel; grid lines do not cross them."""
    ax.text(
        0.008, y, words, transform=ax.get_yaxis_transform(), fontweight="bold", va="center",
        fontsize=8.5, bbox={"fc": "white", "ec": "none", "pad": 1.2},
    )  # fmt: skip


def _height(prediction: Prediction, groups: Sequence[Group]) -> float:
    rows = sum(
        prediction.row(*g, name) is not None for g in groups for name in prediction.forecasters
    )
    return rows + 1.35 * len(groups)


def _axis(unit: str, groups: Sequence[Group]) -> str:
    if unit == "share":
        quantities = {quantity for _, quantity in groups}
        return "share, and difference of shares" if "difference" in quantities else "share"
    return f"change ({unit}); negative is less"


def _score_row(ax: Axes, y: float, name: str, each: Sequence[float]) -> None:
    ax.plot(each, [y] * len(each), "o", color=COLOUR[name], ms=4.5, alpha=0.5, mew=0)
    ax.plot([np.mean(each)], [y], "|", color=COLOUR[name], ms=17, mew=2.6)
    ax.annotate(
        f"{np.mean(each):.2f}", (np.mean(each), y), (4, 7), textcoords="offset points", fontsize=8,
        color=COLOUR[name],
    )  # fmt: skip


def _places(n: int) -> list[float]:
    return list(np.linspace(-0.24, 0.24, n)) if n > 1 else [0.0]


def _shade(colour: str, level: float) -> str:
    """The 80 % interval paler than the two others, so that all three can be told apart."""
    if level != 0.8:
        return colour
    red, green, blue = ((part + 1) / 2 for part in to_rgb(colour))
    return to_hex((red, green, blue))


def _interval_legend(found: bool) -> list[Line2D]:
    handles = [
        Line2D(
            [], [], color=_shade(style.MUTED, level), lw=width, label=f"{100 * level:g} % interval"
        )
        for level, width in sorted(WIDTH.items())
    ]
    if found:
        mark = Line2D([], [], color=style.ACCENT, lw=1.3, marker="v", ms=5, label="published")
        handles.append(mark)
    return handles


def _plural(n: int, word: str) -> str:
    return f"{n} {word}{'s' * (n != 1)}"
