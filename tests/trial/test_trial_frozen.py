"""Frozen predictions: the same bytes for the same forecast, and no change goes unseen."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from score_samples import DATE, make_content, make_forecast, make_prediction
from vagus.errors import InputError
from vagus.trial.baselines import baselines
from vagus.trial.freezing import SAMPLE, freeze, thinned
from vagus.trial.frozen import (
    SHA,
    Prediction,
    digest,
    headline,
    load_prediction,
    load_predictions,
    plain,
    write_index,
    write_prediction,
)
from vagus.trial.published import published_trial, published_trials

KEYS = [trial.key for trial in published_trials("predict")]


def test_round_trip(tmp_path: Path) -> None:
    content = make_content("ESTIVAL")
    found = load_prediction(write_prediction(tmp_path, content))
    assert found.content == content
    assert found.sha256 == digest(content)


def test_same_forecast_same_bytes(tmp_path: Path) -> None:
    first = write_prediction(tmp_path / "a", make_content("RELAX", seed=3)).read_bytes()
    second = write_prediction(tmp_path / "b", make_content("RELAX", seed=3)).read_bytes()
    other = write_prediction(tmp_path / "c", make_content("RELAX", seed=4)).read_bytes()
    assert first == second
    assert first != other


@pytest.mark.parametrize("key", KEYS)
def test_every_design_can_be_frozen_and_read(key: str, tmp_path: Path) -> None:
    found = load_prediction(write_prediction(tmp_path, make_content(key)))
    trial = published_trial(key)
    assert [arm["n"] for arm in found.content["design"]["arms"]] == [
        arm.n for arm in trial.design.arms
    ]
    assert trial.primary in found.content["primary"]["definition"]
    assert set(found.content["responder_probability"]) == {a.name for a in trial.design.arms}
    for name in ("vagus", "numpy", "scipy", "numba", "python"):
        assert found.content["versions"][name]
    for row in found.rows():
        low, high = zip(*(row["intervals"][level] for level in ("95", "80", "50")), strict=True)
        assert list(low) == sorted(low)
        assert list(high) == sorted(high, reverse=True)


def changed(path: Path, edit: str, into: str) -> None:
    text = path.read_text()
    assert edit in text
    path.write_text(text.replace(edit, into, 1))


@pytest.mark.parametrize(
    ("edit", "into"),
    [
        (f'"date": "{DATE}"', '"date": "2025-01-01"'),
        ('"p_met": 0.', '"p_met": 0.9'),
        ('"sample": [', '"sample": [0.5, '),
        ('"seed": 0', '"seed": 1'),
        ('"name": "sham"', '"name": "Sham"'),
    ],
)
def test_any_change_is_found(edit: str, into: str, tmp_path: Path) -> None:
    path = write_prediction(tmp_path, make_content("BAKER2023"))
    changed(path, edit, into)
    with pytest.raises(InputError, match="changed after freezing"):
        load_prediction(path)


def test_layout_may_change_numbers_may_not(tmp_path: Path) -> None:
    path = write_prediction(tmp_path, make_content("ACT2"))
    content = json.loads(path.read_text())
    path.write_text(json.dumps(dict(reversed(content.items())), indent=4))
    assert load_prediction(path).sha256 == content[SHA]
    content["format"] = 99
    path.write_text(json.dumps({**content, SHA: digest(content)}))
    with pytest.raises(InputError, match="format"):
        load_prediction(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"trial": "RELAX"}'])
def test_other_files_are_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "RELAX.json"
    path.write_text(text)
    with pytest.raises(InputError, match="prediction"):
        load_prediction(path)
    with pytest.raises(InputError, match="a file that exists"):
        load_prediction(tmp_path / "nothing.json")
    with pytest.raises(InputError, match="a folder with prediction files"):
        load_predictions(tmp_path / "nowhere")


def test_p_met_with_its_errors_and_its_definition() -> None:
    made = make_forecast("RELAX")
    primary = Prediction(freeze(made, (), DATE)).content["primary"]
    share = made.met.mean()
    assert primary["p_met"] == pytest.approx(share, rel=1e-5)
    assert primary["p_met_se"] == pytest.approx(np.sqrt(share * (1 - share) / 400), rel=1e-5)
    halves = made.met.reshape(2, -1).mean(axis=1)
    expected = halves.std(ddof=1) / np.sqrt(2)
    assert primary["p_met_se_between_pools"] == pytest.approx(expected, rel=1e-5)
    assert primary["definition"].endswith("met: p < 0.05 and in favour of stimulation")


def test_without_a_test_there_is_no_p_met() -> None:
    made = make_forecast("PROTT2025")
    untested = replace(made, p=np.full(400, np.nan), met=np.zeros(400, dtype=bool))
    assert Prediction(freeze(untested, (), DATE)).p_met is None


def test_a_baseline_of_the_trials_own_result_is_refused() -> None:
    made = make_forecast("PREMIUM")
    foreign = baselines(published_trial("EVENT"), size=20)
    with pytest.raises(InputError, match="other than the one predicted"):
        freeze(made, foreign, DATE)


def test_samples_keep_what_scores_need() -> None:
    values = np.random.default_rng(0).normal(3, 2, 10_000)
    few = thinned(values)
    assert len(few) == SAMPLE
    assert few.mean() == pytest.approx(values.mean(), abs=0.01)
    assert few.std() == pytest.approx(values.std(), rel=0.02)
    np.testing.assert_allclose(np.median(few), np.median(values), atol=0.02)
    np.testing.assert_array_equal(thinned([3.0, 1.0, 2.0]), [1, 2, 3])


def test_plain_numbers() -> None:
    found = plain({"a": np.float64(1.23456789), "b": (np.int64(3), -1e-300 * 0), "c": np.nan})
    assert found == {"a": 1.23457, "b": [3, 0.0], "c": None}
    assert json.dumps(plain(-0.0)) == "0.0"


def test_index_holds_a_line_per_prediction(tmp_path: Path) -> None:
    made = [make_prediction(key) for key in ("RELAX", "LOMMANO2025")]
    with write_index(tmp_path, made).open() as file:
        rows = list(csv.DictReader(file))
    assert [row["trial"] for row in rows] == ["RELAX", "LOMMANO2025"]
    assert [row["sha256"] for row in rows] == [one.sha256 for one in made]
    assert rows[0]["headline_quantity"] == "difference"
    assert rows[1]["headline_quantity"] == "change_mean"
    assert float(rows[0]["mean"]) == headline(made[0])["mean"]
    for one in made:
        write_prediction(tmp_path, one.content)
    assert set(load_predictions(tmp_path)) == {"RELAX", "LOMMANO2025"}
