"""Windows as stretches: exact where few, averaged where many, on-time kept always."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from vagus.body.stretches import on_course
from vagus.errors import InputError
from vagus.protocol.schedule import Schedule, continuous, duty_cycle, respiratory_gating, sessions

DAY_S = 86_400.0
Floats = NDArray[np.float64]


def seconds_on(edges: Floats, on: Floats, start: float, stop: float) -> float:
    """On-time of a course between two times."""
    overlap = np.minimum(edges[1:], stop) - np.maximum(edges[:-1], start)
    return float((np.maximum(overlap, 0.0) * on).sum())


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Windows and pauses of any length between 1 ms and 3 days."""
    lengths = draw(st.lists(st.floats(1e-3, 3 * DAY_S), min_size=2, max_size=60))
    edges = np.cumsum(lengths)[: len(lengths) // 2 * 2]
    return Schedule(edges.reshape(-1, 2))


@given(schedules(), st.integers(1, 70), st.floats(0.5, 60 * DAY_S))
def test_on_time_is_kept_and_no_window_is_lost(
    schedule: Schedule, exact: int, horizon_s: float
) -> None:
    edges, on = on_course(schedule.edges_s, horizon_s, exact)
    assert (edges[0], edges[-1]) == (0.0, horizon_s)
    assert (np.diff(edges) > 0).all()
    assert ((on >= 0) & (on <= 1)).all()
    kept = seconds_on(edges, on, 0.0, horizon_s)
    assert kept == pytest.approx(schedule.on_time_s(0.0, horizon_s), rel=1e-9, abs=1e-9)
    for start, stop in schedule.edges_s[schedule.edges_s[:, 0] < horizon_s]:
        middle = (start + min(stop, horizon_s)) / 2
        assert on[np.searchsorted(edges, middle, side="right") - 1] > 0


@given(schedules(), st.integers(0, 10))
def test_few_windows_are_exact(schedule: Schedule, more: int) -> None:
    horizon_s = schedule.end_s + 1.0
    edges, on = on_course(schedule.edges_s, horizon_s, len(schedule.edges_s) + more)
    np.testing.assert_array_equal(on == 1, schedule.is_on(edges[:-1]))
    assert set(on) <= {0.0, 1.0}
    assert set(schedule.edges_s.ravel()) <= set(edges)


@given(schedules(), st.integers(1, 20))
def test_stretches_are_no_more_than_asked_for(schedule: Schedule, exact: int) -> None:
    """Each of at most ``exact`` stretches is cut once per longest block and bounded by pauses."""
    horizon_s = schedule.end_s
    _, on = on_course(schedule.edges_s, horizon_s, exact)
    longest = max(DAY_S, horizon_s / exact)
    assert np.count_nonzero(on) <= exact + horizon_s / longest + 1


def test_twelve_weeks_of_duty_cycle_become_days() -> None:
    schedule = duty_cycle(30.0, 300.0, 84 * DAY_S)
    edges, on = on_course(schedule.edges_s, 84 * DAY_S)
    np.testing.assert_allclose(edges[:-1], np.arange(len(edges) - 1) * DAY_S, atol=300)
    np.testing.assert_allclose(on[on > 0], 30 / 330, rtol=5e-3)
    for day in range(84):
        start, stop = day * DAY_S, (day + 1) * DAY_S
        wanted = schedule.on_time_s(start, stop)
        assert seconds_on(edges, on, start, stop) == pytest.approx(wanted, rel=1e-9)


def test_pauses_between_sessions_stay_where_those_within_are_bridged() -> None:
    """Respiratory gating within two half hours a day: 27,000 windows, 120 stretches."""
    schedule = sessions(continuous(1800.0), 2, 60) & respiratory_gating(15.0, 0.5, 60 * DAY_S)
    assert len(schedule.edges_s) > 20_000
    edges, on = on_course(schedule.edges_s, 60 * DAY_S)
    assert np.count_nonzero(on) == 120
    np.testing.assert_allclose(on[on > 0], 0.5, atol=2e-3)
    assert np.diff(edges)[on > 0].max() < 1800.0
    for day in range(60):
        start = day * DAY_S
        wanted = schedule.on_time_s(start, start + DAY_S)
        assert seconds_on(edges, on, start, start + DAY_S) == pytest.approx(wanted, rel=1e-9)


def test_daily_sessions_of_a_quarter_are_exact() -> None:
    schedule = sessions(continuous(120.0), 1, 90)
    edges, on = on_course(schedule.edges_s, 100 * DAY_S)
    assert np.count_nonzero(on == 1) == 90
    np.testing.assert_allclose(np.diff(edges)[on == 1], 120.0, rtol=1e-9)


def test_ten_years_of_sessions_stay_few() -> None:
    schedule = sessions(continuous(60.0), 1, 3650)
    edges, on = on_course(schedule.edges_s, 3650 * DAY_S)
    assert len(edges) < 2 * 2000
    assert seconds_on(edges, on, 0, 3650 * DAY_S) == pytest.approx(3650 * 60.0, rel=1e-9)


def test_no_windows_and_windows_beyond_the_horizon() -> None:
    for windows in (np.empty((0, 2)), np.array([[10.0, 20.0]])):
        edges, on = on_course(windows, 5.0)
        assert (edges.tolist(), on.tolist()) == ([0.0, 5.0], [0.0])


def test_bad_input() -> None:
    for horizon_s in (0.0, -1.0, np.nan, np.inf):
        with pytest.raises(InputError, match="horizon_s"):
            on_course(np.array([[0.0, 1.0]]), horizon_s)
    with pytest.raises(InputError, match="exact_windows"):
        on_course(np.array([[0.0, 1.0]]), 5.0, 0)
