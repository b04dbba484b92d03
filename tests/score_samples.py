"""Forecasts made of random numbers, for tests of freezing and scoring."""

from __future__ import annotations

from typing import Any

import numpy as np

from vagus.trial.baselines import baselines, quantities
from vagus.trial.forecast import Forecast
from vagus.trial.freezing import freeze
from vagus.trial.frozen import Prediction
from vagus.trial.published import published_trial

DATE = "2026-01-01"


def make_forecast(key: str, seed: int = 0, shift: float = 0.0, size: int = 400) -> Forecast:
    """Normal samples of means, beta samples of shares."""
    trial = published_trial(key)
    rng = np.random.default_rng(seed)
    samples = {}
    for arm, quantity in quantities(trial):
        if "share" in quantity:
            samples[arm, quantity] = rng.beta(3, 7, size)
        else:
            samples[arm, quantity] = rng.normal(shift - 1.0, 0.8, size)
    p = rng.uniform(size=size) ** 2
    favours = rng.uniform(size=size) < 0.8
    names = [arm.name for arm in trial.design.arms]
    return Forecast(
        trial, samples, {name: rng.normal(2.5, 0.2, size) for name in names}, p, favours,
        (p < 0.05) & favours, seed, {"pools": 2, "populations": 3, "patients": 4,
        "replicates": size // 2}, (key,), ("EVENT",), (60.0, 55.5), (), ("made of random numbers",),
    )  # fmt: skip


def make_content(key: str, seed: int = 0, shift: float = 0.0) -> dict[str, Any]:
    made = make_forecast(key, seed, shift)
    return freeze(made, baselines(made.trial, size=500), DATE)


def make_prediction(key: str, seed: int = 0, shift: float = 0.0) -> Prediction:
    return Prediction(make_content(key, seed, shift))
