"""How far to believe a result: ``vagus report credibility``.

Gathers what `vagus.credibility` knows, compares the body with published results, and, for a study,
places its protocol beside what was validated and finds the parameters that its outcome depends on.
A part that cannot be worked out is reported as such; the others stand.

credibility.json holds one object; what is not finite is null:

==============  ==============================================================================
``schema``      1
``title``       the study's, empty where none was asked about; ``source`` its file
``headline``    the verdict in one sentence
``run``         seed of everything drawn, versions, wall times, as the page's last table
``skill``       how forecasts of published trials have scored, in words
``context``     question, uses, not_for, influence, consequence, risk, source
``user_risks``  who, question, influence, consequence, risk, why, mark, for each kind of reader
``applicability``  colour, sentence, lights; null without a study
``parameters``  ``shares`` (mark -> share), ``pain`` (the same of what pain rests on, ``total``,
                ``spread_assumed``: numbers), ``by_part`` (part -> mark -> number), ``rows``
``verification``  ``passed``, ``failed``, ``not_run`` (numbers), ``rows`` with ``passed``
``calibration`` what was fitted or chosen in view of which published result
``validation``  ``draws``, ``verdicts`` (role -> verdict -> number), ``rows``
``sensitivity`` one object per outcome, empty without a study; ``top`` names the ten that matter
                most to the effect over sham, ``carrying`` those of at least a hundredth of its
                variance
``ten_rules``, ``vv40``, ``cards``  each level with its evidence
``problems``    part -> why it could not be worked out
``seconds``     wall time per part
==============  ==============================================================================
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from vagus.chain import drive_of
from vagus.credibility.applicability import Applicability, applicability
from vagus.credibility.audit import AuditedParameter, audited
from vagus.credibility.calibration import Calibrated, calibrations
from vagus.credibility.cards import ModelCard, model_cards
from vagus.credibility.context import ContextOfUse, context_of_use, user_risks
from vagus.credibility.light import said
from vagus.credibility.rubric import Factor, Rule, ten_rules, vv40
from vagus.credibility.sensitivity import Sensitivity, sensitivity
from vagus.credibility.verification import Check, verify
from vagus.errors import InputError, VagusError
from vagus.pipeline import Clock, plain
from vagus.report.content import Fact
from vagus.report.credibility_content import (
    DRAWS,
    RESTS_ON,
    CredibilityReport,
    MarkCount,
    checks_by_result,
    effect_over_sham,
    marks_by_part,
    marks_of,
    matter_most,
    rests_on,
    spread_assumed,
)
from vagus.report.credibility_html import write_credibility
from vagus.report.credibility_words import headline
from vagus.report.provenance import run_facts
from vagus.report.validation_content import ROLES, tally
from vagus.study import Study
from vagus.validation.table import Row, validate

Progress = Callable[[str, int, int], None]
T = TypeVar("T")

SEED = 0
"""Of the draws behind the validation rows, as in ``vagus validate``; a study brings its own."""
EXPECTED = (VagusError, ArithmeticError, ValueError, RuntimeError, ImportError)
"""What a part may raise and be told as not worked out; a full disk ends the run."""


@dataclass(frozen=True, eq=False)
class Assessment:
    """How far to believe the model, or what it gives for ``study``.

    ``applicability`` is None and ``sensitivity`` empty without a study. ``problems``: what could
    not be worked out, by part. ``draws``: behind each row of ``validation``. ``seconds``: wall time
    per part; ``folder`` and ``report``: what was written.
    """

    study: Study | None
    context: ContextOfUse
    cards: tuple[ModelCard, ...]
    parameters: tuple[AuditedParameter, ...]
    checks: tuple[Check, ...]
    calibrations: tuple[Calibrated, ...]
    validation: tuple[Row, ...]
    draws: int
    sensitivity: tuple[Sensitivity, ...]
    applicability: Applicability | None
    rules: tuple[Rule, ...]
    factors: tuple[Factor, ...]
    seconds: dict[str, float]
    problems: Mapping[str, str] = field(default_factory=dict)
    headline: str = ""
    folder: Path | None = None
    report: Path | None = None

    def summary(self) -> dict[str, Any]:
        """Everything in machine form, as the module says: what credibility.json holds."""
        page = _page(self)
        over_sham = effect_over_sham(page)
        told: dict[str, Any] = plain(
            {
                "schema": 1,
                "title": page.title,
                "source": "" if self.study is None else self.study.source,
                "headline": self.headline,
                "run": {fact.quantity: fact.value for fact in page.run},
                "skill": page.skill,
                "context": asdict(self.context),
                "user_risks": user_risks(),
                "applicability": self.applicability,
                "parameters": _parameters(self.parameters),
                "verification": _checks(self.checks),
                "calibration": self.calibrations,
                "validation": _validation(self.validation, self.draws),
                "sensitivity": [found.as_dict() for found in self.sensitivity],
                "top": [one.symbol for one in over_sham.top()] if over_sham else [],
                "carrying": [influence.symbol for influence in matter_most(page)],
                "ten_rules": self.rules,
                "vv40": self.factors,
                "cards": self.cards,
                "problems": self.problems,
                "seconds": {k: round(v, 3) for k, v in self.seconds.items()},
                "folder": str(self.folder) if self.folder else None,
                "report": str(self.report) if self.report else None,
            }
        )
        return told


def assess(
    study: Study | None = None,
    folder: Path | str | None = None,
    *,
    base: int | None = None,
    draws: int = DRAWS,
    progress: Progress | None = None,
    workers: int | None = None,
) -> Assessment:
    """How far to believe the model; with ``study``, what it gives for that protocol.

    ``base``: base sample of the Sobol design, a power of two (None: that of
    ``data/credibility/sensitivity.csv``). ``draws``: of the priors behind each validation row.

    With ``folder``, credibility.html, credibility.json and figures are written there, and what
    fibres and sensitivity took is kept there, so that a run that was stopped goes on. Raises
    `InputError` for a base or number of draws that cannot be used.
    """
    if base is not None and (base < 2 or base & (base - 1)):
        raise InputError("samples", base, "a power of two: 2, 4, 8, ...", "The design is Sobol's.")
    if draws < 2:
        raise InputError("draws", draws, "2 or more", "An interval needs several draws.")
    target = None if folder is None else Path(folder)
    parts = _Parts(progress)
    checks = parts.tried("verification", lambda: verify(parts.tell("verification")))
    rows = parts.tried(
        "validation", lambda: validate(draws=draws, progress=parts.tell("validation"))
    )
    place = influences = None
    if study is not None:
        place = parts.tried("applicability", lambda: applicability(study, rows))
        influences = parts.tried(
            "sensitivity", lambda: _sensitivity(study, target, base, parts, workers)
        )
    done = Assessment(
        study, context_of_use(), model_cards(), audited(), checks or (), calibrations(),
        rows or (), draws, influences or (), place, ten_rules(), vv40(), parts.seconds,
        parts.problems, folder=target,
    )  # fmt: skip
    done = replace(done, headline=headline(_page(done)))
    return done if target is None else _write(done, target)


class _Parts:
    """Parts worked out one after the other: wall time of each, and what went wrong."""

    def __init__(self, progress: Progress | None) -> None:
        self.clock = Clock(progress)
        self.problems: dict[str, str] = {}

    @property
    def seconds(self) -> dict[str, float]:
        return self.clock.seconds

    def tell(self, part: str) -> Progress:
        """Progress of whatever is inside told under the name of the part."""
        return lambda _, done, total: self.clock.tell(part, done, total)

    def tried(self, part: str, work: Callable[[], T]) -> T | None:
        start = time.perf_counter()
        try:
            return work()
        except EXPECTED as error:
            self.problems[part] = str(error) or type(error).__name__
            return None
        finally:
            self.seconds[part] = time.perf_counter() - start


def _sensitivity(
    study: Study, folder: Path | None, base: int | None, parts: _Parts, workers: int | None
) -> tuple[Sensitivity, ...]:
    """Of what ``vagus run`` gives for the study; fibres that it computes are computed first."""
    if study.patient.condition is None:  # before hours go into fibres
        raise VagusError("the study names no condition, so that no pain is simulated")
    drive, _ = drive_of(study, folder, parts.clock, workers)
    kept = None if folder is None else folder / "sensitivity"
    return sensitivity(
        study, drive, base=base, folder=kept, progress=parts.clock.tell, workers=workers
    )


def _page(done: Assessment) -> CredibilityReport:
    """The assessment as the values that its page shows."""
    study = done.study
    asked: tuple[Fact, ...] = ()
    title = ""
    if study is not None:
        title = study.title or study.device.name
        asked = (
            Fact("device", study.device.name),
            Fact("condition", study.patient.condition or "none given"),
            *(Fact(*row) for row in study.protocol().setting_rows()),
        )
    return CredibilityReport(
        title, done.context, done.cards, done.parameters, done.checks, done.calibrations,
        done.validation, done.draws, done.sensitivity, done.applicability, done.rules,
        done.factors, *said("outcome_score"), user_risks(), asked,
        run_facts(_seed(study), done.seconds), done.problems,
    )  # fmt: skip


def _seed(study: Study | None) -> int:
    return SEED if study is None else study.seed


def _parameters(rows: tuple[AuditedParameter, ...]) -> dict[str, Any]:
    every, pain = marks_of(rows), [row for row in rows if row.part in RESTS_ON]
    return {
        "shares": {mark: every.share(mark) for mark in every.counts},
        "pain": _shares(rests_on(rows)) | {"spread_assumed": spread_assumed(pain)},
        "by_part": {count.part: count.counts for count in marks_by_part(rows)},
        "rows": rows,
    }


def _shares(count: MarkCount) -> dict[str, Any]:
    shares = {mark: count.share(mark) for mark in count.counts}
    return {"total": count.total, "shares": shares}


def _checks(rows: tuple[Check, ...]) -> dict[str, Any]:
    results = checks_by_result(rows)
    return {
        "passed": len(results["passed"]),
        "failed": len(results["failed"]),
        "not_run": len(results["not run"]),
        "rows": [check.as_dict() for check in rows],
    }


def _validation(rows: tuple[Row, ...], draws: int) -> dict[str, Any]:
    return {
        "draws": draws,
        "verdicts": {role: tally(rows, role) for role in ROLES},
        "rows": [row.as_dict() for row in rows],
    }


def _write(done: Assessment, folder: Path) -> Assessment:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = replace(done, report=write_credibility(folder, _page(done)))
        text = json.dumps(done.summary(), indent=1, ensure_ascii=False, allow_nan=False)
        (folder / "credibility.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise VagusError(
            f"could not write the report to {folder}: {error.strerror}. Free some space and run "
            "the same command again; fibres and evaluations that are done are kept."
        ) from error
    return done
