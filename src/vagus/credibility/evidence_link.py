"""What a level or a card rests on: a test, a page, a command, a paper, a table, or nothing yet."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from vagus.data import read_table

Kind = Literal["test", "doc", "command", "paper", "table", "missing"]


@dataclass(frozen=True)
class Evidence:
    """One link: ``target`` is a path from the root of the repository (`doc`: with the anchor of a
    heading), a command line, a doi, or, of what is `missing`, what would be needed; ``text`` says
    what it shows.
    """

    kind: Kind
    target: str
    text: str


def evidence_of(subject: str) -> tuple[Evidence, ...]:
    """Links of one subject (`card:field`, `rule:3`, `factor:Use error`), in the table's order."""
    return _links().get(subject, ())


def subjects() -> tuple[str, ...]:
    """Every subject that has links."""
    return tuple(_links())


@cache
def _links() -> dict[str, tuple[Evidence, ...]]:
    found: dict[str, tuple[Evidence, ...]] = {}
    for row in read_table("credibility/evidence_links.csv"):
        link = Evidence(cast(Kind, row["kind"]), row["target"], row["text"])
        found[row["subject"]] = (*found.get(row["subject"], ()), link)
    return found
