"""Sixteen fibres side by side: a Numba scalar type that is one SIMD vector.

Left to itself Numba vectorises a loop over fibres only when a dozen conditions hold, and says
nothing when it does not; the loop is then several times slower. Here a *lane vector* is a value of
its own, an LLVM ``<16 x float>``, with ``+ - * /`` and the few functions kernels need. LLVM maps
it to one zmm, two ymm or four xmm registers: vectorised by construction on every machine.

Only kernels use this module; a lane vector never leaves compiled code.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from math import factorial
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import intrinsic, lower_builtin, models, overload, register_model
from numpy.typing import NDArray

W = 16
"""Fibres per block."""

JIT: dict[str, Any] = {"cache": True, "error_model": "numpy", "nogil": True}
"""Options of every kernel: no zero-division branches, no GIL, compiled once per machine."""

INLINE: dict[str, Any] = {"error_model": "numpy", "forceinline": True}
"""Options of the small functions that kernels are made of."""

_intrinsic: Any = intrinsic  # its own type hints describe the function before decoration

_CONTRACT = ("contract",)  # a*b + c may become one fused multiply-add; nothing may be reordered


class LanesType(types.Type):
    """``W`` floating-point numbers of one precision."""

    def __init__(self, dtype: types.Float) -> None:
        self.dtype = dtype
        super().__init__(name=f"Lanes({dtype})")

    @property
    def vector(self) -> ir.VectorType:
        return ir.VectorType(self.scalar, W)

    @property
    def scalar(self) -> ir.Type:
        return ir.FloatType() if self.dtype == types.float32 else ir.DoubleType()

    @property
    def integer(self) -> ir.IntType:
        return ir.IntType(32 if self.dtype == types.float32 else 64)


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: LanesType) -> None:
        super().__init__(dmm, fe_type, fe_type.vector)


def _splat(builder: Any, value: Any, vector: ir.VectorType) -> Any:
    empty = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(empty, value, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), W), [0] * W)
    return builder.shuffle_vector(one, empty, zeros)


def _constant(vector: ir.VectorType, value: float | int) -> Any:
    return ir.Constant(vector, [value] * W)


def _as_lanes(context: Any, builder: Any, value: Any, ty: Any, lanes: LanesType) -> Any:
    """A lane vector as it is; a number cast and copied to every lane."""
    if isinstance(ty, LanesType):
        return value
    return _splat(builder, context.cast(builder, value, ty, lanes.dtype), lanes.vector)


def _lanes_of(*args: Any) -> LanesType | None:
    found = [a for a in args if isinstance(a, LanesType)]
    same = all(f == found[0] for f in found)
    return found[0] if found and same else None


def _elementwise(emit: Callable[..., Any], n_args: int) -> Any:
    """An intrinsic on lanes and numbers; ``emit(builder, lanes, *vectors)`` writes its IR."""

    def typed(arg_types: tuple[Any, ...]) -> Any:
        lanes = _lanes_of(*arg_types)
        if lanes is None:
            return None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            vectors = [
                _as_lanes(context, builder, v, t, lanes)
                for v, t in zip(args, sig.args, strict=True)
            ]
            return emit(builder, lanes, *vectors)

        return lanes(*arg_types), codegen

    if n_args == 1:

        @_intrinsic
        def one(typingctx: Any, a: Any) -> Any:
            return typed((a,))

        return one
    if n_args == 2:

        @_intrinsic
        def two(typingctx: Any, a: Any, b: Any) -> Any:
            return typed((a, b))

        return two

    @_intrinsic
    def four(typingctx: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
        return typed((a, b, c, d))

    return four


def _call(builder: Any, lanes: LanesType, name: str, *args: Any) -> Any:
    bits = lanes.integer.width
    kind = ir.FunctionType(lanes.vector, [lanes.vector] * len(args))
    function = builder.module.declare_intrinsic(f"llvm.{name}.v{W}f{bits}", fnty=kind)
    return builder.call(function, args)


def _emit_where_less(builder: Any, lanes: LanesType, a: Any, b: Any, yes: Any, no: Any) -> Any:
    return builder.select(builder.fcmp_ordered("<", a, b), yes, no)


def _emit_scale_by_power(builder: Any, lanes: LanesType, value: Any, shifted: Any) -> Any:
    """value * 2^n, where ``shifted`` = n + 1.5 * 2^mantissa holds n in its lowest bits."""
    whole = ir.VectorType(lanes.integer, W)
    mantissa = 23 if lanes.dtype == types.float32 else 52
    n = builder.shl(builder.bitcast(shifted, whole), _constant(whole, mantissa))
    return builder.bitcast(builder.add(builder.bitcast(value, whole), n), lanes.vector)


def _operator(symbol: Any, instruction: str) -> None:
    """Let ``symbol`` combine two lane vectors, or a lane vector and a number."""

    @infer_global(symbol)
    class Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            lanes = _lanes_of(*args)
            fits = len(args) == 2 and all(isinstance(a, (LanesType, types.Number)) for a in args)
            return lanes(*args) if lanes is not None and fits else None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        x, y = (
            _as_lanes(context, builder, v, t, sig.return_type)
            for v, t in zip(args, sig.args, strict=True)
        )
        return getattr(builder, instruction)(x, y, flags=_CONTRACT)

    for pair in ((LanesType, LanesType), (LanesType, types.Number), (types.Number, LanesType)):
        lower_builtin(symbol, *pair)(lower)


for _symbol, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _operator(_symbol, _instruction)

_scale_by_power = _elementwise(_emit_scale_by_power, 2)
least = _elementwise(lambda b, t, x, y: _call(b, t, "minnum", x, y), 2)
most = _elementwise(lambda b, t, x, y: _call(b, t, "maxnum", x, y), 2)
magnitude = _elementwise(lambda b, t, x: _call(b, t, "fabs", x), 1)
where_less = _elementwise(_emit_where_less, 4)
"""``where_less(a, b, yes, no)``: yes where a < b, else no, lane by lane."""


def _vector_pointer(context: Any, builder: Any, ty: Any, array: Any, index: Any) -> Any:
    data = context.make_array(ty)(context, builder, array).data
    lanes = LanesType(ty.dtype)
    return builder.bitcast(builder.gep(data, [index]), lanes.vector.as_pointer())


@_intrinsic
def load(typingctx: Any, array: Any, index: Any) -> Any:
    """The lane vector at ``array[index : index + W]`` of a contiguous array; no bounds check."""
    lanes = LanesType(array.dtype)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _vector_pointer(context, builder, sig.args[0], args[0], args[1])
        instruction = builder.load(pointer)
        instruction.align = sig.args[0].dtype.bitwidth // 8
        return instruction

    return lanes(array, types.intp), codegen


@_intrinsic
def store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """Write a lane vector to ``array[index : index + W]``; no bounds check."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        pointer = _vector_pointer(context, builder, sig.args[0], args[0], args[1])
        instruction = builder.store(args[2], pointer)
        instruction.align = sig.args[0].dtype.bitwidth // 8
        return context.get_dummy_value()

    return types.none(array, types.intp, value), codegen


# --- powers of two -----------------------------------------------------------------------------
# 2^x = 2^n 2^f with n whole and |f| <= 1/2; 2^f by its Chebyshev interpolant of degree 5 in float32
# (relative error 1e-7) and by its Taylor polynomial of degree 12 in float64 (2e-16).
LOG2E = float(np.log2(np.e))
_MAGIC32, _MAGIC64 = 1.5 * 2.0**23, 1.5 * 2.0**52  # adding it rounds to a whole number
_LOWEST = -36.0  # 2^-36 = 1e-11: a gate that has relaxed


_C = tuple(
    np.polynomial.Chebyshev.interpolate(np.exp2, 5, [-0.5, 0.5])
    .convert(kind=np.polynomial.Polynomial)
    .coef.tolist()
)
_D = tuple(float(np.log(2.0)) ** k / factorial(k) for k in range(13))


@njit(**INLINE)
def _power32(x: Any) -> Any:
    shifted = x + _MAGIC32
    f = x - (shifted - _MAGIC32)
    p = ((((f * _C[5] + _C[4]) * f + _C[3]) * f + _C[2]) * f + _C[1]) * f + _C[0]
    return _scale_by_power(p, shifted)


@njit(**INLINE)
def _power64(x: Any) -> Any:
    shifted = x + _MAGIC64
    f = x - (shifted - _MAGIC64)
    p = (((((f * _D[12] + _D[11]) * f + _D[10]) * f + _D[9]) * f + _D[8]) * f + _D[7]) * f + _D[6]
    p = (((((p * f + _D[5]) * f + _D[4]) * f + _D[3]) * f + _D[2]) * f + _D[1]) * f + _D[0]
    return _scale_by_power(p, shifted)


def power2(x: Any) -> Any:
    """2^x for |x| < 126, the caller's duty; in kernels only."""
    raise TypeError("only callable from a kernel")


@overload(power2, strict=False)
def _power2(x: Any) -> Any:
    if x.dtype == types.float32:
        return lambda x: _power32(x)
    return lambda x: _power64(x)


@njit(**INLINE)
def decay(x: Any) -> Any:
    """exp(x) for x <= 0 (a gate's relaxation over one step), never below 1e-11."""
    return power2(most(x * LOG2E, _LOWEST))


def aligned(size: int, dtype: Any) -> NDArray[Any]:
    """Zeros that start on a 64-byte boundary (unaligned vectors straddle cache lines)."""
    item = np.dtype(dtype).itemsize
    raw = np.zeros(size + 64 // item, dtype)
    skip = (-raw.ctypes.data % 64) // item
    return raw[skip : skip + size]
