"""The page of `vagus validate`: every published result beside its simulation, failures too."""

from __future__ import annotations

from pathlib import Path

from vagus.report.content import CaptionedFigure
from vagus.report.figures.validation import measured_and_simulated, plain
from vagus.report.html import write_page
from vagus.report.validation_content import (
    ROLES,
    ValidationReport,
    headline,
    organs,
    tally,
)
from vagus.validation.table import VERDICTS

NAME = "validation.html"
ROWS = 20
"""Rows per figure: what a printed page holds."""
CAPTION = (
    "{organ}: measured interval in grey, simulated 95 % interval in colour, each row on the scale "
    "of its own measurement (the grey bar runs from −1 to 1). Arrows: beyond the figure. Grey "
    "labels: the result may have shaped a prior."
)


def write_validation(folder: Path, report: ValidationReport) -> Path:
    """Write ``folder``/validation.html and its figures; returns the page's path.

    Deterministic: equal reports give equal files. OSError from the file system is passed on.
    """
    drawn = validation_figures(report)
    filters = {"plain": plain}
    names = organs(report.rows)
    return write_page(
        folder / NAME,
        "validation.html.jinja",
        drawn,
        filters,
        report=report,
        headline=headline(report),
        organs=[(o, [r for r in report.rows if r.observation.organ == o]) for o in names],
        tallies=[(o, {role: tally(report.rows, role, o) for role in ROLES}) for o in names],
        totals={role: tally(report.rows, role) for role in ROLES},
        verdicts=VERDICTS,
        stems=[item.stem for item in drawn],
    )


def validation_figures(report: ValidationReport) -> list[CaptionedFigure]:
    """One figure per organ, in order of appearance; several where it has more rows than fit."""
    drawn = []
    for organ in organs(report.rows):
        rows = [r for r in report.rows if r.observation.organ == organ]
        caption = CAPTION.format(organ=organ.capitalize())
        for page, first in enumerate(range(0, len(rows), ROWS), 1):
            stem = f"validation-{organ}-{page}"
            figure = measured_and_simulated(rows[first : first + ROWS])
            drawn.append(CaptionedFigure(stem, figure, caption))
    return drawn
