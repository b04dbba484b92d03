"""Exact potentials that the solver is held against.

Lengths in mm, conductivities in S/m, currents in mA, potentials in mV.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import iv, ive, ivp, kve, kvp

from vagus.errors import InputError

Array = NDArray[np.float64]


def point_source(
    at_mm: Array, transverse: float, longitudinal: float, current_mA: float = 1.0
) -> Array:
    """Potential [P] at points [P, 3] of a point source at the origin of an infinite medium.

    With the conductivities st across and sl along z:
    phi = I / (4 pi sqrt(st^2 z^2 + st sl (x^2 + y^2))) (Rattay 1999, anisotropic monopole).
    """
    if not (transverse > 0 and longitudinal > 0):
        raise InputError("conductivity", (transverse, longitudinal), "> 0 S/m")
    x, y, z = np.asarray(at_mm, dtype=np.float64).T
    distance = np.sqrt(transverse * longitudinal * (x**2 + y**2) + (transverse * z) ** 2)
    potential: Array = 1e3 * current_mA / (4 * np.pi * distance)
    return potential


@dataclass(frozen=True)
class CoaxialNerve:
    """One round fascicle in round epineurium, with a thin sheet between, current fed at the rim.

    ``fascicle_mm``, ``nerve_mm``: radii; ``transverse``, ``longitudinal``: of the endoneurium;
    ``epineurium``: isotropic; ``sheet``: perineurium, S/m per mm.
    """

    fascicle_mm: float
    nerve_mm: float
    transverse: float
    longitudinal: float
    epineurium: float
    sheet: float

    def mode(self, order: int, wave: float, radius_mm: Array) -> Array:
        """Radial profile [R] in V per (mA/mm2) for a rim current density cos(m theta) cos(k z).

        ``order`` m, ``wave`` k > 0 in 1/mm. Inside: a I_m(k r sqrt(sl / st)); outside: b I_m + c
        K_m; at the sheet the radial current is continuous and equals g (outer - inner potential).
        """
        m, k, a, b = order, wave, self.fascicle_mm, self.nerve_mm
        kappa = k * np.sqrt(self.longitudinal / self.transverse)
        # every function is scaled to 1 (I at the larger, K at the smaller radius) against overflow
        inner, outer = kappa * a, k * b
        d_inner = kappa * (ivp(m, inner) / iv(m, inner)) if inner < 500 else kappa
        i_a = ive(m, k * a) / ive(m, outer) * np.exp(k * a - outer)
        di_a = k * _log_slope_i(m, k * a) * i_a
        dk_a = k * _log_slope_k(m, k * a)
        k_b = kve(m, outer) / kve(m, k * a) * np.exp(k * a - outer)
        dk_b = k * _log_slope_k(m, outer) * k_b
        st, se, g = self.transverse, self.epineurium, self.sheet
        system = np.array(
            [
                [st * d_inner, -se * di_a, -se * dk_a],
                [-(st * d_inner) - g, g * i_a, g],
                [0.0, se * k * _log_slope_i(m, outer), se * dk_b],
            ]
        )
        p, q, s = np.linalg.solve(system, [0.0, 0.0, 1.0])
        r = np.asarray(radius_mm, dtype=np.float64)
        within = r <= a
        safe = np.where(within, a, r)
        ins = ive(m, kappa * r) / ive(m, inner) * np.exp(np.minimum(kappa * (r - a), 0.0))
        out = q * ive(m, k * safe) / ive(m, outer) * np.exp(k * (safe - b))
        out += s * kve(m, k * safe) / kve(m, k * a) * np.exp(k * (a - safe))
        profile: Array = np.where(within, p * ins, out)
        return profile

    def patch(
        self, at_mm: Array, arc_deg: float, width_mm: float, length_mm: float,
        orders: int, waves: int,
    ) -> Array:  # fmt: skip
        """Potential [P] in mV at points (r, theta, z) [P, 3] for 1 mA spread evenly over a patch.

        The patch spans ``arc_deg`` around theta = 0 and ``width_mm`` around z = 0; the ends at
        z = +- length/2 are grounded, the rest of the rim is insulated. Double Fourier series with
        ``orders`` angular and ``waves`` axial terms; z waves cos((2 n + 1) pi z / length).
        """
        r, theta, z = np.asarray(at_mm, dtype=np.float64).T
        half = np.radians(arc_deg) / 2
        density = 1.0 / (2 * half * self.nerve_mm * width_mm)
        m = np.arange(orders + 1)
        angular = np.where(m == 0, half / np.pi, 2 * np.sin(m * half) / (np.pi * np.maximum(m, 1)))
        turning = np.cos(np.outer(m, theta)) * angular[:, None]
        total = np.zeros_like(r)
        for n in range(waves):
            k = (2 * n + 1) * np.pi / length_mm
            axial = 4 / (length_mm * k) * np.sin(k * width_mm / 2)
            profiles = np.stack([self.mode(int(order), k, r) for order in m])
            total += axial * np.cos(k * z) * np.einsum("mp,mp->p", profiles, turning)
        potential: Array = 1e3 * density * total
        return potential


def _log_slope_i(m: int, x: float) -> float:
    """I_m'(x) / I_m(x)."""
    return float(ivp(m, x) / iv(m, x)) if x < 500 else 1.0


def _log_slope_k(m: int, x: float) -> float:
    """K_m'(x) / K_m(x)."""
    scaled = kve(m, x)
    return float(kvp(m, x) * np.exp(x) / scaled) if x < 500 else -1.0
