"""What counts as held out: no row that a prior was set in knowledge of, and counts that add up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from vagus.credibility.coverage import covered
from vagus.data import read_table
from vagus.trial.leave_one_out import KNOWN_BEFORE
from vagus.validation.comparison import ORGANS, Observation, observations

ROOT = Path(__file__).parents[2]
NULLS = ("Kox 2015", "Schiweck 2024", "Aranow 2021")
"""Human nulls on cytokines, known when `Vmax_anti` was set (immune.csv, hand_set.csv)."""


def rows_about(trial: str) -> list[Observation]:
    """Rows that stand for a trial in `covered.csv`, or whose study bears its name and year."""
    named = {o.id for c in covered() if c.key == trial for o in c.compared}
    word, year = re.fullmatch(r"([A-Z]+)(\d*)", trial).groups()  # type: ignore[union-attr]
    for row in observations().values():
        if re.search(rf"\b{word}\b", row.study, re.IGNORECASE) and year in row.study:
            named.add(row.id)
    return [observations()[i] for i in sorted(named)]


@pytest.mark.parametrize("trial", KNOWN_BEFORE)
def test_no_trial_that_shaped_a_prior_is_held_out(trial: str) -> None:
    assert [row.id for row in rows_about(trial) if row.role == "validate"] == []


def test_the_rows_about_known_trials_are_found() -> None:
    assert {row.id for row in rows_about("PREMIUM")} == {
        "premium-2019-migraine-days", "premium-sham", "lai-2020-headache-days",
    }  # fmt: skip
    assert "aranow-2021-tnf" in {row.id for row in rows_about("ARANOW2021")}


def test_nulls_known_when_a_prior_was_set_are_not_held_out() -> None:
    (prior,) = (r for r in read_table("body/immune.csv") if r["symbol"] == "Vmax_anti")
    assert "knew the human nulls" in prior["reference"]
    (said,) = (r for r in read_table("credibility/hand_set.csv") if "Vmax_anti" in r["what"])
    for study in NULLS:
        assert study in said["used"]
        rows = [o for o in observations().values() if o.study.startswith(study)]
        assert rows
        assert {row.role for row in rows} == {"calibrate"}


def test_no_reference_admits_knowledge_of_rows_that_are_held_out() -> None:
    for path in sorted((ROOT / "src/vagus/data/body").glob("*.csv")):
        for row in read_table(f"body/{path.name}"):
            reference = row.get("reference", "")
            assert "rows to validate" not in reference, (path.name, reference)


def test_no_row_that_is_held_out_says_that_it_shaped_a_prior() -> None:
    for row in observations().values():
        assert row.role == "calibrate" or "shaped" not in row.note, row.id


def test_counts_in_the_pages_are_those_of_the_roles() -> None:
    """Sums of each cell by role and organ; which verdict each row has a slow test measures."""
    page = (ROOT / "docs/validation.md").read_text(encoding="utf-8")
    part = page.split("\n## Body: published results\n")[1].split("\n## ")[0]
    table = re.findall(r"^\| [^|]+ \| (\d+) \| ([^|]+) \| ([^|]+) \|$", part, re.MULTILINE)
    for organ, (rows, *cells) in zip((*ORGANS, None), table, strict=True):
        own = [o.role for o in observations().values() if organ in (None, o.organ)]
        assert len(own) == int(rows)
        for role, cell in zip(("validate", "calibrate"), cells, strict=True):
            assert own.count(role) == sum(map(int, cell.split(" / "))), (organ, role)
    held = [int(n) for n in table[-1][1].split(" / ")]
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert f"Of the {sum(held)} that shaped no prior it reproduces {held[0]}, is" in readme
    assert f"None of the {sum(held)} sets stimulation against sham" in readme
    index = " ".join((ROOT / "docs/index.md").read_text(encoding="utf-8").split())
    assert "nearly half are reproduced and a third fail" in index
    assert 0.45 < held[0] / sum(held) < 0.5
    assert held[2] / sum(held) == pytest.approx(1 / 3, abs=0.02)
    assert "None of them sets stimulation against sham in pain" in index
    for row in observations().values():
        assert row.role == "calibrate" or row.organ != "chain" or "sham" not in row.quantity
