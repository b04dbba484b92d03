"""Waveforms are exact: values at edges, integrals, phases, balance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from vagus.errors import InputError
from vagus.protocol.waveform import (
    Waveform,
    biphasic,
    monophasic,
    pseudo_monophasic,
    sampled,
    sine_burst,
    train,
)

width = st.floats(1.0, 2000.0)
gap = st.one_of(st.just(0.0), st.floats(0.5, 500.0))
waveforms = st.one_of(
    st.builds(monophasic, width),
    st.builds(biphasic, width, gap, st.floats(0.05, 4.0)),
    st.builds(pseudo_monophasic, width, st.floats(50.0, 20_000.0), gap),
    st.builds(sine_burst, st.floats(100.0, 50_000.0), st.integers(1, 40)),
    st.builds(
        sampled,
        st.lists(st.floats(-3, 3), min_size=1, max_size=50).filter(any),
        st.floats(0.1, 100.0),
    ),
)
one_or_many = st.one_of(
    waveforms,
    st.builds(
        lambda w, n, slack: train(w, n, 1e6 / (w.duration_us * slack)),
        waveforms,
        st.integers(1, 6),
        st.floats(1.0, 5.0),
    ),
)


@settings(deadline=None)
@given(one_or_many, st.integers(2, 60))
def test_mean_times_step_sums_to_the_integral(w: Waveform, steps: int) -> None:
    t = np.linspace(-0.1 * w.duration_us, 1.2 * w.duration_us, steps + 1)
    total = np.sum(w.mean(t[:-1], t[1:]) * np.diff(t))
    assert total == pytest.approx(w.net_us, abs=1e-9 * w.duration_us)


@settings(deadline=None)
@given(one_or_many, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_integral_is_the_antiderivative(w: Waveform, where: float, at: float) -> None:
    i = min(int(where * len(w.level)), len(w.level) - 1)
    a, b = w.edges_us[i], w.edges_us[i + 1]
    b = min(b, a + 300.0)  # a few oscillations are enough for quadrature
    t = a + at * (b - a)
    exact, error = quad(lambda s: float(w.sample(s)), a, t, limit=200)
    found = float(w.integral(t) - w.integral(a))
    assert found == pytest.approx(exact, abs=10 * error + 1e-9 * w.duration_us)


@settings(deadline=None)
@given(one_or_many)
def test_square_is_the_integral_of_the_square(w: Waveform) -> None:
    # Simpson on each piece, fine enough for tens of carrier periods.
    total = 0.0
    for a, b in zip(w.edges_us[:-1], w.edges_us[1:], strict=True):
        t = np.linspace(a, b, 4001)
        y = w.sample(t) ** 2
        y[-1] = w.sample(np.nextafter(b, 0.0)) ** 2
        total += (b - a) / 12000 * (y[0] + y[-1] + 4 * y[1::2].sum() + 2 * y[2:-1:2].sum())
    assert w.square_us == pytest.approx(total, rel=1e-5)


@settings(deadline=None)
@given(width, st.floats(50.0, 20_000.0), gap, st.floats(100.0, 50_000.0))
def test_pseudo_monophasic_is_balanced_for_any_recovery(
    pulse: float, tau: float, wait: float, recovery: float
) -> None:
    w = pseudo_monophasic(pulse, tau, wait, recovery)
    assert w.is_balanced
    assert w.net_us == pytest.approx(0.0, abs=1e-9 * pulse)
    assert w.first_phase_us == pytest.approx(pulse)
    assert w.duration_us == pytest.approx(pulse + wait + recovery)


@settings(deadline=None)
@given(width, gap, st.floats(0.05, 4.0))
def test_biphasic_is_balanced_with_the_given_ratio(pulse: float, wait: float, ratio: float) -> None:
    w = biphasic(pulse, wait, ratio)
    assert w.phases_us == pytest.approx([pulse, -pulse])
    assert w.duration_us == pytest.approx(pulse + wait + pulse / ratio)
    assert w.peak == pytest.approx(max(1.0, ratio))


@settings(deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=200).filter(any), st.floats(0.01, 100.0))
def test_sampled_arrays_round_trip(values: list[float], dt: float) -> None:
    w = sampled(values, dt)
    assert np.array_equal(w.sample(np.arange(len(values)) * dt), values)
    assert w.duration_us == len(values) * dt
    assert w.net_us == pytest.approx(np.sum(values) * dt, abs=1e-9 * dt * len(values))


@settings(deadline=None)
@given(waveforms, st.integers(1, 8), st.floats(1.0, 10.0))
def test_train_repeats_the_pulse(w: Waveform, n: int, slack: float) -> None:
    rate = 1e6 / (w.duration_us * slack)
    many = train(w, n, rate)
    inside = (w.edges_us[:-1] + w.edges_us[1:]) / 2
    for k in range(n):
        assert many.sample(k * 1e6 / rate + inside) == pytest.approx(w.sample(inside), abs=1e-6)
    assert many.net_us == pytest.approx(n * w.net_us, abs=1e-8 * w.duration_us * n)
    assert many.square_us == pytest.approx(n * w.square_us)
    assert many.duration_us == pytest.approx((n - 1) * 1e6 / rate + w.duration_us)
    assert many.edges_us[0] == 0


def test_edges_are_right_continuous_and_zero_outside() -> None:
    w = biphasic(100.0, 30.0, 0.5)
    assert w.edges_us.tolist() == [0.0, 100.0, 130.0, 330.0]
    t = [-1.0, 0.0, 99.999, 100.0, 129.0, 130.0, 329.9, 330.0, 1e9]
    assert w.sample(t).tolist() == [0, 1, 1, 0, 0, -0.5, -0.5, 0, 0]
    assert w.integral([-5.0, 100.0, 130.0, 330.0, 1e9]) == pytest.approx([0, 100, 100, 0, 0])


def test_waveform_definitions_of_the_reference_table() -> None:
    """The three stimuli of the NEURON thresholds, at steps of 5 us: 20, 60 + 60 and 200 samples."""
    t = 5.0 * np.arange(400)
    assert monophasic(100.0).sample(t).sum() == 20
    both = biphasic(300.0).sample(t)
    assert both[:60].tolist() == [1] * 60
    assert both[60:120].tolist() == [-1] * 60
    assert not both[120:].any()
    burst = sine_burst(5000.0, 5).sample(t)
    expected = np.where(t < 1000.0, np.sin(2 * np.pi * 5e-3 * t), 0.0)
    assert burst == pytest.approx(expected, abs=1e-12)


def test_burst_moves_its_charge_in_half_waves() -> None:
    w = sine_burst(5000.0, 5)
    half = 100.0 * 2 / np.pi  # the mean of half a sine is 2/pi
    assert w.phases_us == pytest.approx([half, -half] * 5)
    assert w.is_balanced
    assert w.peak == pytest.approx(1.0)
    assert w.square_us == pytest.approx(500.0)


def test_phases_of_a_monophasic_train_stay_apart() -> None:
    assert train(monophasic(100.0), 3, 20.0).phases_us == pytest.approx([100.0] * 3)
    assert not monophasic(100.0).is_balanced


@settings(deadline=None)
@given(one_or_many, st.floats(0.01, 1.5), st.lists(st.floats(-0.1, 1.0), min_size=1))
def test_cut_short_it_is_the_same_until_then(w: Waveform, share: float, times: list[float]) -> None:
    end = share * w.duration_us
    short = w.until(end)
    t = np.array(times) * end
    before = t < min(end, w.duration_us)
    assert np.array_equal(short.sample(t[before]), w.sample(t[before]))
    assert not short.sample(t[~before]).any()
    assert short.duration_us == min(end, w.duration_us)
    assert short.net_us == pytest.approx(float(w.integral(end)), abs=1e-9 * w.duration_us)


def test_settled_is_when_the_tail_has_died() -> None:
    w = pseudo_monophasic(250.0, 5000.0)
    height = -float(w.sample(250.0))
    t = w.settled_us(0.01)
    assert abs(float(w.sample(t))) == pytest.approx(0.01)
    assert t == pytest.approx(250.0 + 5000.0 * np.log(height / 0.01))
    assert w.settled_us(0.1) == pytest.approx(250.0)
    assert w.settled_us(0.0) == w.duration_us


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: monophasic(0.0), "pulse_width_us"),
        (lambda: monophasic(float("nan")), "pulse_width_us"),
        (lambda: biphasic(100.0, -1.0), "gap_us"),
        (lambda: biphasic(100.0, 0.0, 0.0), "ratio"),
        (lambda: pseudo_monophasic(100.0, -1.0), "recovery"),
        (lambda: sine_burst(5000.0, 0), "cycles"),
        (lambda: sine_burst(-5000.0, 5), "carrier_Hz"),
        (lambda: sampled([0.0, np.nan, 1.0], 1.0), r"values\[1\]"),
        (lambda: sampled([1.0, np.inf], 1.0), r"values\[1\]"),
        (lambda: sampled([], 1.0), "values"),
        (lambda: sampled([0.0, 0.0], 1.0), "values"),
        (lambda: sampled([1.0], 0.0), "dt_us"),
        (lambda: train(biphasic(600.0), 2, 1000.0), "frequency_Hz"),
        (lambda: train(biphasic(600.0), 0, 10.0), "n"),
        (lambda: monophasic(100.0).mean(1.0, 1.0), "b_us"),
    ],
)
def test_bad_input_names_the_field(build: object, field: str) -> None:
    with pytest.raises(InputError, match=field):
        build()  # type: ignore[operator]
