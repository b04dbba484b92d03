"""The analysis that a design names, of all its replicates: active minus comparator, last visit.

With several active arms the first one is compared. What each analysis does with those who left is
said by the design's estimand; the estimate of a responder analysis is the difference of shares.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from vagus.patient.observables import observable
from vagus.trial.analysis.ancova import ancova_batch
from vagus.trial.analysis.change_within import change_within
from vagus.trial.analysis.crossover import crossover_analysis
from vagus.trial.analysis.mmrm_batch import mmrm_batch
from vagus.trial.analysis.n_of_1 import randomisation_test
from vagus.trial.analysis.responders import responder_batch, responders
from vagus.trial.data import TrialData
from vagus.trial.design import Design
from vagus.trial.people import responds
from vagus.trial.periods import orders

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[int, int], None]
ONE = ("estimate", "se", "low", "high", "p")


@dataclass(frozen=True, eq=False)
class Primary:
    """Active minus comparator of R replicates, all [R]; nan where a replicate cannot be analysed.

    ``p`` two-sided; ``better``: the estimate speaks for active treatment. ``low`` and ``high``
    bound 1 - alpha with two sides, 1 - 2 alpha with one.
    """

    estimate: Floats
    se: Floats
    low: Floats
    high: Floats
    p: Floats
    better: Bools

    @property
    def z(self) -> Floats:
        """[R] normal deviate of the p value, positive where active is better."""
        size = norm.isf(np.maximum(self.p, np.finfo(float).tiny) / 2)
        return np.asarray(np.where(self.better, size, -size))

    def rejects(self, design: Design) -> Bools:
        """[R] whether the null hypothesis falls: in either direction with two sides."""
        return self.shows_benefit(design) | (self.p < design.alpha) & (design.sides == 2)

    def shows_benefit(self, design: Design) -> Bools:
        """[R] whether the test is significant and active is better: the trial's success."""
        level = design.alpha if design.sides == 2 else 2 * design.alpha
        return (self.p < level) & self.better


def higher_is_better(design: Design) -> bool:
    """Whether a positive contrast speaks for active treatment."""
    return design.analysis == "responder" or observable(design.endpoint).better == "higher"


def primary(
    data: TrialData, *, workers: int | None = None, progress: Progress | None = None
) -> Primary:
    """Analyse every replicate. ``workers``: threads of the mixed model. Raises `InputError`."""
    design, at = data.design, _with_all_arms(data)
    found = np.full((len(ONE), len(data)), np.nan)
    if at.size:
        some = data if at.size == len(data) else data.chosen(at)
        found[:, at] = _analysed(some, workers, progress)
    estimate, se, low, high, p = found
    with np.errstate(invalid="ignore"):
        better = estimate > 0 if higher_is_better(design) else estimate < 0
    return Primary(estimate, se, low, high, p, better)


def _with_all_arms(data: TrialData) -> NDArray[np.int64]:
    """Replicates in which every arm has patients; early looks may come before that.

    All of them for analyses that go patient by patient and see for themselves.
    """
    if data.design.analysis not in ("mmrm", "ancova", "responder"):
        return np.arange(len(data))
    arms = np.arange(len(data.design.arms))
    return np.flatnonzero((data.arm[..., None] == arms).any(axis=1).all(axis=1))


def _analysed(data: TrialData, workers: int | None, progress: Progress | None) -> Floats:
    """[5, R] of `ONE`."""
    design = data.design
    level = 1 - design.alpha * (2 / design.sides)
    if design.analysis == "mmrm":
        return _mmrm(data, level, workers, progress)
    if design.analysis == "ancova":
        return _ancova(data, level)
    if design.analysis == "responder":
        answer, p = response(data), _response_p(data)
        return _each(data, lambda r: _responder(data, r, level, answer[r], p[r]))
    one = {"crossover": _crossover, "n-of-1": _n_of_1, "change-within": _change_within}
    return _each(data, lambda r: one[design.analysis](data, r, level))


def response(data: TrialData) -> Floats:
    """[R, n] 1 for a response at the last visit, 0 for none, nan for those who left."""
    last = data.values[..., -1]
    return np.where(np.isnan(last), np.nan, responds(data.design, data.baseline, last) * 1.0)


def compared(design: Design) -> tuple[int, int]:
    """(active, comparator): indices of the arms that are compared."""
    return design.role_index("active"), design.comparator()


def _strata(data: TrialData) -> NDArray[np.int64] | None:
    return data.stratum if data.design.strata.baseline_cuts else None


def _mmrm(data: TrialData, level: float, workers: int | None, progress: Progress | None) -> Floats:
    treated, control = compared(data.design)
    fit = mmrm_batch(
        data.values, data.arm, data.baseline, _strata(data), treated=treated, control=control,
        level=level, workers=workers, progress=progress,
    )  # fmt: skip
    return np.stack([getattr(fit, name)[:, -1] for name in ONE])


def _ancova(data: TrialData, level: float) -> Floats:
    treated, control = compared(data.design)
    fit = ancova_batch(
        data.change[..., -1], data.arm, data.baseline, _strata(data), treated=treated,
        control=control, level=level,
    )  # fmt: skip
    return np.stack([getattr(fit, name) for name in ONE])


def _response_p(data: TrialData) -> Floats:
    treated, control = compared(data.design)
    fit = responder_batch(response(data), data.arm, _strata(data), treated=treated, control=control)
    return fit.p


def _each(data: TrialData, analyse: Callable[[int], tuple[float, ...]]) -> Floats:
    """[5, R] what ``analyse`` finds in each replicate."""
    return np.array([analyse(r) for r in range(len(data))]).T


def _responder(
    data: TrialData, r: int, level: float, answer: Floats, p: float
) -> tuple[float, ...]:
    treated, control = compared(data.design)
    groups = [answer[data.arm[r] == k] for k in (control, treated)]
    n = np.array([g.size for g in groups])
    share = np.array([np.nansum(g) for g in groups]) / n
    rd = responders(np.round(share * n), n, level).rd
    se = float(np.sqrt(np.sum(share * (1 - share) / n)))
    return rd.estimate, se, rd.low, rd.high, float(p)


def _crossover(data: TrialData, r: int, level: float) -> tuple[float, ...]:
    visits = np.asarray(data.design.visits_d)
    first = int(np.flatnonzero(visits <= data.design.period_d)[-1])
    active, _ = compared(data.design)
    sequence = np.where(data.arm[r] == active, 0, 1)
    values = data.values[r]
    complete = ~np.isnan(values[:, first]) & ~np.isnan(values[:, -1])
    if min(np.sum(complete & (sequence == k)) for k in (0, 1)) < 2:
        return (float("nan"),) * len(ONE)
    fit = crossover_analysis(values[:, first], values[:, -1], sequence, level).treatment
    return fit.estimate, fit.se, fit.low, fit.high, fit.p


def _n_of_1(data: TrialData, r: int, level: float) -> tuple[float, ...]:
    del level  # an exact test has no standard error
    active, _ = compared(data.design)
    values, given = data.values[r, 0], data.treatment[r, 0] == active
    seen = ~np.isnan(values)
    if not (given[seen].any() and not given[seen].all()):
        return (float("nan"),) * len(ONE)
    test = randomisation_test([values], [given], [orders(data.design) == active])
    return test.estimate, float("nan"), float("nan"), float("nan"), test.p


def _change_within(data: TrialData, r: int, level: float) -> tuple[float, ...]:
    own = data.arm[r] == compared(data.design)[0]
    before, after = data.baseline[r, own], data.values[r, own, -1]
    if observable(data.design.endpoint).kind == "binary":
        # The baseline is the rating for entry; a share has nothing to be tested against.
        seen = after[~np.isnan(after)]
        share = float(seen.mean()) if seen.size else float("nan")
        return share, float("nan"), float("nan"), float("nan"), float("nan")
    if np.sum(~np.isnan(after)) < 2:
        return (float("nan"),) * len(ONE)
    fit = change_within(before, after, level)
    return fit.estimate, fit.se, fit.low, fit.high, fit.p
