"""Designs and results of virtual trials as printed words and lines of tables."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from vagus.body.conditions import condition
from vagus.evidence.words import plain
from vagus.patient.observables import observable, primary_outcome
from vagus.patient.switches import Switches
from vagus.report.content import Fact
from vagus.trial.design import Arm, Design
from vagus.trial.operating import Estimate
from vagus.trial.periods import windows_d
from vagus.trial.primary import compared

DASH = "–"
POINTS = 100.0
UNITS = {
    "d/28 d": "days per 28 days", "NRS": "NRS points", "DAS28": "DAS28 points", "mm": "mm of 100",
    "points": "points", "ms": "ms", "1": "",
}  # fmt: skip
KINDS = {
    "parallel": "parallel groups", "crossover": "crossover of two periods",
    "enriched-withdrawal": "enriched withdrawal", "n-of-1": "n-of-1: one patient",
}  # fmt: skip
ANALYSES = {
    "mmrm": "mixed model of all visits (MMRM, REML, unstructured covariance, Satterthwaite df); "
    "arms compared at the last visit",
    "ancova": "ANCOVA of the change at the last visit on the baseline, of those who stayed",
    "responder": "difference of the shares that respond at the last visit; who left counts as no "
    "response (interval by Newcombe)",
    "crossover": "difference of the two periods, within patients",
    "n-of-1": "exact randomisation test over all orders of periods that could have been drawn",
    "change-within": "paired t test of the change from baseline in one arm: no comparison",
}
BOUNDARIES = {
    "obrien-fleming": "O'Brien-Fleming", "pocock": "Pocock",
    "lan-demets-obf": "Lan-DeMets spending as O'Brien-Fleming",
    "lan-demets-pocock": "Lan-DeMets spending as Pocock",
}  # fmt: skip
KNOWS = {"blinded": "blinded", "open": "knows that it is treated", "untreated": "knows of none"}
SWITCHES = {
    "natural_course": "natural course of the disease",
    "expectation": "expectation: improvement because something is done",
    "unblinding": "unblinding: what is felt raises expectation (a hypothesis)",
    "visits": "more visits, more expectation",
    "noise": "ratings drift and scatter from day to day",
    "autocorrelation": "one day's rating resembles the next",
    "heaping": "some patients tell round numbers",
    "overdispersion": "counts of days scatter more than chance alone",
}


@dataclass(frozen=True)
class Scale:
    """How an effect is printed: times ``factor``, in ``unit``."""

    factor: float
    unit: str

    def text(self, value: float) -> str:
        """`−0.82 days per 28 days`; zero without a sign."""
        return f"{self.plain(value)} {self.unit}".strip()

    def signed(self, value: float) -> str:
        """As `text`, with a plus for what rises."""
        return f"{'+' if self.factor * value > 0 else ''}{self.text(value)}"

    def plain(self, value: float) -> str:
        """The number alone: points of per cent with one decimal."""
        return _point(value) if self.factor == POINTS else plain(self.factor * value)

    def ends(self, low: float, high: float) -> str:
        """`−1.2 to 0.3`."""
        return f"{self.plain(low)} to {self.plain(high)}"

    def with_error(self, estimate: Estimate) -> str:
        """`−0.82 ± 0.04`: a mean and its Monte Carlo standard error."""
        said = self.plain(estimate.value)
        return said if np.isnan(estimate.se) else f"{said} ± {self.plain(estimate.se)}"


def scale_of(design: Design) -> Scale:
    """The scale on which a design's effect is printed."""
    if design.analysis == "responder" or observable(design.endpoint).kind == "binary":
        return Scale(POINTS, "percentage points")
    unit = observable(design.endpoint).unit
    return Scale(1.0, UNITS.get(unit, unit))


def outcome_words(design: Design) -> str:
    """What is measured, with its unit."""
    found = observable(design.endpoint)
    unit = UNITS.get(found.unit, found.unit)
    return f"{found.name} ({unit})" if unit and unit not in found.name else found.name


def per_cent(share: float) -> str:
    """A share with one decimal."""
    return DASH if np.isnan(share) else f"{_point(share)} %"


def share_with_error(estimate: Estimate) -> str:
    """`12.3 ± 1.0 %`: a share and its Monte Carlo standard error."""
    if np.isnan(estimate.value):
        return DASH
    error = "" if np.isnan(estimate.se) else f" ± {_point(estimate.se)}"
    return f"{_point(estimate.value)}{error} %"


def _point(share: float) -> str:
    """A share in per cent with one decimal, a true minus, no minus before 0.0."""
    return DASH if np.isnan(share) else f"{100 * share:z.1f}".replace("-", "−")


def p_value(p: float) -> str:
    """Three decimals; below 0.001 as such."""
    if np.isnan(p):
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def capital(text: str) -> str:
    """With a capital first letter."""
    return text[:1].upper() + text[1:]


def minus(text: str) -> str:
    """With a true minus before digits."""
    return re.sub(r"(?<![\w.)])-(?=\d)", "−", text)


def unbroken(text: str) -> str:
    """With numbers that stay on the line of their per cent sign."""
    return re.sub(r"(?<=\d) %", "\u00a0%", text)


def design_facts(design: Design) -> list[Fact]:
    """The design, line by line."""
    found = observable(design.endpoint)
    level = "one-sided" if design.sides == 1 else "two-sided"
    rows = [
        ("kind", KINDS[design.kind]),
        ("condition", condition(design.condition).name),
        ("endpoint", f"{outcome_words(design)}; {found.better} is better"),
        *_days(design),
        ("entry", _entry(design)),
        ("randomisation", _strata(design)),
        ("compared", _compared(design)),
        ("test", f"{level}, alpha {design.alpha:g}"),
        ("analysis", ANALYSES[design.analysis]),
        ("response", _response(design)),
        *_events(design),
        *_looks(design),
    ]
    return [Fact(name, value) for name, value in rows if value]


def _days(design: Design) -> list[tuple[str, str]]:
    days = listed([f"{d:g}" for d in design.visits_d])
    spans = windows_d(design)
    lengths = np.unique(spans[1:, 1] - spans[1:, 0])
    rows = [
        ("visits", f"days {days} after day 0; the last one counts"),
        ("run-in", f"{design.run_in_d:g} days"),
        ("a rating is over", f"{listed([f'{x:g}' for x in lengths])} days up to the visit"),
    ]
    if design.lead_in_d:
        said = f"{design.lead_in_d:g} days of open treatment; who responds is randomised"
        rows.insert(0, ("lead-in", said))
    if design.period_d:
        said = f"{design.period_d:g} days each, {design.washout_d:g} days of washout between"
        rows.append(("periods", said))
    return rows


def _entry(design: Design) -> str:
    low, high = design.entry.limits
    rated = f"{observable(primary_outcome(design.condition)).name} in the run-in"
    if np.isfinite(low) and np.isfinite(high):
        return f"{low:g} to {high:g}, {rated}"
    if np.isfinite(low):
        return f"{low:g} or more, {rated}"
    return f"{high:g} or less, {rated}" if np.isfinite(high) else "everybody"


def _strata(design: Design) -> str:
    if design.kind == "n-of-1":
        return "the order of the two treatments is drawn in each pair of periods"
    if len(design.arms) < 2:
        return "none: one arm"
    cuts, sizes = design.strata.baseline_cuts, design.strata.block_sizes
    blocks = f"permuted blocks{f' of {listed([str(s) for s in sizes])}' if sizes else ''}"
    within = f", within strata of the baseline cut at {listed([f'{c:g}' for c in cuts])}"
    return blocks + within * bool(cuts)


def _compared(design: Design) -> str:
    """Which arms the primary analysis compares, where there are more than two."""
    if len(design.arms) < 3:
        return ""
    active, control = (design.arms[k].name for k in compared(design))
    return f"{active} against {control}; other arms are described only"


def _response(design: Design) -> str:
    if design.kind in ("crossover", "n-of-1"):
        return ""
    if observable(design.endpoint).kind == "binary":
        return observable(design.endpoint).name
    return f"improvement of at least {100 * design.responder_share:.0f} % of the baseline"


def _events(design: Design) -> list[tuple[str, str]]:
    d, r = design.drop_out, design.rescue
    leaves = ""
    if d.per_visit:
        leaves = f"{per_cent(d.per_visit)} per visit"
        if d.log_odds_pain:
            leaves += f"; log odds {plain(d.log_odds_pain)} per SD of pain worse than at entry"
        if d.log_odds_side_effects:
            leaves += f"; log odds {plain(d.log_odds_side_effects)} per unit of sensation"
    taken = ""
    if r is not None:
        taken = (
            f"allowed from {r.at_least:g}, taken with {per_cent(r.probability)} per visit, "
            f"shifts later ratings by {plain(r.effect_SD)} SD"
        )
    return [
        ("drop-out", leaves or "none"),
        ("rescue", taken or "none"),
        ("sessions done, expected", per_cent(design.adherence)),
    ]


def _looks(design: Design) -> list[tuple[str, str]]:
    plan = design.looks
    if plan is None:
        return []
    at = listed([f"{100 * t:g}" for t in plan.information])
    futile = f"; futility below z {listed([plain(z) for z in plan.futility_z])}"
    kind = BOUNDARIES[plan.efficacy]
    return [("looks", f"at {at} % of the information, {kind}{futile * bool(plan.futility_z)}")]


def arm_rows(design: Design) -> list[tuple[str, str, str, str, str]]:
    """(name, role, patients, days of stimulation, what they know) of each arm."""
    if design.kind == "n-of-1":
        days = ("in its periods", "never")
        return [
            (a.name, a.role, "the one", days[not a.regimen.stimulated_d], _known(a))
            for a in design.arms
        ]
    return [(a.name, a.role, str(a.n), _stimulated(a), _known(a)) for a in design.arms]


def _stimulated(arm: Arm) -> str:
    spans = [f"{start:g} to {stop:g}" for start, stop in arm.regimen.stimulated_d]
    return listed(spans) or "never"


def _known(arm: Arm) -> str:
    besides = arm.regimen.background.replace("-", " ")
    return f"{KNOWS[arm.regimen.knows]}{f'; besides: {besides}' if besides else ''}"


def switch_rows(switches: Switches) -> list[tuple[str, str]]:
    """(what, on or off) of everything that is not stimulation."""
    return [
        (SWITCHES[f.name], "on" if getattr(switches, f.name) else "off") for f in fields(switches)
    ]
