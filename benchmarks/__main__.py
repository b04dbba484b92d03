"""Every target beside its measurement.

    python -m benchmarks [--quick] [--neuron-python PYTHON] [--only fibre convergence ...]

Runs, one after the other: fibres against NEURON, convergence, the field, the field against NGSolve
(where it is installed), the C fibre's grid, all fibres of a human vagus, the body's engine against
libRoadRunner (where it is installed) and LSODA, and virtual trials with their analysis. About 30
minutes on one core; ``--quick`` four minutes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from rich.console import Console
from rich.table import Table

from benchmarks.rows import Row

HERE = Path(__file__).resolve().parent
CONSOLE = Console(width=None if sys.stdout.isatty() else 140)
VERDICT = {True: "[green]met[/]", False: "[red]missed[/]", None: ""}


def show(title: str, rows: Sequence[Row]) -> None:
    """Print one table."""
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in ("what", "target", "measured", ""):
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(row.what, row.target, row.measured, VERDICT[row.met])
    CONSOLE.print(table)


def script(name: str, *arguments: str) -> None:
    """Run a benchmark that prints its own table, in a process of its own."""
    CONSOLE.print(f"[bold]{name}[/]")
    source = str(HERE.parent / "src")
    path = os.pathsep.join([source, str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments],
        env=os.environ | {"PYTHONPATH": path.rstrip(os.pathsep)},
        check=False,
    )
    if done.returncode != 0:
        CONSOLE.print(f"[red]{name} failed with exit status {done.returncode}[/]")


def _fibre(quick: bool, neuron: str | None) -> None:
    from benchmarks import fibre

    show("fibres against NEURON, one core, process CPU time", fibre.run(quick, neuron))


def _convergence(quick: bool) -> None:
    from benchmarks import convergence

    show("thresholds against vanishing steps", convergence.run(quick))


def _population(quick: bool) -> None:
    from benchmarks import population

    show("every fibre of a human vagus, LivaNova helix", population.run(quick))


def _body(quick: bool) -> None:
    from benchmarks import body

    show("the body's engine beside others, one core, process CPU time", body.run(quick))


def _trial(quick: bool) -> None:
    from benchmarks import trial

    show("virtual trials and their mixed model, two threads", trial.run(quick))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="the short part of each")
    parser.add_argument("--neuron-python", help="an interpreter that has NEURON (default: this)")
    names = (
        "fibre",
        "convergence",
        "field",
        "ngsolve",
        "c-fibre-grid",
        "population",
        "body",
        "trial",
    )
    parser.add_argument("--only", nargs="+", choices=names, default=names)
    arguments = parser.parse_args()
    quick = arguments.quick
    tasks: dict[str, Callable[[], None]] = {
        "fibre": lambda: _fibre(quick, arguments.neuron_python),
        "convergence": lambda: _convergence(quick),
        "field": lambda: script("field.py", *(["--quick"] if quick else [])),
        "ngsolve": lambda: None if quick else script("ngsolve_check.py"),
        "c-fibre-grid": lambda: None if quick else script("c_fibre_grid.py"),
        "population": lambda: _population(quick),
        "body": lambda: _body(quick),
        "trial": lambda: _trial(quick),
    }
    for name in names:
        if name in arguments.only:
            tasks[name]()


if __name__ == "__main__":
    main()
