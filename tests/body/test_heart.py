"""The mean heart against closed forms, and what it may never do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vagus.body.compiled import Compiled, compile_model
from vagus.body.draws import Draws, draw, typical
from vagus.body.integrate import Segments, integrate
from vagus.body.organs.heart import baroreflex_firing, heart
from vagus.data import read_table
from vagus.errors import InputError
from vagus.validation.heart import endotoxin_to_heart

HOUR_S = 3600.0
STUDY = ((0.0, 60.0, 240.0), (0.0, 1.0))
"""Edges (s) of a minute without and three minutes with stimulation, and `on`."""


@pytest.fixture(scope="module")
def system() -> Compiled:
    return compile_model(heart())


def run(system, draws, at_s, edges=(0.0, 1e6), **inputs):
    return integrate(system, draws, Segments(np.array(edges), inputs), np.asarray(at_s, float))


def limbs(draws: Draws, vagal_Hz=0.0, sympathetic_Hz=0.0):
    """(vagal, sympathetic) parts of the period (s) at steady firing, from the equations."""
    above = np.maximum(draws["f_es_rest"] + sympathetic_Hz - draws["f_es_min"], 0)
    return (
        draws["G_Tv"] * (draws["f_ev_rest"] + vagal_Hz),
        draws["G_Ts"] * np.log1p(above),
    )


def test_resting_firing_is_that_of_the_baroreflex_curves():
    """Ursino's curves at the set point: 4.766 and 4.665 Hz, written in the table to six digits."""
    vagal, sympathetic = baroreflex_firing()
    rest = typical(heart())
    assert rest["f_ev_rest"][0] == pytest.approx(vagal, rel=2e-6)
    assert rest["f_es_rest"][0] == pytest.approx(sympathetic, rel=2e-6)


def test_baroreflex_curves_reach_their_asymptotes():
    """Low pressure: afferents at their least; high pressure: at their most."""
    constants = {r["symbol"]: float(r["value"]) for r in read_table("body/baroreflex.csv")}
    low, high = baroreflex_firing(1.0), baroreflex_firing(399.0)
    fall = constants["f_es_0"] - constants["f_es_inf"]
    for (_, sympathetic), sinus in ((low, constants["f_min"]), (high, constants["f_max"])):
        expected = constants["f_es_inf"] + fall * np.exp(-constants["k_es"] * sinus)
        assert sympathetic == pytest.approx(expected, rel=2e-3)  # 1 mmHg is not 0
    assert 3.2 < low[0] < high[0] < 6.3


@pytest.mark.parametrize("pressure", [0.0, -5.0, 900.0, float("nan")])
def test_impossible_pressure(pressure):
    with pytest.raises(InputError, match="pressure_mmHg"):
        baroreflex_firing(pressure)


def test_every_draw_starts_at_its_steady_state(system):
    drawn = draw(heart(), 40, 1)
    found = run(system, drawn, [0.0, 10.0, 1e5])
    expected = 60 / (drawn["T_0"] + sum(limbs(drawn)))
    assert np.allclose(found["heart_rate"], expected[:, None], rtol=1e-9)
    assert np.allclose(found["rr_interval"] * found["heart_rate"], 60e3, rtol=1e-12)


def test_rest_and_blocks_of_the_published_constants(system):
    """Dossier: 69.5, 138 and 103 bpm with the sinus at 25 Hz; at the set point 69.3, 137, 103."""
    rest = typical(heart())
    cases = {69.3: {}, 137.3: {"G_Tv": 0.0}, 103.4: {"G_Tv": 0.0, "G_Ts": 0.0}}
    for rate, blocked in cases.items():
        found = run(system, rest.having(**blocked), [60.0])
        assert found["heart_rate"][0, 0] == pytest.approx(rate, abs=0.05)


def test_vagal_step_is_a_delayed_exponential(system):
    drawn = draw(heart(), 5, 2).having(G_eff=1.0)
    at = np.array([60.0, 60.1, 60.2, 60.5, 61.0, 63.0, 70.0])
    found = run(system, drawn, at, STUDY[0], on=STUDY[1], u_B=[2.0, 2.0])["dT_v"]
    late = np.maximum(at - 60.0 - drawn["D_Tv"][0], 0)
    rise = 2 * drawn["G_Tv"][:, None] * -np.expm1(-late / drawn["tau_Tv"][:, None])
    assert np.allclose(found, limbs(drawn)[0][:, None] + rise, rtol=2e-6)


def test_sympathetic_step_is_a_delayed_exponential(system):
    drawn = draw(heart(), 5, 3)
    at = np.array([60.0, 61.9, 62.5, 64.0, 70.0])
    found = run(system, drawn, at, STUDY[0], drive_s=[0.0, 3.0])["dT_s"]
    before, after = limbs(drawn)[1], limbs(drawn, sympathetic_Hz=3.0)[1]
    late = np.maximum(at - 60.0 - drawn["D_Ts"][0], 0)
    share = -np.expm1(-late / drawn["tau_Ts"][:, None])
    assert np.allclose(found, before[:, None] + (after - before)[:, None] * share, rtol=2e-6)


def test_sympathetic_firing_below_threshold_changes_nothing(system):
    """Ursino: the period answers only to firing above 2.66 Hz."""
    rest = typical(heart())
    silent = run(system, rest, [60.0], drive_s=[-3.0])["dT_s"][0, 0]
    assert abs(silent) < 1e-9


def test_cytokine_drive_is_two_equal_stages(system):
    """Constant rise of TNF: its share of G times 1 - (1 + t/tau) exp(-t/tau)."""
    drawn = draw(heart(), 6, 4)
    at_h = np.array([0.0, 0.5, 1.0, 3.0, 12.0])
    found = run(system, drawn, at_h * HOUR_S, TNF=[41.118])["heart_rate"]
    turn = at_h / drawn["tau_cyt"][:, None]
    share = 1 - (1 + turn) * np.exp(-turn)
    level = np.log1p(40 / drawn["x_cyt"]) / np.log1p(drawn["TNF_ref"] / drawn["x_cyt"])
    full = drawn["G_cyt"] * level
    assert np.allclose(found - found[:, :1], full[:, None] * share, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("change", [{"TNF": 0.2}, {"TNF": 23.1, "b_TNF": 23.1}])
def test_tnf_at_or_below_its_own_rest_leaves_the_heart_alone(system, change):
    """Rheumatoid TNF is rest for that patient; less than rest is not less than no drive."""
    drawn = draw(heart(), 10, 5)
    given_tnf = run(system, drawn, [0.0, 9 * HOUR_S], **{k: [v] for k, v in change.items()})
    assert np.array_equal(given_tnf["heart_rate"][:, 0], given_tnf["heart_rate"][:, 1])


def test_links_off_equal_nothing_given_bit_for_bit(system):
    drawn = draw(heart(), 20, 6)
    at = np.linspace(0.0, 240.0, 25)
    stimulation = {"on": STUDY[1], "u_B": [20.0, 20.0], "u_A": [30.0, 30.0], "u_E": [5.0, 5.0]}
    off = run(system, drawn.having(route_heart=0.0), at, STUDY[0], **stimulation)
    sham = run(system, drawn, at, STUDY[0], on=STUDY[1])
    assert np.array_equal(off["heart_rate"], sham["heart_rate"])
    ill = run(system, drawn.having(link_cytokine_heart=0.0), at, STUDY[0], TNF=[300.0, 300.0])
    well = run(system, drawn.having(link_cytokine_heart=0.0), at, STUDY[0])
    assert np.allclose(ill["heart_rate"], well["heart_rate"], rtol=1e-12)


def test_half_the_time_on_is_half_the_effect_on_the_period(system):
    """Equations are linear in `on`, so that a long duty cycle may be given as its mean."""
    drawn = draw(heart(), 8, 7).having(G_eff=1.0)
    added = [
        run(system, drawn, [240.0], on=[share], u_B=[3.0])["dT_v"][:, 0] - limbs(drawn)[0]
        for share in (0.5, 1.0)
    ]
    assert np.allclose(2 * added[0], added[1], rtol=1e-5)
    assert np.allclose(added[1], 3.0 * drawn["G_Tv"], rtol=1e-5)


def test_evoked_gain_is_zero_for_about_a_quarter_and_never_negative():
    gain = draw(heart(), 2000, 8)["G_eff"]
    assert (gain >= 0).all()
    assert np.mean(gain == 0) == pytest.approx(0.25, abs=0.03)
    for central in ("G_aff", "G_ear"):
        drawn = draw(heart(), 2000, 8)[central]
        assert np.mean(drawn == 0) == pytest.approx(0.5, abs=0.04)
        assert np.mean(drawn > 0) == pytest.approx(np.mean(drawn < 0), abs=0.04)


def test_gain_prior_holds_the_human_gains_and_not_those_of_small_animals():
    rows = read_table("body/vagal_heart_gain.csv")
    low, high = np.quantile(1e3 * draw(heart(), 4000, 9)["G_Tv"], (0.025, 0.975))
    human = [float(r["gain_ms_per_Hz"]) for r in rows if r["species"] == "human"]
    small = [float(r["gain_ms_per_Hz"]) for r in rows if r["species"] in ("rat", "rabbit")]
    assert human == [75.0]
    assert low < human[0] < 90.0 < high
    assert max(small) < low


def test_species_gains_are_their_share_of_the_baseline():
    """The table's last column is the gain over the baseline, as printed, to rounding."""
    for row in read_table("body/vagal_heart_gain.csv"):
        share = 100 * float(row["gain_ms_per_Hz"]) / float(row["baseline_ms"])
        assert share == pytest.approx(float(row["percent_of_baseline"]), abs=0.1)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    vagal_Hz=st.floats(0.0, 5.0),
    tnf=st.floats(0.0, 400.0),
    sympathetic_Hz=st.floats(0.0, 10.0),
)
def test_heart_rate_stays_between_30_and_220(system, seed, vagal_Hz, tnf, sympathetic_Hz):
    drawn = draw(heart(), 20, seed)
    inputs = {"on": [1.0], "u_B": [vagal_Hz], "u_E": [25.0], "TNF": [tnf]}
    found = run(system, drawn, [0.0, HOUR_S, 8 * HOUR_S], drive_s=[sympathetic_Hz], **inputs)
    assert not found.status.any()
    assert (found["heart_rate"] > 30).all()
    assert (found["heart_rate"] < 220).all()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1000), vagal_Hz=st.floats(0.01, 5.0))
def test_efferent_stimulation_never_speeds_the_heart(system, seed, vagal_Hz):
    drawn = draw(heart(), 20, seed)
    found = run(system, drawn, [60.0, 240.0], STUDY[0], on=STUDY[1], u_B=[vagal_Hz] * 2)
    change = np.diff(found["heart_rate"], axis=1)[:, 0]
    assert (change[drawn["G_eff"] > 0.01] < 0).all()
    assert np.allclose(change[drawn["G_eff"] == 0], 0.0, atol=1e-6)


def test_patients_do_not_depend_on_their_order(system):
    drawn = draw(heart(), 12, 10)
    order = np.random.default_rng(0).permutation(12)
    at, inputs = [0.0, 65.0, 200.0], {"on": STUDY[1], "u_B": [1.0, 1.0]}
    straight = run(system, drawn, at, STUDY[0], **inputs)["heart_rate"]
    mixed = run(system, drawn.select(order), at, STUDY[0], **inputs)["heart_rate"]
    assert np.array_equal(straight[order], mixed)


def test_compiled_and_plain_agree(system):
    plain = compile_model(heart(), compiled=False)
    drawn = draw(heart(), 2, 11)
    at, inputs = [30.0, 61.0, 120.0], {"on": STUDY[1], "u_B": [1.0, 1.0], "TNF": [50.0, 50.0]}
    one = run(system, drawn, at, STUDY[0], **inputs)["heart_rate"]
    two = run(plain, drawn, at, STUDY[0], **inputs)["heart_rate"]
    assert np.allclose(one, two, rtol=1e-9)


def test_joined_to_the_immune_system_rest_is_rest_and_endotoxin_a_tachycardia():
    """The immune organ's own resting TNF is no drive; 0.6 and 2 ng/kg order as in people."""
    system = endotoxin_to_heart()
    drawn, at = draw(system.model, 8, 12), np.arange(0.0, 8.1, 0.5) * HOUR_S
    rises = []
    for dose in (0.0, 0.6, 2.0):
        segments = Segments(np.array([0.0, 9 * HOUR_S]), {})
        rate = integrate(system, drawn, segments, at, initial={"E_lps": dose})["heart_rate"]
        rises.append((rate - rate[:, :1]).max(axis=1))
    assert np.allclose(rises[0], 0.0, atol=1e-3)
    assert (rises[0] < rises[1]).all()
    assert (rises[1] < rises[2]).all()
