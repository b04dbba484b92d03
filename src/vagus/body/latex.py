"""Equations of a model as LaTeX, made from the statement that is simulated."""

from __future__ import annotations

import sympy as sp
from sympy.printing.latex import LatexPrinter

from vagus.body.statement import Model

FLOOR = 1e-12
"""Floors up to this are not shown."""


class _Printer(LatexPrinter):  # type: ignore[misc]
    """Inline throughout, so that matplotlib's mathtext can set it without a TeX installation."""

    def _print_Symbol(self, expression: sp.Symbol, style: str = "plain") -> str:
        head, *parts = expression.name.split("_")
        shown = str(super()._print_Symbol(sp.Symbol(head)))
        if not parts:
            return shown
        below = r"\,".join(parts)
        return f"{{{shown}}}_{{\\mathrm{{{below}}}}}"

    def _print_Piecewise(self, expression: sp.Piecewise) -> str:
        parts = []
        for value, condition in expression.args:
            when = r"\mathrm{otherwise}" if condition == sp.true else self._print(condition)
            parts.append(rf"{self._print(value)}\ [{when}]")
        return r",\ ".join(parts)

    def _print_Max(self, expression: sp.Max) -> str:
        return rf"\max({', '.join(self._print(a) for a in expression.args)})"

    def _print_Min(self, expression: sp.Min) -> str:
        return rf"\min({', '.join(self._print(a) for a in expression.args)})"

    def _print_exp(self, expression: sp.exp, exp: object = None) -> str:
        return rf"\exp({self._print(expression.args[0])})"


def equations(model: Model) -> dict[str, str]:
    """State or output -> its equation; times in the units of the tables, as the paper has them."""
    # An observable that rates are made of is shown by its name, as a paper would.
    named = [(e, _symbol(s)) for s, e in model.outputs.items() if e.args]
    rates = {
        s: rf"\frac{{d\,{_latex(_symbol(s))}}}{{dt}} = {_latex(e.subs(named))}"
        for s, e in model.rates.items()
    }
    outputs = {s: rf"{_latex(_symbol(s))} = {_latex(e)}" for s, e in model.outputs.items()}
    return rates | outputs


def _latex(expression: sp.Expr) -> str:
    # `hill` keeps its argument above 1e-12 so that powers stay real: no part of the equation.
    shown = expression.replace(_is_floor, lambda e: next(a for a in e.args if not a.is_Float))
    return str(_Printer({"mul_symbol": "dot"}).doprint(shown))


def _is_floor(expression: sp.Expr) -> bool:
    return (
        isinstance(expression, sp.Max)
        and len(expression.args) == 2
        and any(a.is_Float and 0 < a <= FLOOR for a in expression.args)
        and not all(a.is_Float for a in expression.args)
    )


def _symbol(name: str) -> sp.Symbol:
    return sp.Symbol(name, real=True)
