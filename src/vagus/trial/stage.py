"""What all replicates of a trial share: patients by population, courses, windows of ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.observables import observable, primary_outcome
from vagus.patient.switches import Switches
from vagus.trial.design import Design
from vagus.trial.effect import share_done, with_effect, without_difference
from vagus.trial.periods import regimens_needed, sequences, windows_d

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Stage:
    """What all replicates of a trial share.

    ``parts``: population -> its patients as a cohort of their own, and their rows; ``chance`` [B]:
    of each population; ``done`` [n]: share of sessions done by row; ``windows`` [W, 2]: run-in, end
    of the lead-in where there is one, visits; ``sequence`` [S]: regimen of the cohort that each
    sequence of the design is.
    """

    design: Design
    parts: Mapping[int, tuple[Cohort, Ints]]
    chance: Floats
    done: Floats
    windows: Floats
    sequence: Ints
    switches: Switches

    @property
    def before(self) -> int:
        """Ratings before randomisation: the run-in, and the end of a lead-in."""
        return len(self.windows) - len(self.design.visits_d)

    @property
    def rating(self) -> str:
        """The observable that is judged for entry: the condition's outcome."""
        return primary_outcome(self.design.condition)

    @property
    def together(self) -> bool:
        """Whether ratings before and after randomisation have to be computed in one go.

        They share what stays with a patient, but for the condition's outcome, whose patients differ
        by their deviations alone, and for counts.
        """
        key = self.design.endpoint
        return observable(key).kind != "count" and key != self.rating


def prepare(design: Design, cohort: Cohort, switches: Switches, *, null: bool = False) -> Stage:
    """Check that ``cohort`` can play ``design``, and set courses to null or missed sessions."""
    _check(design, cohort)
    done = share_done(cohort, design.adherence)
    played = without_difference(cohort, design) if null else with_effect(cohort, done)
    parts = {int(p): _part(played, int(p)) for p in cohort.populations}
    chance = np.array([cohort.weight[rows].sum() for _, rows in parts.values()])
    index = np.array([cohort.regimen(r.name) for r in sequences(design)])
    return Stage(design, parts, chance / chance.sum(), done, windows_d(design), index, switches)


def _part(cohort: Cohort, population: int) -> tuple[Cohort, Ints]:
    rows = cohort.members(population)
    weight = cohort.weight[rows]
    courses = {
        name: {q: values[rows] for q, values in course.items()}
        for name, course in cohort.courses.items()
    }
    traits = {name: values[rows] for name, values in cohort.traits.items()}
    part = replace(
        cohort, population=cohort.population[rows], weight=weight / weight.sum(), courses=courses,
        traits=traits,
    )  # fmt: skip
    return part, rows


def _check(design: Design, cohort: Cohort) -> None:
    if cohort.condition.key != design.condition:
        raise InputError("cohort", cohort.condition.key, f"a cohort with `{design.condition}`")
    if cohort.time_d[-1] < design.horizon_d():
        fix = "Build the cohort with the design's `horizon_d()`."
        allowed = f"{design.horizon_d():g} days or more"
        raise InputError("cohort.time_d", f"{cohort.time_d[-1]:g} days", allowed, fix)
    held = {r.name: r for r in cohort.regimens}
    for regimen in sequences(design):
        if held.get(regimen.name) != regimen:
            names = ", ".join(r.name for r in regimens_needed(design))
            fix = f"Build the cohort with `regimens_needed(design)`: {names}."
            allowed = f"also `{regimen.name}`, as the design has it"
            raise InputError("cohort.regimens", ", ".join(held), allowed, fix)
