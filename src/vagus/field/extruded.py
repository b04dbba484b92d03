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
from vagus.field.ties import Ties


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
        self._shape = (kz.shape[0], len(self._free))
        self._inverse = ModalInverse(k2, m2, kz, mz)
        where = np.full(plane.size, -1)
        where[self._free] = np.arange(len(self._free))
        self._contacts = [(z - 1) * len(self._free) + where[p] for z, p in contacts]
        self._shares = [_shares(line, z) for z, _ in contacts]
        self._removed = self._removal(removals)
        self._ties: Ties | None = None
        if contacts:
            columns = _Columns(k2, m2, kz, mz)
            self._ties = Ties(self._contacts, self._shares, columns)
        self.steps = 0

    def _removal(self, removals: Sequence[Removal]) -> sp.csr_array:
        """C on all free nodes."""
        size = self._shape[0] * self._shape[1]
        terms: list[sp.coo_array] = []
        for removal in removals:
            k, m = self.plane.matrices(removal.transverse, removal.longitudinal)
            k, m = (a[self._free][:, self._free] for a in (k, m))
            dz, iz = (a[self._inner, self._inner] for a in self.line.matrices(removal.layers))
            terms += [sp.kron(iz, k, format="coo"), sp.kron(dz, m, format="coo")]
        if not terms:
            return sp.csr_array((size, size))
        data = np.concatenate([t.data for t in terms])
        rows, columns = (np.concatenate([t.coords[i] for t in terms]) for i in (0, 1))
        return sp.coo_array((data, (rows, columns)), shape=(size, size)).tocsr()

    def contact_nodes(self, contact: int) -> tuple[Index, Index]:
        """(z nodes, plane nodes) of a contact."""
        nodes = self._contacts[contact]
        return nodes // self._shape[1] + 1, self._free[nodes % self._shape[1]]

    def unit_loads(self) -> Array:
        """Loads [z node, contact, plane node] of 1 mA leaving each contact."""
        full = np.zeros((len(self.line.nodes), len(self._contacts), self.plane.size))
        for c, share in enumerate(self._shares):
            z, p = self.contact_nodes(c)
            full[z, c, p] = share
        return full

    def solve(self, load: Array, tolerance: float = 1e-8, max_steps: int = 400) -> Array:
        """Potentials of ``load`` [z node, column, plane node], in V per mA of load.

        ``tolerance``: of the residual in the norm of A0^-1, relative to the load. Raises
        ConvergenceError after ``max_steps``.
        """
        columns = load.shape[1]
        inner = load[self._inner][:, :, self._free]
        r = np.ascontiguousarray(inner.transpose(0, 2, 1)).reshape(-1, columns)
        x = np.zeros_like(r)
        p = np.zeros_like(r)
        ap = np.zeros_like(r)
        rho_old = np.ones(columns)
        start = np.zeros(columns)
        for step in range(max_steps + 1):
            z, az = self._precondition(r)
            rho = np.einsum("ij,ij->j", r, z)
            start = rho if step == 0 else start
            done = rho <= tolerance**2 * start
            if bool(np.all(done)):
                self.steps = step
                return self._full(x, columns)
            beta = rho / rho_old if step else np.zeros(columns)
            p = z + beta * p
            ap = az + beta * ap
            slope = np.einsum("ij,ij->j", p, ap)
            alpha = np.where(done, 0.0, rho / np.where(slope == 0, 1.0, slope))
            x += alpha * p
            r -= alpha * ap
            rho_old = np.where(rho == 0, 1.0, rho)
        worst = float(np.sqrt(np.max(rho / start)))
        raise ConvergenceError(
            f"the field solver stopped after {max_steps} steps at a residual of {worst:.1e} (asked "
            f"{tolerance:.1e}); look for slivers in the section or conductivities that differ by "
            "more than 1e6"
        )

    def _precondition(self, r: Array) -> tuple[Array, Array]:
        """z = T A0^-1 T' r and A z; A0 needs no product of its own, as A0 A0^-1 T' r = T' r."""
        load = self._ties.gather(r) if self._ties else r
        nz, n = self._shape
        stacked = np.ascontiguousarray(load.reshape(nz, n, -1).transpose(1, 2, 0))
        solved = self._inverse(stacked).transpose(2, 0, 1)
        z = np.ascontiguousarray(solved).reshape(nz * n, -1)
        product = load.copy()
        if self._ties:
            z, nodes, lost = self._ties.spread(z)
            product[nodes] -= lost
        if self._removed.nnz:
            product -= self._removed @ z
        return z, product

    def _full(self, values: Array, columns: int) -> Array:
        full = np.zeros((len(self.line.nodes), columns, self.plane.size))
        inner = values.reshape(*self._shape, columns).transpose(0, 2, 1)
        full[self._inner, :, self._free] = inner
        return full


def _shares(line: Line, z: Index) -> Array:
    """Weight of every node of a contact: its part of the z axis, so that the sum is 1."""
    weight: Array = np.asarray(line.matrices()[1].sum(axis=0))[z]
    weight /= weight.sum()
    return weight


def grounded_rim(plane: Plane) -> NDArray[np.int64]:
    """Nodes on the outermost contour."""
    return plane.loop(len(plane.mesh.loops) - 1)
