"""Strength-duration: thresholds at several widths and what the two laws make of them."""

from __future__ import annotations

import numpy as np
import pytest
from point_fibres import beside

from vagus.errors import InputError
from vagus.fibre.strength_duration import (
    StrengthDuration,
    fit_strength_duration,
    strength_duration,
)
from vagus.fibre.threshold import activation_thresholds
from vagus.fibre.timegrid import time_grid
from vagus.protocol.waveform import biphasic, monophasic, pseudo_monophasic

WIDTHS = np.array([30.0, 60.0, 100.0, 200.0, 500.0, 1000.0])


def test_each_column_is_a_threshold_search() -> None:
    fibres = beside(np.array([6.0, 10.0]), np.array([500.0, 900.0]))
    found = strength_duration(fibres, WIDTHS, polarity=-1)
    assert found.shape == (2, 6)
    direct = activation_thresholds(
        fibres, time_grid("converged", monophasic(200), 4.2), polarity=-1
    )
    np.testing.assert_allclose(found[:, 3], np.abs(direct.upper_mA), rtol=1e-3)


@pytest.mark.parametrize("law", ["Weiss", "Lapicque"])
def test_mrg_fibres_follow_the_laws(law: str) -> None:
    """Thresholds fall, charge rises, and either law fits within a tenth. Chronaxies of large
    myelinated fibres under extracellular pulses lie between 30 and 300 us."""
    fibres = beside(np.array([6.0, 10.0, 14.0]), np.array([600.0, 1000.0, 1500.0]), 31)
    found = strength_duration(fibres, WIDTHS, polarity=-1)
    assert (np.diff(found, axis=1) < 0).all()
    assert (np.diff(found * WIDTHS, axis=1) > 0).all()
    for row in found:
        fit = fit_strength_duration(StrengthDuration("fibre", "A-beta", WIDTHS, row), law)
        assert fit is not None
        assert fit.rms_error < 0.12
        assert 30 < fit.chronaxie_us < 300
        assert 0.5 * row.min() < fit.rheobase_mA < 1.1 * row.min()


def test_other_pulses_and_unreached_widths() -> None:
    fibres = beside(np.array([10.0]), np.array([800.0]))
    mono = strength_duration(fibres, np.array([100.0, 300.0]), polarity=-1)
    both = strength_duration(fibres, np.array([100.0, 300.0]), waveform=biphasic, polarity=-1)
    assert (both > mono).all()  # the second phase takes back what the first gave
    device = strength_duration(
        fibres, np.array([250.0]), waveform=lambda w: pseudo_monophasic(w, 5000.0), polarity=-1
    )
    assert mono[0, 1] < device[0, 0] < both[0, 0]
    weak = strength_duration(fibres, np.array([30.0, 1000.0]), polarity=-1, max_current_mA=0.6)
    assert np.isinf(weak[0, 0])
    assert np.isfinite(weak[0, 1])


def test_bad_widths() -> None:
    fibres = beside(np.array([10.0]), np.array([800.0]))
    for width in (0.0, -100.0, np.nan):
        with pytest.raises(InputError, match="pulse_width_us"):
            strength_duration(fibres, np.array([100.0, width]))
