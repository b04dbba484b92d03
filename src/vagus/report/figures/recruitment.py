"""Who fires at which current: curves per class, intervals per group, threshold against diameter."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from vagus.fibre.recruitment import Recruitment, RecruitmentCurve, recruitment_curve
from vagus.report import style

Floats = NDArray[np.float64]


def current_range(recruitment: Recruitment, current_mA: float) -> tuple[float, float]:
    """Limits of a current axis that hold all reached thresholds and the study's current."""
    reached = recruitment.threshold_mA[np.isfinite(recruitment.threshold_mA)]
    low = min(float(reached.min()) if reached.size else current_mA / 10, current_mA)
    return 0.8 * low, max(recruitment.max_current_mA, 1.1 * current_mA)


@style.styled
def recruitment_curves(recruitment: Recruitment, current_mA: float, seed: int = 0) -> Figure:
    """Share recruited against current: a panel per class with its band, the others in grey."""
    names = style.classes_in(recruitment.population.fibre_class)
    low, high = current_range(recruitment, current_mA)
    currents = np.geomspace(low, high, 400)
    curves = [
        recruitment_curve(recruitment, recruitment.mask(name), currents, seed) for name in names
    ]
    figure = style.new_figure(0.75 + 1.02 * max(len(names), 1))
    axes = figure.subplots(max(len(names), 1), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    for ax, name, curve in zip(axes, names, curves, strict=False):
        for other in curves:
            ax.plot(currents, 100 * other.fraction, color=style.FAINT, lw=0.9, zorder=1.5)
        _class_curve(ax, name, curve)
        ax.axvline(current_mA, color=style.ACCENT, lw=1.3, zorder=5)
    style.current_axis(axes[-1], low, high)
    style.mark_current(axes[0], current_mA)
    axes[-1].set_ylim(-2, 102)
    axes[-1].set_yticks([0, 50, 100])
    axes[-1].set_xlabel("device current (mA)")
    figure.supylabel("fibres recruited (%)", fontsize=9)
    return figure


def _class_curve(ax: Axes, name: str, curve: RecruitmentCurve) -> None:
    colour, current = style.class_colour(name), curve.current_mA
    ax.fill_between(current, 100 * curve.lower, 100 * curve.upper, color=colour, alpha=0.22, lw=0)
    ax.plot(current, 100 * curve.fraction, color=colour, lw=1.8, zorder=3)
    ax.grid(True, which="major")
    ax.text(
        1.012,
        0.56,
        style.class_name(name),
        transform=ax.transAxes,
        color=colour,
        fontsize=11,
        fontweight="bold",
        va="bottom",
    )
    ax.text(
        1.012,
        0.5,
        f"{curve.fibres:,} fibres",
        transform=ax.transAxes,
        color=style.MUTED,
        fontsize=8,
        va="top",
    )


@style.styled
def group_intervals(recruitment: Recruitment, current_mA: float) -> Figure:
    """Per functional group and class: currents that recruit 10, 50 and 90 % of its fibres."""
    rows = _group_rows(recruitment)
    figure = style.new_figure(1.25 + 0.27 * len(rows))
    ax = figure.subplots()
    low, high = current_range(recruitment, current_mA)
    for y, (name, _, ten, half, ninety) in enumerate(rows):
        colour, end = style.class_colour(name), min(ninety, 1.2 * high)
        if np.isinf(ten):
            ax.annotate(
                f"under 10 % fire at {recruitment.max_current_mA:g} mA",
                (high, y),
                (-4, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=8,
                color=style.MUTED,
            )
            continue
        ax.plot([ten, end], [y, y], color=colour, lw=4.5, alpha=0.35, solid_capstyle="butt")
        ax.plot([ten], [y], "|", color=colour, ms=9, mew=1.6)
        if np.isfinite(half):
            ax.plot([half], [y], "o", color=colour, ms=6)
        if np.isfinite(ninety):
            ax.plot([ninety], [y], "|", color=colour, ms=9, mew=1.6)
    ax.set_yticks(range(len(rows)), [label for _, label, *_ in rows])
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    style.current_axis(ax, low, high)
    ax.grid(True, axis="x", which="major")
    ax.set_xlabel("device current (mA)")
    style.mark_current(ax, current_mA)
    figure.legend(
        handles=[
            Line2D([], [], color=style.MUTED, marker="|", ms=9, mew=1.6, lw=0, label="10 and 90 %"),
            Line2D(
                [], [], color=style.MUTED, marker="o", ms=6, lw=0, label="50 % of the group fires"
            ),
        ],
        loc="outside lower center",
        ncols=2,
    )
    return figure


def _group_rows(recruitment: Recruitment) -> list[tuple[str, str, float, float, float]]:
    rows = []
    population = recruitment.population
    for name in style.classes_in(population.fibre_class):
        for group in np.unique(population.group[recruitment.mask(name)]):
            mask = recruitment.mask(name, str(group))
            ten, half, ninety = recruitment.current_for([0.1, 0.5, 0.9], mask)
            label = f"{style.group_name(str(group))}, {style.class_name(name)}"
            rows.append((name, label, float(ten), float(half), float(ninety)))
    return rows


@style.styled
def threshold_against_diameter(recruitment: Recruitment, current_mA: float) -> Figure:
    """Every fibre's threshold against its diameter, both logarithmic; unreached ones on top."""
    figure = style.new_figure(4.2)
    ax = figure.subplots()
    low, high = current_range(recruitment, current_mA)
    shelf = 1.25 * high  # above the largest current searched: fibres that never fired
    rng = np.random.default_rng(0)
    order = rng.permutation(len(recruitment))  # no class drawn on top of another
    threshold = recruitment.threshold_mA[order]
    unreached = shelf * np.exp(rng.uniform(-0.08, 0.08, order.size))
    names = recruitment.population.fibre_class[order]
    classes = style.classes_in(names)
    count = {name: int(np.count_nonzero(names == name)) for name in classes}
    ax.scatter(
        recruitment.population.diameter_um[order],
        np.where(np.isinf(threshold), unreached, threshold),
        s=[float(np.clip(9000 / count[str(n)], 1.0, 8.0)) for n in names],
        c=[style.class_colour(str(n)) for n in names],
        lw=0,
        alpha=0.55,
        rasterized=True,
    )
    for name in classes:
        ax.scatter([], [], s=22, color=style.class_colour(name), label=style.class_name(name))
    _diameter_axes(ax, recruitment, low, high, shelf, current_mA)
    if classes:
        figure.legend(loc="outside right center", title="class", alignment="left")
    return figure


def _diameter_axes(
    ax: Axes, recruitment: Recruitment, low: float, high: float, shelf: float, current_mA: float
) -> None:
    diameter = recruitment.population.diameter_um
    ax.set_xscale("log")
    ax.set_yscale("log")
    if diameter.size:
        ax.set_xlim(0.88 * float(diameter.min()), 1.12 * float(diameter.max()))
    ax.set_ylim(low, 1.25 * shelf)
    style.plain_log_ticks(ax, "x")
    style.plain_log_ticks(ax, "y")
    ax.set_xlabel("fibre diameter (µm)")
    ax.set_ylabel("threshold (mA)")
    ax.grid(True, which="major")
    ax.axhspan(1.08 * high, 1.25 * shelf, color=style.PANEL, lw=0, zorder=0)
    limit = f"grey band: not reached at {recruitment.max_current_mA:g} mA"
    ax.set_title(limit, loc="right", fontsize=8, color=style.MUTED)
    ax.axhline(current_mA, color=style.ACCENT, lw=1.3)
    ax.annotate(
        f"study: {current_mA:g} mA",
        (0.995, current_mA),
        (0, 3),
        color=style.ACCENT,
        xycoords=("axes fraction", "data"),
        textcoords="offset points",
        ha="right",
        fontsize=8.5,
        path_effects=[withStroke(linewidth=3, foreground="white")],
    )
