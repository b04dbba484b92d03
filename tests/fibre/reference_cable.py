"""An unmyelinated fibre in plain NumPy float64, stepped as NEURON steps it: the kernels' oracle.

Slow, written once from the published equations with every current summed by name and the slope
conductance taken by finite difference as NEURON does, so that it shares nothing with the kernels
but the equations. Units: mV, ms, mA/cm2, S/cm2, uF/cm2, um, mM.

Backward Euler for the potential with frozen gates, then the gates with the new potential, then
the concentrations with the currents of the old potential; 40 steps of 5 ms first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.lapack import dgtsv

Array = NDArray[np.float64]
State = dict[str, Array]


def logistic(x: Array) -> Array:
    return 1.0 / (1.0 + np.exp(x))


def linear_over_exp(x: Array, y: float) -> Array:
    """x / (exp(x/y) - 1), finite at x = 0."""
    z = np.where(np.abs(x / y) < 1e-6, 1e-6, x / y)
    return np.where(np.abs(x / y) < 1e-6, y * (1 - x / y / 2), y * z / np.expm1(z))


class Membrane:
    """Currents and states of one membrane; ``steady`` False where a state is no gate."""

    v_rest: float
    Ra: float = 100.0
    cm: float = 1.0
    passive_ends: int = 1

    def __init__(self, diameter_um: Array) -> None:
        self.d = diameter_um

    def gates(self, v: Array, s: State) -> dict[str, tuple[Array, Array]]:
        """Per gate (steady state, time constant in ms)."""
        raise NotImplementedError

    def currents(self, v: Array, s: State) -> State:
        """Per ion, mA/cm2."""
        raise NotImplementedError

    def start(self, v: Array) -> State:
        s: State = {}
        for k, (inf, _) in self.gates(v, s).items():
            s[k] = inf + 0 * v
        return s

    def concentrations(self, s: State, i: State, dt: float) -> None:
        """Most membranes have none."""

    def advance(self, v: Array, s: State, i: State, dt: float) -> None:
        for k, (inf, tau) in self.gates(v, s).items():
            s[k] = inf + (s[k] - inf) * np.exp(-dt / tau)
        self.concentrations(s, i, dt)


class Sundt(Membrane):
    v_rest = -60.0

    def gates(self, v: Array, s: State) -> dict[str, tuple[Array, Array]]:
        q = 3**0.7
        c = 9.648e4 / (8.315 * (273.16 + 37))
        u = v + 65
        um, uh = u - 6, u + 6
        am = q * 0.32 * linear_over_exp(13.1 - um, 4)
        bm = q * 0.28 * linear_over_exp(um - 40.1, 5)
        ah = q * 0.128 * np.exp((17 - uh) / 18)
        bh = q * 4 / (np.exp((40 - uh) / 5) + 1)
        an, bn = np.exp(-5e-3 * (v + 32) * c), np.exp(-2e-3 * (v + 32) * c)
        al = np.exp(2e-3 * (v + 61) * c)
        return {
            "m": (am / (am + bm), 1 / (am + bm)),
            "h": (ah / (ah + bh), 1 / (ah + bh)),
            "n": (1 / (1 + an), bn / (q * 0.03 * (1 + an))),
            "l": (1 / (1 + al), al / (q * 0.001 * (1 + al))),
        }

    def currents(self, v: Array, s: State) -> State:
        return {
            "na": 0.04 * s["m"] ** 3 * s["h"] * (v - 50),
            "k": 0.04 * s["n"] ** 3 * s["l"] * (v + 90),
            "leak": 1e-4 * (v + 60),
        }


class Rattay(Membrane):
    v_rest = -70.0
    table = True

    def __init__(self, diameter_um: Array) -> None:
        super().__init__(diameter_um)
        self.grid = np.linspace(-100, 100, 201)
        exact = self.exact(self.grid)
        self.tables = exact

    @staticmethod
    def exact(v: Array) -> dict[str, tuple[Array, Array]]:
        k = 2.24659524757 ** ((37 - 6.3) / 10)
        u = v + 70
        a = {
            "m": linear_over_exp(2.5 - 0.1 * u, 1),
            "h": 0.07 * np.exp(-u / 20),
            "n": 0.1 * linear_over_exp(1 - 0.1 * u, 1),
        }
        b = {
            "m": 4 * np.exp(-u / 18),
            "h": 1 / (np.exp(3 - 0.1 * u) + 1),
            "n": 0.125 * np.exp(-u / 80),
        }
        return {g: (a[g] / (a[g] + b[g]), 1 / (k * (a[g] + b[g]))) for g in "mhn"}

    def gates(self, v: Array, s: State) -> dict[str, tuple[Array, Array]]:
        if not self.table:
            return self.exact(v)
        return {
            g: (np.interp(v, self.grid, inf), np.interp(v, self.grid, tau))
            for g, (inf, tau) in self.tables.items()
        }

    def currents(self, v: Array, s: State) -> State:
        return {
            "na": 0.12 * s["m"] ** 3 * s["h"] * (v - 45),
            "k": 0.036 * s["n"] ** 4 * (v + 82),
            "leak": 0.0003 * (v + 59.4),
        }


class Tigerholm(Membrane):
    v_rest = -55.0
    Ra = 35.4
    passive_ends = 0
    F = 96485.332
    RT_F = 8.3144626 * 310.15 / 96485.332 * 1e3

    def start(self, v: Array) -> State:
        s = {k: x + 0 * v for k, x in {"nai": 11.4, "nao": 154.0, "ki": 121.7, "ko": 5.6}.items()}
        for k, (inf, _) in self.gates(v, s).items():
            s[k] = inf + 0 * v
        self.gna = self.gk = self.pna = self.pk = 0.0
        i = self.currents(v, s)
        ena = self.RT_F * np.log(s["nao"] / s["nai"])
        ek = self.RT_F * np.log(s["ko"] / s["ki"])
        gna, gk = -i["na"] / (v - ena), -i["k"] / (v - ek)
        self.gna, self.pna = np.where(gna >= 0, gna, 0), np.where(gna >= 0, 0, -i["na"])
        self.gk, self.pk = np.where(gk >= 0, gk, 0), np.where(gk >= 0, 0, -i["k"])
        return s

    def gates(self, v: Array, s: State) -> dict[str, tuple[Array, Array]]:
        S, e = logistic, np.exp

        def q(b: float, t0: float) -> float:
            return b ** ((37 - t0) / 10)

        def ab(a: Array, b: Array, qq: float) -> tuple[Array, Array]:
            return a / (a + b), 1 / (a + b) / qq

        q7, q8, q9 = q(2.5, 21), q(2.5, 22), q(2.5, 21)
        return {
            "m7": ab(15.5 * S((v - 5) / -12.08), 35.2 * S((v + 72.7) / 16.7), q7),
            "h7": ab(
                0.38685 * S((v + 122.35) / 15.29),
                -0.00283 + 2.00283 * S((v + 5.5266) / -12.70195),
                q7,
            ),
            "s7": ab(
                0.00003 + 0.00092 * S((v + 93.9) / 16.6),
                132.05 - 132.05 * S((v - 384.9) / 28.5),
                q7,
            ),
            "m8": ab(2.85 - 2.839 * S((v - 1.159) / 13.95), 7.6205 * S((v + 46.463) / 8.8289), q8),
            "h8": (
                S((v + 32.2) / 4),
                (1.218 + 42.043 * e(-((v + 38.1) ** 2) / (2 * 15.19**2))) / q8,
            ),
            "s8": (
                S((v + 45) / 8),
                1
                / (0.0054203 * S((v + 79.816) / 16.269) + 0.0050757 * S(-(v + 15.968) / 11.542))
                / q8,
            ),
            "u8": (
                S((v + 51) / 8),
                1
                / (4.0868e-4 * S((v + 67.499) / 19.51) + 3.9904e-4 * S(-(v + 30.963) / 14.792))
                / q8,
            ),
            "m9": ab(1.032 * S((v + 6.99) / -14.87115), 5.79 * S((v + 130.4) / 22.9), q9),
            "h9": ab(
                0.06435 * S((v + 73.26415) / 3.71928), 0.13496 * S((v + 10.27853) / -9.09334), q9
            ),
            "s9": ab(1.6e-7 * e(-v / 12), 5e-4 * S(-(v + 32) / 23), q9),
            "ns": (S(-(v + 30) / 6), np.where(v < -60, 219.0, 13 * v + 1000) / q(3.3, 21)),
            "nf": (
                S(-(v + 30) / 6),
                1 / (0.00395 * e((v + 30) / 40) + 0.00395 * e(-(v + 30) / 20)) / q(3.3, 21),
            ),
            "ma": (
                S(-(v + 5.4 - 15) / 16.4) ** 4,
                (0.25 + 10.04 * e(-((v + 24.67) ** 2) / (2 * 34.8**2))) / q(3.3, 23),
            ),
            "ha": (
                S((v + 49.9 - 15) / 4.6),
                np.maximum(5, 20 + 50 * e(-((v + 40) ** 2) / (2 * 40**2))) / q(3.3, 23),
            ),
            "hs": (
                S((v + 87.2) / 9.7),
                np.where(v >= -70, 300 + 542 * e(-(v + 25) / 20), 2500 + 100 * e((v + 240) / 50))
                / q(3, 22),
            ),
            "hf": (
                S((v + 87.2) / 9.7),
                np.where(v >= -70, 140 + 50 * e(-(v + 25) / 20), 250 + 12 * e((v + 240) / 50))
                / q(3, 22),
            ),
            "n": (
                S(-(v + 25) / 15.4),
                np.where(
                    v < -31,
                    1000 * (0.000688 + 1 / (e((v + 75.2) / 6.5) + e(-(v - 131.5) / 34.8))),
                    0.16 + 0.8 * e(-0.0267 * (v + 11)),
                )
                / q(3.3, 22),
            ),
        }

    def currents(self, v: Array, s: State) -> State:
        ena = self.RT_F * np.log(s["nao"] / s["nai"])
        ek = self.RT_F * np.log(s["ko"] / s["ki"])
        w = 0.37 / (1 + (38.7 / s["nai"]) ** 3.5)
        pump = (
            -0.0047891
            / (1 + 1 / s["ko"]) ** 2
            * (1.62 / (1 + (6.7 / (s["nai"] + 8)) ** 3) + 1 / (1 + (67.6 / (s["nai"] + 8)) ** 3))
        )
        gh = 0.0025377 * (s["hs"] + s["hf"]) / 2
        gna = (
            0.10664 * s["m7"] ** 3 * s["h7"] * s["s7"]
            + 0.24271 * s["m8"] ** 3 * s["h8"] * s["s8"] * s["u8"]
            + 9.4779e-5 * s["m9"] * s["h9"] * s["s9"]
            + gh / 2
            + self.gna
        )
        gk = (
            0.0069733 * (s["ns"] / 4 + 3 * s["nf"] / 4)
            + 0.012756 * s["ma"] * s["ha"]
            + gh / 2
            + 0.018002 * s["n"] ** 4
            + 0.00042 * w
            + self.gk
        )
        return {"na": gna * (v - ena) - 1.5 * pump + self.pna, "k": gk * (v - ek) + pump + self.pk}

    def concentrations(self, s: State, i: State, dt: float) -> None:
        for x, x0 in (("na", 154.0), ("k", 5.6)):
            s[x + "i"] = s[x + "i"] - dt * 4 * i[x] / (self.F * self.d) * 1e4
            rate = 1e-8 / 0.029 * 1e4
            inf = x0 + i[x] / self.F / 1e-8
            s[x + "o"] = inf + (s[x + "o"] - inf) * np.exp(-dt * rate)


class Schild(Membrane):
    v_rest = -46.5
    cm = 1.326291192
    g: ClassVar[dict[str, float]]

    E_K = 8314 * 310.15 / 96500 * np.log(5.4 / 145)
    E_NA = 8314 * 310.15 / 96500 * np.log(154 / 8.9)

    def start(self, v: Array) -> State:
        s = {"cai": 1.17e-4 + 0 * v, "cao": 2.0 + 0 * v, "o": 0.05 + 0 * v}
        for k, (inf, _) in self.gates(v, s).items():
            s[k] = inf + 0 * v
        return s

    @staticmethod
    def q(b: float, t0: float = 22.85) -> float:
        return b ** ((t0 - 37) / 10)

    def sodium(self, v: Array) -> dict[str, tuple[Array, Array]]:
        raise NotImplementedError

    def gates(self, v: Array, s: State) -> dict[str, tuple[Array, Array]]:
        S, q = logistic, self.q

        def B(A: float, b: float, c: float, vp: float) -> Array:
            return A * np.exp(-(b**2) * (v - vp) ** 2) + c

        a = 0.001265 * linear_over_exp(-(v + 14.273), 10)
        b = 0.125 * np.exp(-(v + 55) / 2.5)
        ac, bc = 750 * s["cai"] * np.exp((v - 10) / 12), 0.05 * np.exp(-(v - 10) / 60)
        vn = v
        r = 0.2 * S((vn - 2) / -10)
        return self.sodium(v) | {
            "n": (S((v + 17.62) / -18.38), (1 / (a + b) + 1) * q(1.4)),
            "p": (S((v + 31) / -28), B(5, 0.022, 2.5, -65) * q(1.93)),
            "q": (S((v + 61) / 7), B(100, 0.035, 10.5, -30) * q(1.93)),
            "x": (S((v + 42.59) / -14.68), B(5, 0.022, 2.5, -65) * q(1.93)),
            "y": (S((v + 51) / 7), 7500 * q(1.93) + 0 * v),
            "c": (ac / (ac + bc), 4.5 / (ac + bc) * q(2.3)),
            "dn": (
                S((vn + 13) / -4.5),
                (3.25 * np.exp(-(0.042**2) * (vn + 31) ** 2) + 0.395) * q(4.3),
            ),
            "f1": (S((vn + 13) / 25), (33.5 * np.exp(-(0.0395**2) * (vn + 30) ** 2) + 5) * q(4.3)),
            "f2": (
                r + S((vn + 33) / 10),
                (225 * np.exp(-(0.0275**2) * (vn + 40) ** 2) + 75) * q(4.3),
            ),
            "dt": (S((v + 47) / -5.75), B(22, 0.052, 2.5, -68) * q(1.9)),
            "ft": (S((v + 61) / 6), B(103, 0.05, 12.5, -58) * q(2.2)),
        }

    def sodium_conductance(self, s: State) -> Array:
        raise NotImplementedError

    def currents(self, v: Array, s: State) -> State:
        g = self.g
        F_RT = 96500 / (8314 * 310.15)
        eca = 1000 * 8.314 * 310.15 / (2 * 96500) * np.log(s["cao"] / s["cai"]) - 78.7
        ex = v * F_RT / 2
        cai, cao = s["cai"], s["cao"]
        naca = (
            1.27324e-6
            * 2.2 ** ((22.85 - 37) / 10)
            * (8.9**3 * cao * np.exp(ex) - 154.0**3 * cai * np.exp(-ex))
            / (1 + 0.0036 * (cai * 154.0**3 + cao * 8.9**3))
        )
        nak = (
            0.009726135
            * 1.16 ** ((22.85 - 37) / 10)
            * (v + 150)
            / (v + 200)
            * (8.9 / (8.9 + 5.46)) ** 3
            * (5.4 / (5.4 + 0.621)) ** 2
        )
        pump = 8.59437e-4 * 2.3 ** ((22 - 37) / 10) * cai / (cai + 0.0005)
        gk = (
            g["kd"] * s["n"]
            + g["ka"] * s["p"] ** 3 * s["q"]
            + g["kds"] * s["x"] ** 3 * s["y"]
            + g["kca"] * s["c"]
        )
        gca = (
            g["can"] * s["dn"] * (0.55 * s["f1"] + 0.45 * s["f2"])
            + g["cat"] * s["dt"] * s["ft"]
            + g["cal"]
        )
        return {
            "na": (self.sodium_conductance(s) + g["nal"]) * (v - self.E_NA) + 3 * naca + 3 * nak,
            "k": gk * (v - self.E_K) - 2 * nak,
            "ca": gca * (v - eca) - 2 * naca + pump,
        }

    def concentrations(self, s: State, i: State, dt: float) -> None:
        d = self.d
        sa_vol = 4 / d * 1e4
        sa_peri = 4 * d / ((d + 1) ** 2 - d**2) * 1e4
        inf = 2 + 4511 * i["ca"] * sa_peri / (2 * 96500)
        s["cao"] = inf + (s["cao"] - inf) * np.exp(-dt / 4511)
        cai0, o0 = s["cai"], s["o"]
        cai, o = cai0, o0
        for _ in range(60):
            o = (o0 + dt * 100 * cai) / (1 + dt * (100 * cai + 0.238))
            cai = cai0 - dt * i["ca"] * sa_vol / (2 * 96500) - 0.004 * (o - o0)
        s["cai"], s["o"] = cai, o


class Schild97(Schild):
    g: ClassVar[dict[str, float]] = {
        "kd": 0.001956534,
        "ka": 0.001304356,
        "kds": 7.82614e-4,
        "kca": 9.13049e-4,
        "can": 5.21743e-4,
        "cat": 1.8261e-4,
        "nal": 1.8261e-5,
        "cal": 9.13049e-6,
    }

    def sodium(self, v: Array) -> dict[str, tuple[Array, Array]]:
        S, q = logistic, self.q

        def B(A: float, b: float, c: float, vp: float) -> Array:
            return A * np.exp(-(b**2) * (v - vp) ** 2) + c

        return {
            "mf": (S((-31.62 - v) / 6.98), B(1.15, 0.06, 0.21, -40) * q(2.3, 22)),
            "hf": (S((-65.99 - v) / -5.97), B(18, 0.043, 1.35, -62.5) * q(1.5, 22)),
            "ms": (S((-11.29 - v) / 5.54), B(1.45, 0.058, 0.26, -14.5) * q(2.3, 22)),
            "hs": (S((-31 - v) / -5.2), B(10.75, 0.067, 3.15, -13.5) * q(1.5, 22)),
        }

    def sodium_conductance(self, s: State) -> Array:
        return 0.022434928 * (s["mf"] ** 3 * s["hf"] + s["ms"] ** 3 * s["hs"])


class Schild94(Schild):
    g: ClassVar[dict[str, float]] = {
        "kd": 1.80376e-4,
        "ka": 1.41471e-4,
        "kds": 1.06103e-4,
        "kca": 1.41471e-4,
        "can": 1.06103e-4,
        "cat": 1.23787e-5,
        "nal": 1.85681e-5,
        "cal": 3.00626e-6,
    }

    def sodium(self, v: Array) -> dict[str, tuple[Array, Array]]:
        S, q = logistic, self.q
        vf, vs = v, v

        def B(vv: Array, A: float, b: float, c: float, vp: float) -> Array:
            return A * np.exp(-(b**2) * (vv - vp) ** 2) + c

        return {
            "mf": (S((vf + 23.85) / -4.75), B(vf, 0.75, 0.0635, 0.12, -40.35) * q(2.3)),
            "hf": (S((vf + 44.5) / 4.5), B(vf, 6.5, 0.0295, 0.55, -75) * q(1.5)),
            "jf": (S((vf + 40) / 1.5), 25 * S((vf - 20) / 4.5) + 0.01),
            "ms": (S((vs + 0.35) / -4.45), B(vs, 1.5, 0.0595, 0.15, -20.35) * q(2.3)),
            "hs": (S((vs - 2) / 4.5), B(vs, 4.95, 0.0335, 0.75, -20) * q(1.5)),
        }

    def sodium_conductance(self, s: State) -> Array:
        return 0.068967142 * s["mf"] ** 3 * s["hf"] * s["jf"] + 0.001043349 * s["ms"] ** 3 * s["hs"]


class Sweeney(Membrane):
    v_rest = -80.0
    Ra = 54.7
    cm = 2.5

    def gates(self, v: Array, s: State) -> dict[str, tuple[Array, Array]]:
        am = (126 + 0.363 * v) / (1 + np.exp(-(49 + v) / 5.3))
        bm = am / np.exp((v + 56.2) / 4.17)
        bh = 15.6 / (1 + np.exp(-(v + 56) / 10))
        ah = bh / np.exp((v + 74.5) / 5)
        return {"m": (am / (am + bm), 1 / (am + bm)), "h": (ah / (ah + bh), 1 / (ah + bh))}

    def currents(self, v: Array, s: State) -> State:
        return {"na": 1.445 * s["m"] ** 2 * s["h"] * (v - 35.64), "leak": 0.128 * (v + 80.01)}


MODELS = {
    "sundt": Sundt,
    "rattay": Rattay,
    "tigerholm": Tigerholm,
    "schild94": Schild94,
    "schild97": Schild97,
    "sweeney": Sweeney,
}


@dataclass
class Cable:
    """M fibres of N compartments, stepped together; ``ve`` [M, N] mV per mA."""

    model: str
    diameter_um: Array
    n: int
    ve: Array
    dx_um: float = 8.333
    membrane_of: Callable[[str], type[Membrane]] = field(default=MODELS.__getitem__)

    def __post_init__(self) -> None:
        d = np.asarray(self.diameter_um, float)[:, None]
        cls = self.membrane_of(self.model)
        self.ends = cls.passive_ends
        self.active = slice(self.ends, self.n - self.ends)
        self.na = self.n - 2 * self.ends
        if self.model == "sweeney":
            d = 0.6 * d
            length = 1.5
        else:
            length = self.dx_um
        self.membrane = cls(d)
        area = np.pi * d * length * 1e-8  # cm2
        axial = self.membrane.Ra * (self.dx_um * 1e-4) / (np.pi * (d * 1e-4) ** 2 / 4)  # ohm
        self.k = 1e3 / axial / (area * self.membrane.cm)  # per ms: G/C
        self.area_uC = area * self.membrane.cm  # uF
        ve = self.ve[:, self.active]
        edge = np.pad(ve, ((0, 0), (1, 1)), mode="edge")
        self.source = self.k * np.diff(edge, 2, axis=1)
        v = np.full((len(d), self.na), self.membrane.v_rest)
        self.v = v
        self.s = self.membrane.start(v)
        for _ in range(40):
            self.step(5.0, np.zeros((len(d), 1)))

    def step(self, dt: float, drive: Array, inject: Array | float = 0.0) -> None:
        m = self.membrane
        i0 = m.currents(self.v, self.s)
        i1 = m.currents(self.v + 1e-3, self.s)
        total, moved = sum(i0.values()), sum(i1.values())
        g = (moved - total) / 1e-3
        scale = dt * 1e3 / m.cm
        diag = 1 + scale * g + 2 * dt * self.k + np.zeros_like(self.v)
        diag[:, 0] -= (dt * self.k)[:, 0]
        diag[:, -1] -= (dt * self.k)[:, 0]
        off = np.broadcast_to(-dt * self.k, self.v.shape).copy()
        off[:, -1] = 0.0
        rhs = self.v + scale * (g * self.v - total) + dt * self.source * drive + dt * inject
        _, _, _, x, info = dgtsv(off.ravel()[:-1], diag.ravel(), off.ravel()[:-1], rhs.ravel())
        assert info == 0
        self.v = x.reshape(self.v.shape)
        m.advance(self.v, self.s, i0, dt)

    def run(
        self,
        w: Array,
        dt: float,
        amplitude_mA: Array,
        node: int | Array,
        inject: Callable[[float], Array | float] = lambda t: 0.0,
    ) -> tuple[Array, Array]:
        """(potential [S, M, K] at the nodes after each step, highest potential [M, N])."""
        nodes = np.atleast_1d(node) - self.ends
        out = []
        peak = self.v.copy()
        for j, wj in enumerate(w):
            self.step(dt, (amplitude_mA * wj)[:, None], inject(j * dt))
            out.append(self.v[:, nodes])
            peak = np.maximum(peak, self.v)
        return np.array(out), peak
