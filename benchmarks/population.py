"""The main job: thresholds of every fibre of a human vagus for one setting of one device.

    python -m benchmarks.population [--quick] [--workers 2]

`examples/livanova-cuff.yaml`: the helical lead on human-cervical-sub57, all fibres, C fibres
included. Wall and process CPU seconds by stage; then, on a sample, what the shortening of fibres
costs against fibres as long as the potentials go.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import vagus
from benchmarks.rows import Row
from vagus.fibre.solve import SolverSettings, solve_population
from vagus.pipeline import RecruitRun, potentials

STUDY = Path(__file__).resolve().parents[1] / "examples" / "livanova-cuff.yaml"
TARGET_S = 180.0
SAMPLE = 160


def job(workers: int) -> tuple[RecruitRun, float, float]:
    """The run and its wall and CPU seconds, report left out."""
    study = vagus.load_study(STUDY)
    wall, cpu = time.perf_counter(), time.process_time()
    found = vagus.recruit(study, workers=workers, report=False)
    return found, time.perf_counter() - wall, time.process_time() - cpu


def time_rows(found: RecruitRun, wall_s: float, cpu_s: float, workers: int) -> list[Row]:
    fibres = len(found.recruitment)
    rows = [
        Row(
            f"{fibres:,} thresholds, {workers} workers, field included",
            "<= 180 s",
            f"{wall_s:.0f} s wall, {cpu_s:.0f} s CPU",
            wall_s <= TARGET_S,
        )
    ]
    for stage, seconds in found.seconds.items():
        rows.append(Row(f"  {stage}", "", f"{seconds:.1f} s wall"))
    unreached = int(np.isinf(found.recruitment.threshold_mA).sum())
    limit = found.recruitment.max_current_mA
    rows.append(Row(f"  fibres that do not fire up to {limit:g} mA", "", f"{unreached:,}"))
    return rows


def class_rows(found: RecruitRun) -> list[Row]:
    """Thresholds by class, so that a run that is fast and wrong is noticed."""
    rows = []
    r = found.recruitment
    for name in sorted(set(r.population.fibre_class.tolist())):
        mine = r.threshold_mA[r.population.fibre_class == name]
        low, middle, high = np.percentile(mine, [5, 50, 95], method="higher")  # may be inf
        rows.append(
            Row(
                f"  {name}: {len(mine):,} fibres",
                "",
                f"median {middle:.3g} mA (5-95 %: {low:.3g} to {high:.3g})",
            )
        )
    return rows


def reach_row() -> Row:
    """Threshold error of shortened fibres on a seeded sample of myelinated ones."""
    study = vagus.load_study(STUDY)
    nerve = vagus.load_nerve(study.nerve.name, seed=study.fibre_seed)
    random = np.random.default_rng(0)
    myelinated = np.flatnonzero(nerve.population.myelinated)
    sample = np.sort(random.choice(myelinated, SAMPLE, replace=False))
    population = nerve.population.select(sample)
    field, basis, weights = potentials(
        study, replace(nerve, population=population), study.field.perineurium[0]
    )
    assert field is not None  # the study names a cuff
    electrode = max(abs(z) for contact in field.cuff.contacts for z in contact.extent_um)
    waveform = study.protocol().waveform
    long = SolverSettings(tolerance=1e-4, precision="double", electrode_um=None)
    short = replace(long, electrode_um=electrode)
    near, far = (
        solve_population(population, basis, weights, waveform, settings, workers=1).threshold_mA
        for settings in (short, long)
    )
    both = np.isfinite(near) & np.isfinite(far)
    error = np.abs(near[both] / far[both] - 1)
    return Row(
        f"shortened fibres against full length, {both.sum()} myelinated",
        "<= 0.2 %",
        f"{100 * error.max():.3f} % (median {100 * np.median(error):.4f} %)",
        bool(error.max() <= 2e-3),
    )


def run(quick: bool = False, workers: int = 2) -> list[Row]:
    found, wall_s, cpu_s = job(workers)
    rows = time_rows(found, wall_s, cpu_s, workers) + class_rows(found)
    return rows if quick else [*rows, reach_row()]


def main() -> None:
    from benchmarks.__main__ import show

    parser = argparse.ArgumentParser(prog="python -m benchmarks.population")
    parser.add_argument("--quick", action="store_true", help="leave the study of length out")
    parser.add_argument("--workers", type=int, default=2)
    arguments = parser.parse_args()
    show("every fibre of a human vagus", run(arguments.quick, arguments.workers))


if __name__ == "__main__":
    main()
