"""A made-up assessment for the tests of the credibility page: nothing in it is a finding."""

from __future__ import annotations

from dataclasses import replace

from course_samples import make_validation_report

from vagus.credibility.applicability import Applicability, Light
from vagus.credibility.audit import AuditedParameter
from vagus.credibility.calibration import Calibrated
from vagus.credibility.cards import ModelCard
from vagus.credibility.context import ContextOfUse, UserRisk
from vagus.credibility.evidence_link import Evidence
from vagus.credibility.rubric import Factor, Rule
from vagus.credibility.sensitivity import Influence, Sensitivity
from vagus.credibility.verification import Check
from vagus.report.content import Fact
from vagus.report.credibility_content import CredibilityReport

NAN = float("nan")


def light(dimension: str, colour: str) -> Light:
    """One light; text that html must escape."""
    return Light(
        dimension, "12 weeks & 3 < 4 sessions", "8 weeks, 2 trials", colour,  # type: ignore[arg-type]
        f"{dimension} is {colour} here", "doi:10.1000/light",
    )  # fmt: skip


def place(*colours: str) -> Applicability:
    """Lights of these colours; overall the worst."""
    names = ("device and waveform", "condition", "outcome", "duration", "dose a day",
             "patients", "recruitment", "comparator")  # fmt: skip
    lights = tuple(light(name, c) for name, c in zip(names, colours, strict=False))
    order = ("red", "amber", "green")
    told = ["amber" if c == "grey" else c for c in colours]
    worst = min(told, key=order.index)
    return Applicability(lights, worst, "Nothing like it was validated.")  # type: ignore[arg-type]


def influence(n: int, total: float, mark: str = "assumed", reaches: bool = True) -> Influence:
    """The n-th parameter."""
    return Influence(
        f"k_{n}", "pain", f"gain number {n} of <something>", "1", "lognormal(1, 0.5)",
        "chosen; none is published", mark, 0.8 * total, 0.5 * total, 0.9 * total, total,
        0.8 * total, 1.2 * total, reaches,
    )  # fmt: skip


def route(name: str, total: float) -> Influence:
    """A group of inputs."""
    return replace(
        influence(0, total, ""), symbol=name, organ="", description="k_0, k_1", unit="",
        distribution="", reference="",
    )  # fmt: skip


def sensitivity_of(outcome: str) -> Sensitivity:
    """Twelve parameters, the last of which cannot reach the outcome.

    Two are not assumed, one of them but for its spread; the first six carry a hundredth or more.
    """
    marks = ["seen" if n in (2, 5) else "assumed" for n in range(11)]
    found = [influence(n, 0.4 / (n + 1) ** 2, mark) for n, mark in enumerate(marks)]
    found[2] = replace(found[2], spread="width chosen")
    return Sensitivity(
        outcome, "NRS points", 64, 896, 500, 3, -0.21, 0.34,
        (*found, influence(11, 0.0, reaches=False)), (route("gut", 0.7), route("skin", 0.2)),
        (0.7, 0.5, 0.9), ("gravity", "faraday"), ("route_gut = 1", "link_skin = 0"),
    )  # fmt: skip


def check(key: str, measured: float | None, low: float | None, high: float | None) -> Check:
    """One check of the body."""
    return Check(
        key, "body", "agreement", f"what {key} says", "Radau (scipy)", measured, "1", low, high,
        "computed now" if measured is not None else "not run here", "tests/body/test_x.py",
        "over <two> hours",
    )  # fmt: skip


CHECKS = (
    check("close", 3e-7, None, 1e-6),
    check("order", 2.03, 1.8, 2.2),
    check("elsewhere", None, 3.0, None),
)
EVIDENCE = (
    Evidence("test", "tests/body/test_engine.py", "orders of convergence"),
    Evidence("paper", "doi:10.1186/s12967-020-02540-4", "the rules"),
    Evidence("missing", "a review from outside", "nobody has <yet>"),
)
PARTS = (("fibre", ("seen", "seen", "derived")), ("body", ("assumed", "assumed", "recalled")),
         ("trial", ("not_found", "seen", "assumed")))  # fmt: skip
PARAMETERS = tuple(
    AuditedParameter(
        f"{part}/table.csv", part, f"{part} <{n}>", f"{n}.5", "mV", "", "doi:10.1000/p", mark
    )
    for part, marks in PARTS
    for n, mark in enumerate(marks)
)
CARD = ModelCard(
    "body-pain", "Pain", "body", "what pain does", "drive", "a course", "Someone 2020", "nothing",
    "twelve weeks", "acute pain", EVIDENCE,
)  # fmt: skip


def make_credibility_report() -> CredibilityReport:
    """Every part is there; one check was not run here, none fails."""
    return CredibilityReport(
        title="Neck & migraine",
        context=ContextOfUse(
            "What does it <do> to pain?", ("exploring",), ("choosing a therapy", "a label"),
            "supplementary", "a trial planned too small", "medium", "doi:10.1000/v",
        ),
        cards=(CARD,),
        parameters=PARAMETERS,
        checks=CHECKS,
        calibrations=(Calibrated("sham response", "trial", "Trial A", "by eye", "doi:10.1/a"),),
        validation=make_validation_report().rows,
        draws=200,
        sensitivity=(sensitivity_of("change in the stimulated arm"),
                     sensitivity_of("stimulated minus sham")),
        applicability=place("red", "amber", "green", "grey", "red", "amber", "grey"),
        rules=(Rule(1, "Define context clearly", "adequate", "it is", "not reviewed", EVIDENCE),),
        factors=(Factor("Verification", "Software", "b of c: tests", "c", "c", "it is", EVIDENCE),),
        skill="Worse than a <coin>",
        skill_source="docs/predictions.md",
        risks=(UserRisk("trialist", "How <large>?", "some", "much", "medium", "it is", "assumed"),),
        study=(Fact("device", "gammaCore"),),
        run=(Fact("seed", "7"),),
    )  # fmt: skip
