"""Frozen predictions against what trials found, beside the three baselines.

Per result: CRPS in the unit of the endpoint and in SD of the endpoint (shares as they are), log
score of the density per SD, whether the 50, 80 and 95 % intervals held it, and its place in the
distribution (PIT; half of what is equal to it). Means weigh results alike, or trials alike: the
results of one trial hang together, so the second is the one to read, and intervals come from a
bootstrap over trials.

    skill against a baseline = 1 - mean CRPS / mean CRPS of the baseline, over the same results

Forecasters are compared on the results that all of them speak of; a result without a prediction is
listed with the reason.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError
from vagus.trial.baselines import TITLES
from vagus.trial.frozen import SIMULATOR, Prediction
from vagus.trial.results import Result
from vagus.trial.scores import LEVELS, Coverage, coverage, crps_ensemble, log_score_ensemble

Floats = NDArray[np.float64]
Weight = Literal["results", "trials"]
TO_BEAT = ("sham", "effect")
"""Baselines without which there is no predictive value (dossier, `Scoring a prediction`)."""
NAMES: dict[str, str] = {SIMULATOR: SIMULATOR, **{str(k): v for k, v in TITLES.items()}}
RESAMPLES = 10_000
CAUTION = (
    f"“{TITLES['effect']}” is biased in favour of stimulation: trials that found nothing, and gave "
    "no numbers, are not in it."
)
"""Goes with every verdict; `vagus.trial.pools` names those trials."""


@dataclass(frozen=True)
class Score:
    """One forecaster on one result.

    ``crps`` in ``unit``; ``crps_scaled`` per SD of the endpoint, of shares ``crps`` itself;
    ``log_score``: -log of the density, per SD or of the share; nan where all samples are one value.
    ``intervals``: level -> (low, high).
    """

    median: float
    intervals: Mapping[float, tuple[float, float]]
    crps: float
    crps_scaled: float
    log_score: float
    pit: float

    def held(self, level: float, value: float) -> bool:
        """Whether the central interval of ``level`` holds ``value``."""
        low, high = self.intervals[level]
        return low <= value <= high


@dataclass(frozen=True)
class Scored:
    """One result with the scores of all forecasters that speak of it."""

    result: Result
    unit: str
    scores: Mapping[str, Score]


@dataclass(frozen=True)
class Skill:
    """1 - CRPS / CRPS of ``against`` over ``results`` of ``trials``; 95 % interval by bootstrap
    over trials, nan with fewer than two. Above 0: the simulator is better."""

    against: str
    value: float
    low: float
    high: float
    results: int
    trials: int

    @property
    def clear(self) -> bool:
        """Whether the whole interval is above 0."""
        return self.low > 0


@dataclass(frozen=True)
class ScoreTable:
    """All results: ``scored``, and ``unscored`` with the reason."""

    scored: tuple[Scored, ...]
    unscored: tuple[tuple[Result, str], ...]

    @property
    def trials(self) -> tuple[str, ...]:
        """Trials with a scored result."""
        return tuple(dict.fromkeys(row.result.trial for row in self.scored))

    def common(self, *forecasters: str) -> tuple[Scored, ...]:
        """Results that all ``forecasters`` speak of."""
        return tuple(row for row in self.scored if all(f in row.scores for f in forecasters))

    def mean(self, forecaster: str, what: str, rows: Sequence[Scored], weight: Weight) -> float:
        """Mean of `crps_scaled` or `log_score` of ``rows``, results or trials weighing alike."""
        values = [getattr(row.scores[forecaster], what) for row in rows]
        return _mean(np.array(values), [row.result.trial for row in rows], weight)

    def by_trial(self, forecaster: str, rows: Sequence[Scored]) -> list[float]:
        """Mean `crps_scaled` of each trial of ``rows``, in their order."""
        values = np.array([row.scores[forecaster].crps_scaled for row in rows])
        return [mean for mean, _ in _by_trial(values, [row.result.trial for row in rows])]

    def skill(self, against: str, weight: Weight = "trials") -> Skill:
        """The simulator beside a baseline on the results that both speak of."""
        rows = self.common(SIMULATOR, against)
        own, other = (
            np.array([row.scores[name].crps_scaled for row in rows])
            for name in (SIMULATOR, against)
        )
        keys = [row.result.trial for row in rows]
        trials = list(dict.fromkeys(keys))
        if not rows:
            return Skill(against, math.nan, math.nan, math.nan, 0, 0)
        value = 1 - _mean(own, keys, weight) / _mean(other, keys, weight)
        low, high = _bootstrap(own, other, keys, weight)
        return Skill(against, value, low, high, len(rows), len(trials))

    def coverage(self, forecaster: str, level: float) -> Coverage:
        """Share of results inside the central interval of ``level``; of the forecaster's rows."""
        rows = self.common(forecaster)
        bounds = np.array([row.scores[forecaster].intervals[level] for row in rows]).reshape(-1, 2)
        return coverage([row.result.value for row in rows], bounds[:, 0], bounds[:, 1], level)

    def pits(self, forecaster: str) -> Floats:
        """[k] places of the results in the forecaster's distributions, 0 to 1."""
        return np.array([row.scores[forecaster].pit for row in self.common(forecaster)])

    @property
    def verdict(self) -> str:
        """Plainly: whether the simulator beats the two baselines it has to; and `CAUTION`."""
        if not self.common(SIMULATOR, *TO_BEAT):
            return "Nothing was scored: no result meets a prediction."
        skills = [self.skill(name) for name in TO_BEAT]
        log = self._log_scores()
        return f"{_verdict(skills)}{log} {CAUTION}"

    def _log_scores(self) -> str:
        """Mean log scores over trials, of results for which each forecaster has a density."""
        names = (SIMULATOR, *TO_BEAT)
        rows = [
            row
            for row in self.common(*names)
            if all(math.isfinite(row.scores[n].log_score) for n in names)
        ]
        if not rows:
            return ""
        own, *others = (self.mean(name, "log_score", rows, "trials") for name in names)
        worse = [n for n, v in zip(TO_BEAT, others, strict=True) if own > v]
        said = ", ".join(
            f"“{NAMES[n]}” {v:.2f}" for n, v in zip(TO_BEAT, others, strict=True)
        ).replace("-", "−")
        than = {0: "better than both", 1: "worse than one of them", 2: "worse than both"}
        own_words = f"{own:.2f}".replace("-", "−")
        return f" By log score, which punishes surprise, {than[len(worse)]}: {own_words}; {said}."


def score(predictions: Mapping[str, Prediction], results: Sequence[Result]) -> ScoreTable:
    """Score every result. `InputError`: no results, or one arm and quantity twice."""
    if not results:
        raise InputError("results", "none", "at least one")
    scored: list[Scored] = []
    unscored: list[tuple[Result, str]] = []
    seen: set[tuple[str, str, str]] = set()
    for result in results:
        key = (result.trial, result.arm, result.quantity)
        if key in seen:
            raise InputError("results", ", ".join(key) + " twice", "each number once")
        seen.add(key)
        found = _score(predictions.get(result.trial), result)
        if isinstance(found, str):
            unscored.append((result, found))
        else:
            scored.append(found)
    return ScoreTable(tuple(scored), tuple(unscored))


def _score(prediction: Prediction | None, result: Result) -> Scored | str:
    """The scored result, or why it cannot be scored."""
    if prediction is None:
        return f"no prediction of {result.trial}"
    own = prediction.row(result.arm, result.quantity)
    if own is None:
        return f"{prediction.trial} was not predicted for {result.arm}, {result.quantity}"
    scale = 1.0 if own["unit"] == "share" else prediction.endpoint_sd or 1.0
    scores = {}
    for name in prediction.forecasters:
        row = prediction.row(result.arm, result.quantity, name)
        if row is not None:
            made = score_sample(result.value, np.array(row["sample"]), scale)
            # Intervals and median as frozen, from all virtual trials: shares are steps, and 200
            # numbers may put a bound on another step.
            bounds = {level: tuple(row["intervals"][f"{100 * level:g}"]) for level in LEVELS}
            scores[name] = replace(made, median=float(row["median"]), intervals=bounds)
    return Scored(result, str(own["unit"]), scores)


def score_sample(value: float, sample: Floats, scale: float = 1.0) -> Score:
    """Scores of a forecast given by ``sample`` [m]; ``scale``: SD of the endpoint, in its unit."""
    crps = float(crps_ensemble(value, sample))
    spread = float(np.std(sample)) > 0
    density = float(log_score_ensemble(value / scale, sample / scale)) if spread else math.nan
    tails = {level: (0.5 - level / 2, 0.5 + level / 2) for level in LEVELS}
    bounds = {level: np.quantile(sample, tail) for level, tail in tails.items()}
    return Score(
        float(np.median(sample)),
        {level: (float(low), float(high)) for level, (low, high) in bounds.items()},
        crps,
        crps / scale,
        density,
        float(np.mean(sample < value) + np.mean(sample == value) / 2),
    )


def _mean(values: Floats, trials: Sequence[str], weight: Weight) -> float:
    if weight == "results":
        return float(values.mean())
    return float(np.mean([m for m, _ in _by_trial(values, trials)]))


def _by_trial(values: Floats, trials: Sequence[str]) -> list[tuple[float, int]]:
    """(mean, number) of each trial's results."""
    keys = np.array(trials)
    groups = [values[keys == key] for key in dict.fromkeys(trials)]
    return [(float(group.mean()), len(group)) for group in groups]


def _bootstrap(
    own: Floats, other: Floats, trials: Sequence[str], weight: Weight
) -> tuple[float, float]:
    """95 % percentile interval of the skill, trials drawn with replacement (Efron 1979)."""
    a, b = _by_trial(own, trials), _by_trial(other, trials)
    if len(a) < 2:
        return math.nan, math.nan
    size = np.array([n for _, n in a]) if weight == "results" else np.ones(len(a))
    first, second = (np.array([mean for mean, _ in each]) * size for each in (a, b))
    drawn = np.random.default_rng(0).integers(len(a), size=(RESAMPLES, len(a)))
    skill = 1 - first[drawn].sum(axis=1) / second[drawn].sum(axis=1)
    low, high = np.quantile(skill, [0.025, 0.975])
    return float(low), float(high)


def _verdict(skills: Sequence[Skill]) -> str:
    lost = [s for s in skills if not s.value > 0]
    n, k = skills[0].results, skills[0].trials
    of = f"{n} result{'s' * (n != 1)} of {k} trial{'s' * (k != 1)}"
    said = "; ".join(f"against “{NAMES[s.against]}” {_skill_words(s)}" for s in skills)
    if lost:
        names = [f"“{NAMES[s.against]}”" for s in lost]
        beats = f"beats neither {names[0]} nor {names[1]}" if names[1:] else f"loses to {names[0]}"
        return f"No predictive value yet: the simulator {beats} ({of}; skill {said})."
    if all(s.clear for s in skills):
        return f"The simulator beats both baselines ({of}; skill {said})."
    return (
        f"The simulator scores better than both baselines, but not clearly: chance could do it "
        f"({of}; skill {said}). No predictive value is shown yet."
    )


def _skill_words(skill: Skill) -> str:
    value = f"{skill.value:+.2f}".replace("-", "−")
    if math.isnan(skill.low):
        return value
    bounds = f"({skill.low:+.2f} to {skill.high:+.2f})".replace("-", "−")
    return f"{value} {bounds}"
