"""Where the restricted likelihood is greatest: Newton's method over many replicates.

Steps go along the geodesics of positive definite matrices, Sigma = L exp(t A) L', where

    d2l/dt2 = l''[D, D] + l'[D Sigma^-1 D],    D = L A L'

(Pennec, Fillard & Ayache 2006, doi:10.1007/s11263-005-3222-z): Sigma stays positive definite, and
no unit or order of the visits matters. They use the observed information in these coordinates where
it is positive definite and the expected one (Fisher's scoring) elsewhere, and are halved until the
likelihood does not fall. A replicate ends when a step was `TOLERANCE` standard errors long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vagus.trial.analysis.contrast import Bools, Floats, Ints
from vagus.trial.analysis.patterns import Statistics
from vagus.trial.analysis.reml import (
    Point,
    at_sigma,
    elements,
    gradient_matrix,
    information,
    quadratic,
    residuals,
)

TOLERANCE = 1e-7
"""Length of the last step in standard errors of Sigma; Newton's error after it is its square."""
NEAR = 1e-4
"""Steps this short are taken without asking the likelihood, whose rounding is as large."""
MOST_STEPS, MOST_HALVINGS = 60, 25
RIDGE = 1e-9
"""Eigenvalues of the information are at least this share of the greatest."""
LONGEST = 2.0
"""No step changes a variance by more than a factor exp(2) either way."""
ROUNDING = 1e-12
"""A residual variance below this share of the sum of squares is rounding."""
DEFINITE = 1e-8
"""Correlations of Sigma with an eigenvalue below this are given up: it tends to a singular one."""


@dataclass(frozen=True, eq=False)
class RemlFit:
    """``sigma`` [R, V, V]; ``converged`` [R]; ``steps`` [R]; ``point``: the likelihood there."""

    sigma: Floats
    converged: Bools
    steps: Ints
    point: Point


def fit_reml(s: Statistics) -> RemlFit:
    """Maximise over Sigma. All replicates must be `estimable`; one that does not converge (say, its
    Sigma tends to a singular one) says so and holds its last point."""
    sigma = start(s)
    converged = np.zeros(len(sigma), dtype=bool)
    steps = np.zeros(len(sigma), dtype=np.int64)
    at = np.arange(len(sigma))
    for _ in range(MOST_STEPS):
        if not len(at):
            break
        part = s.take(at)
        point = at_sigma(part, sigma[at])
        step, length = _newton(part, point, sigma[at])
        sigma[at], taken = _search(part, sigma[at], step, length, point.log_reml)
        steps[at] += 1
        taken &= _definite(sigma[at])
        converged[at] = taken & (length < TOLERANCE)
        at = at[taken & (length >= TOLERANCE)]
    converged &= (np.einsum("rvv->rv", sigma) > _rounding(s)).all(axis=-1)
    return RemlFit(sigma, converged, steps, at_sigma(s, sigma))


def start(s: Statistics) -> Floats:
    """[R, V, V] covariance of least-squares residuals, pair by pair over who has both visits,
    drawn towards its diagonal until it is well conditioned."""
    visits = s.seen.shape[1]
    one = np.broadcast_to(np.eye(visits), (len(s.count), visits, visits))
    rr, _ = residuals(s, at_sigma(s, np.array(one)).beta)
    number = s.count @ (s.seen[:, :, None] & s.seen[:, None, :]).reshape(len(s.seen), -1) * 1.0
    found = rr.sum(axis=1) / np.maximum(number.reshape(-1, visits, visits), 1)
    variance = np.einsum("rvv->rv", found)
    floor = _rounding(s)
    sd = np.sqrt(np.where(variance > floor, variance, np.where(floor > 0, floor, 1.0)))
    r = found / (sd[:, :, None] * sd[:, None, :])
    least = np.linalg.eigvalsh(r)[:, 0]
    share = np.where(least < 0.05, 0.95 / np.maximum(1 - least, 0.95), 1.0)[:, None, None]
    return np.asarray((share * r + (1 - share) * one) * sd[:, :, None] * sd[:, None, :])


def _rounding(s: Statistics) -> Floats:
    return np.asarray(ROUNDING * np.einsum("rpvv->rv", s.yy))


def _newton(s: Statistics, at: Point, sigma: Floats) -> tuple[Floats, Floats]:
    """[R, V, V] step D of Sigma, and [R] its length in standard errors."""
    visits = s.seen.shape[1]
    g = elements(visits)
    slope = gradient_matrix(s, at)
    u = slope.reshape(len(slope), -1) @ g
    expected, observed = information(s, at)
    inverse = np.asarray(np.linalg.inv(sigma), dtype=np.float64)
    observed = observed - quadratic(inverse[:, None], slope[:, None], g)
    values, vectors, scale = spectrum(observed, expected)
    along = (vectors.swapaxes(1, 2) @ (u / scale)[..., None])[..., 0]
    theta = (vectors @ (along / values)[..., None])[..., 0] / scale
    return (theta @ g.T).reshape(sigma.shape), np.sqrt((along**2 / values).sum(axis=-1))


def spectrum(observed: Floats, expected: Floats) -> tuple[Floats, Floats, Floats]:
    """Eigenvalues [R, K] and vectors of the observed information over the squares of ``scale``
    [R, K]; of the expected one, with a ridge, where the observed is not positive definite."""
    size = np.einsum("rkk->rk", expected)
    scale = np.sqrt(np.where(size > 0, size, 1.0))
    outer = scale[:, :, None] * scale[:, None, :]
    values, vectors = np.linalg.eigh(observed / outer)
    poor = np.flatnonzero(values[:, 0] < RIDGE * values[:, -1])
    if len(poor):
        values[poor], vectors[poor] = np.linalg.eigh(expected[poor] / outer[poor])
    return np.maximum(values, RIDGE * values[:, -1:]), vectors, scale


def _search(
    s: Statistics, sigma: Floats, step: Floats, length: Floats, log_reml: Floats
) -> tuple[Floats, Bools]:
    """Sigma after the longest of the halved steps that is allowed; whether there was one."""
    root = np.linalg.cholesky(sigma)
    inverse = np.linalg.inv(root)
    rate, axes = np.linalg.eigh(inverse @ step @ inverse.swapaxes(1, 2))
    most = np.maximum(np.abs(rate).max(axis=1, keepdims=True), LONGEST)
    rate, axes = rate * LONGEST / most, root @ axes
    moved, taken = sigma.copy(), np.zeros(len(sigma), dtype=bool)
    share = 1.0
    for _ in range(MOST_HALVINGS):
        at = np.flatnonzero(~taken)
        if not len(at):
            break
        trial = (axes[at] * np.exp(share * rate[at])[:, None]) @ axes[at].swapaxes(1, 2)
        new = at_sigma(s.take(at), trial).log_reml if (length[at] > NEAR).any() else log_reml[at]
        good = (length[at] <= NEAR) | (new >= log_reml[at])
        moved[at[good]], taken[at[good]] = trial[good], True
        share /= 2
    return moved, taken


def _definite(sigma: Floats) -> Bools:
    sd = np.sqrt(np.einsum("rvv->rv", sigma))
    least = np.linalg.eigvalsh(sigma / (sd[:, :, None] * sd[:, None, :]))[:, 0]
    return np.asarray(least > DEFINITE)
