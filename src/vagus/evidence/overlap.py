"""Trials that share patients: pooling them together counts people twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from vagus.data import read_table
from vagus.errors import InputError


@dataclass(frozen=True)
class Overlap:
    """``trial`` holds only patients of ``whole``; ``reason`` in words, ``source``: a key."""

    trial: str
    whole: str
    reason: str
    source: str


@cache
def overlaps() -> tuple[Overlap, ...]:
    """All known overlaps (``overlaps.csv``)."""
    rows = read_table("evidence/overlaps.csv")
    return tuple(Overlap(r["trial"], r["subset_of"], r["reason"], r["source"]) for r in rows)


def subset_of(trial: str) -> Overlap | None:
    """The overlap by which ``trial`` is part of another; None where it stands by itself."""
    return next((overlap for overlap in overlaps() if overlap.trial == trial), None)


def check_overlap(trials: Sequence[str]) -> None:
    """`InputError` where ``trials`` (keys) cannot be pooled together.

    Either one is a subset of another, or one is given twice: two outcomes of the same patients
    are correlated, and pooling them as if they were not makes the interval too narrow.
    """
    for overlap in overlaps():
        if overlap.trial in trials and overlap.whole in trials:
            raise InputError(
                "trials", f"{overlap.whole} and {overlap.trial}", "trials that share no patients",
                f"{overlap.trial} is a subset of {overlap.whole} ({overlap.reason}; "
                f"{overlap.source}). Pool one of the two.",
            )  # fmt: skip
    twice = [trial for trial, times in Counter(trials).items() if times > 1]
    if twice:
        raise InputError(
            "trials", ", ".join(twice) + " twice", "each trial once",
            "Outcomes of the same patients are correlated: pool one of them, or use the "
            "three-level model.",
        )  # fmt: skip
