"""A virtual trial of what a study does: from its device to what such trials would report.

The study says what is delivered and to whom, its `trial` section how it is tested. People are
simulated once under every arm; trials then draw their patients from them, many times.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from vagus.body.drive import Drive
from vagus.chain import drive_of
from vagus.errors import InputError, VagusError
from vagus.patient.build import build_cohort
from vagus.patient.calibrate import Calibration
from vagus.patient.cohort import Cohort
from vagus.patient.response import Device
from vagus.pipeline import Clock, plain
from vagus.protocol.protocol import Protocol
from vagus.protocol.safety import safety_lines
from vagus.protocol.schedule import DAY_S
from vagus.study import Study
from vagus.trial.adam import adam
from vagus.trial.calibrated import calibrated
from vagus.trial.conduct import conduct
from vagus.trial.consort import flow
from vagus.trial.data import TrialData
from vagus.trial.design import Design
from vagus.trial.from_section import design_from_section
from vagus.trial.operating import OperatingCharacteristics, operating_characteristics
from vagus.trial.periods import regimens_needed
from vagus.trial.power_curve import CurvePoint, power_by_n
from vagus.trial.primary import Primary, primary
from vagus.trial.table_one import table_one

if TYPE_CHECKING:
    from vagus.report.trial_content import TrialReport

Progress = Callable[[str, int, int], None]

IMPLANTED = "iVNS"
SIZES = (0.5, 1.0, 2.0, 4.0)
"""Numbers of patients at which power is looked at, over the design's own."""
CURVE_SHARE = 0.2
"""Share of the replicates that each point of the power curve has: four points, with their null,
then cost about as much as the design itself."""


@dataclass(frozen=True, eq=False)
class TrialRun:
    """What one study's trial gave.

    ``protocol``: what active arms receive. ``cohort``: people under every arm, weighted by
    ``calibration``. ``data``: ``replicates`` virtual trials, ``primary`` their analysis,
    ``operating`` how the design behaves under this effect and under none, ``curve`` power over the
    number of patients. ``seconds``: wall time.
    """

    study: Study
    protocol: Protocol
    design: Design
    cohort: Cohort
    calibration: Calibration
    data: TrialData
    primary: Primary
    operating: OperatingCharacteristics
    curve: tuple[CurvePoint, ...]
    seconds: dict[str, float]
    warnings: tuple[str, ...]
    headline: str = ""
    folder: Path | None = None
    report: Path | None = None

    def summary(self) -> dict[str, Any]:
        """The run in numbers, ready for JSON: what ``vagus trial run --json`` prints."""
        told: dict[str, Any] = plain(
            {
                "title": self.design.title,
                "headline": self.headline,
                "condition": self.design.condition,
                "endpoint": self.design.endpoint,
                "estimand": self.design.estimand.sentence(),
                "patients": self.design.patients(),
                "people": len(self.cohort),
                "populations": int(self.cohort.populations.size),
                "calibrated_on": sorted({t.trial for t in self.calibration.targets}),
                "effective_people": self.calibration.effective,
                "missed_targets": list(self.calibration.missed()),
                "replicates": len(self.data),
                "estimate_quantiles": _quantiles(self.primary.estimate),
                "under_effect": asdict(self.operating.effect),
                "under_null": asdict(self.operating.null),
                "power_curve": [asdict(point) for point in self.curve],
                "safety": safety_lines(self.protocol),
                "warnings": list(self.warnings),
                "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
                "seed": self.study.seed,
                "folder": str(self.folder) if self.folder else None,
                "report": str(self.report) if self.report else None,
            }
        )
        return told


def run_trial(
    study: Study, folder: Path | str | None = None, *, replicates: int | None = None,
    progress: Progress | None = None, workers: int | None = None, report: bool = True,
) -> TrialRun:  # fmt: skip
    """Simulate the `trial` section of ``study``, ``replicates`` times (the study's unless given).

    With ``folder``, one example trial as ADaM-shaped tables, summary.json, the study and, unless
    ``report`` is False, figures and trial.html are written there; people that are simulated are
    kept, so that a run that was stopped goes on. Raises the errors of `vagus.errors`.
    """
    design = design_of(study)
    section = study.trial
    assert section is not None
    target = None if folder is None else Path(folder)
    clock = Clock(progress)
    times = section.replicates if replicates is None else replicates
    kept = None if target is None else target / "people"
    drawn, protocol, warnings = _drive_of(study, target, clock, workers)
    own = _people(study, design, drawn, kept, clock, workers)
    with clock.stage("calibration"):
        cohort, calibration = calibrated(
            own, section.populations, section.patients, folder=kept, progress=clock.tell,
            workers=workers,
        )  # fmt: skip
    with clock.stage("trials"):
        data = conduct(design, cohort, times, study.seed, progress=clock.counter("trials"))
        found = primary(data, workers=workers, progress=clock.counter("analysis"))
    with clock.stage("operating characteristics"):
        behaves = operating_characteristics(
            design, cohort, times, study.seed, workers=workers,
            progress=clock.counter("operating characteristics"), conducted=(data, found),
        )  # fmt: skip
    with clock.stage("power curve"):
        curve = _curve(design, cohort, times, study.seed, workers, clock)
    done = TrialRun(
        study, protocol, design, cohort, calibration, data, found, behaves, curve, clock.seconds,
        (*warnings, *cohort.notes), folder=target,
    )  # fmt: skip
    return _written(done, clock, report)


def design_of(study: Study) -> Design:
    """The design of a study's `trial` section; `InputError` where it has none or cannot be."""
    if study.trial is None:
        raise InputError(
            "trial", "missing", "a section that says how the study is tested",
            "See docs/study-file.md, or examples/trial-migraine.yaml.",
        )  # fmt: skip
    assert study.patient.condition is not None  # the study's check asks for it
    return design_from_section(
        study.trial.model_dump(), study.patient.condition, study.stimulation.duration_s, study.title
    )


def _drive_of(
    study: Study, folder: Path | None, clock: Clock, workers: int | None
) -> tuple[Callable[[int, int], Drive], Protocol, tuple[str, ...]]:
    """What n patients' nerves receive, with the protocol that is delivered and what to know."""
    drawn, recruited = drive_of(study, folder, clock, workers)
    if recruited is None:
        protocol = study.protocol()
        return drawn, protocol, tuple(str(finding) for finding in protocol.findings())
    return drawn, recruited.protocol, tuple(dict.fromkeys(recruited.warnings))


def _people(
    study: Study, design: Design, drive_of: Callable[[int, int], Drive], folder: Path | None,
    clock: Clock, workers: int | None,
) -> Cohort:  # fmt: skip
    section, asked = study.trial, study.body
    assert section is not None
    device: Device = "implant" if study.device.device_class.startswith(IMPLANTED) else "skin"
    set_: dict[str, float] = {**asked.parameters, **{k: float(v) for k, v in asked.links.items()}}
    with clock.stage("people"):
        return build_cohort(
            design.condition, drive_of, study.protocol().schedule, regimens_needed(design),
            design.horizon_d(), populations=section.populations, patients=section.patients,
            seed=study.seed, visits=len(design.visits_d), device=device, parameters=set_,
            folder=folder, progress=clock.counter("people"), workers=workers,
        )  # fmt: skip


def _curve(
    design: Design, cohort: Cohort, replicates: int, seed: int, workers: int | None, clock: Clock
) -> tuple[CurvePoint, ...]:
    """Power over the number of patients; none for a trial of one patient or without comparison."""
    if design.kind == "n-of-1" or design.analysis == "change-within":
        return ()
    sizes = sorted({max(round(design.patients() * s), 2 * len(design.arms)) for s in SIZES})
    each = max(round(CURVE_SHARE * replicates), 1)
    return power_by_n(
        design, cohort, sizes, each, seed, workers=workers, progress=clock.counter("power curve")
    )


def _written(done: TrialRun, clock: Clock, report: bool) -> TrialRun:
    from vagus.report.trial_content import headline

    done = replace(done, headline=headline(done.design, done.operating, done.primary))
    folder = done.folder
    if folder is None:
        return done
    try:
        folder.mkdir(parents=True, exist_ok=True)
        adam(done.data, 0).write(folder / "adam")
        if report:
            from vagus.report.trial_html import write_trial

            with clock.stage("page"):
                done = replace(done, report=write_trial(folder, trial_report(done)))
        text = json.dumps(done.summary(), indent=1)
        (folder / "summary.json").write_text(text, encoding="utf-8")
        source = Path(done.study.source)
        if source.is_file():
            shutil.copyfile(source, folder / "study.yaml")
    except OSError as error:
        raise VagusError(
            f"could not write results to {folder}: {error.strerror}. People that are simulated are "
            f"kept in {folder / 'people'}; free some space and run the same command again."
        ) from error
    return done


def trial_report(done: TrialRun) -> TrialReport:
    """The run as the values that its page shows."""
    from vagus.report.adapt import safety_facts
    from vagus.report.content import Fact
    from vagus.report.provenance import run_facts
    from vagus.report.trial_content import TrialReport

    s, delivered = done.study.stimulation, done.protocol
    given = [
        Fact("device", done.study.device.name),
        Fact("current", f"{s.current_mA:g} mA"),
        Fact("pulses", f"{s.frequency_Hz:g} Hz"),
        Fact("stimulation", f"{s.duration_s / DAY_S:g} days"),
        Fact("fibres", "a documented prior" if done.study.prior else "computed from the nerve"),
    ]
    return TrialReport(
        title=done.design.title, headline=done.headline, given=tuple(given), design=done.design,
        cohort=done.cohort, calibration=done.calibration, data=done.data, primary=done.primary,
        operating=done.operating, curve=done.curve, flow=flow(done.data, 0),
        table=table_one(done.data, done.cohort, 0), warnings=done.warnings,
        device=(*(Fact(*row) for row in delivered.setting_rows()), *safety_facts(delivered)),
        facts=run_facts(done.study.seed, done.seconds),
    )  # fmt: skip


def _quantiles(values: Any) -> dict[str, float]:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return {}
    levels = (0.025, 0.25, 0.5, 0.75, 0.975)
    return {f"{100 * q:g}%": float(np.quantile(finite, q)) for q in levels}
