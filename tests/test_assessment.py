"""`assess` and `vagus report credibility`: parts that fail are told, what is kept goes on."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

import vagus
from vagus import assessment, chain
from vagus.assessment import Assessment, assess
from vagus.cli import app
from vagus.credibility.audit import audited
from vagus.credibility.sensitivity import Influence, Sensitivity
from vagus.data import read_table
from vagus.errors import ConvergenceError, InputError, VagusError
from vagus.report import credibility_html
from vagus.study import Study, load_study
from vagus.validation.comparison import Simulated, observations, verdict
from vagus.validation.table import Row

ROOT = Path(__file__).parents[1]
NECK = str(ROOT / "examples" / "migraine-cervical.yaml")
CUFF = str(ROOT / "examples" / "ra-implanted-cuff.yaml")
NO_CONDITION = str(ROOT / "examples" / "quick.yaml")


def rows(**_: Any) -> tuple[Row, ...]:
    """Two observations; the simulation of the second has no value."""
    found = list(observations().values())[:2]
    nan = float("nan")
    simulated = (Simulated(found[0].low, found[0].value, found[0].high), Simulated(nan, nan, nan))
    return tuple(Row(o, s, verdict(o, s), "made up") for o, s in zip(found, simulated, strict=True))


def made_up(_: Study, drive: object, **asked: Any) -> tuple[Sensitivity, ...]:
    """One parameter that does everything; asks nothing of the body."""
    asked["progress"]("sensitivity", 1, 1)
    one = Influence("k", "pain", "a gain", "1", "normal(1, 1)", "chosen", "assumed",
                    0.9, 0.8, 1.0, 1.0, 0.9, float("nan"), True)  # fmt: skip
    return (
        Sensitivity(
            "stimulated minus sham", "NRS", 8, 24, 24, 0, -0.1, 0.2, (one,), (),
            (0.9, 0.8, 1.0), (), ("route_brainstem = 1",),
        ),
    )  # fmt: skip


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Nothing is simulated, no figure drawn, and the page lists few parameters."""
    monkeypatch.setattr(assessment, "verify", lambda progress: ())
    monkeypatch.setattr(assessment, "validate", rows)
    monkeypatch.setattr(assessment, "sensitivity", made_up)
    monkeypatch.setattr(assessment, "audited", lambda: audited()[:60])
    monkeypatch.setattr(credibility_html, "credibility_figures", lambda report: [])
    return monkeypatch


def test_without_a_study_everything_else_is_there(quick: pytest.MonkeyPatch) -> None:
    done = vagus.assess()
    assert done.applicability is None
    assert done.sensitivity == ()
    assert done.cards
    assert done.parameters
    assert len(done.rules) == 10
    assert done.factors
    assert done.calibrations
    assert done.problems == {}
    assert done.report is None
    assert done.headline.startswith("Only for exploring, not for any decision")


def test_json_says_what_the_page_says_and_is_finite(
    quick: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told: list[str] = []
    done = assess(load_study(NECK), tmp_path, progress=lambda stage, *_: told.append(stage))
    assert "sensitivity" in told
    assert done.report == tmp_path / "credibility.html"
    text = (tmp_path / "credibility.json").read_text(encoding="utf-8")
    summary = json.loads(text)
    assert "NaN" not in text
    assert summary["headline"] == done.headline
    assert summary["sensitivity"][0]["influences"][0]["total_high"] is None
    assert summary["top"][0] == summary["carrying"][0] == "k"
    assert summary["sensitivity"][0]["additive"] == [0.9, 0.8, 1.0]
    assert {"who", "risk", "why"} <= summary["user_risks"][0].keys()
    assert summary["parameters"]["pain"]["total"] > 0
    assert summary["validation"]["rows"][1]["simulated"] is None
    assert sum(summary["parameters"]["shares"].values()) == pytest.approx(1.0)
    by_part = summary["parameters"]["by_part"].values()
    assert sum(sum(c.values()) for c in by_part) == len(summary["parameters"]["rows"])
    page = done.report.read_text(encoding="utf-8")
    assert done.headline in page.replace("&#39;", "'")
    assert summary["applicability"]["colour"] in page


@pytest.mark.parametrize(
    "error", [ConvergenceError("no step"), ValueError("bad"), ZeroDivisionError("zero"),
              ImportError("no peer")],
)  # fmt: skip
@pytest.mark.parametrize("part", ["verify", "validate", "sensitivity", "applicability"])
def test_a_part_that_fails_is_told_and_the_others_stand(
    quick: pytest.MonkeyPatch, part: str, error: Exception
) -> None:
    def fails(*_: object, **__: object) -> Any:
        raise error

    quick.setattr(assessment, part, fails)
    done = assess(load_study(NECK))
    told = {"verify": "verification", "validate": "validation"}.get(part, part)
    assert done.problems == {told: str(error)}
    assert done.parameters
    assert told in done.seconds
    if part != "applicability":
        assert f"{told} could not be worked out" in done.headline


def test_stopping_stops(quick: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> Any:
        raise KeyboardInterrupt

    quick.setattr(assessment, "validate", stopped)
    with pytest.raises(KeyboardInterrupt):
        assess()


def test_fibres_are_computed_where_the_study_asks_for_them(
    quick: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: dict[str, Any] = {}

    def recruit(study: Study, folder: Path | None, **asked: Any) -> Any:
        given["folder"] = folder
        return SimpleNamespace(recruitment="fibres", protocol="protocol", seconds={})

    def computed(*asked: object) -> str:
        return f"drive from {asked}"

    def look(study: Study, drive: Any, **asked: Any) -> tuple[Sensitivity, ...]:
        given["drive"], given["kept"] = drive(5, 1), asked["folder"]
        return made_up(study, drive, **asked)

    quick.setattr(chain, "recruit", recruit)
    quick.setattr(chain, "drive_from_recruitment", computed)
    quick.setattr(assessment, "sensitivity", look)
    assess(load_study(CUFF), tmp_path)
    assert given["folder"] == tmp_path / "nerve"
    assert given["kept"] == tmp_path / "sensitivity"
    assert given["drive"] == "drive from ('fibres', 'protocol', 5, 1)"
    given.clear()
    assess(load_study(NECK))
    assert (len(given["drive"]), given["drive"].source) == (5, "prior")
    assert given["kept"] is None
    assert "folder" not in given


def test_a_study_of_nobodys_pain_has_lights_but_no_sensitivity(quick: pytest.MonkeyPatch) -> None:
    def recruit(*_: object, **__: object) -> Any:
        raise AssertionError("fibres are not wanted")

    quick.setattr(chain, "recruit", recruit)
    done = assess(load_study(NO_CONDITION))
    assert done.applicability is not None
    assert "names no condition" in done.problems["sensitivity"]
    assert done.headline.startswith("Not to be relied on")


@pytest.mark.parametrize(
    ("asked", "field"),
    [({"base": 12}, "samples"), ({"base": 1}, "samples"), ({"draws": 1}, "draws")],
)
def test_sizes_that_cannot_be_used(asked: dict[str, int], field: str) -> None:
    with pytest.raises(InputError) as raised:
        assess(**asked)  # type: ignore[arg-type]
    assert raised.value.field == field


def test_a_folder_that_cannot_be_written(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    with pytest.raises(VagusError, match="could not write the report"):
        assess(None, taken)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["report", "credibility", *arguments])


def test_command_prints_the_verdict_and_what_failed(
    quick: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    result = run(NECK, "--out", str(tmp_path / "here"), "--samples", "8", "--draws", "4")
    assert result.exit_code == 0, result.stderr
    for text in ("How far the protocol lies", "What stimulated minus sham depends on",
                 "a gain", "assumed", "1 failed", "credibility.html"):  # fmt: skip
        assert text in result.stdout
    assert "sensitivity: done" in result.stderr
    assert "4 draws: counts of the validation may differ" in result.stderr


def test_command_prints_one_json_document(quick: pytest.MonkeyPatch, tmp_path: Path) -> None:
    result = run("--json", "--out", str(tmp_path))
    assert result.exit_code == 0, result.stderr
    summary = json.loads(result.stdout)
    assert summary["applicability"] is None
    assert summary["title"] == ""


def test_command_says_what_could_not_be_worked_out(
    quick: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*_: object, **__: object) -> Any:
        raise ConvergenceError("no [step] small enough")

    quick.setattr(assessment, "verify", fails)
    result = run("--out", str(tmp_path))
    assert result.exit_code == 0
    assert "verification could not be worked out: no [step] small enough" in result.stderr


@pytest.mark.parametrize("arguments", [("--samples", "12"), ("--draws", "1"), ("no-such.yaml",)])
def test_command_refuses_with_one_message(arguments: tuple[str, ...]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.stderr


def test_help_names_the_base_of_the_table() -> None:
    rows = {row["id"]: row["value"] for row in read_table("credibility/sensitivity.csv")}
    assert re.search(rf"default:\s*\W*{rows['base']}\b", run("--help").stdout)


@pytest.mark.parametrize("study", [None, NECK])
def test_folder_is_named_after_the_study(
    monkeypatch: pytest.MonkeyPatch, study: str | None
) -> None:
    asked: dict[str, Any] = {}

    def told(read: Study | None, folder: Path, **given: Any) -> Assessment:
        asked.update(given, folder=folder)
        raise VagusError("enough")

    monkeypatch.setattr(assessment, "assess", told)
    assert run(*([study] if study else []), "--workers", "2").exit_code == 1
    name = "migraine-cervical-credibility" if study else "credibility"
    assert asked["folder"] == Path("runs") / name
    assert (asked["base"], asked["draws"], asked["workers"]) == (None, 200, 2)


@pytest.mark.slow
@pytest.mark.parametrize("study", [None, NECK])
def test_everything_from_the_real_parts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, study: str | None
) -> None:
    read = None if study is None else load_study(study)
    stages: set[str] = set()
    tell: Callable[[str, int, int], None] = lambda stage, *_: stages.add(stage)  # noqa: E731
    done = assess(read, tmp_path, base=8, draws=4, progress=tell, workers=1)
    assert done.problems == {}
    assert {"verification", "validation"} <= stages
    assert all(check.passed is not False for check in done.checks)
    assert (done.applicability is None) == (study is None)
    assert len(done.sensitivity) == (0 if study is None else 2)
    assert done.report is not None
    assert done.report.stat().st_size < 3_000_000
    if read is None:
        return
    monkeypatch.setattr(assessment, "verify", lambda progress: ())
    monkeypatch.setattr(assessment, "validate", rows)
    kept = sorted((tmp_path / "sensitivity").iterdir())
    again = assess(read, tmp_path, base=8, workers=1)
    assert [s.as_dict() for s in again.sensitivity] == [s.as_dict() for s in done.sensitivity]
    assert sorted((tmp_path / "sensitivity").iterdir()) == kept
