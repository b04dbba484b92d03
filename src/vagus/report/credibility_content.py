"""What the credibility page shows, and the counts that its words are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vagus.credibility.applicability import Applicability
from vagus.credibility.audit import AuditedParameter, by_part
from vagus.credibility.calibration import Calibrated
from vagus.credibility.cards import ModelCard
from vagus.credibility.context import ContextOfUse
from vagus.credibility.rubric import Factor, Rule
from vagus.credibility.sensitivity import Influence, Sensitivity
from vagus.credibility.verification import Check
from vagus.report.content import MARKS, Fact
from vagus.validation.table import Row

TOP = 10
"""Parameters named as those that matter most."""


@dataclass(frozen=True, eq=False)
class CredibilityReport:
    """One page. ``title``: the study's, empty where none was asked about.

    ``applicability`` is None and ``sensitivity`` empty without a study. ``problems``: what could
    not be worked out, by part, with the reason. ``draws``: behind each row of ``validation``.
    ``skill``: how forecasts of published trials have scored, in words, and where that stands.
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
    """The parameters that the effect over sham depends on most, none without influence."""
    found = effect_over_sham(report)
    return () if found is None else tuple(i for i in found.top(TOP) if i.total > 0)
