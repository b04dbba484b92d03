"""A protocol: which device delivers which pulse, how strong, how often and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from vagus.errors import InputError
from vagus.protocol.device import Device, Electrode
from vagus.protocol.electrical import on_time_by_day_s
from vagus.protocol.finding import Finding
from vagus.protocol.safety import Row, safety_findings, safety_rows
from vagus.protocol.schedule import DAY_S, Schedule
from vagus.protocol.waveform import Waveform


@dataclass(frozen=True)
class Protocol:
    """What is delivered.

    ``current_mA`` is the device's setting, 0 or positive: the amplitude of the first phase.
    ``cathode`` is the contact from which the first phase draws positive charge (negative current
    there, the opposite at the other), so at the cathode current is -current_mA x waveform.
    ``frequency_Hz`` is the rate of pulses (of bursts, for a burst) while the schedule is on.
    ``settings`` keeps what the waveform and schedule were made from, by name with unit
    ("pulse_width_us", "on_time_s"), so that the device's limits on them can be checked.
    Raises `InputError` where a pulse is longer than its period or a number is out of bounds.
    """

    device: Device
    waveform: Waveform
    current_mA: float
    frequency_Hz: float
    schedule: Schedule
    electrode: Electrode
    cathode: Literal["cranial", "caudal"] = "cranial"
    settings: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not (np.isfinite(self.current_mA) and self.current_mA >= 0):
            raise InputError(
                "current_mA",
                self.current_mA,
                "0 or a finite number above",
                "Reverse the polarity with `cathode`, not with the sign of the current.",
            )
        if not (np.isfinite(self.frequency_Hz) and self.frequency_Hz > 0):
            raise InputError("frequency_Hz", self.frequency_Hz, "a finite number above 0")
        if self.waveform.duration_us > 1e6 / self.frequency_Hz * (1 + 1e-9):
            raise InputError(
                "frequency_Hz",
                self.frequency_Hz,
                f"up to {1e6 / self.waveform.duration_us:g} Hz: the {self.waveform.name} pulse "
                f"lasts {self.waveform.duration_us:g} us",
                "Shorten the pulse, its gap or its recovery, or lower the rate.",
            )

    @property
    def polarity(self) -> int:
        """Factor on a cuff's weights, whose cathode is cranial: -1 where it is caudal, else 1."""
        return 1 if self.cathode == "cranial" else -1

    @property
    def duration_s(self) -> float:
        """How long the protocol lasts: as set, or else until the schedule's last edge."""
        return self.settings.get("duration_s", self.schedule.end_s)

    def findings(self) -> list[Finding]:
        """What a reader should know of it: the device's own limits, then electrical safety."""
        return check_against_device(self) + safety_findings(self)

    def summary(self) -> list[Row]:
        """Rows (what, value, source or remark) for a table: settings, then electrical safety."""
        return self.setting_rows() + safety_rows(self)

    def setting_rows(self) -> list[Row]:
        """Rows (what, value, source or remark) of what is set."""
        share = 100 * self.schedule.duty(0.0, self.duration_s)
        days = self.duration_s / DAY_S
        length = f"{self.duration_s:g} s" if days < 1 else f"{days:g} day{'s' * (days != 1)}"
        shape, area = self.waveform, self.electrode.contact_area_cm2
        balance = "charge balanced" if shape.is_balanced else "charge NOT balanced"
        return [
            ("device", self.device.name, self.device.key),
            ("electrode", self.electrode.name, self.electrode.note),
            (
                "contact area",
                "unknown" if area is None else f"{area:g} cm2",
                f"{self.electrode.mark}: {self.electrode.source}",
            ),
            ("cathode", self.cathode, "first phase"),
            ("current", f"{self.current_mA:g} mA", "amplitude of the first phase"),
            ("waveform", shape.name, f"{shape.duration_us:g} us long, {balance}"),
            ("rate", f"{self.frequency_Hz:g} Hz", ""),
            (
                "schedule",
                f"on for {share:.3g} % of {length}",
                f"{len(self.schedule.edges_s)} windows",
            ),
        ]


def check_against_device(protocol: Protocol) -> list[Finding]:
    """What the device's own limits say: errors beyond a range, warnings off its steps.

    An unknown range of current, rate or pulse width is a finding too ("unknown"): absence of a
    limit is not permission. The range of the current holds for the strongest phase, which need not
    be the first.
    """
    own = {"current_mA": protocol.current_mA, "frequency_Hz": protocol.frequency_Hz}
    findings: list[Finding] = []
    for quantity, value in (own | protocol.settings | _doses(protocol)).items():
        found = check_setting(protocol.device, quantity, value)
        always = quantity in (*own, "pulse_width_us")
        findings += [f for f in found if always or f.level != "unknown"]
        findings += _strongest_phase(protocol) if quantity == "current_mA" else []
    return findings


def _strongest_phase(protocol: Protocol) -> list[Finding]:
    """An error where a phase stronger than the first leaves the range of the current."""
    factor, limits = protocol.waveform.peak, protocol.device.limits("current_mA")
    peak_mA = protocol.current_mA * factor
    if factor <= 1 + 1e-9 or not limits or limits[0].within(peak_mA):
        return []
    phases = {"biphasic": "the second phase", "pseudo-monophasic": "the discharge"}
    which = phases.get(protocol.waveform.name, "the strongest phase")
    message = (
        f"{peak_mA:g} mA in {which}, {factor:g} times the {protocol.current_mA:g} mA of the first, "
        f"is beyond {protocol.device.key}: {limits[0].allowed()}"
    )
    return [Finding("error", "current", message, limits[0].mark)]


def _doses(protocol: Protocol) -> dict[str, float]:
    """Time on in the busiest day, and week, of a study that lasts one; only what the device limits.

    Weeks are counted from the study's start; a week that is not whole is left out.
    """
    days = on_time_by_day_s(protocol.schedule, protocol.duration_s)
    whole = int(protocol.duration_s // (7 * DAY_S))
    weeks = days[: 7 * whole].reshape(whole, 7).sum(axis=1)
    doses = {"on_time_per_day_s": days.max(initial=0.0)}
    if whole:
        doses["on_time_per_week_s"] = weeks.max()
    return {name: float(v) for name, v in doses.items() if protocol.device.limits(name)}


def check_setting(device: Device, quantity: str, value: float) -> list[Finding]:
    """Findings for one setting, in the unit that ``quantity`` names ("pulse_width_us")."""
    name, _, unit = quantity.rpartition("_")
    name, unit = (name, unit) if unit in ("mA", "us", "s", "Hz") else (quantity, "")
    shown = f"{value:g} {unit}".strip()
    limits = device.limits(quantity)
    if not limits:
        usual = device.typical(quantity)
        if usual is not None and usual.typical is not None:
            if abs(usual.typical - value) <= 1e-9 * abs(value):
                return []
            message = f"{shown} differs from the only value known, {usual.typical:g} {unit}".strip()
            return [Finding("warning", name, message, usual.mark)]
        message = f"{shown} cannot be checked: the range of {device.key} is unknown"
        return [Finding("unknown", name, message, "not_found")]
    general = limits[0]
    if not general.within(value):
        message = f"{shown} is beyond {device.key}: {general.allowed()}"
        return [Finding("error", name, message, general.mark)]
    if general.on_step(value):
        return []
    for variant in limits[1:]:
        if variant.on_step(value):
            message = f"{shown} can be set on some models only ({variant.note})"
            return [Finding("warning", name, message, variant.mark)]
    message = f"{shown} is off the steps of {device.key}: {general.allowed()}"
    return [Finding("warning", name, message, general.mark)]
