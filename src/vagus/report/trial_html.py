"""The page of `vagus trial run`: one html file that needs nothing else, its figures beside it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vagus.body.full import full_body
from vagus.body.parameter_table import parameter_table
from vagus.data import read_table
from vagus.evidence.words import interval_text
from vagus.report.content import Fact
from vagus.report.html import mark_shares, write_page
from vagus.report.trial_beside import Beside, beside
from vagus.report.trial_content import TrialReport, trial_figures, truths
from vagus.report.trial_rows import (
    arms_block,
    blinding_block,
    calibration_block,
    operating_block,
    periods_block,
    responders_block,
    result_words,
    stops_block,
    table_one_block,
)
from vagus.report.trial_words import (
    arm_rows,
    capital,
    design_facts,
    listed,
    minus,
    per_cent,
    scale_of,
    switch_rows,
    unbroken,
)
from vagus.trial.primary import primary

NAME = "trial.html"
FOLDER = "adam"
"""Where the pipeline writes the tables of the example."""
FILES = (
    ("adsl.parquet, adsl.csv", "one row per patient of the example"),
    ("adeff.parquet, adeff.csv", "one row per patient and visit of the example"),
    ("columns.csv", "what every column holds"),
)
PATIENT_TABLES = ("observation", "response", "sharing", "screening", "background")
TRIAL_TABLES = ("conduct", "scoring")
Floats = NDArray[np.float64]


def write_trial(folder: Path, report: TrialReport) -> Path:
    """Write ``folder``/trial.html and ``folder``/figures/*.svg|png|pdf; returns the page's path.

    Deterministic: equal reports give equal files. OSError from the file system is passed on.
    """
    true = truths(report)
    calibrated_on = {t.trial for t in report.calibration.targets}
    published = beside(report.data, report.primary, true, calibrated_on)
    drawn = trial_figures(report, true, published)
    filters = {
        "capital": capital, "listed": listed, "per_cent": per_cent, "minus": minus,
        "unbroken": unbroken,
    }  # fmt: skip
    return write_page(
        folder / NAME,
        "trial.html.jinja",
        drawn,
        filters,
        report=report,
        design=report.design,
        published=published,
        key_numbers=_keys(report, true),
        truth=_truth_words(report, true),
        beside_lines=() if published.rows else _beside_lines(published),
        calibrated_on=sorted(calibrated_on),
        design_facts=design_facts(report.design),
        arms=arm_rows(report.design),
        switches=switch_rows(report.switches),
        marks=[(name, mark_shares(rows), len(rows)) for name, rows in _parameters()],
        columns=read_table("trial/adam_columns.csv"),
        files=FILES,
        tables_at=FOLDER,
        **_blocks(report),
    )


def _blocks(report: TrialReport) -> dict[str, object]:
    """Tables of the page by name; None where there is none."""
    data, one = report.data, report.data.replicate(0)
    single = report.design.kind == "n-of-1"
    return {
        "result": result_words(one, primary(one, workers=1)),
        "periods": periods_block(data) if single else None,
        "table_one": table_one_block(report.table),
        "operating": operating_block(report.operating),
        "stops": stops_block(report.operating),
        "by_arm": arms_block(data),
        "blinding": blinding_block(data),
        "responders": responders_block(data),
        "targets": calibration_block(report.calibration),
    }


def _keys(report: TrialReport, true: Floats) -> list[tuple[str, str, str]]:
    """(number, what it is, detail) of what matters most."""
    found, scale = report.operating, scale_of(report.design)
    single = report.design.analysis == "change-within"
    known = true[np.isfinite(true)]
    if known.size:
        middle, ends = found.effect.truth, np.quantile(known, [0.025, 0.975]).tolist()
        detail = f"{scale.unit}; 95 % of populations {scale.ends(*ends)}"
    else:
        middle, detail = found.effect.estimate.value, f"{scale.unit}; no single truth exists"
    what = ("mean change", "trials that show a change", "the same without stimulation")
    if not single:
        what = ("mean true effect", "power", "type I error")
    error = f"under no effect; nominal alpha {100 * report.design.alpha:g} %"
    if single:
        error = "what is not stimulation does it"
    power, wrong = (f"± {100 * e.se:.1f} Monte Carlo" for e in (found.power, found.type_i_error))
    return [
        (scale.plain(middle), what[0], detail),
        (per_cent(found.power.value), what[1], f"{power}, {found.effect.replicates} trials"),
        (per_cent(found.type_i_error.value), what[2], f"{wrong}; {error}"),
    ]


def _truth_words(report: TrialReport, true: Floats) -> str:
    """Where the truth lies, and how often it is on either side of none."""
    known, scale = true[np.isfinite(true)], scale_of(report.design)
    if not known.size:
        return (
            "The estimand has no single true value here, so that bias and coverage are not shown."
        )
    low, median, high = np.quantile(known, [0.025, 0.5, 0.975]).tolist()
    if report.design.analysis == "change-within":
        return (
            f"The mean change that such people really have is {scale.text(median)} (95 % of "
            f"populations {scale.ends(low, high)}). It holds natural course, regression to the "
            "mean and expectation, and is not an effect of stimulation."
        )
    return (
        f"The true effect, both treatments given to the same people, has the median "
        f"{scale.text(median)} (95 % of populations {scale.ends(low, high)}): what is not known "
        "about stimulation, without chance."
    )


def _beside_lines(published: Beside) -> list[tuple[str, str]]:
    """(what, effect) of the virtual trial on the published trials' scale."""
    v = published.virtual
    if v is None or published.endpoint is None:
        return []
    log = published.measure == "OR"
    name = "odds ratio" if log else "SMD"
    effect, *ends = v.middle
    lines = [(f"{name} that such a trial reports, median (95 % CI)",
              interval_text(effect, (ends[0], ends[1]), log))]  # fmt: skip
    true = v.truth[np.isfinite(v.truth)]
    if true.size:
        low, median, high = np.quantile(true, [0.025, 0.5, 0.975]).tolist()
        lines.append((f"true {name}, median (95 % of populations)",
                      interval_text(median, (low, high), log)))  # fmt: skip
    return lines


def _parameters() -> list[tuple[str, Sequence[Fact]]]:
    """(of what, parameters with their marks): what the result rests on."""
    body = [Fact(r.symbol, r.value, "", r.mark) for r in parameter_table(full_body())]
    groups: list[tuple[str, Sequence[Fact]]] = [("the body", body)]
    for name, folder, tables in (
        ("patients and ratings", "patient", PATIENT_TABLES),
        ("conduct of trials", "trial", TRIAL_TABLES),
    ):
        rows = [row for table in tables for row in read_table(f"{folder}/{table}.csv")]
        groups.append((name, [Fact("", "", "", row["mark"]) for row in rows]))
    return groups
