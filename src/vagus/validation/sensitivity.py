"""Pressure pain threshold after endotoxin beside published results.

The interval is over the group's gain and over the mean gain of the people who took part: the gain
of single persons is drawn with a spread divided by the square root of their number. Cytokines are
those of the typical response, except for the two rows about differences between people.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.organs.immune import immune
from vagus.body.organs.sensitivity import sensitivity
from vagus.body.statement import compose
from vagus.validation.comparison import Comparison, Simulated, interval
from vagus.validation.suppression import drive

Floats = NDArray[np.float64]
HOUR, DAY = 3600.0, 86_400.0
COURSE_H = np.arange(0, 33) / 4


@cache
def system() -> Compiled:
    """Immune organ and pressure pain threshold."""
    return compile_model(compose("immune and sensitivity", immune(), sensitivity()))


@cache
def group(n: int, draws: int, seed: int) -> Draws:
    """Draws of a group's mean: typical cytokines, personal gains averaged over ``n``."""
    drawn, own = draw(system().model, draws, seed), sensitivity().parameters
    averaged = 1 + (drawn["r_ppt"] - 1) / np.sqrt(n)
    typically = typical(system().model, draws)
    return typically.having(**{s: drawn[s] for s in own}).having(r_ppt=averaged)


def after_bolus(dose_ng_per_kg: float, who: Draws) -> Trajectory:
    """Courses at `COURSE_H` after a bolus of endotoxin."""
    segments = Segments(np.array([0.0, COURSE_H[-1] * HOUR]), {})
    start = {"E_lps": dose_ng_per_kg}
    return integrate(system(), who, segments, COURSE_H * HOUR, initial=start)


@cache
def _change(dose: float, n: int, hour: float, draws: int, seed: int) -> Floats:
    """[draw] relative change of the threshold of a group of ``n``."""
    at = int(np.argmin(np.abs(COURSE_H - hour)))
    return np.asarray(after_bolus(dose, group(n, draws, seed))["ppt"][:, at] - 1)


def _size(dose: float, n: int, hour: float, draws: int, seed: int) -> Simulated:
    return interval(_change(dose, n, hour, draws, seed))


def _direction(dose: float, n: int, hour: float, draws: int, seed: int) -> Simulated:
    return interval(np.sign(_change(dose, n, hour, draws, seed)))


def _correlation(dose: float, hour: float, draws: int, seed: int) -> Simulated:
    """Rank correlation of peak TNF and change of threshold in groups of 27 people."""
    course = after_bolus(dose, draw(system().model, draws, seed))
    at = int(np.argmin(np.abs(COURSE_H - hour)))
    peak, change = course["TNF"].max(axis=1), course["ppt"][:, at] - 1
    groups = np.random.default_rng(seed).integers(draws, size=(200, 27))
    return interval([stats.spearmanr(peak[g], change[g]).statistic for g in groups])


def _aranow(draws: int, seed: int) -> Simulated:
    """Four daily sessions at the ear, read a day after the last; descending tone at rest."""
    starts = np.arange(4) * DAY
    edges = np.append(np.stack([starts, starts + HOUR / 12], axis=1).ravel(), 4 * DAY)
    segments = Segments(edges, {"on": np.tile([1.0, 0.0], 4), **drive("aranow-2021")})
    course = integrate(system(), draw(system().model, draws, seed), segments, [4 * DAY])
    return interval(course["ppt"][:, -1] - 1)


# Observation -> dose (ng/kg), people, hours after it, as the rows say.
_SIZES = {
    "janum-2016-ppt-2h": (2.0, 17, 2.0), "janum-2016-ppt-6h": (2.0, 17, 6.0),
    "karolinska-2015-ppt": (0.6, 28, 2.75),
    "karshikoff-2015-ppt-0.8ng": (0.8, 8, 2.75), "karshikoff-2015-ppt-0.6ng": (0.6, 28, 2.75),
    "de-goeij-2013-ppt": (2.0, 27, 2.0),
    "wegner-2014-ppt-0.4ng-3h": (0.4, 18, 3.0),
    "wegner-2014-ppt-0.8ng-1h": (0.8, 18, 1.0), "wegner-2014-ppt-0.8ng-6h": (0.8, 18, 6.0),
    "hijma-2020-ppt-1ng": (1.0, 12, 3.0), "hijma-2020-ppt-2ng": (2.0, 12, 3.0),
}  # fmt: skip
_SIGNS = {"wegner-2014-ppt-0.8ng-3h": (0.8, 18, 3.0), "wegner-2015-ppt-0.4ng": (0.4, 40, 2.0)}


def _rows() -> tuple[Comparison, ...]:
    how = "group mean after {} ng/kg, n = {}, at {} h"
    sizes = [Comparison(i, partial(_size, *c), how.format(*c)) for i, c in _SIZES.items()]
    signs = [Comparison(i, partial(_direction, *c), how.format(*c)) for i, c in _SIGNS.items()]
    between = "people, groups of 27"
    return (
        *sizes,
        *signs,
        Comparison("de-goeij-2013-correlation", partial(_correlation, 2.0, 2.0), between),
        Comparison("karolinska-2015-correlation", partial(_correlation, 0.6, 2.75), between),
        Comparison("aranow-2021-ppt-route", _aranow, "draws of the prior, drive assumed"),
    )


COMPARISONS: tuple[Comparison, ...] = _rows()
