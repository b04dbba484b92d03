"""A virtual trial from the first person assessed to the last visit, many times over.

Each replicate picks a population of the cohort with the probability of its weight, screens and
enrols (`vagus.trial.screen`), randomises (`vagus.trial.randomisation`), and rates at every visit
what the body of each patient does under the regimen of the arm. Then patients take rescue
(`vagus.trial.rescue`) and leave (`vagus.trial.dropout`); nothing is imputed. A replicate's numbers
come from a generator of its own, keyed by the seed and the replicate's number: they are the same
whatever the number of replicates, and in whatever order they are run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.observables import observable, window_means
from vagus.patient.switches import Switches
from vagus.trial.blinding import guesses
from vagus.trial.data import TrialData
from vagus.trial.design import Design
from vagus.trial.dropout import leave
from vagus.trial.people import enrol_patients, rated
from vagus.trial.periods import sequences
from vagus.trial.randomisation import randomise
from vagus.trial.rescue import shift_SD, take_rescue
from vagus.trial.screen import EXCLUSIONS, Enrolled
from vagus.trial.stage import Stage, prepare

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Progress = Callable[[int, int], None]


def conduct(
    design: Design, cohort: Cohort, replicates: int, seed: int, *,
    switches: Switches | None = None, progress: Progress | None = None, null: bool = False,
) -> TrialData:  # fmt: skip
    """Conduct ``design`` ``replicates`` times with patients of ``cohort``.

    ``null``: every arm has the courses of the comparator, so that nothing differs but by chance.
    ``switches``: what acts on ratings. ``progress``: called with (done, all). Raises `InputError`
    for a cohort of another condition, too short, or without a regimen of the design, and where
    (nearly) nobody is admitted.
    """
    if replicates < 1:
        raise InputError("replicates", replicates, "1 or more")
    stage = prepare(design, cohort, switches or Switches(), null=null)
    kept = []
    for r in range(replicates):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(r,)))
        kept.append(_replicate(stage, rng))
        if progress is not None:
            progress(r + 1, replicates)
    arrays = {name: np.stack([k[name] for k in kept]) for name in kept[0]}
    excluded = arrays.pop("excluded")
    reasons = {name: excluded[:, i] for i, name in enumerate(EXCLUSIONS)}
    return TrialData(design, excluded=reasons, **arrays)


@dataclass(frozen=True, eq=False)
class Course:
    """What happens to n patients after randomisation: the fields of `TrialData` of that name.

    ``taken``: as `TrialData.as_taken`; ``felt`` [n, V]: of stimulation, 0 to 1. ``rescue_at`` may
    lie after ``left_at``: had they stayed.
    """

    complete: Floats
    taken: Floats
    left_at: Ints
    reason: Ints
    rescue_at: Ints
    felt: Floats


def course_of(
    stage: Stage, part: Cohort, people: Enrolled, sequence: Ints, rng: np.random.Generator
) -> Course:
    """Rate ``people`` at every visit under the ``sequence`` [n] each has; rescue; who leaves."""
    regimen = stage.sequence[sequence]
    complete, taken, rescue_at = _follow(stage, part, people, regimen, rng)
    worse, felt = _felt(stage, part, people, regimen, rescue_at)
    left_at, reason = leave(stage.design.drop_out, worse, felt, rng)
    return Course(complete, taken, left_at, reason, rescue_at, felt)


def _replicate(stage: Stage, rng: np.random.Generator) -> dict[str, NDArray[Any]]:
    """Arrays of `TrialData`, without the axis of replicates."""
    design = stage.design
    population = list(stage.parts)[int(rng.choice(len(stage.parts), p=stage.chance))]
    part, rows = stage.parts[population]
    people = enrol_patients(stage, part, design.patients(), rng)
    sequence, arm, stratum = _allocate(design, people.baseline, rng)
    c = course_of(stage, part, people, sequence, rng)
    visits = c.taken.shape[1]
    stays = np.arange(visits) < c.left_at[:, None]
    return {
        "population": np.array(population), "patient": rows[people.who], "arm": arm,
        "stratum": stratum, "sequence": sequence, "baseline": people.baseline,
        "values": np.where(stays, c.taken, np.nan), "complete": c.complete, "as_taken": c.taken,
        "left_at": c.left_at, "reason": c.reason,
        "rescue_at": np.where(c.rescue_at < c.left_at, c.rescue_at, visits),
        "adherence": stage.done[rows[people.who]],
        "guess": guesses(design, arm, c.felt, c.left_at, rng),
        "screened": np.array(people.screened), "excluded": people.excluded,
    }  # fmt: skip


def _follow(
    stage: Stage, part: Cohort, people: Enrolled, regimen: Ints, rng: np.random.Generator
) -> tuple[Floats, Floats, Ints]:
    """Ratings [n, V] without rescue, with it, and the visit [n] at which it was first taken."""
    complete = rated(stage, part, people, regimen, rng)
    n, visits = complete.shape
    plan = stage.design.rescue
    if plan is None:
        return complete, complete, np.full(n, visits)
    worse_is = 1 if observable(stage.design.endpoint).better == "lower" else -1
    at = take_rescue(plan, complete, worse_is, rng)
    shift = shift_SD(plan, at, visits)
    again = rated(stage, part, people, regimen, rng, shift)
    return complete, np.where(shift != 0, again, complete), at


def _felt(
    stage: Stage, part: Cohort, people: Enrolled, regimen: Ints, rescue_at: Ints
) -> tuple[Floats, Floats]:
    """[n, V] pain [SD] worse than at entry, and what is felt of stimulation, at each visit."""
    windows = stage.windows[stage.before - 1 :]
    pain = window_means(part, "pain", people.who, regimen, windows)
    felt = window_means(part, "sensation", people.who, regimen, windows[1:])
    state = people.latent[:, stage.before - 1 :] + pain
    worse = state[:, 1:] - state[:, :1]
    if stage.design.rescue is not None:
        worse = worse + shift_SD(stage.design.rescue, rescue_at, worse.shape[1])
    return worse, felt


def _allocate(
    design: Design, baseline: Floats, rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Sequence, arm and stratum [n]; one patient of an n-of-1 trial draws an order of periods."""
    if design.kind == "n-of-1":
        sequence = rng.integers(len(sequences(design)), size=1)
        return sequence, np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    arm, stratum = randomise(design, baseline, rng)
    return arm, arm, stratum
