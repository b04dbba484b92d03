"""Progress on stderr: bars at a terminal, a line per finished stage elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.progress import TimeRemainingColumn as TimeRemaining

from vagus.commands.output import stderr


@contextmanager
def progress_bars() -> Iterator[Any]:
    """A bar per stage on stderr; a line per finished stage where stderr is no terminal."""
    console = stderr()
    columns = (
        TextColumn("{task.description:>8}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TimeRemaining(),
    )  # fmt: skip
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, Any] = {}
        finished: set[str] = set()

        def tell(stage: str, done: int, total: int) -> None:
            if stage in finished:
                return
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done, total=total)
            if done == total:
                finished.add(stage)
                if not console.is_terminal:
                    console.print(f"{stage}: done", soft_wrap=True)

        yield tell
