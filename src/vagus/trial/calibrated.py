"""A trial's patients, weighted to match the calibration trials of their condition."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vagus.patient.build import build_cohort
from vagus.patient.calibrate import Calibration, Target, calibrate
from vagus.patient.cohort import Cohort
from vagus.trial.delivery import CUFF
from vagus.trial.design import Design
from vagus.trial.periods import regimens_needed
from vagus.trial.published import PublishedTrial
from vagus.trial.targets import calibrating, targets_of

Progress = Callable[[str, int, int], None]


def calibrated(
    own: Cohort, populations: int, patients: int, *, without: frozenset[str] = frozenset(),
    folder: Path | None = None, progress: Progress | None = None, workers: int | None = None,
) -> tuple[Cohort, Calibration]:  # fmt: skip
    """``own`` with weights that match the calibration trials of its condition, and how well.

    The same people (``populations`` x ``patients`` of its seed) are simulated under the sessions of
    each of those trials, except those named in ``without``. Where there is none, weights stay.
    """
    given: list[tuple[Cohort, tuple[Target, ...]]] = [(own, ())]
    for trial in calibrating(own.condition.key, without):
        people = cohort_of(
            trial, own.seed, populations, patients, folder=folder, progress=progress,
            workers=workers,
        )  # fmt: skip
        given.append((people, targets_of(trial)))
    found = calibrate(given, own.seed)
    return own.reweighted(found.weight), found


def cohort_of(
    trial: PublishedTrial, seed: int, populations: int, patients: int, *,
    folder: Path | None = None, progress: Progress | None = None, workers: int | None = None,
) -> Cohort:  # fmt: skip
    """Plausible people under the arms of ``trial``; the same people for the same seed and size.

    With the usual number of follow-up visits: how many there were is mostly assumed.
    """
    design, delivery = trial.design, trial.delivery
    assert isinstance(design, Design)
    schedule = delivery.schedule(design.horizon_d())
    told = None if progress is None else _named(progress, f"people of {trial.key}")
    return build_cohort(
        design.condition, lambda n, s: delivery.drive(schedule, n, s), schedule,
        regimens_needed(design), design.horizon_d(), populations=populations, patients=patients,
        seed=seed,
        device="implant" if delivery.prior == CUFF else "skin", folder=folder, progress=told,
        workers=workers,
    )  # fmt: skip


def _named(tell: Progress, what: str) -> Callable[[int, int], None]:
    return lambda done, total: tell(what, done, total)
