"""Made-up trials for the tests of their page: courses are given, no body is simulated."""

from __future__ import annotations

import numpy as np

from vagus.body.conditions import condition
from vagus.patient.calibrate import Calibration, Target
from vagus.patient.cohort import Cohort
from vagus.patient.regimen import Regimen
from vagus.patient.screening import Entry
from vagus.report.content import Fact
from vagus.report.trial_content import TrialReport, headline
from vagus.trial.conduct import conduct
from vagus.trial.consort import flow
from vagus.trial.design import Analysis, Arm, Design, DropOut, Looks, Rescue, Strata
from vagus.trial.estimand import default_estimand
from vagus.trial.operating import Estimate, operating_characteristics
from vagus.trial.periods import regimens_needed
from vagus.trial.power_curve import CurvePoint
from vagus.trial.primary import primary
from vagus.trial.table_one import table_one

DAYS = 84


def make_cohort(design: Design, *, effect_SD: float = -0.4, populations: int = 3) -> Cohort:
    """Pain falls in two weeks by 0.3 SD in whoever is treated, by ``effect_SD`` when stimulated."""
    n = populations * 20
    population = np.repeat(np.arange(populations), 20)
    own = effect_SD + 0.1 * np.random.default_rng(1).standard_normal(populations)[population]
    regimens = regimens_needed(design)
    courses = {}
    for regimen in regimens:
        level = np.zeros(DAYS + 1)
        for day in range(1, DAYS + 1):
            on = any(start < day <= stop for start, stop in regimen.stimulated_d)
            level[day] = np.clip(level[day - 1] + (1 if on else -1) / 14, 0, 1)
        expects = np.minimum(np.arange(DAYS + 1) / 14, 1) * (regimen.knows != "untreated")
        still = np.zeros((n, DAYS + 1))
        courses[regimen.name] = {
            "pain": -0.3 * expects + own[:, None] * level, "DAS": 5.0 + still, "M": still,
            "heart_rate": 65.0 + still, "rmssd_factor": 1.0 + still,
            "sensation": 0.6 * (level > 0) + still,
        }  # fmt: skip
    traits = {
        "tau_level": np.full(n, 22.0), "icc_day": np.full(n, 0.6), "phi_day": np.full(n, 0.27),
        "das_0": np.full(n, 5.0),
    }  # fmt: skip
    return Cohort(
        condition(design.condition), regimens, np.arange(DAYS + 1.0), population,
        np.full(n, 1 / n), courses, traits, 5, "made",
    )  # fmt: skip


def make_design(kind: str, condition_key: str = "visceral") -> Design:
    """Small designs: parallel, responder, sequential, crossover, withdrawal, single-arm, n-of-1."""
    arms = (
        Arm("taVNS", "active", 24, Regimen("taVNS", ((0.0, 84.0),))),
        Arm("sham <ear>", "sham", 24, Regimen("sham <ear>")),
    )
    analysis: Analysis = "mmrm"
    how: dict[str, object] = {"kind": "parallel", "visits_d": (28.0, 56.0, 84.0)}
    if kind == "responder":
        analysis = "responder"
    elif kind == "sequential":
        how |= {
            "looks": Looks((0.5, 1.0), "obrien-fleming", (0.0,)), "alpha": 0.025, "sides": 1,
            "rescue": Rescue(7.0, 0.2, -0.3), "strata": Strata((6.0,), (4,)),
        }  # fmt: skip
    elif kind == "crossover":
        analysis = "crossover"
        first = Arm("taVNS first", "active", 16, Regimen("taVNS first", ((0.0, 28.0),)))
        second = Arm("sham first", "sham", 16, Regimen("sham first", ((56.0, 84.0),)))
        arms = (first, second)
        how = {"kind": "crossover", "visits_d": (28.0, 84.0), "period_d": 28.0, "washout_d": 28.0}
    elif kind == "withdrawal":
        on = Arm("go on", "active", 20, Regimen("go on", ((0.0, 84.0),)))
        off = Arm("stop", "sham", 20, Regimen("stop", ((0.0, 28.0),)))
        arms = (on, off)
        how = {
            "kind": "enriched-withdrawal", "visits_d": (56.0, 84.0), "lead_in_d": 28.0,
            "responder_share": 0.2,
        }  # fmt: skip
    elif kind == "single-arm":
        analysis = "change-within"
        arms = (Arm("taVNS", "active", 20, Regimen("taVNS", ((0.0, 84.0),), "open")),)
    elif kind == "n-of-1":
        analysis = "n-of-1"
        arms = (
            Arm("taVNS", "active", 1, Regimen("taVNS", ((0.0, 84.0),))),
            Arm("sham", "sham", 1, Regimen("sham")),
        )
        how = {"kind": "n-of-1", "visits_d": (14.0, 28.0, 42.0, 56.0, 70.0, 84.0)}
    return Design(
        title=f"Sample: {kind}", condition=condition_key, endpoint="nrs", arms=arms,
        estimand=default_estimand(
            str(how["kind"]), analysis, "adults with pain", "taVNS against sham", "pain",
            binary=False,
        ),
        entry=Entry(at_least=4.0), analysis=analysis, drop_out=DropOut(0.04, 0.5, 0.5), **how,  # type: ignore[arg-type]
    )  # fmt: skip


def make_trial_report(
    kind: str = "parallel", condition_key: str = "visceral", replicates: int = 12
) -> TrialReport:
    """A page's values for one of the designs above."""
    design = make_design(kind, condition_key)
    cohort = make_cohort(design)
    data = conduct(design, cohort, replicates, cohort.seed)
    found = primary(data, workers=1)
    behaves = operating_characteristics(design, cohort, replicates, cohort.seed, workers=1)
    curve = tuple(
        CurvePoint(float(n), Estimate(p, (p * (1 - p) / 50) ** 0.5), Estimate(0.06, 0.03), 50)
        for n, p in ((24, 0.2), (48, 0.4), (96, 0.6))
    )
    targets = tuple(
        Target(f"KRASAELAP2020 {arm}: responders", "KRASAELAP2020", "taVNS", "nrs", "responders",
               value, 0.1, Entry(4.0), (-7.0, 0.0), (14.0, 21.0), 0.3)
        for arm, value in (("PENFS", 0.59), ("sham", 0.26))
    )  # fmt: skip
    calibration = Calibration(
        cohort.weight, targets, np.array([0.4, 0.3]), np.array([0.57, 0.51]), 31.5, 2.5
    )
    return TrialReport(
        title=design.title, headline=headline(design, behaves, found),
        given=(Fact("device", "ear <clip>"),), design=design, cohort=cohort,
        calibration=calibration, data=data, primary=found, operating=behaves,
        curve=curve if kind in ("parallel", "responder") else (), flow=flow(data, 0),
        table=table_one(data, cohort, 0), warnings=("A <warning>.",), facts=(Fact("seed", "5"),),
    )  # fmt: skip
