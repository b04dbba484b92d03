"""What a trial measures: from courses of the body and deviations of ratings to the scales.

``data/patient/observables.csv`` says what there is, for which conditions and how it is computed;
``data/patient/observation.csv`` holds the numbers, each with a distribution. What is uncertain is
drawn once per population (`parameter`), so that patients of one population share it.

Pain is read as  mean + sd z + sd_condition pain,  z the deviation of the rating (`ratings.latent`)
in SD before selection and ``pain`` the body's change in SD of the condition's outcome. Linear
scales (FIQR, HADS, function) are

    y = mean + sd (p z + c pain' + m (u + M) + sqrt(1 - p^2 - m^2) (sqrt(icc) v + sqrt(1-icc) e)),

pain' in the same unit as z, M the body's depressed mood, u and v of the patient, e of the visit. c,
of change, reaches beyond p, of patients: expectation moves whatever is self-reported, not only the
part of it that is pain.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.conditions import condition
from vagus.body.priors import parse_prior, uniforms
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.disease_activity import Pair, das28, improved
from vagus.patient.migraine_days import DAYS, draw_days, told
from vagus.patient.ratings import whole_days
from vagus.patient.screening import screening
from vagus.patient.switches import Switches

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Observable:
    """An endpoint: its scale, which way is better, for which conditions, how it is computed.

    ``smallest_important``: smallest difference that patients call important, None where none was
    read. ``kind``: how it is analysed. ``mark`` as in `vagus.data`.
    """

    key: str
    name: str
    unit: str
    low: float
    high: float
    better: Literal["lower", "higher"]
    kind: Literal["continuous", "count", "binary"]
    conditions: tuple[str, ...]
    how: str
    smallest_important: float | None
    smallest_important_source: str
    source: str
    mark: str


@dataclass(frozen=True)
class Sight:
    """What an observable is computed from: patients ``who`` [m] over windows [V, 2].

    ``z`` [m, V]: deviations of ratings. ``rng``: noise of the observable itself, drawn alike
    whatever the regimen, so that arms can be compared on the same noise.
    """

    cohort: Cohort
    who: Ints
    regimen: Ints
    windows: Ints
    z: Floats
    rng: np.random.Generator
    switches: Switches

    def course(self, quantity: str) -> Floats:
        """[m, V] mean of a quantity over the windows."""
        return window_means(self.cohort, quantity, self.who, self.regimen, self.windows)

    def of(self, symbol: str) -> Floats:
        """[m, 1] a parameter of `observation.csv`."""
        return parameter(self.cohort, symbol)[self.who][:, None]

    def noise(self, sd: Floats) -> Floats:
        """[m, V] independent normal noise; none where noise is switched off."""
        e = self.rng.standard_normal(self.z.shape)
        return np.asarray(sd * e) if self.switches.noise else np.zeros(self.z.shape)

    def person(self) -> Floats:
        """[m, 1] a normal deviate that stays with the patient."""
        return self.rng.standard_normal((len(self.who), 1))


def observables() -> tuple[Observable, ...]:
    """All observables, in the order of the table."""
    return tuple(_observable(row) for row in read_table("patient/observables.csv"))


def observable(key: str) -> Observable:
    """The observable called ``key``; `InputError` with the nearest key where there is none."""
    known = {o.key: o for o in observables()}
    if key not in known:
        near = difflib.get_close_matches(str(key).lower(), known, 1, 0.4)
        fix = f"Did you mean `{near[0]}`?" if near else "Take one of these."
        raise InputError("endpoint", key, ", ".join(known), fix)
    return known[key]


def observables_of(condition_key: str) -> tuple[str, ...]:
    """Keys of what can be observed in a condition, its own outcome first."""
    own = condition(condition_key).key
    return tuple(o.key for o in observables() if own in o.conditions)


def primary_outcome(condition_key: str) -> str:
    """Key of the observable that is the condition's outcome: what entry is judged on."""
    return "migraine_days" if condition(condition_key).unit.startswith("days") else "nrs"


def check_endpoint(condition_key: str, key: str) -> None:
    """`InputError` where there is no such endpoint, or the condition lacks it."""
    if condition_key not in observable(key).conditions:
        have = observables_of(condition_key)
        near = difflib.get_close_matches(key, have, 1, 0.0)
        raise InputError(
            "endpoint", key, f"of {condition_key}: {', '.join(have)}",
            f"`{key}` is observed in {', '.join(observable(key).conditions)}; "
            f"take `{near[0]}` or another endpoint of {condition_key}, or another condition.",
        )  # fmt: skip


def observe(
    cohort: Cohort, key: str, who: Ints, regimen: Ints, windows_d: ArrayLike, latent: Floats,
    rng: np.random.Generator, switches: Switches | None = None,
) -> Floats:  # fmt: skip
    """[m, V] observable ``key`` in its unit, within its bounds.

    ``who`` [m]: rows of the cohort; ``regimen`` [m]: index into its regimens; ``windows_d`` [V, 2]:
    days [start, end) relative to randomisation, whatever lies before day 0 untreated; ``latent``
    [m, V]: from `ratings.latent` with the same windows. Binary responses need a window that ends
    by day 0, the last of which is the baseline; they are 0 there. Raises `InputError` for an
    endpoint the condition lacks and for windows beyond the cohort's courses.
    """
    check_endpoint(cohort.condition.key, key)
    found = observable(key)
    windows = whole_days(windows_d)
    if latent.shape != (len(who), len(windows)) or len(regimen) != len(who):
        allowed = f"({len(who)}, {len(windows)}): patients by windows, a regimen for each patient"
        raise InputError("latent", latent.shape, allowed)
    seen = Sight(cohort, who, regimen, windows, latent, rng, switches or Switches())
    values = _HOW[key](seen) if key in _HOW else _linear(seen, found)
    return np.asarray(np.clip(values, found.low, found.high))


def window_means(
    cohort: Cohort, quantity: str, who: Ints, regimen: Ints, windows_d: ArrayLike
) -> Floats:
    """[m, V] mean of a course over windows; days before 0 have the value at day 0.

    A course holds at day d the mean over the day that ends then.
    """
    windows = whole_days(windows_d)
    last = len(cohort.time_d) - 1
    if windows.max() > last:
        raise InputError("windows_d", windows.max(), f"ends by day {last}, where courses end")
    start, end = np.maximum(windows[:, 0], 0), np.maximum(windows[:, 1], 0)
    before = np.minimum(windows[:, 1], 0) - np.minimum(windows[:, 0], 0)
    length = windows[:, 1] - windows[:, 0]
    means = np.empty((len(who), len(windows)))
    for k in np.unique(regimen):
        course = cohort.courses[cohort.regimens[k].name][quantity]
        total = np.concatenate([np.zeros((len(course), 1)), np.cumsum(course[:, 1:], axis=1)], 1)
        mean = (total[:, end] - total[:, start] + before * course[:, :1]) / length
        chosen = regimen == k
        means[chosen] = mean[who[chosen]]
    return means


def parameter(cohort: Cohort, symbol: str) -> Floats:
    """[n] a parameter of `observation.csv`, one draw per population; the cohort's own if it has it.

    Depends on the cohort's seed and on the symbol only.
    """
    if symbol in cohort.traits:
        return cohort.traits[symbol]
    row = _parameters()[symbol]
    prior = parse_prior(row["distribution"], f"observation.csv: {symbol}")
    if prior is None:
        return np.full(len(cohort), float(row["default"]))
    each = prior.quantile(uniforms(symbol, int(cohort.population.max()) + 1, cohort.seed))
    return np.asarray(each[cohort.population])


def default(symbol: str) -> float:
    """The default of a parameter of `observation.csv`."""
    return float(_parameters()[symbol]["default"])


@cache
def _parameters() -> dict[str, Row]:
    return {row["symbol"]: row for row in read_table("patient/observation.csv")}


def _rating(s: Sight) -> Floats:
    """[m, V] the condition's outcome before clipping."""
    who = screening(s.cohort.condition.key)
    return who.mean + who.sd * s.z + s.cohort.condition.sd * s.course("pain")


def _nrs(s: Sight) -> Floats:
    return _rating(s)


def _vas(s: Sight) -> Floats:
    return 10 * _rating(s) + s.noise(s.of("sd_vas"))


def _gcps(s: Sight) -> Floats:
    return 10 * _rating(s) + s.noise(s.of("sd_gcps"))


def _counted(s: Sight, mean: Floats) -> Floats:
    """Counts around ``mean`` as told; the mean itself where noise is switched off."""
    mean = np.clip(mean, 0.0, DAYS)
    rho = s.of("rho") if s.switches.overdispersion else np.zeros((len(s.who), 1))
    days = draw_days(mean, rho, s.rng) if s.switches.noise else mean
    habit = s.rng.random(len(s.who))
    if not s.switches.heaping:
        return days
    five, two = s.of("heap_five")[:, 0], s.of("heap_two")[:, 0]
    return told(days, habit < five, (habit >= five) & (habit < five + two))


def _migraine_days(s: Sight) -> Floats:
    return _counted(s, _rating(s))


def _headache_days(s: Sight) -> Floats:
    per_sd = s.of("headache_sd")
    return _counted(s, s.of("headache_mean") + per_sd * (s.z + s.course("pain")))


def _das28(s: Sight) -> Floats:
    global_part = s.of("das_global") * s.of("sd_global") * s.z
    return das28(s.course("DAS"), global_part, s.noise(s.of("sd_das")))


def _response(share: float) -> Callable[[Sight], Floats]:
    def response(s: Sight) -> Floats:
        """[m, V] 1 where the patient is better by ``share`` than at baseline."""
        before = np.flatnonzero(s.windows[:, 1] <= 0)
        if not before.size:
            raise InputError(
                "windows_d", s.windows.tolist(), "one that ends by day 0, for the baseline",
                "Give the window of the run-in as well.",
            )  # fmt: skip
        low, high = s.cohort.condition.low, s.cohort.condition.high
        das = np.clip(_das28(s), observable("das28").low, observable("das28").high)
        pain = np.clip(_rating(s), low, high)
        scatter = s.of("acr_scatter") if s.switches.noise else np.zeros((len(s.who), 1))
        at = int(before[-1])
        answer = improved(Pair(das, at), Pair(pain, at), share, scatter, s.rng)
        answer[:, before] = False
        return answer.astype(np.float64)

    return response


def _linear(s: Sight, found: Observable) -> Floats:
    """FIQR, HADS depression and function: linear in pain and mood."""
    key, c = found.key, s.cohort.condition
    p, change, m, icc = (s.of(f"{key}_{name}") for name in ("pain", "change", "mood", "icc"))
    eased = (c.sd / screening(c.key).sd) * s.course("pain")
    mood = s.person() + s.course("M")
    rest = np.sqrt(icc) * s.person() + s.noise(np.sqrt(1 - icc))
    worse = p * s.z + change * eased + m * mood + np.sqrt(np.clip(1 - p**2 - m**2, 0, None)) * rest
    sign = 1.0 if found.better == "lower" else -1.0
    return np.asarray(s.of(f"{key}_mean") + sign * s.of(f"{key}_sd") * worse)


def _rmssd(s: Sight) -> Floats:
    log = s.of("rmssd_sd") * s.person() + s.noise(s.of("rmssd_error"))
    return np.asarray(s.of("rmssd_median") * np.exp(log) * s.course("rmssd_factor"))


_HOW: dict[str, Callable[[Sight], Floats]] = {
    "nrs": _nrs, "vas": _vas, "gcps": _gcps, "migraine_days": _migraine_days,
    "headache_days": _headache_days, "das28": _das28, "acr20": _response(0.2),
    "acr50": _response(0.5), "rmssd": _rmssd,
}  # fmt: skip


def _observable(row: Row) -> Observable:
    smallest = row["smallest_important"]
    return Observable(
        row["key"], row["name"], row["unit"], float(row["low"]), float(row["high"]),
        row["better"], row["kind"], tuple(row["conditions"].split()), row["how"],  # type: ignore[arg-type]
        float(smallest) if smallest else None, row["smallest_important_source"], row["source"],
        row["mark"],
    )  # fmt: skip
