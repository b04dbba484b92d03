"""``vagus trial``: run a virtual trial, freeze predictions of published designs, score them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Any

import typer

from vagus.commands.output import (
    EXIT_CODES,
    AsJson,
    print_json,
    reported,
    stderr,
    stdout,
    table,
    warn,
)
from vagus.commands.progress import progress_bars
from vagus.errors import InputError, VagusError

trial = typer.Typer(
    name="trial",
    help="Virtual trials: run one, freeze predictions of published designs, score predictions.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)

StudyPath = Annotated[
    Path, typer.Argument(metavar="STUDY.yaml", help="A study file with a `trial` section.")
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Where results go.", show_default="runs/STUDY"),
]
Replicates = Annotated[
    int | None, typer.Option(min=2, help="Virtual trials.", show_default="the study's, else 1000")
]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads.", show_default="one per core")]
Key = Annotated[
    str | None, typer.Argument(metavar="KEY", help="One design; without it, all of them.")
]
Folder = Annotated[Path, typer.Option(metavar="DIR", help="Where predictions are written.")]
People = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="Keep simulated people here, to go on after a stop."),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything drawn.")]
Pools = Annotated[int | None, typer.Option(min=1, help="Cohorts of different people.")]
Populations = Annotated[int | None, typer.Option(min=1, help="Populations in each cohort.")]
Patients = Annotated[int | None, typer.Option(min=2, help="Patients in each population.")]
Trials = Annotated[int | None, typer.Option(min=2, help="Virtual trials of each cohort.")]
Predictions = Annotated[
    Path | None,
    typer.Argument(metavar="PREDICTIONS", help="Folder that `vagus trial predict` wrote."),
]
Results = Annotated[
    Path | None,
    typer.Argument(metavar="RESULTS.csv", help="What the trials found; docs/predictions.md."),
]
LeaveOneOut = Annotated[
    bool,
    typer.Option("--leave-one-out", help="Score calibration trials, each forecast without itself."),
]
ScoreOut = Annotated[
    Path | None, typer.Option(metavar="DIR", help="Write score.html with figures here.")
]


@trial.command(epilog=EXIT_CODES)
@reported
def run(
    study: StudyPath,
    out: Out = None,
    replicates: Replicates = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Test what a study does in virtual patients: power, type I error, an example trial.

    Writes a report, and one trial as ADaM-shaped tables. People that are simulated are kept: after
    Ctrl-C the same command goes on where it was.
    """
    from vagus.study import load_study

    read = load_study(study)
    folder = out if out is not None else Path("runs") / study.stem
    summary = _run(read, folder, replicates, workers)
    for warning in summary["warnings"]:
        warn(warning)
    if as_json:
        print_json(summary)
        return
    _print_run(summary)
    stdout().print(f"report: {summary['report']}", soft_wrap=True)


def _run(read: Any, folder: Path, replicates: int | None, workers: int | None) -> dict[str, Any]:
    from vagus.virtual_trial import run_trial

    try:
        with progress_bars() as tell:
            done = run_trial(read, folder, replicates=replicates, progress=tell, workers=workers)
            return done.summary()
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(_goes_on(folder)) from interrupt


def _goes_on(folder: Path | None) -> str:
    if folder is None:
        return "stopped. Nothing was kept; give --people DIR to keep simulated people."
    return f"stopped. People that are simulated are kept in {folder}; the same command goes on."


def _print_run(summary: dict[str, Any]) -> None:
    stdout().print(summary["headline"], soft_wrap=True)
    stdout().print(summary["estimand"], soft_wrap=True)
    effect, null = summary["under_effect"], summary["under_null"]
    rows = [
        ("benefit shown", _share(effect["success"]), _share(null["success"])),
        ("null rejected, either way", _share(effect["rejected"]), _share(null["rejected"])),
        ("mean estimate", _mean(effect["estimate"]), _mean(null["estimate"])),
        ("coverage of the interval", _share(effect["coverage"]), _share(null["coverage"])),
        ("patients who left", f"{100 * effect['left']:.0f} %", f"{100 * null['left']:.0f} %"),
    ]
    if effect["stops"]:
        first, second = (_mean(behaviour["stops"]["expected_n"]) for behaviour in (effect, null))
        rows.append(("patients when it stops", first, second))
    title = f"{summary['replicates']} virtual trials (Monte-Carlo standard error)"
    columns = ("", ">with this effect", ">with no effect")
    stdout().print(table(title, columns, rows))
    if summary["power_curve"]:
        points = [
            (f"{p['x']:g}", str(p["replicates"]), _share(p["power"]), _share(p["type_i_error"]))
            for p in summary["power_curve"]
        ]
        over = (">patients", ">virtual trials", ">benefit shown", ">type I error")
        stdout().print(table("Over the number of patients", over, points))


@trial.command(epilog=EXIT_CODES)
@reported
def predict(
    key: Key = None,
    out: Folder = Path("predictions"),
    seed: Seed = 0,
    people: People = None,
    pools: Pools = None,
    populations: Populations = None,
    patients: Patients = None,
    trials: Trials = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Freeze what nine published designs would report, before their results are looked at.

    One file per design, with a content hash: means, spreads, intervals, probabilities, the three
    baselines, and everything that had to be assumed.
    """
    from vagus.prediction import predict_designs

    try:
        with progress_bars() as tell:
            rows = predict_designs(
                key, out, seed=seed, size=_size(pools, populations, patients, trials),
                people=people, progress=tell, workers=workers,
            )  # fmt: skip
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(_goes_on(people)) from interrupt
    if as_json:
        print_json({"folder": str(out), "predictions": rows})
        return
    columns = ("design", "endpoint", "arm", ">what", ">predicted (95 %)", ">P(met)", "hash")
    shown = [
        (r["trial"], r["endpoint"], r["arm"], r["quantity"], _interval(r), _percent(r["met"]),
         r["hash"][:12])
        for r in rows
    ]  # fmt: skip
    stdout().print(table(f"Frozen in {out}", columns, shown))


@trial.command(epilog=EXIT_CODES)
@reported
def score(
    predictions: Predictions = None,
    results: Results = None,
    leave_one_out: LeaveOneOut = False,
    out: ScoreOut = None,
    seed: Seed = 0,
    people: People = None,
    pools: Pools = None,
    populations: Populations = None,
    patients: Patients = None,
    trials: Trials = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Hold frozen predictions against results: coverage, CRPS, log score, three baselines.

    Or, with `--leave-one-out`, calibration trials that are each forecast without themselves.
    """
    from vagus.prediction import score_leave_one_out, score_predictions, write_score

    if leave_one_out == (predictions is not None):
        allowed = "PREDICTIONS and RESULTS.csv, or --leave-one-out"
        given = "both" if leave_one_out else "nothing"
        raise InputError("what to score", given, allowed)
    if leave_one_out:
        try:
            with progress_bars() as tell:
                found = score_leave_one_out(
                    seed=seed, size=_size(pools, populations, patients, trials), people=people,
                    progress=tell, workers=workers,
                )  # fmt: skip
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(_goes_on(people)) from interrupt
    else:
        assert predictions is not None
        if results is None:
            raise InputError("RESULTS.csv", "missing", "a file as docs/predictions.md says")
        found = score_predictions(predictions, results)
    if out is not None:
        try:
            page = write_score(out, found)
        except OSError as error:
            raise VagusError(f"could not write the page to {out}: {error.strerror}.") from error
        stderr().print(f"page: {page}", soft_wrap=True)
    if as_json:
        print_json(found.as_dict())
        return
    _print_score(found.as_dict())


def _size(
    pools: int | None, populations: int | None, patients: int | None, trials: int | None
) -> Any:
    from vagus.trial.forecast import Size

    usual = Size.usual()
    return Size(
        pools or usual.pools, populations or usual.populations, patients or usual.patients,
        trials or usual.replicates,
    )  # fmt: skip


def _print_score(found: dict[str, Any]) -> None:
    stdout().print(found["verdict"], soft_wrap=True)
    if found["results"]:
        _print_results(found)
    for trial, why in found["known_before"].items():
        stdout().print(f"{trial}: {why}", soft_wrap=True)
    for row in found["unscored"]:
        what = ", ".join((row["trial"], row["arm"], row["quantity"]))
        stdout().print(f"not scored: {what}: {row['reason']}", soft_wrap=True)


def _print_results(found: dict[str, Any]) -> None:
    rows = [
        (r["trial"], r["arm"], r["quantity"], f"{r['value']:.3g}",
         *(_scored(r["forecasters"].get(name)) for name in found["forecasters"]))
        for r in found["results"]
    ]  # fmt: skip
    columns = ("trial", "arm", "what", ">found", *(f">{name}" for name in found["forecasters"]))
    stdout().print(table("Median and 95 % interval, CRPS per SD", columns, rows))
    means = [
        (m["forecaster"], str(m["results"]), _number(m["crps"]), _number(m["log_score"]),
         *(_percent(m["coverage"][level]) for level in ("50", "80", "95")))
        for m in found["means"]
    ]  # fmt: skip
    columns = (
        "forecaster", ">results", ">mean CRPS", ">mean log score", ">in 50 %", ">in 80 %",
        ">in 95 %",
    )  # fmt: skip
    stdout().print(table("Over results, trials weighing alike (less is better)", columns, means))


def _scored(one: dict[str, Any] | None) -> str:
    if one is None:
        return "-"
    return f"{one['median']:.2g} ({one['low']:.2g} to {one['high']:.2g}), {one['crps']:.2g}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _share(estimate: dict[str, Any]) -> str:
    value, se = estimate["value"], estimate["se"]
    if value is None:
        return "-"
    return f"{100 * value:.1f} ({100 * se:.1f}) %" if se is not None else f"{100 * value:.1f} %"


def _mean(estimate: dict[str, Any]) -> str:
    value, se = estimate["value"], estimate["se"]
    if value is None:
        return "-"
    if not se:
        return f"{value:.3g}"
    # No more digits than its error has: what is left of nothing is not shown as a number.
    digits = max(0, 1 - math.floor(math.log10(se)))
    return f"{value:z.{digits}f} ({se:.2g})"


def _interval(row: dict[str, Any]) -> str:
    return f"{row['median']:.3g} ({row['low']:.3g} to {row['high']:.3g})"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
