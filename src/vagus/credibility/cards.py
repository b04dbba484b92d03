"""Model cards: what each model is for, what it rests on, where it holds and where it fails.

Texts and links are data (``data/credibility/cards.csv``, ``evidence_links.csv``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from vagus.credibility.evidence_link import Evidence, evidence_of
from vagus.data import read_table


@dataclass(frozen=True)
class ModelCard:
    """One model.

    ``part``: package of `vagus` it lives in; ``equations_from``: whose equations;
    ``calibrated_on``: what it was fitted to, here or by its authors; ``holds_within``: where it was
    compared and agrees; ``fails_where``: known failures and what is left out.
    """

    key: str
    name: str
    part: str
    purpose: str
    takes: str
    gives: str
    equations_from: str
    calibrated_on: str
    holds_within: str
    fails_where: str
    evidence: tuple[Evidence, ...]


@cache
def model_cards() -> tuple[ModelCard, ...]:
    """Cards of all models, from the pulse to the trial."""
    rows = read_table("credibility/cards.csv")
    return tuple(ModelCard(**row, evidence=evidence_of(f"card:{row['key']}")) for row in rows)
