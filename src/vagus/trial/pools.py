"""What calibration trials found on the whole: the response under sham, and what stimulation added.

Baselines predict from these and from nothing else. Each is a random-effects pool, all conditions
together, on a scale on which trials can be compared:

    change            SD of the endpoint, negative is better
    responder_share   log odds
    event_share       log odds, attacks

A new trial's value is expected as N(b, se^2 + tau^2). Four trials hardly estimate tau, so it is the
REML estimate but at least the spread of the dossier (``between_trial_sd`` of ``scoring.csv``),
turned into log odds by pi / sqrt 3 (Chinn 2000, Stat Med 19:3127).

The pooled effect is too large: a trial that found nothing tends to say so without numbers, and
without numbers it can't enter. `Pool.lacks` names those.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal, get_args

import numpy as np

from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.evidence.cell import Cell
from vagus.evidence.controlled import controlled_studies
from vagus.evidence.effects import Effects
from vagus.evidence.least_squares import weighted_fit
from vagus.evidence.overlap import overlaps
from vagus.evidence.pooled import pool
from vagus.evidence.study import NO_NUMBERS, RECALLED, Study
from vagus.evidence.tables import Line, evidence
from vagus.trial.design import Design
from vagus.trial.endpoint_scale import change_sd, endpoint_sd
from vagus.trial.published import published_trial
from vagus.trial.settings import scoring

Kind = Literal["change", "responder_share", "event_share"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LOGITS_PER_SD = math.pi / math.sqrt(3)
# Endpoints of `vagus.evidence` that say what stimulation added, the first that a trial has; and
# the measure. Attacks of cluster headache are context to migraine, but no more so than here.
_EFFECTS: dict[Kind, tuple[tuple[str, ...], str, tuple[str, ...]]] = {
    "change": (("headache-days", "pain"), "SMD", ()),
    "responder_share": (("responders",), "OR", ()),
    "event_share": (("acute",), "OR", ("context",)),
}


@dataclass(frozen=True)
class Pool:
    """What a new trial is expected to find: N(``estimate``, ``se``^2 + ``tau``^2).

    ``estimate`` in SD or log odds as the module says. ``trials``: keys that entered, ``values``
    and ``errors``: what each gave, on the same scale. ``lacks``: trials that compared the same but
    report no number that could enter.
    """

    kind: Kind
    estimate: float
    se: float
    tau: float
    trials: tuple[str, ...]
    values: tuple[float, ...]
    errors: tuple[float, ...]
    lacks: tuple[str, ...] = ()

    @property
    def sd(self) -> float:
        """SD of what is expected of a new trial."""
        return math.hypot(self.se, self.tau)


@cache
def sham_pool(kind: Kind, without: frozenset[str] = frozenset()) -> Pool | None:
    """Response of sham arms (``sham_responses.csv``) of all calibration trials but ``without``.

    None where no trial is left. `InputError` where a row of the table names no row of the evidence
    or a recalled number.
    """
    out = sharing_patients(without)
    rows = [
        row
        for row in read_table("trial/sham_responses.csv")
        if row["kind"] == kind and row["trial"] not in out
    ]
    found = [_sham_change(row) if kind == "change" else _sham_logit(row) for row in rows]
    return _pooled(kind, tuple(row["trial"] for row in rows), found)


@cache
def effect_pool(kind: Kind, without: frozenset[str] = frozenset()) -> Pool | None:
    """What stimulation added to sham: controlled effects of all calibration trials but ``without``.

    One comparison per trial, those that `vagus.evidence` pools. None where no trial is left.
    """
    out = sharing_patients(without)
    keys, measure, also = _EFFECTS[kind]
    all_of = [
        study
        for key in keys
        for study in controlled_studies(key, measure=measure, also=also)
        if study.trial not in out
    ]
    studies: dict[str, Study] = {}
    for study in all_of:
        if study.pooled:
            studies.setdefault(study.trial, study)
    found = [(study.y, study.v) for study in studies.values()]
    made = _pooled(kind, tuple(studies), found)
    unusable = (s.trial for s in all_of if s.left_out.startswith((NO_NUMBERS, RECALLED)))
    lacks = tuple(trial for trial in dict.fromkeys(unusable) if trial not in studies)
    return None if made is None else replace(made, lacks=lacks)


def sharing_patients(trials: frozenset[str]) -> frozenset[str]:
    """``trials`` and all that share patients with one of them."""
    pairs = [(o.trial, o.whole) for o in overlaps()]
    more = {key for pair in pairs if trials & set(pair) for key in pair}
    return trials | more


def number(line: Line, column: str, where: str) -> float:
    """A number of an evidence row that was seen or derived; `InputError` for another."""
    cell: Cell = line.cell(column)
    if not cell.known or cell.recalled:
        raise InputError(where, cell.provenance or "empty", "a number seen or derived")
    return cell.value


def line_of(trial: str, arm: str, outcome: str, time_point: str, where: str) -> Line:
    """The one evidence row so named; `InputError` where there is none or more."""
    found = [
        line
        for line in evidence().outcomes_of(trial)
        if (line["arm_key"], line["outcome"], line["time_point"]) == (arm, outcome, time_point)
    ]
    if len(found) != 1:
        raise InputError(where, f"{trial}, {arm}: {len(found)} rows", "one row of outcomes.csv")
    return found[0]


def logit_of(events: float, n: float) -> tuple[float, float]:
    """Log odds and variance of ``events`` of ``n``, 0.5 added to each (Haldane 1956)."""
    yes, no = events + 0.5, n - events + 0.5
    return math.log(yes / no), 1 / yes + 1 / no


def _pooled(kind: Kind, trials: tuple[str, ...], found: list[tuple[float, float]]) -> Pool | None:
    if not found:
        return None
    y, v = (np.array(column) for column in zip(*found, strict=True))
    measure = "MD pre-post" if kind == "change" else "log OR"
    least = scoring("between_trial_sd") * (1.0 if kind == "change" else LOGITS_PER_SD)
    tau = max(pool(Effects(measure, y, v, trials)).tau, least) if len(y) > 1 else least
    fit = weighted_fit(y, np.ones((len(y), 1)), 1 / (v + tau**2))
    total = float(fit.w.sum())
    return Pool(
        kind, float(fit.w @ y) / total, 1 / math.sqrt(total), tau, trials,
        tuple(map(float, y)), tuple(map(float, np.sqrt(v))),
    )  # fmt: skip


def _sham(row: Row) -> tuple[Line, str, float]:
    where = f"sham_responses.csv: {row['trial']}, {row['outcome']}"
    line = line_of(row["trial"], row["arm"], row["outcome"], row["time_point"], where)
    return line, where, float(row["n"]) if row["n"] else number(line, "n", where)


def _sham_change(row: Row) -> tuple[float, float]:
    line, where, n = _sham(row)
    design = published_trial(row["trial"]).design
    assert isinstance(design, Design)
    sd = endpoint_sd(design)
    return number(line, row["column"], where) / sd, (change_sd(design) / sd) ** 2 / n


def _sham_logit(row: Row) -> tuple[float, float]:
    line, where, n = _sham(row)
    value = number(line, row["column"], where)
    return logit_of(round(value / 100 * n) if row["column"] == "pct" else value, n)
