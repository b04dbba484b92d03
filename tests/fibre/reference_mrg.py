"""The MRG double cable written out in full: a slow, independent oracle for the modal kernel.

Every section keeps its two unknowns (axoplasm ``Vi`` and periaxonal space ``Vp``, both absolute),
and every step solves the whole banded system in float64; nothing is condensed, diagonalised,
tabulated or made relative to the local potential. Constants are written here a second time, on
purpose: a slip in the package's tables must not reach the oracle.

Model: McIntyre, Richardson & Grill 2002 (10.1152/jn.00353.2001); 2 um fibre 10.1152/jn.00989.2003;
interpolated geometry 10.1371/journal.pcbi.1009285; small fibres 10.1371/journal.pcbi.1011833.
Scheme: NEURON's fixed step (backward Euler for the potentials with the gates held, then the gates
with the new potential, exactly), started at t = -200 ms with 40 steps of 5 ms.

Units: mV, ms, nA, uS, nF, Mohm, um.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

Array = NDArray[np.float64]
Geometry = Literal["interpolation", "discrete", "pena"]

REST_MV = -80.0
# fibre diameter: node spacing, FLUT length, axon diameter, node diameter (um), lamellae
DISCRETE = {
    1.0: (100, 5, 0.8, 0.7, 15),
    2.0: (200, 10, 1.6, 1.4, 30),
    5.7: (500, 35, 3.4, 1.9, 80),
    7.3: (750, 38, 4.6, 2.4, 100),
    8.7: (1000, 40, 5.8, 2.8, 110),
    10.0: (1150, 46, 6.9, 3.3, 120),
    11.5: (1250, 50, 8.1, 3.7, 130),
    12.8: (1350, 54, 9.2, 4.2, 135),
    14.0: (1400, 56, 10.4, 4.7, 140),
    15.0: (1450, 58, 11.5, 5.0, 145),
    16.0: (1500, 60, 12.7, 5.5, 150),
}


def dimensions(diameter_um: float, geometry: Geometry) -> tuple[float, float, float, float, float]:
    """Node spacing, FLUT length, axon diameter, node diameter (um) and number of lamellae."""
    d = diameter_um
    if geometry == "discrete":
        spacing, flut, axon, node, lamellae = DISCRETE[d]
        return float(spacing), float(flut), axon, node, float(lamellae)
    if geometry == "pena":
        axon = 0.553 * d - 0.024
        spacing = -3.22 * d * d + 148.0 * d - 128.0
        flut = -0.171 * d * d + 6.48 * d - 0.935
        return spacing, flut, axon, 0.321 * axon + 0.37, float(int(17.4 * axon - 1.74))
    spacing = 81.08 * d + 37.84 if d < 5.643 else -8.215 * d * d + 272.4 * d - 780.2
    flut = -0.1652 * d * d + 6.354 * d - 0.2862
    axon = 0.02361 * d * d + 0.3673 * d + 0.7122
    node = 0.01093 * d * d + 0.1008 * d + 1.099
    return spacing, flut, axon, node, -0.4749 * d * d + 16.85 * d - 0.7648


@dataclass(frozen=True)
class Cable:
    """Sections of one fibre, [S] = 11 (N - 1) + 1, from one end to the other.

    ``z_um`` centres; ``node`` [N] indices of the nodes; membrane capacitance, passive conductance
    and reversal; capacitance and conductance of the myelin; ``axial_uS``, ``periaxonal_uS`` [S-1]
    couplings between neighbours; ``channels_uS`` [4] maximal Na, NaP, Ks and leak of one node.
    """

    z_um: Array
    node: NDArray[np.int64]
    capacitance_nF: Array
    passive_uS: Array
    reversal_mV: Array
    myelin_nF: Array
    myelin_uS: Array
    axial_uS: Array
    periaxonal_uS: Array
    channels_uS: Array


def mrg_cable(diameter_um: float, n_nodes: int, geometry: Geometry = "interpolation") -> Cable:
    """Build the fibre: nodes, MYSA, FLUT, STIN x 6, FLUT, MYSA; the two end nodes are passive."""
    spacing, flut, axon, node_d, lamellae = dimensions(diameter_um, geometry)
    stin = (spacing - 1.0 - 2 * 3.0 - 2 * flut) / 6
    unit = "NMFSSSSSSFM"
    kinds = np.array(list(unit * (n_nodes - 1) + "N"))
    node, mysa = kinds == "N", kinds == "M"
    length = np.select([node, mysa, kinds == "F"], [1.0, 3.0, flut], stin)
    inner = np.where(node | mysa, node_d, axon)  # true axon diameter
    width = np.where(node | mysa, 0.002, 0.004)  # of the periaxonal space
    outer = np.where(node, node_d, diameter_um)  # the diameter areas are counted with
    ratio = inner / outer
    area = np.pi * outer * length

    end = np.zeros(kinds.size, dtype=bool)
    end[[0, -1]] = True
    specific_c = np.where(end, 1.0, 2.0 * ratio)  # uF/cm2
    specific_g = np.select([end, node, mysa], [1e-4, 0.0, 1e-3 * ratio], 1e-4 * ratio)  # S/cm2
    resistivity = np.where(end, 1e10, 70.0 / ratio**2)  # ohm cm; ends are sealed axially
    half_axial = resistivity * (length / 2) / (np.pi * outer**2 / 4) * 1e-2
    ring = np.pi * ((inner / 2 + width) ** 2 - (inner / 2) ** 2)
    half_periaxonal = 0.7e6 * 0.01 / ring * (length / 2) * 1e-4

    g_na, g_k = (2.333333, 0.115556) if geometry == "pena" else (3.0, 0.08)
    node_area = np.pi * node_d * 1.0
    return Cable(
        z_um=np.cumsum(length) - length / 2,
        node=np.flatnonzero(node),
        capacitance_nF=specific_c * area * 1e-5,
        passive_uS=specific_g * area * 1e-2,
        reversal_mV=np.full(kinds.size, REST_MV),
        myelin_nF=np.where(node, 0.0, 0.1 / (2 * lamellae)) * area * 1e-5,
        myelin_uS=np.where(node, 0.0, 0.001 / (2 * lamellae)) * area * 1e-2,
        axial_uS=1 / (half_axial[1:] + half_axial[:-1]),
        periaxonal_uS=1 / (half_periaxonal[1:] + half_periaxonal[:-1]),
        channels_uS=np.array([g_na, 0.01, g_k, 0.007]) * node_area * 1e-2,
    )


def point_source(cable: Cable, distance_um: float, sigma_S_per_m: float = 1.0) -> Array:
    """Potential [S], mV per mA, of a point source beside the centre node (isotropic medium)."""
    z = cable.z_um - cable.z_um[cable.node[cable.node.size // 2]]
    return 1e6 / (4 * np.pi * sigma_S_per_m * np.hypot(distance_um, z))  # mV/mA = V/A; r in um


def _linoid(x: Array, scale: float) -> Array:
    """x / (1 - exp(-x / scale)), continued through x = 0."""
    y = np.where(np.abs(x / scale) < 1e-6, 1.0, x / scale)
    return np.where(np.abs(x / scale) < 1e-6, scale, x / -np.expm1(-y))


def gate_rates(v: Array) -> tuple[Array, Array]:
    """Opening and closing rates [4, N] per ms of m, h, p, s at 37 C."""
    fast, inact, slow = 2.2 ** (17 / 10), 2.9 ** (17 / 10), 3.0 ** (1 / 10)
    with np.errstate(over="ignore"):  # exp of a large voltage: the rate is 0, as it should be
        alpha = np.stack(
            [
                fast * 1.86 * _linoid(v + 21.4, 10.3),
                inact * 0.062 * _linoid(-(v + 114.0), 11.0),
                fast * 0.01 * _linoid(v + 27.0, 10.2),
                slow * 0.3 / (1 + np.exp((v + 53.0) / -5.0)),
            ]
        )
        beta = np.stack(
            [
                fast * 0.086 * _linoid(-(v + 25.7), 9.16),
                inact * 2.3 / (1 + np.exp(-(v + 31.8) / 13.4)),
                fast * 0.00025 * _linoid(-(v + 34.0), 10.0),
                slow * 0.03 / (1 + np.exp(-(v + 90.0))),
            ]
        )
    return alpha, beta


@dataclass
class _State:
    axoplasm: Array  # [S]
    periaxonal: Array  # [S]
    outside: Array  # [S] extracellular potential of the last step
    gates: Array  # [4, N-2] m, h, p, s of the active nodes


def _bands(cable: Cable, dt_ms: float) -> Array:
    """Constant part of the matrix, unknowns (Vi0, Vp0, Vi1, ...), as scipy's (2, 2) bands."""
    size = cable.z_um.size
    membrane = cable.capacitance_nF / dt_ms + cable.passive_uS
    axial, ring = np.zeros(size), np.zeros(size)
    axial[:-1] += cable.axial_uS
    axial[1:] += cable.axial_uS
    ring[:-1] += cable.periaxonal_uS
    ring[1:] += cable.periaxonal_uS
    is_node = np.zeros(size, dtype=bool)
    is_node[cable.node] = True
    bands = np.zeros((5, 2 * size))
    bands[2, 0::2] = membrane + axial
    bands[1, 1::2] = -membrane  # row Vi, column Vp
    myelin = cable.myelin_nF / dt_ms + cable.myelin_uS
    bands[2, 1::2] = np.where(is_node, 1.0, membrane + myelin + ring)  # a node: Vp = Ve
    bands[3, 0::2] = np.where(is_node, 0.0, -membrane)  # row Vp, column Vi
    bands[0, 2::2], bands[4, 0:-2:2] = -cable.axial_uS, -cable.axial_uS
    bands[0, 3::2] = np.where(is_node[:-1], 0.0, -cable.periaxonal_uS)
    bands[4, 1:-2:2] = np.where(is_node[1:], 0.0, -cable.periaxonal_uS)
    return bands


def _step(cable: Cable, bands: Array, state: _State, outside: Array, dt_ms: float) -> None:
    """One backward Euler step to the potential ``outside`` [S], then the gates (in place)."""
    active = cable.node[1:-1]
    m, h, p, s = state.gates
    na, nap, ks, leak = cable.channels_uS
    sodium, potassium = na * m**3 * h + nap * p**3, ks * s
    conductance = sodium + potassium + leak
    charge = cable.capacitance_nF / dt_ms * (state.axoplasm - state.periaxonal)
    membrane = charge + cable.passive_uS * cable.reversal_mV
    membrane[active] += sodium * 50.0 - (potassium + leak) * 90.0
    myelin = cable.myelin_nF / dt_ms * (state.periaxonal - state.outside)
    myelin += (cable.myelin_nF / dt_ms + cable.myelin_uS) * outside
    right = np.empty(2 * outside.size)
    right[0::2] = membrane
    right[1::2] = myelin - membrane
    right[1::2][cable.node] = outside[cable.node]
    matrix = bands.copy()
    matrix[2, 2 * active] += conductance
    matrix[1, 2 * active + 1] -= conductance
    new = solve_banded((2, 2), matrix, right, overwrite_ab=True, check_finite=False)
    state.axoplasm, state.periaxonal, state.outside = new[0::2], new[1::2], outside
    alpha, beta = gate_rates((state.axoplasm - state.periaxonal)[active])
    rate = alpha + beta
    state.gates = alpha / rate + (state.gates - alpha / rate) * np.exp(-dt_ms * rate)


def simulate(
    cable: Cable,
    outside_mV_per_mA: Array,
    waveform: Array,
    amplitude_mA: float,
    dt_ms: float = 0.005,
) -> Array:
    """Membrane potential [J + 1, N] mV of all nodes: after initialisation, then after every step.

    ``outside_mV_per_mA`` [S]: potential at the section centres; ``waveform`` [J]: multiple of the
    amplitude, held over step j (from j dt to (j + 1) dt).
    """
    state = _State(
        axoplasm=np.full(cable.z_um.size, REST_MV),
        periaxonal=np.zeros(cable.z_um.size),
        outside=np.zeros(cable.z_um.size),
        gates=np.empty((4, cable.node.size - 2)),
    )
    alpha, beta = gate_rates(np.full(cable.node.size - 2, REST_MV))
    state.gates = alpha / (alpha + beta)
    silent, slow = np.zeros(cable.z_um.size), _bands(cable, 5.0)
    for _ in range(40):
        _step(cable, slow, state, silent, 5.0)
    trace = np.empty((waveform.size + 1, cable.node.size))
    trace[0] = (state.axoplasm - state.periaxonal)[cable.node]
    bands = _bands(cable, dt_ms)
    field = amplitude_mA * outside_mV_per_mA
    for j, w in enumerate(waveform):
        _step(cable, bands, state, w * field, dt_ms)
        trace[j + 1] = (state.axoplasm - state.periaxonal)[cable.node]
    return trace


def fired(trace: Array) -> bool:
    """Whether node floor(0.9 (N - 1)) crossed -30 mV upwards in ``trace`` [J + 1, N]."""
    v = trace[:, (9 * (trace.shape[1] - 1)) // 10]
    return bool(np.any((v[:-1] < -30.0) & (v[1:] >= -30.0)))


def activation_threshold(
    cable: Cable,
    outside_mV_per_mA: Array,
    waveform: Array,
    bracket_mA: tuple[float, float],
    dt_ms: float = 0.005,
    tolerance: float = 1e-4,
) -> float:
    """Bisect a bracket (silent, firing) in mA to relative ``tolerance``; the firing end."""
    low, high = bracket_mA
    if fired(simulate(cable, outside_mV_per_mA, waveform, low, dt_ms)):
        raise ValueError(f"already fires at {low} mA")
    if not fired(simulate(cable, outside_mV_per_mA, waveform, high, dt_ms)):
        raise ValueError(f"does not fire at {high} mA")
    while abs(high - low) > tolerance * abs(high):
        middle = (low + high) / 2
        if fired(simulate(cable, outside_mV_per_mA, waveform, middle, dt_ms)):
            high = middle
        else:
            low = middle
    return high
