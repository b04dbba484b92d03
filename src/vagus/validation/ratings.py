"""Ratings of single patients around a mean course: level, days, selection.

A patient's level drifts slowly (Ornstein-Uhlenbeck, time constant `tau_level`); days scatter around
it with autocorrelation `phi_day`, and `icc_day` of the variance of one day is level. A rating is
the mean of some days. Trials admit who rates high enough, and those patients' next ratings are
nearer the mean: regression to the mean emerges here, and is nowhere added.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


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
    first_level = rng.standard_normal(n)
    kept = np.exp(-weeks / scatter.tau_wk)
    later_level = kept * first_level + np.sqrt(1 - kept**2) * rng.standard_normal(n)
    ratings = []
    for level in (first_level, later_level):
        days = _mean_of_days(scatter.phi, who.days, n, rng)
        z = np.sqrt(scatter.icc) * level + np.sqrt(1 - scatter.icc) * days
        z = z / np.sqrt(scatter.icc + (1 - scatter.icc) * variance_of_mean(scatter.phi, who.days))
        ratings.append(on_scale(who.mean + who.sd * z, who.whole_points))
    admitted = np.ones(n, dtype=bool) if who.at_least is None else ratings[0] >= who.at_least
    return ratings[0][admitted], ratings[1][admitted]


def on_scale(ratings: Floats, whole_points: bool = False) -> Floats:
    """Ratings clipped to 0-10, rounded where asked."""
    clipped = np.clip(ratings, 0.0, 10.0)
    return np.asarray(np.round(clipped) if whole_points else clipped)


def variance_of_mean(phi: float, days: int) -> float:
    """Variance of the mean of ``days`` values of unit variance and autocorrelation ``phi``."""
    lags = np.arange(1, days)
    return float((days + 2 * np.sum((days - lags) * phi**lags)) / days**2)


def _mean_of_days(phi: float, days: int, n: int, rng: np.random.Generator) -> Floats:
    """[n] means of ``days`` successive deviations of unit variance."""
    value = rng.standard_normal(n)
    total = value.copy()
    for _ in range(days - 1):
        value = phi * value + np.sqrt(1 - phi**2) * rng.standard_normal(n)
        total += value
    return np.asarray(total / days)
