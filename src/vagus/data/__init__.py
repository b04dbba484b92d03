"""Tables shipped with the package: every number with its unit, source and mark.

Marks: ``seen`` (read in the named source), ``derived`` (arithmetic on seen numbers), ``recalled``
(from memory, shown as such, never fitted to), ``assumed``, ``not_found``.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

Row = dict[str, str]


@cache
def read_table(name: str) -> tuple[Row, ...]:
    """Rows of the shipped table ``name`` (for example ``"devices/devices.csv"``), all as text."""
    with files(__name__).joinpath(name).open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))
