"""`vagus trial`: run, predict and score as a user calls them, and what bad input gets."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from vagus.cli import app
from vagus.trial.published import published_trials

SIZE = ("--pools", "1", "--populations", "2", "--patients", "4", "--trials", "8", "--workers", "1")
STUDY = """
device: nemos
patient: {condition: neuropathic}
stimulation: {current: 2 mA, pulse_width: 250 us, frequency: 25 Hz, session: 1 h,
  sessions_per_day: 1, duration: 14 days}
recruitment: prior
trial:
  endpoint: nrs
  arms:
    active: {role: active, n: 30}
    sham: {role: sham, n: 30}
  visits: [1 week, 2 weeks]
  entry: {at_least: 4}
  drop_out: {per_visit: 0.1}
  populations: 2
  patients: 4
  replicates: 12
seed: 3
"""


def call(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout, stderr of a command."""
    done = CliRunner().invoke(app, list(arguments))
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trial") / "small.yaml"
    path.write_text(STUDY, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("predictions")
    code, _, err = call("trial", "predict", "RELAX", "--out", str(folder), *SIZE)
    assert code == 0, err
    return folder


def test_run_writes_a_report_and_tables(study: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code, text, err = call(
        "trial", "run", str(study), "--out", str(out), "--workers", "1", "--json"
    )
    assert code == 0, err
    found = json.loads(text)
    assert found["replicates"] == 12
    assert found["under_null"]["truth"] == 0
    assert Path(found["report"]).is_file()
    adsl = pq.read_table(next((out / "adam").glob("*adsl*.parquet")))
    assert adsl.num_rows == 60
    # Nothing is simulated twice: the same command reads what it kept, and says the same.
    again = json.loads(call("trial", "run", str(study), "--out", str(out), "--json")[1])
    assert again["under_effect"] == found["under_effect"]
    assert again["power_curve"] == found["power_curve"]


def test_run_prints_power_beside_type_i_error(study: Path, tmp_path: Path) -> None:
    code, text, _ = call("trial", "run", str(study), "--out", str(tmp_path), "--workers", "1")
    assert code == 0
    assert "with no effect" in text
    assert "type I error" in text


def test_a_study_without_trial_says_what_is_missing(study: Path, tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text(STUDY.split("trial:")[0], encoding="utf-8")
    code, _, err = call("trial", "run", str(path), "--out", str(tmp_path / "x"))
    assert code == 2
    assert "trial" in err
    assert "examples/trial-migraine.yaml" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("n: 30", "n: 0", "n"),
        ("endpoint: nrs", "endpoint: migraine_days", "endpoint"),
        ("visits: [1 week, 2 weeks]", "visits: [2 weeks, 1 week]", "visits"),
        ("  entry: {at_least: 4}", "  alpha: 1.5", "alpha"),
        ("  entry: {at_least: 4}", "  looks: {information: [0.5, 0.4], efficacy: pocock}", "looks"),
    ],
)
def test_bad_trial_sections(old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(STUDY.replace(old, new), encoding="utf-8")
    code, _, err = call("trial", "run", str(path), "--out", str(tmp_path / "x"))
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert not (tmp_path / "x").exists()


def test_predict_freezes_one_file_with_its_hash(frozen: Path) -> None:
    content = json.loads((frozen / "RELAX.json").read_text(encoding="utf-8"))
    assert content["trial"] == "RELAX"
    assert len(content["sha256"]) == 64
    assert (frozen / "index.csv").read_text(encoding="utf-8").count("RELAX") == 1


def test_predict_is_reproducible(frozen: Path, tmp_path: Path) -> None:
    code, text, _ = call("trial", "predict", "RELAX", "--out", str(tmp_path), *SIZE, "--json")
    assert code == 0
    first = json.loads((frozen / "RELAX.json").read_text(encoding="utf-8"))
    assert json.loads(text)["predictions"][0]["hash"] == first["sha256"]


def test_predict_knows_its_designs(tmp_path: Path) -> None:
    code, _, err = call("trial", "predict", "PREMIUM", "--out", str(tmp_path), *SIZE)
    assert code == 2
    assert "PREMIUM2" in err
    assert len(published_trials("predict")) == 9


def test_score(frozen: Path, tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.csv"
    rows = ["trial_key,arm,quantity,value,n", "RELAX,taVNS,change_mean,-1.2,58",
            "RELAX,sham,change_mean,-1.0,58"]  # fmt: skip
    results.write_text("\n".join(rows), encoding="utf-8")
    page = tmp_path / "page"
    code, text, err = call(
        "trial", "score", str(frozen), str(results), "--json", "--out", str(page)
    )
    assert code == 0, err
    found = json.loads(text)
    assert len(found["results"]) == 2
    assert found["verdict"]
    assert (page / "score.html").is_file()
    code, text, _ = call("trial", "score", str(frozen), str(results))
    assert code == 0
    assert "CRPS" in text


def test_score_names_every_bad_line(frozen: Path, tmp_path: Path) -> None:
    results = tmp_path / "RESULTS.csv"
    rows = ["trial_key,arm,quantity,value,n", "RELAKS,taVNS,change_mean,-1.2,58",
            "RELAX,placebo,change_mean,-1,58", "RELAX,sham,responder_share,35,58"]  # fmt: skip
    results.write_text("\n".join(rows), encoding="utf-8")
    code, _, err = call("trial", "score", str(frozen), str(results))
    assert code == 2
    assert all(f"line {n}" in err for n in (2, 3, 4))
    assert "RELAX" in err


def test_a_prediction_that_was_changed_is_refused(frozen: Path, tmp_path: Path) -> None:
    path = tmp_path / "RELAX.json"
    text = (frozen / "RELAX.json").read_text(encoding="utf-8")
    path.write_text(text.replace('"seed": 0', '"seed": 1'), encoding="utf-8")
    results = tmp_path / "RESULTS.csv"
    line = "RELAX,sham,change_mean,-1,58"
    results.write_text(f"trial_key,arm,quantity,value,n\n{line}", encoding="utf-8")
    code, _, err = call("trial", "score", str(path), str(results))
    assert code == 2
    assert "sha256" in err


def test_score_needs_something_to_score() -> None:
    code, _, err = call("trial", "score")
    assert code == 2
    assert "--leave-one-out" in err
