"""Every protocol in every run gets the check: all examples, all commands, summaries and pages."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from vagus.chain import ChainRun
from vagus.cli import app
from vagus.pipeline import RecruitRun, plain
from vagus.prediction import delivery_lines
from vagus.protocol.safety import safety_lines
from vagus.report.adapt import safety_facts
from vagus.study import Study, load_study
from vagus.trial.published import published_trials
from vagus.virtual_trial import TrialRun

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.yaml"))
VERDICTS = {
    "within", "above", "below, outside its scope", "above, outside its scope", "unknown", "shown",
}  # fmt: skip
LEAST = {"charge per phase", "charge density per phase", "net charge per pulse", "pulse rate"}


def check_block(lines: list[dict[str, Any]]) -> None:
    """Each line with verdict, limit, source and mark; what the issue names is there."""
    for line in lines:
        assert line["verdict"] in VERDICTS
        assert line["source"]
        assert line["mark"]
        assert (line["limit"] is None) == (line["verdict"] == "shown")
    quantities = [line["quantity"] for line in lines]
    assert set(quantities) >= LEAST
    k = [line for line in lines if line["quantity"].startswith("Shannon")]
    assert [line["limit"] for line in k] == [1.5, 1.75, 1.85]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_check_lists_every_line(path: Path) -> None:
    done = CliRunner().invoke(app, ["check", str(path), "--json"])
    assert done.exit_code == 0
    told = json.loads(done.stdout)
    check_block(told["safety"])
    wanted = plain(safety_lines(load_study(path).protocol()))
    assert told["safety"] == wanted
    shown = {row["what"] for row in told["protocol"]}
    assert {line["quantity"] for line in wanted} <= shown


def stub(study: Study, kind: type) -> Any:
    """A run without results: all that its summary reads, so that no fibre has to be solved."""
    nothing = SimpleNamespace(
        decomposition=SimpleNamespace(parts=(), unit="", total=np.zeros(1)), decompositions={},
        ablated={}, failed={},
    )  # fmt: skip
    values: dict[str, Any] = {
        "study": study, "protocol": study.protocol(), "recruited": None, "headline": "",
        "condition": SimpleNamespace(key=""), "draws": (), "end_s": 0.0, "arms": nothing,
        "drive": SimpleNamespace(columns=dict), "changes": (), "warnings": (), "seconds": {},
        "folder": None, "report": None,
    }  # fmt: skip
    made = object.__new__(kind)
    for name, value in values.items():
        if name != "protocol" or kind is not ChainRun:
            object.__setattr__(made, name, value)
    return made


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_summaries_of_the_chain_hold_the_block(path: Path) -> None:
    study = load_study(path)
    told = stub(study, ChainRun).summary()["safety"]
    check_block(told)
    assert told == plain(safety_lines(study.protocol()))


@pytest.mark.parametrize("kind", [RecruitRun, ChainRun, TrialRun])
def test_a_run_knows_its_protocol(kind: type) -> None:
    """Which is what the block and the page are made from."""
    study = load_study(EXAMPLES[0])
    assert safety_facts(stub(study, kind).protocol) == safety_facts(study.protocol())


def test_the_page_has_a_fact_for_every_line() -> None:
    for path in EXAMPLES:
        protocol = load_study(path).protocol()
        facts, lines = safety_facts(protocol), safety_lines(protocol)
        assert [f.quantity for f in facts] == [line.quantity for line in lines]
        for fact, line in zip(facts, lines, strict=True):
            assert fact.value.endswith(line.verdict) or line.limit is None or line.value is None


@pytest.mark.parametrize("trial", published_trials(), ids=lambda t: t.key)
def test_published_deliveries_say_what_cannot_be_checked(trial: Any) -> None:
    lines = delivery_lines(trial)
    known = {line.quantity: line for line in lines if line.verdict != "unknown"}
    assert known["pulse rate"].value == trial.delivery.rate_Hz
    minutes = trial.delivery.session_min * trial.delivery.sessions_per_day
    on = known["time on, busiest day"].value
    assert on is not None
    assert 0 < on <= minutes + 1e-9
    assert any(line.verdict == "unknown" for line in lines)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "example", "page"),
    [
        ("recruit", "quick", "report.html"),
        ("run", "migraine-cervical", "report.html"),
        ("trial run", "trial-small", "trial.html"),
    ],
)
def test_runs_write_and_show_it(command: str, example: str, page: str, tmp_path: Path) -> None:
    path = next(p for p in EXAMPLES if p.stem == example)
    more = {"run": ["--draws", "2"], "trial run": ["--replicates", "4"]}.get(command, [])
    out = ["--out", str(tmp_path), "--workers", "1", "--json"]
    done = CliRunner().invoke(app, [*command.split(), str(path), *out, *more])
    assert done.exit_code == 0, done.output
    told = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    check_block(told["safety"])
    text = (tmp_path / page).read_text(encoding="utf-8")
    for line in told["safety"]:
        assert line["quantity"] in text
        assert line["verdict"] in text or line["limit"] is None
