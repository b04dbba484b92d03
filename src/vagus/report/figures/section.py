"""The nerve in cross-section: fibres coloured by threshold, one panel per class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon, Wedge
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from vagus.fibre.recruitment import Recruitment
from vagus.nerve.section import CrossSection
from vagus.report import style

Floats = NDArray[np.float64]
_TITLE: dict[str, Any] = {"fontsize": 8.5, "loc": "left"}
_PERINEURIUM_SHOWN_um = 12.0  # a line of its true width would vanish; drawn where none was measured


@dataclass(frozen=True)
class ContactDrawing:
    """A contact as an arc on the cuff's inner wall: degrees anticlockwise from +x, sign of its
    current (-1 cathode, +1 anode, 0 unused) and its extent along the nerve."""

    name: str
    start_deg: float
    end_deg: float
    polarity: int
    z_start_um: float
    z_end_um: float


@dataclass(frozen=True)
class CuffDrawing:
    """What of a cuff is drawn: circular bore and wall round ``centre_um`` [2]."""

    centre_um: tuple[float, float]
    inner_radius_um: float
    outer_radius_um: float
    contacts: tuple[ContactDrawing, ...]


@style.styled
def nerve_section(
    section: CrossSection,
    recruitment: Recruitment,
    current_mA: float,
    cuff: CuffDrawing | None = None,
) -> Figure:
    """Whole section with cuff, then every class with its fibres coloured by threshold.

    Colours are logarithmic and shared; fibres not reached at the largest current searched are grey.
    """
    classes = style.classes_in(recruitment.population.fibre_class)
    low, high = _crop(section)
    span = high - low
    columns = 2 if span[0] > 1.5 * span[1] else 3
    rows = -(-(len(classes) + 1) // columns)
    panel_width = (style.WIDTH_in - 0.9) / columns
    panel_height = float(np.clip(panel_width * span[1] / span[0], 0.9, 3.4))
    heights = [max(panel_height, 2.1)] + [panel_height] * (rows - 1)  # the cuff is round
    figure = style.new_figure(sum(heights) + 0.38 * rows)
    axes = figure.subplots(rows, columns, squeeze=False, height_ratios=heights).ravel()
    norm = _norm(recruitment)
    _overview(axes[0], section, cuff)
    points_per_um = 72 * min(panel_width / span[0], panel_height / span[1])
    for ax, name in zip(axes[1:], classes, strict=False):
        _class_panel(ax, section, recruitment, name, norm, current_mA, points_per_um)
        ax.set_xlim(low[0], high[0])
        ax.set_ylim(low[1], high[1])
    if classes:
        _number_fascicles(axes[1], section)
        scale_bar(axes[1], low, high)
    for ax in axes[len(classes) + 1 :]:
        ax.set_axis_off()
    _colour_bar(figure, axes, norm, recruitment, current_mA)
    return figure


def _crop(section: CrossSection) -> tuple[Floats, Floats]:
    points = np.vstack([f.inner_um for f in section.fascicles])
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * float((high - low).max()) + 2 * _PERINEURIUM_SHOWN_um
    return low - margin, high + margin


def _norm(recruitment: Recruitment) -> LogNorm:
    reached = recruitment.threshold_mA[np.isfinite(recruitment.threshold_mA)]
    if reached.size == 0:
        return LogNorm(recruitment.max_current_mA / 10, recruitment.max_current_mA)
    low, high = float(reached.min()), float(reached.max())
    return LogNorm(low, max(high, 1.05 * low))


def draw_section(ax: Axes, section: CrossSection) -> None:
    """Outline, perineurium and endoneurium, to scale, with a scale bar left to the caller."""
    ax.add_patch(Polygon(section.outline_um, facecolor=style.PANEL, edgecolor=style.MUTED, lw=0.8))
    for fascicle in section.fascicles:
        ring = fascicle.perineurium_um or _PERINEURIUM_SHOWN_um
        outer = np.asarray(fascicle.polygon.buffer(ring).exterior.coords)
        ax.add_patch(Polygon(outer, facecolor="#c9b8a0", edgecolor="none"))
        ax.add_patch(Polygon(fascicle.inner_um, facecolor="white", edgecolor="#8d7a5e", lw=0.5))
    ax.set_aspect("equal")
    ax.set_axis_off()


def scale_bar(ax: Axes, low: Floats, high: Floats) -> None:
    """A bar of a round length near the lower left corner."""
    target = 0.22 * float(high[0] - low[0])
    step = 10 ** np.floor(np.log10(target))
    length = step * max(m for m in (1, 2, 5) if m * step <= target)
    x, y = low[0] + 0.02 * (high[0] - low[0]), low[1] + 0.03 * (high[1] - low[1])
    halo = [withStroke(linewidth=3, foreground="white")]
    (bar,) = ax.plot([x, x + length], [y, y], color=style.INK, lw=2.2, zorder=6)
    bar.set_solid_capstyle("butt")
    bar.set_path_effects([withStroke(linewidth=5, foreground="white")])
    ax.annotate(
        f"{length:g} µm",
        (x + length / 2, y),
        (0, 4),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=8,
        zorder=6,
        path_effects=halo,
    )


def _number_fascicles(ax: Axes, section: CrossSection) -> None:
    halo = [withStroke(linewidth=3, foreground="white")]
    for number, fascicle in enumerate(section.fascicles, start=1):
        x, y = (float(v) for v in fascicle.centroid_um)
        ax.annotate(
            f"{number}", (x, y), ha="center", va="center", fontsize=9, zorder=6, path_effects=halo
        )


def _overview(ax: Axes, section: CrossSection, cuff: CuffDrawing | None) -> None:
    if cuff is not None:
        draw_cuff(ax, cuff)
    draw_section(ax, section)
    low, high = section.outline_um.min(axis=0), section.outline_um.max(axis=0)
    if cuff is not None:
        centre = np.array(cuff.centre_um)
        reach = 1.03 * cuff.outer_radius_um
        low, high = np.minimum(low, centre - reach), np.maximum(high, centre + reach)
    pad = 0.1 * float(high[1] - low[1])  # room below the drawing, for the bar
    low = low - np.array([0.0, pad])
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    scale_bar(ax, low, high)
    title = ["section"]
    if cuff is not None:
        arcs = _arcs(cuff.contacts)
        keys = [f"{letter}  {names}".strip() for _, _, letter, names in arcs]
        title = ["cuff: " + keys[0]] if len(arcs) == 1 else ["cuff", *keys]
    ax.set_title("\n".join(title), **_TITLE)


def draw_cuff(ax: Axes, cuff: CuffDrawing) -> None:
    """Wall in grey, contacts as dark arcs, all below what is drawn of the nerve."""
    wall = cuff.outer_radius_um - cuff.inner_radius_um
    ax.add_patch(
        Wedge(
            cuff.centre_um,
            cuff.outer_radius_um,
            0,
            360,
            width=wall,
            facecolor=style.INSULATION,
            edgecolor="none",
            zorder=0,
        )
    )
    ax.add_patch(Circle(cuff.centre_um, cuff.inner_radius_um, facecolor="#e9f3f8", lw=0, zorder=0))
    metal = max(0.35 * wall, 0.03 * cuff.inner_radius_um)
    for start, end, letter, _ in _arcs(cuff.contacts):
        ax.add_patch(
            Wedge(
                cuff.centre_um,
                cuff.inner_radius_um + metal,
                start,
                end,
                width=metal,
                facecolor=style.METAL,
                edgecolor="none",
                zorder=0.5,
            )
        )
        middle = np.radians((start + end) / 2)
        x, y = cuff.centre_um + (cuff.inner_radius_um + metal / 2 + wall / 2) * np.array(
            [np.cos(middle), np.sin(middle)]
        )
        ax.annotate(letter, (float(x), float(y)), ha="center", va="center", fontsize=8)


def _arcs(contacts: Sequence[ContactDrawing]) -> list[tuple[float, float, str, str]]:
    """(start, end, letter, names) of each arc; contacts that cover the same one at different levels
    share it. Arcs have letters only where there are several."""
    sign = {-1: " (−)", 0: "", 1: " (+)"}
    merged: dict[tuple[float, float], list[str]] = {}
    for c in contacts:
        merged.setdefault((c.start_deg, c.end_deg), []).append(c.name + sign[c.polarity])
    letters = "abcdefghijklmnopqrstuvwxyz" if len(merged) > 1 else " "
    return [
        (start, end, letters[i % len(letters)].strip(), ", ".join(names))
        for i, ((start, end), names) in enumerate(merged.items())
    ]


def _class_panel(
    ax: Axes,
    section: CrossSection,
    recruitment: Recruitment,
    name: str,
    norm: LogNorm,
    current_mA: float,
    points_per_um: float,
) -> None:
    draw_section(ax, section)
    index = np.flatnonzero(recruitment.mask(name))
    index = np.random.default_rng(0).permutation(index)  # no class of threshold drawn on top
    population, threshold = recruitment.population, recruitment.threshold_mA[index]
    room = sum(f.area_um2 for f in section.fascicles) * points_per_um**2
    size = float(np.clip(0.35 * room / max(index.size, 1), 0.5, 7.0))  # points², as scatter's s
    x, y, reached = population.x_um[index], population.y_um[index], np.isfinite(threshold)
    ax.scatter(x[~reached], y[~reached], s=size, c=style.FAINT, lw=0, rasterized=True, zorder=2)
    ax.scatter(
        x[reached],
        y[reached],
        s=size,
        c=threshold[reached],
        norm=norm,
        lw=0,
        cmap=style.threshold_colours(),
        rasterized=True,
        zorder=3,
    )
    share = style.percent(float(recruitment.fraction(current_mA, recruitment.mask(name))))
    ax.set_title(f"{style.class_name(name)}   {index.size:,} fibres, {share} fire", **_TITLE)


def _colour_bar(
    figure: Figure, axes: NDArray[Any], norm: LogNorm, recruitment: Recruitment, current_mA: float
) -> None:
    mappable = ScalarMappable(norm=norm, cmap=style.threshold_colours())
    bar = figure.colorbar(mappable, ax=list(axes), shrink=0.8, aspect=32, pad=0.02)
    bar.outline.set_visible(False)
    style.plain_log_ticks(bar.ax, "y")
    unreached = int(np.count_nonzero(np.isinf(recruitment.threshold_mA)))
    label = "threshold (mA)"
    if unreached:
        label += f"; grey: {unreached:,} fibres above {recruitment.max_current_mA:g} mA"
    if norm.vmin is not None and norm.vmax is not None and norm.vmin <= current_mA <= norm.vmax:
        bar.ax.axhline(current_mA, color=style.ACCENT, lw=2.0)
        label += "; red: study"
    bar.set_label(label)
