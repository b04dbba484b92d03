"""Weights of plausible patients that make them match published moments of calibration trials.

Each target is one moment of one arm of a trial: a mean or SD at baseline, a mean or SD of change, a
share of responders. Patients are rated under that arm's regimen many times over, with fresh noise,
and only the times that they would have been admitted count: with s a patient's share of ratings
that pass the entry and x the rating's mean over those, the weighted mean of s (x - target) is zero
exactly when the admitted have the published moment. `vagus.patient.entropy` finds the weights.

A trial is one draw of what trials of its kind show, so a target has a tolerance: its own standard
error and the spread between trials together. Which trials are used is for the caller to say, and
recorded: a trial that is to be predicted must not be among them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.entropy import effective_size, entropy_weights
from vagus.patient.observables import observable, observe, primary_outcome
from vagus.patient.ratings import latent
from vagus.patient.screening import Entry
from vagus.patient.switches import Switches

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

Statistic = Literal["baseline mean", "baseline sd", "change mean", "change sd", "responders"]
RATED = 200
"""Times that each patient is rated. What noise is left in a patient's mean, an SD of 2 points over
the root of this, has to be small beside what tells patients apart, or weights would chase it."""


@dataclass(frozen=True)
class Target:
    """One published moment.

    ``name`` for messages; ``trial`` it is from; ``regimen``: name of the arm's regimen in the
    cohort; ``endpoint``: key of the observable; ``value`` and ``tolerance`` in its unit (a share
    for responders). ``entry``: who was admitted. ``run_in_d`` and ``visit_d``: [start, end) of the
    rating windows. ``responder_share``: improvement over baseline that is a response;
    ``center``: the mean that an SD is about.
    """

    name: str
    trial: str
    regimen: str
    endpoint: str
    statistic: Statistic
    value: float
    tolerance: float
    entry: Entry
    run_in_d: tuple[float, float]
    visit_d: tuple[float, float]
    responder_share: float = 0.5
    center: float = 0.0

    def __post_init__(self) -> None:
        if self.statistic not in get_args(Statistic):
            allowed = ", ".join(get_args(Statistic))
            raise InputError(f"{self.name}: statistic", self.statistic, allowed)
        if not self.tolerance >= 0:
            raise InputError(f"{self.name}: tolerance", self.tolerance, "0 or more")
        if self.statistic.endswith("sd") and not self.value > 0:
            raise InputError(f"{self.name}: value", self.value, "above 0, as an SD is")
        if self.statistic == "responders" and not 0 <= self.value <= 1:
            raise InputError(f"{self.name}: value", self.value, "a share, 0 to 1")


@dataclass(frozen=True, eq=False)
class Calibration:
    """``weight`` [n], sums to 1, of the patients of all cohorts alike.

    ``targets`` [K], ``before`` and ``after`` [K]: what the patients show with equal weights and
    with these, in the targets' units. ``effective``: effective number of patients,
    ``effective_populations``: of populations.
    """

    weight: Floats
    targets: tuple[Target, ...]
    before: Floats
    after: Floats
    effective: float
    effective_populations: float

    def missed(self, tolerances: float = 2.0) -> tuple[str, ...]:
        """Names of targets that the weighted patients miss by more than so many tolerances."""
        return tuple(
            t.name
            for t, after in zip(self.targets, self.after, strict=True)
            if abs(after - t.value) > tolerances * t.tolerance
        )


def calibrate(
    given: Sequence[tuple[Cohort, Sequence[Target]]], seed: int = 0, rated: int = RATED
) -> Calibration:
    """Weights for the patients of ``given``: cohorts of the same people, with their targets.

    The cohorts differ in regimen and schedule only (`vagus.patient.build` with one seed). Without
    any target the weights stay what they were. Raises `InputError` for cohorts of different people
    and for a target asked exactly that no weights reach.
    """
    first = given[0][0]
    for cohort, _ in given:
        _check_same(first, cohort)
    targets = tuple(t for _, some in given for t in some)
    if not targets:
        return _done(first, first.weight, (), np.zeros((2, 0)))
    shares, shown = [], []
    for cohort, some in given:
        for number, target in enumerate(some):
            s, x = _moment(cohort, target, np.random.SeedSequence([seed, number]), rated)
            shares.append(s)
            shown.append(x)
    s, x = np.stack(shares, axis=1), np.stack(shown, axis=1)
    aim = np.array([_aim(t) for t in targets])
    tolerance = np.array([_spread(t) for t in targets])
    # Divided by the mean share admitted, a feature is in the target's unit, as its tolerance is.
    features = s * (x - aim) / (first.weight @ s)
    found = entropy_weights(features, tolerance, [t.name for t in targets], first.weight)
    both = np.stack([_weighted(w, s, x) for w in (first.weight, found.weight)])
    return _done(first, found.weight, targets, both)


def _moment(
    cohort: Cohort, target: Target, seed: np.random.SeedSequence, rated: int
) -> tuple[Floats, Floats]:
    """[n] share of a patient's ratings that are admitted, and the mean of the moment over those."""
    n = len(cohort)
    who = np.repeat(np.arange(n, dtype=np.int64), rated)
    regimen = np.full(len(who), cohort.regimen(target.regimen))
    windows = np.array([target.run_in_d, target.visit_d])
    streams = [np.random.default_rng(s) for s in seed.spawn(3)]
    z = latent(cohort, who, windows, streams[0], Switches())
    seen = observe(cohort, target.endpoint, who, regimen, windows, z, streams[1], Switches())
    outcome = primary_outcome(cohort.condition.key)
    judged = seen
    if outcome != target.endpoint:
        judged = observe(cohort, outcome, who, regimen, windows, z, streams[2], Switches())
    admitted = target.entry.admits(judged[:, 0]).reshape(n, rated)
    value = _value(target, seen[:, 0], seen[:, 1]).reshape(n, rated)
    share = admitted.mean(axis=1)
    total = np.where(admitted, value, 0.0).mean(axis=1)
    return share, np.divide(total, share, out=np.zeros(n), where=share > 0)


def _value(target: Target, first: Floats, later: Floats) -> Floats:
    if target.statistic == "baseline mean":
        return first
    if target.statistic == "baseline sd":
        return (first - target.center) ** 2
    if target.statistic == "change mean":
        return later - first
    if target.statistic == "change sd":
        return (later - first - target.center) ** 2
    sign = 1.0 if observable(target.endpoint).better == "lower" else -1.0
    better = sign * (first - later)
    response = (better >= target.responder_share * np.abs(first)) & (better > 0)
    return np.asarray(response, dtype=np.float64)


def _aim(t: Target) -> float:
    return t.value**2 if t.statistic.endswith("sd") else t.value


def _spread(t: Target) -> float:
    """Tolerance of what is averaged: of a square, to first order, 2 x SD x its tolerance."""
    return 2 * t.value * t.tolerance if t.statistic.endswith("sd") else t.tolerance


def _weighted(weight: Floats, s: Floats, x: Floats) -> Floats:
    """[K] what the admitted show, weighted."""
    return np.asarray((weight @ (s * x)) / (weight @ s))


def _done(first: Cohort, weight: Floats, targets: tuple[Target, ...], both: Floats) -> Calibration:
    is_sd = np.array([t.statistic.endswith("sd") for t in targets], dtype=bool)
    before, after = (np.where(is_sd, np.sqrt(np.maximum(row, 0.0)), row) for row in both)
    per_population = np.bincount(first.population, weights=weight)
    # A weight of nothing is no patient; kept above 0 so that the cohort stays whole.
    kept = np.maximum(weight, np.finfo(np.float64).tiny)
    return Calibration(
        kept / kept.sum(), targets, before, after, effective_size(weight),
        effective_size(per_population[per_population > 0]),
    )  # fmt: skip


def _check_same(first: Cohort, other: Cohort) -> None:
    same = (
        first.condition.key == other.condition.key
        and first.seed == other.seed
        and np.array_equal(first.population, other.population)
    )
    if not same:
        allowed = "cohorts of the same people: condition, seed, populations and patients alike"
        raise InputError("cohorts", other.condition.key, allowed)
