"""The tables that ship with the package: how long each is and where its numbers come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from importlib.resources import files

from markupsafe import Markup

from site_pages.page import Page, mark, table
from vagus.data import Row, read_table

_MARKS = ("seen", "derived", "recalled", "assumed", "not_found")


def data_page() -> Page:
    """Every csv below src/vagus/data with rows, columns and marks."""
    parts = [
        "# Tables\n\nEvery table that ships with the package. Marks are counted over the column "
        "`mark`, or, where each number has a twin column `x_seen`, over those. What the marks mean "
        "and what the tables hold: [Devices, nerves and the tables](../data.md).\n"
    ]
    for folder in sorted(f.name for f in files("vagus.data").iterdir() if f.is_dir()):
        names = sorted(
            f.name for f in (files("vagus.data") / folder).iterdir() if f.name.endswith(".csv")
        )
        if names:
            rows = [_described(f"{folder}/{name}") for name in names]
            parts.append(f"## {folder}\n\n" + table(("table", "rows", "columns", "marks"), rows))
    return Page("reference/tables.md", "Tables", "\n".join(parts))


def _described(name: str) -> tuple[object, ...]:
    rows = read_table(name)
    columns = [f"`{c}`" for c in (rows[0] if rows else ()) if not c.endswith("_seen")]
    return f"`{name}`", len(rows), " ".join(columns), _marks(rows)


def _marks(rows: Sequence[Row]) -> Markup:
    if rows and "mark" in rows[0]:
        found = Counter(r["mark"] for r in rows)
    else:
        found = Counter(
            text.partition(":")[0]
            for r in rows for column, text in r.items()
            if column and column.endswith("_seen") and text
        )  # fmt: skip
    shown = [Markup("{} {}").format(mark(m), found[m]) for m in _MARKS if found[m]]
    return Markup(" ").join(shown) or Markup("")
