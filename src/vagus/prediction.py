"""Predictions of published designs: made and frozen, held against results, scored without itself.

The steps behind ``vagus trial predict`` and ``vagus trial score``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from vagus.errors import InputError, VagusError
from vagus.protocol.device import nearest
from vagus.protocol.reported import reported_lines
from vagus.protocol.safety_line import SafetyLine
from vagus.protocol.schedule import DAY_S
from vagus.trial.baselines import baselines
from vagus.trial.delivery import CUFF
from vagus.trial.forecast import Forecast, Size, forecast
from vagus.trial.freezing import freeze
from vagus.trial.frozen import (
    Prediction,
    headline,
    load_prediction,
    load_predictions,
    write_index,
    write_prediction,
)
from vagus.trial.leave_one_out import KNOWN_BEFORE, scored_trials
from vagus.trial.published import PublishedTrial, published_trial, published_trials
from vagus.trial.results import Result, calibration_results, read_results
from vagus.trial.score import ScoreTable, score

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, eq=False)
class Scoring:
    """Predictions and the score of what they were held against.

    ``known_before``: trial -> how its numbers shaped a prior although it was left out.
    """

    title: str
    predictions: Mapping[str, Prediction]
    table: ScoreTable
    known_before: Mapping[str, str]

    def as_dict(self) -> dict[str, Any]:
        """The score in numbers, ready for JSON."""
        from vagus.report.score_content import as_dict

        return {"title": self.title, "known_before": dict(self.known_before)} | as_dict(self.table)


def predict_designs(
    key: str | None, folder: Path, *, seed: int = 0, size: Size | None = None,
    people: Path | None = None, date: str | None = None, progress: Progress | None = None,
    workers: int | None = None,
) -> list[dict[str, Any]]:  # fmt: skip
    """Freeze the forecast of one design (``key``) or of all in ``folder``; a row for each.

    ``date``: when it is frozen (None: today). Simulated people are kept in ``people``. Raises the
    errors of `vagus.errors`.
    """
    found = []
    trials = _to_predict(key)
    _make(folder)
    day = date or datetime.date.today().isoformat()
    for trial in trials:
        made = forecast(
            trial, seed=seed, size=size, folder=people, progress=progress, workers=workers
        )
        content = freeze(made, baselines(trial, seed=seed), day)
        try:
            found.append(load_prediction(write_prediction(folder, content)))
            write_index(folder, [*load_predictions(folder).values()])
        except OSError as error:
            raise VagusError(
                f"could not write predictions to {folder}: {error.strerror}. Predictions that are "
                "frozen stay; free some space and run the same command again."
            ) from error
    return [_row(one) for one in found]


def _make(folder: Path) -> None:
    """Before anything is simulated, so that nothing is lost for want of a place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        why = f"{error.strerror}." if error.strerror else ""
        raise InputError("--out", folder, "a folder that can be made", why) from error


def score_predictions(predictions: Path, results: Path) -> Scoring:
    """Hold the frozen predictions of a folder (or one file) against a file of results."""
    if predictions.is_file():
        one = load_prediction(predictions)
        frozen = {one.trial: one}
    else:
        frozen = load_predictions(predictions)
    return Scoring("Frozen predictions", frozen, score(frozen, read_results(results)), {})


def score_leave_one_out(
    *, seed: int = 0, size: Size | None = None, people: Path | None = None,
    progress: Progress | None = None, workers: int | None = None,
) -> Scoring:  # fmt: skip
    """Score every calibration trial that can be forecast without itself."""
    frozen: dict[str, Prediction] = {}
    for trial in scored_trials():
        made = forecast(
            trial, seed=seed, size=size, folder=people, progress=progress, workers=workers
        )
        frozen[trial.key] = _in_memory(trial, made, seed)
    found = score(frozen, _results_of(frozen))
    return Scoring("Calibration trials, each left out", frozen, found, KNOWN_BEFORE)


def write_score(folder: Path, found: Scoring) -> Path:
    """Write ``folder``/score.html and its figures; returns the page's path."""
    from vagus.report.score_html import write_score_page

    return write_score_page(folder, found)


def _in_memory(trial: PublishedTrial, made: Forecast, seed: int) -> Prediction:
    return Prediction(freeze(made, baselines(trial, seed=seed), "not frozen"))


def _results_of(frozen: Mapping[str, Prediction]) -> tuple[Result, ...]:
    return tuple(r for r in calibration_results() if r.trial in frozen)


def _to_predict(key: str | None) -> tuple[PublishedTrial, ...]:
    trials = {trial.key: trial for trial in published_trials("predict")}
    if key is None:
        return tuple(trials.values())
    if key not in trials:
        fix = nearest(key, tuple(trials)) or "Take one of these."
        raise InputError("KEY", key, ", ".join(trials), fix)
    return (trials[key],)


def delivery_lines(trial: PublishedTrial) -> list[SafetyLine]:
    """Electrical safety of a published delivery, as far as it is reported; the rest is unknown.

    Over the longest span of stimulated days of an arm.
    """
    arms = trial.design.arms
    spans = [stop - start for arm in arms for start, stop in arm.regimen.stimulated_d]
    days, delivery = max(spans, default=1.0), trial.delivery
    return reported_lines(
        delivery.schedule(days), days * DAY_S, delivery.rate_Hz, implanted=delivery.prior == CUFF
    )


def _row(one: Prediction) -> dict[str, Any]:
    """Headline of a prediction, for the command's table and JSON."""
    row = headline(one)
    low, high = row["intervals"]["95"]
    return {
        "trial": one.trial,
        "endpoint": one.content["design"]["endpoint"],
        "arm": row["arm"],
        "quantity": row["quantity"],
        "unit": row["unit"],
        "median": row["median"],
        "low": low,
        "high": high,
        "met": one.p_met,
        "hash": one.sha256,
        "safety": [asdict(line) for line in delivery_lines(published_trial(one.trial))],
    }
