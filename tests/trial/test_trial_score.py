"""Scores of frozen predictions: by hand, proper, on the same rows for all, and said plainly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from score_samples import make_prediction
from vagus.errors import InputError, InputErrors
from vagus.trial.frozen import SIMULATOR, Prediction
from vagus.trial.results import CONTRAST, Result, read_results
from vagus.trial.score import CAUTION, Scored, ScoreTable, score, score_sample
from vagus.trial.scores import crps_ensemble, crps_normal


def result(trial: str, arm: str, quantity: str, value: float) -> Result:
    return Result(trial, arm, quantity, value, None, "")


def table(**crps: list[tuple[str, float]]) -> ScoreTable:
    """Forecaster -> (trial, CRPS) of each row; nan: it does not speak of the row."""
    blank = score_sample(0.0, np.array([-1.0, 1.0]))
    rows = []
    for number, (trial, _) in enumerate(crps[SIMULATOR]):
        scores = {
            name: replace(blank, crps_scaled=values[number][1])
            for name, values in crps.items()
            if not np.isnan(values[number][1])
        }
        rows.append(Scored(result(trial, str(number), "change_mean", 0.0), "days", scores))
    return ScoreTable(tuple(rows), ())


def test_one_score_by_hand() -> None:
    # X in {1, 2, 4}, x = 3: mean |X - x| = 4/3, half the mean |X - X'| over 9 pairs = 12/18.
    found = score_sample(3.0, np.array([1.0, 2.0, 4.0]), scale=2.0)
    assert found.crps == pytest.approx(4 / 3 - 12 / 18)
    assert found.crps_scaled == pytest.approx(found.crps / 2)
    assert found.median == 2
    assert found.pit == pytest.approx(2 / 3)
    assert found.intervals[0.5] == (1.5, 3.0)
    assert found.held(0.5, 3.0)
    assert not found.held(0.5, 3.01)


def test_place_of_a_tie_is_its_middle() -> None:
    assert score_sample(0.0, np.array([0.0, 0.0, 0.0, 0.5])).pit == pytest.approx(3 / 8)
    assert np.isnan(score_sample(0.0, np.zeros(5)).log_score)


def test_log_score_is_of_the_density_per_SD() -> None:
    sample = stats.norm.ppf((np.arange(4000) + 0.5) / 4000) * 5 + 10
    found = score_sample(12.0, sample, scale=5.0)
    assert found.log_score == pytest.approx(-stats.norm.logpdf(0.4), abs=0.02)


def test_frozen_sample_scores_as_the_forecast_it_stands_for() -> None:
    prediction = make_prediction("RELAX")
    found = score({"RELAX": prediction}, [result("RELAX", "taVNS", "change_mean", -1.4)])
    (row,) = found.scored
    sample = prediction.row("taVNS", "change_mean")
    assert sample is not None
    assert row.scores[SIMULATOR].crps == pytest.approx(crps_ensemble(-1.4, sample["sample"]))
    about = crps_normal(-1.4, sample["mean"], sample["sd"])
    assert row.scores[SIMULATOR].crps == pytest.approx(float(about), rel=0.05)
    assert row.scores[SIMULATOR].crps_scaled == pytest.approx(row.scores[SIMULATOR].crps / 1.7)
    assert set(row.scores) == {SIMULATOR, "sham", "effect"}
    for level in (0.5, 0.8, 0.95):  # as frozen
        frozen = sample["intervals"][f"{100 * level:g}"]
        assert list(row.scores[SIMULATOR].intervals[level]) == frozen


def test_shares_are_scored_as_they_are() -> None:
    found = score(
        {"BAKER2023": make_prediction("BAKER2023")},
        [result("BAKER2023", "aVNS", "responder_share", 0.4),
         result("BAKER2023", CONTRAST, "difference", 0.1)],
    )  # fmt: skip
    for row in found.scored:
        assert row.unit == "share"
        for one in row.scores.values():
            assert one.crps_scaled == one.crps


def test_the_true_forecaster_beats_a_shifted_and_an_overconfident_one_on_average() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(0, 1, 250)
    q = stats.norm.ppf((np.arange(200) + 0.5) / 200)
    forecasts = {"true": q, "shifted": q + 0.7, "narrow": 0.3 * q, "wide": 3 * q}
    for what in ("crps", "log_score"):
        mean = {
            name: np.mean([getattr(score_sample(x, sample), what) for x in truth])
            for name, sample in forecasts.items()
        }
        assert min(mean, key=lambda name: mean[name]) == "true"


def test_means_over_results_and_over_trials_by_hand() -> None:
    made = table(
        simulator=[("A", 1.0), ("A", 2.0), ("B", 6.0)], sham=[("A", 2.0), ("A", 2.0), ("B", 8.0)],
        effect=[("A", 1.0), ("A", 1.0), ("B", 1.0)],
    )  # fmt: skip
    rows = made.common(SIMULATOR, "sham")
    assert made.mean(SIMULATOR, "crps_scaled", rows, "results") == pytest.approx(3.0)
    assert made.mean(SIMULATOR, "crps_scaled", rows, "trials") == pytest.approx(3.75)
    assert made.skill("sham", "results").value == pytest.approx(1 - 3 / 4)
    found = made.skill("sham")
    assert found.value == pytest.approx(1 - 3.75 / 5)
    # Resamples of two trials: A alone 1 - 1.5/2, B alone 1 - 6/8, both alike here.
    assert (found.low, found.high) == pytest.approx((0.25, 0.25))
    assert (found.results, found.trials) == (3, 2)
    assert made.verdict.startswith("No predictive value yet: the simulator loses to “pooled effect")


def test_bootstrap_is_over_trials_not_over_results() -> None:
    # One trial with many results is still one trial: no interval.
    made = table(simulator=[("A", 1.0)] * 9, sham=[("A", 2.0)] * 9)
    found = made.skill("sham")
    assert found.value == pytest.approx(0.5)
    assert np.isnan(found.low)
    assert not found.clear


def test_comparisons_use_the_results_that_both_speak_of() -> None:
    made = table(
        simulator=[("A", 1.0), ("B", 9.0)], sham=[("A", 2.0), ("B", 9.0)],
        effect=[("A", 2.0), ("B", 9.0)], pilot=[("A", 4.0), ("B", np.nan)],
    )  # fmt: skip
    found = made.skill("pilot")
    assert found.value == pytest.approx(0.75)
    assert (found.results, found.trials) == (1, 1)
    assert made.skill("nothing").results == 0


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (3.0, "No predictive value yet: the simulator beats neither “no effect beyond"),
        (1.5, "No predictive value yet: the simulator loses to “no effect beyond"),
        (0.5, "The simulator beats both baselines"),
    ],
)
def test_verdict_is_plain(own: float, words: str) -> None:
    keys = [f"T{i}" for i in range(8)]
    made = table(
        simulator=[(k, own) for k in keys], sham=[(k, 1.0) for k in keys],
        effect=[(k, 2.0) for k in keys],
    )  # fmt: skip
    assert made.verdict.startswith(words)
    assert made.verdict.endswith(CAUTION)


def test_verdict_when_chance_could_do_it() -> None:
    own = [0.2, 2.0, 0.2, 2.0, 0.2, 1.0]
    made = table(
        simulator=[(f"T{i}", x) for i, x in enumerate(own)],
        sham=[(f"T{i}", 1.0) for i in range(6)], effect=[(f"T{i}", 1.0) for i in range(6)],
    )  # fmt: skip
    assert "not clearly" in made.verdict
    assert "No predictive value is shown yet" in made.verdict


def test_what_was_not_predicted_is_listed_with_the_reason() -> None:
    predictions = {"LOMMANO2025": make_prediction("LOMMANO2025")}
    found = score(
        predictions,
        [result("LOMMANO2025", CONTRAST, "difference", -3.0), result("RELAX", "sham", "d", 0)],
    )
    assert not found.scored
    reasons = [reason for _, reason in found.unscored]
    assert reasons == [
        "LOMMANO2025 was not predicted for contrast, difference", "no prediction of RELAX",
    ]  # fmt: skip
    assert found.verdict.startswith("Nothing was scored")


def test_coverage_and_places() -> None:
    prediction = make_prediction("RELAX")
    middle = {arm: prediction.row(arm, "change_mean") for arm in ("taVNS", "sham")}
    rows = [
        result("RELAX", arm, "change_mean", row["median"]) for arm, row in middle.items() if row
    ]
    found = score({"RELAX": prediction}, [*rows, result("RELAX", CONTRAST, "difference", 90.0)])
    for level in (0.5, 0.8, 0.95):
        held = found.coverage(SIMULATOR, level)
        assert held.share == pytest.approx(2 / 3)
        exact = stats.binomtest(2, 3).proportion_ci(0.95, method="exact")
        assert (held.low, held.high) == pytest.approx((exact.low, exact.high))
    np.testing.assert_allclose(found.pits(SIMULATOR), [0.5, 0.5, 1.0])


def test_bad_results() -> None:
    predictions: dict[str, Prediction] = {}
    with pytest.raises(InputError, match="at least one"):
        score(predictions, [])
    twice = [result("RELAX", "sham", "change_mean", 1.0)] * 2
    with pytest.raises(InputError, match="twice"):
        score(predictions, twice)


def test_bad_lines_of_a_file_are_all_named(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.csv"
    path.write_text(
        "trial_key,arm,quantity,value,n,source\n"
        "RELAX,taVNS,change_mean,-1.2,58,paper\n"
        "RELAXX,taVNS,change_mean,-1.2,58,\n"
        "RELAX,taVMS,change_mean,-1.2,58,\n"
        "RELAX,taVNS,change_meen,-1.2,58,\n"
        "RELAX,taVNS,change_mean,minus one,58,\n"
        "RELAX,taVNS,responder_share,41,58,\n"
        "RELAX,taVNS,change_mean,-1.2,0,\n"
    )
    with pytest.raises(InputErrors) as caught:
        read_results(path)
    assert [error.split(":")[0] for error in caught.value.errors] == [
        f"line {number}" for number in range(3, 9)
    ]
    assert "RELAX" in str(caught.value)
    path.write_text("trial_key,arm,value\n")
    with pytest.raises(InputError, match="quantity"):
        read_results(path)
    with pytest.raises(InputError, match="a file that exists"):
        read_results(tmp_path / "none.csv")
