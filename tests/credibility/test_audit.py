"""Provenance: every shipped table is listed, every number has a source or is marked `assumed`."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import vagus
from vagus.credibility import audit
from vagus.credibility.audit import (
    MARKS,
    READ,
    READINGS,
    AuditedParameter,
    Reading,
    audited,
    by_part,
    findable,
    gaps,
    orphans,
    shares,
)
from vagus.data import read_table

DATA = Path(vagus.__file__).parent / "data"
SHIPPED = sorted(str(path.relative_to(DATA)) for path in DATA.rglob("*.csv"))
LINES = audit.readings()
LISTED = list(dict.fromkeys(line.table for line in LINES))
COLUMNS = ("name", "value", "unit", "spread", "source", "mark")
SAMPLE_SIZE = "n"  # says how many were measured: of interest, but no parameter


def said(row: audit.AuditedParameter) -> str:
    return f"data/{row.table}: `{row.name}` = {row.value!r}"


def columns(line: Reading) -> set[str]:
    """Every column that a line of the list reads."""
    read = {c for field in COLUMNS for c in getattr(line, field).partition("=")[0].split()}
    return read | ({line.where.partition("=")[0]} if line.where else set())


def test_every_shipped_table_is_listed() -> None:
    new, gone = sorted(set(SHIPPED) - set(LISTED)), sorted(set(LISTED) - set(SHIPPED))
    assert not new, (
        f"{new} are not listed. Add a line to data/credibility/parameter_tables.csv that says what "
        "the table holds and which columns give name, value, source and mark."
    )
    assert not gone, f"{gone} are listed in data/credibility/parameter_tables.csv and do not exist."


@pytest.mark.parametrize("table", LISTED)
def test_the_list_fits_the_table(table: str) -> None:
    lines = [line for line in LINES if line.table == table]
    rows = read_table(table)
    for line in lines:
        assert line.reading in READINGS
        assert line.part
        assert columns(line) <= set(rows[0]), f"{table} lacks columns that it is listed with"
        if line.reading == "parameters":
            assert line.name
            assert line.value
            assert line.source
            assert line.mark
        elif not line.source:
            assert line.note, f"{table}: say in `note` where its content comes from"
    picked = {number for line in lines for number, _ in line.rows()}
    assert picked == set(range(2, len(rows) + 2)), f"{table}: rows that no `where` picks"


@pytest.mark.parametrize("table", SHIPPED)
def test_no_cell_spills_over(table: str) -> None:
    """A comma that is not quoted moves all that follows by one column, the source among it; a quote
    within a cell does the same."""
    with (DATA / table).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, strict=True)
    assert len(set(header)) == len(header), f"data/{table}: two columns of one name"
    assert rows, f"data/{table} has no rows"
    for number, row in enumerate(rows, 2):
        assert len(row) == len(header), (
            f"data/{table}, row {number}: {len(row)} cells, {len(header)} columns; quote commas"
        )


@pytest.mark.parametrize("table", LISTED)
def test_every_column_of_numbers_is_audited(table: str) -> None:
    lines = [line for line in LINES if line.table == table]
    if all(line.reading != "parameters" for line in lines):
        return
    read = set().union(*map(columns, lines)) | {SAMPLE_SIZE}
    left = [c for c in read_table(table)[0] if c not in read and any(map(number, cells(table, c)))]
    assert not left, f"data/{table}: columns {left} hold numbers that no line of the list audits"


def cells(table: str, column: str) -> list[str]:
    return [row[column] for row in read_table(table)]


def number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# --- the rule -----------------------------------------------------------------------------------
def test_every_parameter_has_a_source_that_can_be_found_or_is_assumed() -> None:
    found = [said(row) for row in orphans()]
    assert not found, (
        f"{len(found)} parameters have neither a source that can be found nor the mark `assumed`: "
        f"{found[:10]}. Name where the value was read (data/credibility/findable.csv says what "
        "counts), or mark it `assumed` and say why in its source."
    )


def test_whatever_else_has_a_source_column_fills_it() -> None:
    found = [
        said(r)
        for line in LINES if line.source for r in line.audited()
        if (r.orphan if line.reading == "observations" else not r.source and r.mark != "assumed")
        and line.reading != "parameters"
    ]  # fmt: skip
    assert not found, f"no source that can be found: {found[:10]}"


# --- what can be found --------------------------------------------------------------------------
PATTERNS = {row["key"]: row for row in read_table("credibility/findable.csv")}


@pytest.mark.parametrize(
    "text",
    [
        "", "analysed", "intention to treat", "25 enrolled", "this model", "open label (seen)",
        "a helix is self-sizing: it opens when the nerve is larger", "as G_cyt; spread assumed",
        "dossier of clinical evidence: prior about 0.25 SMD", "read on 3 May 2024", "PRESTOS",
        "same table: median duration 13 weeks", "231 randomised (seen), equal arms assumed",
    ],
)  # fmt: skip
def test_a_text_that_names_nothing_is_no_source(text: str) -> None:
    for mark in READ:
        assert not findable(text, mark)
        assert AuditedParameter("t", "p", "n", "1", "", "", text, mark).orphan
    assert not AuditedParameter("t", "p", "n", "1", "", "", text, "assumed").orphan


@pytest.mark.parametrize(
    "text", ["PRESTO first attack", "30 analysed (Silberstein2016_EVENT)", "CHOIR .57", "Ma 2020b"]
)
def test_works_are_known_by_their_names(text: str) -> None:
    assert findable(text, "seen")


def test_memory_and_definitions_are_sources_of_their_own_marks_only() -> None:
    assert findable("from memory; verify", "recalled")
    assert not findable("from memory; verify", "seen")
    assert findable("by definition 1 at rest", "derived")
    assert not findable("by definition 1 at rest", "seen")


@pytest.mark.parametrize("key", list(PATTERNS))
def test_patterns_find_their_example_and_are_needed(key: str) -> None:
    row = PATTERNS[key]
    assert re.search(row["pattern"], row["example"])
    assert set(row["marks"].split()) <= set(READ)
    others = [r["pattern"] for r in PATTERNS.values() if r is not row]
    assert any(
        re.search(row["pattern"], r.source) and not any(re.search(o, r.source) for o in others)
        for line in LINES for r in line.audited() if r.mark in (row["marks"].split() or READ)
    )  # fmt: skip


def test_tables_and_files_that_sources_name_exist() -> None:
    root = DATA.parents[2]
    tables = {path.name for path in [*DATA.rglob("*.csv"), *(root / "tests").rglob("*.csv")]}
    for row in audited():
        if row.mark in READ:
            named = set(re.findall(r"(?<![\w.])[a-z]\w*\.csv\b", row.source))
            assert named <= tables, said(row)
            for path in re.findall(r"\b(?:tests|docs|examples|benchmarks)/[\w/.-]*\w", row.source):
                assert (root / path).exists(), f"{said(row)}: {path}"


def test_what_was_not_found_is_no_parameter() -> None:
    assert {row.mark for row in gaps()} == {"not_found"}
    assert not any(row.mark == "not_found" for row in audited())
    assert not any(row.value.lower().startswith("not found") for row in audited())


def test_marks_are_known() -> None:
    found = [
        f"{said(row)} is marked {row.mark!r}"
        for line in LINES if line.mark for row in line.audited() if row.mark not in MARKS
    ]  # fmt: skip
    assert not found, f"{found[:10]}; allowed: {', '.join(MARKS)}"


def test_nothing_was_fitted_to_what_is_recalled() -> None:
    """Neither to an observation from memory, nor is a value from memory called fitted. (Fits to
    trials, which `patient/response.csv` names by their key, are tested with the trials.)"""
    marks = {
        row["id"]: row["mark"]
        for table in LISTED if table.startswith("body/observations_") for row in read_table(table)
    }  # fmt: skip
    fitted = [
        (table, row)
        for table in LISTED for row in read_table(table) if row.get("fitted_to", "").strip()
    ]  # fmt: skip
    trials = dict.fromkeys((row["trial_key"] for row in read_table("evidence/trials.csv")), "")
    assert len(fitted) > 20
    for table, row in fitted:
        assert row["mark"] != "recalled", f"data/{table}: {row['symbol']}"
        for source in row["fitted_to"].split():
            assert (marks | trials)[source] != "recalled", (
                f"data/{table}: {row['symbol']} to {source}"
            )


def test_the_organs_are_audited_as_their_parameter_table_has_them() -> None:
    from vagus.body.full import full_body
    from vagus.body.parameter_table import parameter_table

    known = {(r.symbol, r.value, r.mark) for r in parameter_table(full_body())}
    assert known <= {(r.name, r.value, r.mark) for r in audited() if r.part == "body"}


def test_device_settings_take_source_and_mark_from_the_fact_they_name() -> None:
    rows = {row.name: row for row in audited() if row.table == "devices/settings.csv"}
    assert len(rows) == len(read_table("devices/settings.csv"))
    step = rows["livanova-vns-therapy current_mA range"]
    assert step.mark == "seen"
    assert step.source.startswith("Labiner & Ahern 2007")
    assert rows["nemos sessions_per_day typical"].mark == "assumed"


# --- numbers in code ----------------------------------------------------------------------------
UNIT = re.compile(
    r"_(Hz|HZ|mV|MV|mA|MA|uA|um|UM|mm|cm2|CM2|us|US|ms|MS|S|s|wk|W|kg|ohm|OHM|OHM_M|mJ)$"
)
CONVERSION = re.compile(r"(MINUTE|HOUR|DAY|WEEK)_[sSdD]$")
SAID_ELSEWHERE = {
    "HF_BAND_HZ": "docs/body.md: as the Task Force of 1996 defines it",
    "TACHOGRAM_HZ": "the same",
    "WELCH_S": "the same",
}
PARTS = ("body", "patient", "trial", "protocol", "suitability", "credibility")
CODE = [path for part in PARTS for path in sorted((DATA.parent / part).rglob("*.py"))]


@pytest.mark.parametrize("path", CODE, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_physical_constants_in_code_say_why(path: Path) -> None:
    """A constant whose name ends in a unit has a comment or a docstring; conversions need none."""
    lines = path.read_text(encoding="utf-8").splitlines()
    nodes = ast.parse("\n".join(lines)).body
    for node, after in pairwise([*nodes, ast.Pass()]):
        if not isinstance(node, ast.Assign) or not any(
            isinstance(n, ast.Constant) and isinstance(n.value, int | float)
            for n in ast.walk(node.value)
        ):
            continue
        targets = [n for target in node.targets for n in ast.walk(target)]
        names = [n.id for n in targets if isinstance(n, ast.Name) and UNIT.search(n.id)]
        text = "\n".join(lines[max(node.lineno - 2, 0) : node.end_lineno])
        said = "#" in text or (
            isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
        )
        left = [n for n in names if not CONVERSION.search(n) and n not in SAID_ELSEWHERE]
        assert said or not left, f"{path}: say where {left} comes from, or move it to a table"


# --- what the audit finds -----------------------------------------------------------------------
def test_a_hole_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    right = audit.read_table

    def holed(name: str) -> Any:
        rows = right(name)
        return (
            (*rows[:-1], {**rows[-1], "source": " ", "mark": "seen"}) if "tissues" in name else rows
        )

    monkeypatch.setattr(audit, "read_table", holed)
    (found,) = orphans()
    assert found.table == "field/tissues.csv"
    assert found.orphan


def test_shares_add_up() -> None:
    rows = audited()
    assert len(rows) > 1000
    assert sum(shares(rows).values()) == pytest.approx(1)
    counts = Counter(row.mark for row in rows)
    assert shares(rows)["assumed"] == counts["assumed"] / len(rows)
    assert shares([]) == dict.fromkeys(MARKS, 0.0)
    assert sum(map(len, by_part(rows).values())) == len(rows)
