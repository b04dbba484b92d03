"""Regulatory status of a device for one condition, region and age, from rows with their source.

The rows are what was found, not a register: "off-label" means that none of them covers the use.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from vagus.data import read_table
from vagus.suitability.codes import split
from vagus.suitability.patient import PatientFile, conditions

Kind = Literal["clearance", "approval", "marketing", "guidance", "emergency", "none"]
Status = Literal[
    "named", "named, from memory", "named in part", "unclear", "other age", "off-label",
    "no medical indication", "not known",
]  # fmt: skip
REGION_NAMES = {
    "US": "the United States", "EU": "the European Union", "UK": "the United Kingdom",
    "CH": "Switzerland", "other": "this region",
}  # fmt: skip
FROM_MEMORY = "From memory, not verified: "
VERBS = {"clearance": "cleared", "approval": "approved", "marketing": "marketed"}


@dataclass(frozen=True)
class Clearance:
    """One row: what a regulator (or, for ``guidance``, a health service) said of a device.

    ``covers``: conditions named; ``unclear``: conditions that may be meant ("pain": every painful
    one); ``assumed_in``: regions where it is assumed that the row counts; ``limits``: limits of
    the population that a patient file cannot check.
    """

    kind: Kind
    region: str
    regions: tuple[str, ...]
    assumed_in: tuple[str, ...]
    indication: str
    population: str
    pathway: str
    identifier: str
    date: str
    status: str
    covers: tuple[str, ...]
    unclear: tuple[str, ...]
    reason: str
    age_from_y: float | None
    age_to_y: float | None
    limits: str
    source: str
    mark: str

    @property
    def reference(self) -> str:
        """Number and date, as far as known, and whether this is from memory.

        A CE mark alone has no number that anybody could look up; the annex has what the row says.
        """
        number = "" if self.kind == "marketing" else self.identifier
        parts = [number or self.pathway, self.date or "date not known"]
        if self.mark == "recalled":
            parts.append("from memory")
        return ", ".join(filter(None, parts))

    def of_age(self, age_y: float | None) -> bool | None:
        """Whether the age is named, in completed years; None where it is not stated."""
        if self.age_from_y is None and self.age_to_y is None:
            return True
        if age_y is None:
            return None
        low = self.age_from_y is None or age_y >= self.age_from_y
        return low and (self.age_to_y is None or math.floor(age_y) <= self.age_to_y)

    @property
    def ages(self) -> str:
        """The ages named, in words; empty for any."""
        if self.age_from_y is None:
            return ""
        if self.age_to_y is None:
            return f"{self.age_from_y:g} years or older"
        return f"{self.age_from_y:g} to {self.age_to_y:g} years"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "kind": self.kind, "region": self.region, "indication": self.indication or None,
            "population": self.population or None, "limits": self.limits or None,
            "identifier": self.identifier or None, "pathway": self.pathway or None,
            "date": self.date or None, "status": self.status or None, "source": self.source,
            "mark": self.mark,
        }  # fmt: skip


@dataclass(frozen=True)
class Regulatory:
    """What the rows say of the asked use: a word, a sentence, the row it rests on, and all rows."""

    status: Status
    sentence: str
    rests_on: tuple[Clearance, ...]
    rows: tuple[Clearance, ...]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "status": self.status,
            "sentence": self.sentence,
            "rests_on": [row.as_dict() for row in self.rests_on],
            "rows": [row.as_dict() for row in self.rows],
        }


def regulatory(key: str, patient: PatientFile) -> Regulatory:
    """The regulatory status of the device with this key for what a patient file states."""
    rows = tuple(clearances()[key]) if key in clearances() else ()
    status, sentence, rests_on = _status(rows, patient)
    return Regulatory(status, sentence, rests_on, rows)


@cache
def clearances() -> Mapping[str, list[Clearance]]:
    """All rows of ``suitability/regulatory.csv`` by the device's key."""
    found: dict[str, list[Clearance]] = {}
    for row in read_table("suitability/regulatory.csv"):
        made = Clearance(
            row["kind"],  # type: ignore[arg-type]
            row["region"], split(row["regions"]), split(row["assumed_in"]),
            row["indication"], row["population"], row["pathway"],
            row["identifier"], row["date"], row["status"], split(row["covers"]),
            split(row["covers_unclear"]), row["covers_reason"],
            float(row["age_from"]) if row["age_from"] else None,
            float(row["age_to"]) if row["age_to"] else None,
            row["limits"], row["source"], row["mark"],
        )  # fmt: skip
        found.setdefault(row["key"], []).append(made)
    return found


Told = tuple[Status, str, tuple[Clearance, ...]]


def _status(rows: tuple[Clearance, ...], patient: PatientFile) -> Told:
    if not rows:
        return "not known", "Not known: no row on any regulator was found for this device.", ()
    if not patient.region or not patient.condition:
        missing = [name for name in ("region", "condition") if not getattr(patient, name)]
        return "not known", f"Not known: no {' and no '.join(missing)} was stated.", ()
    where = REGION_NAMES[patient.region]
    here = tuple(row for row in rows if patient.region in row.regions)
    if not here:
        return "not known", f"Not known for {where}: no row read speaks of it.", ()
    name = conditions()[patient.condition]["name"]
    if all(row.kind == "none" for row in here):
        text = (
            f"A consumer product in {where}, with no medical indication: any use for {name} is "
            "outside a clearance (off-label)."
        )
        return "no medical indication", _from_memory(text, here), here
    legal = tuple(row for row in here if row.kind in VERBS)
    named = tuple(row for row in legal if patient.condition in row.covers)
    if named:
        told = _named(named, patient.age_y, name, where)
    elif legal:
        told = _unnamed(legal, patient, where)
    else:  # guidance alone does not say what is cleared
        told = "not known", f"Not known for {where}: no row read tells what is cleared there.", ()
    guidance = [row for row in here if row.kind == "guidance" and patient.condition in row.covers]
    also = "".join(
        f" A health service has issued guidance on {name} ({row.reference}), which is no approval."
        for row in guidance
    )
    if any(patient.region in row.assumed_in for row in told[2] or legal):
        also += f" That the CE mark counts in {where} too is assumed."
    return told[0], told[1] + also, (*told[2], *guidance)


def _named(rows: tuple[Clearance, ...], age_y: float | None, name: str, where: str) -> Told:
    """The condition is named: whether for this age, and on which row that rests."""
    of_age = [row for row in rows if row.of_age(age_y) is not False]
    if not of_age:
        by_ages = {row.ages: row for row in rows}  # the rows of a device are in the order of time
        named = "; ".join(f"{ages} ({row.reference})" for ages, row in by_ages.items())
        text = f"Off-label for this age: the rows read on {name} in {where} name people of {named}."
        return "other age", _from_memory(text, rows), rows
    row = ([row for row in of_age if row.mark != "recalled"] or of_age)[-1]
    people = f"people of {row.ages}" if row.ages else "ages not named in the row"
    text = f"{VERBS[row.kind].capitalize()} for {name} in {where} ({row.reference}; {people})."
    if age_y is None and row.ages:
        text += " No age was stated."
    text = _from_memory(text + _limits((row,)), (row,))
    return ("named" if row.mark != "recalled" else "named, from memory"), text, (row,)


def _unnamed(rows: tuple[Clearance, ...], patient: PatientFile, where: str) -> Told:
    """The condition is not named: perhaps a part of it, or something that may mean it."""
    naming = tuple(row for row in rows if row.covers or row.unclear)
    row_of = conditions()[patient.condition]
    name = row_of["name"]
    if not naming:
        references = "; ".join(row.reference for row in rows)
        text = f"Not known: the rows for {where} name no condition ({references})."
        return "not known", text, rows
    in_part = tuple(
        row for row in naming
        if any(conditions()[c]["part_of"] == patient.condition for c in row.covers)
    )  # fmt: skip
    unclear = tuple(
        row for row in naming
        if patient.condition in row.unclear or ("pain" in row.unclear and row_of["pain"] == "yes")
    )  # fmt: skip
    if in_part:
        parts = dict.fromkeys(c for row in in_part for c in row.covers)
        words = " and ".join(conditions()[c]["name"] for c in parts)
        references = "; ".join(f"{r.reference}: {r.ages or 'any age'}" for r in in_part)
        text = (
            f"{VERBS[in_part[0].kind].capitalize()} in {where} for a part of {name} only: {words} "
            f"({references}). Whether that is what is meant is not known; for all else it would be "
            "off-label."
        )
        return _for_age("named in part", text, in_part, patient.age_y)
    if unclear:
        row = unclear[0]
        text = (
            f"Not clear: {VERBS[row.kind]} in {where} for {row.indication} ({row.reference}). The "
            f"row {row.reason}; whether {name} is meant is not known."
        )
        return _for_age("unclear", text, unclear, patient.age_y)
    text = f"Off-label: no clearance or approval for {name} in {where} was found in the rows read."
    return "off-label", _from_memory(text, naming), ()


def _for_age(status: Status, text: str, rows: tuple[Clearance, ...], age_y: float | None) -> Told:
    """The text of rows that may mean the condition, with what they say of this age."""
    of_age = tuple(row for row in rows if row.of_age(age_y) is not False)
    if not of_age:
        status = "other age"
        text += " The age stated is outside what these rows name: off-label for it."
    elif age_y is None and all(row.ages for row in rows):
        text += " No age was stated."
    elif all(row.mark == "recalled" for row in of_age) and of_age != rows:
        text += " That a row names this age is from memory, not verified."
    return status, _from_memory(text + _limits(rows), rows), rows


def _limits(rows: tuple[Clearance, ...]) -> str:
    """Limits that the rows add and a patient file cannot check; empty where there are none."""
    limits = "; ".join(dict.fromkeys(row.limits for row in rows if row.limits))
    return f" The row also says: {limits}. Whether that holds is not known." if limits else ""


def _from_memory(text: str, rows: tuple[Clearance, ...]) -> str:
    """The text, said to be from memory where every row that it rests on is."""
    if any(row.mark != "recalled" for row in rows):
        return text
    return FROM_MEMORY + text[:1].lower() + text[1:]
