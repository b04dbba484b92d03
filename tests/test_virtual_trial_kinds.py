"""Each kind of trial, from the study file to its tables and page. Small: what is shown is that it
runs and that its numbers belong together, not what stimulation does."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from vagus.study import parse_study
from vagus.trial.screen import NO_RESPONSE
from vagus.virtual_trial import TrialRun, run_trial

PAIN, JOINTS = "neuropathic", "rheumatoid-arthritis"
CROSSOVER = "kind: crossover, endpoint: nrs, period: 4 days, washout: 2 days, visits: [4 d, 10 d]"
N_OF_1 = "kind: n-of-1, endpoint: nrs, visits: [3 d, 6 d, 9 d, 12 d]"
LEAD_IN = "kind: enriched-withdrawal, lead_in: 6 days, responder_share: 0.1, visits: [9 d, 12 d]"
# The kind, its condition, what its section says, patients per arm, what is compared.
KINDS = {
    "crossover": (PAIN, CROSSOVER, 6, "stimulation against sham"),
    "n-of-1": (PAIN, N_OF_1, 1, "on against off"),
    "enriched-withdrawal": (PAIN, f"{LEAD_IN}, endpoint: nrs", 6, "on against off"),
    "enriched-withdrawal, binary": (
        JOINTS, f"{LEAD_IN}, endpoint: acr20, analysis: responder", 6, "on against off",
    ),
    "binary": (
        JOINTS, "endpoint: acr20, analysis: responder, visits: [6 d, 12 d]", 10, "on against off",
    ),
}  # fmt: skip


def ran(name: str, folder: Path) -> TrialRun:
    condition, section, n, _ = KINDS[name]
    text = f"""
device: nemos
patient: {{condition: {condition}}}
stimulation: {{current: 2 mA, pulse_width: 250 us, frequency: 25 Hz, session: 1 h,
  sessions_per_day: 1, duration: 12 days}}
recruitment: prior
trial: {{{section}, recall: 3 days, populations: 2, patients: 4, replicates: 6,
  arms: {{on: {{role: active, n: {n}}}, off: {{role: sham, n: {n}}}}}}}
seed: 3
"""
    return run_trial(parse_study(text), folder, workers=1)


@pytest.mark.parametrize("name", KINDS)
def test_a_study_file_of_each_kind_runs_to_its_page(name: str, tmp_path: Path) -> None:
    _, _, n, compared = KINDS[name]
    done = ran(name, tmp_path)
    design, data = done.design, done.data
    patients = 1 if design.kind == "n-of-1" else 2 * n
    assert data.values.shape == (6, patients, len(design.visits_d))
    assert np.isfinite(data.values).all()  # nobody leaves
    assert f"{compared}," in design.estimand.sentence()
    behaves = done.operating
    assert (behaves.effect.failed, behaves.null.failed) == (0, 0)
    assert np.isfinite(done.primary.estimate).all()
    assert ((done.primary.p >= 0) & (done.primary.p <= 1)).all()
    assert np.isnan(behaves.null.truth) if design.kind == "n-of-1" else behaves.null.truth == 0
    assert (data.excluded[NO_RESPONSE].sum() > 0) == name.startswith("enriched")
    if "acr20" in design.endpoint:
        assert np.isin(data.values, (0, 1)).all()
    assert bool(done.curve) == (design.kind != "n-of-1")
    # What is written is what was found.
    told = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert told["headline"] == done.headline
    assert design.title in (tmp_path / "trial.html").read_text(encoding="utf-8")
    adsl = pq.read_table(next((tmp_path / "adam").glob("*adsl*.parquet")))
    assert adsl.num_rows == patients
