"""Expressions as Python that numba compiles, and that means the same without numba."""

from __future__ import annotations

import sympy as sp
from sympy.printing.pycode import PythonCodePrinter

from vagus.errors import InputError

FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "atan", "asinh")
"""Printed under their own name; numpy's, so that overflow gives inf and never an exception."""
_NUMPY = {"atan": "arctan", "asinh": "arcsinh"}

PRELUDE = """
@jit
def heaviside(x):
    return 1.0 if x > 0.0 else (0.0 if x < 0.0 else 0.5)


@jit
def power(x, n):
    return exp(n * log(x)) if x > 0.0 else x**n


@jit
def sign(x):
    return 1.0 if x > 0.0 else (-1.0 if x < 0.0 else 0.0)
"""


def imports() -> str:
    """The import that printed code needs."""
    names = (_NUMPY.get(f, f) for f in FUNCTIONS)
    return "from numpy import " + ", ".join(sorted(names)) + "\n"


def text_of(expression: sp.Expr) -> str:
    """``expression`` as code; `InputError` for a function that the engine does not know."""
    return str(_PRINTER.doprint(expression))


class _Printer(PythonCodePrinter):  # type: ignore[misc]
    def _print_Float(self, expr: sp.Float) -> str:
        return repr(float(expr))

    def _print_Integer(self, expr: sp.Integer) -> str:
        return repr(float(expr))

    def _print_Rational(self, expr: sp.Rational) -> str:
        return repr(float(expr))

    def _print_NumberSymbol(self, expr: sp.Expr) -> str:
        return repr(float(expr))

    _print_Pi = _print_Exp1 = _print_NumberSymbol

    def _print_Pow(self, expr: sp.Pow, rational: bool = False) -> str:
        base, exponent = expr.args
        text = f"({self._print(base)})"
        if exponent == -1:
            return f"(1.0 / {text})"
        if exponent in (sp.Rational(1, 2), sp.Rational(-1, 2)):
            root = f"sqrt{text}"
            return root if exponent > 0 else f"(1.0 / {root})"
        if exponent.is_Integer:  # numba turns small whole powers into products
            return f"{text}**{exponent}" if exponent > 0 else f"(1.0 / {text}**{-exponent})"
        return f"power({self._print(base)}, {self._print(exponent)})"

    def _print_Piecewise(self, expr: sp.Piecewise) -> str:
        if expr.args[-1].cond != sp.true:
            raise InputError(
                "Piecewise", expr, "a last case that holds otherwise", "Add (value, True)."
            )
        text = f"({self._print(expr.args[-1].expr)})"
        for value, condition in reversed(expr.args[:-1]):
            text = f"(({self._print(value)}) if ({self._print(condition)}) else {text})"
        return text

    def _print_Heaviside(self, expr: sp.Expr) -> str:
        return f"heaviside({self._print(expr.args[0])})"

    def _print_sign(self, expr: sp.Expr) -> str:
        return f"sign({self._print(expr.args[0])})"

    def _print_Function(self, expr: sp.Expr) -> str:
        name = type(expr).__name__
        if name not in FUNCTIONS:
            raise InputError("function", expr, ", ".join(FUNCTIONS) + ", Min, Max, Abs, sign")
        arguments = ", ".join(self._print(a) for a in expr.args)
        return f"{_NUMPY.get(name, name)}({arguments})"

    _print_exp = _print_log = _print_sin = _print_cos = _print_tan = _print_Function
    _print_sinh = _print_cosh = _print_tanh = _print_atan = _print_asinh = _print_Function


_PRINTER = _Printer({"fully_qualified_modules": False, "standard": "python3"})
