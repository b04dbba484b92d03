"""How hard published studies drove each channel of the body, by the same means as the chain.

Electrodes on or in the skin: the documented priors of `vagus.body.drive`, which depend neither on
the device nor on its current. An implanted cuff: what the chain's own nerve recruits at a current
(``implant_fractions.csv``, quantiles over placements of every fibre of the traced nerve), thinned
by conduction reliability.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vagus.body.drive import SENSATION, Drive, GroupDrive, drive_from_prior, reliability
from vagus.body.priors import uniforms
from vagus.data import read_table
from vagus.errors import InputError
from vagus.protocol.device import device
from vagus.protocol.protocol import Protocol
from vagus.protocol.schedule import Schedule
from vagus.protocol.waveform import biphasic

Floats = NDArray[np.float64]
CLASS_OF = {"u_A": "A-beta", "u_B": "B", "u_S": "B"}
SEEN_FROM_OUTSIDE = "cervical"
"""Prior whose sensation stands for that of a cuff: both are raised to what is comfortable."""


def cuff_shares(current_mA: float, draws: int, seed: int) -> dict[str, Floats]:
    """Channel -> [draws] share of fibres that a cuff recruits; `InputError`: unknown current."""
    table = read_table("body/implant_fractions.csv")
    rows = [row for row in table if float(row["current_mA"]) == current_mA]
    if not rows:
        known = ", ".join(dict.fromkeys(row["current_mA"] for row in table))
        raise InputError("current_mA", current_mA, f"a current of implant_fractions.csv: {known}")
    found = {}
    for row in rows:
        levels = [name for name in row if name.startswith("q")]
        probability = np.array([float(name[1:]) for name in levels]) / 100
        share = np.array([float(row[name]) for name in levels])
        at = uniforms(f"cuff {row['channel']}", draws, seed)
        found[row["channel"]] = np.interp(at, probability, share)
    return found


def cuff_drive(
    current_mA: float, rate_Hz: float, schedule: Schedule, draws: int, seed: int
) -> Drive:
    """The drive of an implanted cervical cuff, switched on by ``schedule``."""
    groups = [
        GroupDrive(
            "cuff", CLASS_OF[channel], "efferent" if CLASS_OF[channel] == "B" else "afferent",
            channel, 1.0, share, reliability(CLASS_OF[channel], rate_Hz, draws, seed), rate_Hz,
        )
        for channel, share in cuff_shares(current_mA, draws, seed).items()
    ]  # fmt: skip
    felt = surface_drive(SEEN_FROM_OUTSIDE, rate_Hz, schedule, draws, seed)
    groups += [group for group in felt.groups if group.channel == SENSATION]
    return Drive(tuple(groups), rate_Hz, felt.n_train, schedule, "prior", "cuff")


def surface_drive(prior: str, rate_Hz: float, schedule: Schedule, draws: int, seed: int) -> Drive:
    """The drive of electrodes on or in the skin, switched on by ``schedule``.

    The prior depends neither on the device nor on its current and pulse, so any that is on will do.
    """
    used = device("gammacore")
    pulse = biphasic(min(100.0, 1e5 / rate_Hz))
    given = Protocol(used, pulse, 1.0, rate_Hz, schedule, used.electrodes[0])
    return drive_from_prior(prior, given, draws, seed)
