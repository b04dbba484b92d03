"""Adverse events: exact intervals against closed forms and scipy, counts worked back, conflicts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from vagus.data import read_table
from vagus.evidence.tables import evidence
from vagus.protocol.device import device_keys
from vagus.suitability.adverse import (
    AdverseEvent,
    adverse_events,
    elsewhere,
    from_percentage,
    gravest,
    most_common,
    sham_beside,
)
from vagus.suitability.event_words import event_line, frequency_words
from vagus.suitability.intervals import count_interval, counts_behind, share_interval
from vagus.suitability.labels import cover


def of(key: str) -> tuple[AdverseEvent, ...]:
    return adverse_events(cover(key).family)


def one(key: str, study: str, term: str, arm: str = "active") -> AdverseEvent:
    (found,) = [e for e in of(key) if (e.study, e.term, e.arm) == (study, term, arm)]
    return found


@pytest.mark.parametrize(("count", "n"), [(0, 14), (1, 14), (2, 169), (671, 1474), (30, 30)])
def test_clopper_pearson_as_scipy_has_it(count: int, n: int) -> None:
    exact = stats.binomtest(count, n).proportion_ci(0.95, method="exact")
    assert share_interval(count, n) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_clopper_pearson_in_closed_form() -> None:
    """None of n: the upper end is 1 - 0.025^(1/n); all of n: the lower end is 0.025^(1/n)."""
    assert share_interval(0, 122) == pytest.approx((0, 1 - 0.025 ** (1 / 122)))
    assert share_interval(30, 30) == pytest.approx((0.025 ** (1 / 30), 1))
    with pytest.raises(ValueError, match="no share"):
        share_interval(3, 2)


@given(st.integers(0, 200))
def test_garwood_inverts_the_poisson_tails(count: int) -> None:
    low, high = count_interval(count)
    assert low <= count <= high
    assert stats.poisson.cdf(count, high) == pytest.approx(0.025)
    if count:
        assert stats.poisson.sf(count - 1, low) == pytest.approx(0.025)


def test_garwood_none_seen() -> None:
    """The upper end is -log 0.025 = 3.689 events."""
    assert count_interval(0) == pytest.approx((0, 3.688879454))


@given(st.integers(1, 400), st.integers(0, 2), st.data())
def test_a_rounded_percentage_gives_its_count_back(
    n: int, digits: int, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, n))
    assert count in counts_behind(f"{100 * count / n:.{digits}f}", n)


def test_counts_worked_back() -> None:
    """Rush 2005: 68 % of 119 is 81; 29 % may be 34 or 35, so the interval spans both."""
    hoarse = one("setpoint", "Rush 2005 acute", "hoarse or changed voice")
    assert hoarse.count == 81
    cough = one("setpoint", "Rush 2005 acute", "cough")
    assert cough.count is None
    assert cough.frequency is not None
    assert cough.frequency.basis.startswith("34 or 35 of 119")
    ends = 100 * share_interval(34, 119)[0], 100 * share_interval(35, 119)[1]
    assert (cough.frequency.low, cough.frequency.high) == pytest.approx(ends)


def test_a_percentage_that_is_not_of_its_number() -> None:
    """35.5 % is no share of 67 people (it is 11 of 31): the interval is not known, and said so."""
    e03 = one("setpoint", "E03 high-stimulation arm", "hoarse or changed voice")
    assert e03.frequency is not None
    assert (e03.frequency.per_100, e03.frequency.low, e03.frequency.high) == (35.5, None, None)
    assert "no whole number of 67 people gives 35.5 %" in e03.frequency.basis
    assert counts_behind("35.5", 31) == (11,)


def test_printed_percentages_agree_with_their_counts() -> None:
    """Every row that prints both; a share counts the same after rounding."""
    checked = 0
    for row in read_table("suitability/adverse_events.csv"):
        if row["pct"] and row["count"] and row["counts"] == "people" and row["n"] != "3500":
            assert int(row["count"]) in counts_behind(row["pct"], int(row["n"])), row["ae_id"]
            checked += 1
    assert checked >= 15


def test_the_rates_of_kim_2022_conflict_with_their_counts() -> None:
    """17 events in 484,812 minute-days are 3.5 per 100,000; 7.35 is printed. Both are kept."""
    ear = next(e for e in of("nurosym") if e.study == "Kim 2022 pooled" and e.term == "ear pain")
    assert ear.exposure is not None
    assert ear.exposure.printed == 7.35
    assert ear.exposure.computed == pytest.approx(17 / 4.84812)
    assert ear.exposure.conflict
    kim = [e for e in of("nurosym") if e.exposure is not None]
    assert len(kim) == 6
    assert all(e.exposure is not None and e.exposure.conflict for e in kim)
    printed = {
        line["term"]: line.cell("rate").value
        for line in evidence().adverse_events_of("META_KIM2022")
    }
    assert all(e.exposure and e.exposure.printed in printed.values() for e in kim)


def test_sham_stands_beside_active() -> None:
    """PREMIUM: 31 of 169 against 57 of 172, worse with sham."""
    events = of("gammacore")
    active = one("gammacore", "PREMIUM", "any event put down to the device")
    sham = sham_beside(active, events)
    assert sham is not None
    assert active.frequency is not None
    assert sham.frequency is not None
    assert (active.count, sham.count) == (31, 57)
    assert active.frequency.per_100 < sham.frequency.per_100
    assert sham_beside(sham, events) is None


def test_trials_join_without_doubles() -> None:
    """Horner syndrome of the SetPoint pilot stands in both tables and is shown once."""
    events = of("setpoint")
    assert sum("Horner" in e.term for e in events) == 1
    none = next(e for e in of("gammacore") if e.study == "PRESTO 2018" and e.term == "death")
    assert (none.count, none.n, none.serious) == (0, 122, True)


@pytest.mark.parametrize("key", ["setpoint", "gammacore", "nurosym", "ib-stim"])
def test_order_and_choice(key: str) -> None:
    events = of(key)
    known = [e.frequency.per_100 for e in events if e.frequency]
    assert known == sorted(known, reverse=True)
    shown = most_common(events)
    assert len({e.term for e in shown}) == len(shown)
    for e in shown:
        assert e.arm != "sham"
        assert not e.serious
        assert e.counts == "people"
    for e in events:
        f = e.frequency
        if f and f.low is not None and f.high is not None:
            assert f.low <= f.per_100 <= f.high


def test_no_serious_event_is_hidden() -> None:
    """Ear: 30 serious events in 1322 people, 3 perhaps from the device, before any zero."""
    shown = gravest(of("nurosym"))
    assert [(e.count, e.n, e.counts) for e in shown[:2]] == [
        (30, 1322, "events"), (3, 1322, "events"),
    ]  # fmt: skip
    assert all(e.count == 0 for e in shown[2:])


@pytest.mark.parametrize("key", device_keys())
def test_every_term_of_harm_is_shown_and_zeros_come_last(key: str) -> None:
    events = of(key)
    grave = [e for e in events if (e.serious or e.period == "surgery") and e.arm != "sham"]
    shown = gravest(events)
    assert {e.term for e in shown} == {e.term for e in grave if e.frequency is not None}
    zero = [e.frequency is not None and e.frequency.per_100 == 0 for e in shown]
    assert zero == sorted(zero)
    for e in shown:
        if e.count == 0:
            others = [o for o in grave if (o.term, o.counts) == (e.term, e.counts)]
            assert all(o.count == 0 for o in others), "a zero stands for a term only alone"


def test_around_surgery() -> None:
    """Events of surgery are counted apart, those of RESET-RA among them."""
    shown = gravest(of("setpoint"))
    terms = [e.term for e in shown if e.period == "surgery"]
    assert "weak vocal cord or long hoarseness" in terms
    assert "paralysed vocal cord" in terms
    assert not any(e.serious for e in shown if e.period == "surgery")
    assert len({e.study for e in of("setpoint") if "Genovese" in e.study}) == 1, "one name"


def test_an_upper_bound_only() -> None:
    """Fewer than 2 % of 242 are 1 to 4 people; the interval spans those of all four."""
    f = from_percentage("<2", 242)
    assert f.below
    assert f.basis.startswith("1 to 4 of 242 people, from <2 %")
    ends = 100 * share_interval(1, 242)[0], 100 * share_interval(4, 242)[1]
    assert (f.low, f.high) == pytest.approx(ends)
    reset = one("setpoint", "RESET-RA", "hoarseness, the most common serious complication", "all")
    assert reset.count is None
    assert frequency_words(reset) == "fewer than 2 in 100 (0.01 to 4.2)"
    assert from_percentage("<2", None).low is None
    assert from_percentage("<2", 20).low is None, "one of 20 is 5 %"


def test_other_studies_that_disagree_are_said() -> None:
    """A changed voice: 46 % (43 to 48) in 21 trials, 36 to 68 % in three others."""
    events = of("setpoint")
    hoarse = one("setpoint", "21 RCTs pooled", "hoarse or changed voice")
    assert elsewhere(hoarse, events) == (35.5, 62.0, pytest.approx(68, abs=0.1))
    assert "other studies: 36 to 68" in event_line(hoarse, events)
    skin = one("nurosym", "Redgrave 2018, 51 studies", "irritated skin", "all")
    assert elsewhere(skin, of("nurosym")) == ()


def test_no_device_is_shown_numbers_of_another_kind() -> None:
    assert not any("Kim" in e.study or "PREMIUM" in e.study for e in of("setpoint"))
    assert not any("Kim" in e.study for e in of("gammacore"))


def test_plain_terms_resolve() -> None:
    told = {(r["trial"], r["term"]) for r in read_table("suitability/trial_terms.csv")}
    told |= {
        (r["trial"], r["trial_term"])
        for r in read_table("suitability/adverse_events.csv") if r["trial_term"]
    }  # fmt: skip
    shipped = {(line["trial_key"], line["term"]) for line in evidence().adverse_events}
    assert told <= shipped
