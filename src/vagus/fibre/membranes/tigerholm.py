"""Tigerholm et al. 2014: human cutaneous C-fibre with ion concentrations.

https://doi.org/10.1152/jn.00777.2012

Nav1.7, Nav1.8, Nav1.9, slow and A-type potassium, HCN, delayed rectifier, sodium-dependent
potassium, Na/K pump; sodium and potassium inside the axon and in the periaxonal space. A constant
leak, or pump where a leak would be negative, balances each ion at the resting potential.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from numba import njit
from numba.extending import overload

from vagus.fibre.lanes import JIT, W, load, most, store, where_less
from vagus.fibre.membranes.contract import FIRST_STATE, G, J, V, advance
from vagus.fibre.membranes.functions import logarithm, square_root
from vagus.fibre.membranes.gating import (
    CELSIUS,
    bell,
    elapsed,
    exponential,
    q10,
    relax,
    relax_fractions,
    relax_logistic,
)

(
    M7, H7, S7, M8, H8, S8, U8, M9, H9, S9, KS, KF, MA, HA, HS, HF, N,
    NA_IN, NA_OUT, K_IN, K_OUT, I_NA, I_K,
) = ((FIRST_STATE + row) * W for row in range(23))  # fmt: skip
STATES = 23

FARADAY = 96485.332  # C/mol
RT_F = 8.3144626 * (CELSIUS + 273.15) / FARADAY * 1e3  # mV
_Q17, _Q18, _Q19 = q10(2.5, 21.0), q10(2.5, 22.0), q10(2.5, 21.0)
_QKS, _QKA, _QH, _QKDR = q10(3.3, 21.0), q10(3.3, 23.0), q10(3.0, 22.0), q10(3.3, 22.0)


class Tigerholm(NamedTuple):
    """Conductances in S/cm2, currents in mA/cm2, concentrations in mM, capacitance in uF/cm2."""

    g_na17: float
    g_na18: float
    g_na19: float
    g_ks: float
    g_ka: float
    g_h: float
    g_kdr: float
    g_kna: float
    pump: float
    na_out: float
    k_out: float
    space: float
    space_exchange: float
    cm: float
    balance_g_na: float
    balance_i_na: float
    balance_g_k: float
    balance_i_k: float


@njit(**JIT)
def _advance_sodium(x: Any, at: int, v: Any, dt: float) -> None:
    a = exponential((v - 5.0) * (-1.0 / 12.08)) + 1.0
    b = exponential((v + 72.7) * (1.0 / 16.7)) + 1.0
    store(x, at + M7, relax_fractions(load(x, at + M7), 15.5, a, 35.2, b, _Q17, dt))
    a = exponential((v + 122.35) * (1.0 / 15.29)) + 1.0
    b = exponential((v + 5.5266) * (-1.0 / 12.70195)) + 1.0
    over = 2.00283 - b * 0.00283
    store(x, at + H7, relax_fractions(load(x, at + H7), 0.38685, a, over, b, _Q17, dt))
    a = exponential((v + 93.9) * (1.0 / 16.6)) + 1.0
    b = exponential((v - 384.9) * (1.0 / 28.5))
    over = a * 0.00003 + 0.00092
    new = relax_fractions(load(x, at + S7), over, a, b * 132.05, b + 1.0, _Q17, dt)
    store(x, at + S7, new)

    a = exponential((v - 1.159) * (1.0 / 13.95)) + 1.0
    b = exponential((v + 46.463) * (1.0 / 8.8289)) + 1.0
    over = (a - 1.0) * 2.85 + 0.011
    store(x, at + M8, relax_fractions(load(x, at + M8), over, a, 7.6205, b, _Q18, dt))
    e = exponential((v + 32.2) * 0.25)
    tau = bell(v, 42.043 / _Q18, 0.5**0.5 / 15.19, 1.218 / _Q18, -38.1)
    store(x, at + H8, relax_logistic(load(x, at + H8), e, tau, dt))
    e = exponential((v + 45.0) * 0.125) + 1.0
    a = exponential((v + 79.816) * (1.0 / 16.269)) + 1.0
    b = exponential((v + 15.968) * (-1.0 / 11.542)) + 1.0
    rate = b * (0.0054203 * _Q18) + a * (0.0050757 * _Q18)
    r = 1.0 / (e * a * b)
    store(x, at + S8, relax(load(x, at + S8), a * b * r, rate * e * r, dt))
    e = exponential((v + 51.0) * 0.125) + 1.0
    a = exponential((v + 67.499) * (1.0 / 19.51)) + 1.0
    b = exponential((v + 30.963) * (-1.0 / 14.792)) + 1.0
    rate = b * (4.0868e-4 * _Q18) + a * (3.9904e-4 * _Q18)
    r = 1.0 / (e * a * b)
    store(x, at + U8, relax(load(x, at + U8), a * b * r, rate * e * r, dt))

    a = exponential((v + 6.99) * (-1.0 / 14.87115)) + 1.0
    b = exponential((v + 130.4) * (1.0 / 22.9)) + 1.0
    store(x, at + M9, relax_fractions(load(x, at + M9), 1.032, a, 5.79, b, _Q19, dt))
    a = exponential((v + 73.26415) * (1.0 / 3.71928)) + 1.0
    b = exponential((v + 10.27853) * (-1.0 / 9.09334)) + 1.0
    store(x, at + H9, relax_fractions(load(x, at + H9), 0.06435, a, 0.13496, b, _Q19, dt))
    over = exponential(v * (-1.0 / 12.0)) * 1.6e-7
    b = exponential((v + 32.0) * (-1.0 / 23.0)) + 1.0
    store(x, at + S9, relax_fractions(load(x, at + S9), over, 1.0, 5e-4, b, _Q19, dt))


@njit(**JIT)
def _advance_potassium(x: Any, at: int, v: Any, dt: float) -> None:
    e = exponential((v + 30.0) * (-1.0 / 6.0))
    tau = where_less(v, -60.0, 219.0, v * 13.0 + 1000.0) * (1.0 / _QKS)
    store(x, at + KS, relax_logistic(load(x, at + KS), e, tau, dt))
    rate = exponential((v + 30.0) * 0.025) + exponential((v + 30.0) * -0.05)
    inf = 1.0 / (e + 1.0)
    store(x, at + KF, relax(load(x, at + KF), inf, rate * (0.00395 * _QKS), dt))

    tau = bell(v, 10.04 / _QKA, 0.5**0.5 / 34.8, 0.25 / _QKA, -24.67)
    e = exponential((v - 9.6) * (-1.0 / 16.4)) + 1.0
    r = 1.0 / (e * tau)
    inf = tau * r
    inf = inf * inf
    store(x, at + MA, relax(load(x, at + MA), inf * inf, e * r, dt))
    tau = most(bell(v, 50.0, 0.5**0.5 / 40.0, 20.0, -40.0), 5.0) * (1.0 / _QKA)
    e = exponential((v + 34.9) * (1.0 / 4.6))
    store(x, at + HA, relax_logistic(load(x, at + HA), e, tau, dt))

    e = exponential((v + 87.2) * (1.0 / 9.7))
    above, below = exponential((v + 25.0) * -0.05), exponential((v + 240.0) * 0.02)
    tau = where_less(v, -70.0, below * 100.0 + 2500.0, above * 542.0 + 300.0) * (1.0 / _QH)
    store(x, at + HS, relax_logistic(load(x, at + HS), e, tau, dt))
    tau = where_less(v, -70.0, below * 12.0 + 250.0, above * 50.0 + 140.0) * (1.0 / _QH)
    store(x, at + HF, relax_logistic(load(x, at + HF), e, tau, dt))

    slow = exponential((v + 75.2) * (1.0 / 6.5)) + exponential((v - 131.5) * (-1.0 / 34.8))
    fast = exponential((v + 11.0) * -0.0267) * 0.8 + 0.16
    tau = where_less(v, -31.0, 1000.0 / slow + 0.688, fast) * (1.0 / _QKDR)
    e = exponential((v + 25.0) * (-1.0 / 15.4))
    store(x, at + N, relax_logistic(load(x, at + N), e, tau, dt))


@njit(**JIT)
def _advance_ions(p: Any, x: Any, at: int, diameter: Any, dt: float) -> None:
    """Concentrations, with the currents at the potential before this step."""
    i_na, i_k = load(x, at + I_NA), load(x, at + I_K)
    inward = (dt * 4.0 / FARADAY * 1e4) / diameter
    store(x, at + NA_IN, load(x, at + NA_IN) - i_na * inward)
    store(x, at + K_IN, load(x, at + K_IN) - i_k * inward)
    moved = elapsed(dt * p.space_exchange / p.space * 1e4)
    to_space = 1.0 / (FARADAY * p.space_exchange)
    old = load(x, at + NA_OUT)
    store(x, at + NA_OUT, old + (i_na * to_space + (p.na_out - old)) * moved)
    old = load(x, at + K_OUT)
    store(x, at + K_OUT, old + (i_k * to_space + (p.k_out - old)) * moved)


@njit(**JIT)
def _conductances(p: Any, x: Any, at: int) -> tuple[Any, Any]:
    """Sodium and potassium conductance, S/cm2."""
    m, n = load(x, at + M7), load(x, at + N)
    na = m * m * m * load(x, at + H7) * load(x, at + S7) * p.g_na17
    m = load(x, at + M8)
    na = na + m * m * m * load(x, at + H8) * load(x, at + S8) * load(x, at + U8) * p.g_na18
    na = na + load(x, at + M9) * load(x, at + H9) * load(x, at + S9) * p.g_na19
    h = (load(x, at + HS) + load(x, at + HF)) * (0.25 * p.g_h)
    ratio = 38.7 / load(x, at + NA_IN)
    na_dependent = (0.37 * p.g_kna) / (ratio * ratio * ratio * square_root(ratio) + 1.0)
    k = (load(x, at + KS) * 0.25 + load(x, at + KF) * 0.75) * p.g_ks
    k = k + load(x, at + MA) * load(x, at + HA) * p.g_ka + h + na_dependent
    n = n * n
    return na + h + p.balance_g_na, k + n * n * p.g_kdr + p.balance_g_k


@njit(**JIT)
def _pump_k(p: Any, x: Any, at: int) -> Any:
    """Potassium current of the Na/K pump, mA/cm2 (sodium: -1.5 times it)."""
    na, k = load(x, at + NA_IN) + 8.0, load(x, at + K_OUT)
    a, b, c = 6.7 / na, 67.6 / na, k / (k + 1.0)
    affine = 1.62 / (a * a * a + 1.0) + 1.0 / (b * b * b + 1.0)
    return c * c * affine * (0.0 - p.pump)


@njit(**JIT)
def _advance(p: Any, x: Any, at: int, diameter: Any, dt: float, dt_ions: float) -> None:
    v = load(x, at + V)
    _advance_sodium(x, at, v, dt)
    _advance_potassium(x, at, v, dt)
    _advance_ions(p, x, at, diameter, dt_ions)
    g_na, g_k = _conductances(p, x, at)
    pump = _pump_k(p, x, at)
    e_na = logarithm(load(x, at + NA_OUT) / load(x, at + NA_IN)) * RT_F
    e_k = logarithm(load(x, at + K_OUT) / load(x, at + K_IN)) * RT_F
    out_na = p.balance_i_na - pump * 1.5
    out_k = pump + p.balance_i_k
    store(x, at + I_NA, g_na * (v - e_na) + out_na)
    store(x, at + I_K, g_k * (v - e_k) + out_k)
    scale = 1e3 / p.cm
    store(x, at + G, (g_na + g_k) * scale)
    store(x, at + J, (g_na * e_na + g_k * e_k - out_na - out_k) * scale)


@overload(advance, strict=False)
def _tigerholm(p: Any, x: Any, at: Any, diameter: Any, dt: Any, dt_ions: Any) -> Any:
    if getattr(p, "instance_class", None) is Tigerholm:
        return lambda p, x, at, diameter, dt, dt_ions: _advance(p, x, at, diameter, dt, dt_ions)
    return None
