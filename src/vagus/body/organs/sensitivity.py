"""Pressure pain threshold relative to a person's own baseline, hours.

Published (2021, doi:10.48550/arXiv.1908.07611): endotoxin itself lowers the threshold, so that no
change of cytokines could matter. Here TNF or IL-6 lowers it (`mediator_ppt`; two time points cannot
tell which), a link that is ours and tested on groups only: in persons the size of the cytokine
response does not predict the fall (De Goeij 2013, Janum 2016; one open data set has the opposite
sign), hence a gain of each person's own, ``r_ppt``, unrelated to cytokines. Descending tone ``D``
acts without cytokines: pain fell with unchanged cytokines in Aranow 2021. Contested: 1-2 ng/kg had
no significant effect in Hijma 2020.

The threshold settles towards exp(-z), with z linear in what lowers it: 1 - z for small z, and never
negative for large ones.
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, hill, state_model, table

q = table("sensitivity")


def sensitivity() -> Model:
    """Pressure pain threshold (h) from TNF or IL-6 and descending tone."""
    il6, one = q.mediator_ppt, sp.Integer(1)
    tnf = 1 - il6
    by_tnf = hill(q.TNF, q.x_TNF_ppt, one) - hill(q.b_TNF, q.x_TNF_ppt, one)
    by_il6 = hill(q.IL6, q.x_IL6_ppt, one) - hill(q.b_IL6, q.x_IL6_ppt, one)
    lowered = q.r_ppt * (tnf * q.g_TNF_ppt * by_tnf + il6 * q.g_IL6_ppt * by_il6)
    raised = q.link_descending_ppt * q.g_D_ppt * q.D
    turnover = tnf * q.k_TNF_ppt + il6 * q.k_IL6_ppt
    settled = sp.exp(raised - q.link_cytokine_ppt * lowered)
    return state_model(q, {q.ppt: turnover * (settled - q.ppt)})
