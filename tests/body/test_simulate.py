"""Arms and their reading: means over the recall period, names of arms, keys."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vagus.body.simulate import ABLATIONS, recalled
from vagus.data import read_table

DAY_S = 86_400.0


@given(st.floats(-2, 2), st.floats(-0.1, 0.1), st.integers(1, 28))
def test_the_mean_of_a_ramp_over_the_recall_period(start: float, slope: float, days: int) -> None:
    t = np.arange(0, 60) * DAY_S
    d = t / DAY_S
    pain, area = start + slope * d, start * d + slope * d**2 / 2
    found = recalled(area[None], pain[None], t, float(days))[0]
    since = np.maximum(d - days, 0)
    assert found == pytest.approx(start + slope * (d + since) / 2, abs=1e-9)


def test_the_first_reading_is_the_baseline_itself() -> None:
    t = np.array([0.0, 1.0, 2.0]) * DAY_S
    assert recalled(np.zeros((1, 3)), np.full((1, 3), 0.4), t, 7.0)[0, 0] == 0.4


def test_ablations_switch_links_that_exist() -> None:
    known = {row["symbol"] for row in read_table("body/links.csv")}
    assert all(set(links) <= known for links in ABLATIONS.values())
