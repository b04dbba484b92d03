"""Who gets what at which visit, over which days ratings run, which courses a design needs.

In a parallel trial the arm says it all. In a crossover an arm is a sequence of two periods. In an
n-of-1 trial one patient has both treatments once in every pair of periods, in an order that is
drawn; each order is a course of its own, so that what a period leaves behind reaches the next one.
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from vagus.patient.regimen import Regimen
from vagus.trial.design import Design
from vagus.trial.effect import COMPARATORS, unstimulated

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def regimens_needed(design: Design) -> tuple[Regimen, ...]:
    """Regimens that a cohort has to hold for ``design``.

    Those of the arms; for n-of-1 one per order of treatments; and for each way of knowing and
    accompanying, one without stimulation: the null hypothesis and missed sessions need it.
    """
    if design.kind == "n-of-1":
        found = [_ordered(design, order) for order in orders(design)]
    else:
        found = list(dict.fromkeys(arm.regimen for arm in design.arms))
    for regimen in tuple(found):
        if regimen.stimulated_d and unstimulated(regimen, found) is None:
            words = "no stimulation" if regimen.knows == "blinded" else "no stimulation, open"
            name = f"{words}, {regimen.background}" if regimen.background else words
            found.append(Regimen(name, (), regimen.knows, regimen.background))
    return tuple(found)


def sequences(design: Design) -> tuple[Regimen, ...]:
    """What patients are randomised to: regimens by arm, for n-of-1 by order of `orders`."""
    if design.kind == "n-of-1":
        return tuple(_ordered(design, order) for order in orders(design))
    return tuple(arm.regimen for arm in design.arms)


def orders(design: Design) -> Ints:
    """[S, V] orders of an n-of-1 trial: arm by period, each arm once in every pair."""
    pairs = len(design.visits_d) // 2
    firsts = np.array(list(product((0, 1), repeat=pairs)), dtype=np.int64)
    return np.stack([firsts, 1 - firsts], axis=2).reshape(len(firsts), -1)


def treatments(design: Design, sequence: Ints) -> Ints:
    """[..., V] arm whose treatment is given at each visit, from the `sequences` drawn [...]."""
    visits = np.asarray(design.visits_d)
    if design.kind == "n-of-1":
        return np.asarray(orders(design)[sequence])
    own = np.broadcast_to(sequence[..., None], (*sequence.shape, len(visits)))
    if design.kind == "crossover":
        return np.where(visits > design.period_d, 1 - own, own)
    return np.array(own)


def windows_d(design: Design) -> Floats:
    """[W, 2] days [start, end) of ratings: run-in, end of the lead-in if there is one, visits.

    A window does not reach back beyond its period or the lead-in's start.
    """
    ends = np.asarray(design.visits_d)
    first = [(-design.run_in_d, 0.0)]
    if design.lead_in_d > 0:
        first.append((max(design.lead_in_d - design.recall_d, 0.0), design.lead_in_d))
    starts = np.maximum(ends - design.recall_d, _period_starts(design))
    return np.concatenate([first, np.stack([starts, ends], axis=1)])


def _period_starts(design: Design) -> Floats:
    ends = np.asarray(design.visits_d)
    if design.kind == "crossover":
        return np.where(ends > design.period_d, design.period_d + design.washout_d, 0.0)
    if design.kind == "n-of-1":
        return np.array([start for start, _ in _periods(design)])
    return np.full(len(ends), design.lead_in_d)


def _periods(design: Design) -> list[tuple[float, float]]:
    """Spans of treatment of an n-of-1 trial: up to each visit, after washout of the one before."""
    ends = design.visits_d
    starts = [0.0, *(end + design.washout_d for end in ends[:-1])]
    if design.period_d > 0:
        starts = [max(s, e - design.period_d) for s, e in zip(starts, ends, strict=True)]
    return list(zip(starts, ends, strict=True))


def _ordered(design: Design, order: Ints) -> Regimen:
    """Regimen of one order: stimulated in the periods of the arms that stimulate.

    What patients know, and what they have besides, does not change with the period: see `Design`.
    """
    arms = [design.arms[int(a)] for a in order]
    spans = [
        span
        for span, arm in zip(_periods(design), arms, strict=True)
        if arm.regimen.stimulated_d and arm.role not in COMPARATORS
    ]
    letters = "".join("AB"[int(a)] for a in order)
    given = arms[0].regimen
    return Regimen(f"order {letters}", tuple(spans), given.knows, given.background)
