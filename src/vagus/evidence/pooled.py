"""Pool effects of several studies: common effect or random effects.

    y_i = μ + u_i + e_i,    u_i ~ N(0, τ²),    e_i ~ N(0, v_i)
    b = Σ w y / Σ w,    w = 1 / (v + τ²),    se = 1 / √Σ w

(DerSimonian & Laird 1986; Viechtbauer 2010, J Stat Softw 36:3). ``tau2`` chooses how τ² is
estimated (`heterogeneity`), ``test`` how the uncertainty of b is judged (`knapp_hartung`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from vagus.evidence import wald
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import (
    COMMON,
    check_method,
    estimate_tau2,
    i2_h2,
    i2_h2_from_q,
)
from vagus.evidence.knapp_hartung import Test, check_test, narrower_than_z, variance_factor
from vagus.evidence.least_squares import Floats, weighted_fit
from vagus.evidence.likelihood import log_likelihood
from vagus.evidence.prediction_interval import (
    COMMON_EFFECT,
    PredictionInterval,
    prediction_interval,
)

PRE_POST_CAUTION = "changes within one arm, without a control: no effect of treatment"


@dataclass(frozen=True, eq=False)
class Pooled:
    """A pooled effect, in the unit of the effects, and how it was got.

    ``low``, ``high``: confidence interval at ``level``. ``statistic`` is z, or t with ``df``
    degrees of freedom (inf for z); ``p`` two-sided. ``q``, ``q_p``: Cochran's Q and its p value.
    ``tau2_se`` is nan for FE. ``i2`` [%] and ``h2`` as `heterogeneity` defines them. ``factor``:
    Knapp-Hartung's q, 1 for z. ``log_likelihood``: restricted for REML, else ML at this τ².
    ``weights`` [k] are shares that sum to 1. ``warnings``: what a reader must know, in words.
    """

    measure: str
    estimate: float
    se: float
    low: float
    high: float
    statistic: float
    df: float
    p: float
    tau2: float
    tau2_se: float
    tau2_method: str
    test: str
    factor: float
    q: float
    q_p: float
    i2: float
    h2: float
    log_likelihood: float
    weights: Floats
    prediction: PredictionInterval
    k: int
    level: float
    warnings: tuple[str, ...] = ()

    @property
    def tau(self) -> float:
        """Standard deviation of the true effects between studies."""
        return math.sqrt(self.tau2)

    def predict(self, definition: str) -> PredictionInterval:
        """Prediction interval by another definition than that of the test."""
        return prediction_interval(
            self.estimate, self.se, self.tau2, self.k, definition, self.level
        )


def pool(effects: Effects, tau2: str = "REML", test: Test = "z", level: float = 0.95) -> Pooled:
    """Pool ``effects`` with ``tau2`` estimated by a method of `heterogeneity`, FE for none.

    One study is its own pooled effect: FE and z are used and a warning says so. `InputError`: an
    unknown method or test, Knapp-Hartung with FE, a level outside (0, 1).
    """
    check_method(tau2)
    check_test(test, common=tau2 == COMMON)
    wald.check_level(level)
    if effects.k == 1:
        return _pool(effects, COMMON, "z", level, ("one study: its own effect, FE and z",))
    return _pool(effects, tau2, test, level, ())


def _pool(
    effects: Effects, method: str, test: str, level: float, warnings: tuple[str, ...]
) -> Pooled:
    y, v, k = effects.y, effects.v, effects.k
    x = np.ones((k, 1))
    between = estimate_tau2(y, v, x, method)
    fit = weighted_fit(y, x, 1 / (v + between.tau2))
    total = float(fit.w.sum())
    factor, df = variance_factor(float(fit.q), k - 1, test)
    estimate, se = float(fit.w @ y) / total, math.sqrt(factor / total)
    low, high = map(float, wald.interval(estimate, se, df, level))
    statistic, p = map(float, wald.against_zero(estimate, se, df))
    q = float(weighted_fit(y, x, 1 / v).q)
    i2, h2 = _shares(method, between.tau2, q, v)
    if method == COMMON:
        prediction = PredictionInterval(low, high, COMMON_EFFECT)
    else:
        definition = "normal" if test == "z" else "Knapp-Hartung"
        prediction = prediction_interval(estimate, se, between.tau2, k, definition, level)
    return Pooled(
        measure=effects.measure,
        estimate=estimate,
        se=se,
        low=low,
        high=high,
        statistic=statistic,
        df=df,
        p=p,
        tau2=between.tau2,
        tau2_se=between.se,
        tau2_method=method,
        test=test,
        factor=factor,
        q=q,
        q_p=float(special.chdtrc(k - 1, q)) if k > 1 else 1.0,
        i2=i2,
        h2=h2,
        log_likelihood=float(log_likelihood(between.tau2, y, v, x, restricted=method == "REML")),
        weights=fit.w / total,
        prediction=prediction,
        k=k,
        level=level,
        warnings=warnings
        + _cautions(method, test, factor, df, level, k)
        + (() if effects.controlled else (PRE_POST_CAUTION,)),
    )


def _shares(method: str, tau2: float, q: float, v: Floats) -> tuple[float, float]:
    """I² [%] and H²; 0 and 1 for a single study."""
    k = len(v)
    if k == 1:
        return 0.0, 1.0
    if method == COMMON:
        return i2_h2_from_q(q, k - 1)
    i2, h2 = i2_h2(tau2, v, np.ones((k, 1)))
    return float(i2), float(h2)


def _cautions(
    method: str, test: str, factor: float, df: float, level: float, k: int
) -> tuple[str, ...]:
    found = []
    if test == "knapp-hartung" and narrower_than_z(factor, df, level):
        found.append(
            f"Knapp-Hartung is narrower than z (q = {factor:.2g}): the effects agree more closely "
            "than their standard errors allow, which is no precision; use test `ad hoc`"
        )
    if k == 2 and method != COMMON:
        found.append("two studies: tau2 is hardly estimable")
    return tuple(found)
