"""Rows whose spread is assumed while their value is not are listed, and only those."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from vagus.body.conditions import condition
from vagus.body.drive import drive_from_prior
from vagus.body.full import full_body
from vagus.credibility.audit import readings
from vagus.credibility.sensitivity_inputs import inputs_of
from vagus.credibility.spreads import assumed_spread
from vagus.data import Row, read_table
from vagus.study import load_study

LISTED = read_table("credibility/assumed_spreads.csv")
SPEAKS = re.compile(r"assum|\bchosen\b|by judgement|SD as |spread .* as in ", re.IGNORECASE)
"""Words of a reference after which its row has to be listed, or excused."""


def distributed() -> Iterator[tuple[str, str, Row, str]]:
    """Table, name, row and reference of every row of the body with a distribution, and a mark that
    is not assumed."""
    for reading in readings():
        if reading.reading != "parameters" or not reading.table.startswith("body/"):
            continue
        for _, row in reading.rows():
            drawn = row.get("distribution", "") not in ("", "fixed")
            if drawn and row["mark"] != "assumed":
                name = " ".join(row[c] for c in reading.name.partition("=")[0].split())
                yield reading.table, name, row, row["reference"]


def test_every_reference_that_speaks_of_an_assumed_spread_is_listed() -> None:
    listed = {(row["table"], row["name"]) for row in LISTED}
    speaking = {(t, name) for t, name, _, text in distributed() if SPEAKS.search(text)}
    assert len(speaking) > 25
    assert speaking - listed == set()


def test_what_is_listed_is_there_and_says_so() -> None:
    rows = {(table, name): (row, text) for table, name, row, text in distributed()}
    keys = [(row["table"], row["name"]) for row in LISTED]
    assert len(set(keys)) == len(keys)
    for entry in LISTED:
        _, text = rows[entry["table"], entry["name"]]
        assert entry["kind"] in ("said", "silent", "excused")
        assert entry["says"]
        assert entry["kind"] == "silent" or entry["says"] in text, entry["name"]
        found = assumed_spread(entry["table"], entry["name"])
        assert found == ("" if entry["kind"] == "excused" else entry["says"])


def test_others_are_not() -> None:
    assert assumed_spread("body/heart.csv", "T_0") == ""
    assert assumed_spread("body/heart.csv", "G_eff") == "", "assumed altogether"


def test_inputs_of_a_study_say_it() -> None:
    study = load_study(Path(__file__).parents[2] / "examples" / "migraine-cervical.yaml")
    treated = condition("rheumatoid-arthritis")
    drive = drive_from_prior("cervical", study.protocol(), 16, 1)
    found = inputs_of(full_body(), treated, {}, drive)
    spreads = {one.symbol: one.spread for one in found.uncertain if one.spread}
    assert {"g_inh", "f_ev_rest", "recruited vagal-afferent A-beta"} <= spreads.keys()
    assert spreads["tau_nat"] == "spread assumed", "the condition's own"
    assert "recruited vagal-afferent C" not in spreads, "assumed altogether"
    assert not {one.symbol for one in found.uncertain if one.mark == "assumed"} & spreads.keys()
