"""The C fibre of Sundt et al. 2015 (10.1152/jn.00226.2015) in NEURON: a uniform cable."""

from __future__ import annotations

from .fibre import SEALED_OHM_CM, Fibre, connect_line, empty_simulator

REST_MV = -60.0
SECTION_UM = 8.333
BARE_S_PER_CM2 = 1e10


class NeuronSundt(Fibre):
    """An unmyelinated fibre of ``n_sections`` compartments of 8.333 um, the two ends passive.

    ``end_ohm_cm``: axial resistivity of the ends. PyFibers' 1e10 leaks 1e-7 mV at rest.
    """

    def __init__(
        self,
        diameter_um: float,
        n_sections: int,
        distance_um: float = 250.0,
        sigma: float = 1.0,
        dt_ms: float = 0.005,
        tstop_ms: float = 10.0,
        delay_ms: float = 0.0,
        layers: int = 2,
        end_ohm_cm: float = SEALED_OHM_CM,
    ) -> None:
        h = empty_simulator(layers)
        sections = [h.Section(name=f"axon_{k}") for k in range(n_sections)]
        for k, sec in enumerate(sections):
            sec.nseg, sec.L, sec.diam, sec.Ra, sec.cm = 1, SECTION_UM, diameter_um, 100.0, 1.0
            sec.insert("extracellular")
            sec(0.5).xg[0], sec(0.5).xc[0] = BARE_S_PER_CM2, 0.0
            if k in (0, n_sections - 1):
                sec.insert("pas")
                sec(0.5).pas.g, sec(0.5).pas.e = 1e-4, REST_MV
                sec.Ra = end_ohm_cm
            else:
                sec.insert("sundt")
        connect_line(sections)
        nodes = range(n_sections)
        super().__init__(sections, nodes, REST_MV, distance_um, sigma, dt_ms, tstop_ms, delay_ms)
