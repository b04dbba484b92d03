"""Screening: the strictest statement counts, a missing label is unknown, nothing is ever fine."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.protocol.device import device, device_keys
from vagus.suitability.codes import codes, contradictions, history_codes
from vagus.suitability.labels import cover, severities
from vagus.suitability.patient import PatientFile, patient_file
from vagus.suitability.screen import Finding, Screening, screen

ALL_NO = dict.fromkeys(history_codes(), "no")


def screened(key: str, **values: Any) -> Screening:
    return screen(patient_file(values), device(key))


def finding(found: Screening, code: str) -> Finding:
    return next(f for f in found.findings if f.code.code == code)


def test_an_implant_with_gammacore() -> None:
    """The label says contraindicated, the standard caution: both shown, the strictest counts."""
    found = screened("gammacore", history={"pacemaker": "yes"})
    aimd = finding(found, "aimd")
    assert (aimd.answer, aimd.because, aimd.disagree) == ("yes", "pacemaker", True)
    assert [s.severity.key for s in aimd.statements] == ["contraindicated", "caution"]
    assert [s.relation for s in aimd.statements] == ["own label", "standard"]
    assert found.verdict.key == "contraindicated"


def test_labels_of_one_device_disagree() -> None:
    """Carotid atherosclerosis: contraindicated, not evaluated in older US labels (recalled)."""
    found = screened("gammacore", region="UK", history=ALL_NO | {"carotid_atherosclerosis": "yes"})
    said = finding(found, "carotid_atherosclerosis")
    assert [(s.severity.key, s.region, s.mark) for s in said.statements] == [
        ("contraindicated", "any", "seen"),
        ("not_evaluated", "US", "recalled"),
    ]
    assert said.disagree
    assert found.verdict.key == "contraindicated"


def test_a_statement_for_another_region_counts() -> None:
    found = screened("livanova-vns-therapy", region="UK", history={"dysautonomia": "yes"})
    said = finding(found, "dysautonomia")
    assert said.answer == "yes"
    assert {s.region for s in said.statements} == {"US"}
    assert found.verdict.key == "not_evaluated"


def test_an_implant_that_may_be_a_pacemaker() -> None:
    """IB-Stim names pacemakers: an implant is stated, so the question comes first."""
    found = screened("ib-stim", age=15, condition="ibs-abdominal-pain", history={"aimd": "yes"})
    assert found.verdict.key == "unknown"
    first = found.open[0]
    assert (first.code.code, first.broader) == ("pacemaker", "aimd")


@pytest.mark.parametrize("history", [{}, ALL_NO, {"pacemaker": "yes", "cervical_vagotomy": "yes"}])
@pytest.mark.parametrize("key", ["setpoint", "truvaga", "soterix", "penfs", "nss-2-bridge"])
def test_without_a_label_it_is_unknown(key: str, history: dict[str, str]) -> None:
    """Whatever is stated, even if the standard or labels of other devices speak of it."""
    found = screened(key, age=40, region="US", condition="fibromyalgia", history=history)
    assert found.verdict.key == "unknown"
    assert all(s.relation == "standard" for f in found.findings for s in f.statements)


def test_other_devices_are_said_to_be_others() -> None:
    found = screened("setpoint", history={"cervical_vagotomy": "yes"})
    (first, *_) = found.beside
    assert (first.code.code, first.answer) == ("cervical_vagotomy", "yes")
    assert {s.relation for s in first.statements} == {"another device"}
    assert found.findings == ()


def test_exclusions_of_a_trial_are_no_label() -> None:
    found = screened("nss-2-bridge", history={"pacemaker": "yes"})
    (said,) = (f for f in found.beside if f.answer == "yes")
    assert [s.relation for s in said.statements] == ["another device", "trial"]
    assert found.verdict.key == "unknown"


def test_a_label_from_memory_is_stricter_than_unknown_at_most() -> None:
    assert screened("nemos", age=40, history=ALL_NO).verdict.key == "unknown"
    assert screened("nemos", history={"aimd": "yes"}).verdict.key == "contraindicated"


def test_nothing_found_needs_every_answer() -> None:
    whole = screened("gammacore", age=40, condition="migraine", history=ALL_NO)
    assert whole.verdict.key == "nothing_found"
    assert whole.open == whole.applying == ()
    for code in (f.code.code for f in whole.findings if f.code.kind == "history"):
        some = {c: a for c, a in ALL_NO.items() if c != code and code not in implied(c)}
        some = {c: a for c, a in some.items() if c not in implied(code)}
        found = screened("gammacore", age=40, condition="migraine", history=some)
        assert found.verdict.key == "unknown", code


def implied(code: str) -> tuple[str, ...]:
    from vagus.suitability.codes import broader

    return (*broader(code), *codes()[code].parts)


@pytest.mark.parametrize(
    ("key", "values", "answer"),
    [
        ("gammacore", {"age": 11.9, "condition": "migraine"}, "yes"),
        ("gammacore", {"age": 12, "condition": "migraine"}, "no"),
        ("gammacore", {"age": 17, "condition": "migraine"}, "no"),
        ("gammacore", {"age": 17, "condition": "fibromyalgia"}, "yes"),
        ("gammacore", {"age": 17}, "unknown"),
        ("gammacore", {"age": 10}, "yes"),
        ("gammacore", {"age": 18}, "no"),
        ("gammacore", {}, "unknown"),
        ("ib-stim", {"age": 10.9}, "yes"),
        ("ib-stim", {"age": 11}, "no"),
        ("ib-stim", {"age": 18.9}, "no"),
        ("ib-stim", {"age": 19}, "yes"),
        ("livanova-vns-therapy", {"age": 3}, "yes"),
        ("nurosym", {"age": 18}, "no"),
    ],
)
def test_ages(key: str, values: dict[str, Any], answer: str) -> None:
    assert finding(screened(key, **values), "age").answer == answer


@pytest.mark.parametrize(
    ("condition", "answer"),
    [("fibromyalgia", "yes"), ("migraine", "yes"), ("epilepsy", "no"), ("depression", "no")],
)
def test_pain_is_not_evaluated_with_vns_therapy(condition: str, answer: str) -> None:
    found = screened("livanova-vns-therapy", condition=condition)
    assert finding(found, "condition").answer == answer
    assert finding(screened("livanova-vns-therapy"), "condition").answer == "unknown"


def test_conditions_of_use_are_no_facts_of_a_person() -> None:
    found = screened("salustim", history=ALL_NO)
    assert {codes()[s.code].kind for s in found.uses} == {"use"}
    assert {"right_ear", "placement", "thorax", "current_density"} == {s.code for s in found.uses}
    assert all(f.code.kind != "use" for f in found.findings)


def test_a_stated_fact_that_no_statement_speaks_of_is_named() -> None:
    found = screened("livanova-vns-therapy", history={"pacemaker": "yes", "lung": "yes"})
    assert [code.code for code in found.silent] == ["pacemaker"]
    assert screened("gammacore", history={"pacemaker": "yes"}).silent == ()


@pytest.mark.parametrize(
    ("key", "history", "silent"),
    [
        ("gammacore", {"cancer": "yes"}, []),  # a cancer at the neck is named, and asked about
        ("gammacore", {"cancer": "yes", "cancer_neck": "no"}, ["cancer"]),
        ("nurosym", {"cardiac": "yes"}, []),  # a very slow heartbeat and a heart attack are named
        ("nurosym", {"cardiac": "yes", "bradycardia_severe": "no", "cad_mi": "no"}, ["cardiac"]),
        ("salustim", {"heart_failure": "yes"}, []),  # "myocardial disease"
    ],
)
def test_a_broader_fact_is_not_silent_while_a_narrower_may_hold(
    key: str, history: dict[str, str], silent: list[str]
) -> None:
    assert [code.code for code in screened(key, history=history).silent] == silent


@pytest.mark.parametrize("key", ["ib-stim", "salustim"])
def test_a_label_read_in_part_never_finds_nothing(key: str) -> None:
    """All "no", and every other statement out of the way: unknown; its statements still count."""
    values = {"age": 15, "condition": "ibs-abdominal-pain"}
    assert screened(key, **values, history=ALL_NO).verdict.key == "unknown"
    strict = screened(key, **values, history={"pacemaker": "yes", "pacemaker_demand": "yes"})
    assert strict.verdict.key == {"ib-stim": "contraindicated", "salustim": "caution"}[key]


@st.composite
def patients(draw: st.DrawFn) -> PatientFile:
    answers = st.sampled_from(["yes", "no", "unknown"])
    history = draw(st.dictionaries(st.sampled_from(history_codes()), answers, max_size=12))
    for narrow, _ in contradictions(history):  # type: ignore[arg-type]
        history.pop(narrow, None)
    age = draw(st.none() | st.integers(0, 90))
    condition = draw(st.sampled_from(["", "migraine", "fibromyalgia", "depression"]))
    return PatientFile(age, draw(st.sampled_from(["", "US", "CH"])), condition, history)  # type: ignore[arg-type]


@settings(max_examples=60, deadline=None)
@given(patients(), st.sampled_from(device_keys()), st.sampled_from(history_codes()))
def test_one_more_yes_is_never_milder(patient: PatientFile, key: str, code: str) -> None:
    before = screen(patient, device(key))
    history = {**patient.history, code: "yes"}
    history = {c: a for c, a in history.items() if (code, c) not in contradictions(history)}  # type: ignore[arg-type]
    more = PatientFile(patient.age_y, patient.region, patient.condition, history)  # type: ignore[arg-type]
    after = screen(more, device(key))
    assert after.verdict.rank <= before.verdict.rank
    assert {f.code.code for f in before.applying} <= {f.code.code for f in after.applying}


@settings(max_examples=60, deadline=None)
@given(patients(), st.sampled_from(device_keys()), st.sampled_from(history_codes()))
def test_one_answer_less_is_never_milder_than_no(patient: PatientFile, key: str, code: str) -> None:
    """Leaving a "no" out gives "unknown" or stricter, never "nothing found"."""
    history = {c: a for c, a in patient.history.items() if c != code}
    less = PatientFile(patient.age_y, patient.region, patient.condition, history)
    whole = screen(patient, device(key))
    if patient.history.get(code) == "no":
        assert screen(less, device(key)).verdict.rank <= whole.verdict.rank


@settings(max_examples=40, deadline=None)
@given(patients(), st.sampled_from(device_keys()))
def test_every_screening_holds_its_promises(patient: PatientFile, key: str) -> None:
    found = screen(patient, device(key))
    unknown = severities()["unknown"].rank
    if not cover(key).label_read or found.open:
        assert found.verdict.rank <= unknown
    own = {"own label", "standard"} if cover(key).any_read else {"own label"}
    applying = [s.severity.rank for f in found.applying for s in f.statements if s.relation in own]
    assert all(found.verdict.rank <= rank for rank in applying)
    assert {f.answer for f in found.findings} <= {"yes", "no", "unknown"}
    for f in (*found.findings, *found.beside):
        assert f.statements
        assert f.disagree == (len({s.severity for s in f.statements}) > 1)
