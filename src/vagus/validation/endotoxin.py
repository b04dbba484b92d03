"""The two published endotoxin models beside the data they were fitted to, and beside other data.

These are point estimates of other authors, so a simulated result is one number. Rows marked
`calibrate` show that our re-implementation gives what the authors fitted; `validate` rows are
doses, groups and ways of giving endotoxin that those parameters never saw.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.organs import endotoxin_2021, endotoxin_2023
from vagus.data import read_table
from vagus.validation.comparison import Comparison, Simulated, exactly

Floats = NDArray[np.float64]
HOUR = 3600.0
COURSE_H = np.arange(1201) / 50
"""Hours at which courses are kept: a day, every 72 s."""

CYTOKINES = ("TNF", "IL6", "IL8", "IL10")
_2021 = {
    "janum": ("janum-2016", (*CYTOKINES, "T", "HR", "BP", "PPT")),
    "copeland": ("copeland-2005", (*CYTOKINES[:3], "T", "HR", "BP")),
}


@cache
def system(year: int) -> Compiled:
    """The model of 2021 or 2023, compiled."""
    organ = endotoxin_2021.endotoxin_2021 if year == 2021 else endotoxin_2023.endotoxin_2023
    return compile_model(organ())


@cache
def course(
    year: int, parameters: str, dose_ng_per_kg: float, infusion_h: float = 0.0
) -> Trajectory:
    """Course at `COURSE_H` [1, time] of a published set after a dose, at once or over hours."""
    organ = endotoxin_2021 if year == 2021 else endotoxin_2023
    draws = organ.published(parameters)
    edges, given = np.array([0.0, COURSE_H[-1]]), np.zeros(1)
    if infusion_h:
        edges = np.array([0.0, infusion_h, COURSE_H[-1]])
        given = np.array([dose_ng_per_kg / infusion_h, 0.0])
    bolus = 0.0 if infusion_h else dose_ng_per_kg
    return integrate(
        system(year), draws.having(dose=bolus), Segments(edges * HOUR, {"lps": given}),
        COURSE_H * HOUR, rtol=1e-8,
    )  # fmt: skip


@cache
def measured(study: str, quantity: str) -> tuple[Floats, Floats]:
    """Times (h) and group means of ``lps_timecourses.csv``."""
    rows = [
        (float(r["time_h"]), float(r["mean"]))
        for r in read_table("body/lps_timecourses.csv")
        if (r["study"], r["quantity"]) == (study, quantity)
    ]
    times, means = np.array(rows).T
    return times, means


def squared_correlation(simulated: ArrayLike, data: ArrayLike) -> float:
    """Squared Pearson correlation of two [n]: 1 for any rising or falling straight line."""
    return float(np.corrcoef(np.asarray(simulated), np.asarray(data))[0, 1] ** 2)


def determination(simulated: ArrayLike, data: ArrayLike) -> float:
    """1 - residual over total sum of squares of [n]: 1 only for equality, negative if worse than
    the mean of ``data``."""
    x, y = np.asarray(simulated, dtype=float), np.asarray(data, dtype=float)
    return float(1 - ((x - y) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def _value(trajectory: Trajectory, quantity: str, hours: ArrayLike) -> Floats:
    return np.asarray(np.interp(np.asarray(hours, dtype=float), COURSE_H, trajectory[quantity][0]))


Run = Callable[[], Trajectory]
Simulate = Callable[[int, int], Simulated]


def _result(of: Callable[[], float]) -> Simulate:
    """A published point estimate: draws and seed change nothing."""
    return lambda draws, seed: exactly(of())


def _run(year: int, parameters: str, dose: float, infusion_h: float = 0.0) -> Run:
    return lambda: course(year, parameters, dose, infusion_h)


def _agreement(
    run: Run, study: str, quantity: str, how: Callable[[ArrayLike, ArrayLike], float]
) -> Simulate:
    def value() -> float:
        times, means = measured(study, quantity)
        return how(_value(run(), quantity, times), means)

    return _result(value)


def _greatest(run: Run, quantity: str, *, rise: bool = False) -> Simulate:
    def value() -> float:
        y = run()[quantity][0]
        return float(y.max() - (y[0] if rise else 0.0))

    return _result(value)


def _least(run: Run, quantity: str) -> Simulate:
    return _result(lambda: float(run()[quantity].min()))


def _time(run: Run, quantity: str) -> Simulate:
    return _result(lambda: float(COURSE_H[run()[quantity][0].argmax()]))


def _threshold(run: Run, hour: float, since: float = 0.0) -> Simulate:
    """Change of the pain threshold from ``since`` to ``hour``, as a share of rest."""
    return _result(lambda: float(np.diff(_value(run(), "ppt_ratio", [since, hour]))[0]))


def _relative(run: Run, quantity: str) -> Simulate:
    """Ratio of geometric means to rest over hourly samples from 0 to 6 h, minus 1, in %."""

    def value() -> float:
        hourly = _value(run(), quantity, np.arange(7))
        return float(100 * (np.exp(np.log(hourly / hourly[0]).mean()) - 1))

    return _result(value)


def _of_2023() -> list[Comparison]:
    bolus, infusion = _run(2023, "bolus", 2.0), _run(2023, "continuous", 2.0, 4.0)
    arms = ("bolus", bolus, "janum-2016-shifted"), ("infusion", infusion, "continuous-4h")
    rows = []
    for c in CYTOKINES:
        for name, run, study in arms:
            at = f"w2023-{name}-{c.lower()}"
            fitted = f"2023 model, the authors' parameters for this {name}"
            agreement = _agreement(run, study, c, squared_correlation)
            rows += [
                Comparison(f"{at}-r2", agreement, fitted),
                Comparison(f"{at}-peak", _greatest(run, c), fitted),
            ]
        crossed = _greatest(_run(2023, "bolus", 2.0, 4.0), c)
        how = "2023 model, bolus parameters, 0.5 ng/kg/h for 4 h"
        rows.append(Comparison(f"w2023-bolus-set-infused-{c.lower()}", crossed, how))
    for c in CYTOKINES[:3]:
        small, smaller = _greatest(_run(2023, "bolus", 0.6), c), _run(2023, "bolus", 0.5)
        how = "2023 model, bolus parameters, at the lower dose"
        rows.append(Comparison(f"w2023-0.6ng-{c.lower()}", small, how))
        rows.append(Comparison(f"w2023-0.5ng-{c.lower()}", _relative(smaller, c), how))
    return rows


def _of_2021() -> list[Comparison]:
    rows = []
    for parameters, (study, quantities) in _2021.items():
        run, how = _run(2021, parameters, 2.0), f"2021 model, the authors' {parameters} parameters"
        for quantity in quantities:
            at = f"bn2021-{parameters}-{quantity.lower()}"
            extremum = _least if quantity == "PPT" else _greatest
            agreement = _agreement(run, study, quantity, determination)
            rows += [
                Comparison(f"{at}-r2", agreement, how),
                Comparison(f"{at}-extremum", extremum(run, quantity), how),
            ]
        for quantity in ("HR", "T"):
            at = f"bn2021-{parameters}-{quantity.lower()}-time"
            rows.append(Comparison(at, _time(run, quantity), how))
    full, small = _run(2021, "janum", 2.0), _run(2021, "janum", 0.6)
    others = {
        "bn2021-ppt-2h": _threshold(full, 2.0),
        "bn2021-ppt-6h": _threshold(full, 6.0),
        "bn2021-ppt-recovery": _threshold(full, 6.0, since=2.0),
        "bn2021-de-goeij-ppt": _threshold(full, 2.0),
        "bn2021-hijma-ppt-2ng": _threshold(full, 3.0),
        "bn2021-0.6ng-ppt": _threshold(small, 2.75),
        "bn2021-0.6ng-hr": _greatest(small, "HR", rise=True),
        "bn2021-dillingh-hr": _greatest(full, "HR", rise=True),
        "bn2021-dillingh-temperature": _greatest(full, "T", rise=True),
    }
    how = "2021 model, the authors' janum parameters, dose of the study"
    return rows + [Comparison(name, simulate, how) for name, simulate in others.items()]


COMPARISONS: tuple[Comparison, ...] = (*_of_2023(), *_of_2021())
