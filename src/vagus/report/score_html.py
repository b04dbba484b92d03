"""The page of predictions and of scores: what was predicted, what was found, who was closer."""

from __future__ import annotations

from pathlib import Path

from vagus.report.figures.score import group_name
from vagus.report.figures.validation import plain
from vagus.report.html import write_page
from vagus.report.score_content import (
    FREE,
    ScoreReport,
    blocks,
    headline,
    met_words,
    of_trial,
    score_figures,
)
from vagus.trial.frozen import SIMULATOR
from vagus.trial.frozen import headline as headline_row
from vagus.trial.score import NAMES
from vagus.trial.scores import LEVELS

NAME = "score.html"


def write_score_page(folder: Path, report: ScoreReport) -> Path:
    """Write ``folder``/score.html and its figures; returns the page's path.

    Deterministic: equal reports give equal files. OSError from the file system is passed on.
    """
    drawn = score_figures(report)
    filters = {"plain": plain, "met": met_words, "headline_row": headline_row}
    table = report.table
    scores = blocks(table, report.known_before)
    return write_page(
        folder / NAME,
        "score.html.jinja",
        drawn,
        filters,
        report=report,
        table=table,
        headline=headline(report),
        blocks=scores,
        known=[key for key in report.predictions if key in report.known_before],
        free=any(heading.startswith(FREE) for heading, _ in scores),
        predictions=list(report.predictions.values()),
        rows={p.trial: of_trial(p, table) for p in report.predictions.values()},
        names=NAMES,
        simulator=SIMULATOR,
        levels=[f"{100 * level:g}" for level in LEVELS],
        group_name=group_name,
    )
