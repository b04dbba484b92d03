"""The page of a run and that of the validation: complete, self-contained, deterministic."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from course_samples import links, make_course_report, make_validation_report
from report_samples import make_recruitment
from test_html import Outline

from vagus.body.outcome import Course, Interval
from vagus.report import style
from vagus.report.content import Fact
from vagus.report.course_content import CourseReport, Finding
from vagus.report.course_html import course_figures, write_course_report
from vagus.report.course_words import headline
from vagus.report.validation_content import ValidationReport, tally
from vagus.report.validation_content import headline as validation_headline
from vagus.report.validation_html import write_validation
from vagus.validation.comparison import exactly


@pytest.fixture(autouse=True)
def _svg_only(monkeypatch: pytest.MonkeyPatch) -> None:
    full = style.save
    monkeypatch.setattr(style, "save", lambda figure, stem: full(figure, stem, ("svg",)))


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("course")
    full = replace(make_course_report(), recruitment=make_recruitment(400), current_mA=1.5)
    return write_course_report(folder, full).read_text(encoding="utf-8")


def bare(report: CourseReport) -> CourseReport:
    """Without any optional part, and with one organ besides the outcome."""
    active, sham = (
        Course(c.arm, c.time_s, c.names[:2], c.units[:2], c.values[:, :, :2])
        for c in (report.active, report.sham)
    )
    return replace(
        report, active=active, sham=sham, natural=None, sessions_s=None, decomposition=None,
        ablations=(), fast=None, fast_sessions_s=None, failed=(), safety=(), device=(),
        warnings=(), limits=(), parameters=(), equations=(), citations=(), end_s=None, drive=(),
        applicability=None, regulators=(),
        condition=replace(report.condition, smallest_noticed=None, evidence=""),
    )  # fmt: skip


def test_page_needs_nothing_else(page: str) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert outline.figures == 7
    assert all(a.startswith(("data:image/svg+xml;base64,", "#")) for a in outline.addresses)
    for word in ("@import", "<script", "http-equiv", "url("):
        assert word not in page


def test_anchors_lead_somewhere(page: str) -> None:
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


def test_parts_appear_in_the_order_of_the_page(page: str) -> None:
    ids = ("asked", "how", "outcome", "parts", "organs-over-time", "drive", "sensitivity",
           "evidence", "safety", "applies", "limits", "parameters", "equations",
           "provenance")  # fmt: skip
    places = [page.index(f'id="{name}"') for name in ids]
    assert places == sorted(places)
    stems = ("chain", "course", "decomposition", "organs", "seconds", "recruitment", "switches")
    at = [page.index(f'<figure id="{stem}"') for stem in stems]
    assert at == sorted(at)
    assert page.index("A model, not a measurement") < page.index('class="headline"') < places[0]


def test_page_says_what_it_must(page: str) -> None:
    assert headline(make_course_report()) in page
    assert "LivaNova &lt;VNS&gt; &amp; co" in page
    assert "rate of &lt;something&gt;" in page
    assert "2 of 120 draws could not be integrated" in page
    for link in links():
        assert link.symbol in page
    assert page.count("off here") == sum(not link.on for link in links())
    assert "Caution.</b> Bradycardia" in page
    assert "Farrar 2001 Pain" in page
    assert "<code>\\begin{cases} 1 &amp; x &gt; 0" in page
    assert page.count("<details") == page.count("<summary")


def test_page_says_where_it_applies(page: str) -> None:
    part = page[page.index('id="applies"') : page.index('id="limits"')]
    assert "Beyond anything validated: follow-up" in part
    assert re.findall(r'class="light (\w+)"', part) == ["red", "amber", "red"]
    assert "&lt;0.5 to 3 mA&gt;" in part
    assert "<b>the United States.</b> Off-label" in part
    assert "vagus screen PATIENT.yaml --device setpoint" in part


def test_links_are_numbered_as_in_the_figure(page: str) -> None:
    rows = re.findall(r'<td class="n">(\d+)</td><td>[^<]+→', page)
    assert rows == [str(k) for k in range(1, len(links()) + 1)]


def test_what_was_filled_in_is_folded_and_findings_are_said_once(tmp_path: Path) -> None:
    base = bare(make_course_report(20))
    study = (*base.study, Fact("stimulation.cycles (default)", "5", "manual", "seen"))
    finding = Finding("caution", "session: 240 s differs from 120 s")
    report = replace(
        base, study=study, safety=(finding,), warnings=(f"warning: {finding.text}", "one nerve"),
        outcomes=[replace(base.outcomes[0], name="ppt"), *base.outcomes[1:]],
    )  # fmt: skip
    page = write_course_report(tmp_path, report).read_text(encoding="utf-8")
    assert "Filled in rather than asked, 1 line<" in page
    assert page.index("<details>") < page.index("stimulation.cycles")
    assert page.count("240 s differs") == 1
    assert page.count('class="warning"') == 1
    assert "pressure pain threshold <span" in page


def test_disease_activity_is_drawn_only_where_the_condition_has_it() -> None:
    base = bare(make_course_report(20))
    assert "organs" in {f.stem for f in course_figures(base)}
    without = replace(base, outcomes=base.outcomes[:1])
    assert "organs" not in {f.stem for f in course_figures(without)}


def test_no_medical_advice(page: str) -> None:
    for word in ("you should", "recommend", "patients should", "consult", "treatment of choice"):
        assert word not in page.lower()


def test_optional_parts_may_be_missing(tmp_path: Path) -> None:
    page = write_course_report(tmp_path, bare(make_course_report(20))).read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.figures == 3  # chain, course, organs
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page
    assert "No fibre is driven in this run." in page
    assert "no graded evidence carries this difference" in page
    assert "could not be integrated" not in page
    assert "<details" not in page


def test_equal_reports_give_equal_files(tmp_path: Path) -> None:
    report = replace(bare(make_course_report(20)), equations=make_course_report(20).equations)
    first = write_course_report(tmp_path / "a", report)
    second = write_course_report(tmp_path / "b", make_again(report))
    assert first.read_bytes() == second.read_bytes()
    for svg in sorted((tmp_path / "a" / "figures").iterdir()):
        assert svg.read_bytes() == (tmp_path / "b" / "figures" / svg.name).read_bytes()


def make_again(report: CourseReport) -> CourseReport:
    return replace(bare(make_course_report(20)), equations=report.equations)


def test_text_from_outside_is_escaped(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    base = bare(make_course_report(20))
    report = replace(
        base, title=evil, given=evil, warnings=(evil,), limits=(evil,), citations=(evil,),
        study=(Fact(evil, evil, evil, "seen", evil),), safety=(Finding("note", evil, evil),),
        links=tuple(replace(link, claim=evil, evidence=evil) for link in base.links),
        condition=replace(base.condition, name=evil, evidence=evil), failed=((evil, 1),),
        equations=((evil, (r"\frac{" + evil,)),),
    )  # fmt: skip
    page = write_course_report(tmp_path, report).read_text(encoding="utf-8")
    assert "<script" not in page
    assert Outline(page).open == []


def test_every_draw_failed(tmp_path: Path) -> None:
    base = bare(make_course_report(20))
    lost = replace(base.active, values=np.full_like(base.active.values, np.nan))
    nothing = Interval(np.nan, np.nan, np.nan)
    row = replace(
        base.outcomes[0], active=nothing, difference=nothing, probability_better=None,
        probability_noticed=None,
    )  # fmt: skip
    report = replace(base, active=lost, outcomes=[row], failed=(("diverged", 20),))
    page = write_course_report(tmp_path, report).read_text(encoding="utf-8")
    assert "nothing is predicted" in page
    assert "20 of 20 draws could not be integrated" in page


def test_states_that_the_parts_show_have_no_panel() -> None:
    base = make_course_report(20)
    renamed = ("outcome", "pain", "P_core", *base.active.names[3:])
    arms = {k: replace(getattr(base, k), names=renamed) for k in ("active", "sham")}
    stems = {f.stem: f.figure for f in course_figures(replace(base, **arms, natural=None))}
    titles = [ax.get_title(loc="left") for ax in stems["organs"].axes if ax.axison]
    assert len(titles) == len(renamed) - 4
    assert not any(t.startswith(("pain (", "P core", "descending")) for t in titles)


def test_validation_page(tmp_path: Path) -> None:
    report = make_validation_report()
    page = write_validation(tmp_path, report).read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.open == []
    assert outline.figures == 3
    assert all(a.startswith(("data:image/svg+xml;base64,", "#")) for a in outline.addresses)
    for verdict in ("reproduced", "compatible", "failed"):
        found = page.count(f'class="verdict {verdict}"')
        assert found == sum(r.verdict == verdict for r in report.rows)
    for row in report.rows:
        assert row.observation.study in page
    assert validation_headline(report) in page


def test_validation_headline_counts_only_what_no_fit_has_seen() -> None:
    report = make_validation_report()
    counts = tally(report.rows, "validate")
    text = validation_headline(report)
    assert text.startswith(f"Of {sum(counts.values())} published results that shaped no prior")
    assert f"fails {counts['failed']};" in text
    kept = [r for r in report.rows if r.observation.role == "validate"]
    assert ";" not in validation_headline(replace(report, rows=kept))
    assert "No published result" in validation_headline(ValidationReport((), 200, 7))


def test_validation_row_that_was_not_simulated(tmp_path: Path) -> None:
    report = make_validation_report()
    nothing = exactly(float("nan"))
    lost = replace(report.rows[0], simulated=nothing, verdict="failed", problem="diverged at 3 s")
    page = write_validation(tmp_path, replace(report, rows=(lost,))).read_text(encoding="utf-8")
    assert "– to –" in page
    assert "diverged at 3 s" in page
