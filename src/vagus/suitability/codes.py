"""Facts that labels ask about, and which facts follow from which.

A pacemaker is an implanted electronic device, so "pacemaker: yes" answers for the device too; an
implanted device need not be a pacemaker, so "aimd: yes" leaves the pacemaker unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from vagus.data import read_table

Answer = Literal["yes", "no", "unknown"]
Kind = Literal["history", "age", "condition", "use"]


@dataclass(frozen=True)
class Code:
    """One fact. ``implies``: broader facts that are then true as well.

    ``parts``: facts that make up this one, so that it is false where all of them are false; empty
    where no list is complete. Kind ``use``: how a device is used, no fact about a person.
    """

    code: str
    kind: Kind
    name: str
    question: str
    implies: tuple[str, ...]
    parts: tuple[str, ...]
    note: str


@dataclass(frozen=True)
class Resolved:
    """An answer; ``because``: the code it follows from, empty where it was stated or is unknown."""

    answer: Answer
    because: str = ""


@cache
def codes() -> Mapping[str, Code]:
    """All facts by code, in the order of ``suitability/conditions.csv``."""
    return {
        row["code"]: Code(
            row["code"],
            row["kind"],  # type: ignore[arg-type]
            row["name"],
            row["question"],
            split(row["implies"]),
            split(row["no_if_all_no"]),
            row["note"],
        )
        for row in read_table("suitability/conditions.csv")
    }


def history_codes() -> tuple[str, ...]:
    """The codes that the `history` of a patient file may hold."""
    return tuple(code.code for code in codes().values() if code.kind == "history")


@cache
def broader(code: str) -> tuple[str, ...]:
    """Every fact that is true where ``code`` is, nearest first."""
    found: dict[str, None] = {}
    for next_one in codes()[code].implies:
        found |= dict.fromkeys((next_one, *broader(next_one)))
    return tuple(found)


def resolve(stated: Mapping[str, Answer]) -> dict[str, Resolved]:
    """Answers to every history code: stated, or following from what is stated.

    A fact is "yes" where a narrower one is, "no" where a broader one is "no" or where all its
    parts are; all else is "unknown". Where "yes" and "no" conflict (see `contradictions`) "yes"
    holds.
    """
    found = {c: Resolved(stated.get(c, "unknown")) for c in history_codes()}
    for code in history_codes():
        if stated.get(code) == "yes":
            for other in broader(code):
                if found[other].answer != "yes":
                    found[other] = Resolved("yes", code)
    changed = True
    while changed:
        changed = False
        for code in history_codes():
            reason = _why_not(code, found) if found[code].answer == "unknown" else ""
            if reason:
                found[code], changed = Resolved("no", reason), True
    return found


def contradictions(stated: Mapping[str, Answer]) -> list[tuple[str, str]]:
    """Pairs (narrower, broader) that are stated "yes" and "no"; in the order of the table."""
    return [
        (code, other)
        for code in history_codes()
        if stated.get(code) == "yes"
        for other in broader(code)
        if stated.get(other) == "no"
    ]


def split(text: str) -> tuple[str, ...]:
    """The parts of a cell that holds several, between semicolons."""
    return tuple(filter(None, text.split(";")))


def _why_not(code: str, found: Mapping[str, Resolved]) -> str:
    """The facts whose "no" rules this one out; empty where nothing does."""
    for other in broader(code):
        if found[other].answer == "no":
            return other
    parts = codes()[code].parts
    all_no = bool(parts) and all(found[part].answer == "no" for part in parts)
    return " and ".join(parts) if all_no else ""
