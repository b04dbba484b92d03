"""Shipped tables: every number has a provenance that resolves, and the arithmetic holds."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vagus.data import read_table
from vagus.errors import InputError
from vagus.evidence.cell import EMPTY, Cell, parse_cell
from vagus.evidence.overlap import check_overlap, overlaps, subset_of
from vagus.evidence.tables import (
    TABLES,
    Line,
    designs_to_predict,
    evidence,
    parse_evidence,
)
from vagus.evidence.words import verdicts


def rows() -> dict[str, list[dict[str, str]]]:
    return {name: [dict(r) for r in read_table(f"evidence/{name}.csv")] for name in TABLES}


def lines() -> list[Line]:
    shipped = evidence()
    trials = [trial.line for trial in shipped.trials.values()]
    arms = [arm for trial in shipped.trials.values() for arm in trial.arms]
    return [*trials, *arms, *shipped.outcomes, *shipped.adverse_events, *shipped.meta_analyses]


def outcome(trial: str, arm: str, name: str) -> Line:
    found = [
        line
        for line in evidence().outcomes_of(trial)
        if line["arm_key"] == arm and line["outcome"] == name
    ]
    assert len(found) == 1
    return found[0]


def test_everything_that_was_handed_over_is_there() -> None:
    shipped = evidence()
    assert len(shipped.trials) == 44
    assert len(shipped.outcomes) == 258
    assert len(designs_to_predict()) == 9
    assert {trial.control for trial in shipped.trials.values()} == {"sham", "other", "none"}


def test_every_cell_resolves_to_a_source() -> None:
    """Twice over: by the loader, and here from the text of the tables."""
    sources = {row["key"] for row in read_table("evidence/sources.csv")}
    for name in {*TABLES, "designs_to_predict"} - {"sources"}:
        for row in read_table(f"evidence/{name}.csv"):
            for column, mark in row.items():
                if not column.endswith("_seen"):
                    continue
                assert bool(mark) == bool(row[column.removesuffix("_seen")]), (name, row, column)
                provenance, _, key = mark.partition(":")
                assert provenance in ("", "seen", "derived", "recalled")
                assert key in sources or not key
    assert all(
        cell.known == bool(cell.provenance) for line in lines() for cell in line.cells.values()
    )


def test_recalled_cells_are_kept_and_marked() -> None:
    recalled = [cell for line in lines() for cell in line.cells.values() if cell.recalled]
    assert len(recalled) > 20
    assert all(cell.mark == "recalled" and not cell.source for cell in recalled)
    known = outcome("PREMIUM", "nVNS", ">=50% fewer migraine days").cell("pct")
    assert known == Cell(31.9, "recalled", "")


def test_derived_standard_errors_are_the_arithmetic_they_claim() -> None:
    """Of differences from the p value or the interval beside them, as the notes say."""
    checked = 0
    for line in evidence().outcomes:
        se, diff, p = line.cell("se"), line.cell("diff"), line.cell("p_value")
        low, high = line.cell("ci_low"), line.cell("ci_high")
        if se.provenance != "derived":
            continue
        checked += 1
        if low.known:
            expected = (high.value - low.value) / (2 * stats.norm.ppf(0.975))
        else:
            expected = abs(diff.value) / stats.norm.isf(p.value / 2)
        assert se.value == pytest.approx(expected, rel=3e-3), line["trial_key"]
    assert checked == 5


def test_derived_events_are_the_percentages_of_whole_patients() -> None:
    for line in evidence().outcomes:
        events, pct, n = (line.cell(name) for name in ("events", "pct", "n"))
        if events.provenance == "derived" and pct.known:
            assert events.value == round(pct.value * n.value / 100)


def test_bounds_hold_their_estimates() -> None:
    for line in lines():
        for middle, low, high in (
            ("diff", "ci_low", "ci_high"),
            ("estimate", "ci_low", "ci_high"),
            ("change", "q1", "q3"),
            ("pct", "ci_low", "ci_high"),
        ):
            m, lo, hi = (line.cell(name) for name in (middle, low, high))
            if m.known and lo.known and hi.known:
                assert lo.value <= m.value <= hi.value


def test_events_are_at_most_patients() -> None:
    for line in evidence().outcomes:
        if line.cell("events").known:
            assert 0 <= line.cell("events").value <= line.cell("n").value


def test_filters() -> None:
    shipped = evidence()
    migraine = shipped.find(condition="migraine", design="controlled")
    assert {t.key for t in migraine} >= {"PRESTO", "PREMIUM", "EVENT", "ZHANG", "STRAUBE"}
    assert "KINFE2015" not in {t.key for t in migraine}
    arthritis = shipped.find(condition="rheumatoid-arthritis", design="open-label")
    assert {t.key for t in arthritis} == {"KOOPMAN2016", "MARSAL2021", "ADDORISIO2019"}
    assert {t.key for t in shipped.find(condition="Cluster Headache")} == {"ACT1", "PREVA"}
    assert all(
        t.line["device_class"] == "auricular_taVNS" for t in shipped.find("", "auricular_taVNS")
    )
    assert "WU2021" in {t.key for t in shipped.find(domain="mood")}
    assert shipped.find() == tuple(shipped.trials.values())


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("condition", {"condition": "gout"}),
        ("device_class", {"device_class": "cervical"}),
        ("design", {"design": "open"}),
        ("outcome", {"domain": "pian"}),
    ],
)
def test_filters_that_name_nothing_are_refused(field: str, asked: dict[str, str]) -> None:
    with pytest.raises(InputError) as raised:
        evidence().find(**asked)
    assert raised.value.field == field


def test_an_unknown_trial_names_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean `PREMIUM`"):
        evidence().trial("premum")


@pytest.mark.parametrize(
    ("text", "twin", "field"),
    [
        ("3", "", "here"),
        ("", "seen:A", "here"),
        ("3", "seen:B", "here_seen"),
        ("3", "seen", "here_seen"),
        ("3", "recalled:A", "here_seen"),
        ("3", "guessed:A", "here_seen"),
        ("three", "seen:A", "here"),
        ("inf", "seen:A", "here"),
    ],
)
def test_cells_that_cannot_be_read(text: str, twin: str, field: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_cell(text, twin, {"A"}, "here")
    assert raised.value.field == field


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["seen:A", "derived:A", "recalled"]),
)
def test_cells_keep_number_and_mark(value: float, mark: str) -> None:
    cell = parse_cell(repr(value), mark, {"A"}, "here")
    assert (cell.value, cell.mark, cell.known) == (value, mark, True)
    assert parse_cell("", "", {"A"}, "here") is EMPTY
    assert math.isnan(EMPTY.value)
    assert not EMPTY.known


@pytest.mark.parametrize(
    ("table", "column", "value", "said"),
    [
        ("outcomes", "n_seen", "seen:Nobody2020", "outcomes.csv, line 2, n_seen"),
        ("outcomes", "trial_key", "PRESTO2", "outcomes.csv, line 2, trial_key"),
        ("outcomes", "arm_key", "nvns", "outcomes.csv, line 2, arm_key"),
        ("arms", "trial_key", "PRESTO2", "arms.csv, line 2, trial_key"),
        ("adverse_events", "arm_key", "both", "adverse_events.csv, line 2, arm_key"),
        ("trials", "source_key", "Nobody2020", "trials.csv, line 2, source_key"),
        ("trials", "trial_key", "PREMIUM", "trials.csv, line 3"),
    ],
)
def test_what_does_not_resolve_is_named_with_its_line(
    table: str, column: str, value: str, said: str
) -> None:
    tables = rows()
    tables[table][0][column] = value
    with pytest.raises(InputError) as raised:
        parse_evidence(tables)
    assert raised.value.field == said


def test_a_subset_is_never_beside_its_whole() -> None:
    with pytest.raises(InputError, match="same patients would count twice"):
        check_overlap(["PRESTO", "KRASAELAP2020", "KOVACIC2017"])
    check_overlap(["KRASAELAP2020", "PRESTO"])
    with pytest.raises(InputError, match="three-level"):
        check_overlap(["PRESTO", "EVENT", "PRESTO"])
    found = subset_of("KRASAELAP2020")
    assert found is not None
    assert found.whole == "KOVACIC2017"
    assert subset_of("KOVACIC2017") is None
    shipped = evidence()
    for overlap in overlaps():
        assert {overlap.trial, overlap.whole} <= set(shipped.trials)
        assert overlap.source in shipped.sources


def test_every_condition_group_has_a_verdict_with_sources() -> None:
    groups = {trial.group for trial in evidence().trials.values()}
    said = verdicts()
    assert {verdict.group for verdict in said} == groups
    assert {key for verdict in said for key in verdict.sources} <= set(evidence().sources)
    assert {verdict.verdict for verdict in said} == {"weak", "negative", "none"}
    assert [v.verdict for v in verdicts(["fibromyalgia"])] == ["negative"]


def test_designs_to_predict_hold_no_results() -> None:
    """They are designs only; no shipped outcome or comparison belongs to one."""
    keys = {design.key for design in designs_to_predict()}
    assert not keys & set(evidence().trials)
    for design in designs_to_predict():
        assert not design.arms
        assert not {"primary_result", "primary_met", "ae_summary"} & set(design.line.text)
    used = {row["trial_key"] for row in read_table("evidence/comparisons.csv")}
    assert not keys & used
