"""How hard published studies drove each channel of the body, by the same means as the chain.

Electrodes on the skin: the documented priors of `vagus.body.drive`. An implanted cuff: what the
chain's own nerve recruits at a current (``implant_fractions.csv``, quantiles over placements of
every fibre of the traced nerve), thinned by conduction reliability. Rates, currents and sessions of
studies: ``vns_study_drives.csv``, mostly assumed.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vagus.body.drive import CHANNELS, Drive, drive_from_prior, reliability
from vagus.body.priors import uniforms
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.protocol.device import device
from vagus.protocol.protocol import Protocol
from vagus.protocol.schedule import Schedule
from vagus.protocol.waveform import biphasic

Floats = NDArray[np.float64]
CLASS_OF = {"u_A": "A-beta", "u_B": "B", "u_S": "B"}


@cache
def study(name: str) -> Row:
    """The row of ``vns_study_drives.csv``; `InputError` where there is none."""
    rows = {row["study"]: row for row in read_table("body/vns_study_drives.csv")}
    if name not in rows:
        raise InputError("study", name, ", ".join(rows))
    return rows[name]


@cache
def channels(name: str, draws: int, seed: int) -> dict[str, Floats]:
    """Channel -> [draws] spikes per second while ``study`` stimulates.

    Of a mixture of devices: their mean, since a pooled result is a mean over studies.
    """
    row = study(name)
    rate, kinds = float(row["rate_Hz"]), row["drive"].split()
    total = {channel: np.zeros(draws) for channel in CHANNELS}
    for kind in kinds:
        if kind == "cuff":
            part = cuff_rates(float(row["current_mA"]), rate, draws, seed)
        else:
            given = surface_drive(kind, rate, Schedule(np.array([[0.0, 1.0]])), draws, seed)
            part = {channel: given.rate_Hz(channel) for channel in CHANNELS}
        for channel, values in part.items():
            total[channel] += values / len(kinds)
    return total


def cuff_rates(current_mA: float, rate_Hz: float, draws: int, seed: int) -> dict[str, Floats]:
    """Channel -> [draws] spikes per second under a cuff; `InputError` for an unknown current."""
    rows = [
        row for row in read_table("body/implant_fractions.csv")
        if float(row["current_mA"]) == current_mA
    ]  # fmt: skip
    if not rows:
        raise InputError("current_mA", current_mA, "a current of implant_fractions.csv")
    found = {}
    for row in rows:
        channel = row["channel"]
        levels = [name for name in row if name.startswith("q")]
        probability = np.array([float(name[1:]) for name in levels]) / 100
        share = np.interp(
            uniforms(f"cuff {channel}", draws, seed),
            probability,
            np.array([float(row[name]) for name in levels]),
        )
        arrives = reliability(CLASS_OF[channel], rate_Hz, draws, seed)
        found[channel] = share * arrives * rate_Hz
    return found


def surface_drive(
    prior: str, rate_Hz: float, schedule: Schedule, draws: int, seed: int
) -> Drive:  # fmt: skip
    """The drive of electrodes on or in the skin, switched on by ``schedule``.

    The prior depends neither on the device nor on its current and pulse, so any that is on will do.
    """
    used = device("gammacore")
    pulse = biphasic(min(100.0, 1e5 / rate_Hz))
    given = Protocol(used, pulse, 1.0, rate_Hz, schedule, used.electrodes[0])
    return drive_from_prior(prior, given, draws, seed)
