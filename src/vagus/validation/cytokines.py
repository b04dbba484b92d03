"""Cytokines after endotoxin beside published results.

Parameters of the immune organ vary between people. A simulated study is the mean over as many drawn
people as took part, and the interval is that over simulated studies: narrower than that over
people, and so the harder test.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.organs.immune import immune
from vagus.data import read_table
from vagus.validation.comparison import Comparison, Simulated, exactly, interval

Floats = NDArray[np.float64]
Course = Callable[[int, int], Trajectory]
HOUR = 3600.0
COURSE_H = np.arange(0, 121) / 10
STUDIES = 500
"""Simulated studies per interval: enough for limits that are stable to a few percent."""

NAMES = {"tnf": "TNF", "il6": "IL6", "il8": "IL8", "il10": "IL10"}


@cache
def system() -> Compiled:
    """The immune organ alone."""
    return compile_model(immune())


@cache
def people(draws: int, seed: int) -> Draws:
    """``draws`` people; the typical one for 0."""
    model = system().model
    return draw(model, draws, seed) if draws else typical(model)


@cache
def after_bolus(dose_ng_per_kg: float, draws: int, seed: int) -> Trajectory:
    """Courses at `COURSE_H` after a bolus of endotoxin, without stimulation."""
    segments = Segments(np.array([0.0, COURSE_H[-1] * HOUR]), {})
    start = {"E_lps": dose_ng_per_kg}
    return integrate(system(), people(draws, seed), segments, COURSE_H * HOUR, initial=start)


@cache
def under_infusion(draws: int, seed: int) -> Trajectory:
    """Courses at `COURSE_H` under 2 ng/kg of endotoxin, given evenly over 4 hours."""
    segments = Segments(np.array([0.0, 4.0, COURSE_H[-1]]) * HOUR, {"lps": np.array([0.5, 0.0])})
    return integrate(system(), people(draws, seed), segments, COURSE_H * HOUR)


def group_means(values: Floats, n: int, seed: int) -> Floats:
    """[study, ...] means over ``n`` people, drawn with replacement from [person, ...]."""
    chosen = np.random.default_rng(seed).integers(len(values), size=(STUDIES, n))
    return np.stack([values[study].mean(axis=0) for study in chosen])


def at_hour(course: Trajectory, name: str, hour: float) -> Floats:
    """[person] values of one quantity at a time of `COURSE_H`."""
    return np.asarray(course[name][:, int(np.argmin(np.abs(COURSE_H - hour)))])


def _peak(course: Course, name: str, n: int, draws: int, seed: int) -> Simulated:
    return interval(group_means(course(draws, seed)[name], n, seed).max(axis=1))


def _agreement(course: Course, given: str, name: str, draws: int, seed: int) -> Simulated:
    """Squared correlation over time of the typical course and the measured group mean."""
    rows = [
        row for row in read_table("body/lps_cytokine_means.csv")
        if (row["given"], row["quantity"]) == (given, name)
    ]  # fmt: skip
    times = np.array([float(row["time_h"]) for row in rows])
    measured = np.array([float(row["mean_pg_per_mL"]) for row in rows])
    simulated = np.interp(times, COURSE_H, course(0, 0)[name][0])
    return exactly(float(np.corrcoef(simulated, measured)[0, 1]) ** 2)


def _at_2h(name: str, n: int, draws: int, seed: int) -> Simulated:
    values = at_hour(after_bolus(2.0, draws, seed), name, 2.0)
    return interval(group_means(values, n, seed))


def _variation(name: str, draws: int, seed: int) -> Simulated:
    """Coefficient of variation of the peak between people, over groups of 20."""
    peaks = after_bolus(2.0, draws, seed)[name].max(axis=1)
    groups = peaks[np.random.default_rng(seed).integers(len(peaks), size=(STUDIES, 20))]
    return interval(groups.std(axis=1, ddof=1) / groups.mean(axis=1))


def _dillingh(name: str, draws: int, seed: int) -> Simulated:
    """Geometric mean over 0-6 h relative to rest, minus 1, in %; groups of 6."""
    course = after_bolus(0.5, draws, seed)
    hourly = np.stack([at_hour(course, name, hour) for hour in range(7)], axis=1)
    log_ratio = np.log(hourly / hourly[:, :1]).mean(axis=1)
    return interval(100 * (np.exp(group_means(log_ratio, 6, seed)) - 1))


def _tolerance_6h(draws: int, seed: int) -> Simulated:
    responsive = at_hour(after_bolus(2.0, draws, seed), "R_tol", 6.0)
    return interval(np.where(responsive < 0.95, -1.0, 0.0))


def _tolerance_12h(draws: int, seed: int) -> Simulated:
    responsive = at_hour(after_bolus(2.0, draws, seed), "R_tol", 12.0)
    return interval(group_means(responsive, 6, seed))


def _rows() -> tuple[Comparison, ...]:
    two, low = partial(after_bolus, 2.0), partial(after_bolus, 0.6)
    how = "means over simulated groups of {} people"
    typically = "typical parameters"
    rows = [
        Comparison("dillingh-2014-tolerance-6h", _tolerance_6h, "responsive monocytes, people"),
        Comparison("dillingh-2014-tolerance-12h", _tolerance_12h, how.format(6)),
        Comparison("janum-2016-tnf-cv-2ng", partial(_variation, "TNF"), "over groups of 20"),
        Comparison("janum-2016-il8-cv-2ng", partial(_variation, "IL8"), "over groups of 20"),
    ]
    for key, name in NAMES.items():
        bolus = partial(_agreement, two, "bolus", name)
        infusion = partial(_agreement, under_infusion, "infusion", name)
        rows += [
            Comparison(f"janum-2016-{key}-r2-2ng", bolus, typically),
            Comparison(f"janum-2016-{key}-peak-2ng", partial(_peak, two, name, 20), how.format(20)),
            Comparison(f"berg-2012-{key}-r2-infusion", infusion, typically),
        ]
        if key != "il8":
            peak = partial(_peak, under_infusion, name, 9)
            rows.append(Comparison(f"berg-2012-{key}-peak-infusion", peak, how.format(9)))
        if key != "il10":
            peak, at_2h = partial(_peak, low, name, 27), partial(_at_2h, name, 10)
            rows += [
                Comparison(f"karolinska-2015-{key}-peak-0.6ng", peak, how.format(27)),
                Comparison(f"copeland-2005-{key}-2h", at_2h, how.format(10)),
                Comparison(f"dillingh-2014-{key}-0.5ng", partial(_dillingh, name), how.format(6)),
            ]
    return tuple(rows)


ROWS = _rows()
