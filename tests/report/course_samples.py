"""A made-up run for the tests of the course report: its numbers are no result of the model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vagus.body.outcome import Course, Decomposition, Interval, interval
from vagus.body.parameter_table import ParameterRow
from vagus.credibility.applicability import Applicability
from vagus.credibility.light import Light
from vagus.data import read_table
from vagus.report.content import Fact
from vagus.report.course_content import (
    Ablation,
    Condition,
    CourseReport,
    DriveRow,
    Finding,
    Link,
    outcome_row,
)
from vagus.report.validation_content import ValidationReport
from vagus.validation.comparison import Observation, Simulated, verdict
from vagus.validation.table import Row

DAY = 86400.0
PARTS = ("natural course", "sham response", "cytokines", "brainstem", "mood", "plasticity")
QUANTITIES = (  # name, unit, baseline, change with sham, extra change with stimulation, spread
    ("DAS", "DAS28", 5.6, -0.5, -0.25, 0.5),
    ("TNF", "pg/mL", 8.0, 0.0, -0.5, 2.0),
    ("IL6", "pg/mL", 14.0, 0.0, -1.5, 5.0),
    ("suppression", "1", 0.0, 0.0, 0.12, 0.03),
    ("S5HT", "1", 1.0, 0.0, 0.002, 0.0005),
    ("M", "SD", 0.0, -0.15, -0.05, 0.1),
    ("D", "1", 0.0, 0.0, 0.05, 0.08),
    ("W", "1", 0.0, 0.0, 0.0, 0.0),
    ("ppt", "1", 1.0, 0.01, 0.03, 0.04),
)


def parts(draws: int = 120, seed: int = 3, effect: float = -0.35) -> Decomposition:
    """Shares of a change in NRS points; cytokines carry ``effect`` in two of three draws."""
    rng = np.random.default_rng(seed)
    alive = rng.random(draws) > 0.33
    values = np.stack(
        [
            rng.normal(-0.4, 0.25, draws),
            rng.normal(-0.8, 0.3, draws),
            rng.normal(effect, 0.25, draws) * alive,
            rng.normal(-0.05, 0.15, draws),
            rng.normal(-0.03, 0.02, draws),
            np.zeros(draws),
        ],
        axis=1,
    )
    return Decomposition("pain", "NRS points", PARTS, values, values.sum(axis=1))


def course(arm: str, p: Decomposition, kept: int, level: np.ndarray, t: np.ndarray) -> Course:
    """Pain approaches the sum of the first ``kept`` parts from the baseline ``level`` [draw]."""
    rise = (1 - np.exp(-t / (20 * DAY)))[None, :]
    outcome = level[:, None] + p.values[:, :kept].sum(axis=1)[:, None] * rise
    columns = [outcome]
    for k, (_, _, base, change, extra, spread) in enumerate(QUANTITIES):
        rng = np.random.default_rng(100 + k)
        full = change + (extra if arm == "active" else 0.0)
        start = base + spread * rng.standard_normal(len(level))[:, None] * bool(base)
        grown = (full + (spread if full else 0) * 0.4 * rng.standard_normal(len(level)))[:, None]
        columns.append(start + grown * rise)
    names = ("outcome", *(q[0] for q in QUANTITIES))
    units = ("NRS points", *(q[1] for q in QUANTITIES))
    return Course(arm, t, names, units, np.stack(columns, axis=2))


def fast(draws: int) -> Course:
    """Two trains of 30 s, 90 s apart, second by second."""
    t = np.arange(0.0, 241.0)
    on = ((t >= 30) & (t < 60)) | ((t >= 150) & (t < 180))
    rng = np.random.default_rng(9)
    gain = rng.lognormal(0, 0.3, draws)[:, None]
    lc = 1 + 0.8 * gain * on
    rate = 70 + 3 * rng.standard_normal(draws)[:, None] - 1.5 * gain * on
    ne = 1 + 0.05 * gain * np.cumsum(on)[None, :] / 30
    values = np.stack([lc, rate, ne], axis=2)
    return Course("active", t, ("LC", "heart_rate", "NE"), ("1", "bpm", "1"), values)


def links() -> tuple[Link, ...]:
    """The links as shipped."""
    return tuple(
        Link(r["symbol"], r["from"], r["to"], r["grade"], r["default"] == "1", r["claim"],
             r["evidence"])
        for r in read_table("body/links.csv")
    )  # fmt: skip


CONDITION = Condition(
    "rheumatoid arthritis", "pain", "NRS points", 6.2, 1.9,
    "Implanted stimulation: one randomised sham-controlled trial positive on response, pain not "
    "significant; auricular stimulation: two sham-controlled trials without effect (made up here).",
    "lower", 1.0, "Farrar 2001",
)  # fmt: skip

DRIVE = (
    DriveRow("u_A", "A afferents of the cervical vagus", Interval(0.86, 0.93, 0.98),
             Interval(0.8, 1.1, 1.4), "recruitment of this run", "derived"),
    DriveRow("u_C", "C afferents", Interval(0.0, 0.0, 0.02), Interval(0.0, 0.0, 0.02),
             "recruitment of this run", "derived"),
    DriveRow("u_B", "cardiac B efferents", Interval(0.21, 0.34, 0.52),
             Interval(2.1, 3.4, 5.2), "recruitment × rate × conduction", "derived"),
    DriveRow("u_S", "splenic efferents", Interval(0.18, 0.31, 0.49),
             Interval(1.8, 3.1, 4.9), "recruitment × rate × conduction", "derived"),
)  # fmt: skip

FACTS = (
    Fact("device", "LivaNova <VNS> & co", "physician's manual", "seen"),
    Fact("current", "1.5 mA", "study file", "assumed"),
    Fact("session", "1 min once a day, 12 weeks", "study file", "assumed", "morning"),
)

EQUATIONS = (
    ("immune", (
        r"\frac{d\,TNF}{dt} = k_{TNF} \cdot \left(1 - suppression\right) - \frac{TNF}{\tau_{TNF}}",
        r"suppression = V_{max} \cdot \frac{anti^{n}}{K^{n} + anti^{n}}",
    )),
    ("mood", (r"\frac{d\,M}{dt} = \frac{- M + g_{M} \cdot S5HT}{\tau_{M}}",
              r"\begin{cases} 1 & x > 0 \\ 0 & x < 0 \end{cases}")),
)  # fmt: skip


def make_course_report(draws: int = 120, effect: float = -0.35) -> CourseReport:
    """Everything a page can show."""
    p = parts(draws, effect=effect)
    t = np.linspace(0.0, 112 * DAY, 113)
    level = np.random.default_rng(1).normal(6.2, 0.3, draws)
    active = course("active", p, 6, level, t)
    sham = course("sham", p, 2, level, t)
    end = 84
    rows = [
        outcome_row(
            name, unit,
            active[name][:, end] - active[name][:, 0], sham[name][:, end] - sham[name][:, 0],
            better, 1.0 if name == "outcome" else None,
        )
        for name, unit, better in (
            ("outcome", "NRS points", "lower"), ("DAS", "DAS28", "lower"), ("M", "SD", "lower"),
            ("ppt", "1", "higher"), ("TNF", "pg/mL", ""),
        )
    ]  # fmt: skip
    names = ("pain", "disease activity", "depressed mood", "pressure pain threshold", "TNF")
    rows = [replace(row, name=name) for row, name in zip(rows, names, strict=True)]
    days = np.arange(84.0) * DAY + 8 * 3600
    difference = p.values[:, 2:].sum(axis=1)
    ablations = (
        ("no monoamine effect on mood", difference),
        ("no link from mood to pain", difference - p.values[:, 4]),
        ("no link from cytokines to pain", difference - p.values[:, 2]),
        ("no descending control of pain", difference - p.values[:, 3]),
        ("sensation only", np.zeros(draws)),
    )
    marks = ("seen", "derived", "recalled", "assumed", "assumed", "seen")
    return CourseReport(
        title="Implanted cervical stimulation in rheumatoid arthritis",
        given="12 weeks of implanted cervical stimulation",
        condition=CONDITION,
        study=FACTS,
        device=FACTS[:2],
        drive=DRIVE,
        active=active,
        sham=sham,
        natural=course("natural", p, 1, level, t),
        outcomes=rows,
        links=links(),
        draws=draws,
        run=(Fact("seed", "7"), Fact("vagus", "0.1.0")),
        end_s=end * DAY,
        sessions_s=np.stack([days, days + 60], axis=1),
        decomposition=p,
        ablations=tuple(Ablation(name, interval(v)) for name, v in ablations),
        fast=fast(draws),
        fast_sessions_s=np.array([[30.0, 60.0], [150.0, 180.0]]),
        failed=(("step smaller than allowed", 2),),
        safety=(
            Finding("caution", "Bradycardia at the first stimulation in 1 of 1000.", "manual"),
            Finding("note", "Voice change while on is expected.", ""),
        ),
        applicability=Applicability(
            (
                Light("current", "1.5 mA", "<0.5 to 3 mA>", "amber", "near it", "a table"),
                Light("follow-up", "4 wk", "0 wk", "red", "beyond", "a table"),
            ),
            "red", "Red. Beyond anything validated: follow-up.",
        ),
        regulators=(("the United States", "Off-label: no clearance was found."),),
        device_key="setpoint",
        warnings=("Recruitment rests on one nerve.",),
        limits=("Draws are not patients.", "Drugs taken alongside are not in the model."),
        parameters=tuple(
            ParameterRow("immune" if k < 4 else "mood", f"k_{k}", f"{k + 0.5}", "1/d",
                         "lognormal(0.5, 0.3)", "rate of <something>", "Author 2020", mark)
            for k, mark in enumerate(marks)
        ),
        equations=EQUATIONS,
        citations=("Farrar 2001 Pain", "Koopman 2016 PNAS"),
    )  # fmt: skip


OBSERVED = (  # organ, study, quantity, unit, value, low, high, null, simulated, role
    ("heart", "Carlson 1992", "RR per Hz of efferent rate", "ms/Hz", 75, 60, 90, None,
     (62, 74, 88), "calibrate"),
    ("heart", "Dillingh 2014", "heart rate at 0.6 ng/kg", "bpm", 18.8, 13.1, 24.4, 0,
     (8, 15, 22), "validate"),
    ("heart", "Wolf 2021", "change of RMSSD under transcutaneous stimulation, pooled over 16 "
     "studies of healthy people and patients", "g", 0.014, -0.103, 0.132, 0,
     (-0.05, 0.0, 0.05), "validate"),
    ("immune", "Kox 2015", "TNF after endotoxin, stimulated over sham", "ratio", 1.0, 0.8, 1.2, 1,
     (0.55, 0.7, 0.78), "validate"),
    ("immune", "Schoerghofer 2025", "IL-6 at rest", "pg/mL", 1800, 1500, 2100, None,
     (1900, 4000, 9000), "validate"),
    ("mood", "D-02", "HAM-D, stimulated minus sham", "points", -3.0, -5.1, -0.9, 0,
     (-4.0, -1.2, 0.1), "validate"),
)  # fmt: skip


def make_validation_report() -> ValidationReport:
    """One row of each kind: reproduced, compatible, failed, beyond the scale, without a null."""
    rows = []
    for k, (organ, study, quantity, unit, value, low, high, null, found, role) in enumerate(
        OBSERVED
    ):
        o = Observation(
            f"row-{k}", organ, study, quantity, unit, value, low, high, null,
            "95 % confidence interval as published", role, "seen", "doi:10.1000/xyz", "",
        )  # fmt: skip
        s = Simulated(*map(float, found))
        rows.append(Row(o, s, verdict(o, s), "typical subject, 1 h"))
    return ValidationReport(tuple(rows), 200, 7, (Fact("seed", "7"),))
