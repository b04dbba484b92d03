"""`vagus cite`: BibTeX on stdout, counts on stderr, a file, JSON, errors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from bibtex_reader import read_bibtex
from typer.testing import CliRunner, Result

import vagus
from vagus.commands.cite import cite

APP = typer.Typer()
APP.command()(cite)
STUDY = Path(__file__).parents[2] / "examples" / "migraine-cervical.yaml"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, list(arguments))


def test_bibtex_goes_to_stdout_and_counts_to_stderr() -> None:
    result = run(str(STUDY))
    assert result.exit_code == 0, result.output
    entries = read_bibtex(result.stdout)
    assert "Ursino1998" in entries
    assert result.stderr.startswith(f"{len(entries)} works, ")
    assert "recalled" in result.stderr


def test_a_file_holds_what_stdout_would(tmp_path: Path) -> None:
    target = tmp_path / "works.bib"
    result = run(str(STUDY), "--out", str(target))
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    assert target.read_text(encoding="utf-8") == run(str(STUDY)).stdout
    assert "works.bib" in result.stderr


def test_json_lists_fields_uses_and_marks() -> None:
    found = json.loads(run(str(STUDY), "--json").stdout)
    works = {work["key"]: work for work in found["works"]}
    assert found["counts"]["works"] == len(works)
    heart = works["Ursino1998"]
    assert heart["fields"]["doi"] == "10.1152/ajpheart.1998.275.5.H1733"
    assert heart["mark"] == "recalled"
    assert any(use.startswith("body/heart.csv") for use in heart["used_for"])
    assert set(heart) == {"key", "kind", "mark", "fields", "used_for", "remark"}


def test_the_same_from_python() -> None:
    works = vagus.cite(vagus.load_study(STUDY))
    assert [work["key"] for work in json.loads(run(str(STUDY), "--json").stdout)["works"]] == [
        work.key for work in works
    ]


def test_a_bad_study_is_reported_as_everywhere(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("device: gamacore\n", encoding="utf-8")
    result = run(str(bad), "--json")
    assert result.exit_code == 2
    assert "gammacore" in json.loads(result.stdout)["error"]["message"]
    assert run(str(tmp_path / "none.yaml")).exit_code == 2


def test_folders_are_made(tmp_path: Path) -> None:
    assert run(str(STUDY), "--out", str(tmp_path / "new" / "folder" / "works.bib")).exit_code == 0
    assert (tmp_path / "new" / "folder" / "works.bib").is_file()


@pytest.mark.parametrize("where", ["", "taken/works.bib"])
def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "taken").write_text("", encoding="utf-8")
    result = run(str(STUDY), "--out", str(tmp_path / where))
    assert result.exit_code == 1
    assert "could not write" in result.stderr
    assert result.stdout == ""
