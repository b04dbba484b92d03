"""The `trial` section of a study file as a design.

The section comes as plain values (`vagus.study_trial.Trial` as a mapping), so that nothing here
knows how a file is read. Active arms are stimulated from day 0 to the end of the study's duration;
a crossover in one of its two periods; after enriched withdrawal's open lead-in, in which all are
stimulated, only the arms that are active.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, cast

from vagus.body.conditions import condition
from vagus.patient.observables import observable
from vagus.patient.regimen import Knowledge, Regimen
from vagus.patient.screening import Entry
from vagus.protocol.schedule import DAY_S
from vagus.trial.design import ANALYSES, Arm, Design, DropOut, Kind, Looks, Rescue, Strata
from vagus.trial.effect import COMPARATORS
from vagus.trial.estimand import MISSING, RESCUE, STOPPING, Estimand, Strategy, default_estimand
from vagus.trial.sequential import plan_of

Values = Mapping[str, Any]
# How the section calls the events after randomisation.
EVENTS = {"stopping": STOPPING, "rescue": RESCUE, "missed_sessions": MISSING}


def design_from_section(
    section: Values, condition_key: str, duration_s: float, title: str = ""
) -> Design:
    """The design that ``section`` describes, for a condition and a study of ``duration_s``.

    ``section`` has the fields of `vagus.study_trial.Trial` by their Python names, nested mappings
    for its parts, and None for what the file leaves out. Raises `InputError` as `Design` does, and
    what `vagus.trial.sequential.boundaries` raises for looks that cannot be.
    """
    kind = cast(Kind, section["kind"])
    recall_d = section["recall_d"] or condition(condition_key).recall_d
    arms = tuple(
        Arm(name, arm["role"], arm["n"], _regimen(name, arm, section, duration_s / DAY_S))
        for name, arm in section["arms"].items()
    )
    looks, rescue = section["looks"], section["rescue"]
    design = Design(
        title=title or f"{kind} trial in {condition(condition_key).name}",
        condition=condition_key,
        endpoint=section["endpoint"],
        kind=kind,
        arms=arms,
        visits_d=tuple(section["visits_d"]),
        estimand=_estimand(section, condition_key),
        run_in_d=section["run_in_d"] or recall_d,
        entry=Entry(**section["entry"]),
        recall_d=recall_d,
        alpha=section["alpha"],
        sides=section["sides"],
        responder_share=section["responder_share"],
        strata=Strata(**{k: tuple(v) for k, v in section["strata"].items()}),
        looks=_looks(looks) if looks is not None else None,
        drop_out=DropOut(**section["drop_out"]),
        rescue=Rescue(**rescue) if rescue is not None else None,
        analysis=section["analysis"] or ANALYSES[kind][0],
        adherence=section["adherence"],
        period_d=section["period_d"] or 0.0,
        washout_d=section["washout_d"] or 0.0,
        lead_in_d=section["lead_in_d"] or 0.0,
    )
    plan_of(design)
    return design


def _looks(looks: Values) -> Looks:
    return Looks(tuple(looks["information"]), looks["efficacy"], tuple(looks["futility_z"]))


def _regimen(name: str, arm: Values, section: Values, duration_d: float) -> Regimen:
    """What one arm gets; its days of stimulation are whole, as cohorts are simulated by the day."""
    active, untreated = arm["role"] == "active", arm["role"] == "untreated"
    end = float(math.ceil(duration_d))
    spans = ((0.0, end),) if active else ()
    if section["kind"] == "crossover":
        length, washout = section["period_d"] or 0.0, section["washout_d"] or 0.0
        first = (0.0, length)
        spans = (first,) if active else ((length + washout, 2 * length + washout),)
    elif section["kind"] == "enriched-withdrawal" and not active:
        spans = ((0.0, section["lead_in_d"] or 0.0),)
    # Who goes untreated only for a time knows when: blinding would need a sham.
    usual = ("open" if spans else "untreated") if untreated else "blinded"
    knows = arm["knows"] or usual
    return Regimen(name, spans, cast(Knowledge, knows), arm["background"])


def _compared(section: Values) -> str:
    """The treatments that are compared; the arms of a crossover are sequences of them."""
    roles = {name: arm["role"] for name, arm in section["arms"].items()}
    name_of = {role: name for name, role in reversed(roles.items())}
    found = [role for role in ("active", *COMPARATORS) if role in name_of]
    words = [name_of[role] for role in found]
    if section["kind"] == "crossover":
        words = ["stimulation" if role == "active" else role for role in found]
    return " against ".join(words[: 1 if section["analysis"] == "change-within" else 2])


def _estimand(section: Values, condition_key: str) -> Estimand:
    """The estimand of the design in words, with the strategies that the section asks for."""
    who = condition(condition_key)
    seen = observable(section["endpoint"])
    entry, analysis = section["entry"], section["analysis"] or ANALYSES[section["kind"]][0]
    limits = [
        f"{words} {entry[name]:g} {who.unit}"
        for name, words in (("at_least", "at least"), ("at_most", "at most"))
        if entry[name] is not None
    ]
    population = f"adults with {who.name}"
    if limits:
        population += f" who rate {' and '.join(limits)} in the run-in"
    day = section["visits_d"][-1]
    variable = f"{seen.name} on day {day:g}"
    binary = seen.kind == "binary"
    if analysis == "responder" and not binary:
        share = f"{100 * section['responder_share']:g} %"
        variable = f"improvement of {seen.name} by at least {share} on day {day:g}"
    found = default_estimand(
        section["kind"], analysis, population, _compared(section), variable, binary=binary
    )
    asked = {
        event: cast(Strategy, section["estimand"][name])
        for name, event in EVENTS.items()
        if section["estimand"][name] is not None
    }
    return found.having(asked)
