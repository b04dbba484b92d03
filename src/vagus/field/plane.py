"""The cross-section as a finite-element space: nodes doubled on the fascicles, thin sheets between.

The perineurium is a sheet of no thickness: sigma dphi/dn = (phi_out - phi_in) / R with R = rho t,
so each fascicle's contour carries two nodes per place, coupled by the edge mass divided by R.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from vagus.field.elements import (
    Array,
    Index,
    assemble,
    barycentric_gradients,
    edge_mass,
    triangle_matrices,
    triangle_shapes,
    triangle_slopes,
)
from vagus.field.mesh2d import Mesh2D


@dataclass(frozen=True)
class Plane:
    """P1 or P2 functions on a mesh, discontinuous across the first ``sheets`` contours.

    ``points``: [N, 2] place of every node in mm; ``elements``: [T, 3 or 6] nodes (corners, then
    middles of the edges 01, 12, 20); ``mesh``: the triangulation; ``stiffness``, ``mass``: element
    matrices for unit conductivity; ``pairs``: per sheet the nodes [E, order + 1] along its outer
    and its inner side.
    """

    order: int
    mesh: Mesh2D
    points: Array
    elements: Index
    stiffness: Array
    mass: Array
    pairs: tuple[tuple[Index, Index], ...]

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.points)

    def matrices(self, transverse: Array, longitudinal: Array) -> tuple[sp.csr_array, sp.csr_array]:
        """Stiffness and mass weighted by the conductivities [T] across and along z, in S/m."""
        used = np.flatnonzero((transverse != 0) | (longitudinal != 0))
        node = self.elements[used]
        return (
            assemble(node, self.stiffness[used] * transverse[used, None, None], self.size),
            assemble(node, self.mass[used] * longitudinal[used, None, None], self.size),
        )

    def sheet(self, conductance: Array) -> sp.csr_array:
        """Coupling across the sheets; ``conductance`` [sheets] = 1 / (rho t) in S/m per mm."""
        total = sp.csr_array((self.size, self.size))
        for g, (outer, inner) in zip(conductance, self.pairs, strict=True):
            ends = self.points[outer]
            length = g * np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)
            mass = edge_mass(self.order, outer, length, self.size)
            swap = np.arange(self.size)
            swap[outer] = inner
            across = edge_mass_between(self.order, outer, inner, length, self.size)
            total = total + mass + _renumber(mass, swap) - across - across.T
        return total.tocsr()

    def loop(self, contour: int) -> Index:
        """Nodes along a contour in order, on its outer side, with the middles for P2."""
        corner = self.mesh.loops[contour]
        if self.order == 1:
            return corner
        middle = _edge_lookup(self.elements, corner, np.roll(corner, -1), self.size)
        return np.column_stack([corner, middle]).ravel()

    def weights(self, triangle: Index, at: Array) -> Array:
        """Shape functions [P, n] of the elements ``triangle`` [P] at the points ``at`` [P, 2]."""
        return triangle_shapes(self.order, self.barycentric(triangle, at))

    def slopes(self, triangle: Index, at: Array) -> Array:
        """Gradients [P, n, 2] (1/mm) of the shape functions of elements at the points ``at``."""
        gradient, _ = barycentric_gradients(self.points[self.elements[triangle, :3]])
        slope = triangle_slopes(self.order, self.barycentric(triangle, at))
        result: Array = np.einsum("pna,pai->pni", slope, gradient)
        return result

    def barycentric(self, triangle: Index, at: Array) -> Array:
        """Barycentric coordinates [P, 3] of points in the given triangles."""
        corner = self.points[self.elements[triangle, :3]]
        gradient, _ = barycentric_gradients(corner)
        offset = at - corner.mean(axis=1)
        result: Array = 1 / 3 + np.einsum("pai,pi->pa", gradient, offset)
        return result


def edge_mass_between(
    order: int, rows: Index, columns: Index, length: Array, size: int
) -> sp.csr_array:
    """Edge mass that couples the nodes ``rows`` of one side to ``columns`` of the other."""
    square = edge_mass(order, np.arange(rows.size).reshape(rows.shape), length, rows.size).tocoo()
    row, column = square.coords
    return sp.coo_array(
        (square.data, (rows.ravel()[row], columns.ravel()[column])), shape=(size, size)
    ).tocsr()


def _renumber(matrix: sp.csr_array, new: NDArray[np.int64]) -> sp.csr_array:
    entries = matrix.tocoo()
    row, column = entries.coords
    return sp.coo_array((entries.data, (new[row], new[column])), shape=matrix.shape).tocsr()


def build_plane(mesh: Mesh2D, order: int, sheets: int) -> Plane:
    """Function space on ``mesh`` whose first ``sheets`` contours carry doubled nodes."""
    corner = mesh.triangles.copy()
    points = [mesh.points]
    count = len(mesh.points)
    twin = np.full(count, -1, dtype=np.int64)
    for i in range(sheets):
        loop = mesh.loops[i]
        twin[loop] = count + np.arange(len(loop))
        count += len(loop)
        points.append(mesh.points[loop])
        mine = mesh.region == i
        doubled = twin[corner[mine]]
        corner[mine] = np.where(doubled >= 0, doubled, corner[mine])
    place = np.concatenate(points)
    elements = corner
    if order == 2:
        elements, place = _add_middles(corner, place)
    stiffness, mass = triangle_matrices(order, place[elements[:, :3]])
    pairs = []
    for i in range(sheets):
        outer = mesh.loops[i]
        ends = np.column_stack([outer, np.roll(outer, -1)])
        inside = twin[ends]
        if order == 2:
            ends, inside = (
                np.column_stack([e, _edge_lookup(elements, e[:, 0], e[:, 1], len(place))])
                for e in (ends, inside)
            )
        pairs.append((ends, inside))
    return Plane(order, mesh, place, elements, stiffness, mass, tuple(pairs))


def _add_middles(corner: Index, place: Array) -> tuple[Index, Array]:
    ends = np.sort(corner[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    code, back = np.unique(ends[:, 0] * len(place) + ends[:, 1], return_inverse=True)
    middle = 0.5 * (place[code // len(place)] + place[code % len(place)])
    elements = np.hstack([corner, len(place) + back.reshape(-1, 3)])
    return elements, np.vstack([place, middle])


def _edge_lookup(elements: Index, a: Index, b: Index, size: int) -> Index:
    """Middle node of every edge from ``a`` to ``b`` [E] in P2 elements."""
    ends = np.sort(elements[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    code = ends[:, 0] * size + ends[:, 1]
    order = np.argsort(code)
    wanted = np.minimum(a, b) * size + np.maximum(a, b)
    found = order[np.searchsorted(code[order], wanted)]
    middle: Index = elements[:, 3:].ravel()[found]
    return middle
