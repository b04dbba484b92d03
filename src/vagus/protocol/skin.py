"""Limits of electrodes on skin: r.m.s. current and its density, energy, voltage, heat.

From the standard for nerve and muscle stimulators (IEC 60601-2-10), whose load is 500 ohm; what is
under the electrodes differs. Where no contact area is known, the line says the least area that
would keep the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vagus.protocol.electrical import energy_per_pulse_mJ, power_W, rms_current_mA
from vagus.protocol.limits import limit, rms_limit
from vagus.protocol.safety_line import SafetyLine, computed, held_against, no_area

if TYPE_CHECKING:
    from vagus.protocol.protocol import Protocol


def skin_lines(protocol: Protocol) -> list[SafetyLine]:
    """What is held against a protocol whose electrodes lie on skin."""
    rms, load = rms_current_mA(protocol), limit("IEC1-load").value
    peak_V = 1e-3 * protocol.current_mA * protocol.waveform.peak * load
    return [
        computed("r.m.s. current", rms, "mA", "while on"),
        held_against("r.m.s. output", rms, rms_limit(protocol.frequency_Hz), "by pulse rate"),
        _density(protocol, rms),
        held_against(
            "energy per pulse", energy_per_pulse_mJ(protocol, load), limit("IEC1"),
            f"into {load:g} ohm",
        ),
        computed(
            "voltage into the test load", peak_V, "V",
            f"peak into {load:g} ohm; skin differs",
        ),
        _peak_voltage(protocol),
        _power(protocol, load),
    ]  # fmt: skip


def _density(protocol: Protocol, rms_mA: float) -> SafetyLine:
    area, bound = protocol.electrode.contact_area_cm2, limit("IEC4")
    note = _least(rms_mA / bound.value, f"{bound.value:g} mA/cm2")
    value = None if area is None else rms_mA / area
    return held_against("r.m.s. current density", value, bound, note, unknown=no_area(protocol))


def _power(protocol: Protocol, load_ohm: float) -> SafetyLine:
    area, bound = protocol.electrode.contact_area_cm2, limit("TENS1")
    watts = power_W(protocol, load_ohm)
    note = f"into {load_ohm:g} ohm; {_least(watts / bound.value, f'{bound.value:g} W/cm2')}"
    value = None if area is None else watts / area
    return held_against("power density", value, bound, note, unknown=no_area(protocol))


def _least(area_cm2: float, what: str) -> str:
    return f"at most {what} on contacts of {area_cm2:.2g} cm2 or more"


def _peak_voltage(protocol: Protocol) -> SafetyLine:
    """The standard limits the open circuit; devices state, if anything, the voltage under load."""
    which = protocol.device
    stated = next((f for f in which.facts if f.parameter == "peak_voltage_on_skin"), None)
    if stated is None or stated.maximum is None:
        missing = f"no output voltage of {which.key} was found"
        return held_against("peak output voltage", None, limit("IEC2"), "", unknown=missing)
    note = f"largest output as stated by the maker [{stated.mark}]"
    outside = "the limit is for the open circuit, the maker's figure for skin under load"
    return held_against("peak output voltage", stated.maximum, limit("IEC2"), note, outside=outside)
