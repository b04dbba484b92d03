"""``vagus report credibility``: how far to believe a result, and why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vagus.commands.output import AsJson, print_json, reported, stdout, table, warn
from vagus.commands.progress import progress_bars

if TYPE_CHECKING:
    from vagus.study import Study

StudyPath = Annotated[
    Path | None,
    typer.Argument(metavar="STUDY.yaml", help="A study; without it, the model whatever is asked."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where the page goes.",
        show_default="runs/STUDY-credibility, or runs/credibility",
    ),
]
Samples = Annotated[
    int | None,
    typer.Option(
        min=2,
        help="Base sample of the sensitivity, a power of two.",
        show_default="1024",
    ),
]
Draws = Annotated[int, typer.Option(min=2, help="Draws behind each row of the validation.")]
DRAWS = 200
"""As the documentation counts; a test holds it to that of the page."""
Workers = Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="one per core")]


@reported
def credibility(
    study: StudyPath = None,
    out: Out = None,
    samples: Samples = None,
    draws: Draws = DRAWS,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """How far to believe the model, or what it gives for a study, as html and json.

    Context of use, what is assumed, verification, calibration, validation with its failures, and
    rubrics; for a study also how far its protocol lies from anything validated, and the parameters
    that its outcome depends on most. A check or a result that fails is a finding: the exit code is
    0. What is finished is kept: after Ctrl-C the same command goes on where it was.
    """
    from vagus.study import load_study

    read = None if study is None else load_study(study)
    name = "credibility" if study is None else f"{study.stem}-credibility"
    folder = out if out is not None else Path("runs") / name
    summary = _assess(read, folder, samples, draws, workers)
    if draws < DRAWS:
        warn(f"{draws} draws: counts of the validation may differ by a row or two from {DRAWS}")
    for part, why in summary["problems"].items():
        warn(f"{part} could not be worked out: {why}")
    if as_json:
        print_json(summary)
        return
    _print(summary)
    stdout().print(f"report: {summary['report']}", soft_wrap=True)


def _assess(
    read: Study | None, folder: Path, samples: int | None, draws: int, workers: int | None
) -> dict[str, Any]:
    from vagus.assessment import assess

    try:
        with progress_bars() as tell:
            done = assess(read, folder, base=samples, draws=draws, progress=tell, workers=workers)
            return done.summary()
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(
            f"stopped. Fibres and evaluations that are finished are kept in {folder}; the same "
            "command goes on from there."
        ) from interrupt


def _print(summary: dict[str, Any]) -> None:
    """The verdict, then what it is made of."""
    out = stdout()
    out.print(summary["headline"], soft_wrap=True, markup=False)
    if summary["applicability"] is not None:
        lights = summary["applicability"]["lights"]
        rows = [(row["dimension"], row["colour"], row["asked"], row["reason"]) for row in lights]
        columns = ("dimension", "light", "asked", "reason")
        out.print(table("How far the protocol lies from anything validated", columns, rows))
    for found in summary["sensitivity"]:
        out.print(_influences(found))
    shares = summary["parameters"]["shares"]
    pain = summary["parameters"]["pain"]
    if pain["total"]:
        out.print(
            f"{pain['total']} parameters that pain rests on: {_marks(pain['shares'])}; of "
            f"{pain['spread_assumed']} more the spread is assumed", soft_wrap=True
        )  # fmt: skip
    every = len(summary["parameters"]["rows"])
    out.print(f"{every} parameters in all: {_marks(shares)}", soft_wrap=True)
    for role, words in (("validate", "held out"), ("calibrate", "known before")):
        counts = summary["validation"]["verdicts"][role]
        said = ", ".join(f"{number} {verdict}" for verdict, number in counts.items())
        out.print(f"published results {words}: {said}")
    checks = summary["verification"]
    out.print(
        f"checks of the program: {checks['passed']} passed, {checks['failed']} failed, "
        f"{checks['not_run']} not run here"
    )
    failed = [row for row in checks["rows"] if row["passed"] is False]
    if failed:
        rows = [(row["part"], row["what"], _measured(row), row["against"]) for row in failed]
        out.print(table("Checks that failed", ("part", "what", ">measured", "against"), rows))


def _marks(shares: dict[str, float]) -> str:
    return ", ".join(f"{mark.replace('_', ' ')} {share:.0%}" for mark, share in shares.items())


def _measured(check: dict[str, Any]) -> str:
    """What a failed check gave; nothing where it could not be worked out."""
    value = check["measured"]
    return "-" if value is None else f"{value:.3g} {check['unit']}".rstrip()


def _influences(found: dict[str, Any]) -> Any:
    from vagus.report.credibility_content import TOP

    rows = [
        (row["symbol"], row["description"], _index(row["total"]),
         _index(row["first"]), row["mark"] + (", spread assumed" if row["spread"] else ""))
        for row in found["influences"][:TOP]
    ]  # fmt: skip
    columns = ("symbol", "what it is", ">total", ">first order", "mark")
    return table(f"What {found['outcome']} depends on", columns, rows)


def _index(value: float | None) -> str:
    """As on the page: what is not nothing is not rounded to it."""
    if value is None:
        return "-"
    return "<0.01" if 0 < value < 0.005 else f"{value:z.2f}"
