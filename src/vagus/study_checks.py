"""Rules of a study file that concern several fields: defaults, what excludes what, the device."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from vagus.data import read_table
from vagus.protocol.device import Device, Setting, device
from vagus.protocol.protocol import check_setting
from vagus.study_model import Stimulation
from vagus.study_text import Problem

SECTION = "stimulation"
# Which fields a waveform uses beyond current, rate and timing; the others are refused with it.
SHAPE_FIELDS = {
    "monophasic": {"pulse_width"},
    "biphasic": {"pulse_width", "gap", "ratio"},
    "pseudo-monophasic": {"pulse_width", "gap", "recovery_tau"},
    "burst": {"carrier", "cycles"},
}
ALL_SHAPE_FIELDS = set().union(*SHAPE_FIELDS.values())
NEEDED = {"pulse_width", "carrier", "cycles"}
DAY_S = 86_400.0


@dataclass(frozen=True)
class Default:
    """A value that the file does not give, and where it was taken from."""

    field: str
    value: str
    source: str
    mark: str


def with_defaults(
    given: dict[str, Any], which: Device
) -> tuple[dict[str, Any], tuple[Default, ...]]:
    """The stimulation section completed from what is known of the device, and what was added."""
    filled, added = dict(given), []

    def add(field: str, value: object, source: str, mark: str) -> None:
        filled[field] = value
        added.append(Default(f"{SECTION}.{field}", str(value), source, mark))

    if "waveform" not in filled:
        add("waveform", which.waveform, which.waveform_note or which.key, which.waveform_mark)
    shape = SHAPE_FIELDS.get(str(filled["waveform"]), set())
    for name, info in Stimulation.model_fields.items():
        field = info.alias or name
        usual = which.typical(name)
        if field in filled or usual is None or (field in ALL_SHAPE_FIELDS and field not in shape):
            continue
        add(field, _written(usual.typical, name), usual.source, usual.mark)
    if "recovery_tau" in shape and "recovery_tau" not in filled:
        row = read_table("devices/waveforms.csv")[0]
        add("recovery_tau", f"{row['value']} us", row["source"], row["mark"])
    if "cathode" not in filled:
        electrode = which.electrode()
        add("cathode", electrode.cathode, electrode.note or "no other is known", "assumed")
    if "duration" not in filled:
        add("duration", "1 day", "a study without a duration lasts one day", "assumed")
    return filled, tuple(added)


def with_cuff(given: Any, which: Device) -> tuple[Any, tuple[Default, ...]]:
    """The field section with the preset that is shaped like the device's electrode, if one is."""
    cuff = which.electrode().cuff
    if not cuff or not isinstance(given, dict) or "cuff" in given or "potentials" in given:
        return given, ()
    source = f"the preset shaped like {which.key}"
    return given | {"cuff": cuff}, (Default("field.cuff", cuff, source, "assumed"),)


def stimulation_problems(given: dict[str, Any], which: Device) -> Iterator[Problem]:
    """What the fields say together; fields that cannot be read are skipped."""
    values = _readable(given)
    yield from _shape_problems(given, which)
    yield from _timing_problems(given, values)
    yield from _period_problems(given, values)
    yield from _device_problems(given, values, which)


def nerve_problems(nerve: Any) -> Iterator[Problem]:
    """Exactly one source of the section, and a scale where it is an image."""
    if not isinstance(nerve, dict):
        return
    sources = [name for name in ("name", "polygons", "masks") if nerve.get(name) is not None]
    if len(sources) != 1:
        allowed = "one of a library name, `polygons: FILE` or `masks: FILE`"
        yield Problem(("nerve",), ", ".join(sources) or "without a source", allowed)
    if sources == ["masks"] and nerve.get("scale") is None:
        fix = "Write the size of a pixel, for example `scale: 0.5 um`."
        yield Problem(("nerve", "scale"), "missing", "a length per pixel with `masks`", fix)


def known_device(values: dict[str, Any]) -> Device | None:
    """The study's device, or None where it is missing or not known (reported elsewhere)."""
    try:
        return device(str(values["device"]))
    except (KeyError, ValueError):
        return None


def _readable(given: dict[str, Any]) -> dict[str, Any]:
    """Python name -> value of every field of the section that is valid by itself."""
    values = {}
    for name, info in Stimulation.model_fields.items():
        raw = given.get(info.alias or name)
        if raw is None:
            continue
        try:
            values[name] = _adapter(name).validate_python(raw)
        except ValidationError:
            continue
    return values


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(Stimulation.model_fields[name].rebuild_annotation())


def _shape_problems(given: dict[str, Any], which: Device) -> Iterator[Problem]:
    waveform = str(given["waveform"])
    used = SHAPE_FIELDS.get(waveform)
    if used is None:
        return
    for field in sorted(ALL_SHAPE_FIELDS - used):
        if field in given:
            allowed = f"no `{field}` with the waveform `{waveform}` (it uses {_listed(used)})"
            yield Problem((SECTION, field), given[field], allowed, "Remove it.")
    for field in sorted(used & NEEDED):
        if field not in given:
            yield _missing(field, which, f"the waveform `{waveform}` needs it")


def _missing(field: str, which: Device, why: str) -> Problem:
    name = next(n for n, i in Stimulation.model_fields.items() if (i.alias or n) == field)
    limits = which.limits(name)
    known = f": {limits[0].allowed()}" if limits else ", whose range is not known"
    fix = f"{which.key} has no single usual value{known}."
    return Problem((SECTION, field), "missing", f"a value, since {why}", fix)


def _timing_problems(given: dict[str, Any], values: dict[str, Any]) -> Iterator[Problem]:
    for one, other in (
        ("on_time", "off_time"),
        ("off_time", "on_time"),
        ("session", "sessions_per_day"),
        ("sessions_per_day", "session"),
    ):
        if one in given and other not in given:
            fix = "Write `off_time: 0 s` for stimulation without pause." if one == "on_time" else ""
            yield Problem((SECTION, other), "missing", f"a value together with `{one}`", fix)
    session, per_day = values.get("session_s"), values.get("sessions_per_day")
    if session and per_day and session * per_day > DAY_S * (1 + 1e-12):
        allowed = f"up to {DAY_S / per_day:g} s with {per_day} sessions a day"
        yield Problem((SECTION, "session"), given["session"], allowed)


def _period_problems(given: dict[str, Any], values: dict[str, Any]) -> Iterator[Problem]:
    """The pulse must end before the next begins; a capacitor's recovery is cut there instead."""
    rate = values.get("frequency_Hz")
    if rate is None:
        return
    width, ratio = values.get("pulse_width_us"), values.get("ratio", 1.0)
    carrier, cycles = values.get("carrier_Hz"), values.get("cycles")
    if given["waveform"] == "burst":
        length = 1e6 * cycles / carrier if carrier and cycles else 0.0
    else:
        second = width / ratio if width and given["waveform"] == "biphasic" else 0.0
        length = (width or 0.0) + values.get("gap_us", 0.0) + second
    full = length * rate >= 1e6 * (1 - 1e-9) and given["waveform"] == "pseudo-monophasic"
    if length * rate > 1e6 * (1 + 1e-9) or full:
        allowed = f"up to {1e6 / length:g} Hz: a {given['waveform']} pulse of this study lasts "
        fix = "Lower the rate or shorten the pulse."
        yield Problem((SECTION, "frequency"), given["frequency"], f"{allowed}{length:g} us", fix)


def _device_problems(
    given: dict[str, Any], values: dict[str, Any], which: Device
) -> Iterator[Problem]:
    """Beyond a range that was read in its source; recalled ranges only warn (see the protocol)."""
    for name, value in values.items():
        field = Stimulation.model_fields[name].alias or name
        limits = which.limits(name)
        if not isinstance(value, int | float) or not limits:
            continue
        for finding in check_setting(which, name, value):
            if finding.level == "error" and finding.mark in ("seen", "derived"):
                allowed = f"{limits[0].allowed()} for {which.key}"
                yield Problem(
                    (SECTION, field), given[field], allowed, _nearest_bound(value, limits[0])
                )
    if given.get("electrode") is not None:
        names = [e.name for e in which.electrodes]
        if given["electrode"] not in names:
            yield Problem((SECTION, "electrode"), given["electrode"], ", ".join(names))


def _nearest_bound(value: float, limit: Setting) -> str:
    bounds = [b for b in (limit.minimum, limit.maximum) if b is not None]
    nearest = min(bounds, key=lambda bound: abs(bound - value))
    return f"The nearest it can deliver is `{_written(nearest, limit.quantity)}`."


def _written(value: float | None, name: str) -> object:
    """A default as it would stand in the file, unit and all."""
    unit = name.rpartition("_")[2]
    if value is not None and unit in ("mA", "us", "s", "Hz"):
        return f"{value:g} {unit}"
    return None if value is None or math.isnan(value) else int(value)


def _listed(fields: set[str]) -> str:
    return ", ".join(f"`{field}`" for field in sorted(fields))
