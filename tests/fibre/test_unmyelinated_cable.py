"""The C-fibre kernels against the plain NumPy cable, themselves and cable theory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from reference_cable import MODELS as REFERENCE
from reference_cable import Cable

from vagus.fibre.membranes import MEMBRANES
from vagus.fibre.timegrid import Scheme, TimeGrid
from vagus.fibre.unmyelinated import UnmyelinatedFibres, compartment_centres_um

Floats = NDArray[np.float64]
FIRING_MA = {"sundt": -2.2, "rattay": -1.6, "tigerholm": -1.7, "schild94": -3.0, "schild97": -6.5}
N, DX, DIAMETER = 121, 8.333, 1.0


def pulse(scheme: Scheme, dt_ms: float, tstop_ms: float, width_ms: float = 0.1) -> TimeGrid:
    t = np.arange(round(tstop_ms / dt_ms)) * dt_ms
    w = np.where(t < width_ms - 1e-9, 1.0, 0.0)
    quiet = int(w.sum())
    return TimeGrid(scheme, np.array([dt_ms]), np.zeros(len(t), np.int64), w, quiet)


def point_source(n: int = N, dx: float = DX, distance_um: float = 250.0) -> Floats:
    z = compartment_centres_um(n, dx)
    return np.asarray(1e6 / (4 * np.pi * np.hypot(z - z[n // 2], distance_um)))


def sealed(model: str, ve: Floats, dx: float = DX, diameter: float = DIAMETER) -> Any:
    ve = np.atleast_2d(ve)
    return UnmyelinatedFibres(
        model, np.full(len(ve), diameter), dx, ve.shape[1], ve, end_ohm_cm=np.inf
    )


@pytest.mark.parametrize("share", [0.6, 1.0], ids=["below", "above"])
@pytest.mark.parametrize("model", sorted(FIRING_MA))
def test_kernel_follows_the_plain_cable(model: str, share: float) -> None:
    """Only ohmic currents: rounding; Schild's pumps: the plain cable's finite difference."""
    amplitude = share * FIRING_MA[model]
    nodes = [1, N // 2, int(0.9 * (N - 1))]
    grid = pulse("neuron", 0.005, 3.0)
    plain = Cable(model, np.array([DIAMETER]), N, point_source()[None], DX)
    expected, _ = plain.run(grid.w, 0.005, np.array([amplitude]), np.array(nodes))
    trace = sealed(model, point_source()).trace(grid, 0, amplitude, nodes)
    assert np.abs(trace - expected[:, 0].T).max() < (1e-6 if "schild" in model else 1e-7)


def test_sweeney_follows_the_plain_cable() -> None:
    n, spacing = 21, 1000.0
    ve = point_source(n, spacing)
    grid = pulse("neuron", 0.005, 2.0)
    plain = Cable("sweeney", np.array([10.0]), n, ve[None], spacing)
    expected, _ = plain.run(grid.w, 0.005, np.array([-0.1]), np.array([5, 10, 18]))
    fibres = sealed("sweeney", ve, spacing, 10.0)
    assert np.abs(fibres.trace(grid, 0, -0.1, [5, 10, 18]) - expected[:, 0].T).max() < 1e-7
    assert np.allclose(np.diff(fibres.positions_um()), spacing)


def test_rattay_without_the_table_is_what_converged_solves() -> None:
    """Exact rates: NEURON's 1 mV tables belong to the `neuron` scheme only."""

    class Exact(REFERENCE["rattay"]):  # type: ignore[misc]
        table = False

    dt, amplitude = 2.5e-4, np.array([-1.2])
    t = np.arange(round(0.6 / dt)) * dt
    w = np.where(t < 0.1 - 1e-9, 1.0, 0.0)
    plain = Cable(
        "rattay", np.array([1.0]), 61, point_source(61)[None], DX, membrane_of=lambda _: Exact
    )
    expected, _ = plain.run(w, dt, amplitude, np.array([30]))
    grid = pulse("converged", 0.0025, 0.6)
    trace = sealed("rattay", point_source(61)).trace(grid, 0, -1.2, [30])
    assert trace[0, -1] == pytest.approx(expected[-1, 0, 0], abs=0.02)


@settings(max_examples=10, deadline=None)
@given(
    diameter=st.floats(0.2, 3.0),
    dx=st.floats(5.0, 60.0),
    dt=st.sampled_from([0.001, 0.005, 0.02]),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_field_any_waveform(diameter: float, dx: float, dt: float, seed: int) -> None:
    """Random diameters, rough potentials without symmetry, and a noisy waveform."""
    random = np.random.default_rng(seed)
    ve, n = np.cumsum(random.normal(size=40)), 40
    w = np.where(np.arange(120) < 60, random.normal(size=120), 0.0)
    grid = TimeGrid("neuron", np.array([dt]), np.zeros(120, np.int64), w, 60)
    plain = Cable("sundt", np.array([diameter]), n, ve[None], dx)
    expected, _ = plain.run(w, dt, np.array([5.0]), np.arange(1, n - 1))
    trace = sealed("sundt", ve, dx, diameter).trace(grid, 0, 5.0, np.arange(1, n - 1))
    assert np.abs(trace - expected[:, 0].T).max() < 1e-7


@pytest.mark.parametrize("model", ["sundt", "rattay"])
def test_converged_scheme_is_second_order(model: str) -> None:
    fibres = sealed(model, point_source(61, 25.0), dx=25.0)

    def late(dt_ms: float) -> float:
        grid = pulse("converged", dt_ms, 1.2)
        return float(fibres.trace(grid, 0, FIRING_MA[model], [30])[0, -1])

    best = late(0.000625)
    errors = np.array([abs(late(dt) - best) for dt in (0.02, 0.01, 0.005)])
    assert np.all(np.log2(errors[:-1] / errors[1:]) > 1.9)


@pytest.mark.parametrize("scheme", ["neuron", "converged"])
def test_single_precision_keeps_the_threshold(scheme: Scheme) -> None:
    """The same amplitudes fire, in steps of 0.1 %, and at the same time to 5 us."""
    amplitude = -1.987 * (1 + 2e-4 * np.arange(-40, 40, 5.0))
    fibres = sealed("sundt", point_source(301))
    grid = pulse(scheme, 0.005, 12.0)
    which = np.zeros(len(amplitude), np.int64)
    single = fibres.simulate(grid, which, amplitude)
    double = fibres.simulate(grid, which, amplitude, np.float64)
    first = np.flatnonzero(np.diff(single.fired)), np.flatnonzero(np.diff(double.fired))
    assert single.fired.any()
    assert not single.fired.all()
    assert np.array_equal(*first)
    clear = np.abs(amplitude / amplitude[double.fired].max() - 1) > 2e-3
    both = clear & single.fired & double.fired
    assert np.abs(single.ap_time_ms - double.ap_time_ms)[both].max() < 5e-3
    assert single.peak_mV == pytest.approx(double.peak_mV, abs=1e-3)


def test_lanes_do_not_disturb_each_other() -> None:
    """Mixed fibres and amplitudes, more than one block, in any order: as one at a time."""
    random = np.random.default_rng(3)
    ve = np.array([point_source(81, 25.0, 200.0 + 30 * i) for i in range(7)])
    fibres = UnmyelinatedFibres("sundt", random.uniform(0.5, 1.5, 7), 25.0, 81, ve)
    fibre = random.integers(0, 7, 23)
    amplitude = -random.uniform(0.5, 8.0, 23)
    grid = pulse("converged", 0.01, 8.0)
    together = fibres.simulate(grid, fibre, amplitude, np.float64)
    assert 0 < together.fired.sum() < 23
    for i in range(23):
        alone = fibres.simulate(grid, fibre[i : i + 1], amplitude[i : i + 1], np.float64)
        assert alone.fired[0] == together.fired[i]
        assert alone.peak_mV[0] == together.peak_mV[i]
        assert alone.ap_time_ms[0] == pytest.approx(together.ap_time_ms[i], nan_ok=True, abs=1e-12)


SLOWLY = [pytest.param(m, marks=pytest.mark.slow) for m in ("tigerholm", "schild94", "schild97")]


@pytest.mark.parametrize("model", ["sundt", "rattay", *SLOWLY])
def test_stopping_early_decides_as_the_full_run(model: str) -> None:
    """Mono- and biphasic pulses of both signs, weak to strong (virtual anodes, anode break)."""
    strength = np.geomspace(0.2, 40.0, 32)
    amplitude = np.concatenate([strength, -strength]) * abs(FIRING_MA[model])
    fibres = sealed(model, point_source(121, 25.0), dx=25.0)
    for width, reverse in ((0.1, False), (1.0, False), (0.3, True)):
        grid = pulse("neuron", 0.02, 25.0, width)
        if reverse:
            quiet = 2 * grid.quiet_step
            w = grid.w - np.roll(grid.w, grid.quiet_step)
            grid = TimeGrid("neuron", grid.dt_ms, grid.level, w, quiet)
        which = np.zeros(len(amplitude), np.int64)
        early = fibres.simulate(grid, which, amplitude)
        full = fibres.simulate(grid, which, amplitude, stop_early=False)
        assert np.array_equal(early.fired, full.fired)
        assert 0 < full.fired.sum() < len(amplitude)


def test_scaling_law_of_the_cable() -> None:
    """d -> 4 d, dx -> 2 dx leaves the cable equation of a membrane without ions as it is."""
    grid = pulse("neuron", 0.005, 3.0)
    thin = sealed("sundt", point_source(), DX, 0.7).trace(grid, 0, -2.5, [30, 60, 100])
    thick = sealed("sundt", point_source(), 2 * DX, 2.8).trace(grid, 0, -2.5, [30, 60, 100])
    assert np.abs(thin - thick).max() < 1e-9


@pytest.mark.parametrize("model", ["sundt", "tigerholm"])
def test_a_uniform_field_does_nothing(model: str) -> None:
    """Constant outside potential: no current; constant gradient: none but at cut ends."""
    grid = pulse("neuron", 0.005, 0.5)
    flat = sealed(model, np.full(41, 300.0)).trace(grid, 0, 1.0, np.arange(1, 40))
    assert np.ptp(flat, axis=1).max() < 0.01
    ramp = np.linspace(0.0, 2000.0, 41)
    cut = sealed(model, ramp).trace(grid, 0, 1.0, [20, 39])
    window = UnmyelinatedFibres(model, np.array([1.0]), DX, 41, ramp[None], cut_ends=False)
    assert np.ptp(cut[1]) > 5.0
    assert np.ptp(window.trace(grid, 0, 1.0, np.arange(2, 39)), axis=1).max() < 0.01


def test_weak_stimuli_superpose() -> None:
    fibres = sealed("sundt", point_source())
    grid = pulse("converged", 0.005, 1.0)
    rest, one, two = (fibres.trace(grid, 0, a, [60])[0] for a in (0.0, -1e-4, -2e-4))
    assert two - rest == pytest.approx(2 * (one - rest), rel=1e-3, abs=1e-9)


def test_window_finds_the_threshold_of_the_whole_fibre() -> None:
    """A window that ends 2 mm beyond the contacts (benchmarks/c_fibre_grid.py has the study)."""

    def fires(half_um: float) -> NDArray[np.bool_]:
        n = 2 * round(half_um / 50.0) + 1
        z = (np.arange(n) - n // 2) * 50.0
        ve = 1e5 / np.hypot(z - 3000.0, 800.0) - 1e5 / np.hypot(z + 3000.0, 800.0)
        ends = np.array([[n // 2 - 90, n // 2 + 90]])
        fibres = UnmyelinatedFibres("sundt", np.ones(1), 50.0, n, ve[None], ends, cut_ends=False)
        grid = pulse("converged", 0.02, 40.0, 0.25)
        amplitude = np.geomspace(0.2, 20.0, 64)
        return fibres.simulate(grid, np.zeros(64, np.int64), amplitude).fired

    whole, window = fires(12000.0), fires(5000.0)
    assert 0 < whole.sum() < 64
    assert np.array_equal(whole, window)


def test_passive_ends_stay_at_rest() -> None:
    fibres = UnmyelinatedFibres("sundt", np.array([1.0]), DX, N, point_source()[None])
    trace = fibres.trace(pulse("neuron", 0.005, 0.3), 0, -2.2, [0, 1, N - 1])
    assert np.all(trace[[0, 2]] == MEMBRANES["sundt"]["v_rest"])
    assert np.ptp(trace[1]) > 0.1


def test_spikes_before_listening_do_not_count() -> None:
    fibres = sealed("sundt", point_source())
    grid = pulse("neuron", 0.01, 6.0)
    heard = fibres.simulate(grid, np.array([0]), np.array([-2.5]))
    deaf = TimeGrid(
        "neuron", grid.dt_ms, grid.level, grid.w, grid.quiet_step, listen_step=len(grid.w) - 1
    )
    assert heard.fired[0]
    assert not fibres.simulate(deaf, np.array([0]), np.array([-2.5])).fired[0]
