"""Context of use: the question, what it may serve, and what it must not be used for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vagus.data import read_table


@dataclass(frozen=True)
class ContextOfUse:
    """As V&V 40 asks for: ``influence`` of the model on a decision, ``consequence`` of a wrong one,
    and the ``risk`` that follows from both.
    """

    question: str
    uses: tuple[str, ...]
    not_for: tuple[str, ...]
    influence: str
    consequence: str
    risk: str
    source: str


@dataclass(frozen=True)
class UserRisk:
    """The same for one kind of reader: ``why`` the risk is what it is."""

    who: str
    question: str
    influence: str
    consequence: str
    risk: str
    why: str
    mark: str


@cache
def context_of_use() -> ContextOfUse:
    """The project's context of use (``data/credibility/context.csv``)."""
    rows = read_table("credibility/context.csv")
    texts = {
        kind: tuple(row["text"] for row in rows if row["kind"] == kind)
        for kind in ("question", "use", "not for", "influence", "consequence", "risk")
    }
    sources = dict.fromkeys(f"{row['source']} ({row['mark']})" for row in rows)
    return ContextOfUse(
        texts["question"][0], texts["use"], texts["not for"], texts["influence"][0],
        texts["consequence"][0], texts["risk"][0], "; ".join(sources),
    )  # fmt: skip


@cache
def user_risks() -> tuple[UserRisk, ...]:
    """Question and risk of each kind of reader (``data/credibility/context_risks.csv``)."""
    return tuple(UserRisk(**row) for row in read_table("credibility/context_risks.csv"))
