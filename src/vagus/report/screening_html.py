"""The page of `vagus screen`: one sheet to take along, and an annex with every statement."""

from __future__ import annotations

from pathlib import Path

from vagus.report.html import write_page
from vagus.report.screening_content import (
    asked_elsewhere,
    event_rows,
    events_in_short,
    fact_rows,
    in_short,
    others,
    said,
)
from vagus.report.screening_room import Sheet
from vagus.suitability.screen import Screening
from vagus.suitability.words import (
    NONE_APPLIES,
    asker,
    headline,
    notes,
    sentence,
    stated,
    unread,
    use_line,
)


def write_screening_page(page: Path, screening: Screening) -> Path:
    """Write ``page``; returns its path. OSError from the file system is passed on."""
    s = screening
    elsewhere = [f for f in s.beside if f.answer == "yes"]
    applying, beside_stated = fact_rows(s.applying, s), fact_rows(elsewhere, s)
    asked, asked_beside = fact_rows(s.open, s), fact_rows(asked_elsewhere(s), s)
    use, silent = sentence(use_line(s)), [code.name for code in s.silent]
    events, limits = events_in_short(s), notes("limit")
    told = [f"{field} {words}" for field, words in stated(s.patient)]
    texts = [
        headline(s), " ".join(told), use, "; ".join(silent), s.regulatory.sentence, asker(s),
        *limits, *([] if s.cover.label_read else [unread(s)]),
    ]  # fmt: skip
    short = in_short(elsewhere, s)
    sheet = Sheet(texts, applying, beside_stated, short, (*asked, *asked_beside), events)
    return write_page(
        page, "screening.html.jinja", (), {},
        s=s,
        device=s.device.name,
        family=s.cover.family["name"],
        headline=headline(s),
        asker=asker(s),
        stated=stated(s.patient),
        applying=applying,
        open=asked,
        beside=fact_rows(s.beside, s),
        others=others(s),
        beside_stated=beside_stated,
        beside_short=short,
        beside_open=asked_beside,
        silent=silent,
        unread=sentence(unread(s)),
        use=use,
        room=sheet.room,
        uses=[said(statement) for statement in s.uses],
        events=events,
        all_events=event_rows(s.adverse_events),
        limits=limits,
        none_applies=NONE_APPLIES,
    )  # fmt: skip
