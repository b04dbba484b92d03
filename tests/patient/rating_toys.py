"""A cohort with simple courses, for what is observed of it."""

from __future__ import annotations

import numpy as np

from vagus.body.conditions import condition
from vagus.patient.cohort import Cohort
from vagus.patient.regimen import Regimen

TAU, ICC, PHI = 28.5, 0.6, 0.27


def cohort(
    key: str, *, change: float = -0.7, das: float = -0.8, mood: float = 0.0, rmssd: float = 1.0,
    n: int = 400, populations: int = 4, days: int = 100, seed: int = 0,
) -> Cohort:  # fmt: skip
    """Two regimens: ``none`` changes nothing; ``ramp`` reaches ``change`` [SD] at day 50."""
    rng = np.random.default_rng(seed)
    t = np.arange(days, dtype=np.float64)
    ramp = np.tile(np.minimum(t / 50, 1.0), (n, 1))
    das_0 = 6.3 + 0.8 * rng.standard_normal(n)

    def courses(on: float) -> dict[str, np.ndarray]:
        return {
            "pain": on * change * ramp,
            "DAS": das_0[:, None] + on * das * ramp,
            "M": on * mood * ramp,
            "heart_rate": np.full((n, days), 70.0),
            "rmssd_factor": 1 + on * (rmssd - 1) * ramp,
            "sensation": np.zeros((n, days)),
        }

    population = np.repeat(np.arange(populations), n // populations)
    tau = np.linspace(TAU - 2, TAU + 2, populations)[population]
    return Cohort(
        condition(key), (Regimen("none"), Regimen("ramp")), t, population, np.full(n, 1 / n),
        {"none": courses(0.0), "ramp": courses(1.0)},
        {"tau_level": tau, "icc_day": np.full(n, ICC), "phi_day": np.full(n, PHI), "das_0": das_0},
        seed, "toy",
    )  # fmt: skip


def people(of: Cohort, m: int, regimen: int = 0, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Rows [m] of the cohort, and their regimen [m]."""
    who = np.random.default_rng(seed).integers(0, len(of), m)
    return who, np.full(m, regimen, dtype=np.int64)
