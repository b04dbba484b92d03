"""Fibres against NEURON, side by side in one run, one core each, process CPU time.

    python -m benchmarks.fibre [--quick] [--neuron-python PYTHON]

* one simulation: 5 ms in 1000 steps of 5 us, NEURON's scheme here and there, run to the end;
* one threshold certified to 0.1 %: NEURON by factors of two and bisection for one fibre, here the
  search over 512 fibres (5 diameters, 0.2 to 5 mm, 100 us) in both schemes;
* a C fibre per compartment and step; a second process up to its first threshold.

NEURON runs in a process of its own: this interpreter if it has `neuron`, or ``--neuron-python``.
PyFibers is timed where that interpreter has it (`benchmarks/pyfibers_peer.py`).
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.rows import Row, cpu_seconds
from vagus.fibre.mrg_geometry import mrg_geometry
from vagus.fibre.myelinated import MyelinatedFibres
from vagus.fibre.point_source import fibre_at_point_source
from vagus.fibre.threshold import activation_thresholds
from vagus.fibre.timegrid import TimeGrid, time_grid
from vagus.protocol.waveform import monophasic

ROOT = Path(__file__).resolve().parents[1]
NODES = (21, 51, 101)
SIMULATIONS = 256
THRESHOLD_RATE = {21: 5000, 51: 1900, 101: 700}
DIAMETERS_UM = (5.7, 7.3, 8.7, 10.0, 14.0)
FIBRES = 512
START_UP = """
import time
start = time.perf_counter()
import vagus
fibre = vagus.fibre_at_point_source("mrg-interpolation", 8.7, 500.0, nodes=51)
imported = time.perf_counter()
found = vagus.point_source_threshold(fibre, vagus.monophasic(100))
print(imported - start, time.perf_counter() - start)
"""


def crowd(nodes: int, count: int = FIBRES, seed: int = 0) -> MyelinatedFibres:
    """``count`` fibres of five diameters, 0.2 to 5 mm from point sources in 1 S/m."""
    random = np.random.default_rng(seed)
    geometry = mrg_geometry("mrg-interpolation", random.choice(DIAMETERS_UM, count))
    z = geometry.centres_um(nodes)
    distance = random.uniform(200.0, 5000.0, count)
    r_m = np.hypot(distance[:, None], z - z[:, [11 * (nodes // 2)]]) * 1e-6
    return MyelinatedFibres(geometry.model, geometry.diameter_um, nodes, 1 / (4 * np.pi * r_m))


def pulse(scheme: Any = "neuron") -> TimeGrid:
    return time_grid(scheme, monophasic(100), 5.0)


def simulation_seconds(nodes: int) -> float:
    """CPU seconds of one full run in float32."""
    fibre = fibre_at_point_source("mrg-interpolation", 10.0, 500.0, nodes=nodes)
    items, grid = np.zeros(SIMULATIONS, np.int64), pulse()
    current = -np.linspace(0.05, 0.5, SIMULATIONS)

    def run() -> None:
        fibre.simulate(grid, items, current, np.float32, stop_early=False)

    run()  # compiles, and finds the resting state
    return cpu_seconds(run, 5) / SIMULATIONS


def threshold_seconds(nodes: int, scheme: str) -> float:
    """CPU seconds per threshold certified to 0.1 %, potentials in, thresholds out."""
    grid = pulse(scheme)
    activation_thresholds(crowd(nodes, 32), grid, polarity=-1)

    def run() -> None:
        activation_thresholds(crowd(nodes), grid, polarity=-1, tolerance=1e-3)

    return cpu_seconds(run, repeats=9) / FIBRES


def c_fibre_ns(dtype: Any, compartments: int = 501) -> float:
    """Nanoseconds per compartment and step of a Sundt fibre over 10 ms of 5 us, run to the end."""
    fibre = fibre_at_point_source("sundt", 1.0, 250.0, nodes=compartments)
    grid = time_grid("neuron", monophasic(100), 10.0)
    items, current = np.zeros(32, np.int64), -np.linspace(0.5, 5.0, 32)

    def run() -> None:
        fibre.simulate(grid, items, current, dtype, stop_early=False)

    run()
    return cpu_seconds(run) / 32 / len(grid.w) / compartments * 1e9


def start_up_seconds() -> tuple[float, float, float]:
    """Wall seconds of a second process: import, up to its first threshold, whole process."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), *sys.path[1:]])}
    best = (np.inf, np.inf, np.inf)
    for _ in range(4):  # the first fills the cache
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", START_UP], env=environment, capture_output=True, text=True,
            check=True,
        )  # fmt: skip
        whole = time.perf_counter() - start
        imported, first = map(float, done.stdout.split())
        best = min(best, (imported, first, whole), key=lambda times: times[1])
    return best


def peer(module: str, python: str, nodes: tuple[int, ...], *more: str) -> dict[str, Any] | None:
    """JSON of a peer's benchmark; None where it cannot run."""
    command = [python, "-m", module, "--nodes", *map(str, nodes), *more]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode != 0 or not lines:
        print(f"{module} did not run: {done.stderr.strip().splitlines()[-1:]}", file=sys.stderr)
        return None
    return dict(json.loads(lines[-1]))


def neuron_python(given: str | None) -> str | None:
    """An interpreter that has NEURON: the one given, or this one."""
    if given:
        return given
    return sys.executable if importlib.util.find_spec("neuron") else None


def simulation_rows(neuron: dict[str, Any] | None, nodes: tuple[int, ...]) -> list[Row]:
    rows = []
    for n in nodes:
        ours = simulation_seconds(n)
        rows.append(Row(f"MRG {n} nodes, 1000 steps, float32", "", f"{1e3 * ours:.3f} ms"))
        for theirs in _of(neuron, n):
            ratio = theirs["cpu_s_per_sim"] / ours
            usual = theirs["layers"] == 2
            rows.append(
                Row(
                    f"  NEURON, {theirs['layers']} extracellular layer(s)",
                    ">= 1,000x" if usual else "(its fastest, exact)",
                    f"{1e3 * theirs['cpu_s_per_sim']:.1f} ms, {ratio:,.0f}x",
                    ratio >= 1000 if usual else None,
                )
            )
    return rows


def threshold_rows(neuron: dict[str, Any] | None, nodes: tuple[int, ...]) -> list[Row]:
    rows = []
    for n in nodes:
        for scheme in ("neuron", "converged"):
            ours = threshold_seconds(n, scheme)
            goal, rate, like = THRESHOLD_RATE[n], 1 / ours, scheme == "neuron"
            rows.append(
                Row(
                    f"thresholds to 0.1 %, {n} nodes, scheme {scheme}",
                    f">= {goal:,} /s" if like else "(tens of times as exact)",
                    f"{rate:,.0f} /s",
                    rate >= goal if like else None,
                )
            )
            for theirs in _of(neuron, n):
                if "threshold_cpu_s" not in theirs:
                    continue
                ratio = theirs["threshold_cpu_s"] / ours
                usual = theirs["layers"] == 2 and like
                layers = theirs["layers"]
                rows.append(
                    Row(
                        f"  NEURON, {layers} layer(s), {theirs['threshold_sims']} runs",
                        ">= 10,000x" if usual else "(its fastest, exact)" * (layers == 1),
                        f"{theirs['threshold_cpu_s']:.2f} s, {ratio:,.0f}x",
                        ratio >= 10_000 if usual else None,
                    )
                )
    return rows


def _of(neuron: dict[str, Any] | None, nodes: int) -> list[dict[str, Any]]:
    rows = neuron["rows"] if neuron else []
    return [r for r in rows if r["nodes"] == nodes and r["model"] == "mrg-interpolation"]


def c_fibre_rows(neuron: dict[str, Any] | None) -> list[Row]:
    single, double = c_fibre_ns(np.float32), c_fibre_ns(np.float64)
    rows = [
        Row("Sundt, per compartment and step, float32", "<= 6 ns", f"{single:.1f} ns", single <= 6),
        Row("Sundt, float64", "", f"{double:.1f} ns"),
    ]
    for theirs in neuron["rows"] if neuron else []:
        if theirs["model"] == "sundt":
            ns = theirs["ns_per_compartment_step"]
            name = f"  NEURON, {theirs['layers']} layer(s)"
            rows.append(Row(name, "", f"{ns:.0f} ns, {ns / single:,.0f}x"))
    return rows


def start_up_rows() -> list[Row]:
    imported, first, whole = start_up_seconds()
    return [
        Row("second process: import to first threshold", "< 1 s", f"{first:.2f} s", first < 1),
        Row("  of which imports", "", f"{imported:.2f} s"),
        Row("  whole process, interpreter included", "", f"{whole:.2f} s"),
    ]


def pyfibers_rows(python: str | None, nodes: tuple[int, ...]) -> list[Row]:
    found = peer("benchmarks.pyfibers_peer", python, nodes) if python else None
    if found is None or not found["available"]:
        return [Row("PyFibers", "(second peer)", found["why"] if found else "not installed")]
    rows = []
    for theirs in found["rows"]:
        ours = simulation_seconds(theirs["nodes"])
        search = threshold_seconds(theirs["nodes"], "neuron")
        rows.append(
            Row(
                f"PyFibers {found['pyfibers']}, {theirs['nodes']} nodes",
                "(second peer)",
                f"run {theirs['cpu_s_per_sim']:.2f} s, {theirs['cpu_s_per_sim'] / ours:,.0f}x; "
                f"threshold {theirs['threshold_cpu_s']:.1f} s, "
                f"{theirs['threshold_cpu_s'] / search:,.0f}x",
            )
        )
    return rows


def run(quick: bool = False, neuron: str | None = None) -> list[Row]:
    """All rows; NEURON's columns are left out where no interpreter has it."""
    nodes = NODES[:1] if quick else NODES
    python = neuron_python(neuron)
    theirs = None
    if python:
        theirs = peer("benchmarks.neuron_peer", python, nodes, "--json")
    parts: list[Callable[[], list[Row]]] = [
        lambda: simulation_rows(theirs, nodes),
        lambda: threshold_rows(theirs, nodes),
        lambda: c_fibre_rows(theirs),
        start_up_rows,
        lambda: pyfibers_rows(python, nodes[:1]),
    ]
    rows = [row for part in parts for row in part()]
    if theirs is None:
        rows.append(Row("NEURON", "beside ours", "not installed: pip install 'vagus[bench]'"))
    return rows


def main() -> None:
    from benchmarks.__main__ import show

    parser = argparse.ArgumentParser(prog="python -m benchmarks.fibre")
    parser.add_argument("--quick", action="store_true", help="21 nodes only")
    parser.add_argument("--neuron-python", help="an interpreter that has NEURON")
    arguments = parser.parse_args()
    show("fibres against NEURON", run(arguments.quick, arguments.neuron_python))


if __name__ == "__main__":
    main()
