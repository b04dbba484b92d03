"""Who there is before a trial, and who is admitted.

``data/patient/screening.csv`` holds, per condition, the law of ratings before selection and the
entry criterion of the trials whose baselines and placebo changes are known. The laws are chosen so
that those who pass the entry have the published baseline (`vagus.body.conditions`), as far as
selection from a normal law can give it; ``tests/patient/test_patient_screening.py`` tells how far.
Ratings are clipped to the scale; counts of days scatter around a patient's mean besides.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from vagus.body.conditions import condition
from vagus.data import read_table
from vagus.errors import InputError
from vagus.patient.migraine_days import DAYS, count_law
from vagus.patient.ratings import DAYS_PER_WEEK, window_covariance

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

# Quadrature over the deviation of the first rating: midpoints of equally probable or of equally
# wide cells; 4000 cells over 12 SD leave 1e-6 of a point.
CELLS, REACH_SD = 4000, 6.0


@dataclass(frozen=True)
class Entry:
    """Who is admitted, judged on the rating of the run-in, in the unit of the condition's outcome.

    None: no limit on that side. Raises `InputError` where nobody could pass.
    """

    at_least: float | None = None
    at_most: float | None = None

    def __post_init__(self) -> None:
        low, high = self.limits
        if not low <= high:
            raise InputError("entry: at_most", self.at_most, f"at_least ({self.at_least}) or more")

    @property
    def limits(self) -> tuple[float, float]:
        """(least, greatest) rating admitted; infinite where there is no limit."""
        low = -np.inf if self.at_least is None else float(self.at_least)
        return low, np.inf if self.at_most is None else float(self.at_most)

    def admits(self, rating: ArrayLike) -> Bools:
        """Whether each of the ratings passes, same shape."""
        low, high = self.limits
        value = np.asarray(rating, dtype=np.float64)
        return np.asarray((value >= low) & (value <= high))


@dataclass(frozen=True)
class Screening:
    """Ratings before selection: normal with ``mean`` and ``sd``, clipped to ``low`` .. ``high``.

    In the unit of the condition's outcome; means over ``recall_d`` days. ``rho``: overdispersion of
    counts of days around that law, None where the outcome is not a count. ``entry``: the criterion
    of the published trials of the condition, ``entry_source`` with its mark.
    """

    condition: str
    mean: float
    sd: float
    low: float
    high: float
    recall_d: float
    rho: float | None
    entry: Entry
    source: str
    mark: str
    entry_source: str
    entry_mark: str

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise InputError("screening: sd", self.sd, "above 0")


@cache
def screening(condition_key: str) -> Screening:
    """The population of a condition before entry; `InputError` where the table has none."""
    rows = {row["condition"]: row for row in read_table("patient/screening.csv")}
    if condition_key not in rows:
        near = difflib.get_close_matches(str(condition_key), rows, 1)
        fix = f"Did you mean `{near[0]}`?" if near else "Take one of these."
        raise InputError("condition", condition_key, ", ".join(rows), fix)
    row, c = rows[condition_key], condition(condition_key)
    counts = c.unit.startswith("days")
    return Screening(
        condition_key, float(row["mean"]), float(row["sd"]), c.low, c.high, c.recall_d,
        _rho() if counts else None,
        Entry(_limit(row["at_least"]), _limit(row["at_most"])),
        row["source"], row["mark"], row["entry_source"], row["entry_mark"],
    )  # fmt: skip


def admitted(who: Screening, entry: Entry) -> tuple[float, float, float]:
    """(share, mean, SD) of those of ``who`` whose rating passes ``entry``.

    Exact for the clipped normal law (and the beta-binomial one of counts) up to quadrature.
    """
    weight, rating, passes = _first(who, entry)
    share = float(np.sum(weight * passes))
    mean = float(np.sum(weight * passes * rating)) / share
    square = float(np.sum(weight * passes * rating**2)) / share
    return share, mean, float(np.sqrt(max(square - mean**2, 0.0)))


def expected_regression(
    who: Screening, entry: Entry, weeks: float, tau_wk: ArrayLike, icc: ArrayLike, phi: ArrayLike
) -> Floats | float:
    """Mean change of the rating after ``weeks`` of those who pass ``entry``, nothing else acting.

    In the unit of the outcome; negative where entry asks for high ratings. With r the correlation
    of a rating and one ``weeks`` later (`window_covariance`), the later deviation of those at z is
    normal with mean r z and variance 1 - r^2, and its mean after clipping is closed; the mean over
    the admitted is a quadrature over z. Without clipping and counts it is
    -(1 - r) sd lambda, lambda the mean of a truncated standard normal variate.

    ``tau_wk``, ``icc`` and ``phi``: numbers, or arrays of equal shape for as many results. Raises
    `InputError` for times below one recall period.
    """
    later = round(DAYS_PER_WEEK * weeks)
    if later < who.recall_d:
        raise InputError("weeks", weeks, f"{who.recall_d / DAYS_PER_WEEK:g} (one recall) or more")
    windows = [(-who.recall_d, 0.0), (later - who.recall_d, float(later))]
    r = window_covariance(tau_wk, icc, phi, windows, who.recall_d)[..., 0, 1]
    weight, rating, passes = _first(who, entry)
    chosen = (weight * passes).sum(axis=1)
    first = float(np.sum(weight * passes * rating) / chosen.sum())
    z = _cells()
    spread = who.sd * np.sqrt(1 - r**2)
    second = clipped_mean(who.mean + who.sd * r[..., None] * z, spread[..., None], who)
    change = second @ (chosen / chosen.sum()) - first
    return float(change) if change.ndim == 0 else np.asarray(change)


def clipped_mean(mean: Floats, sd: Floats, who: Screening) -> Floats:
    """Mean of a normal variate that is clipped to the scale of ``who``."""
    low, high = (who.low - mean) / sd, (who.high - mean) / sd
    inside = stats.norm.cdf(high) - stats.norm.cdf(low)
    return np.asarray(
        who.low * stats.norm.cdf(low) + who.high * stats.norm.sf(high)
        + mean * inside + sd * (stats.norm.pdf(low) - stats.norm.pdf(high))
    )  # fmt: skip


def _cells() -> Floats:
    """[CELLS] deviations at the middle of equally wide cells."""
    edges = np.linspace(-REACH_SD, REACH_SD, CELLS + 1)
    return np.asarray((edges[:-1] + edges[1:]) / 2)


def _first(who: Screening, entry: Entry) -> tuple[Floats, Floats, Floats]:
    """Probability [z, k], rating [z, k] and whether it passes, of first ratings.

    k: the counts of days; a single column where ratings are continuous. A cell that an edge of the
    entry cuts passes in part.
    """
    z = _cells()
    half = REACH_SD / CELLS
    weight = stats.norm.cdf(z + half) - stats.norm.cdf(z - half)
    level = np.clip(who.mean + who.sd * z, who.low, who.high)[:, None]
    low, high = entry.limits
    if who.rho is not None:
        k = np.arange(DAYS + 1.0)
        probability = weight[:, None] * count_law(level[:, 0], who.rho)
        return probability, np.broadcast_to(k, probability.shape), _ok(k, entry, probability.shape)
    # Clipped ratings pass where they lie: a limit at the end of the scale admits all beyond it.
    low = -np.inf if low <= who.low else (low - who.mean) / who.sd
    high = np.inf if high >= who.high else (high - who.mean) / who.sd
    inside = (np.minimum(z + half, high) - np.maximum(z - half, low)) / (2 * half)
    return weight[:, None], level, np.clip(inside, 0.0, 1.0)[:, None]


def _ok(k: Floats, entry: Entry, shape: tuple[int, ...]) -> Floats:
    return np.broadcast_to(entry.admits(k).astype(np.float64), shape)


def _limit(text: str) -> float | None:
    return float(text) if text else None


def _rho() -> float:
    (row,) = (r for r in read_table("patient/observation.csv") if r["symbol"] == "rho")
    return float(row["default"])
