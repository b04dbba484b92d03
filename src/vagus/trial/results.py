"""What trials found: rows to hold predictions against, from the shipped tables or from a file.

A result is one number of one arm (or of the contrast between arms, or of both arms pooled):

    change_mean      mean change from baseline, in the endpoint's unit (negative: fell)
    change_median    its median
    responder_share  share of all randomised with a response, 0 to 1
    event_share      share of attacks that passed the endpoint, 0 to 1
    difference       first arm minus second as the trial's own analysis has it: of changes, or
                     of shares where the endpoint is yes or no

``RESULTS.csv`` (UTF-8) has the columns ``trial_key, arm, quantity, value, n, source``; ``n``, the
number the value is of, and ``source`` may be empty.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from vagus.data import Row, read_table
from vagus.errors import InputError, InputErrors
from vagus.protocol.device import nearest
from vagus.trial.pools import line_of, number
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
    where = f"scored_outcomes.csv: {row['design']}, {row['arm']}, {row['outcome']}"
    lines = [
        line_of(row["design"], arm, row["outcome"], row["time_point"], where)
        for arm in _arms(row["outcome_arm"])
    ]
    column, factor = row["column"], float(row["factor"])
    if len(lines) == 2:
        value = number(lines[0], column, where) - number(lines[1], column, where)
    elif column == CHANGE:
        value = number(lines[0], "end", where) - number(lines[0], "baseline", where)
    else:
        value = number(lines[0], column, where)
    n = int(number(lines[0], "n", where)) if lines[0].cell("n").known else None
    return Result(
        row["design"], row["arm"], row["quantity"], factor * value, n, lines[0]["source_key"]
    )


def _arms(text: str) -> list[str]:
    """``a-b``: the difference of two arms."""
    return text.split("-") if text.count("-") == 1 else [text]


def read_results(path: Path) -> tuple[Result, ...]:
    """Results from a csv file as the module says.

    Raises `InputErrors` that name every bad line, and `InputError` for a file that is not there,
    is no UTF-8 text or lacks a column.
    """
    rows = _rows(path)
    trials = {trial.key: trial for trial in published_trials()}
    found, errors = [], []
    for line, row in rows:
        try:
            found.append(_read(row, trials))
        except ValueError as error:
            errors.append(f"line {line}: {error}")
    if errors:
        raise InputErrors(errors, str(path))
    if not found:
        raise InputError("RESULTS.csv", path, "at least one row under the first line")
    return tuple(found)


def _rows(path: Path) -> list[tuple[int, Row]]:
    """Rows with the line each ends on; cells that a short line lacks are empty."""
    if not path.is_file():
        raise InputError("RESULTS.csv", path, "a file that exists", "Give its path.")
    try:
        # Excel puts a byte-order mark before the first name: utf-8-sig drops it.
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="", skipinitialspace=True)
            missing = [c for c in COLUMNS[:4] if c not in (reader.fieldnames or ())]
            if missing:
                fix = f"Add {', '.join(missing)} to its first line."
                allowed = f"the columns {', '.join(COLUMNS)}, with commas between"
                raise InputError("RESULTS.csv", path, allowed, fix)
            return [(reader.reader.line_num, row) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        fix = "Save it again as CSV with the encoding UTF-8."
        raise InputError("RESULTS.csv", path, "a csv file in UTF-8", fix) from error


def _read(row: Row, trials: dict[str, PublishedTrial]) -> Result:
    if None in row:  # where DictReader puts what is beyond the last column
        fix = "Put a text that holds commas in double quotes."
        raise InputError("line", "longer than the first", "one cell per column", fix)
    key, arm, quantity, value_text, n_text, source = (row.get(c, "").strip() for c in COLUMNS)
    if key not in trials:
        raise InputError("trial_key", key or "empty", ", ".join(trials), nearest(key, trials))
    arms = (*(a.name for a in trials[key].design.arms), CONTRAST, POOLED)
    if arm not in arms:
        raise InputError("arm", arm or "empty", ", ".join(arms), nearest(arm, arms))
    if quantity not in QUANTITIES:
        fix = nearest(quantity, QUANTITIES)
        raise InputError("quantity", quantity or "empty", ", ".join(QUANTITIES), fix)
    value = _float("value", value_text)
    if quantity in SHARES and not 0 <= value <= 1:
        raise InputError("value", value_text, "a share, 0 to 1", "Divide per cent by 100.")
    return Result(key, arm, quantity, value, _count("n", n_text) if n_text else None, source)


def _count(field: str, text: str) -> int:
    value = _float(field, text)
    if value < 1 or not value.is_integer():
        raise InputError(field, text, "a whole number of 1 or more, or empty")
    return int(value)


def _float(field: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise InputError(field, text or "empty", "a number") from error
    if not math.isfinite(value):
        raise InputError(field, text, "a finite number")
    return value
