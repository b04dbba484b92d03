"""From a section in a cuff to the potential at every fibre.

Regions of the mesh, in the order of its contours: the fascicles, the epineurium, the lumen's fill,
the insulation's annulus, the surround.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from vagus.errors import GeometryError, InputError
from vagus.field.contours import Contour, circle
from vagus.field.electrodes import Cuff, Strip, enclosing_circle
from vagus.field.elements import Array, Index, Line
from vagus.field.extruded import Extruded, Removal, grounded_rim
from vagus.field.mesh2d import triangulate
from vagus.field.plane import Plane, build_plane
from vagus.field.sample import Field
from vagus.field.tissue import Conductivity, Tissue
from vagus.nerve.section import CrossSection

LEAST_GAP_UM = 2.0
EDGE_LAYER = 0.35  # height of the layers at a ring's edges, where the current density is singular
HELIX_LAYER = 0.4  # of ``layer_um``: helical edges are staircases of prisms
GROWTH = 1.35  # of the layers' heights away from the cuff


@dataclass(frozen=True)
class Resolution:
    """How fine the mesh is, in um: triangles in the nerve, edges on the lumen's wall, layers along
    z.

    ``order``: 1 or 2 in the plane (always quadratic along z); ``grading``: growth of the triangles
    per unit of distance, at most 0.5; ``tolerance``: of the solver, relative to the load.
    """

    size_um: float
    wall_um: float
    layer_um: float
    order: int
    grading: float = 0.3
    tolerance: float = 1e-7

    def __post_init__(self) -> None:
        for name in ("size_um", "wall_um", "layer_um", "tolerance"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                raise InputError(name, value, "> 0")
        if not 0.05 <= self.grading <= 0.5:
            raise InputError("grading", self.grading, "0.05 to 0.5")
        if self.order not in (1, 2):
            raise InputError("order", self.order, "1 (linear) or 2 (quadratic)")


RESOLUTIONS = {
    "default": Resolution(120.0, 75.0, 350.0, 1, grading=0.22),
    "publication": Resolution(220.0, 200.0, 260.0, 2, grading=0.25),
}


def solve_field(
    section: CrossSection,
    cuff: Cuff,
    tissue: Tissue | None = None,
    resolution: Resolution | str = "default",
) -> Field:
    """Potential of 1 mA through each contact of ``cuff`` around ``section``.

    The far boundary (a cylinder round the cuff) is grounded and returns the current. Raises
    GeometryError when the nerve does not fit, fascicles overlap, touch or leave the nerve, or the
    domain is smaller than the cuff; ConvergenceError when the solver does not settle.
    """
    tissue = Tissue() if tissue is None else tissue
    setting = _resolution(resolution)
    system = build_system(section, cuff, tissue, setting)
    fitted = cuff.fitted(section)
    potential = system.solve(system.unit_loads(), setting.tolerance)
    names = tuple(c.name for c in fitted.contacts)
    return Field(section, fitted, names, system.plane, system.line, 1e3 * potential, system.steps)


def build_system(
    section: CrossSection, cuff: Cuff, tissue: Tissue, setting: Resolution
) -> Extruded:
    """The assembled problem that `solve_field` solves; raises GeometryError as it does."""
    check_section(section)
    fitted = cuff.fitted(section)
    _check_domain(fitted, tissue)
    plane = _plane(section, fitted, tissue, setting)
    line = Line(_layers(fitted, tissue, setting))
    regions = _Regions(len(section.fascicles))
    transverse, longitudinal = regions.conductivities(plane, tissue)
    return Extruded(
        plane,
        line,
        transverse,
        longitudinal,
        tissue.sheet_conductance(section),
        grounded_rim(plane),
        _removals(plane, line, fitted, tissue, regions),
        [_patch(plane, line, contact, regions) for contact in fitted.contacts],
    )


def _resolution(resolution: Resolution | str) -> Resolution:
    if isinstance(resolution, Resolution):
        return resolution
    if resolution not in RESOLUTIONS:
        raise InputError("resolution", resolution, ", ".join(RESOLUTIONS))
    return RESOLUTIONS[resolution]


def check_section(section: CrossSection) -> None:
    """GeometryError when fascicles overlap, touch or leave the nerve."""
    outline = _polygon(section.outline_um, f"outline of `{section.name}`")
    if not section.fascicles:
        raise GeometryError(f"section `{section.name}` has no fascicle; a field needs at least one")
    polygons = [
        _polygon(f.inner_um, f"fascicle {i} of `{section.name}`")
        for i, f in enumerate(section.fascicles)
    ]
    for i, polygon in enumerate(polygons):
        if not outline.contains(polygon):
            raise GeometryError(
                f"fascicle {i} of `{section.name}` leaves the nerve; move it inside the outline or "
                "enlarge the outline"
            )
        if outline.exterior.distance(polygon) < LEAST_GAP_UM:
            raise GeometryError(
                f"fascicle {i} of `{section.name}` touches the outline (gap "
                f"{outline.exterior.distance(polygon):.2g} um, at least {LEAST_GAP_UM:g} needed); "
                "shrink or move it"
            )
    left, right = shapely.STRtree(polygons).query(
        polygons, predicate="dwithin", distance=LEAST_GAP_UM
    )
    for i, j in zip(left, right, strict=True):
        if i < j:
            gap = polygons[i].distance(polygons[j])
            what = "overlap" if polygons[i].intersects(polygons[j]) else f"lie {gap:.2g} um apart"
            raise GeometryError(
                f"fascicles {i} and {j} of `{section.name}` {what}; at least {LEAST_GAP_UM:g} um "
                "of epineurium must lie between them: move, shrink or merge them"
            )


def _polygon(points: Array, what: str) -> shapely.Polygon:
    if points.ndim != 2 or points.shape[1] != 2 or len(points) < 3 or not np.isfinite(points).all():
        raise GeometryError(f"{what} needs three or more finite points [K, 2]; got {points.shape}")
    polygon = shapely.Polygon(points)
    if not polygon.is_valid or polygon.area <= 0:
        raise GeometryError(f"{what} crosses itself or has no area; redraw or smooth it")
    return polygon


def _check_domain(cuff: Cuff, tissue: Tissue) -> None:
    reach = max(abs(v) for v in cuff.extent_um)
    if 0.5 * tissue.domain_length_um < reach + 2_000.0:
        raise InputError(
            "domain_length_um", tissue.domain_length_um, f">= {2 * reach + 4000:.0f} for this cuff"
        )
    radius = 0.5 * cuff.inner_diameter_um + cuff.thickness_um
    if tissue.domain_radius_um < 1.5 * radius:
        raise InputError(
            "domain_radius_um", tissue.domain_radius_um, f">= {1.5 * radius:.0f} for this cuff"
        )


def _plane(section: CrossSection, cuff: Cuff, tissue: Tissue, setting: Resolution) -> Plane:
    size, wall = setting.size_um * 1e-3, setting.wall_um * 1e-3
    centre = enclosing_circle(section.outline_um)[0] * 1e-3
    lumen = 0.5e-3 * cuff.inner_diameter_um
    outside = lumen + 1e-3 * cuff.thickness_um
    rim = 1e-3 * tissue.domain_radius_um
    ends = [t for s in (*cuff.contacts, *cuff.insulators) for t in s.ends_deg if s.pitch_um == 0]
    ends += [t for s in cuff.contacts for t in s.ends_deg if s.pitch_um != 0]
    least = 16 if setting.order == 1 else 12
    contours = [
        Contour(_counter_clockwise(f.inner_um) * 1e-3, size, least=least) for f in section.fascicles
    ]
    contours += [
        Contour(_counter_clockwise(section.outline_um) * 1e-3, size),
        circle(lumen, wall, centre, ends),
        circle(outside, size, centre),
        circle(rim, rim / 4, centre),
    ]
    mesh = triangulate(contours, len(section.fascicles) + 1, setting.grading)
    return build_plane(mesh, setting.order, len(section.fascicles))


def _counter_clockwise(points: Array) -> Array:
    ring = shapely.LinearRing(points)
    return points if ring.is_ccw else points[::-1]


def _layers(cuff: Cuff, tissue: Tissue, setting: Resolution) -> Array:
    """Ends of the z intervals in mm: all straight edges of the cuff, coarser away from it."""
    step = setting.layer_um * 1e-3
    strips = (*cuff.insulators, *cuff.contacts)
    if any(s.pitch_um for s in strips):
        # a helix is a staircase of prisms, so its steps must be finer
        step *= HELIX_LAYER
    edges = {round(v * 1e-3, 6) for s in strips for v in s.extent_um}
    knots = np.array(sorted(edges))
    knots = knots[np.append(True, np.diff(knots) > 0.05 * step)]
    rings = np.array([v * 1e-3 for s in strips if not s.pitch_um for v in s.extent_um])
    fine = np.array([len(rings) > 0 and np.abs(rings - k).min() < 0.05 * step for k in knots])
    first = np.where(fine, EDGE_LAYER * step, step)
    parts = [
        a + (b - a) * _graded_steps(b - a, step, u, v)
        for a, b, u, v in zip(knots[:-1], knots[1:], first[:-1], first[1:], strict=True)
    ]
    half = 0.5e-3 * tissue.domain_length_um
    below = knots[0] - _outward(knots[0] + half, first[0])
    above = knots[-1] + _outward(half - knots[-1], first[-1])
    return np.concatenate([below[::-1], *parts, [knots[-1]], above])


def _graded_steps(span: float, step: float, left: float, right: float) -> Array:
    """Starts (0 to 1) of intervals that grow from ``left`` to ``step`` and shrink to ``right``."""
    at = np.linspace(0.0, span, 400)
    rate = GROWTH - 1.0
    density = 1.0 / np.minimum(step, np.minimum(left + rate * at, right + rate * (span - at)))
    count = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(at))])
    n = max(1, int(np.ceil(count[-1] - 1e-6)))
    start: Array = np.interp(count[-1] * np.arange(n) / n, count, at) / span
    return start


def _outward(span: float, step: float) -> Array:
    """Distances up to ``span`` in steps that grow by GROWTH, to an eighth of the span."""
    sizes = [step]
    while sum(sizes) < span:
        sizes.append(min(sizes[-1] * GROWTH, max(span / 8, step)))
    distance = np.cumsum(sizes)
    scaled: Array = distance * span / distance[-1]
    return scaled


@dataclass(frozen=True)
class _Regions:
    """Contour numbers of a section with so many fascicles."""

    fascicles: int

    @property
    def epineurium(self) -> int:
        return self.fascicles

    @property
    def lumen(self) -> int:
        return self.fascicles + 1

    @property
    def annulus(self) -> int:
        return self.fascicles + 2

    def conductivities(self, plane: Plane, tissue: Tissue) -> tuple[Array, Array]:
        """A0's conductivity of every triangle: never below the true one, so that A = A0 - C."""
        region = plane.mesh.region
        most = Conductivity(
            max(tissue.fill.transverse, tissue.surround.transverse),
            max(tissue.fill.longitudinal, tissue.surround.longitudinal),
        )
        table = [tissue.endoneurium] * self.fascicles
        table += [tissue.epineurium, most, tissue.surround, tissue.surround]
        transverse = np.array([c.transverse for c in table])[region]
        longitudinal = np.array([c.longitudinal for c in table])[region]
        return transverse, longitudinal


def _removals(
    plane: Plane, line: Line, cuff: Cuff, tissue: Tissue, regions: _Regions
) -> list[Removal]:
    """What A0 has too much of: the silicone, and fill or surround in each other's place."""
    region = plane.mesh.region
    annulus, lumen = region == regions.annulus, region == regions.lumen
    low, high = line.ends[:-1] * 1e3, line.ends[1:] * 1e3
    covered = _cover(plane, cuff.insulators, np.flatnonzero(annulus), low, high)
    middle = 0.5 * (low + high)
    inside = np.zeros(len(low), dtype=bool)
    for strip in cuff.insulators:
        inside |= (middle > strip.extent_um[0]) & (middle < strip.extent_um[1])
    rows: dict[bytes, list[int]] = {}
    for layer in range(len(low)):
        rows.setdefault(covered[layer].tobytes() + inside[layer].tobytes(), []).append(layer)
    removals = []
    a0 = regions.conductivities(plane, tissue)
    for layers in rows.values():
        here = tissue.fill if inside[layers[0]] else tissue.surround
        removed = []
        for base, true in zip(a0, (here.transverse, here.longitudinal), strict=True):
            weight = np.where(lumen, base - true, 0.0)
            weight[annulus] = covered[layers[0]] * base[annulus]
            removed.append(weight)
        removals.append(Removal(np.array(layers), removed[0], removed[1]))
    return removals


def _cover(
    plane: Plane, strips: Sequence[Strip], triangles: Index, low: Array, high: Array
) -> Array:
    """Part [layer, triangle] of every prism that the strips cover."""
    centroid = plane.mesh.points[plane.mesh.triangles[triangles]].mean(axis=1)
    offset = centroid - plane.points[plane.mesh.loops[-1]].mean(axis=0)
    angle = np.degrees(np.arctan2(offset[:, 1], offset[:, 0]))
    total = sum(s.cover(angle[None, :], low[:, None], high[:, None]) for s in strips)
    part: Array = np.where(total > 0.5, 1.0, 0.0)
    return part


def _patch(plane: Plane, line: Line, contact: Strip, regions: _Regions) -> tuple[Index, Index]:
    """(z nodes, plane nodes) of the wall's facets whose middles the contact covers."""
    corner = plane.mesh.loops[regions.lumen]
    nodes = plane.loop(regions.lumen)
    offset = plane.points - plane.points[plane.mesh.loops[-1]].mean(axis=0)
    middle = 0.5 * (offset[corner] + offset[np.roll(corner, -1)])
    angle = np.degrees(np.arctan2(middle[:, 1], middle[:, 0]))
    low, high = line.ends[:-1] * 1e3, line.ends[1:] * 1e3
    touched = contact.cover(angle[None, :], low[:, None], high[:, None]) > 0.5
    layer, facet = np.nonzero(touched)
    if not len(layer):
        raise GeometryError(
            f"contact `{contact.name}` ({contact.width_um:.0f} um wide, {contact.arc_deg:.0f} deg) "
            "is smaller than the mesh; use a finer `Resolution`"
        )
    z = line.order * layer[:, None] + np.arange(line.order + 1)
    p = nodes[(plane.order * facet[:, None] + np.arange(plane.order + 1)) % len(nodes)]
    pair = np.unique((z[:, :, None] * plane.size + p[:, None, :]).reshape(-1))
    return pair // plane.size, pair % plane.size
