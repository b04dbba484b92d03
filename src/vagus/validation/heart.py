"""Published heart results beside the heart organ: rest, dynamics, endotoxin, stimulation.

Stimulation drives the organ as in the chain (`study_drives`): priors of electrodes on the skin, and
the shares of fibres that a cuff recruits in the chain's own nerve. Between people: rest, blocks
and endotoxin responses are reported as means of a study, so they meet means over as many draws as
the study had people. Effects of stimulation meet the draws themselves, whose gains are unknown for
a population rather than different between people.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vagus.body.beats import Variability, beat_system, simulate_beats, variability
from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.heart import heart
from vagus.body.organs.immune import immune
from vagus.body.statement import compose, state_model, table
from vagus.data import read_table
from vagus.validation.comparison import Comparison, Simulated, exactly, interval
from vagus.validation.study_drives import channels, study

Floats = NDArray[np.float64]
HOUR_S = 3600.0


@cache
def _system() -> Compiled:
    return compile_model(heart())


def _steady(draws: Draws, *, vagal: bool = True, sympathetic: bool = True) -> Floats:
    """Heart rate (bpm) after a minute, with limbs blocked by their gains."""
    if not vagal:
        draws = draws.having(G_Tv=0.0)
    if not sympathetic:
        draws = draws.having(G_Ts=0.0)
    found = integrate(_system(), draws, Segments(np.array([0.0, 60.0]), {}), np.array([60.0]))
    return found["heart_rate"][:, 0]


def _study_mean(values: Floats, people: int, seed: int) -> Simulated:
    """Means of ``people`` of the draws, 400 times."""
    rng = np.random.default_rng([seed, people])
    return interval(rng.choice(values, (400, people)).mean(axis=1))


def _typical(vagal: bool = True, sympathetic: bool = True) -> Callable[[int, int], Simulated]:
    def simulate(draws: int, seed: int) -> Simulated:
        rate = _steady(typical(heart()), vagal=vagal, sympathetic=sympathetic)
        return exactly(rate[0])

    return simulate


def _eleven_men(vagal: bool) -> Callable[[int, int], Simulated]:
    def simulate(draws: int, seed: int) -> Simulated:
        return _study_mean(_steady(draw(heart(), draws, seed), vagal=vagal), 11, seed)

    return simulate


def vagal_corner(draws: Draws, grid_Hz: Floats) -> Floats:
    """[n] frequency (Hz) at which the vagal part of the period falls to 1/sqrt(2) of its swing.

    Simulated: vagal firing swings with respiration at each of ``grid_Hz`` (rising), slowest first
    as the reference, and the amplitude is read over whole periods.
    """
    swing = []
    for frequency in grid_Hz:
        breathing = draws.having(T_resp=1 / frequency)
        at = 40.0 + np.arange(120) / (40 * frequency)  # settled; three whole periods
        edges = np.array([0.0, at[-1] + 1])
        course = integrate(beat_system(), breathing, Segments(edges, {}), at)["dT_v"]
        wave = np.exp(-2j * np.pi * frequency * at)
        swing.append(2 * np.abs((course * wave).mean(axis=1)))
    ratio = np.array(swing) / (draws["G_Tv"] * draws["f_ev_rest"] * draws["m_resp"])
    steps = np.log(grid_Hz)
    return np.array(
        [np.exp(np.interp(np.log(0.5) / 2, np.log(r[::-1]), steps[::-1])) for r in ratio.T]
    )


def _corner_typical(draws: int, seed: int) -> Simulated:
    return exactly(vagal_corner(typical(beat_system().model), np.geomspace(0.08, 0.14, 8))[0])


def _corner(draws: int, seed: int) -> Simulated:
    drawn = draw(beat_system().model, min(draws, 50), seed)
    return interval(vagal_corner(drawn, np.geomspace(0.02, 0.4, 12)))


@cache
def _sympathetic_step(draws: int, seed: int) -> tuple[Floats, Floats]:
    """[n] delay and time constant (s) of the period after 2 Hz more of sympathetic firing."""
    drawn = draw(heart(), draws, seed)
    at = np.append(np.arange(10.0, 30.0, 0.01), 80.0)
    step = Segments(np.array([0.0, 10.0, 80.0]), {"drive_s": np.array([0.0, 2.0])})
    course = integrate(_system(), drawn, step, at)["dT_s"]
    share = (course - course[:, :1]) / (course[:, -1:] - course[:, :1])
    delay = at[np.argmax(share > 1e-3, axis=1) - 1] - 10.0  # the last sample without a change
    reached = np.array([np.interp(1 - np.exp(-1), row, at) for row in share]) - 10.0
    return delay, reached - delay


def _gain(draws: Draws, sympathetic_Hz: float) -> Floats:
    """[n] ms/Hz: period under 1 Hz of evoked vagal firing minus that without."""
    constant = {
        "on": np.array([0.0, 1.0]),
        "u_B": np.ones(2),
        "drive_s": np.full(2, sympathetic_Hz),
    }
    step = Segments(np.array([0.0, 60.0, 120.0]), constant)
    found = integrate(_system(), draws.having(G_eff=1.0), step, np.array([60.0, 120.0]))
    return np.diff(found["rr_interval"], axis=1)[:, 0]


def _carlson(draws: int, seed: int) -> Simulated:
    return interval(_gain(draw(heart(), draws, seed), 0.0))


def _interaction(draws: int, seed: int) -> Simulated:
    drawn = draw(heart(), draws, seed)
    return interval(_gain(drawn, 4.0) / _gain(drawn, 0.0))


def endotoxin_course(draws: Draws, study: str, at_h: Floats) -> Floats:
    """[n, q] rise of heart rate (bpm) at ``at_h`` (from 0), under the TNF means of ``study``."""
    rows = [r for r in read_table("body/lps_heart.csv") if r["study"] == study]
    tnf = np.array([(float(r["t_h"]), float(r["mean"])) for r in rows if r["variable"] == "TNF"])
    edges = np.arange(0, at_h[-1] + 0.5, 0.25)
    middle = (edges[1:] + edges[:-1]) / 2
    given = {
        "TNF": np.interp(middle, tnf[:, 0], tnf[:, 1]),
        "b_TNF": np.full(len(middle), tnf[0, 1]),
    }
    found = integrate(_system(), draws, Segments(edges * HOUR_S, given), at_h * HOUR_S)
    return found["heart_rate"] - found["heart_rate"][:, :1]


@cache
def _endotoxin(study: str, draws: int, seed: int) -> tuple[Floats, Floats]:
    at_h = np.arange(0, 9.01, 0.25)
    return at_h, endotoxin_course(draw(heart(), draws, seed), study, at_h)


def _rise(study: str, people: int, at: float | None = None) -> Callable[[int, int], Simulated]:
    def simulate(draws: int, seed: int) -> Simulated:
        at_h, course = _endotoxin(study, draws, seed)
        rise = course.max(axis=1) if at is None else course[:, np.searchsorted(at_h, at)]
        return _study_mean(rise, people, seed)

    return simulate


@cache
def endotoxin_to_heart() -> Compiled:
    """Endotoxin to heart rate, without a measured cytokine in between."""
    drive = state_model(table("drive"), {})
    return compile_model(compose("immune_and_heart", drive, immune(), heart()))


def _dillingh(draws: int, seed: int) -> Simulated:
    drawn = draw(endotoxin_to_heart().model, draws, seed)
    whole, at = Segments(np.array([0.0, 10 * HOUR_S]), {}), np.arange(0, 9.01, 0.25) * HOUR_S
    found = integrate(endotoxin_to_heart(), drawn, whole, at, initial={"E_lps": 2.0})
    rate = found["heart_rate"]
    return _study_mean((rate - rate[:, :1]).max(axis=1), 6, seed)


def _peak_time(study: str, people: int) -> Callable[[int, int], Simulated]:
    def simulate(draws: int, seed: int) -> Simulated:
        at_h, course = _endotoxin(study, draws, seed)
        return _study_mean(at_h[course.argmax(axis=1)], people, seed)

    return simulate


@cache
def _auricular(name: str, draws: int, seed: int) -> dict[str, Variability]:
    """Variability at rest and under auricular stimulation, gated or not; same mean rate."""
    rate_Hz = float(study(name)["rate_Hz"])
    drawn = draw(beat_system().model, draws, seed)
    # Beats take one rate for all draws: the share recruited of each goes into its gain.
    share = channels(name, draws, seed)["u_E"] / rate_Hz
    drawn = drawn.having(G_ear=drawn["G_ear"] * share)
    found = {"rest": variability(simulate_beats(drawn, 120.0))}
    for gating, rate in (("ungated", 1.0), ("expiration", 2.0), ("inspiration", 2.0)):
        drive = {"u_E": rate * rate_Hz / 2}
        found[gating] = variability(simulate_beats(drawn, 120.0, drive, gating))
    return found


def _rate_change(gating: str) -> Callable[[int, int], Simulated]:
    def simulate(draws: int, seed: int) -> Simulated:
        return interval(_percent(draws, seed, gating))

    return simulate


def _percent(draws: int, seed: int, gating: str) -> Floats:
    found = _auricular("paleczny-2019", draws, seed)
    return 100 * (found[gating].heart_rate_bpm / found["rest"].heart_rate_bpm - 1)


def _contrast(draws: int, seed: int) -> Simulated:
    return interval(_percent(draws, seed, "expiration") - _percent(draws, seed, "inspiration"))


def _gated_hrv(draws: int, seed: int) -> Simulated:
    found = _auricular("paleczny-2019", draws, seed)
    return interval(np.log(found["expiration"].rmssd_ms / found["inspiration"].rmssd_ms))


def _wolf(draws: int, seed: int) -> Simulated:
    """g: change of ln RMSSD over its SD between draws."""
    found = _auricular("wolf-2021", draws, seed)
    rest, active = np.log(found["rest"].rmssd_ms), np.log(found["ungated"].rmssd_ms)
    return interval((active - rest) / rest.std(ddof=1))


def _control_rmssd(draws: int, seed: int) -> Simulated:
    beats = simulate_beats(typical(beat_system().model), 120.0)
    return exactly(variability(beats).rmssd_ms[0])


@cache
def _implanted(name: str, draws: int, seed: int) -> tuple[Floats, Floats]:
    """[n] change of mean RR (ms) and heart rate (bpm) in the last of 150 s of stimulation."""
    rates = channels(name, draws, seed)
    drawn = draw(heart(), draws, seed)
    # One spike per second at the input: each draw's rates are in its gains.
    drawn = drawn.having(
        G_eff=drawn["G_eff"] * rates["u_B"], G_aff=drawn["G_aff"] * rates["u_A"]
    )  # fmt: skip
    constant = {"on": np.array([0.0, 1.0]), "u_B": np.ones(2), "u_A": np.ones(2)}
    step = Segments(np.array([0.0, 60.0, 210.0]), constant)
    found = integrate(_system(), drawn, step, np.array([60.0, 210.0]))
    return (
        np.diff(found["rr_interval"], axis=1)[:, 0],
        np.diff(found["heart_rate"], axis=1)[:, 0],
    )


_STUDY = "means over as many draws as the study had people"
COMPARISONS: tuple[Comparison, ...] = (
    Comparison("ursino-1998-rest", _typical(), "typical values, rest"),
    Comparison("ursino-1998-vagal-block", _typical(vagal=False), "typical values, no vagal limb"),
    Comparison("ursino-1998-double-block", _typical(False, False), "typical values, no limbs"),
    Comparison("bugenhagen-2010-intrinsic", _typical(False, False), "typical values, no limbs"),
    Comparison("atropine-1985-rest", _eleven_men(vagal=True), f"rest, {_STUDY}"),
    Comparison("atropine-1985-block", _eleven_men(vagal=False), f"no vagal limb, {_STUDY}"),
    Comparison("ursino-1998-vagal-corner", _corner_typical, "sinusoidal vagal firing, 8 rates"),
    Comparison("mokrane-1995-vagal-corner", _corner, "sinusoidal vagal firing, 12 rates"),
    Comparison(
        "mokrane-1998-sympathetic-tau",
        lambda draws, seed: interval(_sympathetic_step(draws, seed)[1]),
        "2 Hz step of sympathetic firing: 63 % of the change, after the delay",
    ),
    Comparison(
        "mokrane-1998-sympathetic-delay",
        lambda draws, seed: interval(_sympathetic_step(draws, seed)[0]),
        "2 Hz step of sympathetic firing: first change",
    ),
    Comparison(
        "berger-1989-sympathetic-delay",
        lambda draws, seed: interval(_sympathetic_step(draws, seed)[0]),
        "2 Hz step of sympathetic firing: first change",
    ),
    Comparison("levy-zieske-1969-interaction", _interaction, "1 Hz vagal step, 4 and 0 Hz more"),
    Comparison("carlson-1992-gain", _carlson, "1 Hz vagal step, every evoked spike counts"),
    Comparison("wolf-2021-control-rmssd", _control_rmssd, "typical values, 120 s of beats"),
    Comparison("wolf-2021-vmhrv", _wolf, "120 s of beats, prior of the ear, 12.5 Hz"),
    Comparison(
        "paleczny-2019-expiration",
        _rate_change("expiration"),
        "prior of the ear, half a breath",
    ),
    Comparison("paleczny-2019-inspiration", _rate_change("inspiration"), "the same, other half"),
    Comparison("paleczny-2019-ungated", _rate_change("ungated"), "the same mean rate throughout"),
    Comparison("paleczny-2019-contrast", _contrast, "the same people, one half minus the other"),
    Comparison("paleczny-2019-hrv", _gated_hrv, "the same people, one half over the other"),
    Comparison(
        "left-vns-epilepsy-rr",
        lambda draws, seed: interval(_implanted("left-vns-epilepsy", draws, seed)[0]),
        "150 s at 25 Hz, fibres that a cuff at 1.5 mA recruits in the traced nerve",
    ),
    Comparison(
        "nectar-hf-heart-rate",
        lambda draws, seed: interval(_implanted("nectar-hf", draws, seed)[1]),
        "as the row above at 20 Hz; not adapted to heart failure",
    ),
    Comparison("janum-2016-hr-rise", _rise("Janum 2016", 20), f"its TNF means, {_STUDY}"),
    Comparison("janum-2016-hr-peak-time", _peak_time("Janum 2016", 20), f"its TNF, {_STUDY}"),
    Comparison("copeland-2005-hr-rise", _rise("Copeland 2005", 10), f"its TNF, {_STUDY}"),
    Comparison("copeland-2005-hr-peak-time", _peak_time("Copeland 2005", 10), f"its TNF, {_STUDY}"),
    Comparison("copeland-2005-hr-9h", _rise("Copeland 2005", 10, 9.0), f"its TNF, {_STUDY}"),
    Comparison("karolinska-2015-hr-rise", _rise("Karolinska 2015", 28), f"its TNF, {_STUDY}"),
    Comparison("dillingh-2014-hr-rise", _dillingh, "2 ng/kg through the immune organ, 6 draws"),
)
