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
        "What this page does not say", "Notes", "Annex: every statement and its source",
        "The label's conditions of use", "date not known", "these are not labels of this device",
    ):  # fmt: skip
        assert part.replace("'", "&#39;") in page or part in page, part
    for finding in (*found.applying, *found.open):
        for s in finding.statements:
            assert s.document.source.replace("'", "&#39;").replace("&", "&") in page, s.rule
    assert page.count("the two conflict") == 6, "rates of Kim 2022"


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
