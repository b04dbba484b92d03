"""Limits of electrodes on skin: r.m.s. current and its density, energy, voltage, heat.

From the standard for nerve and muscle stimulators (IEC 60601-2-10), whose load is 500 ohm; what is
under the electrodes differs. What is asked for into that load is held against the largest voltage
that the maker states, where there is one. Where no contact area is known, the line says the least
area that would keep the limit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vagus.protocol.device import Fact
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
        _asked_voltage(protocol, peak_V, load),
        _peak_voltage(protocol, peak_V),
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


def _stated_voltage(protocol: Protocol) -> Fact | None:
    """The largest output that the maker states, on skin."""
    facts = (f for f in protocol.device.facts if f.parameter == "peak_voltage_on_skin")
    found = next(facts, None)
    return None if found is None or found.maximum is None else found


def _asked_voltage(protocol: Protocol, peak_V: float, load_ohm: float) -> SafetyLine:
    """What the current needs in the test load, against what the maker says the device can give."""
    what, note = "voltage into the test load", f"peak into {load_ohm:g} ohm; skin differs"
    stated = _stated_voltage(protocol)
    if stated is None or stated.maximum is None:
        return computed(what, peak_V, "V", note)
    above = peak_V > stated.maximum * (1 + 1e-9)
    outside = "" if above else "the maker's figure is for skin"
    return SafetyLine(
        what, peak_V, "V", stated.maximum, "above" if above else "below, outside its scope",
        f"{note}; the limit is the largest output that the maker states", stated.source,
        stated.mark, outside=outside,
    )  # fmt: skip


def _peak_voltage(protocol: Protocol, peak_V: float) -> SafetyLine:
    """The standard limits the open circuit, which is at least what is asked for, or stated, under
    load.
    """
    what, bound, stated = "peak output voltage", limit("IEC2"), _stated_voltage(protocol)
    if peak_V > bound.value:
        return held_against(what, peak_V, bound, "under load; the open circuit has more")
    if stated is None or stated.maximum is None:
        missing = f"no output voltage of {protocol.device.key} was found"
        return held_against(what, None, bound, "", unknown=missing)
    asked = peak_V > stated.maximum
    note = "as asked for" if asked else f"largest output as stated by the maker [{stated.mark}]"
    outside = "the limit is for the open circuit, the figure for a load"
    return held_against(what, max(peak_V, stated.maximum), bound, note, outside=outside)
