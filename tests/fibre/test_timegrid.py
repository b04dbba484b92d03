"""The steps: they end where they must, land on every edge, and carry the waveform's charge."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.errors import InputError
from vagus.fibre.timegrid import QUIET, TimeGrid, time_grid
from vagus.protocol.waveform import (
    Waveform,
    biphasic,
    monophasic,
    pseudo_monophasic,
    sampled,
    sine_burst,
    train,
)

widths = st.floats(10, 1000)
gaps = st.one_of(st.just(0.0), st.floats(1, 300))
waveforms: st.SearchStrategy[Waveform] = st.one_of(
    st.builds(monophasic, widths),
    st.builds(biphasic, widths, gaps, st.floats(0.1, 2)),
    st.builds(pseudo_monophasic, widths, st.floats(200, 5000), gaps),
    st.builds(sine_burst, st.floats(1000, 20000), st.integers(1, 8)),
    st.builds(
        train, st.builds(biphasic, st.floats(10, 500)), st.integers(1, 4), st.floats(50, 500)
    ),
    st.builds(
        sampled,
        st.lists(st.floats(-1, 1), min_size=1, max_size=12).filter(any),
        st.floats(5, 100),
    ),
)


def begins_us(grid: TimeGrid) -> np.ndarray:
    return np.round(1e3 * (grid.ends_ms - grid.dt_ms[grid.level]), 6)


@settings(max_examples=150, deadline=None)
@given(waveforms, st.floats(0, 2), st.floats(0.1, 20))
def test_graded_steps(waveform: Waveform, delay_ms: float, after_ms: float) -> None:
    tstop_ms = delay_ms + waveform.duration_us * 1e-3 + after_ms
    grid = time_grid("converged", waveform, tstop_ms, delay_ms=delay_ms)
    dt_us = 1e3 * grid.dt_ms[grid.level]
    assert (dt_us > 0).all()
    assert len(grid.w) == len(grid.level)
    assert grid.ends_ms[-1] == pytest.approx(tstop_ms, rel=1e-6)

    ends_us = np.concatenate([[0.0], 1e3 * grid.ends_ms])
    edges_us = 1e3 * delay_ms + waveform.edges_us
    nearest = np.abs(ends_us[:, None] - edges_us[None]).min(axis=0)
    assert nearest.max() < 1e-4  # of a microsecond: step sizes are kept to nine digits

    scale = waveform.duration_us * waveform.peak
    assert grid.w @ dt_us == pytest.approx(waveform.net_us, abs=1e-7 * scale + 1e-6)
    charge = np.concatenate([[0.0], np.cumsum(grid.w * dt_us)])
    expected = waveform.integral(ends_us - 1e3 * delay_ms)
    assert np.abs(charge - expected).max() < 1e-6 * scale + 1e-4

    after = grid.w[grid.quiet_step :]
    assert (np.abs(after) <= QUIET * np.abs(grid.w).max()).all()
    assert grid.quiet_step > 0
    assert abs(grid.w[grid.quiet_step - 1]) > QUIET * np.abs(grid.w).max()


@settings(max_examples=150, deadline=None)
@given(waveforms, st.sampled_from([0.001, 0.0025, 0.005, 0.025]), st.integers(0, 400))
def test_equal_steps_sample_the_start_of_each(
    waveform: Waveform, dt_ms: float, delay_steps: int
) -> None:
    delay_ms = delay_steps * dt_ms
    tstop_ms = delay_ms + waveform.duration_us * 1e-3 + 1.0
    grid = time_grid("neuron", waveform, tstop_ms, dt_ms, delay_ms)
    assert grid.dt_ms.tolist() == [dt_ms]
    assert len(grid.w) == round(tstop_ms / dt_ms)
    start_us = np.round(1e3 * dt_ms * (np.arange(len(grid.w)) - delay_steps), 6)
    np.testing.assert_array_equal(grid.w, waveform.sample(start_us))
    assert not grid.w[:delay_steps].any()


@pytest.mark.parametrize("dt_us", [1.0, 2.5, 5.0, 10.0])
def test_pulses_on_the_steps_have_neurons_number_of_them(dt_us: float) -> None:
    """Also where 0.1 / 0.005 rounds badly: the reference has w = 1 for steps 200 to 219."""
    grid = time_grid("neuron", biphasic(300), 5.0, dt_us * 1e-3, delay_ms=1.0)
    first, each = round(1000 / dt_us), round(300 / dt_us)
    assert np.flatnonzero(grid.w == 1).tolist() == list(range(first, first + each))
    assert np.flatnonzero(grid.w == -1).tolist() == list(range(first + each, first + 2 * each))


@settings(max_examples=60, deadline=None)
@given(waveforms, st.sampled_from(["neuron", "converged"]), st.floats(5, 40))
def test_coarse_steps_carry_the_same_charge(waveform: Waveform, scheme: str, dt_us: float) -> None:
    grid = time_grid(scheme, waveform, waveform.duration_us * 1e-3 + 2.0)  # type: ignore[arg-type]
    coarse = grid.coarse(dt_us)
    charge = grid.w @ grid.dt_ms[grid.level]
    assert coarse.w.sum() * coarse.dt_ms[0] == pytest.approx(charge, abs=1e-9)
    assert grid.ends_ms[-1] <= coarse.ends_ms[-1] + 1e-9 < grid.ends_ms[-1] + dt_us * 1e-3 + 2e-9
    # at every coarse instant as much has been delivered as on the fine steps
    fine = np.interp(coarse.ends_ms, np.r_[0, grid.ends_ms],
                     np.r_[0, np.cumsum(grid.w * grid.dt_ms[grid.level])])  # fmt: skip
    np.testing.assert_allclose(np.cumsum(coarse.w) * coarse.dt_ms[0], fine, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 300), st.integers(1, 200), st.floats(-30, 30))
def test_injected_charge(first: int, steps: int, current_nA: float) -> None:
    grid = time_grid("neuron", monophasic(100), 4.0, 0.005)
    injected = grid.with_injection(first * 0.005, steps * 0.005, current_nA)
    assert injected.inject_nA.sum() == pytest.approx(steps * current_nA)
    assert injected.quiet_step == max(grid.quiet_step, first + steps)
    np.testing.assert_array_equal(injected.w, grid.w)
    with pytest.raises(InputError, match="injection"):
        grid.with_injection(5.0, 1.0, current_nA)


def test_finer_where_it_matters() -> None:
    grid = time_grid("converged", monophasic(200), 5.0, delay_ms=1.0)
    dt_us, begin = 1e3 * grid.dt_ms[grid.level], begins_us(grid)
    for edge in (1000.0, 1200.0):
        assert dt_us[(begin >= edge) & (begin < edge + 20)].max() < 0.7
    assert dt_us[begin > 2000].max() == pytest.approx(25.0, rel=0.05)
    assert len(dt_us) < 500


def test_a_sine_is_resolved() -> None:
    grid = time_grid("converged", sine_burst(5000, 5), 3.0)
    dt_us = 1e3 * grid.dt_ms[grid.level]
    assert dt_us[begins_us(grid) < 1000].max() <= 200 / 100


def test_a_recovery_tail_is_quiet_once_little_is_left() -> None:
    pulse = pseudo_monophasic(250, 400)
    grid = time_grid("converged", pulse, 6.0)
    assert begins_us(grid)[grid.quiet_step] == pytest.approx(pulse.settled_us(QUIET), abs=30)


@pytest.mark.parametrize("dt_ms", [0.0, -0.005, np.nan, np.inf, 0.2])
def test_steps_that_are_not_positive_are_refused(dt_ms: float) -> None:
    with pytest.raises(InputError, match=r"`dt` is .* us; allowed: 0 < dt <= 100 us"):
        time_grid("neuron", monophasic(100), 5.0, dt_ms)


def test_other_bad_input() -> None:
    with pytest.raises(InputError, match=r"`scheme` is euler; allowed: neuron or converged"):
        time_grid("euler", monophasic(100), 5.0)  # type: ignore[arg-type]
    for tstop_ms in (0.05, 1.1, np.nan, -1.0):
        with pytest.raises(InputError, match="tstop"):
            time_grid("converged", monophasic(100), tstop_ms, delay_ms=1.0)
