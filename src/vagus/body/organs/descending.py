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
zero and the net effect has no preferred sign by construction. No dependence on pulse rate: human
pain data do not identify one.

`D_slow`, a tone that outlasts sessions, is a hypothesis: half of its prior is zero.
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, state_model, table

q = table("descending")


def descending() -> Model:
    """Inputs: drive of the afferents, `on` (linear), `NE`; output `D` and two evoked measures."""
    direct = _direct()
    noradrenergic = q.g_ne * q.sign_ne * (q.NE - 1)
    rates = {
        q.D_fast: (q.route_brainstem * (q.on * direct + noradrenergic) - q.D_fast) / q.tau_D,
        q.D_slow: q.route_brainstem * q.on * q.k_slow * (direct - q.D_slow)
        - q.D_slow / q.tau_slow,
    }  # fmt: skip
    tone = q.D_fast + q.D_slow
    outputs = {
        q.D: tone,
        q.evoked_pain_change: -q.k_evoked * tone,
        q.heat_threshold_change: q.k_heat * tone,
    }
    return state_model(q, rates, outputs)


def _direct() -> sp.Expr:
    """Inhibition less facilitation while stimulation is on, as a function of recruitment."""
    drive = q.u_A + q.s_C * q.u_C + q.s_E * q.u_E
    recruited = drive / sp.Max(q.f_stim, q.rate_floor)
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
