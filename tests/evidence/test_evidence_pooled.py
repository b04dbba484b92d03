"""Pooling against metafor, row by row of its log; intervals, traps, few studies, bad input."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from evidence_golden import NUMBER, after, bcg, column, digits, given, gold, log
from scipy import stats

from vagus.errors import InputError
from vagus.evidence import pooled as pooled_module
from vagus.evidence.cumulative import cumulative
from vagus.evidence.effects import Effects
from vagus.evidence.heterogeneity import COMMON, ESTIMATORS
from vagus.evidence.leave_one_out import leave_one_out
from vagus.evidence.moment import Tau2
from vagus.evidence.pooled import Pooled, pool
from vagus.evidence.prediction_interval import COMMON_EFFECT, DEFINITIONS, prediction_interval

TEST = {"z": "z", "knha": "knapp-hartung", "adhoc": "ad hoc"}
ROW = re.compile(
    rf"^(\w+) +(z|knha|adhoc) +tau2 {NUMBER} se.tau2 {NUMBER} b {NUMBER} se {NUMBER} "
    rf"ci \[{NUMBER},{NUMBER}\] stat {NUMBER} p {NUMBER} PI \[{NUMBER},{NUMBER}\] "
    rf"Q {NUMBER} I2 {NUMBER} H2 {NUMBER}$",
    re.MULTILINE,
)
ROWS = [(row[0], row[1], [float(x) for x in row[2:]]) for row in ROW.findall(log())]
SMALL = Effects("SMD", np.array([-0.5, -0.1, -0.9]), np.array([0.04, 0.09, 0.02]))
TRAP = Effects("SMD", np.array([-0.5, -0.51, -0.49]), np.array([0.04, 0.09, 0.02]))


def numbers(p: Pooled) -> list[float]:
    """In the order of a row of the log."""
    inside = [p.tau2, p.tau2_se, p.estimate, p.se, p.low, p.high, p.statistic, p.p]
    return [*inside, p.prediction.low, p.prediction.high, p.q, p.i2, p.h2]


def test_the_log_has_all_methods() -> None:
    assert len(ROWS) == 33
    ours = set(ESTIMATORS) - {COMMON}
    assert {row[0] for row in ROWS} == ours | {"GENQ"}  # GENQ: weights of the user's, not here


@pytest.mark.parametrize(
    ("method", "test", "theirs"),
    [row for row in ROWS if row[0] not in ("PM", "PMM", "GENQ")],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_bcg_rows_agree_to_all_printed_digits(method: str, test: str, theirs: list[float]) -> None:
    """13 numbers each; the least is what is printed with 8 decimals: 7 digits and more."""
    ours = numbers(pool(bcg(), method, TEST[test]))  # type: ignore[arg-type]
    assert digits(ours, theirs) > 7.4
    exact = [0, 2, 3, 4, 5, 7]  # printed with 10 decimals
    assert digits(np.array(ours)[exact], np.array(theirs)[exact]) > 9


@pytest.mark.parametrize(
    ("method", "test", "theirs"),
    [row for row in ROWS if row[0] in ("PM", "PMM")],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_paule_mandel_rows_differ_by_their_tau2_alone(
    method: str, test: str, theirs: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """metafor's root search stops at 1.2e-4; from its tau2 all else agrees in all digits.

    That its own search ends where it does is shown in test_evidence_heterogeneity.
    """
    plain = pool(bcg(), method, TEST[test])  # type: ignore[arg-type]
    assert plain.tau2 == pytest.approx(theirs[0], abs=1.2e-4)
    k = bcg().k

    def printed(*args: object) -> Tau2:
        w = 1 / (bcg().v + theirs[0])
        return Tau2(theirs[0], math.sqrt(2 * k**2 / (k - 1)) / w.sum())

    monkeypatch.setattr(pooled_module, "estimate_tau2", printed)
    assert digits(numbers(pool(bcg(), method, TEST[test])), theirs) > 7.4  # type: ignore[arg-type]


def test_common_effect() -> None:
    p = pool(bcg(), COMMON)
    b, se, low, high, z, q, q_p = after("FE", "gold2_R")
    assert digits([p.estimate, p.se, p.low, p.high, p.statistic], [b, se, low, high, z]) > 9
    assert digits([p.q], [q]) > 9
    assert digits([p.q_p], [q_p]) > 5.2  # 6 digits printed
    theirs = gold()["bcg_logRR"]["FE"]
    assert digits([p.estimate, p.se, p.q], list(theirs.values())) > 9
    assert p.tau2 == 0
    assert (p.prediction.low, p.prediction.high) == (p.low, p.high)
    assert p.prediction.definition == COMMON_EFFECT
    assert p.i2 == pytest.approx(100 * (p.q - 12) / p.q)
    assert p.h2 == pytest.approx(p.q / 12)
    w = 1 / bcg().v
    np.testing.assert_allclose(p.weights, w / w.sum(), rtol=1e-13)


def test_reml_weights_and_likelihood() -> None:
    p = pool(bcg())
    assert digits(100 * p.weights, after("weights")) > 8
    assert digits([p.log_likelihood], after("logLik")[:1]) > 8
    theirs = gold()["bcg_logRR"]["REML"]
    keys = ("se_tau2", "b", "se", "I2", "H2", "logLik")
    ours = [p.tau2_se, p.estimate, p.se, p.i2, p.h2, p.log_likelihood]
    assert digits(ours, [theirs[key] for key in keys]) > 7.4
    assert digits([p.low, p.high], theirs["ci"]) > 9
    hk, k = pool(bcg(), test="knapp-hartung"), theirs["HKSJ"]
    ours = [hk.se, hk.statistic, hk.df, hk.p, hk.low, hk.high]
    assert digits(ours, [k["se"], k["t"], k["df"], k["p"], *k["ci"]]) > 8.5
    hk, k = pool(bcg(), "DL", "knapp-hartung"), gold()["bcg_logRR"]["DL_HKSJ"]
    assert digits([hk.estimate, hk.se, hk.low, hk.high], [k["b"], k["se"], *k["ci"]]) > 9


def test_the_log_likelihood_is_that_of_its_definition() -> None:
    """ML: the multivariate normal density of y at the fitted mean."""
    p, e = pool(bcg(), "ML"), bcg()
    density = stats.norm.logpdf(e.y, p.estimate, np.sqrt(e.v + p.tau2)).sum()
    assert p.log_likelihood == pytest.approx(density, rel=1e-12)


def test_standardised_and_mean_differences_of_stroke_units() -> None:
    """Normand (1999): SMD from metafor's printed effects; MD from the table, Knapp-Hartung."""
    e = Effects("SMD", after("normand SMD yi:"), after("vi:"))
    p = pool(e)
    assert digits([p.tau2, p.estimate, p.se], after("normand SMD REML")) > 8
    n1, m1, s1, n2, m2, s2 = (
        column("normand1999", key) for key in ("n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i")
    )
    p = pool(Effects("MD", m1 - m2, s1**2 / n1 + s2**2 / n2), test="knapp-hartung")
    theirs = after("normand MD REML")
    assert digits([p.tau2, p.estimate, p.se, p.low, p.high], theirs) > 8


def test_few_studies_and_the_trap_in_the_json() -> None:
    """k = 3. The upper bound is that of the R log; gold.json has another (0.41293 for 0.41263)."""
    p = pool(SMALL, test="knapp-hartung")
    theirs = after("k=3 REML", "gold2_R")
    assert digits([p.tau2, p.estimate, p.se, p.low, p.high], theirs) > 8.5
    wrong = gold()["small_k_hksj"]["ci"][1]
    assert wrong != pytest.approx(p.high, abs=1e-4)
    adhoc = pool(SMALL, test="ad hoc")
    assert digits([adhoc.se], after("k=3 adhoc", "gold2_R")) > 8.5
    assert not p.warnings


def test_knapp_hartung_narrower_than_z_warns() -> None:
    p, z, bound = (pool(TRAP, test=test) for test in ("knapp-hartung", "z", "ad hoc"))
    tau2, se, z_se = after("k=3 homogeneous knha", "gold2_R")
    assert p.tau2 == tau2 == 0
    assert digits([p.se, z.se], [se, z_se]) > 7.4
    trap = gold()["hksj_trap"]
    assert digits([p.se, z.se], [trap["se_hksj"], trap["se_z"]]) > 7.4
    assert p.high - p.low < z.high - z.low
    assert any("narrower than z" in text for text in p.warnings)
    assert bound.se == pytest.approx(z.se, rel=1e-12)
    assert bound.high - bound.low > z.high - z.low
    assert not z.warnings
    assert not bound.warnings


def test_leave_one_out_and_cumulative_reml() -> None:
    left_out = leave_one_out(bcg())
    assert digits([x.pooled.estimate for x in left_out], after("Leave one out REML b:")) > 7.4
    assert [x.label for x in left_out] == list(bcg().labels)
    steps = cumulative(bcg())
    assert digits([x.pooled.estimate for x in steps], after("cumul b:")) > 7.4
    assert [x.pooled.k for x in steps] == list(range(1, 14))


def test_cumulative_order() -> None:
    order = np.argsort(column("bcg", "year"), kind="stable")
    steps = cumulative(bcg(), order.tolist())
    assert [step.label for step in steps[:3]] == [bcg().labels[i] for i in order[:3]]
    assert steps[2].label == "Stein & Aronson"
    assert steps[-1].pooled.estimate == pytest.approx(pool(bcg()).estimate, rel=1e-11)
    for wrong in ([0] * 13, [0, 1], list(range(1, 14))):
        with pytest.raises(InputError, match="order"):
            cumulative(bcg(), wrong)


def test_one_study_is_its_own_pooled_effect() -> None:
    one = bcg().select([3])
    for test in TEST.values():
        p = pool(one, "REML", test)  # type: ignore[arg-type]
        assert [p.estimate, p.se] == pytest.approx([one.y[0], one.v[0] ** 0.5])
        assert (p.tau2, p.tau2_method, p.test, p.df) == (0, COMMON, "z", math.inf)
        assert p.q == pytest.approx(0, abs=1e-20)
        assert (p.q_p, p.i2, p.h2) == (1, 0, 1)
        assert "one study" in p.warnings[0]
    with pytest.raises(InputError, match="at least 2"):
        leave_one_out(one)


@pytest.mark.parametrize("method", [m for m in ESTIMATORS if m != COMMON])
def test_two_studies(method: str) -> None:
    p = pool(bcg().select([0, 3]), method, "knapp-hartung")
    assert p.df == 1
    assert "two studies" in p.warnings[-1]
    assert p.low < p.estimate < p.high
    with pytest.raises(InputError, match="more studies"):
        p.predict("Higgins-Thompson-Spiegelhalter")


def test_equal_effects_do_not_break_anything() -> None:
    """q = 0: the Knapp-Hartung interval is a point, its warning is there."""
    same = Effects("SMD", np.full(4, 0.3), np.array([0.1, 0.2, 0.3, 0.4]))
    p = pool(same, test="knapp-hartung")
    assert p.tau2 == 0
    assert p.p == pytest.approx(0, abs=1e-20)
    assert p.warnings
    for method in ESTIMATORS:
        assert pool(same, method).estimate == pytest.approx(0.3)
        assert pool(same, method).tau2 == 0


def test_changes_within_one_arm_are_marked() -> None:
    p = pool(Effects("MD pre-post", bcg().y, bcg().v))
    assert "no effect of treatment" in p.warnings[0]
    assert not pool(bcg()).warnings


def test_prediction_intervals_by_their_definitions() -> None:
    z, hk = pool(bcg()), pool(bcg(), test="knapp-hartung")
    spread = math.sqrt(z.tau2 + z.se**2)
    assert z.prediction.definition == "normal"
    assert hk.prediction.definition == "Knapp-Hartung"
    hts = z.predict("Higgins-Thompson-Spiegelhalter")
    # gold2.R prints none, but computes it by hand so: t with k - 2, the se of z
    assert hts.high == pytest.approx(z.estimate + stats.t.ppf(0.975, 11) * spread, rel=1e-11)
    assert hts.low == pytest.approx(z.estimate - stats.t.ppf(0.975, 11) * spread, rel=1e-11)
    assert hk.prediction.high - hk.prediction.low < hts.high - hts.low
    with pytest.raises(InputError, match="definition"):
        prediction_interval(0.0, 1.0, 1.0, 5, "Bayes")
    assert set(DEFINITIONS) == {"normal", "Knapp-Hartung", "Higgins-Thompson-Spiegelhalter"}


# metafor's own test suite (tests/testthat/test_analysis_example_raudenbush2009.r), after
# Raudenbush (2009), Tables 16.2 and 16.3: tau2, b, se, z or t, low, high, rounded to 3 decimals
TEACHERS = {
    ("FE", "z"): (0, 0.060, 0.036, 1.655, -0.011, 0.132),
    ("ML", "z"): (0.013, 0.078, 0.047, 1.637, -0.015, 0.171),
    ("REML", "z"): (0.019, 0.084, 0.052, 1.621, -0.018, 0.185),
    ("DL", "z"): (0.026, 0.089, 0.056, 1.601, -0.020, 0.199),
    ("HE", "z"): (0.080, 0.114, 0.079, 1.443, -0.041, 0.270),
    ("ML", "knapp-hartung"): (0.013, 0.078, 0.059, 1.311, -0.047, 0.202),
    ("REML", "knapp-hartung"): (0.019, 0.084, 0.062, 1.359, -0.046, 0.213),
    ("DL", "knapp-hartung"): (0.026, 0.089, 0.064, 1.405, -0.044, 0.223),
    ("HE", "knapp-hartung"): (0.080, 0.114, 0.071, 1.608, -0.035, 0.264),
}


@pytest.mark.parametrize(("method", "test"), TEACHERS)
def test_teacher_expectancy(method: str, test: str) -> None:
    p = pool(given("raudenbush1985"), method, test)  # type: ignore[arg-type]
    ours = (p.tau2, p.estimate, p.se, p.statistic, p.low, p.high)
    np.testing.assert_allclose(ours, TEACHERS[method, test], atol=5.1e-4)
    if (method, test) == ("REML", "z"):
        assert p.q == pytest.approx(35.83, abs=0.005)
        np.testing.assert_allclose(
            (p.prediction.low, p.prediction.high), (-0.204, 0.371), atol=5.1e-4
        )


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"tau2": "reml"}, "tau2"),
        ({"test": "t"}, "test"),
        ({"level": 1.0}, "level"),
        ({"level": 0.0}, "level"),
        ({"level": 95}, "level"),
        ({"level": math.nan}, "level"),
        ({"tau2": COMMON, "test": "knapp-hartung"}, "test"),
    ],
)
def test_bad_options(options: dict[str, object], field: str) -> None:
    with pytest.raises(InputError) as caught:
        pool(bcg(), **options)  # type: ignore[arg-type]
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("y", "v"),
    [([], []), ([0.1], [0.0]), ([0.1, 0.2], [0.1, -0.1]), ([math.nan], [0.1]), ([1.0], [math.nan])],
)
def test_bad_effects_are_refused_before_pooling(y: list[float], v: list[float]) -> None:
    with pytest.raises(InputError):
        pool(Effects("SMD", np.array(y), np.array(v)))
