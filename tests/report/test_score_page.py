"""The page of predictions and scores: complete, self-contained, deterministic, and plain."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from test_html import Outline

from score_samples import make_prediction
from vagus.report import style
from vagus.report.figures.score import coverage_figure, mean_scores, prediction_intervals
from vagus.report.score_content import as_dict, blocks, headline, score_figures, shown
from vagus.report.score_html import write_score_page
from vagus.trial.frozen import SIMULATOR, Prediction
from vagus.trial.published import published_trials
from vagus.trial.results import CONTRAST, calibration_results
from vagus.trial.score import ScoreTable, score

KEYS = ("PREMIUM", "EVENT", "ZHANG", "KRASAELAP2020", "MUTHULINGAM2021", "NATELSON2021")
NOTHING = ScoreTable((), ())


@dataclass(frozen=True)
class Page:
    title: str
    predictions: Mapping[str, Prediction]
    table: ScoreTable = NOTHING
    known_before: Mapping[str, str] = field(default_factory=dict)


@pytest.fixture(autouse=True)
def _svg_only(monkeypatch: pytest.MonkeyPatch) -> None:
    full = style.save
    monkeypatch.setattr(style, "save", lambda figure, stem: full(figure, stem, ("svg",)))


@pytest.fixture(scope="module")
def scored() -> Page:
    made = {key: make_prediction(key, number) for number, key in enumerate(KEYS)}
    found = [r for r in calibration_results() if r.trial in made]
    known = {"PREMIUM": "its spread was used"}
    return Page("Calibration trials, each left out", made, score(made, found), known)


@pytest.fixture(scope="module")
def page(scored: Page, tmp_path_factory: pytest.TempPathFactory) -> str:
    with pytest.MonkeyPatch.context() as patch:
        full = style.save
        patch.setattr(style, "save", lambda figure, stem: full(figure, stem, ("svg",)))
        folder = tmp_path_factory.mktemp("score")
        return write_score_page(folder, scored).read_text(encoding="utf-8")


def test_page_is_whole_and_needs_nothing_else(page: str, scored: Page) -> None:
    outline = Outline(page)
    assert outline.open == []
    assert outline.figures == len(score_figures(scored))
    assert all(a.startswith(("data:image/svg+xml;base64,", "#")) for a in outline.addresses)
    assert "<script" not in page
    for trial in scored.predictions:
        assert f'id="{trial}"' in page
        assert scored.predictions[trial].sha256 in page


def test_page_says_the_verdict_and_what_was_not_quite_left_out(page: str, scored: Page) -> None:
    assert scored.table.verdict.split("(")[0] in page.replace("&#34;", '"')
    assert "Not quite left out: its spread was used" in page
    assert "Results of trials that shaped no prior" in page
    assert "numbers of 1 of these 6 trials" in page
    assert "<td>its spread was used</td>" in page
    assert page.count("<td>nothing that is known</td>") == len(KEYS) - 1
    assert "The score without them is given as well." in page


def test_page_says_which_way_the_pooled_effect_is_wrong(page: str) -> None:
    assert "is biased in favour of stimulation" in page
    assert "for want of usable numbers without NATELSON2021, KUTLU2020" in page


def test_page_without_a_trial_that_shaped_nothing_says_so(scored: Page, tmp_path: Path) -> None:
    predictions = {"EVENT": scored.predictions["EVENT"]}
    table = score(predictions, [r for r in calibration_results() if r.trial == "EVENT"])
    made = Page("T", predictions, table, {"EVENT": "its spread was used"})
    text = write_score_page(tmp_path, made).read_text(encoding="utf-8")
    assert "There is no score without them." in text
    assert "Results of trials that shaped no prior" not in text


def test_same_report_same_page(scored: Page, tmp_path: Path) -> None:
    few = Page("T", {"EVENT": scored.predictions["EVENT"]})
    first = write_score_page(tmp_path / "a", few).read_bytes()
    assert first == write_score_page(tmp_path / "b", few).read_bytes()


def test_predictions_without_results_have_shown_no_value(tmp_path: Path) -> None:
    keys = [trial.key for trial in published_trials("predict")][:3]
    made = Page("Frozen predictions", {key: make_prediction(key) for key in keys})
    assert headline(made).startswith("3 trials predicted and frozen. Nothing is scored yet")
    text = write_score_page(tmp_path, made).read_text(encoding="utf-8")
    assert 'id="score"' not in text
    assert len(score_figures(made)) == 3


def test_what_is_not_scored_stands_on_the_page(scored: Page, tmp_path: Path) -> None:
    table = score({}, calibration_results()[:2])
    one = {"EVENT": scored.predictions["EVENT"]}
    text = write_score_page(tmp_path, Page("T", one, table)).read_text(encoding="utf-8")
    assert text.count("no prediction of") == 2
    assert "Nothing was scored" in text


def test_figures_draw_every_interval_and_every_published_value(scored: Page) -> None:
    prediction = scored.predictions["PREMIUM"]
    groups = shown(prediction, scored.table)
    assert groups == [("nVNS", "change_mean"), ("sham", "change_mean"), (CONTRAST, "difference")]
    figure = prediction_intervals(prediction, groups, {groups[0]: -2.26})
    (ax,) = figure.axes
    drawn = [line for line in ax.lines if len(line.get_xdata()) == 2]
    row = prediction.row(*groups[0])
    assert row is not None
    for level in ("50", "80", "95"):
        assert any(np.allclose(line.get_xdata(), row["intervals"][level]) for line in drawn)
    marks = [line for line in ax.lines if line.get_color() == style.ACCENT]
    assert len(marks) == 2
    assert all(np.allclose(line.get_xdata(), -2.26) for line in marks)
    shares = prediction_intervals(
        scored.predictions["EVENT"], shown(scored.predictions["EVENT"], scored.table), {}
    )
    assert len(shares.axes) == 2  # days, and shares


def test_summary_draws_the_mean_of_trials(scored: Page) -> None:
    figure = mean_scores(scored.table)
    rows = scored.table.common(SIMULATOR, "sham", "effect")
    mean = scored.table.mean(SIMULATOR, "crps_scaled", rows, "trials")
    assert any(np.allclose(line.get_xdata(), mean) for line in figure.axes[0].lines)


def test_words_of_figures_lie_inside(scored: Page) -> None:
    for figure in (mean_scores(scored.table), coverage_figure(scored.table)):
        figure.draw_without_rendering()
        for ax in figure.axes:
            for axis in (ax.xaxis, ax.yaxis):
                low, high = sorted(axis.get_view_interval())
                for tick in axis.get_major_ticks():
                    if low <= tick.get_loc() <= high:
                        assert inside(figure, tick.label1)


def inside(figure: Figure, label: Text) -> bool:
    """Whether a text is not cut off by the figure's edge."""
    box = label.get_window_extent()
    width, height = figure.bbox.size
    return bool(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height)


def test_few_results_have_no_histogram_of_places(scored: Page) -> None:
    stems = [item.stem for item in score_figures(scored)]
    assert ("score-places" in stems) == (len(scored.table.scored) >= 10)
    one = Page(
        "T", {"ZHANG": scored.predictions["ZHANG"]},
        score(scored.predictions, [r for r in calibration_results() if r.trial == "ZHANG"]),
    )  # fmt: skip
    assert "score-places" not in [item.stem for item in score_figures(one)]


def test_numbers_for_json(scored: Page) -> None:
    found = as_dict(scored.table)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["forecasters"] == ["simulator", "sham", "effect", "pilot"]
    assert len(found["results"]) == len(scored.table.scored)
    first = found["means"][0]
    assert first["forecaster"] == SIMULATOR
    assert first["results"] == len(scored.table.common(SIMULATOR, "sham", "effect"))
    assert set(first["coverage"]) == {"50", "80", "95"}


def test_blocks_compare_all_forecasters_over_the_same_results(scored: Page) -> None:
    found = blocks(scored.table, scored.known_before)
    assert [len(lines) for _, lines in found] == [3, 4, 3]
    for _, lines in found:
        totals = {line.covered[0].split("/")[1] for line in lines}
        assert len(totals) == 1
