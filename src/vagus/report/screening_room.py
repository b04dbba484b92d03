"""How much stands on the first sheet of a screening, so that it fits one A4 page.

Print has no way to choose the size of the letters by itself, so the height is worked out before.
All numbers were fitted to printed pages of all devices for six patient files; the scales are
near the largest that occurred.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from vagus.report.screening_content import Events, FactRow

Room = Literal["roomy", "plain", "short", "close", "dense"]
FULL, HALF, SAID = 124, 64, 80  # characters in a line: of the sheet, a column, a table's right cell
HEADINGS_MM, FULL_MM, SAID_MM, ROW_MM, COLUMN_MM = 80.4, 4.45, 4.25, 1.56, 4.98  # at 8.2 pt
SCALES: dict[Room, float] = {"roomy": 1.20, "plain": 1.06, "short": 1.08, "close": 0.93}
PAGE_MM, NOTES_MM = 268.0, 6.0


@dataclass(frozen=True)
class Sheet:
    """What stands on the first sheet. ``beside``: statements of other devices, in full or short."""

    paragraphs: Sequence[str]
    applying: Sequence[FactRow]
    beside: Sequence[FactRow]
    beside_short: Sequence[str]
    questions: Sequence[FactRow]
    events: Events

    @property
    def room(self) -> Room:
        """The largest letters that fit.

        "roomy": 9 pt, "plain": 8.2 pt, "short": that with other devices in a line each, "close":
        7.9 pt, "dense": 7.6 pt, less space between and no box for notes.
        """
        for name in SCALES:
            short = name in ("short", "close")
            notes = 0.0 if short else NOTES_MM
            if self.height_mm(short) * SCALES[name] + notes <= PAGE_MM:
                return name
        return "dense"

    def height_mm(self, short: bool) -> float:
        """About how high it is at 8.2 pt; ``short``: with other devices in a line each."""
        events = self.events
        full = [*self.paragraphs, *events.notes, "; ".join(events.late)]
        full += self.beside_short if short else []
        rows = [*self.applying, *([] if short else self.beside)]
        asked = [f"{row.question} {row.severity_name}" for row in self.questions]
        columns = (asked, events.early, events.serious)
        return (
            HEADINGS_MM
            + FULL_MM * sum(_lines(text, FULL) for text in full)
            + sum(ROW_MM + SAID_MM * _row_lines(row) for row in rows)
            + COLUMN_MM * sum(_lines(text, HALF) for texts in columns for text in texts) / 2
        )


def _row_lines(row: FactRow) -> int:
    said = sum(_lines(f"{x.name} {x.text} {x.note} {x.where}", SAID) for x in row.said)
    return max(said, 1 + bool(row.why) + bool(row.disagree))


def _lines(text: str, width: int) -> int:
    return math.ceil(len(text) / width)
