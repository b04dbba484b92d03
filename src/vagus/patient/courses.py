"""Days of the body of many patients under one regimen: integrated in blocks, kept on disk.

Every regimen of a cohort is integrated over the same edges of time, so that regimens differ by what
was given and by nothing else: with all routes switched off a stimulated regimen equals sham bit for
bit. A block that is kept in a folder, under a name that changes with anything it depends on, is
read rather than integrated again; a run that was interrupted goes on where it was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled
from vagus.body.draws import Draws
from vagus.body.drive import segments
from vagus.body.integrate import STATUS, Segments, integrate
from vagus.patient.regimen import Regimen
from vagus.protocol.schedule import DAY_S, Schedule

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

BLOCK = 256
"""Patients integrated, and kept, at a time: what an interrupted run loses."""
RECORDED = ("pain_area", "DAS", "M", "heart_rate")


@dataclass(frozen=True, eq=False)
class Days:
    """``values`` [n, T, quantity] of `RECORDED` at days 0, 1, 2 ...; ``status`` [n], 0: fine."""

    values: Floats
    status: Ints

    def __getitem__(self, name: str) -> Floats:
        """[n, T] of one quantity."""
        return self.values[:, :, RECORDED.index(name)]

    @property
    def failures(self) -> dict[int, str]:
        """Patient -> why it was given up."""
        return {int(i): STATUS[int(self.status[i])] for i in np.flatnonzero(self.status)}


@dataclass(frozen=True, eq=False)
class Plan:
    """How a cohort is integrated: ``edges_s`` of all regimens, share of time ``on`` between them.

    ``on`` is that of the schedule, before any regimen takes part of it away.
    """

    system: Compiled
    edges_s: Floats
    on: Floats
    days: int
    folder: Path | None = None
    workers: int | None = None

    def segments(self, regimen: Regimen) -> Segments:
        """Inputs under one regimen: the schedule, in its stimulated days.

        A sham device keeps the whole schedule: it is on, and drives nothing.
        """
        given = self._given(regimen) if regimen.stimulated_d else self.on
        return Segments(self.edges_s, {"on": given})

    def stimulated(self, regimen: Regimen) -> Floats:
        """[days + 1] 1 where stimulation was given on the day that ends then, else 0."""
        on_s = np.cumsum(self._given(regimen) * np.diff(self.edges_s))
        until = np.interp(np.arange(self.days + 1) * DAY_S, self.edges_s, np.append(0.0, on_s))
        return np.append(0.0, np.diff(until) > 0)

    def _given(self, regimen: Regimen) -> Floats:
        """Share of time on between edges, 0 outside of the regimen's stimulated days."""
        middle_d = (self.edges_s[:-1] + self.edges_s[1:]) / (2 * DAY_S)
        inside = np.zeros(len(self.on), dtype=bool)
        for start, stop in regimen.stimulated_d:
            inside |= (middle_d >= start) & (middle_d < stop)
        return np.where(inside, self.on, 0.0)


def plan(
    system: Compiled, schedule: Schedule, regimens: tuple[Regimen, ...], days: int,
    folder: Path | None, workers: int | None,
) -> Plan:  # fmt: skip
    """Edges of the schedule (its windows, or stretches of them) and of every regimen's spans."""
    given = segments(schedule, days * DAY_S)
    spans = [edge for r in regimens for span in r.stimulated_d for edge in span if 0 < edge < days]
    edges = np.unique(np.concatenate([given.edges_s, np.array(spans, dtype=np.float64) * DAY_S]))
    inside = np.searchsorted(given.edges_s, edges[:-1], side="right") - 1
    return Plan(system, edges, np.asarray(given.values["on"])[inside], days, folder, workers)


def integrate_days(p: Plan, draws: Draws, inputs: Segments, tell: Callable[[int], None]) -> Days:
    """Days of all ``draws``, block by block; ``tell(patients)`` as they are done."""
    blocks = []
    for start in range(0, len(draws), BLOCK):
        some = draws.select(slice(start, start + BLOCK))
        blocks.append(_block(p, some, inputs, tell))
    return Days(
        np.concatenate([b.values for b in blocks]), np.concatenate([b.status for b in blocks])
    )


def key_of(p: Plan, draws: Draws, inputs: Segments) -> str:
    """A name that changes with anything the days depend on."""
    parts: Mapping[str, Floats] = {
        "draws": draws.values, "edges": inputs.edges_s, "on": np.asarray(inputs.values["on"]),
    }  # fmt: skip
    digest = hashlib.sha256(p.system.key.encode())
    for part in parts.values():
        digest.update(np.ascontiguousarray(part, dtype=np.float64).tobytes())
    digest.update(repr((draws.names, RECORDED, p.days)).encode())
    return digest.hexdigest()[:24]


def _block(p: Plan, draws: Draws, inputs: Segments, tell: Callable[[int], None]) -> Days:
    kept = None if p.folder is None else p.folder / "blocks" / f"{key_of(p, draws, inputs)}.npz"
    if kept is not None and kept.is_file():
        with np.load(kept) as z:
            tell(len(draws))
            return Days(z["values"], z["status"])
    times = np.arange(p.days + 1) * DAY_S
    before = 0

    def progress(done: int, _: int) -> None:
        nonlocal before
        tell(done - before)
        before = done

    found = integrate(p.system, draws, inputs, times, workers=p.workers, progress=progress)
    days = Days(np.stack([found[name] for name in RECORDED], axis=2), found.status)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(".part.npz")
        np.savez(partial, values=days.values, status=days.status)
        partial.replace(kept)  # an interrupted write leaves no half file under the final name
    return days
