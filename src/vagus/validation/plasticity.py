"""Published plasticity results beside the gate and the trained map: rats, then stroke."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.plasticity import gate, plasticity
from vagus.data import Row, read_table
from vagus.validation.comparison import Comparison, Simulated, interval

Floats = NDArray[np.float64]
HOUR_S, DAY_S = 3600.0, 86_400.0

SESSION_S = HOUR_S
"""Length of a training session (assumed)."""

PAIRINGS, TRAIN_S = 300.0, 0.5
"""Trains a session of training holds, and their length (Buell 2019: 300 a day)."""

DELAYS_S = {"before": 60.0, "just-after": 60.0, "2h-after": 7200.0}
"""Least time between events and trains outside training: a minute where a session lies between
(assumed), two hours as stated."""

STRONG = 2.0
"""Strong trains of Morrison 2021 over moderate ones: 1.6 over 0.8 mA (assumed)."""

RESPONSE_FMA = 6.0
"""Points that make a responder (VNS-REHAB)."""


@cache
def _system() -> Compiled:
    return compile_model(plasticity())


def learners(draws: int, seed: int) -> Draws:
    """Draws without pain; `afferent` is then drive over that of 0.8 mA in rats."""
    return draw(_system().model, draws, seed).having(painful=0.0, r_gate=1.0)


def trained(draws: Draws, days: ArrayLike, drive: ArrayLike = 1.0, pairing: float = 1.0) -> Floats:
    """[n] trained map after a session on each of ``days``, read when the last ends.

    ``drive``: afferent drive in equal parts of each session, one after the other.
    """
    parts = np.atleast_1d(np.asarray(drive, dtype=float))
    starts = np.asarray(days, dtype=float) * DAY_S
    inside = np.linspace(0.0, SESSION_S, len(parts) + 1)
    edges = (starts[:, None] + inside).ravel()
    on = np.tile(np.append(np.full(len(parts), PAIRINGS * TRAIN_S / SESSION_S), 0.0), len(starts))
    drives = np.tile(np.append(parts, 0.0), len(starts))
    values: dict[str, ArrayLike] = {
        "on": on[:-1], "afferent": drives[:-1], "pairing": pairing,
        "n_train": float(_system().model.quantities["n_gate"].default),
    }  # fmt: skip
    return integrate(_system(), draws, Segments(edges, values), edges[-1:])["W"][:, 0]


def _gated(row: Row) -> Callable[[int, int], Simulated]:
    """Gate of one rat row over draws of its two parameters."""
    reference = float(plasticity().quantities["I_gate"].default)

    def simulate(draws: int, seed: int) -> Simulated:
        found = learners(draws, seed)
        ratio = float(row["current_mA"]) / reference
        return interval(gate(ratio, float(row["pulses"]), found["mu_gate"], found["sigma_gate"]))

    return simulate


WEEKDAYS = tuple(week * 7 + day for week in range(4) for day in range(5))
"""Four weeks of training on weekdays."""

REHABILITATION = tuple(week * 7 + day for week in range(6) for day in (0, 2, 4))
"""Eighteen sessions in six weeks (VNS-REHAB)."""


def _interleaved(draws: int, seed: int) -> Simulated:
    rats, days = learners(draws, seed), range(5)
    return interval(trained(rats, days, (1.0, STRONG)) / trained(rats, days, (1.0, 0.0)))


def _timed(when: str) -> Callable[[int, int], Simulated]:
    """Map by trains that meet what is left of the trace, over trains during training."""

    def simulate(draws: int, seed: int) -> Simulated:
        rats = learners(draws, seed)
        during = trained(rats, WEEKDAYS)
        left = np.exp(-DELAYS_S[when] / rats["tau_elig"])
        return interval(trained(rats.having(eta_W=rats["eta_W"] * left), WEEKDAYS) / during)

    return simulate


def _pain(draws: int, seed: int) -> Simulated:
    """What a map trained in pain does to pain with the link as shipped."""
    link = next(r for r in read_table("body/links.csv") if r["symbol"] == "link_plasticity_pain")
    return interval(float(link["default"]) * trained(learners(draws, seed), WEEKDAYS))


def _healthy(draws: int, seed: int) -> Simulated:
    return interval(trained(learners(draws, seed), WEEKDAYS))


@cache
def _gain(draws: int, seed: int) -> tuple[Draws, Floats]:
    """Stroke patients and the points they gain by stimulation."""
    patients = learners(draws, seed)
    return patients, patients["fma_W"] * trained(patients, REHABILITATION)


def _fma(draws: int, seed: int) -> Simulated:
    return interval(_gain(draws, seed)[1])


def _responders(draws: int, seed: int) -> Simulated:
    """Difference of the shares of two normals above the response, %."""
    patients, gain = _gain(draws, seed)
    control = patients["fma_control"]
    above = stats.norm.sf(RESPONSE_FMA, control + gain, patients["fma_sd_vns"])
    return interval(
        100 * (above - stats.norm.sf(RESPONSE_FMA, control, patients["fma_sd_control"]))
    )


COMPARISONS = (
    *(
        Comparison(row["id"], _gated(row), "gate of the row over draws of mu and sigma")
        for row in read_table("body/plasticity_gate_rows.csv")
    ),
    Comparison("morrison-2021-interleaved", _interleaved, "five sessions, second halves strong"),
    *(
        Comparison(f"timing-2023-{when}", _timed(when), "what is left of the trace")
        for when in DELAYS_S
    ),
    Comparison("adcock-2022-threshold", _pain, "trained map x link_plasticity_pain as shipped"),
    Comparison("carroll-2024-healthy", _healthy, "trained map after 20 sessions"),
    Comparison("vns-rehab-2021-fma", _fma, "18 sessions"),
    Comparison("vns-rehab-2021-responders", _responders, "18 sessions, normal gains"),
)
