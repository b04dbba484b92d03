"""Thresholds and conduction velocities that NEURON found through PyFibers, model by model.

`unmyelinated_thresholds.csv` holds NEURON's bracket of each threshold (0.1 %; Sweeney 0.01 %): a
fibre must fire at 1.0005 times its upper end and be silent at 0.9995 times its lower end.
"""

from __future__ import annotations

import csv
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from vagus.fibre.timegrid import TimeGrid
from vagus.fibre.unmyelinated import UnmyelinatedFibres, compartment_centres_um

FOLDER = Path(__file__).parent
Row = dict[str, str]


def read(name: str) -> list[Row]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


THRESHOLDS = read("unmyelinated_thresholds.csv")
VELOCITIES = read("unmyelinated_velocities.csv")
MODELS = sorted({row["model"] for row in THRESHOLDS})
QUICK = {"sundt", "rattay", "sweeney"}


def equal_steps(waveform: str, delay_ms: float, dt_ms: float, tstop_ms: float) -> TimeGrid:
    """NEURON's steps, the waveform sampled at the start of each."""
    t = np.arange(round(tstop_ms / dt_ms)) * dt_ms - delay_ms + 1e-9
    if waveform == "mono100us":
        w = np.where((t >= 0) & (t < 0.1), 1.0, 0.0)
    elif waveform == "biphasic300us_per_phase":
        w = np.select([(t >= 0) & (t < 0.3), (t >= 0.3) & (t < 0.6)], [1.0, -1.0], 0.0)
    else:
        w = np.where((t >= 0) & (t < 1.0), np.sin(2 * np.pi * 5.0 * t), 0.0)
    quiet = int(np.flatnonzero(w)[-1]) + 1
    return TimeGrid("neuron", np.array([dt_ms]), np.zeros(len(w), np.int64), w, quiet)


def centres_um(row: Row) -> NDArray[np.float64]:
    n = int(row["n_nodes"])
    if row["model"] == "sweeney":
        return np.arange(n) * float(row["node_spacing_um"]) + 0.75
    return compartment_centres_um(n, float(row["node_spacing_um"]))


def potential_mV_per_mA(row: Row) -> NDArray[np.float64]:
    r = np.hypot(centres_um(row) - float(row["source_z_um"]), float(row["distance_um"]))
    return np.asarray(1e6 / (4 * np.pi * float(row["sigma_S_per_m"]) * r))


def check_brackets(rows: list[Row], dtype: Any, stop_early: bool = True) -> None:
    def run(row: Row) -> tuple[str, ...]:
        return row["waveform"], row["delay_ms"], row["dt_ms"], row["tstop_ms"]

    for key, group in groupby(sorted(rows, key=run), key=run):
        cases = list(group)
        first = cases[0]
        fibres = UnmyelinatedFibres(
            first["model"],
            np.array([float(row["diameter_um"]) for row in cases]),
            float(first["node_spacing_um"]),
            int(first["n_nodes"]),
            np.array([potential_mV_per_mA(row) for row in cases]),
        )
        assert set(fibres.detector) == {int(first["ap_detect_node"])}
        below = np.array([0.9995 * float(row["lower_bound_mA"]) for row in cases])
        above = np.array([1.0005 * float(row["threshold_mA"]) for row in cases])
        grid = equal_steps(key[0], *map(float, key[1:]))
        which = np.arange(len(cases))
        outcome = fibres.simulate(
            grid, np.tile(which, 2), np.concatenate([below, above]), dtype, stop_early
        )
        silent, fired = np.split(outcome.fired, 2)
        assert not silent.any(), [cases[i] for i in np.flatnonzero(silent)]
        assert fired.all(), [cases[i] for i in np.flatnonzero(~fired)]


@pytest.mark.parametrize("model", MODELS)
def test_thresholds_lie_in_neurons_brackets(model: str) -> None:
    """Every row of the quick models, the single pulses of the others."""
    rows = [row for row in THRESHOLDS if row["model"] == model]
    if model not in QUICK:
        rows = [row for row in rows if row["waveform"] == "mono100us"]
    check_brackets(rows, np.float64)


@pytest.mark.slow
@pytest.mark.parametrize("stop_early", [True, False], ids=["early", "full"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("model", MODELS)
def test_every_threshold_in_both_precisions(model: str, dtype: Any, stop_early: bool) -> None:
    check_brackets([row for row in THRESHOLDS if row["model"] == model], dtype, stop_early)


def test_sundt_thresholds_in_single_precision() -> None:
    check_brackets([row for row in THRESHOLDS if row["model"] == "sundt"], np.float32)


@pytest.mark.parametrize(
    "row", VELOCITIES, ids=[f"{row['model']}-{row['diameter_um']}" for row in VELOCITIES]
)
def test_conduction_velocity(row: Row) -> None:
    """Within 0.2 % of NEURON (the issue asks for 1 %)."""
    n, dt, start = int(row["n_nodes"]), float(row["dt_ms"]), 0.1
    model, diameter = row["model"], float(row["diameter_um"])
    spacing = 1000.0 if model == "sweeney" else 8.333
    t = np.arange(round((2.0 if model == "sweeney" else 13.0) / dt)) * dt
    pulse = (t >= start) & (t < start + float(row["istim_pw_ms"]) - 1e-9)
    grid = TimeGrid(
        "neuron", np.array([dt]), np.zeros(len(t), np.int64), np.zeros(len(t)), len(t),
        inject_nA=np.where(pulse, float(row["istim_amp_nA"]), 0.0),
    )  # fmt: skip
    fibres = UnmyelinatedFibres(
        model, np.array([diameter]), spacing, n, np.zeros((1, n)),
        inject_node=int(row["istim_node"]),
    )  # fmt: skip
    near, far = int(0.25 * (n - 1)), int(0.75 * (n - 1))
    at = fibres.crossings_ms(grid, [near, far])[0]
    velocity = (far - near) * spacing * 1e-3 / (at[1] - at[0])
    assert velocity == pytest.approx(float(row["cv_25_75_m_per_s"]), rel=2e-3)
