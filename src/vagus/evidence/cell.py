"""One number of the evidence tables with where it was read."""

from __future__ import annotations

import math
from collections.abc import Set
from dataclasses import dataclass

from vagus.data import Row
from vagus.errors import InputError

TWIN = "_seen"
PROVENANCES = ("seen", "derived", "recalled")


@dataclass(frozen=True)
class Cell:
    """A number, how it is known and from which source.

    ``value`` is nan where the table is empty. ``provenance``: ``seen`` (read in ``source``),
    ``derived`` (arithmetic on numbers seen in ``source``), ``recalled`` (from memory, to be
    verified: shown, never fitted), or "" where there is no number. ``source`` is a key of
    ``sources.csv``, "" for recalled and empty cells.
    """

    value: float
    provenance: str
    source: str

    @property
    def known(self) -> bool:
        """Whether there is a number at all, recalled or not."""
        return not math.isnan(self.value)

    @property
    def recalled(self) -> bool:
        """Whether the number is from memory."""
        return self.provenance == "recalled"

    @property
    def mark(self) -> str:
        """Provenance and source as the tables write them: ``seen:KEY``, ``recalled``, ""."""
        return f"{self.provenance}:{self.source}" if self.source else self.provenance


EMPTY = Cell(math.nan, "", "")


def parse_cell(text: str, twin: str, sources: Set[str], where: str) -> Cell:
    """The cell written as ``text`` with its provenance ``twin``.

    Raises `InputError`, which names ``where``: a number without provenance, provenance without a
    number, text that is no finite number, an unknown mark, or a source that is not in ``sources``.
    """
    if not text and not twin:
        return EMPTY
    if not text or not twin:
        raise InputError(
            where, f"{text or 'empty'} / {twin or 'empty'}", "a number with its provenance",
            "Fill both cells or neither.",
        )  # fmt: skip
    provenance, _, source = twin.partition(":")
    if provenance not in PROVENANCES or bool(source) == (provenance == "recalled"):
        raise InputError(f"{where}{TWIN}", twin, "seen:KEY, derived:KEY or recalled")
    if source and source not in sources:
        raise InputError(
            f"{where}{TWIN}", twin, "a key of sources.csv", f"Add `{source}` to sources.csv."
        )
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise InputError(where, text, "a finite number")
    return Cell(value, provenance, source)


def parse_cells(row: Row, sources: Set[str], where: str) -> dict[str, Cell]:
    """Every column of ``row`` that has a twin ``<name>_seen``, as cells by name."""
    names = [name for name in row if f"{name}{TWIN}" in row]
    return {n: parse_cell(row[n], row[f"{n}{TWIN}"], sources, f"{where}, {n}") for n in names}
