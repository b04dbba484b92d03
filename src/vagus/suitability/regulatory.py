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
VERBS = {"clearance": "cleared", "approval": "approved", "marketing": "marketed"}


@dataclass(frozen=True)
class Clearance:
    """One row: what a regulator (or, for ``guidance``, a health service) said of a device.

    ``covers``: conditions named; ``unclear``: conditions that may be meant ("pain": every painful
    one); ``limits``: limits of the population that a patient file cannot check.
    """

    kind: Kind
    region: str
    regions: tuple[str, ...]
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
        """Number and date, as far as known, and whether this is from memory."""
        parts = [self.identifier or self.pathway, self.date or "date not known"]
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
            row["region"], split(row["regions"]), row["indication"], row["population"],
            row["pathway"], row["identifier"], row["date"], row["status"], split(row["covers"]),
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
        return "not known", f"Not known: the file states no {' and no '.join(missing)}.", ()
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
        return "no medical indication", text, here
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
    return told[0], told[1] + also, (*told[2], *guidance)


def _named(rows: tuple[Clearance, ...], age_y: float | None, name: str, where: str) -> Told:
    """The condition is named: whether for this age, and on which row that rests."""
    of_age = [row for row in rows if row.of_age(age_y)]
    seen = [row for row in of_age or rows if row.mark != "recalled"]
    row = (seen or of_age or list(rows))[-1]  # the rows of a device are in the order of time
    verb = VERBS[row.kind].capitalize()
    people = f"people of {row.ages}" if row.ages else "ages not named in the row"
    text = f"{verb} for {name} in {where} ({row.reference}; {people})."
    if row.mark == "recalled":
        text = text.replace(verb, f"From memory, not verified: {verb.lower()}", 1)
    if age_y is None and row.ages:
        text += " The file states no age."
    elif not of_age:
        text = f"Off-label for this age: the row on {name} in {where} names {people}"
        return "other age", f"{text} ({row.reference}).", (row,)
    if row.limits:
        text += f" The row also says: {row.limits}. Whether that holds, the file cannot say."
    return ("named" if row.mark != "recalled" else "named, from memory"), text, (row,)


def _unnamed(rows: tuple[Clearance, ...], patient: PatientFile, where: str) -> Told:
    """The condition is not named: perhaps a part of it, or something that may mean it."""
    row_of = conditions()[patient.condition]
    name = row_of["name"]
    in_part = tuple(
        row for row in rows
        if any(conditions()[c]["part_of"] == patient.condition for c in row.covers)
    )  # fmt: skip
    if in_part:
        parts = {c: None for row in in_part for c in row.covers}
        words = " and ".join(conditions()[c]["name"] for c in parts)
        verbs = VERBS[in_part[0].kind].capitalize()
        references = "; ".join(f"{r.reference}: {r.ages}" for r in in_part)
        text = (
            f"{verbs} in {where} for a part of {name} only: {words} ({references}). Whether that "
            "is what is meant, the file cannot say; for all else it would be off-label."
        )
        return "named in part", text, in_part
    unclear = tuple(
        row for row in rows
        if patient.condition in row.unclear or ("pain" in row.unclear and row_of["pain"] == "yes")
    )  # fmt: skip
    if unclear:
        row = unclear[0]
        text = (
            f"Not clear: {VERBS[row.kind]} in {where} for {row.indication} ({row.reference}), "
            f"which {row.reason}; whether {name} is meant is not known."
        )
        return "unclear", text, unclear
    text = f"Off-label: no clearance or approval for {name} in {where} was found in the rows read."
    return "off-label", text, ()
