"""`vagus run` and `vagus validate`: arguments, tables, JSON, errors; not the chain itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from vagus.cli import app
from vagus.errors import ConvergenceError, VagusError
from vagus.study import Study
from vagus.validation.comparison import Observation, Simulated
from vagus.validation.table import Row

EXAMPLES = Path(__file__).parents[1] / "examples"
NECK = str(EXAMPLES / "migraine-cervical.yaml")
INTERVAL = {"low": -1.5, "middle": -0.5, "high": 0.25}
SUMMARY = {
    "headline": "Pain is predicted to fall by 0.5 points.",
    "outcomes": [
        {
            "name": "pain",
            "unit": "NRS",
            "active": INTERVAL,
            "sham": INTERVAL,
            "difference": INTERVAL,
        }
    ],
    "decomposition": [
        {"part": "cytokines", "unit": "NRS", **INTERVAL},
        {"part": "mood", "unit": "NRS", "low": -1e-14, "middle": 0.0, "high": 3e-9},
    ],
    "total": INTERVAL,
    "read_at_days": 84.0,
    "failed": {"3": "gave up: too many steps"},
    "warnings": ["the range of gammacore is unknown"],
    "folder": "out",
    "report": "out/report.html",
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def error(*arguments: str, code: int = 2) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr + result.stdout
    found: dict[str, Any] = json.loads(result.stdout)["error"]
    assert found["exit_code"] == code
    return found


class Told:
    """Stands for the chain: keeps what it was asked, returns a summary."""

    def __init__(self, raised: BaseException | None = None) -> None:
        self.raised = raised
        self.asked: dict[str, Any] = {}

    def __call__(
        self, study: Study, folder: Path, *, progress: Callable[[str, int, int], None], **asked: Any
    ) -> Told:
        self.asked = {"study": study, "folder": folder, **asked}
        progress("body", 0, 2)
        progress("body", 2, 2)
        if self.raised is not None:
            raise self.raised
        return self

    def summary(self) -> dict[str, Any]:
        return SUMMARY


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> Told:
    told = Told()
    monkeypatch.setattr("vagus.chain.run", told)
    return told


def test_run_passes_on_what_it_was_asked(chain: Told) -> None:
    result = run("run", NECK, "--out", "here", "--draws", "7", "--workers", "2", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout) == SUMMARY
    assert chain.asked["study"].prior == "cervical"
    assert chain.asked["folder"] == Path("here")
    assert (chain.asked["draws"], chain.asked["workers"]) == (7, 2)
    assert "body: done" in result.stderr
    assert "warning: the range of gammacore is unknown" in result.stderr


def test_run_leaves_draws_to_the_study_and_names_the_folder_after_it(chain: Told) -> None:
    result = run("run", NECK)
    assert result.exit_code == 0, result.stderr
    assert chain.asked["folder"] == Path("runs/migraine-cervical")
    assert (chain.asked["draws"], chain.asked["workers"]) == (None, None)
    for words in (
        "Pain is predicted to fall by 0.5 points.", "-0.50 (-1.50 to +0.25)", "cytokines",
        "+0.00 (+0.00 to +0.00)", "in all", "after 84 days, NRS",
        "could not be integrated: 1", "report: out/report.html",
    ):  # fmt: skip
        assert words in result.stdout


@pytest.mark.parametrize(
    ("raised", "code", "words"),
    [
        (ConvergenceError("residual 1e-3"), 4, "residual"),
        (VagusError("could not write results"), 1, "could not write"),
        (OSError(28, "No space left on device", "active.parquet"), 1, "No space left on device"),
        (KeyboardInterrupt(), 130, "the same command goes on"),
    ],
)
def test_run_fails_with_one_message_and_a_code(
    raised: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vagus.chain.run", Told(raised))
    assert words in error("run", NECK, code=code)["message"]


def test_run_refuses_a_bad_study_with_its_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(Path(NECK).read_text().replace("migraine}", "migrane}"))
    (found,) = error("run", str(bad))["errors"]
    assert "patient.condition" in found
    assert "Did you mean `migraine`?" in found
    assert error("run", str(tmp_path / "none.yaml"))["type"] == "InputErrors"
    assert run("run", NECK, "--draws", "0").exit_code == 2
    assert run("run").exit_code == 2


def test_check_shows_patient_and_body() -> None:
    found = json.loads(run("check", NECK, "--json").stdout)["body"]
    assert found["recruitment"] == "prior `cervical`"
    assert found["condition"] == "migraine"
    assert found["draws"] == "200"
    assert found["link route_plasticity"] == "off"
    text = run("check", str(EXAMPLES / "ra-implanted-cuff.yaml")).stdout
    assert "rheumatoid-arthritis" in text
    assert "28 days" in text


def row(identity: str, organ: str, verdict: str, middle: float = 80.0) -> Row:
    observation = Observation(
        identity, organ, "Somebody 2006", "heart period", "ms/Hz", 75.0, 60.0, 90.0, 0.0,
        "95 % CI", "validate", "seen", "doi:10/x", "",
    )  # fmt: skip
    return Row(observation, Simulated(middle, middle, middle), verdict, "gain of the vagal limb")


@pytest.fixture
def validation(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    asked: dict[str, Any] = {}

    def validate(**arguments: Any) -> tuple[Row, ...]:
        asked.update(arguments)
        arguments["progress"]("rows", 2, 2)
        return (
            row("a", "heart", "reproduced"),
            row("b", "heart", "failed", float("nan")),
            row("c", "mood", "failed"),
        )

    monkeypatch.setattr("vagus.validation.table.validate", validate)
    return asked


def test_validate_prints_failures_and_exits_with_0(validation: dict[str, Any]) -> None:
    result = run("validate", "--draws", "16")
    assert result.exit_code == 0, result.stderr
    assert (validation["organ"], validation["draws"], validation["seed"]) == (None, 16, 0)
    for words in (
        "heart: 1 failed, 1 reproduced", "mood: 1 failed", "3 results: 2 failed, 1 reproduced",
        "75 (60 to 90)", "ms/Hz", "Somebody 2006", "validate", "seen",
    ):  # fmt: skip
        assert words in result.stdout


def test_validate_prints_one_json_document(validation: dict[str, Any]) -> None:
    result = run("validate", "--organ", "heart", "--json")
    found = json.loads(result.stdout)
    assert validation["organ"] == "heart"
    assert found["draws"] == validation["draws"] == 200
    assert found["verdicts"] == {"failed": 2, "reproduced": 1}
    assert [r["id"] for r in found["rows"]] == ["a", "b", "c"]
    assert found["rows"][1]["simulated"] is None
    assert found["rows"][0]["measured_low"] == 60.0


def test_validate_refuses_unknown_organs_and_single_draws() -> None:
    found = error("validate", "--organ", "hart")
    assert found["field"] == "--organ"
    assert found["fix"] == "Did you mean `heart`?"
    assert run("validate", "--draws", "1").exit_code == 2
    for command in ("run", "validate"):
        text = run(command, "--help").stdout
        assert "Exit codes" in text
        assert "--draws" in text
