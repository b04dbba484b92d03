"""Forecasts of published designs: what is simulated, what calibrates, what never does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vagus.errors import InputError
from vagus.evidence.tables import designs_to_predict
from vagus.trial.attack_forecast import attack_samples
from vagus.trial.calibrated import calibrated, cohort_of
from vagus.trial.design import Design
from vagus.trial.forecast import Forecast, Size, forecast
from vagus.trial.leave_one_out import KNOWN_BEFORE, scored_trials
from vagus.trial.published import AttackDesign, published_trial, published_trials
from vagus.trial.results import QUANTITIES, calibration_results
from vagus.trial.targets import calibrating, targets_of

SMALL = Size(pools=2, populations=3, patients=5, replicates=12)


@pytest.fixture(scope="module")
def relax(tmp_path_factory: pytest.TempPathFactory) -> Forecast:
    folder = tmp_path_factory.mktemp("people")
    return forecast(published_trial("RELAX"), size=SMALL, folder=folder, workers=1)


def test_all_nine_designs_are_there() -> None:
    """As designs only: what is to be predicted is what the evidence holds back."""
    ours = {trial.key for trial in published_trials("predict")}
    assert ours == {trial.key for trial in designs_to_predict()}
    assert len(ours) == 9
    assert not ours & {result.trial for result in calibration_results()}


def test_numbers_of_arms_agree_with_the_evidence() -> None:
    for held in designs_to_predict():
        total = held.line.cell("n_randomised").value
        if np.isfinite(total):
            arms = published_trial(held.key).design.arms
            assert sum(arm.n for arm in arms) == total, held.key


def test_every_design_is_stimulated_as_long_as_it_was_read() -> None:
    for trial in published_trials():
        days = max(s[1] for arm in trial.design.arms for s in arm.regimen.stimulated_d)
        schedule = trial.delivery.schedule(days)
        assert schedule.end_s <= days * 86_400
        per_week = trial.delivery.sessions_per_day * trial.delivery.days_per_week
        if trial.delivery.on_s is None and days >= 7:
            weeks = days / 7
            assert len(schedule.edges_s) == pytest.approx(per_week * weeks, rel=0.06), trial.key


def test_results_of_calibration_trials_are_all_of_known_arms() -> None:
    for result in calibration_results():
        arms = {arm.name for arm in published_trial(result.trial).design.arms}
        assert result.arm in arms | {"contrast", "pooled"}, result
        assert result.quantity in QUANTITIES


def test_targets_are_of_sham_arms_but_for_migraine_prevention() -> None:
    for trial in published_trials():
        for target in targets_of(trial):
            arm = next(a for a in trial.design.arms if a.regimen.name == target.regimen)
            assert trial.status == "calibration"
            assert arm.role == "sham" or trial.key in ("PREMIUM", "EVENT")
            assert target.tolerance > 0


def test_a_trial_never_calibrates_itself() -> None:
    for trial in published_trials():
        used = calibrating(trial.design.condition, frozenset({trial.key}))
        assert trial.key not in {other.key for other in used}
    assert {t.key for t in calibrating("migraine", frozenset({"PREMIUM"}))} == {"EVENT"}


def test_what_a_forecast_says(relax: Forecast) -> None:
    design = relax.trial.design
    assert isinstance(design, Design)
    trials = SMALL.pools * SMALL.replicates
    for values in relax.samples.values():
        assert values.shape == (trials,)
        assert np.isfinite(values).all()
    first, second = (relax.samples[arm.name, "change_mean"] for arm in design.arms)
    difference = relax.samples["contrast", "difference"]
    # Adjusted for the baseline by the design's own analysis: near the plain one, not the same.
    assert np.corrcoef(difference, first - second)[0, 1] > 0.8
    assert not np.array_equal(difference, first - second)
    shares = relax.samples["taVNS", "responder_share"]
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (relax.met <= (relax.p < design.alpha)).all()
    assert relax.left_out == ("RELAX",)
    assert relax.calibrated_on == ()


def test_pregabalin_is_in_both_arms(relax: Forecast) -> None:
    """Given besides in both arms, it lowers both."""
    assert np.mean(relax.samples["sham", "change_mean"]) < -0.3


def test_same_seed_same_bits_and_another_seed_other_people(relax: Forecast, tmp_path: Path) -> None:
    again = forecast(published_trial("RELAX"), size=SMALL, folder=tmp_path, workers=2)
    for key, values in relax.samples.items():
        assert np.array_equal(values, again.samples[key])
    other = forecast(published_trial("RELAX"), size=SMALL, seed=5, workers=1)
    assert not np.array_equal(
        other.samples["contrast", "difference"], relax.samples["contrast", "difference"]
    )


def test_calibration_moves_towards_the_other_trial(tmp_path: Path) -> None:
    """Visceral pain: the sham arm of Krasaelap had more responders than the priors give."""
    trial = published_trial("LIU2024")
    own = cohort_of(trial, 0, 6, 8, folder=tmp_path, workers=1)
    weighted, found = calibrated(own, 6, 8, folder=tmp_path, workers=1)
    assert [t.name for t in found.targets] == ["KRASAELAP2020 sham: responders"]
    miss = np.abs(np.array([found.before[0], found.after[0]]) - found.targets[0].value)
    assert miss[1] < miss[0]
    assert found.effective < len(own)
    assert weighted.weight.sum() == pytest.approx(1)
    alone, without = calibrated(own, 6, 8, without=frozenset({"KRASAELAP2020"}), workers=1)
    assert without.targets == ()
    assert np.array_equal(alone.weight, own.weight)


def test_a_share_in_one_arm_is_not_tested() -> None:
    found = forecast(published_trial("KOOPMAN2016"), size=Size(1, 2, 4, 6), workers=1)
    assert np.isnan(found.p).all()
    assert not found.met.any()
    assert set(found.samples) == {("VNS", "responder_share")}


def test_the_trials_that_attacks_are_known_from_are_not_forecast() -> None:
    for key in ("PRESTO", "ACT1"):
        with pytest.raises(InputError, match="effect of attacks come from"):
            forecast(published_trial(key), size=SMALL, workers=1)
        with pytest.raises(InputError, match=key):  # nor can they be left out of one
            forecast(published_trial("ACT2"), size=SMALL, without=frozenset({key}), workers=1)


def test_more_patients_where_disease_activity_differs_between_them() -> None:
    size = Size.usual()
    assert size.people("migraine") == (size.populations, size.patients)
    populations, patients = size.people("rheumatoid-arthritis")
    assert patients >= 50
    assert populations >= 20


def test_attacks() -> None:
    """Shares lie around those of the one calibration trial, and P(met) is far from sure."""
    design = published_trial("ACT2").design
    assert isinstance(design, AttackDesign)
    found = attack_samples(design, 400, seed=1)
    sham = found.samples["sham", "event_share"]
    # Near 15 % of pain 0-1, and pain-free is stricter.
    assert 0.08 < np.median(sham) < 0.2
    gain = found.samples["nVNS", "event_share"] - sham
    assert gain == pytest.approx(found.samples["contrast", "difference"])
    assert 0.02 < np.mean(found.p < 0.05) < 0.8
    again = attack_samples(design, 400, seed=1)
    assert np.array_equal(again.p, found.p)


def test_attacks_without_effect_reject_as_often_as_they_should(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from vagus.trial import attack_forecast

    known = attack_forecast.parameter

    def no_effect(disorder: str, symbol: str, n: int, seed: int) -> np.ndarray:
        drawn = known(disorder, symbol, n, seed)
        return np.zeros(n) if symbol == "acute_logit" else drawn

    monkeypatch.setattr(attack_forecast, "parameter", no_effect)
    monkeypatch.setattr(attack_forecast, "effect_offset", lambda *_: 0.0)
    for key in ("ACT2", "PRESTO"):
        design = published_trial(key).design
        assert isinstance(design, AttackDesign)
        found = attack_samples(design, 1500, seed=2)
        error = np.sqrt(0.05 * 0.95 / 1500)
        assert np.mean(found.p < 0.05) == pytest.approx(0.05, abs=3.5 * error)


def test_leave_one_out_names_what_was_known_before() -> None:
    keys = {trial.key for trial in scored_trials()}
    assert set(KNOWN_BEFORE) <= keys
    assert not {"PRESTO", "ACT1"} & keys
    assert not {trial.key for trial in published_trials("predict")} & keys


def test_unknown_trial() -> None:
    with pytest.raises(InputError, match="PREMIUM2"):
        published_trial("PREMIUM3")
