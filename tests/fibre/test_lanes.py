"""Lane vectors against NumPy, in both precisions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numba import njit
from numpy.typing import NDArray

from vagus.fibre.lanes import (
    W,
    aligned,
    decay,
    least,
    load,
    magnitude,
    most,
    power2,
    store,
    where_less,
)

DTYPES = (np.float32, np.float64)
TOLERANCE = {np.float32: 3e-7, np.float64: 1e-15}


def lane_values(low: float, high: float) -> st.SearchStrategy[NDArray[np.float64]]:
    return arrays(np.float64, W, elements=st.floats(low, high, width=32))


@njit(error_model="numpy")
def _powers(x: Any, out: Any) -> None:
    store(out, 0, power2(load(x, 0)))
    store(out, W, decay(load(x, 0)))


@njit(error_model="numpy")
def _choices(x: Any, y: Any, out: Any) -> None:
    a, b = load(x, 0), load(y, 0)
    store(out, 0, where_less(a, b, a * 2.0, 7))
    store(out, W, least(a, b))
    store(out, 2 * W, most(a, 0.5))
    store(out, 3 * W, magnitude(a))


@njit(error_model="numpy")
def _arithmetic(x: Any, y: Any, out: Any) -> None:
    a, b = load(x, 0), load(y, 0)
    store(out, 0, a + b)
    store(out, W, a - 3.0)
    store(out, 2 * W, 3 - a)
    store(out, 3 * W, a * b)
    store(out, 4 * W, 1.0 / b)
    store(out, 5 * W, a / b)
    store(out, 6 * W, a * b + a)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=50, deadline=None)
@given(x=lane_values(-125.0, 125.0))
def test_power2_is_exp2(dtype: Any, x: NDArray[np.float64]) -> None:
    x = x.astype(dtype)
    out = np.empty(2 * W, dtype)
    _powers(x, out)
    exact = np.exp2(x.astype(np.float64))
    assert np.abs(out[:W] / exact - 1).max() < TOLERANCE[dtype]


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=50, deadline=None)
@given(x=lane_values(-80.0, 0.0))
def test_decay_is_exp_and_never_quite_nothing(dtype: Any, x: NDArray[np.float64]) -> None:
    x = x.astype(dtype)
    out = np.empty(2 * W, dtype)
    _powers(x, out)
    exact = np.maximum(np.exp(x.astype(np.float64)), 2.0**-36)
    # x log2(e) is rounded before the power is taken
    rounding = 1 + 25 * np.abs(x.astype(np.float64)).clip(1)
    assert (np.abs(out[W:] / exact - 1) < rounding * TOLERANCE[dtype]).all()


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=50, deadline=None)
@given(x=lane_values(-1e3, 1e3), y=lane_values(-1e3, 1e3))
def test_choices_are_made_lane_by_lane(
    dtype: Any, x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    x, y = x.astype(dtype), y.astype(dtype)
    out = np.empty(4 * W, dtype)
    _choices(x, y, out)
    expected = [np.where(x < y, 2 * x, 7), np.minimum(x, y), np.maximum(x, 0.5), np.abs(x)]
    np.testing.assert_array_equal(out.reshape(4, W), np.array(expected, dtype))


def test_what_is_not_a_number_is_not_less() -> None:
    x, y = np.full(W, np.nan), np.ones(W)
    out = np.empty(4 * W)
    _choices(x, y, out)
    np.testing.assert_array_equal(out[:W], 7.0)
    np.testing.assert_array_equal(out[W : 2 * W], 1.0)


@pytest.mark.parametrize("dtype", DTYPES)
@settings(max_examples=50, deadline=None)
@given(x=lane_values(-1e3, 1e3), y=lane_values(0.125, 1e3))
def test_arithmetic_with_vectors_and_numbers(
    dtype: Any, x: NDArray[np.float64], y: NDArray[np.float64]
) -> None:
    x, y = x.astype(dtype), y.astype(dtype)
    out = np.empty(7 * W, dtype)
    _arithmetic(x, y, out)
    found = out.reshape(7, W)
    expected = np.array([x + y, x - dtype(3), dtype(3) - x, x * y, 1 / y, x / y], dtype)
    np.testing.assert_array_equal(found[:6], expected)  # each operation is rounded once
    fused = x.astype(np.float64) * y + x
    scale = np.abs(x.astype(np.float64) * y) + np.abs(x) + np.finfo(dtype).tiny
    assert (np.abs(found[6] - fused) <= 2 * np.finfo(dtype).eps * scale).all()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [1, 16, 1001])
def test_workspaces_start_on_a_cache_line(dtype: Any, size: int) -> None:
    space = aligned(size, dtype)
    assert space.shape == (size,)
    assert space.dtype == dtype
    assert space.ctypes.data % 64 == 0
    assert not space.any()
