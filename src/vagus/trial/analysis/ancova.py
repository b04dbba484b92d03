"""Analysis of covariance: ordinary least squares of a change or a value on arm, baseline, strata.

The contrast is the difference of the arms' means adjusted to the same covariates, with the pooled
residual variance (Vickers & Altman 2001, doi:10.1136/bmj.323.7321.1123). Without covariates it is
Student's t test. Patients without a value are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from vagus.errors import InputError
from vagus.trial.analysis.columns import check_patients, columns
from vagus.trial.analysis.contrast import (
    Bools,
    ContrastFit,
    Floats,
    check_level,
    contrast_fit,
    t_inference,
)
from vagus.trial.analysis.patterns import estimable, statistics
from vagus.trial.analysis.reml import at_sigma


@dataclass(frozen=True, eq=False)
class AncovaBatch:
    """Treated minus control of R replicates, all [R]; ``arm_means`` [R, 2] of control, treated.
    NaN where ``estimable`` is False (an arm is empty, or nothing is left for a variance)."""

    estimate: Floats
    se: Floats
    df: Floats
    low: Floats
    high: Floats
    p: Floats
    arm_means: Floats
    estimable: Bools


def ancova(
    change: ArrayLike,
    arm: ArrayLike,
    baseline: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    *,
    treated: int = 1,
    control: int = 0,
    level: float = 0.95,
) -> ContrastFit:
    """Fit one trial: ``change`` [n] (NaN: left out), ``arm`` [n] 0, 1, ..., ``baseline`` [n],
    ``stratum`` [n] labels, ``covariates`` [n, k]. Raises `InputError` for what cannot be fitted."""
    fit = ancova_batch(
        change, arm, baseline, stratum, covariates, treated=treated, control=control, level=level
    )
    if len(fit.estimable) != 1:
        raise InputError("change", "of several replicates", "one trial", "Use `ancova_batch`.")
    if not fit.estimable[0]:
        raise InputError(
            "change", "too few, or columns that say the same",
            "values in every arm, more than coefficients, no column a sum of others",
        )  # fmt: skip
    method = (
        "ANCOVA, least squares, pooled variance"
        if baseline is not None
        else ("difference of means, least squares, pooled variance")
    )
    means = (float(fit.arm_means[0, 0]), float(fit.arm_means[0, 1]))
    return contrast_fit(fit.estimate[0], fit.se[0], fit.df[0], level, method, means)


def ancova_batch(
    change: ArrayLike,
    arm: ArrayLike,
    baseline: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    *,
    treated: int = 1,
    control: int = 0,
    level: float = 0.95,
) -> AncovaBatch:
    """Fit R replicates at once: ``change``, ``arm``, ``baseline``, ``stratum`` [R, n]; see
    `ancova`. A replicate that cannot be fitted is flagged."""
    check_level(level)
    y, a, b, s, x = check_patients(change, arm, baseline, stratum, covariates, visits=False)
    check_arms(treated, control, a)
    arms = int(a.max()) + 1
    stats = statistics(y[..., None], columns(a, arms, ~np.isnan(y), b, s, x))
    fine = stats.kept[:, :arms].all(axis=-1) & estimable(stats)
    found = np.full((5, len(y)), np.nan)
    at = np.flatnonzero(fine)
    if len(at):
        stats = stats.take(at)
        point = at_sigma(stats, np.ones((len(at), 1, 1)))
        df = stats.observations - stats.kept.sum(axis=-1)
        variance = np.maximum(point.rr.sum(axis=(1, 2, 3)), 0) / df
        rows = np.zeros((2, stats.kept.shape[1]))
        rows[:, 0], rows[0, control], rows[1, treated] = 1, 1, 1
        c = rows[1] - rows[0]
        means = point.beta @ rows.T + stats.centre
        se = np.sqrt(variance * (c @ point.cov @ c))
        found[:, at] = np.stack([point.beta @ c, se, df, *means.T])
    estimate, se, df = found[:3]
    return AncovaBatch(estimate, se, df, *t_inference(estimate, se, df, level), found[3:].T, fine)


def check_arms(treated: int, control: int, arm: np.ndarray) -> None:
    """Two different arms that have patients, or `InputError`."""
    for field, k in (("treated", treated), ("control", control)):
        if k not in arm:
            raise InputError(field, k, "the number of an arm with patients")
    if treated == control:
        raise InputError("treated", treated, "another arm than `control`")
