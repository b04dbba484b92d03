"""Ratings of patients around their mean course: level, days, recall windows.

A patient's level drifts slowly (Ornstein-Uhlenbeck, time constant tau [wk]); days scatter around it
with autocorrelation phi, and icc of the variance of one day is level. A rating is the mean of the
days of its window. Sampled daily, both parts are AR(1), so that the covariance of two windows is

    cov(U, V) = icc g(a; U, V) + (1 - icc) g(phi; U, V),    a = exp(-1 / (7 tau)),
    g(r; U, V) = mean over days i of U and j of V of r^|i - j|,

which is a closed form. Trials admit who rates high enough, and those patients' next ratings are
nearer the mean: regression to the mean emerges here, and is nowhere added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.switches import Switches

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAYS_PER_WEEK = 7.0
# Differences of S lose digits as r nears 1; up to here six are left, and nobody rates for longer.
LONGEST_wk = 1000.0


@dataclass(frozen=True)
class Scatter:
    """How ratings scatter: time constant of levels [wk], share of level, autocorrelation."""

    tau_wk: float
    icc: float
    phi: float


@dataclass(frozen=True)
class Population:
    """Mean and SD of ratings before selection, days averaged into one rating, entry criterion."""

    mean: float
    sd: float
    days: int
    at_least: float | None = None
    whole_points: bool = False


def rate(
    scatter: Scatter, who: Population, weeks: float, n: int, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """Ratings (first, ``weeks`` later) of those of ``n`` patients who meet the entry criterion.

    Without a change of the mean. On the 0-10 scale, in whole points where ``who`` says so.
    """
    later = round(DAYS_PER_WEEK * weeks)
    windows = [(-who.days, 0), (later - who.days, later)]
    cov = window_covariance(scatter.tau_wk, scatter.icc, scatter.phi, windows, who.days)
    z = correlated(cov[None], np.zeros(n, dtype=np.int64), rng.standard_normal((n, 2)))
    first, second = on_scale(who.mean + who.sd * z, who.whole_points).T
    admitted = np.ones(n, dtype=bool) if who.at_least is None else first >= who.at_least
    return first[admitted], second[admitted]


def on_scale(ratings: Floats, whole_points: bool = False) -> Floats:
    """Ratings clipped to 0-10, rounded where asked."""
    clipped = np.clip(ratings, 0.0, 10.0)
    return np.asarray(np.round(clipped) if whole_points else clipped)


def latent(
    cohort: Cohort, who: Ints, windows_d: ArrayLike, rng: np.random.Generator,
    switches: Switches | None = None,
) -> Floats:  # fmt: skip
    """[m, V] deviations of the ratings of ``who`` [m] in SD of ratings before selection.

    ``who``: rows of the cohort, any number of times each (each time another person with that row's
    parameters). ``windows_d`` [V, 2]: days [start, end) of each rating. A window as long as the
    condition's recall has SD 1. Without noise a patient stays at one level; without autocorrelation
    days scatter independently. Means over treatment are not in here: see `observables`.
    """
    switches = switches or Switches()
    windows = whole_days(windows_d)
    z = rng.standard_normal((len(who), len(windows)))
    if not switches.noise:
        return np.repeat(z[:, :1], len(windows), axis=1)
    phi = cohort.traits["phi_day"] if switches.autocorrelation else np.zeros(len(cohort))
    traits = np.stack([cohort.traits["tau_level"], cohort.traits["icc_day"], phi], axis=1)
    kinds, kind = np.unique(traits, axis=0, return_inverse=True)
    tau, icc, phi_kind = kinds.T
    cov = window_covariance(tau, icc, phi_kind, windows, cohort.condition.recall_d)
    return correlated(cov, kind.reshape(-1)[who], z)


def window_covariance(
    tau_wk: ArrayLike, icc: ArrayLike, phi: ArrayLike, windows_d: ArrayLike, recall_d: float | None
) -> Floats:
    """[..., V, V] covariance of the means over windows [V, 2], in days [start, end).

    ``tau_wk`` [wk], ``icc`` and ``phi`` [1] may be arrays [...] of equal shape. The unit of
    variance is that of a mean over ``recall_d`` days; None: of a single day. Raises `InputError`
    for windows that are not a whole number of days, 1 or more, and for parameters out of range.
    """
    tau, share, r = (np.asarray(x, dtype=np.float64) for x in (tau_wk, icc, phi))
    _check("tau_wk", tau, (tau > 0) & (tau <= LONGEST_wk), f"above 0, at most {LONGEST_wk:g}")
    _check("icc", share, (share >= 0) & (share <= 1), "0 to 1")
    _check("phi", r, (r >= 0) & (r < 1), "0 to below 1")
    windows = whole_days(windows_d)
    a = np.exp(-1.0 / (DAYS_PER_WEEK * tau))
    share = share[..., None, None]
    cov = share * mean_power(a, windows) + (1 - share) * mean_power(r, windows)
    if recall_d is not None:
        one = whole_days([(0.0, recall_d)])
        cov = cov / (share * mean_power(a, one) + (1 - share) * mean_power(r, one))
    return np.asarray(cov)


def mean_power(r: ArrayLike, windows: Ints) -> Floats:
    """[..., V, V] mean of r^|i - j| over the days i and j of two windows [V, 2], 0 <= r < 1.

    With S the second antidifference of r^|n|, S(n + 1) - 2 S(n) + S(n - 1) = r^|n|, the double sum
    telescopes to S(e - s') + S(s - e') - S(s - s') - S(e - e') for windows [s, e) and [s', e');
    S(n) = (|n| (1 - r^2) / 2 + r^(|n| + 1)) / (1 - r)^2.
    """
    rate = np.asarray(r, dtype=np.float64)[..., None, None]
    start, end = windows[:, 0], windows[:, 1]

    def second_sum(lag: Ints) -> Floats:
        n = np.abs(lag)
        return np.asarray((n * (1 - rate**2) / 2 + rate * rate**n) / (1 - rate) ** 2)

    total = (
        second_sum(end[:, None] - start[None, :]) + second_sum(start[:, None] - end[None, :])
        - second_sum(start[:, None] - start[None, :]) - second_sum(end[:, None] - end[None, :])
    )  # fmt: skip
    length = (end - start).astype(np.float64)
    return np.asarray(total / (length[:, None] * length[None, :]))


def correlated(covariance: Floats, kind: Ints, z: Floats) -> Floats:
    """[m, V] normal deviates of covariance ``covariance`` [K, V, V], one of K kinds per row.

    ``z`` [m, V]: independent deviates. The symmetric root also does for windows that are alike.
    """
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.clip(values, 0.0, None))[:, None, :]) @ vectors.swapaxes(1, 2)
    return np.asarray(np.einsum("mv,mvw->mw", z, root[kind]))


def whole_days(windows_d: ArrayLike) -> Ints:
    """[V, 2] windows as whole days; `InputError` where they are not, or hold no day."""
    windows = np.atleast_2d(np.asarray(windows_d, dtype=np.float64))
    days = np.round(windows)
    shaped = windows.ndim == 2 and windows.shape[1] == 2
    whole = shaped and np.all(np.abs(windows - days) <= 1e-9)  # false for what is not a number
    if not whole or np.any(days[:, 1] <= days[:, 0]):
        raise InputError(
            "windows_d", windows_d, "[start, end) in whole days, one day or more each",
            "Give visits and recall in whole days.",
        )  # fmt: skip
    return days.astype(np.int64)


def _check(field: str, value: Floats, ok: NDArray[np.bool_], allowed: str) -> None:
    if not np.all(ok):
        raise InputError(field, value if value.ndim == 0 else value[~ok][0], allowed)
