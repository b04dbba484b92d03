"""Sensitivity of pain: what reaches it, its indices, and that runs are those of `vagus run`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from vagus import chain
from vagus.body.conditions import condition
from vagus.body.draws import draw
from vagus.body.drive import Drive, drive_from_prior
from vagus.body.full import full_body
from vagus.body.integrate import integrate
from vagus.body.simulate import integrate_course
from vagus.credibility import sensitivity_runs
from vagus.credibility.reach import reaching
from vagus.credibility.sensitivity import (
    BEYOND_SHAM,
    STIMULATED,
    Sensitivity,
    _given,
    _prepared,
    sensitivity,
)
from vagus.credibility.sensitivity_inputs import Inputs, inputs_of
from vagus.credibility.sensitivity_runs import Runs, run_design
from vagus.credibility.sobol import sobol_design, sobol_indices
from vagus.data import read_table
from vagus.errors import InputError
from vagus.report.figures.sensitivity import sensitivity_bars
from vagus.study import Study, load_study, parse_study

Floats = NDArray[np.float64]
DAYS = 4
STUDY = f"""
device: gammacore
patient: {{condition: migraine}}
stimulation: {{current: 30 mA, session: 2 min, sessions_per_day: 1, duration: {DAYS} days}}
recruitment: prior
body: {{draws: 8, links: {{plasticity: off}}}}
seed: 5
"""
OFF = "{plasticity: off, brainstem: off, mood: off, cytokines: off, heart: off"
SILENT = STUDY.replace("{plasticity: off", f"{OFF}, link_vagus_lc: off, link_mood_pain: off")


def drive_of(study: Study) -> Callable[[int, int], Drive]:
    assert study.prior is not None
    prior, protocol = study.prior, study.protocol()
    return lambda n, seed: drive_from_prior(prior, protocol, n, seed)


def inputs(study: Study) -> Inputs:
    treated = condition(study.patient.condition or "")
    return inputs_of(full_body(), treated, _given(study), drive_of(study)(4096, study.seed))


@pytest.fixture(scope="module")
def study() -> Study:
    return parse_study(STUDY)


@pytest.fixture(scope="module")
def runs(study: Study) -> Runs:
    return _prepared(study, inputs(study), None, 1)[0]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def found(study: Study, folder: Path) -> tuple[Sensitivity, ...]:
    return sensitivity(study, drive_of(study), base=8, folder=folder, workers=1)


def rows(runs: Runs, n: int, seed: int) -> dict[str, Floats]:
    """Values of the inputs of n rows of the priors."""
    u = np.random.default_rng(seed).random((n, len(runs.varied)))
    columns = zip(runs.varied, sensitivity_runs._values(runs.varied, u).T, strict=True)
    return {one.symbol: values for one, values in columns}


def outcome(runs: Runs, values: dict[str, Floats]) -> Floats:
    n = len(next(iter(values.values())))
    return sensitivity_runs._outcome(runs, runs.inputs.draws(values, n), lambda done, of: None)


# What reaches


def test_what_does_not_reach_pain_changes_nothing_in_the_whole_body(runs: Runs) -> None:
    """Every parameter that does not reach redrawn at once, in the body that `vagus run` uses."""
    from vagus.body.compiled import compile_model

    body = full_body()
    read = {one.symbol for one in runs.varied}
    apart = [one for one in runs.inputs.uncertain if one.symbol not in read]
    assert {"g_L_pupil", "G_Tv", "p_TNF", "tau_level"} & {one.symbol for one in apart}
    values = rows(runs, 4, 1)
    before = runs.inputs.draws(values, 4)
    other = draw(body, 4, 3)
    moved = {one.symbol: other[one.symbol] for one in apart if one.kind == "parameter"}
    assert len(moved) > 50
    whole = replace(runs, system=compile_model(body), rtol=1e-8)

    def area(draws: object) -> Floats:
        found = integrate(
            whole.system, draws, whole.segments, whole.output_s, rtol=1e-8, workers=1  # type: ignore[arg-type]
        )  # fmt: skip
        return np.asarray(found["pain_area"][:, -1])

    plain = area(before)
    assert area(before.having(**moved)) == pytest.approx(plain, abs=1e-8)
    assert np.abs(area(before.having(placebo_change=1.0)) - plain).max() > 1e-3


def test_what_does_not_reach_is_not_read(runs: Runs) -> None:
    """The pruned body gives the same bits whatever they are: it does not have them."""
    values = rows(runs, 4, 1)
    draws = runs.inputs.draws(values, 4)
    other = draw(full_body(), 4, 3)
    apart = set(draws.names) - set(runs.system.parameters)
    moved = draws.having(**{s: other[s] for s in apart})
    tell = lambda done, of: None  # noqa: E731
    first, second = (sensitivity_runs._outcome(runs, d, tell) for d in (draws, moved))
    assert np.array_equal(first, second)


@pytest.mark.parametrize("symbol", ["placebo_change", "tau_X", "g_last", "k_D", "d_VNS", "pl_M"])
def test_what_reaches_does_change_pain(runs: Runs, symbol: str) -> None:
    """At a tolerance that tells it from the steps of the integration."""
    fine = replace(runs, rtol=1e-8)
    values = rows(fine, 6, 2)
    one = next(one for one in fine.varied if one.symbol == symbol)
    values |= {"recruited vagal-afferent A-beta": np.full(6, 0.5), "A_PM": np.full(6, 0.014)}
    low, high = (values | {symbol: one.quantile(np.full(6, u))} for u in (0.05, 0.95))

    def area(values: dict[str, Floats]) -> Floats:
        draws = fine.inputs.draws(values, 6)
        return integrate(
            fine.system, draws, fine.segments, fine.output_s, rtol=1e-8, workers=1
        )["pain_area"][:, -1]  # fmt: skip

    assert np.abs(area(high) - area(low)).max() > 1e-6


def test_links_that_are_off_cut_the_path(study: Study) -> None:
    known = inputs(study).known()
    assert "k_suppression" in reaching(full_body(), ["pain"], known)
    cut = reaching(full_body(), ["pain"], known | {"link_cytokine_pain": 0.0})
    assert not {"k_suppression", "Vmax_anti", "u_S"} & cut
    assert {"g_last", "u_A"} <= cut


# Inputs


def test_inputs_are_what_is_uncertain_and_what_the_study_sets_is_fixed(study: Study) -> None:
    found = inputs(study)
    symbols = {one.symbol for one in found.uncertain}
    assert {"placebo_change", "recruited vagal-afferent A-beta", "conduction C"} <= symbols
    assert "conduction A-beta" in found.fixed  # follows every pulse at 25 Hz, in every draw
    assert not symbols & set(found.fixed)
    parameters = {s for s, q in full_body().quantities.items() if q.kind == "parameter"}
    assert parameters <= symbols | set(found.fixed) | {"u_A", "u_C", "u_B", "u_S", "sensation"}
    text = STUDY.replace("draws: 8", "draws: 8, parameters: {tau_X: 2 wk}")
    fewer = inputs(parse_study(text))
    assert {one.symbol for one in fewer.uncertain} == symbols - {"tau_X"}
    assert "tau_X" in fewer.fixed
    assert fewer.known()["tau_X"] == 2.0


def test_a_condition_has_its_own_distribution(study: Study) -> None:
    own = condition("migraine").parameters["placebo_change"]
    one = next(one for one in inputs(study).uncertain if one.symbol == "placebo_change")
    assert (one.distribution, one.reference, one.mark) == (own.distribution, own.source, own.mark)
    assert one.quantile(np.array([0.0, 1.0])) == pytest.approx([0, 2.4])


def test_draws_of_the_inputs_are_draws_of_the_study(study: Study, runs: Runs) -> None:
    """Their quantiles, drive included, are those of the draws that `vagus run` takes."""
    n, u = 2048, sobol_design(len(runs.varied), 2048, 1).a
    named = zip(runs.varied, sensitivity_runs._values(runs.varied, u).T, strict=True)
    ours = runs.inputs.draws({one.symbol: values for one, values in named}, n)
    drive = drive_of(study)(n, 9)
    theirs = drive.apply(runs.inputs.condition.apply(draw(full_body(), n, 9), 9))
    levels = np.linspace(0.1, 0.9, 9)
    for symbol in ("u_A", "u_C", "u_S", "placebo_change", "g_last", "sign_shape", "k_suppression"):
        spread = np.std(theirs[symbol])
        got, wanted = (np.mean(d[symbol]) for d in (ours, theirs))
        assert got == pytest.approx(wanted, abs=4 * spread / np.sqrt(n)), symbol
        # Ranks, not values: a sample of a mass at zero may end on either side of a level.
        ranks = [np.mean(ours[symbol] <= q) for q in np.quantile(theirs[symbol], levels)]
        assert (np.array(ranks) > levels - 0.05).all(), symbol
    assert np.array_equal(ours["f_stim"], theirs["f_stim"])


# Runs


def test_outcomes_are_those_of_vagus_run() -> None:
    """The same draws in the whole body with the steps of `vagus run`; longer than a recall."""
    study = parse_study(STUDY.replace(f"{DAYS} days", "32 days"))
    treated, runs = condition("migraine"), _prepared(study, inputs(study), None, 1)[0]
    assert len(runs.output_s) == 3
    s = chain._scenario(study, treated, drive_of(study)(8, 5), 8, 1)
    at = int(np.argmin(np.abs(s.output_s - s.end_s)))
    sham = s.draws.having(**dict.fromkeys(sensitivity_runs.DRIVE, 0.0))
    for draws in (s.draws, sham):
        wanted = integrate_course(s, "arm", draws)["outcome"][:, [0, at]]
        read = sensitivity_runs._outcome(runs, draws, lambda done, of: None)
        assert read == pytest.approx(wanted, abs=5e-5 * treated.sd)


def test_rows_that_are_not_run_again_have_the_outcome_they_would_have(runs: Runs) -> None:
    k = len(runs.varied)
    design = sobol_design(k, 4, 2, [(i,) for i in range(0, k, 5)] + [tuple(range(10))])
    told: list[tuple[int, int]] = []
    found = run_design(runs, design, lambda done, total: told.append((done, total)))
    n = len(design.members) * 4
    assert found.integrated < n, "of 2 n rows in two arms"
    assert told[-1] == (found.integrated, found.integrated)
    every = np.concatenate([design.mixture(s) for s in range(len(design.members))])
    columns = sensitivity_runs._values(runs.varied, every).T
    values = {one.symbol: v for one, v in zip(runs.varied, columns, strict=True)}
    draws = runs.inputs.draws(values, n)
    tolerance = 2e-5 * runs.inputs.condition.sd
    for arm, given in (
        (found.active, draws),
        (found.sham, draws.having(**dict.fromkeys(sensitivity_runs.DRIVE, 0.0))),
    ):
        whole = sensitivity_runs._outcome(runs, given, lambda done, of: None)
        assert arm.reshape(n, 2) == pytest.approx(whole, abs=tolerance)


def test_an_interrupted_run_goes_on_where_it_was(
    study: Study, folder: Path, found: tuple[Sensitivity, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With one block lost, only its rows are run; results are the same to the last bit."""
    kept = sorted(folder.glob("*.npz"))
    assert len(kept) == 2, "one of each arm"
    kept[0].unlink()
    ran = []

    def counting(system: object, draws: object, *given: object, **named: object) -> object:
        ran.append(len(draws))  # type: ignore[arg-type]
        return integrate(system, draws, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(sensitivity_runs, "integrate", counting)
    again = sensitivity(study, drive_of(study), base=8, folder=folder, workers=2)
    assert again == found
    assert len(ran) == 1
    assert ran[0] <= sensitivity_runs.BLOCK


def test_a_dose_of_endotoxin_is_left_out_where_it_does_not_reach_pain(runs: Runs) -> None:
    """It changes when integration stops, not what is integrated."""
    dose = parse_study(STUDY.replace("draws: 8", "draws: 8, lps: {dose: 1 ng/kg, at: 1 h}"))
    given = _prepared(dose, inputs(dose), None, 1)[0]
    assert given.system.key == runs.system.key
    assert set(given.segments.values) == {"on"}
    assert {3600.0} < set(given.segments.edges_s) - set(runs.segments.edges_s)
    values = rows(runs, 4, 7)
    tolerance = 2e-5 * runs.inputs.condition.sd
    assert outcome(given, values) == pytest.approx(outcome(runs, values), abs=tolerance)


# Indices


def test_two_outcomes_of_every_input(study: Study, found: tuple[Sensitivity, ...]) -> None:
    assert [one.outcome for one in found] == [STIMULATED, BEYOND_SHAM]
    for one in found:
        assert one.unit == "days/28 d"
        assert (one.base, one.failed, one.note) == (8, 0, "")
        totals = [i.total for i in one.influences]
        assert totals == sorted(totals, reverse=True)
        assert len(one.influences) == len(inputs(study).uncertain)
        apart = [i for i in one.influences if not i.reaches]
        assert {(i.first, i.total, i.total_high) for i in apart} == {(0.0, 0.0, 0.0)}
        assert all(i.reference and i.mark and i.description for i in one.influences)
        assert one.top(3) == one.influences[:3]
        listed = [s for group in one.groups for s in group.description.split(", ")]
        assert sorted(listed) == sorted(i.symbol for i in one.influences if i.reaches)
        total, low, high = one.additive
        assert total == pytest.approx(sum(i.first for i in one.influences))
        assert low <= total <= high
        assert one.carrying() == tuple(i for i in one.influences if i.total >= 0.01)
        links = {s for s, q in full_body().quantities.items() if q.kind == "link"}
        assert {text.split(" = ")[0] for text in one.switches} == links
    beyond = {i.symbol: i for i in found[1].influences}
    assert beyond["placebo_change"].total < 1e-3, "sham has it too"


def test_sham_has_the_indices_of_its_closed_form() -> None:
    """Without any route pain is two exponentials: N_course and X_expect, averaged over the study.

    The closed form over the same rows gives the same indices to the steps of the integration.
    """
    study = parse_study(SILENT)
    runs, _ = _prepared(study, inputs(study), None, 1)
    symbols = [one.symbol for one in runs.varied]
    assert symbols == ["placebo_change", "share_expect", "tau_nat", "tau_X"]
    assert "P_core" not in runs.system.states, "nothing moves it from 0"
    design = sobol_design(4, 64, study.seed)

    def mean_pain(u: Floats) -> Floats:
        values = sensitivity_runs._values(runs.varied, u).T
        change, share, nat, expect = values
        weeks, at = DAYS / 7, 13.0  # t_placebo in migraine

        def mean(tau: Floats) -> Floats:
            reached = 1 - tau / weeks * (1 - np.exp(-weeks / tau))
            return np.asarray(reached / (1 - np.exp(-at / tau)))

        return np.asarray(-change * ((1 - share) * mean(nat) + share * mean(expect)))

    exact = sobol_indices(np.stack([mean_pain(design.mixture(s)) for s in range(6)]), study.seed)
    found, beyond = sensitivity(study, drive_of(study), base=64, workers=1)
    by_symbol = {i.symbol: i for i in found.influences}
    totals = [by_symbol[s].total for s in symbols]
    assert totals == pytest.approx(exact.total, abs=2e-3)
    assert [by_symbol[s].first for s in symbols] == pytest.approx(exact.first, abs=2e-3)
    assert found.sd == pytest.approx(np.sqrt(exact.variance) * runs.inputs.condition.sd, rel=1e-3)
    # Stimulation does nothing at all, which is no reason to fail.
    assert (beyond.mean, beyond.sd) == (0.0, 0.0)
    assert "no variance" in beyond.note
    assert all(np.isnan(i.total) == i.reaches for i in beyond.influences)


def test_rows_that_failed_are_left_out_of_both_outcomes(
    study: Study, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = sensitivity_runs._arm

    def failing(*given: object) -> Floats:
        arm = plain(*given)  # type: ignore[arg-type]
        arm[4, 2] = np.nan
        return arm

    monkeypatch.setattr(sensitivity_runs, "_arm", failing)
    for one in sensitivity(study, drive_of(study), base=8, folder=folder, workers=1):
        assert (one.failed, one.base) == (1, 7)
        assert np.isfinite([i.total for i in one.influences]).all()


def test_what_cannot_be_asked(study: Study) -> None:
    nobody = replace(study, patient=study.patient.model_copy(update={"condition": None}))
    with pytest.raises(InputError, match=r"patient\.condition"):
        sensitivity(nobody, drive_of(study), base=8)
    with pytest.raises(InputError, match="power of 2"):
        sensitivity(study, drive_of(study), base=12)


# The figure


def texts(figure: Figure) -> list[str]:
    return [t.get_text() for ax in figure.axes for t in (*ax.texts, *ax.get_yticklabels())]


def test_the_figure_shows_the_ten_that_matter_most(found: tuple[Sensitivity, ...]) -> None:
    figure = sensitivity_bars(found)
    labels = [t.get_text().split("\n")[-1] for t in figure.axes[1].get_yticklabels()]
    assert labels == [i.symbol for i in found[1].top(10)]
    assert len(figure.axes[0].patches) == 2 * 10
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    assert widths[:2] == [found[0].top(1)[0].total, found[0].top(1)[0].first]
    grouped = sensitivity_bars(found, groups=True)
    assert grouped.axes[0].get_yticklabels()[0].get_text() == found[0].groups[0].symbol


def test_an_outcome_that_does_not_vary_is_said_not_drawn(found: tuple[Sensitivity, ...]) -> None:
    flat = replace(found[1], note="the same in all rows", influences=())
    assert "the same in all rows" in texts(sensitivity_bars([found[0], flat]))


# Tables and examples


def test_every_input_has_a_group() -> None:
    rows = read_table("credibility/sensitivity_groups.csv")
    body = full_body()
    parameters = {s: q for s, q in body.quantities.items() if q.kind == "parameter"}
    organs = {row["name"] for row in rows if row["kind"] == "organ"}
    assert {q.organ for q in parameters.values()} <= organs
    assert {row["name"] for row in rows if row["kind"] == "symbol"} <= parameters.keys()
    assert {row["kind"] for row in rows} == {"organ", "symbol"}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_what_migraine_rests_on(seed: int) -> None:
    """Pinned: the change rests on what sham arms show, the difference on relief that lasts."""
    given = load_study(Path(__file__).parents[2] / "examples" / "migraine-cervical.yaml")
    change, beyond = sensitivity(replace(given, seed=seed), drive_of(given), base=128)
    assert change.top(1)[0].symbol == "placebo_change"
    assert change.top(1)[0].total == pytest.approx(0.95, abs=0.1)
    assert [i.symbol for i in beyond.top(1)] == ["g_last"]
    ten = {i.symbol for i in beyond.top(10)}
    assert {"g_last", "k_last", "tau_last", "recruited vagal-afferent A-beta"} <= ten
    assert beyond.groups[0].symbol == "descending control and lasting relief"
