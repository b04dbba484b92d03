"""What can be pooled: endpoints with their measures and signs, as data."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

from vagus.data import read_table
from vagus.errors import InputError

MEASURES = {"SMD": "SMD", "MD": "MD", "OR": "log OR", "RR": "log RR", "RD": "RD"}
"""Short names, and those of `vagus.evidence.effects`."""


@dataclass(frozen=True)
class Endpoint:
    """What can be pooled; ``measures``: short names, the usual one first.

    ``md_scales``: scales whose mean differences are in ``md_unit``. ``better``: what a lower or
    higher value means on the endpoint's own axis. ``note`` says how to read the sign.
    """

    key: str
    name: str
    kind: str
    measures: tuple[str, ...]
    md_unit: str
    md_scales: tuple[str, ...]
    better: str
    note: str


@cache
def endpoints() -> tuple[Endpoint, ...]:
    """All endpoints that can be pooled."""
    return tuple(
        Endpoint(
            r["key"], r["name"], r["kind"], tuple(r["measures"].split(";")), r["md_unit"],
            tuple(r["md_scale"].split(";")), r["better"], r["note"],
        )
        for r in read_table("evidence/endpoints.csv")
    )  # fmt: skip


def endpoint(key: str) -> Endpoint:
    """The endpoint called ``key``; `InputError` with the nearest where there is none."""
    keys = [e.key for e in endpoints()]
    if key not in keys:
        near = difflib.get_close_matches(key, keys, n=1)
        fix = f"Did you mean `{near[0]}`?" if near else ""
        raise InputError("endpoint", key, ", ".join(keys), fix)
    return endpoints()[keys.index(key)]
