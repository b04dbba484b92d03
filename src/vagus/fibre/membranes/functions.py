"""Square root, floor and logarithm of lane vectors, for pumps, tables and Nernst potentials."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types

from vagus.fibre.lanes import INLINE, LanesType, W, _call, _constant, _elementwise

square_root = _elementwise(lambda b, t, x: _call(b, t, "sqrt", x), 1)
floor = _elementwise(lambda b, t, x: _call(b, t, "floor", x), 1)


def _bits(builder: Any, lanes: LanesType, x: Any) -> tuple[Any, ir.VectorType, int, int]:
    whole = ir.VectorType(lanes.integer, W)
    mantissa, bias = (23, 127) if lanes.dtype == types.float32 else (52, 1023)
    return builder.bitcast(x, whole), whole, mantissa, bias


def _emit_exponent(builder: Any, lanes: LanesType, x: Any) -> Any:
    bits, whole, mantissa, bias = _bits(builder, lanes, x)
    raised = builder.lshr(bits, _constant(whole, mantissa))
    return builder.sitofp(builder.sub(raised, _constant(whole, bias)), lanes.vector)


def _emit_mantissa(builder: Any, lanes: LanesType, x: Any) -> Any:
    bits, whole, mantissa, bias = _bits(builder, lanes, x)
    kept = builder.and_(bits, _constant(whole, (1 << mantissa) - 1))
    return builder.bitcast(builder.or_(kept, _constant(whole, bias << mantissa)), lanes.vector)


_exponent = _elementwise(_emit_exponent, 1)
_mantissa = _elementwise(_emit_mantissa, 1)
_LN2 = float(np.log(2.0))
_SQRT2 = float(np.sqrt(2.0))


@njit(**INLINE)
def logarithm(x: Any) -> Any:
    """ln(x) for normal x > 0: exponent and 2 artanh((m - sqrt 2)/(m + sqrt 2)), m in [1, 2).

    The series ends at the 23rd power of at most 0.172: relative error below 1e-16.
    """
    m = _mantissa(x)
    s = (m - _SQRT2) / (m + _SQRT2)
    q = s * s
    p = q * (1.0 / 23.0) + (1.0 / 21.0)
    p = p * q + (1.0 / 19.0)
    p = p * q + (1.0 / 17.0)
    p = p * q + (1.0 / 15.0)
    p = p * q + (1.0 / 13.0)
    p = p * q + (1.0 / 11.0)
    p = p * q + (1.0 / 9.0)
    p = p * q + (1.0 / 7.0)
    p = p * q + (1.0 / 5.0)
    p = p * q + (1.0 / 3.0)
    p = p * q + 1.0
    return (_exponent(x) + 0.5) * _LN2 + s * p * 2.0
