"""Sweeney, Mortimer and Durand 1987: node of a mammalian myelinated axon.

J. D. Sweeney, J. T. Mortimer, D. Durand, "Modeling of mammalian myelinated nerve for functional
neuromuscular stimulation", IEEE 9th Annual Conference of the EMBS, 1987. The myelin insulates
perfectly, so the fibre is one cable of nodes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import njit
from numba.extending import overload

from vagus.fibre.lanes import JIT, W, load, store
from vagus.fibre.membranes.contract import FIRST_STATE, G, J, V, advance
from vagus.fibre.membranes.gating import exponential, relax

M, H = ((FIRST_STATE + row) * W for row in range(2))
STATES = 2


class Sweeney(NamedTuple):
    """Conductances in S/cm2, potentials in mV, capacitance in uF/cm2."""

    g_na: float
    g_leak: float
    e_na: float
    e_leak: float
    cm: float


@njit(**JIT)
def _advance(p: Any, x: Any, at: int, dt: float) -> None:
    v = load(x, at + V)
    e = exponential((v + 49.0) * (-1.0 / 5.3)) + 1.0
    closed = exponential((v + 56.2) * (-1.0 / 4.17)) + 1.0
    r = 1.0 / (e * closed)
    m = relax(load(x, at + M), e * r, (v * 0.363 + 126.0) * closed * closed * r, dt)

    e = exponential((v + 56.0) * -0.1) + 1.0
    opened = exponential((v + 74.5) * -0.2)
    r = 1.0 / (e * (opened + 1.0))
    rate = (opened + 1.0) * (opened + 1.0) * r * 15.6
    h = relax(load(x, at + H), opened * e * r, rate, dt)

    store(x, at + M, m)
    store(x, at + H, h)
    na = m * m * h * (p.g_na * 1e3 / p.cm)
    leak = p.g_leak * 1e3 / p.cm
    store(x, at + G, na + leak)
    store(x, at + J, na * p.e_na + leak * p.e_leak)


@overload(advance, strict=False)
def _sweeney(p: Any, x: Any, at: Any, diameter: Any, dt: Any, dt_ions: Any) -> Any:
    if getattr(p, "instance_class", None) is Sweeney:
        return lambda p, x, at, diameter, dt, dt_ions: _advance(p, x, at, dt)
    return None
