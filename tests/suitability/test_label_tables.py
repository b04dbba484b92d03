"""The tables of labels: everything resolves, every change from the given tables is noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from vagus.data import read_table
from vagus.evidence.tables import evidence
from vagus.protocol.device import device_keys
from vagus.suitability.codes import codes, history_codes
from vagus.suitability.labels import cover, severities, statements
from vagus.suitability.patient import conditions

MARKS = {"seen", "derived", "recalled", "assumed"}


def rows(name: str) -> tuple[dict[str, str], ...]:
    return read_table(f"suitability/{name}.csv")


def test_every_device_is_covered_once() -> None:
    assert sorted(row["key"] for row in rows("covers")) == sorted(device_keys())
    families = {row["family"] for row in rows("families")}
    assert {row["family"] for row in rows("covers")} == families


def test_rules_resolve() -> None:
    documents = {row["document"]: row["label"] for row in rows("documents")}
    labels = {row["label"] for row in rows("labels")}
    rules = [row["rule_id"] for row in rows("rules")]
    assert len(rules) == len(set(rules))
    for row in rows("rules"):
        assert row["code"] in codes(), row["rule_id"]
        assert row["label"] in labels
        assert documents[row["document"]] == row["label"], row["rule_id"]
        assert row["severity"] in severities()
        assert row["mark"] in MARKS
        assert row["text"]
        has_bound = bool(row["below_age"] or row["above_age"])
        assert has_bound == (codes()[row["code"]].kind == "age")
        assert {row["only_for"], row["not_for"]} <= {"", "pain", *conditions()}
    for row in rows("documents"):
        assert row["source"]


def test_every_fact_is_asked_by_a_label_or_is_part_of_one() -> None:
    asked = {row["code"] for row in rows("rules")}
    for code in codes().values():
        assert code.code in asked or set(code.implies) & asked, code.code


def test_changes_from_the_given_table_are_noted() -> None:
    for row in rows("rules"):
        assert row["code"] == row["code_given"] or row["changed"], row["rule_id"]
        if row["rule_id"][-1] in "AB":
            assert row["changed"]


def test_severities_run_from_strict_to_mild() -> None:
    order = sorted(
        (s for s in severities().values() if s.key != "trial_exclusion"), key=lambda s: s.rank
    )
    assert [s.key for s in order] == [
        "contraindicated", "contraindicated_unless_supervised", "warning", "caution",
        "not_evaluated", "unknown", "nothing_found",
    ]  # fmt: skip
    assert severities()["trial_exclusion"].rank > order[-1].rank


UNREAD = (
    "setpoint", "truvaga", "ravans", "soterix", "vagustim", "tea-ibs", "sparrow", "penfs", "p-stim",
    "nss-2-bridge", "nemos", "ib-stim", "salustim",
)  # fmt: skip


@pytest.mark.parametrize("key", UNREAD)
def test_devices_whose_label_was_not_read(key: str) -> None:
    assert not cover(key).label_read


def test_the_standard_covers_what_works_through_the_skin_only() -> None:
    from vagus.protocol.device import device

    for key in device_keys():
        assert (cover(key).standard is not None) == (device(key).route == "transcutaneous")


def test_other_labels_are_of_the_same_kind_and_never_the_own() -> None:
    for key in device_keys():
        found = cover(key)
        assert found.own not in found.others
        families = {r["label"]: r["family"] for r in rows("covers") if r["label"]}
        assert {families[label.key] for label in found.others} <= {found.family["family"]}


def test_what_only_a_trial_says_is_no_label() -> None:
    bridge = cover("nss-2-bridge").own
    assert bridge is not None
    assert {s.relation for s in statements(bridge, "own label")} == {"trial"}


@pytest.mark.parametrize("key", ["ib-stim", "salustim"])
def test_a_text_that_is_no_label_is_a_part_of_one_at_most(key: str) -> None:
    found = cover(key)
    assert found.any_read
    assert found.own is not None
    assert found.own.read == "in part"


def test_of_held_out_trials_only_harms_are_shipped() -> None:
    """Two rows of RESET-RA, of harms; no result of the trial stands in the evidence."""
    found = [row for row in rows("adverse_events") if "RESET" in row["study"]]
    assert {row["ae_id"] for row in found} == {"AE029", "AE030"}
    assert all(row["note"].startswith("harms only: this trial is held out") for row in found)
    assert "RESETRA" not in evidence().trials
    assert not evidence().adverse_events_of("RESETRA")


def test_every_fact_stands_in_the_document() -> None:
    """A wrong code in a patient file points there."""
    text = (Path(__file__).parents[2] / "docs" / "suitability.md").read_text(encoding="utf-8")
    for code in history_codes():
        assert f"`{code}`" in text, code
