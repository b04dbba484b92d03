"""A model statement written out as Python functions that numba compiles.

`generate` returns the text of these functions, all straight-line code over one patient's numbers
(times in seconds):

- ``constants(p, u, c)``: what depends on parameters and inputs only; once per segment of inputs;
- ``rhs(t, y, c, z, dy)``: dy/dt, with ``z`` the lagged values;
- ``jacobian(t, y, c, z, zd, dy, jac, ft)``: dy/dt, the nonzeros of its Jacobian, and its derivative
  with respect to time alone: through ``t`` itself, and through the lags, whose rates are ``zd``;
- ``factor(jac, g, lu)`` and ``solve(lu, b, r, x, at)``: see `sparse_lu`;
- ``outputs(t, y, c, z, out)``: observables.

Powers with a symbolic exponent become names of their own before anything is differentiated, so that
x^n and its derivative n x^n / x cost one power; then common subexpressions are shared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sympy as sp

from vagus.body.printing import text_of
from vagus.body.sparse_lu import eliminate
from vagus.body.statement import TIME, Model
from vagus.errors import InputError


@dataclass(frozen=True)
class Layout:
    """Which symbol is which place of ``y``, ``p``, ``u``, ``z``; ``lag_states``, ``lag_inputs``:
    lag -> (source, delay) by symbol."""

    states: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    lag_states: Mapping[str, tuple[str, str]]
    lag_inputs: Mapping[str, tuple[str, str]]


def layout(model: Model) -> Layout:
    """Places of everything; a lagged input is one more input, a lagged parameter the parameter."""
    states = {a: lag for a, lag in model.lags.items() if lag[0] in model.states}
    inputs = {a: lag for a, lag in model.lags.items() if lag[0] in model.inputs}
    for lag, (source, _) in model.lags.items():
        if source not in model.states + model.inputs + model.parameters:
            raise InputError(
                f"{model.name}: lag {lag}", source, "the lag of a state, an input or a parameter",
                "Lag the states that the output is made of.",
            )  # fmt: skip
    return Layout(
        model.states, model.parameters, model.inputs, tuple(model.outputs), states, inputs
    )


def generate(model: Model) -> str:
    """Text of the functions of ``model``; the same statement gives the same text."""
    names = layout(model)
    renamed = _renaming(model, names)
    rates = [model.rates[s].xreplace(renamed) for s in names.states]
    observed = [model.outputs[s].xreplace(renamed) for s in names.outputs]
    lifted = _Constants()
    rates = [lifted.lift(e) for e in rates]
    observed = [lifted.lift(e) for e in observed]
    powers = _Powers()
    rates = [powers.name(e) for e in rates]
    y = _vector("y", len(names.states))
    z, zd = _vector("z", len(names.lag_states)), _vector("zd", len(names.lag_states))
    elements = _jacobian(rates, y, powers)
    drift = [
        powers.derivative(e, TIME)
        + sum(powers.derivative(e, a) * b for a, b in zip(z, zd, strict=True))
        for e in rates
    ]
    places = {place: f"jac[{k}]" for k, place in enumerate(elements)}
    lu = eliminate(len(y), places)
    jacobian = [lifted.lift(e) for e in elements.values()]
    drift = [lifted.lift(sp.sympify(e)) for e in drift]
    moving = [i for i, e in enumerate(drift) if e != 0]
    parts = [
        _function("rhs(t, y, c, z, dy)", powers, _targets("dy", rates)),
        _function(
            "jacobian(t, y, c, z, zd, dy, jac, ft)",
            powers,
            _targets("dy", rates)
            + _targets("jac", jacobian)
            + [(f"ft[{i}]", drift[i]) for i in moving],
        ),
        _function("outputs(t, y, c, z, out)", powers, _targets("out", observed)),
        _function("constants(p, u, c)", _Powers(), lifted.targets()),
        _lines("factor(jac, g, lu)", [*lu.factor, "return ok"]),
        _lines("solve(lu, b, r, x, at)", lu.solve),
    ]
    sizes = {
        "STATES": len(y), "LAGS": len(z), "OUTPUTS": len(observed), "LU": lu.size,
        "CONSTANTS": len(lifted.symbols), "NONZEROS": len(places), "MOVING": bool(moving),
    }  # fmt: skip
    head = "".join(f"{name} = {size!r}\n" for name, size in sizes.items())
    return head + "\n\n" + "\n\n".join(parts)


def _vector(name: str, n: int) -> list[sp.Symbol]:
    return [sp.Symbol(f"{name}_{k}", real=True) for k in range(n)]


def _renaming(model: Model, names: Layout) -> dict[sp.Symbol, sp.Expr]:
    """Symbols of the tables -> ``y_3``, ``p_17`` ..., which no name in the code can clash with."""
    groups = {
        "y": names.states,
        "p": names.parameters,
        "u": (*names.inputs, *names.lag_inputs),
        "z": tuple(names.lag_states),
    }
    renamed = {
        sp.Symbol(symbol, real=True): new
        for name, symbols in groups.items()
        for symbol, new in zip(symbols, _vector(name, len(symbols)), strict=True)
    }
    for lag, (source, _) in model.lags.items():
        if source in names.parameters:
            renamed[sp.Symbol(lag, real=True)] = renamed[sp.Symbol(source, real=True)]
    return renamed


class _Constants:
    """Subexpressions of parameters and inputs only, each with a symbol ``c_k`` of its own."""

    def __init__(self) -> None:
        self.symbols: dict[sp.Expr, sp.Symbol] = {}
        self._done: dict[sp.Expr, sp.Expr] = {}

    def lift(self, expression: sp.Expr) -> sp.Expr:
        """``expression`` with its largest such parts replaced."""
        known = self._done.get(expression)
        if known is None:
            known = self._done[expression] = self._lift(expression)
        return known

    def targets(self) -> list[tuple[str, sp.Expr]]:
        """What `constants` has to fill in."""
        return [(f"c[{k}]", self._expanded(e)) for k, e in enumerate(self.symbols)]

    def _lift(self, expression: sp.Expr) -> sp.Expr:
        if expression.is_Number or not expression.free_symbols:
            return expression
        if _constant(expression):
            return self._symbol(expression)
        if not expression.args:
            return expression
        arguments = list(expression.args)
        if isinstance(expression, sp.Add | sp.Mul):
            still = [a for a in arguments if _constant(a)]
            if still:
                rest = [a for a in arguments if not _constant(a)]
                arguments = [expression.func(*still), *rest]
        return expression.func(*(self.lift(a) for a in arguments))

    def _symbol(self, expression: sp.Expr) -> sp.Expr:
        if expression.is_Symbol and expression.name.startswith("c_"):
            return expression
        known = self.symbols.get(expression)
        if known is None:
            known = sp.Symbol(f"c_{len(self.symbols)}", real=True)
            self.symbols[expression] = known
        return known

    def _expanded(self, expression: sp.Expr) -> sp.Expr:
        """``expression`` over parameters and inputs alone: later ones read earlier ones."""
        back = {symbol: e for e, symbol in self.symbols.items()}
        while True:
            read = expression.free_symbols & back.keys()
            if not read:
                return expression
            expression = expression.xreplace({s: back[s] for s in read})


def _constant(expression: sp.Expr) -> bool:
    symbols = expression.free_symbols
    return bool(symbols or expression.is_Number) and all(s.name[0] in "puc" for s in symbols)


@dataclass
class _Powers:
    """Powers with symbolic exponents, each with a symbol ``w_k``; exponents depend on no state."""

    symbols: dict[sp.Expr, sp.Symbol] = field(default_factory=dict)

    def name(self, expression: sp.Expr) -> sp.Expr:
        """``expression`` with those powers replaced, innermost first."""
        if not expression.args:
            return expression
        expression = expression.func(*(self.name(a) for a in expression.args))
        if not isinstance(expression, sp.Pow) or expression.exp.is_Number:
            return expression
        if expression.base is sp.E:
            return expression
        known = self.symbols.get(expression)
        if known is None:
            known = self.symbols[expression] = sp.Symbol(f"w_{len(self.symbols)}", real=True)
        return known

    def derivative(self, expression: sp.Expr, by: sp.Symbol) -> sp.Expr:
        """d/d ``by``, through the named powers too."""
        total = _diff(expression, by)
        for power, symbol in self.symbols.items():
            if symbol in expression.free_symbols:
                base, exponent = power.args
                inner = self.derivative(base, by)
                change = exponent * symbol / base * inner
                bend = self.derivative(exponent, by)
                if bend != 0:
                    change += sp.log(base) * symbol * bend
                total += _diff(expression, symbol) * change
        return total

    def depends(self, expression: sp.Expr) -> set[sp.Symbol]:
        """Free symbols, through the named powers too."""
        found = set(expression.free_symbols)
        for power, symbol in self.symbols.items():
            if symbol in expression.free_symbols:
                found |= self.depends(power)
        return found


def _diff(expression: sp.Expr, by: sp.Symbol) -> sp.Expr:
    """Derivative almost everywhere: the slope at a jump is left out."""
    if by not in expression.free_symbols:
        return sp.S.Zero
    return sp.diff(expression, by).replace(sp.DiracDelta, lambda *_: sp.S.Zero)


def _jacobian(
    rates: Sequence[sp.Expr], y: Sequence[sp.Symbol], powers: _Powers
) -> dict[tuple[int, int], sp.Expr]:
    """(row, column) -> element, where it is not zero everywhere."""
    found = {}
    for i, rate in enumerate(rates):
        reads = powers.depends(rate)
        for j, symbol in enumerate(y):
            if symbol in reads:
                element = powers.derivative(rate, symbol)
                if element != 0:
                    found[i, j] = element
    return found


def _targets(name: str, expressions: Sequence[sp.Expr]) -> list[tuple[str, sp.Expr]]:
    return [(f"{name}[{k}]", e) for k, e in enumerate(expressions)]


def _function(signature: str, powers: _Powers, targets: Sequence[tuple[str, sp.Expr]]) -> str:
    """A function that fills the targets, common subexpressions once."""
    needed = set().union(*(powers.depends(e) for _, e in targets)) if targets else set()
    named = [(s, e) for e, s in powers.symbols.items() if s in needed]
    shared, reduced = sp.cse(
        [e for _, e in named] + [e for _, e in targets],
        symbols=sp.numbered_symbols("x_", real=True),
        order="canonical",
    )
    steps = dict(shared) | {s: e for (s, _), e in zip(named, reduced[: len(named)], strict=True)}
    results = reduced[len(named) :]
    reads = sorted(
        {s.name for e in [*steps.values(), *results] for s in e.free_symbols if s not in steps},
        key=lambda name: (name.split("_")[0], int(name.split("_")[1]) if "_" in name else 0),
    )
    lines = [f"{s} = {s.replace('_', '[')}]" for s in reads if s != TIME.name]
    lines += [f"{s} = {text_of(steps[s])}" for s in _ordered(steps)]
    lines += [f"{t} = {text_of(e)}" for (t, _), e in zip(targets, results, strict=True)]
    return _lines(signature, lines)


def _ordered(steps: Mapping[sp.Symbol, sp.Expr]) -> list[sp.Symbol]:
    """The steps, each after those it reads."""
    done: dict[sp.Symbol, None] = {}

    def visit(symbol: sp.Symbol) -> None:
        if symbol not in done:
            for read in sorted(steps[symbol].free_symbols & steps.keys(), key=str):
                visit(read)
            done[symbol] = None

    for symbol in steps:
        visit(symbol)
    return list(done)


def _lines(signature: str, lines: Sequence[str]) -> str:
    body = "".join(f"    {line}\n" for line in lines) or "    pass\n"
    once = signature.startswith(("rhs", "factor", "solve"))  # called from one place each
    return f"@{'inlined' if once else 'jit'}\ndef {signature}:\n{body}"
