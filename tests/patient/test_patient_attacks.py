"""Acute attacks: published shares, threshold model, patients, bad input."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import logit

from vagus.data import read_table
from vagus.errors import InputError
from vagus.patient.attacks import (
    LOGITS_PER_SD,
    attack_outcomes,
    attack_probability,
    disorders,
    effect_offset,
    parameter,
    subgroups,
    times,
)
from vagus.patient.switches import Switches


@pytest.mark.parametrize(
    ("disorder", "minutes", "share"),
    [
        ("migraine", 30, 0.042), ("migraine", 60, 0.10), ("migraine", 120, 0.197),
        ("cluster", 15, 0.151),
    ],
)  # fmt: skip
def test_sham_shares_are_the_published_ones(disorder: str, minutes: float, share: float) -> None:
    assert attack_probability(disorder, minutes) == pytest.approx(share)


def test_severe_attacks_pass_less_often() -> None:
    found = [attack_probability("migraine", 120, subgroup=s) for s in subgroups("migraine")]
    assert found == pytest.approx([0.25, 0.222, 0.167])
    assert [effect_offset("migraine", s) for s in subgroups("migraine")] == [0.0, 0.0, 0.0]


def test_gaps_between_subgroups_are_shrunk_alike_under_sham_and_in_the_effect() -> None:
    """ACT1: episodic 13 of 38 against 5 of 47, chronic 3 of 22 against 6 of 26."""
    assert subgroups("cluster") == ("episodic", "chronic")
    prior = (0.25 * LOGITS_PER_SD) ** 2

    def found(*counts: tuple[int, int]) -> tuple[float, float]:
        logits = sum(s * np.log(a / (n - a)) for s, (a, n) in zip((1, -1), counts, strict=False))
        return float(logits), sum(1 / a + 1 / (n - a) for a, n in counts)

    gap, variance = found((5, 47), (6, 26))
    p = [attack_probability("cluster", 15, subgroup=s) for s in subgroups("cluster")]
    assert logit(p[0]) - logit(p[1]) == pytest.approx(
        gap * prior / (prior + variance), abs=0.01
    )  # percentages have three digits
    (episodic, v), (chronic, u) = found((13, 38), (5, 47)), found((3, 22), (6, 26))
    offsets = [effect_offset("cluster", s) for s in subgroups("cluster")]
    shrunk = (episodic - chronic) * prior / (prior + v + u)
    assert offsets[0] - offsets[1] == pytest.approx(shrunk, abs=0.01)
    assert 85 * offsets[0] + 48 * offsets[1] == pytest.approx(0.0, abs=1e-9)
    assert effect_offset("cluster", None) == 0.0


@given(st.floats(30, 120), st.floats(30, 120), st.floats(-2, 2), st.floats(-2, 2))
def test_more_time_and_more_relief_never_do_harm(a: float, b: float, x: float, y: float) -> None:
    (early, late), (better, worse) = sorted((a, b)), sorted((x, y))
    assert attack_probability("migraine", early) <= attack_probability("migraine", late) + 1e-12
    p = attack_probability("migraine", a, np.array([better, worse]))
    assert p[0] >= p[1]
    assert np.all((p > 0) & (p < 1))


def test_relief_shifts_a_logistic_law() -> None:
    """By one SD of a logistic variate of SD 1, whose threshold the sham share sets."""
    rng = np.random.default_rng(0)
    pain = rng.logistic(0.0, 1 / LOGITS_PER_SD, 400_000)
    assert pain.std() == pytest.approx(1.0, abs=0.01)
    threshold = np.quantile(pain, 0.197)
    found = attack_probability("migraine", 120, -0.5)
    assert found == pytest.approx(np.mean(pain - 0.5 <= threshold), abs=0.005)


def test_effect_is_the_posterior_of_a_new_trial() -> None:
    """PRESTO 36/120 against 24/123 and ACT1 16/60 against 11/73, shrunk towards none as said."""
    between, sceptical = 0.3, 0.25 * LOGITS_PER_SD
    counts = ((36, 120, 24, 123), (16, 60, 11, 73))
    weight, weighted = sceptical**-2, 0.0
    for a, n, c, m in counts:
        found = np.log(a / (n - a)) - np.log(c / (m - c))
        variance = 1 / a + 1 / (n - a) + 1 / c + 1 / (m - c) + between**2
        weight, weighted = weight + 1 / variance, weighted + found / variance
    mean, sd = weighted / weight, np.hypot(weight**-0.5, between)
    for disorder in ("migraine", "cluster"):
        drawn = parameter(disorder, "acute_logit", 4000, 0)
        assert np.mean(drawn) == pytest.approx(mean, abs=0.02)
        assert np.std(drawn) == pytest.approx(sd, abs=0.02)
        assert 0.1 < np.mean(drawn < 0) < 0.2


def test_another_trial_may_differ_widely() -> None:
    spread = parameter("migraine", "trial_logit", 4000, 0)
    p = attack_probability("migraine", 120, trial_logit=spread)
    low, high = np.quantile(p, (0.025, 0.975))
    assert low < 0.10
    assert high > 0.35


@given(st.floats(0.05, 0.95), st.floats(0.01, 0.8))
def test_attacks_of_a_patient_are_alike(p: float, rho: float) -> None:
    """Mean p; the number of attacks passed has the variance of a beta-binomial."""
    rng = np.random.default_rng(0)
    passed = attack_outcomes(np.full(4000, p), 5, rho, rng).sum(axis=1)
    variance = 5 * p * (1 - p) * (1 + 4 * rho)
    assert passed.mean() == pytest.approx(5 * p, abs=5 * np.sqrt(variance / 4000))
    assert passed.var() == pytest.approx(variance, rel=0.2, abs=0.03)


def test_without_overdispersion_attacks_are_independent() -> None:
    rng = np.random.default_rng(0)
    off = Switches(overdispersion=False)
    passed = attack_outcomes(np.full(20_000, 0.3), 4, 0.5, rng, off)
    assert np.corrcoef(passed[:, 0], passed[:, 1])[0, 1] == pytest.approx(0.0, abs=0.03)
    sure = attack_outcomes(np.array([0.0, 1.0]), 3, 0.2, rng)
    assert sure.tolist() == [[0, 0, 0], [1, 1, 1]]


def test_tables_hold_calibration_trials_only() -> None:
    rows = read_table("patient/attacks.csv")
    assert all("PRESTO" in row["source"] or "ACT1" in row["source"] for row in rows)
    assert not any("ACT2" in str(row) for row in rows)
    for row in read_table("patient/attack_parameters.csv"):
        assert "ACT2" not in str(row)
        assert row["mark"] in {"derived", "assumed"}


def test_pain_free_is_rarer_than_hardly_any_pain() -> None:
    strict = parameter("cluster", "strict_logit", 2000, 0)
    relief = next(r for r in read_table("patient/attacks.csv") if r["endpoint"] == "relief")
    derived = logit(0.197) - logit(float(relief["pct"]) / 100)
    assert np.median(strict) == pytest.approx(derived, abs=0.03)


def test_bad_input() -> None:
    assert disorders() == ("migraine", "cluster")
    assert times("migraine") == (30, 120)
    with pytest.raises(InputError, match="30 to 120"):
        attack_probability("migraine", 10)
    with pytest.raises(InputError, match="Did you mean `cluster`"):
        attack_probability("clusters", 15)
    with pytest.raises(InputError, match="mild, moderate, severe"):
        attack_probability("migraine", 60, subgroup="mildish")
    with pytest.raises(InputError, match="episodic, chronic"):
        effect_offset("cluster", "rare")
    with pytest.raises(InputError, match="parameter"):
        parameter("migraine", "strict_logit", 3, 0)
    rng = np.random.default_rng(0)
    for p, attacks, rho in ((0.5, 0, 0.1), (1.5, 1, 0.1), (0.5, 1, 1.0), (np.nan, 1, 0.1)):
        with pytest.raises(InputError):
            attack_outcomes(np.array([p]), attacks, rho, rng)
