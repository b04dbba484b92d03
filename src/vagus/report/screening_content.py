"""What the page of `vagus screen` shows: a screening as short rows of plain words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vagus.suitability.adverse import AdverseEvent, gravest, most_common
from vagus.suitability.event_words import (
    NO_INTERVAL,
    event_line,
    exposure_words,
    frequency_words,
    who_reported,
)
from vagus.suitability.labels import Statement
from vagus.suitability.screen import Finding, Screening
from vagus.suitability.words import fact_name, notes, question, sentence, where_said, why

SHOWN = 10  # events of each kind on the first page; the annex holds all


@dataclass(frozen=True)
class Said:
    """One statement: severity (key and name), its text, its note, and who says it where."""

    severity: str
    name: str
    text: str
    note: str
    where: str
    source: str
    mark: str


@dataclass(frozen=True)
class FactRow:
    """One fact with everything said of it; ``disagree``: under different severities."""

    name: str
    question: str
    why: str
    severity: str
    severity_name: str
    disagree: bool
    said: tuple[Said, ...]


@dataclass(frozen=True)
class EventRow:
    """One line of the annex on adverse events."""

    term: str
    study: str
    arm: str
    frequency: str
    basis: str
    exposure: str
    note: str
    source: str
    mark: str


@dataclass(frozen=True)
class Events:
    """Lines for the first page: ``early`` (weeks), ``late`` (years), ``serious``; notes.

    ``late_known``: whether an interval of those after years is known. ``more``: how many kinds of
    event stand in the annex only.
    """

    early: tuple[str, ...]
    late: tuple[str, ...]
    late_known: bool
    serious: tuple[str, ...]
    more: str
    notes: tuple[str, ...]


def fact_rows(findings: Sequence[Finding], screening: Screening) -> tuple[FactRow, ...]:
    """Findings as rows, in their order."""
    return tuple(
        FactRow(
            fact_name(f.code, screening.patient),
            question(f),
            why(f),
            f.strictest.key,
            f.strictest.name,
            f.disagree,
            tuple(said(s) for s in f.statements),
        )
        for f in findings
    )


def asked_elsewhere(screening: Screening) -> list[Finding]:
    """Questions of other devices' labels, without those asked already at least as strictly."""
    asked = {f.code.code: f.strictest.rank for f in screening.open}
    return [
        f for f in screening.beside
        if f.answer == "unknown" and f.strictest.rank < asked.get(f.code.code, f.strictest.rank + 1)
    ]  # fmt: skip


def others(screening: Screening) -> str:
    """Who speaks beside the label of the device: texts on others of its kind, perhaps a trial."""
    text = f"Texts on other {screening.cover.family['name']}"
    trial = any(s.relation == "trial" for f in screening.beside for s in f.statements)
    return f"{text}, and a trial," if trial else text


def said(statement: Statement) -> Said:
    """A statement as the page shows it."""
    return Said(
        statement.severity.key,
        statement.severity.name,
        statement.text,
        statement.note,
        where_said(statement),
        statement.document.source,
        statement.mark,
    )


def in_short(findings: Sequence[Finding], screening: Screening) -> tuple[str, ...]:
    """Findings in one line each: the fact, and who puts it under which severity."""
    lines = []
    for f in findings:
        said: dict[str, list[str]] = {}
        for s in f.statements:
            who = "a trial" if s.relation == "trial" else s.label.name
            memory = ", from memory" if s.mark == "recalled" else ""
            said.setdefault(s.severity.name, []).append(who + memory)
        words = "; ".join(f"{name} ({', '.join(dict.fromkeys(who))})" for name, who in said.items())
        lines.append(f"{sentence(fact_name(f.code, screening.patient))}: {words}.")
    return tuple(lines)


def events_in_short(screening: Screening) -> Events:
    """The most common early and late events, and the serious ones with those of surgery."""
    events = screening.adverse_events
    early, serious = most_common(events)[:SHOWN], gravest(events)[:SHOWN]
    late = most_common(events, "years")[:SHOWN]
    shown = {(e.term, e.period, e.serious) for e in (*early, *late, *serious)}
    more = len({(e.term, e.period, e.serious) for e in events} - shown)
    return Events(
        tuple(event_line(e, events) for e in early),
        tuple(event_line(e, events).replace(f" ({NO_INTERVAL})", "") for e in late),
        any(e.frequency is not None and e.frequency.low is not None for e in late),
        tuple(f"{event_line(e, events)} [{who_reported(e)}]" for e in serious),
        f"{more} more in the annex." if more else "",
        tuple(notes("adverse", screening.cover.family["family"])),
    )


def event_rows(events: Sequence[AdverseEvent]) -> tuple[EventRow, ...]:
    """Every event, for the annex."""
    when = {"weeks": "", "years": "after years", "surgery": "surgery"}
    return tuple(
        EventRow(
            e.term,
            ", ".join(filter(None, [e.study, e.timepoint or when[e.period]])),
            {"all": "all arms"}.get(e.arm, e.arm),
            frequency_words(e),
            e.frequency.basis if e.frequency else NO_INTERVAL,
            exposure_words(e),
            e.note,
            e.source,
            e.mark,
        )
        for e in events
    )
