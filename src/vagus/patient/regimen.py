"""What one group of patients gets: stimulated days, what they know, treatment besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from vagus.errors import InputError

Knowledge = Literal["blinded", "open", "untreated"]


@dataclass(frozen=True)
class Regimen:
    """A course of treatment, told apart by ``name``.

    ``stimulated_d``: half-open spans [start, stop) of days after randomisation in which sessions
    are given; without any, the device is a sham. ``knows``: expectation as in ``blinded`` arms, as
    of people who know that they are treated (``open``), or none (``untreated``). ``background``:
    key of ``data/patient/background.csv`` for what is given besides (a drug, exercise), or "".

    Raises `InputError` for a name that is empty, spans that are empty or overlap, or people
    without any treatment who are stimulated.
    """

    name: str
    stimulated_d: tuple[tuple[float, float], ...] = ()
    knows: Knowledge = "blinded"
    background: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            raise InputError("regimen.name", "empty", "a name")
        if self.knows not in get_args(Knowledge):
            raise InputError(f"{self.name}: knows", self.knows, ", ".join(get_args(Knowledge)))
        _check_spans(f"{self.name}: stimulated_d", self.stimulated_d)
        if self.stimulated_d and self.knows == "untreated":
            fix = "Take `open` for people who know that they are stimulated."
            raise InputError(f"{self.name}: knows", self.knows, "blinded, open", fix)


def _check_spans(field: str, spans: tuple[tuple[float, float], ...]) -> None:
    edges = np.array(spans, dtype=np.float64).reshape(-1)
    rising = np.all(edges[1::2] > edges[::2]) and np.all(edges[2::2] >= edges[1:-1:2])
    if not (np.isfinite(edges).all() and rising):
        allowed = (
            "finite spans of days (start, stop), start before stop, in order, none overlapping"
        )
        raise InputError(field, spans, allowed)
    if edges.size and edges[0] < 0:
        raise InputError(field, spans, "spans from day 0, that of randomisation, on")
