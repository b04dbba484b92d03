"""The same cohort with another size of effect: stimulation scaled, missed, or doing nothing.

A course of a stimulated regimen is what comes without stimulation, plus the effect:

.. math:: y_f(t) = y_0(t) + f\\,[y_1(t) - y_0(t)]

Scaled between bodies that were both simulated, so linear in f only: f = 0 and f = 1 are exact, what
lies between assumes that the effect is proportional to what is done.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from vagus.data import read_table
from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.regimen import Regimen
from vagus.trial.design import Design, Role

Floats = NDArray[np.float64]
COMPARATORS: tuple[Role, ...] = ("sham", "control", "untreated")


def setting(symbol: str) -> float:
    """A value of ``data/trial/conduct.csv``."""
    rows = read_table("trial/conduct.csv")
    return next(float(row["value"]) for row in rows if row["symbol"] == symbol)


def unstimulated(regimen: Regimen, among: Iterable[Regimen]) -> Regimen | None:
    """The first regimen without stimulation that is known and accompanied as ``regimen`` is."""
    for other in among:
        same = other.knows == regimen.knows and other.background == regimen.background
        if same and not other.stimulated_d:
            return other
    return None


def with_effect(cohort: Cohort, factor: float | Floats) -> Cohort:
    """``cohort`` with the effect of stimulation times ``factor``, one number or one per row [n].

    Held against the regimen of the cohort that is known and accompanied in the same way and never
    stimulated; `InputError` where there is none.
    """
    share = np.broadcast_to(np.asarray(factor, dtype=np.float64), (len(cohort),))
    if np.all(share == 1):
        return cohort
    courses = dict(cohort.courses)
    for regimen in cohort.regimens:
        if regimen.stimulated_d:
            still = cohort.courses[_reference(cohort, regimen).name]
            courses[regimen.name] = {
                q: still[q] + share[:, None] * (moved - still[q])
                for q, moved in cohort.courses[regimen.name].items()
            }
    return replace(cohort, courses=courses)


def without_difference(cohort: Cohort, design: Design) -> Cohort:
    """``cohort`` in which every arm has the courses of the comparator: the null hypothesis.

    The comparator is the sham arm, else control, else untreated. Without one, and in crossover and
    n-of-1 trials, whose arms hold both treatments, it is the first regimen of the cohort that is
    never stimulated; `InputError` where there is none.
    """
    k = design.comparator()
    if k >= 0 and design.kind in ("parallel", "enriched-withdrawal"):
        same = design.arms[k].regimen.name
    else:
        same = _never_stimulated(cohort)
    return replace(cohort, courses={r.name: cohort.courses[same] for r in cohort.regimens})


def share_done(cohort: Cohort, mean: float) -> Floats:
    """[n] share of the sessions that each patient of the cohort does, beta with ``mean``.

    A trait of the patient: the same in every trial that draws them. 1 for all where ``mean`` is 1.
    """
    if mean == 1:
        return np.ones(len(cohort))
    total = setting("adherence_concentration")
    rng = np.random.default_rng(np.random.SeedSequence((cohort.seed, *b"adherence")))
    return np.asarray(beta.ppf(rng.random(len(cohort)), mean * total, (1 - mean) * total))


def _never_stimulated(cohort: Cohort) -> str:
    for regimen in cohort.regimens:
        if not regimen.stimulated_d:
            return regimen.name
    fix = "Add a regimen without stimulation to the cohort (see `regimens_needed`)."
    raise InputError("null", "no such regimen", "a regimen that is never stimulated", fix)


def _reference(cohort: Cohort, regimen: Regimen) -> Regimen:
    found = unstimulated(regimen, cohort.regimens)
    if found is None:
        names = ", ".join(r.name for r in cohort.regimens)
        allowed = f"also one like `{regimen.name}` (known, accompanied) without stimulation"
        fix = "Add it to the cohort (see `regimens_needed`)."
        raise InputError("cohort.regimens", names, allowed, fix)
    return found
