"""MMRM: equal to R's nlme, to least squares where that is exact, and to its own definition."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.errors import InputError
from vagus.trial.analysis.ancova import ancova
from vagus.trial.analysis.columns import columns
from vagus.trial.analysis.contrast import Floats, Ints
from vagus.trial.analysis.mmrm import MmrmFit, mmrm
from vagus.trial.analysis.mmrm_batch import mmrm_batch
from vagus.trial.analysis.patterns import Statistics, statistics
from vagus.trial.analysis.reml import Point, at_sigma, elements, gradient_matrix, information
from vagus.trial.analysis.satterthwaite import gradient

GOLDEN = Path(__file__).parents[1] / "golden"
LEAVES = {"M03": 12, "M07": 14, "F02": 10, "F09": 14, "M11": 12}


def orthodont(leave: bool = False) -> tuple[Floats, Ints]:
    """Potthoff & Roy 1964: [27, 4] distances at ages 8, 10, 12, 14; girls are arm 1."""
    with (GOLDEN / "orthodont.csv").open() as file:
        rows = list(csv.DictReader(file))
    who = sorted({r["Subject"] for r in rows})
    y = np.full((len(who), 4), np.nan)
    for r in rows:
        age = int(r["age"])
        if not (leave and age >= LEAVES.get(r["Subject"], 99)):
            y[who.index(r["Subject"]), (age - 8) // 2] = float(r["distance"])
    return y, np.array([int(w.startswith("F")) for w in who])


def nlme(leave: bool) -> dict[str, Floats]:
    """What R printed: logREML, coefficients and their standard errors, Sigma, contrasts."""
    text = (GOLDEN / "mmrm_R.txt").read_text().split("==")[2 if leave else 1].splitlines()
    beta = [line.split()[-2:] for line in text[1:9]]
    sigma = [line.replace('"', "").split()[1:] for line in text[10:14]]
    out = {
        "log_reml": np.array(float(text[0].split()[-1])),
        "beta": np.array(beta, dtype=float),
        "sigma": np.array(sigma, dtype=float),
    }
    if not leave:
        out["contrast"] = np.array([line.split()[2:] for line in text[15:19]], dtype=float)
    return out


def as_r(fit: MmrmFit) -> Floats:
    """[8, 2] coefficients of R's treatment contrasts and their standard errors."""
    to_r = np.zeros((8, 8))
    to_r[0, 0] = to_r[1, 1] = 1
    for v in range(1, 4):
        to_r[1 + v, [2 * v, 0]] = 1, -1
        to_r[4 + v, [2 * v + 1, 1]] = 1, -1
    return np.stack([to_r @ fit.beta, np.sqrt(np.diag(to_r @ fit.cov @ to_r.T))], axis=1)


def trial(
    n: int = 60, visits: int = 3, seed: int = 0, left: float = 0.15, gaps: float = 0.0
) -> tuple[Floats, Ints, Floats, Ints]:
    """Values, arm, baseline, stratum of one trial without an effect."""
    rng = np.random.default_rng(seed)
    root = np.linalg.cholesky(0.5 + 0.5 * np.eye(visits + 1))
    z = 5 + 2 * rng.standard_normal((n, visits + 1)) @ root.T
    y = z[:, 1:].copy()
    y[np.arange(visits) >= rng.geometric(left, n)[:, None]] = np.nan
    y[rng.random(y.shape) < gaps] = np.nan
    return y, np.arange(n) % 2, z[:, 0], (z[:, 0] > 5).astype(np.int64)


def test_complete_data_equal_nlme() -> None:
    """nlme stops at 6 to 7 digits of Sigma (its 5.41545685 is exactly 5.41545455); the likelihood
    agrees to all 8 decimals printed, coefficients to all 10."""
    fit, r = mmrm(*orthodont()), nlme(False)
    assert fit.converged
    assert fit.log_reml == pytest.approx(r["log_reml"], abs=6e-9)
    np.testing.assert_allclose(as_r(fit)[:, 0], r["beta"][:, 0], rtol=0, atol=6e-11)
    np.testing.assert_allclose(as_r(fit)[:, 1], r["beta"][:, 1], rtol=1e-6)
    np.testing.assert_allclose(fit.covariance, r["sigma"], rtol=2e-6)
    np.testing.assert_allclose(-fit.estimate, r["contrast"][:, 0], atol=6e-9)
    np.testing.assert_allclose(fit.se, r["contrast"][:, 1], rtol=1e-6)


def test_complete_data_have_a_closed_form() -> None:
    """Without covariates: means of the arms, and Sigma the pooled sums over n - 2."""
    y, arm = orthodont()
    fit = mmrm(y, arm)
    means = np.stack([y[arm == k].mean(axis=0) for k in (0, 1)])
    np.testing.assert_allclose(fit.arm_means, means, rtol=1e-13)
    r = y - means[arm]
    np.testing.assert_allclose(fit.covariance, r.T @ r / 25, rtol=1e-12)
    np.testing.assert_allclose(fit.df, 25, rtol=1e-10)


def test_drop_out_equals_nlme() -> None:
    """Our likelihood is greater than nlme's by 2e-8, so where the two differ (Sigma in the 5th
    digit, coefficients in the 6th decimal) nlme had stopped before the maximum."""
    fit, r = mmrm(*orthodont(leave=True)), nlme(True)
    assert fit.converged
    assert fit.observations == 99
    assert fit.log_reml >= r["log_reml"]
    assert fit.log_reml == pytest.approx(r["log_reml"], abs=3e-8)
    np.testing.assert_allclose(as_r(fit)[:, 0], r["beta"][:, 0], atol=4e-6)
    np.testing.assert_allclose(as_r(fit)[:, 1], r["beta"][:, 1], rtol=2e-5)
    np.testing.assert_allclose(fit.covariance, r["sigma"], rtol=5e-5)


def test_no_point_nearby_is_more_likely() -> None:
    y, arm = orthodont(leave=True)
    s, best = one(y, arm), mmrm(y, arm)
    rng = np.random.default_rng(0)
    for size in (1e-1, 1e-2, 1e-3):
        for _ in range(20):
            away = rng.standard_normal((4, 4))
            near = best.covariance + size * (away + away.T)
            if np.linalg.eigvalsh(near)[0] > 0:
                assert at_sigma(s, near[None]).log_reml[0] < best.log_reml


def one(y: Floats, arm: Ints, baseline: Floats | None = None, stratum: Ints | None = None):  # type: ignore[no-untyped-def]
    used = ~np.isnan(y[None]).all(axis=-1)
    b = None if baseline is None else baseline[None]
    k = None if stratum is None else stratum[None]
    return statistics(y[None], columns(arm[None], 2, used, b, k))


def by_patient(s: Statistics, y: Floats, x: Floats, sigma: Floats) -> tuple[float, Floats, Floats]:
    """Likelihood, coefficients and covariance, patient by patient as the definition says."""
    p = s.expand.shape[1]
    a, m, log_v, n = np.zeros((p, p)), np.zeros(p), 0.0, 0
    rows = []
    for values, row in zip(y, x, strict=True):
        o = ~np.isnan(values)
        if not o.any():
            continue
        xi = (np.kron(np.eye(len(values)), row) @ s.expand)[o]
        w = np.linalg.inv(sigma[np.ix_(o, o)])
        a += xi.T @ w @ xi
        m += xi.T @ w @ values[o]
        log_v += np.linalg.slogdet(sigma[np.ix_(o, o)])[1]
        n += int(o.sum())
        rows.append((xi, w, values[o]))
    beta = np.linalg.solve(a, m)
    q = sum((v - xi @ beta) @ w @ (v - xi @ beta) for xi, w, v in rows)
    const = (n - p) * np.log(2 * np.pi)
    return -0.5 * (const + log_v + np.linalg.slogdet(a)[1] + q), beta, np.linalg.inv(a)


@pytest.mark.parametrize("gaps", [0.0, 0.2])
def test_sums_by_pattern_are_the_sum_over_patients(gaps: float) -> None:
    y, arm, baseline, stratum = trial(gaps=gaps)
    fit = mmrm(y, arm, baseline, stratum)
    used = ~np.isnan(y[None]).all(axis=-1)
    design = columns(arm[None], 2, used, baseline[None], stratum[None])
    s = statistics(y[None], design)
    log_reml, beta, cov = by_patient(s, y, design.x[0], fit.covariance)
    assert fit.log_reml == pytest.approx(log_reml, rel=1e-12)
    np.testing.assert_allclose(fit.beta, beta, rtol=1e-9)
    np.testing.assert_allclose(fit.cov, cov, rtol=1e-9, atol=1e-14)
    assert fit.names[:3] == ("intercept, visit 0", "arm 1, visit 0", "baseline, visit 0")
    assert fit.names[-1] == "stratum 1"


def test_derivatives_are_those_of_the_likelihood() -> None:
    """Score, observed information and slope of a contrast's variance by central differences."""
    y, arm, baseline, stratum = trial(gaps=0.1, seed=3)
    s = one(y, arm, baseline, stratum)
    sigma = 4 * (0.4 + 0.6 * np.eye(3))
    point = at_sigma(s, sigma[None])
    g = elements(3).T.reshape(-1, 3, 3)
    c = np.zeros((1, s.kept.shape[1]))
    c[0, 1], c[0, 4] = 1.0, -0.5

    def score(at: Point) -> Floats:
        return np.asarray(gradient_matrix(s, at)[0].ravel() @ elements(3))

    h = 1e-5
    up, down = ([at_sigma(s, (sigma + x * e)[None]) for e in g] for x in (h, -h))
    slope = [(a.log_reml[0] - b.log_reml[0]) / (2 * h) for a, b in zip(up, down, strict=True)]
    np.testing.assert_allclose(score(point), slope, atol=1e-6)
    bend = [(score(b) - score(a)) / (2 * h) for a, b in zip(up, down, strict=True)]
    np.testing.assert_allclose(information(s, point)[1][0], bend, atol=1e-7)
    var = [((c @ (a.cov - b.cov)[0] @ c.T) / (2 * h)).item() for a, b in zip(up, down, strict=True)]
    np.testing.assert_allclose(gradient(s, point, c)[0, 0], var, atol=1e-9)


def test_expected_information_is_the_mean_of_the_observed() -> None:
    """Over data drawn from the model itself, within four Monte-Carlo standard errors."""
    rng = np.random.default_rng(5)
    sigma = np.array([[2.0, 0.7], [0.7, 1.5]])
    y = rng.standard_normal((2000, 30, 2)) @ np.linalg.cholesky(sigma).T
    y[:, 20:, 1] = np.nan
    arm = np.broadcast_to(np.arange(30) % 2, (2000, 30))
    s = statistics(y, columns(arm, 2, np.ones((2000, 30), dtype=bool)))
    expected, observed = information(s, at_sigma(s, np.broadcast_to(sigma, (2000, 2, 2))))
    error = observed.std(axis=0) / np.sqrt(2000)
    assert (np.abs(observed.mean(axis=0) - expected[0]) < 4 * error).all()


def test_complete_data_equal_ancova_at_each_visit() -> None:
    """With a slope per visit REML separates into one least-squares fit per visit."""
    y, arm, baseline, _ = trial(left=1e-9)
    fit = mmrm(y, arm, baseline)
    for v in range(3):
        ols, mine = ancova(y[:, v], arm, baseline), fit.at(v)
        for field in ("estimate", "se", "df", "low", "high", "p", "arm_means"):
            np.testing.assert_allclose(getattr(mine, field), getattr(ols, field), rtol=1e-9)


def test_between_within_is_patients_less_columns() -> None:
    y, arm, baseline, stratum = trial()
    fit = mmrm(y, arm, baseline, stratum, df="between-within")
    assert fit.df.tolist() == [56.0] * 3
    assert fit.estimate == pytest.approx(mmrm(y, arm, baseline, stratum).estimate, rel=1e-12)
    assert "between-within" in fit.at(-1).method


def test_satterthwaite_loses_what_leavers_take() -> None:
    fit = mmrm(*trial(n=100)[:3])
    assert fit.df[0] > fit.df[1] > fit.df[2] > 40


@pytest.mark.parametrize("gaps", [0.0, 0.1])
def test_batch_is_the_single_fit(gaps: float) -> None:
    trials = [trial(n=40, seed=k, gaps=gaps) for k in range(70)]
    y, arm, baseline, stratum = (np.stack(a) for a in zip(*trials, strict=True))
    found = mmrm_batch(y, arm, baseline, stratum, workers=2)
    again = mmrm_batch(y, arm, baseline, stratum, workers=1)
    assert found.converged.all()
    for field in ("estimate", "se", "df", "low", "high", "p"):
        assert np.array_equal(getattr(found, field), getattr(again, field))
    for k in (0, 33, 69):
        fit = mmrm(*trials[k])
        for field in ("estimate", "se", "df", "low", "high", "p"):
            np.testing.assert_allclose(getattr(found, field)[k], getattr(fit, field), rtol=1e-8)


def test_batch_flags_what_cannot_be_fitted() -> None:
    trials = [trial(n=40, seed=k) for k in range(4)]
    y, arm, baseline, _ = (np.stack(a) for a in zip(*trials, strict=True))
    y[1, :, 2] = np.nan  # nobody at the last visit
    y[2, arm[2] == 1] = np.nan  # nobody in one arm
    seen = []
    found = mmrm_batch(y, arm, baseline, progress=lambda done, n: seen.append((done, n)))
    assert found.converged.tolist() == [True, False, False, True]
    assert np.isnan(found.p[1:3]).all()
    assert np.isfinite(found.p[[0, 3]]).all()
    assert seen == [(4, 4)]


def test_no_maximum_is_said() -> None:
    """Sigma tends to a singular one: more visits than patients can tell apart, a visit without
    scatter, two visits that are equal, a visit that the baseline tells. Nothing is raised."""
    rng = np.random.default_rng(0)
    y = rng.standard_normal((6, 6))
    y[0, 3:] = y[1, 4:] = np.nan
    assert not mmrm(y, np.arange(6) % 2).converged
    y, arm, baseline, _ = trial()
    y = np.stack([y] * 4)
    y[0, :, 1] *= 0
    y[1, :, 2] += y[1, :, 1] - y[1, :, 2]
    y[2, :, 1] += 3 * baseline - y[2, :, 1]
    found = mmrm_batch(y, np.stack([arm] * 4), np.stack([baseline] * 4))
    assert found.converged.tolist() == [False, False, False, True]


def test_nearly_singular_is_still_found() -> None:
    """Visits correlated 0.9999, in units a million times apart."""
    rng = np.random.default_rng(1)
    y = rng.standard_normal((60, 1)) + 0.01 * rng.standard_normal((60, 3))
    y[:20, 2] = y[:10, 1] = np.nan
    fit, other = mmrm(y, np.arange(60) % 2), mmrm(y * [1e-3, 1, 1e3], np.arange(60) % 2)
    assert fit.converged
    np.testing.assert_allclose(other.estimate, fit.estimate * [1e-3, 1, 1e3], rtol=1e-6)
    np.testing.assert_allclose(other.df, fit.df, rtol=1e-5)


def test_type_one_error_under_the_null() -> None:
    """Within four standard errors of 5 % at each visit, 1,500 trials with drop-out."""
    trials = [trial(n=40, seed=k, left=0.1) for k in range(1500)]
    y, arm, baseline, _ = (np.stack(a) for a in zip(*trials, strict=True))
    share = (mmrm_batch(y, arm, baseline).p < 0.05).mean(axis=0)
    assert np.abs(share - 0.05).max() < 4 * np.sqrt(0.05 * 0.95 / 1500)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(-1e3, 1e3), st.floats(1e-2, 1e2))
def test_arms_shift_and_unit(seed: int, shift: float, unit: float) -> None:
    """Exchanging arms flips signs; a constant changes no contrast; a unit scales all of them."""
    y, arm, baseline, stratum = trial(n=40, seed=seed)
    fit = mmrm(y, arm, baseline, stratum)
    flipped = mmrm(y, 1 - arm, baseline, stratum)
    np.testing.assert_allclose(flipped.estimate, -fit.estimate, atol=1e-9)
    np.testing.assert_allclose(flipped.p, fit.p, rtol=1e-6)
    moved = mmrm(y * unit + shift, arm, baseline - shift, stratum)
    np.testing.assert_allclose(moved.estimate, unit * fit.estimate, atol=1e-8 * unit)
    np.testing.assert_allclose(moved.se, unit * fit.se, rtol=1e-7)


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.floats(0.5, 3.0))
def test_noise_widens_intervals(seed: int, sd: float) -> None:
    """On the average over 20 trials: noise can narrow a single one by chance."""
    trials = [trial(n=40, seed=seed + k) for k in range(20)]
    y, arm, baseline, _ = (np.stack(a) for a in zip(*trials, strict=True))
    noise = np.random.default_rng(seed).normal(0, sd, y.shape)
    before, after = mmrm_batch(y, arm, baseline), mmrm_batch(y + noise, arm, baseline)
    assert ((after.high - after.low).mean(axis=0) > (before.high - before.low).mean(axis=0)).all()


def test_three_arms() -> None:
    """A third arm lends its patients to Sigma; contrasts are of the two that are named."""
    y, _, baseline, _ = trial(n=90)
    arm = np.arange(90) % 3
    a, b = mmrm(y, arm, baseline), mmrm(y, arm, baseline, treated=2, control=1)
    c = mmrm(y, arm, baseline, treated=2)
    np.testing.assert_allclose(a.estimate + b.estimate, c.estimate, atol=1e-12)
    back = mmrm(y, arm, baseline, treated=0, control=1)
    np.testing.assert_allclose(back.estimate, -a.estimate, atol=1e-12)
    assert a.covariance == pytest.approx(c.covariance)
    assert a.arm_means.shape == (3, 3)
    found = mmrm_batch(y[None], arm[None], baseline[None], treated=2, control=1)
    np.testing.assert_allclose(found.estimate[0], b.estimate, rtol=1e-10)


def test_covariates_and_common_slopes() -> None:
    """A stratum is a covariate of ones and zeros; one slope for all visits takes fewer columns."""
    y, arm, baseline, stratum = trial(gaps=0.1)
    a = mmrm(y, arm, baseline, stratum)
    b = mmrm(y, arm, baseline, covariates=stratum[:, None] * 2.0 + 1)
    np.testing.assert_allclose(a.estimate, b.estimate, rtol=1e-9)
    np.testing.assert_allclose(a.df, b.df, rtol=1e-7)
    common = mmrm(y, arm, baseline, stratum, baseline_by_visit=False)
    assert (len(a.beta), len(common.beta)) == (10, 8)
    as_covariate = mmrm(y, arm, covariates=np.column_stack([baseline, stratum]))
    np.testing.assert_allclose(common.estimate, as_covariate.estimate, rtol=1e-9)


def test_what_does_not_vary_is_left_out() -> None:
    y, arm, _, stratum = trial()
    fit = mmrm(y, arm, np.full(60, 7.3), np.zeros(60))
    assert fit.estimate == pytest.approx(mmrm(y, arm).estimate, rel=1e-12)
    assert fit.df == pytest.approx(mmrm(y, arm).df, rel=1e-9)
    with pytest.raises(InputError, match="say the same"):
        mmrm(y, arm, stratum * 1.0, stratum)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"arm": np.zeros(60)}, "patients in every arm"),
        ({"arm": np.arange(60) % 2 * 2}, "patients in every arm"),
        ({"arm": np.arange(60) % 2 + 0.5}, "whole"),
        ({"arm": np.arange(50) % 2}, "shape"),
        ({"values": np.zeros(60)}, "shape"),
        ({"baseline": np.zeros(59)}, "one value per patient"),
        ({"baseline": np.full(60, np.nan)}, "missing for some"),
        ({"level": 1.0}, "above 0 and below 1"),
        ({"level": 0.0}, "above 0 and below 1"),
        ({"df": "kenward-roger"}, "satterthwaite or between-within"),
        ({"treated": 2}, "an arm with patients"),
        ({"treated": 0}, "another arm"),
    ],
)
def test_bad_input(change: dict[str, object], match: str) -> None:
    y, arm, baseline, _ = trial()
    with pytest.raises(InputError, match=match):
        mmrm(**({"values": y, "arm": arm, "baseline": baseline} | change))  # type: ignore[arg-type]


def test_visits_without_values() -> None:
    y, arm, baseline, _ = trial()
    y[arm == 1, 1] = np.nan
    with pytest.raises(InputError, match="all missing at a visit in arm 1"):
        mmrm(y, arm, baseline)
    with pytest.raises(InputError, match="1 or more"):
        mmrm_batch(y[None], arm[None], workers=0)
    none = np.full_like(y, np.nan)  # nobody is seen at any visit
    with pytest.raises(InputError, match="all missing at a visit in arm 0"):
        mmrm(none, arm, baseline)
    with pytest.raises(InputError, match="values in every arm"):
        ancova(none[:, 0], arm, baseline)
    assert not mmrm_batch(none[None], arm[None], baseline[None]).converged.any()
    two = mmrm_batch(np.stack([none, trial()[0]]), np.stack([arm, arm]), np.stack([baseline] * 2))
    np.testing.assert_array_equal(two.converged, [False, True])
    np.testing.assert_allclose(two.estimate[1], mmrm(trial()[0], arm, baseline).estimate)
    with pytest.raises(InputError, match="mmrm_batch"):
        mmrm(np.stack([y, y]), np.stack([arm, arm]))
