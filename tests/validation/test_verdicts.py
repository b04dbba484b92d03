"""Verdicts: what counts as reproduced, compatible, failed."""

from __future__ import annotations

import pytest

from vagus.errors import InputError
from vagus.validation.comparison import ORGANS, Observation, Simulated, observations, verdict
from vagus.validation.table import comparisons, validate


def found(low: float, value: float, high: float, null: float | None) -> Observation:
    text = ("", "", "", "validate", "seen", "", "")
    return Observation("id", "organ", "study", "quantity", "1", value, low, high, null, *text[2:])


@pytest.mark.parametrize(
    ("measured", "null", "simulated", "expected"),
    [
        ((1.0, 2.0, 3.0), None, (2.5, 4.0, 5.0), "reproduced"),
        ((1.0, 2.0, 3.0), None, (3.5, 4.0, 5.0), "failed"),
        ((1.0, 2.0, 3.0), 0.0, (0.5, 1.0, 2.0), "reproduced"),
        ((1.0, 2.0, 3.0), 0.0, (-0.5, 1.0, 2.0), "compatible"),  # would have agreed with nothing
        ((1.0, 2.0, 3.0), 0.0, (-2.0, -1.0, -0.5), "failed"),
        ((-1.0, 0.0, 1.0), 0.0, (-0.5, 0.0, 0.5), "reproduced"),
        ((-1.0, 0.0, 1.0), 0.0, (-5.0, 0.0, 5.0), "compatible"),  # would have agreed with anything
        ((-1.0, 0.0, 1.0), 0.0, (0.5, 0.8, 0.9), "failed"),  # an effect where none was found
        ((-1.0, 0.0, 1.0), 0.0, (float("nan"), 0.0, 0.0), "failed"),
    ],
)
def test_verdicts(
    measured: tuple[float, float, float],
    null: float | None,
    simulated: tuple[float, float, float],
    expected: str,
) -> None:
    assert verdict(found(*measured, null), Simulated(*simulated)) == expected


def test_every_observation_is_simulated_once_and_has_a_source() -> None:
    simulated = [c.observation for c in comparisons()]
    assert sorted(simulated) == sorted(observations())
    assert len(simulated) >= 40
    for row in observations().values():
        assert row.source, row.id
        assert row.role in ("calibrate", "validate"), row.id
        assert row.mark in ("seen", "derived", "recalled", "assumed"), row.id
        assert row.band, row.id
    assert {row.organ for row in observations().values()} == set(ORGANS)


def test_a_simulation_that_raises_fails_its_row_and_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from vagus.validation import heart
    from vagus.validation.comparison import Comparison

    def broken(draws: int, seed: int) -> Simulated:
        raise InputError("gain", 2, "0 to 1")

    first, second, *_ = heart.COMPARISONS
    pair = (Comparison(first.observation, broken, ""), second)
    monkeypatch.setattr(heart, "COMPARISONS", pair)
    rows = validate("heart", draws=4)
    assert next(r.verdict for r in rows) == "failed"
    assert "gain" in rows[0].problem
    assert rows[1].problem == ""


@pytest.mark.parametrize(("organ", "draws"), [("spleen", 8), ("heart", 1)])
def test_bad_requests(organ: str, draws: int) -> None:
    with pytest.raises(InputError):
        validate(organ, draws)
