"""Responders: published worked examples, scipy's tests, and what never may happen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vagus.errors import InputError
from vagus.trial.analysis.responders import mantel_haenszel_test, responder_batch, responders


def test_newcombe_1998() -> None:
    """Newcombe 1998 (Stat Med 17:873), table II, method 10: 56/70 - 48/80, 9/10 - 3/10 and 10/10 -
    0/10, to the four decimals printed there."""
    for e, n, low, high in (
        ((48, 56), (80, 70), 0.0524, 0.3339),
        ((3, 9), (10, 10), 0.1705, 0.8090),
        ((0, 10), (10, 10), 0.6075, 1.0000),
    ):
        rd = responders(e, n).rd
        assert (rd.low, rd.high) == pytest.approx((low, high), abs=5e-5)
        assert "Newcombe" in rd.method


def test_ratios_by_hand() -> None:
    """Log Wald: 15 of 40 against 6 of 38."""
    fit = responders((6, 15), (38, 40))
    rr, se = (15 / 40) / (6 / 38), np.sqrt(1 / 15 - 1 / 40 + 1 / 6 - 1 / 38)
    assert fit.rr.estimate == pytest.approx(rr)
    assert fit.rr.high == pytest.approx(rr * np.exp(stats.norm.ppf(0.975) * se))
    odds, se = 15 * 32 / (25 * 6), np.sqrt(1 / 15 + 1 / 25 + 1 / 6 + 1 / 32)
    assert fit.odds_ratio.estimate == pytest.approx(odds)
    assert fit.odds_ratio.low == pytest.approx(odds * np.exp(-stats.norm.ppf(0.975) * se))
    assert fit.rr.method == fit.odds_ratio.method == "Wald on the log scale"
    assert fit.rd.estimate == pytest.approx(15 / 40 - 6 / 38)


def test_event_trial() -> None:
    """3 of 30 against 0 of 29 with 0.5 added: 6.77 (0.37 to 125.65), as the dossier has it."""
    rr = responders((0, 3), (29, 30)).rr
    assert (rr.estimate, rr.low, rr.high) == pytest.approx((6.77, 0.37, 125.65), abs=5e-3)
    assert "0.5 added" in rr.method


def test_tests_equal_scipy() -> None:
    fit = responders((6, 15), (38, 40))
    table = [[6, 15], [32, 25]]
    chi2 = stats.chi2_contingency(table, correction=False)
    assert (fit.chi2, fit.chi2_p) == pytest.approx((chi2.statistic, chi2.pvalue))
    assert fit.fisher_p == pytest.approx(stats.fisher_exact(table).pvalue)
    assert responders((0, 0), (9, 9)).chi2_p == 1.0


def test_mantel_haenszel_over_strata() -> None:
    """One stratum: Pearson's times (N - 1) / N. UC Berkeley admissions 1973 (Bickel et al. 1975):
    R's mantelhaen.test(UCBAdmissions, correct = FALSE) has 1.5246."""
    chi2, _ = mantel_haenszel_test([[6, 15]], [[38, 40]])
    assert chi2 == pytest.approx(responders((6, 15), (38, 40)).chi2 * 77 / 78)
    admitted = [[512, 89], [353, 17], [120, 202], [138, 131], [53, 94], [22, 24]]
    rejected = [[313, 19], [207, 8], [205, 391], [279, 244], [138, 299], [351, 317]]
    chi2, p = mantel_haenszel_test(admitted, np.add(admitted, rejected))
    assert chi2 == pytest.approx(1.5246, abs=5e-5)
    assert p == pytest.approx(stats.chi2.sf(chi2, 1))


def test_missing_counts_as_no_response() -> None:
    response = np.array([[1, 1, 0, np.nan, 1, 0], [np.nan, 1, 0, 0, 1, 1]])
    arm = np.array([[0, 1, 0, 1, 1, 0]] * 2)
    found = responder_batch(response, arm)
    assert found.events.tolist() == [[1, 2], [1, 2]]
    assert found.n.tolist() == [[3, 3]] * 2
    one = responders((1, 2), (3, 3))
    assert found.p == pytest.approx([one.chi2_p] * 2)
    assert found.rd == pytest.approx([one.rd.estimate] * 2)
    assert found.rr == pytest.approx([one.rr.estimate] * 2)
    assert found.odds_ratio == pytest.approx([one.odds_ratio.estimate] * 2)


def test_batch_over_strata() -> None:
    rng = np.random.default_rng(0)
    response, arm = rng.integers(0, 2, (3, 60)) * 1.0, np.tile(np.arange(60) % 2, (3, 1))
    stratum = rng.integers(4, 6, (3, 60))
    found = responder_batch(response, arm, stratum)
    assert found.test == "Cochran-Mantel-Haenszel"
    for k in range(3):
        cell = [(stratum[k] == s) & (arm[k] == a) for s in (4, 5) for a in (0, 1)]
        e = np.reshape([response[k, c].sum() for c in cell], (2, 2))
        n = np.reshape([c.sum() for c in cell], (2, 2))
        assert found.p[k] == pytest.approx(mantel_haenszel_test(e, n)[1])


def test_type_one_error() -> None:
    """Pearson's test at 5 %, 60 per arm, a quarter responds: within 4 SE of its exact size."""
    rng = np.random.default_rng(3)
    arm = np.tile(np.arange(120) % 2, (4000, 1))
    found = responder_batch((rng.random((4000, 120)) < 0.25) * 1.0, arm)
    a, b = np.meshgrid(np.arange(61), np.arange(61))
    chance = stats.binom.pmf(a, 60, 0.25) * stats.binom.pmf(b, 60, 0.25)
    reject = np.reshape(
        [responder_p(x, y) < 0.05 for x, y in zip(a.ravel(), b.ravel(), strict=True)], a.shape
    )
    size = float(chance[reject].sum())
    assert abs((found.p < 0.05).mean() - size) < 4 * np.sqrt(size * (1 - size) / 4000)


def responder_p(x: int, y: int) -> float:
    p = (x + y) / 120
    return (
        1.0
        if p in (0, 1)
        else float(2 * stats.norm.sf(abs(x - y) / 60 / np.sqrt(p * (1 - p) / 30)))
    )


counts = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts, counts)
def test_arms_exchanged(a: tuple[int, int], b: tuple[int, int]) -> None:
    """Signs flip, ratios invert, tests stay, estimates lie in their intervals."""
    fit, other = responders((a[0], b[0]), (a[1], b[1])), responders((b[0], a[0]), (b[1], a[1]))
    assert fit.rd.estimate == pytest.approx(-other.rd.estimate)
    assert fit.rd.low == pytest.approx(-other.rd.high, abs=1e-12)
    for r, s in ((fit.rr, other.rr), (fit.odds_ratio, other.odds_ratio)):
        assert r.estimate * s.estimate == pytest.approx(1)
        assert r.low * s.high == pytest.approx(1)
        assert r.low <= r.estimate <= r.high
    assert fit.chi2 == pytest.approx(other.chi2)
    assert fit.fisher_p == pytest.approx(other.fisher_p)
    assert -1 - 1e-12 <= fit.rd.low <= fit.rd.estimate <= fit.rd.high <= 1 + 1e-12


@pytest.mark.parametrize(
    ("events", "n", "match"),
    [
        ((3, 11), (10, 10), "at most n"),
        ((-1, 1), (10, 10), "0 or more"),
        ((1.5, 1), (10, 10), "whole"),
        ((0, 0), (0, 10), "1 or more in each arm"),
        ((1, 1), (10, 10, 10), "shape"),
        ((1, 1, 1), (10, 10, 10), "control, treated"),
    ],
)
def test_bad_counts(events: tuple[float, ...], n: tuple[float, ...], match: str) -> None:
    with pytest.raises(InputError, match=match):
        responders(events, n)


def test_bad_input() -> None:
    with pytest.raises(InputError, match="above 0 and below 1"):
        responders((1, 1), (9, 9), level=1.5)
    with pytest.raises(InputError, match="1, 0 or NaN"):
        responder_batch([0.5, 1], [0, 1])
    with pytest.raises(InputError, match="both"):
        responder_batch([[0, 1], [1, 1]], [[0, 1], [1, 1]])
