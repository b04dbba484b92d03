"""``vagus evidence``: the published trials with their provenance, listed, detailed or pooled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vagus.commands.evidence_print import print_detail, print_list, print_pool
from vagus.commands.output import AsJson, print_json, reported, stderr
from vagus.errors import InputError, VagusError

if TYPE_CHECKING:
    from vagus.evidence.published import Rebuilt
    from vagus.evidence.synthesis import Synthesis
    from vagus.evidence.tables import Trial

METHOD, LEVEL = "REML", 0.95
"""How it is pooled where no option says otherwise."""

Condition = Annotated[
    str,
    typer.Option(metavar="NAME", help="A group (migraine, arthritis ...) or words of a condition."),
]
DeviceClass = Annotated[str, typer.Option(metavar="CLASS", help="For example cervical_nVNS.")]
DesignKind = Annotated[
    str,
    typer.Option("--design", metavar="KIND", help="controlled or open-label (no control group)."),
]
Outcome = Annotated[
    str, typer.Option(metavar="DOMAIN", help="Trials with rows of it: pain, mood ...")
]
Trials = Annotated[
    list[str] | None,
    typer.Option("--trial", metavar="KEY", help="One: in detail. Several: list or pool these."),
]
Provenance = Annotated[
    bool, typer.Option("--provenance", help="With --trial: every number with where it was read.")
]
Pool = Annotated[
    str,
    typer.Option(
        metavar="ENDPOINT", help="Pool pain, headache-days, responders, acute, function or mood."
    ),
]
Measure = Annotated[
    str, typer.Option(metavar="NAME", help="SMD, MD, OR, RR or RD, as the endpoint allows.")
]
Method = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Variance between trials: REML, DL, PM, FE (none) ...",
        show_default=METHOD,
    ),
]
Judge = Annotated[
    str | None,
    typer.Option(
        "--test",
        metavar="NAME",
        help="knapp-hartung, ad hoc or z.",
        show_default="knapp-hartung, z with FE",
    ),
]
Level = Annotated[
    float | None,
    typer.Option(metavar="SHARE", help="Level of all intervals.", show_default=f"{LEVEL:g}"),
]
Also = Annotated[
    list[str] | None,
    typer.Option(metavar="KIND", help="Pool as well what is kept apart: sensitivity, context."),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="With --pool: write evidence.html with figures here."),
]


@reported
def evidence(
    condition: Condition = "", device_class: DeviceClass = "", design: DesignKind = "",
    outcome: Outcome = "", trial: Trials = None, provenance: Provenance = False, pool: Pool = "",
    measure: Measure = "", method: Method = None, test: Judge = None, level: Level = None,
    also: Also = None, out: Out = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Published trials, what they report and where it was read; pooled with `--pool`.

    Numbers are marked seen, derived or recalled; recalled numbers enter no fit. Changes within one
    arm (open-label trials) are shown as such, never as effects of stimulation.
    """
    from vagus.evidence.published import rebuilt
    from vagus.evidence.synthesis import synthesise
    from vagus.evidence.tables import evidence as shipped

    keys = trial or []
    if pool:
        listing = {"--design": design, "--outcome": outcome, "--provenance": provenance}
        _refuse(listing, "only without --pool", "Leave it out: the endpoint says what is pooled.")
        made = synthesise(
            pool, measure=measure, condition=condition, device_class=device_class, trials=keys,
            also=also or [], tau2=METHOD if method is None else method, test=test,
            level=LEVEL if level is None else level,
        )  # fmt: skip
        asked = [part for part in (condition, device_class, ", ".join(keys)) if part]
        _pool(made, rebuilt(pool), "; ".join(asked) or "all conditions", out, as_json)
        return
    pooling = {
        "--measure": measure, "--method": method, "--test": test, "--level": level,
        "--also": also, "--out": out,
    }  # fmt: skip
    _refuse(pooling, "only together with --pool", "Say what to pool.")
    table = shipped()
    chosen = [table.trial(key) for key in keys]
    filters = {
        "--condition": condition, "--device-class": device_class, "--design": design,
        "--outcome": outcome,
    }  # fmt: skip
    if len(chosen) == 1:
        _refuse(filters, "only where trials are listed", "Leave it out, or name several trials.")
        _detail(chosen[0], provenance, as_json)
        return
    _refuse({"--provenance": provenance}, "only with one --trial", "Name the trial to show.")
    found = table.find(condition, device_class, design, outcome)
    everything = not (keys or any(filters.values()))
    _list([t for t in found if not chosen or t in chosen], everything, as_json)


def _refuse(options: Mapping[str, object], allowed: str, fix: str) -> None:
    """`InputError` for the first of ``options`` that is given, where it would change nothing."""
    for option, value in options.items():
        said = ", ".join(value) if isinstance(value, list) else value
        if said is not None and said is not False and said != "":
            raise InputError(option, "given" if said is True else said, allowed, fix)


def _list(trials: Sequence[Trial], everything: bool, as_json: bool) -> None:
    from vagus.evidence.published import published
    from vagus.evidence.summary import published_summary, trial_summary
    from vagus.evidence.words import verdicts

    said = verdicts([trial.group for trial in trials]) if trials else ()
    pooled = [one for one in published() if everything and one.estimate.known]
    if not as_json:
        print_list(trials, said, pooled)
        return
    print_json(
        {
            "trials": [trial_summary(trial) for trial in trials],
            "verdicts": [vars(verdict) for verdict in said],
            "meta_analyses": [published_summary(one) for one in pooled],
        }
    )


def _detail(trial: Trial, provenance: bool, as_json: bool) -> None:
    from vagus.evidence.summary import detail_summary
    from vagus.evidence.tables import evidence as shipped

    if as_json:
        print_json(detail_summary(trial, shipped()))
    else:
        print_detail(trial, shipped(), provenance)


def _pool(
    made: Synthesis, beside: Sequence[Rebuilt], asked: str, out: Path | None, as_json: bool
) -> None:
    from vagus.evidence.summary import synthesis_summary

    if out is not None:
        _write_page(out, made, beside, asked)
    if as_json:
        print_json(synthesis_summary(made, beside))
    else:
        print_pool(made, beside)


def _write_page(folder: Path, made: Synthesis, beside: Sequence[Rebuilt], asked: str) -> None:
    from vagus.report.evidence_content import EvidenceReport
    from vagus.report.evidence_html import write_evidence
    from vagus.report.provenance import run_facts

    try:
        folder.mkdir(parents=True, exist_ok=True)
        run = run_facts(0, {})[1:]  # without the seed: nothing here is drawn
        page = write_evidence(folder, EvidenceReport(made, asked, beside, run))
    except OSError as error:
        raise VagusError(f"could not write the page to {folder}: {error.strerror}.") from error
    stderr().print(f"page: {page}", soft_wrap=True)
