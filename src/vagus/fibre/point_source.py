"""One fibre beside a point source: the textbook case that programs are compared on.

The source sits at a distance from the fibre's axis, over the centre node (or the centre of an
unmyelinated fibre), in an infinite homogeneous medium: V = I / (4 pi sigma r).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from vagus.errors import InputError
from vagus.fibre.models import DX_UM, Fibres, check_model, fibres_of, is_myelinated, positions_um
from vagus.fibre.threshold import Thresholds, activation_thresholds
from vagus.fibre.timegrid import Scheme, time_grid
from vagus.protocol.waveform import Waveform

DELAY_MS = 1.0
TSTOP_MYELINATED_MS, TSTOP_UNMYELINATED_MS = 5.0, 20.0


def fibre_at_point_source(
    model: str,
    diameter_um: float,
    distance_um: float,
    conductivity_S_per_m: float = 1.0,
    nodes: int | None = None,
    length_um: float | None = None,
) -> Fibres:
    """A single fibre with ``nodes`` nodes (compartments), or as many as fit ``length_um``.

    The number is made odd, so that one of them lies under the source. Raises `InputError` for a
    diameter outside the model's range and for distances or conductivities that are not positive.
    """
    check_model(model)
    for name, value, unit in (
        ("diameter", diameter_um, "um"),
        ("distance", distance_um, "um"),
        ("conductivity", conductivity_S_per_m, "S/m"),
    ):
        if not (np.isfinite(value) and value > 0):
            raise InputError(name, f"{value:g} {unit}", f"> 0 {unit}")
    diameter = np.array([float(diameter_um)])
    n = _count(model, diameter, nodes, length_um)
    z = positions_um(model, diameter, n)
    # over the centre node; MRG positions list eleven sections per node
    middle = z[:, 11 * (n // 2)] if is_myelinated(model) else z[:, n // 2]
    r_m = np.hypot(distance_um, z - middle[:, None]) * 1e-6
    return fibres_of(model, diameter, n, 1.0 / (4 * np.pi * conductivity_S_per_m * r_m))


def _count(model: str, diameter: Any, nodes: int | None, length_um: float | None) -> int:
    if nodes is not None and length_um is not None:
        raise InputError("length", f"{length_um:g} um", "not beside `nodes`", "Give one of them.")
    if length_um is not None:
        if not (np.isfinite(length_um) and length_um > 0):
            raise InputError("length", f"{length_um:g} um", "> 0 um")
        spacing, count = DX_UM, int(length_um / DX_UM + 1e-6)
        if is_myelinated(model) or model == "sweeney":
            spacing = float(np.ptp(positions_um(model, diameter, 5)[0]) / 4)
            count = int(length_um / spacing + 1e-6) + 1  # a node at either end
        nodes = count - 1 + count % 2
    if nodes is None:
        return 51 if is_myelinated(model) or model == "sweeney" else 601
    if nodes < 5:
        raise InputError("nodes", nodes, "5 or more", "Lengthen the fibre.")
    return nodes


def point_source_threshold(
    fibre: Fibres,
    waveform: Waveform,
    *,
    scheme: Scheme = "converged",
    dt_ms: float = 0.005,
    tolerance: float = 1e-3,
    tstop_ms: float | None = None,
    cathodic: bool = True,
    dtype: Any = np.float64,
) -> Thresholds:
    """Threshold current of the source, in mA; negative where the first phase is cathodic."""
    if tstop_ms is None:
        tstop_ms = TSTOP_MYELINATED_MS if is_myelinated(fibre.model) else TSTOP_UNMYELINATED_MS
        tstop_ms += max(0.0, waveform.duration_us * 1e-3 - DELAY_MS)
    grid = time_grid(scheme, waveform, tstop_ms, dt_ms, DELAY_MS)
    return activation_thresholds(
        fibre, grid, polarity=-1 if cathodic else 1, tolerance=tolerance, dtype=dtype
    )
