"""Works that can be cited: what the shipped tables say of them, and what was added from memory.

``data/citations/works.csv`` holds all but the sources of the trials, which are those of
``data/evidence/sources.csv``; a row of the first with a key of the second adds fields that the
second lacks. ``recalled`` names the fields that nobody looked up, ``read_at`` where those were read
that no other table holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import vagus
from vagus.data import Row, read_table

FIELDS = (
    "author", "title", "venue", "year", "volume", "pages", "version", "doi", "pmid", "pmcid", "url",
)  # fmt: skip
"""Bibliographic fields, in the order in which they are printed. ``venue``: journal, publisher,
proceedings, organisation, or where it is found, as the kind of work has it."""
KINDS = (
    "article", "book", "inproceedings", "misc", "software", "dataset", "standard", "manual",
)  # fmt: skip
VENUE = {
    "article": "journal", "book": "publisher", "inproceedings": "booktitle",
    "manual": "organization",
}  # fmt: skip
"""What `venue` is called for a kind of work; other kinds are found somewhere."""
SOURCES = "evidence/sources.csv"
# What sources.csv writes where other sources have a journal.
NO_JOURNAL = (
    "", "(not shown)", "news", "blog", "registry", "conference abstract", "grant abstract",
    "abstract on sponsor site", "preprint/medRxiv",
)  # fmt: skip
IDENTIFIERS = {
    "doi": "against the DOI", "pmid": "against PubMed", "pmcid": "against PubMed Central",
    "url": "at the address",
}  # fmt: skip
JOURNAL = re.compile(r"(?P<venue>.*?\D) (?P<volume>\d+(?:\(\d+\))?)(?::(?P<pages>\S+))?")


@dataclass(frozen=True)
class Work:
    """One work. ``kind``: one of `KINDS`; ``fields``: those of `FIELDS` that are known.

    ``used_for``: what a run took from it. ``mark``: ``seen`` (all fields stand in the shipped
    tables or were read elsewhere) or ``recalled`` (some were written from memory, and ``remark``
    names them).
    """

    key: str
    kind: str
    fields: Mapping[str, str]
    used_for: tuple[str, ...]
    mark: str
    remark: str = ""

    def as_dict(self) -> dict[str, object]:
        """The work as JSON values: what ``vagus cite --json`` prints."""
        return {
            "key": self.key, "kind": self.kind, "mark": self.mark, "fields": dict(self.fields),
            "used_for": list(self.used_for), "remark": self.remark,
        }  # fmt: skip


@cache
def works() -> Mapping[str, Work]:
    """Every work by the key that the tables use; `Work.key` is that key without other signs."""
    own = {row["key"]: row for row in read_table("citations/works.csv")}
    found = {row["key"]: _source(row, own.get(row["key"])) for row in read_table(SOURCES)}
    return found | {key: _own(row) for key, row in own.items() if key not in found}


def plain_key(key: str) -> str:
    """``key`` as BibTeX can read it: letters and digits only."""
    return re.sub(r"[^A-Za-z0-9]", "", key)


def _own(row: Row) -> Work:
    fields = {name: row[name] for name in FIELDS if row[name]}
    if row["package"]:
        fields["version"] = installed(row["package"])
    read = f"fields read at {row['read_at']}" if row["read_at"] else ""
    memory = _from_memory(row["recalled"], row["kind"], fields)
    remark = "; ".join(filter(None, (read, memory)))
    fields = {name: fields[name] for name in FIELDS if fields.get(name)}
    return Work(plain_key(row["key"]), row["kind"], fields, (), row["mark"], remark)


def _source(row: Row, added: Row | None) -> Work:
    """A source of the trials, with what the other table adds to it."""
    fields = {"title": row["title"], "author": _authors(row["authors_short"]), "year": row["year"]}
    fields |= {"doi": row["doi"], "pmid": row["pmid"]}
    article = row["journal"] not in NO_JOURNAL
    fields |= _journal(row["journal"]) if article else {"venue": row["journal"].strip("()")}
    if not (row["doi"] or row["pmid"]):
        fields["url"] = row["url_seen"].split(" ; ")[0] if "..." not in row["url_seen"] else ""
    extra = {} if added is None else {k: added[k] for k in FIELDS if added[k] and not fields.get(k)}
    fields |= extra
    recalled = _recalled(row["note"])
    remark = f"as listed in {SOURCES}"
    if row["what_was_read"]:
        remark += f" (read: {row['what_was_read']})"
    memory = _from_memory(recalled, "article" if article else "misc", fields)
    fields = {name: fields[name] for name in FIELDS if fields.get(name)}
    return Work(
        plain_key(row["key"]), "article" if article else "misc", fields, (),
        "recalled" if recalled else "seen", "; ".join(filter(None, (remark, memory))),
    )  # fmt: skip


def _authors(text: str) -> str:
    """Short authors as BibTeX takes them; groups in braces, none where the table names none."""
    if text.startswith("(") or text == "various":
        return ""
    if text.endswith(" et al."):
        return f"{_inverted(text.removesuffix(' et al.'))} and others"
    return f"{{{text}}}"


def _inverted(name: str) -> str:
    """`Kim AY` as `Kim, AY`; a surname alone stays."""
    *surname, last = name.split()
    return f"{' '.join(surname)}, {last}" if surname and last.isupper() else name


def _journal(text: str) -> dict[str, str]:
    """`Cephalalgia 39:1475-1487` in its parts."""
    found = JOURNAL.fullmatch(text)
    parts = found.groupdict("") if found else {"venue": text}
    return parts | {"pages": parts.get("pages", "").replace("-", "--")}


def _recalled(note: str) -> str:
    """Which fields a note of sources.csv says were recalled."""
    said = " ".join(part for part in note.split(";") if "recalled" in part)
    if "bibliographic details" in said:
        return "title author venue year volume"
    words = {"title": "title", "journal": "venue", "author": "author"}
    return " ".join(field for word, field in words.items() if word in said)


def _from_memory(recalled: str, kind: str, fields: Mapping[str, str]) -> str:
    """Which fields were written from memory, and what they can be checked against."""
    names = [name for name in recalled.split() if fields.get(name)]
    if not names:
        return ""
    place = next((name for name in IDENTIFIERS if fields.get(name) and name not in names), "")
    words = ", ".join(VENUE.get(kind, "place") if name == "venue" else name for name in names)
    return f"from memory: {words}; check {IDENTIFIERS.get(place, 'them before use')}"


def installed(package: str) -> str:
    """The version of a Python package in use; "" where it is not installed as one."""
    if package == "vagus":
        return vagus.__version__
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
