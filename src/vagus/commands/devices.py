"""``vagus devices``: what is known of each stimulator, and who says so."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from vagus.commands.output import AsJson, print_json, reported, stdout, table

if TYPE_CHECKING:
    from vagus.protocol.device import Device

SHOWN = ("current_mA", "pulse_width_us", "frequency_Hz")


@reported
def devices(
    key: Annotated[str | None, typer.Argument(help="A device; without it, all are listed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Devices as data: ranges, steps, electrodes, dosing, each with source and mark.

    Marks: seen (read in the source), derived (arithmetic on it), recalled (from memory), assumed,
    not_found (shown as unknown).
    """
    from vagus.protocol.device import device, device_keys

    if key is not None:
        _one(device(key), as_json)
        return
    found = [device(k) for k in device_keys()]
    if as_json:
        print_json([_brief(d) for d in found])
        return
    rows = [(d.key, d.route, d.waveform, *(_allowed(d, q) for q in SHOWN)) for d in found]
    columns = ("device", "route", "waveform", "current", "pulse width", "rate")
    stdout().print(table("Devices", columns, rows))
    stdout().print("`vagus devices KEY` shows all that is known of one, with sources.")


def _one(which: Device, as_json: bool) -> None:
    if as_json:
        print_json(asdict(which))
        return
    out = stdout()
    out.print(f"[bold]{escape(which.name)}[/] ({which.key}, {which.route})")
    out.print(escape(f"waveform: {which.waveform} [{which.waveform_mark}] {which.waveform_note}"))
    facts = [(f.parameter, str(f), f.mark, f.source) for f in which.facts]
    out.print(table("Facts", ("parameter", "value", "mark", "source"), facts))
    limits = [
        (s.quantity, s.role, s.allowed() if s.typical is None else f"{s.typical:g}", s.provenance)
        for s in which.settings
    ]
    if limits:
        out.print(table("Settings", ("quantity", "role", "value", "mark and source"), limits))
    contacts = [(e.name, _area(e.contact_area_cm2), e.cuff or "none", e.mark, e.source)
                for e in which.electrodes]  # fmt: skip
    columns = ("electrode", "contact area", "cuff preset", "mark", "source")
    out.print(table("Electrodes", columns, contacts))


def _brief(which: Device) -> dict[str, Any]:
    names = ("key", "name", "device_class", "route", "waveform", "waveform_mark")
    brief: dict[str, Any] = {name: getattr(which, name) for name in names}
    for name in SHOWN:
        limits = which.limits(name)
        brief[name] = (
            {"minimum": limits[0].minimum, "maximum": limits[0].maximum, "mark": limits[0].mark}
            if limits
            else None
        )
    return brief


def _allowed(which: Device, name: str) -> str:
    limits = which.limits(name)
    if not limits:
        usual = which.typical(name)
        typical = usual.typical if usual is not None else None
        unit = name.rpartition("_")[2]
        return "unknown" if typical is None else f"usually {typical:g} {unit}"
    return limits[0].allowed().split(" (")[0]


def _area(area_cm2: float | None) -> str:
    return "unknown" if area_cm2 is None else f"{area_cm2:g} cm2"
