"""Effects and their variances on continuous outcomes, against metafor and their own algebra."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from vagus.errors import InputError
from vagus.evidence.effects import MEASURES, Effects, join
from vagus.evidence.smd import (
    hedges_g,
    mean_change,
    mean_difference,
    sd_of_change,
    small_sample_factor,
    smd_from_d,
    standardised_change,
)

GOLDEN = Path(__file__).parents[1] / "golden"
# metafor 3.8.1, gold_R.txt
NORMAND_Y = [
    -0.3551696409, -0.3479400227, -2.3175691602, -1.8879822529, -0.3839641412,
    0.1721486691, 0.2720520739, -0.4245962719, 0.2895562301,
]  # fmt: skip
NORMAND_V = [
    0.0130646755, 0.0644688761, 0.0458121103, 0.1606177359, 0.2054332784,
    0.0369105700, 0.0602671258, 0.0148630384, 0.0362717342,
]  # fmt: skip
means, sds = st.floats(-50, 50), st.floats(0.1, 20)
sizes = st.integers(2, 500)


def normand() -> dict[str, np.ndarray]:
    with (GOLDEN / "normand1999.csv").open() as file:
        rows = list(csv.DictReader(file))
    return {k: np.array([float(r[k]) for r in rows]) for k in rows[0] if k != "source"}


def one(**changed: object) -> dict[str, object]:
    """Arguments of metafor's single study, with some replaced."""
    return {
        "mean_1": 10, "sd_1": 2, "n_1": 12, "mean_2": 8, "sd_2": 2.5, "n_2": 15, **changed
    }  # fmt: skip


def test_hedges_g_and_variance_are_metafors() -> None:
    effects = hedges_g(**one())
    assert effects.y == pytest.approx([0.8455711279], abs=5e-11)
    assert effects.v == pytest.approx([0.1632405654], abs=5e-11)
    assert effects.measure == "SMD"
    assert effects.controlled


def test_normand_smd_is_metafors() -> None:
    d = normand()
    effects = hedges_g(d["m1i"], d["sd1i"], d["n1i"], d["m2i"], d["sd2i"], d["n2i"])
    assert effects.y == pytest.approx(NORMAND_Y, abs=5e-11)
    assert effects.v == pytest.approx(NORMAND_V, abs=5e-11)


def test_change_over_its_own_sd_is_metafors_smcc() -> None:
    effects = standardised_change(10, 2, 8, 2.5, 20, 0.6)
    assert effects.y == pytest.approx([0.9312498297], abs=5e-11)
    assert effects.v == pytest.approx([0.0716806561], abs=5e-11)
    assert effects.measure == "SMCC pre-post"
    assert not effects.controlled


def test_change_over_the_raw_sd_is_another_measure() -> None:
    """SMCR: J(19) 2/2, v = 2 (1 - r)/n + g^2/(2n)."""
    effects = standardised_change(10, 2, 8, 2.5, 20, 0.6, by="raw")
    g = float(small_sample_factor(19))
    assert effects.y == pytest.approx([g])
    assert effects.v == pytest.approx([2 * 0.4 / 20 + g**2 / 40])
    assert effects.measure == "SMCR pre-post"


def test_small_sample_factor_makes_d_unbiased() -> None:
    """E[1/SD] of the pooled SD is 1/J: the integral over the chi distribution, by quadrature."""
    for df in (2, 5, 25):
        mean_inverse, _ = integrate.quad(
            lambda s, m=df: np.sqrt(m) / s * stats.chi.pdf(s, m), 0, np.inf
        )
        assert float(small_sample_factor(df)) == pytest.approx(1 / mean_inverse, rel=1e-8)


def test_small_sample_factor_at_2_and_4_by_hand() -> None:
    """Gamma(1)/Gamma(1/2) = 1/sqrt(pi), and Gamma(2)/(sqrt(2) Gamma(3/2)) = 2/sqrt(2 pi)."""
    assert small_sample_factor([2, 4]) == pytest.approx(
        [np.pi**-0.5, 2 / np.sqrt(2 * np.pi)], rel=1e-13
    )


def test_g_goes_to_d_as_groups_grow() -> None:
    gap = [float(1 - smd_from_d(1.0, n, n).y[0]) for n in (5, 50, 500, 50_000)]
    assert all(a > b > 0 for a, b in pairwise(gap))
    assert gap[-1] < 1e-5


@given(m1=means, m2=means, s1=sds, s2=sds, n1=sizes, n2=sizes)
def test_swapping_arms_flips_the_sign(
    m1: float, m2: float, s1: float, s2: float, n1: int, n2: int
) -> None:
    for effect in (hedges_g, mean_difference):
        there, back = effect(m1, s1, n1, m2, s2, n2), effect(m2, s2, n2, m1, s1, n1)
        assert there.y == pytest.approx(-back.y, rel=1e-12, abs=1e-14)
        assert there.v == pytest.approx(back.v, rel=1e-12)


@given(m1=means, m2=means, s1=sds, s2=sds, n1=sizes, n2=sizes, unit=st.floats(0.01, 100))
def test_smd_has_no_unit_and_md_has_one(
    m1: float, m2: float, s1: float, s2: float, n1: int, n2: int, unit: float
) -> None:
    scaled = unit * m1, unit * s1, n1, unit * m2, unit * s2, n2
    g, md = hedges_g(m1, s1, n1, m2, s2, n2), mean_difference(m1, s1, n1, m2, s2, n2)
    assert hedges_g(*scaled).y == pytest.approx(g.y, rel=1e-9, abs=1e-9)
    assert mean_difference(*scaled).v == pytest.approx(unit**2 * md.v, rel=1e-9)
    pooled = np.sqrt(((n1 - 1) * s1**2 + (n2 - 1) * s2**2) / (n1 + n2 - 2))
    assert abs(float(g.y[0])) <= abs(m1 - m2) / pooled


def test_hedges_g_is_unbiased_in_simulated_trials() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(0.5, 1, (20_000, 6)), rng.normal(0, 1, (20_000, 6))
    g = hedges_g(
        a.mean(axis=1), a.std(axis=1, ddof=1), 6, b.mean(axis=1), b.std(axis=1, ddof=1), 6
    ).y
    assert g.mean() == pytest.approx(0.5, abs=4 * g.std() / np.sqrt(len(g)))


def test_sd_of_change_matches_simulated_pairs() -> None:
    rng = np.random.default_rng(2)
    pairs = rng.multivariate_normal([0, 0], [[4, 3], [3, 6.25]], 200_000)
    simulated = np.std(pairs[:, 0] - pairs[:, 1])
    assert float(sd_of_change(2, 2.5, 0.6)) == pytest.approx(simulated, rel=0.01)
    assert mean_change(-1.5, 2, 16).v == pytest.approx([0.25])


def test_interval_and_select() -> None:
    effects = Effects("SMD", [0.1, 0.2, 0.3], [0.04, 0.01, 0.09], ("a", "b", "c"), "made up")
    low, high = effects.interval()
    assert high - effects.y == pytest.approx(1.959963985 * effects.se)
    assert low + high == pytest.approx(2 * effects.y)
    assert effects.select([2, 0]).labels == ("c", "a")
    assert effects.select(effects.y > 0.15).labels == ("b", "c")
    assert effects.select(effects.y > 0.15).method == ("made up",) * 2


def test_pre_post_effects_never_join_controlled_ones() -> None:
    controlled, course = hedges_g(**one()), standardised_change(10, 2, 8, 2.5, 20, 0.6)
    with pytest.raises(InputError, match="natural course, regression to the mean"):
        join([controlled, course])
    both = join([controlled, controlled])
    assert (both.k, both.measure) == (2, "SMD")
    with pytest.raises(InputError, match="one measure"):
        join([controlled, mean_difference(**one())])
    with pytest.raises(InputError, match="at least one"):
        join([])


def test_only_the_changes_are_uncontrolled() -> None:
    flags = {m: Effects(m, [0.0], [1.0]).controlled for m in MEASURES}
    assert {m for m, controlled in flags.items() if not controlled} == {
        "SMCC pre-post", "SMCR pre-post", "MD pre-post",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"sd_1": -2}, r"`sd_1` is -2; allowed: at least 0. An SD is not negative"),
        ({"n_1": 1}, r"`n_1` is 1; allowed: at least 2"),
        ({"mean_2": np.nan}, r"`mean_2` is nan; allowed: finite"),
        ({"sd_1": 0, "sd_2": 0}, r"`pooled SD` is 0; allowed: above 0"),
        ({"sd_2": [1, 1, -3]}, r"`sd_2` is -3 \(row 3\)"),
    ],
)
def test_bad_arms_are_named(changed: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        hedges_g(**one(**changed))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("smd", [0.1], [0.1]), "`measure` is smd; allowed: one of SMD"),
        (("SMD", [0.1, np.inf], [0.1, 0.1]), r"`y` is inf \(row 2\)"),
        (("SMD", [0.1], [0.0]), r"`v` is 0 \(row 1\); allowed: above 0"),
        (("SMD", [0.1, 0.2], [0.1]), "equal lengths"),
        (("SMD", [], []), "one row per effect"),
        (("SMD", [0.1], [0.1], ("a", "b")), "`labels` is 2 texts"),
        (("SMD", ["x"], [0.1]), "`y` is .* allowed: finite numbers"),
    ],
)
def test_bad_effects_are_named(arguments: tuple[object, ...], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Effects(*arguments)


@pytest.mark.parametrize("level", [0, 1, 95, -0.5])
def test_level_is_inside_0_1(level: float) -> None:
    with pytest.raises(InputError, match="strictly between 0 and 1"):
        Effects("SMD", [0.1], [0.1]).interval(level)


def test_bad_changes_are_named() -> None:
    with pytest.raises(InputError, match="`correlation` is 1; allowed: strictly between -1 and 1"):
        standardised_change(10, 2, 8, 2.5, 20, 1)
    with pytest.raises(InputError, match="`by` is end"):
        standardised_change(10, 2, 8, 2.5, 20, 0.5, by="end")
