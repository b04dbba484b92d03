"""Begg & Mazumdar's rank test: do effects and their variances go together in order?

Of each effect the common estimate is taken off, and the rest divided by its standard error; Kendall
tau of these against the variances is 0 in a symmetric funnel (Biometrics 1994, 50:1088).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.egger import LEAST_K, enough


@dataclass(frozen=True)
class BeggTest:
    """Kendall's tau-b, its two-sided p value, and whether that is exact (no ties) or normal."""

    tau: float
    p: float
    exact: bool
    k: int


def begg_test(effects: Effects) -> BeggTest:
    """Rank correlation of (y - b) / sqrt(v - var(b)) with v, b the common-effect estimate.

    The p value is exact where no values are tied, else normal, as in metafor's `ranktest`.
    `InputError`: fewer than 3 effects, or variances that are all equal.
    """
    enough(effects, LEAST_K)
    y, v = effects.y, effects.v
    if np.ptp(v) == 0:
        raise InputError("v", "the same for all trials", "variances that differ")
    weight = 1 / v
    common = np.sum(weight * y) / np.sum(weight)
    rest = (y - common) / np.sqrt(v - 1 / np.sum(weight))
    exact = len(np.unique(rest)) == len(np.unique(v)) == effects.k
    found = stats.kendalltau(rest, v, method="exact" if exact else "asymptotic")
    return BeggTest(float(found.statistic), float(found.pvalue), exact, effects.k)
