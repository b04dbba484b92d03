"""The credibility page: complete, honest in its verdict, self-contained, deterministic."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from credibility_samples import (
    CHECKS,
    EVIDENCE,
    PARAMETERS,
    check,
    influence,
    light,
    make_credibility_report,
    place,
)
from test_html import Outline

from vagus.commands import credibility as command
from vagus.report import credibility_html, style
from vagus.report.credibility_content import (
    DRAWS,
    checks_by_result,
    failures,
    marks_by_part,
    marks_of,
    matter_most,
)
from vagus.report.credibility_html import write_credibility
from vagus.report.credibility_words import (
    accepted,
    additivity,
    address,
    figure,
    headline,
    index,
    key_numbers,
    whole_percent,
)
from vagus.report.figures.credibility import lights, marks
from vagus.report.figures.sensitivity import sensitivity_bars
from vagus.validation.table import Row

SECTIONS = ("applicability", "context", "assumed", "matters", "validation", "verification",
            "calibration", "vv40", "rules", "cards", "parameters", "results", "run")  # fmt: skip


@pytest.fixture(autouse=True)
def _svg_only(monkeypatch: pytest.MonkeyPatch) -> None:
    full = style.save
    monkeypatch.setattr(style, "save", lambda figure, stem: full(figure, stem, ("svg",)))


@pytest.fixture
def without_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credibility_html, "credibility_figures", lambda report: [])


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("credibility")
    return write_credibility(folder, make_credibility_report()).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Without a study, and with two parts that could not be worked out."""
    told = replace(
        make_credibility_report(), title="", applicability=None, sensitivity=(), study=(),
        validation=(), checks=(),
        problems={"validation": "a < b is wrong", "verification": "no peer"},
    )  # fmt: skip
    folder = tmp_path_factory.mktemp("bare")
    return write_credibility(folder, told).read_text(encoding="utf-8")


def words(page: str) -> str:
    """What a reader reads: without style, figures and tags."""
    text = re.sub(r"<style>.*?</style>|<img[^>]*>", " ", page, flags=re.S)
    return re.sub(r"<[^>]+>", " ", text)


def test_page_needs_nothing_else(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert outline.figures == 6
    allowed = ("data:image/svg+xml;base64,", "#", "https://doi.org/10.1186/")
    assert all(a.startswith(allowed) for a in outline.addresses)
    for word in ("@import", "<script", "http-equiv", "url("):
        assert word not in page


@pytest.mark.parametrize("which", ["page", "bare"])
def test_sections_stand_in_order_and_are_linked(which: str, request: pytest.FixtureRequest) -> None:
    text = request.getfixturevalue(which)
    places = [text.index(f'<h2 id="{name}"') for name in SECTIONS]
    assert places == sorted(places)
    for target in re.findall(r'href="#([^"]+)"', text):
        assert f'id="{target}"' in text
    assert text.index('class="headline"') < places[0]


@pytest.mark.parametrize("which", ["page", "bare"])
def test_nothing_raw_is_shown(which: str, request: pytest.FixtureRequest) -> None:
    text = words(request.getfixturevalue(which))
    assert not re.search(r"\bnan\b|\bNone\b|\binf\b|\bTrue\b|\bFalse\b|Undefined|\{\{|\{%", text)


def test_text_is_escaped(page: str, bare: str) -> None:
    for raw in ("<yet>", "<do>", "<coin>", "<something>", "<large>", "<two>", "body <1>", "3 < 4"):
        assert raw not in page
    assert "3 &lt; 4" in page
    assert "a &lt; b is wrong" in bare


def test_every_failure_is_named(page: str) -> None:
    report = make_credibility_report()
    failed = [r for r in report.validation if r.verdict == "failed"]
    assert failed
    held_out = page[page.index('<h2 id="validation"') : page.index('<h2 id="verification"')]
    for row in failed:
        assert row.observation.study in held_out


def test_failed_checks_lead_the_table(without_figures: None, tmp_path: Path) -> None:
    broken = check("broken", 3.0, None, 1.0)
    told = replace(make_credibility_report(), checks=(*CHECKS, broken))
    text = write_credibility(tmp_path, told).read_text(encoding="utf-8")
    assert text.index("what broken says") < text.index("what close says")
    assert headline(told).startswith("Not to be relied on as it stands: 1 check")


def test_page_says_what_is_in_its_parts(page: str) -> None:
    for text in ("Must not be used for", "choosing a therapy", "not run here", "Falls short:",
                 "a review from outside:", "gain number 0", "0 (no path)",
                 "faraday", "link_skin = 0", "2 switches", "spread assumed", "Risk by reader",
                 "Trialist", "3 rows left out", "10⁻⁶"):  # fmt: skip
        assert text in page


def test_an_outcome_that_does_not_vary_is_said_to_be_so(tmp_path: Path) -> None:
    report = make_credibility_report()
    nan = float("nan")
    still = replace(
        report.sensitivity[0], note="it is the same in all rows", sd=0.0,
        influences=tuple(replace(influence(n, nan), first=nan) for n in range(3)),
    )  # fmt: skip
    told = replace(report, sensitivity=(still, still))
    text = write_credibility(tmp_path, told).read_text(encoding="utf-8")
    assert text.count("It is the same in all rows.") == 2
    assert not re.search(r"\bnan\b", words(text))
    assert matter_most(told) == ()


def test_equal_reports_give_equal_bytes(tmp_path: Path, page: str) -> None:
    again = write_credibility(tmp_path, make_credibility_report())
    assert again.read_text(encoding="utf-8") == page
    assert len(page) < 1_000_000


def test_parts_that_are_missing_say_so(bare: str) -> None:
    assert bare.count("Could not be worked out.") == 2
    assert "No protocol was asked about" in bare
    assert "<figure" in bare  # what is assumed needs no study


@pytest.mark.parametrize(
    ("colours", "start", "reason"),
    [
        (
            ("green", "red"),
            "Not to be relied on for",
            "in 1 of 2 respects beyond anything validated (condition)",
        ),
        (("amber", "green"), "Only for exploring", "in 1 of 2 respects only near"),
        (("grey", "green"), "Only for exploring", "in 1 of 2 respects"),
        (("green", "green"), "Near to what was validated, yet only for exploring", "assumed"),
    ],
)
def test_verdict_follows_the_worst_light(colours: tuple[str, ...], start: str, reason: str) -> None:
    said = headline(replace(make_credibility_report(), applicability=place(*colours)))
    assert said.startswith(start)
    assert reason in said
    assert said.count(". ") == 0  # one sentence
    assert said.endswith(".")


def test_no_light_is_better_than_a_check_that_fails() -> None:
    told = replace(
        make_credibility_report(), applicability=place("green"), checks=(check("x", 2.0, 3.0, 4.0),)
    )
    assert headline(told).startswith("Not to be relied on")


def test_verdict_without_a_place_is_not_better() -> None:
    report = replace(make_credibility_report(), applicability=None)
    assert headline(report).startswith("Only for exploring, not for any decision")
    unknown = replace(report, problems={"applicability": "x", "sensitivity": "y"}, sensitivity=())
    assert headline(unknown).startswith("Not to be relied on")
    assert "could not be worked out" in headline(unknown)


def test_verdict_counts_what_is_assumed_among_what_matters() -> None:
    report = make_credibility_report()
    assert [i.symbol for i in matter_most(report)] == [f"k_{n}" for n in range(6)]
    told = headline(report)
    assert "67 % of the 3 parameters that a result on pain rests on are assumed;" in told
    assert (
        "of the 6 that carry at least a hundredth of the variance 4 are assumed "
        "(most of all: gain number 0 of <something>) and 1 has an assumed spread"
        in headline(report)
    )
    keys = {key.label: (key.value, key.detail) for key in key_numbers(report)}
    assert keys["of what matters most is assumed"][0] == "4 of 6"
    assert keys["of what pain rests on is assumed"] == (
        "67 %", "2 of 3 in body, conditions and drive; 33 % of all 9 shipped",
    )  # fmt: skip
    few = replace(report.sensitivity[-1], influences=(influence(0, 0.9), influence(1, 0.0)))
    assert [i.symbol for i in matter_most(replace(report, sensitivity=(few,)))] == ["k_0"]


def test_verdict_says_what_became_of_results_on_pain() -> None:
    report = make_credibility_report()
    row = report.validation[0]

    def rows(role: str, *verdicts: str) -> tuple[Row, ...]:
        o = replace(row.observation, organ="chain", role=role)
        return tuple(replace(row, observation=o, verdict=v) for v in verdicts)

    def said(*found: Row) -> str:
        return headline(replace(report, validation=found))

    known = rows("calibrate", "reproduced", "compatible", "compatible")
    told = said(*rows("validate", "failed"), *known)
    assert "the one result on pain under stimulation that was held out it fails;" in told
    assert "no result on pain under stimulation was held out;" in said(*known)
    many = said(*rows("validate", "failed", "compatible"))
    assert "of 2 held-out results on pain under stimulation it reproduces 0" in many
    assert "under stimulation" not in said(row)


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.5, 0.9, "acting together carry the rest"), (0.8, 1.1, "may be sampling"),
     (1.1, 1.3, "only sampling can give")],
)  # fmt: skip
def test_the_sum_of_indices_says_no_more_than_its_interval(
    low: float, high: float, words: str
) -> None:
    found = replace(make_credibility_report().sensitivity[0], additive=(low, low, high))
    assert words in additivity(found)


def test_few_draws_are_told(without_figures: None, tmp_path: Path) -> None:
    report = make_credibility_report()
    assert report.draws == DRAWS == command.DRAWS
    for draws, times in ((DRAWS, 0), (DRAWS - 1, 1), (DRAWS + 1, 1)):
        told = write_credibility(tmp_path, replace(report, draws=draws)).read_text("utf-8")
        assert told.count(f"Counted at {draws} draws") == times
        assert ('class="warning">Counted' in told) == (draws < DRAWS)


def test_what_is_closed_on_screen_is_printed(page: str) -> None:
    printed = page[page.index("@media print") :]
    assert "details::details-content { content-visibility: visible" in printed


def test_intervals_that_go_on_end_in_an_arrow() -> None:
    found = make_credibility_report().sensitivity[0]
    wide = replace(found.influences[0], total_low=-1.0, total_high=3.0)
    drawn = sensitivity_bars([replace(found, influences=(wide, *found.influences[1:]))])
    arrows = [line.get_marker() for line in drawn.axes[0].lines if line.get_marker() in "<>"]
    assert arrows == ["<", ">"]
    colours = [tick.get_color() for tick in drawn.axes[0].get_yticklabels()]
    assert colours == [style.INK] * 6 + [style.MUTED] * 4


def test_counts_add_up() -> None:
    every = marks_of(PARAMETERS)
    assert every.total == len(PARAMETERS) == sum(c.total for c in marks_by_part(PARAMETERS))
    assert sum(every.share(m) for m in every.counts) == pytest.approx(1.0)
    assert every.share("assumed") == pytest.approx(3 / 9)
    assert marks_of(()).share("assumed") == 0.0
    assert {k: len(v) for k, v in checks_by_result(CHECKS).items()} == {
        "failed": 0, "passed": 2, "not run": 1,
    }  # fmt: skip
    rows = make_credibility_report().validation
    known = failures(rows, "validate") + failures(rows, "calibrate")
    assert len(known) == sum(r.verdict == "failed" for r in rows)


def test_numbers_are_printed_plainly() -> None:
    assert [accepted(c) for c in CHECKS] == ["at most 10⁻⁶", "1.8 to 2.2", "at least 3"]
    assert [figure(v) for v in (None, float("nan"), -0.0, 3e-7, -2.5, 1.5e9)] == [
        "–", "–", "0", "3\u00a0×\u00a010⁻⁷", "−2.5", "1.5\u00a0×\u00a010⁹",
    ]  # fmt: skip


def test_shares_never_round_away_what_there_is() -> None:
    shares = (0.0, 0.001, 0.242, 0.996, 1.0)
    assert [whole_percent(s) for s in shares] == ["0 %", "< 1 %", "24 %", "> 99 %", "100 %"]


def test_small_indices_are_not_rounded_away() -> None:
    values = (0.0, 0.004, 0.31, -0.001, -0.02, float("nan"))
    assert [index(v) for v in values] == ["0.00", "< 0.01", "0.31", "0.00", "−0.02", "–"]


def test_papers_are_linked_and_paths_are_not() -> None:
    assert [address(e) for e in EVIDENCE] == ["", "https://doi.org/10.1186/s12967-020-02540-4", ""]


def test_figures_take_any_number_of_lights_and_parts() -> None:
    for n in (1, 6, 13):
        lights([light(f"dimension {i}", "grey") for i in range(n)])
    marks([marks_of(PARAMETERS[:1])])
