"""Export of a model to Antimony and SBML, for an independent solver (extra ``[sbml]``).

States become rate rules and outputs assignment rules; parameters and inputs become parameters. All
times are in seconds, whatever the tables' units. A state some time ago becomes ``delay(x, d)``; an
input some time ago becomes an input of its own, which whoever runs the file must switch later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp
from sympy.printing.str import StrPrinter

from vagus.body.draws import Draws, typical
from vagus.body.statement import TIME, Model
from vagus.errors import VagusError

_RESERVED = frozenset(
    ("model", "end", "module", "function", "event", "at", "in", "is", "const", "var", "species",
     "compartment", "unit", "has", "time", "delay", "pi", "inf", "nan", "true", "false",
     "exponentiale", "avogadro")
)  # fmt: skip


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
        return self._extreme(expression.args, "+")

    def _print_Min(self, expression: sp.Min) -> str:
        return self._extreme(expression.args, "-")

    def _extreme(self, terms: Sequence[sp.Expr], sign: str) -> str:
        """The greatest (+) or least (-) of ``terms`` without ``piecewise``: libRoadRunner restarts
        its solver wherever a piecewise condition flips, endlessly so where a state rests on one."""
        first, *rest = terms
        text = self._print(first)
        for term in rest:
            other = self._print(term)
            text = f"((({text}) + ({other}) {sign} abs(({text}) - ({other})))/2)"
        return text

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
    """The same as SBML text. `VagusError` where the extra is not installed."""
    try:
        import antimony as converter
    except ImportError as error:
        raise VagusError(
            "SBML export needs the package antimony. Install it with `pip install 'vagus[sbml]'`."
        ) from error
    converter.clearPreviousLoads()
    if converter.loadAntimonyString(antimony(model, draws, patient)) < 0:
        raise VagusError(f"antimony could not read {model.name}: {converter.getLastError()}")
    return str(converter.getSBMLString(_name(model.name)))


def external_names(model: Model) -> Mapping[str, str]:
    """Symbol -> its name in the exported file (reserved words get a trailing underscore)."""
    return {s: _name(s) for s in model.quantities}


def _text(expression: sp.Expr) -> str:
    return str(_Printer().doprint(expression))


def _name(symbol: str) -> str:
    return f"{symbol}_" if symbol in _RESERVED else symbol
