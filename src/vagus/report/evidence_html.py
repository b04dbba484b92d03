"""The page of `vagus evidence --pool`: one endpoint's trials pooled, with what is left out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from vagus.evidence.cell import Cell
from vagus.evidence.tables import Trial, evidence
from vagus.evidence.words import RATIO, headline, interval_text, pooled_facts, verdicts
from vagus.report.evidence_content import EvidenceReport, evidence_figures, sources_of, trials_of
from vagus.report.html import write_page

NAME = "evidence.html"


def write_evidence(folder: Path, report: EvidenceReport) -> Path:
    """Write ``folder``/evidence.html and its figures; returns the page's path.

    Deterministic: equal reports give equal files. OSError from the file system is passed on.
    """
    made = report.synthesis
    drawn = evidence_figures(made)
    trials = trials_of(made)
    said = verdicts([trial.group for trial in trials])
    filters = {"by_source": by_source, "interval": _interval}
    log = made.effects.logarithmic
    return write_page(
        folder / NAME,
        "evidence.html.jinja",
        drawn,
        filters,
        report=report,
        made=made,
        headline=headline(made),
        facts_of_pool=pooled_facts(made),
        verdicts=said,
        trials=trials,
        events={trial.key: _events(trial) for trial in trials},
        sources=sources_of(made, said),
        logarithmic=log,
        level=f"{100 * made.pooled.level:g} %",
        effect_name=RATIO.get(made.effects.measure, made.effects.measure),
    )


def cell_text(cell: Cell) -> str:
    """The number as the table holds it; a dash where there is none."""
    return f"{cell.value:g}".replace("-", "−") if cell.known else "–"


def by_source(cells: Sequence[tuple[str, Cell]]) -> list[tuple[str, str, str]]:
    """(numbers with names, provenance, source) of cells, those of one source together."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, cell in cells:
        where = (cell.provenance, cell.source)
        found.setdefault(where, []).append(f"{name}: {cell_text(cell)}")
    return [(", ".join(texts), *where) for where, texts in found.items()]


def _interval(value: tuple[float, float, float], logarithmic: bool) -> str:
    return interval_text(value[0], value[1:], logarithmic)


def _events(trial: Trial) -> list[str]:
    """Adverse events of a trial, one line each."""
    found = []
    for line in evidence().adverse_events_of(trial.key):
        n, of = line.cell("n_affected"), line.cell("n_at_risk")
        count = f": {n.value:g}" + (f" of {of.value:g}" if of.known else "") if n.known else ""
        note = f" ({line['note']})" if line["note"] else ""
        found.append(f"{line['arm_key']}, {line['term']}{count}{note}")
    return found
