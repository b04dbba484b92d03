"""The page and the command: self-contained, deterministic, escaped, one error for bad input."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import vagus
from vagus.cli import app
from vagus.errors import InputError
from vagus.screening import load_patient
from vagus.suitability.patient import patient_file

EXAMPLES = Path(__file__).parents[2] / "examples" / "patients"
RA = EXAMPLES / "ra-pacemaker.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["screen", *arguments])


def test_the_page_has_everything_and_needs_nothing(tmp_path: Path) -> None:
    found = vagus.screen(EXAMPLES / "fibromyalgia.yaml", "nurosym", tmp_path)
    page = (tmp_path / "screening.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(?!#)', page), "the page loads nothing"
    for part in (
        "What the labels say of it", "What is not known", "Regulators", "What people reported",
        "What this page does not say", "Annex: every statement and its source",
        "The label's conditions of use", "date not known", "these are not labels of this device",
    ):  # fmt: skip
        assert part.replace("'", "&#39;") in page or part in page, part
    for finding in (*found.applying, *found.open):
        for s in finding.statements:
            assert s.document.source.replace("'", "&#39;").replace("&", "&") in page, s.rule
    assert page.count("the two conflict") == 6, "rates of Kim 2022"


ROOMS = ("roomy", "plain", "short", "close", "dense")


def test_more_answers_get_no_larger_letters(tmp_path: Path) -> None:
    """The first sheet is to fit one page: what stands on it chooses the size."""
    facts = "pacemaker cancer heart_failure arrhythmia bp_hr_uncontrolled metal_neck syncope"
    found = []
    for n in (0, 2, 7):
        history = dict.fromkeys(facts.split()[:n], "yes")
        patient = patient_file({"age": 71, "region": "UK", "history": history})
        vagus.screen(patient, "gammacore", tmp_path)
        page = (tmp_path / "screening.html").read_text(encoding="utf-8")
        (room,) = re.findall(r'<section class="sheet (\w+)">', page)
        found.append(ROOMS.index(room))
        assert ("<span>Notes</span>" in page) == (room != "dense")
    assert found == sorted(found)
    assert found[0] < found[-1] == ROOMS.index("dense")


@pytest.mark.parametrize(
    ("key", "words"),
    [("gammacore", "MRI"), ("nurosym", "sinus"), ("salustim", "right ear")],
)
def test_conditions_of_use_and_grave_events_come_first(
    key: str, words: str, tmp_path: Path
) -> None:
    """Both on the console and on the first sheet, not in the annex only."""
    done = run(str(RA), "--device", key, "--out", str(tmp_path))
    page = (tmp_path / "screening.html").read_text(encoding="utf-8")
    sheet = page.partition('<section class="annex">')[0]
    for text in (" ".join(done.stdout.split()), sheet):
        assert words in text
        assert "a serious adverse event that the device may have caused: about 0.2" in text


def test_equal_input_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        vagus.screen(RA, "livanova-vns-therapy", tmp_path / name)
    for file in ("screening.html", "screening.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_json_on_stdout_is_that_of_the_folder(tmp_path: Path) -> None:
    done = run(str(RA), "--device", "livanova", "--json", "--out", str(tmp_path))
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert found == json.loads((tmp_path / "screening.json").read_text(encoding="utf-8"))
    assert found["device"]["key"] == "livanova-vns-therapy"
    assert found["verdict"] == "not_evaluated"
    assert found["not_spoken_of"] == ["pacemaker"]
    assert found["stated"]["history"]["pacemaker"] == "yes"
    assert {s["mark"] for f in found["not_known"] for s in f["statements"]} <= {"seen", "derived"}


@pytest.mark.parametrize("key", ["gammacore", "setpoint", "ib-stim"])
def test_any_verdict_is_a_result(key: str) -> None:
    assert run(str(RA), "--device", key).exit_code == 0


def test_bad_input_is_one_error() -> None:
    done = run(str(RA), "--device", "gamacore", "--json")
    assert done.exit_code == 2
    assert "Did you mean `gammacore`?" in json.loads(done.stdout)["error"]["message"]
    done = run(str(EXAMPLES / "migrain.yaml"), "--device", "gammacore")
    assert done.exit_code == 2
    assert "Did you mean `migraine.yaml`?" in done.stderr
    with pytest.raises(InputError):
        vagus.screen(load_patient(RA), "nothing")


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("", encoding="utf-8")
    assert run(str(RA), "--device", "setpoint", "--out", str(taken)).exit_code == 1
