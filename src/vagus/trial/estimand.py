"""What a trial estimates, after ICH E9(R1): five attributes, and a sentence that says them.

The events after randomisation that a simulated patient can meet are stopping treatment (which here
also ends the ratings), taking rescue treatment, and missing sessions. The default strategy for each
is the one that the analysis carries out, so that what is claimed is what is computed:

- a mixed model of observed ratings reads those who stopped as if they had gone on (hypothetical);
- counting those who stopped as no response is a composite;
- ratings under rescue are used as they are (treatment policy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

from vagus.errors import InputError
from vagus.protocol.device import nearest

Strategy = Literal[
    "treatment policy", "hypothetical", "composite", "while on treatment", "principal stratum"
]
STRATEGIES: tuple[str, ...] = get_args(Strategy)
STOPPING, RESCUE, MISSING = "stopping treatment", "taking rescue treatment", "missing sessions"
EVENTS = (STOPPING, RESCUE, MISSING)
# What each strategy does with an event, in words (ICH E9(R1), section A.3.2).
IN_WORDS: Mapping[str, str] = {
    "treatment policy": "regardless of {}",
    "hypothetical": "as if without {}",
    "composite": "counting {} as treatment failure",
    "while on treatment": "up to {}",
    "principal stratum": "in those in whom {} would happen under neither treatment",
}
# How each analysis reads those who stop: see the head of this module.
STOPPING_BY_ANALYSIS: Mapping[str, Strategy] = {
    "mmrm": "hypothetical",
    "ancova": "hypothetical",
    "responder": "composite",
    "crossover": "hypothetical",
    "n-of-1": "while on treatment",
    "change-within": "while on treatment",
}


@dataclass(frozen=True)
class Estimand:
    """ICH E9(R1): population, treatment, variable, intercurrent events -> strategy, summary.

    Raises `InputError` for an attribute left empty, an event that patients cannot meet, or a
    strategy that the guideline does not have.
    """

    population: str
    treatment: str
    variable: str
    strategies: Mapping[str, Strategy]
    summary: str

    def __post_init__(self) -> None:
        for name in ("population", "treatment", "variable", "summary"):
            if not getattr(self, name).strip():
                raise InputError(f"estimand.{name}", "empty", "a phrase", "Say it in words.")
        for event, strategy in self.strategies.items():
            if event not in EVENTS:
                fix = nearest(event, EVENTS)
                raise InputError("estimand.strategies", event, ", ".join(EVENTS), fix)
            if strategy not in STRATEGIES:
                fix = nearest(str(strategy), STRATEGIES)
                field = f"estimand.strategies.{event}"
                raise InputError(field, strategy, ", ".join(STRATEGIES), fix)

    def having(self, strategies: Mapping[str, Strategy]) -> Estimand:
        """This estimand with other strategies for the events named."""
        return replace(self, strategies={**self.strategies, **strategies})

    def sentence(self) -> str:
        """The estimand as one sentence, for reports."""
        said = [IN_WORDS[s].format(event) for event, s in self.strategies.items()]
        events = f", {'; '.join(said)}" if said else ""
        return f"In {self.population}: {self.summary} of {self.variable}, {self.treatment}{events}."


def default_estimand(
    kind: str, analysis: str, population: str, treatment: str, variable: str, *, binary: bool
) -> Estimand:
    """The estimand that a design of this kind has when nothing else is said.

    ``kind`` and ``analysis`` as in `vagus.trial.design.Design`; ``binary``: the endpoint is yes or
    no, or is made so by a responder analysis. Raises `InputError` for an unknown analysis.
    """
    if analysis not in STOPPING_BY_ANALYSIS:
        names = tuple(STOPPING_BY_ANALYSIS)
        raise InputError("analysis", analysis, ", ".join(names), nearest(analysis, names))
    if kind == "enriched-withdrawal":
        population = f"{population}, who responded to open treatment"
    elif kind == "n-of-1":
        population = f"one person among {population}"
    summary = "difference in means"
    if binary or analysis == "responder":
        summary = "difference in, and ratio of, the shares that respond"
    elif analysis == "change-within":
        summary = "mean change from baseline"
    strategies: dict[str, Strategy] = {
        STOPPING: STOPPING_BY_ANALYSIS[analysis],
        RESCUE: "treatment policy",
        MISSING: "treatment policy",
    }
    return Estimand(population, treatment, variable, strategies, summary)
