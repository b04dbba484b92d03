"""Which facts follow from which: a pacemaker is an implant, an implant need not be a pacemaker."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vagus.suitability.codes import Answer, broader, codes, contradictions, history_codes, resolve

HISTORY = st.dictionaries(st.sampled_from(history_codes()), st.sampled_from(["yes", "no"]))


def answers(**stated: Answer) -> dict[str, str]:
    return {code: found.answer for code, found in resolve(stated).items()}


def test_a_pacemaker_is_an_implanted_device() -> None:
    found = resolve({"pacemaker": "yes"})
    assert (found["aimd"].answer, found["aimd"].because) == ("yes", "pacemaker")
    assert found["pacemaker"].because == ""
    assert found["pacemaker_demand"].answer == "unknown"


def test_an_implanted_device_need_not_be_a_pacemaker() -> None:
    assert answers(aimd="yes")["pacemaker"] == "unknown"


def test_no_implanted_device_is_no_pacemaker() -> None:
    found = resolve({"aimd": "no"})
    assert found["pacemaker"].answer == found["pacemaker_demand"].answer == "no"
    assert found["pacemaker"].because == "aimd"


def test_no_pacemaker_says_nothing_of_other_implants() -> None:
    assert answers(pacemaker="no")["aimd"] == "unknown"


@pytest.mark.parametrize(
    ("stated", "follows"),
    [
        ({"cad_mi": "yes"}, {"cardiac": "yes", "heart_failure_cad_mi": "yes"}),
        ({"cardiac": "yes"}, {"cad_mi": "unknown", "arrhythmia": "unknown"}),
        ({"cad_mi": "no"}, {"heart_failure_cad_mi": "unknown"}),
        ({"cad_mi": "no", "heart_failure": "no"}, {"heart_failure_cad_mi": "no"}),
        ({"cardiac": "no"}, {"cad_mi": "no", "heart_failure": "no", "heart_failure_cad_mi": "no"}),
        ({"cardiac": "no", "epilepsy": "no"}, {"cardiac_epilepsy": "no", "arrhythmia": "no"}),
        ({"bradycardia_severe": "yes"}, {"arrhythmia": "yes", "bp_hr": "yes", "cardiac": "yes"}),
        ({"cancer_neck": "yes"}, {"cancer": "yes"}),
        ({"cancer": "yes"}, {"cancer_neck": "unknown"}),
        ({"skin_ear": "yes"}, {"skin_neck": "unknown"}),
        ({"syncope": "no"}, {"syncope_seizure": "unknown"}),
        ({"pregnancy": "unknown"}, {"pregnancy": "unknown"}),
    ],
)
def test_what_follows(stated: dict[str, Answer], follows: dict[str, str]) -> None:
    found = answers(**stated)
    assert {code: found[code] for code in follows} == follows


def test_nothing_stated_is_nothing_known() -> None:
    assert set(answers().values()) == {"unknown"}


def test_the_table_is_closed_and_has_no_circle() -> None:
    for code in codes().values():
        assert code.code not in broader(code.code)
        for other in (*code.implies, *code.parts):
            assert codes()[other].kind == "history"
        for part in code.parts:
            # a part that were true without the whole would make "no" of all parts say too much
            known = code.code in broader(part)
            assert known or code.code == "cardiac_epilepsy", (code.code, part)
        assert bool(code.question) == (code.kind != "use")


@given(HISTORY)
def test_resolving_respects_what_is_stated_and_every_implication(
    stated: dict[str, Answer],
) -> None:
    if contradictions(stated):
        return
    found = resolve(stated)
    for code, answer in stated.items():
        assert found[code].answer == answer
    for code in history_codes():
        for wide in broader(code):
            assert (found[code].answer, found[wide].answer) != ("yes", "no")
            assert found[code].answer != "yes" or found[wide].answer == "yes"
            assert found[wide].answer != "no" or found[code].answer == "no"


@given(HISTORY, st.sampled_from(history_codes()))
def test_one_more_answer_never_takes_a_yes_back(stated: dict[str, Answer], code: str) -> None:
    before = resolve(stated)
    after = resolve({**stated, code: "yes"})
    for other, was in before.items():
        if was.answer == "yes":
            assert after[other].answer == "yes"
