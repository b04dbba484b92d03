"""The published trials as the package ships them: every number a `Cell` with its provenance.

``data/evidence`` holds trials, arms, outcomes (trial x arm x outcome x time; rows of arm
``contrast`` hold statistics between arms), adverse events, published meta-analyses and sources.
Nearly all were read as abstracts, registry heads or digests; nothing was extracted twice, so the
provenance stays with every number. Loading checks that every source, trial and arm resolves.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from vagus.data import Row, read_table
from vagus.errors import InputError
from vagus.evidence.cell import EMPTY, TWIN, Cell, parse_cells

CONTRAST = "contrast"
TABLES = (
    "trials", "arms", "arm_groups", "outcomes", "adverse_events", "meta_analyses", "sources",
)  # fmt: skip
_META = "META_"  # adverse events of a meta-analysis stand under this prefix, not under a trial


@dataclass(frozen=True)
class Source:
    """Where numbers were read; ``read``: what of it was read (abstract, registry head ...)."""

    key: str
    title: str
    authors: str
    journal: str
    year: str
    doi: str
    registry: str
    read: str
    note: str

    @property
    def citation(self) -> str:
        """Authors (year). Title. Journal. DOI or registry number."""
        place = f"doi:{self.doi}" if self.doi else self.registry
        parts = [f"{self.authors} ({self.year})" if self.year else self.authors]
        parts += [self.title, self.journal, place]
        return ". ".join(part.rstrip(".") for part in parts if part) + "."


@dataclass(frozen=True)
class Line:
    """One row: its texts and, apart from them, its numbers by the name of their column."""

    text: Mapping[str, str]
    cells: Mapping[str, Cell]

    def __getitem__(self, name: str) -> str:
        return self.text[name]

    def cell(self, name: str) -> Cell:
        """The number in column ``name``; an empty cell where the table has no such column."""
        return self.cells.get(name, EMPTY)


@dataclass(frozen=True)
class Trial:
    """One trial: texts and cells of its row, and the arms.

    ``name``: acronym or first author with the year of publication. ``control``: ``sham``, ``other``
    (another treatment or none, not blinded as a rule) or ``none`` (one group only: its course is a
    shift from baseline, never an effect of stimulation).
    """

    key: str
    name: str
    group: str
    condition: str
    control: str
    line: Line
    arms: tuple[Line, ...]

    def n(self, arm: str) -> Cell:
        """Number analysed in ``arm``, else randomised to it; empty where neither is known."""
        found = [line for line in self.arms if line["arm_key"] == arm]
        cells = [line.cell(name) for line in found for name in ("n_analysed", "n_randomised")]
        return next((cell for cell in cells if cell.known), EMPTY)


@dataclass(frozen=True)
class EvidenceTable:
    """All shipped evidence; trials in the order of the table, sources by key."""

    trials: Mapping[str, Trial]
    outcomes: tuple[Line, ...]
    adverse_events: tuple[Line, ...]
    meta_analyses: tuple[Line, ...]
    sources: Mapping[str, Source]

    def trial(self, key: str) -> Trial:
        """The trial called ``key``; `InputError` with the nearest key where there is none."""
        if key in self.trials:
            return self.trials[key]
        near = difflib.get_close_matches(str(key).upper(), self.trials, n=1, cutoff=0.4)
        fix = f"Did you mean `{near[0]}`?" if near else "Take one of these."
        raise InputError("trial", key, ", ".join(self.trials), fix)

    def outcomes_of(self, key: str) -> tuple[Line, ...]:
        """Outcome rows of one trial, in the order of the table."""
        return tuple(line for line in self.outcomes if line["trial_key"] == key)

    def adverse_events_of(self, key: str) -> tuple[Line, ...]:
        """Adverse events of one trial, in the order of the table."""
        return tuple(line for line in self.adverse_events if line["trial_key"] == key)

    def find(
        self, condition: str = "", device_class: str = "", design: str = "", domain: str = ""
    ) -> tuple[Trial, ...]:
        """Trials that meet every filter given.

        ``condition``: a condition group, or words of a condition (case, hyphens and "(context)"
        do not matter). ``design``: ``controlled`` or ``open-label`` (no control group).
        ``domain``: the trial has an outcome row of it. `InputError` where a filter names nothing
        that the tables hold.
        """
        self._check(condition, device_class, design, domain)
        having = {line["trial_key"] for line in self.outcomes if line["domain"] == domain}
        return tuple(
            trial
            for trial in self.trials.values()
            if (not condition or treats(trial, condition))
            and device_class in ("", trial.line["device_class"])
            and (not design or (design == "controlled") == (trial.control != "none"))
            and (not domain or trial.key in having)
        )

    def _check(self, condition: str, device_class: str, design: str, domain: str) -> None:
        trials = self.trials.values()
        if condition and not any(treats(trial, condition) for trial in trials):
            groups = ", ".join(dict.fromkeys(trial.group for trial in trials))
            raise InputError("condition", condition, f"{groups}, or words of a condition")
        classes = dict.fromkeys(trial.line["device_class"] for trial in trials)
        domains = dict.fromkeys(line["domain"] for line in self.outcomes)
        for field, value, allowed in (
            ("device_class", device_class, classes),
            ("design", design, ("controlled", "open-label")),
            ("outcome", domain, domains),
        ):
            if value and value not in allowed:
                near = difflib.get_close_matches(value, list(allowed), n=1)
                fix = f"Did you mean `{near[0]}`?" if near else ""
                raise InputError(field, value, ", ".join(allowed), fix)


def treats(trial: Trial, condition: str) -> bool:
    """Whether ``condition`` names the trial's group or words of its condition."""
    wanted = _plain(condition)
    return wanted == _plain(trial.group) or wanted in _plain(trial.condition)


@cache
def evidence() -> EvidenceTable:
    """The shipped tables, checked."""
    return parse_evidence({name: read_table(f"evidence/{name}.csv") for name in TABLES})


@cache
def designs_to_predict() -> tuple[Trial, ...]:
    """Nine further trials as designs only: their results are held out and not in this package.

    Nothing in `vagus.evidence` uses them.
    """
    name = "designs_to_predict.csv"
    rows = enumerate(read_table(f"evidence/{name}"), 2)
    sources = set(evidence().sources)
    return tuple(_trial(name, number, row, (), sources) for number, row in rows)


def parse_evidence(rows: Mapping[str, Sequence[Row]]) -> EvidenceTable:
    """Evidence from table rows as text, by the names in `TABLES`.

    Raises `InputError` that names table and row for a cell without provenance, a source, trial or
    arm that does not resolve, or a trial listed twice.
    """
    sources = {row["key"]: _source(row) for row in rows["sources"]}
    keys = set(sources)
    arms = [
        (row["trial_key"], _line("arms.csv", i, row, keys)) for i, row in _numbered(rows, "arms")
    ]
    trials: dict[str, Trial] = {}
    for i, row in _numbered(rows, "trials"):
        key, where = row["trial_key"], f"trials.csv, line {i}"
        if key in trials:
            raise InputError(where, key, "each trial once", "Delete one of the two rows.")
        own = tuple(line for of, line in arms if of == key)
        trials[key] = _trial("trials.csv", i, row, own, keys)
    known = {(line["trial_key"], line["arm_key"]) for _, line in arms}
    known |= {(row["trial_key"], row["arm_key"]) for row in rows["arm_groups"]}
    known |= {(key, CONTRAST) for key in trials}
    for name in ("arms", "arm_groups", "outcomes", "adverse_events"):
        _check_keys(rows, name, trials, known)
    tables = {
        name: tuple(_line(f"{name}.csv", i, row, keys) for i, row in _numbered(rows, name))
        for name in ("outcomes", "adverse_events", "meta_analyses")
    }
    return EvidenceTable(trials=trials, sources=sources, **tables)


def _numbered(rows: Mapping[str, Sequence[Row]], name: str) -> list[tuple[int, Row]]:
    """Rows with their line in the file, whose first line is the header."""
    return list(enumerate(rows[name], 2))


def _check_keys(
    rows: Mapping[str, Sequence[Row]], name: str, trials: Mapping[str, Trial],
    arms: set[tuple[str, str]],
) -> None:  # fmt: skip
    for i, row in _numbered(rows, name):
        where, key, arm = f"{name}.csv, line {i}", row["trial_key"], row["arm_key"]
        if key.startswith(_META) and name == "adverse_events":
            continue
        if key not in trials:
            raise InputError(f"{where}, trial_key", key, "a key of trials.csv")
        if (key, arm) not in arms:
            raise InputError(
                f"{where}, arm_key", arm, f"an arm of {key} in arms.csv or arm_groups.csv"
            )


def _line(name: str, number: int, row: Row, sources: set[str]) -> Line:
    where = f"{name}, line {number}"
    cells = parse_cells(row, sources, where)
    source = row.get("source_key", "")
    if source and source not in sources:
        raise InputError(f"{where}, source_key", source, "a key of sources.csv")
    text = {k: v for k, v in row.items() if k not in cells and k.removesuffix(TWIN) not in cells}
    return Line(text, cells)


def _trial(name: str, number: int, row: Row, arms: tuple[Line, ...], sources: set[str]) -> Trial:
    line = _line(name, number, row, sources)
    return Trial(
        row["trial_key"], _name(row), row["condition_group"], row["condition"],
        _control(row, arms), line, arms,
    )  # fmt: skip


def _name(row: Row) -> str:
    """Acronym in capitals, or the first author as the key has it, and the year of publication."""
    word = row["trial_key"].rstrip("0123456789")
    author = word.capitalize() if set(word) & set("AEIOU") else word  # CLBP is no author
    acronym = row["acronym"]
    short = acronym if acronym.isupper() else author
    return f"{short} {row['published_year']}"


def _control(row: Row, arms: tuple[Line, ...]) -> str:
    if row["comparator"].startswith("none"):
        return "none"
    roles = {line["role"] for line in arms}
    sham = "sham" in roles if roles else bool(row["sham_type"])
    return "sham" if sham else "other"


def _source(row: Row) -> Source:
    return Source(
        row["key"], row["title"], row["authors_short"], row["journal"], row["year"], row["doi"],
        row["registry_id"], row["what_was_read"], row["note"],
    )  # fmt: skip


def _plain(words: str) -> str:
    return words.lower().replace("(context)", "").replace("-", " ").strip()
