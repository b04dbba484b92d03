"""Labels and their statements: who says what of which fact, where, when, and how it was read.

A label is all that is known of what the maker of a device says; it may come from several documents.
Severities in order of strictness stand in ``suitability/severities.csv``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from vagus.data import Row, read_table
from vagus.suitability.codes import Answer, Resolved, codes
from vagus.suitability.patient import PatientFile, conditions

Relation = Literal["own label", "standard", "another device", "trial"]
UNKNOWN, NOTHING, TRIAL = "unknown", "nothing_found", "trial_exclusion"


@dataclass(frozen=True)
class Severity:
    """How strict a statement is; ``rank`` 0 is the strictest. ``words``: after "the label"."""

    key: str
    rank: int
    name: str
    words: str


@dataclass(frozen=True)
class Document:
    """Where a statement was read; ``date`` is empty where the document gives none."""

    key: str
    name: str
    kind: str
    date: str
    source: str

    @property
    def dated(self) -> str:
        """The date in words."""
        return self.date or "date not known"


@dataclass(frozen=True)
class Label:
    """``read``: "read", "in part", "from memory" or "not read"; ``note``: what of it was read."""

    key: str
    name: str
    read: str
    note: str


@dataclass(frozen=True)
class Statement:
    """One statement of a label on one fact; bounds are ages in years, None where there is none.

    ``only_for``, ``not_for``: a condition, or ``pain`` for every painful one; empty: any.
    """

    rule: str
    label: Label
    document: Document
    code: str
    severity: Severity
    region: str
    text: str
    note: str
    below_age_y: float | None
    above_age_y: float | None
    only_for: str
    not_for: str
    mark: str
    relation: Relation

    def applies(self, patient: PatientFile, answers: Mapping[str, Resolved]) -> Answer:
        """Whether it applies to what was stated; "unknown" where that is not stated."""
        kind = codes()[self.code].kind
        if kind == "use":
            return "no"
        tests = [answers[self.code].answer] if kind == "history" else []
        if self.below_age_y is not None or self.above_age_y is not None:
            tests.append(self._age_test(patient.age_y))
        if self.only_for:
            tests.append(treated_as(patient.condition, self.only_for))
        if self.not_for:
            tests.append(_not(treated_as(patient.condition, self.not_for)))
        return "no" if "no" in tests else "unknown" if "unknown" in tests else "yes"

    def _age_test(self, age_y: float | None) -> Answer:
        """Whether the age lies below the lower or above the upper bound, in completed years."""
        if age_y is None:
            return "unknown"
        below = self.below_age_y is not None and age_y < self.below_age_y
        above = self.above_age_y is not None and math.floor(age_y) > self.above_age_y
        return "yes" if below or above else "no"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.rule, "label": self.label.name, "relation": self.relation,
            "severity": self.severity.key, "text": self.text, "note": self.note or None,
            "region": self.region, "document": self.document.name,
            "document_kind": self.document.kind, "date": self.document.date or None,
            "source": self.document.source, "mark": self.mark,
        }  # fmt: skip


@dataclass(frozen=True)
class Cover:
    """Labels that bear on a device. ``own`` is None where the tables know of no label at all."""

    key: str
    family: Row
    own: Label | None
    standard: Label | None
    others: tuple[Label, ...]

    @property
    def label_read(self) -> bool:
        """Whether a label of this very device was read."""
        return self.own is not None and self.own.read == "read"

    @property
    def any_read(self) -> bool:
        """Whether a label of this very device was read, or a text on a part of it."""
        return self.own is not None and self.own.read in ("read", "in part")


@cache
def severities() -> Mapping[str, Severity]:
    """All severities by key; what is no verdict (left out of a trial) ranks last."""
    rows = read_table("suitability/severities.csv")
    last = len(rows)
    return {
        r["severity"]: Severity(r["severity"], int(r["rank"] or last), r["name"], r["words"])
        for r in rows
    }


def strictest(found: Iterable[Severity]) -> Severity:
    """The strictest of ``found``; "nothing found" of none."""
    return min(found, key=lambda s: s.rank, default=severities()[NOTHING])


@cache
def cover(key: str) -> Cover:
    """The labels that bear on the device with this key; others are of the same kind of device."""
    rows = read_table("suitability/covers.csv")
    row = next(r for r in rows if r["key"] == key)
    family = next(r for r in read_table("suitability/families.csv") if r["family"] == row["family"])
    same = dict.fromkeys(r["label"] for r in rows if r["family"] == row["family"] and r["label"])
    return Cover(
        key,
        family,
        _labels().get(row["label"]),
        _labels().get(row["standard"]),
        tuple(_labels()[name] for name in same if name != row["label"]),
    )


def statements(label: Label, relation: Relation) -> tuple[Statement, ...]:
    """What a label says; what only a trial says has that relation instead."""
    return tuple(
        _statement(row, label, relation)
        for row in read_table("suitability/rules.csv")
        if row["label"] == label.key
    )


def treated_as(condition: str, wanted: str) -> Answer:
    """Whether ``condition`` is ``wanted`` (or painful); "unknown" where none is stated."""
    if not condition:
        return "unknown"
    painful = wanted == "pain" and conditions()[condition]["pain"] == "yes"
    return "yes" if painful or condition == wanted else "no"


def _statement(row: Row, label: Label, relation: Relation) -> Statement:
    return Statement(
        row["rule_id"],
        label,
        _documents()[row["document"]],
        row["code"],
        severities()[row["severity"]],
        row["region"],
        row["text"],
        row["note"],
        float(row["below_age"]) if row["below_age"] else None,
        float(row["above_age"]) if row["above_age"] else None,
        row["only_for"],
        row["not_for"],
        row["mark"],
        "trial" if row["severity"] == TRIAL else relation,
    )


def _not(answer: Answer) -> Answer:
    return {"yes": "no", "no": "yes"}.get(answer, "unknown")  # type: ignore[return-value]


@cache
def _labels() -> Mapping[str, Label]:
    rows = read_table("suitability/labels.csv")
    return {r["label"]: Label(r["label"], r["name"], r["read"], r["note"]) for r in rows}


@cache
def _documents() -> Mapping[str, Document]:
    return {
        r["document"]: Document(r["document"], r["name"], r["kind"], r["date"], r["source"])
        for r in read_table("suitability/documents.csv")
    }
