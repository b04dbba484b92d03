"""Numbers that forecasts and scores use: ``data/trial/scoring.csv``, each with its source."""

from __future__ import annotations

from functools import cache

from vagus.data import read_table


@cache
def scoring(symbol: str) -> float:
    """The value of ``symbol``."""
    return {row["symbol"]: float(row["value"]) for row in read_table("trial/scoring.csv")}[symbol]
