"""Checks of numbers that users give: each names the field, the first wrong value and its row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import InputError

Floats = NDArray[np.float64]


def finite(field: str, value: ArrayLike) -> Floats:
    """``value`` as floats; `InputError` names ``field`` where a value is missing or not finite."""
    try:
        values = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        raise InputError(field, value, "finite numbers") from None
    if not np.isfinite(values).all():
        raise InputError(field, first(values, ~np.isfinite(values)), "finite numbers")
    return values


def positive(field: str, value: ArrayLike, fix: str = "") -> Floats:
    """``value`` as floats; `InputError` names ``field`` where one is not above 0."""
    values = finite(field, value)
    if (values <= 0).any():
        raise InputError(field, first(values, values <= 0), "above 0", fix)
    return values


def at_least(field: str, value: ArrayLike, least: float, fix: str = "") -> Floats:
    """``value`` as floats; `InputError` names ``field`` where one is below ``least``."""
    values = finite(field, value)
    if (values < least).any():
        raise InputError(field, first(values, values < least), f"at least {least:g}", fix)
    return values


def inside_0_1(field: str, value: Any) -> Any:
    """``value`` itself; `InputError` names ``field`` where one is not strictly between 0 and 1."""
    values = finite(field, value)
    outside = (values <= 0) | (values >= 1)
    if outside.any():
        raise InputError(field, first(values, outside), "strictly between 0 and 1")
    return value


def first(values: Floats, wrong: NDArray[np.bool_]) -> str:
    """The first wrong value, with its row where there are several values."""
    if values.ndim == 0:
        return f"{values:g}"
    at = int(np.argmax(wrong.ravel()))
    return f"{values.ravel()[at]:g} (row {at + 1})"
