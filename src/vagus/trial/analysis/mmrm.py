"""Mixed model for repeated measures: means by arm and visit, unstructured covariance, REML.

Each visit has its own mean per arm and (by default) its own slope on the baseline; strata and
covariates have one coefficient for all visits. Visits of one patient covary freely. Values missing
at random need no imputation (Mallinckrodt et al. 2008, doi:10.1177/009286150804200402). The
contrast of two arms at a visit is the difference of their adjusted means there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from vagus.errors import InputError
from vagus.trial.analysis.ancova import check_arms
from vagus.trial.analysis.columns import Columns, check_patients, columns
from vagus.trial.analysis.contrast import (
    Bools,
    ContrastFit,
    Floats,
    Ints,
    check_level,
    t_inference,
)
from vagus.trial.analysis.patterns import Statistics, estimable, statistics
from vagus.trial.analysis.reml_fit import RemlFit, fit_reml
from vagus.trial.analysis.satterthwaite import between_within, satterthwaite

DfMethod = Literal["satterthwaite", "between-within"]


@dataclass(frozen=True, eq=False)
class MmrmFit:
    """Contrasts of ``treated`` minus ``control`` by visit [V], and the whole model.

    ``beta`` [p] with ``names`` and covariance ``cov`` [p, p]; ``covariance`` [V, V] of the visits
    (Sigma); ``arm_means`` [arms, V] and ``arm_means_se`` at the average of the covariates;
    ``log_reml`` as nlme defines it; ``df_method`` says whose degrees of freedom ``df`` are.
    """

    estimate: Floats
    se: Floats
    df: Floats
    low: Floats
    high: Floats
    p: Floats
    beta: Floats
    names: tuple[str, ...]
    cov: Floats
    covariance: Floats
    arm_means: Floats
    arm_means_se: Floats
    log_reml: float
    converged: bool
    steps: int
    patients: int
    observations: int
    df_method: DfMethod
    treated: int
    control: int

    def at(self, visit: int) -> ContrastFit:
        """The contrast at one visit (-1: the last)."""
        means = self.arm_means[[self.control, self.treated], visit]
        return ContrastFit(
            float(self.estimate[visit]), float(self.se[visit]), float(self.df[visit]),
            float(self.low[visit]), float(self.high[visit]), float(self.p[visit]),
            f"MMRM, REML, unstructured covariance, {self.df_method} df",
            (float(means[0]), float(means[1])),
        )  # fmt: skip


def mmrm(
    values: ArrayLike,
    arm: ArrayLike,
    baseline: ArrayLike | None = None,
    stratum: ArrayLike | None = None,
    covariates: ArrayLike | None = None,
    *,
    baseline_by_visit: bool = True,
    df: DfMethod = "satterthwaite",
    treated: int = 1,
    control: int = 0,
    level: float = 0.95,
) -> MmrmFit:
    """Fit one trial.

    ``values`` [n, V] (NaN: missing); ``arm`` [n] 0, 1, ...; ``baseline`` [n]; ``stratum`` [n]
    labels; ``covariates`` [n, k]. Raises `InputError` for shapes that do not fit, an arm without
    patients, a visit without values and a design whose effects cannot be told apart.
    ``converged`` is False where the likelihood has no maximum within reach.
    """
    y, a, b, s, x = check_patients(values, arm, baseline, stratum, covariates, visits=True)
    check_options(df, treated, control, level, a)
    if len(y) != 1:
        raise InputError("values", f"of {len(y)} replicates", "one trial", "Use `mmrm_batch`.")
    arms = int(a.max()) + 1
    for k in range(arms):
        if np.isnan(y[0][a[0] == k]).all(axis=0).any():
            raise InputError("values", f"all missing at a visit in arm {k}", "some values")
    design, stats = prepare(y, a, arms, b, s, x, baseline_by_visit)
    if not ready(stats, arms)[0]:
        raise InputError(
            "values", "too few, or columns that say the same",
            "more patients at each visit than coefficients, none a sum of others",
        )  # fmt: skip
    fit = fit_reml(stats)
    estimate, se, freedom = contrasts(stats, fit, df, treated, control, arms)
    low, high, p = t_inference(estimate, se, freedom, level)
    means, means_se = _arm_means(stats, fit, arms)
    return MmrmFit(
        estimate[0], se[0], freedom[0], low[0], high[0], p[0],
        *_coefficients(design, stats, fit), fit.sigma[0], means, means_se,
        float(fit.point.log_reml[0]), bool(fit.converged[0]), int(fit.steps[0]),
        int(stats.count.sum()), int(stats.observations[0]), df, treated, control,
    )  # fmt: skip


def check_options(
    df: str,
    treated: int,
    control: int,
    level: float,
    arm: np.ndarray,
) -> None:
    """Degrees of freedom, arms to compare and level, or `InputError`."""
    check_level(level)
    if df not in get_args(DfMethod):
        raise InputError("df", df, " or ".join(get_args(DfMethod)))
    check_arms(treated, control, arm)


def prepare(
    y: Floats,
    arm: Ints,
    arms: int,
    baseline: Floats | None,
    stratum: Ints | None,
    covariates: Floats | None,
    baseline_by_visit: bool,
) -> tuple[Columns, Statistics]:
    """Columns and sufficient statistics of R replicates, values [R, n, V]."""
    used = np.asarray(~np.isnan(y).all(axis=-1))
    design = columns(arm, arms, used, baseline, stratum, covariates, baseline_by_visit)
    return design, statistics(y, design)


def ready(s: Statistics, arms: int) -> Bools:
    """[R] whether the contrasts can be estimated: every arm is there, and see `estimable`."""
    return np.asarray(s.kept[:, :arms].all(axis=-1) & estimable(s))


def contrasts(
    s: Statistics, fit: RemlFit, df: DfMethod, treated: int, control: int, arms: int
) -> tuple[Floats, Floats, Floats]:
    """[R, V] estimate, standard error and degrees of freedom of treated minus control by visit."""
    c = arm_rows(s, treated) - arm_rows(s, control)
    estimate = fit.point.beta @ c.T
    se = np.sqrt(np.einsum("vi,rij,vj->rv", c, fit.point.cov, c))
    if df == "satterthwaite":
        return estimate, se, satterthwaite(s, fit.point, c)
    return estimate, se, np.repeat(between_within(s)[:, None], s.seen.shape[1], axis=1)


def arm_rows(s: Statistics, arm: int) -> Floats:
    """[V, p] rows that pick the adjusted mean of an arm at each visit, less the visit's centre."""
    visits, q = s.seen.shape[1], s.xx.shape[-1]
    x = np.zeros(q)
    x[[0, arm]] = 1
    return np.asarray(np.kron(np.eye(visits), x) @ s.expand)


def _arm_means(s: Statistics, fit: RemlFit, arms: int) -> tuple[Floats, Floats]:
    rows = np.stack([arm_rows(s, k) for k in range(arms)])
    means = rows @ fit.point.beta[0] + s.centre[0]
    return means, np.sqrt(np.einsum("avi,ij,avj->av", rows, fit.point.cov[0], rows))


def _coefficients(
    design: Columns, s: Statistics, fit: RemlFit
) -> tuple[Floats, tuple[str, ...], Floats]:
    """``beta`` in the unit of the values, names and covariance, without columns left out."""
    visits, kept = s.seen.shape[1], s.kept[0]
    own = [
        (v, name)
        for v in range(visits)
        for name, x in zip(design.names, design.crossed, strict=True)
        if x
    ]
    names = [f"{name}, visit {v}" for v, name in own]
    names += [name for name, x in zip(design.names, design.crossed, strict=True) if not x]
    beta = fit.point.beta[0].copy()
    for k, (v, name) in enumerate(own):
        beta[k] += s.centre[0, v] * (name == "intercept")
    return (
        beta[kept],
        tuple(n for n, k in zip(names, kept, strict=True) if k),
        fit.point.cov[0][np.ix_(kept, kept)],
    )
