"""One trial's comparison for an endpoint: its effect, the numbers in it, why it may be left out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats

from vagus.data import Row
from vagus.evidence.cell import Cell
from vagus.evidence.endpoints import Endpoint
from vagus.evidence.routes import EMPTY_LINE, Rows, best_route
from vagus.evidence.tables import CONTRAST, EvidenceTable, Line, Trial

RECALLED = "needs recalled numbers, which enter no fit"
NO_NUMBERS = "no numbers that give an effect"
_SPLITS = (
    ("sensitivity_only", "sensitivity", "kept for sensitivity analyses"),
    ("context", "context", "context only, not the condition's calibration set"),
    ("prospective", "", "a protocol without results"),
    ("open-label shift", "", "an open-label shift, which is not an effect of stimulation"),
    ("frequency contrast", "", "a contrast of two ways of stimulation"),
)


@dataclass(frozen=True)
class Study:
    """One trial's comparison for an endpoint, pooled or left out.

    ``y``, ``v``: effect and sampling variance on the scale of ``measure`` (nan where the rows hold
    no effect). ``left_out``: why it is not pooled, "" where it is. ``approximate``: worked back
    from p values, medians or percentages. ``cells``: the numbers used, by name. ``remark``: why
    this comparison, and what to know of it.
    """

    trial: str
    name: str
    outcome: str
    time_point: str
    measure: str
    y: float
    v: float
    method: str
    approximate: bool
    cells: tuple[tuple[str, Cell], ...]
    left_out: str
    remark: str

    @property
    def known(self) -> bool:
        """Whether the rows hold an effect, pooled or not."""
        return math.isfinite(self.v)

    @property
    def pooled(self) -> bool:
        """Whether it enters a fit."""
        return not self.left_out

    @property
    def marks(self) -> tuple[str, ...]:
        """Provenances that occur among its cells, the most trusted first."""
        found = {cell.provenance for _, cell in self.cells}
        return tuple(mark for mark in ("seen", "derived", "recalled") if mark in found)

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Bounds by the normal distribution, on the scale of ``y``."""
        half = float(stats.norm.ppf(0.5 + level / 2)) * math.sqrt(self.v)
        return self.y - half, self.y + half


def study_of(
    row: Row, asked: Endpoint, measure: str, also: Sequence[str], table: EvidenceTable
) -> Study:
    """The comparison of one row of ``comparisons.csv``, on the scale of ``measure``.

    Open-label shifts get no effect at all, so that none is shown as one.
    """
    trial = table.trial(row["trial_key"])
    lines = {
        line["arm_key"]: line
        for line in table.outcomes_of(trial.key)
        if line["outcome"] == row["outcome"] and line["time_point"] == row["time_point"]
    }
    rows = _rows(row, trial, lines, table)
    scales = {line["scale"] for line in lines.values()}
    fits = measure != "MD" or bool(scales & set(asked.md_scales))
    shift = trial.control == "none" or "open-label shift" in _splits(trial, lines)
    route = best_route(rows, measure) if fits and not shift else None
    contrast = lines.get(CONTRAST, EMPTY_LINE).text.get("note", "")
    y, v, method = math.nan, math.nan, ""
    if route is not None:
        y, v, method = float(route.effect.y[0]), float(route.effect.v[0]), route.effect.method[0]
        directions = {line["direction"] for line in lines.values()}
        if asked.kind == "continuous" and f"{asked.better}_better" not in directions:
            y, method = -y, f"{method}; sign turned, higher is better on this scale"
    return Study(
        trial.key, trial.name, row["outcome"], row["time_point"], measure, y, v, method,
        bool(route and route.approximate), route.cells if route else (),
        (RECALLED if route and route.recalled else "")
        or _reason(row, trial, lines, also)
        or ("" if fits else f"no difference on a scale in {asked.md_unit}")
        or ("; ".join(filter(None, [NO_NUMBERS, contrast])) if route is None else ""),
        row["why"],
    )  # fmt: skip


def _rows(row: Row, trial: Trial, lines: dict[str, Line], table: EvidenceTable) -> Rows:
    active, control = (lines.get(row[f"{arm}_arm"], EMPTY_LINE) for arm in ("active", "control"))
    contrast = lines.get(CONTRAST, EMPTY_LINE)
    beside = control if row["p_from"] == "control" else contrast

    def size(line: Line, arm: str) -> Cell:
        own = line.cell("n")
        return own if own.known else trial.n(row[f"{arm}_arm"])

    return Rows(
        active, control, contrast, size(active, "active"), size(control, "control"),
        beside.cell("p_value"), beside.text.get("p_relation", ""), _spreads(row, table),
        not row["suspect"],
    )  # fmt: skip


def _spreads(row: Row, table: EvidenceTable) -> tuple[Cell, ...]:
    """SDs named by ``sd_from``: `arm|outcome;arm|outcome`."""
    named = [tuple(part.split("|")) for part in row["sd_from"].split(";") if part]
    own = {(line["arm_key"], line["outcome"]): line for line in table.outcomes_of(row["trial_key"])}
    return tuple(own.get((arm, outcome), EMPTY_LINE).cell("end_sd") for arm, outcome in named)


def _reason(row: Row, trial: Trial, lines: dict[str, Line], also: Sequence[str]) -> str:
    """Why a comparison is not pooled, by the table's own words; "" where nothing forbids it."""
    if row["use"] == "never":
        return row["why"]
    if trial.control == "none":
        return "no control group: a shift from baseline, not an effect of stimulation"
    for word, extra, why in _SPLITS:
        if word in _splits(trial, lines) and (not extra or extra not in also):
            return why
    return "" if row["use"] in ("pool", *also) else row["why"]


def _splits(trial: Trial, lines: dict[str, Line]) -> str:
    """What the tables propose the trial and its rows for."""
    return " ".join([trial.line["proposed_split"], *(line["split"] for line in lines.values())])
