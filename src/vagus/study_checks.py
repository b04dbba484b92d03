"""Rules of a study file that concern several fields: defaults, what excludes what, the device."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from vagus.data import read_table
from vagus.errors import InputError
from vagus.protocol.device import Device, Setting, device, nearest
from vagus.protocol.protocol import check_setting
from vagus.study_model import Stimulation
from vagus.study_text import Problem

if TYPE_CHECKING:
    from vagus.body.statement import Quantity

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
NUMBER_THEN_UNIT = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(.*)")


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
    if "session" in filled and "sessions_per_day" not in filled and "session" not in given:
        # The device's session alone would leave open how often; without it, stimulation never ends.
        add("sessions_per_day", 1, f"not known for {which.key}: once a day", "assumed")
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


def recruitment_problems(values: dict[str, Any], which: Device | None) -> Iterator[Problem]:
    """A nerve where fibres are computed; a documented prior where they are not."""
    prior = prior_of(which) if which is not None else None
    recruitment = values.get("recruitment", "computed")
    if recruitment == "computed":
        if values.get("nerve") is None:
            fix = (
                f"Or write `recruitment: prior`: {which.key} has no cuff, and a documented prior "
                "stands for the fibres it recruits."
                if which is not None and prior is not None
                else ""
            )
            allowed = "the name of a nerve, such as human-cervical-sub57, or a file"
            yield Problem(("nerve",), "missing", allowed, fix)
    elif recruitment == "prior" and which is not None and prior is None:
        fix = f"There is no prior for {which.key}: its fibres can be computed."
        yield Problem(("recruitment",), "prior", "`computed` for an implanted device", fix)


def prior_of(which: Device) -> str | None:
    """The recruitment prior for a device's place on the body; None for implanted ones."""
    rows = {row["device_class"]: row["prior"] for row in read_table("body/prior_of_device.csv")}
    return rows.get(which.device_class)


def with_body(given: Any) -> tuple[Any, list[Problem]]:
    """The body section with links as booleans and parameters in the units of their tables.

    What cannot be read is left out and reported.
    """
    if not isinstance(given, dict):
        return given, []
    filled, problems = dict(given), []
    for section, read in (("links", _link), ("parameters", _parameter)):
        entries = given.get(section)
        if not isinstance(entries, dict):
            continue
        filled[section] = {}
        for name, value in entries.items():
            found = read(name, value)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                filled[section] |= dict([found])
    return filled, problems


def dose_problems(values: dict[str, Any], horizon_s: float, dose_end_s: float) -> Iterator[Problem]:
    """The dose of endotoxin must be over before the simulation is."""
    if dose_end_s > horizon_s:
        keys = ("body", "lps", "at" if "at" in values["body"]["lps"] else "infusion")
        shown = values["body"]["lps"].get(keys[-1], "one minute")
        fix = "Give it earlier, or lengthen `stimulation.duration` or `body.follow_up`."
        allowed = f"a dose that ends by {horizon_s:g} s, when the study does; this one ends at "
        yield Problem(keys, shown, f"{allowed}{dose_end_s:g} s", fix)


def _link(name: str, value: object) -> tuple[str, bool] | Problem:
    """Symbol of a link, or the short name of a route (`mood` for `route_mood`), and its switch."""
    keys = ("body", "links", name)
    symbols = [row["symbol"] for row in read_table("body/links.csv")]
    short = {s.removeprefix("route_"): s for s in symbols if s.startswith("route_")}
    symbol = short.get(name, name)
    if symbol not in symbols:
        names = [*short, *(s for s in symbols if s not in short.values())]
        fix = nearest(name, names + list(short.values()))
        return Problem(keys, "not a link", ", ".join(names), fix)
    switch = {"on": True, "off": False, "true": True, "false": False}.get(str(value).lower())
    if switch is None:
        return Problem(keys, value, "on or off")
    return symbol, switch


def _parameter(name: str, value: object) -> tuple[str, float] | Problem:
    """A parameter of the body and its value, in the unit of its table."""
    from vagus.body.units import ONE, parse_unit

    keys, known = ("body", "parameters", name), _body_parameters()
    row = known.get(name)
    if row is None:
        fix = nearest(name, list(known)) or "Switches go under `links`."
        return Problem(keys, "not a parameter", f"one of the body's {len(known)}", fix)
    wanted = row.dimension
    shown = "a number without unit" if wanted == ONE else f"a quantity in {row.unit}"
    example = row.default if wanted == ONE else f"{row.default} {row.unit}"
    allowed = f"{shown}, such as `{example}`"
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    found = NUMBER_THEN_UNIT.fullmatch(str(value)) if numeric or isinstance(value, str) else None
    if found is None:
        return Problem(keys, value, allowed, "Write a number and its unit.")
    number, unit = float(found[1]), found[2].strip()
    if not unit and wanted != ONE:
        return Problem(keys, value, allowed, f"It has no unit: write `{found[1]} {row.unit}`.")
    try:
        given = parse_unit(f"1{unit}" if unit.startswith("/") else unit or "1")
    except InputError as error:
        return Problem(keys, value, allowed, error.fix)
    if not given.same_dimension(wanted):
        return Problem(keys, value, allowed, f"`{unit or 1}` is {given}; this is {wanted}.")
    number *= given.seconds / wanted.seconds
    if not math.isfinite(number) or (number < 0 and _never_negative(row)):
        return Problem(keys, value, f"{shown}, 0 or above", "A rate or gain is not negative here.")
    return name, number


def _never_negative(row: Quantity) -> bool:
    """Whether neither the default nor any draw of a parameter is below 0."""
    least = row.prior.support[0] if row.prior is not None else float(row.default)
    return float(row.default) >= 0 and least >= 0


@cache
def _body_parameters() -> dict[str, Quantity]:
    """Parameters that a study may set: those of the organs, not links or the drive of the nerve."""
    from vagus.body.full import full_body

    drive = {f"u_{channel}" for channel in "ACBSE"} | {"f_stim", "n_train"}
    rows = full_body().quantities
    return {s: q for s, q in rows.items() if q.kind == "parameter" and s not in drive}


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
    bound = min(bounds, key=lambda bound: abs(bound - value))
    return f"The nearest it can deliver is `{_written(bound, limit.quantity)}`."


def _written(value: float | None, name: str) -> object:
    """A default as it would stand in the file, unit and all."""
    unit = name.rpartition("_")[2]
    if value is not None and unit in ("mA", "us", "s", "Hz"):
        return f"{value:g} {unit}"
    return None if value is None or math.isnan(value) else int(value)


def _listed(fields: set[str]) -> str:
    return ", ".join(f"`{field}`" for field in sorted(fields))
