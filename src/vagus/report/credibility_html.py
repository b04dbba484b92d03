"""The page of `vagus report credibility`: one html file that needs nothing else."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from pathlib import Path

from vagus.credibility.audit import by_part
from vagus.credibility.sensitivity import least_share
from vagus.credibility.spreads import assumed_spread
from vagus.report.content import CaptionedFigure
from vagus.report.credibility_content import (
    DRAWS,
    RESTS_ON,
    TOP,
    CredibilityReport,
    checks_by_result,
    failures,
    marks_by_part,
    marks_of,
    matter_most,
    rests_on,
    spread_assumed,
)
from vagus.report.credibility_words import (
    COLOUR_WORDS,
    accepted,
    additivity,
    address,
    carried,
    count,
    figure,
    headline,
    index,
    key_numbers,
    listed,
    span,
    spread,
    whole_percent,
)
from vagus.report.figures.credibility import ROLE_WORDS, lights, marks, verdicts
from vagus.report.figures.sensitivity import sensitivity_bars
from vagus.report.html import write_page
from vagus.report.validation_content import ROLES, organs, tally
from vagus.validation.table import VERDICTS

NAME = "credibility.html"


def write_credibility(folder: Path, report: CredibilityReport) -> Path:
    """Write ``folder``/credibility.html and its figures; returns the page's path.

    Deterministic: equal reports give equal files. OSError from the file system is passed on.
    """
    rows = report.validation
    filters = {
        "figure_of": figure, "accepted": accepted, "index_of": index,
        "listed": listed, "spread": spread, "address": address, "whole": whole_percent,
        "additivity": additivity, "carried": carried,
    }  # fmt: skip
    return write_page(
        folder / NAME,
        "credibility.html.jinja",
        credibility_figures(report),
        filters,
        report=report,
        headline=headline(report),
        keys=key_numbers(report),
        colour_words=COLOUR_WORDS,
        count=count,
        marks=marks_of(report.parameters),
        parts=by_part(report.parameters),
        pain_marks=rests_on(report.parameters),
        spreads=spread_assumed([p for p in report.parameters if p.part in RESTS_ON]),
        carrying=matter_most(report),
        least=least_share(),
        span=span,
        spread_of=assumed_spread,
        usual_draws=DRAWS,
        top=TOP,
        outcomes=list(reversed(list(enumerate(report.sensitivity, 1)))),
        checks=checks_by_result(report.checks),
        kinds=Counter(check.kind for check in report.checks),
        failed={role: failures(rows, role) for role in ROLES},
        role_words=ROLE_WORDS,
        roles=ROLES,
        organs=[(o, [r for r in rows if r.observation.organ == o]) for o in organs(rows)],
        tallies={role: tally(rows, role) for role in ROLES},
        verdicts=VERDICTS,
        activities=[(a, list(found)) for a, found in groupby(report.factors, lambda f: f.activity)],
    )


def credibility_figures(report: CredibilityReport) -> list[CaptionedFigure]:
    """Every figure whose input is there, in the order of the page."""
    drawn = []
    if report.applicability is not None:
        drawn.append(
            CaptionedFigure(
                "credibility-lights",
                lights(report.applicability.lights),
                "How far the asked protocol lies from anything validated. G (green): as compared, "
                "and reproduced or unchanged; A (amber): near it, or compared only in part; R "
                "(red): beyond; ? (grey): cannot be said, which counts as amber.",
            )
        )
    if report.parameters:
        counts = [
            *([pain] if (pain := rests_on(report.parameters)).total else []),
            marks_of(report.parameters),
            *marks_by_part(report.parameters),
        ]
        drawn.append(
            CaptionedFigure(
                "credibility-marks",
                marks(counts),
                "Where parameters come from, by part of the chain. Percentages: share assumed.",
            )
        )
    drawn += _sensitivity_figures(report)
    if report.validation:
        drawn.append(
            CaptionedFigure(
                "credibility-validation",
                verdicts(report.validation),
                "Published results beside the model, by organ and verdict.",
            )
        )
    return drawn


def _sensitivity_figures(report: CredibilityReport) -> list[CaptionedFigure]:
    """The effect over sham first; outcomes that do not vary are left out."""
    varied = [(n, found) for n, found in enumerate(report.sensitivity, 1) if not found.note]
    drawn = [
        CaptionedFigure(
            f"credibility-sensitivity-{n}",
            sensitivity_bars([found], TOP),
            f"What {found.outcome} depends on. Total: share of the variance that would be left if "
            "all else were known; first order: share that would go if this alone were known. A "
            "small negative index is 0 within sampling; an arrow marks an interval that goes on. "
            "Grey names: less than a hundredth of the variance.",
        )
        for n, found in reversed(varied)
    ]
    if any(found.groups for _, found in varied):
        outcomes = [found for _, found in reversed(varied)]
        text = "The same for parameters taken together by the route that they belong to."
        figure = sensitivity_bars(outcomes, groups=True)
        drawn.append(CaptionedFigure("credibility-routes", figure, text))
    return drawn
