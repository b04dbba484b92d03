"""Disease activity of rheumatoid arthritis (DAS28) as turnover, weeks.

Ma and others 2020 (doi:10.1007/s40262-020-00899-7; sarilumab, 2082 patients): a cytokine-pathway
block lowers the source of disease activity, which then settles with a half-life of 26 days. Placebo
and background treatment act like a small dose. What is ours, and never measured: vagal suppression
counts as a fraction ``phi_DAS * suppression`` of a full block, on top of placebo. At typical values
a full block adds -2.1 DAS28 in twelve weeks.
"""

from __future__ import annotations

from vagus.body.statement import Model, state_model, table

q = table("disease")


def disease() -> Model:
    """DAS28 (d) from vagal suppression, placebo and background treatment."""
    background = q.link_natural_course * q.plb_DAS / (q.IC50_DAS + q.plb_DAS)
    vagal = q.link_cytokine_das * q.phi_DAS * q.suppression
    blocked = background + (1 - background) * vagal
    source = q.das_0 * (1 - q.Emax_DAS * blocked)
    return state_model(q, {q.DAS: q.kout_DAS * (source - q.DAS)}, {q.das_change: q.DAS - q.das_0})
