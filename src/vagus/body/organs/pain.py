"""Weekly pain: natural course, expectation, a core that follows mood, and what other organs add.

`pain` is the change from baseline in SD of the condition's outcome; positive is worse. Most of what
a sham arm shows is known best as one number, its mean change at the end of a trial
(`placebo_change`); how much of that is natural course with regression to the mean, and how much
expectation, is known badly (`share_expect`). Both relax exponentially, with time constants of their
own, and together pass through the published change at the published time whatever the share.

The core is the linear weekly model fitted to a pain clinic (CHOIR): persistence -0.051/wk and mood
0.0126/wk, a confounded upper bound. Disease activity adds to pain where the condition has an
inflammatory share; the fall of it that placebo arms show is taken off first, because
`placebo_change` already holds what that does to pain. Where no DAS28 is defined, suppression of TNF
acts by itself, with a prior that is mostly zero. Descending tone, lasting relief and trained maps
act at once; the last is off by default, because the one direct test of it was negative (Adcock
2022). `pain_area` sums pain over time: what patients recall is a mean over days, not an instant.

Draws of the priors are group means of different trials, not patients: what single patients' ratings
do around them is in `tau_level`, `icc_day`, `phi_day` and `sd_within`, which no equation reads.
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, state_model, table

q = table("pain")


def pain() -> Model:
    """Inputs `M`, `D`, `P_last`, `W`, `das_change`, `suppression`, `sensation`; output `pain`."""
    felt = 1 + q.link_sensation_expectation * q.k_sensation * q.sensation
    course = _approach((1 - q.share_expect) * q.placebo_change, q.tau_nat)
    expected = _approach(q.share_expect * q.placebo_change, q.tau_X) * felt
    background = q.link_natural_course * q.plb_DAS / (q.IC50_DAS + q.plb_DAS)
    rates = {
        q.N_course: (q.link_natural_course * course - q.N_course) / q.tau_nat,
        q.X_expect: (q.link_expectation * expected - q.X_expect) / q.tau_X,
        q.P_core: q.A_PP * q.P_core + q.A_PM * q.link_mood_pain * q.M,
        q.das_course: -q.kout_DAS * (q.das_0 * q.Emax_DAS * background + q.das_course),
    }
    treated = q.das_change - q.das_course
    inflamed = q.w_inflammatory * q.k_das * treated - q.k_suppression * q.suppression
    change = (
        q.N_course
        + q.X_expect
        + q.P_core
        + q.link_cytokine_pain * inflamed
        - q.link_descending_pain * (q.k_D * q.D + q.P_last)
        - q.link_plasticity_pain * q.chi * q.W
    )
    rates[q.pain_area] = change
    return state_model(q, rates, {q.pain: change})


def _approach(change: sp.Expr, tau: sp.Expr) -> sp.Expr:
    """Where a relaxation has to end that has fallen by ``change`` at `t_placebo`."""
    return -change / (1 - sp.exp(-q.t_placebo / tau))
