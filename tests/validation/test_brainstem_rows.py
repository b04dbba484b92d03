"""Rows of the brainstem organ: all run, fits used calibration rows, stable verdicts stand."""

from __future__ import annotations

import pytest

from vagus.data import read_table
from vagus.validation import comparison
from vagus.validation.brainstem import COMPARISONS, held, rats
from vagus.validation.comparison import Observation, observations, verdict

FAILED = {"dorr-2006-lc-off", "hassert-2004-amygdala", "sharon-2021-peak"}
"""No after-effect in LC, no amygdala, no lag of the pupil in the model."""

COMPATIBLE = {
    "manta-2012-30min", "vespa-2022-inverted-u", "dagostini-2023-rising", "carpenter-2004-5hiaa",
}  # fmt: skip
"""Steepness over duty is open; the shape over intensity is contested; half of the prior of
`lambda_h` is a rise of serotonin that CSF did not show."""

BY_ID = {c.observation: c for c in COMPARISONS}


@pytest.fixture(scope="module")
def rows() -> dict[str, Observation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "ORGANS", ("brainstem",))
        return observations()


@pytest.mark.parametrize("row", sorted(BY_ID))
def test_verdicts(row: str, rows: dict[str, Observation]) -> None:
    """Pinned where they do not hang on the draw; failures stay in the table."""
    expected = "failed" if row in FAILED else "compatible" if row in COMPATIBLE else "reproduced"
    assert verdict(rows[row], BY_ID[row].simulate(200, 0)) == expected


@pytest.mark.parametrize("share", [0.05, 0.5, 1.0])
def test_rats_answer_with_the_share_asked_for(share: float) -> None:
    """Fraction recruited is worked out from the inverse of the response."""
    whole, part = (held(rats(8, 1, x), 1.0, 7200.0, "lc_excess") for x in (1.0, share))
    build = (held(rats(8, 1, x), 1.0, 7200.0, "LC_build") for x in (1.0, share))
    fully, partly = build
    assert (part / partly) / (whole / fully) == pytest.approx(share, rel=1e-5)


def test_dossier_rows_are_shipped_as_given() -> None:
    """Values of observations that the dossier's table also has."""
    shipped = {r["study"]: r for r in read_table("body/brain_observations.csv")}
    own = {r["study"]: r for r in read_table("body/observations_brainstem.csv")}
    for study in ("Hassert 2004", "Devoto 2005"):
        assert float(shipped[study]["value"]) == float(own[study]["value"])
        assert shipped[study]["role"] == own[study]["role"]
