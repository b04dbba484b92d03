"""Every number that ships has a source or says that it is assumed: all tables, read one way.

``parameter_tables.csv`` lists every table under ``vagus/data`` and says how to read it: which
columns name a row and give its value, unit, spread, source and mark. A cell of that table names one
or more columns, and words after ``=`` stand for themselves. ``reading`` is one of

    parameters     numbers that results depend on
    gaps           what was looked for and not found: no value, so no parameter
    observations   what others measured, kept to compare with
    evidence       published trials, whose numbers each carry their own provenance
    structure      what acts on what, what is read from where
    geometry       traced outlines
    texts          sentences

A source must name something that can be found (`findable`), not merely say something.

A table may be listed several times, for several values per row; ``where`` picks rows: ``kind=a|b``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from vagus.data import Row, read_table
from vagus.protocol.device import device

MARKS = ("seen", "derived", "recalled", "assumed", "not_found")
READINGS = (
    "parameters", "gaps", "observations", "evidence", "structure", "geometry", "texts"
)  # fmt: skip
READ = ("seen", "derived", "recalled")
"""Marks that claim a source."""
OF_DEVICE = "=as the device has it"
"""Source and mark are those of the fact of ``devices.csv`` that a row names."""


@dataclass(frozen=True)
class AuditedParameter:
    """One value of one row of a shipped table, as text; ``table`` is below ``vagus/data``."""

    table: str
    part: str
    name: str
    value: str
    unit: str
    spread: str
    source: str
    mark: str

    @property
    def orphan(self) -> bool:
        """Whether it has neither a source that can be found nor the mark `assumed`."""
        if self.mark in READ:
            return not findable(self.source, self.mark)
        return not self.source and self.mark != "assumed"


@dataclass(frozen=True)
class Reading:
    """One line of ``parameter_tables.csv``: how the table ``table`` is read."""

    table: str
    reading: str
    part: str
    name: str
    value: str
    unit: str
    spread: str
    source: str
    mark: str
    where: str
    note: str

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Number (the first row below the header is 2, as editors count) and row, those that
        ``where`` picks."""
        column, _, values = self.where.partition("=")
        for number, row in enumerate(read_table(self.table), 2):
            if not column or row[column] in values.split("|"):
                yield number, row

    def audited(self) -> tuple[AuditedParameter, ...]:
        """The values of the table; a row without a value is left out."""
        between = " to " if len(self.spread.split()) == 2 else " / "
        found = []
        for number, row in self.rows():
            value = _joined(row, self.value, " / ")
            if value or not self.value:
                name, unit = _joined(row, self.name, " "), _joined(row, self.unit, " ")
                spread = _joined(row, self.spread, between)
                provenance = self._provenance(number, row)
                found.append(
                    AuditedParameter(self.table, self.part, name, value, unit, spread, *provenance)
                )
        return tuple(found)

    def _provenance(self, number: int, row: Row) -> tuple[str, str]:
        if self.source != OF_DEVICE:
            return _joined(row, self.source, "; "), _joined(row, self.mark, " ")
        return _of_device(self.table, number)


def readings() -> tuple[Reading, ...]:
    """How each shipped table is read, in the order of ``parameter_tables.csv``."""
    return tuple(Reading(**row) for row in read_table("credibility/parameter_tables.csv"))


def audited() -> tuple[AuditedParameter, ...]:
    """Every parameter of every shipped table."""
    return tuple(p for r in readings() if r.reading == "parameters" for p in r.audited())


def orphans() -> tuple[AuditedParameter, ...]:
    """Parameters that have neither a source that can be found nor the mark `assumed`."""
    return tuple(p for p in audited() if p.orphan)


def gaps() -> tuple[AuditedParameter, ...]:
    """What was looked for and not found; counted apart from the parameters."""
    return tuple(p for r in readings() if r.reading == "gaps" for p in r.audited())


def findable(source: str, mark: str) -> bool:
    """Whether ``source`` names something that can be found.

    That is a pattern of ``findable.csv`` that holds for ``mark``, a name of a work
    (``citations/names.csv``), a key of the clinical evidence's sources, or one of its trials.
    """
    patterns = (p for p, marks in _patterns() if not marks or mark in marks)
    return any(p.search(source) for p in patterns) or bool(_names().search(source))


def shares(rows: Sequence[AuditedParameter]) -> dict[str, float]:
    """Mark -> share of ``rows``, 0 to 1, in the order of `MARKS`; all 0 without rows."""
    counts = Counter(row.mark for row in rows)
    return {mark: counts[mark] / max(len(rows), 1) for mark in MARKS}


def by_part(rows: Sequence[AuditedParameter]) -> dict[str, tuple[AuditedParameter, ...]]:
    """Part -> its parameters, in the order of the tables."""
    return {
        part: tuple(row for row in rows if row.part == part)
        for part in dict.fromkeys(row.part for row in rows)
    }


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]:
    rows = read_table("credibility/findable.csv")
    return tuple((re.compile(row["pattern"]), tuple(row["marks"].split())) for row in rows)


@cache
def _names() -> re.Pattern[str]:
    listed = (
        ("citations/names.csv", "name"),
        ("evidence/sources.csv", "key"),
        ("evidence/trials.csv", "trial_key"),
    )
    names = {re.escape(row[column]) for table, column in listed for row in read_table(table)}
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(names))})(?!\w)")


def _joined(row: Row, columns: str, between: str) -> str:
    """The cells of ``columns`` that are not empty; what follows ``=`` stands for itself."""
    names, _, literal = columns.partition("=")
    cells = [*(row[name] for name in names.split()), literal]
    return between.join(cell.strip() for cell in cells if cell.strip())


def _of_device(table: str, number: int) -> tuple[str, str]:
    """Source and mark of a row of ``settings.csv`` or ``electrodes.csv``, as a device reads it."""
    rows = read_table(table)
    key = rows[number - 2]["key"]
    place = sum(row["key"] == key for row in rows[: number - 2])
    which = device(key)
    settings = table == "devices/settings.csv"
    found = which.settings[place] if settings else which.electrodes[place]
    return found.source, found.mark
