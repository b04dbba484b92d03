"""Intervals for τ²: Q-profile and profile likelihood, with what follows for τ, I² and H².

Q-profile (Viechtbauer 2007, Stat Med 26:37): at the true τ² the generalised Q is χ² with k - p
degrees of freedom, whatever method estimates τ². The bounds are where Q(τ²) equals its upper and
lower quantile, and 0 where Q(0) is already below. Exact for normal effects of known variance.

Profile likelihood (Hardy & Thompson 1996, Stat Med 15:619): all τ² whose (restricted) log
likelihood is within half a χ²(1) quantile of the maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import estimate_tau2, i2_h2
from vagus.evidence.least_squares import Floats
from vagus.evidence.likelihood import log_likelihood
from vagus.evidence.paule_mandel import RELATIVE, solve_q
from vagus.evidence.wald import check_level


@dataclass(frozen=True)
class HeterogeneityInterval:
    """(low, high) of τ², τ, I² [%] and H², and how they were got."""

    tau2: tuple[float, float]
    tau: tuple[float, float]
    i2: tuple[float, float]
    h2: tuple[float, float]
    level: float
    method: str


def q_profile(effects: Effects, level: float = 0.95) -> HeterogeneityInterval:
    """Q-profile interval of τ² of at least 2 effects.

    (0, 0) where even Q(0) is below the lower quantile: effects closer than sampling explains.
    """
    _check(effects, level)
    x = np.ones((effects.k, 1))
    tails = [0.5 * (1 - level), 0.5 * (1 + level)]  # upper tail areas: of the low, the high bound
    low, high = (
        solve_q(float(special.chdtri(effects.k - 1, tail)), effects.y, effects.v, x)
        for tail in tails
    )
    return _all(low, high, effects.v, x, level, "Q-profile")


def profile_likelihood(
    effects: Effects, method: str = "REML", level: float = 0.95
) -> HeterogeneityInterval:
    """Profile-likelihood interval of τ²; ``method`` REML or ML."""
    _check(effects, level)
    if method not in ("ML", "REML"):
        raise InputError("method", method, "ML or REML")
    y, v, x = effects.y, effects.v, np.ones((effects.k, 1))
    best = estimate_tau2(y, v, x, method).tau2

    def above(tau2: float) -> float:
        return float(log_likelihood(tau2, y, v, x, restricted=method == "REML")) - cut

    cut = 0.0
    cut = above(best) - 0.5 * float(special.chdtri(1, 1 - level))
    low = 0.0 if above(0.0) >= 0 else _root(above, 0.0, best)
    step = float(v.max()) + best
    while above(best + step) > 0:
        step *= 2
    return _all(low, _root(above, best, best + step), v, x, level, f"profile likelihood, {method}")


def _check(effects: Effects, level: float) -> None:
    check_level(level)
    if effects.k < 2:
        raise InputError("effects", f"{effects.k} study", "at least 2 studies for tau2")


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    return float(optimize.brentq(function, low, high, xtol=RELATIVE * high, rtol=RELATIVE))


def _all(
    low: float, high: float, v: Floats, x: Floats, level: float, method: str
) -> HeterogeneityInterval:
    tau2 = np.array([low, high])
    i2, h2 = i2_h2(tau2, v, x)
    return HeterogeneityInterval(
        tau2=(low, high),
        tau=(float(np.sqrt(low)), float(np.sqrt(high))),
        i2=(float(i2[0]), float(i2[1])),
        h2=(float(h2[0]), float(h2[1])),
        level=level,
        method=method,
    )
