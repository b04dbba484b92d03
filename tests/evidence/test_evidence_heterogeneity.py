"""Estimators of τ² by what defines them; Q-profile and profile likelihood against metafor."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from evidence_golden import after, bcg, digits, given, gold, log
from scipy import optimize, stats

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import (
    COMMON,
    ESTIMATORS,
    estimate_tau2,
    i2_h2,
    i2_h2_from_q,
    typical_variance,
)
from vagus.evidence.least_squares import Floats, weighted_fit
from vagus.evidence.likelihood import log_likelihood, score
from vagus.evidence.paule_mandel import generalised_q
from vagus.evidence.q_profile import profile_likelihood, q_profile

ROOT_TOLERANCE = float(np.finfo(float).eps) ** 0.25  # R: .Machine$double.eps^0.25 = 1.2e-4


def arrays() -> tuple[Floats, Floats, Floats]:
    e = bcg()
    return e.y, e.v, np.ones((e.k, 1))


def test_all_tau2_of_the_json() -> None:
    theirs = gold()["bcg_logRR"]["tau2"]
    ours = {method: estimate_tau2(*arrays(), method).tau2 for method in theirs}
    for method, value in theirs.items():
        assert digits([ours[method]], [value]) > 8.9, method


def test_moment_estimators_as_sums() -> None:
    """The textbook forms without matrices, for one mean."""
    y, v, x = arrays()
    k, w = len(y), 1 / v
    q = (w * (y - (w @ y) / w.sum()) ** 2).sum()
    dl = (q - (k - 1)) / (w.sum() - (w**2).sum() / w.sum())
    expected = {"HE": y.var(ddof=1) - v.mean(), "DL": dl, "HS": (q - k) / w.sum()}
    for method, tau2 in expected.items():
        assert estimate_tau2(y, v, x, method).tau2 == pytest.approx(tau2, rel=1e-12)


def test_moment_estimators_are_unbiased() -> None:
    """Mean of HE and DL over many simulated meta-analyses is the true τ² (no truncation here)."""
    rng = np.random.default_rng(4)
    v = np.array([0.05, 0.1, 0.2, 0.3, 0.15, 0.08, 0.12, 0.25, 0.06, 0.1])
    x = np.ones((len(v), 1))
    tau2 = 1.0
    drawn = rng.normal(0.5, np.sqrt(v + tau2), (800, len(v)))
    for method in ("HE", "DL", "PM", "REML"):
        found = np.array([estimate_tau2(y, v, x, method).tau2 for y in drawn])
        error = found.std(ddof=1) / np.sqrt(len(found))
        assert abs(found.mean() - tau2) < 3.5 * error, method


def test_empirical_bayes_is_paule_mandel() -> None:
    """One equation: Q(τ²) = k - p, solved to the last digits; metafor's EB agrees."""
    y, v, x = arrays()
    pm, eb = (estimate_tau2(y, v, x, method) for method in ("PM", "EB"))
    assert pm == eb
    assert generalised_q(pm.tau2, y, v, x) == pytest.approx(12, rel=1e-13)
    assert digits([pm.tau2], [gold()["bcg_logRR"]["tau2"]["EB"]]) > 9
    pmm = estimate_tau2(y, v, x, "PMM").tau2
    assert generalised_q(pmm, y, v, x) == pytest.approx(stats.chi2.median(12), rel=1e-12)


@pytest.mark.parametrize(("method", "restricted"), [("ML", False), ("REML", True)])
def test_likelihood_estimates_are_maxima(method: str, restricted: bool) -> None:
    y, v, x = arrays()
    tau2 = estimate_tau2(y, v, x, method).tau2

    def at(t: float) -> float:
        return float(log_likelihood(t, y, v, x, restricted=restricted))

    step = 1e-5
    slope = (at(tau2 / 2 + step) - at(tau2 / 2 - step)) / (2 * step)
    assert float(score(tau2 / 2, y, v, x, restricted=restricted)) == pytest.approx(slope, rel=1e-6)
    assert abs(float(score(tau2, y, v, x, restricted=restricted))) < 1e-11
    assert at(tau2) > max(at(tau2 * 1.01), at(tau2 * 0.99))
    # the same from Fisher scoring, as metafor does it
    other = 1.0
    for _ in range(200):
        fit = weighted_fit(y, x, 1 / (v + other))
        information = (fit.projection**2).sum() if restricted else (fit.w**2).sum()
        other += float(2 * score(other, y, v, x, restricted=restricted) / information)
    assert tau2 == pytest.approx(other, rel=1e-11)


def test_the_highest_of_two_maxima_is_taken() -> None:
    """A precise pair far apart, and imprecise others: the likelihood has two maxima."""
    rng = np.random.default_rng(0)
    found = 0
    for _ in range(300):
        y = np.concatenate([rng.normal(0, 0.3, 4), rng.normal(0, 3, 3)])
        v = np.concatenate([rng.uniform(1e-4, 1e-3, 4), rng.uniform(0.5, 5, 3)])
        x = np.ones((7, 1))
        grid = np.concatenate([[0], np.geomspace(1e-5, 100, 2000)])
        heights = log_likelihood(grid, y, v, x, restricted=True)
        tau2 = estimate_tau2(y, v, x, "REML").tau2
        best = float(log_likelihood(tau2, y, v, x, restricted=True))
        assert best >= heights.max() - 1e-9
        found += int(((heights[1:-1] > heights[:-2]) & (heights[1:-1] > heights[2:])).sum() > 1)
    assert found > 0


@pytest.mark.parametrize("method", [m for m in ESTIMATORS if m not in (COMMON, "SJ")])
def test_at_the_boundary(method: str) -> None:
    """Effects closer than sampling explains: τ² is exactly 0, its standard error is finite."""
    y, v = np.array([0.1, 0.11, 0.09, 0.1]), np.full(4, 0.2)
    result = estimate_tau2(y, v, np.ones((4, 1)), method)
    assert result.tau2 == 0
    assert np.isfinite(result.se)
    assert result.se > 0


def test_sidik_jonkman_is_above_zero_by_its_construction() -> None:
    y, v = np.array([0.1, 0.11, 0.09, 0.1]), np.full(4, 0.2)
    assert estimate_tau2(y, v, np.ones((4, 1)), "SJ").tau2 > 0


def test_i2_and_h2() -> None:
    """For DL the share by τ² is the one by Q; typical variance as Higgins & Thompson give it."""
    y, v, x = arrays()
    w = 1 / v
    s2 = 12 * w.sum() / (w.sum() ** 2 - (w**2).sum())
    assert typical_variance(v, x) == pytest.approx(s2, rel=1e-12)
    q = float(weighted_fit(y, x, w).q)
    i2, h2 = i2_h2(estimate_tau2(y, v, x, "DL").tau2, v, x)
    assert (float(i2), float(h2)) == pytest.approx(i2_h2_from_q(q, 12), rel=1e-12)
    assert i2_h2_from_q(5.0, 12)[0] == 0
    assert i2_h2_from_q(0.0, 12) == (0, 0)


def zeroin(function: Callable[[float], float], a: float, b: float) -> float:
    """Brent's root search with the tolerance that R's `uniroot` gets from metafor."""
    fa, fb = function(a), function(b)
    c, fc = a, fa
    while True:
        previous = b - a
        if abs(fc) < abs(fb):
            a, b, c, fa, fb, fc = b, c, b, fb, fc, fb
        least = 2 * float(np.finfo(float).eps) * abs(b) + ROOT_TOLERANCE / 2
        step = (c - b) / 2
        if abs(step) <= least or fb == 0:
            return b
        if abs(previous) >= least and abs(fa) > abs(fb):
            s = fb / fa
            if a == c:
                p, q = (c - b) * s, 1 - s
            else:
                u, w = fa / fc, fb / fc
                p = s * ((c - b) * u * (u - w) - (b - a) * (w - 1))
                q = (u - 1) * (w - 1) * (s - 1)
            p, q = (p, -q) if p > 0 else (-p, q)
            if p < 0.75 * (c - b) * q - abs(least * q) / 2 and p < abs(previous * q / 2):
                step = p / q
        a, fa = b, fb
        b += step if abs(step) >= least else np.copysign(least, step)
        fb = function(b)
        if (fb > 0) == (fc > 0):
            c, fc = a, fa


def test_metafors_roots_are_ours_but_for_its_tolerance() -> None:
    """PM, PMM, the Q-profile and the profile-likelihood bounds of metafor come from `uniroot`
    with tolerance 1.2e-4. The same search on our functions stops at the same digits."""
    y, v, x = arrays()

    def search(target: float) -> float:
        return zeroin(lambda t: generalised_q(t, y, v, x) - target, 0.0, 100.0)

    chi2 = stats.chi2(12)
    printed = {
        12.0: after("PM ")[0],
        chi2.median(): after("PMM")[0],
        chi2.ppf(0.975): after("QP tau2 CI", "gold2_R")[0],
        chi2.ppf(0.025): after("QP tau2 CI", "gold2_R")[1],
    }
    for target, theirs in printed.items():
        assert digits([search(target)], [theirs]) > 7.2
    best = estimate_tau2(y, v, x, "REML").tau2
    cut = float(log_likelihood(best, y, v, x, restricted=True)) - stats.chi2.ppf(0.95, 1) / 2

    def above(tau2: float) -> float:
        return float(log_likelihood(tau2, y, v, x, restricted=True)) - cut

    ours = [zeroin(above, 0.0, best), zeroin(above, best, 100.0)]
    assert digits(ours, after("PL tau2 CI", "gold2_R")) > 7.2
    assert digits(ours, gold()["bcg_logRR"]["REML"]["tau2_PL_ci"]) > 6.5


def test_intervals_of_tau2_solve_their_equations() -> None:
    y, v, x = arrays()
    qp, pl = q_profile(bcg()), profile_likelihood(bcg())
    for bound, p in zip(qp.tau2, (0.975, 0.025), strict=True):
        assert generalised_q(bound, y, v, x) == pytest.approx(stats.chi2.ppf(p, 12), rel=1e-12)
    best = estimate_tau2(y, v, x, "REML").tau2
    top = float(log_likelihood(best, y, v, x, restricted=True))
    for bound in pl.tau2:
        fall = top - float(log_likelihood(bound, y, v, x, restricted=True))
        assert fall == pytest.approx(stats.chi2.ppf(0.95, 1) / 2, rel=1e-10)
    # what metafor prints, to its tolerance
    theirs = gold()["bcg_logRR"]["REML"]
    np.testing.assert_allclose(qp.tau2, theirs["tau2_QP_ci"], atol=ROOT_TOLERANCE)
    np.testing.assert_allclose(pl.tau2, theirs["tau2_PL_ci"], atol=ROOT_TOLERANCE)


def test_intervals_of_i2_and_h2() -> None:
    """The two blocks of `confint` in the log, estimate and bounds of tau, I2 and H2."""
    block = re.findall(r"^(tau|I\^2\(%\)|H\^2) +(\S+) +(\S+) +(\S+) *$", log(), re.MULTILINE)
    for n, ours in enumerate((q_profile(bcg()), profile_likelihood(bcg()))):
        rows = {name: (float(low), float(high)) for name, _, low, high in block[3 * n : 3 * n + 3]}
        for name, value in {"tau": ours.tau, "I^2(%)": ours.i2, "H^2": ours.h2}.items():
            np.testing.assert_allclose(value, rows[name], rtol=3e-4)


def test_q_profile_of_schools() -> None:
    """Konstantopoulos (2011), two levels, as metafor's own tests have it in 4 decimals."""
    near = ROOT_TOLERANCE + 5e-5
    assert q_profile(given("konstantopoulos2011")).tau2 == pytest.approx((0.0564, 0.1388), abs=near)


def test_intervals_at_the_boundary_and_bad_input() -> None:
    close = Effects("SMD", np.array([0.1, 0.11, 0.09, 0.1]), np.full(4, 0.2))
    assert q_profile(close).tau2 == (0, 0)
    assert profile_likelihood(close).tau2[0] == 0
    assert profile_likelihood(close, "ML").tau2[1] > 0
    for call in (q_profile, profile_likelihood):
        with pytest.raises(InputError, match="at least 2"):
            call(bcg().select([0]))
        with pytest.raises(InputError, match="level"):
            call(bcg(), level=1.5)
    with pytest.raises(InputError, match="ML or REML"):
        profile_likelihood(bcg(), "DL")


def test_q_profile_covers() -> None:
    """Share of 90 % intervals that hold the true τ², within Monte-Carlo error of 0.9."""
    rng = np.random.default_rng(11)
    v = rng.uniform(0.02, 0.3, 8)
    hits = 0
    for _ in range(400):
        y = rng.normal(0.2, np.sqrt(v + 0.15))
        low, high = q_profile(Effects("SMD", y, v), 0.9).tau2
        hits += low <= 0.15 <= high
    assert abs(hits / 400 - 0.9) < 3.5 * np.sqrt(0.09 / 400)


def test_unknown_method() -> None:
    with pytest.raises(InputError, match="one of FE, DL"):
        estimate_tau2(*arrays(), "bayes")


def test_reml_agrees_with_a_general_optimiser() -> None:
    """Meta-regression case: profile likelihood maximised by scipy over τ."""
    e = given("raudenbush1985")
    x = np.column_stack([np.ones(e.k), np.arange(e.k) % 3])
    tau2 = estimate_tau2(e.y, e.v, x, "REML").tau2
    best = optimize.minimize_scalar(
        lambda t: -float(log_likelihood(t, e.y, e.v, x, restricted=True)),
        bounds=(0, 1),
        method="bounded",
        options={"xatol": 1e-10},
    )
    assert tau2 == pytest.approx(best.x, abs=1e-7)
