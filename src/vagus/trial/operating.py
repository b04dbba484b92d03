"""How a design behaves when it is conducted many times: power, type I error, bias, coverage.

Everything is a share or a mean over replicates and comes with its Monte Carlo standard error
(Morris, White and Crowther 2019, Stat Med 38:2074, table 6). Power is never shown without the type
I error of the same analysis under the null hypothesis, in which every arm has the courses of the
comparator: an analysis that finds effects where there are none has no power worth the name.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vagus.patient.cohort import Cohort
from vagus.patient.switches import Switches
from vagus.trial.conduct import conduct
from vagus.trial.data import TrialData
from vagus.trial.design import Design
from vagus.trial.interim import Interim, looks
from vagus.trial.primary import Primary, primary
from vagus.trial.truth import true_effect

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Estimate:
    """A share or mean over replicates, and its Monte Carlo standard error."""

    value: float
    se: float


@dataclass(frozen=True)
class Stops:
    """Of a group-sequential trial: probability of stopping at each look, and for what.

    ``patients``: analysed at each look; ``expected_n``: mean number analysed when it stops.
    """

    patients: tuple[int, ...]
    benefit: tuple[Estimate, ...]
    harm: tuple[Estimate, ...]
    futility: tuple[Estimate, ...]
    expected_n: Estimate


@dataclass(frozen=True)
class Behaviour:
    """What ``replicates`` of one design did under one truth.

    ``success``: benefit shown; ``rejected``: the null hypothesis fell, whichever way. ``truth``:
    mean of the true effect over replicates; ``bias``: mean of estimate minus the truth of the
    replicate's population; ``coverage``: of the interval; all nan where the estimand has no single
    truth (see `true_effect`). ``spread``: SD of the estimates, ``mean_se``: what they say of it.
    ``left``: share of patients who left; ``assessed``: people per patient randomised. ``failed``:
    replicates that could not be analysed; they count as nothing shown. ``stops``: None without
    looks.
    """

    replicates: int
    success: Estimate
    rejected: Estimate
    estimate: Estimate
    truth: float
    bias: Estimate
    coverage: Estimate
    spread: float
    mean_se: float
    left: float
    assessed: float
    failed: int
    stops: Stops | None


@dataclass(frozen=True)
class OperatingCharacteristics:
    """A design under the cohort's effect, and under the null hypothesis beside it."""

    design: Design
    effect: Behaviour
    null: Behaviour

    @property
    def power(self) -> Estimate:
        """Probability that benefit is shown."""
        return self.effect.success

    @property
    def type_i_error(self) -> Estimate:
        """Under the null: of any rejection with two sides, of benefit shown with one."""
        return self.null.rejected if self.design.sides == 2 else self.null.success


def operating_characteristics(
    design: Design, cohort: Cohort, replicates: int, seed: int, *,
    switches: Switches | None = None, workers: int | None = None,
    progress: Progress | None = None, conducted: tuple[TrialData, Primary] | None = None,
) -> OperatingCharacteristics:  # fmt: skip
    """Conduct and analyse ``replicates`` under the cohort's effect and as many under the null.

    Both have the same seed, so the same people come, and what differs is what they were given.
    ``conducted``: trials of this design, cohort and seed under the effect with their analysis,
    where there are some already. ``workers``: threads of the mixed model; results do not depend on
    it. ``progress``: called with (done, all), in half replicates. Raises as `conduct` and `primary`
    do.
    """
    first, second = (part_of(progress, k, 2) for k in range(2))
    effect = behaviour(
        design, cohort, replicates, seed, switches=switches, workers=workers, progress=first,
        conducted=conducted,
    )  # fmt: skip
    null = behaviour(
        design, cohort, replicates, seed, null=True, switches=switches, workers=workers,
        progress=second,
    )  # fmt: skip
    return OperatingCharacteristics(design, effect, null)


def behaviour(
    design: Design, cohort: Cohort, replicates: int, seed: int, *, null: bool = False,
    switches: Switches | None = None, workers: int | None = None,
    progress: Progress | None = None, conducted: tuple[TrialData, Primary] | None = None,
) -> Behaviour:  # fmt: skip
    """Conduct and analyse ``replicates`` under one truth, or take those ``conducted`` under it."""
    late = part_of(progress, 1, 2)
    if conducted is not None:
        data, fit = conducted
    else:
        data = conduct(
            design, cohort, replicates, seed, null=null, switches=switches,
            progress=part_of(progress, 0, 2),
        )  # fmt: skip
    interim = looks(data, workers=workers, progress=late) if design.looks else None
    if interim is not None:
        fit = interim.last
    elif conducted is None:
        fit = primary(data, workers=workers, progress=late)
    drawn = np.unique(data.population).tolist()
    truth = true_effect(design, cohort, seed, populations=drawn, switches=switches, null=null)
    if progress is not None:
        progress(2 * replicates, 2 * replicates)
    return summarised(data, fit, interim, np.array([truth[int(p)] for p in data.population]))


def summarised(data: TrialData, fit: Primary, interim: Interim | None, truth: Floats) -> Behaviour:
    """`Behaviour` from analyses of all replicates and the truth [R] of each."""
    success, rejected = fit.shows_benefit(data.design), fit.rejects(data.design)
    if interim is not None:
        success, rejected = interim.benefit, interim.benefit | interim.harm
    covered = np.where(
        np.isnan(fit.low) | np.isnan(truth), np.nan, (fit.low <= truth) & (truth <= fit.high)
    )
    fine = ~np.isnan(fit.estimate)
    return Behaviour(
        len(data), share(success), share(rejected), mean(fit.estimate), _mean(truth),
        mean(fit.estimate - truth), share(covered), float(np.std(fit.estimate[fine], ddof=1))
        if fine.sum() > 1 else float("nan"), _mean(fit.se),
        float(np.mean(data.left_at < data.visits)), float(data.screened.mean() / data.n),
        int(np.sum(~fine)), _stops(interim) if interim else None,
    )  # fmt: skip


def share(true: Bools | Floats) -> Estimate:
    """Share of what is true, nan left out, with its binomial standard error."""
    x = np.asarray(true, dtype=np.float64)
    x = x[~np.isnan(x)]
    if not x.size:
        return Estimate(float("nan"), float("nan"))
    p = float(x.mean())
    return Estimate(p, float(np.sqrt(p * (1 - p) / x.size)))


def mean(values: Floats) -> Estimate:
    """Mean, nan left out, with its standard error."""
    x = values[~np.isnan(values)]
    if x.size < 2:
        return Estimate(float(x.mean()) if x.size else float("nan"), float("nan"))
    return Estimate(float(x.mean()), float(x.std(ddof=1) / np.sqrt(x.size)))


def _stops(interim: Interim) -> Stops:
    at = [interim.look == k for k in range(len(interim.patients))]
    kinds = (interim.benefit, interim.harm, interim.futility)
    benefit, harm, futility = (tuple(share(here & why) for here in at) for why in kinds)
    n = mean(interim.patients[interim.look].astype(np.float64))
    return Stops(tuple(int(m) for m in interim.patients), benefit, harm, futility, n)


def _mean(values: Floats) -> float:
    x = values[~np.isnan(values)]
    return float(x.mean()) if x.size else float("nan")


def part_of(progress: Progress | None, k: int, parts: int) -> Progress | None:
    """``progress`` of the k-th of equal ``parts``, told as a share of the whole."""
    if progress is None:
        return None
    return lambda done, total: progress(k * total + done, parts * total)
