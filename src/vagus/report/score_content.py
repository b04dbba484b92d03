"""What the page of predictions and scores shows: frozen predictions, and their scores if any."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vagus.report.content import CaptionedFigure
from vagus.report.figures.score import (
    LEAST_PITS,
    coverage_figure,
    mean_scores,
    places_figure,
    prediction_intervals,
)
from vagus.trial.frozen import SIMULATOR, Prediction
from vagus.trial.results import CONTRAST, POOLED
from vagus.trial.score import NAMES, TO_BEAT, Scored, ScoreTable
from vagus.trial.scores import LEVELS

COMPARED = (SIMULATOR, *TO_BEAT)
ALL = "All results"
WITH_PILOT = "Results with an open-label pilot"
FREE = "Results of trials that shaped no prior"
MEANS = "Each trial weighs the same. Arms of one trial hang together: count trials, not results."


class ScoreReport(Protocol):
    """``predictions`` by trial in the order of the page; ``table``: their scores, empty while
    results are unknown. ``known_before``: trial -> how its numbers shaped a prior although it was
    left out; without any, the predictions were frozen before results were looked at."""

    @property
    def title(self) -> str: ...
    @property
    def predictions(self) -> Mapping[str, Prediction]: ...
    @property
    def table(self) -> ScoreTable: ...
    @property
    def known_before(self) -> Mapping[str, str]: ...


@dataclass(frozen=True)
class ForecasterLine:
    """A line of the table of scores, over the same results for all forecasters of the table."""

    name: str
    crps: float
    log_score: float
    crps_of_results: float
    skill: str
    covered: tuple[str, ...]


def headline(report: ScoreReport) -> str:
    """The verdict; without results, how many predictions stand."""
    if report.table.scored or report.table.unscored:
        return report.table.verdict
    n = len(report.predictions)
    return (
        f"{n} trial{'s' * (n != 1)} predicted and frozen. Nothing is scored yet: until it is, "
        "these predictions have shown no value."
    )


def blocks(
    table: ScoreTable, known_before: Mapping[str, str]
) -> list[tuple[str, tuple[ForecasterLine, ...]]]:
    """(heading, lines): all results; those where a pilot speaks as well; those of trials whose
    numbers shaped no prior, where others did."""
    free = tuple(row for row in table.scored if row.result.trial not in known_before)
    chosen = [(ALL, table, COMPARED), (WITH_PILOT, table, (*COMPARED, "pilot"))]
    if len(free) < len(table.scored):
        chosen.append((FREE, ScoreTable(free, ()), COMPARED))
    found = []
    for words, part, names in chosen:
        same = ScoreTable(part.common(*names), ())
        if same.scored:
            n = len(same.trials)
            heading = f"{words}: {len(same.scored)} from {n} trial{'s' * (n != 1)}"
            found.append((heading, tuple(_line(same, name) for name in names)))
    return found


def as_dict(table: ScoreTable) -> dict[str, Any]:
    """The score in numbers, ready for JSON; ``crps`` per SD of the endpoint, of shares as it is.

    ``means``: forecasters over the same results; once more for those where a pilot speaks.
    """
    return {
        "verdict": table.verdict,
        "forecasters": [name for name in NAMES if table.common(name)],
        "results": [_result(row) for row in table.scored],
        "means": [*_means(table, COMPARED, ""), *_means(table, (*COMPARED, "pilot"), WITH_PILOT)],
        "skill": [_numbers(vars(table.skill(name))) for name in NAMES if name != SIMULATOR],
        "unscored": [
            {"trial": r.trial, "arm": r.arm, "quantity": r.quantity, "value": r.value,
             "reason": reason}
            for r, reason in table.unscored
        ],
    }  # fmt: skip


def shown(prediction: Prediction, table: ScoreTable) -> list[tuple[str, str]]:
    """(arm, quantity) of the figure: the design's own endpoint, and whatever was scored."""
    first = prediction.rows()[0]["quantity"]
    own = [
        (r["arm"], r["quantity"])
        for r in prediction.rows()
        if (r["quantity"], r["arm"] == POOLED) == (first, False)
    ]
    if prediction.row(CONTRAST, "difference") is not None:
        own.append((CONTRAST, "difference"))
    scored = [(row.result.arm, row.result.quantity) for row in of_trial(prediction, table)]
    return list(dict.fromkeys([*own, *scored]))


def of_trial(prediction: Prediction, table: ScoreTable) -> list[Scored]:
    """Scored results of a trial."""
    return [row for row in table.scored if row.result.trial == prediction.trial]


def score_figures(report: ScoreReport) -> list[CaptionedFigure]:
    """Summary, coverage and places where there are scores; then one figure per prediction."""
    drawn: list[CaptionedFigure] = []
    table = report.table
    if table.common(*COMPARED):
        n, trials = len(table.scored), len(table.trials)
        drawn.append(
            CaptionedFigure(
                "score-means", mean_scores(table),
                f"Mean CRPS of the simulator and of the baselines, over the same results. {MEANS}",
            )
        )  # fmt: skip
        drawn.append(
            CaptionedFigure(
                "score-coverage", coverage_figure(table),
                "Share of results inside the intervals. Bars: exact 95 % intervals as if results "
                f"were independent, which they are not ({n} from {trials} trials).",
            )
        )  # fmt: skip
        if n >= LEAST_PITS:
            drawn.append(
                CaptionedFigure(
                    "score-places", places_figure(table),
                    "Where results lay in each distribution. Flat: right; a hump: intervals too "
                    "wide; heaps at the ends: too narrow, or off to one side.",
                )
            )  # fmt: skip
    for prediction in report.predictions.values():
        rows = of_trial(prediction, table)
        found = {(row.result.arm, row.result.quantity): row.result.value for row in rows}
        figure = prediction_intervals(prediction, shown(prediction, table), found)
        caption = f"{prediction.trial}: what the trial would report, by simulator and baselines."
        drawn.append(CaptionedFigure(f"prediction-{prediction.trial}", figure, caption))
    return drawn


def met_words(prediction: Prediction) -> str:
    """P(primary endpoint met) as printed, with the larger of its two Monte-Carlo errors."""
    primary: Mapping[str, Any] = prediction.content["primary"]
    if primary["p_met"] is None:
        return "no test"
    errors = [primary[k] for k in ("p_met_se", "p_met_se_between_pools") if primary[k] is not None]
    return f"{100 * primary['p_met']:.0f} % ± {100 * max(errors):.1f}"


def _line(table: ScoreTable, name: str) -> ForecasterLine:
    rows = table.scored
    skill = ""
    if name != SIMULATOR:
        found = table.skill(name)
        skill = f"{found.value:+.2f}"
        if not math.isnan(found.low):
            skill += f" ({found.low:+.2f} to {found.high:+.2f})"
    covered = (table.coverage(name, level) for level in LEVELS)
    return ForecasterLine(
        NAMES[name],
        table.mean(name, "crps_scaled", rows, "trials"),
        table.mean(name, "log_score", rows, "trials"),
        table.mean(name, "crps_scaled", rows, "results"),
        skill.replace("-", "−"),
        tuple(f"{round(c.share * c.n)}/{c.n}" for c in covered),
    )


def _result(row: Scored) -> dict[str, Any]:
    r = row.result
    return {
        "trial": r.trial,
        "arm": r.arm,
        "quantity": r.quantity,
        "unit": row.unit,
        "value": r.value,
        "source": r.source,
        "forecasters": {
            name: _numbers(
                {"median": s.median, "low": s.intervals[0.95][0], "high": s.intervals[0.95][1],
                 "crps": s.crps_scaled, "crps_in_unit": s.crps, "log_score": s.log_score,
                 "pit": s.pit}
            )
            | {f"in_{100 * level:g}": s.held(level, r.value) for level in LEVELS}
            for name, s in row.scores.items()
        },
    }  # fmt: skip


def _means(table: ScoreTable, names: Sequence[str], over: str) -> list[dict[str, Any]]:
    """Means of ``names`` over the results that all of them speak of; none where there are none."""
    same = ScoreTable(table.common(*names), ())
    return [
        {
            "forecaster": f"{NAMES[name]}, where a pilot speaks" if over else NAMES[name],
            "over": over or ALL,
            "results": len(same.scored),
            "trials": len(same.trials),
            "coverage": {f"{100 * level:g}": same.coverage(name, level).share for level in LEVELS},
        }
        | _numbers(
            {what: same.mean(name, scored, same.scored, "trials")
             for what, scored in (("crps", "crps_scaled"), ("log_score", "log_score"))}
            | {"crps_of_results": same.mean(name, "crps_scaled", same.scored, "results")}
        )
        for name in names
        if same.scored
    ]  # fmt: skip


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers ready for JSON: nan as None."""
    return {k: None if isinstance(v, float) and math.isnan(v) else v for k, v in values.items()}
