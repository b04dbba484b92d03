"""The frozen predictions of this repository: whole, unchanged, and what the docs say they are."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vagus.prediction import predict_designs, score_leave_one_out
from vagus.trial.frozen import load_predictions
from vagus.trial.published import published_trials

ROOT = Path(__file__).parents[2]
FROZEN = ROOT / "predictions"
PAGE = (ROOT / "docs" / "predictions.md").read_text(encoding="utf-8")


def test_all_nine_are_frozen_and_unchanged() -> None:
    """Loading checks every hash."""
    found = load_predictions(FROZEN)
    assert set(found) == {trial.key for trial in published_trials("predict")}
    with (FROZEN / "index.csv").open(encoding="utf-8") as file:
        index = {row["trial"]: row["sha256"] for row in csv.DictReader(file)}
    assert index == {key: one.sha256 for key, one in found.items()}


def test_they_are_of_the_designs_as_shipped() -> None:
    for trial in published_trials("predict"):
        frozen = load_predictions(FROZEN)[trial.key].content
        design = frozen["design"]
        assert [(a["name"], a["n"]) for a in design["arms"]] == [
            (arm.name, arm.n) for arm in trial.design.arms
        ]
        assert design["condition"] == trial.design.condition
        assert frozen["delivery"]["rate_Hz"] == trial.delivery.rate_Hz
        assert trial.key not in frozen["simulation"]["calibrated_on"]


def test_each_holds_what_a_score_needs() -> None:
    for one in load_predictions(FROZEN).values():
        assert one.p_met is not None
        assert len(one.content["baselines"]) == 3
        for row in one.rows():
            low, high = row["intervals"]["50"]
            wide = row["intervals"]["95"]
            assert wide[0] <= low <= row["median"] <= high <= wide[1]
            assert len(row["sample"]) == 200


def test_the_page_says_what_is_frozen() -> None:
    for key, one in load_predictions(FROZEN).items():
        (line,) = re.findall(rf"^\| {key} \|.*`{one.sha256[:12]}` \|$", PAGE, re.MULTILINE)
        assert one.p_met is not None
        assert f"| {100 * one.p_met:.0f} % |" in line
        said = [numbers(cell) for cell in line.split("|")[3:5]]
        quantity = one.rows()[0]["quantity"]
        arms = [one.row(arm["name"], quantity) for arm in one.content["design"]["arms"]]
        assert said[0] == pytest.approx(shown(arms), rel=0.06)
        assert said[1] == pytest.approx(shown([one.row("contrast", "difference")]), rel=0.06)


def numbers(cell: str) -> list[float]:
    """Means and ends of intervals of a cell such as `sham −2.1 (−5.6 to 0.23)`."""
    found = re.findall(r"([−\d.e]+) \(([−\d.e]+) to ([−\d.e]+)\)", cell)
    return [float(x.replace("−", "-")) for three in found for x in three]


def shown(rows: Sequence[Mapping[str, Any] | None]) -> list[float]:
    return [x for r in rows if r is not None for x in (r["mean"], *r["intervals"]["95"])]


@pytest.mark.slow
def test_a_design_predicted_again_is_what_was_frozen(tmp_path: Path) -> None:
    """Bit for bit on one machine; on another, within what rounding can do."""
    frozen = load_predictions(FROZEN)["RELAX"]
    predict_designs("RELAX", tmp_path, date=frozen.content["date"], workers=2)
    again = load_predictions(tmp_path)["RELAX"]
    for old, new in zip(frozen.rows(), again.rows(), strict=True):
        assert new["mean"] == pytest.approx(old["mean"], abs=0.02 * old["sd"])
        assert new["sd"] == pytest.approx(old["sd"], rel=0.02)
    assert again.p_met == pytest.approx(frozen.p_met, abs=0.01)


@pytest.mark.slow
def test_the_leave_one_out_score_is_what_the_page_says() -> None:
    """All calibration trials, forecast again: skills of the page's table, and its verdict."""
    found = score_leave_one_out(workers=2)
    table = found.table
    for name, words in (("sham", "no effect beyond pooled sham"), ("effect", "pooled effect")):
        (line,) = re.findall(rf"^\| {words} \|.*$", PAGE, re.MULTILINE)
        said = float(line.split("|")[4].split("(")[0].replace("−", "-"))
        assert table.skill(name).value == pytest.approx(said, abs=0.03)
    assert table.verdict.split(":")[0] in PAGE
    assert len(table.trials) == 14
    assert np.isfinite([row.scores["simulator"].crps for row in table.scored]).all()
