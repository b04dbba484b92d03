"""A NEURON fibre driven by an extracellular waveform: run, time, search its threshold.

The time loop is NEURON's own: ``fadvance`` is called by hoc, not by Python, and the extracellular
potential is written only when the waveform changes.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .mechanisms import neuron_with_mechanisms

Array = NDArray[np.float64]
WaveformName = Literal["monophasic", "biphasic", "burst"]

SPIKE_MV = -30.0
SEALED_OHM_CM = 1e10  # axial resistivity that cuts a passive end off its neighbour


def sample_waveform(
    name: WaveformName, pulse_width_us: float, dt_ms: float, steps: int, delay_ms: float
) -> Array:
    """Waveform [steps] as a multiple of the amplitude, sampled at the start of every step.

    ``burst`` is five cycles of a 5 kHz sine; the others last ``pulse_width_us`` per phase.
    """
    w = np.zeros(steps)
    first = round(delay_ms / dt_ms)
    if name == "burst":
        n = round(1.0 / dt_ms)
        w[first : first + n] = np.sin(2 * np.pi * 5.0 * dt_ms * np.arange(n))
        return w
    n = round(pulse_width_us * 1e-3 / dt_ms)
    w[first : first + n] = 1.0
    if name == "biphasic":
        w[first + n : first + 2 * n] = -1.0
    return w


@dataclass(frozen=True)
class Threshold:
    """Bracket of the activation threshold in mA: silent at ``lower``, firing at ``threshold``."""

    threshold_mA: float
    lower_mA: float
    simulations: int
    cpu_s: float


class Fibre:
    """Sections of one fibre in a line, ready to run; only one may live in a process at a time.

    ``sections``: built, inserted and connected; ``nodes``: those whose potential is of interest,
    both ends included; a point source lies ``distance_um`` beside the centre one.
    """

    def __init__(
        self,
        sections: Sequence[Any],
        nodes: Sequence[int],
        rest_mV: float,
        distance_um: float,
        sigma: float,
        dt_ms: float,
        tstop_ms: float,
        delay_ms: float,
    ) -> None:
        self.h: Any = neuron_with_mechanisms()
        self.sections, self.nodes, self.rest_mV = list(sections), list(nodes), rest_mV
        self.dt_ms, self.tstop_ms, self.delay_ms = dt_ms, tstop_ms, delay_ms
        length = np.array([sec.L for sec in self.sections])
        self.z_um = np.cumsum(length) - length / 2
        z = self.z_um - self.z_um[self.nodes[len(self.nodes) // 2]]
        self.potential_mV_per_mA = 1e6 / (4 * math.pi * sigma * np.hypot(distance_um, z))
        count = len(self.sections)
        self._outside, self._periaxonal = self.h.PtrVector(count), self.h.PtrVector(count)
        for k, sec in enumerate(self.sections):
            self._outside.pset(k, sec(0.5)._ref_e_extracellular)
            self._periaxonal.pset(k, sec(0.5)._ref_vext[0])
        self._one_layer = int(self.h.nlayer_extracellular()) == 1
        self._current_mA = 0.0
        self._resting: Any = None
        detector = self.sections[self.nodes[math.floor(0.9 * (len(self.nodes) - 1))]]
        self._spikes = self.h.APCount(detector(0.5))
        self._spikes.thresh = SPIKE_MV

    @property
    def steps(self) -> int:
        """Time steps of one simulation."""
        return round(self.tstop_ms / self.dt_ms)

    def initialise(self) -> None:
        """Rest: 40 steps of 5 ms from t = -200 ms without stimulus; done once, then restored."""
        h = self.h
        if self._resting is None:
            h.celsius, h.secondorder = 37, 0
            h.finitialize(self.rest_mV)
            h.t, h.dt = -200.0, 5.0
            _advance(h, 40)
            h.t, h.dt = 0.0, self.dt_ms
            h.fcurrent()
            self._resting = h.SaveState()
            self._resting.save()
        self._set_outside(0.0)
        self._resting.restore(1)
        h.t, h.dt = 0.0, self.dt_ms
        self._spikes.n = 0

    def run(
        self,
        amplitude_mA: float,
        waveform: WaveformName = "monophasic",
        pulse_width_us: float = 100.0,
    ) -> bool:
        """Simulate; whether an action potential passed node floor(0.9 (N - 1))."""
        w = sample_waveform(waveform, pulse_width_us, self.dt_ms, self.steps, self.delay_ms)
        edges = np.flatnonzero(np.diff(w, prepend=0.0)).tolist()
        self.initialise()
        position = 0
        for edge in edges:
            _advance(self.h, edge - position)
            self._set_outside(amplitude_mA * w[edge])
            position = edge
        _advance(self.h, w.size - position)
        return bool(self._spikes.n > 0)

    def trace(
        self,
        amplitude_mA: float,
        waveform: WaveformName = "monophasic",
        pulse_width_us: float = 100.0,
    ) -> Array:
        """Membrane potential [steps + 1, N] mV of all nodes, after initialisation and each step."""
        w = sample_waveform(waveform, pulse_width_us, self.dt_ms, self.steps, self.delay_ms)
        segments = [self.sections[k](0.5) for k in self.nodes]
        self.initialise()
        v = np.empty((w.size + 1, len(segments)))
        v[0] = [seg.v for seg in segments]
        for j, value in enumerate(w):
            self._set_outside(amplitude_mA * value)
            self.h.fadvance()
            v[j + 1] = [seg.v for seg in segments]
        return v

    def cpu_per_sim(self, amplitude_mA: float = -1.0, repeats: int = 3) -> float:
        """Process CPU seconds of one simulation from the resting state, best of ``repeats``."""
        self.initialise()
        used = []
        for _ in range(repeats):
            start = time.process_time()
            self.run(amplitude_mA)
            used.append(time.process_time() - start)
        return min(used)

    def threshold(
        self,
        tolerance: float = 1e-3,
        waveform: WaveformName = "monophasic",
        pulse_width_us: float = 100.0,
        start_mA: float = -0.1,
    ) -> Threshold:
        """Bracket by factors of two from ``start_mA`` (its sign is the polarity), then bisect."""
        begin, simulations = time.process_time(), 0

        def fires(amplitude_mA: float) -> bool:
            nonlocal simulations
            simulations += 1
            return self.run(amplitude_mA, waveform, pulse_width_us)

        lower = upper = start_mA
        if fires(start_mA):
            while fires(lower := lower / 2):
                upper = lower
        else:
            while not fires(upper := upper * 2):
                lower = upper
                if abs(upper) > 1e4 * abs(start_mA):
                    raise RuntimeError(f"the fibre does not fire at {upper} mA")
        while abs(upper - lower) > tolerance * abs(upper):
            middle = (lower + upper) / 2
            if fires(middle):
                upper = middle
            else:
                lower = middle
        return Threshold(upper, lower, simulations, time.process_time() - begin)

    def _set_outside(self, current_mA: float) -> None:
        """Set e_extracellular of all sections.

        With one extracellular layer NEURON charges the myelin's capacitance against 0 mV instead
        of the extracellular potential. Moving the periaxonal potential along with a change of the
        latter gives the missing charge back, exactly: the membrane potential stays as it is.
        """
        h, change = self.h, current_mA - self._current_mA
        self._outside.scatter(h.Vector(self.potential_mV_per_mA * current_mA))
        if self._one_layer and change != 0.0:
            periaxonal = h.Vector(len(self.sections))
            self._periaxonal.gather(periaxonal)
            periaxonal.add(h.Vector(self.potential_mV_per_mA * change))
            self._periaxonal.scatter(periaxonal)
        self._current_mA = current_mA


def _advance(h: Any, steps: int) -> None:
    """``steps`` calls of fadvance in a loop of NEURON's interpreter."""
    if not hasattr(h, "vagus_advance"):
        h("proc vagus_advance() { local i  for i = 1, $1 fadvance() }")
    h.vagus_advance(steps)


def empty_simulator(layers: int) -> Any:
    """NEURON's ``h``, without any section, with ``layers`` of extracellular space.

    NEURON always advances every section that exists: a second fibre would be simulated as well.
    """
    h = neuron_with_mechanisms()
    gc.collect()
    if sum(1 for _ in h.allsec()):
        raise RuntimeError("another NEURON fibre is alive: delete it before building the next")
    if int(h.nlayer_extracellular()) != layers:
        h.nlayer_extracellular(layers)
    return h


def connect_line(sections: Sequence[Any]) -> None:
    """Join the sections end to end."""
    for left, right in pairwise(sections):
        right.connect(left(1), 0)
