"""What the page of a virtual trial shows, as plain values, its headline and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from vagus.evidence.words import SHORT
from vagus.patient.calibrate import Calibration
from vagus.patient.cohort import Cohort
from vagus.patient.observables import observable
from vagus.patient.switches import Switches
from vagus.report.content import CaptionedFigure, Fact
from vagus.report.evidence_content import axis_name
from vagus.report.evidence_content import favours as favours_published
from vagus.report.figures.consort import consort_flow
from vagus.report.figures.forest import forest
from vagus.report.figures.operating import power_curve
from vagus.report.figures.trial_course import trial_course
from vagus.report.figures.trial_estimates import trial_estimates
from vagus.report.trial_beside import Beside
from vagus.report.trial_words import outcome_words, per_cent, scale_of
from vagus.trial.consort import Flow
from vagus.trial.data import TrialData
from vagus.trial.design import Design
from vagus.trial.mean_course import MeanCourse, mean_courses
from vagus.trial.operating import OperatingCharacteristics
from vagus.trial.power_curve import CurvePoint
from vagus.trial.primary import Primary, compared, higher_is_better
from vagus.trial.table_one import TableOne
from vagus.trial.truth import true_effect

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TrialReport:
    """One page of a virtual trial.

    ``given``: device, protocol and drive; ``device``: settings and electrical safety. ``data``: all
    replicates, the first of which is the example; ``primary`` their analysis. ``flow`` and
    ``table`` are of the example. ``curve`` is empty where power is not looked at. ``facts``: seed,
    versions and wall time. ``switches``: what acted besides stimulation.
    """

    title: str
    headline: str
    given: Sequence[Fact]
    design: Design
    cohort: Cohort
    calibration: Calibration
    data: TrialData
    primary: Primary
    operating: OperatingCharacteristics
    curve: Sequence[CurvePoint]
    flow: Flow
    table: TableOne
    warnings: Sequence[str]
    facts: Sequence[Fact]
    switches: Switches = field(default_factory=Switches)
    device: Sequence[Fact] = ()


def headline(design: Design, operating: OperatingCharacteristics, primary: Primary) -> str:
    """What such trials find, in words that claim no more: effect, its range, power, type I error.

    The range is that of the estimates of 95 % of the trials: chance and what is not known about
    stimulation together.
    """
    scale = scale_of(design)
    name = observable(design.endpoint).name
    power, error = per_cent(operating.power.value), per_cent(operating.type_i_error.value)
    found = primary.estimate[np.isfinite(primary.estimate)]
    if not found.size:
        return f"None of {operating.effect.replicates} virtual trials could be analysed."
    low, high = np.quantile(found, [0.025, 0.975])
    spread = f"95 % of trials estimate {scale.ends(low, high)}"
    none = "a range that includes no effect" if low <= 0 <= high else "all on one side of no effect"
    middle = operating.effect.truth
    if np.isnan(middle):
        middle = operating.effect.estimate.value
    if design.analysis == "change-within":
        return (
            f"With one arm only, {name} changes by {scale.signed(middle)} on average; {spread}. "
            f"This is not an effect of stimulation: the test is passed in {power} of trials, and "
            f"in {error} of the same trials without any stimulation."
        )
    who = "In one patient" if design.kind == "n-of-1" else f"With {design.patients()} patients"
    what = "the share that responds" if design.analysis == "responder" else name
    against = design.arms[compared(design)[1]].role
    control = {"sham": "sham", "untreated": "no treatment"}.get(against, "the control treatment")
    return (
        f"{who}, stimulation in this model changes {what} by {scale.signed(middle)} against "
        f"{control} on average; {spread}, {none}. {power} of trials show a benefit; "
        f"with no effect at all, {error} reject the null hypothesis."
    )


def truths(report: TrialReport) -> Floats:
    """[R] true effect in the population of each replicate, as `operating` has it."""
    data = report.data
    drawn = np.unique(data.population).tolist()
    found = true_effect(
        report.design, report.cohort, report.cohort.seed, populations=drawn,
        switches=report.switches,
    )  # fmt: skip
    return np.array([found[int(p)] for p in data.population])


def trial_figures(report: TrialReport, true: Floats, published: Beside) -> list[CaptionedFigure]:
    """Every figure whose input is there, in the order of the page."""
    design = report.design
    drawn = []
    if design.kind != "n-of-1":
        drawn += _example(report)
    scale = scale_of(design)
    drawn.append(
        CaptionedFigure(
            "trial-estimates",
            trial_estimates(
                scale.factor * report.primary.estimate, scale.factor * true,
                f"{_contrast(design)} ({scale.unit})", _favours(design), _name(design),
            ),
            f"What {len(report.data)} virtual trials estimate.{_red(design, true)}",
        )
    )  # fmt: skip
    drawn += _power(report)
    if published.rows and published.endpoint is not None:
        drawn.append(_forest(published))
    return drawn


def _example(report: TrialReport) -> list[CaptionedFigure]:
    courses = mean_courses(report.data, 0)
    if observable(report.design.endpoint).kind == "binary":
        courses = tuple(_after_baseline(course) for course in courses)
    figure = trial_course(courses, outcome_words(report.design), "95 % interval of the mean")
    what = "sequence" if report.design.kind == "crossover" else "arm"
    return [
        CaptionedFigure(
            "trial-flow", consort_flow(report.flow),
            "Flow of patients in the example, as CONSORT asks for it.",
        ),
        CaptionedFigure(
            "trial-course", figure,
            f"The example: mean by {what} of those still in the trial; below, how many they are.",
        ),
    ]  # fmt: skip


def _after_baseline(course: MeanCourse) -> MeanCourse:
    """Without day 0: nobody has responded there."""
    cut = {name: getattr(course, name)[1:] for name in ("day", "mean", "low", "high", "n")}
    return replace(course, **cut)


def _power(report: TrialReport) -> list[CaptionedFigure]:
    if not report.curve:
        return []
    drawn = power_curve(report.curve, report.design.alpha, "patients, all arms together")
    caption = (
        "Share of trials that show a benefit, over the number of patients, with the type I error "
        "of the same design. Power is over what is not known about stimulation: where the effect "
        "may be none, more patients do not bring it to 100 %."
    )
    return [CaptionedFigure("trial-power", drawn, caption)]


def _forest(published: Beside) -> CaptionedFigure:
    endpoint, made = published.endpoint, published.synthesis
    assert endpoint is not None
    assert made is not None
    name = made.effects.measure
    figure = forest(
        published.rows, axis_name(endpoint, name), logarithmic=made.effects.logarithmic,
        favours=favours_published(endpoint), value=SHORT.get(name, name), level=made.pooled.level,
    )  # fmt: skip
    return CaptionedFigure(
        "trial-forest", figure,
        f"Published controlled trials of {endpoint.name} in this condition, and this virtual trial "
        "(blue), which enters no pooled effect. Hollow squares: worked back or holding a derived "
        "number. Grey rows enter no fit.",
    )  # fmt: skip


def _contrast(design: Design) -> str:
    if design.analysis == "change-within":
        return "change from baseline"
    return "active minus comparator"


def _name(design: Design) -> str:
    return "change" if design.analysis == "change-within" else "effect"


def _red(design: Design, true: Floats) -> str:
    """What the red marks are, where there are any."""
    if np.isnan(true).all():
        return ""
    both = "" if _name(design) == "change" else ", had everybody had both treatments"
    return (
        f" Red: the true {_name(design)} in each population of patients{both}; populations differ "
        "in what is not known about stimulation."
    )


def _favours(design: Design) -> tuple[str, str]:
    if design.analysis == "change-within":
        words = ("better than before", "worse than before")
    else:
        words = ("stimulation better", "comparator better")
    return (words[1], words[0]) if higher_is_better(design) else words
