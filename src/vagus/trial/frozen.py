"""Predictions frozen before results are known: one JSON file per trial, with a hash of its content.

A file (made by `vagus.trial.freezing`) holds all that a score needs later, what was simulated and
from what, and the three baselines. Its hash is the sha256 of the canonical JSON of all else: keys
sorted, no spaces, numbers to six digits. The same forecast gives the same bytes; a file that was
changed after freezing is refused.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from vagus.errors import InputError
from vagus.trial.results import CONTRAST

FORMAT = 1
DIGITS = 6
SHA = "sha256"
SIMULATOR = "simulator"
INDEX = (
    "trial", SHA, "date", "p_met", "p_met_se", "headline_arm", "headline_quantity", "unit", "mean",
    "low_95", "high_95",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Prediction:
    """A frozen prediction; ``content`` as the file has it, its hash included."""

    content: Mapping[str, Any]

    @property
    def trial(self) -> str:
        """Key of the trial."""
        return str(self.content["trial"])

    @property
    def sha256(self) -> str:
        """Hash of all else."""
        return str(self.content[SHA])

    @property
    def p_met(self) -> float | None:
        """Probability that the primary endpoint is met; None where there is no test."""
        found = self.content["primary"]["p_met"]
        return None if found is None else float(found)

    @property
    def endpoint_sd(self) -> float | None:
        """SD between patients of the endpoint, in its unit; None for shares."""
        found = self.content["endpoint_sd"]
        return None if found is None else float(found)

    @property
    def forecasters(self) -> tuple[str, ...]:
        """The simulator, then the baselines."""
        return (SIMULATOR, *(str(b["name"]) for b in self.content["baselines"]))

    def rows(self, forecaster: str = SIMULATOR) -> Sequence[Mapping[str, Any]]:
        """What a forecaster says of each arm and quantity, empty where it says nothing."""
        if forecaster == SIMULATOR:
            return tuple(self.content["quantities"])
        named = {b["name"]: b["quantities"] for b in self.content["baselines"]}
        return tuple(named.get(forecaster, ()))

    def row(self, arm: str, quantity: str, forecaster: str = SIMULATOR) -> Mapping[str, Any] | None:
        """What it says of one; None where it does not."""
        rows = self.rows(forecaster)
        return next((r for r in rows if (r["arm"], r["quantity"]) == (arm, quantity)), None)


def digest(content: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON of ``content`` without its hash."""
    rest = {key: value for key, value in content.items() if key != SHA}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def write_prediction(folder: Path, content: Mapping[str, Any]) -> Path:
    """Write ``folder``/KEY.json; the same content gives the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{content['trial']}.json"
    path.write_text(_text(content), encoding="utf-8")
    return path


def load_prediction(path: Path) -> Prediction:
    """A prediction from its file. `InputError`: no such file, not one of ours, or changed."""
    if not path.is_file():
        raise InputError("prediction", path, "a file that exists", "Give its path.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        known, shown = content[SHA], digest(content)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        fix = "Make it by `vagus trial predict`."
        raise InputError("prediction", path, f"a prediction file with {SHA}", fix) from error
    if known != shown:
        fix = "It was changed after freezing: take the file as it was, or predict again."
        raise InputError(f"{path.name}, {SHA}", known, shown, fix)
    if content["format"] != FORMAT:
        raise InputError(f"{path.name}, format", content["format"], str(FORMAT))
    return Prediction(content)


def load_predictions(folder: Path) -> dict[str, Prediction]:
    """All predictions of a folder by trial, in the order of their names. Errors as for one."""
    paths = sorted(folder.glob("*.json"))
    if not paths:
        fix = "Make predictions by `vagus trial predict`."
        raise InputError("PREDICTIONS", folder, "a folder with prediction files", fix)
    return {found.trial: found for found in map(load_prediction, paths)}


def write_index(folder: Path, predictions: Sequence[Prediction]) -> Path:
    """``folder``/index.csv: a line per prediction with its hash and its headline numbers."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(INDEX)
    for one in predictions:
        primary, row = one.content["primary"], headline(one)
        low, high = row["intervals"]["95"]
        table.writerow(
            [one.trial, one.sha256, one.content["date"], primary["p_met"], primary["p_met_se"],
             row["arm"], row["quantity"], row["unit"], row["mean"], low, high]
        )  # fmt: skip
    path = folder / "index.csv"
    path.write_text(text.getvalue(), encoding="utf-8")
    return path


def headline(prediction: Prediction) -> Mapping[str, Any]:
    """The difference between arms; of a trial with one arm, its own change."""
    found = prediction.row(CONTRAST, "difference")
    return found if found is not None else prediction.rows()[0]


def plain(value: Any) -> Any:
    """``value`` as JSON has it: numbers to six digits, nan as null, tuples as lists."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        number = float(f"{float(value):.{DIGITS}g}")
        return number + 0.0 if math.isfinite(number) else None  # + 0.0: no minus before a zero
    return value


def _text(content: Mapping[str, Any]) -> str:
    """JSON for people and for `diff`: a line per entry, lists of numbers on one line."""
    text = json.dumps(content, sort_keys=True, indent=1, allow_nan=False)
    return re.sub(r"\[\n\s+([^\[\]{}]*?)\n\s+\]", _one_line, text) + "\n"


def _one_line(found: re.Match[str]) -> str:
    # A line break is never inside a string of JSON, so that no content is touched.
    return "[" + re.sub(r"\n\s+", " ", found[1]) + "]"
