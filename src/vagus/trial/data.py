"""What a virtual trial leaves behind: ratings, who left and why, and what only a simulator knows.

R replicates of one design hold n patients each, in the order of randomisation, and V visits. Arrays
of patients are [R, n], of ratings [R, n, V]. ``values`` is what a trial would have in its data
base. ``complete`` and ``as_taken`` say what would have been rated had nobody left: no real trial
has them, and estimates are judged against them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.trial.design import Design
from vagus.trial.periods import treatments

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

STAYED, LACK_OF_EFFICACY, SIDE_EFFECTS, OTHER = range(4)
REASONS = ("completed", "lack of efficacy", "side effects", "withdrawn or lost")
"""Why a patient left; the index is what `TrialData.reason` holds, 0 for those who stayed."""

SAYS_SHAM, SAYS_ACTIVE, DOES_NOT_KNOW = range(3)
GUESSES = ("sham", "active", "does not know")
"""What a patient says was given; the index is what `TrialData.guess` holds."""


@dataclass(frozen=True, eq=False)
class TrialData:
    """R replicates of ``design`` with n patients and V visits.

    ``population`` [R]: population of the cohort that the replicate's patients are from.
    ``patient`` [R, n]: row of the cohort. ``arm`` [R, n]: index into ``design.arms``. ``stratum``
    [R, n]. ``sequence`` [R, n]: index into `vagus.trial.periods.sequences`, the arm but for n-of-1
    trials. ``baseline`` [R, n] and ``values`` [R, n, V]: ratings of the run-in and of the visits,
    in the endpoint's unit; nan after somebody left. ``complete`` [R, n, V]: had nobody left or
    taken rescue; ``as_taken`` [R, n, V]: had nobody left, rescue as taken. ``left_at`` [R, n]:
    first visit missed, V for those who stayed. ``reason`` [R, n]: index into `REASONS`.
    ``rescue_at`` [R, n]: visit at which rescue was first taken (ratings after it are changed), V
    for none. ``adherence`` [R, n]: share of the sessions done. ``guess`` [R, n]: index into
    `GUESSES`, at the last visit attended. ``screened`` [R]: assessed for entry. ``excluded``:
    reason -> [R], those assessed who were not randomised.
    """

    design: Design
    population: Ints
    patient: Ints
    arm: Ints
    stratum: Ints
    sequence: Ints
    baseline: Floats
    values: Floats
    complete: Floats
    as_taken: Floats
    left_at: Ints
    reason: Ints
    rescue_at: Ints
    adherence: Floats
    guess: Ints
    screened: Ints
    excluded: Mapping[str, Ints]

    def __len__(self) -> int:
        """Replicates R."""
        return len(self.population)

    @property
    def n(self) -> int:
        """Patients of one replicate, over all arms."""
        return int(self.arm.shape[1])

    @property
    def visits(self) -> int:
        """Visits V after the run-in."""
        return int(self.values.shape[2])

    @property
    def treatment(self) -> Ints:
        """[R, n, V] arm whose treatment is given at each visit: other than `arm` in crossovers."""
        return treatments(self.design, self.sequence)

    @property
    def change(self) -> Floats:
        """[R, n, V] ratings minus the run-in's; nan after somebody left."""
        return np.asarray(self.values - self.baseline[:, :, None])

    def replicate(self, index: int) -> TrialData:
        """One replicate, as data with R = 1; `InputError` where there is none of that number."""
        if not 0 <= index < len(self):
            raise InputError("replicate", index, f"0 to {len(self) - 1}")
        return self.chosen(np.array([index]))

    def chosen(self, index: Ints) -> TrialData:
        """Replicates by number [K], in the order given."""
        cut = {
            f.name: getattr(self, f.name)[index]
            for f in fields(self)
            if f.name not in ("design", "excluded")
        }
        return replace(self, **cut, excluded={k: v[index] for k, v in self.excluded.items()})
