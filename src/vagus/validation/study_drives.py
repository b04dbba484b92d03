"""How hard published studies drove each channel of the body: ``vns_study_drives.csv``.

Rates, currents and sessions of studies are mostly assumed; what they recruit: `published_drives`.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vagus.body.drive import CHANNELS
from vagus.body.published_drives import CLASS_OF, cuff_drive, surface_drive
from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.protocol.schedule import Schedule

Floats = NDArray[np.float64]


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
    given = cuff_drive(current_mA, rate_Hz, Schedule(np.array([[0.0, 1.0]])), draws, seed)
    return {channel: given.rate_Hz(channel) for channel in CLASS_OF}
