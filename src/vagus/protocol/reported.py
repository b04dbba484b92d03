"""What can be said of the electrical safety of a delivery that is only partly reported.

Publications give rate and sessions, sometimes the current, seldom the pulse and never the contact
area. What that leaves open is listed as unknown, line by line.
"""

from __future__ import annotations

from vagus.protocol.exposure import exposure_lines
from vagus.protocol.limits import limit
from vagus.protocol.safety_line import SafetyLine, held_against
from vagus.protocol.schedule import Schedule

NO_PULSE = "pulse and contact area are not reported"
IN_TISSUE = {
    "charge density per phase": "PT3",
    "charge injection in vivo": "PT2",
    "charge injection in vitro": "PT1",
    "Shannon k (conservative)": "SH2",
    "Shannon k (intermediate)": "SH2b",
    "Shannon k (lowest with damage)": "SH1",
    "charge left before the next pulse": "NC1",
}
ON_SKIN = {
    "r.m.s. current density": "IEC4",
    "energy per pulse": "IEC1",
    "power density": "TENS1",
}


def reported_lines(
    schedule: Schedule, duration_s: float, frequency_Hz: float, *, implanted: bool
) -> list[SafetyLine]:
    """Lines for a delivery of which only rate and times are known."""
    open_ = IN_TISSUE if implanted else ON_SKIN
    return [
        *exposure_lines(schedule, duration_s, frequency_Hz, implanted=implanted),
        *(
            held_against(what, None, limit(row), "", unknown=NO_PULSE)
            for what, row in open_.items()
        ),
    ]
