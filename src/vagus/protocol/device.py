"""Devices as data: what each can be set to, what touches the nerve or skin, and who says so.

The facts are the rows of ``devices.csv`` as they were found, with source and mark; ``settings.csv``
says which of them bound a setting or give its usual value, ``electrodes.csv`` what is known of the
contacts. What was not found stays unknown: it is None, and printed as "unknown".
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from typing import Literal

from vagus.data import Row, read_table
from vagus.errors import InputError

Route = Literal["implanted", "percutaneous", "transcutaneous"]


@dataclass(frozen=True)
class Fact:
    """One row of ``devices.csv``; numbers are None where the source gives none."""

    parameter: str
    minimum: float | None
    maximum: float | None
    typical: float | None
    unit: str
    text: str
    source: str
    mark: str

    def __str__(self) -> str:
        if self.mark == "not_found":
            return "unknown"
        bounds = [self.minimum, self.maximum]
        if self.typical is not None:
            said = f"{self.typical:g} {self.unit}"
        elif None not in bounds:
            said = f"{self.minimum:g} to {self.maximum:g} {self.unit}"
        elif self.maximum is not None:
            said = f"up to {self.maximum:g} {self.unit}"
        else:
            return self.text or "unknown"
        said = said.removesuffix(" 1")
        return f"{said} ({self.text})" if self.text else said


@dataclass(frozen=True)
class Setting:
    """What one quantity may be set to (``range``, ``variant``), or usually is (``typical``).

    ``quantity`` names its unit ("current_mA"). ``values`` are ranges (first, last, step), with
    step 0 for a continuous range and first == last for a single value; empty: any value between
    ``minimum`` and ``maximum``, either of which may be None (unknown).
    """

    quantity: str
    role: Literal["range", "variant", "typical"]
    minimum: float | None
    maximum: float | None
    values: tuple[tuple[float, float, float], ...]
    typical: float | None
    source: str
    mark: str
    note: str

    def within(self, value: float) -> bool:
        """Whether ``value`` lies between the bounds that are known."""
        slack = 1e-9 * max(1.0, abs(value))
        low = self.minimum is None or value >= self.minimum - slack
        return low and (self.maximum is None or value <= self.maximum + slack)

    def on_step(self, value: float) -> bool:
        """Whether the device can be set to exactly ``value`` (True where no steps are known)."""
        return not self.values or any(_on_grid(value, *grid) for grid in self.values)

    def allowed(self) -> str:
        """The bounds and steps in words."""
        unit = self.quantity.rpartition("_")[2]
        unit = "" if unit in ("day", "cycles") else f" {unit}"
        bounds = {
            (True, True): "not known",
            (True, False): f"up to {self.maximum or 0:g}{unit}",
            (False, True): f"from {self.minimum or 0:g}{unit}",
            (False, False): f"{self.minimum or 0:g} to {self.maximum or 0:g}{unit}",
        }[self.minimum is None, self.maximum is None]
        steps = ", ".join(_grid_words(grid) for grid in self.values)
        return f"{bounds} ({steps})" if steps else bounds

    @property
    def provenance(self) -> str:
        """Source and mark, as printed after a value."""
        return f"{self.mark}: {self.source}" + (f" ({self.note})" if self.note else "")


@dataclass(frozen=True)
class Electrode:
    """What carries the current into tissue; ``contact_area_cm2`` is None where nobody says.

    ``cuff`` names the preset of `vagus.field` that is shaped like it; empty where none is.
    """

    name: str
    contact_area_cm2: float | None
    contacts: int
    cathode: str
    cuff: str
    source: str
    mark: str
    note: str


@dataclass(frozen=True)
class Device:
    """One stimulator: facts, settings and electrodes (the first is the usual one)."""

    key: str
    name: str
    device_class: str
    route: Route
    waveform: str
    waveform_mark: str
    waveform_note: str
    facts: tuple[Fact, ...]
    settings: tuple[Setting, ...]
    electrodes: tuple[Electrode, ...]

    def limits(self, quantity: str) -> tuple[Setting, ...]:
        """The ranges known for ``quantity``, the general one first; empty when unknown."""
        return tuple(s for s in self.settings if s.quantity == quantity and s.role != "typical")

    def typical(self, quantity: str) -> Setting | None:
        """The usual value of ``quantity``, or None when there is no single one."""
        found = (s for s in self.settings if s.quantity == quantity and s.role == "typical")
        return next(found, None)

    def dosing(self) -> tuple[Fact, ...]:
        """The facts on how much is given and how often."""
        words = ("dose", "duty", "dut", "schedule", "session", "duration", "stimulations", "wear")
        return tuple(f for f in self.facts if any(word in f.parameter for word in words))

    def electrode(self, name: str | None = None) -> Electrode:
        """The named electrode, or the usual one. Raises `InputError` for any other name."""
        if name is None:
            return self.electrodes[0]
        for electrode in self.electrodes:
            if electrode.name == name:
                return electrode
        names = [e.name for e in self.electrodes]
        raise InputError("electrode", name, ", ".join(names), nearest(name, names))


def device_keys() -> tuple[str, ...]:
    """The keys of all devices, in the table's order."""
    return tuple(row["key"] for row in read_table("devices/keys.csv"))


@cache
def device(key: str) -> Device:
    """The device with this key or one of its other names (upper and lower case are the same).

    Raises `InputError` with the nearest names for one that is not known.
    """
    wanted = key.strip().lower().replace("_", "-").replace(" ", "-")
    names: dict[str, Row] = {}
    for row in read_table("devices/keys.csv"):
        others = [row["device_id"].replace("_", "-"), *filter(None, row["aliases"].split("|"))]
        for name in (row["key"], *others):
            names.setdefault(name, row)
    if wanted not in names:
        raise InputError("device", key, ", ".join(device_keys()), nearest(wanted, names))
    return _build(names[wanted])


def nearest(word: str, known: object) -> str:
    """A sentence with the known name most like ``word``, or nothing where none is like it."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)  # type: ignore[call-overload]
    return f"Did you mean `{close[0]}`?" if close else ""


def _build(row: Row) -> Device:
    key = row["key"]
    rows = [r for r in read_table("devices/devices.csv") if r["device_id"] == row["device_id"]]
    facts = tuple(_fact(r) for r in rows)
    settings = [r for r in read_table("devices/settings.csv") if r["key"] == key]
    electrodes = [r for r in read_table("devices/electrodes.csv") if r["key"] == key]
    unknown = Electrode("unknown", None, 2, "cranial", "", "not in the tables", "not_found", "")
    return Device(
        key,
        rows[0]["device_name"],
        rows[0]["device_class"],
        row["route"],  # type: ignore[arg-type]
        row["waveform"],
        row["waveform_mark"],
        row["waveform_note"],
        facts,
        tuple(_setting(r, facts) for r in settings),
        tuple(_electrode(r, facts) for r in electrodes) or (unknown,),
    )


def _fact(row: Row) -> Fact:
    text = "; ".join(filter(None, (row["text"], f"step {row['step']}" if row["step"] else "")))
    numbers = [_number(row[column]) for column in ("value_min", "value_max", "value_typ")]
    low, high, typical = numbers
    return Fact(row["parameter"], low, high, typical, row["unit"], text, row["source"], row["mark"])


def _setting(row: Row, facts: tuple[Fact, ...]) -> Setting:
    fact = next(f for f in facts if f.parameter == row["parameter"])
    grids = []
    for part in filter(None, row["allowed"].split(";")):
        numbers = [float(x) for x in part.split(":")]
        grids.append(
            (numbers[0], numbers[-2], numbers[-1])
            if len(numbers) == 3
            else (numbers[0], numbers[0], 0.0)
        )
    return Setting(
        row["quantity"],
        row["role"],  # type: ignore[arg-type]
        _number(row["minimum"]),
        _number(row["maximum"]),
        tuple(grids),
        _number(row["value"]),
        fact.source,
        row["mark"] or fact.mark,
        row["note"],
    )


def _electrode(row: Row, facts: tuple[Fact, ...]) -> Electrode:
    fact = next((f for f in facts if f.parameter == row["parameter"]), None)
    return Electrode(
        row["electrode"],
        _number(row["contact_area_cm2"]),
        int(row["contacts"]),
        row["cathode"],
        row["cuff"],
        row["source"] or (fact.source if fact else ""),
        row["mark"] or (fact.mark if fact else "not_found"),
        row["note"],
    )


def _number(text: str) -> float | None:
    return float(text) if text else None


def _on_grid(value: float, first: float, last: float, step: float) -> bool:
    slack = 1e-6 * max(1.0, abs(value))
    if not first - slack <= value <= last + slack:
        return False
    return step == 0 or abs((value - first) / step - round((value - first) / step)) * step <= slack


def _grid_words(grid: tuple[float, float, float]) -> str:
    first, last, step = grid
    return f"{first:g}" if first == last else f"{first:g} to {last:g} in steps of {step:g}"
