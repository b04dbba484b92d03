"""Virtual trials of acute attacks: shares of attacks that reach the endpoint, per arm.

The share under sham comes from one calibration trial per disorder, what stimulation adds from both
of them shrunk towards none, with the spread between trials around either
(`vagus.patient.attacks`). The body has no model of an attack, so nothing mechanistic is in here,
and these two trials can't be predicted without themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from vagus.patient.attacks import (
    KNOWN,
    LOGITS_PER_SD,
    attack_outcomes,
    attack_probability,
    effect_offset,
    parameter,
)
from vagus.trial.analysis.responders import pearson
from vagus.trial.design import Arm
from vagus.trial.published import AttackDesign
from vagus.trial.results import CONTRAST

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
SOURCES = ("PRESTO", "ACT1")
"""Calibration trials that the model of attacks is made of."""


@dataclass(frozen=True, eq=False)
class AttackSamples:
    """S virtual trials: (arm, `event_share`) and (contrast, `difference`) -> [S]; p, direction."""

    samples: dict[tuple[str, str], Floats]
    p: Floats
    favours: Bools
    calibrated_on: tuple[str, ...]
    notes: tuple[str, ...]


def attack_samples(design: AttackDesign, size: int, seed: int) -> AttackSamples:
    """``size`` virtual trials of ``design``; first arm beside the second.

    Tested on patients' own shares of attacks (Welch's t), or by Pearson's chi-squared where one
    attack per patient counts.
    """
    drawn = {
        symbol: parameter(design.disorder, symbol, size, seed)
        for symbol in ("trial_logit", "acute_logit", "correlation")
    }
    if design.endpoint != KNOWN[design.disorder]:
        drawn["trial_logit"] = drawn["trial_logit"] + parameter(
            design.disorder, "strict_logit", size, seed
        )
    rngs = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(size)]
    first, second = (
        np.stack([_shares(design, arm, {k: v[i] for k, v in drawn.items()}, rngs[i])
                  for i in range(size)])
        for arm in design.arms
    )  # fmt: skip
    treated, control = first.mean(axis=1), second.mean(axis=1)
    a, b = (arm.name for arm in design.arms)
    return AttackSamples(
        {
            (a, "event_share"): treated,
            (b, "event_share"): control,
            (CONTRAST, "difference"): treated - control,
        },
        _p(design, first, second),
        treated > control,
        SOURCES,
        ("Attacks: sham shares from one calibration trial, the effect from two; no body in them.",),
    )


def _shares(
    design: AttackDesign, arm: Arm, drawn: dict[str, float], rng: np.random.Generator
) -> Floats:
    """[n] share of each patient's attacks that reach the endpoint."""
    chance = np.empty(arm.n)
    for kind, rows in _kinds(design, arm.n):
        effect = drawn["acute_logit"] + effect_offset(design.disorder, kind)
        shift = -effect / LOGITS_PER_SD if arm.regimen.stimulated_d else 0.0
        chance[rows] = attack_probability(
            design.disorder, design.minutes, shift, subgroup=kind, trial_logit=drawn["trial_logit"]
        )
    return np.asarray(
        attack_outcomes(chance, design.attacks, drawn["correlation"], rng).mean(axis=1)
    )


def _kinds(design: AttackDesign, n: int) -> list[tuple[str | None, slice]]:
    """Subgroups in the proportions of the trial, each arm alike."""
    if not design.mix:
        return [(None, slice(0, n))]
    total, start = sum(design.mix.values()), 0.0
    found: list[tuple[str | None, slice]] = []
    for kind, number in design.mix.items():
        stop = start + n * number / total
        found.append((kind, slice(round(start), round(stop))))
        start = stop
    return found


def _p(design: AttackDesign, first: Floats, second: Floats) -> Floats:
    if design.attacks == 1:
        events = np.stack([second.sum(axis=1), first.sum(axis=1)], axis=1)
        n = np.broadcast_to([second.shape[1], first.shape[1]], events.shape).astype(np.float64)
        return np.asarray(pearson(events, n)[1])
    return np.asarray(stats.ttest_ind(first, second, axis=1, equal_var=False).pvalue)
