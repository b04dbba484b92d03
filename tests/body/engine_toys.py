"""Small models for tests of the engine, stated without a table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy as sp

from vagus.body.compiled import compile_model
from vagus.body.draws import Draws, typical
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.priors import parse_prior
from vagus.body.statement import Model, Quantity, _check


def symbols(names: str) -> list[sp.Symbol]:
    return [sp.Symbol(name, real=True) for name in names.split()]


def toy(
    rows: str,
    rates: Mapping[sp.Symbol, object],
    outputs: Mapping[sp.Symbol, object] | None = None,
    lags: Mapping[str, tuple[str, str]] | None = None,
) -> Model:
    """A model from lines `kind symbol unit default [distribution]`."""
    quantities = {}
    for line in rows.strip().splitlines():
        kind, symbol, unit, default, *prior = line.split(maxsplit=4)
        text = prior[0] if prior else "fixed"
        quantities[symbol] = Quantity(
            kind, symbol, unit, default, parse_prior(text, symbol), text, "", "", "assumed", (),
            "toy",
        )  # fmt: skip
    model = Model(
        "toy",
        quantities,
        {s.name: sp.sympify(e) for s, e in rates.items()},
        {s.name: sp.sympify(e) for s, e in (outputs or {}).items()},
        lags or {},
    )
    _check(model)
    return model


def solve(
    model: Model, output_s: object, *, draws: Draws | None = None, edges_s: object = None,
    values: Mapping[str, object] | None = None, **options: object,
) -> Trajectory:  # fmt: skip
    """The course in plain Python, by default of one typical patient without inputs."""
    times = np.asarray(output_s, dtype=float)
    edges = [0.0, times[-1]] if edges_s is None else edges_s
    system = compile_model(model, compiled=False)
    segments = Segments(np.asarray(edges, dtype=float), values or {})
    return integrate(system, draws or typical(model), segments, times, **options)
