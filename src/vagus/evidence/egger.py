"""Egger's regression: do small trials show other effects than large ones?

The effects are regressed on their standard errors. A slope away from 0 is asymmetry of the funnel
plot, by selective publication or by anything else that goes with size (severity, quality, dose).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import estimate_tau2
from vagus.evidence.least_squares import weighted_fit

LEAST_K = 3  # two coefficients and something left over


@dataclass(frozen=True)
class EggerTest:
    """Slope of the effects on their standard errors, and its test.

    ``statistic`` is z (``df`` infinite) for the mixed model and t for the classic one. ``limit``
    is the effect to which the line points at a standard error of 0, with ``limit_se``.
    """

    model: str
    slope: float
    se: float
    statistic: float
    df: float
    p: float
    limit: float
    limit_se: float
    tau2: float
    k: int


def egger_test(
    effects: Effects, model: Literal["mixed", "classic"] = "mixed", tau2: str = "REML"
) -> EggerTest:
    """Regression test for asymmetry of the funnel plot.

    ``mixed``: y = a + b se + u + e, u of variance tau2 (by the method ``tau2``), weights
    1/(v + tau2), z test (Sterne & Egger 2005; metafor's `regtest`). ``classic``: weights 1/v, a
    dispersion estimated from the residuals, t test with k - 2 degrees of freedom (Egger et al.
    1997, BMJ 315:629). `InputError`: fewer than 3 effects, or equal standard errors.
    """
    enough(effects, LEAST_K)
    if np.ptp(effects.se) <= 1e-12 * np.max(effects.se):  # equal but for the last digits
        raise InputError("v", "the same for all trials", "variances that differ")
    x = np.column_stack([np.ones(effects.k), effects.se])
    if model == "mixed":
        between = estimate_tau2(effects.y, effects.v, x, tau2).tau2
        dispersion, df = 1.0, np.inf
    elif model == "classic":
        between, df = 0.0, float(effects.k - 2)
        dispersion = float(weighted_fit(effects.y, x, 1 / effects.v).q) / df
    else:
        raise InputError("model", model, "mixed, classic")
    fit = weighted_fit(effects.y, x, 1 / (effects.v + between))
    limit, slope = (float(b) for b in fit.b)
    limit_se, se = (float(s) for s in np.sqrt(dispersion * np.diag(fit.covariance)))
    z = slope / se
    p = float(2 * stats.t.sf(abs(z), df))
    return EggerTest(model, slope, se, z, df, p, limit, limit_se, between, effects.k)


def enough(effects: Effects, least: int) -> None:
    """`InputError` where there are fewer than ``least`` effects."""
    if effects.k < least:
        raise InputError("effects", f"{effects.k} trials", f"at least {least}", "Too few to test.")
