"""Who leaves and who takes rescue: the hazard as written, reasons that add up, ratings after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit
from trial_samples import make_cohort, make_design

from vagus.data import read_table
from vagus.patient.screening import screening
from vagus.trial.conduct import conduct
from vagus.trial.data import LACK_OF_EFFICACY, OTHER, SIDE_EFFECTS, STAYED
from vagus.trial.design import DropOut, Rescue
from vagus.trial.dropout import hazard, leave, why
from vagus.trial.rescue import shift_SD, take_rescue

MANY = 40_000


def test_hazard_is_the_logistic_law() -> None:
    plan = DropOut(0.05, 0.7, 1.5)
    worse, felt = np.array([0.0, 1.0, -2.0, 1.0]), np.array([0.0, 0.0, 0.0, 0.4])
    odds = np.log(0.05 / 0.95) + 0.7 * worse + 1.5 * felt
    np.testing.assert_allclose(hazard(plan, worse, felt), 1 / (1 + np.exp(-odds)), rtol=1e-12)
    assert hazard(plan, np.zeros(1), np.zeros(1))[0] == pytest.approx(0.05)
    assert (hazard(DropOut(0.0, 5.0, 5.0), worse, felt) == 0).all()


def test_share_that_stays_is_geometric_without_reasons() -> None:
    still = np.zeros((MANY, 4))
    at, reason = leave(DropOut(0.1), still, still, np.random.default_rng(1))
    for visit in range(5):
        stays = 0.9**visit
        se = np.sqrt(stays * (1 - stays) / MANY) + 1e-9
        assert np.mean(at >= visit) == pytest.approx(stays, abs=4 * se)
    assert set(np.unique(reason)) == {STAYED, OTHER}
    assert ((reason == STAYED) == (at == 4)).all()


def test_pain_felt_at_the_visit_before_makes_people_leave() -> None:
    worse = np.zeros((MANY, 2))
    worse[:, 0] = 2.0
    at, reason = leave(DropOut(0.05, 0.8), worse, 0 * worse, np.random.default_rng(2))
    assert np.mean(at == 0) == pytest.approx(0.05, abs=0.005)
    second = expit(logit(0.05) + 1.6)
    assert np.mean(at[at > 0] == 1) == pytest.approx(second, abs=0.01)
    lack = np.mean(reason[at == 1] == LACK_OF_EFFICACY)
    assert lack == pytest.approx(1 - np.exp(-1.6), abs=0.02)


def test_reasons_are_drawn_by_what_they_add_to_the_odds() -> None:
    plan, rng = DropOut(0.05, 1.0, 2.0), np.random.default_rng(3)
    reason = why(plan, np.full(MANY, 1.0), np.full(MANY, 0.5), rng)
    excess = np.expm1([1.0, 1.0])
    for kind, weight in ((LACK_OF_EFFICACY, excess[0]), (SIDE_EFFECTS, excess[1]), (OTHER, 1.0)):
        assert np.mean(reason == kind) == pytest.approx(weight / (1 + excess.sum()), abs=0.01)
    better = why(plan, np.full(100, -3.0), np.zeros(100), rng)
    assert (better == OTHER).all()


@settings(max_examples=25)
@given(
    st.floats(0, 0.5), st.floats(-2, 2), st.floats(-2, 2), st.integers(0, 2**32),
    st.integers(1, 6),
)  # fmt: skip
def test_who_left_does_not_come_back(
    base: float, pain: float, effects: float, seed: int, visits: int
) -> None:
    rng = np.random.default_rng(seed)
    worse, felt = rng.standard_normal((30, visits)), rng.random((30, visits))
    at, reason = leave(DropOut(base, pain, effects), worse, felt, rng)
    assert ((at >= 0) & (at <= visits)).all()
    assert ((reason == STAYED) == (at == visits)).all()


def test_ratings_end_when_somebody_leaves_and_the_simulator_knows_the_rest() -> None:
    data = conduct(make_design(drop_out=DropOut(0.2, 0.5, 1.0)), make_cohort(), 10, 1)
    visit = np.arange(data.visits)
    np.testing.assert_array_equal(np.isnan(data.values), visit >= data.left_at[..., None])
    assert not np.isnan(data.complete).any()
    seen = ~np.isnan(data.values)
    np.testing.assert_array_equal(data.values[seen], data.complete[seen])
    stayed = conduct(make_design(drop_out=DropOut(0.0)), make_cohort(), 10, 1)
    np.testing.assert_array_equal(stayed.complete, data.complete)  # leaving changes nothing else


def test_rescue_is_taken_by_those_who_may_and_for_good() -> None:
    ratings = np.array([[7.0, 3.0, 8.0], [3.0, 3.0, 3.0], [3.0, 6.0, 2.0]])
    plan = Rescue(6.0, 1.0, -0.5)
    at = take_rescue(plan, ratings, 1, np.random.default_rng(0))
    np.testing.assert_array_equal(at, [0, 3, 1])
    np.testing.assert_array_equal(shift_SD(plan, at, 3), [[0, -0.5, -0.5], [0, 0, 0], [0, 0, -0.5]])
    low = take_rescue(plan, ratings, -1, np.random.default_rng(0))  # where higher is better
    np.testing.assert_array_equal(low, [1, 0, 0])
    half = take_rescue(replace(plan, probability=0.5), np.full((MANY, 1), 9.0), 1,
                       np.random.default_rng(1))  # fmt: skip
    assert np.mean(half == 0) == pytest.approx(0.5, abs=0.01)


def test_rescue_lowers_later_ratings_by_its_size() -> None:
    design = make_design(rescue=Rescue(6.0, 1.0, -0.6))
    data = conduct(design, make_cohort(), 10, 1)
    after = np.arange(data.visits) > data.rescue_at[..., None]
    np.testing.assert_array_equal(data.as_taken[~after], data.complete[~after])
    sd = screening("fibromyalgia").sd
    free = after & (data.as_taken > 0) & (data.complete < 10)
    assert free.sum() > 100
    np.testing.assert_allclose((data.as_taken - data.complete)[free], -0.6 * sd, atol=1e-9)
    first = np.take_along_axis(data.complete, data.rescue_at[..., None].clip(max=3), 2)[..., 0]
    assert (first[data.rescue_at < 4] >= 6).all()


def test_reported_rates_follow_from_their_counts() -> None:
    for row in read_table("trial/dropout.csv"):
        if not row["n"]:
            continue
        stays = float(row["completed"]) / float(row["n"])
        assert float(row["per_visit"]) == pytest.approx(
            1 - stays ** (1 / float(row["visits"])), abs=6e-4
        )


def test_adherence_concentration_follows_from_two_trials() -> None:
    from scipy.optimize import fsolve
    from scipy.stats import beta

    def misses(x: np.ndarray) -> list[float]:  # type: ignore[type-arg]
        a, b = x[0] * x[1], (1 - x[0]) * x[1]
        return [beta.sf(0.67, a, b) - 278 / 332, beta.sf(0.8, a, b) - 86 / 116]

    row = next(
        r for r in read_table("trial/conduct.csv") if r["symbol"] == "adherence_concentration"
    )
    assert fsolve(misses, [0.85, 3.0])[1] == pytest.approx(float(row["value"]), abs=0.05)
