"""Published mood results beside the mood organ: stimulation, expectation, pain."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.draws import Draws
from vagus.body.integrate import Segments, integrate
from vagus.data import read_table
from vagus.validation.brainstem import DAY_S, IMPLANTED, PAUSE_S, brain, duty, people
from vagus.validation.comparison import Comparison, Simulated, interval

Floats = NDArray[np.float64]
WEEK_S = 7 * DAY_S

LOW, HIGH = 0.15, 0.9
"""Fractions recruited in the low and high arms of D-21 (assumed; 0.25 mA and 130 µs, 1.25 to 1.5 mA
and 250 µs)."""

PLACEBO_WEEKS = 9.0
"""Middle of the trials of Posternak 2005, 6 to 12 weeks."""

CHOIR_LAG = "144"
"""Row of brain_observations.csv: pain on pain twelve weeks before."""


def _mood(draws: Draws, symbol: str, weeks: ArrayLike, pain_SD: float = 0.0) -> Floats:
    """[n, weeks] under the usual duty, with pain held at a level."""
    times = np.asarray(weeks, dtype=float) * WEEK_S
    held = Segments(np.array([0.0, times[-1]]), {"on": duty(PAUSE_S), "pain": pain_SD})
    return integrate(brain(), draws, held, times)[symbol]


@cache
def _benefit(draws: int, seed: int, fraction: float) -> Floats:
    """[n, 3] improvement against sham at 10, 22 and 52 weeks, SD."""
    weeks = (10.0, 22.0, 52.0)
    rate = IMPLANTED["f_stim"]
    active = people(draws, seed, f_stim=rate, u_A=fraction * rate)
    sham = active.having(u_A=0.0)
    return _mood(sham, "M", weeks) - _mood(active, "M", weeks)


def _usual(draws: int, seed: int) -> Floats:
    return _benefit(draws, seed, IMPLANTED["u_A"] / IMPLANTED["f_stim"])


def _d02(draws: int, seed: int) -> Simulated:
    return interval(_usual(draws, seed)[:, 0])


def _d21(draws: int, seed: int) -> Simulated:
    return interval(_benefit(draws, seed, HIGH)[:, 1] - _benefit(draws, seed, LOW)[:, 1])


def _year(draws: int, seed: int) -> Simulated:
    return interval(_usual(draws, seed)[:, 2])


def _placebo(draws: int, seed: int) -> Simulated:
    found = _mood(people(draws, seed), "M_pl", (2.0, PLACEBO_WEEKS))
    return interval(found[:, 0] / found[:, 1])


@cache
def _growth(draws: int, seed: int) -> Floats:
    """[n, 3] response of mood to stimulation at weeks 1, 6 and 8, for an effect that is there."""
    active = people(draws, seed, **IMPLANTED).having(mood_by_5HT=0.0, d_VNS=1.0)
    return _mood(active, "M2", (1.0, 6.0, 8.0))


def _week_one(draws: int, seed: int) -> Simulated:
    found = _growth(draws, seed)
    return interval(found[:, 0] / found[:, 1])


def _mediation(draws: int, seed: int) -> Simulated:
    found = _growth(draws, seed)
    return interval(found[:, 2] / found[:, 0])


def _from_pain(days: float, draws: int, seed: int) -> Simulated:
    """Mood after 1 SD more pain for a time."""
    return interval(_mood(people(draws, seed), "M_pain", (days / 7,), pain_SD=1.0)[:, 0])


def _three_months(draws: int, seed: int) -> Simulated:
    return _from_pain(84.0, draws, seed)


def _next_day(draws: int, seed: int) -> Simulated:
    return _from_pain(1.0, draws, seed)


def _correlation(draws: int, seed: int) -> Simulated:
    """Stationary correlation of P' = -a P + A M + noise and M' = -b M + A P + noise.

    With equal variances the Lyapunov equation gives r = 2 A / (a + b).
    """
    lag = next(r for r in read_table("body/brain_observations.csv") if r["id"] == CHOIR_LAG)
    persistence = -np.log(float(lag["value"])) / 12  # 1/wk, over the 12 weeks of the row
    found = people(draws, seed)
    return interval(2 * found["A_MP"] / (persistence + found["a_MM"]))


COMPARISONS = (
    Comparison("posternak-2005-placebo-2wk", _placebo, "expectation at week 2 over week 9"),
    Comparison("taylor-2006-week-1", _week_one, "response at week 1 over week 6"),
    Comparison("rush-2005-d02", _d02, "active minus sham, 10 weeks"),
    Comparison("aaronson-2013-d21", _d21, "high minus low recruitment, 22 weeks"),
    Comparison("aaronson-2017-d23", _year, "active minus sham, 52 weeks"),
    Comparison("recover-2025-primary", _year, "active minus sham, 52 weeks"),
    Comparison("fujikoshi-2016-mediation", _mediation, "response at week 8 over week 1"),
    Comparison("kroenke-2011-pain-to-mood", _three_months, "1 SD more pain for 12 weeks"),
    Comparison("choir-pain-depression", _correlation, "stationary weekly core"),
    Comparison("frumkin-2021-next-day", _next_day, "1 SD more pain for a day"),
)
