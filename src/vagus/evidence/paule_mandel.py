"""Paule-Mandel: the τ² at which the generalised Q statistic equals its expectation.

    Q(τ²) = Σ (y - Xb)² / (v + τ²) = k - p,        b fitted with weights 1 / (v + τ²)

Paule & Mandel (1982), J Res Natl Bur Stand 87:377. Morris' empirical Bayes estimator (1983, J Am
Stat Assoc 78:47) solves the same equation (Viechtbauer et al. 2015), so "EB" and "PM" are one
function here. metafor 3.8 prints PM from a root search of tolerance 1.2e-4, so its default PM
agrees with its own EB, and with ours, to 4 digits only.

The median-unbiased variant PMM (Viechtbauer 2021) sets Q to the median of χ²(k-p) instead.
Q falls monotonically with τ², hence one root at most, and 0 where Q(0) is below the target.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special

from vagus.evidence.least_squares import Floats, weighted_fit
from vagus.evidence.moment import Tau2

RELATIVE = 4 * float(np.finfo(float).eps)
"""Relative tolerance of root searches: as fine as `scipy.optimize.brentq` takes."""


def generalised_q(tau2: float, y: Floats, v: Floats, x: Floats) -> float:
    """Q(τ²) of ``y`` [k] with variances ``v`` [k] and columns ``x`` [k, p]."""
    return float(weighted_fit(y, x, 1 / (v + tau2)).q)


def solve_q(target: float, y: Floats, v: Floats, x: Floats) -> float:
    """The τ² >= 0 at which Q(τ²) equals ``target`` > 0; 0 where Q(0) is already below it."""
    if generalised_q(0.0, y, v, x) <= target:
        return 0.0
    # Q(τ²) <= (sum of squares of ordinary least squares) / τ²: at this upper end Q <= target
    upper = generalised_q(0.0, y, np.ones_like(v), x) / target
    return float(
        optimize.brentq(
            lambda tau2: generalised_q(tau2, y, v, x) - target,
            0.0,
            upper,
            xtol=RELATIVE * upper,
            rtol=RELATIVE,
        )
    )


def paule_mandel(y: Floats, v: Floats, x: Floats) -> Tau2:
    """PM and EB: Q(τ²) = k - p."""
    k, p = x.shape
    return _with_error(solve_q(k - p, y, v, x), v, p)


def paule_mandel_median(y: Floats, v: Floats, x: Floats) -> Tau2:
    """PMM: Q(τ²) = median of χ² with k - p degrees of freedom."""
    k, p = x.shape
    return _with_error(solve_q(float(special.chdtri(k - p, 0.5)), y, v, x), v, p)


def _with_error(tau2: float, v: Floats, p: int) -> Tau2:
    k, w = len(v), 1 / (v + tau2)
    return Tau2(tau2, float(np.sqrt(2 * k**2 / (k - p)) / w.sum()))
