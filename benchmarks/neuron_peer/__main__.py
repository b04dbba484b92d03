"""CPU time of NEURON per simulation and per threshold, as text or JSON.

    python -m benchmarks.neuron_peer [--json] [--nodes 21 51 101] [--skip-thresholds]

Process CPU seconds of one thread. ``layers`` 2 is NEURON's default extracellular mechanism, 1 its
fastest one; both give the same potentials. Every run is 1000 (MRG) or 2000 (Sundt) steps.
"""

from __future__ import annotations

import argparse
import json
import platform
from typing import Any

from .mechanisms import neuron_with_mechanisms
from .mrg import NeuronMrg
from .sundt import NeuronSundt

DIAMETER_UM, DISTANCE_UM = 10.0, 500.0
C_FIBRE_UM, C_FIBRE_DISTANCE_UM, C_FIBRE_COMPARTMENTS = 1.0, 250.0, 501


def time_mrg(n_nodes: int, layers: int, thresholds: bool) -> dict[str, Any]:
    """One row: a 10 um fibre, 5 ms of 0.005 ms, 100 us pulse, point source at 500 um."""
    fibre = NeuronMrg(DIAMETER_UM, n_nodes, distance_um=DISTANCE_UM, layers=layers)
    row: dict[str, Any] = {"model": "mrg-interpolation", "nodes": n_nodes, "layers": layers}
    row["diameter_um"], row["steps"] = DIAMETER_UM, fibre.steps
    row["cpu_s_per_sim"] = fibre.cpu_per_sim()
    if thresholds:
        found = fibre.threshold(tolerance=1e-3)
        row |= {
            "threshold_mA": found.threshold_mA,
            "lower_mA": found.lower_mA,
            "threshold_sims": found.simulations,
            "threshold_cpu_s": found.cpu_s,
        }
    return row


def time_sundt(n_sections: int, layers: int) -> dict[str, Any]:
    """One row: a 1 um C fibre, 10 ms of 0.005 ms, no search."""
    fibre = NeuronSundt(C_FIBRE_UM, n_sections, distance_um=C_FIBRE_DISTANCE_UM, layers=layers)
    seconds = fibre.cpu_per_sim(amplitude_mA=-3.0, repeats=2)
    return {
        "model": "sundt",
        "nodes": n_sections,
        "layers": layers,
        "diameter_um": C_FIBRE_UM,
        "steps": fibre.steps,
        "cpu_s_per_sim": seconds,
        "ns_per_compartment_step": seconds / fibre.steps / n_sections * 1e9,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neuron_peer")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--nodes", type=int, nargs="+", default=[21, 51, 101])
    parser.add_argument("--skip-thresholds", action="store_true")
    arguments = parser.parse_args()
    neuron_with_mechanisms()
    import neuron

    rows = [
        time_mrg(n, layers, not arguments.skip_thresholds)
        for layers in (2, 1)
        for n in arguments.nodes
    ]
    rows += [time_sundt(C_FIBRE_COMPARTMENTS, layers) for layers in (2, 1)]
    if arguments.json:
        report = {"neuron": neuron.__version__, "python": platform.python_version(), "rows": rows}
        print(json.dumps(report))
        return
    print(f"NEURON {neuron.__version__}, process CPU time")
    for row in rows:
        line = f"{row['model']:18} {row['nodes']:4d} layers {row['layers']}"
        line += f"  {row['cpu_s_per_sim']:.4f} s/sim"
        if "threshold_cpu_s" in row:
            line += f"  threshold {row['threshold_mA']:.6f} mA"
            line += f" {row['threshold_cpu_s']:.2f} s ({row['threshold_sims']} simulations)"
        print(line)


if __name__ == "__main__":
    main()
