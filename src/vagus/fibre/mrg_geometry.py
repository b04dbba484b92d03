"""Geometry of the MRG double-cable axon: lengths and diameters as functions of fibre diameter.

Between two nodes lie ten sections: MYSA, FLUT, six STIN, FLUT, MYSA. Three published geometries:

``mrg-discrete``       the tabulated diameters of McIntyre et al. 2002 (doi:10.1152/jn.00353.2001),
                       2004 (2 um) and 1 um (doi:10.1088/1741-2552/aa6a5f);
``mrg-interpolation``  polynomials through them (doi:10.1371/journal.pcbi.1009285), 2-16 um;
``pena``               small fibres (doi:10.1371/journal.pcbi.1011833), 1.011-5.7 um.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vagus.data import read_table
from vagus.errors import InputError

Floats = NDArray[np.float64]

MRG_MODELS = ("mrg-interpolation", "mrg-discrete", "pena")
SECTIONS = 10
"""Sections of one internode."""


@cache
def parameters(model: str) -> dict[str, float]:
    """Parameters of ``model`` by symbol, in the units of ``data/fibre/mrg_parameters.csv``."""
    rows = read_table("fibre/mrg_parameters.csv")
    shared = {r["symbol"]: float(r["value"]) for r in rows if r["models"] == "all"}
    own = {r["symbol"]: float(r["value"]) for r in rows if model in r["models"].split()}
    return shared | own


@dataclass(frozen=True)
class MrgGeometry:
    """Geometry of F fibres; every array is [F], in micrometres (``lamellae`` is a number)."""

    model: str
    diameter_um: Floats
    node_spacing_um: Floats
    flut_um: Floats
    stin_um: Floats
    node_diameter_um: Floats
    axon_diameter_um: Floats
    lamellae: Floats

    def section_lengths_um(self) -> Floats:
        """[F, 11] lengths of node, MYSA, FLUT, six STIN, FLUT, MYSA."""
        p = parameters(self.model)
        node = np.full_like(self.flut_um, p["node_length"])
        mysa = np.full_like(self.flut_um, p["mysa_length"])
        stin = [self.stin_um] * 6
        return np.stack([node, mysa, self.flut_um, *stin, self.flut_um, mysa], axis=1)

    def centres_um(self, n_nodes: int) -> Floats:
        """[F, 11 (n_nodes - 1) + 1] section centres, from the outer face of the first node."""
        lengths = np.tile(self.section_lengths_um(), (1, n_nodes))[:, : 11 * (n_nodes - 1) + 1]
        return np.cumsum(lengths, axis=1) - lengths / 2


def mrg_geometry(model: str, diameter_um: Floats) -> MrgGeometry:
    """Geometry of fibres of ``diameter_um`` [F].

    Raises `InputError` for an unknown model or a diameter that the model does not cover.
    """
    d = np.atleast_1d(np.asarray(diameter_um, float))
    if model not in MRG_MODELS:
        raise InputError("model", model, ", ".join(MRG_MODELS))
    _check_range(model, d)
    if model == "mrg-discrete":
        spacing, flut, axon, node, lamellae = _tabulated(d)
    else:
        axon = _polynomial(model, "axon_diameter", d)
        flut = _polynomial(model, "flut_length", d)
        spacing = _polynomial(model, "node_spacing", d)
        inner = axon if model == "pena" else d
        node = _polynomial(model, "node_diameter", inner)
        lamellae = _polynomial(model, "lamellae", inner)
        if model == "pena":
            lamellae = np.trunc(lamellae)
    p = parameters(model)
    stin = (spacing - p["node_length"] - 2 * p["mysa_length"] - 2 * flut) / 6
    return MrgGeometry(model, d, spacing, flut, stin, node, axon, lamellae)


def _check_range(model: str, d: Floats) -> None:
    p = parameters(model)
    low, high = p["diameter_min"], p["diameter_max"]
    bad = ~((d >= low) & (d <= high))
    if bad.any():
        raise InputError(
            "diameter",
            f"{d[bad][0]:g} um",
            f"{low:g} to {high:g} um for model {model}",
            "Smaller myelinated fibres: model pena from 1.011 um; unmyelinated: sundt, tigerholm.",
        )


def _polynomial(model: str, quantity: str, x: Floats) -> Floats:
    """The table's quadratic that holds from ``from_um`` on (the fibre diameter decides)."""
    rows = [
        r
        for r in read_table("fibre/mrg_polynomials.csv")
        if r["model"] == model and r["quantity"] == quantity
    ]
    y = np.full_like(x, np.nan)
    for row in sorted(rows, key=lambda r: float(r["from_um"])):
        c2, c1, c0 = (float(row[c]) for c in ("c2", "c1", "c0"))
        y = np.where(x >= float(row["from_um"]), (c2 * x + c1) * x + c0, y)
    return y


def _tabulated(d: Floats) -> tuple[Floats, ...]:
    rows = {float(r["diameter_um"]): r for r in read_table("fibre/mrg_discrete.csv")}
    missing = [x for x in d.tolist() if x not in rows]
    if missing:
        raise InputError(
            "diameter",
            f"{missing[0]:g} um",
            "one of " + ", ".join(f"{x:g}" for x in rows) + " um for model mrg-discrete",
            "Use model mrg-interpolation for diameters in between.",
        )
    columns = (
        "node_spacing_um",
        "flut_length_um",
        "axon_diameter_um",
        "node_diameter_um",
        "lamellae",
    )
    return tuple(np.array([float(rows[x][c]) for x in d.tolist()]) for c in columns)
