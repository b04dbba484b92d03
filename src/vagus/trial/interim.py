"""A group-sequential trial looked at as its plan says, in all replicates.

At a look with share t of the information the first t n patients in the order of randomisation are
analysed, all with complete follow-up, by the primary analysis. Its p value as a normal deviate is
held against the boundaries. A look at which an arm has no patients yet has no statistic, and the
trial goes on. Patients enrolled while the last ones are followed up are not counted:
a trial that recruits faster than it learns saves less than is said here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.trial.analysis.sequential_test import DECISIONS, sequential_test
from vagus.trial.data import TrialData
from vagus.trial.primary import Primary, primary
from vagus.trial.sequential import boundaries

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Interim:
    """K looks at R replicates.

    ``patients`` [K] analysed at each look; ``z`` [R, K], nan where a look has no statistic;
    ``look`` [R]: where it stopped, from 0; ``benefit``, ``harm``, ``futility`` [R]: why it stopped
    there (none of them: at the end, nothing shown). ``last``: the primary analysis of all patients.
    """

    patients: Ints
    z: Floats
    look: Ints
    benefit: Bools
    harm: Bools
    futility: Bools
    last: Primary


def looks(
    data: TrialData, *, workers: int | None = None, progress: Progress | None = None
) -> Interim:
    """Look at every replicate. Raises `InputError` for a design without looks."""
    design = data.design
    plan = design.looks
    if plan is None:
        raise InputError("looks", "none", "a plan of looks", "Add `looks` to the design.")
    bounds = boundaries(
        plan.information, plan.efficacy, design.alpha, design.sides, plan.futility_z
    )
    patients = np.ceil(np.asarray(plan.information) * data.n - 1e-9).astype(np.int64)
    found = []
    for k, m in enumerate(patients):
        inner = None if progress is None else _stretched(progress, k, len(patients), len(data))
        found.append(primary(first_patients(data, int(m)), workers=workers, progress=inner))
    z = np.stack([f.z for f in found], axis=1)
    result = sequential_test(
        z, plan.information, bounds.efficacy_z, bounds.futility_z, sides=design.sides
    )
    look = np.asarray(result.look) - 1
    won = result.decision == DECISIONS.index("efficacy")
    positive = np.asarray(result.z) > 0
    futile = result.decision == DECISIONS.index("futility")
    return Interim(patients, z, look, won & positive, won & ~positive, futile, found[-1])


def first_patients(data: TrialData, m: int) -> TrialData:
    """The first ``m`` patients of every replicate, in the order of randomisation."""
    cut = {
        f.name: getattr(data, f.name)[:, :m]
        for f in fields(data)
        if f.name not in ("design", "excluded", "population", "screened")
    }
    return replace(data, **cut)


def _stretched(progress: Progress, k: int, looks: int, each: int) -> Progress:
    return lambda done, total: progress(k * each + done, looks * each)
