"""Counts of days: moments of the law, sampling, heaping, bounds, bad input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rating_toys import cohort, people
from scipy import stats

from vagus.body.conditions import condition
from vagus.body.full import full_body
from vagus.errors import InputError
from vagus.patient.migraine_days import DAYS, count_law, draw_days, told
from vagus.patient.observables import observe
from vagus.patient.ratings import latent
from vagus.patient.screening import screening
from vagus.patient.switches import Switches

K = np.arange(DAYS + 1.0)
WINDOWS = [(-28, 0), (56, 84)]


@given(st.floats(0.5, 27.5), st.floats(0.001, 0.5))
def test_moments_are_those_of_the_beta_binomial(mean: float, rho: float) -> None:
    p = count_law(mean, rho)
    share = mean / DAYS
    assert p.sum() == pytest.approx(1.0)
    assert p @ K == pytest.approx(mean, rel=1e-6)
    variance = DAYS * share * (1 - share) * (1 + (DAYS - 1) * rho)
    assert p @ (K - mean) ** 2 == pytest.approx(variance, rel=1e-6)


def test_the_law_is_scipys_and_binomial_without_overdispersion() -> None:
    rho = 0.05
    size = 1 / rho - 1
    assert count_law(7.0, rho) == pytest.approx(
        stats.betabinom.pmf(K, DAYS, 0.25 * size, 0.75 * size)
    )
    assert count_law(7.0, 0.0) == pytest.approx(stats.binom.pmf(K, DAYS, 0.25))
    assert count_law(7.0, 1e-6) == pytest.approx(stats.binom.pmf(K, DAYS, 0.25), abs=1e-4)


@pytest.mark.parametrize("rho", [0.0, 0.02, 0.3])
def test_draws_follow_the_law(rho: float) -> None:
    drawn = draw_days(np.full(100_000, 8.7), rho, np.random.default_rng(0))
    found = np.bincount(drawn.astype(int), minlength=DAYS + 1) / len(drawn)
    assert found == pytest.approx(count_law(8.7, rho), abs=0.005)


def test_no_days_and_all_days_are_sure() -> None:
    drawn = draw_days(np.array([0.0, 28.0]), 0.1, np.random.default_rng(0))
    assert drawn.tolist() == [0.0, 28.0]


@given(st.floats(0, 28), st.floats(0, 28), st.floats(0, 0.5))
def test_the_same_stream_gives_counts_that_fall_as_the_mean_does(
    a: float, b: float, rho: float
) -> None:
    low, high = sorted((a, b))
    less, more = (draw_days(np.full(50, x), rho, np.random.default_rng(0)) for x in (low, high))
    assert np.all(less <= more)


@given(st.lists(st.integers(0, 28), min_size=1, max_size=20))
def test_told_counts_are_round_near_and_within_the_month(counts: list[int]) -> None:
    days = np.array(counts, dtype=np.float64)[:, None]
    yes, no = np.ones(len(days), dtype=bool), np.zeros(len(days), dtype=bool)
    fives, twos = told(days, yes, no), told(days, no, yes)
    assert np.all((fives % 5 == 0) | (fives == DAYS))
    assert np.all(twos % 2 == 0)
    assert np.abs(fives - days).max() <= 2.5
    assert np.abs(twos - days).max() <= 1
    assert np.array_equal(told(days, no, no), days)


def observed(key: str = "migraine_days", m: int = 40_000, **switched: bool) -> np.ndarray:
    of = cohort("migraine", change=-0.67)
    who, regimen = people(of, m, regimen=1)
    z = latent(of, who, WINDOWS, np.random.default_rng(0))
    return observe(
        of, key, who, regimen, WINDOWS, z, np.random.default_rng(1), Switches(**switched)
    )


def test_heaping_is_told_and_can_be_switched_off() -> None:
    plain, heaped = observed(heaping=False), observed()
    fives = [5.0, 10.0, 15.0]
    more = [np.isin(x, fives).mean() for x in (plain, heaped)]
    assert more[1] > more[0] + 0.01
    assert np.mean(plain != heaped) < 0.3  # most patients tell what they counted
    assert heaped.mean() == pytest.approx(plain.mean(), abs=0.1)


def test_overdispersion_widens_counts_and_can_be_switched_off() -> None:
    wide, narrow = observed(heaping=False), observed(heaping=False, overdispersion=False)
    assert wide.std() > narrow.std() + 0.05
    assert wide.mean() == pytest.approx(narrow.mean(), abs=0.05)


def test_without_noise_the_mean_is_seen() -> None:
    of = cohort("migraine", change=-0.67)
    who, regimen = people(of, 200, regimen=1)
    quiet = Switches(noise=False, heaping=False)
    z = latent(of, who, WINDOWS, np.random.default_rng(0), quiet)
    seen = observe(of, "migraine_days", who, regimen, WINDOWS, z, np.random.default_rng(1), quiet)
    inside = (seen > 0).all(axis=1) & (seen < 28).all(axis=1)
    assert (seen[:, 1] - seen[:, 0])[inside] == pytest.approx(-0.67 * 2.7)


@pytest.mark.parametrize("key", ["migraine_days", "headache_days"])
def test_counts_are_whole_and_within_28(key: str) -> None:
    days = observed(key, m=2000)
    assert np.array_equal(days, np.round(days))
    assert days.min() >= 0
    assert days.max() <= DAYS


def test_chronic_migraine_has_the_days_of_event() -> None:
    assert observed("headache_days")[:, 0].mean() == pytest.approx(21.5, abs=1.0)


def test_change_over_three_months_scatters_as_placebo_arms_do() -> None:
    days = observed()
    change = days[:, 1] - days[:, 0]
    assert change.mean() == pytest.approx(-1.8, abs=0.15)
    assert 3.3 < change.std() < 4.6


def test_levels_of_migraine_last_longer_and_what_misfit_is_left() -> None:
    """SD of the change of those admitted, adjusted for the baseline; PREMIUM's SE leaves 2.9."""
    own = condition("migraine").parameters["tau_level"].prior
    pain = full_body().quantities["tau_level"].prior
    assert own is not None
    assert pain is not None
    quarters = np.array([0.25, 0.5, 0.75])
    assert np.all(own.quantile(quarters) > pain.quantile(quarters))
    of, left = cohort("migraine", change=-0.67), []
    for tau in (28.5, *own.quantile(quarters)):
        lasting = replace(of, traits=dict(of.traits) | {"tau_level": np.full(len(of), tau)})
        who, regimen = people(of, 40_000, regimen=1)
        z = latent(lasting, who, WINDOWS, np.random.default_rng(0))
        days = observe(
            lasting, "migraine_days", who, regimen, WINDOWS, z, np.random.default_rng(1)
        )  # fmt: skip
        before, after = days[screening("migraine").entry.admits(days[:, 0])][:, :2].T
        left.append(after.std() * np.sqrt(1 - np.corrcoef(before, after)[0, 1] ** 2))
    assert np.all(np.diff(left) < 0)
    premium = 0.3195 / np.sqrt(1 / 165 + 1 / 167)
    assert premium < left[2] < premium * 1.1  # 5 % too wide still, from 8 % before


def test_bad_input() -> None:
    for mean in (-0.1, 28.1, np.nan):
        with pytest.raises(InputError, match="mean count"):
            draw_days(np.array([mean]), 0.1, np.random.default_rng(0))
    for rho in (-0.1, 1.0):
        with pytest.raises(InputError, match="rho"):
            draw_days(np.array([5.0]), rho, np.random.default_rng(0))
