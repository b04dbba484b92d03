"""Published brainstem and monoamine results beside the organs: rats first, then people.

Rat rows take the rat's own reading of the contested alternatives (response that rises with
recruitment, best rate 10 to 30 Hz), the rat's full effect on monoamines (`lambda_h` 1) and the
best rate of each draw. Human rows take the priors as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.organs.brainstem import brainstem
from vagus.body.organs.monoamines import monoamines, rat_share
from vagus.body.organs.mood import mood
from vagus.body.statement import compose, state_model, table
from vagus.validation.comparison import Comparison, Simulated, interval

Floats = NDArray[np.float64]
MINUTE_S, HOUR_S, DAY_S = 60.0, 3600.0, 86_400.0

TRAIN_S, PAUSE_S = 30.0, 300.0
"""The usual cycle: 30 s on, 5 min off (Manta 2012)."""

IMPLANTED = {"u_A": 10.0, "f_stim": 20.0}
"""An implanted device at 20 Hz that recruits half of the myelinated afferents (assumed)."""

EAR_HZ, EAR_FRACTION = 25.0, 0.5
"""Surface stimulation of the ear at 25 Hz; half of the auricular fibres recruited (assumed)."""

PULSED_S = 3.4
"""Trains of Sharon 2021."""


@cache
def brain() -> Compiled:
    """Brainstem, monoamines and mood with drive given by draw."""
    drive = state_model(table("drive"), {})
    return compile_model(compose("brain", drive, brainstem(), monoamines(), mood()))


def people(draws: int, seed: int, **drive: ArrayLike) -> Draws:
    """Draws with the drive set."""
    return draw(brain().model, draws, seed).having(**drive)


def rats(draws: int, seed: int, share: ArrayLike = 1.0, **having: ArrayLike) -> Draws:
    """Draws of rats stimulated so that LC answers with ``share`` [1 or n] of its greatest."""
    found = people(draws, seed, lambda_h=1.0, intensity_LC=0.0, frequency_LC=0.0, u_C=0.0, u_E=0.0)
    half = found["r50_LC"] ** found["n_LC"]
    raised = np.asarray(share) * half / (1 + half - np.asarray(share))  # `recruitment_effect`
    rate = found["f_opt_LC"]
    fraction = raised ** (1 / found["n_LC"])
    return found.having(f_stim=rate, u_A=fraction * rate).having(**having)


def duty(pause_s: float) -> float:
    """Share of time on, for trains of 30 s with this pause."""
    return TRAIN_S / (TRAIN_S + pause_s)


def course(draws: Draws, on: ArrayLike, edges_s: ArrayLike, output_s: ArrayLike) -> Trajectory:
    """The brain with `on` held between edges; draws that fail are NaN."""
    segments = Segments(np.asarray(edges_s, dtype=float), {"on": on})
    return integrate(brain(), draws, segments, output_s)


def held(draws: Draws, on: float, until_s: float, symbol: str) -> Floats:
    """[n] of one symbol after a constant `on`."""
    return course(draws, on, [0.0, until_s], [until_s])[symbol][:, 0]


def _norepinephrine(region: str, current_mA: float) -> Callable[[int, int], Simulated]:
    """Rise over an hour of stimulation, %: `held` at the share of the LC response."""

    def simulate(draws: int, seed: int) -> Simulated:
        base = rats(draws, seed)
        share = rat_share(current_mA, base[f"I50_{region}"], base["n_current"])
        rat = rats(draws, seed, share, ne_rise=base[f"ne_rise_{region}"])
        return interval(100 * (held(rat, 1.0, HOUR_S, "NE") - 1))

    return simulate


def _amygdala(draws: int, seed: int) -> Simulated:
    return interval(100 * (held(rats(draws, seed), 1.0, HOUR_S, "NE") - 1))


def _build_up(draws: int, seed: int) -> Simulated:
    starts = np.arange(5) * (TRAIN_S + PAUSE_S)
    edges = np.append(np.stack([starts, starts + TRAIN_S], axis=1).ravel(), starts[-1] + 100.0)
    inside = np.linspace(5.0, TRAIN_S, 6)
    times = np.concatenate([starts[0] + inside, starts[-1] + inside])
    excess = course(rats(draws, seed), np.tile([1.0, 0.0], 5), edges, times)["lc_excess"]
    return interval(excess[:, 6:].mean(axis=1) / excess[:, :6].mean(axis=1))


def _best_rate(draws: int, seed: int) -> Simulated:
    rates = np.array([1.0, 2.0, 5.0, 10.0, 13.0, 17.0, 22.0, 30.0, 50.0, 100.0])
    rat = rats(draws, seed)
    excess = [held(rat.having(f_stim=f, u_A=f), 1.0, HOUR_S, "lc_excess") for f in rates]
    return interval(rates[np.argmax(excess, axis=0)])


def _lc_stays_up(draws: int, seed: int) -> Simulated:
    """LC raised by 1 % or more a minute after 14 days of stimulation."""
    end = 14 * DAY_S
    found = course(
        rats(draws, seed), [duty(PAUSE_S), 0.0], [0.0, end, end + MINUTE_S], [end + MINUTE_S]
    )
    return interval(found["lc_excess"][:, 0] > 0.01)


@cache
def _raphe(draws: int, seed: int) -> dict[str, Floats]:
    """DRN gain [n] over its plateau at 1 h, 3 d, 14 d and, for other duties, over the usual one."""
    rat, usual = rats(draws, seed), duty(PAUSE_S)
    times = [HOUR_S, 3 * DAY_S, 14 * DAY_S, 90 * DAY_S]
    gain = course(rat, usual, [0.0, times[-1]], times)["DRN2"]
    found = {name: gain[:, i] / gain[:, 3] for i, name in enumerate(("1h", "3d", "14d"))}
    for minutes in (10, 15, 30):
        found[f"{minutes}min"] = held(rat, duty(minutes * MINUTE_S), times[2], "DRN2") / gain[:, 2]
    halves = np.arange(29) * DAY_S / 2
    days = course(rat, np.tile([usual, 0.0], 14), halves, [times[2]])["DRN2"]
    return found | {"12h": days[:, 0] / gain[:, 2]}


def _raphe_row(name: str) -> Callable[[int, int], Simulated]:
    return lambda draws, seed: interval(_raphe(draws, seed)[name])


def _lesioned(draws: int, seed: int) -> Simulated:
    rise = [
        held(rats(draws, seed, lesion_ne=lesion), duty(PAUSE_S), 14 * DAY_S, "S5HT") - 1
        for lesion in (1.0, 0.0)
    ]
    return interval(rise[0] / rise[1])


def _return(draws: int, seed: int) -> Simulated:
    """Minutes after 20 min of stimulation until 5 % of the rise is left."""
    off = 20 * MINUTE_S
    after = np.arange(0.0, 60.0, 0.25)
    found = course(rats(draws, seed), [1.0, 0.0], [0.0, off, 2 * HOUR_S], off + after * MINUTE_S)
    rise = found["NE"] - 1
    return interval(after[np.argmax(rise < 0.05 * rise[:, :1], axis=1)])


def _fluid(symbol: str) -> Callable[[int, int], Simulated]:
    """Change over 12 weeks in patients, %."""

    def simulate(draws: int, seed: int) -> Simulated:
        patients = people(draws, seed, **IMPLANTED)
        return interval(100 * (held(patients, duty(PAUSE_S), 84 * DAY_S, symbol) - 1))

    return simulate


@cache
def _pupil(draws: int, seed: int, sensation: float) -> Floats:
    """[n] SD at the end of a train of 30 s at the ear, less sham without drive and sensation."""
    ear = {"u_E": EAR_FRACTION * EAR_HZ, "f_stim": EAR_HZ, "sensation": sensation}
    edges, times = [0.0, TRAIN_S, 2 * TRAIN_S], [TRAIN_S - 1e-3]
    return course(people(draws, seed, **ear), [1.0, 0.0], edges, times)["pupil"][:, 0]


def _pupil_gain(sensation: float) -> Callable[[int, int], Simulated]:
    return lambda draws, seed: interval(_pupil(draws, seed, sensation))


def _matched(draws: int, seed: int) -> Simulated:
    return interval(_pupil(draws, seed, 0.0) / _pupil(draws, seed, 1.0))


def _rises(falls: bool, fractions: tuple[float, ...]) -> Callable[[int, int], Simulated]:
    """Whether LC still rises between the two highest of the fractions recruited, or falls."""

    def simulate(draws: int, seed: int) -> Simulated:
        rate = IMPLANTED["f_stim"]
        last = [
            held(people(draws, seed, f_stim=rate, u_A=f * rate), 1.0, HOUR_S, "lc_excess")
            for f in fractions
        ]
        steps = np.diff(last, axis=0)
        return interval((steps[-1] < 0) if falls else (steps > 0).all(axis=0))

    return simulate


def _peak(draws: int, seed: int) -> Simulated:
    times = np.arange(0.1, 8.0, 0.1)
    ear = {"u_E": EAR_FRACTION * EAR_HZ, "f_stim": EAR_HZ, "w_E_LC": 0.5, "k_L_pupil": 1.0}
    found = course(people(draws, seed, **ear), [1.0, 0.0], [0.0, PULSED_S, 8.0], times)["pupil"]
    return interval(times[np.argmax(found, axis=1)])


_RAPHE = {
    "dorr-2006-drn-1h": "1h", "dorr-2006-drn-3d": "3d", "dorr-2006-drn-14d": "14d",
    "manta-2012-10min": "10min", "manta-2012-15min": "15min", "manta-2012-12h": "12h",
    "manta-2012-30min": "30min",
}  # fmt: skip
_NOREPINEPHRINE = (("hippocampus", 0.25), ("hippocampus", 0.5), ("hippocampus", 1.0),
                   ("cortex", 0.5), ("cortex", 1.0))  # fmt: skip
LEVELS = (0.3, 0.6, 1.0)
"""Three levels of stimulation, as fractions recruited (assumed)."""

COMPARISONS = (
    *(
        Comparison(
            f"roosevelt-2006-{region}-{current}mA", _norepinephrine(region, current),
            "an hour on, LC share from the rat's current",
        )
        for region, current in _NOREPINEPHRINE
    ),
    Comparison("farrand-2023-build-up", _build_up, "mean LC response in train 5 over train 1"),
    Comparison("farrand-2023-best-rate", _best_rate, "best of ten rates after an hour"),
    Comparison("dorr-2006-lc-off", _lc_stays_up, "a minute after 14 days of stimulation"),
    *(
        Comparison(row, _raphe_row(name), "raphe gain under the mean duty")
        for row, name in _RAPHE.items()
    ),
    Comparison("manta-2009-dsp4", _lesioned, "14 days with lesion_ne 1 and 0"),
    Comparison("devoto-2005-return", _return, "after 20 min of stimulation"),
    Comparison("hassert-2004-amygdala", _amygdala, "an hour on at full LC response"),
    Comparison("carpenter-2004-ne", _fluid("NE"), "84 days, implanted, 30 s every 5.5 min"),
    Comparison("carpenter-2004-5hiaa", _fluid("S5HT"), "84 days, implanted, 30 s every 5.5 min"),
    Comparison("pervaz-2025-conventional", _pupil_gain(0.0), "ear, sensation habituated"),
    Comparison("pervaz-2025-pulsed", _pupil_gain(1.0), "ear, sensation that sham lacks"),
    Comparison("vezzani-2025-matched", _matched, "pupil without over with sensation"),
    Comparison("vespa-2022-inverted-u", _rises(True, LEVELS), "LC at three levels"),
    Comparison("dagostini-2023-rising", _rises(False, LEVELS), "LC at three levels"),
    Comparison("sharon-2021-peak", _peak, "one train of 3.4 s at the ear"),
)  # fmt: skip
