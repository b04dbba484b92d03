"""Every reference of every shipped table names a work that is known, or is known to name none."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

from vagus.citations.references import read_reference, reference_columns, silence, works_of
from vagus.citations.works import works
from vagus.data import read_table

SOURCE = Path(__file__).parents[2] / "src" / "vagus"
DATA = SOURCE / "data"
# Tables of citations themselves, and tables whose sources are this project's tests and pages.
NOT_OURS = ("citations/*", "credibility/*", "evidence/sources.csv")
ADD = (
    "Give it a row in src/vagus/data/citations/works.csv, and where the text has no DOI, PMID, PMC "
    "number or address, its name in names.csv; or, if it names no work, a pattern in silent.csv. "
    "See docs/citing.md."
)
DOI = re.compile(r"10\.\d{4,9}/[^\s`\"',]+")


def tables() -> Iterator[tuple[str, list[dict[str, str]]]]:
    for path in sorted(DATA.rglob("*.csv")):
        name = path.relative_to(DATA).as_posix()
        if any(fnmatch(name, pattern) for pattern in NOT_OURS):
            continue
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        if rows and reference_columns(rows[0]):
            yield name, rows


TABLES = dict(tables())


def texts(name: str) -> list[str]:
    rows = TABLES[name]
    found = (row[column] for row in rows for column in reference_columns(row))
    return list(dict.fromkeys(text for text in found if text))


@pytest.mark.parametrize("name", TABLES)
def test_every_reference_is_a_known_work_or_known_to_be_none(name: str) -> None:
    unread = {t: read_reference(t).unread for t in texts(name) if read_reference(t).unread}
    assert not unread, f"{name} names works that nobody can cite: {unread}. {ADD}"
    unnamed = [t for t in texts(name) if not read_reference(t).works and not silence(t)]
    assert not unnamed, f"{name} has references that name nothing known: {unnamed}. {ADD}"


@pytest.mark.parametrize("name", TABLES)
def test_a_run_reads_the_table_or_the_reason_is_given(name: str) -> None:
    read = {row["table"] for row in read_table("citations/tables.csv")}
    unread = [row["tables"] for row in read_table("citations/not_read.csv")]
    assert name in read or any(fnmatch(name, pattern) for pattern in unread), (
        f"{name} has references: say in data/citations/tables.csv which stage of a run reads it, "
        "or in not_read.csv why none does"
    )


def test_tables_that_are_read_exist_with_their_columns() -> None:
    for rule in read_table("citations/tables.csv"):
        row = read_table(rule["table"])[0]
        assert all(pair.split("=")[0] in row for pair in rule["where"].split()), rule
        assert reference_columns(row), rule


def test_every_doi_of_a_docstring_is_a_known_work() -> None:
    unknown = {
        (path.name, doi)
        for path in SOURCE.rglob("*.py")
        for doi in DOI.findall(path.read_text(encoding="utf-8"))
        if not read_reference(doi).works
    }
    assert not unknown, f"{unknown}. {ADD}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ursino 1998 doi:10.1152/ajpheart.1998.275.5.H1733 (heart.csv)", ("Ursino1998",)),
        ("DOI 10.1152/AJPHEART.1998.275.5.H1733", ("Ursino1998",)),
        ("https://pmc.ncbi.nlm.nih.gov/articles/PMC1751174", ("Roosevelt2006",)),
        ("PMID 16690723 (abstract)", ("DorrDebonnel2006",)),
        ("https://github.com/jcrodelle/damagedFibers", ("damagedFibers",)),
        ("PREMIUM II beside EVENT", ("Najib2022", "Silberstein2016_EVENT")),
        ("PREMIUM", ("Diener2019",)),
        ("Kutlu2020; Paccione2022", ("Kutlu2020", "Paccione2022")),
        ("assumed: half each", ()),
        ("Ursino 19981, Ma 2020b, EVENTS", ()),
    ],
)
def test_works_are_found_by_number_address_and_name(text: str, expected: tuple[str, ...]) -> None:
    assert read_reference(text).works == expected


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("Nobody 2031: 3 mm", "Nobody 2031"),
        ("Nobody and Noone 2031", "Nobody and Noone 2031"),
        ("doi:10.1000/not.there", "10.1000/not.there"),
        ("PMC99999999", "PMC99999999"),
        ("Ma 2020 and https://example.com/paper", "https://example.com/paper"),
    ],
)
def test_what_looks_like_a_work_but_is_unknown_is_said(text: str, unread: str) -> None:
    assert read_reference(text).unread == (unread,)


def test_dates_are_no_works() -> None:
    assert read_reference("safety page (Apr 2025), seen in June 2024").unread == ()


def test_every_listed_name_stands_for_a_known_work() -> None:
    assert {row["work"] for row in read_table("citations/names.csv")} <= set(works())


def test_every_silent_pattern_is_needed() -> None:
    said = [t for name in TABLES for t in texts(name) if not read_reference(t).works]
    for row in read_table("citations/silent.csv"):
        assert any(re.search(row["pattern"], text) for text in said), row


def test_works_of_a_row_come_from_all_its_reference_columns() -> None:
    row = {
        "value": "1",
        "source": "Ma 2020",
        "entry_source": "Wolf 2021; Ma 2020",
        "note": "He 2015",
    }
    assert works_of(row) == ("Ma2020", "Wolf2021")
