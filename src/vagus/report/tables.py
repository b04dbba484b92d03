"""What is read off a recruitment for the report: per class, per group, selectivity, delays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vagus.data import read_table
from vagus.errors import InputError
from vagus.fibre.recruitment import (
    Band,
    Recruitment,
    Selectivity,
    conduction_delay_ms,
    fraction_band,
    selectivity,
)
from vagus.report.style import class_name, classes_in, group_name

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class RecruitmentRow:
    """A class (``group`` empty) or a functional group of it at one current.

    ``share``: recruited, with its band. ``currents_mA``: for 10, 50 and 90 % of the fibres, inf
    where not reached. ``spread_mA``: 5 % and 95 % quantiles of the thresholds.
    """

    fibre_class: str
    group: str
    fibres: int
    share: Band
    currents_mA: tuple[float, float, float]
    spread_mA: tuple[float, float]


def recruitment_rows(
    recruitment: Recruitment, current_mA: float, seed: int
) -> tuple[RecruitmentRow, ...]:
    """Every class followed by its groups."""
    rows: list[RecruitmentRow] = []
    population = recruitment.population
    for name in classes_in(population.fibre_class):
        groups = np.unique(population.group[recruitment.mask(name)])
        for group in ("", *(str(g) for g in groups)):
            rows.append(_row(recruitment, name, group, current_mA, seed))
    return tuple(rows)


def _row(
    recruitment: Recruitment, name: str, group: str, current_mA: float, seed: int
) -> RecruitmentRow:
    mask = recruitment.mask(name, group)
    low, ten, half, ninety, high = (
        float(v) for v in recruitment.current_for([0.05, 0.1, 0.5, 0.9, 0.95], mask)
    )
    band = fraction_band(recruitment, mask, current_mA, seed)
    return RecruitmentRow(name, group, band.fibres, band, (ten, half, ninety), (low, high))


@dataclass(frozen=True)
class SelectivityRow:
    """Selectivity of the wanted groups of one aim over the laryngeal motor fibres."""

    aim: str
    groups: tuple[str, ...]
    fibres: int
    value: Selectivity
    marks: str


def selectivity_rows(recruitment: Recruitment, current_mA: float) -> tuple[SelectivityRow, ...]:
    """One row per aim of ``data/report/group_roles.csv``."""
    table = read_table("report/group_roles.csv")
    unwanted = _union(recruitment, [r for r in table if r["role"] == "unwanted"])
    rows = []
    for aim in dict.fromkeys(r["aim"] for r in table if r["role"] == "wanted"):
        members = [r for r in table if r["aim"] == aim]
        wanted = _union(recruitment, members)
        classes: dict[str, list[str]] = {}
        for r in members:
            classes.setdefault(r["group"], []).append(class_name(r["fibre_class"]))
        groups = tuple(f"{group_name(g)} ({', '.join(names)})" for g, names in classes.items())
        marks = ", ".join(dict.fromkeys(r["mark"] for r in members))
        value = selectivity(recruitment, wanted, unwanted, current_mA)
        rows.append(SelectivityRow(aim, groups, int(wanted.sum()), value, marks))
    return tuple(rows)


def _union(recruitment: Recruitment, rows: list[dict[str, str]]) -> Mask:
    masks = [recruitment.mask(r["fibre_class"], r["group"]) for r in rows]
    return np.asarray(np.logical_or.reduce(masks))


@dataclass(frozen=True)
class DelayRow:
    """Conduction from the cuff to a target, of the fibres of one class that fire at the current.

    ``delay_ms``: 5, 50 and 95 % quantiles; nan where none fires.
    """

    target: str
    fibre_class: str
    distance_mm: float
    fibres: int
    velocity_m_per_s: float
    delay_ms: tuple[float, float, float]
    note: str
    mark: str


def delay_rows(
    recruitment: Recruitment, current_mA: float, side: str = "left"
) -> tuple[DelayRow, ...]:
    """Delays to the targets of ``data/report/delays.csv`` on one side of the body."""
    if side not in ("left", "right"):
        raise InputError("side", side, "left, right")
    population = recruitment.population
    fires = (recruitment.threshold_mA <= current_mA) & (recruitment.conduction_velocity_m_per_s > 0)
    rows = []
    for route in (r for r in read_table("report/delays.csv") if r["side"] == side):
        distance = way_mm(route["way"], side)
        travels = fires & (population.afferent == (route["afferent"] == "yes"))
        concerned = travels & recruitment.mask(group=route["group"])
        for name in classes_in(population.fibre_class[concerned]):
            velocity = recruitment.conduction_velocity_m_per_s[
                concerned & (population.fibre_class == name)
            ]
            quick, middle, slow = np.quantile(
                conduction_delay_ms(velocity, distance), [0.05, 0.5, 0.95]
            )
            rows.append(
                DelayRow(
                    route["target"],
                    name,
                    distance,
                    velocity.size,
                    float(np.median(velocity)),
                    (float(quick), float(middle), float(slow)),
                    route["note"],
                    route["mark"],
                )
            )
    return tuple(rows)


def way_mm(way: str, side: str) -> float:
    """Length along the trunk of a way "a > b > c" between landmarks of one side.

    Raises:
        InputError: a landmark that ``data/report/landmarks.csv`` does not hold.
    """
    at = {
        r["landmark"]: float(r["mm_at_500mm"])
        for r in read_table("report/landmarks.csv")
        if r["side"] == side
    }
    stops = [stop.strip() for stop in way.split(">")]
    for stop in stops:
        if stop not in at:
            raise InputError("landmark", stop, ", ".join(at))
    return float(np.abs(np.diff([at[stop] for stop in stops])).sum())
