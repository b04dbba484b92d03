"""What the credibility page shows, and the counts that its words are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vagus.credibility.applicability import Applicability
from vagus.credibility.audit import AuditedParameter, by_part
from vagus.credibility.calibration import Calibrated
from vagus.credibility.cards import ModelCard
from vagus.credibility.context import ContextOfUse, UserRisk
from vagus.credibility.rubric import Factor, Rule
from vagus.credibility.sensitivity import Influence, Sensitivity
from vagus.credibility.spreads import assumed_spread
from vagus.credibility.verification import Check
from vagus.report.content import MARKS, Fact
from vagus.validation.table import Row

TOP = 10
"""Parameters shown, largest total first; those that matter may be fewer."""
RESTS_ON = ("body", "body, initial values", "conditions", "drive")
"""Parts of the tables that every result on pain is worked out from."""
PAIN = "chain"
"""Organ of the published results on pain under stimulation."""
DRAWS = 200
"""Draws behind the validation rows that the documentation counts."""


@dataclass(frozen=True, eq=False)
class CredibilityReport:
    """One page. ``title``: the study's, empty where none was asked about.

    ``applicability`` is None and ``sensitivity`` empty without a study. ``problems``: what could
    not be worked out, by part, with the reason. ``draws``: behind each row of ``validation``.
    ``risks``: the risk for each kind of reader. ``skill``: how forecasts of published trials have
    scored, in words, and where that stands.
    ``study`` and ``run``: what was asked, versions with seed and wall time.
    """

    title: str
    context: ContextOfUse
    cards: Sequence[ModelCard]
    parameters: Sequence[AuditedParameter]
    checks: Sequence[Check]
    calibrations: Sequence[Calibrated]
    validation: Sequence[Row]
    draws: int
    sensitivity: Sequence[Sensitivity]
    applicability: Applicability | None
    rules: Sequence[Rule]
    factors: Sequence[Factor]
    skill: str
    skill_source: str
    risks: Sequence[UserRisk] = ()
    study: Sequence[Fact] = ()
    run: Sequence[Fact] = ()
    problems: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MarkCount:
    """How many parameters of one ``part`` have which mark; ``counts`` in the order of trust."""

    part: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """All parameters of the part."""
        return sum(self.counts.values())

    def share(self, mark: str) -> float:
        """Share with this mark; 0 where there are no parameters."""
        return self.counts.get(mark, 0) / self.total if self.total else 0.0


def marks_of(parameters: Sequence[AuditedParameter], part: str = "all parts") -> MarkCount:
    """Marks of all ``parameters``, told under the name ``part``."""
    found = [p.mark or "no mark" for p in parameters]
    names = [*MARKS, *sorted(set(found) - set(MARKS))]
    return MarkCount(part, {name: found.count(name) for name in names if name in found})


def marks_by_part(parameters: Sequence[AuditedParameter]) -> tuple[MarkCount, ...]:
    """Marks of each part, in order of appearance."""
    return tuple(marks_of(found, part) for part, found in by_part(parameters).items())


def rests_on(parameters: Sequence[AuditedParameter]) -> MarkCount:
    """Marks of what every result on pain is worked out from: body, conditions and drive."""
    return marks_of([p for p in parameters if p.part in RESTS_ON], "what pain rests on")


def spread_assumed(parameters: Sequence[AuditedParameter]) -> int:
    """How many of them have a value that is not assumed, and a spread that is."""
    return sum(p.mark != "assumed" and bool(assumed_spread(p.table, p.name)) for p in parameters)


def on_pain(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Published results on pain under stimulation."""
    return tuple(r for r in rows if r.observation.organ == PAIN)


def checks_by_result(checks: Sequence[Check]) -> dict[str, tuple[Check, ...]]:
    """Checks that ``failed``, ``passed``, or were ``not run`` here."""
    names = {False: "failed", True: "passed", None: "not run"}
    return {name: tuple(c for c in checks if c.passed is result) for result, name in names.items()}


def failures(rows: Sequence[Row], role: str) -> tuple[Row, ...]:
    """Published results of this role that the model fails."""
    return tuple(r for r in rows if r.verdict == "failed" and r.observation.role == role)


def effect_over_sham(report: CredibilityReport) -> Sensitivity | None:
    """The sensitivity that the verdict speaks of: the last, stimulated minus sham."""
    return report.sensitivity[-1] if report.sensitivity else None


def matter_most(report: CredibilityReport) -> tuple[Influence, ...]:
    """The parameters that carry at least a hundredth of the variance of the effect over sham."""
    found = effect_over_sham(report)
    return () if found is None else found.carrying()
