"""Open-label pilots of published trials, taken at face value: ``data/trial/pilots.csv``.

A pilot stands for the active arm of a trial as if its shift were what a blinded trial will find:
that is what a designer who trusts it believes. Every pair has its reason; a quantity that a pilot
does not give is not worked out from another (DAS28 is not turned into ACR20).
"""

from __future__ import annotations

from dataclasses import dataclass

from vagus.data import Row, read_table
from vagus.trial.pools import line_of, number, sharing_patients
from vagus.trial.results import CHANGE


@dataclass(frozen=True)
class Pilot:
    """``value``: change from baseline in the endpoint's unit, or share; of ``n`` patients.

    ``trial``, ``outcome``, ``source``: where it is from; ``reason``: why this one, and what was
    taken as what.
    """

    trial: str
    quantity: str
    value: float
    n: int
    outcome: str
    source: str
    reason: str


def pilot_of(design_key: str, quantity: str, without: frozenset[str] = frozenset()) -> Pilot | None:
    """The pilot of a trial for a quantity; None where there is none but those ``without``.

    `InputError` where the table names no row of the evidence, or a recalled number.
    """
    out = sharing_patients(without | {design_key})
    for row in read_table("trial/pilots.csv"):
        asked = (row["design"], row["quantity"]) == (design_key, quantity)
        if asked and row["pilot"] not in out:
            return _pilot(row)
    return None


def _pilot(row: Row) -> Pilot:
    where = f"pilots.csv: {row['design']}, {row['quantity']}"
    line = line_of(row["pilot"], row["arm"], row["outcome"], row["time_point"], where)
    if row["column"] == CHANGE:
        value = number(line, "end", where) - number(line, "baseline", where)
    else:
        value = number(line, row["column"], where)
    n = float(row["n"]) if row["n"] else number(line, "n", where)
    return Pilot(
        row["pilot"], row["quantity"], float(row["factor"]) * value, int(n), row["outcome"],
        line["source_key"], row["reason"],
    )  # fmt: skip
