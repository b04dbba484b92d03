"""What the estimand really is: both treatments given to the same people.

A simulator can do what no trial can: enrol people by the design's own entry, then rate all of them
under the regimen of every arm, with the same level, the same days and the same noise (potential
outcomes; Rubin 1974, J Educ Psychol 66:688). The mean difference is what the trial tries to
estimate. It belongs to a population of the cohort, since what is uncertain about stimulation is
shared within one.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from vagus.patient.cohort import Cohort
from vagus.patient.observables import observable
from vagus.patient.switches import Switches
from vagus.trial.conduct import course_of
from vagus.trial.design import Design
from vagus.trial.estimand import RESCUE, STOPPING
from vagus.trial.people import enrol_patients, responds
from vagus.trial.primary import compared
from vagus.trial.screen import Enrolled
from vagus.trial.stage import Stage, prepare

Floats = NDArray[np.float64]

PEOPLE = 2000
"""People rated per population: leaves about 0.01 SD of chance where ratings are continuous, and
for counts and responses a tenth of what a trial of 240 has."""

UNDEFINED = ("while on treatment", "principal stratum")
"""Strategies for which a difference of means over everybody enrolled is not the estimand."""


def true_effect(
    design: Design, cohort: Cohort, seed: int, *, populations: Iterable[int] | None = None,
    switches: Switches | None = None, null: bool = False,
) -> dict[int, float]:  # fmt: skip
    """Active minus comparator at the last visit, by population of ``cohort`` (None: all).

    - Who stopped: as if they had gone on (hypothetical and treatment policy: the body goes on with
      the regimen), or no response (composite, responder analysis).
    - Who took rescue: as rated with it (treatment policy), without (hypothetical), or no response
      (composite, responder analysis).
    - Crossover: of the first period, which nothing is carried over to. Change within one arm: the
      mean change there, which is no effect of stimulation.

    nan for n-of-1 trials and for strategies that need more than means over everybody.
    """
    stage = prepare(design, cohort, switches or Switches(), null=null)
    found = {}
    for population in list(stage.parts) if populations is None else populations:
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(int(population), 1)))
        found[int(population)] = _effect(stage, int(population), rng)
    return found


def _effect(stage: Stage, population: int, rng: np.random.Generator) -> float:
    design, part = stage.design, stage.parts[population][0]
    strategies = design.estimand.strategies.values()
    matters = design.rescue is not None or design.drop_out.per_visit > 0
    composite = "composite" in strategies and design.analysis != "responder" and matters
    lost = any(s in UNDEFINED for s in strategies) and design.analysis != "change-within"
    if design.kind == "n-of-1" or composite or (lost and matters):
        return float("nan")
    people = enrol_patients(stage, part, PEOPLE, rng)
    active, comparator = compared(design)
    seed = int(rng.integers(2**63))
    treated = _mean_under(stage, part, people, active, seed)
    if design.analysis == "change-within":
        share = observable(design.endpoint).kind == "binary"
        return treated if share else treated - float(people.baseline.mean())
    return treated - _mean_under(stage, part, people, comparator, seed)


def _mean_under(stage: Stage, part: Cohort, people: Enrolled, arm: int, seed: int) -> float:
    """Mean at the time of the estimand, had everybody the regimen of ``arm``."""
    design, rng = stage.design, np.random.default_rng(seed)
    arms = np.full(people.who.size, arm)
    course = course_of(stage, part, people, arms, rng)
    strategy = design.estimand.strategies
    hypothetical = strategy.get(RESCUE) == "hypothetical"
    last = -1
    if design.kind == "crossover":
        last = int(np.flatnonzero(np.asarray(design.visits_d) <= design.period_d)[-1])
    value = (course.complete if hypothetical else course.taken)[:, last]
    if design.analysis != "responder":
        return float(value.mean())
    answer = responds(design, people.baseline, value)
    if strategy.get(STOPPING) == "composite":
        answer &= course.left_at == len(design.visits_d)
    if strategy.get(RESCUE) == "composite":
        answer &= course.rescue_at >= np.minimum(course.left_at, len(design.visits_d))
    return float(answer.mean())
