"""Power over patients or effect, with the type I error of the same design beside it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from vagus.report import style
from vagus.trial.operating import Estimate
from vagus.trial.power_curve import CurvePoint

Z = 1.96  # 95 % of what chance does to the simulation
USUAL = 0.8  # power that trials are usually planned with, drawn as a mark


@style.styled
def power_curve(points: Sequence[CurvePoint], alpha: float, what: str) -> Figure:
    """Power and type I error with Monte Carlo intervals; a line at ``alpha``.

    ``what``: the horizontal axis, with its unit.
    """
    figure = style.new_figure(3.6)
    ax = figure.subplots()
    x = np.array([p.x for p in points])
    replicates = points[0].replicates
    for name, marker, colour, estimates in (
        ("power (benefit shown)", "o", style.SERIES[0], [p.power for p in points]),
        ("type I error (no effect)", "s", style.ACCENT, [p.type_i_error for p in points]),
    ):
        value, low, high = _bars(estimates, replicates)
        ax.errorbar(
            x, value, np.stack([value - low, high - value]), color=colour, marker=marker, ms=5,
            lw=1.6, elinewidth=1.1, capsize=2.5, label=name, clip_on=False, zorder=3,
        )  # fmt: skip
    for level, text in ((alpha, f"α = {alpha:g}"), (USUAL, f"{USUAL:.0%}".replace("%", " %"))):
        ax.axhline(level, color=style.MUTED, lw=0.9, ls=(0, (4, 3)), zorder=1)
        ax.annotate(
            text, (1.0, level), (3, 0), xycoords=("axes fraction", "data"),
            textcoords="offset points", va="center", fontsize=8, color=style.MUTED,
        )  # fmt: skip
    ax.set_ylim(0, 1)
    ax.set_yticks(np.arange(0, 1.01, 0.2), [f"{p:.0f}" for p in range(0, 101, 20)])
    ax.set_ylabel("trials with a significant result (%)")
    ax.set_xlabel(what)
    ax.grid(True, axis="y")
    figure.legend(loc="outside upper left", ncols=2)
    words = f"{replicates:,} trials per point; bars: 95 % Monte Carlo intervals."
    figure.supxlabel(words, fontsize=8, color=style.MUTED, x=0.01, ha="left")
    return figure


def _bars(
    estimates: Sequence[Estimate], replicates: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shares with Wilson's interval (1927), which has a width at none and at all, too."""
    p, n = np.array([e.value for e in estimates]), replicates
    middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
    return p, np.minimum(middle - half, p), np.maximum(middle + half, p)
