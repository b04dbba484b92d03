"""Verification of what is delivered: charge by quadrature, and its balance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np

from vagus.protocol.waveform import (
    Waveform,
    biphasic,
    monophasic,
    pseudo_monophasic,
    sine_burst,
    train,
)

BALANCED = (
    biphasic(250),
    biphasic(300, gap_us=100, ratio=0.25),
    pseudo_monophasic(250, 5000, gap_us=20),
    sine_burst(5000, 5),
    train(biphasic(100), 3, 1000),
)
"""One waveform of every kind, at settings in use (data/devices)."""


def charge() -> float:
    """Largest difference between the closed form of the charge up to any instant and its
    quadrature, over the charge moved."""
    return max(_off(waveform) for waveform in (monophasic(250), *BALANCED))


def _off(waveform: Waveform) -> float:
    """Gauss-Legendre in cells of a thousandth of each piece: its error is below rounding."""
    point, weight = np.polynomial.legendre.leggauss(8)
    pieces = pairwise(waveform.edges_us)
    cells = np.concatenate([np.linspace(a, b, 1001)[:-1] for a, b in pieces])
    ends = np.append(cells[1:], waveform.duration_us)
    half = (ends - cells) / 2
    at = (ends + cells)[:, None] / 2 + half[:, None] * point
    summed = np.cumsum(half * (waveform.sample(at) @ weight))
    moved = float(np.abs(waveform.phases_us).sum())
    return float(np.abs(summed - waveform.integral(ends)).max() / moved)


def balance() -> float:
    """Largest net charge of a balanced waveform over the charge it moves."""
    return max(abs(w.net_us) / float(np.abs(w.phases_us).sum()) for w in BALANCED)


MEASURES: Mapping[str, Callable[[], float | None]] = {
    "charge-closed-form": charge,
    "charge-balance": balance,
}
