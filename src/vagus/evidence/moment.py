"""Estimators of τ² in closed form, from the expected value of a quadratic form.

With P of the weights w, E[y'Py] = tr(PV) + τ² tr P. Each estimator takes weights that do not
depend on τ², sets y'Py to its expectation and solves; what falls below 0 is set to 0.

    HE    w = 1                 Hedges (1983); Cochran's ANOVA estimator
    DL    w = 1/v               DerSimonian & Laird (1986)
    HS    w = 1/v               Hunter & Schmidt (1990): τ² = (Q - k) / Σw, biased low
    HSk   w = 1/v               the same with Q k/(k-p) in place of Q
    SJ    w = 1/(v + τ₀²)       Sidik & Jonkman (2005), τ₀² = Σ(y - ȳ)²/k; always above 0

The standard errors are those of the quadratic form when effects are normal,
Var[y'Py] = 2 tr(PV PV) + 4 τ² tr(PVP) + 2 τ⁴ tr(PP), with the estimate in place of τ².
All take ``y`` [k], ``v`` [k], ``x`` [k, p] and return `Tau2`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vagus.evidence.least_squares import Floats, weighted_fit


@dataclass(frozen=True)
class Tau2:
    """Between-study variance ``tau2`` >= 0 and its standard error, in the square of y's unit."""

    tau2: float
    se: float


def hedges(y: Floats, v: Floats, x: Floats) -> Tau2:
    """HE: Hedges (1983), Psychol Bull 93:388; Raudenbush (2009) with moderators."""
    k, p = x.shape
    fit = weighted_fit(y, x, np.ones(k))
    pv = fit.projection * v  # P V
    tau2 = max(0.0, float((fit.q - np.trace(pv)) / (k - p)))
    variance = 2 * (pv * pv.T).sum() + 4 * tau2 * np.trace(pv) + 2 * tau2**2 * (k - p)
    return Tau2(tau2, float(np.sqrt(variance)) / (k - p))


def dersimonian_laird(y: Floats, v: Floats, x: Floats) -> Tau2:
    """DL: DerSimonian & Laird (1986), Control Clin Trials 7:177."""
    k, p = x.shape
    fit = weighted_fit(y, x, 1 / v)
    tau2 = max(0.0, float((fit.q - (k - p)) / fit.trace))
    return Tau2(tau2, _se_of_q(y, v, x, tau2) / float(fit.trace))


def hunter_schmidt(y: Floats, v: Floats, x: Floats) -> Tau2:
    """HS: Hunter & Schmidt (1990), Methods of Meta-Analysis; Viechtbauer (2005)."""
    w = 1 / v
    tau2 = max(0.0, float((weighted_fit(y, x, w).q - len(y)) / w.sum()))
    return Tau2(tau2, _se_of_q(y, v, x, tau2) / float(w.sum()))


def hunter_schmidt_small(y: Floats, v: Floats, x: Floats) -> Tau2:
    """HSk: HS with the small-sample correction Q k/(k-p) (Brannick et al. 2019)."""
    k, p = x.shape
    w, scale = 1 / v, k / (k - p)
    tau2 = max(0.0, float((scale * weighted_fit(y, x, w).q - k) / w.sum()))
    return Tau2(tau2, scale * _se_of_q(y, v, x, tau2) / float(w.sum()))


def sidik_jonkman(y: Floats, v: Floats, x: Floats) -> Tau2:
    """SJ: Sidik & Jonkman (2005), Appl Stat 54:367; two steps from the crude variance of y."""
    k, p = x.shape
    crude = float(np.var(y))
    if crude == 0:
        return Tau2(0.0, np.nan)
    fit = weighted_fit(y, x, 1 / (v + crude))
    tau2 = float(crude * fit.q / (k - p))
    matrix = fit.projection
    pv = matrix * v
    variance = 2 * (pv * pv.T).sum() + 4 * tau2 * (pv * matrix).sum()
    variance += 2 * tau2**2 * (matrix**2).sum()
    return Tau2(tau2, crude / (k - p) * float(np.sqrt(variance)))


def _se_of_q(y: Floats, v: Floats, x: Floats, tau2: float) -> float:
    """Standard error of Cochran's Q; with w = 1/v, PVP = P."""
    k, p = x.shape
    matrix = weighted_fit(y, x, 1 / v).projection
    variance = 2 * (k - p) + 4 * tau2 * np.trace(matrix) + 2 * tau2**2 * (matrix**2).sum()
    return float(np.sqrt(variance))
