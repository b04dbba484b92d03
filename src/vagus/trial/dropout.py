"""Who leaves a trial, when and why: a logistic hazard at each visit.

.. math:: \\mathrm{logit}\\, h_j = \\mathrm{logit}\\, h_0 + a\\,\\Delta_{j-1} + b\\,s_j

with the base rate per visit h_0, pain Delta [SD] worse than at entry as felt at the visit before
(0 before the first visit), and what is felt of stimulation s, from 0 to 1. With a = b = 0 ratings
are missing completely at random (Rubin 1976, Biometrika 63:581). Else they are missing nearly at
random: pain decides as it was felt at a visit attended, which the rating shows up to rounding, or
up to the scatter of counts of days; what is felt of stimulation is in no rating. Numbers that
trials report: ``data/trial/dropout.csv``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from vagus.trial.data import LACK_OF_EFFICACY, OTHER, SIDE_EFFECTS, STAYED
from vagus.trial.design import DropOut

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def hazard(plan: DropOut, worse_SD: Floats, felt: Floats) -> Floats:
    """Probability to leave at a visit; 0 for all where the base rate is 0."""
    if plan.per_visit == 0:
        return np.zeros(np.broadcast(worse_SD, felt).shape)
    odds = plan.log_odds_pain * worse_SD + plan.log_odds_side_effects * felt
    return np.asarray(expit(logit(plan.per_visit) + odds))


def leave(
    plan: DropOut, worse_SD: Floats, felt: Floats, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """First visit missed [n], V for those who stay, and the reason [n] (index into `REASONS`).

    ``worse_SD`` [n, V]: pain felt at each visit minus that at entry; ``felt`` [n, V]: 0 to 1.
    """
    n, visits = worse_SD.shape
    before = np.concatenate([np.zeros((n, 1)), worse_SD[:, :-1]], axis=1)
    leaves = rng.random((n, visits)) < hazard(plan, before, felt)
    at = np.where(leaves.any(axis=1), leaves.argmax(axis=1), visits)
    last = np.minimum(at, visits - 1)
    row = np.arange(n)
    reason = why(plan, before[row, last], felt[row, last], rng)
    return at, np.where(at < visits, reason, STAYED)


def why(plan: DropOut, worse_SD: Floats, felt: Floats, rng: np.random.Generator) -> Ints:
    """Reason [n] of those who leave, drawn in proportion to what it adds to the odds.

    The base odds count as `OTHER`, the excess exp(a Delta) - 1 of pain as lack of efficacy, that of
    what is felt as side effects; what lowers the odds is no reason.
    """
    pain = np.maximum(np.expm1(plan.log_odds_pain * worse_SD), 0)
    effects = np.maximum(np.expm1(plan.log_odds_side_effects * felt), 0)
    u = rng.random(len(worse_SD)) * (1 + pain + effects)
    reason = np.where(u < pain, LACK_OF_EFFICACY, OTHER)
    return np.asarray(np.where((u >= pain) & (u < pain + effects), SIDE_EFFECTS, reason))
