"""Events: ratios, differences, Mantel-Haenszel and Peto, against metafor and their own algebra."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.binary import TwoByTwo, log_odds_ratio, log_risk_ratio, risk_difference
from vagus.evidence.mantel_haenszel import (
    breslow_day_tarone,
    cochran_mantel_haenszel,
    hypergeometric,
    mantel_haenszel_or,
    mantel_haenszel_rr,
)
from vagus.evidence.peto import peto_or

GOLDEN = Path(__file__).parents[1] / "golden"
# metafor 3.8.1, gold_R.txt
BCG_Y = [
    -0.8893113339, -1.5853886572, -1.3480731483, -1.4415511900, -0.2175473222, -0.7861155858,
    -1.6208982236, 0.0119523335, -0.4694176487, -1.3713448035, -0.3393588283, 0.4459134006,
    -0.0173139482,
]  # fmt: skip
BCG_V = [
    0.3255847650, 0.1945811214, 0.4153679654, 0.0200100319, 0.0512101722, 0.0069056185,
    0.2230172476, 0.0039615793, 0.0564342105, 0.0730247936, 0.0124122140, 0.5325058452,
    0.0714046597,
]  # fmt: skip
MEASURES = (log_risk_ratio, log_odds_ratio, risk_difference)
POOLED = (mantel_haenszel_rr, mantel_haenszel_or, peto_or)


def bcg() -> TwoByTwo:
    a, b, c, d = np.genfromtxt(
        GOLDEN / "bcg.csv", delimiter=",", skip_header=1, usecols=(3, 4, 5, 6)
    ).T
    return TwoByTwo(a, a + b, c, c + d)


@st.composite
def tables(draw: st.DrawFn) -> TwoByTwo:
    """One to six trials that have events and non-events."""
    k = draw(st.integers(1, 6))
    n = np.array(draw(st.lists(st.integers(2, 60), min_size=2 * k, max_size=2 * k)))
    events = np.array([draw(st.integers(0, int(size))) for size in n])
    table = TwoByTwo(events[:k], n[:k], events[k:], n[k:])
    both = table.events + table.events_control
    assume(((both > 0) & (both < table.n + table.n_control)).all())
    return table


def test_bcg_log_risk_ratios_are_metafors() -> None:
    effects = log_risk_ratio(bcg())
    assert effects.y == pytest.approx(BCG_Y, abs=5e-11)
    assert effects.v == pytest.approx(BCG_V, abs=5e-11)


def test_single_tables_are_metafors() -> None:
    odds = log_odds_ratio(TwoByTwo([0], [10], [3], [10]))
    assert odds.y == pytest.approx([-2.2823823857], abs=5e-11)
    assert odds.v == pytest.approx([2.5142857143], abs=5e-11)
    assert odds.method == ("events of two arms, 0.5 added to each cell",)
    difference = risk_difference(TwoByTwo([4], [10], [3], [10]))
    assert difference.y == pytest.approx([0.1])
    assert difference.v == pytest.approx([0.045])


def test_event_trial_gives_its_published_ratio() -> None:
    """EVENT: 3/30 against 0/29 responders, published as RR 6.77 (0.37-125.65)."""
    effects = log_risk_ratio(TwoByTwo([3], [30], [0], [29]))
    low, high = effects.interval()
    assert np.exp([effects.y[0], low[0], high[0]]) == pytest.approx([6.77, 0.37, 125.65], abs=0.005)


def test_correction_is_where_it_is_asked_for() -> None:
    table = TwoByTwo([3, 5], [30, 20], [0, 4], [29, 20])
    only, everywhere = log_risk_ratio(table), log_risk_ratio(table, to="all")
    assert only.y[0] == everywhere.y[0]
    assert only.y[1] == pytest.approx(np.log(5 / 4))
    assert everywhere.y[1] == pytest.approx(np.log((5.5 / 21) / (4.5 / 21)))
    assert only.method[1] == "events of two arms"
    with pytest.raises(InputError, match="`to` is none; allowed: a rule that corrects"):
        log_risk_ratio(table, to="none")
    with pytest.raises(InputError, match="`to` is some; allowed: only0, all, none"):
        log_risk_ratio(table, to="some")


@given(tables())
def test_swapping_arms_flips_the_sign(table: TwoByTwo) -> None:
    for measure in MEASURES:
        there, back = measure(table), measure(table.swapped)
        assert there.y == pytest.approx(-back.y, abs=1e-12)
        assert there.v == pytest.approx(back.v, rel=1e-12)
    both = table.events.sum() * table.events_control.sum()
    rest = (table.n - table.events).sum() * (table.n_control - table.events_control).sum()
    assume(both > 0 and rest > 0)
    for pooled in POOLED:
        try:
            there = pooled(table)
        except InputError:
            continue
        back = pooled(table.swapped)
        assert there.estimate == pytest.approx(-back.estimate, abs=1e-10)
        assert (there.se, there.q) == pytest.approx((back.se, back.q), rel=1e-8, abs=1e-10)


@given(tables())
def test_odds_ratios_bound_risk_ratios_and_differences_stay_in_range(table: TwoByTwo) -> None:
    """An odds ratio is farther from 1 than the risk ratio; a difference is within -1 to 1."""
    rr, odds = log_risk_ratio(table, to="all").y, log_odds_ratio(table, to="all").y
    assert (np.abs(rr) <= np.abs(odds) + 1e-12).all()
    assert (rr * odds >= -1e-12).all()
    assert (np.abs(risk_difference(table).y) <= 1).all()


def test_mantel_haenszel_and_peto_are_metafors() -> None:
    rr, odds, peto = mantel_haenszel_rr(bcg()), mantel_haenszel_or(bcg()), peto_or(bcg())
    assert (rr.estimate, rr.se) == pytest.approx((-0.4537096047, 0.0393373669), abs=5e-11)
    assert rr.q == pytest.approx(152.56755359, abs=5e-9)
    assert (odds.estimate, odds.se) == pytest.approx((-0.4734109884, 0.0410077784), abs=5e-11)
    assert (peto.estimate, peto.se) == pytest.approx((-0.4744463109, 0.0406590807), abs=5e-11)
    assert cochran_mantel_haenszel(bcg()).statistic == pytest.approx(135.68894372, abs=5e-9)
    assert breslow_day_tarone(bcg()).statistic == pytest.approx(171.75667299, abs=5e-9)
    assert (rr.k, rr.df) == (13, 12)


def test_one_table_has_its_own_ratio() -> None:
    """With one trial nothing is pooled: both ratios are the crude ones, with Woolf's variance."""
    table = TwoByTwo([12], [40], [7], [50])
    single, odds = log_odds_ratio(table), mantel_haenszel_or(table)
    assert odds.estimate == pytest.approx(single.y[0])
    assert odds.se == pytest.approx(single.se[0])
    rr = mantel_haenszel_rr(table)
    assert (rr.estimate, rr.se) == pytest.approx(
        (log_risk_ratio(table).y[0], log_risk_ratio(table).se[0])
    )
    assert (rr.q, rr.df, rr.q_p) == (pytest.approx(0, abs=1e-20), 0, 1.0)
    assert breslow_day_tarone(table).p == 1.0


def test_same_odds_ratio_everywhere_has_no_heterogeneity() -> None:
    """Odds ratio 2 in every trial: (a, b, c, d) = (20, 10, 10, 10), (40, 20, 30, 30)."""
    table = TwoByTwo([20, 40], [30, 60], [10, 30], [20, 60])
    assert mantel_haenszel_or(table).estimate == pytest.approx(np.log(2))
    assert breslow_day_tarone(table).statistic == pytest.approx(0, abs=1e-12)


def test_hypergeometric_moments_are_scipys() -> None:
    mean, variance = hypergeometric(TwoByTwo([3], [12], [5], [15]))
    exact = stats.hypergeom(27, 8, 12)
    assert (mean[0], variance[0]) == pytest.approx((exact.mean(), exact.var()))


def test_cmh_without_correction_is_peto_squared() -> None:
    uncorrected = cochran_mantel_haenszel(bcg(), correct=False).statistic
    assert uncorrected == pytest.approx(peto_or(bcg()).statistic ** 2)


def test_trials_without_events_do_not_change_pooled_ratios() -> None:
    table = TwoByTwo([12, 3], [40, 30], [7, 5], [50, 31])
    more = TwoByTwo([12, 3, 0], [40, 30, 10], [7, 5, 0], [50, 31, 12])
    for pooled in POOLED:
        assert pooled(more) == pooled(table)
    assert breslow_day_tarone(more) == breslow_day_tarone(table)


def test_interval_of_a_pooled_ratio() -> None:
    pooled = peto_or(bcg())
    low, high = pooled.interval(0.9)
    assert high - low == pytest.approx(2 * stats.norm.ppf(0.95) * pooled.se)
    with pytest.raises(InputError, match="`level` is 1"):
        pooled.interval(1)


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (([31], [30], [1], [30]), r"`events` is 31 \(row 1\); allowed: at most `n`, 30"),
        (([1, 1], [9, 9], [2, 11], [10, 10]), r"`events_control` is 11 \(row 2\)"),
        (([-1], [30], [1], [30]), "`events` is -1"),
        (([0], [0], [1], [30]), r"`n` is 0 \(row 1\); allowed: at least 1"),
        (([1], [30], [1, 2], [30, 30]), "equal lengths"),
    ],
)
def test_bad_tables_are_named(columns: tuple[list[int], ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        TwoByTwo(*columns)


def test_what_is_not_estimable_is_said() -> None:
    empty = TwoByTwo([0, 3], [10, 10], [0, 2], [10, 10], ("NULL2020", "SOME2021"))
    for measure in (log_risk_ratio, log_odds_ratio):
        with pytest.raises(InputError, match=r"trial NULL2020: events in neither arm.*not estimab"):
            measure(empty)
    full = TwoByTwo([10], [10], [12], [12])
    with pytest.raises(InputError, match="events in all patients of both arms"):
        log_odds_ratio(full)
    assert risk_difference(empty).y[0] == 0
    for pooled in POOLED:
        with pytest.raises(InputError):
            pooled(TwoByTwo([0], [10], [0], [10]))
    with pytest.raises(InputError, match="no events in the control arms"):
        mantel_haenszel_rr(TwoByTwo([4], [10], [0], [10]))
