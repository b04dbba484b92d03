"""The mean rating of every arm over the visits, with its interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

from vagus.trial.data import TrialData

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class MeanCourse:
    """One arm: ``day`` [V + 1], 0 at baseline; ``mean``, ``low``, ``high`` [V + 1] of those still
    in the trial; ``n`` [V + 1] how many they are (of all replicates: mean, rounded)."""

    arm: str
    day: Floats
    mean: Floats
    low: Floats
    high: Floats
    n: Ints


def mean_courses(
    data: TrialData, replicate: int | None = 0, level: float = 0.95
) -> tuple[MeanCourse, ...]:
    """Courses by arm of one replicate, or of all (None).

    Of one replicate ``low`` and ``high`` are the t interval of the mean, as a trial would print it.
    Of all replicates they hold the middle ``level`` of the means that replicates have: what one
    trial is expected to find, chance and what is uncertain about patients together.
    """
    one = data if replicate is None else data.replicate(replicate)
    ratings = np.concatenate([one.baseline[..., None], one.values], axis=2)
    day = np.concatenate([[0.0], np.asarray(data.design.visits_d) - data.design.lead_in_d])
    return tuple(
        MeanCourse(arm.name, day, *_course(ratings, one.arm == k, replicate is None, level))
        for k, arm in enumerate(data.design.arms)
        if (one.arm == k).any()
    )


def _course(
    ratings: Floats, own: NDArray[np.bool_], all_of_them: bool, level: float
) -> tuple[Floats, Floats, Floats, Ints]:
    """Mean, interval and number from ``ratings`` [R, n, V + 1] of those that are ``own`` [R, n]."""
    seen = own[..., None] & ~np.isnan(ratings)
    n = seen.sum(axis=1)
    total = np.where(seen, ratings, 0.0).sum(axis=1)
    mean = np.divide(total, n, out=np.full(total.shape, np.nan), where=n > 0)
    if all_of_them:
        low, high = np.nanquantile(mean, [0.5 - level / 2, 0.5 + level / 2], axis=0)
        return np.nanmean(mean, axis=0), low, high, np.rint(n.mean(axis=0)).astype(np.int64)
    square = np.where(seen, (ratings - mean[:, None, :]) ** 2, 0.0).sum(axis=1)
    few = n < 2  # one patient has no interval
    variance = np.divide(square, n - 1, out=np.full(total.shape, np.nan), where=~few)
    half = t.ppf(0.5 + level / 2, np.maximum(n - 1, 1)) * np.sqrt(variance / np.maximum(n, 1))
    return mean[0], (mean - half)[0], (mean + half)[0], n[0]
