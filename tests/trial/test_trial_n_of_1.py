"""N-of-1: the exact test is exact, and the posterior is the textbook's."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from vagus.errors import InputError
from vagus.trial.analysis import n_of_1
from vagus.trial.analysis.n_of_1 import (
    NormalPrior,
    balanced_sequences,
    paired_sequences,
    posterior,
    randomisation_test,
)

PRIOR = NormalPrior("sceptical", 0.0, 0.5, 0.7, 1.2)


def test_sequences() -> None:
    paired, balanced = paired_sequences(3), balanced_sequences(6, 3)
    assert (paired.shape, balanced.shape) == ((8, 6), (20, 6))
    assert (paired[:, ::2] != paired[:, 1::2]).all()
    assert (balanced.sum(axis=1) == 3).all()
    assert len(np.unique(paired, axis=0)) == 8
    assert len(np.unique(balanced, axis=0)) == 20


def test_all_sequences_by_hand() -> None:
    """Three pairs, each 1 lower under treatment or more: 2 of 8 sequences are as far from 0."""
    y, given_ = [4.0, 6, 5, 4, 3, 7], [True, False, False, True, True, False]
    found = randomisation_test([y], [given_], [paired_sequences(3)])
    assert found.estimate == pytest.approx((4 + 4 + 3) / 3 - (6 + 5 + 7) / 3)
    assert (found.p, found.least_p, found.sequences, found.exact) == (0.25, 0.25, 8, True)


def test_balanced_test_is_scipys() -> None:
    rng = np.random.default_rng(0)
    y, t = rng.standard_normal(8), np.array([True, False] * 4)
    mine = randomisation_test([y], [t], [balanced_sequences(8, 4)])
    found = stats.permutation_test(
        (y[t], y[~t]), lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis),
        n_resamples=np.inf, vectorized=True,
    )  # fmt: skip
    assert mine.p == pytest.approx(found.pvalue)
    assert mine.sequences == 70


def test_over_patients_all_combinations_count() -> None:
    rng = np.random.default_rng(1)
    sets = paired_sequences(2)
    y = rng.standard_normal((3, 4))
    chosen = sets[[0, 2, 3]]
    found = randomisation_test(list(y), list(chosen), [sets] * 3)
    observed = np.mean([y[i, chosen[i]].mean() - y[i, ~chosen[i]].mean() for i in range(3)])
    every = [
        np.mean([y[i, s].mean() - y[i, ~s].mean() for i, s in enumerate(c)])
        for c in product(sets, repeat=3)
    ]
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(observed) - 1e-12))
    assert found.sequences == 64


def test_too_many_combinations_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    sets = paired_sequences(3)
    y, chosen = list(rng.standard_normal((4, 6)) - 0.3), list(sets[[0, 2, 3, 5]])
    exact = randomisation_test(y, chosen, [sets] * 4)
    monkeypatch.setattr(n_of_1, "MOST_EXACT", 100)
    drawn = [randomisation_test(y, chosen, [sets] * 4, seed=s) for s in (1, 1, 2)]
    assert not drawn[0].exact
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0].p == pytest.approx(exact.p, abs=4 * np.sqrt(exact.p / n_of_1.DRAWN))


def test_error_rate_is_exact() -> None:
    """Over all sequences that could be drawn for fixed values, P(p <= a) <= a, and = a where the
    design allows a."""
    y, sets = np.random.default_rng(4).standard_normal(8), balanced_sequences(8, 4)
    p = np.array([randomisation_test([y], [s], [sets]).p for s in sets])
    for a in (0.1, 0.2, 0.5, 2 / 70):
        assert (p <= a + 1e-12).mean() <= a + 1e-12
    assert p.min() == pytest.approx(2 / 70)


@settings(max_examples=50)
@given(st.integers(0, 10_000), st.floats(-50, 50))
def test_labels_and_shift(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    y, sets = rng.standard_normal(6), paired_sequences(3)
    t = sets[rng.integers(8)]
    found, flipped = randomisation_test([y], [t], [sets]), randomisation_test([y], [~t], [sets])
    assert (flipped.estimate, flipped.p) == pytest.approx((-found.estimate, found.p))
    moved = randomisation_test([y + shift], [t], [sets])
    assert (moved.estimate, moved.p) == pytest.approx((found.estimate, found.p))
    below, above = posterior([y], [t], PRIOR), posterior([y], [~t], PRIOR)
    assert below.mean == pytest.approx(-above.mean)
    assert posterior([y + shift], [t], PRIOR).mean == pytest.approx(below.mean)


def test_posterior_by_quadrature() -> None:
    """Mean effect of three patients: prior times likelihood, normalised numerically."""
    rng = np.random.default_rng(2)
    y = [rng.standard_normal(k) - 0.4 for k in (4, 6, 8)]
    t = [np.arange(k) % 2 == 0 for k in (4, 6, 8)]
    d = [a[s].mean() - a[~s].mean() for a, s in zip(y, t, strict=True)]
    v = [PRIOR.noise_sd**2 * 4 / k for k in (4, 6, 8)]

    def density(mu: float) -> float:
        spread = [np.sqrt(PRIOR.between_sd**2 + x) for x in v]
        return float(
            stats.norm.pdf(mu, PRIOR.mean, PRIOR.sd) * np.prod(stats.norm.pdf(d, mu, spread))
        )

    whole = integrate.quad(density, -6, 6)[0]
    mean = integrate.quad(lambda m: m * density(m), -6, 6)[0] / whole
    below = integrate.quad(density, -6, 0)[0] / whole
    found = posterior(y, t, PRIOR)
    assert (found.mean, found.below_zero) == pytest.approx((mean, below), rel=1e-7)
    assert found.high - found.low == pytest.approx(2 * stats.norm.ppf(0.975) * found.sd)


def test_patients_effects_by_the_joint_normal() -> None:
    """(mu, theta_i) given d, from the joint covariance of all of them."""
    rng = np.random.default_rng(2)
    y = [rng.standard_normal(k) for k in (4, 6)]
    t = [np.arange(k) % 2 == 0 for k in (4, 6)]
    d = np.array([a[s].mean() - a[~s].mean() for a, s in zip(y, t, strict=True)])
    v = PRIOR.noise_sd**2 * np.array([1.0, 4 / 6])
    theta = PRIOR.sd**2 + PRIOR.between_sd**2 * np.eye(2)
    gain = theta @ np.linalg.inv(theta + np.diag(v))
    found = posterior(y, t, PRIOR)
    np.testing.assert_allclose(found.patient_mean, gain @ d, rtol=1e-12)
    np.testing.assert_allclose(found.patient_sd**2, np.diag(theta - gain @ theta), rtol=1e-12)


def test_limits_of_the_prior() -> None:
    """A flat prior leaves the data; a narrow one, itself; more noise widens the interval."""
    y, t = [np.array([1.0, 4, 2, 5])], [np.array([True, False, True, False])]
    flat = posterior(y, t, NormalPrior("flat", 0.0, 1e6, 0.0, 1.0))
    assert (flat.mean, flat.sd) == pytest.approx((-3.0, 1.0))
    narrow = posterior(y, t, NormalPrior("narrow", 0.2, 1e-6, 0.0, 1.0))
    assert narrow.mean == pytest.approx(0.2)
    noisy = posterior(y, t, NormalPrior("flat", 0.0, 1e6, 0.0, 2.0))
    assert noisy.sd > flat.sd
    assert noisy.prior.name == "flat"


def test_periods_without_a_value_are_left_out() -> None:
    y, t = [1.0, 4, np.nan, 5, 2, 6], [True, False, True, False, True, False]
    found = randomisation_test([y], [t], [paired_sequences(3)])
    assert found.estimate == pytest.approx(1.5 - 5)
    assert found.sequences == 8


@pytest.mark.parametrize(
    ("values", "treated", "allowed", "match"),
    [
        ([], [], [], "one or more"),
        ([[1.0, 2]], [[True, False]], [], "as the other two"),
        ([[1.0, 2]], [[True]], [[[True, False]]], "one per period"),
        ([[1.0, 2]], [[True, False]], [[[False, True]]], "the one that was given"),
        ([[1.0, np.nan]], [[True, False]], [[[True, False]]], "under treatment and under control"),
    ],
)
def test_bad_input(
    values: list[list[float]],
    treated: list[list[bool]],
    allowed: list[list[list[bool]]],
    match: str,
) -> None:
    with pytest.raises(InputError, match=match):
        randomisation_test(values, treated, allowed)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((0.0, -1.0, 0.5, 1.0), "`sd`"),
        ((0.0, 1.0, 0.5, 0.0), "`noise_sd`"),
        ((0.0, 1.0, -0.5, 1.0), "`between_sd`"),
    ],
)
def test_negative_sd(arguments: tuple[float, float, float, float], match: str) -> None:
    with pytest.raises(InputError, match=match):
        NormalPrior("bad", *arguments)


def test_other_bad_input() -> None:
    with pytest.raises(InputError, match="1 or more"):
        paired_sequences(0)
    with pytest.raises(InputError, match="above 0 and below 4"):
        balanced_sequences(4, 4)
    with pytest.raises(InputError, match="above 0 and below 1"):
        posterior([[1.0, 2]], [[True, False]], PRIOR, level=2.0)
    with pytest.raises(InputError, match="as `treated`"):
        posterior([[1.0, 2]], [], PRIOR)
