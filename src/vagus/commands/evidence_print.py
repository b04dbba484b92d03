"""Tables of ``vagus evidence`` on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from vagus.commands.output import stdout, table

if TYPE_CHECKING:
    from vagus.evidence.cell import Cell
    from vagus.evidence.published import Published, Rebuilt
    from vagus.evidence.synthesis import Synthesis
    from vagus.evidence.tables import EvidenceTable, Line, Trial
    from vagus.evidence.words import Verdict

WORDS = (
    "condition", "population", "device", "target_site", "comparator", "sham_type", "design",
    "blinding", "primary_endpoint", "primary_result", "primary_met", "dropouts_text", "ae_summary",
    "rob_remarks_own_judgement", "funding", "registration", "proposed_split", "notes",
)  # fmt: skip
"""Columns of trials shown in a trial's detail."""


def print_list(
    trials: Sequence[Trial], said: Sequence[Verdict], pooled: Sequence[Published]
) -> None:
    """Trials, what the dossier says of their conditions, and published pooled estimates."""
    rows = [
        (
            trial.key, trial.condition, trial.line["device_class"].replace("_", " "), trial.control,
            _size(trial), trial.line["primary_met"] or "-",
            trial.line["rob_remarks_own_judgement"].partition(":")[0] or "-",
        )
        for trial in trials
    ]  # fmt: skip
    columns = ("trial", "condition", "device", "control", ">n", "primary met", "risk of bias")
    stdout().print(table(f"{len(trials)} trials", columns, rows))
    for verdict in said:
        word = "no usable effect" if verdict.verdict == "none" else verdict.verdict
        _say(f"{verdict.group}: {word}. {verdict.text}")
    if pooled:
        _print_published(pooled)


def print_detail(trial: Trial, shipped: EvidenceTable, provenance: bool) -> None:
    """One trial: design, outcomes, adverse events, sources; numbers with marks on demand."""
    from vagus.evidence.overlap import subset_of
    from vagus.evidence.shifts import NOT_AN_EFFECT

    outcomes, events = shipped.outcomes_of(trial.key), shipped.adverse_events_of(trial.key)
    facts = [(name.replace("_", " "), trial.line[name]) for name in WORDS if trial.line[name]]
    known = ((name, cell) for name, cell in trial.line.cells.items() if cell.known)
    facts += [(name.replace("_", " "), _number(cell, provenance)) for name, cell in known]
    stdout().print(table(f"{trial.name} ({trial.key})", ("", ""), facts))
    if trial.control == "none":
        _say(f"No control group. {NOT_AN_EFFECT}")
    overlap = subset_of(trial.key)
    if overlap is not None:
        _say(f"Subset of {overlap.whole}: {overlap.reason}.")
    rows = [
        (*(line[name] for name in ("domain", "outcome", "time_point", "arm_key")),
         _numbers(line, provenance), line["note"])
        for line in outcomes
    ]  # fmt: skip
    stdout().print(table("outcomes", ("domain", "outcome", "time", "arm", "numbers", "note"), rows))
    if events:
        found = [(e["arm_key"], e["term"], _numbers(e, provenance), e["note"]) for e in events]
        stdout().print(table("adverse events", ("arm", "event", "numbers", "note"), found))
    for key in dict.fromkeys([trial.line["source_key"], *(o["source_key"] for o in outcomes)]):
        source = shipped.sources[key]
        _say(f"{key}: {source.citation} Read: {source.read}.")


def print_pool(made: Synthesis, beside: Sequence[Rebuilt]) -> None:
    """Studies with weights, what is left out and why, the pooled effect, leave-one-out."""
    from vagus.evidence.words import SHORT, headline, interval_text, pooled_facts

    log, level = made.effects.logarithmic, made.pooled.level
    name = f">{SHORT.get(made.effects.measure, made.effects.measure)} ({100 * level:g} % CI)"
    effect = {s: interval_text(s.y, s.interval(level), log) for s in made.studies if s.known}
    used = [
        (s.name, s.outcome, effect[s], f"{100 * weight:.1f} %", s.method, ", ".join(s.marks))
        for s, weight in zip(made.used, made.pooled.weights, strict=True)
    ]
    columns = ("trial", "outcome", name, ">weight", "how", "numbers")
    stdout().print(table(f"{made.endpoint.name}: {made.endpoint.note}", columns, used))
    if made.left_out:
        out = [(s.name, s.outcome, effect.get(s, "-"), s.left_out) for s in made.left_out]
        stdout().print(table("left out of the fit", ("trial", "outcome", name, "why"), out))
    stdout().print(table("pooled", ("", ""), pooled_facts(made)))
    if made.without:
        rows = [
            (s.name, interval_text(w.pooled.estimate, (w.pooled.low, w.pooled.high), log))
            for s, w in zip(made.used, made.without, strict=True)
        ]
        stdout().print(table("one left out at a time", ("without", name), rows))
    if beside:
        _print_rebuilt(beside)
    for caution in made.cautions:
        _say(f"note: {caution}.")
    _say(headline(made))


def _print_rebuilt(beside: Sequence[Rebuilt]) -> None:
    from vagus.evidence.words import interval_text

    rows = [
        (
            one.published.key, _published(one.published),
            interval_text(one.estimate, (one.low, one.high)), ", ".join(one.trials), one.missing,
        )
        for one in beside
    ]  # fmt: skip
    columns = ("published", ">estimate", ">from shipped rows", "trials", "what is missing")
    stdout().print(table("published pooled estimates", columns, rows))


def _print_published(pooled: Sequence[Published]) -> None:
    rows = [
        (
            one.source, one.scope, one.measure, _published(one),
            "yes" if one.controlled else "no: not an effect of stimulation",
        )
        for one in pooled
    ]  # fmt: skip
    columns = ("source", "pooled", "measure", ">estimate (95 % CI)", "against a control")
    stdout().print(table("published meta-analyses", columns, rows))


def _published(one: Published) -> str:
    from vagus.evidence.words import interval_text

    return interval_text(one.estimate.value, (one.low.value, one.high.value))


def _say(words: str) -> None:
    stdout().print(words, soft_wrap=True, markup=False)


def _size(trial: Trial) -> str:
    cells = [trial.line.cell(f"n_{word}") for word in ("analysed", "randomised", "enrolled")]
    return next((_number(cell, False) for cell in cells if cell.known), "-")


def _numbers(line: Line, provenance: bool) -> str:
    """`n 165, change -2.26, p = 0.15`; recalled numbers are always marked."""
    parts = []
    for name, cell in line.cells.items():
        if cell.known and name != "time_weeks":
            word = name.removesuffix("_affected").replace("_", " ")
            word = f"p {line['p_relation']}" if name == "p_value" else word
            parts.append(f"{word} {_number(cell, provenance)}")
    return ", ".join(parts) or "-"


def _number(cell: Cell, provenance: bool) -> str:
    if provenance:
        return f"{cell.value:g} [{cell.mark}]"
    return f"{cell.value:g}{' (recalled)' if cell.recalled else ''}"
