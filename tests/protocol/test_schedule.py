"""Schedules: half-open edges, exact on times, pulses, gating."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.errors import InputError
from vagus.protocol.schedule import (
    DAY_S,
    Schedule,
    continuous,
    duty_cycle,
    respiratory_gating,
    sessions,
)

seconds = st.integers(1, 600).map(float)
schedules = st.one_of(
    st.builds(continuous, seconds, seconds),
    st.builds(duty_cycle, seconds, st.integers(0, 600).map(float), seconds, seconds),
    st.builds(respiratory_gating, st.floats(4, 30), st.floats(0.1, 0.9), seconds),
)


@settings(deadline=None)
@given(schedules)
def test_is_on_is_half_open(schedule: Schedule) -> None:
    on, off = schedule.edges_s.T
    assert schedule.is_on(on).all()
    assert not schedule.is_on(off).any()
    assert schedule.is_on((on + off) / 2).all()
    assert not schedule.is_on([-1.0, schedule.end_s + 1]).any()


@settings(deadline=None)
@given(schedules, schedules)
def test_intersection_is_on_where_both_are(a: Schedule, b: Schedule) -> None:
    both = a & b
    # A point off every edge, so that windows shorter than rounding do not matter.
    edges = np.unique(np.concatenate([a.edges_s.ravel(), b.edges_s.ravel()]))
    t = ((edges[1:] + edges[:-1]) / 2)[np.diff(edges) > 1e-6]
    assert np.array_equal(both.is_on(t), a.is_on(t) & b.is_on(t))
    assert both.on_time_s() <= min(a.on_time_s(), b.on_time_s()) + 1e-6


@settings(deadline=None)
@given(schedules, st.floats(0.0, 1.0))
def test_on_time_adds_up(schedule: Schedule, share: float) -> None:
    cut = share * schedule.end_s
    parts = schedule.on_time_s(0.0, cut) + schedule.on_time_s(cut)
    assert parts == pytest.approx(schedule.on_time_s())
    assert schedule.on_time_s() == pytest.approx(np.diff(schedule.edges_s).sum())


@settings(deadline=None)
@given(schedules, st.sampled_from([1.0, 5.0, 20.0, 30.0]))
def test_pulses_fall_in_windows_at_the_rate(schedule: Schedule, rate: float) -> None:
    pulses = schedule.pulse_times_s(rate)
    assert schedule.is_on(pulses).all()
    expected = np.ceil(np.diff(schedule.edges_s).ravel() * rate - 1e-9).sum()
    assert len(pulses) == expected
    assert np.all(np.diff(pulses) > 0)
    half = schedule.end_s / 2
    first, rest = schedule.pulse_times_s(rate, 0.0, half), schedule.pulse_times_s(rate, half)
    assert np.array_equal(np.concatenate([first, rest]), pulses)


def test_livanova_day_counts_pulses() -> None:
    day = duty_cycle(30.0, 300.0, DAY_S)
    assert len(day.edges_s) == 262
    assert day.edges_s[:2].tolist() == [[0.0, 30.0], [330.0, 360.0]]
    assert day.duty(0.0, 330.0) == pytest.approx(30 / 330)
    assert len(day.pulse_times_s(20.0, 0.0, 330.0)) == 600


def test_setpoint_like_sessions() -> None:
    """One minute a day for three days; four a day are six hours apart."""
    once = sessions(continuous(60.0), 1, 3)
    assert once.edges_s.tolist() == [[0, 60], [DAY_S, DAY_S + 60], [2 * DAY_S, 2 * DAY_S + 60]]
    four = sessions(continuous(60.0), 4, 1, first_s=3600.0)
    assert four.edges_s[:, 0].tolist() == [3600.0, 25200.0, 46800.0, 68400.0]
    assert sessions(duty_cycle(30, 30, 4 * 3600), 1, 2).on_time_s() == pytest.approx(2 * 2 * 3600)


def test_sessions_without_pause_are_one_window() -> None:
    assert sessions(continuous(DAY_S / 2), 2, 5).edges_s.tolist() == [[0.0, 5 * DAY_S]]


def test_gating_keeps_to_expiration() -> None:
    gate = respiratory_gating(15.0, 0.6, 60.0)
    assert gate.edges_s[0] == pytest.approx([1.6, 4.0])
    assert len(gate.edges_s) == 15
    assert gate.duty(0.0, 60.0) == pytest.approx(0.6)
    late = respiratory_gating(15.0, 0.6, 60.0, phase=0.5)
    assert late.edges_s[0] == pytest.approx([0.0, 2.0])
    burst = respiratory_gating(15.0, 0.6, 60.0, window_s=1.5)
    assert np.diff(burst.edges_s) == pytest.approx(np.full((15, 1), 1.5))


def test_no_window_is_allowed_and_always_off() -> None:
    none = continuous(10.0) & continuous(10.0, start_s=20.0)
    assert len(none.edges_s) == 0
    assert none.on_time_s() == 0
    assert none.pulse_times_s(20.0).size == 0
    assert not none.is_on([0.0, 25.0]).any()


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Schedule(np.array([[0.0, 2.0], [1.0, 3.0]])), r"edges_s\[1\]"),
        (lambda: Schedule(np.array([[2.0, 2.0]])), r"edges_s\[0\]"),
        (lambda: Schedule(np.array([[0.0, np.nan]])), "edges_s"),
        (lambda: continuous(0.0), "duration_s"),
        (lambda: duty_cycle(-1.0, 1.0, 10.0), "on_s"),
        (lambda: duty_cycle(1.0, -1.0, 10.0), "off_s"),
        (lambda: sessions(continuous(60.0), 0, 1), "per_day"),
        (lambda: sessions(continuous(60.0), 1, 0), "days"),
        (lambda: sessions(continuous(7 * 3600.0), 4, 1), "session"),
        (lambda: sessions(continuous(3600.0), 4, 2, spacing_s=8 * 3600.0), "session"),
        (lambda: respiratory_gating(0.0, 0.5, 60.0), "breaths_per_min"),
        (lambda: respiratory_gating(15.0, 1.0, 60.0), "expiration_share"),
        (lambda: respiratory_gating(15.0, 0.5, 60.0, phase=1.0), "phase"),
        (lambda: respiratory_gating(15.0, 0.5, 60.0, window_s=3.0), "window_s"),
        (lambda: continuous(1.0).pulse_times_s(0.0), "frequency_Hz"),
    ],
)
def test_bad_input_names_the_field(build: object, field: str) -> None:
    with pytest.raises(InputError, match=field):
        build()  # type: ignore[operator]
