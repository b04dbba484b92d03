"""From the words in which a table names its source to the works that are meant.

A work is found by its DOI, PubMed or PubMed Central number or address, by the name and year that
its key is made of (``Ursino1998`` is found as "Ursino 1998"), by a key of the trials' sources, and
by what ``data/citations/names.csv`` lists. The longest name wins, so that "PREMIUM II" is not read
as "PREMIUM".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from vagus.citations.works import Work, works
from vagus.data import Row, read_table

COLUMN = re.compile(r"(.+_)?(source|reference|basis|evidence|source_keys?)")
"""Names of columns that say where a row comes from."""
NAME_AND_YEAR = re.compile(r"([A-Z][a-z]+(?:[A-Z][a-z]+)*)((?:1[89]|20)\d\d)")
_NAME = r"[A-Z][\w'’-]*[a-z][\w'’-]*"
UNREAD = re.compile(
    r"10\.\d{4,9}/[^\s,;()]+|PMID:? ?\d+|PMC\d+|NCT\d{6,}|https?://\S+|github \S+/\S+"
    r"|\b[\w-]+\.(?:com|org|net|edu|gov|ai|cn)\b\S*"
    rf"|\b{_NAME}(?: et al\.?)?,?(?: (?:and|&) {_NAME})? (?:1[89]|20)\d\d\b"
)
"""What looks like a work: identifiers, addresses, and a name with a year."""
MONTHS = re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{4}")
TAKEN = "\0"


@dataclass(frozen=True)
class Reading:
    """What a reference text says. ``works``: keys of `works`, in the order of the text.

    ``unread``: what looks like a work but is none that is known.
    """

    works: tuple[str, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True)
class Phrase:
    """Words that stand for works; names are read as they are written, identifiers in any case."""

    words: str
    works: tuple[str, ...]
    any_case: bool

    def places(self, text: str) -> list[int]:
        """Where the words stand on their own in ``text``, the last first."""
        read = text.lower() if self.any_case else text
        if self.words not in read:
            return []
        alone = rf"(?<!\w){re.escape(self.words)}(?!\w|[-.]\w)"
        return [found.start() for found in re.finditer(alone, read)][::-1]


@cache
def read_reference(text: str) -> Reading:
    """The works that ``text`` names."""
    found: list[tuple[int, str]] = []
    rest = text
    for phrase in _phrases():
        for start in phrase.places(rest):
            found += [(start, key) for key in phrase.works]
            end = start + len(phrase.words)
            rest = rest[:start] + TAKEN * len(phrase.words) + rest[end:]
    parts = (m.group(0) for m in UNREAD.finditer(rest))
    unread = (part for part in parts if TAKEN not in part and not MONTHS.fullmatch(part))
    return Reading(tuple(dict.fromkeys(key for _, key in sorted(found))), tuple(unread))


def silence(text: str) -> str:
    """Why ``text`` names no work, by ``data/citations/silent.csv``; "" where it is not listed."""
    return next((why for pattern, why in _silent() if pattern.search(text)), "")


def reference_columns(row: Mapping[str, str]) -> tuple[str, ...]:
    """Columns of a table that say where a row comes from."""
    return tuple(name for name in row if COLUMN.fullmatch(name))


def works_of(row: Row) -> tuple[str, ...]:
    """Keys of the works that a row of a table names."""
    keys = (key for name in reference_columns(row) for key in read_reference(row[name]).works)
    return tuple(dict.fromkeys(keys))


@cache
def _phrases() -> tuple[Phrase, ...]:
    """All phrases, the longest first."""
    found: dict[tuple[str, bool], dict[str, None]] = {}
    for key, work in works().items():
        for words in _identifiers(work):
            found.setdefault((words.lower(), True), {})[key] = None
    for words, key in _names():
        found.setdefault((words, False), {})[key] = None
    phrases = (Phrase(words, tuple(keys), any_case) for (words, any_case), keys in found.items())
    return tuple(sorted(phrases, key=lambda phrase: (-len(phrase.words), phrase.words)))


def _identifiers(work: Work) -> Iterator[str]:
    known = work.fields
    yield from (known[name] for name in ("doi", "pmcid") if name in known)
    if "pmid" in known:
        places = ("pmid ", "pubmed/", "pubmed.ncbi.nlm.nih.gov/")
        yield from (place + known["pmid"] for place in places)
    if "url" in known:
        yield known["url"].split("://")[-1].rstrip("/")


def _names() -> Iterator[tuple[str, str]]:
    for key in works():
        made_of = NAME_AND_YEAR.fullmatch(key)
        if made_of:
            yield f"{made_of[1]} {made_of[2]}", key
    yield from ((row["key"], row["key"]) for row in read_table("evidence/sources.csv"))
    yield from ((row["name"], row["work"]) for row in read_table("citations/names.csv"))


@cache
def _silent() -> tuple[tuple[re.Pattern[str], str], ...]:
    rows = read_table("citations/silent.csv")
    return tuple((re.compile(row["pattern"]), row["why"]) for row in rows)
