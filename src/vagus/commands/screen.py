"""``vagus screen``: a patient file against the labels of a device."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vagus.commands.output import AsJson, print_json, reported, stderr, stdout, table
from vagus.errors import VagusError

if TYPE_CHECKING:
    from vagus.suitability.screen import Screening

Rows = list[tuple[str, ...]]
Patient = Annotated[
    Path, typer.Argument(metavar="PATIENT.yaml", help="What is stated of a person.")
]
DeviceKey = Annotated[str, typer.Option("--device", metavar="KEY", help="As in `vagus devices`.")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write screening.html and screening.json here.")
]


@reported
def screen(
    patient: Patient, device_key: DeviceKey, out: Out = None, as_json: AsJson = False
) -> None:
    """What labels, regulators and reports say of a device for what is stated of a person.

    Verdicts, strictest first: contraindicated, contraindicated unless supervised, warning, caution,
    not evaluated, unknown, nothing found. What the file does not state is not known; a label that
    was not read is "unknown". No advice. Any verdict is a result: the exit code is 0.
    """
    from vagus.screening import document
    from vagus.screening import screen as screen_file

    found = screen_file(patient, device_key)
    if out is not None:
        _write(out, found)
    if as_json:
        print_json(document(found))
    else:
        _print(found)


def _write(folder: Path, found: Screening) -> None:
    from vagus.screening import write_screening

    try:
        page = write_screening(found, folder)
    except OSError as error:
        raise VagusError(f"could not write the page to {folder}: {error.strerror}.") from error
    stderr().print(f"page: {page}", soft_wrap=True)


def _print(found: Screening) -> None:
    from vagus.suitability.words import (
        asker,
        fact_name,
        headline,
        listed,
        notes,
        question,
        where_said,
        why,
    )

    out = stdout()
    out.print(f"{found.device.name}\n{headline(found)}\n", soft_wrap=True, markup=False)
    applying: Rows = [
        (", ".join(filter(None, [fact_name(f.code, found.patient), why(f)])),
         s.severity.name, s.text, where_said(s))
        for f in found.applying for s in f.statements
    ]  # fmt: skip
    title = "What the labels say of what was stated"
    _table(title, ("fact", "severity", "text", "where"), applying)
    if found.silent:
        names = listed([code.name for code in found.silent])
        out.print(
            f"Stated, but not spoken of as such in what was read for this device: {names}.\n",
            soft_wrap=True,
        )
    asked: Rows = [(question(f), f.strictest.name) for f in found.open]
    _table(" ".join(filter(None, ["Not known.", asker(found)])), ("question", "if so"), asked)
    beside: Rows = [
        (fact_name(f.code, found.patient), "not known" if f.answer == "unknown" else f.answer,
         s.severity.name, where_said(s))
        for f in found.beside for s in f.statements
    ]  # fmt: skip
    columns = ("fact", "stated", "severity", "where")
    _table("Texts on other devices, and trials, as information", columns, beside)
    uses: Rows = [(s.text, s.severity.name, s.note, where_said(s)) for s in found.uses]
    _table("Conditions of use, for anybody", ("condition", "severity", "note", "where"), uses)
    out.print(f"Regulators: {found.regulatory.sentence}\n", soft_wrap=True, markup=False)
    _print_events(found)
    for line in notes("limit"):
        out.print(line, soft_wrap=True, markup=False)


def _print_events(found: Screening) -> None:
    from vagus.suitability.adverse import most_common
    from vagus.suitability.event_words import event_line, who_reported

    events = found.adverse_events
    surgery = (*most_common(events, "surgery"), *most_common(events, "surgery", serious=True))
    for title, chosen in (
        ("Most common reports", most_common(events)),
        ("After years", most_common(events, "years")),
        ("Serious", most_common(events, serious=True)),
        ("Around surgery", surgery),
    ):
        rows: Rows = [(event_line(e, events), who_reported(e)) for e in chosen]
        _table(f"{title}, {found.cover.family['name']}", ("event", "study"), rows)


def _table(title: str, columns: tuple[str, ...], rows: Rows) -> None:
    if rows:
        stdout().print(table(title, columns, rows))
        stdout().print()
