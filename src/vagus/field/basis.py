"""The potential along every fibre per unit current of every contact."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from vagus.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PotentialBasis:
    """One solution per contact (1 mA, returning to the far ground), sampled along straight fibres.

    ``contacts``: names; ``z_um``: [P] increasing positions, +z cranial;
    ``potential_mV_per_mA``: [contact, fibre, P]. Raises InputError on wrong shapes, values that are
    not finite or positions that do not increase.
    """

    contacts: tuple[str, ...]
    z_um: Array
    potential_mV_per_mA: NDArray[np.floating]

    def __post_init__(self) -> None:
        z, phi = self.z_um, self.potential_mV_per_mA
        if z.ndim != 1 or len(z) < 4 or not np.all(np.isfinite(z)) or not np.all(np.diff(z) > 0):
            bad = "" if z.ndim != 1 else _first(~(np.diff(z) > 0), "not increasing after position")
            raise InputError(
                "z_um", f"array {z.shape} {bad}".strip(), "4 or more increasing, finite um"
            )
        if phi.ndim != 3 or phi.shape[0] != len(self.contacts) or phi.shape[2] != len(z):
            raise InputError(
                "potential_mV_per_mA", f"array {phi.shape}",
                f"[contact, fibre, position] = ({len(self.contacts)}, any, {len(z)})",
            )  # fmt: skip
        if not np.isfinite(phi).all():
            raise InputError(
                "potential_mV_per_mA",
                _first(~np.isfinite(phi), "not finite at [contact, fibre, position]"),
                "finite values", "Export the potential inside the solved domain only.",
            )  # fmt: skip

    @property
    def fibres(self) -> int:
        """Number of fibres."""
        return int(self.potential_mV_per_mA.shape[1])

    def combined(self, weights: Array) -> Array:
        """Potential [fibre, P] per mA of stimulus current; contact c carries ``weights[c]`` mA."""
        w = np.asarray(weights, dtype=np.float64)
        if w.shape != (len(self.contacts),) or not np.all(np.isfinite(w)):
            raise InputError(
                "weights", weights, f"{len(self.contacts)} finite values, one per contact"
            )
        total = w[0] * self.potential_mV_per_mA[0]
        for value, phi in zip(w[1:], self.potential_mV_per_mA[1:], strict=True):
            total = total + value * phi
        return np.asarray(total, dtype=np.float64)

    def along(self, weights: Array, fibre: NDArray[np.integer], z_um: Array) -> Array:
        """Potential [F, P] in mV per mA of stimulus current at positions ``z_um`` [F, P] of
        ``fibre`` [F].

        Not-a-knot cubic splines through the nodes, so that second differences stay smooth. Raises
        InputError when a position leaves the range of the basis.
        """
        at = np.ascontiguousarray(z_um, dtype=np.float64)
        index = np.asarray(fibre, dtype=np.int64)
        if at.ndim != 2 or index.shape != (at.shape[0],):
            raise InputError("z_um", f"array {at.shape}", f"[{index.size}, positions]")
        if index.size and not (index.min() >= 0 and index.max() < self.fibres):
            raise InputError(
                "fibre", (int(index.min()), int(index.max())), f"0 to {self.fibres - 1}"
            )
        low, high = float(self.z_um[0]), float(self.z_um[-1])
        if at.size and not (float(at.min()) >= low and float(at.max()) <= high):
            raise InputError(
                "z_um", f"{at.min():.0f} to {at.max():.0f} um", f"{low:.0f} to {high:.0f} um",
                "Shorten the fibre or enlarge the domain (`Tissue.domain_length_um`).",
            )  # fmt: skip
        knots = np.ascontiguousarray(self.z_um, dtype=np.float64)
        used, row = np.unique(index, return_inverse=True)
        values = self.select(used).combined(weights)
        out = np.empty_like(at)
        _spline(knots, values, _spline_slopes(knots, values), row, at, out)
        return out

    def select(self, fibre: NDArray[np.integer] | NDArray[np.bool_]) -> PotentialBasis:
        """The basis of some fibres, by index or mask."""
        return PotentialBasis(self.contacts, self.z_um, self.potential_mV_per_mA[:, fibre])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a lossless npz file."""
        with open(path, "wb") as file:
            np.savez(
                file,
                contacts=np.array(self.contacts, dtype=np.str_),
                z_um=self.z_um,
                potential_mV_per_mA=self.potential_mV_per_mA,
            )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> PotentialBasis:
        """Read what `save` wrote; raises InputError on any other file."""
        try:
            with np.load(Path(path), allow_pickle=False) as data:
                return cls(
                    tuple(str(c) for c in data["contacts"]),
                    data["z_um"],
                    data["potential_mV_per_mA"],
                )
        except (KeyError, OSError, zipfile.BadZipFile, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(
                "path", path, "an npz file with contacts, z_um and potential_mV_per_mA", str(error)
            ) from error


def _first(bad: NDArray[np.bool_], text: str) -> str:
    where = np.argwhere(bad)
    return f"{text} {where[0].tolist()}" if len(where) else ""


def _spline_slopes(z: Array, values: Array) -> Array:
    """Slopes [F, P] at the knots of not-a-knot cubic splines through ``values`` [F, P]."""
    from scipy.linalg import solve_banded

    h = np.diff(z)
    rise = np.diff(values, axis=1) / h
    n = len(z)
    band = np.zeros((3, n))
    right = np.empty_like(values)
    band[0, 2:], band[1, 1:-1], band[2, :-2] = h[:-1], 2 * (h[:-1] + h[1:]), h[1:]
    right[:, 1:-1] = 3 * (h[1:] * rise[:, :-1] + h[:-1] * rise[:, 1:])
    # third derivative continuous across the first and the last inner knot
    span = h[0] + h[1]
    band[1, 0], band[0, 1] = h[1], span
    right[:, 0] = ((h[0] + 2 * span) * h[1] * rise[:, 0] + h[0] ** 2 * rise[:, 1]) / span
    span = h[-1] + h[-2]
    band[1, -1], band[2, -2] = h[-2], span
    right[:, -1] = (h[-1] ** 2 * rise[:, -2] + (2 * span + h[-1]) * h[-2] * rise[:, -1]) / span
    slopes: Array = solve_banded((1, 1), band, right.T).T
    return np.ascontiguousarray(slopes)


@njit(cache=True, nogil=True)
def _spline(z, values, slopes, row, at, out):  # type: ignore[no-untyped-def]
    """Hermite cubics; the interval is found by walking, as positions are usually sorted."""
    last = z.size - 2
    for f in range(at.shape[0]):
        r = row[f]
        i = 0
        for p in range(at.shape[1]):
            x = at[f, p]
            if x < z[i] or x - z[i] > 8.0 * (z[i + 1] - z[i]):
                i = min(max(np.searchsorted(z, x) - 1, 0), last)
            while i < last and x > z[i + 1]:
                i += 1
            h = z[i + 1] - z[i]
            t = (x - z[i]) / h
            s = 1.0 - t
            out[f, p] = s * s * ((1.0 + 2.0 * t) * values[r, i] + t * h * slopes[r, i]) + t * t * (
                (1.0 + 2.0 * s) * values[r, i + 1] - s * h * slopes[r, i + 1]
            )
