"""What the rate equations of all membranes have in common, on lane vectors.

A gate x relaxes to x_inf with time constant tau while the potential is held:
``x <- x_inf + (x - x_inf) exp(-dt/tau)``, exact for frozen rates (NEURON's ``cnexp``). Each form
below spends one division on x_inf and 1/tau together.
"""

from __future__ import annotations

from typing import Any

from numba import njit

from vagus.fibre.lanes import INLINE, LOG2E, decay, least, magnitude, most, power2, where_less

CELSIUS = 37.0
"""All membranes are at body temperature."""


def q10(base: float, reference_C: float) -> float:
    """Speed-up of rates from ``reference_C`` to body temperature."""
    return float(base ** ((CELSIUS - reference_C) / 10.0))


_LIMIT = 28.0  # 2^28 = 3e8: rates have saturated, and products of four still fit float32


@njit(**INLINE)
def exponential(x: Any) -> Any:
    """exp(x), held between 2^-28 and 2^28."""
    return power2(least(most(x * LOG2E, -_LIMIT), _LIMIT))


@njit(**INLINE)
def relax(x: Any, inf: Any, rate: Any, dt: Any) -> Any:
    """The gate after dt, given its steady state and 1/tau."""
    return inf + (x - inf) * decay(0.0 - rate * dt)


@njit(**INLINE)
def relax_rates(x: Any, alpha: Any, beta: Any, dt: Any) -> Any:
    """The gate after dt, given opening and closing rates."""
    total = alpha + beta
    return relax(x, alpha / total, total, dt)


@njit(**INLINE)
def relax_logistic(x: Any, e: Any, tau: Any, dt: Any) -> Any:
    """The gate after dt for x_inf = 1/(1 + e)."""
    r = 1.0 / ((1.0 + e) * tau)
    return relax(x, tau * r, (1.0 + e) * r, dt)


@njit(**INLINE)
def logistic(z: Any) -> Any:
    """1/(1 + exp(z))."""
    return 1.0 / (1.0 + exponential(z))


@njit(**INLINE)
def bell(v: Any, height: float, b: float, floor: float, centre: float) -> Any:
    """height exp(-b^2 (v - centre)^2) + floor."""
    u = (v - centre) * b
    return exponential(0.0 - u * u) * height + floor


@njit(**INLINE)
def linear_over_exp(z: Any) -> Any:
    """z/(exp(z) - 1) as a fraction (numerator, denominator); a series around z = 0."""
    near = magnitude(z)
    series = 1.0 - z * (0.5 - z * (1.0 / 12.0))
    return (
        where_less(near, 0.02, series, z),
        where_less(near, 0.02, 1.0, exponential(z) - 1.0),
    )


@njit(**INLINE)
def relax_fractions(
    x: Any, a_over: Any, a_under: Any, b_over: Any, b_under: Any, speed: float, dt: Any
) -> Any:
    """The gate after dt for rates alpha = a_over/a_under and beta = b_over/b_under, times speed."""
    opening = a_over * b_under
    total = opening + b_over * a_under
    under = a_under * b_under
    r = 1.0 / (total * under)
    return relax(x, opening * under * r, total * total * r * speed, dt)


@njit(**INLINE)
def elapsed(z: float) -> float:
    """1 - exp(-z) for small z, to 1e-9 at z = 0.02."""
    return z * (1.0 - z / 2.0 * (1.0 - z / 3.0 * (1.0 - z / 4.0)))
