"""One look for every figure: sizes, colours, names of fibre classes; no pyplot state.

Class colours are those of Okabe and Ito (2008, "Color Universal Design"), distinguishable with the
common kinds of colour blindness; thresholds use viridis, whose lightness rises monotonically.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import NDArray

WIDTH_in = 7.5  # 720 px at 96 per inch: the text column of the report
INK, MUTED, FAINT, PANEL = "#1b1f24", "#5c6670", "#c3c9cf", "#f4f5f6"
ACCENT = "#b3123f"  # the study's current, in every figure
METAL, INSULATION = "#4a4f57", "#dfe3e8"

CLASS_COLOUR = {
    "A-alpha": "#d55e00",
    "A-beta": "#e69f00",
    "A-delta": "#009e73",
    "B": "#0072b2",
    "C": "#7a4b8c",
}
CLASS_NAME = {"A-alpha": "Aα", "A-beta": "Aβ", "A-delta": "Aδ", "B": "B", "C": "C"}
SERIES = ("#0072b2", "#d55e00", "#009e73", "#7a4b8c", "#e69f00", "#56b4e9")

RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": INK,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "grid.color": "#e6e9ec",
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.6,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
    "svg.fonttype": "path",
    "svg.hashsalt": "vagus",  # equal figures give equal files
}

P = ParamSpec("P")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw a figure with this module's settings, whatever the user's own are."""

    @wraps(draw)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with matplotlib.rc_context(RC):
            return draw(*args, **kwargs)

    return wrapper


def new_figure(height_in: float, width_in: float = WIDTH_in) -> Figure:
    """An empty figure whose panels are laid out without overlap."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(w_pad=0.07, h_pad=0.05)
    return figure


def save(figure: Figure, stem: Path, formats: tuple[str, ...] = ("svg", "png", "pdf")) -> None:
    """Write ``stem``.svg, .png (200 dpi) and .pdf without a date, so that reruns compare equal."""
    dateless = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
    with matplotlib.rc_context(RC):
        for kind in formats:
            figure.savefig(stem.with_suffix(f".{kind}"), dpi=200, metadata=dateless[kind])
            figure.set_layout_engine("none")  # laid out once; the other formats keep the places


def threshold_colours() -> Colormap:
    """Viridis without its palest tenth: every colour is visible on white."""
    steps: NDArray[np.float64] = np.linspace(0.0, 0.92, 256)
    return LinearSegmentedColormap.from_list("threshold", matplotlib.colormaps["viridis"](steps))


def class_name(fibre_class: str) -> str:
    """The class as printed, for example Aα."""
    return CLASS_NAME.get(fibre_class, fibre_class)


def group_name(group: str) -> str:
    """A functional group's key as printed words."""
    words = group.replace("-", " ").replace("_", " ")
    return f"{words[:-2]} C" if words.endswith(" c") else words


def classes_in(fibre_class: NDArray[np.str_]) -> list[str]:
    """Classes that occur, fastest first, then unknown ones by name."""
    present = {str(name) for name in np.unique(fibre_class)}
    known = [name for name in CLASS_COLOUR if name in present]
    return known + sorted(present - set(known))


def class_colour(fibre_class: str) -> str:
    """Colour of a class; ink for one that is not known."""
    return CLASS_COLOUR.get(fibre_class, INK)


def percent(share: float) -> str:
    """A share as printed, to three digits; never 0 % or 100 % where some fibre differs."""
    value = 100 * share
    if np.isnan(share):
        return "–"
    if 0 < value < 0.1:
        return "< 0.1 %"
    if 99.9 < value < 100:
        return "> 99.9 %"
    return f"{value:.3g} %"


def spaced_percent(text: str) -> str:
    """Published words with the space before the per cent sign that this report prints."""
    return re.sub(r"(?<=\d)%", " %", text).replace("-10 %", "−10 %")


def current_axis(ax: Axes, low_mA: float, high_mA: float) -> None:
    """Logarithmic current axis with plain numbers (0.1, 0.2, 0.5, 1, ...)."""
    ax.set_xscale("log")
    ax.set_xlim(low_mA, high_mA)
    plain_log_ticks(ax, "x")


def plain_log_ticks(ax: Axes, which: str) -> None:
    """Ticks at 1, 2, 5 per decade in plain numbers, fewer where the axis spans over two decades."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = sorted(ax.get_xlim() if which == "x" else ax.get_ylim())
    decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    per_decade = np.array([1.0, 2.0, 5.0] if np.log10(high / low) < 2.6 else [1.0])
    ticks = (10.0 ** decades[:, None] * per_decade).ravel()
    ticks = ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))]
    axis.set_major_locator(matplotlib.ticker.FixedLocator(list(ticks)))
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda v, _: f"{v:g}"))
    axis.set_minor_locator(matplotlib.ticker.LogLocator(subs=tuple(np.arange(2.0, 10.0))))
    axis.set_minor_formatter(matplotlib.ticker.NullFormatter())


def mark_current(ax: Axes, current_mA: float, label: bool = True) -> None:
    """Vertical line at the study's current, named above the axes."""
    ax.axvline(current_mA, color=ACCENT, linewidth=1.3, zorder=5)
    if label:
        ax.annotate(
            f"study: {current_mA:g} mA",
            (current_mA, 1.0),
            (0, 3),
            color=ACCENT,
            fontsize=8.5,
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            va="bottom",
        )
