"""What the page of `vagus validate` shows: observations beside what was simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vagus.report.content import Fact
from vagus.validation.table import VERDICTS, Row

ROLES = ("validate", "calibrate")


@dataclass(frozen=True)
class ValidationReport:
    """All rows, whatever their verdict; ``run``: versions, seed, wall time."""

    rows: Sequence[Row]
    draws: int
    seed: int
    run: Sequence[Fact] = ()


def organs(rows: Sequence[Row]) -> tuple[str, ...]:
    """Organs that have rows, in order of appearance."""
    return tuple(dict.fromkeys(r.observation.organ for r in rows))


def tally(rows: Sequence[Row], role: str, organ: str = "") -> dict[str, int]:
    """Verdict -> number of rows of this role, of one organ or of all."""
    counted = [r for r in rows if r.observation.role == role and organ in ("", r.observation.organ)]
    return {v: sum(r.verdict == v for r in counted) for v in VERDICTS}


def headline(report: ValidationReport) -> str:
    """One sentence: how many results that shaped no prior are reproduced, and how many fail."""
    free = tally(report.rows, "validate")
    n = sum(free.values())
    if not n:
        return "No published result that shaped no prior was compared."
    counts = (
        f"Of {n} published results that shaped no prior, the model reproduces "
        f"{free['reproduced']}, is compatible with {free['compatible']} and fails {free['failed']}"
    )
    used = tally(report.rows, "calibrate")
    m = sum(used.values())
    if not m:
        return f"{counts}."
    return f"{counts}; of {m} that may have shaped one, it reproduces {used['reproduced']}."
