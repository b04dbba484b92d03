"""Interval, statistic and p value of an estimate with a standard error: normal or t."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from vagus.errors import InputError
from vagus.evidence.least_squares import Floats


def check_level(level: float) -> float:
    """``level`` itself. `InputError` unless strictly between 0 and 1."""
    if not 0 < level < 1:
        raise InputError("level", level, "strictly between 0 and 1", "0.95 for 95 % intervals.")
    return level


def quantile(level: float, df: float) -> float:
    """The upper (1 + level)/2 quantile of Student's t with ``df``; normal where df is inf."""
    upper = 0.5 + 0.5 * check_level(level)
    return float(special.ndtri(upper) if math.isinf(df) else special.stdtrit(df, upper))


def interval(estimate: ArrayLike, se: ArrayLike, df: float, level: float) -> tuple[Floats, Floats]:
    """Bounds estimate ∓ t se, any shape."""
    b, half = np.asarray(estimate, dtype=float), quantile(level, df) * np.asarray(se, dtype=float)
    return b - half, b + half


def against_zero(estimate: ArrayLike, se: ArrayLike, df: float) -> tuple[Floats, Floats]:
    """Statistic b/se and its two-sided p value, any shape.

    Where se is 0 (Knapp-Hartung of equal effects) the statistic is infinite, or nan if b is 0.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.asarray(estimate, dtype=float) / np.asarray(se, dtype=float)
    below = -np.abs(statistic)
    p = 2 * (special.ndtr(below) if math.isinf(df) else special.stdtr(df, below))
    return statistic, np.asarray(p)
