"""Published trials as designs that can be simulated: ``data/trial/designs.csv`` and its arms.

Every number says whether it was read or assumed. Trials to be predicted stand beside those whose
results calibrate, and are built by the same code; their results are nowhere in this package.
Trials marked `context` serve neither: their arms differ in how they were stimulated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.patient.observables import observable
from vagus.patient.regimen import Knowledge, Regimen
from vagus.patient.screening import Entry
from vagus.protocol.device import nearest
from vagus.trial.delivery import Delivery
from vagus.trial.design import Analysis, Arm, Design, DropOut, Kind, Role
from vagus.trial.estimand import default_estimand

Status = Literal["calibration", "predict", "context"]
ATTACKS = "attacks"
SINGLE = "single-arm"


@dataclass(frozen=True)
class AttackDesign:
    """A trial of single attacks: one arm beside another, each attack a success or not.

    ``disorder``: key of `vagus.patient.attacks`; an attack has to reach ``endpoint`` by
    ``minutes``. ``mix``: subgroup of patients -> their number, empty where they are not told
    apart. ``attacks``: treated attacks per patient that were counted.
    """

    title: str
    condition: str
    disorder: str
    endpoint: str
    minutes: float
    mix: Mapping[str, int]
    arms: tuple[Arm, ...]
    attacks: int
    alpha: float = 0.05


@dataclass(frozen=True)
class PublishedTrial:
    """One row of the table: ``design`` and ``delivery``.

    ``calibrates``: arms whose results are targets for patients' weights: both, sham, or "" for
    none. ``taken_as``: what the condition stands for where the trial's own has no model, or "".
    ``primary``: when its primary endpoint counts as met. ``basis`` and ``mark``: what of the
    design was read.
    """

    key: str
    status: Status
    design: Design | AttackDesign
    delivery: Delivery
    calibrates: Literal["both", "sham", ""]
    taken_as: str
    primary: str
    basis: str
    mark: str


@cache
def published_trials(status: Status | None = None) -> tuple[PublishedTrial, ...]:
    """All trials of the table, or those of one status, in its order."""
    rows = read_table("trial/designs.csv")
    return tuple(_trial(row) for row in rows if status in (None, row["status"]))


def published_trial(key: str) -> PublishedTrial:
    """The trial called ``key``; `InputError` with the nearest key where there is none."""
    found = {trial.key: trial for trial in published_trials()}
    if key not in found:
        raise InputError("trial", key, ", ".join(found), nearest(key, tuple(found)))
    return found[key]


def _trial(row: Row) -> PublishedTrial:
    own = (a for a in read_table("trial/design_arms.csv") if a["design"] == row["key"])
    arms = tuple(_arm(a, row) for a in own)
    design: Design | AttackDesign
    if row["kind"] == ATTACKS:
        mix = dict(part.split(":") for part in row["mix"].split())
        design = AttackDesign(
            row["key"], row["condition"], row["disorder"], row["endpoint"], float(row["minutes"]),
            {kind: int(n) for kind, n in mix.items()}, arms, int(row["attacks"]),
        )  # fmt: skip
    else:
        design = _design(row, arms)
    delivery = Delivery(
        row["prior"], float(row["rate_Hz"]), float(row["session_min"]),
        int(row["sessions_per_day"]), int(row["days_per_week"]), _number(row["on_s"]),
        _number(row["off_s"]), _number(row["current_mA"]), row["delivery_basis"],
        row["delivery_mark"],
    )  # fmt: skip
    return PublishedTrial(
        row["key"], cast(Status, row["status"]), design, delivery,
        cast(Literal["both", "sham", ""], row["calibrates"]), row["taken_as"], row["primary"],
        row["design_basis"], row["design_mark"],
    )  # fmt: skip


def _design(row: Row, arms: tuple[Arm, ...]) -> Design:
    visits = tuple(float(day) for day in row["visits_d"].split())
    kind = cast(Kind, "parallel" if row["kind"] == SINGLE else row["kind"])
    binary = observable(row["endpoint"]).kind == "binary"
    analysis = cast(Analysis, row["analysis"])
    names = " against ".join(arm.name for arm in arms)
    crossover = kind == "crossover"
    lost = float(row["missing_share"] or 0)
    return Design(
        title=row["key"], condition=row["condition"], endpoint=row["endpoint"], kind=kind,
        arms=arms, visits_d=visits, run_in_d=float(row["run_in_d"]),
        estimand=default_estimand(
            kind, analysis, row["condition"], names, row["endpoint"], binary=binary
        ),
        entry=Entry(_number(row["entry_low"]), _number(row["entry_high"])),
        recall_d=float(row["recall_d"]), responder_share=_number(row["responder_share"]) or 0.5,
        drop_out=DropOut(1 - (1 - lost) ** (1 / len(visits))), analysis=analysis,
        period_d=visits[0] if crossover else 0.0,
        washout_d=visits[-1] - 2 * visits[0] if crossover else 0.0,
    )  # fmt: skip


def _arm(row: Row, design: Row) -> Arm:
    """``stimulated``: yes (all days of the design), no, or a span of days such as `0-14`."""
    said = row["stimulated"]
    spans: tuple[tuple[float, float], ...] = ()
    if said == "yes":
        spans = ((0.0, float(design["days"])),)
    elif said != "no":
        start, stop = said.split("-")
        spans = ((float(start), float(stop)),)
    knows = cast(Knowledge, row["knows"])
    regimen = Regimen(row["arm"], spans, knows, row["background"])
    return Arm(row["arm"], cast(Role, row["role"]), int(row["n"]), regimen)


def _number(text: str) -> float | None:
    return float(text) if text else None
