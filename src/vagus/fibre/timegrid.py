"""When the solver steps: fixed steps as NEURON takes them, or graded steps that land on every edge.

``neuron``     equal steps; the waveform is sampled at the start of each (as PyFibers drives NEURON).
``converged``  steps grow away from the waveform's edges and end exactly on them; the waveform is
               averaged over each step, so that no charge is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scheme = Literal["neuron", "converged"]


@dataclass(frozen=True)
class TimeGrid:
    """The steps of one simulation, shared by all fibres of a run.

    ``dt_ms`` [L] the distinct step sizes; ``level`` [S] which of them step s takes;
    ``w`` [S] the waveform during step s; ``quiet_step``: first step after the last edge of the
    stimulus, from which on a fibre may be declared silent.
    """

    scheme: Scheme
    dt_ms: NDArray[np.float64]
    level: NDArray[np.int64]
    w: NDArray[np.float64]
    quiet_step: int
