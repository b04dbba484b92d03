"""Drive of the body: fraction x rate x reliability, priors, files, and windows that are kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from vagus.body.draws import Draws, typical
from vagus.body.drive import (
    CHANNELS,
    Drive,
    Endotoxin,
    drive_from_prior,
    drive_from_recruitment,
    prior_keys,
    reliability,
    segments,
)
from vagus.body.priors import parse_prior
from vagus.body.statement import state_model, table
from vagus.data import read_table
from vagus.errors import InputError
from vagus.fibre.recruitment import Recruitment
from vagus.nerve.population import FibrePopulation
from vagus.protocol.protocol import Protocol
from vagus.protocol.schedule import Schedule, continuous, duty_cycle, sessions
from vagus.study import parse_study

DAY_S = 86_400.0
KINDS = [
    (r["group"], r["fibre_class"], r["direction"]) for r in read_table("body/drive_channels.csv")
]
N = 50


def protocol(current_mA: float = 1.5, rate_Hz: float = 20.0) -> Protocol:
    text = """
device: livanova-vns-therapy
nerve: human-cervical-sub57
stimulation: {current: 1.5 mA, pulse_width: 250 us, frequency: 20 Hz, duration: 1 day}
"""
    return replace(parse_study(text).protocol(), current_mA=current_mA, frequency_Hz=rate_Hz)


def nerve(per_kind: int = 60, seed: int = 0) -> Recruitment:
    """Fibres of every group and class, anywhere in 1 mm, thresholds over two decades."""
    rng = np.random.default_rng(seed)
    group, fibre_class, direction = (
        np.repeat(column, per_kind) for column in zip(*KINDS, strict=True)
    )
    n = len(group)
    x, y = rng.uniform(-500, 500, (2, n))
    population = FibrePopulation(
        group, fibre_class, rng.uniform(0.5, 12, n), x, y, np.zeros(n, dtype=np.int64),
        fibre_class != "C", direction == "afferent",
    )  # fmt: skip
    threshold = np.exp(rng.uniform(np.log(0.1), np.log(10), n))
    threshold[rng.random(n) < 0.1] = np.inf
    return Recruitment(
        population,
        np.full(n, "mrg"),
        threshold,
        0.999 * threshold,
        threshold,
        np.full(n, 5.0),
        20.0,
    )


def reordered(r: Recruitment, order: NDArray[np.int64]) -> Recruitment:
    return Recruitment(
        r.population.select(order), r.model[order], r.threshold_mA[order], r.lower_mA[order],
        r.upper_mA[order], r.conduction_velocity_m_per_s[order], r.max_current_mA,
    )  # fmt: skip


NERVE = nerve()


def test_rate_is_fraction_times_pulses_times_reliability() -> None:
    drive = drive_from_recruitment(NERVE, protocol(), N, seed=3)
    for channel in CHANNELS:
        parts = drive.fraction(channel) * drive.reliability(channel) * drive.f_stim
        np.testing.assert_allclose(drive.rate_Hz(channel), parts, rtol=1e-12, atol=0)
    spikes = sum(g.weight * g.orthodromic_Hz for g in drive.groups if g.channel == "u_C")
    fibres = sum(g.weight for g in drive.groups if g.channel == "u_C")
    np.testing.assert_allclose(drive.rate_Hz("u_C") * fibres, spikes, rtol=1e-12)


def test_every_pulse_runs_both_ways_and_one_of_them_acts() -> None:
    for g in drive_from_recruitment(NERVE, protocol(), N).groups:
        np.testing.assert_array_equal(g.antidromic_Hz, g.orthodromic_Hz)
        expected = next(r for r in read_table("body/drive_channels.csv")
                        if (r["group"], r["fibre_class"]) == (g.group, g.fibre_class))  # fmt: skip
        assert (g.direction, g.channel) == (expected["direction"], expected["channel"])
        assert g.direction == (
            "efferent" if g.channel in ("u_B", "u_S", "sensation") else g.direction
        )
        assert g.direction == ("afferent" if g.channel in ("u_A", "u_C") else g.direction)


def test_every_group_of_the_anatomy_has_a_place_and_a_reason() -> None:
    rows = read_table("body/drive_channels.csv")
    placed = {(r["group"], r["fibre_class"], r["direction"]) for r in rows}
    anatomy = read_table("nerve/functional_groups.csv")
    assert placed == {(r["group"], r["fibre_class"], r["direction"]) for r in anatomy}
    assert all(r["reason"] and r["source"] and r["mark"] for r in rows)
    assert {r["channel"] for r in rows} - {""} <= {*CHANNELS, "sensation"}


def test_draws_scatter_around_the_whole_group() -> None:
    """The mean over placements is the share of the whole group, to within sampling error."""
    big, n = nerve(400, seed=5), 2000
    drive = drive_from_recruitment(big, protocol(), n, seed=1)
    for g in drive.groups:
        whole = float(big.fraction(1.5, big.mask(g.fibre_class, g.group)))
        assert np.mean(g.fraction) == pytest.approx(whole, abs=0.06)
        assert np.ptp(g.fraction) > 0.1


@settings(max_examples=15)
@given(st.permutations(range(len(NERVE))), st.integers(0, 5))
def test_the_order_of_fibres_does_not_matter(order: list[int], seed: int) -> None:
    one = drive_from_recruitment(NERVE, protocol(), N, seed)
    other = drive_from_recruitment(reordered(NERVE, np.array(order)), protocol(), N, seed)
    for symbol, values in one.columns().items():
        np.testing.assert_array_equal(values, other.columns()[symbol])


@settings(max_examples=15)
@given(st.floats(0, 20), st.floats(0, 20), st.integers(0, 5))
def test_more_current_never_means_less_drive(one: float, other: float, seed: int) -> None:
    low, high = sorted((one, other))
    less, more = (drive_from_recruitment(NERVE, protocol(i), N, seed) for i in (low, high))
    for channel in (*CHANNELS, "sensation"):
        assert np.all(less.fraction(channel) <= more.fraction(channel))
    assert all(np.all((g.fraction >= 0) & (g.fraction <= 1)) for g in more.groups)


def test_no_current_is_no_drive() -> None:
    for drive in (
        drive_from_recruitment(NERVE, protocol(0.0), N),
        *(drive_from_prior(key, protocol(0.0), N) for key in prior_keys()),
    ):
        assert all(not drive.rate_Hz(channel).any() for channel in CHANNELS)
        assert not drive.fraction("sensation").any()


@given(st.floats(0.1, 500), st.sampled_from(["A-alpha", "A-beta", "A-delta", "B", "C"]))
def test_fibres_follow_up_to_a_rate(rate_Hz: float, fibre_class: str) -> None:
    """All pulses below the rate a fibre can follow; that rate, no more, above it."""
    share = reliability(fibre_class, rate_Hz, N, seed=2)
    limit = reliability(fibre_class, 1e9, N, seed=2) * 1e9
    np.testing.assert_allclose(share * rate_Hz, np.minimum(rate_Hz, limit), rtol=1e-9)


def test_thick_fibres_follow_and_c_fibres_tire() -> None:
    assert (reliability("A-beta", 30.0, 500, 0) == 1).all()
    tired = reliability("C", 20.0, 500, 0)
    assert 0.3 < np.median(tired) < 0.7
    assert (tired == 1).any()


@pytest.mark.parametrize("key", prior_keys())
def test_priors_are_shares_with_mass_at_zero(key: str) -> None:
    drive = drive_from_prior(key, protocol(), 2000, seed=4)
    rows = [r for r in read_table("body/recruitment_priors.csv") if r["prior"] == key]
    assert (drive.source, drive.prior) == ("prior", key)
    for row, group in zip(rows, drive.groups, strict=True):
        assert np.all((group.fraction >= 0) & (group.fraction <= 1))
        prior = parse_prior(row["distribution"], key)
        assert prior is not None
        if row["channel"] != "sensation":
            zero = prior.numbers[0]
            assert 0 < zero < 1
            assert np.mean(group.fraction == 0) == pytest.approx(zero, abs=0.04)
        assert row["reference"]
        assert row["mark"]


def test_the_ear_has_no_efferents_and_the_neck_no_ear() -> None:
    ear = drive_from_prior("auricular", protocol(), N)
    assert ear.absent == ("u_A", "u_C", "u_B", "u_S")
    assert ear.rate_Hz("u_E").any()
    neck = drive_from_prior("cervical", protocol(), N)
    assert neck.absent == ("u_E",)


def test_every_class_of_device_has_a_prior_that_exists() -> None:
    assert {r["prior"] for r in read_table("body/prior_of_device.csv")} <= set(prior_keys())


def test_the_same_seed_gives_the_same_and_more_draws_begin_alike() -> None:
    for make in (
        lambda n, seed: drive_from_recruitment(NERVE, protocol(), n, seed),
        lambda n, seed: drive_from_prior("cervical", protocol(), n, seed),
    ):
        few, many, other = make(20, 1), make(60, 1), make(20, 2)
        for channel in ("u_A", "u_B"):
            np.testing.assert_array_equal(few.rate_Hz(channel), many.rate_Hz(channel)[:20])
            assert not np.array_equal(few.rate_Hz(channel), other.rate_Hz(channel))


def same(one: Drive, other: Drive) -> None:
    assert (one.f_stim, one.n_train, one.source, one.prior) == (
        other.f_stim, other.n_train, other.source, other.prior,
    )  # fmt: skip
    np.testing.assert_array_equal(one.schedule.edges_s, other.schedule.edges_s)
    assert len(one.groups) == len(other.groups)
    for a, b in zip(one.groups, other.groups, strict=True):
        assert (a.group, a.fibre_class, a.direction, a.channel, a.weight, a.pulse_Hz) == (
            b.group, b.fibre_class, b.direction, b.channel, b.weight, b.pulse_Hz,
        )  # fmt: skip
        np.testing.assert_array_equal(a.fraction, b.fraction)
        np.testing.assert_array_equal(a.reliability, b.reliability)


def test_files_are_lossless(tmp_path: Path) -> None:
    for k, drive in enumerate(
        (
            drive_from_recruitment(NERVE, protocol(), N, 7),
            drive_from_prior("auricular", protocol(), N),
        )
    ):
        folder = tmp_path / str(k)
        drive.save(folder)
        same(drive, Drive.load(folder))
    (tmp_path / "0" / "drive.parquet").unlink()
    (tmp_path / "0" / "schedule.parquet").rename(tmp_path / "1" / "drive.parquet")
    with pytest.raises(InputError, match=r"Drive\.save"):
        Drive.load(tmp_path / "1")


def drive_draws(n: int) -> Draws:
    return typical(state_model(table("drive"), {}), n)


def test_apply_sets_the_columns_of_the_drive() -> None:
    drive = drive_from_recruitment(NERVE, protocol(), N, 1)
    draws = drive.apply(drive_draws(N))
    for symbol, values in drive.columns().items():
        np.testing.assert_array_equal(draws[symbol], values)
    assert not draws["pairing"].any()
    assert (draws["n_train"] == 600).all()
    assert set(drive.columns()) | {"pairing"} == set(draws.names)
    assert not drive_draws(3).values.any(), "no stimulation is no drive"


def test_apply_refuses_other_numbers_and_other_models() -> None:
    drive = drive_from_prior("cervical", protocol(), N)
    with pytest.raises(InputError, match="as many as the drive has"):
        drive.apply(drive_draws(N + 1))
    with pytest.raises(InputError, match="without drive"):
        drive.apply(Draws(("k_out",), np.ones((N, 1))))


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="auricular, auricular-needle, cervical"):
        drive_from_prior("aural", protocol())
    with pytest.raises(InputError, match="draws"):
        drive_from_prior("cervical", protocol(), 0)
    with pytest.raises(InputError, match="channel"):
        drive_from_prior("cervical", protocol(), 5).rate_Hz("u_X")
    strange = replace(
        NERVE, population=replace(NERVE.population, group=np.full(len(NERVE), "tail-wagging"))
    )
    with pytest.raises(InputError, match="tail-wagging"):
        drive_from_recruitment(strange, protocol())
    for wrong in ((-1.0, 0.0, 1.0), (1.0, 5.0, 5.0), (1.0, -1.0, 5.0), (float("nan"), 0.0, 1.0)):
        with pytest.raises(InputError, match="endotoxin"):
            Endotoxin(*wrong)


def test_endotoxin_is_given_in_full_beside_the_windows() -> None:
    """Rate x time is the dose, and on-time is what it was without it."""
    schedule = sessions(continuous(120.0), per_day=2, days=3)
    dose = Endotoxin(2.0, 3600.0, 5 * 3600.0)
    found = segments(schedule, 4 * DAY_S, lps=dose)
    length_s, on = np.diff(found.edges_s), np.asarray(found.values["on"])
    rate = np.asarray(found.values["lps"])
    assert (rate * length_s).sum() / 3600.0 == pytest.approx(2.0, rel=1e-12)
    assert set(rate) == {0.0, 0.5}
    assert (on * length_s).sum() == pytest.approx(schedule.on_time_s(), rel=1e-12)
    plain = segments(schedule, 4 * DAY_S)
    assert set(plain.values) == {"on"}
    assert set(found.edges_s) == set(plain.edges_s) | {3600.0, 5 * 3600.0}


def test_a_train_is_the_median_window() -> None:
    text = protocol()
    short = replace(text, schedule=Schedule(np.array([[0.0, 0.5], [10.0, 10.5], [20.0, 60.0]])))
    assert drive_from_prior("cervical", short, 3).n_train == 10
    assert (
        drive_from_prior("cervical", replace(text, schedule=duty_cycle(30, 300, 900)), 3).n_train
        == 600
    )
    nothing = replace(text, schedule=Schedule(np.empty((0, 2))))
    assert drive_from_prior("cervical", nothing, 3).n_train == 0


def test_channels_of_a_prior_are_drawn_apart() -> None:
    """Few cardiac efferents do not mean few splenic ones; each channel keeps its own prior."""
    neck = drive_from_prior("cervical", protocol(), 4000, seed=1)
    heart, spleen = (neck.fraction(channel) > 0 for channel in ("u_B", "u_S"))
    both = np.mean(heart & spleen)
    assert both == pytest.approx(heart.mean() * spleen.mean(), abs=0.02)
    assert heart.mean() == pytest.approx(0.2, abs=0.03)
    assert spleen.mean() == pytest.approx(0.5, abs=0.03)


def test_splenic_c_fibres_do_not_dilute_the_b_fibres() -> None:
    drive = drive_from_recruitment(NERVE, protocol(), N)
    splenic = {g.fibre_class: g for g in drive.groups if g.group == "splenic-efferent"}
    assert (splenic["B"].channel, splenic["C"].channel) == ("u_S", "")
    np.testing.assert_allclose(drive.fraction("u_S"), splenic["B"].fraction, rtol=1e-12)


def test_a_channel_that_rests_on_few_fibres_says_so() -> None:
    """60 fibres of each kind say nothing; 7 of the only kind that feeds a channel do."""
    assert drive_from_recruitment(NERVE, protocol(), N).notes == ()
    splenic = np.flatnonzero(NERVE.population.group == "splenic-efferent")
    b_fibres = splenic[NERVE.population.fibre_class[splenic] == "B"]
    kept = np.setdiff1d(np.arange(len(NERVE)), b_fibres[7:])
    (said,) = drive_from_recruitment(reordered(NERVE, kept), protocol(), N).notes
    assert said.startswith("u_S rests on 7 fibres")
    assert drive_from_prior("cervical", protocol(), N).notes == ()
