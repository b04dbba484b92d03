"""Effects worked back from statistics: each way must return what the statistic was made from."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.binary import TwoByTwo, log_odds_ratio
from vagus.evidence.effects import Effects
from vagus.evidence.from_reported import (
    d_beyond,
    from_interval,
    from_quartiles,
    from_range,
    md_from_p,
    sd_from_interval,
    sd_from_se,
    smd_from_f,
    smd_from_log_or,
    smd_from_p,
    smd_from_t,
)
from vagus.evidence.smd import hedges_g

groups = st.integers(3, 200)


@given(n1=groups, n2=groups, m=st.floats(0.1, 3), seed=st.integers(0, 99))
def test_t_f_and_p_return_the_g_of_the_means(n1: int, n2: int, m: float, seed: int) -> None:
    """A t test of two samples (scipy), read back, gives g of their means and SDs."""
    rng = np.random.default_rng(seed)
    a, b = rng.normal(m, 1, n1), rng.normal(0, 1.5, n2)
    found = stats.ttest_ind(a, b)
    true = hedges_g(a.mean(), a.std(ddof=1), n1, b.mean(), b.std(ddof=1), n2)
    sign = float(np.sign(found.statistic))
    assert smd_from_t(found.statistic, n1, n2).y == pytest.approx(true.y, rel=1e-9)
    assert smd_from_t(found.statistic, n1, n2).v == pytest.approx(true.v, rel=1e-9)
    by_f = smd_from_f(stats.f_oneway(a, b).statistic, n1, n2, sign)
    assert by_f.y == pytest.approx(true.y, rel=1e-6, abs=1e-6)
    if 0 < found.pvalue < 1:
        assert smd_from_p(found.pvalue, n1, n2, sign).y == pytest.approx(true.y, rel=1e-6, abs=1e-9)


@given(n1=groups, n2=groups, p=st.floats(1e-6, 0.999))
def test_direction_flips_the_sign(n1: int, n2: int, p: float) -> None:
    up, down = smd_from_p(p, n1, n2, 1), smd_from_p(p, n1, n2, -1)
    assert up.y == -down.y
    assert up.v == down.v
    swapped = smd_from_p(p, n2, n1, 1)
    assert swapped.y == pytest.approx(up.y)


def test_a_bound_on_p_is_no_effect() -> None:
    """`p < 0.05` with 20 per arm says |d| > 0.640 and nothing else."""
    for relation in ("<", ">", "<="):
        with pytest.raises(InputError, match=r"allowed: `=`.*bounds the effect on one side"):
            smd_from_p(0.05, 20, 20, 1, relation)
        with pytest.raises(InputError, match="exact p"):
            md_from_p(1.2, 0.05, 20, 20, relation)
    assert float(d_beyond(0.05, 20, 20)) == pytest.approx(2.0243942 * np.sqrt(0.1), rel=1e-7)


def test_md_from_p_returns_its_standard_error() -> None:
    """Difference 2 with SE 0.8 and 38 degrees of freedom."""
    p = 2 * stats.t.sf(2 / 0.8, 38)
    found = md_from_p(-2, p, 20, 20)
    assert found.se == pytest.approx([0.8])
    assert found.y[0] == -2
    with pytest.raises(InputError, match="`difference` is 0"):
        md_from_p(0, 0.5, 20, 20)


@given(
    y=st.floats(-3, 3),
    se=st.floats(0.01, 2),
    level=st.sampled_from([0.8, 0.9, 0.95, 0.99]),
    df=st.one_of(st.none(), st.integers(2, 200)),
)
def test_intervals_return_their_standard_error(
    y: float, se: float, level: float, df: int | None
) -> None:
    q = stats.norm.ppf(0.5 + level / 2) if df is None else stats.t.ppf(0.5 + level / 2, df)
    found = from_interval("MD", y, y - q * se, y + q * se, level, df)
    assert found.se == pytest.approx([se], rel=1e-6)
    assert "0% off the middle" in found.method[0]
    ratios = np.exp([y, y - q * se, y + q * se])
    odds = from_interval("log OR", *ratios, level, df)
    assert (odds.y[0], odds.se[0]) == pytest.approx((y, se), rel=1e-6, abs=1e-9)


def test_published_intervals() -> None:
    """Song 2023, OR 1.64 (1.10-2.47), and Lai 2020, SMD -0.159 (-0.357, 0.04)."""
    song = from_interval("log OR", 1.64, 1.10, 2.47)
    assert np.exp(song.y[0]) == pytest.approx(1.64)
    assert np.exp(song.interval()) == pytest.approx(np.array([[1.10], [2.47]]), rel=0.01)
    assert song.method == ("log OR, SE from 95% CI (z, logarithms; 1% off the middle)",)
    lai = from_interval("SMD", -0.159, -0.357, 0.04)
    assert lai.se == pytest.approx([0.397 / (2 * 1.959964)], rel=1e-6)


def test_an_interval_of_another_kind_is_seen_in_the_method() -> None:
    """A ratio taken for a difference lies far off the middle of its interval."""
    assert "45% off" in from_interval("MD", 6.77, 0.37, 125.65).method[0]


def test_sd_of_an_arm_from_se_and_interval() -> None:
    assert float(sd_from_se(0.5, 36)) == pytest.approx(3)
    half = stats.t.ppf(0.975, 35) * 0.5
    assert float(sd_from_interval(5 - half, 5 + half, 36)) == pytest.approx(3)


def test_quartiles_and_range_by_hand() -> None:
    """n = 99: w = 0.7 + 0.39/99, z(74.125/99.25) = 0.66463; range z(98.625/99.25) = 2.49436."""
    found = from_quartiles(2, 4, 7, 99)
    w = 0.7 + 0.39 / 99
    assert float(found.mean) == pytest.approx(w * 4.5 + (1 - w) * 4)
    z = stats.norm.ppf([74.125 / 99.25, 98.625 / 99.25])
    assert float(found.sd) == pytest.approx(5 / (2 * z[0]))
    ranged = from_range(0, 4, 10, 99)
    share = 4 / (4 + 99**0.75)
    assert float(ranged.mean) == pytest.approx(share * 5 + (1 - share) * 4)
    assert float(ranged.sd) == pytest.approx(10 / (2 * z[1]))
    assert "Luo 2018" in found.method
    assert "range" in ranged.method


@pytest.mark.parametrize("n", [17, 49, 201])
def test_medians_of_normal_samples_return_mean_and_sd(n: int) -> None:
    """4,000 normal samples: the estimates are right on average, and the SD within 2 %."""
    rng = np.random.default_rng(5)
    x = rng.normal(5, 2, (4000, n))
    q1, median, q3 = np.quantile(x, [0.25, 0.5, 0.75], axis=1)
    for found in (
        from_quartiles(q1, median, q3, n), from_range(x.min(axis=1), median, x.max(axis=1), n),
    ):  # fmt: skip
        assert found.mean.mean() == pytest.approx(5, abs=0.04)
        assert found.sd.mean() == pytest.approx(2, rel=0.02)


def test_smd_from_odds_ratio_is_marked() -> None:
    odds = log_odds_ratio(TwoByTwo([20], [40], [10], [40]))
    found = smd_from_log_or(odds)
    assert found.y == pytest.approx(odds.y * np.sqrt(3) / np.pi)
    assert found.v == pytest.approx(odds.v * 3 / np.pi**2)
    assert found.method == ("approximation: SMD from log OR (logistic); events of two arms",)
    with pytest.raises(InputError, match="`measure` is SMD; allowed: log OR"):
        smd_from_log_or(found)


def test_smd_from_odds_ratio_holds_for_cut_logistic_outcomes() -> None:
    """Two logistic distributions d SDs apart have the log odds ratio d pi / sqrt(3) at any cut."""
    d, spread = 0.4, np.sqrt(3) / np.pi  # scale of a logistic with SD 1
    for cut in (-1.0, 0.0, 0.7):
        p1, p2 = stats.logistic.sf(cut, d, spread), stats.logistic.sf(cut, 0, spread)
        log_or = np.log(p1 / (1 - p1)) - np.log(p2 / (1 - p2))
        assert smd_from_log_or(Effects("log OR", [log_or], [0.1])).y == pytest.approx([d])


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: smd_from_p(0, 20, 20, 1), "`p` is 0; allowed: strictly between 0 and 1"),
        (lambda: smd_from_p(1.0, 20, 20, 1), "`p` is 1; allowed: strictly"),
        (lambda: smd_from_p(0.5, 20, 20, 0), "`direction` is 0; allowed: 1 .*has no sign"),
        (lambda: smd_from_f(-1, 20, 20, 1), "`f` is -1; allowed: at least 0"),
        (lambda: smd_from_t(2, 1, 20), "`n_1` is 1; allowed: at least 2"),
        (lambda: from_interval("MD", 1, 2, 3), "`estimate` is 1 .*inside `low` to `high`"),
        (lambda: from_interval("MD", 1, 2, 0), "Typing error"),
        (lambda: from_interval("MD", 1, 0, 2, 95), "`level` is 95"),
        (lambda: from_interval("log RR", -1, 0.5, 2), "`estimate` is -1; allowed: above 0"),
        (lambda: from_interval("SMD", 1, 0, 2, df=0), "`df` is 0"),
        (lambda: from_quartiles(4, 3, 7, 20), "`median` is 3; allowed: between `q_1` and `q_3`"),
        (lambda: from_range(4, 4, 4, 20), "between `low` and `high`, which differ"),
        (lambda: sd_from_se(-1, 20), "`se` is -1; allowed: above 0"),
        (lambda: sd_from_interval(3, 2, 20), "`high - low` is -1"),
    ],
)
def test_bad_reports_are_named(call: object, says: str) -> None:
    with pytest.raises(InputError, match=says):
        call()
