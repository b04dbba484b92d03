"""Equipotential contacts: nodes tied to one value, with a correction that dies out around them.

Setting a contact's nodes to their mean alone would leave a jump to the next nodes, which is dear in
energy and spoils the preconditioner. So the change is carried into a few rings of neighbours by the
harmonic extension of A0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from vagus.field.elements import Array, Index

RINGS = 2


class Ties:
    """The map T = I - E S: S is the deviation from each contact's mean, E its local extension.

    ``contacts``: nodes of each; ``shares``: their weights in the mean (sum 1); ``columns``: gives
    A0's columns at some nodes. Values are [node, column].
    """

    def __init__(
        self,
        contacts: Sequence[Index],
        shares: Sequence[Array],
        columns: Callable[[Index], sp.csc_array],
    ) -> None:
        self._shares = shares
        self._tied = np.concatenate(contacts)
        ends = np.cumsum([0, *(len(c) for c in contacts)])
        self._parts = [slice(a, b) for a, b in pairwise(ends)]
        reach = self._tied
        for _ in range(RINGS):
            reach = np.unique(columns(reach).indices).astype(np.int64)
        self._ring = np.setdiff1d(reach, self._tied)
        of_ring = columns(self._ring).tocsr()
        self._inverse = splu(
            of_ring[self._ring].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )
        of_tied = columns(self._tied).tocsr()
        self._coupling = of_tied[self._ring].tocsr()
        touched = np.union1d(reach, np.unique(of_ring.tocsc().indices)).astype(np.int64)
        self._touched = touched
        self._around = sp.hstack([of_tied[touched], of_ring[touched]]).tocsr()

    def _deviation(self, tied: Array) -> Array:
        change = tied.copy()
        for part, share in zip(self._parts, self._shares, strict=True):
            change[part] -= share @ tied[part]
        return change

    def spread(self, values: Array) -> tuple[Array, Index, Array]:
        """T values, and A0 E S values as (nodes, values at them)."""
        change = self._deviation(values[self._tied])
        carried = -self._inverse.solve(self._coupling @ change)
        tied = values.copy()
        tied[self._tied] -= change
        tied[self._ring] -= carried
        return tied, self._touched, self._around @ np.vstack([change, carried])

    def gather(self, load: Array) -> Array:
        """T' load: each contact's current on its nodes by share, with what its rings pass on."""
        pulled = load[self._tied] - self._coupling.T @ self._inverse.solve(load[self._ring])
        for part, share in zip(self._parts, self._shares, strict=True):
            pulled[part] -= share[:, None] * pulled[part].sum(axis=0)
        gathered = load.copy()
        gathered[self._tied] -= pulled
        return gathered
