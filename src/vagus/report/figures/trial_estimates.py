"""What many trials of one design estimate, and the truth they aim at."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vagus.report import style

Floats = NDArray[np.float64]
MOST_BINS = 40


@style.styled
def trial_estimates(
    estimates: Floats, truths: Floats, what: str, favours: tuple[str, str] = ("", ""),
    name: str = "effect",
) -> Figure:  # fmt: skip
    """Histogram of the estimates [R]; below it the true effect [R] of each trial's population.

    nan are left out. ``what``: the axis with its unit; ``favours``: words for the left and the
    right of none; ``name``: what is estimated.
    """
    found, true = (x[~np.isnan(x)] for x in (estimates, truths))
    figure = style.new_figure(3.1)
    ax = figure.subplots()
    bins = int(np.clip(2 * np.sqrt(found.size), 5, MOST_BINS))
    ax.hist(found, bins=bins, color=style.SERIES[0], alpha=0.75, label="estimates of trials")
    top = ax.get_ylim()[1]
    ax.set_ylim(-0.14 * top, top)
    ax.axvline(0, color=style.INK, lw=1.0, ls=(0, (4, 3)), zorder=3, label=f"no {name}")
    if true.size:
        each = np.unique(true)
        label = f"true {name}, one mark per population"
        ax.plot(each, np.full(each.size, -0.07 * top), "|", color=style.ACCENT, ms=11, mew=1.4,
                label=label, zorder=4)  # fmt: skip
        ax.axvline(float(true.mean()), color=style.ACCENT, lw=1.3, label="its mean", zorder=3)
    ax.axhline(0, color=style.MUTED, lw=0.8)
    ax.spines["left"].set_visible(False)
    ax.set_yticks([])
    ax.set_xlabel(what)
    _favours(figure, favours)
    figure.legend(loc="outside upper left", ncols=4)
    return figure


def _favours(figure: Figure, favours: tuple[str, str]) -> None:
    ax = figure.axes[0]
    low, high = ax.get_xlim()
    for words, x, ha in ((f"← {favours[0]}", low, "left"), (f"{favours[1]} →", high, "right")):
        if len(words) > 2:
            ax.annotate(
                words, (x, 1.0), (0, 2), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha=ha, va="bottom", fontsize=8, color=style.MUTED,
            )  # fmt: skip
