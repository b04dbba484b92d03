"""Parameters of n patients: typical values, or draws from the distributions of the tables."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.priors import uniforms
from vagus.body.statement import Model
from vagus.errors import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Draws:
    """``values`` [n, P] of the parameters ``names`` (P), in the units of the tables."""

    names: tuple[str, ...]
    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, symbol: str) -> Floats:
        """[n] values of one parameter."""
        return self.values[:, self._at(symbol)]

    def having(self, **values: ArrayLike) -> Draws:
        """The same draws with some parameters set, to one value or to [n] values."""
        changed = self.values.copy()
        for symbol, value in values.items():
            changed[:, self._at(symbol)] = value
        return replace(self, values=changed)

    def select(self, index: Sequence[int] | NDArray[np.int64] | slice) -> Draws:
        """Some of the patients, in the order of ``index``."""
        return replace(self, values=self.values[index])

    def _at(self, symbol: str) -> int:
        if symbol not in self.names:
            near = difflib.get_close_matches(symbol, self.names, 1)
            fix = f"Did you mean `{near[0]}`?" if near else "See `vagus.body.parameter_table`."
            raise InputError("parameter", symbol, "a parameter of the model", fix)
        return self.names.index(symbol)


def typical(model: Model, n: int = 1) -> Draws:
    """Every parameter at its default."""
    names = model.parameters
    row = np.array([float(model.quantities[s].default) for s in names])
    return Draws(names, np.tile(row, (n, 1)))


def draw(model: Model, n: int, seed: int) -> Draws:
    """``n`` draws from the distributions; fixed parameters at their default.

    The same seed gives the same values, whatever else the model contains.
    """
    if n < 1:
        raise InputError("draws", n, "1 or more")
    draws = typical(model, n)
    for column, symbol in enumerate(draws.names):
        prior = model.quantities[symbol].prior
        if prior is not None:
            draws.values[:, column] = prior.quantile(uniforms(symbol, n, seed))
    return draws
