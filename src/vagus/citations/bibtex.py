"""Works as BibTeX: stable keys, sorted, the same bytes for the same works.

Text is UTF-8. The signs that TeX reads as commands are escaped in all fields but the DOI and the
address, which `doi` and `url` packages take as they are; capitals of titles are kept by braces.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from vagus.citations.works import FIELDS, VENUE, Work

ENTRY = {"software": "misc", "dataset": "misc", "standard": "misc"}
PLACE = "howpublished"
ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
}  # fmt: skip
"""Braces by name: BibTeX counts them even behind a backslash."""
VERBATIM = ("doi", "url")
AND = re.compile(r" and (?![^{]*\})")
"""What parts authors; not within the braces of a group's name."""


def bibtex(works: Iterable[Work]) -> str:
    """Entries of ``works``, sorted by key, with what each was used for as a note."""
    return "\n".join(entry(work) for work in sorted(works, key=lambda work: work.key))


def entry(work: Work) -> str:
    """One work as a BibTeX entry."""
    lines = [f"  {name} = {{{value}}}," for name, value in entry_fields(work).items() if value]
    return "\n".join([f"@{ENTRY.get(work.kind, work.kind)}{{{work.key},", *lines, "}"]) + "\n"


def entry_fields(work: Work) -> dict[str, str]:
    """BibTeX field -> value, escaped and in the order of the entry."""
    fields = {}
    for name in FIELDS:
        value = work.fields.get(name, "")
        shown = VENUE.get(work.kind, PLACE) if name == "venue" else name
        fields[shown] = _written(name, value)
    return fields | {"note": escape(note(work))}


def note(work: Work) -> str:
    """What the work was used for, and what of its entry was not looked up."""
    used = f"Used for {'; '.join(work.used_for)}" if work.used_for else ""
    return ". ".join(filter(None, (used, work.remark[:1].upper() + work.remark[1:])))


def escape(text: str) -> str:
    """``text`` on one line, with TeX's own signs escaped."""
    return "".join(ESCAPES.get(sign, sign) for sign in " ".join(text.split()))


def _written(name: str, value: str) -> str:
    if name == "author":
        return " and ".join(_author(author) for author in AND.split(value))
    if name == "title":
        return f"{{{escape(value)}}}" if value else ""
    return value if name in VERBATIM else escape(value)


def _author(author: str) -> str:
    """A group stands in braces, so that BibTeX does not look for a surname in it."""
    if author.startswith("{") and author.endswith("}"):
        return f"{{{escape(author[1:-1])}}}"
    return escape(author)


def by_mark(works: Iterable[Work]) -> Mapping[str, int]:
    """How many works have each mark."""
    marks = [work.mark for work in works]
    return {mark: marks.count(mark) for mark in sorted(set(marks))}
