"""Sundt et al. 2015, C-fibre of the dorsal root ganglion: fast sodium, delayed rectifier, leak.

https://doi.org/10.1152/jn.00226.2015
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import njit
from numba.extending import overload

from vagus.fibre.lanes import JIT, W, load, store
from vagus.fibre.membranes.contract import FIRST_STATE, G, J, V, advance
from vagus.fibre.membranes.gating import CELSIUS, exponential, linear_over_exp, q10, relax

M, H, N, L = ((FIRST_STATE + row) * W for row in range(4))
STATES = 4

_Q = q10(3.0, 30.0)
_F_RT = 9.648e4 / (8.315 * (273.16 + CELSIUS))  # per mV after the factor 1e-3 in the rates


class Sundt(NamedTuple):
    """Conductances in S/cm2, potentials in mV, capacitance in uF/cm2."""

    g_na: float
    g_k: float
    g_leak: float
    e_na: float
    e_k: float
    e_leak: float
    cm: float


@njit(**JIT)
def _advance(p: Any, x: Any, at: int, dt: float) -> None:
    v = load(x, at + V)
    az, ad = linear_over_exp((v * -1.0 - 45.9) * 0.25)
    bz, bd = linear_over_exp((v + 18.9) * 0.2)
    a, b = az * bd * (_Q * 0.32 * 4.0), bz * ad * (_Q * 0.28 * 5.0)
    both = ad * bd
    r = 1.0 / ((a + b) * both)
    m = relax(load(x, at + M), a * both * r, (a + b) * (a + b) * r, dt)

    e = exponential((v + 31.0) * -0.2) + 1.0
    a = exponential((v + 54.0) * (-1.0 / 18.0)) * e * (_Q * 0.128)
    b = _Q * 4.0
    r = 1.0 / ((a + b) * e)
    h = relax(load(x, at + H), a * e * r, (a + b) * (a + b) * r, dt)

    closed = 1.0 + exponential((v + 32.0) * (-5e-3 * _F_RT))
    rate = closed * exponential((v + 32.0) * (2e-3 * _F_RT)) * (_Q * 0.03)
    n = relax(load(x, at + N), 1.0 / closed, rate, dt)

    e = exponential((v + 61.0) * (-2e-3 * _F_RT))
    slow = relax(load(x, at + L), e / (1.0 + e), (1.0 + e) * (_Q * 0.001), dt)

    store(x, at + M, m)
    store(x, at + H, h)
    store(x, at + N, n)
    store(x, at + L, slow)
    scale = 1e3 / p.cm
    na = m * m * m * h * (p.g_na * scale)
    k = n * n * n * slow * (p.g_k * scale)
    store(x, at + G, na + k + p.g_leak * scale)
    store(x, at + J, na * p.e_na + k * p.e_k + p.g_leak * p.e_leak * scale)


@overload(advance, strict=False)
def _sundt(p: Any, x: Any, at: Any, diameter: Any, dt: Any, dt_ions: Any) -> Any:
    if getattr(p, "instance_class", None) is Sundt:
        return lambda p, x, at, diameter, dt, dt_ions: _advance(p, x, at, dt)
    return None
