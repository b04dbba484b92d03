"""Multiple imputation of visits from a multivariate normal model, and Rubin's rules.

Given the columns x, y_i ~ N(B' x_i, Sigma). B and Sigma are drawn from their posterior under
missing at random by data augmentation with the prior |Sigma|^-(V+1)/2 (Schafer 1997, *Analysis of
Incomplete Multivariate Data*, chapter 5), started where the restricted likelihood is greatest:

    y_mis | B, Sigma    normal, conditional on y_obs
    Sigma | y           inverse Wishart, n - q degrees of freedom, scale the residual sums
    B | Sigma, y        normal about least squares, covariance Sigma x (X'X)^-1

Estimates of completed data sets are put together as in Rubin (1987), with the degrees of freedom
of Barnard & Rubin (1999, doi:10.1093/biomet/86.4.948).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from vagus.errors import InputError
from vagus.trial.analysis.ancova import AncovaBatch, ancova_batch
from vagus.trial.analysis.contrast import Bools, ContrastFit, Floats, Ints, contrast_fit
from vagus.trial.analysis.mmrm import prepare, ready
from vagus.trial.analysis.reml_fit import fit_reml

BURN_IN, THIN = 100, 10
"""Rounds before the first set is kept and between sets. The start is the mode, so few are needed;
what little correlation is left between sets hardly moves an average over them."""


Gap = tuple[Ints, Bools]


@dataclass(frozen=True)
class ImputedFit:
    """``fit`` by Rubin's rules; variance ``within`` and ``between`` the completed data sets."""

    fit: ContrastFit
    within: float
    between: float
    imputations: int
    seed: int


def check_imputations(imputations: int) -> None:
    """At least two, for a variance between them; or `InputError`."""
    if imputations < 2:
        raise InputError("imputations", imputations, "2 or more", "100 are usual.")


def posterior(
    y: Floats, arm: Ints, baseline: Floats | None, stratum: Ints | None, imputations: int,
    rng: np.random.Generator,
) -> Iterator[tuple[Floats, Floats, Floats]]:  # fmt: skip
    """Columns x [n, q], and draws of coefficients [q, V] and Sigma [V, V], ``imputations`` times.

    ``y`` [n, V] with NaN; ``arm``, ``baseline``, ``stratum`` [n]. All columns act at each visit by
    a coefficient of their own.
    """
    arms = int(arm.max()) + 1
    design, s = prepare(
        y[None], arm[None], arms, None if baseline is None else baseline[None],
        None if stratum is None else stratum[None], None, True,
    )  # fmt: skip
    if not ready(s, arms)[0]:
        raise InputError(
            "values", "too few at some visit", "more patients with values than coefficients",
            "Leave the stratum or the last visit out.",
        )  # fmt: skip
    fit = fit_reml(s)
    x = design.x[0]
    x = x[:, np.any(x != 0, axis=0)]
    q = design.x.shape[-1]
    full = (s.expand @ fit.point.beta[0]).reshape(y.shape[1], q).T
    b, sigma = full[np.any(design.x[0] != 0, axis=0)], fit.sigma[0]
    b = b + np.outer(np.arange(len(b)) == 0, s.centre[0])
    root = np.linalg.inv(np.linalg.cholesky(x.T @ x)).T  # root root' = (X'X)^-1
    missing = gaps(y)
    for k in range(BURN_IN + imputations * THIN):
        complete = conditional(y, missing, x @ b, sigma, rng)
        least = root @ (root.T @ (x.T @ complete))
        r = complete - x @ least
        sigma = _inverse_wishart(r.T @ r, len(y) - x.shape[1], rng)
        b = least + root @ rng.standard_normal(b.shape) @ np.linalg.cholesky(sigma).T
        if k >= BURN_IN and (k - BURN_IN) % THIN == THIN - 1:
            yield x, b, sigma


def missing_at_random(
    y: Floats, arm: Ints, baseline: Floats | None, stratum: Ints | None, imputations: int, seed: int
) -> Floats:
    """[M, n] values of the last visit, drawn where missing under missing at random."""
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    draws = posterior(y, arm, baseline, stratum, imputations, rng)
    return np.stack([conditional(y, gaps(y), x @ b, sigma, rng)[:, -1] for x, b, sigma in draws])


def gaps(y: Floats) -> list[Gap]:
    """Who [k] lacks which visits [V], one entry per pattern of missing values."""
    missing = np.isnan(y)
    return [
        (np.flatnonzero((missing == pattern).all(axis=1)), pattern)
        for pattern in np.unique(missing, axis=0)
        if pattern.any()
    ]


def conditional(
    y: Floats, missing: list[Gap], mean: Floats, sigma: Floats, rng: np.random.Generator
) -> Floats:
    """``y`` [n, V] with its `gaps` drawn given the rest, under N(mean_i, sigma)."""
    out = y.copy()
    for who, m in missing:
        o = ~m
        slope = np.linalg.solve(sigma[o][:, o], sigma[o][:, m])
        left = sigma[m][:, m] - sigma[m][:, o] @ slope
        noise = rng.standard_normal((len(who), int(m.sum()))) @ np.linalg.cholesky(left).T
        expected = mean[who][:, m] + (y[who][:, o] - mean[who][:, o]) @ slope
        out[np.ix_(who, m)] = expected + noise
    return out


def _inverse_wishart(scale: Floats, df: int, rng: np.random.Generator) -> Floats:
    """By Bartlett's decomposition of the Wishart matrix of scale^-1."""
    v = len(scale)
    a = np.tril(rng.standard_normal((v, v)), -1)
    a[np.diag_indices(v)] = np.sqrt(rng.chisquare(df - np.arange(v)))
    half = np.linalg.solve(a, np.linalg.cholesky(scale).T)  # sigma = L A^-T A^-1 L'
    return np.asarray(half.T @ half)


def analyse(
    sets: Floats, arm: Ints, baseline: Floats | None, stratum: Ints | None,
    treated: int, control: int,
) -> AncovaBatch:  # fmt: skip
    """ANCOVA of M completed data sets [M, n] of one trial; ``arm`` ... [1, n]."""
    wide = sets.shape
    return ancova_batch(
        sets, np.broadcast_to(arm, wide),
        None if baseline is None else np.broadcast_to(baseline, wide),
        None if stratum is None else np.broadcast_to(stratum, wide),
        treated=treated, control=control,
    )  # fmt: skip


def rubin(sets: AncovaBatch, level: float, method: str, seed: int) -> ImputedFit:
    """One estimate from those of M completed data sets."""
    m = len(sets.estimate)
    within, between = float(np.mean(sets.se**2)), float(np.var(sets.estimate, ddof=1))
    complete = float(sets.df[0])
    # sets without anything to impute differ by rounding at most
    extra = (1 + 1 / m) * between if between > 1e-20 * within else 0.0
    total = within + extra
    df = complete
    if extra > 0:
        share = extra / total
        observed = (complete + 1) / (complete + 3) * complete * (1 - share)
        df = 1 / (share**2 / (m - 1) + 1 / observed)
    control, treated = np.mean(sets.arm_means, axis=0)
    fit = contrast_fit(
        float(np.mean(sets.estimate)), float(np.sqrt(total)), df, level,
        f"{method}, {m} imputations, Rubin's rules", (float(control), float(treated)),
    )  # fmt: skip
    return ImputedFit(fit, within, between, m, seed)
