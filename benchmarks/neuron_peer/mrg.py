"""The MRG double cable in NEURON: 11 sections of one segment per internode.

McIntyre, Richardson & Grill 2002 (10.1152/jn.00353.2001), 2 um fibre 10.1152/jn.00989.2003,
interpolated geometry 10.1371/journal.pcbi.1009285, small fibres 10.1371/journal.pcbi.1011833.
"""

from __future__ import annotations

import math
from typing import Any

from .fibre import SEALED_OHM_CM, Fibre, connect_line, empty_simulator
from .geometry import Dimensions, Geometry, dimensions

REST_MV = -80.0
UNIT = ("node", "mysa", "flut", *("stin",) * 6, "flut", "mysa")
SHORT_S_PER_CM2 = 1e10  # bare membrane: outside is the extracellular potential


class NeuronMrg(Fibre):
    """A myelinated fibre of ``n_nodes`` nodes, the two at the ends passive, near a point source.

    ``layers``: extracellular layers of NEURON; two are its default, one is faster.
    """

    def __init__(
        self,
        diameter_um: float,
        n_nodes: int,
        geometry: Geometry = "interpolation",
        distance_um: float = 500.0,
        sigma: float = 1.0,
        dt_ms: float = 0.005,
        tstop_ms: float = 5.0,
        delay_ms: float = 0.0,
        layers: int = 2,
    ) -> None:
        h = empty_simulator(layers)
        size = dimensions(diameter_um, geometry)
        kinds = UNIT * (n_nodes - 1) + ("node",)
        sections = [h.Section(name=f"{kind}_{k}") for k, kind in enumerate(kinds)]
        for sec, kind in zip(sections, kinds, strict=True):
            if kind == "node":
                _make_node(sec, size, geometry)
            else:
                _make_internodal(sec, kind, diameter_um, size)
        for sec in (sections[0], sections[-1]):
            _make_passive(sec)
        connect_line(sections)
        nodes = range(0, len(sections), len(UNIT))
        super().__init__(sections, nodes, REST_MV, distance_um, sigma, dt_ms, tstop_ms, delay_ms)


def _periaxonal_Mohm_per_cm(inner_um: float, width_um: float) -> float:
    """Resistance per length of a ring of 70 ohm cm around the axon."""
    ring_um2 = math.pi * ((inner_um / 2 + width_um) ** 2 - (inner_um / 2) ** 2)
    return 0.7e6 * 0.01 / ring_um2


def _extracellular(sec: Any, xraxial: float, xg: float, xc: float) -> None:
    sec.insert("extracellular")
    for seg in sec:
        seg.xraxial[0], seg.xg[0], seg.xc[0] = xraxial, xg, xc


def _make_node(sec: Any, size: Dimensions, geometry: Geometry) -> None:
    sec.nseg, sec.L, sec.diam, sec.Ra, sec.cm = 1, 1.0, size.node, 70.0, 2.0
    sec.insert("mrg_node")
    if geometry == "pena":
        sec(0.5).mrg_node.gna, sec(0.5).mrg_node.gks = 2.333333, 0.115556
    _extracellular(sec, _periaxonal_Mohm_per_cm(size.node, 0.002), SHORT_S_PER_CM2, 0.0)


def _make_passive(sec: Any) -> None:
    sec.uninsert("mrg_node")
    sec.insert("pas")
    sec(0.5).pas.g, sec(0.5).pas.e = 1e-4, REST_MV
    sec.cm, sec.Ra = 1.0, SEALED_OHM_CM


def _make_internodal(sec: Any, kind: str, diameter_um: float, size: Dimensions) -> None:
    """Sections carry the fibre's diameter; the axon inside enters through ``ratio``."""
    inner, width = (size.node, 0.002) if kind == "mysa" else (size.axon, 0.004)
    ratio = inner / diameter_um
    length = {"mysa": 3.0, "flut": size.flut, "stin": size.stin}[kind]
    sec.nseg, sec.L, sec.diam = 1, length, diameter_um
    sec.Ra, sec.cm = 70.0 / ratio**2, 2.0 * ratio
    sec.insert("pas")
    sec(0.5).pas.g = (1e-3 if kind == "mysa" else 1e-4) * ratio
    sec(0.5).pas.e = REST_MV
    membranes = 2 * size.lamellae
    _extracellular(sec, _periaxonal_Mohm_per_cm(inner, width), 0.001 / membranes, 0.1 / membranes)
