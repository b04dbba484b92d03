"""Imputation: nothing to impute changes nothing; analytic limits; no bias where there is none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from vagus.errors import InputError
from vagus.trial.analysis.ancova import ancova, ancova_batch
from vagus.trial.analysis.contrast import Floats, Ints
from vagus.trial.analysis.imputation import conditional, gaps, posterior, rubin
from vagus.trial.analysis.mmrm import mmrm
from vagus.trial.analysis.reference_based import jump_to_reference, jumped
from vagus.trial.analysis.tipping_point import tipping_point

DELTA = np.arange(0.0, 4.1, 0.5)


def trial(
    n: int = 80, seed: int = 0, effect: float = 0.0, left: float = 0.12
) -> tuple[Floats, Ints, Floats, Ints]:
    """Values at three visits, arm, baseline, stratum; leaving is completely at random."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(0.5 + 0.5 * np.eye(4))
    z = 5 + rng.standard_normal((n, 4)) @ root.T
    arm = np.arange(n) % 2
    y = z[:, 1:] + effect * arm[:, None]
    y[np.arange(3) >= rng.geometric(left, n)[:, None]] = np.nan
    return y, arm, z[:, 0], np.arange(n) // 2 % 2


def test_nothing_missing_changes_nothing() -> None:
    y, arm, baseline, stratum = trial(left=1e-9, effect=-0.5)
    plain = ancova(y[:, -1], arm, baseline, stratum)
    found = jump_to_reference(y, arm, baseline, stratum, imputations=3).fit
    for field in ("estimate", "se", "df", "low", "high", "p", "arm_means"):
        assert getattr(found, field) == pytest.approx(getattr(plain, field), rel=1e-12)
    assert found.estimate == pytest.approx(mmrm(y, arm, baseline).estimate[-1], abs=0.02)
    tip = tipping_point(y, arm, baseline, stratum, delta=DELTA, imputations=3)
    assert tip.missing == 0
    assert np.ptp(tip.p) == 0


def test_same_seed_same_numbers() -> None:
    a, b, c = (jump_to_reference(*trial(), imputations=5, seed=s) for s in (1, 1, 2))
    assert a == b
    assert a.fit.estimate != c.fit.estimate
    assert (a.seed, a.imputations) == (1, 5)


def test_means_jump_at_the_first_visit_missed_for_good() -> None:
    y = np.array([[1, np.nan, 1], [1, np.nan, np.nan], [np.nan] * 3, [1, np.nan, np.nan]])
    x = np.array([[1.0, 1], [1, 1], [1, 1], [1, 0]])
    mean = jumped(y, x, 2, 0, np.array([[1.0, 2, 3], [10, 10, 10]]))
    assert mean.tolist() == [[11, 12, 13], [11, 2, 3], [1, 2, 3], [1, 2, 3]]
    third = np.array([[1.0, 0, 1]])
    b = np.array([[1.0, 1, 1], [5, 5, 5], [9, 9, 9]])
    assert jumped(y[2:3], third, 3, 1, b).tolist() == [[6, 6, 6]]


def test_conditional_draws_have_the_right_moments() -> None:
    """Missing second of two: N(mu_2 + s_12/s_11 (y_1 - mu_1), s_22 - s_12^2/s_11)."""
    sigma = np.array([[2.0, 0.9], [0.9, 1.5]])
    y = np.column_stack([np.full(40_000, 3.0), np.full(40_000, np.nan)])
    drawn = conditional(
        y, gaps(y), np.tile([1.0, 5.0], (40_000, 1)), sigma, np.random.default_rng(0)
    )
    mean, variance = 5 + 0.45 * 2, 1.5 - 0.81 / 2
    assert (drawn[:, 0] == 3.0).all()
    assert drawn[:, 1].mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / 40_000))
    assert drawn[:, 1].var() == pytest.approx(variance, rel=4 * np.sqrt(2 / 40_000))


def test_posterior_of_complete_data_is_the_textbooks() -> None:
    """B is centred on least squares; E[Sigma] = S / (n - q - V - 1)."""
    y, arm, baseline, _ = trial(left=1e-9)
    draws = list(posterior(y, arm, baseline, None, 600, np.random.default_rng(0)))
    x, q = draws[0][0], 3
    least = np.linalg.lstsq(x, y, rcond=None)[0]
    b, sigma = np.stack([d[1] for d in draws]), np.stack([d[2] for d in draws])
    assert (np.abs(b.mean(axis=0) - least) < 4 * b.std(axis=0) / np.sqrt(600)).all()
    r = y - x @ least
    expected = r.T @ r / (len(y) - q - 3 - 1)
    assert (np.abs(sigma.mean(axis=0) - expected) < 4 * sigma.std(axis=0) / np.sqrt(600)).all()
    cov_b = np.linalg.inv(x.T @ x)[1, 1] * expected
    np.testing.assert_allclose(np.cov(b[:, 1].T), cov_b, rtol=0.2, atol=0.2 * cov_b.max())


def test_jumping_shrinks_the_effect_by_who_stays() -> None:
    """Nothing seen after randomisation, no covariates: leavers look like controls, so the estimate
    is the share of treated who stay times their difference."""
    rng = np.random.default_rng(2)
    y, arm = rng.standard_normal((400, 1)), np.arange(400) % 2
    y[arm == 1] -= 2
    y[arm == 1, 0] = np.where(np.arange(200) % 4 == 0, np.nan, y[arm == 1, 0])
    stay = np.nanmean(y[arm == 1]) - y[arm == 0].mean()
    found = jump_to_reference(y, arm, imputations=200, seed=1)
    error = np.sqrt(found.between / 200)
    assert found.fit.estimate == pytest.approx(0.75 * stay, abs=4 * error)


def test_jumping_is_more_cautious_than_missing_at_random() -> None:
    y, arm, baseline, stratum = trial(n=200, effect=-1.0)
    found = jump_to_reference(y, arm, baseline, stratum, imputations=50).fit
    assert abs(found.estimate) < abs(mmrm(y, arm, baseline, stratum).estimate[-1])
    assert "jump to reference, 50 imputations" in found.method


def test_without_an_effect_jumping_has_no_bias() -> None:
    """Mean estimate over 60 trials within four standard errors of 0; error rate not above 5 %
    beyond chance (Rubin's variance is known to be too large here)."""
    fits = [jump_to_reference(*trial(seed=k)[:3], imputations=5, seed=k).fit for k in range(60)]
    estimate = np.array([f.estimate for f in fits])
    assert abs(estimate.mean()) < 4 * estimate.std() / np.sqrt(60)
    assert np.mean([f.p < 0.05 for f in fits]) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)


def test_rubins_rules_by_hand() -> None:
    """Three estimates 1, 2, 3 of variance 4: total 4 + 4/3 * 1, and Barnard & Rubin's df."""
    rng = np.random.default_rng(0)
    arm = np.tile(np.arange(30) % 2, (3, 1))
    y = np.tile(rng.standard_normal(30), (3, 1))
    y -= ancova(y[0], arm[0]).estimate * arm
    y *= 2 / ancova(y[0], arm[0]).se
    y += np.array([[1.0], [2], [3]]) * arm
    found = rubin(ancova_batch(y, arm), 0.95, "by hand", 0)
    assert (found.within, found.between) == pytest.approx((4, 1))
    total, share = 4 + 4 / 3, (4 / 3) / (4 + 4 / 3)
    observed = 29 / 31 * 28 * (1 - share)
    df = 1 / (share**2 / 2 + 1 / observed)
    assert (found.fit.estimate, found.fit.se) == pytest.approx((2, np.sqrt(total)))
    assert found.fit.df == pytest.approx(df)
    assert found.fit.high == pytest.approx(2 + stats.t.ppf(0.975, df) * np.sqrt(total))


def test_tipping_point() -> None:
    """The estimate is a straight line in delta, p rises, and at the tipping delta p is alpha."""
    y, arm, baseline, stratum = trial(n=160, effect=-0.8)
    tip = tipping_point(y, arm, baseline, stratum, delta=DELTA, imputations=20, seed=3)
    slope = np.diff(tip.estimate) / np.diff(DELTA)
    assert slope == pytest.approx(slope[0])
    assert slope[0] == pytest.approx(tip.missing / 80, abs=0.01)
    assert tip.tipping is not None
    before = tip.delta <= tip.tipping
    assert (np.diff(tip.p[before]) > 0).all()
    assert (tip.p[before] < 0.05).all()
    at = tipping_point(y, arm, baseline, stratum, delta=[0, tip.tipping], imputations=20, seed=3)
    assert at.p[1] == pytest.approx(0.05, abs=1e-9)


def test_results_that_do_not_tip() -> None:
    strong = tipping_point(*trial(effect=-3.0), delta=[0, 0.1], imputations=5)
    none = tipping_point(*trial(), delta=[0, 1], imputations=5)
    assert (strong.tipping, none.tipping) == (None, 0.0)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"delta": [0.0]}, "two or more shifts"),
        ({"delta": [1.0, 2.0]}, "start at 0"),
        ({"delta": [0.0, 1.0, -1.0]}, "one way"),
        ({"delta": [[0.0, 1.0]]}, "two or more shifts"),
        ({"alpha": 0.0}, "above 0 and below 1"),
        ({"imputations": 1}, "2 or more"),
        ({"arm": np.zeros(80)}, "patients in every arm"),
    ],
)
def test_bad_input(change: dict[str, object], match: str) -> None:
    y, arm, baseline, _ = trial()
    usual = {"values": y, "arm": arm, "baseline": baseline, "delta": DELTA}
    with pytest.raises(InputError, match=match):
        tipping_point(**(usual | change))  # type: ignore[arg-type]


def test_bad_trials() -> None:
    y, arm, baseline, _ = trial()
    with pytest.raises(InputError, match="one trial"):
        jump_to_reference(np.stack([y, y]), np.stack([arm, arm]))
    with pytest.raises(InputError, match="one trial"):
        tipping_point(np.stack([y, y]), np.stack([arm, arm]), delta=DELTA)
    y[:, 2] = np.nan
    with pytest.raises(InputError, match="too few at some visit"):
        jump_to_reference(y, arm, baseline)
