"""Published reference: from endotoxin to cytokines, fever, heart, vessels and pain (16 states).

Brady-Nicholls, Dobreva, Larripa, Puelz, Mehlsen and Olufsen, J Physiol 2021 (preprint
doi:10.48550/arXiv.1908.07611), bolus of 2 ng/kg, with the parameter sets fitted to Janum 2016 and
to Copeland 2005. The cytokine part is that of `endotoxin_2023`, which inherited it, except that
IL-6 feeds back on itself with another power. Nitric oxide follows cytokines of ``lag`` hours ago.

Note what drives pain: ``PPT' = -kpepp E PPT + kpp (PPT_rest - PPT)``. Endotoxin itself lowers the
threshold, no cytokine does: an intervention on TNF changes no pain here, by construction.

The article and its code (licence: redistribution by permission only) were not at hand; equations
come from a terse account of them, values from the authors' tables. Reconstructed, by the values
themselves and by the extrema and r2 of a reproduction that had the code:

- Rest. Compliances, resistances and elastances all follow from a pressure ``BP_rest - dP`` in the
  large arteries, 95 % of it in the small, 3.75 and 3.5 mmHg in the veins, blood volume
  3.29 BSA - 1.229 L once a minute, and 132 and 37 mL of a full and an empty ventricle. The state at
  time 0 is this; it is no steady state, since ``Rs`` and heart rate were refitted afterwards.
- The effects of temperature and pressure on heart rate are Hill functions of the distance from
  rest, with half effects ``xht`` and ``xhp`` counted from rest too. For Copeland ``xhp`` lies below
  rest; the even power makes it a band around rest. Found by r2 of heart rate: 0.99 with 122 mmHg
  as rest (the first measured), 0.83 with 120 or 125 mmHg.
- **A slip of units in the original**: flows in mL/s fill volumes per hour, so that the circulation
  takes hours to settle, and its delay shapes heart rate and pressure. ``filling`` = 1/3600 repeats
  it; at 1, as units demand, pressure peaks within 20-30 min and r2 of Copeland's heart rate turns
  negative (tests). The published constants carry the slip.
- Left out: a switch of the pressure effect at 100 mmHg, whose form was not seen; pressure stays
  above 105 mmHg in both fits. What remains: Janum's pressure has r2 0.59 where 0.44 was reported.

Rises of cytokines are never negative here, so the absolute values of the original are not needed.
"""

from __future__ import annotations

import sympy as sp

from vagus.body.draws import Draws
from vagus.body.organs.endotoxin_2023 import parameter_set
from vagus.body.statement import Model, hill, state_model, table

q = table("endotoxin_2021")

Equations = dict[sp.Symbol, sp.Expr]


def endotoxin_2021() -> Model:
    """All 16 states; outputs `BP` (mmHg), `ppt_ratio` (1), `cardiac_output` (mL/s), `activation`
    (cells/h)."""
    activation = _activation()
    p_la, p_sa, p_sv, p_lv = q.V_la / q.Cla, q.V_sa / q.Csa, q.V_sv / q.Csv, q.V_lv / q.Clv
    output = (p_lv / q.Em - p_la / q.EM) * q.HR
    flows = (p_la - p_sa) / q.Ra, (p_sa - p_sv) / q.Rs, (p_sv - p_lv) / q.Rv
    circulation = {
        q.V_la: q.filling * (output - flows[0]),
        q.V_sa: q.filling * (flows[0] - flows[1]),
        q.V_sv: q.filling * (flows[1] - flows[2]),
        q.V_lv: q.filling * (flows[2] - output),
    }
    outputs = {
        q.ppt_ratio: q.PPT / q.PPT_rest,
        q.BP: p_la,
        q.cardiac_output: output,
        q.activation: activation,
    }
    rates = _cytokines(activation) | _temperature() | _vessels() | _heart(p_la) | circulation
    lags = {q.TNF_late: (q.TNF, q.lag), q.IL10_late: (q.IL10, q.lag)}
    return state_model(q, rates, outputs, lags)


def published(name: str) -> Draws:
    """The authors' parameters, one draw: ``janum`` or ``copeland``, 2 ng/kg at time 0.

    Raises `InputError` for another name.
    """
    return parameter_set(endotoxin_2021(), name)


def _activation() -> sp.Expr:
    helped = q.sm + q.k_mtnf * hill(q.TNF, q.xmtnf, q.hmtnf)
    return hill(q.E_lps, q.xmpe, q.hmpe) * helped * (1 - hill(q.IL10, q.xm10, q.hm10)) * q.MR


def _cytokines(activation: sp.Expr) -> Equations:
    tnf = q.ktnfm * (1 - hill(q.IL10, q.xtnf10, q.htnf10)) * (1 - hill(q.IL6, q.xtnf6, q.htnf6))
    il6 = q.k6m + q.k6tnf * hill(q.TNF, q.x6tnf, q.h6tnf)
    il6 = il6 * (1 - hill(q.IL6, q.x66, q.h66)) * (1 - hill(q.IL10, q.x610, q.h610))
    il8 = q.k8m + q.k8tnf * hill(q.TNF, q.x8tnf, q.h8tnf)
    il8 = il8 * (1 - hill(q.IL10, q.x810, q.h810))
    il10 = q.k10m + q.k106 * hill(q.IL6, q.x106, q.h106)
    return {
        q.E_lps: q.lps - q.kpe * q.E_lps,
        q.MR: q.kmr * q.MR * (1 - q.MR / q.mmax) - activation,
        q.MA: activation - q.kma * q.MA,
        q.TNF: tnf * q.MA - q.ktnf * (q.TNF - q.b_TNF),
        q.IL6: il6 * q.MA - q.k6 * (q.IL6 - q.b_IL6),
        q.IL8: il8 * q.MA - q.k8 * (q.IL8 - q.b_IL8),
        q.IL10: il10 * q.MA - q.k10 * (q.IL10 - q.b_IL10),
    }


def _temperature() -> Equations:
    drive = (
        q.kttnf * hill(q.TNF - q.b_TNF, q.xttnf, q.httnf)
        + q.kt6 * hill(q.IL6 - q.b_IL6, q.xt6, q.ht6)
        - q.kt10 * hill(q.IL10 - q.b_IL10, q.xt10, q.ht10)
    )
    target = q.T_rest + q.kt * (q.TM - q.T_rest) * drive
    return {q.T: (target - q.T) / q.tau1}


def _vessels() -> Equations:
    """Pain threshold, nitric oxide and systemic resistance."""
    threshold = q.kpp * (q.PPT_rest - q.PPT) - q.kpepp * q.E_lps * q.PPT
    made = hill(q.TNF_late, q.xntnf, q.hntnf) * (1 - hill(q.IL10_late, q.xn10, q.hn10))
    tightened = hill(threshold**2, q.xrpp**2, q.hrpp / 2)
    return {
        q.PPT: threshold,
        q.NO: q.knom * q.MA * made - q.kno * q.NO,
        q.Rs: q.krpp * tightened - q.krno * q.NO - q.kr * (q.Rs - q.Rs_rest),
    }


def _heart(pressure: sp.Expr) -> Equations:
    """Heart rate; a Hill function of a signed distance is one of its square, at half the power."""
    warm = hill((q.T - q.T_rest) ** 2, (q.xht - q.T_rest) ** 2, q.hht / 2)
    free = 1 - hill((pressure - q.BP_rest) ** 2, (q.xhp - q.BP_rest) ** 2, q.hhp / 2)
    reserve = q.HM0 - q.HM_age * q.age - q.HR_rest
    return {q.HR: (q.HR_rest + q.kh * reserve * warm * free - q.HR) / q.tau2}
