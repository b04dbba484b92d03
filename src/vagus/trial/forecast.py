"""What a published trial would report, before it is known: virtual trials over what is uncertain.

For each of a few pools of plausible people: a cohort under the trial's own sessions, weights that
match the other calibration trials of the condition (`vagus.trial.targets`), and virtual trials of
the published size. Every virtual trial takes its patients from one population, so the spread of
what they report holds what is uncertain, the spread between trials, and the play of chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vagus.body.conditions import condition
from vagus.errors import InputError
from vagus.patient.calibrate import Calibration
from vagus.patient.cohort import Cohort
from vagus.patient.observables import observable
from vagus.trial.attack_forecast import SOURCES, attack_samples
from vagus.trial.calibrated import calibrated, cohort_of
from vagus.trial.conduct import conduct
from vagus.trial.data import TrialData
from vagus.trial.design import Design
from vagus.trial.primary import primary, response
from vagus.trial.published import AttackDesign, PublishedTrial
from vagus.trial.results import CONTRAST, POOLED
from vagus.trial.settings import scoring

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[str, int, int], None]
Samples = dict[tuple[str, str], Floats]


@dataclass(frozen=True)
class Size:
    """How much is simulated: ``pools`` of ``populations`` x ``patients``, trials of each pool."""

    pools: int
    populations: int
    patients: int
    replicates: int

    @staticmethod
    def usual() -> Size:
        """As ``data/trial/scoring.csv`` says."""
        return Size(*(int(scoring(s)) for s in ("pools", "populations", "patients", "replicates")))

    def people(self, condition_key: str) -> tuple[int, int]:
        """Populations and patients in each.

        Where disease activity is simulated, bodies differ between patients, and a population of few
        would differ from others by chance: there are half as many populations, of more patients.
        """
        if "das_0" not in condition(condition_key).parameters:
            return self.populations, self.patients
        factor = int(scoring("patients_with_disease_activity"))
        return max(self.populations // 2, 2), self.patients * factor


@dataclass(frozen=True, eq=False)
class Forecast:
    """S virtual trials of ``trial``.

    ``samples``: (arm, quantity of `vagus.trial.results`) -> [S] what the trial would report; the
    arm may be `contrast` (first arm minus second) or `pooled` (both together). ``patient_sd``: arm
    -> [S] SD of change between patients. ``p`` [S], two-sided, of the primary comparison (NaN:
    none); ``favours`` [S]: the estimate speaks for stimulation; ``met`` [S]: both significant and
    in favour. ``left_out``: trials kept out of calibration; ``calibrated_on``: those used, with
    ``effective``: effective number of patients per pool; ``missed``: targets that weights don't
    reach within two tolerances.
    """

    trial: PublishedTrial
    samples: Mapping[tuple[str, str], Floats]
    patient_sd: Mapping[str, Floats]
    p: Floats
    favours: Bools
    met: Bools
    seed: int
    settings: Mapping[str, int]
    left_out: tuple[str, ...] = ()
    calibrated_on: tuple[str, ...] = ()
    effective: tuple[float, ...] = ()
    missed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def forecast(
    trial: PublishedTrial, *, seed: int = 0, size: Size | None = None,
    without: frozenset[str] = frozenset(), folder: Path | None = None,
    progress: Progress | None = None, workers: int | None = None,
) -> Forecast:  # fmt: skip
    """Simulate ``trial``, calibrated on all other calibration trials of its condition.

    The trial itself never calibrates its own forecast, nor do those named in ``without``. Cohorts
    are kept in ``folder``. ``progress(what, done, all)``. Raises the errors of `vagus.errors`.
    """
    asked = size or Size.usual()
    left_out = without | {trial.key}
    tell = progress or (lambda what, done, total: None)
    if isinstance(trial.design, AttackDesign):
        return _attacks(trial, trial.design, seed, asked, left_out)
    parts: list[_Reported] = []
    weights: list[Calibration] = []
    notes: list[str] = []
    of = asked.people(trial.design.condition)
    for pool in range(asked.pools):
        own = cohort_of(trial, seed + pool, *of, folder=folder, progress=progress, workers=workers)
        cohort, calibration = calibrated(
            own, *of, without=left_out, folder=folder, progress=progress, workers=workers
        )
        weights.append(calibration)
        notes += [f"pool {pool}: {note}" for note in cohort.notes]
        parts.append(_reported(trial.design, cohort, asked.replicates, seed + pool, workers))
        tell(f"{trial.key}, trials", pool + 1, asked.pools)
    return _joined(trial, parts, weights, seed, asked, left_out, notes)


@dataclass(frozen=True, eq=False)
class _Reported:
    """What the virtual trials of one pool report."""

    samples: Samples
    patient_sd: dict[str, Floats]
    p: Floats
    favours: Bools
    met: Bools


def _reported(
    design: Design, cohort: Cohort, replicates: int, seed: int, workers: int | None
) -> _Reported:
    data = conduct(design, cohort, replicates, seed)
    if design.comparator() < 0 and observable(design.endpoint).kind == "binary":
        # A share in one arm has nothing to be tested against.
        none = np.zeros(replicates, dtype=bool)
        return _Reported(*summaries(data), np.full(replicates, np.nan), none, none)
    test = primary(data, workers=workers)
    samples, patient_sd = summaries(data)
    if design.comparator() >= 0:
        samples[CONTRAST, "difference"] = test.estimate
    return _Reported(samples, patient_sd, test.p, test.better, test.shows_benefit(design))


def summaries(data: TrialData) -> tuple[Samples, dict[str, Floats]]:
    """(arm, quantity) -> [R] of arms, and arm -> [R] SD of change between patients.

    Means over those seen at the last visit; who left is no responder. An endpoint that is yes or no
    has shares only. The difference between arms is that of the design's own analysis.
    """
    design, change = data.design, data.change[..., -1]
    samples: Samples = {}
    patient_sd: dict[str, Floats] = {}
    if design.kind == "crossover":
        return samples, patient_sd
    answer = np.nan_to_num(response(data), nan=0.0)
    binary = observable(design.endpoint).kind == "binary"
    for index, arm in enumerate(design.arms):
        rows = data.arm == index
        samples[arm.name, "responder_share"] = (answer * rows).sum(axis=1) / rows.sum(axis=1)
        if not binary:
            own = np.where(rows, change, np.nan)
            samples[arm.name, "change_mean"] = np.nanmean(own, axis=1)
            samples[arm.name, "change_median"] = np.nanmedian(own, axis=1)
            patient_sd[arm.name] = np.nanstd(own, axis=1, ddof=1)
    if not binary:
        samples[POOLED, "change_mean"] = np.nanmean(change, axis=1)
    return samples, patient_sd


def _joined(
    trial: PublishedTrial, parts: list[_Reported], weights: list[Calibration], seed: int,
    size: Size, left_out: frozenset[str], notes: list[str],
) -> Forecast:  # fmt: skip
    first = parts[0]
    return Forecast(
        trial,
        {k: np.concatenate([p.samples[k] for p in parts]) for k in first.samples},
        {k: np.concatenate([p.patient_sd[k] for p in parts]) for k in first.patient_sd},
        np.concatenate([p.p for p in parts]),
        np.concatenate([p.favours for p in parts]),
        np.concatenate([p.met for p in parts]),
        seed, vars(size), tuple(sorted(left_out)),
        tuple(dict.fromkeys(t.trial for t in weights[0].targets)),
        tuple(w.effective for w in weights),
        tuple(dict.fromkeys(name for w in weights for name in w.missed())), tuple(notes),
    )  # fmt: skip


def _attacks(
    trial: PublishedTrial, design: AttackDesign, seed: int, size: Size, left_out: frozenset[str]
) -> Forecast:
    needed = left_out & set(SOURCES)
    if needed:
        raise InputError(
            "left out", ", ".join(sorted(needed)), "trials that attacks are not modelled from",
            f"Shares and effect of attacks come from {' and '.join(SOURCES)}.",
        )  # fmt: skip
    found = attack_samples(design, size.pools * size.replicates, seed)
    return Forecast(
        trial,
        found.samples,
        {},
        found.p,
        found.favours,
        (found.p < design.alpha) & found.favours,
        seed,
        vars(size),
        tuple(sorted(left_out)),
        found.calibrated_on,
        notes=found.notes,
    )
