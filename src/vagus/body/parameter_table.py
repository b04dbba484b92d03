"""Every parameter of a model with value, unit, spread, source and mark: the table of the report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from vagus.body.statement import MARKS, Model


@dataclass(frozen=True)
class ParameterRow:
    """One parameter or link, as the organ's table has it."""

    organ: str
    symbol: str
    value: str
    unit: str
    distribution: str
    description: str
    reference: str
    mark: str


def parameter_table(model: Model) -> tuple[ParameterRow, ...]:
    """Rows of all parameters and links, organ by organ."""
    return tuple(
        ParameterRow(
            q.organ, q.symbol, q.default, q.unit, q.distribution, q.description, q.reference, q.mark
        )
        for q in (model.quantities[s] for s in model.parameters)
    )


def shares_of_marks(model: Model) -> dict[str, float]:
    """Share of the parameters that carry each mark, 0 to 1: how much of the model is assumed."""
    counts = Counter(model.quantities[s].mark for s in model.parameters)
    return {mark: counts[mark] / max(len(model.parameters), 1) for mark in MARKS}
