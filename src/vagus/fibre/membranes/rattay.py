"""Rattay and Aberham 1993: the Hodgkin-Huxley axon at body temperature.

https://doi.org/10.1109/10.250575

`RattayTabulated` interpolates steady states and time constants linearly on a 1 mV grid between -100
and 100 mV and holds them constant outside, as the model's NEURON implementation does (its threshold
is 0.08 % off the exact rates); both grid points are computed afresh, which costs no table look-up.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import njit
from numba.extending import overload

from vagus.fibre.lanes import JIT, W, least, load, most, store
from vagus.fibre.membranes.contract import FIRST_STATE, G, J, V, advance
from vagus.fibre.membranes.functions import floor
from vagus.fibre.membranes.gating import CELSIUS, exponential, linear_over_exp, relax

M, H, N = ((FIRST_STATE + row) * W for row in range(3))
STATES = 3

_SPEED = 2.24659524757 ** ((CELSIUS - 6.3) / 10.0)


class Rattay(NamedTuple):
    """Conductances in S/cm2, potentials in mV, capacitance in uF/cm2; exact rates."""

    g_na: float
    g_k: float
    g_leak: float
    e_na: float
    e_k: float
    e_leak: float
    cm: float


class RattayTabulated(NamedTuple):
    """The same with rates interpolated on a 1 mV grid."""

    g_na: float
    g_k: float
    g_leak: float
    e_na: float
    e_k: float
    e_leak: float
    cm: float


@njit(**JIT)
def _steady(a_over: Any, a_under: Any, b_over: Any, b_under: Any) -> tuple[Any, Any]:
    """(steady state, time constant) of rates given as fractions."""
    opening = a_over * b_under
    total = opening + b_over * a_under
    inverse = 1.0 / total
    return opening * inverse, a_under * b_under * inverse * (1.0 / _SPEED)


@njit(**JIT)
def _m(v: Any) -> Any:
    over, under = linear_over_exp((v + 70.0) * -0.1 + 2.5)
    return _steady(over, under, exponential((v + 70.0) * (-1.0 / 18.0)) * 4.0, 1.0)


@njit(**JIT)
def _h(v: Any) -> Any:
    under = exponential((v + 70.0) * -0.1 + 3.0) + 1.0
    return _steady(exponential((v + 70.0) * -0.05) * 0.07, 1.0, 1.0, under)


@njit(**JIT)
def _n(v: Any) -> Any:
    over, under = linear_over_exp((v + 70.0) * -0.1 + 1.0)
    return _steady(over * 0.1, under, exponential((v + 70.0) * (-1.0 / 80.0)) * 0.125, 1.0)


@njit(**JIT)
def _between(x: Any, low: tuple[Any, Any], high: tuple[Any, Any], part: Any, dt: float) -> Any:
    """The gate after dt with (steady state, time constant) a part of the way from low to high."""
    inf = low[0] + (high[0] - low[0]) * part
    tau = low[1] + (high[1] - low[1]) * part
    return relax(x, inf, 1.0 / tau, dt)


@njit(**JIT)
def _advance_exact(p: Any, x: Any, at: int, dt: float) -> None:
    v = load(x, at + V)
    inf, tau = _m(v)
    store(x, at + M, relax(load(x, at + M), inf, 1.0 / tau, dt))
    inf, tau = _h(v)
    store(x, at + H, relax(load(x, at + H), inf, 1.0 / tau, dt))
    inf, tau = _n(v)
    store(x, at + N, relax(load(x, at + N), inf, 1.0 / tau, dt))
    _currents(p, x, at)


@njit(**JIT)
def _advance_tabulated(p: Any, x: Any, at: int, dt: float) -> None:
    v = least(most(load(x, at + V), -100.0), 100.0)
    low = least(floor(v), 99.0)
    part = v - low
    high = low + 1.0
    store(x, at + M, _between(load(x, at + M), _m(low), _m(high), part, dt))
    store(x, at + H, _between(load(x, at + H), _h(low), _h(high), part, dt))
    store(x, at + N, _between(load(x, at + N), _n(low), _n(high), part, dt))
    _currents(p, x, at)


@njit(**JIT)
def _currents(p: Any, x: Any, at: int) -> None:
    m, h, n = load(x, at + M), load(x, at + H), load(x, at + N)
    scale = 1e3 / p.cm
    na = m * m * m * h * (p.g_na * scale)
    n = n * n
    k = n * n * (p.g_k * scale)
    store(x, at + G, na + k + p.g_leak * scale)
    store(x, at + J, na * p.e_na + k * p.e_k + p.g_leak * p.e_leak * scale)


@overload(advance, strict=False)
def _rattay(p: Any, x: Any, at: Any, diameter: Any, dt: Any, dt_ions: Any) -> Any:
    cls = getattr(p, "instance_class", None)
    if cls is Rattay:
        return lambda p, x, at, diameter, dt, dt_ions: _advance_exact(p, x, at, dt)
    if cls is RattayTabulated:
        return lambda p, x, at, diameter, dt, dt_ions: _advance_tabulated(p, x, at, dt)
    return None
