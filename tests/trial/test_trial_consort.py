"""Flow of patients adds up, and refuses to be shown where it does not; table 1 without tests."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp
from trial_samples import cohort_for, make_cohort, make_design, n_of_1, withdrawal

from vagus.errors import InputError
from vagus.patient.screening import Entry
from vagus.trial.conduct import conduct
from vagus.trial.consort import ArmFlow, Flow, flow
from vagus.trial.design import DropOut, Rescue
from vagus.trial.mean_course import mean_courses
from vagus.trial.screen import BELOW, NO_RESPONSE
from vagus.trial.table_one import Characteristic, summary, table_one


@settings(max_examples=10)
@given(
    st.integers(2, 30), st.floats(0, 0.4), st.floats(0, 7.5), st.floats(-1, 2),
    st.integers(0, 1000),
)  # fmt: skip
def test_flow_is_conserved(n: int, base: float, entry: float, pain: float, seed: int) -> None:
    """`Flow` checks its own sums, so that making it is the test; here those of the data too."""
    design = make_design(
        n, drop_out=DropOut(base, pain, 1.0), entry=Entry(entry), rescue=Rescue(7.0, 0.5, -0.3)
    )
    data = conduct(design, make_cohort(populations=2, patients=10), 1, seed)
    found = flow(data)
    assert found.assessed == data.screened[0]
    assert found.randomised == 2 * n
    for k, arm in enumerate(found.arms):
        own = data.arm[0] == k
        assert arm.allocated == n == arm.completed + sum(arm.left.values())
        assert arm.completed == np.sum(~np.isnan(data.values[0, own, -1]))
        assert arm.analysed == np.sum(~np.isnan(data.values[0, own, 0]))
        assert arm.rescued <= arm.analysed


def test_flow_says_why_people_were_excluded() -> None:
    found = flow(conduct(make_design(entry=Entry(7.0)), make_cohort(), 2, 1), 1)
    assert found.excluded[BELOW] > 0 == found.excluded[NO_RESPONSE]
    design = withdrawal()
    assert flow(conduct(design, cohort_for(design), 1, 1)).excluded[NO_RESPONSE] > 0
    one = n_of_1()
    assert [a.allocated for a in flow(conduct(one, cohort_for(one), 1, 1)).arms] == [1]


@pytest.mark.parametrize("analysis", ["ancova", "responder", "mmrm"])
def test_analysed_are_those_whom_the_analysis_reads(analysis: str) -> None:
    data = conduct(make_design(analysis=analysis, drop_out=DropOut(0.2)), make_cohort(), 1, 1)
    for k, arm in enumerate(flow(data).arms):
        last = ~np.isnan(data.values[0, data.arm[0] == k])
        known = {"ancova": last[:, -1].sum(), "responder": 40, "mmrm": last[:, 0].sum()}
        assert arm.analysed == known[analysis]


def test_numbers_that_do_not_add_up_are_refused() -> None:
    arm = ArmFlow("a", 10, {"side effects": 2}, 8, 0, 9)
    assert Flow("t", 15, {BELOW: 5}, 10, (arm,)).arms[0] is arm
    with pytest.raises(InputError, match="as many as were allocated"):
        ArmFlow("a", 10, {"side effects": 1}, 8, 0, 9)
    with pytest.raises(InputError, match="analysed"):
        ArmFlow("a", 10, {"side effects": 2}, 8, 0, 11)
    with pytest.raises(InputError, match="assessed"):
        Flow("t", 16, {BELOW: 5}, 10, (arm,))
    with pytest.raises(InputError, match="randomised"):
        Flow("t", 16, {BELOW: 5}, 11, (arm,))


def test_summary_of_one_characteristic() -> None:
    found = summary(np.array([1.0, 2.0, 3.0, 10.0, np.nan]))
    assert (found.n, found.mean, found.median) == (4, 4.0, 2.5)
    assert found.sd == pytest.approx(np.std([1, 2, 3, 10], ddof=1))
    assert (found.low, found.high) == (1.75, 4.75)
    assert summary(np.array([np.nan])).n == 0
    assert np.isnan(summary(np.array([1.0])).sd)


def test_mean_course_of_one_trial_and_of_all() -> None:
    data = conduct(make_design(25, drop_out=DropOut(0.1)), make_cohort(), 200, 1)
    one = mean_courses(data, 3)[1]
    own = data.values[3, data.arm[3] == 1, 2]
    kept = own[~np.isnan(own)]
    fit = ttest_1samp(kept, 0.0).confidence_interval(0.9)
    found = mean_courses(data, 3, level=0.9)[1]
    assert (found.low[3], found.high[3]) == pytest.approx((fit.low, fit.high))
    assert (one.mean[3], one.n[3]) == (pytest.approx(kept.mean()), kept.size)
    np.testing.assert_array_equal(one.day, [0, 21, 42, 63, 84])
    every = mean_courses(data, None)[1]
    means = [mean_courses(data, r)[1].mean[4] for r in range(200)]
    assert (every.low[4], every.high[4]) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))
    assert every.low[0] < data.baseline.mean() < every.high[0]


def test_table_one_describes_all_by_arm_and_tests_nothing() -> None:
    cohort = make_cohort(key="rheumatoid-arthritis")
    data = conduct(make_design(30, condition="rheumatoid-arthritis"), cohort, 2, 1)
    table = table_one(data, cohort, 1)
    assert len(table_one(conduct(make_design(4), make_cohort(), 1, 1), make_cohort()).rows) == 1
    assert table.arms == ("active", "sham")
    pain = table.rows[0]
    assert (pain.unit, pain.all.n) == ("NRS", 60)
    assert pain.all.mean == pytest.approx(data.baseline[1].mean())
    assert sum(s.n * s.mean for s in pain.arms) / 60 == pytest.approx(pain.all.mean)
    das = next(r for r in table.rows if r.unit == "DAS28")
    assert das.all.mean == pytest.approx(cohort.traits["das_0"][data.patient[1]].mean())
    assert not {"p", "p_value"} & {f.name for f in fields(Characteristic)}
