"""Two public rubrics, filled in by the project itself: nobody else has graded it.

The ten rules of credible practice (Erdemir 2020, doi:10.1186/s12967-020-02540-4) with the five
levels of their rubric, and the thirteen credibility factors of ASME V&V 40-2018. A level above the
lowest rests on evidence that exists; what falls short is said beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vagus.credibility.evidence_link import Evidence, evidence_of
from vagus.data import read_table

LEVELS = ("insufficient", "partial", "adequate", "extensive", "comprehensive")
"""Of the ten rules, lowest first."""


@dataclass(frozen=True)
class Level:
    """One of `LEVELS`: its ``meaning`` in the rubric, and what it stands for ``here``."""

    level: str
    meaning: str
    here: str
    source: str
    mark: str


@dataclass(frozen=True)
class Rule:
    """One of the ten rules: ``level`` of `LEVELS`, ``why``, and what falls ``short`` of the next.

    ``source`` and ``mark``: where name and scale come from.
    """

    number: int
    name: str
    level: str
    why: str
    short: str
    evidence: tuple[Evidence, ...]
    source: str = ""
    mark: str = ""


@dataclass(frozen=True)
class Factor:
    """One credibility factor.

    ``level``: grade reached, a letter of so many and what it stands for; ``highest``: the best
    grade; ``goal``: the letter that the context of use asks for, and ``goal_why``.
    """

    activity: str
    factor: str
    level: str
    highest: str
    goal: str
    why: str
    evidence: tuple[Evidence, ...]
    source: str = ""
    mark: str = ""
    goal_why: str = ""

    @property
    def met(self) -> bool:
        """Whether the grade reached is that of the goal or better."""
        return self.level[0] >= self.goal[0]


@cache
def levels() -> tuple[Level, ...]:
    """What the levels of the ten rules stand for, lowest first."""
    return tuple(Level(**row) for row in read_table("credibility/rubric_levels.csv"))


@cache
def ten_rules() -> tuple[Rule, ...]:
    """The ten rules, in their order."""
    return tuple(
        Rule(
            int(row["number"]), row["name"], row["level"], row["why"], row["short"],
            evidence_of(f"rule:{row['number']}"), row["source"], row["mark"],
        )
        for row in read_table("credibility/ten_rules.csv")
    )  # fmt: skip


@cache
def vv40() -> tuple[Factor, ...]:
    """The thirteen factors, in the order of the standard."""
    rows = read_table("credibility/vv40.csv")
    return tuple(Factor(**row, evidence=evidence_of(f"factor:{row['factor']}")) for row in rows)
