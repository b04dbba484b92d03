"""One line of electrical safety: a quantity, the limit it is held against, where it stands."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vagus.protocol.limits import Limit

if TYPE_CHECKING:
    from vagus.protocol.protocol import Protocol

Verdict = Literal[
    "within", "above", "below, outside its scope", "above, outside its scope", "unknown", "shown"
]


@dataclass(frozen=True)
class SafetyLine:
    """One quantity, its limit, and where it stands.

    ``value`` is None when it cannot be known, and ``unknown`` says why. ``outside``: how the
    protocol differs from what the limit was drawn from; empty where it does not. ``verdict``
    "shown" has no limit. ``limit_id``: row of the table; empty for arithmetic.
    """

    quantity: str
    value: float | None
    unit: str
    limit: float | None
    verdict: Verdict
    note: str
    source: str
    mark: str
    limit_id: str = ""
    outside: str = ""
    unknown: str = ""


def held_against(
    quantity: str, value: float | None, bound: Limit, note: str, *,
    unknown: str = "", outside: str = "",
) -> SafetyLine:  # fmt: skip
    """A quantity held against a row of the table; ``value`` None for the reason ``unknown``."""
    verdict: Verdict
    if value is None:
        verdict = "unknown"
    elif outside:
        kept = bound.holds(value)
        verdict = "below, outside its scope" if kept else "above, outside its scope"
    else:
        verdict = "within" if bound.holds(value) else "above"
    return SafetyLine(
        quantity, value, "" if quantity.startswith("Shannon") else bound.unit, bound.value, verdict,
        note, bound.source, bound.mark, bound.id, outside, "" if value is not None else unknown,
    )  # fmt: skip


def computed(quantity: str, value: float, unit: str, note: str) -> SafetyLine:
    """A quantity without a limit, shown for completeness."""
    return SafetyLine(quantity, value, unit, None, "shown", note, "arithmetic", "derived")


def no_area(protocol: Protocol) -> str:
    """Why what is spread over the contact is not known; empty where it is."""
    known = protocol.electrode.contact_area_cm2 is not None
    return "" if known else f"the contact area of {protocol.device.key} is unknown"


def shown(line: SafetyLine) -> str:
    """The value with its unit; a logarithm of no charge has none."""
    if line.value == -math.inf:
        return "no charge"
    return "unknown" if line.value is None else f"{line.value:.4g} {line.unit}".strip()


def compared(line: SafetyLine) -> str:
    """Value, limit and verdict, ready to print."""
    if line.limit is None:
        return shown(line)
    bound = f"limit {line.limit:g} {line.unit}".strip()
    return (
        f"{shown(line)} ({bound})"
        if line.value is None
        else f"{shown(line)}, {bound}: {line.verdict}"
    )


def remark(line: SafetyLine) -> str:
    """What there is to say of a line: note, why it is unknown, how it lies outside."""
    outside = f"outside what the limit was drawn from: {line.outside}" if line.outside else ""
    return "; ".join(filter(None, (line.unknown, line.note, outside)))


def origin(line: SafetyLine) -> str:
    """Mark and source in brackets."""
    return f"[{line.mark}: {line.source}]"
