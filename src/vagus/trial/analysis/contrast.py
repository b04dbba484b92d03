"""A contrast between two arms: estimate, standard error, degrees of freedom, interval, p value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from vagus.errors import InputError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Better = Literal["lower", "higher"]


@dataclass(frozen=True)
class ContrastFit:
    """Treated arm minus control arm, in the unit of what was analysed.

    ``df`` of Student's t (inf: normal); ``p`` two-sided; ``arm_means``: adjusted means of
    (control, treated) at the average of all covariates. ``method`` says how it was got.
    """

    estimate: float
    se: float
    df: float
    low: float
    high: float
    p: float
    method: str
    arm_means: tuple[float, float] = (np.nan, np.nan)

    def one_sided(self, better: Better) -> float:
        """p against the alternative that the treated arm is ``better``."""
        return float(one_sided_p(self.estimate, self.se, self.df, better))


def contrast_fit(
    estimate: float,
    se: float,
    df: float,
    level: float,
    method: str,
    arm_means: tuple[float, float] = (np.nan, np.nan),
) -> ContrastFit:
    """`ContrastFit` with Student's t interval and test."""
    low, high, p = (float(a) for a in t_inference(estimate, se, df, level))
    return ContrastFit(float(estimate), float(se), float(df), low, high, p, method, arm_means)


def t_inference(
    estimate: ArrayLike, se: ArrayLike, df: ArrayLike, level: float
) -> tuple[Floats, Floats, Floats]:
    """Ends of the interval and two-sided p value of Student's t, elementwise.

    Without any scatter (se 0) the interval is a point; p is 0, or 1 where the estimate is 0 too.
    """
    check_level(level)
    estimate, se, df = (np.asarray(a, dtype=float) for a in (estimate, se, df))
    half = stats.t.ppf(0.5 + level / 2, df) * se
    return estimate - half, estimate + half, 2 * stats.t.sf(np.abs(_ratio(estimate, se)), df)


def one_sided_p(estimate: ArrayLike, se: ArrayLike, df: ArrayLike, better: Better) -> Floats:
    """p against the alternative that treated is better, elementwise."""
    sign = {"lower": -1.0, "higher": 1.0}.get(better)
    if sign is None:
        raise InputError("better", better, "lower or higher")
    estimate, se, df = (np.asarray(a, dtype=float) for a in (estimate, se, df))
    return np.asarray(stats.t.sf(sign * _ratio(estimate, se), df))


def _ratio(estimate: Floats, se: Floats) -> Floats:
    infinite = np.where(estimate == 0, 0.0, np.copysign(np.inf, estimate))
    infinite = np.where(np.isnan(estimate) | np.isnan(se), np.nan, infinite)
    return np.where(se > 0, estimate / np.where(se > 0, se, 1.0), infinite)


def check_level(level: float, field: str = "level") -> None:
    """A share strictly between 0 and 1, or `InputError`."""
    if not 0 < level < 1:
        raise InputError(field, level, "above 0 and below 1", "0.95 is usual for an interval.")
