"""Numbers of patients against rpact, exact integrals and simulated t tests."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from vagus.errors import InputError
from vagus.trial.sample_size import (
    patients_for_means,
    patients_for_rates,
    power_means,
    sequential_patients,
    smallest_shown,
    whole,
    with_drop_out,
)
from vagus.trial.sequential import boundaries

R_LOG = (Path(__file__).parents[1] / "golden" / "gold2_R.txt").read_text()


def from_r(pattern: str) -> float:
    (found,) = re.findall(pattern, R_LOG)
    return float(found)


def power_by_quadrature(n: float, difference: float, alpha: float) -> float:
    """P(Z + ncp > c S), S^2 ~ chi2 / df: the noncentral t distribution without its series."""
    df = n - 2.0
    c, ncp = stats.t.isf(alpha, df), difference * np.sqrt(n) / 2

    def integrand(s: float) -> float:
        return float(stats.norm.sf(c * s - ncp) * 2 * df * s * stats.chi2.pdf(df * s * s, df))

    return float(integrate.quad(integrand, 0.4, 1.8, epsabs=1e-13, limit=400)[0])


def test_means_need_as_many_as_rpact_says_within_its_tolerance() -> None:
    """rpact 3.3.4 searches n to 1e-4 of a patient and stops 4e-5 beside the root.

    Ours is at the root: its power, by an integral of its own, is 0.8 to 1e-12.
    """
    n = patients_for_means(0.5, 1.0, 0.8, 0.025, 1)
    printed = from_r(r"fixed n ([\d.]+)")
    assert n == pytest.approx(printed, abs=1e-4)
    assert power_by_quadrature(n, 0.5, 0.025) == pytest.approx(0.8, abs=1e-12)
    assert abs(power_by_quadrature(printed, 0.5, 0.025) - 0.8) > 1e-8


def test_rates_need_as_many_as_rpact_says() -> None:
    n = patients_for_rates(0.5, 0.3, 0.8, 0.025, 1)
    assert n == pytest.approx(from_r(r"rates .* fixed ([\d.]+)"), abs=1e-6)
    assert patients_for_rates(0.3, 0.5, 0.8, 0.05, 2) == pytest.approx(n, abs=1e-9)


def test_looks_need_as_many_as_rpact_says() -> None:
    """From the fixed number that rpact starts from, its largest and expected number to 1e-6."""
    plan = boundaries((1 / 3, 2 / 3, 1.0), "lan-demets-obf", 0.025, 1)
    size = sequential_patients(from_r(r"fixed n ([\d.]+)"), plan, 0.8)
    assert size.largest == pytest.approx(from_r(r"n max .*?: ([\d.]+)"), abs=1e-6)
    assert size.expected_effect == pytest.approx(from_r(r"E\[N\|H1\] ([\d.]+)"), abs=1e-6)
    assert size.expected_effect < size.expected_none < size.largest
    assert size.looks == pytest.approx([size.largest / 3, 2 * size.largest / 3, size.largest])
    own = sequential_patients(patients_for_means(0.5, 1.0, 0.8, 0.025, 1), plan, 0.8)
    assert own.largest == pytest.approx(size.largest, abs=1e-4)


def test_simulated_t_tests_reject_as_often_as_computed() -> None:
    rng, trials, per_arm = np.random.default_rng(3), 20_000, 32
    active = 0.7 + rng.standard_normal((trials, per_arm))
    other = rng.standard_normal((trials, per_arm))
    result = stats.ttest_ind(active, other, axis=1)
    observed = np.mean((result.pvalue < 0.05) & (result.statistic > 0))
    wanted = power_means(2 * per_arm, 0.7, 1.0)
    assert abs(observed - wanted) < 4 * np.sqrt(wanted * (1 - wanted) / trials)


@given(st.floats(0.05, 3.0), st.floats(0.3, 0.97), st.floats(0.005, 0.2), st.floats(0.3, 3.0))
def test_more_is_needed_for_less(d: float, power: float, alpha: float, ratio: float) -> None:
    n = patients_for_means(d, 1.0, power, alpha, 2, ratio)
    assert power_means(n, d, 1.0, alpha, 2, ratio) >= power - 1e-9
    assert n == 4 or patients_for_means(d / 2, 1.0, power, alpha, 2, ratio) > n
    assert patients_for_means(2 * d, 2.0, power, alpha, 2, ratio) == pytest.approx(n, rel=1e-9)
    assert patients_for_means(-d, 1.0, power, alpha, 2, ratio) == pytest.approx(n, rel=1e-9)
    assert patients_for_means(d, 1.0, power, alpha, 2, 1 / ratio) == pytest.approx(n, rel=1e-9)
    if n > 4:
        assert smallest_shown(n, power, alpha, 2, ratio) == pytest.approx(d, rel=1e-6)


def test_drop_out_and_whole_patients() -> None:
    assert with_drop_out(81.0, 0.1, 2) == pytest.approx(100.0)
    assert with_drop_out(50.0, 0.0, 4) == 50.0
    assert whole(127.53) == (64, 64)
    assert whole(100.0000000001) == (50, 50)
    assert whole(90.5, ratio=2.0) == (61, 31)
    assert whole(1.2) == (2, 2)


@pytest.mark.parametrize(
    ("call", "part"),
    [
        (lambda: patients_for_means(0.5, -1.0), "`sd` is -1.0"),
        (lambda: patients_for_means(0.0, 1.0), "None needs no trial"),
        (lambda: patients_for_means(float("nan"), 1.0), "`difference`"),
        (lambda: patients_for_means(1e-9, 1.0), "Is its unit that of `sd`"),
        (lambda: patients_for_means(0.5, 1.0, power=0.01), "`power` is 0.01"),
        (lambda: patients_for_means(0.5, 1.0, alpha=1.5), "`alpha` is 1.5"),
        (lambda: patients_for_means(0.5, 1.0, ratio=0.0), "`ratio` is 0.0"),
        (lambda: patients_for_rates(0.5, 0.5), "other than the control's"),
        (lambda: patients_for_rates(1.2, 0.5), "`active` is 1.2"),
        (lambda: with_drop_out(10, 1.0, 3), "`drop_out.per_visit` is 1.0"),
        (lambda: with_drop_out(10, 0.1, 0), "`visits` is 0"),
        (lambda: smallest_shown(2.0), "`n` is 2.0"),
    ],
)
def test_bad_input(call: object, part: str) -> None:
    with pytest.raises(InputError, match=part):
        call()  # type: ignore[operator]
