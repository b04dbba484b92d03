"""The body's engine beside others, on the whole body: same statement, same stops, same error.

90 days with a two-minute session each day. Reference: `scipy` Radau, rtol 1e-10. Each solver gets
the loosest tolerance with which no state of any of three patients at any day is off by more than
2e-6 of its greatest value, then is timed on one core, process CPU time. All stop at every edge,
since pulses are lost otherwise (last rows).

- libRoadRunner (CVODE): SBML exported from the same statement (`vagus.body.sbml`), as it stands and
  with all that depends on parameters alone worked out beforehand.
- LSODA: `scipy.integrate.solve_ivp` with the same compiled right-hand side.

    python benchmarks/body.py [--quick]
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.body_peers import Case, Floats, RoadRunner, by_scipy, sessions_seen
from benchmarks.rows import Row, cpu_seconds
from vagus.body.compiled import compile_model
from vagus.body.draws import draw
from vagus.body.full import full_body
from vagus.body.integrate import Segments, Trajectory, integrate

DAY_S, SESSION_S, DAYS, PATIENTS = 86_400.0, 120.0, 90, 3
ERROR = 2e-6
DRIVE = {"u_A": 15.0, "u_B": 5.0, "u_S": 8.0, "u_C": 2.0, "f_stim": 20.0, "n_train": 2400.0,
         "pairing": 0.5, "sensation": 0.5}  # fmt: skip
TOLERANCES = (1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6, 5e-7, 2e-7, 1e-7, 5e-8, 2e-8, 1e-8, 1e-9)
ABSOLUTE = (1e-9, 1e-11, 1e-13)
TARGET_ROADRUNNER, TARGET_LSODA = 5.0, 30.0
COHORT, COHORT_RTOL, COHORT_S, COHORT_GB = 10_000, 1e-5, 180.0, 1.5
Solve = Callable[[int, float, float], Floats]


def daily_sessions(days: int) -> Segments:
    """`on` for two minutes at the start of each day."""
    starts = np.arange(days) * DAY_S
    edges = np.append(np.stack([starts, starts + SESSION_S], axis=1).ravel(), days * DAY_S)
    return Segments(edges, {"on": np.tile([1.0, 0.0], days)})


def case(patients: int, days: int) -> Case:
    """Draws of the priors, all stimulated."""
    draws = draw(full_body(), patients, seed=1).having(**DRIVE)
    return Case(
        compile_model(full_body()), draws, daily_sessions(days), np.arange(days + 1.0) * DAY_S
    )


def ours(c: Case, rtol: float) -> Floats:
    """[patient, day, state] by the repository's own engine, on one thread."""
    found = integrate(c.system, c.draws, c.segments, c.output_s, rtol=rtol, workers=1)
    assert not found.status.any()
    return found.states


def worst(found: Floats, reference: Floats) -> float:
    """Greatest error of any state, relative to that state's greatest value in that patient."""
    size = np.abs(reference).max(axis=-2, keepdims=True) + 1e-6
    return float((np.abs(found - reference) / size).max())


def our_rows(c: Case, reference: Floats) -> tuple[float, list[Row]]:
    """The loosest of our tolerances that is accurate enough, and what it takes."""
    for rtol in TOLERANCES:
        error = worst(ours(c, rtol), reference)
        if error <= ERROR:
            break
    each = 1e3 * cpu_seconds(lambda: ours(c, rtol), 5) / len(reference)
    return rtol, [
        Row("our error against Radau 1e-10", f"<= {ERROR:g}", f"{error:.1e}", error <= ERROR),
        Row("our CPU time per patient", "", f"{each:.1f} ms, rtol {rtol:g}"),
    ]


def peer_row(
    name: str, solve: Solve, c: Case, reference: Floats, rtol: float, target: float
) -> Row:
    """CPU time of another solver over ours at ``rtol``, the two taking turns. Its setting is the
    fastest accurate one: of the loosest sufficient ``rtol`` for each ``atol``."""
    settings = []
    for atol in ABSOLUTE:
        for r in TOLERANCES:
            start = time.process_time()
            error = _error(solve, r, atol, reference)
            if error <= ERROR:
                settings.append((time.process_time() - start, r, atol, error))
                break
    if not settings:
        return Row(name, f">= {target:g}x", "no tolerance is accurate enough", False)
    _, r, atol, error = min(settings)
    n = len(reference)
    turns = [
        (
            cpu_seconds(lambda: ours(c, rtol), 1) / n,
            cpu_seconds(lambda: [solve(i, r, atol) for i in range(n)], 1) / n,
        )
        for _ in range(5)
    ]
    mine, theirs = np.min(turns, axis=0)
    return Row(
        f"{name} / ours, CPU per patient",
        f">= {target:g}x",
        f"{theirs / mine:.1f}x ({1e3 * theirs:.0f} / {1e3 * mine:.1f} ms; rtol {r:g},"
        f" atol {atol:g}, error {error:.1e})",
        bool(theirs / mine >= target),
    )


def _error(solve: Solve, rtol: float, atol: float, reference: Floats) -> float:
    """Of the worst patient; infinite where the solver gives up."""
    try:
        return max(worst(solve(i, rtol, atol), known) for i, known in enumerate(reference))
    except (RuntimeError, IndexError, ValueError):
        return np.inf


def peer_rows(c: Case, reference: Floats, rtol: float) -> list[Row]:
    """libRoadRunner, where it is installed, and LSODA."""
    rows = []
    for worked_out, name in (
        (False, "libRoadRunner (CVODE), exported SBML"),
        (True, "libRoadRunner (CVODE), constants worked out"),
    ):
        try:
            runner = RoadRunner(c, worked_out)
        except ImportError:
            rows.append(Row(name, "", r"not installed: pip install 'vagus\[sbml]'"))
            continue
        rows.append(peer_row(name, runner, c, reference, rtol, TARGET_ROADRUNNER))
    lsoda: Solve = lambda i, r, atol: by_scipy(c, i, "LSODA", r, atol)  # noqa: E731
    rows.append(peer_row("LSODA, compiled rates", lsoda, c, reference, rtol, TARGET_LSODA))
    return rows


def order_row(c: Case) -> Row:
    """How fast the error falls with the number of steps: 4 for a method of order 4."""

    def day(rtol: float) -> Trajectory:
        return integrate(
            c.system, c.draws, daily_sessions(1), [0.0, DAY_S], rtol=rtol, atol=1e-6 * rtol,
            workers=1,
        )  # fmt: skip

    known = day(1e-12).states
    runs = [day(rtol) for rtol in (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)]
    steps = [found.steps.mean() for found in runs]
    slope = -np.polyfit(np.log(steps), np.log([worst(r.states, known) for r in runs]), 1)[0]
    return Row(
        "order: slope of log error over log steps, one day, rtol 1e-4 to 1e-8",
        "",
        f"{slope:.1f} ({steps[0]:.0f} to {steps[-1]:.0f} steps)",
    )


def missed_rows(days: int) -> list[Row]:
    """Sessions lost when the pulse is a function of time and nobody stops at its edges."""
    c = case(1, days)
    return [
        Row(
            f"sessions that {method} loses without stops, rtol 1e-6",
            "",
            f"{days - sessions_seen(c, method, 1e-6)} of {days}",
        )
        for method in ("LSODA", "BDF")
    ]


def cohort_alone(patients: int) -> None:
    """Integrate the cohort on all cores and print what it took; for a process of its own."""
    c = case(patients, DAYS)
    start = time.perf_counter(), time.process_time()
    found = integrate(c.system, c.draws, c.segments, c.output_s, rtol=COHORT_RTOL)
    wall, cpu = time.perf_counter() - start[0], time.process_time() - start[1]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9
    failed = int(np.count_nonzero(found.status))
    print(json.dumps({"wall": wall, "cpu": cpu, "gigabytes": peak, "failed": failed}))


def cohort_row(quick: bool) -> Row:
    """Wall time and peak memory of 10,000 patients (a tenth of them in a quick run)."""
    patients = COHORT // 10 if quick else COHORT
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.body", "--cohort", str(patients)],
        cwd=Path(__file__).resolve().parents[1], check=True, capture_output=True, text=True,
    )  # fmt: skip
    took = json.loads(ran.stdout)
    allowed = COHORT_S * patients / COHORT
    return Row(
        f"{patients:,} patients x {DAYS} days, daily two-minute sessions, {os.cpu_count()} cores",
        f"< {allowed:.0f} s, < {COHORT_GB} GB",
        f"{took['wall']:.0f} s ({took['cpu']:.0f} s CPU), {took['gigabytes']:.2f} GB,"
        f" {took['failed']} failed",
        took["wall"] < allowed and took["gigabytes"] < COHORT_GB,
    )


def run(quick: bool) -> list[Row]:
    """Rows of the table; libRoadRunner is left out where it is not installed."""
    c = case(PATIENTS, 20 if quick else DAYS)
    reference = np.stack([by_scipy(c, i, "Radau", 1e-10, 1e-13) for i in range(PATIENTS)])
    rtol, rows = our_rows(c, reference)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows += peer_rows(c, reference, rtol)
        missed = missed_rows(20 if quick else DAYS)
    return [*rows, cohort_row(quick), order_row(c), *missed]


if __name__ == "__main__":
    if "--cohort" in sys.argv:
        cohort_alone(int(sys.argv[-1]))
    else:
        for row in run("--quick" in sys.argv):
            print(f"{row.what:70} {row.target:25} {row.measured:70} {row.met}")
