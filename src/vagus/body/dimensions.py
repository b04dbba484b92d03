"""The dimensional check: what unit an expression has, and an error where two do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import sympy as sp

from vagus.body.units import ONE, Unit
from vagus.errors import VagusError


class UnitError(VagusError, ValueError):
    """Two units meet that cannot be added, compared or set equal; the message names both."""

    exit_code = 2


def unit_of(expression: sp.Expr, units: Mapping[str, Unit], where: str) -> Unit | None:
    """Unit of ``expression`` given those of its symbols; None for zero, which fits any.

    ``where`` names the equation in errors. Sums, maxima and comparisons need one unit throughout;
    exponents and the arguments of exp, log, tanh, sin and the like need none.
    """
    if expression.is_Number or expression in (sp.pi, sp.E):
        return None if expression == 0 else ONE
    if expression.is_Symbol:
        return units[expression.name]
    if isinstance(expression, sp.Add | sp.Max | sp.Min):
        return _common(expression.args, units, where)
    if isinstance(expression, sp.Mul):
        unit = ONE
        for factor in expression.args:
            unit = unit * (unit_of(factor, units, where) or ONE)
        return unit
    if isinstance(expression, sp.Pow):
        return _power(expression, units, where)
    if isinstance(expression, sp.Piecewise):
        for _, condition in expression.args:
            _check_condition(condition, units, where)
        return _common([value for value, _ in expression.args], units, where)
    if isinstance(expression, sp.Abs):
        return unit_of(expression.args[0], units, where)
    for argument in expression.args:  # exp, log, tanh, sin, Heaviside ...
        _need(argument, ONE, units, f"{where}, argument of {type(expression).__name__}")
    return ONE


def check_same(expression: sp.Expr, wanted: Unit, units: Mapping[str, Unit], where: str) -> None:
    """`UnitError` unless ``expression`` has the dimension of ``wanted``."""
    _need(expression, wanted, units, where)


def _common(terms: object, units: Mapping[str, Unit], where: str) -> Unit | None:
    first: tuple[sp.Expr, Unit] | None = None
    for term in terms:  # type: ignore[attr-defined]
        unit = unit_of(term, units, where)
        if unit is None:
            continue
        if first is None:
            first = (term, unit)
        elif not unit.same_dimension(first[1]):
            raise UnitError(
                f"{where}: `{first[0]}` is in {first[1]} and `{term}` in {unit}; "
                "they cannot be added or compared. Check the units in the organ's table."
            )
    return None if first is None else first[1]


def _power(expression: sp.Pow, units: Mapping[str, Unit], where: str) -> Unit:
    base, exponent = expression.args
    if exponent.is_Rational:
        return (unit_of(base, units, where) or ONE) ** Fraction(int(exponent.p), int(exponent.q))
    _need(exponent, ONE, units, f"{where}, exponent")
    _need(base, ONE, units, f"{where}, base of a power")
    return ONE


def _check_condition(condition: sp.Basic, units: Mapping[str, Unit], where: str) -> None:
    if isinstance(condition, sp.core.relational.Relational):
        _common(condition.args, units, where)
    for part in condition.args:
        if isinstance(part, sp.logic.boolalg.Boolean):
            _check_condition(part, units, where)


def _need(expression: sp.Expr, wanted: Unit, units: Mapping[str, Unit], where: str) -> None:
    unit = unit_of(expression, units, where)
    if unit is not None and not unit.same_dimension(wanted):
        raise UnitError(
            f"{where}: `{expression}` is in {unit}, where {wanted} is needed. "
            "Check the units in the organ's table."
        )
