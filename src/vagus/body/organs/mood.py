"""Mood: severity of depressed mood in SD, change from baseline, + is worse.

    M = M2 + M_pl + M_pain
    M1' = (target - M1) / tau_M, M2' = (M1 - M2) / tau_M       stimulation, two stages
    M_pl' = (-pl - M_pl) / tau_pl                              expectation, from day 0
    M_pain' = A_MP pain - a_MM M_pain                          pain, over months

The target is the effect of D-02 (Rush 2005: d 0.26, -0.18 to 0.71, at ten weeks; p .25), scaled by
a dose that is past its half there; or, as a structural alternative (`mood_by_5HT`), what serotonin
does. Only one of the two acts in a draw: the trial's effect already contains whatever serotonin
did. The effect itself is contested: RECOVER's primary outcome was null, D-23 was not randomised.

Two stages, because mediation of pain relief by mood grew more than eightfold from week 1 to week 8
under duloxetine (Fujikoshi 2016, no independent test therefore), more than one stage allows; Taylor
2006 (a third of the benefit in week 1) contradicts any slow start, and fails here. Expectation
follows Posternak 2005. Pain acts over weeks to months: within persons, pain does not predict mood
from day to day (Frumkin 2021).
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, hill, state_model, table

q = table("mood")


def mood() -> Model:
    """Mood under stimulation, expectation and pain.

    `route_mood` stands where the drive enters: switched off, no state of mood feels stimulation.
    """
    measured = (1 - q.mood_by_5HT) * plateau() * dose_effect()
    serotonin = q.link_monoamine_mood * q.mood_by_5HT * q.k_5HT_M * (q.S5HT - 1)
    rates = {
        q.dose_M: (q.route_mood * q.on * q.afferent - q.dose_M) / q.tau_dose_M,
        q.M1: (-measured - q.route_mood * serotonin - q.M1) / q.tau_M,
        q.M2: (q.M1 - q.M2) / q.tau_M,
        q.M_pl: (-q.link_expectation * q.pl_M - q.M_pl) / q.tau_pl_M,
        q.M_pain: q.link_pain_mood * q.A_MP * q.pain - q.a_MM * q.M_pain,
    }
    return state_model(q, rates, {q.M: q.M2 + q.M_pl + q.M_pain})


def plateau() -> sp.Expr:
    """Effect that two stages approach if they show d_VNS at t_D02: d / (1 - (1 + T) e^-T)."""
    stages = q.t_D02 / q.tau_M
    return q.d_VNS / (1 - (1 + stages) * sp.exp(-stages))


def dose_effect() -> sp.Expr:
    """Effect of the dose over that of D-02; exactly 0 without a dose, 1 at that of D-02."""
    reference = hill(q.dose_D02, q.dose50_M, sp.Integer(1))
    return q.dose_M / (q.dose_M + q.dose50_M) / reference
