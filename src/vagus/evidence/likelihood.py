"""Maximum likelihood (ML) and restricted maximum likelihood (REML) for τ².

    l_ML(τ²)   = -k/2 log 2π - ½ Σ log(v + τ²) - ½ y'Py
    l_REML(τ²) = -(k-p)/2 log 2π + ½ log|X'X| - ½ Σ log(v + τ²) - ½ log|X'WX| - ½ y'Py

with scores -½ Σw + ½ y'PPy and -½ tr P + ½ y'PPy, and Fisher informations ½ Σw² and ½ tr PP
(Viechtbauer 2005, J Educ Behav Stat 30:261; Hardy & Thompson 1996).

The likelihood may have more than one maximum. So the score is scanned from 0 to a bound above
which it is certainly negative, each change from + to - is solved to the last digits, and the
highest of these maxima and of the end point 0 is taken. Fisher scoring from one start, as in
metafor, finds the same maximum whenever there is only one.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from vagus.evidence.least_squares import Fit, Floats, weighted_fit
from vagus.evidence.moment import Tau2
from vagus.evidence.paule_mandel import RELATIVE

SCAN = 48
"""Values of τ² at which the score is scanned, evenly spaced in log(v + τ²)."""


def log_likelihood(
    tau2: float | Floats, y: Floats, v: Floats, x: Floats, *, restricted: bool
) -> Floats:
    """[...] log likelihood at ``tau2`` [...], restricted or not, maximised over b."""
    total = v + np.asarray(tau2)[..., None]
    fit = weighted_fit(y, x, 1 / total)
    k, p = x.shape
    value = -0.5 * (np.log(total).sum(axis=-1) + fit.q)
    if not restricted:
        return np.asarray(value - 0.5 * k * np.log(2 * np.pi))
    constant = np.linalg.slogdet(x.T @ x)[1] - (k - p) * np.log(2 * np.pi)
    return np.asarray(value + 0.5 * (constant - fit.log_determinant))


def score(tau2: float | Floats, y: Floats, v: Floats, x: Floats, *, restricted: bool) -> Floats:
    """[...] derivative of the log likelihood with respect to τ²."""
    fit = weighted_fit(y, x, 1 / (v + np.asarray(tau2)[..., None]))
    trace = fit.trace if restricted else fit.w.sum(axis=-1)
    return np.asarray(0.5 * ((fit.py**2).sum(axis=-1) - trace))


def maximum_likelihood(y: Floats, v: Floats, x: Floats) -> Tau2:
    """ML: biased low, since b is taken as known."""
    tau2 = _maximise(y, v, x, restricted=False)
    w = 1 / (v + tau2)
    return Tau2(tau2, float(np.sqrt(2 / (w**2).sum())))


def restricted_maximum_likelihood(y: Floats, v: Floats, x: Floats) -> Tau2:
    """REML: what the residuals say; approximately unbiased."""
    tau2 = _maximise(y, v, x, restricted=True)
    fit: Fit = weighted_fit(y, x, 1 / (v + tau2))
    return Tau2(tau2, float(np.sqrt(2 / (fit.projection**2).sum())))


def _maximise(y: Floats, v: Floats, x: Floats, *, restricted: bool) -> float:
    """The τ² >= 0 of the highest likelihood."""
    k, p = x.shape
    # y'PPy <= S/(τ²+v_min)² and tr P >= (k-p)/(τ²+v_max): beyond this bound the score is negative
    s = float(weighted_fit(y, x, np.ones(k)).q) / (k - p)
    low, high = float(v.min()), float(v.max())
    bound = 0.5 * (s + np.sqrt(s * s + 4 * s * (high - low)))
    if bound <= low:
        return 0.0
    grid = np.geomspace(low, 1.01 * bound, SCAN) - low
    grid[0] = 0.0
    slopes = score(grid, y, v, x, restricted=restricted)
    maxima = [0.0] if slopes[0] <= 0 else []
    for i in np.flatnonzero((slopes[:-1] > 0) & (slopes[1:] <= 0)):
        maxima.append(
            float(
                optimize.brentq(
                    lambda tau2: float(score(tau2, y, v, x, restricted=restricted)),
                    grid[i],
                    grid[i + 1],
                    xtol=RELATIVE * grid[i + 1],
                    rtol=RELATIVE,
                )
            )
        )
    if len(maxima) == 1:
        return maxima[0]
    heights = log_likelihood(np.array(maxima), y, v, x, restricted=restricted)
    return maxima[int(np.argmax(heights))]
