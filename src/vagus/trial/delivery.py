"""How a published trial delivered stimulation: sessions, pulse rate, and what they recruit.

``data/trial/designs.csv`` says what was read and what had to be assumed. The sessions of a day are
spread evenly over it, the days of a week evenly over the week.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vagus.body.drive import Drive
from vagus.body.published_drives import cuff_drive, surface_drive
from vagus.errors import InputError
from vagus.protocol.schedule import DAY_S, Schedule, continuous, duty_cycle

MINUTE_S = 60.0
CUFF = "cuff"


@dataclass(frozen=True)
class Delivery:
    """Sessions and drive of a trial.

    ``prior``: key of the recruitment prior of electrodes on the skin, or `cuff`. ``rate_Hz``:
    pulses per second. ``session_min``, ``sessions_per_day``, ``days_per_week``. ``on_s``,
    ``off_s``: duty cycle within a session, None where it is on throughout. ``current_mA``: of a
    cuff. ``basis``: what of this was read; ``mark`` as in `vagus.data`.
    """

    prior: str
    rate_Hz: float
    session_min: float
    sessions_per_day: int
    days_per_week: int
    on_s: float | None
    off_s: float | None
    current_mA: float | None
    basis: str
    mark: str

    def __post_init__(self) -> None:
        if (self.prior == CUFF) != (self.current_mA is not None):
            fix = "Electrodes on the skin follow a prior that does not depend on the current."
            raise InputError("current_mA", self.current_mA, f"a current for `{CUFF}` only", fix)
        if (self.on_s is None) != (self.off_s is None):
            raise InputError("on_s, off_s", (self.on_s, self.off_s), "both or neither")

    def schedule(self, days: float) -> Schedule:
        """Sessions of ``days`` days from day 0."""
        day = np.arange(int(np.ceil(days)))
        held = day[(day + 1) * self.days_per_week // 7 > day * self.days_per_week // 7]
        per_day = np.arange(self.sessions_per_day) / self.sessions_per_day
        starts = (held[:, None] + per_day).ravel() * DAY_S
        session = self._session()
        return Schedule((starts[:, None, None] + session.edges_s).reshape(-1, 2))

    def drive(self, schedule: Schedule, n: int, seed: int) -> Drive:
        """What ``n`` patients' nerves receive whenever ``schedule`` is on."""
        if self.current_mA is not None:
            return cuff_drive(self.current_mA, self.rate_Hz, schedule, n, seed)
        return surface_drive(self.prior, self.rate_Hz, schedule, n, seed)

    def _session(self) -> Schedule:
        # A session as long as its share of the day would touch the next: a second is left between.
        longest = DAY_S / self.sessions_per_day - 1
        length = min(self.session_min * MINUTE_S, longest)
        if self.on_s is None or self.off_s is None:
            return continuous(length)
        return duty_cycle(self.on_s, self.off_s, length)
