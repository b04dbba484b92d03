"""Three-level model against metafor and against models it must reduce to."""

from __future__ import annotations

import numpy as np
import pytest
from evidence_golden import after, bcg, digits, given, table
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.pooled import pool
from vagus.evidence.three_level import three_level


def schools() -> Effects:
    return given("konstantopoulos2011")


def districts() -> tuple[str, ...]:
    return table("konstantopoulos2011")["district"]


def test_schools_in_districts() -> None:
    """Konstantopoulos (2011) by REML. nlminb inside `rma.mv` stops at relative changes of 1.5e-8 of
    its parameters (x.tol), which leaves 7 digits of the variances and 8 of what follows."""
    r = three_level(schools(), districts())
    between, within, b, se, log_likelihood = after("konstantopoulos sigma2")
    assert digits([r.between, r.within], [between, within]) > 7
    assert digits([r.estimate, r.se, r.log_likelihood], [b, se, log_likelihood]) > 7.9
    robust_se, df = after("robust CR1 se")
    assert digits([r.robust_se], [robust_se]) > 8
    assert r.robust_df == df
    assert (r.k, r.clusters) == (56, 11)
    assert r.p == pytest.approx(2 * stats.norm.sf(r.estimate / r.se), rel=1e-11)
    assert 0 < r.i2_between + r.i2_within < 100
    assert r.between / (r.between + r.within) == pytest.approx(0.6653, abs=5.1e-5)  # ICC, metafor


def log_restricted(e: Effects, cluster: tuple[str, ...], between: float, within: float) -> float:
    """Density of k - 1 orthonormal contrasts: the definition, without P."""
    same = np.equal.outer(cluster, cluster)
    covariance = np.diag(e.v + within) + between * same
    q, _ = np.linalg.qr(np.ones((e.k, 1)), mode="complete")
    contrasts = q[:, 1:]
    return float(
        stats.multivariate_normal.logpdf(
            contrasts.T @ e.y, cov=contrasts.T @ covariance @ contrasts
        )
    )


def test_it_is_the_maximum_of_the_restricted_likelihood() -> None:
    r = three_level(schools(), districts())
    at = log_restricted(schools(), districts(), r.between, r.within)
    assert r.log_likelihood == pytest.approx(at, rel=1e-11)
    for factor in (0.99, 1.01):
        assert log_restricted(schools(), districts(), r.between * factor, r.within) < at
        assert log_restricted(schools(), districts(), r.between, r.within * factor) < at


def test_slope_of_the_likelihood_is_zero_at_the_maximum() -> None:
    r, h = three_level(schools(), districts()), 1e-5
    for d_between, d_within in ((h, 0.0), (0.0, h)):
        up = log_restricted(schools(), districts(), r.between + d_between, r.within + d_within)
        down = log_restricted(schools(), districts(), r.between - d_between, r.within - d_within)
        assert abs(up - down) / (2 * h) < 2e-4


def test_without_clustering_it_is_random_effects() -> None:
    """Pairs that differ more than their clusters do: σ²_between is 0, σ²_within is τ² of REML."""
    e = bcg()
    order = np.argsort(e.y)
    pairs = np.empty(e.k, dtype=int)
    pairs[order] = [min(i, e.k - 1 - i) for i in range(e.k)]  # lowest with highest, and so on
    r, p = three_level(e, pairs), pool(e)
    assert r.between == 0
    assert r.within == pytest.approx(p.tau2, rel=1e-9)
    assert (r.estimate, r.se) == pytest.approx((p.estimate, p.se), rel=1e-9)
    assert r.log_likelihood == pytest.approx(p.log_likelihood, rel=1e-11)


def test_copies_within_clusters_move_all_variance_between() -> None:
    """Each study entered three times with 3 v: the clusters are the studies, σ²_within is 0."""
    e = bcg()
    thrice = Effects("log RR", np.repeat(e.y, 3), 3 * np.repeat(e.v, 3))
    r, p = three_level(thrice, np.repeat(np.arange(e.k), 3)), pool(e)
    assert r.within == 0
    assert r.between == pytest.approx(p.tau2, rel=1e-9)
    assert (r.estimate, r.se) == pytest.approx((p.estimate, p.se), rel=1e-9)


def test_order_and_names_of_clusters_do_not_matter() -> None:
    e, cluster = schools(), np.array(districts())
    r = three_level(e, cluster)
    order = np.random.default_rng(3).permutation(e.k)
    s = three_level(e.select(order), [f"d{c}" for c in cluster[order]])
    for name in ("estimate", "se", "between", "within", "log_likelihood", "robust_se"):
        assert getattr(s, name) == pytest.approx(getattr(r, name), rel=1e-8)


def test_scaling() -> None:
    e = schools()
    r, s = (
        three_level(e, districts()),
        three_level(Effects("MD", 100 * e.y, 1e4 * e.v), districts()),
    )
    assert s.estimate == pytest.approx(100 * r.estimate, rel=1e-9)
    assert (s.between, s.within) == pytest.approx((1e4 * r.between, 1e4 * r.within), rel=1e-9)


def test_equal_effects() -> None:
    r = three_level(Effects("SMD", np.full(4, 0.2), np.full(4, 0.1)), [1, 1, 2, 2])
    assert (r.between, r.within) == (0, 0)
    assert r.estimate == pytest.approx(0.2)
    assert r.se == pytest.approx((0.1 / 4) ** 0.5)


@pytest.mark.slow
def test_variances_are_recovered() -> None:
    """Means over simulated data sets of 30 clusters of 4: σ² of 0.1 between and 0.05 within."""
    rng = np.random.default_rng(21)
    cluster, v = np.repeat(np.arange(30), 4), np.full(120, 0.03)
    found = []
    for _ in range(40):
        y = rng.normal(0, 0.1**0.5, 30)[cluster] + rng.normal(0, np.sqrt(0.05 + v))
        r = three_level(Effects("SMD", y, v), cluster)
        found.append((r.between, r.within))
    error = np.std(found, axis=0, ddof=1) / np.sqrt(len(found))
    assert (np.abs(np.mean(found, axis=0) - (0.1, 0.05)) < 3.5 * error).all()


@pytest.mark.parametrize(
    ("cluster", "match"),
    [
        ([1, 2], "one per effect"),
        ([1] * 13, "at least 2"),
        (list(range(13)), "use `pool`|Use `pool`"),
    ],
)
def test_bad_clusters(cluster: list[int], match: str) -> None:
    with pytest.raises(InputError, match=match):
        three_level(bcg(), cluster)


def test_bad_level() -> None:
    with pytest.raises(InputError, match="level"):
        three_level(schools(), districts(), level=0.0)
