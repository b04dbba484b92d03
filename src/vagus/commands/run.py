"""``vagus run``: a study from pulse to pain."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vagus.commands.output import AsJson, print_json, reported, stdout, table, warn
from vagus.commands.progress import progress_bars

if TYPE_CHECKING:
    from vagus.study import Study

EDGES = ("low", "middle", "high")
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where results go.", show_default="runs/STUDY"),
]
Draws = Annotated[
    int | None,
    typer.Option(min=1, help="Draws from the priors.", show_default="the study's, else 200"),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="one per core")]


@reported
def run(
    study: StudyPath,
    out: Out = None,
    draws: Draws = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """From device and nerve to heart, immune system, mood and pain, with what each route adds.

    Writes courses, figures and a report. What is finished is kept: after Ctrl-C or a full disk the
    same command goes on where it was.
    """
    from vagus.study import load_study

    read = load_study(study)
    folder = out if out is not None else Path("runs") / study.stem
    summary = _run(read, folder, draws, workers)
    for warning in summary["warnings"]:
        warn(warning)
    if as_json:
        print_json(summary)
        return
    _print(summary)
    stdout().print(f"report: {summary['report']}", soft_wrap=True)


def _run(read: Study, folder: Path, draws: int | None, workers: int | None) -> dict[str, Any]:
    from vagus.chain import run

    try:
        with progress_bars() as tell:
            done = run(read, folder, progress=tell, workers=workers, draws=draws)
            return dict(done.summary())
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(
            f"stopped. What is finished is kept in {folder}; the same command goes on from there."
        ) from interrupt


def _print(summary: dict[str, Any]) -> None:
    """One sentence, then changes from baseline, then what the outcome's change is made of."""
    stdout().print(summary["headline"], soft_wrap=True)
    arms = ("active", "sham", "difference")
    rows = []
    for row in summary["outcomes"]:
        digits = _decimals([row[arm] for arm in arms])
        rows.append((row["name"], row["unit"], *(_interval(row[arm], digits) for arm in arms)))
    columns = ("change from baseline", "unit", ">stimulated", ">sham", ">difference")
    stdout().print(table("Median and 95 % interval over draws", columns, rows))
    digits = _decimals([*summary["decomposition"], summary["total"]])
    parts = [(row["part"], _interval(row, digits)) for row in summary["decomposition"]]
    parts.append(("in all", _interval(summary["total"], digits)))
    unit = summary["decomposition"][0]["unit"]
    days = summary["read_at_days"]
    when = f"{days:g} day{'' if days == 1 else 's'}"
    beside = ("part", f">change after {when}, {unit}")
    stdout().print(table("What it is made of", beside, parts))
    if summary["failed"]:
        stdout().print(f"draws that could not be integrated: {len(summary['failed'])}")


def _decimals(intervals: list[dict[str, Any]]) -> int:
    """Decimals that leave three figures to the largest of what is compared."""
    values = [abs(i[key]) for i in intervals for key in EDGES if i[key] is not None]
    largest = max(values, default=0.0)
    return min(3, max(0, 2 - math.floor(math.log10(largest)))) if largest > 0 else 0


def _interval(row: dict[str, Any], digits: int) -> str:
    """Median and interval; "-" where every draw failed."""
    if row["middle"] is None:
        return "-"
    low, middle, high = (f"{row[key]:+z.{digits}f}" for key in EDGES)
    return f"{middle} ({low} to {high})"
