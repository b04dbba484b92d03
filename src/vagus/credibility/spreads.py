"""Parameters whose value is published or derived while their spread is assumed.

A row of a parameter table has one mark, that of its value. Where its reference says that a spread,
a width or another part of its distribution was assumed, or names no source for it, the row stands
in ``data/credibility/assumed_spreads.csv``: ``name`` as `vagus.credibility.audit` names it,
``says`` the words of the row. Of the kinds there,

    said      the row says so in these words
    silent    the row names no source of its spread; ``says`` tells what it does name
    excused   what is assumed is not the spread, such as an end that keeps a value possible

Rows that are marked assumed altogether are not listed.
"""

from __future__ import annotations

from functools import cache

from vagus.data import read_table

EXCUSED = "excused"


@cache
def _listed() -> dict[tuple[str, str], str]:
    rows = read_table("credibility/assumed_spreads.csv")
    return {(row["table"], row["name"]): row["says"] for row in rows if row["kind"] != EXCUSED}


def assumed_spread(table: str, name: str) -> str:
    """Why the spread of the row ``name`` of ``table`` (``body/heart.csv``) counts as assumed.

    Empty where it does not, or where the whole row is marked so.
    """
    return _listed().get((table, name), "")
