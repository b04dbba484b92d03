"""How often and how long: rate, time on by day, the longest time on, and what a label says of them.

The review behind the limits of rate and duty speaks of implanted peripheral nerve electrodes that
were in use for more than 30 days (Gunter 2019, doi:10.1186/s12984-018-0474-8).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vagus.protocol.electrical import longest_on_s, on_time_by_day_s
from vagus.protocol.limits import limit
from vagus.protocol.safety_line import SafetyLine, computed, held_against
from vagus.protocol.schedule import DAY_S, Schedule

if TYPE_CHECKING:
    from vagus.protocol.protocol import Protocol


def exposure_lines(
    schedule: Schedule, duration_s: float, frequency_Hz: float, *, implanted: bool
) -> list[SafetyLine]:
    """Rate and time on. A study shorter than a day is held against its own length."""
    chronic = limit("PN-chronic").value
    reasons = [] if implanted else ["said of implanted nerve electrodes"]
    if duration_s <= chronic * DAY_S:
        reasons.append(f"said of more than {chronic:g} days of use")
    outside = "; ".join(reasons)
    busiest = float(on_time_by_day_s(schedule, duration_s).max(initial=0.0))
    share = 100 * busiest / min(DAY_S, duration_s) if duration_s > 0 else 0.0
    return [
        computed("time on, busiest day", busiest / 60, "min", "on-times without ramps"),
        computed("longest time on", longest_on_s(schedule) / 60, "min", "without pause"),
        held_against(
            "share of the busiest day that is on", share, limit("PN2"), "of all hours of a day",
            outside=outside,
        ),
        held_against(
            "pulse rate", frequency_Hz, limit("PN1"), "pulses or bursts", outside=outside
        ),
    ]  # fmt: skip


def cycle_lines(protocol: Protocol) -> list[SafetyLine]:
    """On-time over the whole cycle, where there is one; of VNS Therapy what its label says too."""
    on, off = protocol.settings.get("on_time_s"), protocol.settings.get("off_time_s")
    cycle = None if on is None or off is None else (on, off)
    if protocol.device.key == limit("LN-8h").scope:
        return _label_lines(protocol, cycle)
    if cycle is None:
        return []
    share, delivered = 100 * cycle[0] / sum(cycle), 100 * _share_of_sessions(protocol)
    note = "within a session, without ramps"
    if delivered < share * (1 - 1e-6):  # the cycle begins with on, so only gating takes from it
        note += f"; {share:.3g} % as set, the rest is left out by respiratory gating"
    return [computed("duty cycle", min(share, delivered), "%", note)]


def _share_of_sessions(protocol: Protocol) -> float:
    """On-time over the time in sessions; over the whole study where there are none."""
    length, set_ = protocol.duration_s, protocol.settings
    whole = length
    if "session_s" in set_ and "sessions_per_day" in set_:
        starts = np.arange(0.0, length, DAY_S / set_["sessions_per_day"])
        whole = float(np.minimum(length - starts, set_["session_s"]).sum())
    return protocol.schedule.on_time_s(0.0, length) / whole if whole > 0 else 0.0


def _label_lines(protocol: Protocol, cycle: tuple[float, float] | None) -> list[SafetyLine]:
    hours = longest_on_s(protocol.schedule) / 3600
    lines = [held_against("continuous stimulation", hours, limit("LN-8h"), limit("LN-8h").note)]
    if cycle is not None:
        ramp = protocol.device.typical("ramp_s")
        each = ramp.typical if ramp is not None and ramp.typical is not None else 0.0
        share = min(100 * (cycle[0] + 2 * each) / sum(cycle), 100.0)
        note = (
            f"{limit('LN-duty').note}; as set, with ramps of {each:g} s up and down, which are not "
            "simulated"
        )
        lines.append(held_against("duty cycle", share, limit("LN-duty"), note))
    return lines
