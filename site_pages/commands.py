"""Every command with its arguments and options, as the program itself describes them."""

from __future__ import annotations

from typing import Any

import typer

from site_pages.page import Page, cell, table
from vagus.cli import app


def command_page() -> Page:
    """`vagus COMMAND --help` of all commands, groups unfolded."""
    program = typer.main.get_command(app)
    parts = [
        "# Commands\n\nMade from the program's own help (`vagus COMMAND --help`). With `--json` "
        "standard output holds one JSON document; progress and warnings go to standard error.\n\n"
        f"{program.epilog}\n"
    ]
    for name, command in sorted(_unfolded("vagus", program)):
        parts.append(f"## `{name}`\n\n{command.help or ''}\n\n{_usage(name, command)}\n")
        rows = [_parameter(p) for p in command.params if p.name != "help" and not p.hidden]
        if rows:
            parts.append(table(("argument or option", "what", "default"), rows, "options"))
    return Page("reference/commands.md", "Commands", "\n".join(parts))


def _unfolded(name: str, command: Any) -> list[tuple[str, Any]]:
    """(full name, command) of what can be run; a group with options of its own is one too."""
    below = getattr(command, "commands", None)
    if below is None:
        return [(name, command)]
    own = [(name, command)] if command.invoke_without_command else []
    return own + [
        found for part, sub in below.items() for found in _unfolded(f"{name} {part}", sub)
    ]


def _usage(name: str, command: Any) -> str:
    arguments = [
        p.metavar or p.name.upper() for p in command.params if p.param_type_name == "argument"
    ]
    return f"```text\n{' '.join([name, *arguments, '[OPTIONS]'])}\n```\n"


def _parameter(p: Any) -> tuple[object, ...]:
    if p.param_type_name == "argument":
        shown = p.metavar or p.name.upper()
    else:
        value = "" if p.is_flag else f" {p.metavar or 'VALUE'}"
        shown = ", ".join(p.opts) + value
    return cell(f"`{shown}`"), p.help or "", _default(p)


def _default(p: Any) -> str:
    if p.required:
        return "required"
    if isinstance(p.show_default, str):  # what stands for a value that is worked out
        return p.show_default
    empty = p.default is None or p.default is False or p.default in ("", ())
    return "" if empty or callable(p.default) else str(p.default)
