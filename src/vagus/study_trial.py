"""The `trial` section of a study file: a virtual trial of what the study does (`vagus trial run`).

Active arms are stimulated as the study is, from randomisation to the end of its duration. Numbers
on the endpoint's scale (entry, cuts, rescue) have its unit and are written without one. What fields
say together is checked in `trial_problems`, so that `vagus check` can name the line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from vagus.errors import InputError
from vagus.study_quantity import QuantityIn, Section, problem
from vagus.study_text import Keys, Problem

SECTION = "trial"
TrialKind = Literal["parallel", "crossover", "enriched-withdrawal", "n-of-1"]
TrialAnalysis = Literal["mmrm", "ancova", "responder", "crossover", "n-of-1", "change-within"]
TrialRole = Literal["active", "sham", "untreated", "control"]
StrategyName = Literal[
    "treatment policy", "hypothetical", "composite", "while on treatment", "principal stratum"
]
# What can be done with the ratings of each kind of trial; the first is taken if none is named.
ANALYSES: dict[TrialKind, tuple[TrialAnalysis, ...]] = {
    "parallel": ("mmrm", "ancova", "responder", "change-within"),
    "enriched-withdrawal": ("mmrm", "ancova", "responder"),
    "crossover": ("crossover",),
    "n-of-1": ("n-of-1",),
}
# Lengths that a kind of trial needs; with any other they mean nothing and are refused.
LENGTHS: dict[str, tuple[TrialKind, ...]] = {
    "period": ("crossover",),
    "washout": ("crossover", "n-of-1"),
    "lead_in": ("enriched-withdrawal",),
}
NEEDED: dict[str, TrialKind] = {"period": "crossover", "lead_in": "enriched-withdrawal"}
DAY_S = 86_400.0
# As in `vagus.trial.design`, which says why.
MOST_PAIRS = 5
LEAST_ALPHA = 1e-12
BOTH_TO_EACH: tuple[TrialKind, ...] = ("crossover", "n-of-1")  # patients have both treatments
LEAST_OF_ARM = 2  # patients per arm at the first look: with one there is no spread


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _some(items: Any) -> Any:
    """Not empty; after the items are read, as pydantic counts only those that are good."""
    if not items:
        raise problem("one or more")
    return items


Days = Annotated[float, QuantityIn("d", "4 weeks", above_minimum=True)]
Gap = Annotated[float, QuantityIn("d", "2 weeks")]
Share = Annotated[float, Field(gt=0, lt=1)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class TrialArm(Section):
    """One arm; ``knows`` None: `untreated` where nothing is given, else `blinded`.

    Of a crossover the role says what comes first, of an n-of-1 trial what the period holds.
    """

    role: TrialRole
    n: int = Field(ge=1, le=100_000)
    knows: Literal["blinded", "open", "untreated"] | None = None
    background: str = ""


class TrialEntry(Section):
    """Who is admitted, by the rating of the run-in in the unit of the condition's outcome."""

    at_least: Finite | None = None
    at_most: Finite | None = None


class TrialStrata(Section):
    """Stratified permuted blocks; no sizes: twice the smallest that holds the arms."""

    baseline_cuts: tuple[Finite, ...] = ()
    block_sizes: tuple[Annotated[int, Field(ge=2, le=1000)], ...] = ()


class TrialLooks(Section):
    """Group-sequential plan: shares of the final information, rising to 1, and boundaries."""

    information: Annotated[tuple[Annotated[float, Field(gt=0, le=1)], ...], AfterValidator(_some)]
    efficacy: Literal["obrien-fleming", "pocock", "lan-demets-obf", "lan-demets-pocock"]
    futility_z: tuple[Finite, ...] = ()


class TrialDropOut(Section):
    """Logistic hazard of leaving at each visit."""

    per_visit: float = Field(default=0.0, ge=0, lt=1)
    log_odds_pain: Finite = 0.0
    log_odds_side_effects: Finite = 0.0


class TrialRescue(Section):
    """Other treatment for those who rate at least ``at_least``; shifts later ratings [SD]."""

    at_least: Finite
    probability: float = Field(ge=0, le=1)
    effect_SD: Finite = Field(alias="effect")


class TrialEstimand(Section):
    """Strategies for intercurrent events; None: what the analysis carries out."""

    stopping: StrategyName | None = None
    rescue: StrategyName | None = None
    missed_sessions: StrategyName | None = None


class Trial(Section):
    """A virtual trial. ``analysis`` None: the first of `ANALYSES`; ``recall_d`` and ``run_in_d``
    None: the condition's recall period.

    ``populations``, ``patients``: of the cohort that trials draw from; ``replicates``: trials.
    """

    kind: TrialKind = "parallel"
    endpoint: str
    arms: Annotated[
        dict[str, TrialArm],
        AfterValidator(_some),
        WithJsonSchema({"type": "object", "examples": [{"active": {"role": "active", "n": 60}}]}),
    ]
    visits_d: Annotated[
        tuple[Days, ...], BeforeValidator(_as_tuple), AfterValidator(_some), Field(alias="visits")
    ]
    run_in_d: Days | None = Field(default=None, alias="run_in")
    entry: TrialEntry = TrialEntry()
    recall_d: Days | None = Field(default=None, alias="recall")
    alpha: Share = 0.05
    sides: Literal[1, 2] = 2
    responder_share: Share = 0.5
    strata: TrialStrata = TrialStrata()
    looks: TrialLooks | None = None
    drop_out: TrialDropOut = TrialDropOut()
    rescue: TrialRescue | None = None
    analysis: TrialAnalysis | None = None
    estimand: TrialEstimand = TrialEstimand()
    adherence: float = Field(default=1.0, gt=0, le=1)
    period_d: Days | None = Field(default=None, alias="period")
    washout_d: Gap | None = Field(default=None, alias="washout")
    lead_in_d: Days | None = Field(default=None, alias="lead_in")
    populations: int = Field(default=40, ge=1, le=1000)
    patients: int = Field(default=50, ge=2, le=100_000)
    replicates: int = Field(default=1000, ge=1, le=1_000_000)


def trial_problems(
    given: dict[str, Any], trial: Trial, condition: str | None, duration_s: float, horizon_s: float
) -> Iterator[Problem]:
    """What the fields of the section, ``given`` as written, say together and with the study."""
    if condition is None:
        fix = "Say who is treated, for example `patient: {condition: migraine}`."
        yield Problem(("patient", "condition"), "missing", "a condition, for a trial", fix)
        return
    yield from _endpoint_problems(trial, condition)
    yield from _entry_problems(trial, condition)
    yield from _visit_problems(given, trial, horizon_s)
    yield from _whole_day_problems(given, trial)
    yield from _length_problems(given, trial, duration_s)
    yield from _arm_problems(trial)
    yield from _number_problems(given, trial)


def _endpoint_problems(trial: Trial, condition: str) -> Iterator[Problem]:
    from vagus.patient.observables import check_endpoint, observable  # scipy: not at every start

    keys, allowed = (SECTION, "analysis"), ANALYSES[trial.kind]
    if trial.analysis is not None and trial.analysis not in allowed:
        yield Problem(keys, trial.analysis, f"{', '.join(allowed)} for `{trial.kind}`")
    try:
        check_endpoint(condition, trial.endpoint)
    except InputError as error:
        yield Problem((SECTION, "endpoint"), error.value, error.allowed, error.fix)
        return
    if observable(trial.endpoint).kind != "binary":
        return
    if trial.analysis != "responder":
        said = trial.analysis or allowed[0]
        fix = "Write `analysis: responder`, or take another endpoint."
        yield Problem(keys, said, f"`responder` for `{trial.endpoint}`, which is yes or no", fix)
    if trial.rescue is not None:
        what = f"with `{trial.endpoint}`, which is yes or no"
        none = "none, as there is no rating that allows rescue"
        fix = "Leave `rescue` out, or take a rating as the endpoint."
        yield Problem((SECTION, "rescue"), what, none, fix)


def _entry_problems(trial: Trial, condition: str) -> Iterator[Problem]:
    """Limits that nobody meets."""
    from vagus.body.conditions import condition as of

    scale, entry = of(condition), trial.entry
    allowed = f"on the scale of {scale.low:g} to {scale.high:g} {scale.unit}"
    fix = "Nobody rates so."
    if entry.at_least is not None and entry.at_least > scale.high:
        yield Problem((SECTION, "entry", "at_least"), entry.at_least, allowed, fix)
    if entry.at_most is not None and entry.at_most < scale.low:
        yield Problem((SECTION, "entry", "at_most"), entry.at_most, allowed, fix)


def _visit_problems(given: dict[str, Any], trial: Trial, horizon_s: float) -> Iterator[Problem]:
    days, written = trial.visits_d, given["visits"]
    shown = written if isinstance(written, list) else [written]
    start = trial.lead_in_d or 0.0
    for i, (before, day) in enumerate(pairwise((start, *days))):
        keys = (SECTION, "visits", i)
        if day <= before:
            fix = "Sort the visits; each has its own day, after randomisation."
            yield Problem(keys, shown[i], f"later than day {before:g}", fix)
        elif day * DAY_S > horizon_s * (1 + 1e-12):
            fix = "Lengthen `stimulation.duration` or `body.follow_up`."
            allowed = f"up to day {horizon_s / DAY_S:g}, when the study ends"
            yield Problem(keys, shown[i], allowed, fix)
    if trial.kind == "n-of-1" and (len(days) % 2 or not 4 <= len(days) <= 2 * MOST_PAIRS):
        fix = "Each visit ends a period; an active and a control period are a pair."
        allowed = f"an even number of periods, 4 to {2 * MOST_PAIRS}"
        yield Problem((SECTION, "visits"), f"{len(days)} periods", allowed, fix)
    if trial.kind == "crossover" and trial.period_d is not None:
        second = trial.period_d + (trial.washout_d or 0.0)
        end = second + trial.period_d
        for i, day in enumerate(days):
            if trial.period_d < day <= second or day > end:
                allowed = f"up to day {trial.period_d:g}, or after {second:g} up to {end:g}"
                yield Problem((SECTION, "visits", i), shown[i], allowed, "Visit in the periods.")
        if days[0] > trial.period_d or days[-1] <= second:
            yield Problem((SECTION, "visits"), f"{len(days)}", "visits in both periods")


def _whole_day_problems(given: dict[str, Any], trial: Trial) -> Iterator[Problem]:
    """Courses of virtual patients are by the day."""
    names = ("run_in", "recall", "period", "washout", "lead_in")
    found: list[tuple[Keys, Any, float]] = [
        ((SECTION, name), given.get(name), getattr(trial, f"{name}_d") or 0.0) for name in names
    ]
    written = given["visits"] if isinstance(given["visits"], list) else [given["visits"]]
    visits = zip(written, trial.visits_d, strict=True)
    found += [((SECTION, "visits", i), text, day) for i, (text, day) in enumerate(visits)]
    for keys, text, days in found:
        if abs(days - round(days)) > 1e-9:
            fix = f"Write `{max(round(days), 1)} days`."
            yield Problem(keys, text, "whole days", fix)


def _length_problems(given: dict[str, Any], trial: Trial, duration_s: float) -> Iterator[Problem]:
    for name, kinds in LENGTHS.items():
        if name in given and trial.kind not in kinds:
            fix = f"It belongs to `kind: {kinds[0]}`."
            yield Problem((SECTION, name), given[name], f"nothing for `{trial.kind}`", fix)
    for name, kind in NEEDED.items():
        if trial.kind == kind and name not in given:
            yield Problem((SECTION, name), "missing", "a time such as `4 weeks`", f"For `{kind}`.")
    if trial.period_d is not None and trial.kind == "crossover":
        end = 2 * trial.period_d + (trial.washout_d or 0.0)
        if end * DAY_S > duration_s * (1 + 1e-12):
            allowed = f"two periods and a washout within {duration_s / DAY_S:g} days"
            fix = "Lengthen `stimulation.duration`: the second period is stimulated too."
            yield Problem((SECTION, "period"), given["period"], allowed, fix)


def _arm_problems(trial: Trial) -> Iterator[Problem]:
    from vagus.patient.background import check_background

    keys, roles = (SECTION, "arms"), [arm.role for arm in trial.arms.values()]
    names = ", ".join(trial.arms)
    others = [role for role in roles if role != "active"]
    if "active" not in roles:
        yield Problem(keys, names, "an active arm", "Give one arm `role: active`.")
    if trial.analysis != "change-within" and not others:
        fix = "Add one, or write `analysis: change-within`."
        yield Problem(keys, names, "an arm to compare with: sham, control or untreated", fix)
    if trial.kind == "crossover" and len(roles) != 2:
        fix = "One arm has active treatment first, the other its comparator."
        yield Problem(keys, names, "two sequences", fix)
    if trial.kind == "n-of-1" and [arm.n for arm in trial.arms.values()] != [1, 1]:
        fix = "The one patient has both treatments in turn."
        yield Problem(keys, names, "two treatments with `n: 1` each", fix)
    if trial.kind in BOTH_TO_EACH and len(roles) == 2:
        yield from _in_turn_problems(trial)
    for name, arm in trial.arms.items():
        try:
            check_background(arm.background)
        except InputError as error:
            yield Problem((*keys, name, "background"), error.value, error.allowed, error.fix)
        if arm.n < 2 and trial.kind != "n-of-1":
            fix = "One patient has no spread; `kind: n-of-1` is the design for one."
            yield Problem((*keys, name, "n"), arm.n, "at least 2", fix)
        if arm.knows == "untreated" and arm.role == "active":
            fix = "Write `open` for people who know that they are stimulated."
            yield Problem((*keys, name, "knows"), arm.knows, "blinded, open", fix)


def _in_turn_problems(trial: Trial) -> Iterator[Problem]:
    """Patients of these kinds have both treatments: what they know and have besides is one."""
    first, second = trial.arms.values()
    keys = (SECTION, "arms", list(trial.arms)[1])
    fix = "Compare what differs so in a `parallel` trial."
    allowed = f"the same in both arms, as `{trial.kind}` gives both to each patient"
    if "untreated" in (first.role, second.role, first.knows, second.knows):
        names = ", ".join(trial.arms)
        yield Problem((SECTION, "arms"), names, f"sham or control beside active: {allowed}", fix)
        return
    if (first.knows or "blinded") != (second.knows or "blinded"):
        yield Problem((*keys, "knows"), second.knows or "missing", allowed, fix)
    if first.background != second.background:
        yield Problem((*keys, "background"), second.background or "missing", allowed, fix)


def _number_problems(given: dict[str, Any], trial: Trial) -> Iterator[Problem]:
    """Cuts and entry in order, looks that rise to 1, a level that can be spent."""
    entry, cuts = trial.entry, trial.strata.baseline_cuts
    if entry.at_least is not None and entry.at_most is not None and entry.at_most < entry.at_least:
        allowed = f"at least `at_least`, {entry.at_least:g}"
        yield Problem((SECTION, "entry", "at_most"), entry.at_most, allowed)
    if any(b <= a for a, b in pairwise(cuts)):
        keys = (SECTION, "strata", "baseline_cuts")
        yield Problem(keys, given["strata"]["baseline_cuts"], "values that rise", "Sort them.")
    if trial.alpha / trial.sides >= 0.5:
        yield Problem((SECTION, "alpha"), trial.alpha, "below 0.5 on each side")
    elif trial.alpha < LEAST_ALPHA:
        yield Problem((SECTION, "alpha"), trial.alpha, f"{LEAST_ALPHA:g} or more")
    if trial.looks is not None:
        yield from _look_problems(trial, trial.looks)


def _look_problems(trial: Trial, looks: TrialLooks) -> Iterator[Problem]:
    """Looks that rise to 1, the first with patients in every arm."""
    if trial.kind == "n-of-1":
        allowed = "none for `n-of-1`, which has one patient"
        yield Problem((SECTION, "looks"), "given", allowed, "Leave `looks` out.")
        return
    share = looks.information
    if any(b <= a for a, b in pairwise((0.0, *share))) or share[-1] != 1:
        fix = "Give the share of the final information at each look, such as [0.5, 1]."
        yield Problem((SECTION, "looks", "information"), list(share), "shares that rise to 1", fix)
        return
    patients = sum(arm.n for arm in trial.arms.values())
    first, least = math.ceil(share[0] * patients - 1e-9), LEAST_OF_ARM * len(trial.arms)
    if first < least and patients >= least:
        fix = f"Look for the first time at {least / patients:.2g} of the information, or later."
        allowed = f"{least} patients or more at the first look, not {first}"
        yield Problem((SECTION, "looks", "information"), list(share), allowed, fix)
    if looks.futility_z and len(looks.futility_z) != len(share) - 1:
        keys = (SECTION, "looks", "futility_z")
        allowed = f"{len(share) - 1} values, one per look but the last"
        yield Problem(keys, list(looks.futility_z), allowed, "The last look decides.")
