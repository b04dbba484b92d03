"""The same experiment in NEURON and here: membrane potentials at four nodes after every step.

`tests/data/neuron` holds what NEURON computed (see its README; `benchmarks/neuron_peer` wrote it).
Three independent codes are compared: NEURON, the plain double cable of `reference_mrg.py`, and the
package's modal kernel. NEURON takes each conductance from a finite difference of 0.001 mV, which
leaves up to 2.4e-7 mV on a spike; the tolerance is 1e-6 mV.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import reference_mrg
import reference_sundt
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.timegrid import TimeGrid
from vagus.fibre.unmyelinated import UnmyelinatedFibres

Array = NDArray[np.float64]
Case = dict[str, str]

FOLDER = Path(__file__).resolve().parents[1] / "data" / "neuron"
with (FOLDER / "cases.csv").open(encoding="utf-8", newline="") as _file:
    CASES = list(csv.DictReader(_file))
MRG = [case for case in CASES if case["model"] == "mrg"]
SUNDT = [case for case in CASES if case["model"] == "sundt"]
NAMES = {"interpolation": "mrg-interpolation", "discrete": "mrg-discrete", "pena": "pena"}
TOLERANCE_MV = 1e-6


@cache
def neuron_traces() -> dict[str, Array]:
    """[J + 1, 4] mV by case: at t = 0 and after every step."""
    with np.load(FOLDER / "traces.npz") as file:
        return {key: file[key] for key in file.files}


def saved_nodes(case: Case) -> NDArray[np.int64]:
    """The four nodes that `benchmarks/neuron_peer/regenerate.py` keeps."""
    share = np.array([0.05, 0.5, 0.65, 0.95])
    return np.rint(share * (int(case["nodes"]) - 1)).astype(np.int64)


def waveform(case: Case) -> Array:
    """Multiple of the amplitude, sampled at the start of every step; the pulse starts at t = 0."""
    dt = float(case["dt_ms"])
    t = dt * np.arange(round(float(case["tstop_ms"]) / dt))
    if case["waveform"] == "burst":
        return np.where(t < 1.0 - dt / 2, np.sin(2 * np.pi * 5.0 * t), 0.0)
    width = float(case["pulse_width_us"]) * 1e-3
    second = -1.0 if case["waveform"] == "biphasic" else 0.0
    return np.select([t < width - dt / 2, t < 2 * width - dt / 2], [1.0, second], 0.0)


def fixed_steps(w: Array, dt_ms: float) -> TimeGrid:
    """NEURON's steps under the waveform samples ``w``."""
    quiet = int(np.flatnonzero(w)[-1]) + 1 if w.any() else 0
    return TimeGrid("neuron", np.array([dt_ms]), np.zeros(w.size, np.int64), w, quiet)


@pytest.mark.parametrize("case", MRG, ids=[case["id"] for case in MRG])
def test_plain_double_cable_reproduces_neuron(case: Case) -> None:
    cable = reference_mrg.mrg_cable(
        float(case["diameter_um"]), int(case["nodes"]), case["geometry"]
    )
    field = reference_mrg.point_source(cable, float(case["distance_um"]))
    trace = reference_mrg.simulate(
        cable, field, waveform(case), float(case["amplitude_mA"]), float(case["dt_ms"])
    )
    expected = neuron_traces()[case["id"]]
    assert np.abs(trace[:, saved_nodes(case)] - expected).max() < TOLERANCE_MV


@pytest.mark.parametrize("case", MRG, ids=[case["id"] for case in MRG])
def test_modal_kernel_reproduces_neuron(case: Case) -> None:
    diameter, nodes = float(case["diameter_um"]), int(case["nodes"])
    cable = reference_mrg.mrg_cable(diameter, nodes, case["geometry"])
    field = reference_mrg.point_source(cable, float(case["distance_um"]))
    fibres = MyelinatedFibres(
        NAMES[case["geometry"]], np.array([diameter]), nodes, field[np.newaxis]
    )
    grid = fixed_steps(waveform(case), float(case["dt_ms"]))
    trace = fibres.trace(grid, 0, float(case["amplitude_mA"]), saved_nodes(case)).T
    expected = neuron_traces()[case["id"]][1:]
    assert np.abs(trace - expected).max() < TOLERANCE_MV


@pytest.mark.parametrize("case", SUNDT, ids=[case["id"] for case in SUNDT])
def test_plain_c_fibre_reproduces_neuron(case: Case) -> None:
    cable = reference_sundt.sundt_cable(
        float(case["diameter_um"]), int(case["nodes"]), float(case["end_ohm_cm"])
    )
    field = reference_sundt.point_source(cable, float(case["distance_um"]))
    trace = reference_sundt.simulate(
        cable, field, waveform(case), float(case["amplitude_mA"]), float(case["dt_ms"])
    )
    expected = neuron_traces()[case["id"]]
    assert np.abs(trace[:, saved_nodes(case)] - expected).max() < TOLERANCE_MV


@pytest.mark.parametrize("case", SUNDT, ids=[case["id"] for case in SUNDT])
def test_c_fibre_kernel_reproduces_neuron(case: Case) -> None:
    diameter, n, dt = float(case["diameter_um"]), int(case["nodes"]), float(case["dt_ms"])
    cable = reference_sundt.sundt_cable(diameter, n)
    field = reference_sundt.point_source(cable, float(case["distance_um"]))
    fibres = UnmyelinatedFibres(
        "sundt", np.array([diameter]), 8.333, n, field[np.newaxis],
        end_ohm_cm=float(case["end_ohm_cm"]),
    )  # fmt: skip
    grid = fixed_steps(waveform(case), dt)
    trace = fibres.trace(grid, 0, float(case["amplitude_mA"]), saved_nodes(case)).T
    assert np.abs(trace - neuron_traces()[case["id"]][1:]).max() < TOLERANCE_MV


@settings(max_examples=12, deadline=None)
@given(
    geometry=st.sampled_from(["interpolation", "pena"]),
    relative_diameter=st.floats(0.0, 1.0),
    n_nodes=st.integers(5, 24),
    dt_ms=st.sampled_from([0.002, 0.005, 0.01]),
    seed=st.integers(0, 2**32 - 1),
)
def test_modal_kernel_matches_the_plain_cable_in_any_field(
    geometry: str, relative_diameter: float, n_nodes: int, dt_ms: float, seed: int
) -> None:
    """Random diameters, rough potentials without any symmetry, and a noisy waveform."""
    low, high = {"interpolation": (2.0, 16.0), "pena": (1.011, 5.7)}[geometry]
    diameter = low + relative_diameter * (high - low)
    random = np.random.default_rng(seed)
    cable = reference_mrg.mrg_cable(diameter, n_nodes, geometry)
    field = np.cumsum(random.normal(size=cable.z_um.size)) + random.normal(size=cable.z_um.size)
    w = np.zeros(120)
    w[:40] = random.normal(size=40)
    expected = reference_mrg.simulate(cable, field, w, 3.0, dt_ms)[1:]
    fibres = MyelinatedFibres(NAMES[geometry], np.array([diameter]), n_nodes, field[np.newaxis])
    active = np.arange(1, n_nodes - 1)
    trace = fibres.trace(fixed_steps(w, dt_ms), 0, 3.0, active).T
    assert np.abs(trace - expected[:, active]).max() < TOLERANCE_MV
