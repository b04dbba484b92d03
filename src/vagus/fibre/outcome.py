"""What one simulation of each fibre told."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Outcome:
    """Result of M simulations.

    ``fired`` [M]: an action potential crossed -30 mV upwards at the detector node.
    ``ap_time_ms`` [M]: time of that crossing (nan where none).
    ``peak_mV`` [M]: highest depolarisation from rest of any node until the end of the stimulus.
    """

    fired: NDArray[np.bool_]
    ap_time_ms: NDArray[np.float64]
    peak_mV: NDArray[np.float64]
