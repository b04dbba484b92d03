"""Which quantities a model's outcome can depend on, read off its equations; the rest left out.

A parameter *reaches* an outcome where a chain of equations leads from it there: it is in the
outcome's own expression, or in the rate, initial value or lag of a state that is. What is known to
be 0 or 1 is put in first, so that a term behind a link that is switched off is gone, and with it
whatever is in no other term. States that start at rest and are moved by nothing are at their
initial values throughout, and those are put in too: of a system x' = f(x) let S be a set of states
whose rates are identically 0 while all of S is at its start, whatever the others are; then S stays
there, solutions being unique. The largest such set is found by taking away, from all states, those
whose rate does not vanish, until none is left to take away.

A parameter that does not reach has exactly no effect, which needs no run. The converse does not
hold: one that reaches may still turn out to do nothing.

`pruned` is the model with only what reaches: the same equations, hence the same solution, in fewer
states, hence faster. Steps of the integration may differ, within its tolerance.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from vagus.body.problem import unknown
from vagus.body.statement import Model


def reaching(model: Model, outcomes: Collection[str], known: Mapping[str, float]) -> frozenset[str]:
    """Symbols of all quantities that reach any of ``outcomes`` (states or outputs), these too.

    ``known``: values of parameters and inputs; those that are 0 or 1 are put in. `InputError` for
    an outcome that the model lacks.
    """
    return Equations.of(model).having(known).reaching(outcomes)


def pruned(model: Model, outcomes: Collection[str], known: Mapping[str, float]) -> Model:
    """The part of ``model`` that reaches ``outcomes``, with what is known to be 0 or 1 put in.

    Takes the draws of the whole model. Parameters put in are no longer read: it is the caller's
    part to integrate it with the ``known`` values only.
    """
    part = Equations.of(model).having(known)
    kept = part.reaching(outcomes)
    quantities = {
        s: replace(q, default=str(part.initial[s])) if q.kind == "state" else q
        for s, q in model.quantities.items()
        if s in kept
    }
    return Model(
        f"{model.name}: {', '.join(outcomes)}",
        quantities,
        {s: e for s, e in part.rates.items() if s in kept},
        {s: e for s, e in part.outputs.items() if s in outcomes},
        {s: lag for s, lag in model.lags.items() if s in kept},
    )


@dataclass(frozen=True)
class Equations:
    """Equations of ``model``, to ask more than once what reaches what."""

    model: Model
    rates: Mapping[str, sp.Expr]
    outputs: Mapping[str, sp.Expr]
    initial: Mapping[str, sp.Expr]

    @staticmethod
    def of(model: Model) -> Equations:
        """As they are stated."""
        return Equations(model, model.rates, model.outputs, model.initial())

    def having(self, known: Mapping[str, float]) -> Equations:
        """With zeros and ones among the ``known`` values put in, and states that stay at rest."""
        put_in = {
            sp.Symbol(s, real=True): sp.Integer(int(value))
            for s, value in known.items()
            if value in (0, 1)
        }
        rates, outputs, initial = (
            {s: e.xreplace(put_in) for s, e in part.items()}
            for part in (self.rates, self.outputs, self.initial)
        )
        rest = _at_rest(rates, initial)
        return Equations(
            self.model,
            {s: e.xreplace(rest) for s, e in rates.items()},
            {s: e.xreplace(rest) for s, e in outputs.items()},
            initial,
        )

    def reaching(self, outcomes: Collection[str]) -> frozenset[str]:
        """Symbols of all that ``outcomes`` are worked out from, over any number of steps."""
        for outcome in outcomes:
            if outcome not in (ends := (*self.rates, *self.outputs)):
                raise unknown("outcome", outcome, ends)
        seen: set[str] = set()
        todo = list(outcomes)
        while todo:
            symbol = todo.pop()
            if symbol not in seen:
                seen.add(symbol)
                todo += self._reads(symbol)
        return frozenset(seen)

    def _reads(self, symbol: str) -> Iterable[str]:
        if symbol in self.rates:
            found = self.rates[symbol].free_symbols | self.initial[symbol].free_symbols
            return (s.name for s in found)
        if symbol in self.outputs:
            return (s.name for s in self.outputs[symbol].free_symbols)
        return self.model.lags.get(symbol, ())


def _at_rest(
    rates: Mapping[str, sp.Expr], initial: Mapping[str, sp.Expr]
) -> dict[sp.Symbol, sp.Expr]:
    """Symbol of each state that nothing moves from its initial value -> that value."""
    rest = {sp.Symbol(s, real=True): value for s, value in initial.items()}
    while True:
        still = {s: v for s, v in rest.items() if rates[s.name].xreplace(rest) == 0}
        if len(still) == len(rest):
            return rest
        rest = still
