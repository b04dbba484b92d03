"""``vagus check`` and ``vagus recruit``: a study file, read and run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vagus.commands.output import AsJson, print_json, reported, stdout, table, warn
from vagus.commands.progress import progress_bars

if TYPE_CHECKING:
    from vagus.study import Study

DAY_S = 86_400.0
StudyPath = Annotated[Path, typer.Argument(metavar="STUDY.yaml", help="The study file.")]


@reported
def check(study: StudyPath, as_json: AsJson = False) -> None:
    """Read a study without running it: protocol, defaults with their sources, safety.

    All problems of the file are reported at once, each with its line. Values beyond a range that
    was read in the device's own documents are such problems, with exit code 2. What else is found
    (beyond a range from memory, above a limit, unknown) is a result, as in `vagus run`: it is
    printed as error, warning or unknown, and the exit code is 0.
    """
    from vagus.protocol.safety import safety_lines
    from vagus.study import load_study

    read = load_study(study)
    protocol = read.protocol()
    summary, findings = protocol.summary(), protocol.findings()
    trial = _trial_rows(read)
    if as_json:
        keys = ("what", "value", "remark")
        print_json(
            {
                "study": str(study),
                "title": read.title,
                "protocol": [dict(zip(keys, row, strict=True)) for row in summary],
                "body": dict(_body_rows(read)),
                "trial": dict(trial) or None,
                "defaults": [asdict(d) for d in read.defaults],
                "safety": [asdict(line) for line in safety_lines(protocol)],
                "findings": [asdict(f) for f in findings],
            }
        )
        return
    out = stdout()
    out.print(table(read.title or str(study), ("", "", "source or remark"), summary))
    out.print(table("Body", ("", ""), _body_rows(read)))
    if trial:
        out.print(table("Trial", ("", ""), trial))
    defaults = [(d.field, d.value, d.mark, d.source) for d in read.defaults]
    if defaults:
        out.print(table("Not in the file", ("field", "value", "mark", "source"), defaults))
    for finding in findings:
        warn(str(finding))


@reported
def recruit(
    study: StudyPath,
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where results go.", show_default="runs/STUDY"),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads.", show_default="one per core")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Threshold of every fibre, recruitment at the study's current, figures and report.

    Writes fibres.parquet, summary.json, study.yaml, figures and report.html. Finished batches of
    fibres are kept: after Ctrl-C or a full disk the same command goes on where it was.
    """
    from vagus.study import load_study

    read = load_study(study)
    folder = out if out is not None else Path("runs") / study.stem
    summary = _run(read, folder, workers)
    for warning in summary["warnings"]:
        warn(warning)
    if as_json:
        print_json(summary)
        return
    _print(summary)
    stdout().print(f"report: {summary['report']}", soft_wrap=True)


def _trial_rows(read: Study) -> list[tuple[str, str]]:
    """What the study says of its trial, which is built in passing; nothing where it has none."""
    if read.trial is None:
        return []
    from vagus.virtual_trial import design_of

    design = design_of(read)
    arms = ", ".join(f"{arm.name} ({arm.role}, {arm.n})" for arm in design.arms)
    visits = ", ".join(f"{day:g}" for day in design.visits_d)
    return [
        ("kind", design.kind),
        ("arms", arms),
        ("visits, days", visits),
        ("analysis", f"{design.analysis}, alpha {design.alpha:g}, sides {design.sides}"),
        ("estimand", design.estimand.sentence()),
    ]


def _body_rows(read: Study) -> list[tuple[str, str]]:
    """What the study says of patient and body: rows (what, value)."""
    body = read.body
    recruitment = "computed" if read.prior is None else f"prior `{read.prior}`"
    rows = [
        ("recruitment", recruitment),
        ("condition", read.patient.condition or "not given"),
        ("draws", str(body.draws)),
        ("follow-up", f"{body.follow_up_s / DAY_S:g} days"),
    ]
    rows += [(f"link {name}", "on" if on else "off") for name, on in body.links.items()]
    rows += [(f"parameter {name}", f"{value:g}") for name, value in body.parameters.items()]
    if body.lps is not None:
        lps = body.lps
        given = f"{lps.dose_ng_per_kg:g} ng/kg from {lps.at_s:g} s, over {lps.infusion_s:g} s"
        rows.append(("endotoxin", given))
    return rows


def _run(read: Study, folder: Path, workers: int | None) -> dict[str, Any]:
    from vagus.pipeline import recruit

    try:
        with progress_bars() as tell:
            return recruit(read, folder, progress=tell, workers=workers).summary()
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(
            f"stopped. Finished batches are kept in {folder / 'shards'}; the same command goes on "
            "from there."
        ) from interrupt


def _print(summary: dict[str, Any]) -> None:
    """Recruitment at the study's current: classes, and functional groups below each."""
    rows = []
    for row in summary["recruitment"]:
        share, half = row["share"], row["currents_mA"][1]
        rows.append(
            (
                f"  {row['group']}" if row["group"] else row["fibre_class"],
                str(row["fibres"]),
                _percent(share["middle"]),
                f"{_percent(share['lower'])} to {_percent(share['upper'])}",
                f"> {summary['max_current_mA']:g}" if half is None else f"{half:.3g}",
            )
        )
    title = f"{summary['fibres']} fibres at {summary['current_mA']:g} mA"
    columns = ("class, group", ">fibres", ">recruited", ">5-95 % band", ">half at, mA")
    stdout().print(table(title, columns, rows))
    aims = [
        (row["aim"], str(row["fibres"]), _percent(value["wanted"]), _percent(value["unwanted"]))
        for row in summary["selectivity"]
        for value in (row["value"],)
    ]
    beside = ("aim", ">fibres", ">recruited", ">laryngeal motor fibres")
    stdout().print(table("Selectivity", beside, aims))


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"
