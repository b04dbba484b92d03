"""Quantities on the command line: a number with its unit, as in a study file."""

from __future__ import annotations

from vagus.errors import InputError


def quantity(option: str, text: str, unit: str, example: str) -> float:
    """``text`` ("8.7um", "8.7 um") in ``unit``; it must be above 0.

    Raises `InputError` that names the option, what was read, and both dimensions where they differ.
    """
    from pydantic_core import PydanticCustomError

    from vagus.study_quantity import QuantityIn

    try:
        return QuantityIn(unit, example, above_minimum=True)(text)
    except PydanticCustomError as error:
        context = error.context or {}
        allowed, fix = str(context.get("allowed", "")), str(context.get("fix", ""))
        raise InputError(option, text, allowed, fix) from error
