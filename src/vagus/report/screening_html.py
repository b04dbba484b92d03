"""The page of `vagus screen`: one sheet to take along, and an annex with every statement."""

from __future__ import annotations

from pathlib import Path

from vagus.report.html import write_page
from vagus.report.screening_content import (
    asked_elsewhere,
    event_rows,
    events_in_short,
    fact_rows,
    others,
    said,
)
from vagus.suitability.labels import UNKNOWN
from vagus.suitability.screen import Screening
from vagus.suitability.words import NONE_APPLIES, asker, headline, notes, stated


def write_screening_page(page: Path, screening: Screening) -> Path:
    """Write ``page``; returns its path. OSError from the file system is passed on."""
    s = screening
    return write_page(
        page, "screening.html.jinja", (), {},
        s=s,
        device=s.device.name,
        family=s.cover.family["name"],
        headline=headline(s),
        asker=asker(s),
        stated=stated(s.patient),
        applying=fact_rows(s.applying, s),
        open=fact_rows(s.open, s),
        beside=fact_rows(s.beside, s),
        others=others(s),
        beside_stated=fact_rows([f for f in s.beside if f.answer == "yes"], s),
        beside_open=fact_rows(asked_elsewhere(s), s),
        silent=[code.name for code in s.silent],
        uses=[said(statement) for statement in s.uses],
        events=events_in_short(s),
        all_events=event_rows(s.adverse_events),
        limits=notes("limit"),
        none_applies=NONE_APPLIES,
        is_unknown=s.verdict.key == UNKNOWN,
    )  # fmt: skip
