"""Electrical safety of a protocol: charge, density, Shannon's k, direct and r.m.s. current.

    Q = I * (charge of the largest phase)     uC
    D = Q / A                                 uC/cm2
    k = log10(Q) + log10(D)                   Shannon 1992, doi:10.1109/10.126616

Shannon's line was drawn through experiments with discs of 1 mm2 and more, charge-balanced pulses
at 50 Hz, 8 h on cat cortex; frequency, duty cycle and current density are not in it, and
microelectrodes do not follow it. Outside those bounds k is printed, and said to be outside.

What cannot be worked out (most often for want of a contact area) is unknown, never "within".
Limits are the rows of ``safety_limits.csv``; the standard for transcutaneous output
(IEC 60601-2-10) does not cover implants and is applied to electrodes on skin only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vagus.data import read_table
from vagus.protocol.finding import Finding

if TYPE_CHECKING:
    from vagus.protocol.protocol import Protocol

Row = tuple[str, str, str]  # what, value, source or remark
Verdict = Literal["within", "above", "unknown", "not applicable", "report"]

SHANNON_SMALLEST_CM2 = 0.01  # discs of 1 mm2 (safety_limits.csv, SH1)
SHANNON_HIGHEST_HZ = 50.0  # the rate of both source studies (safety_limits.csv, SH1)
LOAD_OHM = 500.0  # the standard's test load (safety_limits.csv, IEC1)
CHRONIC_S = 30 * 86_400.0  # "chronic" in the review behind PN1 and PN2: more than 30 days


@dataclass(frozen=True)
class SafetyLine:
    """One quantity, its limit, and where it stands.

    ``value`` is None when it cannot be known. ``verdict``: within or above the limit, unknown,
    not applicable (the limit is for other uses), report (no limit, shown for completeness).
    """

    quantity: str
    value: float | None
    unit: str
    limit: float | None
    verdict: Verdict
    note: str
    source: str
    mark: str


def charge_per_phase_uC(protocol: Protocol) -> float:
    """Charge of the largest phase: mA x us = nC."""
    return protocol.current_mA * float(np.abs(protocol.waveform.phases_us).max()) * 1e-3


def charge_density_uC_per_cm2(protocol: Protocol) -> float | None:
    """Charge of the largest phase over the contact's geometric area; None where that is unknown."""
    area = protocol.electrode.contact_area_cm2
    return None if area is None else charge_per_phase_uC(protocol) / area


def shannon_k(charge_uC: float, area_cm2: float) -> float:
    """log10(Q) + log10(Q / A); minus infinity without charge."""
    with np.errstate(divide="ignore"):
        return float(2 * np.log10(charge_uC) - np.log10(area_cm2))


def current_at_shannon_k_mA(k: float, area_cm2: float, phase_us: float) -> float:
    """Current at which a phase of ``phase_us`` (its charge per current) reaches ``k``."""
    return float(1e3 * np.sqrt(10.0**k * area_cm2) / phase_us)


def direct_current_uA(protocol: Protocol) -> float:
    """Mean current while on: net charge per pulse times rate."""
    return 1e-3 * protocol.current_mA * protocol.waveform.net_us * protocol.frequency_Hz


def rms_current_mA(protocol: Protocol) -> float:
    """Root mean square of the current while on."""
    share = protocol.waveform.square_us * 1e-6 * protocol.frequency_Hz
    return protocol.current_mA * float(np.sqrt(share))


def safety_lines(protocol: Protocol) -> list[SafetyLine]:
    """Every quantity of electrical safety for this protocol, with its verdict."""
    lines = [
        *_charge_lines(protocol),
        *_shannon_lines(protocol),
        *_net_charge_lines(protocol),
        *_exposure_lines(protocol),
    ]
    return lines + (_skin_lines(protocol) if protocol.device.route == "transcutaneous" else [])


def safety_findings(protocol: Protocol) -> list[Finding]:
    """A warning for each line above its limit; one "unknown" for each reason not to know."""
    findings: dict[str, Finding] = {}
    for line in safety_lines(protocol):
        if line.verdict == "above":
            over = f"{line.value:.4g} {line.unit}".strip() + f" is above {line.limit:g}"
            message = f"{over} ({line.note})"
            findings[line.quantity] = Finding("warning", line.quantity, message, line.mark)
        elif line.verdict == "unknown":
            findings.setdefault(
                line.note, Finding("unknown", line.quantity, line.note, "not_found")
            )
    return list(findings.values())


def safety_rows(protocol: Protocol) -> list[Row]:
    """`safety_lines` as text, for `Protocol.summary`."""
    rows = []
    for line in safety_lines(protocol):
        value = "unknown" if line.value is None else f"{line.value:.4g} {line.unit}".strip()
        limit = "" if line.limit is None else f" (limit {line.limit:g}: {line.verdict})"
        rows.append((line.quantity, value + limit, f"{line.note} [{line.mark}: {line.source}]"))
    return rows


def _limit(limit_id: str) -> tuple[float, str, str]:
    row = next(r for r in read_table("devices/safety_limits.csv") if r["limit_id"] == limit_id)
    return float(row["value"]), row["source"], row["mark"]


def _line(
    quantity: str, value: float | None, unit: str, limit_id: str, note: str, outside: str = ""
) -> SafetyLine:
    limit, source, mark = _limit(limit_id)
    verdict: Verdict = "unknown" if value is None else "within" if value <= limit else "above"
    if outside and value is not None:
        verdict, note = "not applicable", f"{note}; the limit is {outside}"
    return SafetyLine(quantity, value, unit, limit, verdict, note, source, mark)


def _computed(quantity: str, value: float, unit: str, note: str) -> SafetyLine:
    return SafetyLine(quantity, value, unit, None, "report", note, "arithmetic", "derived")


def _charge_lines(protocol: Protocol) -> list[SafetyLine]:
    density = charge_density_uC_per_cm2(protocol)
    charge = charge_per_phase_uC(protocol)
    note = "geometric area; current is not spread evenly over it"
    if density is None:
        note = f"the contact area of {protocol.device.key} is not known"
    on_skin = "a metal-in-tissue limit, not one for skin"
    outside = on_skin if protocol.device.route == "transcutaneous" else ""
    return [
        _computed("charge per phase", charge, "uC", "largest phase"),
        _line("charge density per phase", density, "uC/cm2", "PT3", note, outside),
    ]


def _shannon_lines(protocol: Protocol) -> list[SafetyLine]:
    area = protocol.electrode.contact_area_cm2
    k = None if area is None else shannon_k(charge_per_phase_uC(protocol), area)
    reasons = []
    if protocol.device.route == "transcutaneous":
        reasons.append("electrodes on skin")
    if area is not None and area < SHANNON_SMALLEST_CM2:
        reasons.append(f"contact of {area:g} cm2 is below 1 mm2")
    if not protocol.waveform.is_balanced:
        reasons.append("pulses are not charge balanced")
    if protocol.frequency_Hz > SHANNON_HIGHEST_HZ:
        reasons.append(f"{protocol.frequency_Hz:g} Hz is above 50 Hz")
    note = "cat cortex, 8 h, 50 Hz; rate and duty cycle are not in it"
    if area is None:
        note = f"the contact area of {protocol.device.key} is not known"
    names = {"SH2": "conservative", "SH2b": "intermediate", "SH1": "lowest with damage"}
    return [
        _line(f"Shannon k ({name})", k, "", limit_id, note, "; ".join(reasons))
        for limit_id, name in names.items()
    ]


def _net_charge_lines(protocol: Protocol) -> list[SafetyLine]:
    net = 1e-3 * protocol.current_mA * protocol.waveform.net_us
    balanced = protocol.waveform.is_balanced
    note = "charge balanced" if balanced else "NOT balanced: metal corrodes and tissue is harmed"
    verdict: Verdict = "within" if balanced else "above"
    charge = SafetyLine(
        "net charge per pulse",
        0.0 if balanced else net,
        "uC",
        0.0,
        verdict,
        note,
        "Shannon's line holds for balanced pulses only",
        "seen",
    )
    current = 0.0 if balanced else direct_current_uA(protocol)
    return [charge, _computed("direct current while on", current, "uA", "net charge x rate")]


def _exposure_lines(protocol: Protocol) -> list[SafetyLine]:
    duty = 100 * protocol.schedule.duty(0.0, protocol.duration_s)
    short = "" if protocol.duration_s > CHRONIC_S else "for more than 30 days of use"
    if protocol.device.route == "transcutaneous":
        short = "for implanted nerve electrodes"
    return [
        _line("duty cycle", duty, "%", "PN2", "share of time that is on", short),
        _line("rate", protocol.frequency_Hz, "Hz", "PN1", "pulses or bursts", short),
    ]


def _skin_lines(protocol: Protocol) -> list[SafetyLine]:
    rms = rms_current_mA(protocol)
    area = protocol.electrode.contact_area_cm2
    density = None if area is None else rms / area
    limit = _limit("IEC4")[0]
    unknown = "the contact area is not known; " if area is None else ""
    note = f"{unknown}it stays below {limit:g} mA/cm2 on contacts of at least {rms / limit:.2g} cm2"
    # 1e-3 (mA to A) squared, us to s and J to mJ together make 1e-9.
    energy = 1e-9 * protocol.current_mA**2 * LOAD_OHM * protocol.waveform.square_us
    return [
        _computed("r.m.s. current", rms, "mA", "while on"),
        _line("r.m.s. current density", density, "mA/cm2", "IEC4", note),
        _line("energy per pulse", energy, "mJ", "IEC1", f"into {LOAD_OHM:g} ohm"),
    ]
