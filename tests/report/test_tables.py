"""Tables of the report, and the strength-duration fits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vagus.errors import InputError
from vagus.fibre.recruitment import Recruitment
from vagus.fibre.strength_duration import StrengthDuration, fit_strength_duration
from vagus.report.style import group_name, percent, spaced_percent
from vagus.report.tables import delay_rows, recruitment_rows, selectivity_rows, way_mm


def test_every_fibre_is_in_one_class_and_one_group(recruitment: Recruitment) -> None:
    rows = recruitment_rows(recruitment, 1.5, seed=0)
    assert sum(r.fibres for r in rows if not r.group) == len(recruitment)
    assert sum(r.fibres for r in rows if r.group) == len(recruitment)
    for row in rows:
        expected = recruitment.fraction(1.5, recruitment.mask(row.fibre_class, row.group))
        assert row.share.middle == expected
        assert row.share.lower <= row.share.upper


def test_selectivity_counts_groups_named_in_the_data(recruitment: Recruitment) -> None:
    rows = {r.aim.split(" ")[0]: r for r in selectivity_rows(recruitment, 1.5)}
    assert rows["heart"].fibres == recruitment.mask("B", "cardiac-efferent").sum()
    larynx = float(recruitment.fraction(1.5, recruitment.mask("A-alpha", "laryngeal-motor")))
    assert all(r.value.unwanted == larynx for r in rows.values())
    afferents = np.isin(recruitment.population.fibre_class, ["A-beta", "A-delta"])
    assert rows["brain"].fibres == (afferents & recruitment.population.afferent).sum()


def test_ways_add_up_landmark_distances() -> None:
    assert way_mm("cuff > brainstem", "left") == pytest.approx(136.0)
    recurrent = way_mm("cuff > sternal angle > laryngeal prominence", "left")
    assert recurrent == pytest.approx((242.0 - 136.0) + (242.0 - 102.7))
    with pytest.raises(InputError, match="knee"):
        way_mm("cuff > knee", "left")


def test_delays_are_of_fibres_that_fire_towards_their_target(recruitment: Recruitment) -> None:
    rows = delay_rows(recruitment, 1.5)
    larynx = next(r for r in rows if r.target.startswith("larynx"))
    fires = recruitment.mask(group="laryngeal-motor") & (recruitment.threshold_mA <= 1.5)
    velocity = recruitment.conduction_velocity_m_per_s[fires]
    assert larynx.fibres == fires.sum()
    assert larynx.delay_ms[1] == pytest.approx(np.median(larynx.distance_mm / velocity))
    assert {r.fibre_class for r in rows if r.target == "brainstem"} <= {"A-beta", "A-delta"}
    assert delay_rows(recruitment, 1e-6) == ()
    assert {r.target for r in delay_rows(recruitment, 20.0, "right")} >= {"heart", "brainstem"}
    with pytest.raises(InputError, match="side"):
        delay_rows(recruitment, 1.5, "both")


@given(st.floats(0.01, 20), st.floats(20, 900), st.sampled_from(["Weiss", "Lapicque"]))
def test_fit_returns_the_law_that_made_the_points(rheobase: float, tau: float, law: str) -> None:
    width = np.array([30.0, 60, 120, 250, 500, 1000])
    shape = 1 + tau / width if law == "Weiss" else 1 / (1 - np.exp(-width * np.log(2) / tau))
    fit = fit_strength_duration(StrengthDuration("x", "B", width, rheobase * shape), law)
    assert fit is not None
    assert fit.rheobase_mA == pytest.approx(rheobase, rel=1e-3)
    assert fit.chronaxie_us == pytest.approx(tau, rel=1e-3)
    assert fit.rms_error < 1e-4
    assert fit.threshold_mA(np.array([tau])) == pytest.approx(2 * rheobase, rel=2e-3)


def test_fit_needs_three_reached_points_and_sane_input() -> None:
    width = np.array([50.0, 100, 200])
    few = StrengthDuration("x", "C", width, np.array([np.inf, 2.0, 1.0]))
    assert fit_strength_duration(few, "Weiss") is None
    with pytest.raises(InputError, match="law"):
        fit_strength_duration(few, "Blair")
    with pytest.raises(InputError, match="pulse_width_us"):
        fit_strength_duration(StrengthDuration("x", "C", width - 50, width), "Weiss")


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (1.0, "100 %"), (0.0005, "< 0.1 %"), (0.9999, "> 99.9 %"), (0.123, "12.3 %")],
)
def test_percent_never_rounds_to_none_or_all(share: float, text: str) -> None:
    assert percent(share) == text
    assert percent(float("nan")) == "–"


def test_printed_words() -> None:
    assert group_name("bronchopulmonary-c") == "bronchopulmonary C"
    assert spaced_percent("heart rate -10%") == "heart rate −10 %"
