"""What the evidence page shows: a synthesis as rows of figures, tables and plain words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vagus.evidence.endpoints import Endpoint
from vagus.evidence.published import Rebuilt
from vagus.evidence.study import Study
from vagus.evidence.synthesis import Synthesis
from vagus.evidence.tables import Source, Trial, evidence
from vagus.evidence.words import DIFFERENCE, RATIO, SHORT, Verdict
from vagus.report.content import CaptionedFigure, Fact
from vagus.report.figures.forest import ForestRow, forest
from vagus.report.figures.funnel import FunnelPoint, funnel


@dataclass(frozen=True, eq=False)
class EvidenceReport:
    """One page: ``synthesis``; ``asked``: filters in words; ``rebuilt``: published estimates of
    the endpoint beside the shipped rows pooled again; ``run``: versions."""

    synthesis: Synthesis
    asked: str
    rebuilt: Sequence[Rebuilt] = ()
    run: Sequence[Fact] = ()


def forest_rows(synthesis: Synthesis) -> list[ForestRow]:
    """Studies with weights, the pooled row, then what is left out but has numbers, in grey.

    Further rows (a virtual trial, say) may be put among them before `forest` draws.
    """
    pooled = synthesis.pooled
    rows = [
        ForestRow(study.name, study.y, *study.interval(pooled.level), weight=float(weight),
                  hollow=is_hollow(study), note=study.method)
        for study, weight in zip(synthesis.used, pooled.weights, strict=True)
    ]  # fmt: skip
    if pooled.k > 1:
        p = pooled.prediction
        rows.append(
            ForestRow("pooled", pooled.estimate, pooled.low, pooled.high, kind="pooled",
                      note=f"prediction interval ({p.definition})", prediction=(p.low, p.high))
        )  # fmt: skip
    rows += [
        ForestRow(study.name, study.y, *study.interval(pooled.level), kind="excluded",
                  note=_why(study, synthesis))
        for study in synthesis.left_out if study.known
    ]  # fmt: skip
    return rows


def _why(study: Study, synthesis: Synthesis) -> str:
    """Why it is left out; which outcome, where another one of the same trial is pooled."""
    beside = study.trial in synthesis.effects.labels
    return f"{study.outcome}: {study.left_out}" if beside else study.left_out


def is_hollow(study: Study) -> bool:
    """Whether an effect was worked back, or holds a derived number."""
    return study.approximate or "derived" in study.marks


def axis_name(endpoint: Endpoint, measure: str) -> str:
    """The effect in words with its unit."""
    if measure == "MD":
        return f"difference ({endpoint.md_unit})"
    return RATIO.get(measure) or DIFFERENCE[measure]


def favours(endpoint: Endpoint) -> tuple[str, str]:
    """Words for the left and the right of no effect."""
    words = ("stimulation better", "control better")
    return words if endpoint.better == "lower" else (words[1], words[0])


def evidence_figures(synthesis: Synthesis) -> list[CaptionedFigure]:
    """Forest plot; funnel plot from 3 trials on."""
    endpoint, effects = synthesis.endpoint, synthesis.effects
    axis = axis_name(endpoint, effects.measure)
    log = effects.logarithmic
    drawn = [
        CaptionedFigure(
            "evidence-forest",
            forest(forest_rows(synthesis), axis, logarithmic=log, favours=favours(endpoint),
                   value=SHORT.get(effects.measure, effects.measure),
                   level=synthesis.pooled.level),
            f"{endpoint.name.capitalize()}: {endpoint.note}. Area of a square: weight in the "
            "pooled effect. Hollow squares: worked back from p values, medians or percentages, or "
            "holding a derived number. Arrows: the interval goes on. Grey rows enter no fit.",
        )
    ]  # fmt: skip
    if effects.k >= 3:
        text = (
            "Effects against their standard errors. In the absence of bias and heterogeneity 95 % "
            "of trials lie in the darker region around the pooled estimate. With so few trials "
            "asymmetry can hardly be told from chance."
        )
        figure = funnel(funnel_points(synthesis), synthesis.pooled.estimate, axis, logarithmic=log)
        drawn.append(CaptionedFigure("evidence-funnel", figure, text))
    return drawn


def funnel_points(synthesis: Synthesis) -> list[FunnelPoint]:
    """The trials pooled, and those that trim and fill would add."""
    effects = synthesis.effects
    points = [
        FunnelPoint(study.name, study.y, math.sqrt(study.v), hollow=is_hollow(study))
        for study in synthesis.used
    ]
    if synthesis.filled is not None:
        whole = synthesis.filled.filled
        points += [
            FunnelPoint(whole.labels[i], float(whole.y[i]), float(whole.se[i]), filled=True)
            for i in range(effects.k, whole.k)
        ]
    return points


def trials_of(synthesis: Synthesis) -> tuple[Trial, ...]:
    """Trials among the comparisons, each once, in order."""
    keys = dict.fromkeys(study.trial for study in synthesis.studies)
    return tuple(evidence().trial(key) for key in keys)


def sources_of(synthesis: Synthesis, said: Sequence[Verdict]) -> tuple[Source, ...]:
    """Sources of every number used and of the verdicts, by key."""
    keys = {cell.source for study in synthesis.studies for _, cell in study.cells if cell.source}
    keys |= {trial.line["source_key"] for trial in trials_of(synthesis)}
    keys |= {key for verdict in said for key in verdict.sources}
    return tuple(evidence().sources[key] for key in sorted(keys, key=str.lower))
