"""Three-level meta-analysis: effects within clusters (several outcomes of one trial, several
schools of one district).

    y_ij = μ + c_i + u_ij + e_ij,    c_i ~ N(0, σ²_between),  u_ij ~ N(0, σ²_within),  e ~ N(0, v)

Konstantopoulos (2011, Res Synth Methods 2:61), Cheung (2014, Psychol Methods 19:211). Covariance

    V = diag(v) + σ²_between Z Z' + σ²_within I,    Z the clusters' indicator columns

and both variances by REML: with V_a = ∂V/∂σ²_a and P = V⁻¹ - V⁻¹X(X'V⁻¹X)⁻¹X'V⁻¹

    score_a = ½ (y'P V_a P y - tr P V_a)        Fisher_ab = ½ tr P V_a P V_b

Newton steps with the observed information J_ab = y'P V_a P V_b P y - Fisher_ab, where that is
positive definite, else scoring steps with the Fisher information, start from the best point of a
grid and are halved until the likelihood rises; a variance that would fall below 0 is held there
while its score is negative. Steps end when they change no variance by 1e-10 of itself; the last
Newton step has squared that. The optimiser of metafor's `rma.mv` (nlminb, x.tol 1.5e-8) stops
earlier, which limits agreement to 7 digits of the variances.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from vagus.errors import ConvergenceError, InputError
from vagus.evidence import wald
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import typical_variance
from vagus.evidence.least_squares import Floats

GRID = (0.0, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)
"""Starting values of each variance, in units of the plain variance of the effects."""
STEPS, HALVINGS, SMALL = 500, 60, 1e-10
ROUNDING = 1e-12
"""A fall of the likelihood by this share of itself is rounding, not a step too far."""


@dataclass(frozen=True)
class ThreeLevel:
    """A pooled effect of clustered effects; z test, interval at ``level``.

    ``between``, ``within``: σ² of clusters and of effects within them, in the square of the
    effects' unit; their standard errors from the Fisher information. ``i2_between``,
    ``i2_within`` [%]: shares of the total variance (Cheung 2014). ``robust_se``: sandwich of the
    clusters times n/(n-1) in variance (CR1), with ``robust_df`` = n - 1 for n clusters.
    """

    estimate: float
    se: float
    low: float
    high: float
    statistic: float
    p: float
    between: float
    within: float
    between_se: float
    within_se: float
    i2_between: float
    i2_within: float
    log_likelihood: float
    robust_se: float
    robust_df: int
    k: int
    clusters: int
    level: float


@dataclass(frozen=True)
class _State:
    """REML quantities at one pair of variances ``s`` [2]."""

    s: Floats
    inverse: Floats  # [k, k] V^-1
    projection: Floats  # [k, k] P
    information: float  # 1'V^-1 1
    log_likelihood: float


def three_level(
    effects: Effects, cluster: Sequence[object] | NDArray[np.generic], level: float = 0.95
) -> ThreeLevel:
    """Pool ``effects`` [k] that belong to ``cluster`` [k]. `InputError`: a wrong length, fewer
    than 2 clusters, or no cluster with more than one effect (then `pool` is the model)."""
    wald.check_level(level)
    names = [str(c) for c in cluster]
    n = len(set(names))
    if len(names) != effects.k:
        raise InputError("cluster", f"{len(names)} values", f"{effects.k}, one per effect")
    if n < 2 or n == effects.k:
        raise InputError(
            "cluster", f"{n} clusters of {effects.k} effects",
            "at least 2, and fewer than there are effects",
            "Where each effect is a cluster of its own use `pool`.",
        )  # fmt: skip
    _, member = np.unique(names, return_inverse=True)
    z = np.eye(n)[member]
    parts = (z @ z.T, np.eye(effects.k))
    best = _maximise(effects, parts)
    return _result(effects, z, parts, best, level)


def _result(
    effects: Effects, z: Floats, parts: tuple[Floats, Floats], best: _State, level: float
) -> ThreeLevel:
    y, k, n = effects.y, effects.k, z.shape[1]
    rows = best.inverse.sum(axis=0)
    estimate, se = float(rows @ y) / best.information, best.information**-0.5
    low, high = wald.interval(estimate, se, np.inf, level)
    statistic, p = wald.against_zero(estimate, se, np.inf)
    of_variances = np.linalg.inv(_fisher(best, parts))
    total = float(best.s.sum()) + typical_variance(effects.v, np.ones((k, 1)))
    meat = float(((z.T @ (rows * (y - estimate))) ** 2).sum())  # V^-1 is block-diagonal
    return ThreeLevel(
        estimate=estimate,
        se=se,
        low=float(low),
        high=float(high),
        statistic=float(statistic),
        p=float(p),
        between=float(best.s[0]),
        within=float(best.s[1]),
        between_se=float(np.sqrt(of_variances[0, 0])),
        within_se=float(np.sqrt(of_variances[1, 1])),
        i2_between=100 * float(best.s[0]) / total,
        i2_within=100 * float(best.s[1]) / total,
        log_likelihood=best.log_likelihood,
        robust_se=float(np.sqrt(meat * n / (n - 1))) / best.information,
        robust_df=n - 1,
        k=k,
        clusters=n,
        level=level,
    )


def _state(effects: Effects, parts: tuple[Floats, Floats], s: Floats) -> _State:
    covariance = np.diag(effects.v) + s[0] * parts[0] + s[1] * parts[1]
    inverse = np.linalg.inv(covariance)
    rows = inverse.sum(axis=0)
    information = float(rows.sum())
    projection = inverse - np.outer(rows, rows) / information
    k = effects.k
    value = np.log(k) - (k - 1) * np.log(2 * np.pi) - np.linalg.slogdet(covariance)[1]
    value -= np.log(information) + effects.y @ projection @ effects.y
    return _State(s, inverse, projection, information, 0.5 * float(value))


def _fisher(at: _State, parts: tuple[Floats, Floats]) -> Floats:
    products = [at.projection @ part for part in parts]
    return np.array([[0.5 * (a * b.T).sum() for b in products] for a in products])


def _score(at: _State, parts: tuple[Floats, Floats], y: Floats) -> Floats:
    py = at.projection @ y
    return np.array([0.5 * (py @ part @ py - (at.projection * part).sum()) for part in parts])


def _observed(at: _State, parts: tuple[Floats, Floats], y: Floats) -> Floats:
    py = at.projection @ y
    moved = [part @ py for part in parts]
    return np.array([[a @ at.projection @ b for b in moved] for a in moved]) - _fisher(at, parts)


def _step(at: _State, parts: tuple[Floats, Floats], y: Floats) -> Floats:
    """[2] Newton or scoring step of the variances that are free to move."""
    score = _score(at, parts, y)
    free = (at.s > 0) | (score > 0)
    block = np.ix_(free, free)
    information = _observed(at, parts, y)[block]
    if information.size and np.linalg.eigvalsh(information)[0] <= 0:
        information = _fisher(at, parts)[block]
    step = np.zeros(2)
    step[free] = np.linalg.solve(information, score[free])
    return step


def _maximise(effects: Effects, parts: tuple[Floats, Floats]) -> _State:
    scale = float(np.var(effects.y))
    starts = (scale * np.array(pair) for pair in product(GRID, GRID))
    at = max((_state(effects, parts, s) for s in starts), key=lambda a: a.log_likelihood)
    for _ in range(STEPS):
        step = _step(at, parts, effects.y)
        if (np.abs(step) <= SMALL * (at.s + SMALL * scale)).all():
            return at
        least = at.log_likelihood - ROUNDING * (1 + abs(at.log_likelihood))
        for halving in range(HALVINGS):
            new = _state(effects, parts, np.maximum(0.0, at.s + step / 2**halving))
            if new.log_likelihood >= least:
                break
        if np.array_equal(new.s, at.s):
            return at
        at = new
    raise ConvergenceError(
        f"three-level model: variances still moving after {STEPS} steps, at {at.s}."
    )
