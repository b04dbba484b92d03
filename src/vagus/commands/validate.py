"""``vagus validate``: published results beside what the body gives, failures among them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from vagus.commands.output import AsJson, print_json, reported, stderr, stdout, table
from vagus.commands.progress import progress_bars
from vagus.errors import InputError, VagusError

Organ = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="One organ; any other name lists them.", show_default="all"),
]
Draws = Annotated[int, typer.Option(min=2, help="Draws from the priors.")]
Out = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Also write a page with figures here.")
]


@reported
def validate(
    organ: Organ = None, draws: Draws = 200, out: Out = None, as_json: AsJson = False
) -> None:
    """Every published result that the body was compared with, by organ.

    Verdicts: reproduced, compatible (the model would have agreed with the opposite too), failed.
    Rows marked `calibrate` could have been fitted to; those marked `validate` were not. A row that
    fails is a result: the exit code is 0.
    """
    from vagus.protocol.device import nearest
    from vagus.validation.comparison import ORGANS
    from vagus.validation.table import validate

    if organ is not None and organ not in ORGANS:
        raise InputError("--organ", organ, ", ".join(ORGANS), nearest(organ, ORGANS))
    with progress_bars() as tell:
        rows = validate(organ=organ, draws=draws, seed=0, progress=tell)
    shown = [row.as_dict() for row in rows]
    if out is not None:
        _write_page(out, rows, draws)
    if as_json:
        verdicts = Counter(row.verdict for row in rows)
        print_json({"draws": draws, "verdicts": verdicts, "rows": shown})
        return
    for name in dict.fromkeys(row["organ"] for row in shown):
        _print(str(name), [row for row in shown if row["organ"] == name])
    stdout().print(f"{len(rows)} results: {_counted(shown)}")


def _write_page(folder: Path, rows: Any, draws: int) -> None:
    from vagus.report.provenance import run_facts
    from vagus.report.validation_content import ValidationReport
    from vagus.report.validation_html import write_validation

    try:
        folder.mkdir(parents=True, exist_ok=True)
        page = write_validation(folder, ValidationReport(rows, draws, 0, run_facts(0, {})))
    except OSError as error:
        raise VagusError(f"could not write the page to {folder}: {error.strerror}.") from error
    stderr().print(f"page: {page}", soft_wrap=True)


def _print(organ: str, rows: list[dict[str, Any]]) -> None:
    shown = [
        (
            row["study"],
            f"{row['quantity']} ({row['unit']})",
            _interval(row, "measured"),
            row["problem"] or _interval(row, "simulated"),
            row["role"],
            row["mark"],
            row["verdict"],
        )
        for row in rows
    ]
    columns = ("study", "quantity", ">measured", ">simulated", "role", "mark", "verdict")
    stdout().print(table(f"{organ}: {_counted(rows)}", columns, shown))


def _interval(row: dict[str, Any], of: str) -> str:
    """A value and its interval; "-" where the simulation gave none."""
    middle, low, high = (row[key] for key in (of, f"{of}_low", f"{of}_high"))
    if middle is None or low is None or high is None:
        return "-"
    return f"{middle:.3g}" if low == high else f"{middle:.3g} ({low:.3g} to {high:.3g})"


def _counted(rows: list[dict[str, Any]]) -> str:
    verdicts = Counter(row["verdict"] for row in rows)
    return ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
