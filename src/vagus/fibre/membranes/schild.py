"""Schild et al. 1994 and 1997: C-type vagal afferent with calcium, pumps and an exchanger.

https://doi.org/10.1152/jn.1994.71.6.2338 and https://doi.org/10.1152/jn.1997.78.6.3198

The two differ in their sodium channels and in all conductances. Calcium inside (with a calmodulin
buffer) and in a shell around the axon moves with the currents; sodium and potassium stay.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from numba import njit
from numba.extending import overload

from vagus.fibre.lanes import JIT, W, load, magnitude, most, store, where_less
from vagus.fibre.membranes.contract import FIRST_STATE, G, J, V, advance
from vagus.fibre.membranes.functions import logarithm, square_root
from vagus.fibre.membranes.gating import (
    CELSIUS,
    bell,
    elapsed,
    exponential,
    linear_over_exp,
    logistic,
    q10,
    relax,
    relax_logistic,
)

MF, HF, JF, MS, HS, N, P, Q, X, Y, C, D, F1, F2, DT, FT, CA_IN, CA_OUT, BOUND, I_CA = (
    (FIRST_STATE + row) * W for row in range(20)
)
STATES = 20

_KELVIN = CELSIUS + 273.15
FARADAY = 96500.0  # C/mol, as in the model
RT_F = 8314.0 * _KELVIN / FARADAY  # mV
_CA_PUMP_SPEED, _NA_CA_SPEED, _NA_K_SPEED = (
    1.0 / q10(base, reference) for base, reference in ((2.3, 22.0), (2.2, 22.85), (1.16, 22.85))
)


_POLE_MV = 0.1  # the Na/K pump's formula divides by v + 200 mV; this close to zero it does not
_LOWEST_MM = 1e-9  # a step of an absurd current must not leave a negative concentration


class Schild94(NamedTuple):
    """Conductances in S/cm2, currents mA/cm2, concentrations mM, lengths um, times ms."""

    g_naf: float
    g_nas: float
    g_kd: float
    g_ka: float
    g_kds: float
    g_kca: float
    g_can: float
    g_cat: float
    g_na_leak: float
    g_ca_leak: float
    na_in: float
    na_out: float
    k_in: float
    k_out: float
    ca_out: float
    e_ca_shift: float
    shell: float
    shell_tau: float
    buffer: float
    buffer_sites: float
    buffer_on: float
    buffer_off: float
    ca_pump: float
    na_ca: float
    na_k: float
    cm: float


class Schild97(NamedTuple):
    """As `Schild94`."""

    g_naf: float
    g_nas: float
    g_kd: float
    g_ka: float
    g_kds: float
    g_kca: float
    g_can: float
    g_cat: float
    g_na_leak: float
    g_ca_leak: float
    na_in: float
    na_out: float
    k_in: float
    k_out: float
    ca_out: float
    e_ca_shift: float
    shell: float
    shell_tau: float
    buffer: float
    buffer_sites: float
    buffer_on: float
    buffer_off: float
    ca_pump: float
    na_ca: float
    na_k: float
    cm: float


def _slowed(base: float, reference_C: float = 22.85) -> float:
    """Factor on a time constant at body temperature."""
    return 1.0 / q10(base, reference_C)


_T14, _T15, _T19, _T193, _T22, _T23, _T43 = (
    _slowed(b) for b in (1.4, 1.5, 1.9, 1.93, 2.2, 2.3, 4.3)
)
_T15_97, _T23_97 = _slowed(1.5, 22.0), _slowed(2.3, 22.0)


@njit(**JIT)
def _bell_gate(
    x: Any, at: int, v: Any, half: float, slope: float,
    height: float, b: float, base: float, centre: float, slowed: float, dt: float,
) -> None:  # fmt: skip
    """Advance a gate with x_inf = 1/(1 + exp((v - half)/slope)) and a bell-shaped time constant."""
    e = exponential((v - half) * (1.0 / slope))
    tau = bell(v, height * slowed, b, base * slowed, centre)
    store(x, at, relax_logistic(load(x, at), e, tau, dt))


@njit(**JIT)
def _sodium_94(x: Any, at: int, v: Any, dt: float) -> tuple[Any, Any]:
    """Advance both sodium channels; return their open fractions."""
    _bell_gate(x, at + MF, v, -23.85, -4.75, 0.75, 0.0635, 0.12, -40.35, _T23, dt)
    _bell_gate(x, at + HF, v, -44.5, 4.5, 6.5, 0.0295, 0.55, -75.0, _T15, dt)
    e = exponential((v + 40.0) * (1.0 / 1.5))
    tau = logistic((v - 20.0) * (1.0 / 4.5)) * 25.0 + 0.01
    j = relax_logistic(load(x, at + JF), e, tau, dt)
    store(x, at + JF, j)
    _bell_gate(x, at + MS, v, -0.35, -4.45, 1.5, 0.0595, 0.15, -20.35, _T23, dt)
    _bell_gate(x, at + HS, v, 2.0, 4.5, 4.95, 0.0335, 0.75, -20.0, _T15, dt)
    m, s = load(x, at + MF), load(x, at + MS)
    return m * m * m * load(x, at + HF) * j, s * s * s * load(x, at + HS)


@njit(**JIT)
def _sodium_97(x: Any, at: int, v: Any, dt: float) -> tuple[Any, Any]:
    """Advance both sodium channels; return their open fractions."""
    _bell_gate(x, at + MF, v, -31.62, -6.98, 1.15, 0.06, 0.21, -40.0, _T23_97, dt)
    _bell_gate(x, at + HF, v, -65.99, 5.97, 18.0, 0.043, 1.35, -62.5, _T15_97, dt)
    _bell_gate(x, at + MS, v, -11.29, -5.54, 1.45, 0.058, 0.26, -14.5, _T23_97, dt)
    _bell_gate(x, at + HS, v, -31.0, 5.2, 10.75, 0.067, 3.15, -13.5, _T15_97, dt)
    m, s = load(x, at + MF), load(x, at + MS)
    return m * m * m * load(x, at + HF), s * s * s * load(x, at + HS)


@njit(**JIT)
def _potassium(p: Any, x: Any, at: int, v: Any, dt: float) -> Any:
    """Advance the potassium channels; return their conductance."""
    over, under = linear_over_exp((v + 14.273) * -0.1)
    rates = over * 0.01265 + exponential((v + 55.0) * -0.4) * under * 0.125
    closed = exponential((v + 17.62) * (-1.0 / 18.38)) + 1.0
    tau = under + rates  # times _T14 / rates
    r = 1.0 / (tau * closed)
    n = relax(load(x, at + N), tau * r, rates * closed * r * (1.0 / _T14), dt)
    store(x, at + N, n)

    _bell_gate(x, at + P, v, -31.0, -28.0, 5.0, 0.022, 2.5, -65.0, _T193, dt)
    _bell_gate(x, at + Q, v, -61.0, 7.0, 100.0, 0.035, 10.5, -30.0, _T193, dt)
    _bell_gate(x, at + X, v, -42.59, -14.68, 5.0, 0.022, 2.5, -65.0, _T193, dt)
    rate = v * 0.0 + 1.0 / (7500.0 * _T193)  # the same at every potential
    y = relax(load(x, at + Y), logistic((v + 51.0) * (1.0 / 7.0)), rate, dt)
    store(x, at + Y, y)
    opening = load(x, at + CA_IN) * exponential((v - 10.0) * (1.0 / 12.0)) * 750.0
    total = opening + exponential((v - 10.0) * (-1.0 / 60.0)) * 0.05
    c = relax(load(x, at + C), opening / total, total * (1.0 / (4.5 * _T23)), dt)
    store(x, at + C, c)
    a, s = load(x, at + P), load(x, at + X)
    g = n * p.g_kd + a * a * a * load(x, at + Q) * p.g_ka
    return g + s * s * s * y * p.g_kds + c * p.g_kca


@njit(**JIT)
def _calcium(p: Any, x: Any, at: int, v: Any, dt: float) -> Any:
    """Advance the calcium channels; return their conductance."""
    _bell_gate(x, at + D, v, -13.0, -4.5, 3.25, 0.042, 0.395, -31.0, _T43, dt)
    _bell_gate(x, at + F1, v, -13.0, 25.0, 33.5, 0.0395, 5.0, -30.0, _T43, dt)
    inf = logistic((v - 2.0) * -0.1) * 0.2 + logistic((v + 33.0) * 0.1)
    tau = bell(v, 225.0 * _T43, 0.0275, 75.0 * _T43, -40.0)
    f2 = relax(load(x, at + F2), inf, 1.0 / tau, dt)
    store(x, at + F2, f2)
    _bell_gate(x, at + DT, v, -47.0, -5.75, 22.0, 0.052, 2.5, -68.0, _T19, dt)
    _bell_gate(x, at + FT, v, -61.0, 6.0, 103.0, 0.05, 12.5, -58.0, _T22, dt)
    long_lasting = load(x, at + D) * (load(x, at + F1) * 0.55 + f2 * 0.45)
    low_threshold = load(x, at + DT) * load(x, at + FT)
    return long_lasting * p.g_can + low_threshold * p.g_cat + p.g_ca_leak


@njit(**JIT)
def _advance_calcium(p: Any, x: Any, at: int, diameter: Any, dt: float) -> None:
    """Concentrations, with the current at the potential before this step.

    Inside, calcium and its buffer are stepped together by backward Euler: a quadratic for calcium.
    """
    current = load(x, at + I_CA) * (1e4 / (2.0 * FARADAY))
    outer = diameter + p.shell
    per_shell = diameter * 4.0 / (outer * outer - diameter * diameter)
    ca = load(x, at + CA_OUT)
    steady = current * per_shell * p.shell_tau + p.ca_out
    ca = ca + (steady - ca) * elapsed(dt / p.shell_tau)
    store(x, at + CA_OUT, most(ca, _LOWEST_MM))

    sites = p.buffer_sites * p.buffer
    on, held = dt * p.buffer_on, 1.0 + dt * p.buffer_off
    bound = load(x, at + BOUND)
    free = load(x, at + CA_IN) - current * (dt * 4.0) / diameter
    b = held + (sites - (free + bound * sites)) * on
    c = free * held + bound * (sites * dt * p.buffer_off)
    c = most(c, _LOWEST_MM)
    ca = c * 2.0 / (b + square_root(b * b + c * (4.0 * on)))
    store(x, at + CA_IN, ca)
    store(x, at + BOUND, (bound + ca * on) / (ca * on + held))


@njit(**JIT)
def _exchanger(p: Any, x: Any, at: int, v: Any) -> tuple[Any, Any]:
    """Na/Ca exchange i (sodium carries 3i, calcium -2i) and its slope in v; mA/cm2, S/cm2."""
    ca_in, ca_out = load(x, at + CA_IN), load(x, at + CA_OUT)
    na_in, na_out = p.na_in * p.na_in * p.na_in, p.na_out * p.na_out * p.na_out
    e = exponential(v * (0.5 / RT_F))
    under = (ca_in * na_out + ca_out * na_in) * 0.0036 + 1.0
    scale = (p.na_ca * _NA_CA_SPEED) / (under * e)
    into, out = ca_out * e * e * na_in, ca_in * na_out
    return (into - out) * scale, (into + out) * scale * (0.5 / RT_F)


@njit(**JIT)
def _na_k(p: Any, v: Any) -> tuple[Any, Any]:
    """Na/K pump i (sodium carries 3i, potassium -2i) and its slope in v; mA/cm2, S/cm2."""
    na, k = p.na_in / (p.na_in + 5.46), p.k_out / (p.k_out + 0.621)
    scale = p.na_k * _NA_K_SPEED * na * na * na * k * k
    u = v + 200.0
    r = 1.0 / where_less(magnitude(u), _POLE_MV, _POLE_MV, u)
    return (v + 150.0) * r * scale, r * r * (50.0 * scale)


@njit(**JIT)
def _currents(p: Any, x: Any, at: int, v: Any, g_na: Any, g_k: Any, g_ca: Any) -> None:
    """Sum the currents and linearise those that are not ohmic."""
    e_na = RT_F * math.log(p.na_out / p.na_in)
    e_k = RT_F * math.log(p.k_out / p.k_in)
    ca_in, ca_out = load(x, at + CA_IN), load(x, at + CA_OUT)
    e_ca = logarithm(ca_out / ca_in) * (0.5 * RT_F) + p.e_ca_shift
    exchange, exchange_slope = _exchanger(p, x, at, v)
    pump, pump_slope = _na_k(p, v)
    ca_pump = ca_in / (ca_in + 0.0005) * (p.ca_pump * _CA_PUMP_SPEED)
    store(x, at + I_CA, g_ca * (v - e_ca) - exchange * 2.0 + ca_pump)
    slope = exchange_slope + pump_slope
    scale = 1e3 / p.cm
    store(x, at + G, (g_na + g_k + g_ca + slope) * scale)
    pumped = exchange + pump + ca_pump - v * slope
    store(x, at + J, (g_na * e_na + g_k * e_k + g_ca * e_ca - pumped) * scale)


@njit(**JIT)
def _advance_94(p: Any, x: Any, at: int, diameter: Any, dt: float, dt_ions: float) -> None:
    v = load(x, at + V)
    fast, slow = _sodium_94(x, at, v, dt)
    g_na = fast * p.g_naf + slow * p.g_nas + p.g_na_leak
    g_k, g_ca = _potassium(p, x, at, v, dt), _calcium(p, x, at, v, dt)
    _advance_calcium(p, x, at, diameter, dt_ions)
    _currents(p, x, at, v, g_na, g_k, g_ca)


@njit(**JIT)
def _advance_97(p: Any, x: Any, at: int, diameter: Any, dt: float, dt_ions: float) -> None:
    v = load(x, at + V)
    fast, slow = _sodium_97(x, at, v, dt)
    g_na = fast * p.g_naf + slow * p.g_nas + p.g_na_leak
    g_k, g_ca = _potassium(p, x, at, v, dt), _calcium(p, x, at, v, dt)
    _advance_calcium(p, x, at, diameter, dt_ions)
    _currents(p, x, at, v, g_na, g_k, g_ca)


@overload(advance, strict=False)
def _schild(p: Any, x: Any, at: Any, diameter: Any, dt: Any, dt_ions: Any) -> Any:
    cls = getattr(p, "instance_class", None)
    if cls is Schild94:
        return lambda p, x, at, diameter, dt, dt_ions: _advance_94(p, x, at, diameter, dt, dt_ions)
    if cls is Schild97:
        return lambda p, x, at, diameter, dt, dt_ions: _advance_97(p, x, at, diameter, dt, dt_ions)
    return None
