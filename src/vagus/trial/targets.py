"""Published moments of calibration trials, as targets for the weights of patients.

Blinded parallel trials with a mean change or a share of responders per arm give targets, as
``designs.csv`` says: both arms of migraine prevention, whose evidence is good enough, and sham arms
elsewhere, so that small positive trials do not bend what stimulation does. Open-label pilots give
none (they went into the prior of what knowing about a treatment does), nor do medians and
contrasts, which are no weighted means of patients. An arm with a mean change gives that and no
share of responders besides: the two say the same.

The priors are distributions over trials already: the placebo change of a condition is known from
many of them. One more trial is one more draw, so the tolerance of its target is its standard error
and the spread between trials that the prior has, together; weights then move the mean a little.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from vagus.body.conditions import condition
from vagus.patient.calibrate import Statistic, Target
from vagus.trial.design import Arm, Design
from vagus.trial.endpoint_scale import change_sd, endpoint_sd
from vagus.trial.published import PublishedTrial, published_trials
from vagus.trial.results import Result, calibration_results
from vagus.trial.settings import scoring

QUANTILES = 1000
STATISTIC: dict[str, Statistic] = {"change_mean": "change mean", "responder_share": "responders"}


def targets_of(trial: PublishedTrial) -> tuple[Target, ...]:
    """Targets that one calibration trial gives; none where it has no blinded comparison."""
    design = trial.design
    if not trial.calibrates or not isinstance(design, Design):
        return ()
    arms = {a.name: a for a in design.arms if trial.calibrates == "both" or a.role == "sham"}
    own = [r for r in calibration_results() if r.trial == trial.key and r.arm in arms]
    means = {r.arm for r in own if r.quantity == "change_mean"}
    return tuple(
        _target(design, arms[r.arm], r)
        for r in own
        if r.quantity == "change_mean" or (r.quantity in STATISTIC and r.arm not in means)
    )


def calibrating(condition_key: str, without: frozenset[str]) -> tuple[PublishedTrial, ...]:
    """Calibration trials of a condition that give targets, but for those left out."""
    return tuple(
        trial
        for trial in published_trials("calibration")
        if trial.design.condition == condition_key
        and trial.key not in without
        and targets_of(trial)
    )


def _target(design: Design, arm: Arm, found: Result) -> Target:
    n = found.n or arm.n
    if found.quantity == "responder_share":
        # Agresti and Coull (1998): with 2 added to each side, so that 0 of n has an error too.
        share = (found.value * n + 2) / (n + 4)
        error = math.hypot(math.sqrt(share * (1 - share) / n), scoring("between_trial_share"))
    else:
        sd = endpoint_sd(design)
        error = math.hypot(
            change_sd(design) / math.sqrt(n), between_trials_SD(design.condition) * sd
        )
    end = design.visits_d[-1]
    return Target(
        f"{found.trial} {arm.name}: {STATISTIC[found.quantity]}", found.trial, arm.regimen.name,
        design.endpoint, STATISTIC[found.quantity], found.value, error, design.entry,
        (-design.run_in_d, 0.0), (end - design.recall_d, end), design.responder_share,
    )  # fmt: skip


@cache
def between_trials_SD(condition_key: str) -> float:
    """SD of the mean change of sham arms between trials, in SD of the condition's outcome.

    That of the condition's prior of `placebo_change` (`condition_values.csv`).
    """
    prior = condition(condition_key).parameters["placebo_change"].prior
    assert prior is not None  # every condition has a distribution
    middles = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return float(np.std(prior.quantile(middles)))
