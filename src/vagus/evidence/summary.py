"""Trials, rows and syntheses as plain dictionaries, every number with its provenance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from vagus.evidence.cell import Cell
from vagus.evidence.overlap import subset_of
from vagus.evidence.pooled import Pooled
from vagus.evidence.published import Published, Rebuilt
from vagus.evidence.study import Study
from vagus.evidence.synthesis import Synthesis
from vagus.evidence.tables import EvidenceTable, Line, Trial

Plain = dict[str, Any]


def cell_summary(cell: Cell) -> Plain | None:
    """Value, provenance and source; None for an empty cell."""
    return asdict(cell) if cell.known else None


def line_summary(line: Line) -> Plain:
    """One row: texts and numbers by column."""
    return dict(line.text) | {name: cell_summary(cell) for name, cell in line.cells.items()}


def trial_summary(trial: Trial) -> Plain:
    """One row of trials."""
    return {"key": trial.key, "name": trial.name, "control": trial.control} | line_summary(
        trial.line
    )


def detail_summary(trial: Trial, table: EvidenceTable) -> Plain:
    """A trial with its arms, outcomes and adverse events."""
    overlap = subset_of(trial.key)
    return trial_summary(trial) | {
        "arms": [line_summary(line) for line in trial.arms],
        "outcomes": [line_summary(line) for line in table.outcomes_of(trial.key)],
        "adverse_events": [line_summary(line) for line in table.adverse_events_of(trial.key)],
        "subset_of": overlap.whole if overlap else None,
    }


def published_summary(one: Published) -> Plain:
    """A published pooled estimate."""
    cells = {name: cell_summary(getattr(one, name)) for name in ("estimate", "low", "high", "i2")}
    return asdict(one) | cells | {"controlled": one.controlled}


def synthesis_summary(made: Synthesis, beside: Sequence[Rebuilt] = ()) -> Plain:
    """Studies with cells and weights, what is pooled, and published estimates beside it."""
    egger, begg, filled = made.egger, made.begg, made.filled
    weights = dict(zip(made.used, made.pooled.weights.tolist(), strict=True))
    return {
        "endpoint": made.endpoint.key,
        "measure": made.pooled.measure,
        "sign": made.endpoint.note,
        "studies": [_study(study, weights.get(study)) for study in made.studies],
        "pooled": _pooled(made.pooled)
        | {"tau2_interval": made.tau2_interval and made.tau2_interval.tau2},
        "egger": egger and asdict(egger),
        "begg": begg and asdict(begg),
        "trim_and_fill": filled
        and {"k0": filled.k0, "side": filled.side, **_bounds(filled.pooled)},
        "leave_one_out": [
            {"without": left.label, "tau2": left.pooled.tau2, **_bounds(left.pooled)}
            for left in made.without
        ],
        "published": [_rebuilt(one) for one in beside],
        "cautions": made.cautions,
    }


def _study(study: Study, weight: float | None) -> Plain:
    cells = {name: cell_summary(cell) for name, cell in study.cells}
    return asdict(study) | {"cells": cells, "marks": study.marks, "weight": weight}


def _pooled(pooled: Pooled) -> Plain:
    names = ("se", "p", "df", "test", "tau2", "tau2_method", "i2", "h2", "q", "q_p", "k", "level")
    return (
        _bounds(pooled)
        | {name: getattr(pooled, name) for name in names}
        | {"prediction": asdict(pooled.prediction)}
    )


def _bounds(pooled: Pooled) -> Plain:
    return {"estimate": pooled.estimate, "low": pooled.low, "high": pooled.high}


def _rebuilt(one: Rebuilt) -> Plain:
    known = one.published
    return {
        "key": known.key,
        "published": {
            name: cell_summary(getattr(known, name)) for name in ("estimate", "low", "high")
        },
        "rebuilt": {"estimate": one.estimate, "low": one.low, "high": one.high},
        "trials": one.trials,
        "missing": one.missing,
    }
