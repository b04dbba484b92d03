"""The API: one page per package, its modules described by their docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from markupsafe import Markup

import vagus
from site_pages.page import Page, cell, table

PACKAGES = {
    "study": "The study file, and a run from end to end",
    "errors": "Errors",
    "data": "Tables",
    "protocol": "Device, waveform, schedule, electrical safety",
    "nerve": "Section and fibres",
    "field": "Potential in the nerve",
    "fibre": "Cables, thresholds, recruitment",
    "body": "Statement, engine, organs",
    "validation": "Published results beside the body",
    "evidence": "Published trials and their pools",
    "patient": "Virtual patients",
    "trial": "Designs, conduct, analysis, forecasts",
    "suitability": "What labels say",
    "checklist": "Reporting items, filled from a study",
    "credibility": "How far to believe a result",
    "citations": "What a study uses",
    "report": "Pages and figures",
}
ROOT = Path(vagus.__path__[0])
SKIPPED = ("commands", "cli")
"""Described by the page of commands."""


def reference_pages() -> list[Page]:
    """A page per package; modules directly below ``vagus`` share one."""
    return [_overview(), *(_package(name) for name, modules in grouped().items() if modules)]


def grouped() -> dict[str, list[str]]:
    """Section -> dotted names of its public modules, in order of name; none without a docstring.

    Raises ValueError for a package that `PACKAGES` does not name.
    """
    groups: dict[str, list[str]] = {name: [] for name in PACKAGES}
    for name, file in sorted(_modules()):
        part = name.split(".")[1]
        if part in SKIPPED or not ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))):
            continue
        if part not in groups and (ROOT / part).is_dir():
            raise ValueError(f"site_pages/reference.py: PACKAGES lacks {part!r}")
        groups[part if part in groups else "study"].append(name)
    return groups


def _modules() -> Iterator[tuple[str, Path]]:
    """(dotted name, file) of all public modules below ``vagus``; nothing is imported."""
    for file in ROOT.rglob("*.py"):
        parts = file.relative_to(ROOT).with_suffix("").parts
        dotted = [p for p in parts if p != "__init__"]
        if dotted and not any(p.startswith("_") for p in dotted):
            yield ".".join(["vagus", *dotted]), file


def _overview() -> Page:
    rows = []
    for name in sorted(set(vagus.__all__) - {"__version__"}):
        home = vagus._HOME[name]
        summary = (import_module(home).__dict__[name].__doc__ or "").strip().split("\n\n")[0]
        rows.append((_to(f"{home}.{name}", f"vagus.{name}"), cell(" ".join(summary.split()))))
    sections = [
        (Markup('<a href="{}.html">{}</a>').format(n, _title(n)), PACKAGES[n], len(modules))
        for n, modules in grouped().items()
        if modules
    ]
    text = f"""# Python

What `import vagus` offers by name. Everything else is imported from its module.

{table(("name", "what"), rows)}

## Packages

{table(("package", "what", "modules"), sections, "sizes")}
"""
    return Page("reference/index.md", "Names", text)


def _to(target: str, shown: str) -> Markup:
    """A cross-reference that mkdocstrings resolves."""
    return Markup('<autoref identifier="{}"><code>{}</code></autoref>').format(target, shown)


def _title(name: str) -> str:
    return "vagus" if name == "study" else f"vagus.{name}"


def _package(name: str) -> Page:
    blocks = "\n\n".join(f"::: {module}" for module in grouped()[name])
    text = f"# {_title(name)}\n\n{PACKAGES[name]}.\n\n{blocks}\n"
    return Page(f"reference/{name}.md", _title(name), text)
