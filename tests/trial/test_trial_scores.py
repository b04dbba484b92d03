"""Scores of predictions: analytic values, propriety, and what noise does to them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from vagus.errors import InputError
from vagus.trial.scores import (
    LEVELS,
    central_interval,
    coverage,
    crps_ensemble,
    crps_normal,
    log_score_ensemble,
    log_score_normal,
    silverman_bandwidth,
)

numbers = st.floats(-100, 100)
ensembles = st.lists(numbers, min_size=2, max_size=12).map(np.array)


def crps_of(cdf: object, x: float) -> float:
    """The definition, by quadrature: integral of (F(t) - 1{t >= x})^2."""
    below = integrate.quad(lambda t: cdf(t) ** 2, -np.inf, x)[0]
    return below + integrate.quad(lambda t: (1 - cdf(t)) ** 2, x, np.inf)[0]


@pytest.mark.parametrize(("x", "mean", "sd"), [(0, 0, 1), (2.5, -1, 0.7), (-3, 1, 4)])
def test_crps_of_a_normal_is_the_integral(x: float, mean: float, sd: float) -> None:
    assert float(crps_normal(x, mean, sd)) == pytest.approx(
        crps_of(stats.norm(mean, sd).cdf, x), rel=1e-7
    )


def test_crps_of_a_normal_at_its_mean() -> None:
    """sd (sqrt(2) - 1)/sqrt(pi) = 0.23370 sd; far away it is the distance less sd/sqrt(pi)."""
    assert float(crps_normal(3, 3, 2)) == pytest.approx(2 * (np.sqrt(2) - 1) / np.sqrt(np.pi))
    assert float(crps_normal(40, 0, 1)) == pytest.approx(40 - 1 / np.sqrt(np.pi))


@given(x=numbers, members=ensembles)
def test_crps_of_an_ensemble_is_the_sum_over_pairs(x: float, members: np.ndarray) -> None:
    m = len(members)
    apart, pairs = np.abs(members - x).mean(), np.abs(members[:, None] - members).sum()
    assert float(crps_ensemble(x, members)) == pytest.approx(
        apart - pairs / (2 * m * m), rel=1e-9, abs=1e-9
    )
    assert float(crps_ensemble(x, members, fair=True)) == pytest.approx(
        apart - pairs / (2 * m * (m - 1)), rel=1e-9, abs=1e-9
    )


@given(x=numbers, members=ensembles)
def test_crps_of_an_ensemble_is_the_integral_of_its_steps(x: float, members: np.ndarray) -> None:
    """(F - H)^2 is constant between neighbouring values, so the integral is a finite sum."""
    edges = np.sort(np.append(members, x))
    at = edges[:-1]
    f = (np.sort(members) <= at[:, None]).mean(axis=1)
    integral = float(np.sum((f - (at >= x)) ** 2 * np.diff(edges)))
    assert float(crps_ensemble(x, members)) == pytest.approx(integral, rel=1e-9, abs=1e-9)


def test_crps_of_one_member_is_the_absolute_error() -> None:
    assert crps_ensemble([1.0, -2.0], [[3.0], [0.5]]) == pytest.approx([2.0, 2.5])


@pytest.mark.parametrize("x", [0.0, 0.3, 1.0])
def test_crps_of_an_even_ensemble_is_that_of_the_uniform(x: float) -> None:
    """Uniform on 0-1: CRPS = x^2 - x + 1/3."""
    even = (np.arange(4000) + 0.5) / 4000
    assert float(crps_ensemble(x, even)) == pytest.approx(x**2 - x + 1 / 3, abs=1e-6)


def test_fair_crps_of_small_ensembles_is_unbiased_and_plain_is_not() -> None:
    """Four members of N(0, 1) at x = 0.5: plain is too great by E|X - X'|/(2 m) = 0.141."""
    draws = np.random.default_rng(6).standard_normal((40_000, 4))
    x, true = np.full(len(draws), 0.5), float(crps_normal(0.5, 0, 1))
    fair, plain = crps_ensemble(x, draws, fair=True), crps_ensemble(x, draws)
    error = 4 * fair.std() / np.sqrt(len(draws))
    assert fair.mean() == pytest.approx(true, abs=error)
    assert plain.mean() - true == pytest.approx(2 / np.sqrt(np.pi) / 8, abs=error)


@given(x=numbers, members=ensembles, shift=numbers, unit=st.floats(0.01, 100))
def test_crps_shifts_and_scales_with_the_outcome(
    x: float, members: np.ndarray, shift: float, unit: float
) -> None:
    there = unit * crps_ensemble(x, members)
    moved = crps_ensemble(shift + unit * x, shift + unit * members)
    assert float(moved) == pytest.approx(float(there), rel=1e-7, abs=1e-7)
    assert float(there) >= -1e-9
    assert float(crps_ensemble(-x, -members)) == pytest.approx(float(there) / unit, abs=1e-9)


def test_log_scores_are_minus_log_densities() -> None:
    x = np.array([-1.0, 0.2, 4.0])
    assert log_score_normal(x, 0.5, 2) == pytest.approx(-stats.norm(0.5, 2).logpdf(x))
    members = np.random.default_rng(7).normal(0, 1, 200)
    h = float(silverman_bandwidth(members))
    kernel = stats.gaussian_kde(members, bw_method=h / members.std(ddof=1))
    assert log_score_ensemble(x, np.tile(members, (3, 1))) == pytest.approx(-kernel.logpdf(x))


def test_kernel_density_of_an_ensemble_is_a_density() -> None:
    members = np.array([0.0, 1.0, 1.5, 7.0])
    t = np.linspace(-20, 30, 20_001)
    density = np.exp(-log_score_ensemble(t, np.tile(members, (len(t), 1))))
    assert integrate.trapezoid(density, t) == pytest.approx(1, abs=1e-6)


def test_silverman_bandwidth_by_hand() -> None:
    """0, 1, 2, 3, 4: SD sqrt(2.5), IQR 2 / 1.34 is less; one value repeated leaves the SD."""
    members = np.arange(5.0)
    assert float(silverman_bandwidth(members)) == pytest.approx(0.9 * 2 / 1.34 * 5**-0.2)
    repeated = np.array([1.0, 1, 1, 1, 6])
    assert float(silverman_bandwidth(repeated)) == pytest.approx(0.9 * np.sqrt(5) * 5**-0.2)


def test_a_miss_far_outside_the_ensemble_stays_finite() -> None:
    assert np.isfinite(log_score_ensemble(1e3, np.arange(5.0)))


@pytest.mark.parametrize(
    ("mean", "sd"), [(0.3, 1), (-0.5, 1), (0, 0.6), (0, 1.7), (0.4, 1.3), (-0.2, 0.8)]
)
def test_stating_the_true_distribution_scores_best(mean: float, sd: float) -> None:
    """Expected scores under N(0, 1), by quadrature over what is observed."""
    x, weight = np.polynomial.hermite_e.hermegauss(200)
    weight = weight / weight.sum()

    for score in (lambda m, s: crps_normal(x, m, s), lambda m, s: log_score_normal(x, m, s)):
        assert weight @ score(0, 1) < weight @ score(mean, sd) - 1e-4


def test_true_ensembles_score_best_among_ensembles() -> None:
    rng = np.random.default_rng(8)
    x = rng.standard_normal(2000)
    truth = rng.standard_normal((2000, 50))
    others = truth + 0.5, 0.6 * truth, 1.7 * truth
    for score in (
        lambda e: crps_ensemble(x, e), lambda e: crps_ensemble(x, e, fair=True),
        lambda e: log_score_ensemble(x, e),
    ):  # fmt: skip
        best = score(truth).mean()
        assert all(best < score(other).mean() for other in others)


def test_expected_crps_of_a_calibrated_normal_is_its_mean_distance() -> None:
    """E CRPS of N(0, s) when true: s/sqrt(pi), half of E|X - X'|."""
    x, weight = np.polynomial.hermite_e.hermegauss(200)
    for s in (0.5, 1.0, 3.0):
        assert weight @ crps_normal(s * x, 0, s) / weight.sum() == pytest.approx(
            s / np.sqrt(np.pi), rel=1e-4
        )


def test_noise_in_the_members_worsens_crps_and_widens_intervals() -> None:
    rng = np.random.default_rng(9)
    x, members = rng.standard_normal(1000), rng.standard_normal((1000, 100))
    noise = rng.standard_normal(members.shape)
    scores, widths = [], []
    for sd in (0.0, 0.7, 1.5, 3.0):
        noisy = members + sd * noise
        low, high = central_interval(noisy, 0.8)
        scores.append(crps_ensemble(x, noisy).mean())
        widths.append((high - low).mean())
    assert scores == sorted(scores)
    assert widths == sorted(widths)


@pytest.mark.parametrize("level", LEVELS)
def test_calibrated_intervals_cover_as_often_as_they_say(level: float) -> None:
    rng = np.random.default_rng(10)
    x, members = rng.standard_normal(3000), rng.standard_normal((3000, 400))
    low, high = central_interval(members, level)
    found = coverage(x, low, high, level)
    assert found.share == pytest.approx(level, abs=4 * np.sqrt(level * (1 - level) / 3000) + 0.005)
    assert found.low < found.share < found.high
    narrow = coverage(x, low / 2, high / 2, level)
    assert narrow.share < found.share


def test_coverage_of_few_outcomes_says_how_little_it_tells() -> None:
    """All of 9 inside: Clopper-Pearson from 0.025^(1/9) = 0.664 to 1."""
    found = coverage(np.zeros(9), -1, 1, 0.8)
    assert (found.share, found.n, found.high) == (1.0, 9, 1.0)
    assert found.low == pytest.approx(0.025 ** (1 / 9))
    assert coverage([1.0, 2.0], [1.0, 0.0], [1.5, 2.0], 0.5).share == 1  # bounds are inside


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: crps_normal(0, 0, 0), "`sd` is 0; allowed: above 0"),
        (lambda: crps_normal(np.nan, 0, 1), "`x` is nan; allowed: finite"),
        (lambda: log_score_normal(0, 0, [1, -2]), r"`sd` is -2 \(row 2\)"),
        (lambda: crps_ensemble(0, []), "`ensemble` is 0 members; allowed: at least 1"),
        (lambda: crps_ensemble(0, [1.0], fair=True), "1 members; allowed: at least 2"),
        (lambda: log_score_ensemble(0, [2.0, 2.0]), "has no density; score it by CRPS"),
        (lambda: coverage(0, 1, -1, 0.8), "`low` is 1; allowed: at most `high`"),
        (lambda: coverage(0, -1, 1, 80), "`level` is 80; allowed: strictly between"),
        (lambda: central_interval([1, 2], 1), "`level` is 1"),
        (lambda: coverage([], [], [], 0.5), "`x` is none"),
    ],
)
def test_bad_input_is_named(call: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        call()
