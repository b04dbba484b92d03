"""Settings of all tests: hypothesis waits for compilers, and plots need no screen."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# The first call of a numba kernel compiles it, so deadlines would measure the compiler.
settings.register_profile("vagus", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("vagus")
os.environ.setdefault("MPLBACKEND", "Agg")
