"""Heart: vagal and sympathetic limbs of Ursino 1998, in open loop, and cytokine-driven heart rate.

The period is the denervated one plus a vagal and a sympathetic part (s)::

    T = T_0 + dT_v + dT_s        tau_Tv dT_v' = G_Tv f_ev(t - D_Tv) - dT_v
                                 tau_Ts dT_s' = G_Ts ln(1 + f_es(t - D_Ts) - f_es_min) - dT_s

(Ursino, Am J Physiol 275:H1733, doi:10.1152/ajpheart.1998.275.5.H1733.) Firing at rest is where the
static baroreflex curves of the same paper lie at 92 mmHg. The loop is left open: pressure is not
simulated, so that slow compensation of a stimulation by the baroreflex is missing.

Stimulation adds to vagal firing what reaches the node through cardiac efferents, and a central
change through cervical or auricular afferents, whose sign is free and whose default is none.

Cytokines act on heart rate itself, not through one limb: which limb carries endotoxin tachycardia
cannot be told from heart rate alone (Scheff 2013, PMC4159048), and the sympathetic limb could do it
alone only at five to nine times its resting firing. The drive is the logarithm of the rise of TNF
over the own resting level, through two stages of about an hour each; TNF stands for the cytokines
that rise with it. Heart-rate variability under endotoxin is not modelled.

Contested: the vagal corner (0.106 Hz here, 0.065 Hz in dogs), the sympathetic delay (2 s here, 0.7
and 1.7 s in dogs), and vagal-sympathetic interaction, which is absent here because it is mild in
units of period (Levy and Zieske 1969: gain 42 to 39 ms/Hz), except in one study (Randall 2003).
The vagal limb is linear; human gains were measured up to a few Hz.
"""

from __future__ import annotations

import math

import sympy as sp

from vagus.body.statement import Model, state_model, table
from vagus.data import read_table
from vagus.errors import InputError

q = table("heart")


def heart() -> Model:
    """Period limbs, and outputs `heart_rate` (bpm) and `rr_interval` (ms)."""
    reached = q.G_eff * q.u_B + q.G_aff * q.u_A + q.G_ear * q.u_E
    vagal = q.f_ev_rest * (1 + q.resp_mod) + q.route_heart * q.lag_on * reached
    above = sp.Max(q.f_es_rest + q.lag_s - q.f_es_min, 0)
    risen = sp.log(1 + sp.Max(q.TNF - q.b_TNF, 0) / q.x_cyt) / sp.log(1 + q.TNF_ref / q.x_cyt)
    rates = {
        q.dT_v: (q.G_Tv * vagal - q.dT_v) / q.tau_Tv,
        q.dT_s: (q.G_Ts * sp.log(1 + above / q.f_one) - q.dT_s) / q.tau_Ts,
        q.cyt_1: (risen - q.cyt_1) / q.tau_cyt,
        q.cyt_2: (q.cyt_1 - q.cyt_2) / q.tau_cyt,
    }
    rate = 1 / (q.T_0 + q.dT_v + q.dT_s) + q.link_cytokine_heart * q.G_cyt * q.cyt_2
    outputs = {q.heart_rate: rate, q.rr_interval: 1 / rate}
    lags = {q.lag_on: (q.on, q.D_Tv), q.lag_s: (q.drive_s, q.D_Ts)}
    return state_model(q, rates, outputs, lags)


def baroreflex_firing(pressure_mmHg: float | None = None) -> tuple[float, float]:
    """Vagal and sympathetic firing (Hz) of Ursino's static curves; default: at the set point.

    The carotid sinus follows a sigmoid of pressure, sympathetic firing falls exponentially with
    it, vagal firing rises along a sigmoid (Ursino 1998, constants in ``baroreflex.csv``).
    """
    c = {row["symbol"]: float(row["value"]) for row in read_table("body/baroreflex.csv")}
    pressure = c["P_n"] if pressure_mmHg is None else pressure_mmHg
    if not 0 < pressure < 400:
        raise InputError("pressure_mmHg", pressure, "above 0 and below 400")
    bend = math.exp((pressure - c["P_n"]) / c["k_a"])
    sinus = (c["f_min"] + c["f_max"] * bend) / (1 + bend)
    rise = math.exp((sinus - c["f_cs0"]) / c["k_ev"])
    vagal = (c["f_ev_0"] + c["f_ev_inf"] * rise) / (1 + rise)
    sympathetic = c["f_es_inf"] + (c["f_es_0"] - c["f_es_inf"]) * math.exp(-c["k_es"] * sinus)
    return vagal, sympathetic
