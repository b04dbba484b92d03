"""Weights that make plausible patients match published moments and say as little else as they can.

Of all weights w of n plausible patients, the ones nearest to the prior weights q in the sense of
Kullback and Leibler, given that weighted means of K features g reach zero within tolerances s
(feature = what a patient shows minus what was published),

    minimise  sum_i w_i log(w_i / q_i) + 1/2 sum_k (r_k / s_k)^2,   r = sum_i w_i g_i,

are w_i proportional to q_i exp(lambda . g_i), where lambda maximises the concave dual

    D(lambda) = -log sum_i q_i exp(lambda . g_i) - 1/2 sum_k (s_k lambda_k)^2

(Jaynes 1957 doi:10.1103/PhysRev.106.620; with tolerances Dudik, Phillips and Schapire 2007, J Mach
Learn Res 8:1217). Newton's method finds it. A tolerance of 0 asks for the target exactly, which no
weights may reach: then a linear programme says so and names the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import linprog

from vagus.errors import ConvergenceError, InputError

Floats = NDArray[np.float64]
STEPS = 200
"""Newton steps before giving up; a few dozen do for anything that can be reached."""
SLACK = 1e-8
"""What a linear programme leaves of a target that can be reached, in SD of its feature."""


@dataclass(frozen=True, eq=False)
class Weights:
    """``weight`` [n], sums to 1; ``multipliers`` [K] (lambda); ``residuals`` [K] (weighted means).

    ``effective``: how many equally weighted patients would be as precise (`effective_size`).
    """

    weight: Floats
    multipliers: Floats
    residuals: Floats
    effective: float


def effective_size(weight: ArrayLike) -> float:
    """Kish's effective sample size (sum w)^2 / sum w^2 of [n] weights."""
    w = np.asarray(weight, dtype=np.float64)
    return float(w.sum() ** 2 / np.sum(w**2))


def entropy_weights(
    features: ArrayLike, tolerance: ArrayLike, names: Sequence[str], prior: ArrayLike | None = None
) -> Weights:
    """The weights of the module's text for ``features`` [n, K], whose targets are zero.

    ``tolerance`` [K] >= 0 in the unit of each feature; ``names`` [K] for messages; ``prior`` [n]
    (equal). Raises `InputError` for wrong shapes and for targets asked exactly that no weights
    reach, naming them; `ConvergenceError` where Newton's method does not end.
    """
    g, s, q = _checked(features, tolerance, names, prior)
    exact = s == 0
    if exact.any():
        missed = unreachable(g[:, exact], [n for n, e in zip(names, exact, strict=True) if e])
        if missed:
            raise InputError(
                "targets", ", ".join(missed), "moments that some weighting of the patients has",
                "Widen their tolerance, draw more patients, or widen the priors.",
            )  # fmt: skip
    scale = np.where(g.std(axis=0) > 0, g.std(axis=0), 1.0)
    multipliers = _newton(g / scale, s / scale, q)
    weight = _tilted(g / scale, q, multipliers)
    return Weights(weight, multipliers / scale, weight @ g, effective_size(weight))


def unreachable(features: Floats, names: Sequence[str]) -> tuple[str, ...]:
    """Targets (zero means of ``features`` [n, K]) that can't all be reached together.

    The targets whose removal, one alone, makes the rest reachable; where none does, those that the
    weights nearest to all targets (least sum of misses, in SD) still miss. Empty if all are.
    """
    scaled = features / np.where(features.std(axis=0) > 0, features.std(axis=0), 1.0)
    missed = _least_misses(scaled)
    if missed.max(initial=0.0) <= SLACK:
        return ()
    columns = range(len(names))
    alone = [
        k for k in columns
        if _least_misses(np.delete(scaled, k, axis=1)).max(initial=0.0) <= SLACK
    ]  # fmt: skip
    return tuple(names[k] for k in alone or [k for k in columns if missed[k] > SLACK])


def _least_misses(scaled: Floats) -> Floats:
    """[K] misses of the weights for which their sum is least."""
    n, k = scaled.shape
    if not k:
        return np.zeros(0)
    eye = np.eye(k)
    found = linprog(
        np.concatenate([np.zeros(n), np.ones(2 * k)]),
        A_eq=np.block([[scaled.T, eye, -eye], [np.ones((1, n)), np.zeros((1, 2 * k))]]),
        b_eq=np.concatenate([np.zeros(k), [1.0]]),
        method="highs",
    )
    slack = found.x[n:]
    return np.asarray(slack[:k] + slack[k:])


def _tilted(g: Floats, q: Floats, multipliers: Floats) -> Floats:
    exponent = g @ multipliers
    weight = q * np.exp(exponent - exponent.max())
    return np.asarray(weight / weight.sum())


def _dual(g: Floats, s: Floats, q: Floats, multipliers: Floats) -> float:
    exponent = g @ multipliers
    top = exponent.max()
    log_sum = top + np.log(np.sum(q * np.exp(exponent - top)))
    return float(-log_sum - 0.5 * np.sum((s * multipliers) ** 2))


def _newton(g: Floats, s: Floats, q: Floats) -> Floats:
    """Multipliers at the dual's maximum, by Newton's method with step halving."""
    multipliers = np.zeros(g.shape[1])
    for _ in range(STEPS):
        weight = _tilted(g, q, multipliers)
        mean = weight @ g
        slope = -mean - s**2 * multipliers
        if np.abs(slope).max(initial=0.0) < 1e-10:
            return multipliers
        deviation = g - mean
        curvature = deviation.T @ (weight[:, None] * deviation) + np.diag(s**2)
        # Features that move together leave no unique multiplier; the least one will do.
        step = np.linalg.lstsq(curvature, slope, rcond=1e-12)[0]
        height, length = _dual(g, s, q, multipliers), 1.0
        while _dual(g, s, q, multipliers + length * step) < height and length > 1e-8:
            length /= 2
        multipliers = multipliers + length * step
    if np.abs(slope).max() < 1e-6:
        return multipliers
    raise ConvergenceError(
        f"weights did not settle in {STEPS} steps: largest miss {np.abs(slope).max():.2g} SD. "
        "Give the targets a tolerance: one of them lies at the edge of what can be reached."
    )


def _checked(
    features: ArrayLike, tolerance: ArrayLike, names: Sequence[str], prior: ArrayLike | None
) -> tuple[Floats, Floats, Floats]:
    g = np.asarray(features, dtype=np.float64)
    if g.ndim != 2 or not len(g):
        raise InputError("features", g.shape, "[patient, target] with at least one patient")
    s = np.broadcast_to(np.asarray(tolerance, dtype=np.float64), g.shape[1:])
    q = np.full(len(g), 1 / len(g)) if prior is None else np.asarray(prior, dtype=np.float64)
    if len(names) != g.shape[1]:
        raise InputError("names", len(names), f"one per target, {g.shape[1]}")
    if not np.isfinite(g).all():
        bad = int(np.flatnonzero(~np.isfinite(g).all(axis=0))[0])
        raise InputError("features", f"not finite for {names[bad]}", "finite numbers")
    if not (s >= 0).all():
        raise InputError("tolerance", s.min(), "0 (exact) or more")
    if q.shape != g.shape[:1] or not (q >= 0).all() or q.sum() <= 0:
        raise InputError("prior", q.shape, "weights of 0 or more, one per patient, not all 0")
    return g, np.asarray(s), q / q.sum()
