"""Weighted least squares: the algebra that all estimators of a meta-analysis share.

    b = (X'WX)⁻¹ X'Wy        P = W - W X (X'WX)⁻¹ X'W        Q = y'Py

With W = diag(1 / (v + τ²)) b is the random-effects estimate, (X'WX)⁻¹ its covariance and Q the
generalised Q statistic (DerSimonian & Kacker 2007). Done by QR of √W X, so that moderators of
any scale (a year, a dose) lose no digits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Fit:
    """Weighted fit of k effects on p columns; leading axes [...] where several w were given.

    ``w`` [..., k] weights, ``basis`` [..., k, p] orthonormal columns of √W X, ``r`` [..., p, p]
    its triangular factor, ``py`` [..., k] the vector Py, ``q`` [...] the statistic y'Py.
    """

    y: Floats
    w: Floats
    basis: Floats
    r: Floats
    py: Floats
    q: Floats

    @property
    def b(self) -> Floats:
        """[p] coefficients (one fit only)."""
        return np.asarray(np.linalg.solve(self.r, self.basis.T @ (np.sqrt(self.w) * self.y)))

    @property
    def covariance(self) -> Floats:
        """[p, p] (X'WX)⁻¹ (one fit only)."""
        inverse = np.linalg.inv(self.r)
        return np.asarray(inverse @ inverse.T)

    @property
    def projection(self) -> Floats:
        """[k, k] the matrix P (one fit only)."""
        root = np.sqrt(self.w)
        inner = np.eye(len(root)) - self.basis @ self.basis.T
        return np.asarray(root[:, None] * inner * root)

    @property
    def trace(self) -> Floats:
        """[...] tr P."""
        leverage = (self.basis**2).sum(axis=-1)
        return np.asarray((self.w * (1 - leverage)).sum(axis=-1))

    @property
    def log_determinant(self) -> Floats:
        """[...] log |X'WX|."""
        diagonal = np.diagonal(self.r, axis1=-2, axis2=-1)
        return np.asarray(2 * np.log(np.abs(diagonal)).sum(axis=-1))


def weighted_fit(y: Floats, x: Floats, w: Floats) -> Fit:
    """Fit ``y`` [k] on ``x`` [k, p] of full rank with weights ``w`` [..., k] > 0."""
    root = np.sqrt(w)
    basis, r = np.linalg.qr(root[..., None] * x)
    z = root * y
    explained = (basis @ (np.swapaxes(basis, -1, -2) @ z[..., None]))[..., 0]
    rest = z - explained
    return Fit(y, w, basis, r, root * rest, (rest**2).sum(axis=-1))
