"""A model stated once: a table of quantities and the equations beside it.

The table ``vagus/data/body/NAME.csv`` has one row per quantity: ``kind, symbol, unit, default,
distribution, description, reference, mark, fitted_to``. Kinds:

- ``state``: default is its initial value: a number, or arithmetic on parameters;
- ``parameter``: distribution as `vagus.body.priors` says, in the row's unit;
- ``link``: a parameter that is 1 where one organ acts on another and 0 where that is switched off
  (its grade of evidence is in ``links.csv``);
- ``input``: given from outside, constant between the edges of a schedule, or a state or output of
  another organ, which it is joined to when models are composed;
- ``output``: an observable, worked out from states, parameters and inputs;
- ``lag``: a state or input some time ago; which one, and how long, the model says.

``fitted_to`` names the observations a value was fitted to (ids of ``observations.csv``, separated
by spaces), which may not be marked `validate`.

An organ's file then holds only equations, in published units. Times may be in any unit: they are
converted to seconds; every other unit has to fit, or stating the model is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import sympy as sp

from vagus.body.dimensions import check_same, unit_of
from vagus.body.priors import Prior, parse_prior
from vagus.body.units import SECOND, Unit, parse_unit
from vagus.data import read_table
from vagus.errors import InputError

KINDS = ("state", "parameter", "link", "input", "output", "lag")
MARKS = ("seen", "derived", "recalled", "assumed", "not_found")
TIME = sp.Symbol("t", real=True)
"""Time since the start of a simulation, for statements that depend on it explicitly."""


@dataclass(frozen=True)
class Quantity:
    """One row of an organ's table; ``organ`` is the table's name."""

    kind: str
    symbol: str
    unit: str
    default: str
    prior: Prior | None
    distribution: str
    description: str
    reference: str
    mark: str
    fitted_to: tuple[str, ...]
    organ: str

    @property
    def dimension(self) -> Unit:
        """The unit, parsed."""
        return parse_unit(self.unit)


class Table:
    """The quantities of one organ; attributes are sympy symbols: ``table.k_out``."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.quantities: Mapping[str, Quantity] = {
            row["symbol"]: _quantity(name, row) for row in read_table(f"body/{name}.csv")
        }

    def __getattr__(self, symbol: str) -> sp.Symbol:
        if symbol.startswith("__") or symbol not in self.quantities:
            raise AttributeError(f"{self.name}.csv has no quantity {symbol!r}")
        return sp.Symbol(symbol, real=True)


@cache
def table(name: str) -> Table:
    """The table ``body/NAME.csv``; `InputError` for a row that cannot be used."""
    return Table(name)


@dataclass(frozen=True)
class Model:
    """Equations and quantities; made by `state_model` and `compose`, which check them.

    ``rates``: state -> d/dt with times in seconds as soon as numbers are put in; ``outputs``:
    name -> expression of states, parameters, inputs; ``lags``: lag -> (state or input, delay).
    """

    name: str
    quantities: Mapping[str, Quantity]
    rates: Mapping[str, sp.Expr]
    outputs: Mapping[str, sp.Expr]
    lags: Mapping[str, tuple[str, str]]

    def symbols(self, *kinds: str) -> tuple[str, ...]:
        """Symbols of the quantities of these kinds, in the order of the tables."""
        return tuple(s for s, q in self.quantities.items() if q.kind in kinds)

    @property
    def states(self) -> tuple[str, ...]:
        """States, in the order of the tables."""
        return self.symbols("state")

    @property
    def parameters(self) -> tuple[str, ...]:
        """Parameters and links, in the order of the tables."""
        return self.symbols("parameter", "link")

    @property
    def inputs(self) -> tuple[str, ...]:
        """Inputs from outside."""
        return self.symbols("input")

    def initial(self) -> dict[str, sp.Expr]:
        """State -> initial value, an expression of parameters (or a number)."""
        known = {s: sp.Symbol(s, real=True) for s in self.parameters}
        return {s: _arithmetic(self.quantities[s], known) for s in self.states}


def state_model(
    source: Table,
    rates: Mapping[sp.Symbol, sp.Expr],
    outputs: Mapping[sp.Symbol, sp.Expr] | None = None,
    lags: Mapping[sp.Symbol, tuple[sp.Symbol, sp.Symbol]] | None = None,
) -> Model:
    """The model of one organ: equations over the symbols of its table.

    Raises `InputError` where a state has no equation or an equation uses what the table lacks, and
    `UnitError`, naming both units, where dimensions do not fit.
    """
    model = Model(
        source.name,
        source.quantities,
        {s.name: sp.sympify(e) for s, e in rates.items()},
        {s.name: sp.sympify(e) for s, e in (outputs or {}).items()},
        {s.name: (a.name, b.name) for s, (a, b) in (lags or {}).items()},
    )
    _check(model)
    return model


def compose(name: str, *models: Model) -> Model:
    """One model of several: an input that another model has as state or output is joined to it.

    Raises `InputError` where two models define the same symbol, and `UnitError` where the two ends
    of a joint are in different units.
    """
    quantities: dict[str, Quantity] = {}
    for model in models:
        for symbol, q in model.quantities.items():
            known = quantities.get(symbol)
            if known is None or (known.kind == "input" and q.kind != "input"):
                quantities[symbol] = q
            elif q.kind != "input":
                raise InputError(
                    symbol, f"defined by {known.organ} and {q.organ}", "one definition",
                    "Rename one of the two, or make one of them an input.",
                )  # fmt: skip
            _same_unit(quantities[symbol], q)
    outputs = {s: e for m in models for s, e in m.outputs.items()}
    joints = {sp.Symbol(s, real=True): e for s, e in outputs.items()}
    composed = Model(
        name,
        quantities,
        {s: _joined(e, joints) for m in models for s, e in m.rates.items()},
        {s: _joined(e, joints) for s, e in outputs.items()},
        {s: lag for m in models for s, lag in m.lags.items()},
    )
    _check(composed)
    return composed


def hill(x: sp.Expr, half: sp.Expr, power: sp.Expr) -> sp.Expr:
    """x^n / (x^n + K^n); ``x`` and ``half`` in the same unit, 0 below x = 0."""
    ratio = sp.Max(x / half, sp.Float(1e-12)) ** power
    return ratio / (1 + ratio)


def _joined(expression: sp.Expr, joints: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """``expression`` with the outputs it reads worked out, theirs too."""
    for _ in range(len(joints) + 1):
        read = expression.free_symbols & joints.keys()
        if not read:
            return expression
        expression = expression.xreplace({s: joints[s] for s in read})
    raise InputError("outputs", "defined by each other", "outputs that end at states", "")


def _same_unit(first: Quantity, second: Quantity) -> None:
    from vagus.body.dimensions import UnitError

    if first.dimension != second.dimension:
        raise UnitError(
            f"{first.symbol}: {first.organ}.csv has it in {first.unit}, {second.organ}.csv in "
            f"{second.unit}. Give both the same unit."
        )


def _check(model: Model) -> None:
    units = {s: q.dimension for s, q in model.quantities.items()} | {TIME.name: SECOND}
    missing = set(model.states) ^ set(model.rates)
    if missing:
        raise InputError(
            f"{model.name}: {', '.join(sorted(missing))}", "not one of each",
            "one equation for each state of the table",
        )  # fmt: skip
    for symbol, expression in {**model.rates, **model.outputs}.items():
        unknown = {s.name for s in expression.free_symbols} - units.keys()
        if unknown:
            raise InputError(
                f"{model.name}: equation of {symbol}", ", ".join(sorted(unknown)),
                "symbols of the organ's table",
            )  # fmt: skip
        wanted = units[symbol] * SECOND**-1 if symbol in model.rates else units[symbol]
        check_same(expression, wanted, units, f"{model.name}: equation of {symbol}")
    for lag, (source, delay) in model.lags.items():
        where = f"{model.name}: lag {lag}"
        check_same(sp.Symbol(source, real=True), units[lag], units, where)
        check_same(sp.Symbol(delay, real=True), SECOND, units, f"{where}, delay {delay}")
    for symbol, expression in model.initial().items():
        if unit_of(expression, units, f"{model.name}: initial {symbol}") is not None and (
            expression.free_symbols
        ):
            check_same(expression, units[symbol], units, f"{model.name}: initial {symbol}")


def _quantity(organ: str, row: Mapping[str, str]) -> Quantity:
    where = f"body/{organ}.csv: {row['symbol']}"
    for field, allowed in (("kind", KINDS), ("mark", MARKS)):
        if row[field] not in allowed:
            raise InputError(f"{where}: {field}", row[field], ", ".join(allowed))
    parse_unit(row["unit"])
    prior = parse_prior(row["distribution"], where)
    if row["kind"] in ("parameter", "link"):
        _number(row["default"], where)
    return Quantity(
        row["kind"], row["symbol"], row["unit"], row["default"], prior,
        row["distribution"] or "fixed", row["description"], row["reference"], row["mark"],
        tuple(row["fitted_to"].split()), organ,
    )  # fmt: skip


def _number(text: str, where: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"{where}: default", text, "a number") from error


def _arithmetic(q: Quantity, known: Mapping[str, sp.Symbol]) -> sp.Expr:
    """The initial value that a state's row writes."""
    try:
        expression = sp.parse_expr(q.default, local_dict=dict(known))
    except (SyntaxError, TypeError, AttributeError) as error:
        raise InputError(f"initial {q.symbol}", q.default, "arithmetic on parameters") from error
    unknown = {str(s) for s in expression.free_symbols} - known.keys()
    if unknown:
        raise InputError(
            f"initial {q.symbol}", ", ".join(sorted(unknown)), "parameters of the model"
        )
    return expression
