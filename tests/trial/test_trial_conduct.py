"""Conducting trials: who gets in, who gets what, what is seen, and that chance is kept in order."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from trial_samples import (
    SHAM,
    STIMULATED,
    cohort_for,
    crossover,
    make_cohort,
    make_design,
    n_of_1,
    withdrawal,
)  # fmt: skip

from vagus.errors import InputError
from vagus.patient.regimen import Regimen
from vagus.patient.screening import Entry, expected_regression, screening
from vagus.patient.switches import Switches
from vagus.trial.blinding import bang_index
from vagus.trial.conduct import conduct
from vagus.trial.data import TrialData
from vagus.trial.design import Arm, Strata
from vagus.trial.effect import with_effect, without_difference
from vagus.trial.people import enrol_patients, rated
from vagus.trial.periods import orders, regimens_needed, windows_d
from vagus.trial.screen import ABOVE, NO_RESPONSE, Candidates, enrol
from vagus.trial.stage import prepare


def assert_same(a: TrialData, b: TrialData) -> None:
    for f in fields(a):
        if f.name not in ("design", "excluded"):
            np.testing.assert_array_equal(getattr(a, f.name), getattr(b, f.name), f.name)


def test_same_seed_same_trial_whatever_the_number_of_replicates() -> None:
    design, cohort = make_design(), make_cohort()
    many = conduct(design, cohort, 12, 5)
    assert_same(conduct(design, cohort, 12, 5), many)
    assert_same(conduct(design, cohort, 4, 5), many.chosen(np.arange(4)))
    other = conduct(design, cohort, 4, 6)
    assert not np.array_equal(other.values, many.values[:4], equal_nan=True)


def test_arms_are_full_and_everybody_assessed_is_accounted_for() -> None:
    arms = (Arm("a", "active", 20, STIMULATED), Arm("s", "sham", 40, SHAM))
    strata = Strata(baseline_cuts=(6.0, 8.0), block_sizes=(3, 6))
    data = conduct(make_design(arms=arms, strata=strata), make_cohort(), 10, 1)
    assert (np.sum(data.arm == 0, axis=1) == 20).all()
    assert (np.sum(data.arm == 1, axis=1) == 40).all()
    assert (data.screened == data.n + sum(data.excluded.values())).all()
    np.testing.assert_array_equal(data.stratum, np.digitize(data.baseline, (6.0, 8.0)))
    assert (data.baseline >= 4.0).all()


def test_regression_to_the_mean_emerges_from_entry_and_noise() -> None:
    """Nothing acts, and yet those who rated high rate lower next: as much as the closed form says.
    Without an entry criterion nothing happens."""
    cohort = make_cohort(effect_SD=0.0, placebo_SD=0.0, spread=0.0)
    strict = make_design(120, entry=Entry(at_least=7.0))
    seen = conduct(strict, cohort, 60, 2).change[..., 0].mean(axis=1)
    expected = expected_regression(screening("fibromyalgia"), strict.entry, 3.0, 22.0, 0.6, 0.27)
    assert expected < -0.3
    assert seen.mean() == pytest.approx(float(expected), abs=4 * seen.std() / np.sqrt(60))
    free = conduct(make_design(120, entry=Entry()), cohort, 60, 2).change[..., 0].mean(axis=1)
    assert abs(free.mean()) < 4 * free.std() / np.sqrt(60)


def test_under_the_null_every_arm_has_the_courses_of_sham() -> None:
    design, cohort = make_design(), make_cohort()
    arms = tuple(replace(arm, regimen=SHAM) for arm in design.arms)
    none = conduct(design, cohort, 5, 3, null=True)
    assert_same(none, conduct(replace(design, arms=arms), cohort, 5, 3))


def test_null_of_a_crossover_needs_a_regimen_without_stimulation() -> None:
    design = crossover()
    with pytest.raises(InputError, match="never stimulated"):
        without_difference(make_cohort(tuple(a.regimen for a in design.arms)), design)
    data = conduct(design, cohort_for(design), 30, 1, null=True)
    gap = data.values[data.treatment == 0].mean() - data.values[data.treatment == 1].mean()
    assert abs(gap) < 0.15


def test_null_of_a_withdrawal_takes_stimulation_from_both_arms_after_the_lead_in() -> None:
    design = withdrawal(60)
    cohort = cohort_for(design, effect_SD=-0.8, spread=0.0)
    none, some = (conduct(design, cohort, 10, 1, null=null) for null in (True, False))
    back = [none.complete[..., -1][none.arm == k].mean() for k in (0, 1)]
    assert abs(back[0] - back[1]) < 0.4
    np.testing.assert_array_equal(none.baseline, some.baseline)  # the lead-in was the same
    assert back[0] > some.complete[..., -1][some.arm == 0].mean() + 0.5


@given(st.integers(1, 60), st.floats(0.05, 1.0), st.integers(0, 2**32))
def test_everybody_assessed_is_counted_once(n: int, share: float, seed: int) -> None:
    """Rows in order of assessment: those admitted are the first n who pass."""
    rng = np.random.default_rng(seed)
    verdicts: list[np.ndarray] = []  # type: ignore[type-arg]

    def assess(many: int) -> Candidates:
        verdict = np.where(rng.random(many) < share, -1, 0)
        start = sum(len(v) for v in verdicts)
        verdicts.append(verdict)
        who = np.arange(start, start + many)
        return Candidates(who, who * 1.0, np.zeros((many, 2)), verdict, 0, many)

    people = enrol(assess, n)
    passing = np.flatnonzero(np.concatenate(verdicts) < 0)[:n]
    seen = people.who
    assert len(seen) == n
    if len(verdicts) == 1:  # later batches start where the trial saw the end of the one before
        np.testing.assert_array_equal(seen, passing)
        assert people.screened == passing[-1] + 1
    assert people.screened == n + people.excluded.sum()


def test_effect_is_scaled_between_sham_and_stimulation() -> None:
    cohort = make_cohort()
    half = with_effect(cohort, 0.5).courses["active"]["pain"]
    both = [cohort.courses[name]["pain"] for name in ("active", "sham")]
    np.testing.assert_allclose(half, np.mean(both, axis=0), atol=1e-12)
    assert with_effect(cohort, 1.0) is cohort
    with pytest.raises(InputError, match="without stimulation"):
        with_effect(make_cohort((STIMULATED, Regimen("none", knows="untreated"))), 0.5)


def test_missed_sessions_shrink_the_effect_in_proportion() -> None:
    cohort = make_cohort(spread=0.0, effect_SD=-0.6)
    full = conduct(make_design(200), cohort, 20, 1)
    half = conduct(make_design(200, adherence=0.5), cohort, 20, 1)
    assert (full.adherence == 1).all()
    assert half.adherence.mean() == pytest.approx(0.5, abs=0.06)

    def effect(data: TrialData) -> float:
        last = data.complete[..., -1]
        return float(last[data.arm == 0].mean() - last[data.arm == 1].mean())

    assert effect(half) == pytest.approx(half.adherence.mean() * effect(full), abs=0.12)


def test_crossover_gives_both_treatments_and_carries_over_what_the_body_keeps() -> None:
    design = crossover(100)
    cohort = cohort_for(design, spread=0.0, effect_SD=-0.6)
    data = conduct(design, cohort, 10, 1, switches=Switches(noise=False))
    assert (data.treatment[..., 0] == data.arm).all()
    assert (data.treatment[..., 1] == 1 - data.arm).all()
    np.testing.assert_allclose(windows_d(design), [[-7, 0], [21, 28], [77, 84]])
    sham = data.values[..., 1][data.arm == 0].mean() - data.values[..., 0][data.arm == 1].mean()
    assert abs(sham) < 0.3  # four weeks of washout: nothing is left


def test_n_of_1_draws_orders_and_stimulates_in_the_active_periods_only() -> None:
    design = n_of_1()
    needed = regimens_needed(design)
    assert len(orders(design)) == 8
    assert {r.name for r in needed} == {
        *("order " + "".join("AB"[k] for k in row) for row in orders(design)), "no stimulation",
    }  # fmt: skip
    data = conduct(design, cohort_for(design, effect_SD=-1.0), 200, 1)
    assert data.n == 1
    assert len(np.unique(data.sequence)) == 8
    assert (data.treatment[..., ::2] != data.treatment[..., 1::2]).all()
    on, off = (data.values[data.treatment == k].mean() for k in (0, 1))
    assert on < off - 0.5


def test_enriched_withdrawal_randomises_those_who_respond_to_open_treatment() -> None:
    design = withdrawal(60)
    data = conduct(design, cohort_for(design, effect_SD=-0.8, spread=0.0), 20, 1)
    assert (data.excluded[NO_RESPONSE] > 0).all()
    away, stays = (data.values[..., -1][data.arm == k].mean() for k in (1, 0))
    assert away > stays + 0.5
    first = conduct(make_design(60), make_cohort(), 20, 1)
    assert data.baseline.mean() < first.baseline.mean() - 2


@pytest.mark.parametrize("endpoint", ["acr20", "acr50"])
def test_where_the_endpoint_is_yes_or_no_the_rating_says_who_responds_to_open_treatment(
    endpoint: str,
) -> None:
    ratings = replace(withdrawal(30), condition="rheumatoid-arthritis", analysis="responder")
    design = replace(ratings, endpoint=endpoint)
    cohort = cohort_for(design, key="rheumatoid-arthritis", effect_SD=-0.8, spread=0.0)
    data = conduct(design, cohort, 5, 1)
    assert (np.sum(data.arm == 0, axis=1) == 30).all()
    assert (data.excluded[NO_RESPONSE] > 0).all()
    assert np.isin(data.values, (0, 1)).all()
    # The same law as where the rating is the endpoint: half pass, give or take chance.
    same = conduct(ratings, cohort, 5, 1)
    passed = [d.n / (d.n + d.excluded[NO_RESPONSE].mean()) for d in (data, same)]
    assert passed[0] == pytest.approx(passed[1], abs=0.12)
    assert data.baseline.mean() == pytest.approx(same.baseline.mean(), abs=0.5)


@pytest.mark.parametrize("endpoint", ["nrs", "vas", "fiqr", "function", "rmssd"])
def test_the_same_people_have_the_same_noise_under_every_regimen(endpoint: str) -> None:
    """What differs between regimens is the effect, and what stays with a patient does stay."""
    cohort = make_cohort(spread=0.0)
    stage = prepare(make_design(endpoint=endpoint), cohort, Switches())
    part = stage.parts[0][0]
    people = enrol_patients(stage, part, 100, np.random.default_rng(1))
    values = [rated(stage, part, people, np.full(100, k), np.random.default_rng(2)) for k in (0, 1)]
    gap = (values[0] - values[1])[:, -1]
    assert np.mean(np.abs(gap - np.median(gap)) < 1e-9) > 0.9 or endpoint == "rmssd"  # not clipped
    assert np.std(gap) < 0.1 * np.std(values[0][:, -1])
    assert np.corrcoef(people.baseline, values[1][:, 0])[0, 1] > 0.3


def test_migraine_days_are_counts_and_entry_is_judged_on_them() -> None:
    design = make_design(
        condition="migraine", endpoint="migraine_days", run_in_d=28.0, recall_d=28.0,
        visits_d=(28.0, 56.0, 84.0), entry=Entry(4.0, 14.0),
    )  # fmt: skip
    data = conduct(design, make_cohort(key="migraine"), 10, 1)
    assert ((data.baseline >= 4) & (data.baseline <= 14)).all()
    assert (data.values == np.round(data.values)).all()
    assert data.excluded[ABOVE].sum() > 0


def test_populations_are_drawn_by_weight() -> None:
    cohort = make_cohort(populations=2)
    heavy = cohort.reweighted(np.where(cohort.population == 0, 9.0, 1.0))
    drawn = conduct(make_design(4), heavy, 400, 1).population
    assert np.mean(drawn == 0) == pytest.approx(0.9, abs=0.05)


def test_bang_index_follows_what_is_felt() -> None:
    design = make_design(100)
    numb, plain = (conduct(design, make_cohort(felt=f), 30, 1) for f in (0.0, 1.0))
    silent, felt = bang_index(numb), bang_index(plain)
    assert all(b.low < 0 < b.high for b in silent)
    assert felt[0].low > 0
    assert felt[1].low < 0 < felt[1].high
    known = tuple(replace(a, regimen=replace(a.regimen, knows="open")) for a in design.arms)
    told = conduct(replace(design, arms=known), make_cohort(tuple(a.regimen for a in known)), 2, 1)
    assert np.isnan([b.index for b in bang_index(told)]).all()


def test_clear_errors() -> None:
    design, cohort = make_design(), make_cohort()
    strict = make_design(
        condition="migraine", endpoint="migraine_days", run_in_d=28.0, recall_d=28.0,
        visits_d=(28.0, 56.0, 84.0), entry=Entry(at_least=28.0),
    )  # fmt: skip
    with pytest.raises(InputError, match="Lower `entry: at_least`"):
        conduct(strict, make_cohort(key="migraine"), 1, 1)
    with pytest.raises(InputError, match="84 days or more"):
        conduct(design, make_cohort(days=60), 1, 1)
    with pytest.raises(InputError, match="regimens_needed"):
        conduct(design, make_cohort((SHAM,)), 1, 1)
    with pytest.raises(InputError, match="fibromyalgia"):
        conduct(design, make_cohort(key="migraine"), 1, 1)
    with pytest.raises(InputError, match="replicates"):
        conduct(design, cohort, 0, 1)
    with pytest.raises(InputError, match="replicate"):
        conduct(design, cohort, 1, 1).replicate(1)


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    conduct(make_design(4), make_cohort(), 3, 1, progress=lambda *a: told.append(a))
    assert told == [(1, 3), (2, 3), (3, 3)]
