"""The table of works: sound fields, honest marks, nothing twice."""

from __future__ import annotations

import re
from collections import Counter
from importlib.metadata import version

import vagus
from vagus.citations.works import FIELDS, KINDS, Work, installed, works
from vagus.data import read_table

OWN = read_table("citations/works.csv")
ALL = works()
KEY = re.compile(r"[A-Za-z][A-Za-z0-9]+")
# A registrant's prefix and what it names, as doi.org resolves it; no quote, brace or space.
DOI = re.compile(r"10\.\d{4,9}/[^\s{}\"\\%#]*[^\s{}\"\\%#.,;]")
YEAR = re.compile(r"(?:18|19|20)\d\d")


def repeated(name: str) -> dict[str, int]:
    values = Counter(work.fields[name].lower() for work in ALL.values() if name in work.fields)
    return {value: n for value, n in values.items() if n > 1}


def test_keys_are_unique_and_plain() -> None:
    keys = [work.key for work in ALL.values()]
    assert len(set(keys)) == len(keys) >= 500
    assert all(KEY.fullmatch(key) for key in keys)
    assert len({row["key"] for row in OWN}) == len(OWN)


def test_no_work_is_there_twice() -> None:
    # A digest of PREMIUM II is listed by the DOI of the paper, and the extension of a trial by its.
    assert repeated("doi") == {"10.1177/03331024211068813": 2}
    assert not repeated("pmcid")
    assert not repeated("pmid")


def test_fields_are_sound() -> None:
    for work in ALL.values():
        check(work)


def check(work: Work) -> None:
    assert work.kind in KINDS
    assert work.mark in ("seen", "recalled")
    assert set(work.fields) <= set(FIELDS)
    assert all(value == value.strip() != "" for value in work.fields.values())
    known = work.fields
    assert "doi" not in known or DOI.fullmatch(known["doi"])
    assert "year" not in known or YEAR.fullmatch(known["year"])
    assert "pmid" not in known or known["pmid"].isdigit()
    assert "pmcid" not in known or re.fullmatch(r"PMC\d+", known["pmcid"])
    assert "url" not in known or re.fullmatch(r"https?://[^\s{}\\%#]+", known["url"])
    assert "--" not in known.get("author", ""), "two names are parted by `and`"
    assert {"title", "doi", "pmid", "pmcid", "url", "venue", "author"} & set(known)


def test_what_was_recalled_is_named() -> None:
    """A mark of `recalled` names fields that are there; one of `seen` names none."""
    for row in OWN:
        recalled = row["recalled"].split()
        assert bool(recalled) == (row["mark"] == "recalled"), row
        assert all(row[name] for name in recalled), row
        assert ("from memory" in ALL[row["key"]].remark) == bool(recalled), row


def test_a_field_from_memory_is_to_be_checked_against_what_was_seen() -> None:
    assert ALL["Ursino1998"].remark.endswith("check against the DOI")
    assert ALL["Manta2009"].remark.endswith("check against PubMed Central")
    assert "doi" in ALL["Harris2020"].remark, "a recalled DOI checks nothing"
    assert ALL["Harris2020"].remark.endswith("check them before use")


def test_sources_of_trials_are_those_of_the_evidence() -> None:
    for row in read_table("evidence/sources.csv"):
        work = ALL[row["key"]]
        assert work.fields["title"] == row["title"]
        assert not row["doi"] or work.fields["doi"] == row["doi"]
        assert ("recalled" in row["note"]) == (work.mark == "recalled")
    presto = ALL["Tassorelli2018"]
    assert (presto.kind, presto.mark) == ("article", "seen")
    assert presto.fields["author"] == "Tassorelli and others"
    assert presto.fields["venue"] == "Neurology"
    assert (presto.fields["volume"], presto.fields["pages"]) == ("91", "e364--e373")
    assert "(read: abstract)" in presto.remark


def test_the_table_of_works_adds_to_a_source_and_changes_nothing() -> None:
    assert ALL["Diener2019"].fields["doi"] == "10.1177/0333102419876920"
    assert ALL["Diener2019"].fields["venue"] == "Cephalalgia"
    sources = {row["key"]: row for row in read_table("evidence/sources.csv")}
    for row in OWN:
        if row["key"] in sources:
            assert not row["title"], f"{row['key']} has its title in sources.csv"


def test_software_has_the_version_in_use() -> None:
    assert ALL["numpy"].fields["version"] == version("numpy")
    assert ALL["vagus"].fields["version"] == vagus.__version__
    assert installed("no-such-package-anywhere") == ""
