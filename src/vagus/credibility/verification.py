"""Verification run where the report is read: does the code solve the equations it claims to solve?

``verification.csv`` says what is checked, against what, what is accepted, and where the test suite
holds another bound or another setting (``holds``). What is measured is worked out anew on every
call, with the package's own dependencies.
Checks that need another program, or too long, are listed as not run, with the test that holds them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

from vagus.credibility import (
    verify_body,
    verify_evidence,
    verify_fibre,
    verify_field,
    verify_protocol,
    verify_trial,
)
from vagus.data import Row, read_table
from vagus.errors import InputError, VagusError

Kind = Literal["exact solution", "convergence order", "conservation", "agreement", "identity"]
Measure = Callable[[], float | None]
Progress = Callable[[str, int, int], None]
COMPUTED: Literal["computed now"] = "computed now"
NOT_RUN: Literal["not run here"] = "not run here"
MEASURES: Mapping[str, Measure] = {
    **verify_protocol.MEASURES,
    **verify_field.MEASURES,
    **verify_fibre.MEASURES,
    **verify_body.MEASURES,
    **verify_evidence.MEASURES,
    **verify_trial.MEASURES,
}
"""Key of a check -> what measures it; it returns None where the other program is missing."""


@dataclass(frozen=True)
class Check:
    """One line: what was measured, in ``unit`` ("" for a pure number), and what is accepted.

    ``low``, ``high``: accepted are values from ``low`` to ``high``, None: no bound on that side.
    ``measured``: None where it was not run here, nan where it was and could not be worked out
    (``note`` says why; such a check has failed). ``source``: where the reference numbers come
    from, and the test of the same, with what it holds where that differs.
    """

    key: str
    part: str
    kind: Kind
    what: str
    against: str
    measured: float | None
    unit: str
    low: float | None
    high: float | None
    how: Literal["computed now", "not run here"]
    source: str
    note: str

    @property
    def passed(self) -> bool | None:
        """Whether the measured value is accepted; None where nothing was measured."""
        if self.measured is None:
            return None
        if math.isnan(self.measured):
            return False
        low = self.low is None or self.measured >= self.low
        return low and (self.high is None or self.measured <= self.high)

    @property
    def verdict(self) -> str:
        """passed, failed, or not run here."""
        return {True: "passed", False: "failed", None: NOT_RUN}[self.passed]

    def as_dict(self) -> dict[str, Any]:
        """Flat, ready for JSON: a measured value that is not finite becomes None."""
        shown = asdict(self) | {"passed": self.passed, "verdict": self.verdict}
        if self.measured is not None and not math.isfinite(self.measured):
            shown["measured"] = None
        return shown


def verify(
    progress: Progress | None = None, only: Sequence[str] | None = None
) -> tuple[Check, ...]:
    """Every check of the table, or those of ``only`` (keys or parts), worked out now.

    Half a minute of one core, and some fifty seconds more on the first call for compilation.
    ``progress("checks", done, all)`` before each and at the end. A check whose computation raises
    an error has failed, with the message. Raises `InputError` for a name that is none.
    """
    chosen = _chosen(only)
    found = []
    for done, row in enumerate(chosen):
        if progress:
            progress("checks", done, len(chosen))
        found.append(_check(row))
    if progress:
        progress("checks", len(chosen), len(chosen))
    return tuple(found)


def _chosen(only: Sequence[str] | None) -> list[Row]:
    rows = read_table("credibility/verification.csv")
    if only is None:
        return list(rows)
    known = dict.fromkeys(name for row in rows for name in (row["key"], row["part"]))
    for name in only:
        if name not in known:
            raise InputError("only", name, ", ".join(known))
    return [row for row in rows if row["key"] in only or row["part"] in only]


def _check(row: Row) -> Check:
    measured, note = _measured(row)
    return Check(
        row["key"],
        row["part"],
        cast(Kind, row["kind"]),
        row["what"],
        row["against"],
        measured,
        row["unit"],
        float(row["low"]) if row["low"] else None,
        float(row["high"]) if row["high"] else None,
        NOT_RUN if measured is None else COMPUTED,
        _source(row),
        "; ".join(filter(None, (note, row["note"]))),
    )  # fmt: skip


def _source(row: Row) -> str:
    """Where the reference numbers come from, the test, and what it holds."""
    if not row["low"] and not row["high"]:
        return row["numbers"]
    held = (
        f"{row['test']} holds {row['holds']}" if row["holds"] else f"the same bound: {row['test']}"
    )
    return f"{row['numbers']}; {held}"


def _measured(row: Row) -> tuple[float | None, str]:
    """The value and what is to be said about it; nan where the computation fails."""
    measure = MEASURES.get(row["key"])
    if measure is None:
        return None, ""
    try:
        value = measure()
    except (VagusError, ArithmeticError, ValueError, RuntimeError, LookupError) as error:
        return math.nan, f"could not be worked out: {error}"
    return value, "" if value is not None else "the other program is not installed"
