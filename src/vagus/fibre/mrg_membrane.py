"""The MRG node's membrane: fast and persistent sodium, slow potassium, leak.

Rates: McIntyre, Richardson and Grill 2002, doi:10.1152/jn.00353.2001; conductances come from the
table. Sixteen fibres at once; a gate costs one division, four gates seven exponentials for their
rates and four for their relaxation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from vagus.fibre.lanes import (
    INLINE,
    LOG2E,
    W,
    decay,
    least,
    load,
    magnitude,
    most,
    power2,
    store,
    where_less,
)

# rows of a node's record: potential, gates, conductance, and the current it does not explain
V, M, H, P, S, G, CURRENT = range(7)

# parameters
G_NA, G_NAP, G_K, G_L, E_NA, E_K, E_L, Q_M, Q_H, Q_P, Q_S, ORIGIN, DETECT = range(13)

LOWEST_MV, HIGHEST_MV = -250.0, 200.0
"""Rates are those of the nearest potential in this range: beyond, every gate is saturated, and
float32 would overflow."""
_C_ALPHA_S = float(np.exp((34.0 - 53.0) / 5.0))
_X_PER_E = float(np.exp((90.0 - 34.0) / 10.0))
_E_MAX, _X_MIN, _X_MAX = (float(np.exp(x)) for x in (9.0, -2.5, 2.0))


@njit(**INLINE)
def _away_from_zero(x: Any, small: float) -> Any:
    """x, or ``small`` where |x| is smaller: keeps x / (1 - exp(-x)) finite at its gap."""
    return where_less(magnitude(x), small, small, x)


@njit(**INLINE)
def _relax(x: Any, a: Any, a_over: Any, b: Any, b_over: Any, dt: Any) -> Any:
    """Exact relaxation of a gate with rates a/a_over and b/b_over over dt; one division."""
    ab = a * b_over
    total = ab + b * a_over
    overs = a_over * b_over
    inverse = 1.0 / (overs * total)
    inf = ab * overs * inverse
    return inf + (x - inf) * decay(total * total * inverse * dt)


@njit(**INLINE)
def advance_gates(a: Any, at: int, v: Any, p: Any, minus_dt: Any, small: float) -> None:
    """Advance the four gates of the node whose record starts at ``at`` to potential v."""
    u = least(most(v + p[ORIGIN], LOWEST_MV), HIGHEST_MV)  # absolute membrane potential

    x, y = _away_from_zero(u + 21.4, small), _away_from_zero(u + 25.7, small)
    m = _relax(
        load(a, at + M * W),
        x * 1.86, 1.0 - power2(x * (-LOG2E / 10.3)),
        y * -0.086, 1.0 - power2(y * (LOG2E / 9.16)),
        minus_dt * p[Q_M],
    )  # fmt: skip
    store(a, at + M * W, m)

    x = _away_from_zero(u + 114.0, small)
    h = _relax(
        load(a, at + H * W),
        x * -0.062, 1.0 - power2(x * (LOG2E / 11.0)),
        2.3, 1.0 + power2((u + 31.8) * (-LOG2E / 13.4)),
        minus_dt * p[Q_H],
    )  # fmt: skip
    store(a, at + H * W, h)

    x, y = _away_from_zero(u + 27.0, small), _away_from_zero(u + 34.0, small)
    e = power2(y * (LOG2E / 10.0))
    pp = _relax(
        load(a, at + P * W),
        x * 0.01, 1.0 - power2(x * (-LOG2E / 10.2)),
        y * -0.00025, 1.0 - e,
        minus_dt * p[Q_P],
    )  # fmt: skip
    store(a, at + P * W, pp)

    # alpha_s = 0.3 / (1 + exp(-(u + 53) / 5)) and beta_s = 0.03 / (1 + exp(-(u + 90))), both
    # saturated at the clamps, written with the exponential e = exp((u + 34) / 10) at hand
    e2 = least(e, _E_MAX)
    e2 = e2 * e2
    x = least(most(e * _X_PER_E, _X_MIN), _X_MAX)
    x2 = x * x
    x8 = x2 * x2
    x10 = x8 * x8 * x2
    s = _relax(
        load(a, at + S * W),
        e2 * 0.3, e2 + _C_ALPHA_S,
        x10 * 0.03, x10 + 1.0,
        minus_dt * p[Q_S],
    )  # fmt: skip
    store(a, at + S * W, s)

    na = p[G_NA] * m * m * m * h + p[G_NAP] * pp * pp * pp
    k = p[G_K] * s
    store(a, at + G * W, na + k + p[G_L])
    store(a, at + CURRENT * W, na * p[E_NA] + k * p[E_K] + p[G_L] * p[E_L])
