"""Descending control of pain: what the brainstem, driven by vagal afferents, does to spinal input.

`D` is tone relative to rest: positive inhibits pain, negative facilitates it, and 1 is the response
to strong conditioned pain modulation (17-20 points of 100, Gehling 2016). In rats stimulation
inhibits above a threshold and facilitates at 0.2-0.6 of it (Ren 1988); single spinothalamic cells
are inhibited, biphasic, or only facilitated (36, 41 and 23 %, Ren 1991), which is used here as a
prior on how people respond. What counts is the fraction of afferents recruited, u/f_stim.

Contested, and carried as such. Acute stimulation through implants in patients lowered pain
thresholds (Ness 2000; Borckardt 2005); surface stimulation raised them (Busch 2013, Janner 2018) or
did nothing (Laqua 2014, Dumoulin 2021); in visceral pain A-delta stimulation inhibits where C
stimulation does not (Chen 2008), the opposite of what this model says. The noradrenergic part can
change sign long after nerve injury (Hughes 2013; Taylor and Westlund 2017). So gains have mass at
zero, and inhibition and facilitation have the same prior. Recruitment at threshold is wide, since
the rat's does not transfer, but the sign still leans on how many fibres are recruited: over the
priors, stimulation of a tenth of the A fibres inhibits in 22 % of draws and facilitates in 32 %, of
a fifth in 32 and 35 %, of half in 41 and 31 %, of all in 43 and 29 %. No dependence on pulse rate:
human pain data do not identify one. Stimulation acts directly, as large as measured, or through
norepinephrine (`tone_by_NE`), never both.

`P_last` is relief that outlasts sessions, in SD of the outcome: pain was lower after four days of
five minutes, and eight days later, with every serum cytokine unchanged (Aranow 2021), and short
daily sessions could not do that through tone that lasts minutes. Half of its prior is zero, the
other half has either sign; none of it was fitted to a trial.

    P_last' = on k_last R (g_last - P_last) - P_last / tau_last      R = r / (r + half_last)
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, state_model, table

q = table("descending")


def descending() -> Model:
    """Inputs: drive of the afferents, `on` (linear), `NE`; output `D`; state `P_last`."""
    recruited = _recruited()
    direct = (1 - q.tone_by_NE) * q.on * _direct(recruited)
    noradrenergic = q.tone_by_NE * q.g_ne * q.sign_ne * (q.NE - 1)
    build_up = q.k_last * recruited / (recruited + q.half_last)
    rates = {
        q.D_fast: (q.route_brainstem * (direct + noradrenergic) - q.D_fast) / q.tau_D,
        q.P_last: q.route_brainstem * q.on * build_up * (q.g_last - q.P_last)
        - q.P_last / q.tau_last,
    }  # fmt: skip
    outputs = {
        q.D: q.D_fast,
        q.evoked_pain_change: -q.k_evoked * q.D_fast,
        q.heat_threshold_change: q.k_heat * q.D_fast,
    }
    return state_model(q, rates, outputs)


def _recruited() -> sp.Expr:
    """Fraction of afferents that counts; exactly 0 without drive."""
    drive = q.u_A + q.s_C * q.u_C + q.s_E * q.u_E
    return drive / sp.Max(q.f_stim, q.rate_floor)


def _direct(recruited: sp.Expr) -> sp.Expr:
    """Inhibition less facilitation while stimulation is on, as a function of recruitment."""
    # 1 where the shape has the part, 0 where not, for shapes 1, 0 and -1.
    has_inhibition = 1 - q.sign_shape * (q.sign_shape - 1) / 2
    has_facilitation = 1 - q.sign_shape * (q.sign_shape + 1) / 2
    inhibition = q.g_inh * has_inhibition * _switch(recruited / q.x_T)
    facilitation = q.g_fac * has_facilitation * _switch(recruited / (q.phi_fac * q.x_T))
    return inhibition - facilitation


def _switch(recruited: sp.Expr) -> sp.Expr:
    """Hill function of recruitment over its half; exactly 0 at 0, so that sham is exactly rest."""
    raised = recruited * sp.Max(recruited, sp.Float(1e-12)) ** (q.n_D - 1)
    return raised / (1 + raised)
