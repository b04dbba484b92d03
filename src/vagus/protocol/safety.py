"""Electrical safety of a protocol: every limit that can be held against it, and where it stands.

Limits are the rows of ``safety_limits.csv``. Each was drawn from something: cat cortex, platinum in
saline, implants of more than 30 days, electrodes on skin. Where a protocol lies outside of that,
the number is still shown and compared, and said to be outside; "below" is then no reassurance.
What cannot be worked out, most often for want of a contact area, is unknown, never "within". Limits
of what metal can inject were drawn from saline, rat cortex and the practice of deep brain
stimulation: none of them is a vagus nerve, so a protocol is never "within" them.

Rows of the standard for transcutaneous output (IEC 60601-2-10) are for electrodes on skin only, as
the standard excludes implants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vagus.protocol.electrical import (
    charge_density_uC_per_cm2,
    charge_left,
    charge_per_phase_uC,
    current_at_shannon_k_mA,
    direct_current_uA,
    net_charge_uC,
    rms_current_mA,
    shannon_k,
    windows_cut,
)
from vagus.protocol.exposure import cycle_lines, exposure_lines
from vagus.protocol.finding import Finding
from vagus.protocol.limits import limit
from vagus.protocol.safety_line import (
    SafetyLine,
    compared,
    computed,
    held_against,
    no_area,
    origin,
    remark,
    shown,
)
from vagus.protocol.skin import skin_lines

if TYPE_CHECKING:
    from vagus.protocol.protocol import Protocol

__all__ = [
    "Row",
    "SafetyLine",
    "charge_density_uC_per_cm2",
    "charge_per_phase_uC",
    "current_at_shannon_k_mA",
    "direct_current_uA",
    "rms_current_mA",
    "safety_findings",
    "safety_lines",
    "safety_rows",
    "shannon_k",
]

ON_SKIN = "a limit of metal in tissue, not on skin"
UNBALANCED = "pulses that are not charge balanced"
Row = tuple[str, str, str]  # what, value, source or remark
ALWAYS_WARNED = ("PT1", "PT2", "PT3", "CB1")
"""Limits that warn outside of their scope as well."""
SHANNON = {"SH2": "conservative", "SH2b": "intermediate", "SH1": "lowest with damage"}


def safety_lines(protocol: Protocol) -> list[SafetyLine]:
    """Every quantity of electrical safety for this protocol, with its verdict."""
    lines = [
        *_charge_lines(protocol),
        *_shannon_lines(protocol),
        *_balance_lines(protocol),
        *exposure_lines(
            protocol.schedule, protocol.duration_s, protocol.frequency_Hz,
            implanted=protocol.device.route == "implanted",
        ),
        *cycle_lines(protocol),
    ]  # fmt: skip
    return lines + (skin_lines(protocol) if protocol.device.route == "transcutaneous" else [])


def safety_findings(protocol: Protocol) -> list[Finding]:
    """A warning for each limit that is not kept, one "unknown" for each reason not to know.

    Of Shannon's levels the one warning names all that are reached, also outside the criterion's
    scope; so do the limits of charge density and net charge. Others warn within their scope only.
    """
    lines = safety_lines(protocol)
    findings = _shannon_finding([line for line in lines if line.limit_id in SHANNON])
    for line in lines:
        above = line.verdict == "above" or (
            line.verdict.startswith("above") and line.limit_id in ALWAYS_WARNED
        )
        if above and line.limit_id not in SHANNON:
            how = "is not below" if line.limit_id and limit(line.limit_id).strict else "is above"
            message = f"{shown(line)} {how} {line.limit:g} ({remark(line)})"
            findings.append(Finding("warning", line.quantity, message, line.mark))
    unknown: dict[str, list[str]] = {}
    for line in lines:
        if line.verdict == "unknown":
            unknown.setdefault(line.unknown, []).append(line.quantity)
    for why, quantities in unknown.items():
        names = list(dict.fromkeys(q.split(" (")[0] for q in quantities))
        what = f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]
        message = f"{why}: {what} cannot be worked out"
        findings.append(Finding("unknown", "electrical safety", message, "not_found"))
    return findings


def safety_rows(protocol: Protocol) -> list[Row]:
    """`safety_lines` as text, for `Protocol.summary`; a remark that repeats is said once."""
    rows, before = [], ""
    for line in safety_lines(protocol):
        said = remark(line)
        told = "as above" if said == before else said
        rows.append((line.quantity, compared(line), f"{told} {origin(line)}".strip()))
        before = said
    return rows


def _shannon_finding(lines: list[SafetyLine]) -> list[Finding]:
    reached = [line for line in lines if line.verdict.startswith("above")]
    if not reached:
        return []
    worst = reached[-1]
    levels = " and ".join(f"{line.limit:g} ({SHANNON[line.limit_id]})" for line in reached)
    message = f"k = {shown(worst)} reaches {levels}; {remark(worst)}"
    return [Finding("warning", "Shannon k", message, worst.mark)]


def _charge_lines(protocol: Protocol) -> list[SafetyLine]:
    density, missing = charge_density_uC_per_cm2(protocol), no_area(protocol)
    width = limit("PT1-width").value
    is_short = 0 < protocol.waveform.first_phase_us < width * (1 - 1e-9)
    short = f"phases shorter than {width:g} us" if is_short else ""
    note = "geometric area; current is not spread evenly over it"
    injected = "what platinum can inject without other reactions; the metal here is not checked"
    return [
        computed("charge per phase", charge_per_phase_uC(protocol), "uC", "largest phase"),
        held_against(
            "charge density per phase", density, limit("PT3"), f"{note}{_others(protocol)}",
            unknown=missing,
            outside=_outside_metal(protocol, "the limit is a convention of deep brain stimulation"),
        ),
        held_against(
            "charge injection in vivo", density, limit("PT2"), injected,
            unknown=missing, outside=_outside_metal(protocol, "the limit is of rat cortex"),
        ),
        held_against(
            "charge injection in vitro", density, limit("PT1"),
            f"{injected}; lower end of {limit('PT1').stated}",
            unknown=missing,
            outside=_outside_metal(protocol, "the limit is of metal in vitro", short),
        ),
    ]  # fmt: skip


def _outside_metal(protocol: Protocol, *reasons: str) -> str:
    """How the protocol differs from what a limit of metal in tissue was drawn from."""
    skin = ON_SKIN if protocol.device.route == "transcutaneous" else ""
    balance = "" if protocol.waveform.is_balanced else UNBALANCED
    return "; ".join(filter(None, (*reasons, skin, balance)))


def _others(protocol: Protocol) -> str:
    """The charge density at the device's other electrodes, in words."""
    charge, own = charge_per_phase_uC(protocol), protocol.electrode
    told = [
        f"{charge / e.contact_area_cm2:.3g} uC/cm2 at the {e.name}"
        for e in protocol.device.electrodes
        if e.contact_area_cm2 is not None and e != own
    ]
    return f"; here the {own.name}, but {', '.join(told)}" if told else ""


def _shannon_lines(protocol: Protocol) -> list[SafetyLine]:
    area = protocol.electrode.contact_area_cm2
    k = None if area is None else shannon_k(charge_per_phase_uC(protocol), area)
    rate, hours = limit("SH1-rate").value, limit("SH1-hours").value
    note = f"drawn from cat cortex, {hours:g} h at {rate:g} Hz; rate, duty cycle and years of use "
    outside = "; ".join(_outside_shannon(protocol))
    return [
        held_against(
            f"Shannon k ({name})", k, limit(limit_id), f"{note}are not in it",
            unknown=no_area(protocol), outside=outside,
        )
        for limit_id, name in SHANNON.items()
    ]  # fmt: skip


def _outside_shannon(protocol: Protocol) -> list[str]:
    """How the protocol differs from the experiments behind Shannon's line."""
    area, shape = protocol.electrode.contact_area_cm2, protocol.waveform
    least, rate = limit("SH1-area"), limit("SH1-rate")
    where = {"transcutaneous": "electrodes on skin", "percutaneous": "needles in skin"}
    reasons = [where.get(protocol.device.route, "")]
    if area is not None and area < least.value:
        reasons.append(f"a contact of {area:g} cm2, below {least.value:g} cm2")
    if not shape.is_balanced:
        reasons.append(UNBALANCED)
    elif charge_left(shape) is not None:
        reasons.append("a second phase that is a capacitor's discharge, not driven")
    elif shape.name != "biphasic" or not _symmetric(protocol):
        reasons.append("pulses that are not two like square phases")
    if protocol.frequency_Hz > rate.value:
        reasons.append(f"{protocol.frequency_Hz:g} Hz, above {rate.value:g} Hz")
    on, most = protocol.schedule.on_time_s(0.0, protocol.duration_s) / 3600, limit("SH1-hours")
    if on > most.value * (1 + 1e-9):
        reasons.append(f"{on:.4g} h on in all, more than {most.value:g} h")
    return [reason for reason in reasons if reason]


def _symmetric(protocol: Protocol) -> bool:
    level = protocol.waveform.level
    return bool(abs(level[0] + level[-1]) <= 1e-9)


def _balance_lines(protocol: Protocol) -> list[SafetyLine]:
    shape, balanced = protocol.waveform, protocol.waveform.is_balanced
    bound, skin = limit("CB1"), protocol.device.route == "transcutaneous"
    note = "charge balanced" if balanced else f"NOT balanced: {bound.note}"
    if not balanced and protocol.device.waveform_note:
        note += f"; of the device it is said: {protocol.device.waveform_note}"
    cut = windows_cut(protocol)
    if cut:
        note += f"; {cut} on-times end within a pulse, which is taken to be delivered whole"
    lines = [
        held_against(
            "net charge per pulse", net_charge_uC(protocol), bound, note,
            outside=ON_SKIN if skin and not balanced else "",
        ),
        computed(
            "direct current while on", 0.0 if balanced else direct_current_uA(protocol), "uA",
            "net charge x rate",
        ),
    ]  # fmt: skip
    left = charge_left(shape)
    if left is not None:
        charge = charge_per_phase_uC(protocol) * left
        note = (
            f"{charge:.3g} uC stand on the contacts in a long train; the time constant of the "
            "discharge is assumed unless the study gives it"
        )
        lines.append(
            held_against("charge left before the next pulse", 100 * left, limit("NC1"), note)
        )
    return lines
