"""Suppression of cytokines by the vagus, and disease activity, beside published results.

Each draw is one possible truth for people in general. Drives are those of the chain
(`study_drives`), schedules of the studies mostly assumptions (``vns_study_drives.csv``). The prior
has mass at zero, so that a null cannot be missed by much, and no positive result can be more than
compatible: these rows say what the data leave open.
"""

from __future__ import annotations

from functools import cache, partial

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, Trajectory, integrate
from vagus.body.organs.disease import disease
from vagus.body.organs.immune import immune
from vagus.body.statement import compose, state_model, table
from vagus.validation.comparison import Comparison, Simulated, exactly, interval
from vagus.validation.cytokines import people
from vagus.validation.study_drives import channels
from vagus.validation.study_drives import study as _study

Floats = NDArray[np.float64]
MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@cache
def system() -> Compiled:
    """The immune organ with the drive as parameters, so that each draw has its own."""
    return compile_model(compose("driven_immune", state_model(table("drive"), {}), immune()))


@cache
def driven(study: str, draws: int, seed: int) -> Draws:
    """``draws`` of the organ, each with its drive in ``study``."""
    own = system().model.parameters
    rates = {k: v for k, v in channels(study, draws, seed).items() if k in own}
    return draw(system().model, draws, seed).having(**rates)


def drive(study: str) -> dict[str, float]:
    """Median spikes per second while ``study`` stimulates, for organs that take one drive."""
    rates = channels(study, 2000, 0)
    return {name: float(np.median(rates[name])) for name in ("u_A", "u_S", "u_E")}


@cache
def stimulated(study: str, draws: int, seed: int) -> Trajectory:
    """Two times: before stimulation, and ``read_h`` after the last session began."""
    row = _study(study)
    session, per_day = float(row["session_min"]) * MINUTE, int(row["per_day"])
    starts = np.arange(int(row["days"]) * per_day) * DAY / per_day
    end = starts[-1] + float(row["read_h"]) * HOUR
    edges = np.append(np.stack([starts, starts + session], axis=1).ravel(), end)
    inputs: dict[str, ArrayLike] = {"on": np.tile([1.0, 0.0], len(starts))}
    return integrate(system(), driven(study, draws, seed), Segments(edges, inputs), [0.0, end])


def relative(study: str, quantity: str, draws: int, seed: int) -> Floats:
    """[draw] relative change of a cytokine."""
    course = stimulated(study, draws, seed)[quantity]
    return np.asarray(course[:, -1] / course[:, 0] - 1)


def _fall(study: str, quantity: str, draws: int, seed: int) -> Simulated:
    return interval(relative(study, quantity, draws, seed))


def _ex_vivo(study: str, quantity: str, draws: int, seed: int) -> Simulated:
    """Change of what blood makes when challenged: production, without the lag of plasma."""
    made = stimulated(study, draws, seed)["suppression"][:, -1]
    share = people(draws, seed)["s_IL6_anti"] if quantity == "IL6" else 1.0
    return interval(-made * share)


def _absolute(study: str, quantity: str, draws: int, seed: int) -> Simulated:
    course = stimulated(study, draws, seed)[quantity]
    return interval(course[:, -1] - course[:, 0])


def _hedges(study: str, quantity: str, draws: int, seed: int) -> Simulated:
    spread = float(_study(study)[f"cv_{quantity}"])
    return interval(relative(study, quantity, draws, seed) / spread)


def _sign(study: str, quantity: str, draws: int, seed: int) -> Simulated:
    return interval(np.sign(np.round(relative(study, quantity, draws, seed), 6)))


def _kox(draws: int, seed: int) -> Simulated:
    """Peak TNF after 2 ng/kg, given 10 min into 30 min of stimulation, relative to sham."""
    # The bolus goes in as an infusion of one minute, short beside every time constant.
    edges = np.array([0.0, 10.0, 11.0, 30.0, 370.0]) * MINUTE
    lps = np.array([0.0, 2.0 * HOUR / MINUTE, 0.0, 0.0])
    times = np.arange(0.0, edges[-1], 5 * MINUTE)
    peaks = []
    for on in ([1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0]):
        segments = Segments(edges, {"on": np.array(on), "lps": lps})
        who = driven("kox-2015", draws, seed)
        peaks.append(integrate(system(), who, segments, times)["TNF"].max(axis=1))
    return interval(peaks[0] / peaks[1] - 1)


@cache
def _disease() -> Compiled:
    return compile_model(disease())


def das_change(days: float, suppression: float, natural_course: float) -> float:
    """Typical change of DAS28 were suppression a constant share of a full block."""
    who = typical(_disease().model).having(phi_DAS=1.0)
    inputs = {"suppression": suppression, "link_natural_course": natural_course}
    segments = Segments(np.array([0.0, days * DAY]), inputs)
    return float(integrate(_disease(), who, segments, [days * DAY])["das_change"][0, -1])


def _placebo(draws: int, seed: int) -> Simulated:
    return exactly(das_change(84.0, 0.0, 1.0))


def _full_block(draws: int, seed: int) -> Simulated:
    return exactly(das_change(84.0, 1.0, 1.0) - das_change(84.0, 0.0, 1.0))


def _half_life(draws: int, seed: int) -> Simulated:
    """From the share of the final change that is reached in 30 days."""
    share = das_change(30.0, 1.0, 0.0) / das_change(1000.0, 1.0, 0.0)
    return exactly(-30.0 * np.log(2) / np.log(1 - share))


def _rows() -> tuple[Comparison, ...]:
    how = "draws of the priors, drive of a cuff or of electrodes on the skin as in the chain"
    change = {
        "aranow-2021-tnf": _absolute, "aranow-2021-il6": _absolute,
        "schiweck-2024-tnf": _hedges, "schiweck-2024-il6": _hedges,
        "addorisio-2019-tnf": _ex_vivo, "addorisio-2019-il6": _ex_vivo,
        "dhaens-2023-tnf": _fall, "genovese-2020-tnf": _ex_vivo, "brock-2017-tnf": _sign,
    }  # fmt: skip
    quantity = {"tnf": "TNF", "il6": "IL6"}
    rows = [Comparison("kox-2015-tnf", _kox, how)]
    for key, simulate in change.items():
        study, cytokine = key.rsplit("-", 1)
        rows.append(Comparison(key, partial(simulate, study, quantity[cytokine]), how))
    typically = "typical parameters"
    return (
        *rows,
        Comparison("ma-2020-das-placebo-84d", _placebo, typically),
        Comparison("ma-2020-das-full-block-84d", _full_block, typically),
        Comparison("ma-2020-das-half-life", _half_life, typically),
    )


ROWS = _rows()
