"""The patient file: everything wrong at once, with its line; what is missing is not known."""

from __future__ import annotations

from pathlib import Path

import pytest

from vagus.body.conditions import condition_keys
from vagus.errors import InputErrors
from vagus.screening import load_patient, parse_patient
from vagus.suitability.codes import history_codes
from vagus.suitability.patient import conditions, patient_file

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "patients").glob("*.yaml"))


def problems(text: str) -> list[str]:
    with pytest.raises(InputErrors) as caught:
        parse_patient(text)
    return list(caught.value.errors)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_examples_are_read(path: Path) -> None:
    patient = load_patient(path)
    assert patient.age_y is not None
    assert patient.region
    assert patient.condition
    assert patient.history


def test_a_whole_file() -> None:
    patient = parse_patient(
        "age: 54 years\nregion: US\ncondition: migraine\n"
        "history:\n  pacemaker: yes\n  pregnancy: no\n  cancer: unknown\n  ulcer: true\n  lung:\n"
    )
    assert (patient.age_y, patient.region, patient.condition) == (54.0, "US", "migraine")
    expected = {"pacemaker": "yes", "pregnancy": "no", "cancer": "unknown", "ulcer": "yes"}
    assert patient.history == expected
    found = patient.answers()
    assert found["aimd"].answer == "yes"
    assert found["lung"].answer == "unknown", "a key with nothing after it states nothing"


def test_what_is_left_out_is_not_stated() -> None:
    patient = parse_patient("age: 40")
    assert (patient.region, patient.condition, dict(patient.history)) == ("", "", {})
    assert {found.answer for found in patient.answers().values()} == {"unknown"}


@pytest.mark.parametrize(
    ("text", "age"), [("54", 54), ("54.5 y", 54.5), ("0", 0), ("120 yrs", 120)]
)
def test_ages(text: str, age: float) -> None:
    assert parse_patient(f"age: {text}").age_y == age


@pytest.mark.parametrize("text", ["121", "-3", "five", "18 months", "yes", "[4]", "12 weeks"])
def test_ages_that_cannot_be(text: str) -> None:
    (said,) = problems(f"age: {text}")
    assert said.startswith("line 1: `age` is")
    assert "years from 0 to 120" in said


def test_all_problems_at_once_with_line_and_nearest_name() -> None:
    found = problems(
        "age: 500\nregion: USA\ncondition: migrane\nname: Anna\n"
        "history:\n  pacemakr: yes\n  pregnancy: maybe\n  pacemaker: yes\n  aimd: no\n"
    )
    assert [said.partition(":")[0] for said in found] == [
        f"line {i}" for i in (1, 2, 3, 4, 6, 7, 9)
    ]
    assert "Did you mean `US`?" in found[1]
    assert "Did you mean `migraine`?" in found[2]
    assert "personal data" in found[3]
    assert "Did you mean `pacemaker`, `pacemaker_demand`?" in found[4]
    assert "docs/suitability.md" in found[4]
    assert sum(code in found[4] for code in history_codes()) < 5, "the nearest, not all"
    assert "yes, no, unknown" in found[5]
    assert "`history.aimd` is no" in found[6]
    assert "`pacemaker: yes` means that `aimd` holds too." in found[6]


def test_a_condition_can_state_a_fact() -> None:
    assert parse_patient("condition: epilepsy").answers()["syncope_seizure"].answer == "yes"
    (said,) = problems("condition: epilepsy\nhistory:\n  epilepsy: no\n")
    assert "yes or unknown where `condition` is epilepsy" in said


@pytest.mark.parametrize("text", ["", "- age", "54", "# nothing\n"])
def test_what_is_no_patient_file(text: str) -> None:
    (said,) = problems(text)
    assert "age, region, condition, history" in said


def test_yaml_that_is_none_is_told_with_its_line() -> None:
    (said,) = problems("age: 5\nhistory: [\n")
    assert said.startswith("line ")
    (said,) = problems("age: 5\nage: 6\n")
    assert "Give the key once." in said
    (said,) = problems("history: pacemaker")
    assert "lines such as" in said


@pytest.mark.parametrize(
    "text",
    [
        "history: {<<: {pregnancy: yes}}\n",
        "history:\n  <<: {pregnancy: yes}\n",
        "age: &a 5\nhistory:\n  <<: [{pregnancy: yes}, {pregnancy: no}]\n",
    ],
)
def test_facts_that_are_merged_in(text: str) -> None:
    """Keys that all come from `<<` have no line of their own."""
    assert parse_patient(text).history == {"pregnancy": "yes"}


def test_two_documents_in_one_file() -> None:
    (said,) = problems("age: 5\n---\nage: 6\n")
    assert "one file per study or person" in said


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "anna.yaml").write_text("age: 5", encoding="utf-8")
    with pytest.raises(InputErrors, match=r"Did you mean `anna.yaml`"):
        load_patient(tmp_path / "ana.yaml")
    with pytest.raises(InputErrors) as caught:
        load_patient(tmp_path / "xy.yaml")
    assert "Did you mean" not in str(caught.value), "the suffix alone makes no name alike"


def test_every_condition_of_the_body_can_be_stated() -> None:
    assert set(condition_keys()) <= set(conditions())
    parts = {row["part_of"] for row in conditions().values() if row["part_of"]}
    assert parts <= set(conditions())


def test_values_without_a_file() -> None:
    assert patient_file({"age": 3}).age_y == 3
    with pytest.raises(InputErrors, match="region"):
        patient_file({"region": "Mars"})
