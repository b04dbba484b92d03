"""Rescue treatment: who takes it, and from which visit on it changes ratings."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vagus.trial.design import Rescue

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def take_rescue(plan: Rescue, ratings: Floats, worse_is: int, rng: np.random.Generator) -> Ints:
    """Visit [n] at which rescue is first taken, V for none, from ratings [n, V] without rescue.

    At each visit those who rate at least ``plan.at_least`` take it with ``plan.probability``, from
    then on for good; ratings of later visits are changed by it. ``worse_is``: 1 where a higher
    rating is worse, -1 where a lower one is (then at most ``at_least`` is what counts).
    """
    allowed = worse_is * ratings >= worse_is * plan.at_least
    takes = allowed & (rng.random(ratings.shape) < plan.probability)
    return np.asarray(np.where(takes.any(axis=1), takes.argmax(axis=1), ratings.shape[1]))


def shift_SD(plan: Rescue, rescue_at: Ints, visits: int) -> Floats:
    """[n, V] what rescue adds to ratings, in SD: 0 up to the visit at which it was first taken."""
    after = np.arange(visits)[None, :] > rescue_at[:, None]
    return np.asarray(plan.effect_SD * after)
