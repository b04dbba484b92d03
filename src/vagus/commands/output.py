"""What every command has in common: results on stdout, everything else on stderr, exit codes.

With ``--json`` stdout holds exactly one JSON document: the result, or ``{"error": {...}}``.
Progress, warnings and the message of an error go to stderr either way.
"""

from __future__ import annotations

import functools
import json
import math
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console, JustifyMethod
from rich.table import Table
from rich.text import Text

from vagus.errors import InputError, InputErrors, VagusError

P = ParamSpec("P")
R = TypeVar("R")

INTERRUPTED = 130
WIDTH_OF_FILES = 160
EXIT_CODES = (
    "Exit codes: 0 done; 1 cannot go on (a full disk, a file that cannot be read or written); "
    "2 bad input or usage; 3 a section, cuff or mesh that cannot be built; 4 a search or solver "
    "that did not converge; 130 stopped with Ctrl-C."
)

AsJson = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON document on stdout; errors as {'error': {...}}."),
]


def stdout() -> Console:
    """Where results go; wide where it is no terminal, so that tables in files are whole."""
    width = None if sys.stdout.isatty() else WIDTH_OF_FILES
    return Console(file=sys.stdout, highlight=False, width=width)


def stderr() -> Console:
    """Where progress, warnings and errors go."""
    return Console(file=sys.stderr, highlight=False)


def reported(command: Callable[P, R]) -> Callable[P, R]:
    """``command`` with its errors as one message and an exit code; a traceback is a bug of ours."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        as_json = bool(kwargs.get("as_json"))
        try:
            with _plain_warnings():
                return command(*args, **kwargs)
        except VagusError as error:
            raise _failed(error, error.exit_code, as_json) from error
        except KeyboardInterrupt as interrupt:
            stopped = VagusError(str(interrupt) or "stopped.")
            raise _failed(stopped, INTERRUPTED, as_json) from interrupt
        except BrokenPipeError:
            raise
        except OSError as error:
            where = f" `{error.filename}`" if error.filename else ""
            said = f"{error.strerror or error}{where}"
            raise _failed(VagusError(said), VagusError.exit_code, as_json) from error

    return run


def print_json(value: Any) -> None:
    """``value`` as one JSON document on stdout; what is not finite becomes null."""
    print(json.dumps(_finite(value), indent=2, ensure_ascii=False, allow_nan=False))


def warn(message: str) -> None:
    """A warning on stderr; a message that names its own level keeps it."""
    level, _, rest = message.partition(": ")
    if level in ("error", "warning", "unknown"):
        message = rest
    else:
        level = "warning"
    stderr().print(Text.assemble((f"{level}: ", "bold yellow"), message), soft_wrap=True)


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table to print; columns whose name starts with '>' are flushed right."""
    made = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for column in columns:
        right = column.startswith(">")
        justify: JustifyMethod = "right" if right else "left"
        made.add_column(column.removeprefix(">"), justify=justify, overflow="fold")
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def error_fields(error: VagusError, exit_code: int) -> dict[str, Any]:
    """An error as JSON: type, message, exit code, and its parts where it has any."""
    fields: dict[str, Any] = {"type": type(error).__name__}
    if isinstance(error, InputError):
        fields |= {"field": error.field, "value": str(error.value)}
        fields |= {"allowed": error.allowed, "fix": error.fix}
    if isinstance(error, InputErrors):
        fields["errors"] = list(error.errors)
    return fields | {"message": str(error), "exit_code": exit_code}


def _failed(error: VagusError, exit_code: int, as_json: bool) -> typer.Exit:
    if as_json:
        print_json({"error": error_fields(error, exit_code)})
    stderr().print(Text.assemble(("error: ", "bold red"), str(error)), soft_wrap=True)
    return typer.Exit(exit_code)


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings of the libraries in the words of this program, without source lines."""
    before = warnings.showwarning
    warnings.showwarning = lambda message, *_, **__: warn(str(message))
    try:
        yield
    finally:
        warnings.showwarning = before


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
