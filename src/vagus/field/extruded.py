"""Poisson's equation on triangles x intervals: A = A0 - C, A0 independent of z.

A0 = K2 (x) Mz + M2 (x) Kz is inverted exactly: the generalised eigenvectors of (Kz, Mz) split it
into one sparse plane problem (K2 + lambda M2) per z mode. C holds what the cuff takes away (its
silicone prisms) and equipotential contacts tie nodes together; conjugate gradients, preconditioned
by A0, deal with both in a number of steps that hardly depends on the mesh.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from vagus.errors import ConvergenceError
from vagus.field.elements import Array, Index, Line
from vagus.field.modal import ModalInverse
from vagus.field.plane import Plane
from vagus.field.ties import RINGS, Ties


@dataclass(frozen=True)
class Removal:
    """What A0 has too much of: in the intervals ``layers``, per triangle [T], in S/m."""

    layers: Index
    transverse: Array
    longitudinal: Array


class _Columns:
    """Columns of A0 = K2 (x) Mz + M2 (x) Kz at chosen nodes (z * plane size + plane)."""

    def __init__(
        self, k2: sp.csr_array, m2: sp.csr_array, kz: sp.csr_array, mz: sp.csr_array
    ) -> None:
        self._plane = k2.tocsc(), m2.tocsc()
        self._line = mz.tocsc(), kz.tocsc()
        self._size = k2.shape[0]

    def __call__(self, nodes: Index) -> sp.csc_array:
        z, p = np.unique(nodes // self._size), np.unique(nodes % self._size)
        block = sp.kron(self._line[0][:, z], self._plane[0][:, p], format="csc")
        block = block + sp.kron(self._line[1][:, z], self._plane[1][:, p], format="csc")
        at = np.searchsorted(z, nodes // self._size) * len(p)
        return block[:, at + np.searchsorted(p, nodes % self._size)]


class Extruded:
    """The assembled problem; everything outside ``free`` plane nodes and the two z ends is
    grounded.

    Arrays of values are [z node, column, plane node] over all nodes, potentials in V for currents
    in mA. ``contacts``: per contact the (z node, plane node) indices that share one potential.
    """

    def __init__(
        self,
        plane: Plane,
        line: Line,
        transverse: Array,
        longitudinal: Array,
        sheet: Array,
        grounded: Index,
        removals: Sequence[Removal] = (),
        contacts: Sequence[tuple[Index, Index]] = (),
    ) -> None:
        self.plane, self.line = plane, line
        self._free = np.setdiff1d(np.arange(plane.size), grounded)
        k2, m2 = plane.matrices(transverse, longitudinal)
        k2 = (k2 + plane.sheet(sheet))[self._free][:, self._free].tocsr()
        m2 = m2[self._free][:, self._free].tocsr()
        self._inner = slice(1, len(line.nodes) - 1)
        kz, mz = (a[self._inner, self._inner].tocsr() for a in line.matrices())
        self._inverse = ModalInverse(k2, m2, kz, mz)
        where = np.full(plane.size, -1)
        where[self._free] = np.arange(len(self._free))
        self._local = _reach(plane, k2, m2, where, removals, [p for _, p in contacts])
        self._shape = (kz.shape[0], len(self._local))
        where[self._free[self._local]] = np.arange(len(self._local))
        self._contacts = [(z - 1) * len(self._local) + where[p] for z, p in contacts]
        self._shares = [_shares(line, z) for z, _ in contacts]
        self._removed = self._removal(removals)
        self._ties: Ties | None = None
        if contacts:
            k2, m2 = (a[self._local][:, self._local] for a in (k2, m2))
            self._ties = Ties(self._contacts, self._shares, _Columns(k2, m2, kz, mz))
        self.steps = 0

    def _removal(self, removals: Sequence[Removal]) -> sp.csr_array:
        """C on the local nodes."""
        size = self._shape[0] * self._shape[1]
        local = self._free[self._local]
        terms: list[sp.coo_array] = []
        for removal in removals:
            k, m = self.plane.matrices(removal.transverse, removal.longitudinal)
            k, m = (a[local][:, local] for a in (k, m))
            dz, iz = (a[self._inner, self._inner] for a in self.line.matrices(removal.layers))
            term = sp.kron(iz, k, format="coo")
            term.data += sp.kron(dz, m, format="coo").data  # all four pairs share one pattern
            terms.append(term)
        if not terms:
            return sp.csr_array((size, size))
        data = np.concatenate([t.data for t in terms])
        rows, columns = (np.concatenate([t.coords[i] for t in terms]) for i in (0, 1))
        return sp.coo_array((data, (rows, columns)), shape=(size, size)).tocsr()

    def contact_nodes(self, contact: int) -> tuple[Index, Index]:
        """(z nodes, plane nodes) of a contact."""
        nodes = self._contacts[contact]
        return nodes // self._shape[1] + 1, self._free[self._local[nodes % self._shape[1]]]

    def unit_loads(self) -> Array:
        """Loads [z node, contact, plane node] of 1 mA leaving each contact."""
        full = np.zeros((len(self.line.nodes), len(self._contacts), self.plane.size))
        for c, share in enumerate(self._shares):
            z, p = self.contact_nodes(c)
            full[z, c, p] = share
        return full

    def solve(self, load: Array, tolerance: float = 1e-8, max_steps: int = 400) -> Array:
        """Potentials of ``load`` [z node, column, plane node], in V per mA of load.

        Conjugate gradients for A x = f start from A0^-1 f, so that all residuals vanish outside the
        local nodes; what they add to the load of A0 is kept instead of x. ``tolerance``: of the
        residual in the norm of A0^-1, relative to the load. Raises ConvergenceError after
        ``max_steps``.
        """
        columns = load.shape[1]
        source = np.ascontiguousarray(load[self._inner][:, :, self._free].transpose(2, 1, 0))
        f = self._flat(source[self._local])
        gathered = self._ties.gather(f) if self._ties else f
        source[self._local] = self._stacked(gathered)
        y = self._inverse(source)
        start = np.einsum("pcz,pcz->c", source, y)
        r = gathered - self._apply(gathered, self._flat(y[self._local]))[1]
        added, q, p, ap = (np.zeros_like(r) for _ in range(4))
        rho_old = np.ones(columns)
        for step in range(max_steps + 1):
            g = self._ties.gather(r) if self._ties else r
            y = self._flat(self._inverse(self._stacked(g), self._local))
            z, az = self._apply(g, y)
            rho = np.einsum("ij,ij->j", r, z)
            done = rho <= tolerance**2 * start
            if bool(np.all(done)):
                self.steps = step
                source[self._local] += self._stacked(added)
                return self._full(self._inverse(source))
            beta = rho / rho_old if step else np.zeros(columns)
            p, ap, q = z + beta * p, az + beta * ap, g + beta * q
            slope = np.einsum("ij,ij->j", p, ap)
            alpha = np.where(done, 0.0, rho / np.where(slope == 0, 1.0, slope))
            added += alpha * q
            r -= alpha * ap
            rho_old = np.where(rho == 0, 1.0, rho)
        worst = float(np.sqrt(np.max(rho / start)))
        raise ConvergenceError(
            f"the field solver stopped after {max_steps} steps at a residual of {worst:.1e} (asked "
            f"{tolerance:.1e}); look for slivers in the section or conductivities that differ by "
            "more than 1e6"
        )

    def _apply(self, load: Array, y: Array) -> tuple[Array, Array]:
        """z = T y and A z for A0 y = load: A0 itself needs no product."""
        z, product = y, load.copy()
        if self._ties:
            z, nodes, lost = self._ties.spread(y)
            product[nodes] -= lost
        if self._removed.nnz:
            product -= self._removed @ z
        return z, product

    def _flat(self, values: Array) -> Array:
        """[plane, column, z] -> [z * plane, column]."""
        return np.ascontiguousarray(values.transpose(2, 0, 1)).reshape(-1, values.shape[1])

    def _stacked(self, values: Array) -> Array:
        """[z * plane, column] -> [plane, column, z]."""
        cube = values.reshape(*self._shape, values.shape[1])
        return np.ascontiguousarray(cube.transpose(1, 2, 0))

    def _full(self, y: Array) -> Array:
        """T y on all nodes, [z node, column, plane node], from y on the free ones."""
        if self._ties:
            y[self._local] = self._stacked(self._ties.spread(self._flat(y[self._local]))[0])
        full = np.zeros((len(self.line.nodes), y.shape[1], self.plane.size))
        full[self._inner, :, self._free] = y.transpose(2, 1, 0)
        return full


def _reach(
    plane: Plane,
    k2: sp.csr_array,
    m2: sp.csr_array,
    where: Index,
    removals: Sequence[Removal],
    contacts: Sequence[Index],
) -> Index:
    """Free plane nodes where C, the contacts or what the ties carry outwards is not zero."""
    local = [np.zeros(0, dtype=np.int64)]
    for removal in removals:
        removed = (removal.transverse != 0) | (removal.longitudinal != 0)
        local.append(where[np.unique(plane.elements[removed])])
    pattern = (abs(k2) + abs(m2)).tocsr()
    near = np.unique(np.concatenate([local[0], *(where[c] for c in contacts)]))
    for _ in range(RINGS + 1):
        near = np.unique(pattern[near].indices).astype(np.int64)
    reached = np.unique(np.concatenate([*local, near]))
    return reached[reached >= 0]


def _shares(line: Line, z: Index) -> Array:
    """Weight of every node of a contact: its part of the z axis, so that the sum is 1."""
    weight: Array = np.asarray(line.matrices()[1].sum(axis=0))[z]
    weight /= weight.sum()
    return weight


def grounded_rim(plane: Plane) -> NDArray[np.int64]:
    """Nodes on the outermost contour."""
    return plane.loop(len(plane.mesh.loops) - 1)
