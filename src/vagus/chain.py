"""From pulse to pain: a study run from device and nerve to what heart, mood and pain do.

Each stage keeps what it finished in the run's folder under a name made from all it depends on, so
that a run that was stopped, or is asked for again with another part changed, goes on from there.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vagus.body.compiled import compile_model
from vagus.body.conditions import Condition, condition
from vagus.body.draws import Draws, draw
from vagus.body.drive import (
    Drive,
    Endotoxin,
    drive_from_prior,
    drive_from_recruitment,
    segments,
)
from vagus.body.full import full_body
from vagus.body.outcome import Course, Decomposition, interval
from vagus.body.simulate import Arms, Scenario, integrate_course, resolved, simulate
from vagus.credibility.applicability import applicability
from vagus.errors import InputError, VagusError
from vagus.pipeline import Clock, RecruitRun, plain, recruit
from vagus.protocol.protocol import Protocol
from vagus.protocol.safety import safety_lines
from vagus.protocol.schedule import DAY_S
from vagus.study import Study
from vagus.suitability.patient import REGIONS, PatientFile
from vagus.suitability.regulatory import Regulatory, regulatory

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

RECORDED = (
    "pain", "N_course", "X_expect", "P_core", "P_last", "DAS", "M", "ppt", "TNF", "IL6",
    "suppression", "LC", "NE", "S5HT", "D", "W", "heart_rate",
)  # fmt: skip
"""What courses keep besides the outcome on the condition's own scale."""
SECONDS = ("LC", "NE", "D", "heart_rate")
"""What is followed second by second through the first minutes."""
FAST_S, FAST_STEP_S = 900.0, 2.0
REPORTED = ("DAS", "M", "ppt", "TNF", "IL6", "S5HT")
"""Changes told in the summary besides the outcome. Serotonin, the last, is not decomposed: it rises
through the locus coeruleus, which is upstream of the routes."""


@dataclass(frozen=True)
class OutcomeChange:
    """Change from baseline to the end of stimulation [draw], in both arms."""

    name: str
    unit: str
    active: Floats
    sham: Floats

    def as_dict(self) -> dict[str, Any]:
        """Intervals over draws, ready for JSON."""
        arms = {"active": self.active, "sham": self.sham, "difference": self.active - self.sham}
        return {"name": self.name, "unit": self.unit} | {k: interval(v) for k, v in arms.items()}


@dataclass(frozen=True)
class ChainRun:
    """What one study gave, from the nerve to the outcome.

    ``recruited`` is None where recruitment came from a prior. ``draws``: parameters of the treated
    arm. ``fast``: the first minutes. ``changes``: the condition's outcome first. ``end_s``: when
    changes are read. ``seconds``: wall time per stage.
    """

    study: Study
    condition: Condition
    drive: Drive
    draws: Draws
    recruited: RecruitRun | None
    arms: Arms
    fast: Course
    changes: tuple[OutcomeChange, ...]
    end_s: float
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    headline: str = ""
    folder: Path | None = None
    report: Path | None = None

    @property
    def protocol(self) -> Protocol:
        """What is delivered, at the electrode that fits where there is a nerve."""
        return self.study.protocol() if self.recruited is None else self.recruited.protocol

    def regulators(self) -> dict[str, Regulatory]:
        """Region -> what the rows read say of this device in this condition there."""
        return {
            region: regulatory(
                self.study.device.key, PatientFile(None, region, self.condition.key, {})
            )
            for region in REGIONS
            if region != "other"
        }

    def summary(self) -> dict[str, Any]:
        """The run in numbers, ready for JSON: what ``vagus run --json`` prints."""
        parts = self.arms.decomposition
        told: dict[str, Any] = plain(
            {
                "title": self.study.title,
                "headline": self.headline,
                "device": self.study.device.key,
                "condition": self.condition.key,
                "draws": len(self.draws),
                "read_at_days": self.end_s / DAY_S,
                "drive": {k: interval(v) for k, v in self.drive.columns().items()},
                "outcomes": [change.as_dict() for change in self.changes],
                "decomposition": _parts(parts),
                "decompositions": {k: _parts(v) for k, v in self.arms.decompositions.items()},
                "total": interval(parts.total),
                "ablations": {k: interval(v) for k, v in self.arms.ablated.items()},
                "failed": {str(k): v for k, v in self.arms.failed.items()},
                "safety": safety_lines(self.protocol),
                "applicability": applicability(self.study).as_dict(),
                "regulators": {
                    region: status.as_dict() for region, status in self.regulators().items()
                },
                "warnings": list(self.warnings),
                "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
                "seed": self.study.seed,
                "folder": str(self.folder) if self.folder else None,
                "report": str(self.report) if self.report else None,
            }
        )
        return told


def run(
    study: Study,
    folder: Path | str | None = None,
    *,
    progress: Progress | None = None,
    workers: int | None = None,
    draws: int | None = None,
    report: bool = True,
) -> ChainRun:
    """The whole chain for ``study``, over ``draws`` draws of the priors (the study's unless given).

    With ``folder``, courses (Parquet), summary.json, the study and, unless ``report`` is False,
    figures and report.html are written there. Raises the errors of `vagus.errors`; draws that
    cannot be integrated are reported, not raised.
    """
    treated = _condition(study)
    target = None if folder is None else Path(folder)
    clock = Clock(progress)
    n = study.body.draws if draws is None else draws
    drawn, recruited = drive_of(study, target, clock, workers)
    drive = drawn(n, study.seed)
    with clock.stage("model"):
        scenario = _scenario(study, treated, drive, n, workers)
    kept = None if target is None else target / "body"
    with clock.stage("first minutes"):
        fast = _first_minutes(scenario)
    start = time.perf_counter()
    arms = simulate(scenario, kept, clock.counter("body"))
    clock.seconds["body"] = time.perf_counter() - start
    changes = _changes(scenario, arms, treated)
    done = ChainRun(
        study, treated, drive, scenario.draws, recruited, arms, fast, changes, scenario.end_s,
        clock.seconds, _warnings(study, recruited, drive), folder=target,
    )  # fmt: skip
    from vagus.chain_report import course_report, headline, write_page

    page = course_report(done)
    done = replace(done, headline=headline(page))
    if target is None:
        return done
    if report:
        with clock.stage("page"):
            done = replace(done, report=write_page(page, target))
    _write(done, target)
    return done


def _parts(made_of: Decomposition) -> list[dict[str, Any]]:
    return [
        {"part": part, "unit": made_of.unit} | vars(made_of.interval(part))
        for part in made_of.parts
    ]


def _condition(study: Study) -> Condition:
    if study.patient.condition is None:
        from vagus.body.conditions import condition_keys

        raise InputError(
            "patient.condition", "missing", ", ".join(condition_keys()),
            "Say who is treated, for example `patient: {condition: migraine}`; "
            "`vagus recruit` needs no patient.",
        )  # fmt: skip
    return condition(study.patient.condition)


def drive_of(
    study: Study, folder: Path | None, clock: Clock, workers: int | None
) -> tuple[Callable[[int, int], Drive], RecruitRun | None]:
    """What n nerves of a seed receive: from a documented prior, or from every fibre of the nerve.

    Fibres are simulated once, and kept in ``folder``/nerve. The run is None where there is a prior.
    """
    protocol, prior = study.protocol(), study.prior
    if prior is not None:
        return lambda n, seed: drive_from_prior(prior, protocol, n, seed), None
    nerve = None if folder is None else folder / "nerve"
    recruited = recruit(study, nerve, progress=clock.tell, workers=workers, report=False)
    clock.seconds.update(recruited.seconds)
    fibres, fitted = recruited.recruitment, recruited.protocol
    return lambda n, seed: drive_from_recruitment(fibres, fitted, n, seed), recruited


def _scenario(
    study: Study, treated: Condition, drive: Drive, n: int, workers: int | None
) -> Scenario:
    body, asked = full_body(), study.body
    values: dict[str, float] = {**asked.parameters, **{k: float(v) for k, v in asked.links.items()}}
    draws = drive.apply(treated.apply(draw(body, n, study.seed), study.seed)).having(**values)
    given = asked.lps
    lps = None
    if given is not None:
        lps = Endotoxin(given.dose_ng_per_kg, given.at_s, given.at_s + given.infusion_s)
    horizon = study.horizon_s
    days = np.arange(0.0, horizon, DAY_S)
    # A dose of endotoxin is over in a day: it is followed by the quarter of an hour.
    hours = np.arange(0.0, min(horizon, 2 * DAY_S), 900.0) if lps else days
    end, recall = study.stimulation.duration_s, treated.recall_d * DAY_S
    return Scenario(
        compile_model(body),
        draws,
        segments(drive.schedule, horizon, lps=lps),
        np.unique(np.concatenate([days, hours, [max(end - recall, 0.0), end, horizon]])),
        RECORDED,
        treated,
        end,
        _reported(treated)[:-1],
        workers,
    )


def _first_minutes(s: Scenario) -> Course:
    """The first on-times, every two seconds."""
    horizon = min(FAST_S, float(s.output_s[-1]))
    times = np.arange(0.0, horizon, FAST_STEP_S)
    return integrate_course(replace(s, output_s=times, record=SECONDS), "first minutes", s.draws)


def _changes(s: Scenario, arms: Arms, treated: Condition) -> tuple[OutcomeChange, ...]:
    at = int(np.argmin(np.abs(s.output_s - s.end_s)))
    units = dict(zip(arms.active.names, arms.active.units, strict=True))

    def change(course: Course, name: str) -> Floats:
        end = resolved(course[name][:, at], arms.sham[name][:, at])
        return np.asarray(end - course[name][:, 0])

    names = ("outcome", *_reported(treated))
    return tuple(
        OutcomeChange(
            treated.outcome if name == "outcome" else name,
            units[name],
            change(arms.active, name),
            change(arms.sham, name),
        )
        for name in names
    )


def _reported(treated: Condition) -> tuple[str, ...]:
    """What is told besides the outcome; disease activity where the condition has it."""
    return REPORTED if "das_0" in treated.parameters else REPORTED[1:]


def _warnings(study: Study, recruited: RecruitRun | None, drive: Drive) -> tuple[str, ...]:
    found = [str(f) for f in study.findings()] if recruited is None else list(recruited.warnings)
    return tuple(dict.fromkeys([*found, *drive.notes]))


def _write(done: ChainRun, folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for course in (done.arms.active, done.arms.sham, done.arms.natural, done.fast):
            stem = course.arm.replace(" ", "-")
            pq.write_table(_long_table(course), folder / f"{stem}.parquet")
        done.drive.save(folder / "drive")
        columns = dict(zip(done.draws.names, done.draws.values.T, strict=True))
        pq.write_table(pa.table(columns), folder / "draws.parquet")
        (folder / "summary.json").write_text(json.dumps(done.summary(), indent=1), encoding="utf-8")
        source = Path(done.study.source)
        if source.is_file():
            shutil.copyfile(source, folder / "study.yaml")
    except OSError as error:
        raise VagusError(
            f"could not write results to {folder}: {error.strerror}. Arms that are done are kept "
            f"in {folder / 'body'}; free some space and run the same command again."
        ) from error


def _long_table(course: Course) -> pa.Table:
    """One row per draw and time, one column per quantity; units in the columns' metadata."""
    n, times, _ = course.values.shape
    columns: dict[str, Any] = {
        "draw": np.repeat(np.arange(n), times),
        "time_s": np.tile(course.time_s, n),
    }
    columns |= {name: course[name].ravel() for name in course.names}
    units = dict(zip(course.names, course.units, strict=True))
    fields = [
        pa.field(k, pa.array(v).type, metadata={"unit": units.get(k, "")})
        for k, v in columns.items()
    ]
    return pa.Table.from_arrays([pa.array(v) for v in columns.values()], schema=pa.schema(fields))
