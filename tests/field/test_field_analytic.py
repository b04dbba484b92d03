"""The solver against exact potentials: point source, Bessel modes, patch electrode."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from vagus.field.analytic import CoaxialNerve, point_source
from vagus.field.contours import circle
from vagus.field.elements import Line, edge_mass
from vagus.field.extruded import Extruded, grounded_rim
from vagus.field.mesh2d import triangulate
from vagus.field.plane import Plane, build_plane

Array = NDArray[np.float64]
ORIGIN = np.zeros(2)
NERVE = CoaxialNerve(0.4, 1.25, 1 / 6, 1 / 1.75, 0.15873, 0.03)


def coaxial(h: float, order: int, ends: Array) -> Extruded:
    """One fascicle with a sheet in an insulated round nerve; only the two z ends are grounded."""
    mesh = triangulate([circle(0.4, h, ORIGIN), circle(1.25, h, ORIGIN, [-45, 45])], 1)
    inside = mesh.region == 0
    return Extruded(
        build_plane(mesh, order, 1),
        Line(ends),
        np.where(inside, NERVE.transverse, NERVE.epineurium),
        np.where(inside, NERVE.longitudinal, NERVE.epineurium),
        np.array([NERVE.sheet]),
        np.zeros(0, dtype=np.int64),
    )


def rim(plane: Plane) -> tuple[Array, Array]:
    """Edges [E, order + 1] of the outer contour and their lengths."""
    loop = plane.loop(1)
    step = plane.order
    ends = np.column_stack([loop[::step], np.roll(loop[::step], -1)])
    edges = ends if step == 1 else np.column_stack([ends, loop[1::2]])
    return edges, np.linalg.norm(plane.points[ends[:, 0]] - plane.points[ends[:, 1]], axis=1)


def fascicle_nodes(plane: Plane, radius: float = 0.38) -> Array:
    nodes = np.unique(plane.elements[plane.mesh.region == 0])
    return nodes[np.hypot(*plane.points[nodes].T) < radius]


def mode_error(h: float, order: int) -> float:
    """Error in the fascicle, relative to its peak, of the transverse mode m = 1, k = pi / 6 mm."""
    system = coaxial(h, order, np.linspace(-3.0, 3.0, 21))
    plane, line, k = system.plane, system.line, np.pi / 6.0
    angle = np.arctan2(plane.points[:, 1], plane.points[:, 0])
    edges, length = rim(plane)
    across = edge_mass(order, edges, length, plane.size) @ np.cos(angle)
    along = line.matrices()[1] @ np.cos(k * line.nodes)
    solved = system.solve(np.outer(along, across)[:, None])[:, 0]
    nodes = fascicle_nodes(plane)
    radius = np.hypot(*plane.points[nodes].T)
    exact = np.outer(np.cos(k * line.nodes), NERVE.mode(1, k, radius) * np.cos(angle[nodes]))
    return float(np.abs(solved[:, nodes] - exact).max() / np.abs(exact).max())


@pytest.mark.parametrize("order", [1, 2])
def test_concentric_cylinders_converge_with_order_two(order: int) -> None:
    coarse, middle, fine = (mode_error(h, order) for h in (0.2, 0.1, 0.05))
    assert fine < 2.5e-3
    assert np.log2(coarse / fine) / 2 == pytest.approx(2.0, abs=0.45)
    assert middle < coarse


def test_patch_electrode_meets_the_double_series() -> None:
    grades = [(-6, -2, 9), (-2, -0.5, 11), (-0.5, 0.5, 9), (0.5, 2, 11), (2, 6, 9)]
    ends = np.unique(np.concatenate([np.linspace(*g) for g in grades]).round(9))
    system = coaxial(0.1, 1, ends)
    plane, line = system.plane, system.line
    edges, length = rim(plane)
    middle = plane.points[edges[:, :2]].mean(axis=1)
    on = np.abs(np.arctan2(middle[:, 1], middle[:, 0])) < np.pi / 4
    across = edge_mass(1, edges[on], length[on], plane.size).sum(axis=0)
    layers = np.flatnonzero(np.abs(ends[1:] + ends[:-1]) < 1.0)
    along = line.matrices(layers)[1].sum(axis=0)
    load = np.outer(along / along.sum(), across / across.sum())
    solved = 1e3 * system.solve(load[:, None])[:, 0]
    nodes, z = fascicle_nodes(plane), np.flatnonzero(np.abs(line.nodes) < 3)[::3]
    radius, angle = np.hypot(*plane.points[nodes].T), np.arctan2(*plane.points[nodes].T[::-1])
    at = np.column_stack(
        [np.tile(radius, len(z)), np.tile(angle, len(z)), np.repeat(line.nodes[z], len(nodes))]
    )
    exact = NERVE.patch(at, 90.0, 1.0, 12.0, orders=16, waves=100).reshape(len(z), -1)
    assert np.abs(solved[np.ix_(z, nodes)] - exact).max() < 5e-4 * np.abs(exact).max()


def point_error(h: float, order: int) -> float:
    """Largest relative error 1 mm from a point source, with the exact potential on the boundary."""
    rings = [circle(0.25, h / 3, ORIGIN), circle(1.15, 0.7 * h, ORIGIN), circle(3.0, 3 * h, ORIGIN)]
    mesh = triangulate(rings, 1)
    plane = build_plane(mesh, order, 0)
    away = np.cumsum(np.minimum(0.25 * h * 1.2 ** np.arange(200), 0.9 * h))
    away = away[: np.searchsorted(away, 5.0) + 1]
    line = Line(np.concatenate([-away[::-1], [0.0], away]))
    across, along = (np.full(len(mesh.triangles), s) for s in (1 / 6, 1 / 1.75))
    rim_nodes = grounded_rim(plane)
    system = Extruded(plane, line, across, along, np.zeros(0), rim_nodes)
    nz = len(line.nodes)
    at = np.column_stack([np.tile(plane.points, (nz, 1)), np.repeat(line.nodes, plane.size)])
    distance = np.linalg.norm(at, axis=1).reshape(nz, -1)
    exact = 1e-3 * point_source(at + 1e-12, 1 / 6, 1 / 1.75).reshape(nz, -1)
    lift = np.zeros_like(exact)
    lift[:, rim_nodes] = exact[:, rim_nodes]
    lift[[0, -1]] = exact[[0, -1]]
    k, m = plane.matrices(across, along)
    kz, mz = line.matrices()
    load = -(mz @ (k @ lift.T).T + kz @ (m @ lift.T).T)
    least = [plane.barycentric(np.array([t]), ORIGIN[None])[0].min() for t in range(len(across))]
    centre = np.array([int(np.argmax(least))])
    load[nz // 2, plane.elements[centre[0]]] += plane.weights(centre, ORIGIN[None])[0]
    solved = system.solve(load[:, None])[:, 0] + lift
    near = np.abs(distance - 1.0) < 0.05
    return float(np.abs(solved / exact - 1)[near].max())


def test_point_source_in_an_anisotropic_medium() -> None:
    coarse, fine = point_error(0.3, 2), point_error(0.09, 2)
    assert fine < 1e-4
    assert fine < 0.2 * coarse


def test_point_source_formula_is_isotropic_when_it_should_be() -> None:
    at = np.array([[0.0, 0.3, 0.4], [0.5, 0.0, 0.0]])
    assert point_source(at, 2.0, 2.0) == pytest.approx(1e3 / (4 * np.pi * 2.0 * 0.5))


def test_mode_meets_its_own_boundary_conditions() -> None:
    k, e = 0.7, 1e-6
    r = np.array([0.4 - 2 * e, 0.4 - e, 0.4 + e, 0.4 + 2 * e, 1.25 - e, 1.25])
    phi = NERVE.mode(2, k, r)
    inner, outer, edge = (phi[1] - phi[0]) / e, (phi[3] - phi[2]) / e, (phi[5] - phi[4]) / e
    assert NERVE.transverse * inner == pytest.approx(NERVE.epineurium * outer, rel=1e-3)
    assert NERVE.transverse * inner == pytest.approx(NERVE.sheet * (phi[2] - phi[1]), rel=1e-3)
    assert NERVE.epineurium * edge == pytest.approx(1.0, rel=1e-3)
