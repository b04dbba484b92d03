"""The rows of ``safety_limits.csv``: what is limited, by whom, and where the limit was drawn from.

The column ``use`` says what becomes of each row: a line of `vagus.protocol.safety`, the scope of
another row, a test of the arithmetic, or why it is not evaluated.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from vagus.data import read_table

NUMBER = re.compile(r"\d+\.?\d*")


@dataclass(frozen=True)
class Limit:
    """One row. ``value`` is the lower end where the row states a range, as ``stated``.

    ``strict``: the row asks for less than the value, not for the value at most.
    """

    id: str
    quantity: str
    value: float
    stated: str
    unit: str
    scope: str
    note: str
    source: str
    mark: str
    strict: bool

    def holds(self, value: float) -> bool:
        """Whether ``value`` keeps to it."""
        return value < self.value if self.strict else value <= self.value


@cache
def limit(limit_id: str) -> Limit:
    """The row with this id. Raises `KeyError` for an id, or a row without a number, not there."""
    for row in read_table("devices/safety_limits.csv"):
        found = NUMBER.match(row["value"])
        if row["limit_id"] == limit_id and found is not None:
            return Limit(
                limit_id,
                row["quantity"],
                float(found[0]),
                row["value"],
                row["unit"],
                row["scope"],
                row["note"],
                row["source"],
                row["mark"],
                "<" in row["formula"],
            )
    raise KeyError(limit_id)


def rms_limit(frequency_Hz: float) -> Limit:
    """The r.m.s. output allowed at this frequency; rows IEC3-1 to IEC3-3 with rising edges."""
    rows = (limit("IEC3-1"), limit("IEC3-2"), limit("IEC3-3"))
    return next(row for row in rows if frequency_Hz <= float(row.scope.removesuffix(" Hz")))
