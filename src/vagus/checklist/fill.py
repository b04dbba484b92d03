"""From a study to the items of Farmer 2021 (doi:10.3389/fnhum.2020.568051, Table 3).

A part of an item is filled from the section `reporting`, else from the rest of the study file, else
from the device's tables, which is said. What the simulation merely assumes is missing.

Table 3 has two columns, for acute or short-term and for long-term stimulation. Here stimulation on
more than one day is long-term; items of the other column do not apply. Only the acute column asks
for the sham; a long-term trial that has one is told to report it all the same.
"""

from __future__ import annotations

from vagus.checklist.items import Checklist, Item, Status
from vagus.checklist.known import MARKS, RESOLVED, Known, Part
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.study import Study

OWN = "project addition"
OF_SHAM = ("design.manipulation_check", "design.sham")
SHAM_TOO = "; this trial has a sham: report both its type and the manipulation check"


def tvns_checklist(study: Study) -> Checklist:
    """The items for ``study``.

    Raises `InputError` for a device that is not transcutaneous.
    """
    if study.device.route != "transcutaneous":
        raise InputError(
            "device", f"{study.device.key} ({study.device.route})", "a transcutaneous device",
            "The checklist is for stimulation through the skin; no such list is known here for "
            "implanted or needle electrodes.",
        )  # fmt: skip
    known = Known(study, {d.field: d for d in study.defaults})
    long_term = known.days > 1
    kind = "long-term" if long_term else "acute"
    stated = "" if "stimulation.duration" not in known.defaults else ", which is assumed"
    rule = f"stimulation on {known.days:g} day{'s' * (known.days != 1)}{stated}: {kind}"
    items = [_item(row, known, kind) for row in read_table("reporting/tvns_items.csv")]
    own = {row["item_id"] for row in read_table("reporting/tvns_items.csv") if row["source"] == OWN}
    return Checklist(
        study.title or study.source,
        study.device.name,
        kind,
        f"{rule} (the rule: more than one day is long-term)",
        tuple(item for item in items if item.id not in own),
        tuple(item for item in items if item.id in own),
    )


def _item(row: Row, known: Known, kind: str) -> Item:
    parts = [_part(spec.strip().split("|"), known) for spec in row["parts"].split(";")]
    labels = [spec.strip().split("|")[1] for spec in row["parts"].split(";")]
    many = len(parts) > 1
    told = "; ".join(
        f"{label}: {p.value}" if many else p.value
        for label, p in zip(labels, parts, strict=True)
        if p.value
    )
    lacking = "; ".join(
        f"{label} ({p.missing})" if p.missing else label
        for label, p in zip(labels, parts, strict=True)
        if p.origin == "missing"
    )
    sources = "; ".join(dict.fromkeys(p.source for p in parts if p.source))
    mark = max((p.mark for p in parts), key=MARKS.index)
    status = _status(parts)
    phase = row["phase"].replace("_", "-")
    if phase not in ("both", kind):
        status, lacking = "not applicable", ""
        told = f"for {phase} stimulation" + (f"; said all the same: {told}" if told else "")
        told += SHAM_TOO if known.has_sham and row["required_field"] in OF_SHAM else ""
    return Item(
        row["item_id"], row["level"], phase, row["item"], status, told, lacking, sources, mark
    )


def _status(parts: list[Part]) -> Status:
    origins = {p.origin for p in parts} - {"not applicable"}
    if not origins:
        return "not applicable"
    if origins == {"missing"} and not any(p.value for p in parts if p.origin == "missing"):
        return "missing"
    if "missing" in origins:
        return "part"
    return "from the device" if "device" in origins else "given"


def _part(spec: list[str], known: Known) -> Part:
    """``spec``: key, label, field of `reporting`, "done" for what is known after the study only."""
    key, _, field, done = [*spec, "", ""][:4]
    said = getattr(known.study.reporting, field) if field else ""
    if said:
        return Part(said, "study", f"reporting.{field}")
    found = RESOLVED[key](known) if key in RESOLVED else Part("", "missing")
    if found.origin != "missing" or found.missing:
        return found
    return Part("", "missing", missing="once the study is done" if done else "")
