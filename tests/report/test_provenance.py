"""Lines of the report made from shipped tables carry what the tables say."""

from __future__ import annotations

import pytest

from vagus.data import read_table
from vagus.report.provenance import population_facts, run_facts, table_facts


@pytest.mark.parametrize(
    "name",
    ["fibre/recruitment.csv", "nerve/functional_groups.csv", "nerve/fibre_diameters.csv",
     "nerve/populations.csv", "field/tissues.csv", "report/landmarks.csv"],
)  # fmt: skip
def test_every_row_becomes_a_line_with_its_source_and_mark(name: str) -> None:
    facts, rows = table_facts(name), read_table(name)
    assert [(f.source, f.mark) for f in facts] == [(r["source"], r["mark"]) for r in rows]
    assert all(f.quantity and f.value for f in facts)


def test_rows_can_be_chosen() -> None:
    chosen = table_facts("report/landmarks.csv", {"side": "left", "landmark": "cuff"})
    assert [(f.quantity, f.mark) for f in chosen] == [("left, cuff", "assumed")]
    assert "mm_at_500mm 136" in chosen[0].value
    assert table_facts("report/landmarks.csv", {"side": "middle"}) == ()


def test_alternatives_are_those_not_used() -> None:
    used, others = population_facts("kronsteiner-2024", "left")
    assert ("total fibre count", "23286 ± 3164 fibres") in [(f.quantity, f.value) for f in used]
    assert any("100000" in f.value and f.mark == "recalled" for f in others)
    assert not any("kronsteiner" in f.quantity for f in others)


def test_run_names_seed_versions_and_times() -> None:
    facts = {f.quantity: f.value for f in run_facts(7, {"field": 4.66})}
    assert facts["seed"] == "7"
    assert facts["wall time, field"] == "4.7 s"
    assert {"python", "numpy", "numba", "vagus"} <= facts.keys()
