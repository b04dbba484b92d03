"""The field of a stimulus: along fibres, and across the nerve under a contact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, TwoSlopeNorm
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from matplotlib.ticker import MaxNLocator
from matplotlib.tri import Triangulation
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from vagus.nerve.section import CrossSection
from vagus.report import style
from vagus.report.figures.section import CuffDrawing, draw_cuff, draw_section, scale_bar

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FieldProfile:
    """Potential along some fibres.

    ``z_um`` [Z] increasing; ``potential_mV_per_mA`` [contact, fibre, Z], 1 mA leaving each contact;
    ``weights`` [contact] share of the stimulus current (sign as delivered); ``fibres`` [fibre]
    names for the legend; ``extent_um``: (start, end) of each contact along z, where known.
    """

    contacts: tuple[str, ...]
    z_um: Floats
    potential_mV_per_mA: Floats
    weights: Floats
    fibres: tuple[str, ...]
    extent_um: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class PotentialMap:
    """Potential of the stimulus in the plane at ``z_um``, per mA: points [N]; ``triangles`` [T, 3]
    of a mesh where there is one, else points inside each fascicle are triangulated alone."""

    x_um: Floats
    y_um: Floats
    potential_mV_per_mA: Floats
    z_um: float
    triangles: NDArray[np.int64] | None = None


def activating_function(z_um: Floats, potential_mV_per_mA: Floats) -> Floats:
    """Second derivative along z in mV/mm² per mA, same shape (last axis z), of a cubic spline.

    Positive: depolarises (Rattay 1986, doi:10.1109/TBME.1986.325670).
    """
    spline = CubicSpline(z_um, potential_mV_per_mA, axis=-1)
    return np.asarray(spline(z_um, 2) * 1e6)


@style.styled
def field_along(profile: FieldProfile) -> Figure:
    """Potential and, below, activating function along z: each active contact, then the sum."""
    active = [i for i, w in enumerate(profile.weights) if w != 0]
    total = np.tensordot(profile.weights, profile.potential_mV_per_mA, axes=1)
    columns = [(f"{profile.contacts[i]}: +1 mA", profile.potential_mV_per_mA[i]) for i in active]
    columns.append(("stimulus\n" + _mixture(profile, active), total))
    if len(columns) > 4:  # many contacts: the sum says what the fibres feel
        columns = columns[-1:]
    figure = style.new_figure(4.7)
    axes = figure.subplots(2, len(columns), sharex=True, sharey="row", squeeze=False)
    for column, (title, potential) in enumerate(columns):
        top, bottom = axes[:, column]
        _lines(top, profile, potential)
        _lines(bottom, profile, activating_function(profile.z_um, potential))
        top.set_title(title, fontsize=8.5)
        bottom.set_xlabel("z (mm), cranial →")
    axes[0, 0].set_xlim(*_window(profile.z_um, total))
    axes[0, 0].xaxis.set_major_locator(MaxNLocator(6, prune="both"))
    axes[0, 0].set_ylabel("potential (mV per mA)")
    axes[1, 0].set_ylabel("activating function\n(mV/mm² per mA)")
    handles, labels = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), 4))
    return figure


def _mixture(profile: FieldProfile, active: list[int]) -> str:
    terms = [
        f"{profile.weights[i]:+.3g}".replace("-", "−") + f" × {profile.contacts[i]}" for i in active
    ]
    text = "  ".join(terms)
    return text if len(text) <= 28 else "weighted sum of the contacts"


def _window(z_um: Floats, potential: Floats) -> tuple[float, float]:
    """Limits in mm where the stimulus exceeds 3 % of its peak, with a tenth to spare."""
    peak = np.abs(potential).max(axis=0)
    there = z_um[peak > 0.03 * peak.max()] / 1e3
    if there.size < 2:
        return float(z_um[0] / 1e3), float(z_um[-1] / 1e3)
    spare = 0.1 * float(there[-1] - there[0])
    return (
        max(float(there[0]) - spare, float(z_um[0] / 1e3)),
        min(float(there[-1]) + spare, float(z_um[-1] / 1e3)),
    )


def _lines(ax: Axes, profile: FieldProfile, values: Floats) -> None:
    ax.axhline(0, color=style.FAINT, lw=0.8, zorder=1)
    for contact, extent in enumerate(profile.extent_um):
        if profile.weights[contact] != 0:
            ax.axvspan(extent[0] / 1e3, extent[1] / 1e3, color=style.INSULATION, lw=0, zorder=0)
    for fibre, name in enumerate(profile.fibres):
        colour = style.SERIES[fibre % len(style.SERIES)]
        ax.plot(
            profile.z_um / 1e3,
            values[fibre],
            color=colour,
            lw=2.1 - 0.6 * min(fibre, 2),
            label=name,
        )


@style.styled
def field_across(
    section: CrossSection, potential: PotentialMap, contact: str, cuff: CuffDrawing | None = None
) -> Figure:
    """Potential of the stimulus in the section at one contact's level, with the fascicles drawn."""
    low, high = _limits(section)
    width = 6.6
    height = (width - 1.1) * float((high[1] - low[1]) / (high[0] - low[0]))
    figure = style.new_figure(min(height, 5.2) + 0.5, width)
    ax = figure.subplots()
    if cuff is not None:
        level = potential.z_um
        here = tuple(c for c in cuff.contacts if c.z_start_um <= level <= c.z_end_um)
        draw_cuff(ax, replace(cuff, contacts=here))
    draw_section(ax, section)
    norm = _norm(potential.potential_mV_per_mA)
    colours = "RdBu_r" if isinstance(norm, TwoSlopeNorm) else style.threshold_colours()
    for triangulation, values, clip in _pieces(section, potential):
        filled = ax.tripcolor(
            triangulation,
            values,
            norm=norm,
            cmap=colours,
            shading="gouraud",
            rasterized=True,
            zorder=2,
        )
        if clip is not None:
            patch = PathPatch(clip, transform=ax.transData, facecolor="none", edgecolor="none")
            ax.add_patch(patch)
            filled.set_clip_path(patch)
    for fascicle in section.fascicles:
        closed = np.vstack([fascicle.inner_um, fascicle.inner_um[:1]])
        ax.plot(closed[:, 0], closed[:, 1], color="#8d7a5e", lw=0.8, zorder=4)
    nerve = np.vstack([section.outline_um, section.outline_um[:1]])
    ax.plot(nerve[:, 0], nerve[:, 1], color=style.INK, lw=1.0, zorder=4)
    bar = figure.colorbar(ScalarMappable(norm, colours), ax=ax, shrink=0.8, aspect=28)
    bar.outline.set_visible(False)
    bar.set_label("potential of the stimulus (mV per mA)")
    ax.set_xlim(low[0], high[0])
    ax.set_ylim(low[1], high[1])
    scale_bar(ax, low, high)
    at = f"{potential.z_um / 1e3:.3g}".replace("-", "−")
    ax.set_title(f"level of {contact}, z = {at} mm")
    return figure


def _limits(section: CrossSection) -> tuple[Floats, Floats]:
    """The nerve with a margin in which the contacts show, and room below for the bar."""
    low, high = section.outline_um.min(axis=0), section.outline_um.max(axis=0)
    margin = 0.12 * float((high - low).max())
    return low - margin * np.array([1.0, 1.6]), high + margin


def map_points(section: CrossSection, across: int = 24) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """x, y (um) and fascicle index of points for a `PotentialMap`, a grid and the rim of each.

    ``across``: grid points along a fascicle's wider side. The rim lies 0.5 % inside the border.
    """
    found = []
    for index, fascicle in enumerate(section.fascicles):
        low, high = fascicle.inner_um.min(axis=0), fascicle.inner_um.max(axis=0)
        step = float((high - low).max()) / across
        columns, rows = (np.arange(low[k] + step / 2, high[k], step) for k in (0, 1))
        points = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
        points = points[Outline(fascicle.inner_um).contains_points(points, radius=-0.3 * step)]
        centre = fascicle.centroid_um
        rim = centre + 0.995 * (fascicle.inner_um - centre)
        rim = rim[Outline(fascicle.inner_um).contains_points(rim)]
        both = np.vstack([points, rim])
        found.append(np.column_stack([both, np.full(len(both), float(index))]))
    table = np.vstack(found)
    return table[:, 0], table[:, 1], table[:, 2].astype(np.int64)


def _norm(values: Floats) -> Normalize:
    low, high = (float(v) for v in np.quantile(values, [0.005, 0.995]))
    if low < 0 < high:
        return TwoSlopeNorm(0.0, low, high)
    return Normalize(low, high if high > low else low + 1e-9)


def _pieces(
    section: CrossSection, potential: PotentialMap
) -> Sequence[tuple[Triangulation, Floats, Outline | None]]:
    """What is contoured: the mesh as it is, or each fascicle's own points clipped to its border."""
    x, y, values = potential.x_um, potential.y_um, potential.potential_mV_per_mA
    if potential.triangles is not None:
        return [(Triangulation(x, y, potential.triangles), values, None)]
    pieces: list[tuple[Triangulation, Floats, Outline | None]] = []
    for fascicle in section.fascicles:
        outline = Outline(np.vstack([fascicle.inner_um, fascicle.inner_um[:1]]), closed=True)
        inside = outline.contains_points(np.column_stack([x, y]))
        if np.count_nonzero(inside) >= 8:
            pieces.append((Triangulation(x[inside], y[inside]), values[inside], outline))
    return pieces
