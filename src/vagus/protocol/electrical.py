"""Electrical quantities of a protocol, as arithmetic: charge, k, balance, heat, time on.

    Q = I * (charge of the largest phase)            uC
    D = Q / A                                        uC/cm2
    k = log10(Q) + log10(D)                          Shannon 1992, doi:10.1109/10.126616
    I_rms = I * sqrt(f * integral of w squared)      mA
    P = I_rms^2 * R / A                              W/cm2

In a train whose capacitor discharges with time constant tau for a time T between pulses, the charge
q left on the contacts obeys q' = (q + Q) * r with r = exp(-T / tau), so that it settles at
Q * r / (1 - r).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vagus.protocol.schedule import DAY_S, Schedule
from vagus.protocol.waveform import Waveform

if TYPE_CHECKING:
    from vagus.protocol.protocol import Protocol

Floats = NDArray[np.float64]


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


def net_charge_uC(protocol: Protocol) -> float:
    """Charge that a whole pulse leaves, without sign; 0 where it is balanced."""
    shape = protocol.waveform
    return 0.0 if shape.is_balanced else 1e-3 * protocol.current_mA * abs(shape.net_us)


def direct_current_uA(protocol: Protocol) -> float:
    """Mean current while on: net charge per pulse times rate."""
    return 1e-3 * protocol.current_mA * protocol.waveform.net_us * protocol.frequency_Hz


def charge_left(waveform: Waveform) -> float | None:
    """Charge on the contacts when the next pulse comes, over one pulse's charge, in a long train.

    None for a waveform that does not recover by a discharge.
    """
    discharge = np.flatnonzero(waveform.decay)
    if not discharge.size:
        return None
    last = int(discharge[-1])
    time = waveform.edges_us[last + 1] - waveform.edges_us[last]
    return float(1.0 / np.expm1(time / waveform.tau_us[last]))


def rms_current_mA(protocol: Protocol) -> float:
    """Root mean square of the current while on."""
    share = protocol.waveform.square_us * 1e-6 * protocol.frequency_Hz
    return protocol.current_mA * float(np.sqrt(share))


def energy_per_pulse_mJ(protocol: Protocol, load_ohm: float) -> float:
    """Energy of one pulse in a load: mA squared x us x ohm = 1e-9 mJ."""
    return 1e-9 * protocol.current_mA**2 * load_ohm * protocol.waveform.square_us


def power_W(protocol: Protocol, load_ohm: float) -> float:
    """Mean power in a load while on."""
    return 1e-6 * rms_current_mA(protocol) ** 2 * load_ohm


def on_time_by_day_s(schedule: Schedule, duration_s: float) -> Floats:
    """[days] seconds of stimulation on each day of the study, the last of which may be short."""
    edges = np.minimum(schedule.edges_s, duration_s)
    bounds = np.append(np.arange(0.0, duration_s, DAY_S), duration_s)
    on, off = edges.T
    passed = np.concatenate([[0.0], np.cumsum(off - on)])

    def until(t: Floats) -> Floats:
        began = np.searchsorted(on, t, side="right")  # windows that began by then
        over = np.where(began > 0, np.maximum(off[began - 1] - t, 0.0), 0.0) if on.size else 0.0
        return np.asarray(passed[began] - over)

    return np.diff(until(bounds))


def longest_on_s(schedule: Schedule) -> float:
    """The longest window; 0 without any. Windows that touch are one."""
    edges = schedule.edges_s
    return float((edges[:, 1] - edges[:, 0]).max(initial=0.0))


def windows_cut(protocol: Protocol) -> int:
    """Windows whose last pulse is not over when they end."""
    on, off = protocol.schedule.edges_s.T
    period = 1.0 / protocol.frequency_Hz
    last = np.ceil((off - on) / period - 1e-9) - 1
    late = last * period + protocol.waveform.duration_us * 1e-6 > (off - on) + 1e-9
    return int(late.sum())
