"""Exact inverse of A0 = K2 (x) Mz + M2 (x) Kz, for all z modes at once.

The generalised eigenvectors of (Kz, Mz) turn A0 into one plane matrix K2 + lambda M2 per mode. All
of them share one pattern, so one symbolic L D L' serves every mode, and each entry of L is a vector
over the modes: the innermost loops run along contiguous memory.
"""

from __future__ import annotations

import numpy as np
import scipy.linalg
import scipy.sparse as sp
from numba import njit
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from vagus.field.elements import Array


class ModalInverse:
    """A0^-1; the factors are kept."""

    def __init__(
        self, k2: sp.csr_array, m2: sp.csr_array, kz: sp.csr_array, mz: sp.csr_array
    ) -> None:
        values, modes = scipy.linalg.eigh(kz.toarray(), mz.toarray())
        self._modes = np.ascontiguousarray(modes)
        self._transposed = np.ascontiguousarray(modes.T)
        order = _fill_reducing(k2, m2)
        self._rank = np.argsort(order)
        k, m = (a[order][:, order] for a in (k2, m2))
        both = sp.tril(abs(k) + abs(m), -1, format="csc")
        both.sort_indices()
        pointer, rows = _symbolic(
            both.indptr.astype(np.int64), both.indices.astype(np.int64), k.shape[0]
        )
        self._pointer, self._rows = pointer, rows
        lower = np.zeros((len(rows), len(values)))
        for part, scale in ((k, np.ones_like(values)), (m, values)):
            entries = sp.tril(part, -1, format="coo")
            row, column = (i.astype(np.int64) for i in entries.coords)
            _scatter(pointer, rows, row, column, entries.data, scale, lower)
        diagonal = k.diagonal()[:, None] + m.diagonal()[:, None] * values
        _factor(pointer, rows, lower, diagonal)
        self._lower, self._inverse = lower, 1.0 / diagonal

    def __call__(self, load: Array, nodes: NDArray[np.int64] | None = None) -> Array:
        """A0^-1 of loads [plane node, column, z].

        With ``nodes`` the load is given, and the result taken, at those plane nodes only.
        """
        given, columns, nz = load.shape
        place = self._rank if nodes is None else self._rank[nodes]
        work = np.zeros((len(self._rank), columns, nz))
        work[place] = (load.reshape(-1, nz) @ self._modes).reshape(load.shape)
        active = _ancestors(self._pointer, self._rows, place)
        _substitute(self._pointer, self._rows, self._lower, self._inverse, active, work)
        solved: Array = (work[place].reshape(-1, nz) @ self._transposed).reshape(given, columns, nz)
        return solved


def _fill_reducing(k2: sp.csr_array, m2: sp.csr_array) -> NDArray[np.int64]:
    """Minimum-degree order of the common pattern, as SuperLU finds it."""
    pattern = (abs(k2) + abs(m2)).tocsc()
    pattern.setdiag(pattern.sum(axis=0) + 1.0)
    factor = splu(
        pattern,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )
    return np.argsort(factor.perm_c).astype(np.int64)


@njit(cache=True, nogil=True)
def _symbolic(pointer, indices, n):  # type: ignore[no-untyped-def]
    """Column pointers and rows of L, strictly lower, from A's strictly lower columns."""
    start = np.zeros(n + 1, dtype=np.int64)
    rows = np.empty(max(16 * indices.size, n), dtype=np.int64)
    mark = np.full(n, -1, dtype=np.int64)
    child = np.full(n, -1, dtype=np.int64)
    sibling = np.full(n, -1, dtype=np.int64)
    count = 0
    for j in range(n):
        if count + n > rows.size:
            grown = np.empty(2 * rows.size + n, dtype=np.int64)
            grown[:count] = rows[:count]
            rows = grown
        mark[j] = j
        for p in range(pointer[j], pointer[j + 1]):
            mark[indices[p]] = j
            rows[count] = indices[p]
            count += 1
        c = child[j]
        while c >= 0:
            for p in range(start[c], start[c + 1]):
                if mark[rows[p]] != j:
                    mark[rows[p]] = j
                    rows[count] = rows[p]
                    count += 1
            c = sibling[c]
        start[j + 1] = count
        if count > start[j]:
            rows[start[j] : count].sort()
            parent = rows[start[j]]
            sibling[j] = child[parent]
            child[parent] = j
    return start, rows[:count].copy()


@njit(cache=True, nogil=True)
def _scatter(start, rows, row, column, data, scale, lower):  # type: ignore[no-untyped-def]
    """Add data x scale to the entries (row, column) of L's pattern."""
    for e in range(data.size):
        j = column[e]
        p = start[j] + np.searchsorted(rows[start[j] : start[j + 1]], row[e])
        for k in range(scale.size):
            lower[p, k] += data[e] * scale[k]


@njit(cache=True, nogil=True)
def _factor(start, rows, lower, diagonal):  # type: ignore[no-untyped-def]
    """L D L' in place: unit lower columns [entry, mode] and the diagonal [node, mode]."""
    n, modes = diagonal.shape
    scaled = np.empty(modes)
    for j in range(n):
        for a in range(start[j], start[j + 1]):
            q = rows[a]
            for k in range(modes):
                scaled[k] = lower[a, k] / diagonal[j, k]
                diagonal[q, k] -= scaled[k] * lower[a, k]
            p = start[q]
            for b in range(a + 1, start[j + 1]):
                while rows[p] != rows[b]:
                    p += 1
                for k in range(modes):
                    lower[p, k] -= scaled[k] * lower[b, k]
        for a in range(start[j], start[j + 1]):
            for k in range(modes):
                lower[a, k] /= diagonal[j, k]


@njit(cache=True, nogil=True)
def _ancestors(start, rows, nodes):  # type: ignore[no-untyped-def]
    """Columns of L that a load on ``nodes``, or the solution there, depends on."""
    active = np.zeros(start.size - 1, dtype=np.bool_)
    active[nodes] = True
    for j in range(active.size):
        if active[j] and start[j + 1] > start[j]:
            active[rows[start[j]]] = True
    return np.flatnonzero(active)


@njit(cache=True, nogil=True)
def _substitute(start, rows, lower, inverse, active, x):  # type: ignore[no-untyped-def]
    """Solve L D L' x = x in place for x [node, column, mode], on the active columns of L."""
    columns, modes = x.shape[1:]
    for j in active:
        for a in range(start[j], start[j + 1]):
            i = rows[a]
            for c in range(columns):
                for k in range(modes):
                    x[i, c, k] -= lower[a, k] * x[j, c, k]
    for j in active[::-1]:
        for c in range(columns):
            for k in range(modes):
                x[j, c, k] *= inverse[j, k]
        for a in range(start[j], start[j + 1]):
            i = rows[a]
            for c in range(columns):
                for k in range(modes):
                    x[j, c, k] -= lower[a, k] * x[i, c, k]
