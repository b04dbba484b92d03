"""Plasticity: a map that trains paired with events reorganise.

    elig' = (on pairing g - elig) / tau_elig
    W' = eta elig (1 - k_pain) (1 - W) - W / tau_W
    g = exp(-(log2 drive - mu)^2 / (2 sigma^2))

``drive`` is 1 for rat trains of 16 pulses at 0.8 mA: moderate stimulation trains, weaker and
stronger fails, and so do trains that are shorter or longer (Borland 2016, Morrison 2019, Buell
2019). mu and sigma were refitted here to the calibration rows alone. Two rows at 0.4 mA (auditory
cortex yes, motor cortex no) cannot both be met by one gate. Rat milliamperes do not transfer: in
the body, drive is the fraction of afferents recruited over a reference with a prior of its own.

Unpaired therapeutic use (pairing 0) trains nothing, and its trains of 600 pulses lie five octaves
outside the gate. Whether a trained map eases pain is another organ's switch, off by default: the
one direct test failed (Adcock 2022, doi:10.1038/s41598-022-13621-3), and established pain may take
away part of the growth (`k_pain_W`). Not in the model: spacing of trains (Borland 2018), and strong
trains that undo moderate ones (Morrison 2021).
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike, NDArray

from vagus.body.statement import Model, state_model, table
from vagus.data import read_table
from vagus.errors import InputError

q = table("plasticity")
_NOTHING = sp.Float("1e-300")  # log2 of no drive; the gate is then exactly 0 in floating point


def plasticity() -> Model:
    """Eligibility, the trained map, and what it is worth in stroke.

    `route_plasticity` stands where the drive enters: switched off, no state feels stimulation.
    """
    drive = q.afferent / q.r_gate * q.n_train / q.n_gate
    octaves = sp.log(sp.Max(drive, _NOTHING)) / sp.log(2)
    passed = sp.exp(-((octaves - q.mu_gate) ** 2) / (2 * q.sigma_gate**2))
    growth = q.eta_W * (1 - q.k_pain_W * q.painful)
    rates = {
        q.elig: (q.route_plasticity * q.on * q.pairing * passed - q.elig) / q.tau_elig,
        q.W: growth * q.elig * (1 - q.W) - q.W / q.tau_W,
    }
    return state_model(q, rates, {q.fma: q.fma_W * q.W})


def gate(
    current_ratio: ArrayLike, pulses: ArrayLike, mu: ArrayLike, sigma: ArrayLike
) -> NDArray[np.float64]:
    """How well a rat's trains are suited to train a map, 0 to 1; arguments broadcast.

    ``current_ratio``: current over 0.8 mA; ``pulses`` per train; ``mu``, ``sigma`` in octaves.
    Raises `InputError` for values that are not positive.
    """
    ratio, number = np.asarray(current_ratio, float), np.asarray(pulses, float)
    if (ratio <= 0).any() or (number <= 0).any() or (np.asarray(sigma) <= 0).any():
        raise InputError("current, pulses, sigma", "0 or less", "numbers above 0")
    octaves = np.log2(ratio * number / float(q.quantities["n_gate"].default))
    return np.asarray(np.exp(-((octaves - mu) ** 2) / (2 * np.asarray(sigma) ** 2)))


def gate_log_likelihood(mu: ArrayLike, sigma: ArrayLike, role: str) -> NDArray[np.float64]:
    """Log-likelihood of the yes and no of the rat rows with this role, g being the probability.

    Shape of ``mu`` and ``sigma`` broadcast.
    """
    rows = [r for r in read_table("body/plasticity_gate_rows.csv") if r["role"] == role]
    if not rows:
        raise InputError("role", role, "calibrate or validate")
    reference = float(q.quantities["I_gate"].default)
    total = np.zeros(np.broadcast(np.asarray(mu), np.asarray(sigma)).shape)
    for row in rows:
        g = gate(float(row["current_mA"]) / reference, float(row["pulses"]), mu, sigma)
        total += np.log(np.clip(g if row["plastic"] == "1" else 1 - g, 1e-9, 1.0))
    return total
