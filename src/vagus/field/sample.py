"""A solved field: the potential in every fibre and anywhere else, and its gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from vagus.errors import InputError
from vagus.field.basis import PotentialBasis
from vagus.field.electrodes import Cuff
from vagus.field.elements import Array, Index, Line
from vagus.field.plane import Plane
from vagus.nerve.section import CrossSection


@dataclass(frozen=True)
class Field:
    """Potential of 1 mA through each contact, returning at the far grounded boundary.

    ``cuff``: as fitted to the nerve; ``potential_mV_per_mA``: [z node, contact, plane node];
    ``steps``: that the solver took. Inside the insulation the values mean nothing.
    """

    section: CrossSection
    cuff: Cuff
    contacts: tuple[str, ...]
    plane: Plane
    line: Line
    potential_mV_per_mA: Array
    steps: int

    def basis(
        self, x_um: Array, y_um: Array, fascicle: NDArray[np.integer], single: bool = False
    ) -> PotentialBasis:
        """Potential along straight fibres at (x, y) [F] in the given fascicles [F].

        Positions are the field's own z nodes; ``single`` stores float32. Raises InputError for a
        fibre outside its fascicle.
        """
        at = np.column_stack([x_um, y_um]).astype(np.float64)
        owner = np.asarray(fascicle, dtype=np.int64)
        self._check_fibres(at, owner)
        triangle = np.empty(len(at), dtype=np.int64)
        for i in np.unique(owner):
            mine = np.flatnonzero(owner == i)
            triangle[mine] = self._nearest(
                at[mine] * 1e-3, np.flatnonzero(self.plane.mesh.region == i)
            )
        weights = self.plane.weights(triangle, at * 1e-3)
        nodes, local = np.unique(self.plane.elements[triangle], return_inverse=True)
        count = weights.shape[1]
        sampler = sp.csr_array(
            (weights.ravel(), local.ravel(), np.arange(len(at) + 1) * count),
            shape=(len(at), len(nodes)),
        )
        kind = np.float32 if single else np.float64
        phi = np.empty((len(self.contacts), len(at), len(self.line.nodes)), dtype=kind)
        for c in range(len(self.contacts)):
            phi[c] = sampler @ np.ascontiguousarray(self.potential_mV_per_mA[:, c, nodes].T)
        return PotentialBasis(self.contacts, self.line.nodes * 1e3, phi)

    def _check_fibres(self, at: Array, owner: Index) -> None:
        count = len(self.section.fascicles)
        if owner.shape != (len(at),) or (
            len(owner) and not 0 <= owner.min() <= owner.max() < count
        ):
            raise InputError(
                "fascicle", owner.tolist()[:5], f"[fibres] indices from 0 to {count - 1}"
            )
        for i in np.unique(owner):
            mine = np.flatnonzero(owner == i)
            polygon = shapely.Polygon(self.section.fascicles[i].inner_um)
            shapely.prepare(polygon)
            outside = mine[~shapely.intersects_xy(polygon, at[mine])]
            if len(outside):
                x, y = at[outside[0]]
                raise InputError(
                    "x_um, y_um", f"({x:.1f}, {y:.1f}) for fibre {outside[0]}",
                    f"inside fascicle {i}", "Check its index and the section's origin.",
                )  # fmt: skip

    def _nearest(self, at: Array, candidates: Index) -> Index:
        """Triangle among ``candidates`` that holds each point [P, 2] (mm), or comes closest."""
        corner = self.plane.mesh.points[self.plane.mesh.triangles[candidates]]
        tree = cKDTree(corner.mean(axis=1))
        near = min(10, len(candidates))
        trial = candidates[tree.query(at, k=near)[1].reshape(len(at), near)]
        least = np.stack(
            [self.plane.barycentric(trial[:, k], at).min(axis=1) for k in range(near)], axis=1
        )
        best = least.argmax(axis=1)
        found: Index = trial[np.arange(len(at)), best]
        for p in np.flatnonzero(least.max(axis=1) < -1e-9):
            here = np.broadcast_to(at[p], (len(candidates), 2))
            found[p] = candidates[self.plane.barycentric(candidates, here).min(axis=1).argmax()]
        return found

    @cached_property
    def _everywhere(self) -> Index:
        return np.arange(len(self.plane.elements))

    def potential(self, at_um: Array, contact: int) -> Array:
        """Potential [P] in mV per mA at points [P, 3]; the side of a sheet is that of the mesh."""
        triangle, layer, shape_z, _ = self._locate(at_um)
        values = self._values(triangle, layer, contact)
        weights = self.plane.weights(triangle, at_um[:, :2] * 1e-3)
        result: Array = np.einsum("pzn,pz,pn->p", values, shape_z, weights)
        return result

    def gradient(self, at_um: Array, contact: int) -> tuple[Array, Index]:
        """Gradient [P, 3] of the potential in V/mm per mA, and the triangle [P] of every point."""
        triangle, layer, shape_z, slope_z = self._locate(at_um)
        values = self._values(triangle, layer, contact) * 1e-3
        plane_at = at_um[:, :2] * 1e-3
        across = np.einsum("pzn,pz,pni->pi", values, shape_z, self.plane.slopes(triangle, plane_at))
        along = np.einsum("pzn,pz,pn->p", values, slope_z, self.plane.weights(triangle, plane_at))
        return np.column_stack([across, along]), triangle

    def _values(self, triangle: Index, layer: Index, contact: int) -> Array:
        z = self.line.order * layer[:, None] + np.arange(self.line.order + 1)
        nodes = self.plane.elements[triangle]
        picked: Array = self.potential_mV_per_mA[z[:, :, None], contact, nodes[:, None, :]]
        return picked

    def _locate(self, at_um: Array) -> tuple[Index, Index, Array, Array]:
        """Triangles and layers of points [P, 3], with the values and slopes of the z functions."""
        triangle = self._nearest(at_um[:, :2] * 1e-3, self._everywhere)
        z = at_um[:, 2] * 1e-3
        ends = self.line.ends
        if len(z) and not (z.min() >= ends[0] and z.max() <= ends[-1]):
            raise InputError(
                "z_um", f"{at_um[:, 2].min():.0f} to {at_um[:, 2].max():.0f}", "the domain"
            )
        layer = np.clip(np.searchsorted(ends, z, side="right") - 1, 0, len(ends) - 2)
        h = ends[layer + 1] - ends[layer]
        t = (z - ends[layer]) / h
        if self.line.order == 1:
            return triangle, layer, np.column_stack([1 - t, t]), np.column_stack([-1 / h, 1 / h])
        shape = np.column_stack([(1 - t) * (1 - 2 * t), 4 * t * (1 - t), t * (2 * t - 1)])
        slope = np.column_stack([4 * t - 3, 4 - 8 * t, 4 * t - 1]) / h[:, None]
        return triangle, layer, shape, slope
