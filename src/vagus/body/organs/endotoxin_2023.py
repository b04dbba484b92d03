"""Published reference: cytokines after endotoxin, bolus or infusion (7 states, hours).

Windoloski, Janum, Berg and Olufsen 2023 (doi:10.48550/arXiv.2308.01495). Endotoxin, with the help
of TNF and against IL-10, turns resting monocytes into activated ones, which make four cytokines
that act on each other and on themselves::

    act   = up(E; xME, hME) (kM + kMTNF up(TNF; xMTNF, hMTNF)) dn(IL10; xM10, hM10) MR
    MR'   = kMR MR (1 - MR/Mmax) - act          MA' = act - kMA MA
    IL10' = (k10M + k106 up(IL6; x106, h106)) MA - k10 (IL10 - w10)     and so on

with up(x; K, h) = x^h / (x^h + K^h) and dn = 1 - up. Equations and values were checked against the
authors' deposited text; none of it is copied. Their two parameter sets, for a bolus and for four
hours of infusion of the same 2 ng/kg, differ in two thirds of the 43 values: neither predicts the
other experiment.

Stand-alone: it is there to be compared with, never composed with the immune organ. Locked to
2 ng/kg: at 0.6 ng/kg it makes a third of the TNF that was measured (`vagus validate`). Parameters
are the authors' point estimates, so they have no distribution.
"""

from __future__ import annotations

from vagus.body.draws import Draws, typical
from vagus.body.statement import Model, hill, state_model, table
from vagus.data import read_table
from vagus.errors import InputError

q = table("endotoxin_2023")


def endotoxin_2023() -> Model:
    """Endotoxin, monocytes and TNF, IL-6, IL-8, IL-10; input `lps` (ng/kg/h)."""
    helped = q.kM + q.kMTNF * hill(q.TNF, q.xMTNF, q.hMTNF)
    calmed = 1 - hill(q.IL10, q.xM10, q.hM10)
    activation = hill(q.E_lps, q.xME, q.hME) * helped * calmed * q.MR
    tnf = q.kTNFM * (1 - hill(q.IL6, q.xTNF6, q.hTNF6)) * (1 - hill(q.IL10, q.xTNF10, q.hTNF10))
    il6 = q.k6M + q.k6TNF * hill(q.TNF, q.x6TNF, q.h6TNF)
    il6 = il6 * (1 - hill(q.IL6, q.x66, q.h66)) * (1 - hill(q.IL10, q.x610, q.h610))
    il8 = q.k8M + q.k8TNF * hill(q.TNF, q.x8TNF, q.h8TNF)
    il8 = il8 * (1 - hill(q.IL10, q.x810, q.h810))
    il10 = q.k10M + q.k106 * hill(q.IL6, q.x106, q.h106)
    rates = {
        q.E_lps: q.lps - q.kE * q.E_lps,
        q.MR: q.kMR * q.MR * (1 - q.MR / q.Mmax) - activation,
        q.MA: activation - q.kMA * q.MA,
        q.TNF: tnf * q.MA - q.kTNF * (q.TNF - q.wTNF),
        q.IL6: il6 * q.MA - q.k6 * (q.IL6 - q.w6),
        q.IL8: il8 * q.MA - q.k8 * (q.IL8 - q.w8),
        q.IL10: il10 * q.MA - q.k10 * (q.IL10 - q.w10),
    }
    return state_model(q, rates, {q.activation: activation})


def published(name: str) -> Draws:
    """The authors' parameters, one draw: ``bolus`` (2 ng/kg at time 0) or ``continuous`` (no
    bolus; 0.5 ng/kg/h for 4 h is to be given as `lps`). `InputError` for another name."""
    return parameter_set(endotoxin_2023(), name)


def parameter_set(model: Model, name: str) -> Draws:
    """One draw with the values of the set ``name`` of ``body/MODEL_sets.csv``, others at default.

    Raises `InputError` for a set that the table does not have.
    """
    rows = read_table(f"body/{model.name}_sets.csv")
    values = {r["symbol"]: float(r["value"]) for r in rows if r["set"] == name}
    if not values:
        raise InputError("set", name, ", ".join(dict.fromkeys(r["set"] for r in rows)))
    return typical(model).having(**values)
