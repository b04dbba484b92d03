"""What the recruitment report shows beyond thresholds: strength-duration, the perineurium's rule.

Both are worked out on a sample of fibres: they say how much a setting matters, not which one fires.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vagus.errors import InputError, VagusError
from vagus.fibre.solve import SolverSettings, solve_population
from vagus.fibre.strength_duration import StrengthDuration
from vagus.protocol.waveform import monophasic
from vagus.report.adapt import cuff_drawing, field_profile, potential_map, safety_facts
from vagus.report.content import Fact, Report, Stimulus
from vagus.report.html import write_report
from vagus.report.provenance import population_facts, run_facts, table_facts
from vagus.report.style import class_name
from vagus.study import Study

if TYPE_CHECKING:
    from vagus.pipeline import RecruitRun

PULSE_WIDTHS_US = (50.0, 100.0, 200.0, 400.0, 800.0)
SAMPLE = 16
"""Fibres per group in strength-duration and in the sweep of the perineurium's rule."""
SWEPT = (("A-alpha", "laryngeal-motor"), ("B", "cardiac-efferent"))
SWEPT_RULES = ("human-fit", "3-percent", "measured")
PARAMETER_TABLES = (
    "field/tissues.csv",
    "field/perineurium.csv",
    "nerve/functional_groups.csv",
    "nerve/fibre_diameters.csv",
    "fibre/mrg_parameters.csv",
    "fibre/mrg_polynomials.csv",
)


def write_recruit_report(run: RecruitRun, folder: Path, settings: SolverSettings) -> Path:
    """Write report.html and figures into ``folder``; returns the page's path."""
    study, protocol = run.study, run.protocol
    used, others = population_facts(study.fibres.alternative, study.fibres.side)
    section = run.nerve.section
    report = Report(
        title=study.title or f"{study.device.name} on {section.name}",
        study=_study_facts(study),
        device=(*(Fact(*row) for row in protocol.setting_rows()), *safety_facts(protocol)),
        nerve=(*_section_facts(run), *used),
        alternatives=others,
        parameters=_parameters(study),
        run=run_facts(study.seed, run.seconds),
        section=section,
        recruitment=run.recruitment,
        stimulus=_stimulus(run),
        seed=study.seed,
        warnings=run.warnings,
        side=study.fibres.side,
        strength_duration=_strength_duration(run, settings),
    )
    if run.field is not None:
        report = replace(
            report,
            study=(*report.study, *_swept_rules(run, settings)),
            cuff=cuff_drawing(run.field.cuff, section, run.weights),
            field_profile=field_profile(
                run.basis, run.field.cuff, run.weights, run.nerve.population
            ),
            potential_map=potential_map(run.field, run.weights),
        )
    try:
        return write_report(folder, report)
    except OSError as error:
        raise VagusError(
            f"could not write the report to {folder}: {error.strerror}. Free some space and run "
            "the same command again; finished thresholds are kept."
        ) from error


def _study_facts(study: Study) -> tuple[Fact, ...]:
    """What was asked, and what was filled in from the device."""
    s, f = study.stimulation, study.field
    asked = [
        Fact("device", study.device.name),
        Fact("current", f"{s.current_mA:g} mA"),
        Fact("waveform", s.waveform),
        Fact("frequency", f"{s.frequency_Hz:g} Hz"),
        Fact("cathode", s.cathode),
        Fact("nerve", study.nerve.name or str(study.nerve.polygons or "from masks")),
        Fact("fibre counts", study.fibres.alternative),
        Fact("fibre models", ", ".join(str(v) for v in study.fibres.models.model_dump().values())),
        Fact("cuff", f.cuff or "none: potentials imported"),
        Fact("perineurium", f.perineurium[0]),
        Fact("under the cuff / around it", f"{f.lumen} / {f.surrounding}"),
        Fact("field resolution", f.resolution),
        Fact("time stepping", f"{study.solver.scheme}, tolerance {study.solver.tolerance:g}"),
    ]
    filled = [Fact(f"{d.field} (default)", str(d.value), d.source, d.mark) for d in study.defaults]
    return (*asked, *filled)


def _section_facts(run: RecruitRun) -> tuple[Fact, ...]:
    section = run.nerve.section
    mm2 = section.fascicular_area_um2 * 1e-6
    return (
        Fact("section", section.name, section.source, "", section.licence),
        Fact("equivalent diameter", f"{section.diameter_um * 1e-3:.2f} mm"),
        Fact("fascicles", f"{len(section.fascicles)}, {mm2:.3f} mm2 in all"),
        Fact("fibres simulated", str(len(run.nerve.population))),
    )


def _parameters(study: Study) -> tuple[Fact, ...]:
    tables = [*PARAMETER_TABLES, "fibre/unmyelinated.csv"]
    facts = [fact for name in tables for fact in table_facts(name)]
    if study.field.cuff is not None:
        facts += table_facts("field/cuffs.csv", {"cuff": study.field.cuff})
    return tuple(facts)


def _stimulus(run: RecruitRun) -> Stimulus:
    general = run.study.device.limits("current_mA")[:1]
    steps = [step for limit in general for _, _, step in limit.values if step > 0]
    width = run.study.stimulation.pulse_width_us or run.protocol.waveform.first_phase_us
    edges: NDArray[np.float64] = run.protocol.schedule.edges_s
    return Stimulus(
        run.protocol.waveform,
        run.protocol.current_mA,
        width,
        run.protocol.frequency_Hz,
        min(steps, default=0.0),
        edges,
    )


def _sample(run: RecruitRun, fibre_class: str, group: str = "") -> NDArray[np.int64]:
    """Up to `SAMPLE` fibres, evenly spread over the group's thresholds."""
    r = run.recruitment
    members = np.flatnonzero(r.mask(fibre_class, group) & np.isfinite(r.threshold_mA))
    ranked = members[np.argsort(r.threshold_mA[members])]
    if len(ranked) == 0:
        return ranked
    chosen = np.unique(np.linspace(0, len(ranked) - 1, SAMPLE).astype(int))
    return np.asarray(ranked[chosen])


def _strength_duration(run: RecruitRun, settings: SolverSettings) -> tuple[StrengthDuration, ...]:
    """Median threshold of a sample of each class at several pulse widths, monophasic pulses."""
    widths = np.array(PULSE_WIDTHS_US)
    curves = []
    for name in ("A-alpha", "A-beta", "A-delta", "B", "C"):
        chosen = _sample(run, name)
        if len(chosen) == 0:
            continue
        fibres, basis = run.nerve.population.select(chosen), run.basis.select(chosen)
        medians = [
            np.median(
                solve_population(
                    fibres, basis, run.weights, monophasic(width), settings
                ).threshold_mA
            )
            for width in widths.tolist()
        ]
        curves.append(StrengthDuration(class_name(name), name, widths, np.array(medians)))
    return tuple(curves)


def _swept_rules(run: RecruitRun, settings: SolverSettings) -> tuple[Fact, ...]:
    """Median thresholds of two groups under each rule for a human perineurium's thickness."""
    from vagus.pipeline import potentials

    chosen = {group: _sample(run, name, group) for name, group in SWEPT}
    index = np.concatenate(list(chosen.values()))
    if len(index) == 0:
        return ()
    fibres = run.nerve.population.select(index)
    few = replace(run.nerve, population=fibres)
    facts = []
    for rule in SWEPT_RULES:
        if rule == run.study.field.perineurium[0]:
            threshold = run.recruitment.threshold_mA[index]
        else:
            try:
                _, basis, weights = potentials(run.study, few, rule)
            except InputError:
                continue  # "measured", where the section carries no thickness
            threshold = solve_population(
                fibres, basis, weights, run.protocol.waveform, settings
            ).threshold_mA
        medians = ", ".join(
            f"{group} {np.median(threshold[fibres.group == group]):.2f} mA"
            for group in chosen
            if (fibres.group == group).any()
        )
        facts.append(Fact(f"sweep: perineurium by {rule}", medians, "computed in this run"))
    return tuple(facts)
