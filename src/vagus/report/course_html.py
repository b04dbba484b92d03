"""The page of `vagus run`: one html file that needs nothing else, its figures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from vagus.body.parameter_table import ParameterRow
from vagus.report.content import CaptionedFigure, Fact
from vagus.report.course_content import CourseReport
from vagus.report.course_words import (
    headline,
    interval_words,
    key_numbers,
    rate_words,
    share_of_draws,
    share_words,
)
from vagus.report.equations import drawn_equations
from vagus.report.figures.course import fast_course, organ_courses, outcome_course, words
from vagus.report.figures.decomposition import ablation, decomposition
from vagus.report.figures.evidence_chain import NODES, evidence_chain, link_numbers
from vagus.report.figures.recruitment import recruitment_curves
from vagus.report.html import mark_shares, write_page

FAST_ORDER = ("LC", "heart_rate", "rr_interval", "NE", "S5HT")
PASSING = ("LC", "heart_rate", "rr_interval", "NE", "D")
INTERNAL = ("pain", "N_course", "X_expect", "P_core")
"""States that the outcome and its parts already show."""
DEFAULTED = "(default)"
"""How a line of the study ends that was filled in rather than asked."""
BAND = "Line: median. Band: 95 % of the draws over the priors of every parameter."


def write_course_report(folder: Path, report: CourseReport) -> Path:
    """Write ``folder``/report.html and ``folder``/figures/*.svg|png|pdf; returns the html's path.

    Deterministic: equal reports give equal files. OSError from the file system is passed on.
    """
    drawn = course_figures(report)
    filters = {
        "interval": interval_words,
        "shares": share_words,
        "rates": rate_words,
        "of_draws": share_of_draws,
        "words": words,
    }
    return write_page(
        folder / "report.html",
        "course.html.jinja",
        drawn,
        filters,
        report=report,
        headline=headline(report),
        key_numbers=key_numbers(report),
        numbers=link_numbers(report.links),
        marks=mark_shares([_fact(p) for p in report.parameters]),
        organs=[
            (organ, list(rows))
            for organ, rows in groupby(
                sorted(report.parameters, key=lambda p: p.organ), key=lambda p: p.organ
            )
        ],
        equations=drawn_equations(report.equations),
        failed=sum(n for _, n in report.failed),
        warnings=[w for w in report.warnings if not any(f.text in w for f in report.safety)],
        study=[f for f in report.study if not f.quantity.endswith(DEFAULTED)],
        filled=[f for f in report.study if f.quantity.endswith(DEFAULTED)],
        channels={name: place[4] for name, place in NODES.items()},
    )


def _fact(parameter: ParameterRow) -> Fact:
    return Fact(parameter.symbol, parameter.value, parameter.reference, parameter.mark)


def course_figures(report: CourseReport) -> list[CaptionedFigure]:
    """Every figure whose input is there, in the order of the page."""
    c = report.condition
    drawn = [
        CaptionedFigure(
            "chain",
            evidence_chain(report.links, report.drive, outcome=c.outcome),
            "From the device to the outcome. Colour and style of a link: the grade of its "
            "evidence; numbers are those of the table of links. Spikes per second and fibre while "
            "stimulation is on: median (95 % interval) over draws.",
        ),
        CaptionedFigure(
            "course",
            outcome_course(
                report.active, report.sham, report.natural, report.quantity, c.outcome, c.unit,
                c.baseline_mean, report.sessions_s, c.smallest_noticed, report.end_s,
            ),
            f"{BAND} Draws differ in the disease itself, so the bands of the arms overlap; the "
            "difference below is taken draw by draw.",
        ),
    ]  # fmt: skip
    if report.decomposition is not None:
        drawn.append(
            CaptionedFigure(
                "decomposition",
                decomposition(report.decomposition),
                "What the change of the treated arm is made of, by switching links off. Means add "
                "up to the sums (bold); medians and ends of intervals do not.",
            )
        )
    others = _others(report)
    if others:
        drawn.append(
            CaptionedFigure(
                "organs",
                organ_courses(report.active, report.sham, others),
                f"Other quantities of the same draws. {BAND} Scales differ between panels.",
            )
        )
    return drawn + _fast(report) + _nerve(report) + _ablation(report)


def _others(report: CourseReport) -> Sequence[str]:
    shared = set(report.active.names) & set(report.sham.names)
    # What comes and goes with a session is followed by the second; a reading a day would miss it.
    told = {report.quantity, *INTERNAL, *(PASSING if report.fast else ())}
    if not {"DAS", words("DAS")} & {o.name for o in report.outcomes}:
        told.add("DAS")  # no such score in this condition
    return [n for n in report.active.names if n in shared and n not in told]


def _fast(report: CourseReport) -> list[CaptionedFigure]:
    fast = report.fast
    if fast is None:
        return []
    first = [n for n in FAST_ORDER if n in fast.names]
    told = {report.quantity, *INTERNAL, *first}
    names = first + [n for n in fast.names if n not in told]
    if not names:
        return []
    caption = f"Seconds to minutes: the first on-times. {BAND}"
    drawn = fast_course(fast, names, report.fast_sessions_s)
    return [CaptionedFigure("seconds", drawn, caption)]


def _nerve(report: CourseReport) -> list[CaptionedFigure]:
    r, current = report.recruitment, report.current_mA
    if r is None or current is None:
        return []
    caption = "Recruitment of each fibre class against the device's current; bands over placements."
    return [CaptionedFigure("recruitment", recruitment_curves(r, current, report.seed), caption)]


def _ablation(report: CourseReport) -> list[CaptionedFigure]:
    if not report.ablations:
        return []
    c = report.condition
    drawn = ablation(report.outcomes[0].difference, report.ablations, c.outcome, c.unit)
    caption = (
        "The difference from sham with one thing changed at a time, same draws. A row that leaves "
        "the interval as it is says that this link decides nothing here."
    )
    return [CaptionedFigure("switches", drawn, caption)]
