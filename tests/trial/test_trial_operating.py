"""Operating characteristics: error rates are what they claim, estimates hit the truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from trial_samples import cohort_for, crossover, make_cohort, make_design, n_of_1, withdrawal

from vagus.body.conditions import condition
from vagus.errors import InputError
from vagus.patient.cohort import Cohort
from vagus.patient.switches import Switches
from vagus.trial.analysis.responders import pearson
from vagus.trial.conduct import conduct
from vagus.trial.data import TrialData
from vagus.trial.design import Design, DropOut, Looks, Rescue
from vagus.trial.estimand import RESCUE
from vagus.trial.interim import first_patients, looks
from vagus.trial.operating import behaviour, mean, operating_characteristics, share
from vagus.trial.power_curve import power_by_effect, power_by_n, resized
from vagus.trial.primary import primary, response
from vagus.trial.truth import true_effect

R = 300


def swapped(data: TrialData) -> TrialData:
    """The same trial with its arms numbered the other way round."""
    design = replace(data.design, arms=data.design.arms[::-1])
    return replace(data, design=design, arm=1 - data.arm, sequence=1 - data.sequence)


@pytest.mark.parametrize("analysis", ["mmrm", "ancova", "responder"])
def test_numbering_arms_otherwise_changes_nothing(analysis: str) -> None:
    data = conduct(make_design(25, analysis=analysis, drop_out=DropOut(0.05)), make_cohort(), 5, 1)
    one, two = primary(data, workers=1), primary(swapped(data), workers=1)
    np.testing.assert_allclose(one.estimate, two.estimate, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(one.p, two.p, rtol=1e-5, atol=1e-12)


def test_swapping_treatments_flips_the_sign() -> None:
    """Every patient's rating put in the other arm: the contrast turns round."""
    data = conduct(make_design(25), make_cohort(), 5, 1)
    other = replace(data, arm=1 - data.arm)
    np.testing.assert_allclose(
        primary(data, workers=1).estimate, -primary(other, workers=1).estimate, atol=1e-7
    )


DESIGNS: dict[str, Any] = {
    "mmrm": lambda: make_design(20, drop_out=DropOut(0.05, 0.5, 0.5)),
    "ancova": lambda: make_design(20, analysis="ancova"),
    "responder": lambda: make_design(40, analysis="responder", responder_share=0.2),
    "crossover": crossover,
    "withdrawal": withdrawal,
}


def size_of_pearson(n: int, p: float) -> float:
    """Probability that the chi-squared test rejects at 0.05: two arms of n, both respond with p."""
    count = np.arange(n + 1)
    chance = stats.binom.pmf(count, n, p)
    events = np.stack(np.meshgrid(count, count, indexing="ij"), axis=-1) * 1.0
    rejects = pearson(events, np.full(events.shape, float(n)))[1] < 0.05
    return float((np.outer(chance, chance) * rejects).sum())


@pytest.mark.parametrize("name", DESIGNS)
def test_type_i_error_is_alpha_within_chance(name: str) -> None:
    design = DESIGNS[name]()
    cohort = cohort_for(design)
    found = behaviour(design, cohort, R, 11, null=True, workers=1)
    alpha = 0.05
    if name == "responder":  # a test on counts cannot meet alpha exactly, but its size is known
        alpha = size_of_pearson(40, np.nanmean(response(conduct(design, cohort, R, 11, null=True))))
    chance = np.sqrt(alpha * (1 - alpha) / R)
    assert found.rejected.value == pytest.approx(alpha, abs=3.3 * chance)
    assert found.rejected.value > 0.4 * alpha  # a test that hardly ever rejects is no test
    assert abs(found.bias.value) < 4 * found.bias.se
    assert found.truth == pytest.approx(0.0, abs=1e-12)


def test_truth_bias_and_coverage_under_drop_out_at_random() -> None:
    """The truth is the effect put in, in points; the mixed model finds it although those in pain
    leave, and its intervals hold it as often as they say."""
    design = make_design(40, drop_out=DropOut(0.08, 0.8, 1.0))
    cohort = make_cohort(spread=0.0)
    found = behaviour(design, cohort, R, 3, workers=1)
    put_in = -0.5 * condition("fibromyalgia").sd
    assert found.truth == pytest.approx(put_in, abs=0.05)  # clipping at 0 takes a little
    assert abs(found.bias.value) < 4 * found.bias.se
    assert found.coverage.value == pytest.approx(0.95, abs=4 * np.sqrt(0.95 * 0.05 / R))
    assert found.left > 0.2
    assert found.spread == pytest.approx(found.mean_se, rel=0.15)


def test_truth_belongs_to_a_population() -> None:
    cohort = make_cohort(spread=0.3)
    found = true_effect(make_design(), cohort, 1)
    put_in = cohort.courses["active"]["pain"] - cohort.courses["sham"]["pain"]
    for population, effect in found.items():
        own = put_in[cohort.population == population, -1].mean() * condition("fibromyalgia").sd
        assert effect == pytest.approx(own, abs=0.15)
    assert true_effect(make_design(), cohort, 1, populations=[2]) == {2: found[2]}


def test_rescue_hides_part_of_the_effect_under_treatment_policy() -> None:
    """Those on sham take more of it. The hypothetical estimand looks past that."""
    design = make_design(rescue=Rescue(5.0, 0.8, -0.8))
    past = replace(design, estimand=design.estimand.having({RESCUE: "hypothetical"}))
    cohort = make_cohort(spread=0.0, effect_SD=-0.8, populations=1)
    seen, without = (true_effect(d, cohort, 1)[0] for d in (design, past))
    assert without < seen - 0.1 < 0
    none = true_effect(make_design(), cohort, 1)[0]
    assert without == pytest.approx(none, abs=0.1)


def test_leaving_counts_as_no_response() -> None:
    design = make_design(40, analysis="responder", responder_share=0.2)
    leaky = replace(design, drop_out=DropOut(0.3))
    cohort = make_cohort(populations=1, spread=0.0)
    full, less = (true_effect(d, cohort, 1)[0] for d in (design, leaky))
    assert full > 0.1
    assert less == pytest.approx(full * 0.7**4, abs=0.03)
    for d in (design, leaky):
        found = behaviour(d, cohort, R, 2, workers=1)
        assert abs(found.bias.value) < 4 * found.bias.se + 0.02


def test_no_single_truth_is_said_and_not_guessed() -> None:
    while_on = make_design(drop_out=DropOut(0.1))
    while_on = replace(
        while_on, estimand=while_on.estimand.having({"stopping treatment": "while on treatment"})
    )
    assert np.isnan(list(true_effect(while_on, make_cohort(), 1).values())).all()
    trial = n_of_1()
    found = behaviour(trial, cohort_for(trial), 5, 1)
    assert np.isnan([found.truth, found.coverage.value, found.bias.value]).all()
    assert found.success.value == 0  # three pairs: the exact p is never below 1/4


def test_change_within_one_arm_finds_effects_where_there_are_none() -> None:
    """Why a series without control shows nothing: its type I error is near 1."""
    arm = make_design(90).arms[0]
    design = make_design(arms=(arm,), analysis="change-within")
    found = operating_characteristics(design, make_cohort(), 30, 1, workers=1)
    assert found.type_i_error.value > 0.5
    assert found.null.truth < -0.3


def test_power_rises_with_patients_and_with_effect() -> None:
    design, cohort = make_design(20, analysis="ancova"), make_cohort(spread=0.0)
    by_n = power_by_n(design, cohort, (16, 40, 100), 60, 1)
    assert [p.x for p in by_n] == [16, 40, 100]
    assert by_n[0].power.value < by_n[1].power.value < by_n[2].power.value
    by_effect = power_by_effect(design, cohort, (0.0, 1.0, 2.0), 60, 1)
    powers = [p.power.value for p in by_effect]
    assert powers[0] < 0.15 < powers[1] < powers[2]
    assert len({p.type_i_error for p in by_effect}) == 1


def test_power_agrees_with_the_normal_formula() -> None:
    """ANCOVA without ceiling: power of a t test with the residual spread of the data."""
    design, cohort = make_design(40, analysis="ancova"), make_cohort(spread=0.0, effect_SD=-0.35)
    found = behaviour(design, cohort, 400, 4)
    df = 2 * 40 - 3
    edge = stats.t.ppf(0.975, df)
    power = float(stats.nct.cdf(-edge, df, found.truth / found.mean_se))
    assert found.success.value == pytest.approx(power, abs=0.06)


def sequential() -> Design:
    return make_design(
        40, analysis="ancova", looks=Looks((1 / 3, 2 / 3, 1.0), "lan-demets-obf", (-0.5, 0.0))
    )


def test_looks_stop_early_and_keep_alpha() -> None:
    design = sequential()
    found = operating_characteristics(design, make_cohort(effect_SD=-0.8), R, 5)
    for b in (found.effect, found.null):
        assert b.stops is not None
        assert b.stops.patients == (27, 54, 80)
        stopped = [e.value for e in (*b.stops.benefit, *b.stops.harm, *b.stops.futility)]
        assert sum(stopped) <= 1 + 1e-12
        shares = np.sum([[e.value for e in k] for k in
                         (b.stops.benefit, b.stops.harm, b.stops.futility)], axis=0)  # fmt: skip
        shares[-1] = 1 - shares[:-1].sum()
        assert b.stops.expected_n.value == pytest.approx(float(shares @ b.stops.patients))
    assert found.effect.stops is not None
    assert found.effect.stops.expected_n.value < 65
    assert found.power.value > 0.9
    assert found.type_i_error.value < 0.05 + 3 * np.sqrt(0.05 * 0.95 / R)


def test_the_last_look_is_the_whole_trial() -> None:
    data = conduct(sequential(), make_cohort(), 5, 1)
    whole = primary(data)
    found = looks(data)
    np.testing.assert_array_equal(found.last.estimate, whole.estimate)
    np.testing.assert_array_equal(found.z[:, -1], whole.z)
    assert first_patients(data, 27).n == 27
    with pytest.raises(InputError, match="looks"):
        looks(conduct(make_design(), make_cohort(), 1, 1))


@pytest.mark.parametrize("analysis", ["mmrm", "ancova", "responder", "change-within"])
@pytest.mark.parametrize("replicates", [1, 40])
def test_a_look_before_an_arm_has_patients_has_no_statistic(analysis: str, replicates: int) -> None:
    """One or two patients of eighty: the trial goes on, and its last look is what it was."""
    plan = Looks((1 / 80, 2 / 80, 1.0), "lan-demets-obf")
    design = make_design(40, analysis=analysis, looks=plan)
    data = conduct(design, make_cohort(), replicates, 2)
    found = looks(data, workers=1)
    alone = np.ptp(data.arm[:, :2], axis=1) == 0
    assert analysis == "change-within" or np.isnan(found.z[alone, 1]).all()
    assert np.isnan(found.z[:, 0]).all()
    np.testing.assert_array_equal(found.z[:, -1], primary(data, workers=1).z)
    np.testing.assert_array_equal(found.last.estimate, primary(data, workers=1).estimate)


def test_the_power_curve_goes_down_to_first_looks_of_one_arm() -> None:
    design = make_design(40, analysis="ancova", looks=Looks((0.1, 1.0), "pocock"))
    small, whole = power_by_n(design, make_cohort(effect_SD=-0.8), (8, 80), 40, 1)
    assert small.power.value < whole.power.value


def test_one_sided_tests_ask_for_the_right_side() -> None:
    data = conduct(make_design(40, sides=1, alpha=0.025), make_cohort(), 20, 1)
    fit = primary(data, workers=1)
    two = primary(replace(data, design=replace(data.design, sides=2, alpha=0.05)), workers=1)
    np.testing.assert_array_equal(fit.low, two.low)
    np.testing.assert_array_equal(
        fit.shows_benefit(data.design), (two.p < 0.05) & (two.estimate < 0)
    )


def test_results_depend_neither_on_threads_nor_on_being_watched() -> None:
    design, cohort = make_design(15), make_cohort()
    told: list[tuple[int, int]] = []
    one = operating_characteristics(
        design, cohort, 70, 1, workers=1, progress=lambda *a: told.append(a)
    )
    assert one == operating_characteristics(design, cohort, 70, 1, workers=2)
    shares = [done / total for done, total in told]
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_monte_carlo_errors() -> None:
    found = share(np.array([True, False, False, False]))
    assert (found.value, found.se) == (0.25, pytest.approx(np.sqrt(0.25 * 0.75 / 4)))
    spread = mean(np.array([1.0, 2.0, 3.0, np.nan]))
    assert (spread.value, spread.se) == (2.0, pytest.approx(1 / np.sqrt(3)))


def test_sizes() -> None:
    assert [a.n for a in resized(make_design(20), 90).arms] == [45, 45]
    with pytest.raises(InputError, match="patients"):
        resized(make_design(20), 3)


def test_more_noise_in_ratings_widens_intervals() -> None:
    design = make_design(
        40, condition="migraine", endpoint="migraine_days", run_in_d=28.0, recall_d=28.0,
        visits_d=(28.0, 56.0, 84.0), analysis="ancova",
    )  # fmt: skip
    cohort = make_cohort(key="migraine")
    plain, spread = (
        primary(conduct(design, cohort, 80, 1, switches=Switches(overdispersion=o)))
        for o in (False, True)
    )
    assert np.mean(spread.high - spread.low) > 1.02 * np.mean(plain.high - plain.low)


def test_more_noise_between_populations_widens_the_spread_of_estimates() -> None:
    def spread(cohort: Cohort) -> float:
        return behaviour(make_design(60, analysis="ancova"), cohort, 150, 1).spread

    assert spread(make_cohort(populations=20, spread=0.6)) > 1.5 * spread(
        make_cohort(populations=20, spread=0.0)
    )
