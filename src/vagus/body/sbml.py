"""Export of a model to Antimony and SBML, for an independent solver (extra ``[sbml]``).

States become rate rules and outputs assignment rules; parameters and inputs become parameters. All
times are in seconds, whatever the tables' units. A state some time ago becomes ``delay(x, d)``; an
input some time ago becomes an input of its own, which whoever runs the file must switch later.
"""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from sympy.printing.str import StrPrinter

from vagus.body.draws import Draws, typical
from vagus.body.statement import TIME, Model
from vagus.errors import VagusError

_RESERVED = frozenset((
    "model", "module", "function", "event", "end", "at", "after", "in", "is", "unit",
    "compartment", "species", "reaction", "gene", "dna", "operator", "formula", "const", "var",
    "ext", "import", "constraint", "has", "substanceonly", "time", "delay", "pi", "inf",
    "infinity", "nan", "notanumber", "true", "false", "exponentiale", "avogadro", "abs", "ceil",
    "ceiling", "exp", "factorial", "floor", "gamma", "ln", "log", "log10", "max", "min", "not",
    "and", "or", "xor", "piecewise", "pow", "quotient", "rem", "root", "sqr", "sqrt", "sin",
    "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "uniform", "normal",
))  # fmt: skip
"""Words that Antimony takes for its own, in lower case."""


class _Printer(StrPrinter):  # type: ignore[misc]
    """Expressions as Antimony writes them."""

    def _print_Pow(self, expression: sp.Pow, rational: bool = False) -> str:
        base, power = expression.args
        return f"(({self._print(base)})^({self._print(power)}))"

    def _print_Piecewise(self, expression: sp.Piecewise) -> str:
        parts = []
        for value, condition in expression.args:
            parts.append(self._print(value))
            if condition != sp.true:
                parts.append(self._print(condition))
        return f"piecewise({', '.join(parts)})"

    def _print_Relational(self, expression: sp.core.relational.Relational) -> str:
        left, right = (self._print(a) for a in expression.args)
        return f"({left} {expression.rel_op} {right})"

    def _print_Max(self, expression: sp.Max) -> str:
        # Not `piecewise`: libRoadRunner restarts its solver wherever a piecewise condition flips,
        # endlessly so where a state rests on one.
        return f"max({', '.join(self._print(a) for a in expression.args)})"

    def _print_Min(self, expression: sp.Min) -> str:
        return f"min({', '.join(self._print(a) for a in expression.args)})"

    def _print_And(self, expression: sp.And) -> str:
        return " && ".join(f"({self._print(a)})" for a in expression.args)

    def _print_Or(self, expression: sp.Or) -> str:
        return " || ".join(f"({self._print(a)})" for a in expression.args)

    def _print_Exp1(self, expression: sp.Expr) -> str:
        return "exponentiale"

    def _print_Symbol(self, expression: sp.Symbol) -> str:
        return "time" if expression == TIME else _name(expression.name)

    def _print_Float(self, expression: sp.Float) -> str:
        return repr(float(expression))

    def _print_Rational(self, expression: sp.Rational) -> str:
        return f"({expression.p}/{expression.q})"


def antimony(model: Model, draws: Draws | None = None, patient: int = 0) -> str:
    """The model in Antimony with one ``patient``'s parameters (typical ones unless given)."""
    chosen = typical(model) if draws is None else draws
    values = {s: float(chosen[s][patient]) for s in model.parameters}
    quantities = model.quantities
    lines = [f"model {_name(model.name)}"]
    for s in (*model.parameters, *model.inputs):
        value = values.get(s, float(quantities[s].default or 0) if s in model.inputs else 0.0)
        lines.append(f"  {_name(s)} = {value * quantities[s].dimension.seconds!r};")
    for lag, (source, delay) in model.lags.items():
        if source in model.rates:
            lines.append(f"  {_name(lag)} := delay({_name(source)}, {_name(delay)});")
        else:
            lines.append(f"  {_name(lag)} = {float(quantities[source].default or 0)!r};")
    substitutions = {sp.Symbol(s, real=True): v for s, v in values.items()}
    for s, start in model.initial().items():
        number = float(start.xreplace(substitutions)) * quantities[s].dimension.seconds
        lines.append(f"  {_name(s)} = {number!r};")
    lines += [f"  {_name(s)}' = {_text(e)};" for s, e in model.rates.items()]
    lines += [f"  {_name(s)} := {_text(e)};" for s, e in model.outputs.items()]
    return "\n".join([*lines, "end", ""])


def sbml(model: Model, draws: Draws | None = None, patient: int = 0) -> str:
    """The same as SBML (level 3 version 2). `VagusError` where the extra is not installed."""
    return converted(antimony(model, draws, patient))


def converted(text: str) -> str:
    """SBML of a model in Antimony."""
    try:
        import antimony as converter
    except ImportError as error:
        raise VagusError(
            "SBML export needs the package antimony. Install it with `pip install 'vagus[sbml]'`."
        ) from error
    converter.clearPreviousLoads()
    if converter.loadAntimonyString(text) < 0:
        raise VagusError(f"antimony could not read the model: {converter.getLastError()}")
    return str(converter.getSBMLString(converter.getMainModuleName()))


def external_names(model: Model) -> Mapping[str, str]:
    """Symbol -> its name in the exported file (reserved words get a trailing underscore)."""
    return {s: _name(s) for s in model.quantities}


def _text(expression: sp.Expr) -> str:
    return str(_Printer().doprint(expression))


def _name(symbol: str) -> str:
    return f"{symbol}_" if symbol.lower() in _RESERVED else symbol
