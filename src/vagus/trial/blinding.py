"""What patients believe they got, and how well a trial was blinded.

A blinded patient says "active" with log-odds that rise with what is felt of stimulation (and 0
without), or does not know; those who were told say what they were told. Bang's index of an arm
(Bang, Ni & Davis 2004, Control Clin Trials 25:143) is

.. math:: BI = \\frac{n_\\mathrm{right} - n_\\mathrm{wrong}}{n}

with those who do not know in n: 1 when all are right, 0 as by tossing a coin, -1 when all are
wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from scipy.stats import norm

from vagus.trial.data import DOES_NOT_KNOW, SAYS_ACTIVE, SAYS_SHAM, TrialData
from vagus.trial.design import Design
from vagus.trial.effect import setting

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def guesses(
    design: Design, arm: Ints, felt: Floats, left_at: Ints, rng: np.random.Generator
) -> Ints:
    """Guess [n] (index into `GUESSES`) at the last visit attended, from what was felt [n, V]."""
    n = len(arm)
    last = np.clip(left_at - 1, 0, felt.shape[1] - 1)
    says_active = rng.random(n) < expit(setting("guess_felt") * felt[np.arange(n), last])
    guess = np.where(says_active, SAYS_ACTIVE, SAYS_SHAM)
    guess[rng.random(n) < setting("guess_none")] = DOES_NOT_KNOW
    for index, group in enumerate(design.arms):
        if group.regimen.knows != "blinded":
            told = SAYS_ACTIVE if group.role in ("active", "control") else SAYS_SHAM
            guess[arm == index] = told
    return guess


@dataclass(frozen=True)
class BlindingIndex:
    """Bang's index of one arm with its normal interval; nan where the arm was not blinded."""

    arm: str
    index: float
    low: float
    high: float


def bang_index(data: TrialData, level: float = 0.95) -> tuple[BlindingIndex, ...]:
    """Bang's index by arm, all replicates taken together (take one with `TrialData.replicate`).

    Variance after Bang: {p1 (1 - p1) + p2 (1 - p2) + 2 p1 p2} / n with the shares right and wrong.
    """
    found = []
    for k, group in enumerate(data.design.arms):
        said = data.guess[data.arm == k]
        if group.regimen.knows != "blinded" or not said.size:
            found.append(BlindingIndex(group.name, *(float("nan"),) * 3))
            continue
        truth = SAYS_ACTIVE if group.role == "active" else SAYS_SHAM
        right = float(np.mean(said == truth))
        wrong = float(np.mean((said != truth) & (said != DOES_NOT_KNOW)))
        variance = (right * (1 - right) + wrong * (1 - wrong) + 2 * right * wrong) / said.size
        half = float(norm.ppf(0.5 + level / 2)) * variance**0.5
        index = right - wrong
        found.append(
            BlindingIndex(group.name, index, max(index - half, -1.0), min(index + half, 1.0))
        )
    return tuple(found)
