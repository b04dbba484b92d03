"""What a frozen prediction says: a `Forecast` and its baselines as plain words and numbers.

Every distribution is given by mean, SD, median, central intervals, and a sorted sample of at most
`SAMPLE` numbers, from which any score can be had later. Where a number was assumed, its mark says
so; the date comes from the caller, so that nothing depends on a clock.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

import vagus
from vagus.errors import InputError
from vagus.patient.observables import observable
from vagus.trial.baselines import TITLES, Baseline, quantities
from vagus.trial.design import Design
from vagus.trial.endpoint_scale import endpoint_sd
from vagus.trial.forecast import Forecast
from vagus.trial.frozen import FORMAT, SHA, digest, plain
from vagus.trial.published import AttackDesign, PublishedTrial
from vagus.trial.results import SHARES
from vagus.trial.scores import LEVELS, central_interval

Floats = NDArray[np.float64]
Samples = Mapping[tuple[str, str], Floats]
SAMPLE = 200


def freeze(forecast: Forecast, baselines: Sequence[Baseline], date: str) -> dict[str, Any]:
    """The content of a prediction file with its hash.

    ``date``: when it was made, in words of the caller. `InputError`: a baseline of the trial's own
    result.
    """
    trial = forecast.trial
    for baseline in baselines:
        if trial.key in baseline.trials:
            raise InputError("baseline", trial.key, "trials other than the one predicted")
    content = {
        "format": FORMAT,
        "trial": trial.key,
        "date": date,
        **_design(trial),
        "quantities": _quantities(trial, forecast.samples),
        "responder_probability": _responders(trial, forecast.samples),
        "patient_sd": {arm: _spread(values) for arm, values in forecast.patient_sd.items()},
        "primary": _primary(forecast),
        "simulation": _simulation(forecast),
        "versions": versions(),
        "baselines": [_baseline(trial, one) for one in baselines],
    }
    content = plain(content)
    return {**content, SHA: digest(content)}


def versions() -> dict[str, str]:
    """Versions of what computed a forecast."""
    found = {name: version(name) for name in ("numpy", "scipy", "numba")}
    return {"vagus": vagus.__version__, **found, "python": platform.python_version()}


def thinned(samples: ArrayLike) -> Floats:
    """At most `SAMPLE` numbers, sorted, that stand for ``samples`` [S]: its middle quantiles."""
    values = np.sort(np.asarray(samples, dtype=np.float64))
    if values.size <= SAMPLE:
        return values
    return np.quantile(values, (np.arange(SAMPLE) + 0.5) / SAMPLE)


def unit_of(trial: PublishedTrial, quantity: str) -> str:
    """Unit of a quantity: `share`, or that of the endpoint."""
    design = trial.design
    if quantity in SHARES or isinstance(design, AttackDesign):
        return "share"
    found = observable(design.endpoint)
    return "share" if found.kind == "binary" else found.unit


def _quantities(trial: PublishedTrial, samples: Samples) -> list[dict[str, Any]]:
    """Of all that can be asked of the trial what there is, the design's own endpoint first."""
    return [
        {"arm": arm, "quantity": quantity, "unit": unit_of(trial, quantity)}
        | _distribution(samples[arm, quantity])
        for arm, quantity in quantities(trial)
        if (arm, quantity) in samples
    ]


def _distribution(values: Floats) -> dict[str, Any]:
    intervals = {f"{100 * level:g}": central_interval(values, level) for level in LEVELS}
    return {
        "mean": np.mean(values),
        "sd": np.std(values, ddof=1),
        "median": np.median(values),
        "intervals": intervals,
        "sample": thinned(values),
    }


def _spread(values: Floats) -> dict[str, Any]:
    """Mean over virtual trials of the SD between patients, and its 95 % interval."""
    return {"mean": np.mean(values), "interval_95": central_interval(values, 0.95)}


def _responders(trial: PublishedTrial, samples: Samples) -> dict[str, Any]:
    """arm -> probability that a patient (of attacks: an attack) responds."""
    return {
        arm.name: np.mean(samples[arm.name, quantity])
        for arm in trial.design.arms
        for quantity in SHARES
        if (arm.name, quantity) in samples
    }


def _primary(forecast: Forecast) -> dict[str, Any]:
    """P(met) with its Monte-Carlo errors: as if trials were independent, and between pools."""
    trial, design = forecast.trial, forecast.trial.design
    known = forecast.p[np.isfinite(forecast.p)]
    tested = known.size > 0
    met = np.asarray(forecast.met, dtype=np.float64)
    share = float(met.mean())
    pools = np.array([part.mean() for part in np.array_split(met, forecast.settings["pools"])])
    between = pools.std(ddof=1) / math.sqrt(len(pools)) if len(pools) > 1 else math.nan
    better = "in favour of stimulation" if len(design.arms) > 1 else "a change for the better"
    definition = f"{trial.primary}; met: p < {design.alpha:g} and {better}"
    return {
        "endpoint": design.endpoint,
        "definition": definition,
        "p_met": share if tested else None,
        "p_met_se": math.sqrt(share * (1 - share) / len(met)) if tested else None,
        "p_met_se_between_pools": between if tested else None,
        "p_significant_either_way": np.mean(known < design.alpha) if tested else None,
        "virtual_trials": len(met),
    }


def _simulation(forecast: Forecast) -> dict[str, Any]:
    return {
        "seed": forecast.seed,
        "settings": forecast.settings,
        "left_out": forecast.left_out,
        "calibrated_on": forecast.calibrated_on,
        "effective_patients_per_pool": forecast.effective,
        "targets_missed": forecast.missed,
        "notes": forecast.notes,
    }


def _baseline(trial: PublishedTrial, one: Baseline) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": TITLES[one.name],
        "trials": one.trials,
        "basis": one.basis,
        "quantities": _quantities(trial, one.samples),
    }


def _design(trial: PublishedTrial) -> dict[str, Any]:
    """The design as it was simulated, with what of it was read and what assumed."""
    design = trial.design
    arms = [
        {"name": arm.name, "role": arm.role, "n": arm.n, "knows": arm.regimen.knows,
         "background": arm.regimen.background, "stimulated_d": arm.regimen.stimulated_d}
        for arm in design.arms
    ]  # fmt: skip
    continuous = isinstance(design, Design) and observable(design.endpoint).kind != "binary"
    return {
        "endpoint_sd": endpoint_sd(design) if isinstance(design, Design) and continuous else None,
        "design": {
            "condition": design.condition,
            "taken_as": trial.taken_as,
            "endpoint": design.endpoint,
            "arms": arms,
            "alpha": design.alpha,
            **(_course(design) if isinstance(design, Design) else _attacks(design)),
            "basis": trial.basis,
            "mark": trial.mark,
        },
        "delivery": asdict(trial.delivery),
    }


def _course(design: Design) -> dict[str, Any]:
    return {
        "kind": design.kind,
        "analysis": design.analysis,
        "visits_d": design.visits_d,
        "run_in_d": design.run_in_d,
        "recall_d": design.recall_d,
        "entry": asdict(design.entry),
        "responder_share": design.responder_share,
        "drop_out": asdict(design.drop_out),
        "estimand": asdict(design.estimand),
    }


def _attacks(design: AttackDesign) -> dict[str, Any]:
    return {
        "kind": "attacks",
        "disorder": design.disorder,
        "minutes": design.minutes,
        "mix": dict(design.mix),
        "attacks_per_patient": design.attacks,
    }
