"""The Sundt C fibre with its two end compartments, written out in full: an oracle in float64.

Model: Sundt, Gamper & Jaffe 2015 (10.1152/jn.00226.2015). Scheme and initialisation as in
`reference_mrg.py`: backward Euler for the potential, then the gates, from 40 steps of 5 ms.
PyFibers' passive ends are nearly sealed (1e10 ohm cm), not quite: leaving out what they leak moves
the resting potential by 1e-7 mV and a late spike by up to 1e-4 mV.
Constants are written here a second time, on purpose. Units: mV, ms, nA, uS, nF, um.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

Array = NDArray[np.float64]

REST_MV = -60.0


@dataclass(frozen=True)
class Cable:
    """Compartments [S]: centres; area of one in um2; ``axial_uS`` [S-1] couplings."""

    z_um: Array
    area_um2: float
    axial_uS: Array


def sundt_cable(
    diameter_um: float, n_sections: int, end_ohm_cm: float = 1e10, section_um: float = 8.333
) -> Cable:
    """A uniform cable; its two end compartments are passive, of axial resistivity end_ohm_cm."""
    resistivity = np.full(n_sections, 100.0)
    resistivity[[0, -1]] = end_ohm_cm
    half = resistivity * (section_um / 2) / (np.pi * diameter_um**2 / 4) * 1e-2
    return Cable(
        z_um=(np.arange(n_sections) + 0.5) * section_um,
        area_um2=np.pi * diameter_um * section_um,
        axial_uS=1 / (half[1:] + half[:-1]),
    )


def point_source(cable: Cable, distance_um: float, sigma_S_per_m: float = 1.0) -> Array:
    """Potential [S], mV per mA, of a point source beside the centre compartment."""
    z = cable.z_um - cable.z_um[cable.z_um.size // 2]
    return 1e6 / (4 * np.pi * sigma_S_per_m * np.hypot(distance_um, z))


def _ratio(x: Array, y: float) -> Array:
    """x / (exp(x / y) - 1), continued through x = 0."""
    near = np.abs(x / y) < 1e-6
    return np.where(near, y, x / np.expm1(np.where(near, 1.0, x / y)))


def gates_inf_rate(v: Array) -> tuple[Array, Array]:
    """Steady states and rates (1 / ms), [4, S], of m, h, n, l at 37 C."""
    warm, c, u = 3.0 ** (7 / 10), 9.648e4 / (8.315 * (273.16 + 37.0)), v + 65.0
    with np.errstate(over="ignore"):
        a_m = warm * 0.32 * _ratio(13.1 - (u - 6), 4.0)
        b_m = warm * 0.28 * _ratio((u - 6) - 40.1, 5.0)
        a_h = warm * 0.128 * np.exp((17 - (u + 6)) / 18)
        b_h = warm * 4 / (np.exp((40 - (u + 6)) / 5) + 1)
        a_n, b_n = np.exp(-5e-3 * (v + 32) * c), np.exp(-2e-3 * (v + 32) * c)
        a_l = np.exp(2e-3 * (v + 61) * c)
        inf = np.stack([a_m / (a_m + b_m), a_h / (a_h + b_h), 1 / (1 + a_n), 1 / (1 + a_l)])
        n_rate, l_rate = warm * 0.03 * (1 + a_n) / b_n, warm * 0.001 * (1 + a_l) / a_l
        return inf, np.stack([a_m + b_m, a_h + b_h, n_rate, l_rate])


def _step(
    cable: Cable, vm: Array, gates: Array, outside: Array, dt_ms: float
) -> tuple[Array, Array]:
    """One step: membrane potentials [S] and gates [4, S] (those of the passive ends idle)."""
    m, h, n, l = gates
    sodium, potassium, leak = 0.04 * m**3 * h, 0.04 * n**3 * l, np.full(vm.size, 1e-4)
    sodium[[0, -1]] = potassium[[0, -1]] = 0.0
    siemens, farad = cable.area_um2 * 1e-2, cable.area_um2 * 1e-5
    flow = np.diff(outside) * cable.axial_uS  # seen by Vm, the field is an axial source
    right = farad / dt_ms * vm + (sodium * 50.0 - potassium * 90.0 - leak * 60.0) * siemens
    right[:-1] += flow
    right[1:] -= flow
    bands = np.zeros((3, vm.size))
    bands[1] = farad / dt_ms + (sodium + potassium + leak) * siemens
    bands[1, :-1] += cable.axial_uS
    bands[1, 1:] += cable.axial_uS
    bands[0, 1:], bands[2, :-1] = -cable.axial_uS, -cable.axial_uS
    vm = solve_banded((1, 1), bands, right, check_finite=False)
    inf, rate = gates_inf_rate(vm)
    return vm, inf + (gates - inf) * np.exp(-dt_ms * rate)


def simulate(
    cable: Cable,
    outside_mV_per_mA: Array,
    waveform: Array,
    amplitude_mA: float,
    dt_ms: float = 0.005,
) -> Array:
    """Membrane potential [J + 1, S] mV: after initialisation, then after each step."""
    vm = np.full(cable.z_um.size, REST_MV)
    gates, _ = gates_inf_rate(vm)
    for _ in range(40):
        vm, gates = _step(cable, vm, gates, np.zeros(vm.size), 5.0)
    trace = np.empty((waveform.size + 1, vm.size))
    trace[0] = vm
    for j, w in enumerate(waveform):
        vm, gates = _step(cable, vm, gates, w * amplitude_mA * outside_mV_per_mA, dt_ms)
        trace[j + 1] = vm
    return trace
