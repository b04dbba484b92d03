"""Verification of meta-analysis: what R's metafor printed, worked out anew from the same trials."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from vagus.data import read_table
from vagus.evidence.effects import Effects
from vagus.evidence.pooled import Pooled, pool


def digits(ours: ArrayLike, theirs: ArrayLike) -> float:
    """Least number of digits to which two sets of numbers agree (relative), at most 16."""
    known = np.asarray(theirs, dtype=float)
    off = np.abs(np.asarray(ours, dtype=float) - known) / np.where(known == 0, 1.0, np.abs(known))
    return float(-np.log10(max(float(off.max()), 1e-16)))


def golden(group: str) -> dict[str, float]:
    """Name -> number that R printed, of one group of the table."""
    rows = read_table("credibility/r_golden.csv")
    return {row["name"]: float(row["value"]) for row in rows if row["group"] == group}


def bcg() -> Effects:
    """Log risk ratios of 13 trials of BCG vaccine (Colditz 1994), exact from the counts."""
    rows = read_table("credibility/bcg_trials.csv")
    a, b, c, d = (
        np.array([float(row[column]) for row in rows])
        for column in ("treated_cases", "treated_well", "control_cases", "control_well")
    )
    y, v = np.log(a / (a + b) / (c / (c + d))), 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    return Effects("log RR", y, v, tuple(row["trial"] for row in rows))


def _agreement(group: str, found: Pooled) -> float:
    theirs = golden(group)
    return digits([getattr(found, name) for name in theirs], list(theirs.values()))


def by_method(method: str) -> float:
    """Digits to which tau2, estimate, standard error and interval agree."""
    return _agreement(method, pool(bcg(), method))


def knapp_hartung() -> float:
    """Digits to which standard error and interval by Knapp and Hartung agree, REML."""
    return _agreement("REML knapp-hartung", pool(bcg(), "REML", "knapp-hartung"))


def paule_mandel() -> float:
    """Difference of tau2 from metafor's, whose search for the root stops at 1.2e-4."""
    return abs(pool(bcg(), "PM").tau2 - golden("PM")["tau2"])


MEASURES: Mapping[str, Callable[[], float | None]] = {
    "metafor-fe": partial(by_method, "FE"),
    "metafor-reml": partial(by_method, "REML"),
    "metafor-dl": partial(by_method, "DL"),
    "metafor-eb": partial(by_method, "EB"),
    "metafor-pm": paule_mandel,
    "metafor-knapp-hartung": knapp_hartung,
}
