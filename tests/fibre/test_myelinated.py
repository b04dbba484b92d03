"""Myelinated fibres: the answer depends on the fibre and its current, on nothing else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import reference_mrg
from point_fibres import beside, random_fibres

from vagus.errors import InputError
from vagus.fibre.lanes import W
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.outcome import Outcome
from vagus.fibre.threshold import activation_thresholds
from vagus.fibre.timegrid import TimeGrid, time_grid
from vagus.protocol.waveform import (
    Waveform,
    biphasic,
    monophasic,
    pseudo_monophasic,
    sine_burst,
    train,
)

LIVANOVA_TAU_US = 5000.0  # recovery through the output capacitor, of the order of milliseconds
STIMULI = {
    "monophasic": monophasic(100),
    "long": monophasic(1000),
    "biphasic": biphasic(300),
    "biphasic with gap": biphasic(100, gap_us=100, ratio=0.25),
    "LivaNova": pseudo_monophasic(250, LIVANOVA_TAU_US).until(12000),
    "train": train(biphasic(200), 3, 200),
    "burst": sine_burst(5000, 5),
}


def grid_of(waveform: Waveform, scheme: str = "converged") -> TimeGrid:
    tstop_ms = waveform.settled_us(0.1) * 1e-3 + 4.0
    return time_grid(scheme, waveform.until(1e3 * tstop_ms - 25), tstop_ms)  # type: ignore[arg-type]


def same(first: Outcome, second: Outcome) -> None:
    """Equal to the last bit."""
    np.testing.assert_array_equal(first.fired, second.fired)
    np.testing.assert_array_equal(first.ap_time_ms, second.ap_time_ms)
    np.testing.assert_array_equal(first.peak_mV, second.peak_mV)


# --- against the cable written out in full ------------------------------------------------------
@pytest.mark.parametrize(
    ("model", "geometry", "diameter_um", "distance_um"),
    [
        ("mrg-interpolation", "interpolation", 9.3, 700.0),
        ("mrg-discrete", "discrete", 14.0, 400.0),
        ("pena", "pena", 2.6, 300.0),
    ],
)
def test_thresholds_are_those_of_the_plain_cable(
    model: str, geometry: Any, diameter_um: float, distance_um: float
) -> None:
    fibre = beside(np.array([diameter_um]), np.array([distance_um]), 15, model)
    grid = time_grid("neuron", monophasic(100), 2.0)
    found = activation_thresholds(fibre, grid, polarity=-1, tolerance=1e-4, dtype=np.float64)
    cable = reference_mrg.mrg_cable(diameter_um, 15, geometry)
    field = reference_mrg.point_source(cable, distance_um)
    low, high = (
        reference_mrg.fired(reference_mrg.simulate(cable, field, grid.w, float(current[0])))
        for current in (found.lower_mA, found.upper_mA)
    )
    assert (low, high) == (False, True)


# --- early stop ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(STIMULI))
@pytest.mark.parametrize("polarity", [-1, 1])
def test_stopping_early_decides_as_a_full_run_does(name: str, polarity: int) -> None:
    """48 fibres per stimulus and polarity (672 in all): at random currents, just above and below
    threshold, and far above it."""
    model = "pena" if polarity > 0 else "mrg-interpolation"
    fibres = random_fibres(48, list(STIMULI).index(name), model=model)
    grid = grid_of(STIMULI[name])
    found = activation_thresholds(fibres, grid, polarity=polarity, tolerance=2e-3)
    random = np.random.default_rng(5)
    everyone = np.arange(48)
    items = np.tile(everyone, 4)
    factor = np.concatenate(
        [random.uniform(0.5, 1.5, 48), random.uniform(0.99, 1.01, 48), random.uniform(3, 30, 48)]
    )
    current = np.concatenate([factor * found.upper_mA[items[:144]], found.lower_mA])
    early = fibres.simulate(grid, items, current)
    full = fibres.simulate(grid, items, current, stop_early=False)
    same(early, full)
    assert not full.fired[144:].any()


def test_stopping_early_under_equal_steps() -> None:
    fibres = random_fibres(64, 11)
    grid = time_grid("neuron", monophasic(100), 5.0)
    found = activation_thresholds(fibres, grid, polarity=-1)
    items = np.tile(np.arange(64), 3)
    current = np.concatenate([found.lower_mA, found.upper_mA, 0.9995 * found.upper_mA])
    early, full = (fibres.simulate(grid, items, current, stop_early=s) for s in (True, False))
    same(early, full)
    assert not full.fired[:64].any()
    assert full.fired[64:128].all()


# --- lanes do not see each other ----------------------------------------------------------------
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scheme", ["neuron", "converged"])
def test_results_follow_a_permutation_bit_for_bit(dtype: Any, scheme: str) -> None:
    fibres = random_fibres(40, 3)
    grid = grid_of(biphasic(100), scheme)
    random = np.random.default_rng(0)
    items = random.integers(0, 40, 75)
    current = -random.uniform(0.02, 3.0, 75)
    order = random.permutation(75)
    straight = fibres.simulate(grid, items, current, dtype)
    shuffled = fibres.simulate(grid, items[order], current[order], dtype)
    same(
        Outcome(straight.fired[order], straight.ap_time_ms[order], straight.peak_mV[order]),
        shuffled,
    )
    assert straight.fired.any()
    assert not straight.fired.all()


@pytest.mark.parametrize("stop_early", [True, False])
def test_a_fibre_alone_does_as_it_does_in_company(stop_early: bool) -> None:
    """Company of other diameters, one of them driven a hundred times too hard."""
    fibres = random_fibres(W, 8)
    grid = grid_of(monophasic(200))
    current = -np.geomspace(0.05, 5.0, W)
    current[W // 2] = -500.0
    together = fibres.simulate(grid, np.arange(W), current, stop_early=stop_early)
    alone = [
        fibres.simulate(grid, np.array([f]), current[f : f + 1], stop_early=stop_early)
        for f in range(W)
    ]
    same(
        together,
        Outcome(*(np.concatenate([getattr(one, k) for one in alone])
                  for k in ("fired", "ap_time_ms", "peak_mV"))),
    )  # fmt: skip


def test_a_fibre_is_the_same_in_any_collection() -> None:
    """Distinct diameters share one table of coefficients: a fibre must not notice which."""
    diameter, distance = np.array([4.0, 12.0, 7.5]), np.array([300.0, 900.0, 500.0])
    all_three = beside(diameter, distance)
    grid = grid_of(monophasic(100))
    current = np.array([-0.2, -0.4, -0.3])
    together = all_three.simulate(grid, np.arange(3), current, np.float64)
    for f in range(3):
        alone = beside(diameter[f : f + 1], distance[f : f + 1])
        one = alone.simulate(grid, np.array([0]), current[f : f + 1], np.float64)
        assert one.peak_mV[0] == pytest.approx(together.peak_mV[f], rel=1e-12)
        assert one.fired[0] == together.fired[f]


def test_thresholds_do_not_depend_on_the_batch() -> None:
    """The search's route depends on the neighbours (pilots), its bracket only by the tolerance."""
    fibres = random_fibres(50, 21)
    grid = grid_of(monophasic(100))
    together = activation_thresholds(fibres, grid, polarity=-1)
    half = MyelinatedFibres(
        fibres.model, fibres.diameter_um[::2], fibres.n_nodes, fibres.ve_mV_per_mA[::2]
    )
    apart = activation_thresholds(half, grid, polarity=-1)
    assert (np.abs(apart.upper_mA) >= np.abs(together.lower_mA[::2])).all()
    assert (np.abs(apart.lower_mA) <= np.abs(together.upper_mA[::2])).all()


# --- precision and scaling ----------------------------------------------------------------------
@pytest.mark.parametrize("scheme", ["neuron", "converged"])
def test_single_precision_is_enough_for_thresholds(scheme: str) -> None:
    fibres = random_fibres(64, 33)
    grid = grid_of(biphasic(200), scheme)
    single, double = (
        activation_thresholds(fibres, grid, polarity=-1, tolerance=1e-5, dtype=dtype).upper_mA
        for dtype in (np.float32, np.float64)
    )
    assert np.abs(single / double - 1).max() < 1e-4


def test_thresholds_scale_with_conductivity_exactly() -> None:
    """V ~ 1/sigma: four times the conductivity, four times the threshold, to the last bit."""
    fibres = random_fibres(20, 4)
    grid = grid_of(monophasic(100))
    better = MyelinatedFibres(
        fibres.model, fibres.diameter_um, fibres.n_nodes, fibres.ve_mV_per_mA / 4
    )
    one, four = (activation_thresholds(f, grid, polarity=-1) for f in (fibres, better))
    np.testing.assert_array_equal(four.upper_mA, 4 * one.upper_mA)
    np.testing.assert_array_equal(four.lower_mA, 4 * one.lower_mA)
    np.testing.assert_array_equal(four.simulations, one.simulations)


def test_a_constant_potential_does_nothing() -> None:
    fibres = beside(np.array([10.0]), np.array([500.0]))
    flat = MyelinatedFibres("mrg-interpolation", fibres.diameter_um, 21, np.full((1, 221), 64.0))
    grid = grid_of(monophasic(100))
    rest = flat.trace(grid, 0, 0.0, np.arange(1, 20))
    np.testing.assert_array_equal(flat.trace(grid, 0, 1e3, np.arange(1, 20)), rest)
    assert np.ptp(rest) < 0.01  # mV: nothing moves by itself


def test_mirrored_fields_give_mirrored_responses() -> None:
    fibre = beside(np.array([8.0]), np.array([400.0]), off_centre=1.3)
    mirrored = MyelinatedFibres(
        "mrg-interpolation", fibre.diameter_um, 21, fibre.ve_mV_per_mA[:, ::-1]
    )
    grid = time_grid("converged", monophasic(100), 1.5)
    nodes = np.arange(1, 20)
    straight = fibre.trace(grid, 0, -0.3, nodes)
    np.testing.assert_allclose(mirrored.trace(grid, 0, -0.3, 20 - nodes), straight, atol=1e-6)
    assert np.ptp(straight) > 50.0  # a spike is among what was compared


# --- bad input ----------------------------------------------------------------------------------
def test_potentials_that_cannot_be_used_are_named() -> None:
    d, ve = np.array([10.0]), np.ones((1, 221))
    with pytest.raises(InputError, match=r"`ve_mV_per_mA` is of shape \(1, 220\).*\(1, 221\)"):
        MyelinatedFibres("mrg-interpolation", d, 21, ve[:, :-1])  # shorter than the fibre
    with pytest.raises(InputError, match="ve_mV_per_mA"):
        MyelinatedFibres("mrg-interpolation", np.array([10.0, 9.0]), 21, ve)
    for bad in (np.nan, np.inf):
        broken = ve.copy()
        broken[0, 100] = bad
        with pytest.raises(InputError, match="NaN or infinite"):
            MyelinatedFibres("mrg-interpolation", d, 21, broken)
    with pytest.raises(InputError, match="nodes"):
        MyelinatedFibres("mrg-interpolation", d, 4, np.ones((1, 34)))


@pytest.mark.parametrize("bad", [-8.7, 0.0, 1.0, 20.0, np.nan])
def test_diameters_are_refused_before_anything_is_simulated(bad: float) -> None:
    fibres = MyelinatedFibres("mrg-interpolation", np.array([8.7, bad]), 21, np.ones((2, 221)))
    with pytest.raises(InputError, match="diameter"):
        fibres.simulate(grid_of(monophasic(100)), np.array([0]), np.array([1.0]))
