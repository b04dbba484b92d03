"""What one pulse or burst looks like, as a multiple of the stimulus current.

Semantics. Time starts at the first edge (t = 0) and ends at ``duration_us``; outside [0, duration)
the value is 0; at an edge the value is the one that follows it (right-continuous). The first phase
is +1: where a contact carries a negative current, a +1 phase is cathodic.

Between two edges a waveform is one of three closed forms, with u = t - edge:

    constant      w = level
    exponential   w = decay * exp(-u / tau)
    sine          w = swing * sin(omega * u + phase)

so values, integrals, mean squares and phases are exact; nothing is sampled until a caller asks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.errors import InputError

Array = NDArray[np.float64]
RECOVERY_TAUS = 5.0  # a discharge is followed until 0.7 % of it is left, where there is room


@dataclass(frozen=True, eq=False)
class Waveform:
    """One pulse or burst of P pieces; see the module's semantics.

    ``edges_us``: [P + 1] increasing instants where w or its slope jumps; the first is 0.
    ``level``, ``decay``, ``swing``: [P] coefficients, at most one of them nonzero in a piece.
    ``tau_us``, ``omega_rad_per_us``, ``phase_rad``: [P], read only where their piece needs them.
    Raises `InputError` for edges that do not increase from 0 and for values that are not finite.
    """

    name: str
    edges_us: Array
    level: Array
    decay: Array
    tau_us: Array
    swing: Array
    omega_rad_per_us: Array
    phase_rad: Array

    def __post_init__(self) -> None:
        if len(self.edges_us) < 2 or self.edges_us[0] != 0 or np.any(np.diff(self.edges_us) <= 0):
            raise InputError(
                "edges_us",
                self.edges_us,
                "increasing times that start at 0",
                "Give every phase a positive width.",
            )
        parts = (self.level, self.decay, self.tau_us, self.swing, self.omega_rad_per_us)
        if not all(np.isfinite(part).all() for part in (self.edges_us, *parts, self.phase_rad)):
            raise InputError("waveform", "NaN or infinite", "finite values", "Check the samples.")
        if np.any(
            sum((part != 0).astype(int) for part in (self.level, self.decay, self.swing)) > 1
        ):
            raise InputError("waveform", "mixed piece", "one closed form between two edges")

    @property
    def duration_us(self) -> float:
        """Time from the first edge to the last."""
        return float(self.edges_us[-1])

    def sample(self, t_us: ArrayLike) -> Array:
        """w(t), right-continuous, 0 outside [0, duration); same shape as ``t_us``."""
        t = np.asarray(t_us, dtype=np.float64)
        piece, u, inside = self._locate(t)
        value = (
            self.level[piece]
            + self.decay[piece] * np.exp(-u / self.tau_us[piece])
            + self.swing[piece] * np.sin(self.omega_rad_per_us[piece] * u + self.phase_rad[piece])
        )
        return np.where(inside, value, 0.0)

    def integral(self, t_us: ArrayLike) -> Array:
        """Exact integral of w from 0 to t in us: 0 before the start, constant after the end."""
        t = np.clip(np.asarray(t_us, dtype=np.float64), 0.0, self.duration_us)
        piece, u, _ = self._locate(t)
        return np.asarray(self._charge_before()[piece] + self._antiderivative(piece, u))

    def mean(self, a_us: ArrayLike, b_us: ArrayLike) -> Array:
        """Exact average of w over [a, b), arrays that broadcast; raises `InputError` if b <= a."""
        a, b = np.broadcast_arrays(np.asarray(a_us, float), np.asarray(b_us, float))
        if np.any(b <= a):
            raise InputError(
                "b_us", "not after a_us", "b_us > a_us", "Use `sample` for an instant."
            )
        return np.asarray((self.integral(b) - self.integral(a)) / (b - a))

    @property
    def net_us(self) -> float:
        """Net charge per stimulus current: the integral of w over the whole waveform."""
        return float(self.integral(self.duration_us))

    @property
    def phases_us(self) -> Array:
        """[phases] integral of w over each run of one sign, in order; zero stretches part runs."""
        cuts = self._cuts_us()
        charge = np.diff(self.integral(cuts))
        tiny = 1e-12 * max(1.0, float(np.abs(charge).max(initial=0.0)))
        sign = np.where(np.abs(charge) <= tiny, 0.0, np.sign(charge))
        run = np.concatenate([[0], np.cumsum(np.diff(sign) != 0)])
        total = np.bincount(run, weights=charge).astype(np.float64)
        return total[np.abs(total) > tiny]

    @property
    def first_phase_us(self) -> float:
        """Charge of the first phase per stimulus current (us): pulse width for a square pulse."""
        phases = self.phases_us
        return float(phases[0]) if len(phases) else 0.0

    @property
    def is_balanced(self) -> bool:
        """Whether the net charge is below a millionth of the charge moved."""
        return abs(self.net_us) <= 1e-6 * float(np.abs(self.phases_us).sum())

    @property
    def square_us(self) -> float:
        """Exact integral of w squared (us); the pulse's r.m.s. is sqrt(square_us / duration_us)."""
        u = np.diff(self.edges_us)
        omega = np.where(self.omega_rad_per_us == 0, 1.0, self.omega_rad_per_us)
        ripple = np.sin(2 * (omega * u + self.phase_rad)) - np.sin(2 * self.phase_rad)
        parts = (
            self.level**2 * u,
            -(self.decay**2) * self.tau_us / 2 * np.expm1(-2 * u / self.tau_us),
            self.swing**2 * (u / 2 - ripple / (4 * omega)),
        )
        return float(sum(part.sum() for part in parts))

    @property
    def peak(self) -> float:
        """Largest absolute value of w."""
        cuts = self._cuts_us()
        crests = (cuts[:-1] + cuts[1:]) / 2  # a whole half-wave peaks midway between its zeros
        before_edge = np.abs(self.sample(np.nextafter(cuts[1:], 0.0)))
        return float(max(np.abs(self.sample(np.r_[cuts, crests])).max(), before_edge.max()))

    def settled_us(self, fraction: float) -> float:
        """First instant from which |w| stays at or below ``fraction`` of the peak (0 <= fraction).

        Tells a solver how much of a long recovery tail still matters.
        """
        _not_negative(fraction=fraction)
        bound = fraction * self.peak
        last = len(self.level) - 1
        for i in range(last, -1, -1):
            start, end = self.edges_us[i], self.edges_us[i + 1]
            if abs(self.decay[i]) > bound:
                # The exponential falls to the bound at tau * log(decay / bound), if it may.
                fall = np.log(abs(self.decay[i]) / bound) if bound > 0 else np.inf
                return float(min(end, start + self.tau_us[i] * fall))
            if max(abs(self.level[i]), abs(self.swing[i])) > bound:
                return float(end)
        return 0.0

    def until(self, end_us: float) -> Waveform:
        """The waveform up to ``end_us`` and nothing after; itself where it ends by then.

        For a simulation shorter than a recovery tail: what the tail would still carry is left out,
        so the result need not be charge balanced.
        """
        _positive(end_us=end_us)
        if end_us >= self.duration_us:
            return self
        n = int(np.searchsorted(self.edges_us, end_us, side="left"))
        return Waveform(
            self.name,
            np.append(self.edges_us[:n], end_us),
            self.level[:n],
            self.decay[:n],
            self.tau_us[:n],
            self.swing[:n],
            self.omega_rad_per_us[:n],
            self.phase_rad[:n],
        )

    def _locate(self, t: Array) -> tuple[NDArray[np.intp], Array, NDArray[np.bool_]]:
        inside = (t >= 0) & (t < self.duration_us)
        piece = np.searchsorted(self.edges_us, t, side="right") - 1
        piece = np.clip(piece, 0, len(self.level) - 1)
        return piece, np.maximum(t - self.edges_us[piece], 0.0), inside

    def _antiderivative(self, piece: NDArray[np.intp], u: Array) -> Array:
        tau, omega = self.tau_us[piece], self.omega_rad_per_us[piece]
        phase = self.phase_rad[piece]
        safe = np.where(omega == 0, 1.0, omega)
        return np.asarray(
            self.level[piece] * u
            - self.decay[piece] * tau * np.expm1(-u / tau)
            + self.swing[piece] * (np.cos(phase) - np.cos(safe * u + phase)) / safe
        )

    def _charge_before(self) -> Array:
        whole = self._antiderivative(np.arange(len(self.level)), np.diff(self.edges_us))
        return np.concatenate([[0.0], np.cumsum(whole)[:-1]])

    def _cuts_us(self) -> Array:
        """Edges together with the zeros of the sine pieces: between two cuts w keeps its sign."""
        zeros = [self.edges_us]
        for i in np.flatnonzero(self.swing):
            width = self.edges_us[i + 1] - self.edges_us[i]
            omega, phase = self.omega_rad_per_us[i], self.phase_rad[i]
            k = np.arange(np.ceil(phase / np.pi), np.floor((omega * width + phase) / np.pi) + 1)
            zeros.append(self.edges_us[i] + (k * np.pi - phase) / omega)
        cuts = np.unique(np.clip(np.concatenate(zeros), 0.0, self.duration_us))
        apart = np.diff(cuts, prepend=-np.inf) > 1e-9  # a zero may repeat an edge but for rounding
        apart[-1] = True
        return np.asarray(cuts[apart])


def _pieces(
    name: str,
    edges_us: ArrayLike,
    *,
    level: ArrayLike = 0.0,
    decay: ArrayLike = 0.0,
    tau_us: ArrayLike = 1.0,
    swing: ArrayLike = 0.0,
    omega_rad_per_us: ArrayLike = 0.0,
) -> Waveform:
    edges = np.asarray(edges_us, dtype=np.float64)
    rest = (level, decay, tau_us, swing, omega_rad_per_us, 0.0)
    full = [np.broadcast_to(np.asarray(v, float), edges.size - 1).copy() for v in rest]
    return Waveform(name, edges, *full)


def _positive(**values: float) -> None:
    for field, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise InputError(field, value, "a finite number above 0")


def monophasic(pulse_width_us: float) -> Waveform:
    """One square phase of height 1. It leaves net charge: see `vagus.protocol.safety`."""
    _positive(pulse_width_us=pulse_width_us)
    return _pieces("monophasic", [0.0, pulse_width_us], level=[1.0])


def biphasic(pulse_width_us: float, gap_us: float = 0.0, ratio: float = 1.0) -> Waveform:
    """Two square phases of equal charge, ``gap_us`` apart.

    The second has height -``ratio`` and width ``pulse_width_us / ratio``: 1 is symmetric,
    0.25 a low and long recovery. Raises `InputError` for widths or ratio <= 0 and gap < 0.
    """
    _positive(pulse_width_us=pulse_width_us, ratio=ratio)
    _not_negative(gap_us=gap_us)
    end = pulse_width_us + gap_us + pulse_width_us / ratio
    if gap_us == 0:
        return _pieces("biphasic", [0.0, pulse_width_us, end], level=[1.0, -ratio])
    edges = [0.0, pulse_width_us, pulse_width_us + gap_us, end]
    return _pieces("biphasic", edges, level=[1.0, 0.0, -ratio])


def pseudo_monophasic(
    pulse_width_us: float,
    recovery_tau_us: float,
    gap_us: float = 0.0,
    recovery_us: float | None = None,
) -> Waveform:
    """A square phase, then the coupling capacitor's discharge: an exponential of opposite sign.

    In the steady state of a train the capacitor returns to where it started, so the discharge
    carries exactly the charge of the pulse whatever time it is given: with recovery time T its
    height is pulse_width / (tau * (1 - exp(-T / tau))). ``recovery_us`` is T (5 tau unless given;
    at a rate f it cannot exceed 1/f less pulse and gap).
    """
    recovery = RECOVERY_TAUS * recovery_tau_us if recovery_us is None else recovery_us
    _positive(pulse_width_us=pulse_width_us, recovery_tau_us=recovery_tau_us, recovery_us=recovery)
    _not_negative(gap_us=gap_us)
    height = pulse_width_us / (-recovery_tau_us * np.expm1(-recovery / recovery_tau_us))
    start = pulse_width_us + gap_us
    edges, level, decay = [0.0, pulse_width_us], [1.0], [0.0]
    if gap_us > 0:
        edges, level, decay = [*edges, start], [1.0, 0.0], [0.0, 0.0]
    return _pieces(
        "pseudo-monophasic",
        [*edges, start + recovery],
        level=[*level, 0.0],
        decay=[*decay, -height],
        tau_us=recovery_tau_us,
    )


def sine_burst(carrier_Hz: float, cycles: int) -> Waveform:
    """``cycles`` whole periods of a sine that starts upwards at 0 with height 1."""
    _positive(carrier_Hz=carrier_Hz)
    if cycles < 1 or cycles != int(cycles):
        raise InputError("cycles", cycles, "a whole number of at least 1")
    omega = 2e-6 * np.pi * carrier_Hz
    edges = [0.0, 1e6 * cycles / carrier_Hz]
    return _pieces("burst", edges, swing=1.0, omega_rad_per_us=omega)


def sampled(values: ArrayLike, dt_us: float, name: str = "sampled") -> Waveform:
    """Any waveform from samples [N], each held for ``dt_us``; a multiple of the stimulus current.

    Raises `InputError` for NaN or infinite samples (naming the first), for none or only zeros.
    """
    _positive(dt_us=dt_us)
    held = np.asarray(values, dtype=np.float64)
    if held.ndim != 1 or held.size == 0 or not np.any(held):
        raise InputError("values", f"shape {held.shape}", "a list with at least one nonzero sample")
    bad = np.flatnonzero(~np.isfinite(held))
    if bad.size:
        raise InputError(f"values[{bad[0]}]", held[bad[0]], "finite samples", "Mend the array.")
    jumps = np.concatenate([[0], np.flatnonzero(np.diff(held)) + 1])
    return _pieces(name, np.append(jumps, held.size) * dt_us, level=held[jumps])


def train(waveform: Waveform, n: int, frequency_Hz: float) -> Waveform:
    """``n`` copies of ``waveform`` at ``frequency_Hz``, as one waveform that ends with the last.

    Raises `InputError` when one copy is longer than the period.
    """
    _positive(frequency_Hz=frequency_Hz)
    if n < 1 or n != int(n):
        raise InputError("n", n, "a whole number of at least 1")
    period, pause = 1e6 / frequency_Hz, 1e6 / frequency_Hz - waveform.duration_us
    if pause < -1e-9 * period:
        raise InputError(
            "frequency_Hz",
            frequency_Hz,
            f"up to {1e6 / waveform.duration_us:g} Hz for a pulse of {waveform.duration_us:g} us",
            "Shorten the pulse or its recovery, or lower the rate.",
        )
    rest = pause > 1e-9 * period
    starts = waveform.edges_us if rest else waveform.edges_us[:-1]
    edges = (np.arange(n)[:, None] * period + starts).ravel()
    edges = edges if rest else np.append(edges, (n - 1) * period + waveform.duration_us)

    def tiled(part: Array, idle: float) -> Array:
        return np.tile(np.append(part, idle), n)[:-1] if rest else np.tile(part, n)

    return Waveform(
        f"{n} x {waveform.name}",
        edges,
        tiled(waveform.level, 0.0),
        tiled(waveform.decay, 0.0),
        tiled(waveform.tau_us, 1.0),
        tiled(waveform.swing, 0.0),
        tiled(waveform.omega_rad_per_us, 0.0),
        tiled(waveform.phase_rad, 0.0),
    )


def _not_negative(**values: float) -> None:
    for field, value in values.items():
        if not (np.isfinite(value) and value >= 0):
            raise InputError(field, value, "0 or a finite number above")
