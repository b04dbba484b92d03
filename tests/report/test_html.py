"""The whole report: self-contained, complete, deterministic, graceful where data are missing."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from report_samples import make_population, make_recruitment, make_report, with_thresholds

from vagus.fibre.recruitment import Recruitment
from vagus.report import style
from vagus.report.content import Fact, Report
from vagus.report.html import current, mark_shares, number, write_report


@pytest.fixture(autouse=True)
def _svg_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Html needs the svg alone; the other formats have a test of their own."""
    full = style.save
    monkeypatch.setattr(style, "save", lambda figure, stem: full(figure, stem, ("svg",)))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    return write_report(folder, make_report(make_recruitment())).read_text(encoding="utf-8")


class Outline(HTMLParser):
    """Collects addresses, headings and figures, and checks that tags close in order."""

    VOID = ("meta", "img", "br", "col")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.open: list[str] = []
        self.figures = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [v or "" for k, v in attrs if k in ("src", "href", "data", "action")]
        self.figures += tag == "figure"
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_page_needs_nothing_else(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert outline.figures == 9
    assert all(a.startswith(("data:image/svg+xml;base64,", "#")) for a in outline.addresses)
    assert "@import" not in page
    assert "<script" not in page


def test_anchors_lead_somewhere(page: str) -> None:
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


def test_page_says_what_it_must(page: str) -> None:
    for heading in (
        "Study", "Device and electrical safety", "Nerve", "Published alternatives not used here",
        "Which fibres fire", "Selectivity", "Conduction delays", "Published human thresholds",
        "Limits", "Provenance",
    ):  # fmt: skip
        assert heading in page
    assert "LivaNova &lt;VNS&gt; &amp; co" in page  # escaped
    for key in ("TH002", "TH005", "TH006", "TH007", "TH008", "TH009", "TH014", "TH017"):
        assert key in page
    assert page.count('class="verdict contested"') == 2
    assert "extruded" in page or "drawn out along z" in page


def test_headline_counts_are_those_of_the_table(page: str) -> None:
    verdicts = re.findall(r'class="verdict ([a-z-]+)"', page)
    judged = [v for v in verdicts if v not in ("contested", "no-fibres")]
    text = f"{judged.count('inside')} of {len(judged)} published human thresholds"
    assert text in page


def test_equal_reports_give_equal_files(tmp_path: Path) -> None:
    small = replace(make_report(make_recruitment(300)), strength_duration=(), potential_map=None)
    first = write_report(tmp_path / "a", small).read_bytes()
    second = write_report(tmp_path / "b", small).read_bytes()
    assert first == second


def bare(recruitment: Recruitment) -> Report:
    """A report without any optional part."""
    return replace(
        make_report(recruitment), alternatives=(), warnings=(), limits=(), parameters=(), cuff=None,
        field_profile=None, potential_map=None, strength_duration=(),
    )  # fmt: skip


def test_nothing_fires(tmp_path: Path) -> None:
    base = make_recruitment(400)
    dead = with_thresholds(base, np.full(400, np.inf))
    text = write_report(tmp_path, bare(dead)).read_text(encoding="utf-8")
    assert "0 of 6 published human thresholds lie inside" in text
    assert text.count('class="verdict not-reached"') == 6
    assert "No fibre with a known velocity fires" in text
    assert "&gt; 20" in text


def test_one_class_only(tmp_path: Path) -> None:
    base = make_recruitment(400)
    keep = np.flatnonzero(base.population.fibre_class == "C")
    few = Recruitment(
        base.population.select(keep), base.model[keep], base.threshold_mA[keep],
        base.lower_mA[keep], base.upper_mA[keep], base.conduction_velocity_m_per_s[keep], 20.0,
    )  # fmt: skip
    text = write_report(tmp_path, bare(few)).read_text(encoding="utf-8")
    assert text.count('class="verdict no-fibres"') == 6
    assert "published human thresholds lie inside" not in text


def test_no_fibre_at_all(tmp_path: Path) -> None:
    none = np.zeros(0)
    population = make_population(5).select(np.zeros(0, dtype=np.int64))
    empty = Recruitment(population, np.zeros(0, dtype="<U4"), none, none, none, none, 10.0)
    text = write_report(tmp_path, bare(empty)).read_text(encoding="utf-8")
    assert "no fibre fires" in text
    assert "This nerve holds no fibre." in text


def test_mark_shares_add_up() -> None:
    facts = [Fact("a", "1", "", m) for m in ("seen", "assumed", "seen", "", "recalled")]
    shares = mark_shares(facts)
    assert [s[0] for s in shares] == ["seen", "recalled", "assumed", "no mark"]
    assert sum(s[1] for s in shares) == 5
    assert sum(s[2] for s in shares) == pytest.approx(1.0)
    assert mark_shares([]) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "0"), (0.49, "0.490"), (12.34, "12.3"), (1234.0, "1234"), (-0.417, "−0.417")],
)
def test_numbers_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text
    assert current(float("inf")) == "not reached"
    assert current(float("nan")) == number(float("nan")) == "–"


def test_no_pyplot() -> None:
    check = "import sys, vagus.report.html; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0
