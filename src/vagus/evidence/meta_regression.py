"""Meta-regression: how the effect depends on properties of the studies.

    y_i = x_i'β + u_i + e_i,    b = (X'WX)⁻¹ X'Wy,    W = diag(1 / (v + τ²))

τ² is what the moderators leave unexplained (Berkey et al. 1995, Stat Med 14:395; Raudenbush 2009).
QM tests all moderators at once: χ² with m degrees of freedom for z, F with m and k - p (QM / (m q))
for Knapp-Hartung (2003, Stat Med 22:2693). QE tests what is left, with the weights 1/v.
R² = 100 max(0, (τ²_0 - τ²) / τ²_0) %, τ²_0 from the same method without moderators.

Studies were not randomised to their moderators: a slope here is an association between studies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from vagus.errors import InputError
from vagus.evidence import wald
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import COMMON, check_method, estimate_tau2, i2_h2, i2_h2_from_q
from vagus.evidence.knapp_hartung import Test, check_test, variance_factor
from vagus.evidence.least_squares import Floats, weighted_fit
from vagus.evidence.likelihood import log_likelihood

Moderator = Floats | Sequence[float] | Sequence[str]


@dataclass(frozen=True, eq=False)
class MetaRegression:
    """Coefficients [p] in the order of ``names`` and what they leave unexplained.

    ``covariance`` [p, p]. ``df``: of the t tests, inf for z. ``qm`` is F for Knapp-Hartung with
    ``qm_df`` = (m, k - p), else χ² with (m, inf). ``r2`` [%] is nan for FE and where there is no
    heterogeneity to explain. ``i2`` [%] and ``h2``: residual.
    """

    names: tuple[str, ...]
    estimate: Floats
    se: Floats
    low: Floats
    high: Floats
    statistic: Floats
    p: Floats
    df: float
    covariance: Floats
    tau2: float
    tau2_se: float
    tau2_method: str
    test: str
    qm: float
    qm_df: tuple[int, float]
    qm_p: float
    qe: float
    qe_df: int
    qe_p: float
    r2: float
    i2: float
    h2: float
    log_likelihood: float
    k: int
    level: float


def meta_regression(
    effects: Effects,
    moderators: Mapping[str, Moderator],
    tau2: str = "REML",
    test: Test = "z",
    level: float = 0.95,
) -> MetaRegression:
    """Regress ``effects`` on ``moderators``: name -> [k] numbers, or [k] texts for a factor.

    A factor's first text in alphabetical order is the reference. `InputError`: no moderators, one
    of another length or not finite, moderators that depend on each other, no more studies than
    coefficients, and what `pool` refuses.
    """
    check_method(tau2)
    check_test(test, common=tau2 == COMMON)
    wald.check_level(level)
    names, x = design_matrix(moderators, effects.k)
    y, v, (k, p) = effects.y, effects.v, x.shape
    between = estimate_tau2(y, v, x, tau2)
    fit = weighted_fit(y, x, 1 / (v + between.tau2))
    factor, df = variance_factor(float(fit.q), k - p, test)
    b, covariance = fit.b, factor * fit.covariance
    se = np.sqrt(np.diagonal(covariance))
    low, high = wald.interval(b, se, df, level)
    statistic, p_values = wald.against_zero(b, se, df)
    qm, qm_df, qm_p = _test_of_moderators(b, covariance, df)
    qe = float(weighted_fit(y, x, 1 / v).q)
    shares = i2_h2_from_q(qe, k - p) if tau2 == COMMON else i2_h2(between.tau2, v, x)
    return MetaRegression(
        names=names,
        estimate=b,
        se=se,
        low=low,
        high=high,
        statistic=statistic,
        p=p_values,
        df=df,
        covariance=covariance,
        tau2=between.tau2,
        tau2_se=between.se,
        tau2_method=tau2,
        test=test,
        qm=qm,
        qm_df=qm_df,
        qm_p=qm_p,
        qe=qe,
        qe_df=k - p,
        qe_p=float(special.chdtrc(k - p, qe)),
        r2=_explained(effects, tau2, between.tau2),
        i2=float(shares[0]),
        h2=float(shares[1]),
        log_likelihood=float(log_likelihood(between.tau2, y, v, x, restricted=tau2 == "REML")),
        k=k,
        level=level,
    )


def design_matrix(moderators: Mapping[str, Moderator], k: int) -> tuple[tuple[str, ...], Floats]:
    """Names [p] and columns [k, p]: intercept, then the moderators in their order."""
    if not moderators:
        raise InputError("moderators", "none", "at least one", "Use `pool` without moderators.")
    names, columns = ["intercept"], [np.ones(k)]
    for name, given in moderators.items():
        values = np.asarray(given)
        if values.shape != (k,):
            raise InputError(name, f"shape {values.shape}", f"one value for each of {k} studies")
        if values.dtype.kind in "US":
            for text in np.unique(values)[1:]:
                names.append(f"{name} {text}")
                columns.append((values == text).astype(float))
            continue
        column = values.astype(float)
        if not np.isfinite(column).all():
            raise InputError(name, "not finite", "a number for each study", "Drop such studies.")
        names.append(name)
        columns.append(column)
    x = np.column_stack(columns)
    if k <= x.shape[1]:
        raise InputError("moderators", f"{x.shape[1]} coefficients", f"fewer than the {k} studies")
    _check_rank(names, x)
    return tuple(names), x


def _check_rank(names: list[str], x: Floats) -> None:
    scaled = x / np.maximum(np.linalg.norm(x, axis=0), np.finfo(float).tiny)
    for p in range(1, x.shape[1] + 1):
        if np.linalg.matrix_rank(scaled[:, :p], tol=1e-10) < p:
            raise InputError(
                "moderators", names[p - 1], "independent of the intercept and of the others",
                "It is constant or a combination of those before it; leave it out.",
            )  # fmt: skip


def _test_of_moderators(
    b: Floats, covariance: Floats, df: float
) -> tuple[float, tuple[int, float], float]:
    """QM, its degrees of freedom and p value: all coefficients but the intercept are 0."""
    m = len(b) - 1
    wald_square = float(b[1:] @ np.linalg.solve(covariance[1:, 1:], b[1:]))
    if math.isinf(df):
        return wald_square, (m, df), float(special.chdtrc(m, wald_square))
    return wald_square / m, (m, df), float(special.fdtrc(m, df, wald_square / m))


def _explained(effects: Effects, method: str, left: float) -> float:
    """R² [%]."""
    alone = estimate_tau2(effects.y, effects.v, np.ones((effects.k, 1)), method).tau2
    return 100 * max(0.0, (alone - left) / alone) if alone > 0 else math.nan
