"""Changes from baseline within one arm: course, regression to the mean and sham are all in them.

They are a measure of their own (`MD pre-post`), kept apart from controlled effects by
`vagus.evidence.effects.join`, and never shown as effects of stimulation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vagus.errors import InputError
from vagus.evidence.cell import Cell
from vagus.evidence.effects import Effects
from vagus.evidence.from_reported import sd_from_se
from vagus.evidence.smd import mean_change
from vagus.evidence.tables import CONTRAST, EvidenceTable, Line, evidence

NOT_AN_EFFECT = (
    "Change from baseline within one arm: natural course, regression to the mean and sham response "
    "are all in it. It is not an effect of stimulation."
)


@dataclass(frozen=True)
class Shift:
    """One arm's change from baseline in the outcome's unit; ``sd`` nan where none was reported.

    ``middle``: `mean`, or `median` where the report gives that. Recalled numbers are marked in
    ``cells`` and enter no fit.
    """

    trial: str
    name: str
    arm: str
    domain: str
    outcome: str
    unit: str
    time_point: str
    change: float
    sd: float
    n: Cell
    middle: str
    cells: tuple[tuple[str, Cell], ...]

    @property
    def recalled(self) -> bool:
        """Whether a recalled number is in it."""
        return any(cell.recalled for _, cell in self.cells)


def shifts(domain: str, table: EvidenceTable | None = None) -> tuple[Shift, ...]:
    """Changes within arms of every trial that reports them for ``domain``."""
    table = table or evidence()
    table.find(domain=domain)  # checks the name
    found = (_shift(line, table) for line in table.outcomes if line["domain"] == domain)
    return tuple(shift for shift in found if shift is not None)


def shift_effect(shift: Shift) -> Effects:
    """The shift as `MD pre-post`, which cannot be joined with controlled effects.

    `InputError` where it is a median, lacks SD or n, or needs a recalled number.
    """
    usable = shift.middle == "mean" and shift.n.known and math.isfinite(shift.sd)
    if not usable or shift.recalled:
        raise InputError(
            "shift", f"{shift.name}, {shift.outcome}", "a mean change with SD and n, none recalled",
            "Show it as it is reported.",
        )  # fmt: skip
    return mean_change(shift.change, shift.sd, shift.n.value, (f"{shift.trial}, {shift.arm}",))


def _shift(line: Line, table: EvidenceTable) -> Shift | None:
    if line["arm_key"] == CONTRAST:
        return None
    trial = table.trial(line["trial_key"])
    change, base, end = (line.cell(name) for name in ("change", "baseline", "end"))
    if change.known:
        value, used = change.value, [("change", change)]
    elif base.known and end.known:
        value, used = end.value - base.value, [("baseline", base), ("end", end)]
    else:
        return None
    n = line.cell("n") if line.cell("n").known else trial.n(line["arm_key"])
    sd, se = line.cell("change_sd"), line.cell("change_se")
    spread = math.nan
    if sd.known:
        spread, used = sd.value, [*used, ("SD", sd)]
    elif se.known and n.known:
        spread, used = float(sd_from_se(se.value, n.value)), [*used, ("SE", se)]
    return Shift(
        trial.key, trial.name, line["arm_key"], line["domain"], line["outcome"], line["scale"],
        line["time_point"], value, spread, n, "median" if line["stat"] == "median" else "mean",
        (*used, ("n", n)),
    )  # fmt: skip
