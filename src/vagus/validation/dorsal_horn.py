"""The dorsal horn model against its published behaviour (an own re-implementation of 2026)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import typical
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.dorsal_horn import dorsal_horn
from vagus.validation.comparison import Comparison, exactly

Floats = NDArray[np.float64]

# A stimulus [1]: 40 Hz in A for 20 ms; C fibres are slower, 22 Hz for 210 ms, 90 ms after it began.
STIMULUS_s = (0.02, 0.07, 0.21)
A_Hz, C_Hz, REST_Hz = 40.0, 22.0, 1.0
REPEATS = 15
SETTLED_s = 60.0


@cache
def _system() -> Compiled:
    return compile_model(dorsal_horn())


def response(C: float, max_N: float = 2.0, inhibition: float = 0.0) -> float:
    """Projection rate [Hz] at the end of 210 ms of C input at ``C`` Hz, from rest."""
    edges = np.array([0.0, SETTLED_s, SETTLED_s + STIMULUS_s[2]])
    inputs: dict[str, ArrayLike] = {
        "f_A": REST_Hz, "f_C": [REST_Hz, C], "inhibition_dh": inhibition,
    }  # fmt: skip
    return float(_run(edges, inputs, max_N, edges)[-1])


@cache
def wind_up(per_second: float, max_N: float = 2.0) -> Floats:
    """[repeats] projection rate [Hz] at the end of the C input of each of 15 stimuli."""
    a, gap, c = STIMULUS_s
    parts = np.array([a, gap, c, 1 / per_second - a - gap - c])
    edges = np.concatenate([[0.0], SETTLED_s + np.append(0.0, np.cumsum(np.tile(parts, REPEATS)))])
    inputs = {
        "f_A": np.append(REST_Hz, np.tile([A_Hz, REST_Hz, REST_Hz, REST_Hz], REPEATS)),
        "f_C": np.append(REST_Hz, np.tile([REST_Hz, REST_Hz, C_Hz, REST_Hz], REPEATS)),
    }
    ends = edges[4::4]
    return _run(edges, inputs, max_N, ends)


def bistable_gap(C: float, max_N: float) -> float:
    """Projection rate [Hz] under tonic C input after a high start, minus that after a low one."""
    low, high = (
        _run(np.array([0.0, SETTLED_s]), {"f_A": REST_Hz, "f_C": C}, max_N, np.array([SETTLED_s]),
             {"P_dh": start, "E_dh": start, "g_nmda": max_N if start else 0.0})
        for start in (0.0, 50.0)
    )  # fmt: skip
    return float(high[-1] - low[-1])


def bistable_width(max_N: float, step: float = 0.5) -> float:
    """Span of tonic C rates [Hz], between 8 and 24, with two stable projection rates."""
    return step * sum(bistable_gap(c, max_N) > 1.0 for c in np.arange(8.0, 24.0, step))


def _run(
    edges: Floats,
    inputs: Mapping[str, ArrayLike],
    max_N: float,
    output_s: Floats,
    initial: dict[str, float] | None = None,
) -> Floats:
    draws = typical(_system().model).having(max_N=max_N)
    values = {k: np.broadcast_to(np.asarray(v, float), len(edges) - 1) for k, v in inputs.items()}
    found = integrate(
        _system(), draws, Segments(edges, values), output_s, initial=initial, workers=1
    )
    return np.asarray(found["P_dh"][0])


def _row(identity: str, how: str, measure: Callable[[], float]) -> Comparison:
    """A row of fixed constants: every draw gives the same value."""
    return Comparison(identity, lambda draws, seed: exactly(measure()), how)


DORSAL_HORN = (
    _row("dorsal-horn-c-15hz", "rate after 210 ms of 15 Hz C input", lambda: response(15)),
    _row("dorsal-horn-c-18hz", "rate after 210 ms of 18 Hz C input", lambda: response(18)),
    _row("dorsal-horn-c-22hz", "rate after 210 ms of 22 Hz C input", lambda: response(C_Hz)),
    _row("dorsal-horn-wind-up-0.1hz", "15th over 1st response at 0.1 Hz",
         lambda: float(wind_up(0.1)[-1] / wind_up(0.1)[0])),
    _row("dorsal-horn-wind-up-0.5hz", "15th response at 0.5 Hz", lambda: wind_up(0.5)[-1]),
    _row("dorsal-horn-wind-up-1hz", "15th response at 1 Hz", lambda: wind_up(1.0)[-1]),
    _row("dorsal-horn-wind-up-2hz", "15th response at 2 Hz", lambda: wind_up(2.0)[-1]),
    _row("dorsal-horn-inhibition-8hz", "response to 22 Hz with 8 Hz subtracted, over without",
         lambda: response(C_Hz, inhibition=8.0) / response(C_Hz)),
    _row("dorsal-horn-presynaptic-10", "response to 90 % of 22 Hz, over that to 22 Hz",
         lambda: response(0.9 * C_Hz) / response(C_Hz)),
    _row("dorsal-horn-presynaptic-20", "response to 80 % of 22 Hz, over that to 22 Hz",
         lambda: response(0.8 * C_Hz) / response(C_Hz)),
    _row("dorsal-horn-bistable-ceiling-4", "high minus low state under tonic 12 Hz, ceiling 4",
         lambda: bistable_gap(12.0, 4.0)),
    _row("dorsal-horn-bistable-ceiling-2", "span of tonic C rates with two stable states",
         lambda: bistable_width(2.0)),
)  # fmt: skip
