"""What the page of `vagus run` shows, gathered from a run of the chain."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vagus.body import latex
from vagus.body.drive import CHANNELS
from vagus.body.full import ORGANS, full_body
from vagus.body.outcome import interval
from vagus.body.parameter_table import ParameterRow, parameter_table
from vagus.credibility.applicability import applicability
from vagus.data import read_table
from vagus.errors import VagusError
from vagus.protocol.finding import Finding as DeviceFinding
from vagus.protocol.schedule import DAY_S
from vagus.report import course_content as content
from vagus.report.adapt import safety_facts
from vagus.report.content import Fact
from vagus.report.course_html import write_course_report
from vagus.report.course_words import headline
from vagus.report.figures.course import words
from vagus.report.provenance import run_facts
from vagus.study import Study
from vagus.suitability.regulatory import REGION_NAMES

__all__ = ["course_report", "headline", "write_page"]

if TYPE_CHECKING:
    from vagus.chain import ChainRun

SEVERITY = {"error": "stop", "warning": "caution", "unknown": "note"}
UNIT_WORDS = {"NRS": "NRS points", "days/28 d": "days per 28 days"}
CHANNEL_WORDS = {
    "u_A": "myelinated, from lungs, airways and great vessels to the brainstem",
    "u_C": "unmyelinated, mostly from the gut to the brainstem",
    "u_B": "myelinated, to the sinus node",
    "u_S": "to the spleen by way of the coeliac ganglion",
    "u_E": "from the skin of the ear to the brainstem",
}


def write_page(page: content.CourseReport, folder: Path) -> Path:
    """Write report.html and figures into ``folder``; returns the page's path."""
    try:
        return write_course_report(folder, page)
    except OSError as error:
        raise VagusError(
            f"could not write the report to {folder}: {error.strerror}. Free some space and run "
            "the same command again; arms that are done are kept."
        ) from error


def course_report(run: ChainRun) -> content.CourseReport:
    """The run as the values that its page shows."""
    study, protocol, arms = run.study, run.protocol, run.arms
    model = full_body()
    return content.CourseReport(
        title=study.title or f"{study.device.name} in {run.condition.name}",
        given=_given(study),
        condition=_condition(run),
        study=_study_facts(run),
        device=(*(Fact(*row) for row in protocol.setting_rows()), *safety_facts(protocol)),
        drive=_drive_rows(run),
        active=arms.active,
        sham=arms.sham,
        natural=arms.natural,
        outcomes=_outcomes(run),
        links=_links(run),
        draws=len(run.draws),
        run=run_facts(study.seed, run.seconds),
        end_s=run.end_s,
        sessions_s=_windows(run, run.study.horizon_s),
        decomposition=arms.decomposition,
        other_parts=[
            replace(made_of, outcome=words(name))
            for name, made_of in arms.decompositions.items()
            if name != "outcome"
        ],
        ablations=[content.Ablation(k, interval(v)) for k, v in arms.ablated.items()],
        fast=run.fast,
        fast_sessions_s=_windows(run, float(run.fast.time_s[-1])),
        failed=tuple(Counter(arms.failed.values()).items()),
        recruitment=None if run.recruited is None else run.recruited.recruitment,
        current_mA=protocol.current_mA,
        seed=study.seed,
        safety=[_finding(f) for f in protocol.findings()],
        applicability=applicability(study),
        regulators=[
            (REGION_NAMES[region], status.sentence) for region, status in run.regulators().items()
        ],
        device_key=study.device.key,
        warnings=[str(f) for f in protocol.findings()],
        limits=[*_of_the_nerve(run), *(r["text"] for r in read_table("report/course_limits.csv"))],
        parameters=_parameters(run),
        equations=[(organ().name, list(latex.equations(organ()).values())) for organ in ORGANS],
        citations=sorted({q.reference for q in model.quantities.values() if "doi" in q.reference}),
    )


def _given(study: Study) -> str:
    s = study.stimulation
    days = s.duration_s / DAY_S
    length = f"{days / 7:g} weeks" if days >= 14 else f"{days:g} day{'' if days == 1 else 's'}"
    return f"{length} of {study.device.name} at {s.current_mA:g} mA"


def _condition(run: ChainRun) -> content.Condition:
    c = run.condition
    return content.Condition(
        c.name, c.outcome, UNIT_WORDS.get(c.unit, c.unit), c.mean, c.sd, c.evidence,
        smallest_noticed=c.smallest_noticed, smallest_noticed_source=c.smallest_noticed_source,
    )  # fmt: skip


def _study_facts(run: ChainRun) -> tuple[Fact, ...]:
    study, c = run.study, run.condition
    s = study.stimulation
    asked = [
        Fact("device", study.device.name),
        Fact("current", f"{s.current_mA:g} mA"),
        Fact("frequency", f"{s.frequency_Hz:g} Hz"),
        Fact("nerve", study.nerve.name or "none: recruitment from a documented prior"),
        Fact("condition", c.name, c.source, c.mark),
        Fact("baseline", f"{c.outcome} {c.mean:g} {c.unit}, SD {c.sd:g}", c.source, c.mark),
        Fact("read as", f"mean over {c.recall_d:g} days", c.recall_source),
        Fact("stimulation", f"{s.duration_s / DAY_S:g} days"),
        Fact("follow-up", f"{study.body.follow_up_s / DAY_S:g} days"),
        Fact("on-time a day", _on_time(run)),
    ]
    asked += [Fact(k, "on" if v else "off", "the study") for k, v in study.body.links.items()]
    asked += [Fact(k, f"{v:g}", "the study") for k, v in study.body.parameters.items()]
    filled = [Fact(f"{d.field} (default)", str(d.value), d.source, d.mark) for d in study.defaults]
    return (*asked, *filled)


def _on_time(run: ChainRun) -> str:
    schedule, duration = run.drive.schedule, run.study.stimulation.duration_s
    minutes = schedule.on_time_s(0.0, duration) / max(duration / DAY_S, 1.0) / 60.0
    return f"{minutes:.3g} min"


def _drive_rows(run: ChainRun) -> list[content.DriveRow]:
    drive = run.drive
    return [
        content.DriveRow(
            channel,
            CHANNEL_WORDS[channel],
            interval(drive.fraction(channel)),
            interval(drive.rate_Hz(channel)),
            "computed from the nerve" if drive.source == "nerve" else f"prior `{drive.prior}`",
            "derived" if drive.source == "nerve" else "assumed",
        )
        for channel in CHANNELS
        if channel not in drive.absent
    ]


def _outcomes(run: ChainRun) -> list[content.OutcomeRow]:
    first, *others = run.changes
    c = _condition(run)
    rows = [
        content.outcome_row(
            c.outcome, c.unit, first.active, first.sham, c.better, c.smallest_noticed
        )
    ]
    return rows + [content.outcome_row(words(o.name), o.unit, o.active, o.sham) for o in others]


def _links(run: ChainRun) -> list[content.Link]:
    return [
        content.Link(
            row["symbol"], row["from"], row["to"], row["grade"],
            bool(np.any(run.draws[row["symbol"]])), row["claim"], row["evidence"],
        )
        for row in read_table("body/links.csv")
    ]  # fmt: skip


def _finding(found: DeviceFinding) -> content.Finding:
    return content.Finding(SEVERITY[found.level], f"{found.field}: {found.message}")


def _of_the_nerve(run: ChainRun) -> list[str]:
    """What the nerve's own run had to remark, besides what is said of device and safety."""
    said = {str(f) for f in run.protocol.findings()}
    return [f"Nerve: {text}." for text in run.warnings if text not in said]


def _windows(run: ChainRun, stop_s: float) -> NDArray[np.float64]:
    """[n, 2] on-times that begin before ``stop_s``."""
    edges = run.drive.schedule.edges_s
    return np.asarray(edges[edges[:, 0] < stop_s])


def _parameters(run: ChainRun) -> list[ParameterRow]:
    """The tables' rows; what the condition replaces is shown with the condition's source."""
    rows = []
    for row in parameter_table(full_body()):
        own = run.condition.parameters.get(row.symbol)
        if own is not None:
            row = replace(
                row,
                value=f"{own.default:g}",
                distribution=own.distribution,
                reference=own.source,
                mark=own.mark,
            )
        rows.append(row)
    return rows
