"""Verification of the potential in tissue: exact solutions, order, reciprocity, conservation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vagus.field import Cuff, Field, Resolution, Strip, Tissue, solve_field
from vagus.field.analytic import CoaxialNerve, point_source
from vagus.field.contours import circle
from vagus.field.elements import Line, edge_mass
from vagus.field.extruded import Extruded, grounded_rim
from vagus.field.mesh2d import triangulate
from vagus.field.plane import Plane, build_plane
from vagus.field.solve import build_system
from vagus.nerve.section import CrossSection, Fascicle

Floats = NDArray[np.float64]
ORIGIN = np.zeros(2)
ENDONEURIUM = (1 / 6, 1 / 1.75)
"""S/m across and along the fibres (data/field/tissues.csv)."""
NERVE = CoaxialNerve(0.4, 1.25, *ENDONEURIUM, 0.15873, 0.03)
"""A fascicle, its sheet (0.03 S/m per mm) and epineurium of 6.3 ohm m, as the tests have it."""
COARSE = Resolution(300.0, 200.0, 700.0, 1)
FINER = Resolution(150.0, 100.0, 350.0, 1, grading=0.2)
WAVE = np.pi / 6.0  # 1/mm: half a wave in the 6 mm between the grounded ends


def cylinder_error(size_mm: float, order: int) -> float:
    """Error in the fascicle over its peak, of the rim current cos(theta) cos(k z) round concentric
    cylinders with a thin sheet; ``size_mm`` of the triangles, 1 for linear and 2 for quadratic."""
    mesh = triangulate([circle(0.4, size_mm, ORIGIN), circle(1.25, size_mm, ORIGIN, [-45, 45])], 1)
    inside = mesh.region == 0
    plane, line = build_plane(mesh, order, 1), Line(np.linspace(-3.0, 3.0, 21))
    system = Extruded(
        plane,
        line,
        np.where(inside, NERVE.transverse, NERVE.epineurium),
        np.where(inside, NERVE.longitudinal, NERVE.epineurium),
        np.array([NERVE.sheet]),
        np.zeros(0, dtype=np.int64),
    )
    edges, length = _rim(plane)
    angle = np.arctan2(plane.points[:, 1], plane.points[:, 0])
    across = edge_mass(order, edges, length, plane.size) @ np.cos(angle)
    along = line.matrices()[1] @ np.cos(WAVE * line.nodes)
    solved = system.solve(np.outer(along, across)[:, None])[:, 0]
    nodes = np.unique(plane.elements[inside])
    radius = np.hypot(*plane.points[nodes].T)
    nodes, radius = nodes[radius < 0.38], radius[radius < 0.38]
    exact = np.outer(np.cos(WAVE * line.nodes), NERVE.mode(1, WAVE, radius) * np.cos(angle[nodes]))
    return float(np.abs(solved[:, nodes] - exact).max() / np.abs(exact).max())


def _rim(plane: Plane) -> tuple[NDArray[np.int64], Floats]:
    """Nodes [E, order + 1] of the edges on the outer contour, middles last, and their lengths."""
    loop = plane.loop(1)
    corner, middle = loop[:: plane.order], loop[1 :: plane.order]
    ends = np.column_stack([corner, np.roll(corner, -1)])
    length = np.linalg.norm(plane.points[ends[:, 0]] - plane.points[ends[:, 1]], axis=1)
    return ends if plane.order == 1 else np.column_stack([ends, middle]), length


def cylinder_order(order: int) -> float:
    """Measured order in the size of the triangles, from 0.2 to 0.05 mm.

    That of quadratic triangles is 2 as well, not 3: their edges are straight, so the round sheet
    is a polygon, off by the square of its edges. With that polygon kept, smaller triangles leave
    the error as it is.
    """
    return float(np.log2(cylinder_error(0.2, order) / cylinder_error(0.05, order)) / 2)


def point_source_error(size_mm: float = 0.09) -> float:
    """Largest relative error 1 mm from a point source in an anisotropic medium, the exact potential
    given on the boundary; quadratic triangles."""
    rings = [circle(r, f * size_mm, ORIGIN) for r, f in ((0.25, 1 / 3), (1.15, 0.7), (3.0, 3.0))]
    mesh = triangulate(rings, 1)
    plane = build_plane(mesh, 2, 0)
    away = np.cumsum(np.minimum(0.25 * size_mm * 1.2 ** np.arange(200), 0.9 * size_mm))
    away = away[: np.searchsorted(away, 5.0) + 1]
    line = Line(np.concatenate([-away[::-1], [0.0], away]))
    across, along = (np.full(len(mesh.triangles), s) for s in ENDONEURIUM)
    rim = grounded_rim(plane)
    system = Extruded(plane, line, across, along, np.zeros(0), rim)
    nz = len(line.nodes)
    at = np.column_stack([np.tile(plane.points, (nz, 1)), np.repeat(line.nodes, plane.size)])
    exact = 1e-3 * point_source(at + 1e-12, *ENDONEURIUM).reshape(nz, -1)
    lift = np.zeros_like(exact)
    lift[:, rim] = exact[:, rim]
    lift[[0, -1]] = exact[[0, -1]]
    k, m = plane.matrices(across, along)
    kz, mz = line.matrices()
    load = -(mz @ (k @ lift.T).T + kz @ (m @ lift.T).T)
    load[nz // 2] += _at_origin(plane)
    solved = system.solve(load[:, None])[:, 0] + lift
    near = np.abs(np.linalg.norm(at, axis=1).reshape(nz, -1) - 1.0) < 0.05
    return float(np.abs(solved / exact - 1)[near].max())


def _at_origin(plane: Plane) -> Floats:
    """A unit current at the origin, shared among the nodes of the triangle that holds it."""
    count = len(plane.elements)
    least = [plane.barycentric(np.array([t]), ORIGIN[None])[0].min() for t in range(count)]
    centre = np.array([int(np.argmax(least))])
    load = np.zeros(plane.size)
    load[plane.elements[centre[0]]] = plane.weights(centre, ORIGIN[None])[0]
    return load


def _nerve() -> CrossSection:
    """Three round fascicles in a round nerve of 2 mm."""
    inside = ((300.0, 200.0, 350.0), (-500.0, 100.0, 250.0), (0.0, -550.0, 150.0))
    return CrossSection("three", _ring(0, 0, 1000.0), tuple(Fascicle(_ring(*f)) for f in inside))


def _ring(x: float, y: float, radius: float) -> Floats:
    turn = 2 * np.pi * np.arange(120) / 120
    return np.column_stack([x + radius * np.cos(turn), y + radius * np.sin(turn)])


def _cuff() -> Cuff:
    """Two patches of 90 degrees in a tube of 8 mm."""
    patches = Strip("cranial", 2500.0, 1000.0, 90.0), Strip("caudal", -2500.0, 1000.0, 90.0)
    return Cuff("patches", 2200.0, 800.0, (Strip("tube", 0.0, 8000.0),), patches, (-1.0, 1.0))


def _unequal() -> Cuff:
    """Two patches of other widths, arcs, angles and places, which no mirror carries into another:
    with equal ones symmetry alone would make the potentials equal."""
    patches = Strip("wide", 2800.0, 1500.0, 150.0), Strip("small", -1700.0, 700.0, 60.0, 100.0)
    return Cuff("unequal", 2200.0, 800.0, (Strip("tube", 0.0, 8000.0),), patches, (-1.0, 1.0))


def reciprocity() -> float:
    """1 mA into one contact raises the other as 1 mA into that raises the first; relative."""
    field = solve_field(_nerve(), _unequal(), Tissue(), COARSE)
    system = build_system(field.section, field.cuff, Tissue(), COARSE)

    def seen(contact: int, source: int) -> float:
        z, p = system.contact_nodes(contact)
        return float(field.potential_mV_per_mA[z, source, p].mean())

    return abs(seen(0, 1) / seen(1, 0) - 1)


def escaping_current() -> float:
    """By how much the current through a tilted ellipsoid round a contact differs from 1 mA, %."""
    return 100 * abs(_flux(solve_field(_nerve(), _cuff(), Tissue(), FINER)) - 1.0)


def _flux(field: Field) -> float:
    """mA out of an ellipsoid that cuts nerve, fill and surround beyond both ends of the cuff."""
    n = 160
    polar, weight = np.polynomial.legendre.leggauss(n)
    turn = 2 * np.pi * (np.arange(2 * n) + 0.5) / (2 * n)
    c, t = (a.ravel() for a in np.meshgrid(polar, turn, indexing="ij"))
    s = np.sqrt(1 - c**2)
    unit, axes = np.column_stack([s * np.cos(t), s * np.sin(t), c]), np.array([4.0, 5.0, 7.0])
    cos, sin = np.cos(np.radians(15.0)), np.sin(np.radians(15.0))
    turned = np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]).T
    normal = (unit / axes * np.prod(axes)) @ turned
    gradient, triangle = field.gradient((unit * axes) @ turned * 1e3, 0)
    tissue, count = Tissue(), len(field.section.fascicles)
    table = [tissue.endoneurium] * count + [tissue.epineurium] + [tissue.surround] * 3
    sigma = np.array([[c.transverse, c.transverse, c.longitudinal] for c in table])
    density = -sigma[field.plane.mesh.region[triangle]] * gradient
    total = np.einsum("pi,pi,p->", density, normal, np.repeat(weight, 2 * n))
    return float(total * np.pi / n)


MEASURES: Mapping[str, Callable[[], float | None]] = {
    "point-source": point_source_error,
    "cylinders-error": partial(cylinder_error, 0.05, 1),
    "cylinders-order": partial(cylinder_order, 1),
    "cylinders-error-quadratic": partial(cylinder_error, 0.05, 2),
    "cylinders-order-quadratic": partial(cylinder_order, 2),
    "contact-reciprocity": reciprocity,
    "current-conservation": escaping_current,
}
