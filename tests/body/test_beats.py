"""Beats and their variability against closed forms, and gating by respiration."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.body.beats import (
    GATINGS,
    Beats,
    beat_system,
    beat_times,
    hf_power,
    rmssd,
    rr_ms,
    sdnn,
    simulate_beats,
    variability,
)
from vagus.body.draws import draw, typical
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.heart_beats import heart_beats, phase_effectiveness
from vagus.errors import InputError
from vagus.validation.heart import vagal_corner


def beats_with(rr_s: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(rr_s)])


def swinging_beats(frequency_Hz: float, amplitude_ms: float, mean_ms=850.0, duration_s=600.0):
    """Beats whose intervals follow a sine of the time at which they end."""
    times = [0.0]
    while times[-1] < duration_s:
        end = times[-1] + mean_ms / 1e3
        for _ in range(20):
            swing = amplitude_ms * np.sin(2 * np.pi * frequency_Hz * end)
            end = times[-1] + (mean_ms + swing) / 1e3
        times.append(end)
    return np.array(times)


def test_steady_firing_gives_equal_beats():
    """Integral pulse frequency modulation of a constant rate: every interval is the period."""
    steady = draw(heart_beats(), 10, 1).having(m_resp=0.0)
    limbs = steady["G_Tv"] * steady["f_ev_rest"] + steady["G_Ts"] * np.log1p(
        steady["f_es_rest"] - steady["f_es_min"]
    )
    for times, period in zip(
        simulate_beats(steady, 30).times_s, steady["T_0"] + limbs, strict=True
    ):
        assert np.allclose(rr_ms(times), 1e3 * period, rtol=1e-6)
        assert rmssd(rr_ms(times)) < 2e-3


def test_phase_effectiveness_keeps_the_mean_period():
    """dt = T dphase: a weight with mean 1 over the phase leaves the time of a beat unchanged.

    The speed bends within a sample here, so that a beat is read to a ten-thousandth.
    """
    steady = typical(heart_beats()).having(m_resp=0.0)
    plain, phasic = (
        rr_ms(simulate_beats(steady.having(phase_effect=share), 30).times_s[0])
        for share in (0.0, 0.6)
    )
    assert np.allclose(phasic, plain[0], rtol=2e-4)
    assert np.mean(phasic) == pytest.approx(plain[0], rel=2e-5)


def test_phase_effectiveness_is_that_of_seidel_and_herzel():
    """Zero at both ends and at 0.45, negative before, positive after."""
    phase = np.array([0.0, 0.2, 0.45, 0.7, 1.0])
    assert np.sign(phase_effectiveness(phase)).tolist() == [0, -1, 0, 1, 0]


@settings(max_examples=30, deadline=None)
@given(
    rate=st.floats(0.5, 3.0),
    depth=st.floats(0.0, 0.3),
    frequency=st.floats(0.05, 0.5),
)
def test_beats_fall_where_the_phase_is_whole(rate, depth, frequency):
    """phase = rate t + depth sin(w t) / w has a known speed; the cubic is exact to 1e-6 beats."""
    at = np.arange(0.0, 60.0, 0.05)
    turn = 2 * np.pi * frequency
    phase = rate * at + depth * np.sin(turn * at) / turn
    found = beat_times(at, phase, rate + depth * np.cos(turn * at))
    there = rate * found + depth * np.sin(turn * found) / turn
    assert np.allclose(there, np.arange(len(found)), atol=1e-6)
    assert len(found) == int(np.floor(phase[-1])) + 1


@given(amplitude=st.floats(1.0, 200.0), turn=st.floats(0.2, 3.0))
def test_rmssd_of_a_sine(amplitude, turn):
    """Differences of A sin(turn n) have amplitude 2 A sin(turn / 2)."""
    rr = 850 + amplitude * np.sin(turn * np.arange(5000))
    assert rmssd(rr) == pytest.approx(np.sqrt(2) * amplitude * np.sin(turn / 2), rel=0.02)
    assert sdnn(rr) == pytest.approx(amplitude / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize(
    ("frequency", "amplitude", "within"),
    [(0.2, 20.0, 0.03), (0.25, 50.0, 0.03), (0.33, 10.0, 0.07)],
)
def test_hf_power_of_a_sine_is_half_its_square(frequency, amplitude, within):
    """The spline between beats loses some towards half the heart rate, at the top of the band."""
    times = swinging_beats(frequency, amplitude)
    assert hf_power(times) == pytest.approx(amplitude**2 / 2, rel=within)
    assert hf_power(times, (0.04, 0.15)) < 0.03 * amplitude**2


def test_slow_swings_are_outside_the_band():
    assert hf_power(swinging_beats(0.1, 40.0)) < 0.02 * 40.0**2 / 2


def test_rest_has_the_variability_it_was_set_to():
    """RMSSD of the control arms 47.9 ms, heart rate 69.3 bpm (dossier: 48 and 69.7)."""
    rest = variability(simulate_beats(typical(heart_beats()), 120))
    assert rest.rmssd_ms[0] == pytest.approx(47.9, abs=0.5)
    assert rest.heart_rate_bpm[0] == pytest.approx(69.4, abs=0.2)


def test_gating_by_respiration_moves_rmssd_both_ways():
    """0.2 Hz of efferent firing on average: RMSSD 56, 41, 49 ms, about 1.5 bpm less in all three.

    The prediction of the dossier's prototype, which stimulated in expiration, inspiration or both.
    """
    person = typical(heart_beats()).having(G_eff=1.0)
    found = {
        gating: variability(
            simulate_beats(person, 120, {"u_B": 0.2 if gating == "ungated" else 0.4}, gating)
        )
        for gating in GATINGS
    }
    rest = variability(simulate_beats(person, 120))
    for gating, expected in (("expiration", 56), ("inspiration", 41), ("ungated", 49)):
        assert found[gating].rmssd_ms[0] == pytest.approx(expected, abs=0.7)
        change = found[gating].heart_rate_bpm - rest.heart_rate_bpm
        assert change[0] == pytest.approx(-1.4, abs=0.15)


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_expiratory_gating_raises_variability_in_everyone(seed):
    drawn = draw(heart_beats(), 6, seed).having(G_eff=1.0)
    gated = {
        gating: variability(simulate_beats(drawn, 40, {"u_B": rate}, gating)).rmssd_ms
        for gating, rate in (("expiration", 0.4), ("ungated", 0.2), ("inspiration", 0.4))
    }
    assert (gated["expiration"] > gated["ungated"]).all()
    strong = drawn["m_resp"] > 0.15  # a swing far above that which gating takes away
    assert (gated["ungated"] > gated["inspiration"])[strong].all()


def test_route_off_is_rest_bit_for_bit():
    drawn = draw(heart_beats(), 4, 3)
    for gating in GATINGS:
        sham = simulate_beats(drawn, 20, {"u_B": 0.0, "u_E": 0.0}, gating)
        rest = simulate_beats(drawn, 20)
        assert all(np.array_equal(a, b) for a, b in zip(sham.times_s, rest.times_s, strict=True))
    off = drawn.having(route_heart=0.0)
    active = simulate_beats(off, 20, {"u_B": 10.0})
    rest = simulate_beats(off, 20)
    assert all(np.array_equal(a, b) for a, b in zip(active.times_s, rest.times_s, strict=True))


def test_vagal_transfer_function_is_that_of_one_time_constant():
    """Firing swings; the period's swing is G f m / sqrt(1 + (w tau)^2), late by atan(w tau)."""
    drawn = draw(heart_beats(), 5, 4)
    for period in (2.5, 5.0, 12.0):
        turn = 2 * np.pi / period
        at = 60.0 + np.arange(120) * period / 40
        segments = Segments(np.array([0.0, 60.0 + 4 * period]), {})
        course = integrate(beat_system(), drawn.having(T_resp=period), segments, at)["dT_v"]
        swing = 2 * (course * np.exp(-1j * turn * at)).mean(axis=1)
        gain = drawn["G_Tv"] * drawn["f_ev_rest"] * drawn["m_resp"]
        lag = np.exp(-1j * turn * drawn["D_Tv"]) / (1 + 1j * turn * drawn["tau_Tv"])
        assert np.allclose(swing, -1j * gain * lag, rtol=1e-4)


def test_vagal_corner_is_one_over_two_pi_tau():
    drawn = draw(heart_beats(), 5, 5)
    corner = vagal_corner(drawn, np.geomspace(0.03, 0.35, 14))
    assert np.allclose(corner, 1 / (2 * np.pi * drawn["tau_Tv"]), rtol=0.02)
    typically = vagal_corner(typical(heart_beats()), np.geomspace(0.08, 0.14, 8))
    assert typically[0] == pytest.approx(0.106, abs=5e-4)


def test_slow_breathing_leaves_the_band():
    person = typical(heart_beats()).having(T_resp=10.0)
    slow = variability(simulate_beats(person, 200))
    fast = variability(simulate_beats(person.having(T_resp=4.0), 200))
    assert slow.sdnn_ms > fast.sdnn_ms  # below the vagal corner: a wider swing
    assert slow.hf_ms2 < 0.1 * fast.hf_ms2


def test_people_may_breathe_differently():
    """Gated edges follow each one's breath: the same as everyone alone."""
    two = draw(heart_beats(), 2, 6).having(T_resp=[3.0, 5.0], G_eff=1.0)
    together = simulate_beats(two, 20, {"u_B": 0.5}, "expiration")
    for i in range(2):
        alone = simulate_beats(two.select([i]), 20, {"u_B": 0.5}, "expiration")
        assert np.array_equal(alone.times_s[0], together.times_s[i])


def test_failed_draws_are_nan():
    lost = Beats((np.arange(20.0), np.empty(0)), np.array([0, 3]))
    found = variability(lost)
    assert found.heart_rate_bpm[0] == pytest.approx(60.0)
    assert np.isnan(found.rmssd_ms[1])


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"drive_Hz": {"u_B": -1.0}}, "u_B"),
        ({"drive_Hz": {"u_B": float("nan")}}, "u_B"),
        ({"drive_Hz": {"u_X": 1.0}}, "drive_Hz"),
        ({"gating": "apnoea"}, "gating"),
        ({"duration_s": 1.0}, "duration_s"),
        ({"duration_s": 1e5}, "duration_s"),
        ({"duration_s": float("nan")}, "duration_s"),
    ],
)
def test_bad_input_is_one_clear_error(changes, field):
    given_ = {"draws": typical(heart_beats()), "duration_s": 20.0, **changes}
    with pytest.raises(InputError, match=field):
        simulate_beats(**given_)


@pytest.mark.parametrize("period", [0.0, -4.0, 0.2, 120.0, float("nan")])
def test_impossible_breathing_is_one_clear_error(period):
    with pytest.raises(InputError, match="T_resp"):
        simulate_beats(typical(heart_beats()).having(T_resp=period), 20)
