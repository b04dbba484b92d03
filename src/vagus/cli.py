"""The command line: ``vagus COMMAND``, each a few lines over the same Python functions."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vagus import __version__
from vagus.commands.cite import cite
from vagus.commands.devices import devices
from vagus.commands.evidence import evidence
from vagus.commands.nerve import nerve
from vagus.commands.output import EXIT_CODES, INTERRUPTED
from vagus.commands.report import report
from vagus.commands.run import run
from vagus.commands.screen import screen
from vagus.commands.study import check, recruit
from vagus.commands.threshold import threshold
from vagus.commands.trial import trial
from vagus.commands.validate import validate

app = typer.Typer(
    name="vagus",
    help="An in-silico laboratory for vagus nerve stimulation in chronic pain: from pulse to pain.",
    epilog=EXIT_CODES,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for command in (devices, nerve, threshold, check, recruit, run, validate, evidence, screen, cite):
    app.command(epilog=EXIT_CODES)(command)
app.add_typer(trial)
app.add_typer(report)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"vagus {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print it and stop."),
    ] = False,
) -> None:
    """An in-silico laboratory for vagus nerve stimulation, from pulse to pain."""


def main() -> None:
    """Entry point of the ``vagus`` command."""
    try:
        app()
    except KeyboardInterrupt:  # before or after a command's own handling
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
