"""Rows of the immune organ: all run, verdicts that do not depend on draws, nothing held out."""

from __future__ import annotations

import numpy as np
import pytest

from vagus.data import read_table
from vagus.validation.cytokines import group_means, people
from vagus.validation.immune import COMPARISONS
from vagus.validation.suppression import das_change, relative, stimulated

ROWS = {row["id"]: row for row in read_table("body/observations_immune.csv")}
BY_ID = {comparison.observation: comparison for comparison in COMPARISONS}
HELD_OUT = ("reset", "baker")


def overlaps(row: str, draws: int, seed: int = 0) -> bool:
    found = BY_ID[row].simulate(draws, seed)
    return found.low <= float(ROWS[row]["high"]) and found.high >= float(ROWS[row]["low"])


@pytest.mark.parametrize(
    "table", ["observations_immune", "vns_immune_evidence", "vns_study_drives"]
)
def test_what_is_to_be_predicted_is_not_shipped(table: str) -> None:
    text = " ".join(value for row in read_table(f"body/{table}.csv") for value in row.values())
    assert not any(word in text.lower() for word in HELD_OUT)


@pytest.mark.parametrize("cytokine", ["tnf", "il6", "il8", "il10"])
def test_the_fit_agrees_with_the_bolus_it_was_made_on(cytokine: str) -> None:
    value = float(ROWS[f"janum-2016-{cytokine}-r2-2ng"]["value"])
    found = BY_ID[f"janum-2016-{cytokine}-r2-2ng"].simulate(2, 0)
    assert found.middle == pytest.approx(value, abs=0.006)


@pytest.mark.parametrize(
    ("cytokine", "value"), [("tnf", 0.75), ("il6", 0.59), ("il8", 0.57), ("il10", 0.80)]
)
def test_the_infusion_is_predicted_as_badly_as_known(cytokine: str, value: float) -> None:
    found = BY_ID[f"berg-2012-{cytokine}-r2-infusion"].simulate(2, 0)
    assert found.middle == pytest.approx(value, abs=0.01)


@pytest.mark.parametrize(
    "row", ["berg-2012-tnf-peak-infusion", "berg-2012-il10-peak-infusion", "janum-2016-il8-cv-2ng"]
)
def test_known_failures_stay_failures(row: str) -> None:
    assert not overlaps(row, 200)


@pytest.mark.parametrize(
    "row",
    ["karolinska-2015-tnf-peak-0.6ng", "karolinska-2015-il6-peak-0.6ng", "copeland-2005-tnf-2h",
     "dillingh-2014-tolerance-12h", "ma-2020-das-placebo-84d", "ma-2020-das-half-life"],
)  # fmt: skip
def test_what_is_reproduced_stays_so(row: str) -> None:
    assert overlaps(row, 200)


@pytest.mark.parametrize("study", ["aranow-2021", "schiweck-2024", "dhaens-2023", "genovese-2020"])
def test_stimulation_may_do_nothing_in_every_study(study: str) -> None:
    """The prior has mass at zero, and without the zero it lowers TNF."""
    change = relative(study, "TNF", 64, 0)
    assert 0.25 < (np.abs(change) < 1e-6).mean() < 0.95
    assert change.min() < -0.05
    assert (change < 1e-6).all()


def test_draws_without_an_effect_have_none() -> None:
    drawn = people(64, 0)
    idle = (drawn["Vmax_anti"] == 0) | (drawn["structure_anti"] == 2)
    assert not stimulated("dhaens-2023", 64, 0)["suppression"][idle].any()


def test_group_means_have_the_spread_of_means() -> None:
    values = np.random.default_rng(1).normal(5.0, 2.0, 4000)
    assert group_means(values, 25, 0).std() == pytest.approx(2.0 / 5, rel=0.12)


def test_placebo_alone_and_full_block_add_up() -> None:
    """In the saturating form the block adds the share that placebo left open."""
    placebo, both = das_change(84, 0.0, 1.0), das_change(84, 1.0, 1.0)
    assert both == pytest.approx(das_change(84, 1.0, 0.0), rel=1e-6)
    assert placebo / both == pytest.approx(0.991 / (2.32 + 0.991), rel=1e-5)
