"""Where numbers come from: lines of the report made from the shipped tables, and the run itself."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version

from vagus.data import Row, read_table
from vagus.report.content import Fact

_ABOUT = ("source", "mark", "unit", "spread", "sd", "note", "reason", "text", "description", "id")
_PACKAGES = ("numpy", "scipy", "numba", "sympy", "shapely", "pyarrow", "matplotlib")


def table_facts(name: str, where: Mapping[str, str] | None = None) -> tuple[Fact, ...]:
    """One line per row of the shipped table ``name`` whose columns have the values ``where``.

    Columns of words name the quantity; ``value`` and ``unit`` make the value, or all columns of
    numbers with their names where there is no column ``value``.
    """
    wanted = (where or {}).items()
    rows = [row for row in read_table(name) if all(row[key] == word for key, word in wanted)]
    numbers = [
        key
        for key in (rows[0] if rows else ())
        if key not in _ABOUT and all(_is_number(row[key]) for row in rows)
    ]
    return tuple(_fact(row, numbers) for row in rows)


def _fact(row: Row, numbers: list[str]) -> Fact:
    words = [row[k] for k in row if k not in (*_ABOUT, *numbers, "value") and row[k]]
    unit = row.get("unit", "").removeprefix("1")
    value = row.get("value") or ", ".join(f"{k} {float(row[k]):.6g}" for k in numbers if row[k])
    value = f"{value} {unit}".strip()
    note = row.get("note") or row.get("reason") or row.get("description") or ""
    return Fact(", ".join(words) or row.get("id", ""), value, row["source"], row["mark"], note)


def _is_number(text: str) -> bool:
    try:
        float(text or "0")
    except ValueError:
        return False
    return True


def population_facts(alternative: str, side: str) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """Fibre counts and shares of the ``alternative`` used and of the others, for one side."""
    used: list[Fact] = []
    others: list[Fact] = []
    for row in read_table("nerve/populations.csv"):
        if row["side"] not in (side, "both"):
            continue
        unit = "fibres" if row["unit"] == "1" else row["unit"]
        spread = f" ± {row['spread']}" if row["spread"] else ""
        value = f"{row['value']}{spread} {unit}"
        mine = row["alternative"] == alternative
        label = row["quantity"] if mine else f"{row['alternative']}: {row['quantity']}"
        (used if mine else others).append(Fact(label, value, row["source"], row["mark"]))
    return tuple(used), tuple(others)


def run_facts(seed: int, wall_s: Mapping[str, float]) -> tuple[Fact, ...]:
    """Versions, seed and the wall time of each named stage."""
    facts = [Fact("seed", str(seed)), Fact("python", platform.python_version())]
    for package in ("vagus", *_PACKAGES):
        try:
            facts.append(Fact(package, version(package)))
        except PackageNotFoundError:
            facts.append(Fact(package, "not installed as a package"))
    facts.append(Fact("machine", f"{platform.system()} {platform.machine()}"))
    facts += [Fact(f"wall time, {stage}", f"{seconds:.1f} s") for stage, seconds in wall_s.items()]
    return tuple(facts)
