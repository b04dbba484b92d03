"""What trials found: rows to hold predictions against, from the shipped tables or from a file.

A result is one number of one arm (or of the contrast between arms, or of both arms pooled):

    change_mean      mean change from baseline, in the endpoint's unit (negative: fell)
    change_median    its median
    responder_share  share of all randomised with a response, 0 to 1
    event_share      share of attacks that passed the endpoint, 0 to 1
    difference       first arm minus second as the trial's own analysis has it: of changes, or
                     of shares where the endpoint is yes or no

``RESULTS.csv`` has the columns ``trial_key, arm, quantity, value, n, source``; ``n``, the number
the value is of, and ``source`` may be empty.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from vagus.data import Row, read_table
from vagus.errors import InputError, InputErrors
from vagus.evidence.tables import Line, evidence
from vagus.protocol.device import nearest
from vagus.trial.published import PublishedTrial, published_trials

QuantityName = Literal[
    "change_mean", "change_median", "responder_share", "event_share", "difference"
]
QUANTITIES: tuple[str, ...] = get_args(QuantityName)
SHARES = ("responder_share", "event_share")
CONTRAST, POOLED = "contrast", "pooled"
COLUMNS = ("trial_key", "arm", "quantity", "value", "n", "source")
CHANGE = "end-baseline"


@dataclass(frozen=True)
class Result:
    """One published number. ``n``: of how many patients, None where not said."""

    trial: str
    arm: str
    quantity: str
    value: float
    n: int | None
    source: str


def calibration_results() -> tuple[Result, ...]:
    """What the calibration trials found, from the evidence tables by ``scored_outcomes.csv``.

    Every number was seen or derived from what was seen; a recalled one is an `InputError`.
    """
    return tuple(_published(row) for row in read_table("trial/scored_outcomes.csv"))


def _published(row: Row) -> Result:
    lines = [_line(row, arm) for arm in _arms(row["outcome_arm"])]
    column, factor = row["column"], float(row["factor"])
    if len(lines) == 2:
        value = _number(row, lines[0], column) - _number(row, lines[1], column)
    elif column == CHANGE:
        value = _number(row, lines[0], "end") - _number(row, lines[0], "baseline")
    else:
        value = _number(row, lines[0], column)
    n = lines[0].cell("n").value if lines[0].cell("n").known else None
    return Result(
        row["design"], row["arm"], row["quantity"], factor * value, None if n is None else int(n),
        lines[0]["source_key"],
    )  # fmt: skip


def _arms(text: str) -> list[str]:
    """``a-b``: the difference of two arms."""
    return text.split("-") if text.count("-") == 1 else [text]


def _line(row: Row, arm: str) -> Line:
    found = [
        line
        for line in evidence().outcomes_of(row["design"])
        if (line["arm_key"], line["outcome"], line["time_point"])
        == (arm, row["outcome"], row["time_point"])
    ]
    if len(found) != 1:
        where = f"scored_outcomes.csv: {row['design']}, {arm}, {row['outcome']}"
        raise InputError(where, f"{len(found)} rows", "one row of outcomes.csv")
    return found[0]


def _number(row: Row, line: Line, column: str) -> float:
    cell = line.cell(column)
    if not cell.known or cell.recalled:
        where = f"scored_outcomes.csv: {row['design']}, {row['arm']}, {column}"
        raise InputError(where, cell.provenance or "empty", "a number seen or derived")
    return cell.value


def read_results(path: Path) -> tuple[Result, ...]:
    """Results from a csv file as the module says.

    Raises `InputErrors` that name every bad line, and `InputError` for a file that is not there or
    lacks a column.
    """
    if not path.is_file():
        raise InputError("RESULTS.csv", path, "a file that exists", "Give its path.")
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        missing = [c for c in COLUMNS[:4] if c not in (reader.fieldnames or ())]
        if missing:
            fix = f"Add {', '.join(missing)} to its first line."
            raise InputError("RESULTS.csv", path, f"the columns {', '.join(COLUMNS)}", fix)
        rows = list(reader)
    trials = {trial.key: trial for trial in published_trials()}
    found, errors = [], []
    for number, row in enumerate(rows, 2):
        try:
            found.append(_read(row, trials))
        except ValueError as error:
            errors.append(f"line {number}: {error}")
    if errors:
        raise InputErrors(errors, str(path))
    if not found:
        raise InputError("RESULTS.csv", path, "at least one row under the first line")
    return tuple(found)


def _read(row: Row, trials: dict[str, PublishedTrial]) -> Result:
    key, arm, quantity = (row[c].strip() for c in COLUMNS[:3])
    if key not in trials:
        raise InputError("trial_key", key, ", ".join(trials), nearest(key, tuple(trials)))
    arms = (*(a.name for a in trials[key].design.arms), CONTRAST, POOLED)
    if arm not in arms:
        raise InputError("arm", arm, ", ".join(arms), nearest(arm, arms))
    if quantity not in QUANTITIES:
        raise InputError("quantity", quantity, ", ".join(QUANTITIES), nearest(quantity, QUANTITIES))
    value = _float("value", row["value"])
    if quantity in SHARES and not 0 <= value <= 1:
        raise InputError("value", value, "a share, 0 to 1", "Divide per cent by 100.")
    text = (row.get("n") or "").strip()
    n = None if not text else int(_float("n", text))
    if n is not None and n < 1:
        raise InputError("n", n, "1 or more, or empty")
    return Result(key, arm, quantity, value, n, (row.get("source") or "").strip())


def _float(field: str, text: str) -> float:
    try:
        value = float(text)
    except (TypeError, ValueError) as error:
        raise InputError(field, text or "empty", "a number") from error
    if not abs(value) < float("inf"):
        raise InputError(field, text, "a finite number")
    return value
