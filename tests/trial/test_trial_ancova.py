"""ANCOVA: equal to the textbook's formulas, to scipy's t test and least squares."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, stats

from vagus.errors import InputError
from vagus.trial.analysis.ancova import ancova, ancova_batch
from vagus.trial.analysis.change_within import change_within
from vagus.trial.analysis.contrast import Floats, Ints, one_sided_p, t_inference
from vagus.trial.analysis.mmrm import mmrm
from vagus.trial.analysis.sequential_test import DECISIONS, sequential_test


def trial(n: int = 50, seed: int = 0, effect: float = 0.0) -> tuple[Floats, Ints, Floats, Ints]:
    """Change, arm, baseline, stratum."""
    rng = np.random.default_rng(seed)
    baseline = rng.normal(6, 1.5, n)
    arm = np.arange(n) % 2
    change = -0.4 * (baseline - 6) + effect * arm + rng.normal(-1, 1.2, n)
    return change, arm, baseline, np.arange(n) // 2 % 3


def test_without_covariates_it_is_the_t_test() -> None:
    change, arm, _, _ = trial(effect=-0.7)
    fit = ancova(change, arm, level=0.9)
    t = stats.ttest_ind(change[arm == 1], change[arm == 0])
    interval = t.confidence_interval(0.9)
    assert fit.p == pytest.approx(t.pvalue, rel=1e-12)
    assert (fit.low, fit.high) == pytest.approx((interval.low, interval.high), rel=1e-12)
    assert fit.df == t.df
    assert fit.arm_means == pytest.approx((change[arm == 0].mean(), change[arm == 1].mean()))


def test_with_a_baseline_it_is_the_textbook_formula() -> None:
    """Slope pooled within arms; difference of means less slope times that of the baselines."""
    y, arm, x, _ = trial(effect=-0.7)
    ys, xs = [y[arm == k] for k in (0, 1)], [x[arm == k] for k in (0, 1)]
    s_xx = sum(((a - a.mean()) ** 2).sum() for a in xs)
    s_xy = sum(((a - a.mean()) * (b - b.mean())).sum() for a, b in zip(xs, ys, strict=True))
    s_yy = sum(((b - b.mean()) ** 2).sum() for b in ys)
    slope, gap = s_xy / s_xx, xs[1].mean() - xs[0].mean()
    estimate = ys[1].mean() - ys[0].mean() - slope * gap
    variance = (s_yy - s_xy**2 / s_xx) / (50 - 3)
    se = np.sqrt(variance * (1 / 25 + 1 / 25 + gap**2 / s_xx))
    fit = ancova(y, arm, x)
    assert (fit.estimate, fit.se, fit.df) == pytest.approx((estimate, se, 47), rel=1e-12)
    adjusted = [b.mean() - slope * (a.mean() - x.mean()) for a, b in zip(xs, ys, strict=True)]
    assert fit.arm_means == pytest.approx(adjusted, rel=1e-12)


def test_with_strata_it_is_least_squares() -> None:
    y, arm, x, stratum = trial()
    columns = np.column_stack([np.ones(50), arm, x, stratum == 1, stratum == 2])
    beta, rest, *_ = linalg.lstsq(columns, y)
    se = np.sqrt(rest / 45 * np.linalg.inv(columns.T @ columns)[1, 1])
    fit = ancova(y, arm, x, stratum * 7 - 3)  # labels may be any whole numbers
    assert (fit.estimate, fit.se, fit.df) == pytest.approx((beta[1], se, 45), rel=1e-11)


def test_missing_values_are_left_out() -> None:
    y, arm, x, stratum = trial()
    some = y.copy()
    some[::7] = np.nan
    seen = np.isfinite(some)
    fit, known = ancova(some, arm, x, stratum), ancova(y[seen], arm[seen], x[seen], stratum[seen])
    assert (fit.estimate, fit.se, fit.p) == pytest.approx((known.estimate, known.se, known.p))


def test_one_visit_of_an_mmrm_is_an_ancova() -> None:
    y, arm, x, stratum = trial()
    fit, ols = mmrm(y[:, None], arm, x, stratum), ancova(y, arm, x, stratum)
    assert (fit.estimate[0], fit.se[0], fit.df[0]) == pytest.approx(
        (ols.estimate, ols.se, ols.df), rel=1e-9
    )


def test_batch_is_the_single_fit() -> None:
    """Even where a replicate lacks a stratum, the first one too."""
    y, arm, x, stratum = (np.stack(a) for a in zip(*(trial(seed=k) for k in range(5)), strict=True))
    stratum[1] += stratum[1] == 0
    y[2, 5] = np.nan
    found = ancova_batch(y, arm, x, stratum)
    assert found.estimable.all()
    for k in range(5):
        fit = ancova(y[k], arm[k], x[k], stratum[k])
        mine = found.estimate[k], found.se[k], found.df[k], found.p[k], found.high[k]
        assert mine == pytest.approx((fit.estimate, fit.se, fit.df, fit.p, fit.high), rel=1e-10)
        assert found.arm_means[k] == pytest.approx(fit.arm_means)
    assert found.df.tolist() == [45, 46, 44, 45, 45]


def test_batch_flags_an_empty_arm() -> None:
    y, arm, x, _ = (np.stack(a) for a in zip(*(trial(seed=k) for k in range(3)), strict=True))
    y[1, arm[1] == 1] = np.nan
    found = ancova_batch(y, arm, x)
    assert found.estimable.tolist() == [True, False, True]
    assert np.isnan(found.p[1])


def test_type_one_error_and_coverage() -> None:
    """Within four standard errors of 5 % over 4,000 trials; the interval covers a true effect."""
    y, arm, x, stratum = (
        np.stack(a) for a in zip(*(trial(24, k, -0.8) for k in range(4000)), strict=True)
    )
    error = 4 * np.sqrt(0.05 * 0.95 / 4000)
    null = ancova_batch(y + 0.8 * arm, arm, x, stratum)
    assert abs((null.p < 0.05).mean() - 0.05) < error
    found = ancova_batch(y, arm, x, stratum)
    assert abs(((found.low < -0.8) & (found.high > -0.8)).mean() - 0.95) < error


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.floats(-100, 100))
def test_arms_and_shift(seed: int, shift: float) -> None:
    y, arm, x, stratum = trial(seed=seed)
    fit, flipped = ancova(y, arm, x, stratum), ancova(y, 1 - arm, x, stratum)
    assert (flipped.estimate, flipped.low) == pytest.approx((-fit.estimate, -fit.high), abs=1e-10)
    assert flipped.one_sided("lower") == pytest.approx(fit.one_sided("higher"))
    moved = ancova(y + shift, arm, x + shift, stratum)
    assert (moved.estimate, moved.se) == pytest.approx((fit.estimate, fit.se), abs=1e-10)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.5, 5.0))
def test_noise_widens_intervals(seed: int, sd: float) -> None:
    """On the average over 40 trials: noise can narrow a single one by chance."""
    y, arm, x, _ = (
        np.stack(a) for a in zip(*(trial(seed=seed + k) for k in range(40)), strict=True)
    )
    noise = np.random.default_rng(seed).normal(0, sd, y.shape)
    before, after = ancova_batch(y, arm, x), ancova_batch(y + noise, arm, x)
    assert (after.high - after.low).mean() > (before.high - before.low).mean()


def test_p_values_with_a_side() -> None:
    assert one_sided_p(-2.0, 1.0, np.inf, "lower") == pytest.approx(stats.norm.sf(2))
    assert one_sided_p(-2.0, 1.0, np.inf, "higher") == pytest.approx(stats.norm.cdf(2))
    low, high, p = t_inference([1.0, 0.0], [0.0, 0.0], 5, 0.95)
    assert (low.tolist(), high.tolist(), p.tolist()) == ([1, 0], [1, 0], [0, 1])
    with pytest.raises(InputError, match="lower or higher"):
        one_sided_p(1.0, 1.0, 5, "smaller")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        (([1.0, 2, 3, 4], [0, 0, 0, 0]), "patients in every arm"),
        (([1.0, 2, 3, 4], [0, 1, 0]), "shape"),
        (([1.0, np.nan, 3, np.nan], [0, 1, 0, 1]), "every arm"),
        (([1.0, 2], [0, 1]), "more than coefficients"),
        (([1.0, 2, np.inf, 4], [0, 1, 0, 1]), "infinite"),
        (([1.0, 2, 3, 4, 5], [0, 1, 0, 1, 1], [0.0, 1, 0, 1, 1]), "say the same"),
        (([], []), "not empty"),
    ],
)
def test_bad_input(arguments: tuple[list[float], ...], match: str) -> None:
    with pytest.raises(InputError, match=match):
        ancova(*arguments)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.1, 95.0, np.nan])
def test_level_is_a_share(level: float) -> None:
    with pytest.raises(InputError, match="above 0 and below 1"):
        ancova(*trial(), level=level)


def test_change_within_is_the_paired_t_test_and_says_what_it_is_not() -> None:
    rng = np.random.default_rng(0)
    before, after = rng.normal(6, 1, 20), rng.normal(5, 1, 20)
    t = stats.ttest_rel(after, before)
    fit = change_within([*before, np.nan], [*after, 3.0])
    assert (fit.p, fit.df) == pytest.approx((t.pvalue, 19))
    assert "not an effect of stimulation" in fit.method
    with pytest.raises(InputError, match="2 or more"):
        change_within([1.0, np.nan], [2.0, 3.0])
    with pytest.raises(InputError, match="shape"):
        change_within([1.0, 2.0], [2.0])


OBF = np.array([3.47109144, 2.45443230, 2.00403558])


def test_sequential_trials_stop_at_the_first_boundary() -> None:
    z = np.array(
        [[3.6, 0, 0], [1, 2.5, 0], [1, 2, 2.0], [1, 2, 2.1], [-0.1, 5, 5], [np.nan, 2.5, 0]]
    )
    found = sequential_test(z, [10, 20, 30], OBF, [0.0, 0.5])
    assert found.look.tolist() == [1, 2, 3, 3, 1, 2]
    assert [DECISIONS[k] for k in found.decision] == [
        "efficacy", "efficacy", "not shown", "efficacy", "futility", "efficacy",
    ]  # fmt: skip
    assert found.information.tolist() == [10, 20, 30, 30, 10, 20]
    assert found.success.sum() == 4
    assert found.nominal_p[0] == pytest.approx(stats.norm.sf(3.6))
    both = sequential_test([-3.6, 0, 0], [1, 2, 3], OBF, sides=2)
    assert (int(both.look), bool(both.success)) == (1, True)
    assert float(both.nominal_p) == pytest.approx(2 * stats.norm.sf(3.6))
    lost = sequential_test([1.0, 1.0, np.nan], [1, 2, 3], OBF)
    assert (int(lost.look), DECISIONS[int(lost.decision)]) == (3, "not shown")


def test_sequential_boundaries_keep_the_error() -> None:
    """O'Brien-Fleming at three equal looks: 2.5 % one-sided, within four standard errors."""
    rng = np.random.default_rng(1)
    z = np.cumsum(rng.standard_normal((40_000, 3)), axis=1) / np.sqrt([1, 2, 3])
    share = sequential_test(z, [1, 2, 3], OBF).success.mean()
    assert abs(share - 0.025) < 4 * np.sqrt(0.025 * 0.975 / 40_000)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"information": [1, 2]}, "3 looks"),
        ({"information": [1, 3, 2]}, "rising"),
        ({"information": [0, 1, 2]}, "positive"),
        ({"efficacy": [2.0, 2.0]}, "3 looks"),
        ({"futility": [0.0, 3.0]}, "at most efficacy"),
        ({"sides": 3}, "1 or 2"),
        ({"z": 1.0}, "0 looks"),
    ],
)
def test_bad_boundaries(change: dict[str, object], match: str) -> None:
    usual = {"z": [1.0, 1.0, 1.0], "information": [1, 2, 3], "efficacy": OBF}
    with pytest.raises(InputError, match=match):
        sequential_test(**(usual | change))  # type: ignore[arg-type]
