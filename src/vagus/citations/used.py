"""The works that a study's run uses: rows of the tables it reads, its models, methods, software."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from vagus.citations.facts import Facts, facts_of
from vagus.citations.references import works_of
from vagus.citations.works import Work, works
from vagus.data import read_table
from vagus.study import Study


def cite(study: Study) -> tuple[Work, ...]:
    """Every work behind a run of ``study``, by key, each with what it is used for.

    Nothing is simulated: what would be read follows from the study. Parameter sources, the sources
    of trials that calibrate or stand beside, models, methods, software, and vagus itself.
    """
    facts = facts_of(study)
    uses: dict[str, list[str]] = {}
    for key, use in (*_methods(facts), *_rows(facts)):
        found = uses.setdefault(key, [])
        if use not in found:
            found.append(use)
    known = works()
    made = (replace(known[key], used_for=tuple(use)) for key, use in uses.items())
    return tuple(sorted(made, key=lambda work: work.key))


def _rows(facts: Facts) -> Iterator[tuple[str, str]]:
    """(work, what it gave): the number of rows of each table that name it."""
    for rule in read_table("citations/tables.csv"):
        if not facts.hold(rule["when"]):
            continue
        rows = [r for r in read_table(rule["table"]) if facts.meet(r, rule["where"])]
        counts: dict[str, int] = {}
        for row in rows:
            for key in works_of(row):
                counts[key] = counts.get(key, 0) + 1
        for key, n in counts.items():
            yield key, f"{rule['table']} ({n} {rule['gives'] if n > 1 else rule['one']})"


def _methods(facts: Facts) -> Iterator[tuple[str, str]]:
    for row in read_table("citations/methods.csv"):
        if facts.hold(row["when"]):
            for key in row["works"].split():
                yield key, row["method"]
