"""One replicate as the tables that a statistician expects: ADSL and ADEFF, shaped as in ADaM.

*Shaped*: names, labels and structure follow CDISC's ADaM Implementation Guide 1.3 (one row per
subject; one row per subject, parameter and visit) as far as a virtual trial has the content. They
are not validated against it: there are no dates, no SDTM behind them, and some columns are our own;
``data/trial/adam_columns.csv`` says of each what it holds. What only a simulator knows (ratings
after somebody left) is not in them.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from vagus.data import read_table
from vagus.patient.observables import observable
from vagus.trial.data import GUESSES, LACK_OF_EFFICACY, OTHER, SIDE_EFFECTS, STAYED, TrialData
from vagus.trial.design import Design
from vagus.trial.effect import setting
from vagus.trial.people import responds

TYPES = {"text": pa.string(), "integer": pa.int64(), "real": pa.float64()}
DCSREAS = {
    STAYED: None,
    LACK_OF_EFFICACY: "LACK OF EFFICACY",
    SIDE_EFFECTS: "ADVERSE EVENT",
    OTHER: "WITHDRAWAL BY SUBJECT OR LOST TO FOLLOW-UP",
}
Columns = dict[str, Any]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Adam:
    """``adsl``: one row per subject; ``adeff``: one row per subject and visit attended."""

    adsl: pa.Table
    adeff: pa.Table

    def write(self, folder: Path) -> None:
        """Write both as Parquet and CSV, and what the columns mean, into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in (("adsl", self.adsl), ("adeff", self.adeff)):
            pq.write_table(table, folder / f"{name}.parquet")
            pa_csv.write_csv(table, folder / f"{name}.csv")
        rows = read_table("trial/adam_columns.csv")
        with (folder / "columns.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


def adam(data: TrialData, replicate: int = 0, study: str = "VAGUS") -> Adam:
    """Tables of one replicate; ``study`` names the trial. `InputError` for a replicate it lacks."""
    one = data.replicate(replicate)
    ids = [f"{replicate:04d}-{i + 1:04d}" for i in range(one.n)]
    return Adam(
        _table("ADSL", _subjects(one, study, ids)), _table("ADEFF", _ratings(one, study, ids))
    )


def column_dictionary() -> str:
    """What every column holds, as a Markdown table."""
    lines = ["| Dataset | Column | Label | Type | Meaning |", "|---|---|---|---|---|"]
    keys = ("dataset", "column", "label", "type", "meaning")
    rows = read_table("trial/adam_columns.csv")
    return "\n".join([*lines, *("| " + " | ".join(r[k] for k in keys) + " |" for r in rows)])


def _table(dataset: str, columns: Columns) -> pa.Table:
    rows = [r for r in read_table("trial/adam_columns.csv") if r["dataset"] == dataset]
    schema = pa.schema(
        pa.field(r["column"], TYPES[r["type"]], metadata={"label": r["label"]}) for r in rows
    )
    return pa.table({r["column"]: _plain(columns[r["column"]]) for r in rows}, schema=schema)


def _plain(values: Any) -> list[Any]:
    """A column as Python values, nan as nothing."""
    return [
        None if isinstance(v, float) and np.isnan(v) else v for v in np.asarray(values).tolist()
    ]


def _subjects(one: TrialData, study: str, ids: list[str]) -> Columns:
    design, arm, n = one.design, one.arm[0], one.n
    first, stays = one.treatment[0, :, 0], one.left_at[0] == one.visits
    rated = one.left_at[0] > 0
    last = np.maximum(one.left_at[0] - 1, 0)
    keeps = stays & (one.rescue_at[0] == one.visits)
    keeps &= one.adherence[0] >= setting("adherent_share")
    names, given = [a.name for a in design.arms], _treatments(design)
    return {
        "STUDYID": [study] * n, "USUBJID": [f"{study}-{i}" for i in ids], "SUBJID": ids,
        "ARM": [names[k] for k in arm], "ARMCD": [str(k + 1) for k in arm],
        "TRT01P": [given[k] for k in first], "TRT01PN": first + 1,
        "TRT01A": [given[k] for k in first], "TRT01AN": first + 1,
        "TRTSEQP": [_sequence(design, row) for row in one.treatment[0]],
        "RANDDY": [1] * n, "STRAT1R": [_stratum(design, k) for k in one.stratum[0]],
        "STRAT1RN": one.stratum[0], "BASE": one.baseline[0], "ADHER": one.adherence[0],
        "GUESS": [GUESSES[k] for k in one.guess[0]], "RANDFL": ["Y"] * n, "ITTFL": ["Y"] * n,
        "FASFL": _flag(rated), "COMPLFL": _flag(stays), "PPROTFL": _flag(keeps),
        "EOSSTT": np.where(stays, "COMPLETED", "DISCONTINUED"),
        "DCSREAS": np.array([DCSREAS[k] for k in one.reason[0].tolist()], dtype=object),
        "EOSDY": np.where(rated, _study_days(design)[last], -1),
    }  # fmt: skip


def _ratings(one: TrialData, study: str, ids: list[str]) -> Columns:
    """Baseline and every visit attended, subject by subject."""
    design, names = one.design, _treatments(one.design)
    what = observable(design.endpoint)
    before = one.baseline[0] if what.kind != "binary" else np.full(one.n, np.nan)  # none to tell
    value = np.concatenate([before[:, None], one.values[0]], axis=1)
    given = np.concatenate([one.treatment[0][:, :1], one.treatment[0]], axis=1)
    who, visit = np.nonzero(~np.isnan(value))
    aval, base, after = value[who, visit], before[who], visit > 0
    days = np.concatenate([[-1], _study_days(design)])
    change = np.where(after, aval - base, np.nan)
    percent = np.divide(100 * change, base, out=np.full(len(base), np.nan), where=base != 0)
    treated = given[who, visit]
    met = _flag(responds(design, base, aval))
    rows = len(who)
    nothing = np.full(rows, None, dtype=object)
    return {
        "STUDYID": [study] * rows, "USUBJID": [f"{study}-{ids[i]}" for i in who],
        "TRTP": [names[k] for k in treated], "TRTPN": treated + 1,
        "TRTA": [names[k] for k in treated], "TRTAN": treated + 1,
        "PARAMCD": [_code(design.endpoint)] * rows, "PARAM": [f"{what.name} ({what.unit})"] * rows,
        "AVISIT": [f"Day {days[v]}" if v else "Baseline" for v in visit],
        "AVISITN": visit, "ADY": days[visit], "AVAL": aval, "BASE": base, "CHG": change,
        "PCHG": percent, "ABLFL": np.where(after, nothing, "Y"),
        "ANL01FL": np.where(after, "Y", nothing), "DTYPE": nothing,
        "RESCFL": _flag(visit - 1 > one.rescue_at[0][who]),
        "CRIT1": [_criterion(design)] * rows,
        "CRIT1FL": np.where(after, met, nothing),
    }  # fmt: skip


def _treatments(design: Design) -> list[str]:
    """Names of what is given: arms; in a crossover, whose arms are sequences, their roles."""
    return [arm.role if design.kind == "crossover" else arm.name for arm in design.arms]


def _criterion(design: Design) -> str:
    what = observable(design.endpoint)
    if what.kind == "binary":
        return what.name
    return f"improvement of at least {design.responder_share:.0%} of baseline"


def _flag(true: NDArray[np.bool_]) -> NDArray[np.object_]:
    return np.where(true, "Y", "N").astype(object)


def _study_days(design: Design) -> Ints:
    """[V] last day of each visit's window after randomisation, counted from 1."""
    return np.round(np.asarray(design.visits_d) - design.lead_in_d).astype(np.int64)


def _sequence(design: Design, given: Ints) -> str:
    """Treatments in order, each named once for as long as it lasts; empty for one alone."""
    changes = np.concatenate([[True], given[1:] != given[:-1]])
    if design.kind == "n-of-1":
        changes[:] = True
    order = [_treatments(design)[k] for k in given[changes]]
    return " - ".join(order) if len(order) > 1 else ""


def _stratum(design: Design, stratum: int) -> str:
    cuts = design.strata.baseline_cuts
    if not cuts:
        return ""
    if stratum == 0:
        return f"below {cuts[0]:g}"
    upper = f" to below {cuts[stratum]:g}" if stratum < len(cuts) else " or more"
    return f"{cuts[stratum - 1]:g}{upper}"


def _code(key: str) -> str:
    """An endpoint's key as PARAMCD: capitals and digits, at most eight."""
    letters = key.upper().replace("_", "")
    return letters[:8]
