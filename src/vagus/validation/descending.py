"""Descending control against acute experiments: rats, people with implants, surface stimulation.

How many fibres each experiment recruited is not known. Implants in patients are taken to recruit
half to all of the cervical A fibres at their full setting and in proportion below it, and no C
fibres; surface stimulation 0.3 to all of the auricular A-beta fibres. These ranges are assumed.
Norepinephrine follows stimulation as in the body.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.brainstem import brainstem
from vagus.body.organs.descending import descending
from vagus.body.organs.monoamines import monoamines
from vagus.body.priors import uniforms
from vagus.body.statement import compose, state_model, table
from vagus.validation.comparison import Comparison, Simulated, exactly, interval

Floats = NDArray[np.float64]

RATE_Hz = 20.0
HOUR_s = 3600.0


@cache
def _system() -> Compiled:
    drive = state_model(table("drive"), {})
    return compile_model(compose("acute", drive, brainstem(), monoamines(), descending()))


@cache
def _draws(draws: int, seed: int) -> Draws:
    return draw(_system().model, draws, seed)


def _rats(draws: int, seed: int) -> Draws:
    """Draws that respond to stimulation directly."""
    return _draws(draws, seed).having(tone_by_NE=0.0, g_inh=1.0, g_fac=0.4)


def tone(draws: Draws, hours: float = 1.0, **fractions: float | Floats) -> dict[str, Floats]:
    """`D` and the evoked measures [draw] after ``hours`` of stimulation.

    ``fractions``: u_A, u_C, u_E as the share of fibres recruited, one number or [draw].
    """
    driven = draws.having(f_stim=RATE_Hz, **{s: RATE_Hz * f for s, f in fractions.items()})
    end = hours * HOUR_s
    segments = Segments(np.array([0.0, end]), {"on": 1.0})
    found = integrate(_system(), driven, segments, [end], workers=1)
    return {s: found[s][:, -1] for s in ("D", "evoked_pain_change", "heat_threshold_change")}


def _recruited(draws: int, seed: int, low: float) -> Floats:
    """[draw] share of fibres recruited, uniform from ``low`` to 1."""
    return low + (1 - low) * uniforms(f"recruited from {low}", draws, seed)


@cache
def implant(draws: int, seed: int, share: float = 1.0) -> dict[str, Floats]:
    """Patients with implants at ``share`` of their setting."""
    return tone(_draws(draws, seed), u_A=share * _recruited(draws, seed, 0.5))


@cache
def surface(draws: int, seed: int) -> dict[str, Floats]:
    """Surface stimulation of the ear."""
    return tone(_draws(draws, seed), u_E=_recruited(draws, seed, 0.3))


def _shape(value: int) -> Comparison:
    names = {1: "inhibited", 0: "biphasic", -1: "facilitated"}

    def simulate(draws: int, seed: int) -> Simulated:
        """Share of draws that inhibit at strong, and facilitate at weak, stimulation or not."""
        drawn = _rats(draws, seed).having(n_D=4.0, x_T=0.8, phi_fac=0.4)
        weak, strong = (np.sign(np.round(tone(drawn, u_A=f)["D"], 3)) for f in (0.32, 1.0))
        found = {1: (weak >= 0) & (strong > 0), 0: (weak < 0) & (strong > 0), -1: strong < 0}
        return exactly(float(np.mean(found[value])))

    return Comparison(f"ren-1991-{names[value]}", simulate, "share of draws, weak and strong")


def _facilitation_range(draws: int, seed: int) -> Simulated:
    """Recruitment of strongest facilitation over that at which half of inhibition is reached."""
    drawn = _rats(draws, seed).having(sign_shape=0.0, x_T=1.0)
    shares = np.arange(0.05, 1.05, 0.05)
    curve = np.stack([tone(drawn, u_A=float(share))["D"] for share in shares])
    return interval(shares[np.argmin(curve, axis=0)])


def _ordering(draws: int, seed: int) -> Simulated:
    """Evoked change under A fibres minus that under A and C fibres, % of a rating of 50."""
    drawn = _draws(draws, seed)
    weak, strong = tone(drawn, u_A=0.8), tone(drawn, u_A=1.0, u_C=1.0)
    return interval(2 * (weak["evoked_pain_change"] - strong["evoked_pain_change"]))


def _conditioned(per_sd: float | None) -> Comparison:
    identity = "gehling-2016-cpm" if per_sd is None else "cpm-inter-site-d"

    def simulate(draws: int, seed: int) -> Simulated:
        return interval(_draws(draws, seed)["k_evoked"] / (per_sd or 1.0))

    how = "fall of an evoked rating at D = 1" + (", over its SD" if per_sd else "")
    return Comparison(identity, simulate, how)


# SD of the effect between people, Gehling 2016 (11.7 and 11.9).
SD_CPM = 11.8
DESCENDING = (
    Comparison("ren-1988-facilitation-range", _facilitation_range, "strongest facilitation"),
    _shape(1),
    _shape(0),
    _shape(-1),
    Comparison(
        "ren-1991-no-effect",
        lambda n, s: exactly(float(np.mean(_draws(n, s)["g_inh"] == 0))),
        "share of draws without inhibition",
    ),
    Comparison(
        "ness-2000-heat-threshold",
        lambda n, s: interval(implant(n, s, 0.66)["heat_threshold_change"]),
        "implant at 66 % of its setting",
    ),
    Comparison(
        "borckardt-2005-sign",
        lambda n, s: interval(np.sign(implant(n, s)["D"])),
        "sign of tone under an implant",
    ),
    Comparison(
        "busch-2013-sign",
        lambda n, s: interval(np.sign(surface(n, s)["D"])),
        "sign of tone under surface stimulation",
    ),
    Comparison(
        "janner-2018-heat",
        lambda n, s: interval(surface(n, s)["evoked_pain_change"]),
        "evoked rating under surface stimulation, no expectation",
    ),
    Comparison(
        "laqua-2014-null",
        lambda n, s: interval(surface(n, s)["D"]),
        "tone under surface stimulation",
    ),
    Comparison(
        "dumoulin-2021-surface-null",
        lambda n, s: interval(surface(n, s)["evoked_pain_change"]),
        "evoked rating under surface stimulation",
    ),
    Comparison(
        "dumoulin-2021-implant-null",
        lambda n, s: interval(implant(n, s)["evoked_pain_change"]),
        "evoked rating under an implant",
    ),
    Comparison("chen-2008-ordering", _ordering, "A fibres alone minus A and C fibres"),
    _conditioned(None),
    _conditioned(SD_CPM),
)
