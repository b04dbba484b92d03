"""Small cohorts without a body: courses are given, so that what a trial must show is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vagus.body.conditions import condition
from vagus.patient.cohort import Cohort
from vagus.patient.regimen import Regimen
from vagus.patient.screening import Entry
from vagus.trial.design import Arm, Design
from vagus.trial.estimand import default_estimand
from vagus.trial.periods import regimens_needed

Floats = NDArray[np.float64]
STIMULATED = Regimen("active", ((0.0, 84.0),))
SHAM = Regimen("sham")


def make_cohort(
    regimens: tuple[Regimen, ...] = (STIMULATED, SHAM),
    *,
    key: str = "fibromyalgia",
    effect_SD: float = -0.5,
    placebo_SD: float = -0.3,
    felt: float = 0.6,
    populations: int = 4,
    patients: int = 25,
    days: int = 84,
    spread: float = 0.1,
) -> Cohort:
    """B populations whose pain falls by ``placebo_SD``, and by ``effect_SD`` more while stimulated.

    Both linearly within two weeks and, after stimulation, back as fast. ``spread``: SD of the
    effect between populations.
    """
    n = populations * patients
    population = np.repeat(np.arange(populations), patients)
    rng = np.random.default_rng(7)
    own = effect_SD + spread * rng.standard_normal(populations)[population]
    time = np.arange(days + 1.0)
    courses = {r.name: _course(r, time, own, placebo_SD, felt) for r in regimens}
    traits = {
        "tau_level": np.full(n, 22.0), "icc_day": np.full(n, 0.6), "phi_day": np.full(n, 0.27),
        "das_0": 5 + 0.5 * rng.standard_normal(n),
    }  # fmt: skip
    return Cohort(
        condition(key), regimens, time, population, np.full(n, 1 / n), courses, traits, 3, "made"
    )


def _course(
    regimen: Regimen, time: Floats, effect: Floats, placebo: float, felt: float
) -> Mapping[str, Floats]:
    n = len(effect)
    on = np.zeros(len(time), dtype=bool)
    for start, stop in regimen.stimulated_d:
        on |= (time > start) & (time <= stop)
    level = np.zeros(len(time))
    for k in range(1, len(time)):
        level[k] = np.clip(level[k - 1] + (1 if on[k] else -1) / 14, 0, 1)
    expects = np.minimum(time / 14, 1) * (regimen.knows != "untreated")
    pain = placebo * expects + effect[:, None] * level
    still = np.zeros((n, len(time)))
    return {
        "pain": pain, "DAS": 5.0 + still, "M": still, "heart_rate": 65.0 + still,
        "rmssd_factor": 1.0 + still, "sensation": felt * on + still,
    }  # fmt: skip


def make_design(n: int = 40, **changes: Any) -> Design:
    """Two arms of ``n``, four visits, entry at 4 or more on a scale of 0 to 10."""
    analysis = changes.get("analysis", "mmrm")
    design = Design(
        "sample", "fibromyalgia", "nrs", "parallel",
        (Arm("active", "active", n, STIMULATED), Arm("sham", "sham", n, SHAM)),
        (21.0, 42.0, 63.0, 84.0),
        default_estimand(
            "parallel", analysis, "adults", "active against sham", "pain", binary=False
        ),
        entry=Entry(at_least=4.0),
    )  # fmt: skip
    return replace(design, **changes)


def crossover(n: int = 20) -> Design:
    """Two periods of four weeks, four weeks of washout."""
    first = Arm("active first", "active", n, Regimen("active first", ((0.0, 28.0),)))
    second = Arm("sham first", "sham", n, Regimen("sham first", ((56.0, 84.0),)))
    return make_design(
        kind="crossover", analysis="crossover", arms=(first, second), visits_d=(28.0, 84.0),
        period_d=28.0, washout_d=28.0,
    )  # fmt: skip


def n_of_1() -> Design:
    """Three pairs of two-week periods."""
    return make_design(
        kind="n-of-1", analysis="n-of-1", visits_d=(14.0, 28.0, 42.0, 56.0, 70.0, 84.0),
        arms=(Arm("active", "active", 1, STIMULATED), Arm("sham", "sham", 1, SHAM)),
    )  # fmt: skip


def withdrawal(n: int = 20) -> Design:
    """Four weeks of stimulation for all, then eight weeks with or without."""
    on = Arm("continue", "active", n, Regimen("continue", ((0.0, 84.0),)))
    off = Arm("withdraw", "sham", n, Regimen("withdraw", ((0.0, 28.0),)))
    return make_design(
        kind="enriched-withdrawal", arms=(on, off), lead_in_d=28.0, visits_d=(56.0, 84.0),
        responder_share=0.3,
    )  # fmt: skip


def cohort_for(design: Design, **how: Any) -> Cohort:
    """A cohort with all that ``design`` needs."""
    return make_cohort(regimens_needed(design), **how)
