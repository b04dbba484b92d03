"""Finite elements in the plane (P1 or P2 triangles) and along z (linear or quadratic intervals).

Everything is in mm; with conductivities in S/m a current is in mA and a potential in V.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]
Index = NDArray[np.int64]


def triangle_shapes(order: int, barycentric: Array) -> Array:
    """Values [Q, n] of the n = 3 (P1) or 6 (P2) shape functions at barycentric points [Q, 3]."""
    if order == 1:
        return barycentric
    a, b, c = barycentric.T
    return np.column_stack(
        [a * (2 * a - 1), b * (2 * b - 1), c * (2 * c - 1), 4 * a * b, 4 * b * c, 4 * c * a]
    )


def triangle_slopes(order: int, barycentric: Array) -> Array:
    """Derivatives [Q, n, 3] of the shape functions by each barycentric coordinate."""
    q = len(barycentric)
    if order == 1:
        return np.broadcast_to(np.eye(3), (q, 3, 3)).copy()
    a, b, c = barycentric.T
    o = np.zeros(q)
    rows = [
        [4 * a - 1, o, o], [o, 4 * b - 1, o], [o, o, 4 * c - 1],
        [4 * b, 4 * a, o], [o, 4 * c, 4 * b], [4 * c, o, 4 * a],
    ]  # fmt: skip
    return np.stack([np.stack(r, axis=1) for r in rows], axis=1)


def _rule() -> tuple[Array, Array]:
    """Six-point rule exact to degree 4 (Dunavant 1985): barycentric points [6, 3], weights [6]."""
    points, weights = [], []
    for a, w in ((0.445948490915965, 0.223381589678011), (0.091576213509771, 0.109951743655322)):
        b = 1 - 2 * a
        points += [[b, a, a], [a, b, a], [a, a, b]]
        weights += [w] * 3
    return np.array(points), np.array(weights)


def barycentric_gradients(corner: Array) -> tuple[Array, Array]:
    """Gradients [T, 3, 2] of the barycentric coordinates of triangles [T, 3, 2], and areas [T]."""
    edge = corner[:, [2, 0, 1]] - corner[:, [1, 2, 0]]
    u, v = corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]
    double = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    gradient = np.stack([-edge[:, :, 1], edge[:, :, 0]], axis=2) / double[:, None, None]
    return gradient, 0.5 * double


def triangle_matrices(order: int, corner: Array) -> tuple[Array, Array]:
    """Stiffness and mass [T, n, n] of triangles with corners [T, 3, 2] for unit conductivity."""
    gradient, area = barycentric_gradients(corner)
    points, weights = _rule()
    slope = triangle_slopes(order, points)
    shape = triangle_shapes(order, points)
    inner = np.einsum("tai,tbi->tab", gradient, gradient)
    reference = np.einsum("q,qma,qnb->mnab", weights, slope, slope)
    n = shape.shape[1]
    stiffness = (inner.reshape(-1, 9) @ reference.reshape(n * n, 9).T).reshape(-1, n, n)
    mass = np.einsum("q,qm,qn->mn", weights, shape, shape)
    return stiffness * area[:, None, None], mass * area[:, None, None]


@cache
def _interval(order: int) -> tuple[tuple[tuple[float, ...], ...], tuple[tuple[float, ...], ...]]:
    if order == 1:
        return ((1.0, -1.0), (-1.0, 1.0)), ((1 / 3, 1 / 6), (1 / 6, 1 / 3))
    k = ((7 / 3, -8 / 3, 1 / 3), (-8 / 3, 16 / 3, -8 / 3), (1 / 3, -8 / 3, 7 / 3))
    m = ((4 / 30, 2 / 30, -1 / 30), (2 / 30, 16 / 30, 2 / 30), (-1 / 30, 2 / 30, 4 / 30))
    return k, m


@dataclass(frozen=True)
class Line:
    """Intervals along z between ``ends`` [E + 1] (mm, increasing), of ``order`` 1 or 2.

    Element e owns the nodes order * e ... order * (e + 1); the two end nodes are grounded.
    """

    ends: Array
    order: int = 2

    @property
    def nodes(self) -> Array:
        """z of every node [order * E + 1] in mm."""
        if self.order == 1:
            return self.ends
        nodes = np.empty(2 * len(self.ends) - 1)
        nodes[::2] = self.ends
        nodes[1::2] = 0.5 * (self.ends[1:] + self.ends[:-1])
        return nodes

    def matrices(self, elements: Index | None = None) -> tuple[sp.csr_array, sp.csr_array]:
        """Stiffness and mass over all nodes, of all intervals or of ``elements`` only."""
        e = np.arange(len(self.ends) - 1) if elements is None else elements
        k, m = (np.array(t) for t in _interval(self.order))
        h = np.diff(self.ends)[e]
        node = self.order * e[:, None] + np.arange(self.order + 1)
        size = self.order * (len(self.ends) - 1) + 1
        return (
            assemble(node, k / h[:, None, None], size),
            assemble(node, m * h[:, None, None], size),
        )


def assemble(node: Index, local: Array, size: int) -> sp.csr_array:
    """Sum of element matrices ``local`` [E, n, n] at the nodes [E, n] in a [size, size] matrix."""
    n = node.shape[1]
    rows = np.repeat(node, n, axis=1).ravel()
    columns = np.tile(node, (1, n)).ravel()
    return sp.coo_array((local.ravel(), (rows, columns)), shape=(size, size)).tocsr()


def edge_mass(order: int, node: Index, length: Array, size: int) -> sp.csr_array:
    """Mass matrix of edges: ``node`` [E, order + 1] (two ends, then the middle), length [E]."""
    m = np.array(_interval(order)[1])
    if order == 2:
        m = m[np.ix_([0, 2, 1], [0, 2, 1])]
    return assemble(node, m * length[:, None, None], size)
