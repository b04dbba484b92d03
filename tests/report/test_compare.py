"""Verdicts against bands set by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from report_samples import make_recruitment, with_thresholds

from vagus.data import read_table
from vagus.fibre.recruitment import Band, Recruitment
from vagus.report.compare import (
    Comparison,
    Published,
    compare,
    published_thresholds,
    tally,
    verdict,
)

NAN, INF = float("nan"), float("inf")


def published(value: float = NAN, lower: float = NAN, upper: float = NAN) -> Published:
    return Published("X", "effect", "human", "5", 250.0, value, lower, upper, "", "", "", "seen")


@pytest.mark.parametrize(
    ("given_as", "expected"),
    [
        (published(0.5), "inside"),
        (published(0.3), "inside"),
        (published(0.29), "below"),
        (published(0.91), "above"),
        (published(lower=0.4, upper=0.8), "inside"),
        (published(lower=0.1, upper=0.5), "overlaps"),
        (published(lower=0.1, upper=5.0), "overlaps"),
        (published(lower=0.1, upper=0.2), "below"),
        (published(lower=1.0, upper=2.0), "above"),
        (published(0.5, 0.1, 5.0), "inside"),
    ],
)
def test_verdict_of_a_figure_against_a_band(given_as: Published, expected: str) -> None:
    assert verdict(given_as, Band(0.3, 0.5, 0.9, 100), 10.0) == expected


def test_verdict_where_the_band_leaves_the_search() -> None:
    open_band = Band(2.0, INF, INF, 100)
    assert verdict(published(3.5), open_band, 10.0) == "inside"
    assert verdict(published(1.0), open_band, 10.0) == "below"
    beyond = Band(INF, INF, INF, 100)
    assert verdict(published(3.5), beyond, 10.0) == "not reached"
    assert verdict(published(12.0), beyond, 10.0) == "inside"
    assert verdict(published(3.5), Band(NAN, NAN, NAN, 0), 10.0) == "no fibres"


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(1.0, 5.0), st.floats(0.1, 10))
def test_verdict_does_not_depend_on_the_unit(
    value: float, lower: float, width: float, scale: float
) -> None:
    band = Band(lower, lower, lower * width, 9)
    scaled = Band(lower * scale, lower * scale, lower * width * scale, 9)
    near = min(abs(value / edge - 1) for edge in (band.lower, band.upper)) < 1e-9
    assert near or verdict(published(value), band, 1e6) == verdict(
        published(value * scale), scaled, 1e6 * scale
    )


def by_id(recruitment: Recruitment, width_us: float = 250.0) -> dict[str, Comparison]:
    return {c.published.id: c for c in compare(recruitment, width_us, 0.25, seed=1)}


def test_rows_asked_for_are_compared_with_their_fibres() -> None:
    rows = by_id(make_recruitment())
    larynx = {"TH002", "TH006", "TH007", "TH008", "TH009"}
    assert set(rows) == larynx | {"TH005", "TH014", "TH017"}
    assert {(rows[i].fibre_class, rows[i].group) for i in larynx} == {
        ("A-alpha", "laryngeal-motor")
    }
    assert (rows["TH005"].fibre_class, rows["TH005"].group) == ("B", "cardiac-efferent")
    assert rows["TH014"].verdict == rows["TH017"].verdict == "contested"
    assert rows["TH002"].published.value_mA == 0.49
    assert (rows["TH008"].published.lower_mA, rows["TH008"].published.upper_mA) == (0.42, 1.77)
    assert rows["TH005"].published.value_mA == 3.53


def test_verdicts_follow_the_thresholds() -> None:
    """The same nerve with all thresholds ten times higher or lower turns the verdicts round."""
    base = make_recruitment()
    high = by_id(with_thresholds(base, base.threshold_mA * 20))
    low = by_id(with_thresholds(base, base.threshold_mA / 20))
    for key in ("TH002", "TH006", "TH007", "TH008", "TH009", "TH005"):
        assert high[key].verdict == "below"
        assert low[key].verdict == "above"
        assert high[key].ratio == pytest.approx(400 * low[key].ratio)


def test_nothing_reached_and_no_fibres_have_their_own_verdicts() -> None:
    base = make_recruitment()
    dead = by_id(with_thresholds(base, np.full(len(base), np.inf)))
    assert dead["TH002"].verdict == "not reached"
    assert dead["TH002"].ratio == np.inf
    assert "0 % of these fibres fire" in dead["TH017"].remark
    keep = np.flatnonzero(base.population.fibre_class == "A-beta")
    few = Recruitment(
        base.population.select(keep),
        *(getattr(base, n)[keep] for n in ("model", "threshold_mA", "lower_mA", "upper_mA")),
        base.conduction_velocity_m_per_s[keep],
        base.max_current_mA,
    )
    empty = by_id(few)
    assert empty["TH002"].verdict == "no fibres"
    assert np.isnan(empty["TH002"].band.middle)
    assert empty["TH014"].remark == "This nerve holds no such fibre."


def test_remarks_name_other_pulse_widths_and_ranges() -> None:
    rows = by_id(make_recruitment(), width_us=500.0)
    assert "Published at 250 µs, predicted at 500 µs." in rows["TH002"].remark
    assert "not one published number" in rows["TH007"].remark
    assert "Its range" in rows["TH006"].remark
    assert by_id(make_recruitment())["TH002"].remark == ""


def test_bands_are_reproducible_and_seeded() -> None:
    base = make_recruitment()
    again = [repr(compare(base, 250.0, 0.25, seed=1)) for _ in range(2)]  # nan differs from itself
    assert again[0] == again[1]
    first, second = by_id(base), {c.published.id: c for c in compare(base, 250.0, 0.25, seed=2)}
    assert any(first[k].band != second[k].band for k in first)


def test_tally_counts_every_row() -> None:
    rows = compare(make_recruitment(), 250.0, 0.25, seed=1)
    assert sum(tally(rows).values()) == len(rows)


def test_every_shipped_row_has_source_and_mark() -> None:
    for name in ("human_thresholds", "comparison", "group_roles", "delays", "landmarks", "limits"):
        for row in read_table(f"report/{name}.csv"):
            assert None not in row, f"{name}: too many columns in {row}"
            assert row["source"], row
            assert row["mark"] in ("seen", "derived", "recalled", "assumed", "not_found")
    known = published_thresholds()
    assert all(row["threshold_id"] in known for row in read_table("report/comparison.csv"))
    assert replace(published(0.4)).central_mA == 0.4
    assert published(lower=0.25, upper=1.0).central_mA == pytest.approx(0.5)
