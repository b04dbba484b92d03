"""What the body gave: courses of states and observables over draws, and what they are made of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """Median and 95 % interval over draws."""

    low: float
    middle: float
    high: float


@dataclass(frozen=True)
class Course:
    """One arm over time: ``values`` [draw, time, quantity] at ``time_s`` [time].

    ``names`` and ``units`` [quantity]; ``arm``: what was given. ``failed``: (draw, reason) of those
    that could not be integrated; their values are NaN.
    """

    arm: str
    time_s: Floats
    names: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    failed: tuple[tuple[int, str], ...] = ()

    def __post_init__(self) -> None:
        wanted = (len(self.values), len(self.time_s), len(self.names))
        if self.values.shape != wanted or len(self.units) != len(self.names):
            raise InputError("values", self.values.shape, "[draw, time, quantity]")

    def __getitem__(self, name: str) -> Floats:
        """[draw, time] of one quantity."""
        if name not in self.names:
            raise InputError("quantity", name, ", ".join(self.names))
        return self.values[:, :, self.names.index(name)]

    def band(self, name: str) -> Floats:
        """[3, time]: 2.5, 50 and 97.5 % of one quantity over draws."""
        return np.asarray(np.nanquantile(self[name], (0.025, 0.5, 0.975), axis=0))

    def save(self, path: Path) -> None:
        """Write to ``path`` (npz), without loss."""
        np.savez_compressed(
            path, arm=self.arm, time_s=self.time_s, values=self.values,
            names=np.array(self.names), units=np.array(self.units),
            failed_draw=np.array([d for d, _ in self.failed], dtype=np.int64),
            failed_why=np.array([why for _, why in self.failed], dtype=np.str_),
        )  # fmt: skip

    @staticmethod
    def load(path: Path) -> Course:
        """Read what `save` wrote."""
        with np.load(path) as z:
            failed = zip(z["failed_draw"].tolist(), z["failed_why"].tolist(), strict=True)
            return Course(
                str(z["arm"]), z["time_s"], tuple(map(str, z["names"])),
                tuple(map(str, z["units"])), z["values"], tuple(failed),
            )  # fmt: skip


@dataclass(frozen=True)
class Decomposition:
    """What an outcome's change is made of: ``values`` [draw, part] of ``parts``, in ``unit``.

    Parts of a draw add up to its ``total`` [draw], the change of the treated arm from baseline.
    """

    outcome: str
    unit: str
    parts: tuple[str, ...]
    values: Floats
    total: Floats

    def interval(self, part: str) -> Interval:
        """Median and 95 % interval of one part over draws."""
        if part not in self.parts:
            raise InputError("part", part, ", ".join(self.parts))
        return interval(self.values[:, self.parts.index(part)])


def interval(values: Floats) -> Interval:
    """Median and 95 % interval of [n] values; NaN (failed draws) left out."""
    kept = values[np.isfinite(values)]
    if not kept.size:
        return Interval(np.nan, np.nan, np.nan)
    low, middle, high = np.quantile(kept, (0.025, 0.5, 0.975))
    return Interval(float(low), float(middle), float(high))
