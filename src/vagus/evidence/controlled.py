"""Controlled effects of the shipped trials: which rows, by which way, and what is left out and why.

``endpoints.csv`` names what can be pooled, ``comparisons.csv`` the one comparison per trial that
stands for it, with the reason for the choice. Never pooled: effects that need a recalled number,
open-label shifts and contrasts of two ways of stimulation; only when asked: trials kept for
sensitivity analyses or for context. A change within one arm is no controlled effect at all (see
`vagus.evidence.shifts`).

Signs: active minus control. Mean differences and SMDs are turned so that negative is better (less
pain, fewer days); ratios and differences of risks above 1 or 0 favour stimulation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from vagus.data import read_table
from vagus.errors import InputError
from vagus.evidence.effects import Effects
from vagus.evidence.endpoints import MEASURES, endpoint
from vagus.evidence.overlap import check_overlap, subset_of
from vagus.evidence.study import Study, study_of
from vagus.evidence.tables import EvidenceTable, evidence

ALSO = ("sensitivity", "context")


def controlled_studies(
    key: str,
    *,
    measure: str = "",
    condition: str = "",
    device_class: str = "",
    trials: Sequence[str] = (),
    also: Sequence[str] = (),
    table: EvidenceTable | None = None,
) -> tuple[Study, ...]:
    """Every comparison of the endpoint ``key`` that meets the filters, left-out ones with reasons.

    ``measure``: one of the endpoint's; "" takes its first. ``trials``: keys, all where empty.
    ``also``: `sensitivity`, `context` trials to pool as well. Raises `InputError` for names that
    do not exist and for trials asked for together that share patients.
    """
    asked, table = endpoint(key), table or evidence()
    short = measure or asked.measures[0]
    if short not in asked.measures:
        raise InputError("measure", short, f"{', '.join(asked.measures)} for {key}")
    for extra in also:
        if extra not in ALSO:
            raise InputError("also", extra, ", ".join(ALSO))
    for trial in trials:
        table.trial(trial)
    check_overlap(trials)
    kept = {trial.key for trial in table.find(condition=condition, device_class=device_class)}
    studies = [
        study_of(row, asked, MEASURES[short], also, table)
        for row in read_table("evidence/comparisons.csv")
        if row["endpoint"] == key and row["trial_key"] in kept
        and (not trials or row["trial_key"] in trials)
    ]  # fmt: skip
    return _without_overlap(studies)


def controlled_effects(
    key: str,
    *,
    measure: str = "",
    condition: str = "",
    device_class: str = "",
    trials: Sequence[str] = (),
    also: Sequence[str] = (),
) -> Effects:
    """Effects of the endpoint ``key`` that may be pooled; labels are trial keys.

    Arguments and errors as `controlled_studies`; `InputError` also where nothing remains, with the
    reason for every comparison left out.
    """
    return effects_of(
        controlled_studies(
            key, measure=measure, condition=condition, device_class=device_class, trials=trials,
            also=also,
        )
    )  # fmt: skip


def effects_of(studies: Sequence[Study]) -> Effects:
    """The pooled ones among ``studies`` as `Effects`.

    Raises `InputError` where none is left (with all reasons) or where trials share patients.
    """
    used = [study for study in studies if study.pooled]
    if not used:
        reasons = "; ".join(f"{study.trial}: {study.left_out}" for study in studies)
        raise InputError(
            "effects", "none", "at least one controlled effect without recalled numbers",
            f"Left out: {reasons}." if reasons else "No comparison meets the filters.",
        )  # fmt: skip
    check_overlap([study.trial for study in used])
    return Effects(
        used[0].measure,
        np.array([study.y for study in used]),
        np.array([study.v for study in used]),
        tuple(study.trial for study in used),
        tuple(study.method for study in used),
    )


def _without_overlap(studies: Sequence[Study]) -> tuple[Study, ...]:
    """A subset is left out where the whole trial is pooled for the same endpoint."""
    pooled = {study.trial for study in studies if study.pooled}
    return tuple(_beside(study, pooled) for study in studies)


def _beside(study: Study, pooled: set[str]) -> Study:
    overlap = subset_of(study.trial)
    if not study.pooled or overlap is None or overlap.whole not in pooled:
        return study
    return replace(study, left_out=f"subset of {overlap.whole}: {overlap.reason}")
