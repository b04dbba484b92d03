"""Cytokines after endotoxin, at rest and in arthritis, and how far the vagus suppresses them.

The acute part is a reduced form of the human endotoxin models of Windoloski, Janum, Berg and
Olufsen (2023, doi:10.48550/arXiv.2308.01495), made continuous in dose: published forms are locked
to 2 ng/kg. Endotoxin stimulates responsive monocytes (``R_tol``), which activate in two stages; the
first makes TNF, held back by IL-10, the second makes IL-6, IL-8 and IL-10 in proportion to the rise
of TNF. It was fitted to group means at 2 and 0.6 ng/kg. Known shortcomings: the peak of TNF is low
(231 instead of 340 pg/mL), peaks under infusion come late and TNF and IL-10 are too low there, and
tolerance cannot be identified from these data.

The vagal part is ours. One state ``anti`` is switched on by spikes and decays within 12-48 h; it
suppresses production, of what is there at rest too, so that in arthritis it lowers the elevated
rest. Contested: which way the signal takes (`structure_anti`: efferent, afferent and adrenal, or
none, which includes that people may differ from rodents), whether it works in people at all
(`Vmax_anti` has mass at zero), and the sign for IL-10. That some settings raise TNF (healthy mice,
doi:10.1186/s42234-020-00042-8) is not represented. Spikes of the ear act in the afferent structure
only. No effect size was tuned.
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, hill, state_model, table

q = table("immune")


def immune() -> Model:
    """Endotoxin, monocytes and four cytokines (h), and the vagal state (h to days)."""
    efferent, afferent = _structures()
    spikes = efferent * q.u_S + afferent * (q.u_A + q.w_ear_anti * q.u_E)
    # The route switches the drive and not its effect: without it the state stays at rest exactly,
    # so that not even the steps of an integrator differ from those of sham.
    driven = q.route_cytokines * q.on * q.k_on_anti * spikes
    suppression = q.Vmax_anti * q.anti / (q.anti + q.L50_anti)
    stimulated = hill(q.E_lps, q.xE_lps, q.h_lps) * q.R_tol
    rates = {
        q.E_lps: q.lps - q.k_lps * q.E_lps,
        q.R_tol: q.kr_tol * (1 - q.R_tol) - q.kd_tol * stimulated,
        q.A1: q.ka_mono * ((1 - afferent * suppression) * stimulated - q.A1),
        q.A2: q.ka_mono * (q.A1 - q.A2),
        **_cytokines(suppression, efferent),
        q.anti: driven * (1 - q.anti) - q.anti / q.tau_anti,
    }
    outputs = {q.suppression: suppression, q.tnf_change: (q.TNF - q.b_TNF) / q.b_TNF}
    return state_model(q, rates, outputs)


def _structures() -> tuple[sp.Expr, sp.Expr]:
    """1 for the efferent and 1 for the afferent structure; both 0 for none."""
    code = q.structure_anti
    return (1 - code) * (2 - code) / 2, code * (2 - code)


def _cytokines(suppression: sp.Expr, efferent: sp.Expr) -> dict[sp.Symbol, sp.Expr]:
    """Production, from activated monocytes and at rest, minus elimination.

    The efferent structure acts on what makes TNF; the afferent one acts on activation before it,
    so that here only production at rest is left for it. IL-6 and IL-8 follow TNF after endotoxin,
    and in part (`s_IL6_anti`) at rest.
    """
    inhibited = 1 - hill(q.IL10, q.x10_TNF, q.n10_TNF)
    made = (1 - efferent * suppression) * q.p_TNF * q.A1 * inhibited
    induced = q.A2 * hill(q.TNF - q.b_TNF, q.xT_ind, sp.Integer(1))
    at_rest = 1 - q.s_IL6_anti * suppression
    il10 = 1 + q.s_IL10_anti * suppression
    return {
        q.TNF: made + (1 - suppression) * q.k_TNF * q.b_TNF - q.k_TNF * q.TNF,
        q.IL6: q.p_IL6 * induced + at_rest * q.k_IL6 * q.b_IL6 - q.k_IL6 * q.IL6,
        q.IL8: q.p_IL8 * induced + at_rest * q.k_IL8 * q.b_IL8 - q.k_IL8 * q.IL8,
        q.IL10: il10 * (q.p_IL10 * induced + q.k_IL10 * q.b_IL10) - q.k_IL10 * q.IL10,
    }
