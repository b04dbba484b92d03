"""Reference data and numbers made with R (metafor 3.8.1), read from tests/golden/.

Where gold.json and the R logs differ the logs are right: its `small_k_hksj` upper bound is a trap.
"""

from __future__ import annotations

import csv
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.evidence.effects import Effects

Floats = NDArray[np.float64]
GOLDEN = Path(__file__).parents[1] / "golden"
NUMBER = r"(-?\d[\d.]*(?:e[+-]?\d+)?)"


@cache
def log(name: str = "gold_R") -> str:
    return (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")


@cache
def gold() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((GOLDEN / "gold.json").read_text(encoding="utf-8"))
    return loaded


def after(start: str, name: str = "gold_R") -> Floats:
    """All numbers on the line of a log that follow the text ``start``."""
    line = next(line for line in log(name).splitlines() if line.startswith(start))
    return np.array([float(x) for x in re.findall(rf"(?<![\w.]){NUMBER}", line[len(start) :])])


@cache
def table(name: str) -> dict[str, tuple[str, ...]]:
    """Columns of a data set."""
    with (GOLDEN / f"{name}.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {column: tuple(row[column] for row in rows) for column in rows[0]}


def column(name: str, key: str) -> Floats:
    return np.array([float(x) for x in table(name)[key]])


def bcg() -> Effects:
    """Log risk ratios of 13 BCG trials (Colditz 1994), exact from the counts."""
    a, b, c, d = (column("bcg", key) for key in ("tpos", "tneg", "cpos", "cneg"))
    y, v = np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return Effects("log RR", y, v, table("bcg")["author"])


def given(name: str) -> Effects:
    """A data set that has columns yi and vi."""
    return Effects("SMD", column(name, "yi"), column(name, "vi"))


def digits(ours: Any, theirs: Any) -> float:
    """Least number of digits to which two sets of numbers agree (relative)."""
    ours, theirs = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    off = np.abs(ours - theirs) / np.where(theirs == 0, 1.0, np.abs(theirs))
    return float(-np.log10(max(off.max(), 1e-16)))
