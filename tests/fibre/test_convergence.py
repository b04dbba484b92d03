"""The default scheme: second order in time, and within 0.1 % of vanishing steps.

The reference uses the same kernel on the same steps, each cut into eight. Backward Euler, an
independent scheme, extrapolated to vanishing steps, must give the same limit.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from point_fibres import beside

from vagus.fibre.myelinated import MyelinatedFibres
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

Floats = NDArray[np.float64]
CHEAP = {"100 us": monophasic(100), "biphasic": biphasic(200)}
ALL = CHEAP | {
    "50 us": monophasic(50),
    "300 us": monophasic(300),
    "biphasic with gap": biphasic(100, gap_us=100),
    "train of 3": train(biphasic(200), 3, 300),
    "5 kHz burst": sine_burst(5000, 5),
    "10 kHz burst": sine_burst(10000, 10),
    "device pulse": pseudo_monophasic(250, 400),
}


def fibres(model: str = "mrg-interpolation") -> MyelinatedFibres:
    low, high = (5.7, 16.0) if model == "mrg-interpolation" else (1.5, 5.7)
    diameter = np.tile(np.geomspace(low, high, 4), 4)
    return beside(diameter, np.repeat([250.0, 500.0, 1000.0, 2500.0], 4), 21, model)


def tstop_ms(waveform: Waveform) -> float:
    return waveform.duration_us * 1e-3 + 3.5


def equal_second_order(waveform: Waveform, dt_us: float) -> TimeGrid:
    """Equal steps that land on the edges of every waveform here, the waveform averaged over
    each."""
    end_us = 1e3 * tstop_ms(waveform)
    ends = dt_us * np.arange(1, round(end_us / dt_us) + 1)
    w = waveform.mean(ends - dt_us, ends)
    quiet = int(np.flatnonzero(np.abs(w) > 0.1 * np.abs(w).max())[-1]) + 1
    return TimeGrid("converged", np.array([dt_us * 1e-3]), np.zeros(len(w), np.int64), w, quiet)


def cut(grid: TimeGrid, times: int) -> TimeGrid:
    """Every step cut into ``times`` equal ones; edges stay on steps."""
    return replace(
        grid,
        dt_ms=grid.dt_ms / times,
        level=np.repeat(grid.level, times),
        w=np.repeat(grid.w, times),
        quiet_step=grid.quiet_step * times,
    )


def thresholds(of: MyelinatedFibres, grid: TimeGrid, tolerance: float = 3e-5) -> Floats:
    found = activation_thresholds(of, grid, polarity=-1, tolerance=tolerance, dtype=np.float64)
    return -np.sqrt(found.lower_mA * found.upper_mA) * np.sign(found.upper_mA)


def refined(waveform: Waveform, times: int) -> TimeGrid:
    """The default steps, each cut into ``times`` equal ones, the waveform averaged anew."""
    fine = cut(time_grid("converged", waveform, tstop_ms(waveform)), times)
    ends_us = 1e3 * fine.ends_ms
    return replace(fine, w=waveform.mean(ends_us - 1e3 * fine.dt_ms[fine.level], ends_us))


def reference(of: MyelinatedFibres, waveform: Waveform) -> Floats:
    """Threshold for vanishing steps: within 1e-5, as the order of convergence below shows."""
    return thresholds(of, refined(waveform, 8), 1e-5)


def check(name: str, model: str, bound: float) -> None:
    of = fibres(model)
    waveform = ALL[name]
    found = thresholds(of, time_grid("converged", waveform, tstop_ms(waveform)))
    error = np.abs(found / reference(of, waveform) - 1)
    assert error.max() < bound, f"{name} {model}: {100 * error.max():.3f} %"


@pytest.mark.parametrize("name", list(CHEAP))
def test_default_steps_are_within_a_tenth_of_a_percent(name: str) -> None:
    check(name, "mrg-interpolation", 1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["mrg-interpolation", "pena"])
@pytest.mark.parametrize("name", list(ALL))
def test_default_steps_are_within_a_tenth_of_a_percent_of_all_stimuli(
    name: str, model: str
) -> None:
    check(name, model, 1e-3)


def test_error_falls_with_the_square_of_the_step() -> None:
    """Membrane potential below threshold, where it is smooth; the waveform's edges fall on
    steps."""
    of = beside(np.array([10.0]), np.array([500.0]))
    waveform = monophasic(100)
    nodes = np.array([8, 9, 10])
    end_ms = tstop_ms(waveform)

    def at(dt_us: float) -> Floats:
        """[3, 3] potentials at three instants of the tail."""
        grid = equal_second_order(waveform, dt_us)
        every = np.searchsorted(grid.ends_ms, np.array([0.3, 0.6, 1.2]) - 1e-9)
        trace = of.trace(grid, 0, -0.1, nodes)
        return np.asarray(trace[:, every])

    steps = np.array([10.0, 5.0, 2.5, 1.25])
    exact = at(0.15625)
    assert end_ms > 1.2
    error = np.array([np.abs(at(dt) - exact).max() for dt in steps])
    order = np.polyfit(np.log(steps), np.log(error), 1)[0]
    assert 1.8 < order < 2.4, f"order {order:.2f}, errors {error}"


@pytest.mark.parametrize("name", list(CHEAP))
def test_thresholds_converge_at_second_order_and_beat_backward_euler(name: str) -> None:
    """Halving every graded step quarters the error. (On equal steps the order is lower at first:
    the internode's fast modes relax in nanoseconds after each edge, which is why steps are
    graded.)"""
    of, waveform = fibres(), CHEAP[name]
    exact = thresholds(of, refined(waveform, 16), 1e-6)
    error = [
        np.sqrt(np.mean((thresholds(of, refined(waveform, times), 1e-6) / exact - 1) ** 2))
        for times in (1, 2, 4)
    ]
    order = -np.polyfit(np.log([1, 2, 4]), np.log(error), 1)[0]
    assert 1.75 < order < 2.4, f"order {order:.2f}, errors {error}"
    euler = thresholds(of, time_grid("neuron", waveform, tstop_ms(waveform), 0.005))
    assert np.abs(euler / exact - 1).max() > 10 * error[0]


def test_backward_euler_extrapolates_to_the_same_limit() -> None:
    """Steps of 2 and 1 us; twice the finer less the coarser cancels the first-order error."""
    of = fibres()
    waveform = monophasic(100)
    coarse, fine = (
        thresholds(of, time_grid("neuron", waveform, tstop_ms(waveform), dt))
        for dt in (0.002, 0.001)
    )
    assert np.abs((2 * fine - coarse) / reference(of, waveform) - 1).max() < 1e-3
