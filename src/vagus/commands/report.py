"""``vagus report``: what a study must report, and how far to believe a result.

The group's own option fills the reporting items of transcutaneous stimulation; its subcommands are
pages of their own.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vagus.commands.credibility import credibility
from vagus.commands.output import (
    EXIT_CODES,
    AsJson,
    print_json,
    reported,
    stderr,
    stdout,
    table,
)
from vagus.errors import InputError, VagusError

if TYPE_CHECKING:
    from vagus.checklist import Checklist

report = typer.Typer(
    name="report",
    help="Reports beside a run: the reporting items of transcutaneous stimulation, credibility.",
    add_completion=False,
    rich_markup_mode="markdown",
)

report.command(epilog=EXIT_CODES)(credibility)

TvnsChecklist = Annotated[
    Path | None,
    typer.Option(
        "--tvns-checklist",
        metavar="STUDY.yaml",
        help="Fill the 29 minimum reporting items of transcutaneous stimulation from this study.",
    ),
]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Also write the checklist as a page here.")
]


@report.callback(invoke_without_command=True, epilog=EXIT_CODES)
def report_root(
    context: typer.Context,
    tvns_checklist: TvnsChecklist = None,
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Reports beside a run: the reporting items of transcutaneous stimulation, credibility.

    `--tvns-checklist` fills the 29 items of Farmer 2021 from a study file, says where each value
    came from, and names what is missing. An item that is missing is a result: the exit code is 0.
    """
    if context.invoked_subcommand is not None:
        if tvns_checklist is not None or out is not None or as_json:
            said = "options before a subcommand are those of the checklist: give them after it"
            raise typer.BadParameter(said)
        return
    if tvns_checklist is None and out is None and not as_json:
        print(context.get_help())
        return
    _checklist(tvns_checklist, out, as_json=as_json)


@reported
def _checklist(study: Path | None, out: Path | None, *, as_json: bool) -> None:
    if study is None:
        raise InputError("--tvns-checklist", "missing", "a study file", "Name the study to report.")
    from vagus.checklist import tvns_checklist
    from vagus.study import load_study

    found = tvns_checklist(load_study(study))
    if out is not None:
        _write_page(out, found)
    if as_json:
        print_json(found.as_dict())
        return
    _print(found)


def _write_page(out: Path, found: Checklist) -> None:
    from vagus.report.checklist_html import write_checklist

    try:
        out.mkdir(parents=True, exist_ok=True)
        page = write_checklist(out, found)
    except OSError as error:
        raise VagusError(f"could not write the page to {out}: {error.strerror}.") from error
    stderr().print(f"page: {page}", soft_wrap=True)


def _print(found: Checklist) -> None:
    columns = ("", "item", "status", "value", "missing", "from")
    out = stdout()
    for title, items in found.sections():
        rows = [(i.id, i.item, i.status, i.value, i.missing, _origin(i)) for i in items]
        out.print(table(title, columns, rows))
    out.print(found.count_sentence(), soft_wrap=True)


def _origin(item: Any) -> str:
    return f"{item.source} [{item.mark}]" if item.mark else item.source
