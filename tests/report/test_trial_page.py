"""The page of a virtual trial: complete, self-contained, deterministic; the report's numbers."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_html import Outline
from trial_page_samples import make_design, make_trial_report

from vagus.evidence.synthesis import synthesise
from vagus.patient.regimen import Regimen
from vagus.report import style
from vagus.report.trial_beside import beside, virtual_rows
from vagus.report.trial_content import TrialReport, headline, truths
from vagus.report.trial_html import write_trial
from vagus.report.trial_rows import operating_block, table_one_block
from vagus.report.trial_words import (
    design_facts,
    minus,
    per_cent,
    scale_of,
    share_with_error,
    unbroken,
)
from vagus.trial.design import Arm, Design
from vagus.trial.operating import Estimate
from vagus.trial.primary import primary

KINDS = ("parallel", "responder", "sequential", "crossover", "withdrawal", "single-arm", "n-of-1")
SECTIONS = (
    "asked", "design", "who", "example", "many", "beside", "rests", "exports", "provenance",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _svg_only(monkeypatch: pytest.MonkeyPatch) -> None:
    full = style.save
    monkeypatch.setattr(style, "save", lambda figure, stem: full(figure, stem, ("svg",)))


@pytest.fixture(scope="module")
def reports() -> dict[str, TrialReport]:
    return {kind: make_trial_report(kind) for kind in KINDS}


@pytest.fixture(scope="module")
def pages(
    reports: dict[str, TrialReport], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    with pytest.MonkeyPatch.context() as patch:
        full = style.save
        patch.setattr(style, "save", lambda figure, stem: full(figure, stem, ("svg",)))
        found = {}
        for kind, report in reports.items():
            path = write_trial(tmp_path_factory.mktemp(kind), report)
            found[kind] = path.read_text(encoding="utf-8")
    return found


def words(page: str) -> str:
    """The page's text without tags, data and breaks."""
    text = re.sub(r"<style>.*?</style>|<[^>]+>", " ", page, flags=re.S)
    return re.sub(r"\s+", " ", html.unescape(text))


@pytest.mark.parametrize("kind", KINDS)
def test_page_is_whole_and_needs_nothing_else(pages: dict[str, str], kind: str) -> None:
    page = pages[kind]
    outline = Outline(page)
    assert outline.open == []
    assert all(a.startswith(("data:image/svg+xml;base64,", "#")) for a in outline.addresses)
    for word in ("@import", "<script", "http-equiv", "url("):
        assert word not in page
    for section in SECTIONS:
        assert f'id="{section}"' in page
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page
    assert "&lt;warning&gt;" in page
    text = words(page)
    assert "nan" not in re.findall(r"[a-z]+", text)
    assert "None" not in text.replace("None of", "")


def test_figures_by_kind(pages: dict[str, str]) -> None:
    count = {kind: Outline(page).figures for kind, page in pages.items()}
    assert count == {
        "parallel": 5, "responder": 5, "sequential": 4, "crossover": 4, "withdrawal": 4,
        "single-arm": 3, "n-of-1": 1,
    }  # fmt: skip


def test_same_bytes_again(reports: dict[str, TrialReport], tmp_path: Path) -> None:
    for kind in ("sequential", "crossover"):
        first = write_trial(tmp_path / "a", reports[kind])
        second = write_trial(tmp_path / "b", reports[kind])
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_are_those_of_the_report(
    reports: dict[str, TrialReport], pages: dict[str, str], kind: str
) -> None:
    report, text = reports[kind], words(pages[kind])
    design, scale = report.design, scale_of(report.design)
    effect, null = report.operating.effect, report.operating.null
    assert words(unbroken(report.headline)) in text
    for behaves in (effect, null):
        assert share_with_error(behaves.success) in text
        assert scale.with_error(behaves.estimate) in text
    assert per_cent(report.operating.power.value) in text
    assert per_cent(report.operating.type_i_error.value) in text
    one = primary(report.data.replicate(0), workers=1)
    assert scale.text(float(one.estimate[0])) in text
    assert f"alpha {design.alpha:g}" in text
    if kind != "n-of-1":
        for arm in design.arms:
            assert arm.name in text
    assert "KRASAELAP2020 sham: responders" in text
    assert "Missed: KRASAELAP2020 sham: responders." in text
    assert "31.5 of 60 people" in text


def test_estimand_stands_with_its_five_attributes(pages: dict[str, str]) -> None:
    text = words(pages["parallel"])
    sentence = make_design("parallel").estimand.sentence()
    assert sentence in text
    for word in ("population", "treatment", "variable", "intercurrent events", "summary"):
        assert word in text
    assert "stopping treatment: hypothetical" in text
    assert "stopping treatment: composite" in words(pages["responder"])


def test_single_arm_is_no_effect(reports: dict[str, TrialReport], pages: dict[str, str]) -> None:
    text = words(pages["single-arm"])
    assert "not an effect of stimulation" in reports["single-arm"].headline
    assert text.count("not an effect of stimulation") >= 3
    assert "power" not in re.findall(r"[a-z]+", text)
    assert "trial-forest" not in pages["single-arm"]


def test_what_only_some_designs_have(pages: dict[str, str]) -> None:
    for kind, page in pages.items():
        text = words(page)
        assert ("Looks" in text) == (kind == "sequential")
        assert ("Expected number of patients" in text) == (kind == "sequential")
        assert ("Periods" in text) == (kind == "n-of-1")
        assert ("Bang's index" in text) == (kind in KINDS[:3] or kind == "withdrawal")
        assert ("Responders" in text) == (kind not in ("crossover", "n-of-1"))
    assert "The smallest p that 3 pairs of periods can give is 0.25." in words(pages["n-of-1"])


def test_table_one_has_no_p_values(reports: dict[str, TrialReport]) -> None:
    block = table_one_block(reports["parallel"].table)
    assert block.head == ("", "taVNS", "sham <ear>", "all")
    assert block.lines[0] == ("patients", "24", "24", "48")
    told = " ".join(cell for line in block.lines for cell in line)
    assert not re.search(r"\bp\b", told)
    row = reports["parallel"].table.rows[0]
    assert f"{row.all.mean:.2f} ({row.all.sd:.2f})" in told


def test_harm_is_what_is_rejected_without_benefit(reports: dict[str, TrialReport]) -> None:
    found = reports["parallel"].operating
    effect = replace(found.effect, success=Estimate(0.25, 0.1), rejected=Estimate(0.75, 0.1))
    block = operating_block(replace(found, effect=effect))
    told = {line[0]: line[1] for line in block.lines}
    assert told["harm shown"].startswith("50.0 ± ")


def test_truths_are_those_of_the_operating_characteristics(
    reports: dict[str, TrialReport],
) -> None:
    for kind in ("parallel", "responder", "crossover"):
        report = reports[kind]
        assert truths(report).mean() == pytest.approx(report.operating.effect.truth, abs=1e-12)


def test_virtual_trial_beside_published_ones(reports: dict[str, TrialReport]) -> None:
    report = reports["parallel"]
    true = truths(report)
    found = beside(report.data, report.primary, true, {"KRASAELAP2020"})
    alone = synthesise("pain", measure="SMD", condition="visceral pain")
    kinds = [row.kind for row in found.rows]
    assert kinds == sorted(kinds, key=["study", "pooled", "virtual", "excluded"].index)
    pooled = next(row for row in found.rows if row.kind == "pooled")
    assert pooled.estimate == alone.pooled.estimate  # the virtual trial is not in it
    assert pooled.prediction == (alone.pooled.prediction.low, alone.pooled.prediction.high)
    assert any("no independent confirmation" in remark for remark in found.remarks)
    virtual = found.virtual
    assert virtual is not None
    own, of_all = virtual_rows(report.data, virtual)
    assert own.low < own.estimate < own.high
    assert of_all.estimate == pytest.approx(np.median(virtual.truth))
    # Effect over its own spread: near -0.57 points over an SD of about 2.
    assert virtual.estimate == pytest.approx(report.primary.estimate / 1.9, rel=0.35)
    assert np.all(virtual.high - virtual.low > 0)


def test_odds_ratio_of_a_responder_trial(reports: dict[str, TrialReport]) -> None:
    report = reports["responder"]
    found = beside(report.data, report.primary, truths(report), set())
    assert found.measure == "OR"
    assert found.virtual is not None
    known = np.isfinite(found.virtual.estimate)
    assert known.any()
    difference = report.primary.estimate[known]
    assert np.all(np.sign(found.virtual.estimate[known]) == np.sign(difference))


@pytest.mark.parametrize("key", ["neuropathic", "osteoarthritis"])
def test_no_published_trial_is_said(key: str, tmp_path: Path) -> None:
    report = make_trial_report("parallel", key, replicates=4)
    found = beside(report.data, report.primary, truths(report), set())
    assert found.rows == ()
    assert found.why.startswith("No controlled trial of vagus nerve stimulation in")
    page = write_trial(tmp_path, report).read_text(encoding="utf-8")
    assert "trial-forest" not in page
    assert "No controlled trial" in page


def test_without_calibration(reports: dict[str, TrialReport], tmp_path: Path) -> None:
    report = reports["single-arm"]
    none = np.zeros(0)
    bare = replace(
        report.calibration, targets=(), before=none, after=none, effective=60.0,
        effective_populations=3.0,
    )  # fmt: skip
    page = write_trial(tmp_path, replace(report, calibration=bare, warnings=(), given=()))
    assert "nothing here was matched to a trial" in page.read_text(encoding="utf-8")


def test_headline_says_whether_the_range_includes_no_effect(
    reports: dict[str, TrialReport],
) -> None:
    report = reports["parallel"]

    def said(estimates: list[float], design: Design = report.design) -> str:
        fit = replace(report.primary, estimate=np.array(estimates))
        return headline(design, report.operating, fit)

    assert "a range that includes no effect" in said([-1.0, -0.5, 0.5])
    assert "all on one side of no effect" in said([-1.0, -0.5, -0.2])
    assert "None of 12" in said([float("nan")] * 3)


def test_trials_that_cannot_be_analysed(reports: dict[str, TrialReport], tmp_path: Path) -> None:
    report = reports["parallel"]
    nothing = np.full(len(report.data), np.nan)
    names = ("estimate", "se", "low", "high", "p")
    fit = replace(report.primary, **dict.fromkeys(names, nothing))
    page = write_trial(tmp_path, replace(report, primary=fit)).read_text(encoding="utf-8")
    assert Outline(page).open == []


def test_third_arm_is_described_only() -> None:
    design = make_design("parallel")
    third = Arm("nothing", "untreated", 24, Regimen("nothing", (), "untreated"))
    told = {f.quantity: f.value for f in design_facts(replace(design, arms=(*design.arms, third)))}
    assert told["compared"] == "taVNS against sham <ear>; other arms are described only"
    assert "compared" not in {f.quantity for f in design_facts(design)}


def test_words() -> None:
    assert minus("SMD -0.16 (-0.36 to 0.04), 7.9-8.1") == "SMD −0.16 (−0.36 to 0.04), 7.9-8.1"
    assert unbroken("95 % of") == "95\u00a0% of"
    assert share_with_error(Estimate(0.123, 0.0104)) == "12.3 ± 1.0 %"
    assert share_with_error(Estimate(float("nan"), float("nan"))) == "–"
    points = scale_of(make_design("responder"))
    assert points.text(-0.041) == "−4.1 percentage points"
    assert points.text(-0.0001) == "0.0 percentage points"
