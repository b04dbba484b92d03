"""PyFibers as a second peer, where it is installed and its mechanisms are compiled.

    python -m benchmarks.pyfibers_peer [--nodes 21 51 101]

Prints JSON: per number of nodes the process CPU seconds of one `run_sim` and of one
`find_threshold` to 0.1 % (a 10 um MRG_INTERPOLATION fibre, 5 ms of 0.005 ms, 100 us pulse, point
source at 500 um in 1 S/m), or ``{"available": false, "why": ...}``. Public functions only.
"""

from __future__ import annotations

import argparse
import gc
import importlib.metadata
import importlib.util
import json
import os
import time
from pathlib import Path
from typing import Any

PULSE_MS = 0.1


def why_unavailable() -> str | None:
    """Reason why PyFibers cannot run here, without importing it; None when it can."""
    spec = importlib.util.find_spec("pyfibers")
    if spec is None or spec.origin is None:
        return "pyfibers is not installed"
    if not list((Path(spec.origin).parent / "MOD").glob("*/*nrnmech.*")):
        return "pyfibers is not compiled: run `pyfibers_compile` (minutes, needs a C++ compiler)"
    return None


def time_pyfibers(n_nodes: int) -> dict[str, Any]:
    """One row for a fibre of ``n_nodes`` nodes."""
    from neuron import h
    from pyfibers import FiberModel, ScaledStim, build_fiber

    gc.collect()  # NEURON advances every section that is alive, those of the last fibre too
    if any(True for _ in h.allsec()):
        raise RuntimeError("a fibre of an earlier run is still alive: its time would be counted")
    fibre = build_fiber(FiberModel.MRG_INTERPOLATION, diameter=10.0, n_nodes=n_nodes)
    fibre.potentials = fibre.point_source_potentials(0, 500.0, fibre.length / 2, 1.0, 1.0)
    stimulus = ScaledStim(lambda t: 1.0 if t < PULSE_MS - 1e-9 else 0.0, dt=0.005, tstop=5.0)
    start = time.process_time()
    stimulus.run_sim(-1.0, fibre)
    one = time.process_time() - start
    start = time.process_time()
    threshold, _ = stimulus.find_threshold(
        fibre, stimamp_top=-1.0, stimamp_bottom=-0.05, termination_tolerance=0.1
    )
    return {
        "nodes": n_nodes,
        "cpu_s_per_sim": one,
        "threshold_mA": float(threshold),
        "threshold_cpu_s": time.process_time() - start,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pyfibers_peer")
    parser.add_argument("--nodes", type=int, nargs="+", default=[21, 51, 101])
    nodes = parser.parse_args().nodes
    missing = why_unavailable()
    if missing is not None:
        print(json.dumps({"available": False, "why": missing}))
        return
    os.environ.setdefault("NEURON_MODULE_OPTIONS", "-nogui")
    rows = [time_pyfibers(n) for n in nodes]
    version = importlib.metadata.version("pyfibers")
    print(json.dumps({"available": True, "pyfibers": version, "rows": rows}))


if __name__ == "__main__":
    main()
