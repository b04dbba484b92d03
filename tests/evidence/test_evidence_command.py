"""`vagus evidence`: lists, one trial, what is pooled, JSON, errors, the page."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from vagus.commands.evidence import evidence
from vagus.evidence.controlled import controlled_effects
from vagus.evidence.endpoints import endpoint, endpoints
from vagus.evidence.pooled import pool
from vagus.evidence.published import rebuilt
from vagus.evidence.synthesis import synthesise
from vagus.evidence.words import interval_text

APP = typer.Typer()
APP.command()(evidence)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(APP, list(arguments))


def output(*arguments: str) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


def document(*arguments: str, code: int = 0) -> dict[str, Any]:
    result = run(*arguments, "--json")
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_everything_is_listed_with_its_verdict() -> None:
    text = output()
    assert text.startswith("44 trials")
    assert "fibromyalgia: negative." in text
    assert "Costa2024" in text
    assert "no: not an effect of stimulation" in text


def test_filters_narrow_the_list() -> None:
    found = document("--condition", "fibromyalgia", "--design", "controlled")
    assert {t["key"] for t in found["trials"]} == {"KUTLU2020", "PACCIONE2022", "MOLERO2022"}
    assert [v["verdict"] for v in found["verdicts"]] == ["negative"]
    assert found["meta_analyses"] == []
    two = document("--trial", "PRESTO", "--trial", "ACT1")
    assert [t["key"] for t in two["trials"]] == ["PRESTO", "ACT1"]


def test_one_trial_shows_recalled_numbers_as_such() -> None:
    text = output("--trial", "KOVACIC2017")
    assert "n 57 (recalled)" in text
    assert "[seen:" not in text
    marked = output("--trial", "KOVACIC2017", "--provenance")
    assert "n 57 [recalled]" in marked
    assert "end 5 [seen:Kovacic2017]" in marked


def test_an_open_label_trial_says_that_it_shows_no_effect() -> None:
    text = output("--trial", "CLBP2024")
    assert "No control group." in text
    assert "It is not an effect of stimulation." in text
    assert "No control group." not in output("--trial", "PRESTO")


def test_a_subset_says_so() -> None:
    assert "Subset of KOVACIC2017" in output("--trial", "KRASAELAP2020")
    assert document("--trial", "KRASAELAP2020")["subset_of"] == "KOVACIC2017"


def test_cells_of_the_document_have_provenance() -> None:
    found = document("--trial", "PREMIUM")
    first = next(o for o in found["outcomes"] if o["arm_key"] == "contrast")
    assert first["se"] == {"value": 0.3195, "provenance": "derived", "source": "Diener2019"}
    assert first["n"] is None
    assert found["adverse_events"]


def test_pooled_numbers_are_those_of_the_functions() -> None:
    found = document("--pool", "pain", "--method", "DL", "--test", "ad hoc", "--level", "0.9")
    expected = pool(controlled_effects("pain"), "DL", "ad hoc", 0.9)
    for name in ("estimate", "low", "high", "tau2", "i2", "p"):
        assert found["pooled"][name] == pytest.approx(getattr(expected, name))
    weights = [s["weight"] for s in found["studies"] if s["weight"] is not None]
    assert sum(weights) == pytest.approx(1.0)
    assert len(found["leave_one_out"]) == len(weights)
    kovacic = next(s for s in found["studies"] if s["trial"] == "KOVACIC2017")
    assert kovacic["weight"] is None
    assert kovacic["left_out"].startswith("needs recalled")
    assert kovacic["cells"]["active n"]["provenance"] == "recalled"


def test_the_printed_synthesis_names_its_methods() -> None:
    text = output("--pool", "pain")
    for words in (
        "tau² by REML, test knapp-hartung", "prediction interval (Knapp-Hartung)", "Q-profile",
        "Egger", "left out of the fit", "needs recalled numbers", "say little below 10",
        "without", "the next trial may well find none",
    ):  # fmt: skip
        assert words in text
    one = output("--pool", "mood")
    assert "One trial is no synthesis." in one
    assert "Q-profile" not in one


def test_ratios_are_printed_as_ratios() -> None:
    text = output("--pool", "responders", "--measure", "RR", "--device-class", "cervical_nVNS")
    assert "6.77 (0.37 to 126)" in text
    assert "RR (95 % CI)" in text


@pytest.mark.parametrize(
    ("arguments", "field", "said"),
    [
        (["--pool", "pian"], "endpoint", "Did you mean `pain`?"),
        (["--pool", "pain", "--measure", "OR"], "measure", "SMD, MD"),
        (["--pool", "pain", "--method", "REM"], "tau2", "REML"),
        (["--pool", "pain", "--test", "t"], "test", "knapp-hartung"),
        (["--pool", "pain", "--level", "1.5"], "level", "0"),
        (["--pool", "pain", "--also", "all"], "also", "sensitivity"),
        (["--pool", "pain", "--condition", "fibromyalgia"], "effects", "Left out: KUTLU2020"),
        (["--pool", "pain", "--trial", "KOVACIC2017", "--trial", "KRASAELAP2020"], "trials",
         "same patients would count twice"),
        (["--trial", "nobody"], "trial", "PRESTO"),
        (["--condition", "gout"], "condition", "migraine"),
        (["--design", "blind"], "design", "open-label"),
        (["--out", "somewhere"], "--out", "--pool"),
        (["--pool", "foo"], "endpoint", "pain, headache-days"),
        (["--pool", "pain", "--method", "FE", "--test", "nonsense"], "test", "knapp-hartung"),
        (["--pool", "pain", "--method", "FE", "--test", "knapp-hartung"], "test", "z with FE"),
        (["--pool", "pain", "--method", "FE", "--test", "ad hoc"], "test", "z with FE"),
        (["--pool", "pain", "--method", ""], "tau2", "REML"),
        (["--pool", "pain", "--level", "0"], "level", "0"),
    ],
)  # fmt: skip
def test_bad_questions_get_one_clear_error(arguments: list[str], field: str, said: str) -> None:
    error = document(*arguments, code=2)["error"]
    assert error["field"] == field
    assert said in error["message"]


ONE = ["--trial", "PREMIUM"]


@pytest.mark.parametrize(
    ("question", "option", "said"),
    [
        (["--pool", "pain"], ["--outcome", "mood"], "only without --pool"),
        (["--pool", "pain"], ["--design", "controlled"], "only without --pool"),
        (["--pool", "pain", *ONE], ["--provenance"], "only without --pool"),
        ([], ["--measure", "SMD"], "only together with --pool"),
        ([], ["--method", "REML"], "only together with --pool"),
        (ONE, ["--test", "z"], "only together with --pool"),
        ([], ["--level", "0.95"], "only together with --pool"),
        ([], ["--level", "0"], "only together with --pool"),
        ([], ["--also", "context"], "only together with --pool"),
        (ONE, ["--condition", "migraine"], "only where trials are listed"),
        (ONE, ["--device-class", "cervical_nVNS"], "only where trials are listed"),
        (ONE, ["--design", "controlled"], "only where trials are listed"),
        (ONE, ["--outcome", "pain"], "only where trials are listed"),
        ([], ["--provenance"], "only with one --trial"),
        ([*ONE, "--trial", "PRESTO"], ["--provenance"], "only with one --trial"),
    ],
)
def test_an_option_that_would_change_nothing_is_refused(
    question: list[str], option: list[str], said: str
) -> None:
    error = document(*question, *option, code=2)["error"]
    assert error["field"] == option[0]
    assert said in error["message"]


def test_several_trials_are_listed_through_filters() -> None:
    found = document(*ONE, "--trial", "KOVACIC2017", "--condition", "migraine")
    assert [t["key"] for t in found["trials"]] == ["PREMIUM"]


def test_a_common_effect_is_pooled_by_z_unless_a_test_is_named() -> None:
    left, named = (
        document("--pool", "pain", "--method", "FE", *test)["pooled"]
        for test in ((), ("--test", "z"))
    )
    expected = pool(controlled_effects("pain"), "FE", "z")
    assert left == named
    assert (left["low"], left["high"]) == pytest.approx((expected.low, expected.high))


def test_the_page_shows_what_is_pooled_and_what_is_not(tmp_path: Path) -> None:
    result = run("--pool", "pain", "--out", str(tmp_path / "page"))
    assert result.exit_code == 0, result.output
    page = (tmp_path / "page" / "evidence.html").read_text(encoding="utf-8")
    made = synthesise("pain")
    for study in made.studies:
        assert study.name in page
        assert study.left_out in page
    assert "negative" in page  # the verdict on fibromyalgia
    assert 'class="mark recalled"' in page
    assert "Read: abstract" in page
    assert not re.search(r'(src|href)="http', page), "the page needs nothing else"
    figures = {path.name for path in (tmp_path / "page" / "figures").iterdir()}
    assert figures >= {"evidence-forest.svg", "evidence-funnel.png", "evidence-forest.pdf"}


def test_a_page_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = document("--pool", "mood", "--out", str(tmp_path / "file" / "page"), code=1)["error"]
    assert "could not write the page" in error["message"]


def test_results_in_the_docs_are_those_of_the_program() -> None:
    """Every row of the page's table, and the published estimates pooled again."""
    page = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([\w-]+)` \| (\w+) \| (\d+) \| (.*?) \| (.*?) \| (.*?) \|$", page, re.M
    )
    assert [found[0] for found in rows] == [e.key for e in endpoints()]
    for key, measure, k, effect, prediction, i2 in rows:
        made = synthesise(key, measure=measure)
        p, log = made.pooled, made.effects.logarithmic
        assert endpoint(key).measures[0] == measure
        assert int(k) == p.k
        assert effect == interval_text(p.estimate, (p.low, p.high), log)
        assert prediction == interval_text(math.nan, (p.prediction.low, p.prediction.high), log)
        assert i2 == f"{p.i2:.0f} %"
    for one in rebuilt():
        if one.published.key in ("Lai2020_days", "Song2023_c50", "Song2023_cHD"):
            digits = 3 if one.published.key == "Lai2020_days" else 2
            low, middle, high = (f"{x:.{digits}f}" for x in (one.low, one.estimate, one.high))
            assert f"{middle} ({low} to {high})".replace("-", "−") in page
