"""Rows of the mood organ: all run, fits used calibration rows, stable verdicts stand."""

from __future__ import annotations

import pytest

from vagus.data import read_table
from vagus.validation import comparison
from vagus.validation.comparison import Observation, observations, verdict
from vagus.validation.mood import COMPARISONS

FAILED = {"taylor-2006-week-1", "kroenke-2011-pain-to-mood"}
"""Two stages start slowly, against a third of the benefit in the first week; pain acts on mood by
at most what CHOIR, an upper bound, shows in the other direction."""

COMPATIBLE = {
    "aaronson-2017-d23", "aaronson-2013-d21", "recover-2025-primary", "fujikoshi-2016-mediation",
}  # fmt: skip
"""The prior of D-02 excludes neither no effect nor more than the nulls of D-21 and RECOVER leave;
that of tau_M does not exclude a ratio below 8."""

CLOSE = {"rush-2005-d02"}
"""Reproduced or compatible by the draw: the effect was fitted to this very row."""

BY_ID = {c.observation: c for c in COMPARISONS}


@pytest.fixture(scope="module")
def rows() -> dict[str, Observation]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(comparison, "ORGANS", ("mood",))
        return observations()


@pytest.mark.parametrize("row", sorted(BY_ID))
def test_verdicts(row: str, rows: dict[str, Observation]) -> None:
    """Pinned where they do not hang on the draw; failures stay in the table."""
    if row in CLOSE:
        assert verdict(rows[row], BY_ID[row].simulate(200, 0)) != "failed"
        return
    expected = "failed" if row in FAILED else "compatible" if row in COMPATIBLE else "reproduced"
    assert verdict(rows[row], BY_ID[row].simulate(200, 0)) == expected


def test_dossier_roles_are_kept(rows: dict[str, Observation]) -> None:
    """Rows held out in the dossier are held out here, or say which prior they shaped."""
    held_out = {r["study"] for r in read_table("body/brain_observations.csv")
                if r["role"] == "validate"}  # fmt: skip
    for row in rows.values():
        named = row.study.split(" (")[0]
        if any(study.startswith(named) for study in held_out) and "CHOIR" not in named:
            assert row.role == "validate" or "shaped" in row.note, row.id
