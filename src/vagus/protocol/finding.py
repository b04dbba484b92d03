"""What a check has to say about a protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "unknown"]


@dataclass(frozen=True)
class Finding:
    """One remark: ``error`` (cannot be delivered), ``warning``, or ``unknown`` (cannot be checked).

    ``mark`` says how well the limit behind it is known; a recalled limit is named as such.
    """

    level: Level
    field: str
    message: str
    mark: str = ""

    def __str__(self) -> str:
        doubt = f" [limit {self.mark}]" if self.mark in ("recalled", "assumed") else ""
        return f"{self.level}: {self.field}: {self.message}{doubt}"
