"""The threshold search: certified, from below, and to the tolerance that was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from point_fibres import beside, random_fibres

from vagus.errors import InputError
from vagus.fibre.models import Fibres
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.point_source import fibre_at_point_source
from vagus.fibre.threshold import Thresholds, activation_thresholds
from vagus.fibre.timegrid import TimeGrid, time_grid
from vagus.fibre.unmyelinated import UnmyelinatedFibres
from vagus.protocol.waveform import Waveform, biphasic, monophasic, sine_burst, train

WAVEFORMS = [monophasic(50), monophasic(500), biphasic(300), sine_burst(5000, 5),
             train(biphasic(100), 3, 150)]  # fmt: skip


def grid_of(waveform: Waveform, scheme: str = "converged") -> TimeGrid:
    return time_grid(scheme, waveform, waveform.duration_us * 1e-3 + 4.0)  # type: ignore[arg-type]


def certify(
    fibres: Fibres, grid: TimeGrid, found: Thresholds, tolerance: float, dtype: Any = np.float32
) -> None:
    """Simulate both ends of every bracket again, to the end."""
    everyone = np.arange(len(fibres.diameter_um))
    for current, fires in ((found.lower_mA, False), (found.upper_mA, True)):
        outcome = fibres.simulate(grid, everyone, current, dtype, stop_early=False)
        assert (outcome.fired == fires).all()
    assert (np.abs(found.upper_mA) > np.abs(found.lower_mA)).all()
    assert (found.upper_mA / found.lower_mA - 1).max() <= tolerance * (1 + 1e-9)
    np.testing.assert_array_equal(found.threshold_mA, found.upper_mA)


@pytest.mark.parametrize("waveform", WAVEFORMS, ids=lambda w: f"{w.name} {w.duration_us:g} us")
@pytest.mark.parametrize("polarity", [-1, 1])
def test_brackets_are_certified(waveform: Waveform, polarity: int) -> None:
    fibres = random_fibres(40, 2)
    grid = grid_of(waveform)
    found = activation_thresholds(fibres, grid, polarity=polarity)
    certify(fibres, grid, found, 1e-3)
    assert (np.sign(found.upper_mA) == polarity).all()


@pytest.mark.parametrize("tolerance", [0.3, 0.01, 1e-3, 1e-5])
@pytest.mark.parametrize("count", [1, 5, 30])
def test_tolerances_are_reached(tolerance: float, count: int) -> None:
    """With few fibres the spare lanes try several currents at once; the certificate is the same."""
    fibres = random_fibres(count, 6)
    grid = grid_of(monophasic(100))
    found = activation_thresholds(fibres, grid, polarity=-1, tolerance=tolerance, dtype=np.float64)
    certify(fibres, grid, found, tolerance, np.float64)


@pytest.mark.parametrize("scheme", ["neuron", "converged"])
def test_nothing_fires_below_the_threshold_found(scheme: str) -> None:
    """64 currents from a fortieth of the threshold upwards: all silent, so it is the smallest."""
    fibres = random_fibres(24, 14)
    grid = grid_of(biphasic(200), scheme)
    found = activation_thresholds(fibres, grid, polarity=-1)
    items = np.repeat(np.arange(24), 64)
    share = np.tile(np.geomspace(1 / 40, 1.0, 64), 24)
    assert not fibres.simulate(grid, items, share * found.lower_mA[items]).fired.any()


def sweeney() -> tuple[Fibres, TimeGrid]:
    fibre = fibre_at_point_source("sweeney", 10.0, 250.0, nodes=51)
    return fibre, time_grid("neuron", biphasic(300), 5.0, 0.005, 1.0)


def test_a_block_window_does_not_fool_the_search() -> None:
    """Close source, long pulse: the fibre fires from 0.0841 mA, is silent again from 0.21 to 0.41
    mA (blocked by virtual anodes), and fires once more above. NEURON's threshold is the lowest."""
    fibre, grid = sweeney()
    rungs = np.array([0.05, 0.083, 0.0845, 0.15, 0.25, 0.35, 0.40, 0.50, 0.70])
    fired = fibre.simulate(grid, np.zeros(9, np.int64), -rungs, np.float64).fired
    assert fired.tolist() == [False, False, True, True, False, False, False, True, True]
    found = activation_thresholds(fibre, grid, polarity=-1, tolerance=1e-4, dtype=np.float64)
    assert found.upper_mA[0] == pytest.approx(-0.0841, abs=5e-5)
    certify(fibre, grid, found, 1e-4, np.float64)


def test_a_block_window_does_not_fool_a_whole_batch() -> None:
    """The same among sixty neighbours, of which only some serve as pilots."""
    distance = np.geomspace(200.0, 2000.0, 60)
    diameter = np.full(60, 10.0)
    z = np.arange(51) * 1000.0 + 0.75
    r = np.hypot(distance[:, None], z - z[25])
    fibres = UnmyelinatedFibres("sweeney", diameter, 1000.0, 51, 1e6 / (4 * np.pi * r))
    grid = sweeney()[1]
    found = activation_thresholds(fibres, grid, polarity=-1)
    certify(fibres, grid, found, 1e-3)
    assert (np.diff(np.abs(found.upper_mA)) > 0).all()  # further away, higher


@pytest.mark.parametrize("polarity", [-1, 1])
def test_close_sources_and_long_pulses(polarity: int) -> None:
    """MRG fibres where virtual anodes block: the lowest current that fires is still the one
    found."""
    fibres = beside(np.linspace(4, 16, 20), np.geomspace(60, 300, 20), 31)
    grid = grid_of(biphasic(500))
    found = activation_thresholds(fibres, grid, polarity=polarity)
    certify(fibres, grid, found, 1e-3)
    items = np.repeat(np.arange(20), 48)
    share = np.tile(np.geomspace(1 / 60, 1.0, 48), 20)
    assert not fibres.simulate(grid, items, share * found.lower_mA[items]).fired.any()


def test_beyond_the_limit_there_is_no_threshold() -> None:
    fibres = beside(np.array([10.0, 10.0]), np.array([300.0, 20000.0]))
    grid = grid_of(monophasic(100))
    found = activation_thresholds(fibres, grid, polarity=-1, max_current_mA=5.0)
    assert abs(found.upper_mA[0]) < 5
    assert found.upper_mA[1] == -np.inf
    assert found.lower_mA[1] == -5.0
    assert not fibres.simulate(grid, np.array([1]), np.array([-5.0])).fired[0]


def test_a_limit_between_two_thresholds_changes_neither() -> None:
    fibres = random_fibres(30, 17)
    grid = grid_of(monophasic(100))
    free = activation_thresholds(fibres, grid, polarity=-1)
    limit = float(np.median(np.abs(free.upper_mA)))
    held = activation_thresholds(fibres, grid, polarity=-1, max_current_mA=limit)
    reached = np.isfinite(held.upper_mA)
    np.testing.assert_array_equal(reached, np.abs(free.upper_mA) <= limit * (1 + 1e-3))
    ratio = held.upper_mA[reached] / free.upper_mA[reached]
    assert np.abs(ratio - 1).max() <= 1e-3
    assert (np.abs(held.lower_mA[~reached]) == limit).all()


def test_a_field_that_does_nothing_gives_no_threshold() -> None:
    flat = MyelinatedFibres("mrg-interpolation", np.array([10.0]), 21, np.full((1, 221), 5.0))
    found = activation_thresholds(flat, grid_of(monophasic(100)), max_current_mA=50.0)
    assert found.upper_mA[0] == np.inf
    assert found.lower_mA[0] == 50.0


def test_simulations_are_few() -> None:
    """Scout and certificate together: about a dozen runs per fibre, not the hundreds of a scan."""
    fibres = random_fibres(256, 1)
    found = activation_thresholds(fibres, grid_of(monophasic(100)), polarity=-1)
    assert np.median(found.simulations) < 25


@pytest.mark.parametrize("tolerance", [0.0, -1e-3, 1e-9, 0.9, np.nan])
def test_impossible_tolerances(tolerance: float) -> None:
    with pytest.raises(InputError, match=r"`tolerance` is .*; allowed: 1e-6 to 0.5"):
        activation_thresholds(random_fibres(1, 0), grid_of(monophasic(100)), tolerance=tolerance)


@pytest.mark.parametrize("limit", [0.0, -1.0, np.nan])
def test_impossible_limits(limit: float) -> None:
    with pytest.raises(InputError, match="max_current"):
        activation_thresholds(random_fibres(1, 0), grid_of(monophasic(100)), max_current_mA=limit)


def test_thresholds_fall_with_pulse_width_and_diameter_and_rise_with_distance() -> None:
    widths = [40.0, 100.0, 300.0, 1000.0]
    fibre = beside(np.array([8.0]), np.array([600.0]))
    by_width: NDArray[Any] = np.array(
        [abs(activation_thresholds(fibre, grid_of(monophasic(w)), polarity=-1).upper_mA[0])
         for w in widths]
    )  # fmt: skip
    assert (np.diff(by_width) < 0).all()
    charge = by_width * widths
    assert (np.diff(charge) > 0).all()
    grid = grid_of(monophasic(100))
    thick = beside(np.linspace(6, 16, 20), np.full(20, 1500.0), 31)
    assert (np.diff(activation_thresholds(thick, grid, polarity=-1).upper_mA) > 0).all()
    far = beside(np.full(20, 10.0), np.linspace(300, 3000, 20))
    assert (np.diff(activation_thresholds(far, grid, polarity=-1).upper_mA) < 0).all()
