"""What was fitted, or chosen, in view of which published result.

Read from the tables: parameters of the body with the rows they were fitted to, other rows that were
known, trials that weight patients, and trials whose results were known when a prior was set. What
was set by hand stands in ``data/credibility/hand_set.csv``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from vagus.data import Row, read_table
from vagus.trial.leave_one_out import KNOWN_BEFORE
from vagus.trial.published import published_trials
from vagus.validation.comparison import Observation, observations

TABLES = (
    "heart", "heart_beats", "brainstem", "monoamines", "immune", "disease", "sensitivity", "mood",
    "plasticity", "descending", "pain", "drive",
)  # fmt: skip
ARMS = {"both": "both arms", "sham": "the sham arm"}


@dataclass(frozen=True)
class Calibrated:
    """``what`` of which ``part`` saw which published results (``used``), and ``how``."""

    what: str
    part: str
    used: str
    how: str
    source: str


@cache
def calibrations() -> tuple[Calibrated, ...]:
    """Everything that saw a published result: fits first, then choices by hand, then knowledge."""
    return (*_fitted(), *_weights(), *_by_hand(), *_known_trials(), *_known_rows())


def _fitted() -> Iterator[Calibrated]:
    """Parameters with `fitted_to`, those of one table and one set of results together."""
    found = observations()
    for table in TABLES:
        together: dict[str, list[Row]] = {}
        for row in read_table(f"body/{table}.csv"):
            if row["fitted_to"]:
                together.setdefault(row["fitted_to"], []).append(row)
        for used, rows in together.items():
            studies = _studies([found[i] for i in used.split()])
            what = ", ".join(row["symbol"] for row in rows)
            how = rows[0]["reference"]
            if len(rows) > 1:
                how = f"{rows[0]['symbol']}: {how}; the others as the table says"
            yield Calibrated(what, table.replace("_", " "), studies, how, f"data/body/{table}.csv")
    for row in read_table("patient/response.csv"):
        if row["fitted_to"]:
            used = ", ".join(row["fitted_to"].split())
            how = row["reference"]
            yield Calibrated(row["symbol"], "patient", used, how, "data/patient/response.csv")


def _studies(rows: list[Observation]) -> str:
    """Studies and the ids of their rows."""
    by_study: dict[str, list[str]] = {}
    for row in rows:
        by_study.setdefault(row.study, []).append(row.id)
    return "; ".join(f"{study} ({', '.join(ids)})" for study, ids in by_study.items())


def _weights() -> Iterator[Calibrated]:
    for trial in published_trials("calibration"):
        if trial.calibrates:
            used = f"{trial.key}, {ARMS[trial.calibrates]}"
            what = f"weights of patients, {trial.design.condition}"
            how = "maximum entropy towards its published moments; left out of its own forecast"
            yield Calibrated(what, "trial", used, how, "data/trial/designs.csv")


def _by_hand() -> Iterator[Calibrated]:
    for row in read_table("credibility/hand_set.csv"):
        yield Calibrated(row["what"], row["part"], row["used"], row["how"], row["source"])


def _known_trials() -> Iterator[Calibrated]:
    for key, how in KNOWN_BEFORE.items():
        what = "a prior, set in knowledge of this trial's result"
        yield Calibrated(what, "trials known before", key, how, "vagus.trial.leave_one_out")


def _known_rows() -> Iterator[Calibrated]:
    """Rows marked `calibrate` that no parameter names: a reason for a prior or an equation."""
    fitted = {
        i
        for table in TABLES
        for row in read_table(f"body/{table}.csv")
        for i in row["fitted_to"].split()
    }
    by_organ: dict[str, list[Observation]] = {}
    for row in observations().values():
        if row.role == "calibrate" and row.id not in fitted:
            by_organ.setdefault(row.organ, []).append(row)
    for organ, rows in by_organ.items():
        what = f"priors and equations, {organ}"
        how = "known, fitted to by nothing: a reason for a prior or an equation, or a check of one"
        where = f"data/body/observations_{organ}.csv"
        yield Calibrated(what, organ, _studies(rows), how, where)
