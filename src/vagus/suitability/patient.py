"""What a patient file states, checked. What it does not state is not known, never "no"."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from vagus.data import Row, read_table
from vagus.errors import InputError, InputErrors
from vagus.protocol.device import nearest
from vagus.suitability.codes import Answer, Resolved, contradictions, history_codes, resolve

REGIONS = ("US", "EU", "UK", "CH", "other")
FIELDS = ("age", "region", "condition", "history")
ANSWERS: tuple[Answer, ...] = ("yes", "no", "unknown")
OLDEST_y = 120
NEAREST = 3  # names shown for one that is not known
AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(y|yr|yrs|year|years)?\s*")


@dataclass(frozen=True)
class BadValue:
    """One value that cannot be used; ``keys``: where it stands in the file."""

    keys: tuple[str, ...]
    value: object
    allowed: str
    fix: str = ""


@dataclass(frozen=True)
class PatientFile:
    """Stated facts about one person.

    ``age_y``: years; None, and an empty ``region`` or ``condition``, where not stated.
    ``history``: the codes that were stated, with their answers.
    """

    age_y: float | None
    region: str
    condition: str
    history: Mapping[str, Answer]

    def answers(self) -> dict[str, Resolved]:
        """Answers to all history codes, with what follows from others; see `codes.resolve`."""
        of_condition: dict[str, Answer] = dict.fromkeys(_history_of(self.condition), "yes")
        return resolve({**self.history, **of_condition})

    def as_dict(self) -> dict[str, Any]:
        """As in the file; None where not stated."""
        return {
            "age_y": self.age_y,
            "region": self.region or None,
            "condition": self.condition or None,
            "history": dict(self.history),
        }


@cache
def conditions() -> Mapping[str, Row]:
    """Conditions that may be stated: those of the body, and others that clearances name."""
    return {row["condition"]: row for row in read_table("suitability/indications.csv")}


def patient_file(values: Mapping[str, Any]) -> PatientFile:
    """A patient file from plain values. Raises `InputErrors` with every problem at once."""
    found = bad_values(values)
    if found:
        told = [str(InputError(".".join(b.keys), b.value, b.allowed, b.fix)) for b in found]
        raise InputErrors(told, "patient")
    history = {str(code): _answer(value) for code, value in values.get("history", {}).items()}
    age = values.get("age")
    return PatientFile(
        None if age is None else _age(age),
        values.get("region", ""),
        values.get("condition", ""),
        {code: answer for code, answer in history.items() if answer is not None},
    )


def bad_values(values: Mapping[str, Any]) -> list[BadValue]:
    """Every value that cannot be used."""
    private = "Names and other personal data have no place in the file."
    found = [
        BadValue(
            (name,), "not a field of a patient file", ", ".join(FIELDS),
            f"{nearest(name, FIELDS)} {private}".strip(),
        )
        for name in values if name not in FIELDS
    ]  # fmt: skip
    age = values.get("age")
    if age is not None and _age(age) is None:
        allowed = f"years from 0 to {OLDEST_y}, such as `54` or `54 years`"
        found.append(BadValue(("age",), age, allowed))
    for name, allowed_values in (("region", REGIONS), ("condition", tuple(conditions()))):
        value = values.get(name)
        if value is not None and value not in allowed_values:
            fix = nearest(str(value), allowed_values)
            found.append(BadValue((name,), value, ", ".join(allowed_values), fix))
    return found + _bad_history(values)


def _bad_history(values: Mapping[str, Any]) -> list[BadValue]:
    history = values.get("history", {})
    known = history_codes()
    if not isinstance(history, Mapping):
        return [BadValue(("history",), history, "lines such as `pregnancy: no`")]
    found = []
    stated: dict[str, Answer] = {}
    for code, value in history.items():
        answer = _answer(value)
        if code not in known:
            near = ", ".join(f"`{c}`" for c in get_close_matches(str(code), known, NEAREST))
            fix = f"Did you mean {near}?" if near else ""
            allowed = f"one of {len(known)} facts, which `docs/suitability.md` lists"
            found.append(BadValue(("history", str(code)), "not a known fact", allowed, fix))
        elif answer is None:
            fix = nearest(str(value).lower(), ANSWERS)
            found.append(BadValue(("history", code), value, ", ".join(ANSWERS), fix))
        else:
            stated[code] = answer
    condition = str(values.get("condition", ""))
    for code in _history_of(condition):
        if stated.get(code) == "no":
            allowed = f"yes or unknown where `condition` is {condition}"
            found.append(BadValue(("history", code), "no", allowed))
        stated[code] = "yes"
    for narrow, wide in contradictions(stated):
        allowed = f"yes or unknown where `{narrow}` is yes"
        fix = f"`{narrow}: yes` means that `{wide}` holds too."
        found.append(BadValue(("history", wide), "no", allowed, fix))
    return found


def _history_of(condition: str) -> tuple[str, ...]:
    """Facts that the condition itself states (epilepsy)."""
    row = conditions().get(condition)
    return tuple(filter(None, [row["history"]])) if row else ()


def _age(value: object) -> float | None:
    """Years; None where it cannot be read or nobody is that old."""
    match = None if isinstance(value, bool) else AGE.fullmatch(str(value))
    years = float(match.group(1)) if match else math.inf
    return years if years <= OLDEST_y else None


def _answer(value: object) -> Answer | None:
    """yes, no or unknown, also as YAML's true and false; None where it is none of them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return next((answer for answer in ANSWERS if answer == value), None)
