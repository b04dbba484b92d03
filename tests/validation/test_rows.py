"""What holds for the rows of every organ; what holds for one organ stands in its own file."""

from __future__ import annotations

import numpy as np
import pytest

from vagus.validation.comparison import Comparison, observations
from vagus.validation.table import comparisons

FEWEST = {
    "heart": 12, "endotoxin": 67, "immune": 10, "sensitivity": 8, "brainstem": 20, "mood": 8,
    "plasticity": 14, "pain": 14, "chain": 9,
}  # fmt: skip


@pytest.mark.parametrize("organ", FEWEST)
def test_every_row_is_simulated_once(organ: str) -> None:
    rows = sorted(row.id for row in observations().values() if row.organ == organ)
    assert sorted(c.observation for c in comparisons(organ)) == rows
    assert len(rows) >= FEWEST[organ]


@pytest.mark.parametrize("comparison", comparisons(), ids=lambda c: c.observation)
def test_each_gives_an_interval(comparison: Comparison) -> None:
    found = comparison.simulate(16, 1)
    assert np.isfinite([found.low, found.middle, found.high]).all()
    assert found.low <= found.middle <= found.high
    assert found == comparison.simulate(16, 1)
