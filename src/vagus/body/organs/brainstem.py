"""Brainstem: how stimulated afferents raise the firing of locus coeruleus (LC).

    LC' = (1 + on g_L f(rate) H(recruited) build/b_max - LC) / tau
    build' = on f H (b_max - build) / tau_up - (build - 1) / tau_fade

Sources: amplification over five cycles and the rate dependence from rats (Farrand 2023,
doi:10.14814/phy2.15633); shape over intensity from the pupil of implanted patients (Vespa 2022,
doi:10.1016/j.brs.2022.11.002). Contested, and carried as structural alternatives: the best rate
(10 to 30 Hz in rats, 100 Hz in human fMRI, Sclocco 2020) and whether more recruitment is ever
less (`intensity_LC`). A rat's milliamperes say nothing about human recruitment: the fraction at
half response is a prior. The pupil is a sensor that sensation confounds, no proof of LC activity:
conventional surface stimulation moved it by g = 0.002 (Pervaz 2025).

The equations are linear in `on`, so that its mean over a duty cycle may replace it; the build-up is
slow beside a cycle, which is what makes that close (the tests measure how close). The model has
nothing that keeps LC firing raised once the stimulator is off, which Dorr and Debonnel 2006 saw.
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, hill, state_model, table

q = table("brainstem")


def brainstem() -> Model:
    """LC firing over rest, its build-up over trains, and the pupil."""
    recruited = afferent()
    effect = rate_effect() * recruitment_effect(recruited)
    rise = q.g_L * effect * q.LC_build / q.b_max_LC
    build = q.link_vagus_lc * q.on * effect * (q.b_max_LC - q.LC_build) / q.tau_up_LC
    rates = {
        q.LC: (1 + q.link_vagus_lc * q.on * rise - q.LC) / q.tau_LC,
        q.LC_build: build - (q.LC_build - 1) / q.tau_fade_LC,
    }
    outputs = {
        q.afferent: recruited,
        q.lc_excess: q.LC - 1,
        q.pupil: q.k_L_pupil * (q.LC - 1) / q.g_L + q.k_s_pupil * q.on * q.sensation,
    }
    return state_model(q, rates, outputs)


def afferent() -> sp.Expr:
    """Share of the way from the nerve to the solitary tract that is excited, 0 to 1.

    A cell is reached unless every group misses it; exactly 0 without drive. Fibres that answer a
    burst with more than one spike count as recruited once.
    """
    rate = sp.Max(q.f_stim, q.f_least_LC)
    missed = sp.Integer(1)
    for spikes, weight in ((q.u_A, 1), (q.u_C, q.w_C_LC), (q.u_E, q.w_E_LC)):
        missed *= 1 - weight * sp.Min(spikes / rate, 1)
    return 1 - missed


def recruitment_effect(recruited: sp.Expr) -> sp.Expr:
    """Response to the fraction recruited, 0 to 1, by `intensity_LC`; exactly 0 at 0.

    Rising: a Hill function that is 1 at full recruitment. Inverted U: a gamma shape with its top,
    1, at r_opt_LC.
    """
    half = q.r50_LC**q.n_LC
    raised = recruited**q.n_LC
    rising = raised * (1 + half) / (raised + half)
    relative = recruited / q.r_opt_LC
    inverted = (relative * sp.exp(1 - relative)) ** q.k_opt_LC
    return (1 - q.intensity_LC) * rising + q.intensity_LC * inverted


def rate_effect() -> sp.Expr:
    """Response to the pulse rate, 0 to 1, by `frequency_LC`."""
    rate = sp.Max(q.f_stim, q.f_least_LC)
    octaves = sp.log(rate / q.f_opt_LC) / sp.log(2)
    rat = sp.exp(-(octaves**2) / (2 * q.w_f_LC**2))
    return (1 - q.frequency_LC) * rat + q.frequency_LC * hill(rate, q.f50_LC, sp.Integer(1))
