"""Published moments of calibration trials, as targets for the weights of patients.

Blinded parallel trials with a mean change or a share of responders per arm give targets, as
``designs.csv`` says: both arms of migraine prevention, whose evidence is good enough, and sham arms
elsewhere, so that small positive trials do not bend what stimulation does. Open-label pilots give
none (they went into the prior of what knowing about a treatment does), nor do medians and
contrasts, which are no weighted means of patients. The tolerance of a target is its standard error
and the spread between trials (``data/trial/scoring.csv``) together.
"""

from __future__ import annotations

import math

from vagus.patient.calibrate import Statistic, Target
from vagus.trial.design import Arm, Design
from vagus.trial.endpoint_scale import change_sd, endpoint_sd
from vagus.trial.published import PublishedTrial, published_trials
from vagus.trial.results import Result, calibration_results
from vagus.trial.settings import scoring

STATISTIC: dict[str, Statistic] = {"change_mean": "change mean", "responder_share": "responders"}


def targets_of(trial: PublishedTrial) -> tuple[Target, ...]:
    """Targets that one calibration trial gives; none where it has no blinded comparison."""
    design = trial.design
    if not trial.calibrates or not isinstance(design, Design):
        return ()
    arms = {a.name: a for a in design.arms if trial.calibrates == "both" or a.role == "sham"}
    return tuple(
        _target(design, arms[r.arm], r)
        for r in calibration_results()
        if r.trial == trial.key and r.arm in arms and r.quantity in STATISTIC
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
        error = math.hypot(change_sd(sd) / math.sqrt(n), scoring("between_trial_sd") * sd)
    end = design.visits_d[-1]
    return Target(
        f"{found.trial} {arm.name}: {STATISTIC[found.quantity]}", found.trial, arm.regimen.name,
        design.endpoint, STATISTIC[found.quantity], found.value, error, design.entry,
        (-design.run_in_d, 0.0), (end - design.recall_d, end), design.responder_share,
    )  # fmt: skip
