"""Dorsal horn: afferent rates become the output of projection neurons (ms to s).

The rate model of Crodelle, Piltz, Hagenauer and Booth [1], with the constants of the authors' later
code: A and C afferents drive projection neurons, directly and through excitatory and inhibitory
interneurons; the rate of projection neurons raises the weight of C input through NMDA receptors,
which is wind-up. Descending inhibition is not part of the published model: it is subtracted from
the input of projection neurons.

Contested: the paper's NMDA ceiling is 2, the released code applies it twice (4). Both ceilings make
tonic C input bistable, over 16.5-19 Hz with 2 and 11-18.5 Hz with 4. A claim of bistable chronic
pain therefore hangs on one constant. The response to C input is a switch, so that small changes of
input are large changes of output: this organ stands alone, and the weekly model of pain does not
take its gains from it.

[1] PLOS Computational Biology 2019, doi:10.1371/journal.pcbi.1007106.
"""

from __future__ import annotations

import sympy as sp

from vagus.body.statement import Model, state_model, table

q = table("dorsal_horn")


def dorsal_horn() -> Model:
    """Inputs `f_A`, `f_C`, `inhibition_dh` [Hz]; states are mean rates [Hz] and the NMDA weight."""
    to_P = q.w_AP * q.f_A + (q.w_CP + q.g_nmda) * q.f_C + q.w_EP * q.E_dh - q.w_IP * q.I_dh
    to_E = q.w_CE * q.f_C - q.w_IE * q.I_dh
    rates = {
        q.P_dh: (
            _response(to_P - q.inhibition_dh, q.max_P, q.half_P, q.width_P) - q.P_dh
        ) / q.tau_P_dh,
        q.E_dh: (_response(to_E, q.max_E, q.half_E, q.width_E) - q.E_dh) / q.tau_E_dh,
        q.I_dh: (
            _response(q.w_AI * q.f_A, q.max_I, q.half_I, q.width_I) + q.rest_I - q.I_dh
        ) / q.tau_I_dh,
        q.g_nmda: (
            _response(q.P_dh, q.max_N, q.half_N, q.width_N) - q.g_nmda
        ) / q.tau_N_dh,
    }  # fmt: skip
    return state_model(q, rates, {q.relief_dh: 1 - q.P_dh / q.max_P})


def _response(x: sp.Expr, greatest: sp.Expr, half: sp.Expr, width: sp.Expr) -> sp.Expr:
    """Between 0 and ``greatest``, half of it at ``half``."""
    return greatest / 2 * (1 + sp.tanh((x - half) / width))
