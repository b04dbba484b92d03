"""Regulatory status: named, in part, for another age, off-label, or not known."""

from __future__ import annotations

import pytest

from vagus.protocol.device import device_keys
from vagus.suitability.patient import PatientFile, conditions
from vagus.suitability.regulatory import Regulatory, clearances, regulatory


def status(key: str, region: str, condition: str, age: float | None = 40) -> Regulatory:
    return regulatory(key, PatientFile(age, region, condition, {}))


@pytest.mark.parametrize(
    ("key", "region", "condition", "age", "expected", "said"),
    [
        ("gammacore", "US", "migraine", 34, "named", "K203546, 2021-02-12; people of 12 years"),
        ("gammacore", "US", "migraine", 12, "named", "K203546"),
        ("gammacore", "US", "migraine", 9, "other age", "Off-label for this age"),
        ("gammacore", "US", "migraine", None, "named", "No age was stated."),
        ("gammacore", "US", "cluster-headache", 40, "named", "K182369"),
        ("gammacore", "US", "hemicrania", 40, "named", "K211856"),
        ("gammacore", "US", "fibromyalgia", 40, "off-label", "Off-label: no clearance"),
        ("gammacore", "UK", "cluster-headache", 40, "not known", "which is no approval"),
        ("gammacore", "CH", "migraine", 40, "not known", "no row read speaks of it"),
        ("setpoint", "US", "rheumatoid-arthritis", 61, "named", "Whether that holds is not known."),
        ("setpoint", "US", "rheumatoid-arthritis", 12, "other age", "18 years or older"),
        ("setpoint", "EU", "rheumatoid-arthritis", 61, "not known", "Not known"),
        ("ib-stim", "US", "visceral", 15, "named in part", "irritable bowel"),
        ("ib-stim", "US", "ibs-abdominal-pain", 15, "named", "DEN180057"),
        ("ib-stim", "US", "ibs-abdominal-pain", 20, "named, from memory", "not verified"),
        ("ib-stim", "US", "ibs-abdominal-pain", 30, "other age", "Off-label for this age"),
        ("ib-stim", "US", "functional-dyspepsia", 15, "named, from memory", "not verified"),
        ("nemos", "EU", "fibromyalgia", 40, "unclear", "whether fibromyalgia is meant"),
        ("nemos", "EU", "epilepsy", 40, "named, from memory", "not verified"),
        ("nemos", "EU", "fibromyalgia", 10, "other age", "outside what these rows name"),
        ("nemos", "EU", "stroke-arm", 40, "off-label", "From memory, not verified: off-label"),
        ("nemos", "CH", "fibromyalgia", 40, "not known", "name no condition"),
        ("nurosym", "UK", "fibromyalgia", 40, "not known", "the rows for the United Kingdom name"),
        ("penfs", "US", "migraine", 40, "not known", "the rows for the United States name no"),
        ("tea-ibs", "US", "visceral", 15, "other age", "off-label for it"),
        ("ib-stim", "US", "visceral", 60, "other age", "outside what these rows name"),
        ("ib-stim", "US", "visceral", 20, "named in part", "names this age is from memory"),
        ("ib-stim", "US", "visceral", None, "named in part", "No age was stated."),
        ("ib-stim", "US", "visceral", 15, "named in part", "together with other treatments"),
        ("ib-stim", "US", "functional-dyspepsia", 30, "other age", "memory, not verified: off"),
        ("livanova-vns-therapy", "EU", "depression", 40, "unclear", "the epilepsy manual only"),
        ("livanova-vns-therapy", "EU", "epilepsy", 40, "named", "(CE, date not known; ages not"),
        ("livanova-vns-therapy", "UK", "epilepsy", 40, "named", "Kingdom too is assumed"),
        ("livanova-vns-therapy", "CH", "migraine", 40, "off-label", "Switzerland too is assumed"),
        ("truvaga", "US", "migraine", 40, "no medical indication", "From memory, not verified: a"),
        ("livanova-vns-therapy", "US", "migraine", 40, "off-label", "Off-label"),
        ("livanova-vns-therapy", "US", "depression", 40, "named", "four adequate treatments"),
        ("truvaga", "US", "migraine", 40, "no medical indication", "consumer product"),
        ("pulsetto", "other", "migraine", 40, "no medical indication", "off-label"),
        ("soterix", "US", "migraine", 40, "not known", "no row on any regulator"),
    ],
)  # fmt: skip
def test_status(
    key: str, region: str, condition: str, age: float | None, expected: str, said: str
) -> None:
    found = status(key, region, condition, age)
    assert found.status == expected
    assert said in found.sentence
    assert set(found.rests_on) <= set(found.rows)


def test_without_region_or_condition_it_is_not_known() -> None:
    assert "no region and no condition was stated" in status("gammacore", "", "").sentence
    assert status("gammacore", "US", "").status == "not known"
    assert status("gammacore", "", "migraine").rows, "the rows are shown all the same"


def test_what_is_from_memory_is_never_named_without_saying_so() -> None:
    for key in device_keys():
        for region in ("US", "EU", "UK", "CH", "other"):
            for condition in conditions():
                found = status(key, region, condition)
                marks = {row.mark for row in found.rests_on}
                if marks == {"recalled"}:
                    assert "memory" in found.sentence, (key, region, condition)
                if found.status == "named":
                    assert "seen" in marks
                    assert all(condition in row.covers for row in found.rests_on)


def test_rows_resolve() -> None:
    assert set(clearances()) <= set(device_keys())
    for rows in clearances().values():
        for row in rows:
            assert set(row.covers) <= set(conditions())
            assert row.source
            assert row.mark in ("seen", "recalled")
