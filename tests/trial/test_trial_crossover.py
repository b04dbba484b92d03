"""The 2 x 2 crossover: a published example, what least squares says, and known effects."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from vagus.errors import InputError
from vagus.trial.analysis.contrast import Floats, Ints
from vagus.trial.analysis.crossover import crossover_analysis


def trial(
    n: int = 30, seed: int = 0, treatment: float = 0.0, period: float = 0.0, carry: float = 0.0
) -> tuple[Floats, Floats, Ints]:
    """First and second period, sequence; A is 0 in the sequence's first place."""
    rng = np.random.default_rng(seed)
    order = np.arange(n) % 2
    level = rng.normal(5, 2, n)
    y1 = level + treatment * (order == 0) + rng.normal(0, 1, n)
    y2 = level + treatment * (order == 1) - period + carry * (order == 0) + rng.normal(0, 1, n)
    return y1, y2, order


def test_least_squares_with_patients_as_blocks() -> None:
    """Treatment and period of the full linear model with a mean per patient."""
    y1, y2, order = trial(treatment=-1, period=0.5)
    n = len(y1)
    x = np.zeros((2 * n, n + 2))
    x[np.arange(2 * n), np.tile(np.arange(n), 2)] = 1
    x[:n, n], x[n:, n] = order == 0, order == 1
    x[:n, n + 1] = 1
    y = np.concatenate([y1, y2])
    beta = np.linalg.lstsq(x, y, rcond=None)[0]
    variance = ((y - x @ beta) ** 2).sum() / (2 * n - n - 2)
    se = np.sqrt(variance * np.diag(np.linalg.inv(x.T @ x)))
    fit = crossover_analysis(y1, y2, order)
    assert (fit.treatment.estimate, fit.period.estimate) == pytest.approx(beta[-2:])
    assert (fit.treatment.se, fit.period.se) == pytest.approx(se[-2:])
    assert fit.treatment.df == n - 2


def test_it_is_three_t_tests() -> None:
    y1, y2, order = trial(treatment=-1, carry=0.5)
    d, total = y1 - y2, y1 + y2
    fit = crossover_analysis(y1, y2, order)
    t = stats.ttest_ind(d[order == 0], d[order == 1])
    assert fit.treatment.p == pytest.approx(t.pvalue)
    assert fit.carry_over.p == pytest.approx(
        stats.ttest_ind(total[order == 0], total[order == 1]).pvalue
    )
    signed = np.where(order == 0, d, -d)
    assert fit.period.p == pytest.approx(
        stats.ttest_ind(signed[order == 0], signed[order == 1]).pvalue
    )


def test_effects_without_noise() -> None:
    """Treatment 2, period 0.5, carry-over 0.8: carry-over biases treatment by half of itself."""
    order = np.array([0, 0, 0, 1, 1, 1])
    level = np.array([1.0, 2, 6, 1, 2, 6])
    y1 = level + 2.0 * (order == 0)
    y2 = level + 2.0 * (order == 1) - 0.5
    fit = crossover_analysis(y1, y2, order)
    assert (fit.treatment.estimate, fit.period.estimate) == pytest.approx((2.0, 0.5))
    assert fit.treatment.se == pytest.approx(0, abs=1e-12)
    assert fit.carry_over.estimate == pytest.approx(0)
    carried = crossover_analysis(y1, y2 + 0.8 * (order == 0), order)
    assert carried.treatment.estimate == pytest.approx(2.0 - 0.4)
    assert carried.carry_over.estimate == pytest.approx(0.8)


def test_power_of_the_carry_over_test_is_low_and_said() -> None:
    """The power given is that of simulated t tests with the same variance."""
    fit = crossover_analysis(*trial(treatment=-1))
    assert fit.carry_over_power < 0.2
    assert any("little power" in w for w in fit.warnings)
    rng = np.random.default_rng(0)
    shift = abs(fit.treatment.estimate) / fit.carry_over.se * np.sqrt(2 / 15)
    a, b = rng.standard_normal((2, 20_000, 15))
    share = (stats.ttest_ind(a + shift, b, axis=1).pvalue < 0.05).mean()
    assert fit.carry_over_power == pytest.approx(share, abs=4 * np.sqrt(share / 20_000))


def test_type_one_error_despite_a_period_effect() -> None:
    p = np.array([crossover_analysis(*trial(12, k, period=2.0)).treatment.p for k in range(1000)])
    assert abs((p < 0.05).mean() - 0.05) < 4 * np.sqrt(0.05 * 0.95 / 1000)


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.floats(-50, 50))
def test_labels_and_shift(seed: int, shift: float) -> None:
    y1, y2, order = trial(seed=seed, treatment=-1)
    fit, flipped = crossover_analysis(y1, y2, order), crossover_analysis(y1, y2, 1 - order)
    assert flipped.treatment.estimate == pytest.approx(-fit.treatment.estimate)
    assert flipped.period.estimate == pytest.approx(fit.period.estimate)
    moved = crossover_analysis(y1 + shift, y2 + shift, order)
    assert moved.treatment.estimate == pytest.approx(fit.treatment.estimate, abs=1e-9)
    assert moved.treatment.se == pytest.approx(fit.treatment.se, abs=1e-9)


def test_patients_without_both_periods_are_left_out() -> None:
    y1, y2, order = trial()
    fit = crossover_analysis(y1[2:], y2[2:], order[2:])
    y1[0] = y2[1] = np.nan
    some = crossover_analysis(y1, y2, order)
    assert (some.treatment, some.patients) == (fit.treatment, 28)


@pytest.mark.parametrize(
    ("first", "second", "order", "match"),
    [
        ([1.0, 2], [1.0, 2, 3], [0, 1], "shape"),
        ([1.0, 2, 3, 4], [1.0, 2, 3, 4], [0, 0, 0, 1], "2 or more in each"),
        ([1.0, 2, 3, 4], [1.0, 2, 3, 4], [0, 0, 1, 2], "A then B"),
        ([1.0, np.nan, 3, 4], [1.0, 2, 3, 4], [0, 0, 1, 1], "2 or more in each"),
    ],
)
def test_bad_input(first: list[float], second: list[float], order: list[int], match: str) -> None:
    with pytest.raises(InputError, match=match):
        crossover_analysis(first, second, order)


def test_level_is_a_share() -> None:
    with pytest.raises(InputError, match="above 0 and below 1"):
        crossover_analysis(*trial(), level=1.0)
