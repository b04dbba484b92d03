"""Meta-regression against metafor and ordinary algebra; moderators that cannot be used."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evidence_golden import after, bcg, column, digits, given, gold, table
from scipy import stats

from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import COMMON
from vagus.evidence.meta_regression import Moderator, design_matrix, meta_regression
from vagus.evidence.pooled import pool


def latitude() -> dict[str, Moderator]:
    return {"latitude": column("bcg", "ablat")}


def test_bcg_on_latitude() -> None:
    """Both lines of the log: z, then Knapp-Hartung with its F."""
    r = meta_regression(bcg(), latitude())
    lines = gold()["bcg_logRR"]["metareg_ablat_REML"]
    rows = after("tau2 0.0763479640"), after("knha se")
    assert digits([r.tau2], [lines["tau2"]]) > 7.4
    assert r.tau2 == pytest.approx(0.0763479640, abs=1e-10)
    assert digits([*r.estimate, *r.se, r.qm, r.qe, r.r2], rows[0]) > 8
    hk = meta_regression(bcg(), latitude(), test="knapp-hartung")
    assert digits([*hk.se, *hk.p, hk.qm], rows[1]) > 7.4
    assert (hk.df, hk.qm_df) == (11, (1, 11))
    assert digits([*r.estimate, *r.se], [*lines["b"], *lines["se"]]) > 6.9
    assert digits([r.qm, r.qe, r.r2], [lines[key] for key in ("QM", "QE", "R2")]) > 7.4
    assert digits([*hk.se, hk.qm], [*lines["knha_se"], lines["knha_F"]]) > 8
    assert r.names == ("intercept", "latitude")


def test_one_moderator_square_of_its_statistic() -> None:
    r = meta_regression(bcg(), latitude())
    assert r.qm == pytest.approx(r.statistic[1] ** 2, rel=1e-11)
    assert r.qm_p == pytest.approx(r.p[1], rel=1e-10)
    hk = meta_regression(bcg(), latitude(), test="knapp-hartung")
    assert hk.qm_p == pytest.approx(hk.p[1], rel=1e-10)
    assert hk.tau2 == r.tau2


def test_teacher_expectancy_at_the_boundary() -> None:
    """Raudenbush (2009), Table 16.2, as metafor's own tests have it: τ² of exactly 0."""
    e = given("raudenbush1985")
    r = meta_regression(e, {"weeks": np.minimum(3, column("raudenbush1985", "weeks"))})
    assert r.tau2 == 0
    assert r.r2 == 100
    np.testing.assert_allclose(r.estimate, (0.407, -0.157), atol=5.1e-4)
    np.testing.assert_allclose(r.statistic, (4.68, -4.39), atol=5.1e-3)
    assert r.qe == pytest.approx(16.57, abs=5.1e-3)


def test_schools_on_year() -> None:
    """Konstantopoulos (2011), Table 4, as metafor's own tests have it (4 decimals)."""
    year = column("konstantopoulos2011", "year")
    r = meta_regression(given("konstantopoulos2011"), {"year": year - year.mean()})
    np.testing.assert_allclose(r.estimate, (0.1258, 0.0052), atol=5.1e-5)
    np.testing.assert_allclose(r.se, (0.0440, 0.0044), atol=5.1e-5)
    np.testing.assert_allclose((r.tau2, r.tau2_se), (0.0889, 0.0205), atol=5.1e-5)


def test_several_moderators_against_plain_algebra() -> None:
    """A factor of three levels, a dose and a year: normal equations written out, τ² as found."""
    moderators: dict[str, Moderator] = {
        "allocation": table("bcg")["alloc"],
        "year": column("bcg", "year"),
        **latitude(),
    }
    r = meta_regression(bcg(), moderators, "DL", "knapp-hartung")
    assert r.names == (
        "intercept", "allocation random", "allocation systematic", "year", "latitude",
    )  # fmt: skip
    names, x = design_matrix(moderators, 13)
    assert names == r.names
    e, centred = bcg(), x.copy()
    centred[:, 3] -= 1960
    w = np.diag(1 / (e.v + r.tau2))
    bread = np.linalg.inv(centred.T @ w @ centred)
    b = bread @ centred.T @ w @ e.y
    np.testing.assert_allclose(r.estimate[1:], b[1:], rtol=1e-9)
    rest = e.y - centred @ b
    np.testing.assert_allclose(
        r.se[1:], np.sqrt(np.diag(bread) * (rest @ w @ rest) / 8)[1:], rtol=1e-9
    )
    assert r.qm_df == (4, 8)
    assert r.qm_p == pytest.approx(stats.f.sf(r.qm, 4, 8), rel=1e-10)
    assert r.qe_p == pytest.approx(stats.chi2.sf(r.qe, 8), rel=1e-10)
    assert 0 <= r.r2 <= 100


def test_a_factor_of_two_levels_compares_subgroups() -> None:
    """FE: the coefficient is the difference of the two pooled effects, QM their Q between."""
    e = bcg()
    random = np.array(table("bcg")["alloc"]) == "random"
    r = meta_regression(e, {"group": np.where(random, "random", "other")}, COMMON)
    inside, outside = pool(e.select(random), COMMON), pool(e.select(~random), COMMON)
    assert r.estimate[1] == pytest.approx(inside.estimate - outside.estimate, rel=1e-11)
    assert r.se[1] == pytest.approx(math.hypot(inside.se, outside.se), rel=1e-11)
    assert r.qe == pytest.approx(inside.q + outside.q, rel=1e-11)
    assert r.qm == pytest.approx(pool(e, COMMON).q - r.qe, rel=1e-10)
    assert math.isnan(r.r2)


@pytest.mark.parametrize("method", ["DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM"])
def test_shifting_and_scaling_a_moderator_changes_no_fit(method: str) -> None:
    r = meta_regression(bcg(), latitude(), method)
    s = meta_regression(bcg(), {"kilolatitude": 1000 + 1e-3 * column("bcg", "ablat")}, method)
    assert s.tau2 == pytest.approx(r.tau2, rel=1e-8)
    assert s.estimate[1] == pytest.approx(1e3 * r.estimate[1], rel=1e-8)
    assert s.qm == pytest.approx(r.qm, rel=1e-8)


def test_restricted_likelihood_with_moderators() -> None:
    """Density of the k - p error contrasts, with metafor's constant ½ log|X'X|."""
    r = meta_regression(bcg(), latitude())
    _, x = design_matrix(latitude(), 13)
    q, _ = np.linalg.qr(x, mode="complete")
    contrasts = q[:, 2:]
    covariance = contrasts.T @ np.diag(bcg().v + r.tau2) @ contrasts
    density = stats.multivariate_normal.logpdf(contrasts.T @ bcg().y, cov=covariance)
    assert r.log_likelihood == pytest.approx(density, rel=1e-10)


@pytest.mark.parametrize(
    ("moderators", "match"),
    [
        ({}, "at least one"),
        ({"a": np.ones(13)}, "independent"),
        ({"a": np.arange(13.0), "b": 2 * np.arange(13.0) + 1}, "`moderators` is b"),
        ({"a": np.arange(12.0)}, "one value for each of 13"),
        ({"a": [math.nan] + 12 * [1.0]}, "not finite"),
        ({"a": [*map(str, range(13))]}, "fewer than the 13 studies"),
        ({"a": ["x"] * 13, "b": np.arange(13.0)}, None),
    ],
)
def test_moderators_that_cannot_be_used(
    moderators: dict[str, Moderator], match: str | None
) -> None:
    if match is None:  # a factor of one level adds no column
        assert meta_regression(bcg(), moderators).names == ("intercept", "b")
        return
    with pytest.raises(InputError, match=match):
        meta_regression(bcg(), moderators)


def test_bad_options() -> None:
    for options in (
        {"tau2": "?"},
        {"test": "t"},
        {"level": 2.0},
        {"tau2": COMMON, "test": "ad hoc"},
    ):
        with pytest.raises(InputError):
            meta_regression(bcg(), latitude(), **options)  # type: ignore[arg-type]


def test_a_slope_that_is_there_is_found_at_the_nominal_rate() -> None:
    """Coverage of the Knapp-Hartung interval of a slope, 12 studies, τ² = 0.04."""
    rng = np.random.default_rng(8)
    v, dose = rng.uniform(0.02, 0.2, 12), np.linspace(-1, 1, 12)
    hits = 0
    for _ in range(300):
        e = Effects("SMD", rng.normal(0.2 + 0.5 * dose, np.sqrt(v + 0.04)), v)
        r = meta_regression(e, {"dose": dose}, test="knapp-hartung")
        hits += bool(r.low[1] <= 0.5 <= r.high[1])
    assert abs(hits / 300 - 0.95) < 3.5 * math.sqrt(0.05 * 0.95 / 300)
