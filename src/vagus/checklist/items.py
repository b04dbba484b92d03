"""The checklist as values: items with their status, counts, sections."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Literal

Status = Literal["given", "from the device", "part", "missing", "not applicable"]
STATUSES: tuple[Status, ...] = ("given", "from the device", "part", "missing", "not applicable")
REFERENCE = "Farmer 2021 doi:10.3389/fnhum.2020.568051"


@dataclass(frozen=True)
class Item:
    """One item. ``value``: what is known, or why it does not apply; ``missing``: which parts are.

    ``source`` and ``mark``: where the values came from, and the weakest mark among them.
    """

    id: str
    level: str
    phase: str
    item: str
    status: Status
    value: str
    missing: str
    source: str
    mark: str


@dataclass(frozen=True)
class Checklist:
    """The 29 ``items`` of the reference, and those that the project adds.

    ``kind``: "acute" or "long-term"; ``rule``: why.
    """

    title: str
    device: str
    kind: str
    rule: str
    items: tuple[Item, ...]
    additions: tuple[Item, ...]
    reference: str = REFERENCE

    def counts(self) -> dict[str, int]:
        """Status -> number of the 29 items."""
        found = Counter(item.status for item in self.items)
        return {status: found[status] for status in STATUSES}

    def count_sentence(self) -> str:
        """The counts in words."""
        n = self.counts()
        return (
            f"{n['given']} of {len(self.items)} items given, {n['from the device']} rest on the "
            f"device's table (check them), {n['part']} in part, {n['missing']} missing, "
            f"{n['not applicable']} not applicable."
        )

    def sections(self) -> list[tuple[str, list[Item]]]:
        """(heading, items): by level, then what the project adds."""
        levels = dict.fromkeys(item.level for item in self.items)
        found = [(_heading(lv), [i for i in self.items if i.level == lv]) for lv in levels]
        return [*found, ("Not of the 29: added by this project", list(self.additions))]

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self) | {"counts": self.counts(), "sentence": self.count_sentence()}


def _heading(level: str) -> str:
    return {"adverse": "Adverse events"}.get(level, f"{level.capitalize()} level")
