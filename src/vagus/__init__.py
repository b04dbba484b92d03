"""vagus: an in-silico laboratory for vagus nerve stimulation.

    import vagus
    study = vagus.load_study("study.yaml")
    done = vagus.run(study)
    print(done.headline)

Names below are imported when first used, so that ``import vagus`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "load_study": "vagus.study",
    "run": "vagus.chain",
    "recruit": "vagus.pipeline",
    "validate": "vagus.validation.table",
    "run_trial": "vagus.virtual_trial",
    "assess": "vagus.assessment",
    "cite": "vagus.citations",
    "sensitivity": "vagus.credibility.sensitivity",
    "screen": "vagus.screening",
    "evidence": "vagus.evidence.tables",
    "synthesise": "vagus.evidence.synthesis",
    "pool": "vagus.evidence.pooled",
    "build_cohort": "vagus.patient.build",
    "published_trial": "vagus.trial.published",
    "forecast": "vagus.trial.forecast",
    "full_body": "vagus.body.full",
    "compile_model": "vagus.body.compiled",
    "integrate": "vagus.body.integrate",
    "condition": "vagus.body.conditions",
    "device": "vagus.protocol.device",
    "monophasic": "vagus.protocol.waveform",
    "biphasic": "vagus.protocol.waveform",
    "pseudo_monophasic": "vagus.protocol.waveform",
    "sine_burst": "vagus.protocol.waveform",
    "sampled": "vagus.protocol.waveform",
    "load_nerve": "vagus.nerve",
    "preset": "vagus.field.electrodes",
    "solve_field": "vagus.field.solve",
    "solve_population": "vagus.fibre.solve",
    "fibre_at_point_source": "vagus.fibre.point_source",
    "point_source_threshold": "vagus.fibre.point_source",
    "conduction_velocity": "vagus.fibre.conduction",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'vagus' has no attribute {name!r}; it has {', '.join(__all__)}")
