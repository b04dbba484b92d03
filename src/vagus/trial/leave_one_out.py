"""Calibration trials forecast as if they were not known, for the same score as the frozen ones.

Each trial is forecast without its own numbers among the targets of the weights. What cannot be
undone is said by `KNOWN_BEFORE`: a prior that its numbers went into. Trials of acute attacks are
not scored, since the model of attacks is made of them.
"""

from __future__ import annotations

from vagus.trial.published import AttackDesign, PublishedTrial, published_trials

_OPEN = "its change helped to fit what people expect who know that they are treated"
_LASTING = "known when the prior of relief that outlasts a session was set, though not fitted"
_OWN_LOSS = "its own completion is in its design"
KNOWN_BEFORE = {
    "PREMIUM": f"{_LASTING}; baseline range and scatter of counts in migraine",
    "EVENT": f"{_LASTING}; headache days of chronic migraine; {_OWN_LOSS}",
    "ZHANG": f"{_LASTING}; {_OWN_LOSS}",
    "ARANOW2021": _LASTING,
    "MUTHULINGAM2021": _LASTING,
    "SHI2021": _LASTING,
    "KRASAELAP2020": _LASTING,
    "GRAZZI2016": _OPEN,
    "KINFE2015": f"{_OPEN}; range of spreads in migraine",
    "NATELSON2021": "baseline of fibromyalgia",
    "COURTIES2022": f"{_OPEN}; baseline and entry in osteoarthritis",
    "CLBP2024": _OPEN,
    "MARSAL2021": _OWN_LOSS,
}
"""Trial -> how its numbers shaped a prior in spite of being left out."""


def scored_trials() -> tuple[PublishedTrial, ...]:
    """Calibration trials that can be forecast without themselves."""
    return tuple(
        trial
        for trial in published_trials("calibration")
        if not isinstance(trial.design, AttackDesign)
    )
