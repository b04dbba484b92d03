"""Baselines: built from other trials only, from numbers that were seen, and to the right size."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from vagus.data import read_table
from vagus.evidence.effects import Effects
from vagus.evidence.pooled import pool
from vagus.evidence.tables import evidence
from vagus.trial import pilots, pools
from vagus.trial.baselines import BASELINES, Baseline, baselines, quantities
from vagus.trial.design import Design, DropOut
from vagus.trial.endpoint_scale import change_sd, endpoint_sd
from vagus.trial.pilots import pilot_of
from vagus.trial.pools import KINDS, LOGITS_PER_SD, effect_pool, logit_of, sham_pool
from vagus.trial.published import published_trial, published_trials
from vagus.trial.results import CONTRAST, calibration_results

ALL = [trial.key for trial in published_trials()]
CALIBRATION = [trial.key for trial in published_trials("calibration")]


def one(key: str, name: str, **options: object) -> Baseline:
    return dict(zip(BASELINES, baselines(published_trial(key), **options), strict=True))[name]  # type: ignore[arg-type]


@pytest.mark.parametrize("key", ALL)
def test_a_trial_never_enters_its_own_baselines(key: str) -> None:
    for baseline in baselines(published_trial(key), size=10):
        assert key not in baseline.trials
        assert not any(key in words for words in baseline.basis)


@pytest.mark.parametrize("key", CALIBRATION)
def test_removing_a_trials_results_changes_nothing_of_its_baselines(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = baselines(published_trial(key), size=50)
    tables = {
        name: tuple(row for row in read_table(name) if row["trial"] != key)
        for name in ("trial/sham_responses.csv",)
    }
    kept = tuple(row for row in read_table("trial/pilots.csv") if row["pilot"] != key)
    tables["trial/pilots.csv"] = kept
    controlled = pools.controlled_studies
    monkeypatch.setattr(pools, "read_table", lambda name: tables.get(name) or read_table(name))
    monkeypatch.setattr(pilots, "read_table", lambda name: tables.get(name) or read_table(name))
    monkeypatch.setattr(
        pools, "controlled_studies",
        lambda *a, **k: tuple(s for s in controlled(*a, **k) if s.trial != key),
    )  # fmt: skip
    for cached in (sham_pool, effect_pool):
        cached.cache_clear()
    after = baselines(published_trial(key), size=50)
    for cached in (sham_pool, effect_pool):
        cached.cache_clear()
    for first, second in zip(before, after, strict=True):
        assert first.basis == second.basis
        assert first.samples.keys() == second.samples.keys()
        for name, values in first.samples.items():
            np.testing.assert_array_equal(values, second.samples[name])


def test_trials_left_out_leave_pools_and_pilots() -> None:
    found = sham_pool("change", frozenset({"PREMIUM"}))
    assert found is not None
    assert "PREMIUM" not in found.trials
    assert pilot_of("ESTIVAL", "change_mean") is not None
    assert pilot_of("ESTIVAL", "change_mean", frozenset({"COURTIES2022"})) is None
    without = frozenset({"PRESTO", "ACT1"})
    assert sham_pool("event_share", without) is None
    assert not one("ACT2", "sham", without=without).samples


def test_trials_that_share_patients_leave_together() -> None:
    for key in ("KOVACIC2017", "KRASAELAP2020"):
        for kind in KINDS:
            for found in (
                sham_pool(kind, frozenset({key})),
                effect_pool(kind, frozenset({key})),
            ):
                assert found is not None
                assert "KRASAELAP2020" not in found.trials


def test_pool_is_the_random_effects_pool_where_trials_differ_more_than_the_dossiers_spread() -> (
    None
):
    for kind in KINDS:
        for found in (sham_pool(kind), effect_pool(kind)):
            assert found is not None
            least = 0.25 * (1 if kind == "change" else LOGITS_PER_SD)
            errors = np.array(found.errors)
            plain = pool(Effects("MD", np.array(found.values), errors**2))
            assert found.tau >= least
            if plain.tau > least:
                assert found.estimate == pytest.approx(plain.estimate, rel=1e-9)
                assert found.se == pytest.approx(plain.se, rel=1e-9)
                assert found.tau == pytest.approx(plain.tau, rel=1e-9)


def test_one_trial_is_its_own_pool_with_the_dossiers_spread() -> None:
    found = sham_pool("event_share", frozenset({"PRESTO"}))
    assert found is not None
    assert found.trials == ("ACT1",)
    assert found.estimate == pytest.approx(logit_of(11, 73)[0])
    assert found.tau == pytest.approx(0.25 * math.pi / math.sqrt(3))


def test_sham_responses_are_those_of_the_evidence_in_SD() -> None:
    found = sham_pool("change")
    assert found is not None
    values = dict(zip(found.trials, found.values, strict=True))
    assert values["PREMIUM"] == pytest.approx(-1.8 / 2.7)
    assert values["EVENT"] == pytest.approx(-0.2 / 4.7)
    results = {(r.trial, r.arm, r.quantity): r.value for r in calibration_results()}
    assert results["PREMIUM", "sham", "change_mean"] == -1.8


def test_no_effect_beyond_sham_has_arms_alike_and_a_difference_of_sampling_error_only() -> None:
    trial = published_trial("PREMIUM2")
    found = one("PREMIUM2", "sham", size=40_000)
    first, second = (found.samples[arm.name, "change_mean"] for arm in trial.design.arms)
    difference = found.samples[CONTRAST, "difference"]
    # A fifth leaves before the end.
    expected = 2.9 * math.sqrt(1 / (0.8 * 116) + 1 / (0.8 * 115))
    assert difference.std() == pytest.approx(expected, rel=0.02)
    assert abs(difference.mean()) < 4 * expected / math.sqrt(40_000)
    assert first.mean() == pytest.approx(second.mean(), abs=0.01)
    known = sham_pool("change", frozenset({"PREMIUM2"}))
    assert known is not None
    assert first.mean() == pytest.approx(2.7 * known.estimate, abs=0.03)
    error = 2.9 / math.sqrt(0.8 * 116)
    assert first.std() == pytest.approx(math.hypot(2.7 * known.sd, error), rel=0.02)


@pytest.mark.parametrize(("trial", "n"), [("PREMIUM", (165, 167)), ("EVENT", (30, 29))])
def test_scatter_of_counts_is_that_of_the_published_standard_error(
    trial: str, n: tuple[int, int]
) -> None:
    errors = [
        line.cell("se").value
        for line in evidence().outcomes_of(trial)
        if line["arm_key"] == CONTRAST and line.cell("se").known
    ]
    assert len(errors) == 1
    design = own_design(trial)
    assert [arm.n for arm in design.arms] == list(n)
    found = errors[0] / math.sqrt(1 / n[0] + 1 / n[1])
    assert change_sd(design) == pytest.approx(found, rel=0.01)


def own_design(key: str) -> Design:
    design = published_trial(key).design
    assert isinstance(design, Design)
    return design


def test_scatter_of_a_change_on_other_scales_is_that_of_a_correlation_of_a_half() -> None:
    for key in ("ESTIVAL", "RELAX", "MARSAL2021", "LOMMANO2025"):
        design = own_design(key)
        assert change_sd(design) == pytest.approx(endpoint_sd(design))
    assert endpoint_sd(own_design("PREMIUM")) == 2.7


def test_who_left_is_not_in_the_mean_but_is_in_the_share() -> None:
    """Means over those at the last visit, shares of all randomised, as virtual trials report."""
    trial = published_trial("ESTIVAL")
    design = own_design("ESTIVAL")
    kept, half = (
        dict(zip(BASELINES, baselines(changed, size=40_000), strict=True))["sham"].samples
        for changed in (
            replace(trial, design=replace(design, drop_out=DropOut(lost)))
            for lost in (0.0, 1 - 0.5 ** (1 / 3))
        )
    )
    name = (CONTRAST, "difference")
    assert half[name].std() == pytest.approx(math.sqrt(2) * kept[name].std(), rel=0.01)
    for arm in design.arms:
        share = arm.name, "responder_share"
        np.testing.assert_array_equal(kept[share], half[share])


def test_a_trial_without_numbers_is_named_where_its_effect_is_missing() -> None:
    found = effect_pool("change")
    assert found is not None
    assert {"NATELSON2021", "KUTLU2020", "KOVACIC2017"} <= set(found.lacks)
    assert not set(found.lacks) & set(found.trials)
    assert any("without NATELSON2021, KUTLU2020" in w for w in one("RELAX", "effect").basis)
    assert not any("NATELSON2021" in w for w in one("NATELSON2021", "effect").basis)
    # Both found no difference: at 0, with the errors of their sizes, they make the effect smaller.
    y = np.array([*found.values, 0.0, 0.0])
    v = np.array([*np.square(found.errors), 1 / 14 + 1 / 13, 1 / 30 + 1 / 30])
    assert found.estimate < pool(Effects("SMD", y, v)).estimate < 0


def test_pooled_effect_adds_what_trials_found() -> None:
    found = one("ESTIVAL", "effect", size=40_000).samples[CONTRAST, "difference"]
    known = effect_pool("change", frozenset({"ESTIVAL"}))
    assert known is not None
    assert found.mean() == pytest.approx(21 * known.estimate, abs=0.25)
    error = 21 * math.sqrt(2 / (0.92 * 71))
    assert found.std() == pytest.approx(math.hypot(21 * known.sd, error), rel=0.02)


def test_pilot_stands_for_the_active_arm_as_published() -> None:
    found = one("ESTIVAL", "pilot", size=40_000)
    assert found.samples["taVNS", "change_median"].mean() == pytest.approx(-23.5, abs=0.2)
    share = one("RESETRA", "pilot", size=40_000).samples["active", "responder_share"]
    assert share.mean() == pytest.approx(5.5 / 8, abs=0.01)  # Jeffreys' posterior of 5 of 7


@pytest.mark.parametrize("key", ["ACT2", "LIU2024", "RELAX", "LOMMANO2025", "NATELSON2021"])
def test_without_a_pilot_there_is_no_pilot_baseline(key: str) -> None:
    assert not one(key, "pilot", size=10).samples


@pytest.mark.parametrize("key", ALL)
def test_sham_and_effect_speak_of_every_quantity_and_shares_are_shares(key: str) -> None:
    trial = published_trial(key)
    for name in ("sham", "effect"):
        samples = one(key, name, size=200).samples
        assert tuple(samples) == quantities(trial)
        for (_, quantity), values in samples.items():
            assert values.shape == (200,)
            assert np.isfinite(values).all()
            if "share" in quantity:
                assert ((values >= 0) & (values <= 1)).all()


def test_crossover_difference_has_the_error_of_changes_in_all_patients() -> None:
    trial = published_trial("MUTHULINGAM2021")
    found = one("MUTHULINGAM2021", "sham", size=40_000).samples[CONTRAST, "difference"]
    assert found.std() == pytest.approx(1.7 / math.sqrt(16), rel=0.02)
    assert endpoint_sd(trial.design) == 1.7  # type: ignore[arg-type]


def test_same_seed_same_samples_another_seed_others() -> None:
    first, again, other = (one("RELAX", "effect", seed=s, size=50) for s in (1, 1, 2))
    for name, values in first.samples.items():
        np.testing.assert_array_equal(values, again.samples[name])
        assert not np.array_equal(values, other.samples[name])


def test_every_result_of_a_calibration_trial_is_a_quantity_that_can_be_asked() -> None:
    for result in calibration_results():
        assert (result.arm, result.quantity) in quantities(published_trial(result.trial))


def test_every_pilot_row_can_be_read() -> None:
    for row in read_table("trial/pilots.csv"):
        found = pilot_of(row["design"], row["quantity"])
        assert found is not None
        assert found.reason


def test_every_number_of_scale_has_a_source_and_a_mark() -> None:
    for row in read_table("trial/endpoint_sd.csv"):
        for what in ("", "change_"):
            mark = row[f"{what}mark"]
            assert bool(row[f"{what}source"]) == bool(mark)
            assert mark in ("seen", "derived", "recalled", "assumed", "")
            assert not row[f"{what}sd"] or mark
