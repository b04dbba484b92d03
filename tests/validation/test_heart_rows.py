"""The heart's rows of the validation table: all run, and verdicts stand where stable."""

import numpy as np
import pytest

from vagus.body.draws import typical
from vagus.body.organs.heart import heart
from vagus.body.organs.heart_beats import heart_beats
from vagus.data import read_table
from vagus.validation import comparison
from vagus.validation.heart import COMPARISONS, endotoxin_course

FAILED = {"atropine-1985-block", "mokrane-1998-sympathetic-delay", "copeland-2005-hr-peak-time"}
"""Published constants that do not meet these data; kept in the table."""

COMPATIBLE = {
    "paleczny-2019-expiration", "paleczny-2019-inspiration", "paleczny-2019-ungated",
    "paleczny-2019-hrv", "left-vns-epilepsy-rr", "nectar-hf-heart-rate",
}  # fmt: skip
"""The sign of the auricular effect is free, so the model would have agreed with its opposite, and
reaches beyond the measured nulls; so does bradycardia with the cardiac efferents that a cuff at 1.5
mA recruits. The contrast of the halves of a breath lies at the edge of its interval and is left
open."""

OPEN = {"paleczny-2019-contrast"}


@pytest.fixture(scope="module")
def rows():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "ORGANS", ("heart",))
        return comparison.observations()


def test_every_row_is_compared_once(rows):
    named = [c.observation for c in COMPARISONS]
    assert sorted(named) == sorted(rows)
    assert len(named) == len(set(named)) >= 12


def test_fits_used_only_rows_for_calibration(rows):
    for model in (heart(), heart_beats()):
        for quantity in model.quantities.values():
            for used in quantity.fitted_to:
                assert rows[used].role == "calibrate", quantity.symbol


@pytest.mark.parametrize("compared", COMPARISONS, ids=lambda c: c.observation)
def test_each_comparison_gives_an_ordered_interval(rows, compared):
    found = compared.simulate(16, 3)
    assert np.isfinite([found.low, found.middle, found.high]).all()
    assert found.low <= found.middle <= found.high
    assert comparison.verdict(rows[compared.observation], found) in (
        "reproduced", "compatible", "failed",
    )  # fmt: skip


def test_the_same_seed_gives_the_same_interval():
    compared = next(c for c in COMPARISONS if c.observation == "atropine-1985-block")
    assert compared.simulate(16, 5) == compared.simulate(16, 5)
    assert compared.simulate(16, 5) != compared.simulate(16, 6)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_verdicts_at_200_draws(rows, seed):
    found = {
        c.observation: comparison.verdict(rows[c.observation], c.simulate(200, seed))
        for c in COMPARISONS
    }
    assert {name for name, verdict in found.items() if verdict == "failed"} == FAILED
    compatible = {name for name, verdict in found.items() if verdict == "compatible"}
    assert compatible - OPEN == COMPATIBLE


def janum_error(**changed):
    """Root mean square error (bpm) over the 14 points of heart rate in 5 h."""
    measured = np.array([
        (float(r["t_h"]), float(r["mean"]))
        for r in read_table("body/lps_heart.csv")
        if r["study"] == "Janum 2016" and r["variable"] == "HR"
    ])  # fmt: skip
    rise = endotoxin_course(typical(heart()).having(**changed), "Janum 2016", measured[:, 0])[0]
    return np.sqrt(np.mean((rise - (measured[:, 1] - measured[0, 1])) ** 2))


def test_cytokine_drive_is_at_its_least_squares_fit():
    """The table's defaults, to three digits, are where the error over Janum 2016 is least."""
    rest, best = typical(heart()), janum_error()
    assert best == pytest.approx(0.72, abs=0.01)
    for symbol in ("G_cyt", "x_cyt", "tau_cyt"):
        for factor in (0.95, 1.05):
            assert janum_error(**{symbol: factor * rest[symbol][0]}) > best
