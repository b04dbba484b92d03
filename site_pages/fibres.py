"""Membrane models of fibres: what each is, and every parameter with its source."""

from __future__ import annotations

import importlib

from site_pages.page import Page, mark, prose, table
from vagus.data import read_table

MODULES = ("sundt", "tigerholm", "rattay", "schild", "sweeney")


def membrane_page() -> Page:
    """Parameters of all membranes and geometries; their rates are code, which is named."""
    parts = [
        "# Fibres: membranes and geometries\n\n"
        "Rates of the gates are code (`vagus.fibre.membranes`, `vagus.fibre.mrg_membrane`), since "
        "they are compiled as written; everything they are made with stands here. How a fibre is "
        "solved: [Fibres](../fibre.md).\n"
    ]
    for name in MODULES:
        module = importlib.import_module(f"vagus.fibre.membranes.{name}")
        parts.append(f"## {name.capitalize()}\n\n{prose(module.__doc__)}\n\n{_parameters(name)}")
    parts.append(_mrg())
    return Page("models/membranes.md", "Fibres", "\n".join(parts))


def _parameters(module: str) -> str:
    rows = [
        (f"`{r['id']}`", r["model"], r["value"], r["unit"], r["quantity"], r["source"], r["mark"])
        for r in read_table("fibre/unmyelinated.csv")
        if r["model"].startswith(module)
    ]
    head = ("id", "model", "value", "unit", "what", "source", "mark")
    return table(head, [(*row[:-1], mark(row[-1])) for row in rows])


def _mrg() -> str:
    module = importlib.import_module("vagus.fibre.mrg_membrane")
    parameters = [
        (f"`{r['symbol']}`", r["models"], r["value"], r["unit"], r["description"], r["source"],
         mark(r["mark"]))
        for r in read_table("fibre/mrg_parameters.csv")
    ]  # fmt: skip
    curves = [
        (r["model"], r["quantity"], r["from_um"], r["c2"], r["c1"], r["c0"], r["unit"],
         r["source"], mark(r["mark"]))
        for r in read_table("fibre/mrg_polynomials.csv")
    ]  # fmt: skip
    head = ("model", "quantity", "from, um", "c2", "c1", "c0", "unit", "source", "mark")
    return f"""## MRG

{prose(module.__doc__)}

{table(("symbol", "models", "value", "unit", "what", "source", "mark"), parameters)}

Geometry over the diameter of the fibre, c2 D² + c1 D + c0:

{table(head, curves)}
"""
