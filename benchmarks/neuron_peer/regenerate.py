"""Write the NEURON traces of `tests/data/neuron` anew.

    python -m benchmarks.neuron_peer.regenerate

`cases.csv` holds the settings, one row per case; `traces.npz` the membrane potential of four nodes
per case, and `versions.csv` what made them.
"""

from __future__ import annotations

import csv
import platform
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .fibre import Fibre
from .mechanisms import neuron_with_mechanisms
from .mrg import NeuronMrg
from .sundt import NeuronSundt

FOLDER = Path(__file__).resolve().parents[2] / "tests" / "data" / "neuron"
SAVED = (0.05, 0.5, 0.65, 0.95)  # of the length: beside an end, under the source, travelling spike


def saved_nodes(n_nodes: int) -> NDArray[np.int64]:
    """Indices of the four nodes kept of a fibre of ``n_nodes``."""
    return np.rint(np.array(SAVED) * (n_nodes - 1)).astype(np.int64)


def build(row: dict[str, str]) -> Fibre:
    """The fibre of one case; its pulse starts at t = 0."""
    diameter, nodes, distance = float(row["diameter_um"]), int(row["nodes"]), row["distance_um"]
    times = {"dt_ms": float(row["dt_ms"]), "tstop_ms": float(row["tstop_ms"])}
    if row["model"] == "sundt":
        ends = float(row["end_ohm_cm"])
        return NeuronSundt(diameter, nodes, distance_um=float(distance), end_ohm_cm=ends, **times)
    geometry = row["geometry"]
    return NeuronMrg(diameter, nodes, geometry, distance_um=float(distance), **times)  # type: ignore[arg-type]


def main() -> None:
    with (FOLDER / "cases.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    traces = {}
    for row in rows:
        fibre = build(row)
        width = float(row["pulse_width_us"] or 0)
        trace = fibre.trace(float(row["amplitude_mA"]), row["waveform"], width)  # type: ignore[arg-type]
        traces[row["id"]] = trace[:, saved_nodes(int(row["nodes"]))]
        print(f"{row['id']:22} highest potential near the end {trace[:, -2].max():8.2f} mV")
        del fibre
    np.savez_compressed(FOLDER / "traces.npz", **traces)
    neuron_with_mechanisms()
    import neuron

    with (FOLDER / "versions.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["what", "version"])
        writer.writerow(["neuron", neuron.__version__])
        writer.writerow(["python", platform.python_version()])
        writer.writerow(["numpy", np.__version__])
        writer.writerow(["machine", platform.machine()])


if __name__ == "__main__":
    main()
