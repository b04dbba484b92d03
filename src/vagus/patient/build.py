"""Build a cohort: draw patients at two levels, integrate their bodies, add what is not the body's.

A seed draws the same patients under every regimen and schedule. Each regimen sets the drive (zero
for sham), the expectation of those who know what they get, and what is given besides.

Heart-rate variability: the body carries the mean heart, no beats. In the beat-by-beat model of
`vagus.body.beats` respiration moves the heart period by the same amount whatever its mean, so the
period alone changes RMSSD: with x = pi RR / T_resp, an integral pulse frequency modulator gives
successive differences in proportion to sin^2(x) / x (mean over one beat, difference of two).
`rmssd_factor` is that over its value at day 0; it is read between sessions, so that what a session
does to the vagus while it lasts is not in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import compile_model
from vagus.body.conditions import Condition, condition
from vagus.body.draws import Draws
from vagus.body.drive import Drive
from vagus.body.full import full_body
from vagus.body.organs.heart_beats import q as beats
from vagus.body.simulate import DRIVE
from vagus.errors import ConvergenceError, InputError
from vagus.patient.background import check_background, relief
from vagus.patient.cohort import Cohort
from vagus.patient.courses import Days, Plan, integrate_days, key_of, plan
from vagus.patient.regimen import Regimen
from vagus.patient.response import Device, Response, drawn, responses, unblinding, with_response
from vagus.patient.sharing import Crowd, draw_crowd, shared_drive
from vagus.patient.switches import Switches
from vagus.protocol.schedule import Schedule

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

TRAITS = (
    "tau_level", "icc_day", "phi_day", "sd_within", "das_0", "placebo_change", "share_expect",
    "u_A", "u_C", "u_B", "u_S", "u_E",
)  # fmt: skip
"""Parameters of a patient that models of ratings, or reports, read."""
MOST_FAILED = 0.05
"""Share of patients that may be given up: beyond it, who is left is no sample of the priors."""


@dataclass(frozen=True, eq=False)
class _People:
    """Patients before any regimen: ``draws`` of the body with the drive of the device."""

    treated: Condition
    crowd: Crowd
    draws: Draws
    response: Response
    switches: Switches

    def under(self, regimen: Regimen) -> Draws:
        """The body's parameters under one regimen."""
        set_ = with_response(self.draws, self.response, regimen.knows, self.switches)
        return set_ if regimen.stimulated_d else set_.having(**dict.fromkeys(DRIVE, 0.0))


def build_cohort(
    condition_key: str,
    drive_of: Callable[[int, int], Drive],
    schedule: Schedule,
    regimens: tuple[Regimen, ...],
    horizon_d: float,
    *,
    populations: int = 40,
    patients: int = 50,
    seed: int = 0,
    switches: Switches | None = None,
    visits: int | None = None,
    device: Device = "skin",
    parameters: Mapping[str, float] | None = None,
    folder: Path | None = None,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Cohort:
    """``populations`` x ``patients`` people and their days up to ``horizon_d`` under each regimen.

    ``drive_of(n, seed)``: n draws of the drive while ``schedule`` (from randomisation on) is on.
    ``visits``: follow-up visits (None: the usual number) and ``device``: class of what patients
    see, both of which change expectation (`vagus.patient.response`). ``parameters``: parameters or
    links of the body that are set in everybody. With ``folder`` the cohort is kept there by its
    key, and a run that was interrupted goes on. ``progress(done, all)`` counts patients times
    regimens. Patients that cannot be integrated are left out, with a note.

    Raises `InputError` for values that cannot be used, and `ConvergenceError` where more than 5 %
    of the patients could not be integrated.
    """
    days = _days(horizon_d)
    for regimen in regimens:
        check_background(regimen.background)
    people = _people(
        condition(condition_key), drive_of, Crowd(populations, patients, seed),
        switches or Switches(), visits, device, parameters or {},
    )  # fmt: skip
    p = plan(compile_model(full_body()), schedule, regimens, days, folder, workers)
    key = _key(p, people, regimens)
    kept = None if folder is None else folder / f"cohort-{key}.npz"
    if kept is not None and kept.is_file():
        return Cohort.load(kept)
    found = _integrated(p, people, regimens, progress or (lambda done, total: None))
    cohort = _cohort(p, people, regimens, found, key)
    if kept is not None:
        cohort.save(kept)
    return cohort


def _people(
    treated: Condition, drive_of: Callable[[int, int], Drive], crowd: Crowd, switches: Switches,
    visits: int | None, device: Device, parameters: Mapping[str, float],
) -> _People:  # fmt: skip
    drive = shared_drive(drive_of(len(crowd), crowd.seed), crowd)
    draws = drive.apply(draw_crowd(full_body(), treated, crowd))
    # Courses of DAS28 under placebo differ between trials, not only between patients.
    draws = draws.having(plb_DAS=draws["plb_DAS"] * drawn("plb_trial", crowd)).having(**parameters)
    response = responses(draws, treated, crowd, switches, device, visits)
    return _People(treated, crowd, draws, response, switches)


def _integrated(
    p: Plan, people: _People, regimens: tuple[Regimen, ...], progress: Progress
) -> dict[str, Days]:
    """Name of each regimen -> days; regimens that the body cannot tell apart are one run."""
    n = len(people.crowd)
    keys = {r.name: key_of(p, people.under(r), p.segments(r)) for r in regimens}
    total, done = n * len(set(keys.values())), 0

    def tell(patients: int) -> None:
        nonlocal done
        done += patients
        progress(done, total)

    runs: dict[str, Days] = {}
    for regimen in regimens:
        if keys[regimen.name] not in runs:
            inputs = p.segments(regimen)
            runs[keys[regimen.name]] = integrate_days(p, people.under(regimen), inputs, tell)
    return {name: runs[key] for name, key in keys.items()}


def _cohort(
    p: Plan, people: _People, regimens: tuple[Regimen, ...], found: Mapping[str, Days], key: str
) -> Cohort:
    """Courses of those who could be integrated under every regimen."""
    n = len(people.crowd)
    failed = {i: why for days in found.values() for i, why in days.failures.items()}
    if len(failed) > MOST_FAILED * n:
        raise ConvergenceError(
            f"{len(failed)} of {n} patients could not be integrated (first: "
            f"{next(iter(failed.values()))}). Check the parameters that were set."
        )
    rows = np.setdiff1d(np.arange(n), list(failed))
    courses = {
        r.name: {q: v[rows] for q, v in _quantities(p, people, r, found[r.name]).items()}
        for r in regimens
    }
    traits = {s: people.draws[s] for s in TRAITS} | {
        "expectation": people.response.expectation,
        "course": people.response.course,
        "regression": people.response.regression,
    }
    notes = tuple(f"patient {i} was left out: {why}" for i, why in sorted(failed.items()))
    return Cohort(
        people.treated, regimens, np.arange(p.days + 1.0), people.crowd.population[rows],
        np.full(len(rows), 1 / len(rows)), courses, {s: v[rows] for s, v in traits.items()},
        people.crowd.seed, key, notes,
    )  # fmt: skip


def _quantities(p: Plan, people: _People, regimen: Regimen, days: Days) -> dict[str, Floats]:
    """Courses [n, T] of one regimen: the body's, and what is added outside of it."""
    pain = np.diff(days["pain_area"], axis=1, prepend=0.0)
    pain = pain - relief(regimen.background, people.crowd, p.days)
    stimulated = p.stimulated(regimen)
    felt = people.draws["sensation"]
    s = people.switches
    if s.unblinding and s.expectation and regimen.knows == "blinded":
        pain = pain + unblinding(people.draws, people.response, felt, stimulated)
    return {
        "pain": pain,
        "DAS": days["DAS"],
        "M": days["M"],
        "heart_rate": days["heart_rate"],
        "rmssd_factor": rmssd_factor(days["heart_rate"]),
        "sensation": felt[:, None] * stimulated,
    }


def rmssd_factor(heart_rate_bpm: Floats) -> Floats:
    """[n, T] RMSSD over that of the first time, from heart rates [n, T] (see the module)."""
    x = np.pi * 60.0 / heart_rate_bpm / float(beats.quantities["T_resp"].default)
    size = np.sin(x) ** 2 / x
    return np.asarray(size / size[:, :1])


def _days(horizon_d: float) -> int:
    if not (np.isfinite(horizon_d) and horizon_d > 0):
        raise InputError("horizon_d", horizon_d, "a finite number of days above 0")
    return int(np.ceil(horizon_d - 1e-9))


def _key(p: Plan, people: _People, regimens: tuple[Regimen, ...]) -> str:
    """A name that changes with anything the cohort depends on."""
    s, crowd = people.switches, people.crowd
    digest = hashlib.sha256(repr((regimens, people.treated, crowd, s)).encode())
    for regimen in regimens:
        digest.update(key_of(p, people.under(regimen), p.segments(regimen)).encode())
        digest.update(relief(regimen.background, crowd, p.days).tobytes())
    columns = (people.draws[q] for q in (*TRAITS, "sensation", "k_sensation", "tau_X"))
    for column in (*columns, people.response.expectation, people.response.regression):
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()[:16]
