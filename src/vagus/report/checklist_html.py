"""The page of `vagus report --tvns-checklist`: one table to print or append to a manuscript."""

from __future__ import annotations

from pathlib import Path

from vagus.checklist import Checklist
from vagus.checklist.items import STATUSES
from vagus.report.html import write_page

NAME = "checklist.html"
MEANINGS = {
    "given": "every part is in the study file",
    "from the device": "every part is there, but some rest on what is known of the device; check",
    "part": "some parts are missing",
    "missing": "nothing is known, or only assumed",
    "not applicable": "the item does not concern this study; the reason is said",
}


def write_checklist(folder: Path, found: Checklist) -> Path:
    """Write ``folder``/checklist.html; returns its path.

    Deterministic: equal checklists give equal files. OSError from the file system is passed on.
    """
    return write_page(
        folder / NAME,
        "checklist.html.jinja",
        [],
        {"breakable": _breakable},
        found=found,
        counts=found.counts(),
        statuses=STATUSES,
        meanings=MEANINGS,
        sections=found.sections(),
    )


def _breakable(text: str) -> str:
    """Names of fields may break at the end of a line after an underscore."""
    return text.replace("_", "_\u200b")
