"""How far an asked protocol lies from anything validated, as a traffic light with reasons.

    from vagus.credibility.applicability import applicability
    found = applicability(vagus.load_study("examples/migraine-cervical.yaml"))

Every light says what is asked, what was compared, a colour, why, and where that stands. What
counts as near is a factor in ``data/credibility/near.csv``, assumed and said so. The whole is as
good as its worst light; grey counts as amber. The light of the effect on pain against sham is never
green: no predictive skill is shown. Nothing is simulated here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from vagus.credibility.coverage import (
    PAIN,
    Covered,
    at,
    covered,
    passed,
    published,
    recorded,
    support,
)
from vagus.credibility.light import Colour, Light, said, worst
from vagus.credibility.model_lights import (
    endotoxin_lights,
    endpoint_lights,
    fibre_lights,
    link_light,
    parameter_lights,
)
from vagus.credibility.protocol_lights import protocol_lights
from vagus.data import read_table
from vagus.protocol.device import Device
from vagus.study import Study
from vagus.study_checks import prior_of
from vagus.trial.published import published_trials
from vagus.validation.table import Row

__all__ = ["Applicability", "Colour", "Light", "applicability", "site_of"]
ROWS = "data/credibility/covered.csv, data/body/observations_*.csv"
SHAM = "sham"


@dataclass(frozen=True)
class Applicability:
    """All lights of a study; ``colour``: the worst of them; ``sentence``: the whole in words."""

    lights: tuple[Light, ...]
    colour: Colour
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)


def applicability(study: Study, rows: Sequence[Row] | None = None) -> Applicability:
    """Compare ``study`` with what validation covered.

    ``rows``: of `vagus.validate`, whose verdicts then count; without them those recorded last do.
    """
    verdicts = dict(recorded())
    if rows is not None:
        verdicts |= {row.observation.id: row.verdict for row in rows}
    site = site_of(study.device)
    lights = (
        _site(study, site, verdicts), _condition(study, verdicts), _outcome(study, site, verdicts),
        *protocol_lights(study, site, verdicts), *fibre_lights(study), link_light(study),
        *parameter_lights(study), *endotoxin_lights(study), *endpoint_lights(study),
    )  # fmt: skip
    colour = worst(*(light.colour for light in lights))
    return Applicability(lights, colour, _sentence(lights, colour))


def site_of(device: Device) -> str:
    """Key of `sites.csv`: where a device touches the body."""
    prior = prior_of(device) or ""
    return next(r["site"] for r in read_table("credibility/sites.csv") if r["prior"] == prior)


def _site(study: Study, site: str, verdicts: Mapping[str, str]) -> Light:
    name = next(r["name"] for r in read_table("credibility/sites.csv") if r["site"] == site)
    everything, pain = at(site), at(site, PAIN)
    whole, of_pain = support(everything, verdicts), support(pain, verdicts)
    held_in_pain = any(c.held_out for c in pain)
    colour = whole.colour if held_in_pain else worst(whole.colour, "amber")
    reason = f"all outcomes: {whole.words}. Pain: {of_pain.words}"
    asked = f"{study.device.key}: {name}"
    return Light("device class and site", asked, _outcomes(everything), colour, reason, ROWS)


def _outcomes(protocols: Sequence[Covered]) -> str:
    by_outcome: dict[str, list[str]] = {}
    for c in protocols:
        by_outcome.setdefault(c.outcome, []).append(c.key)
    return "; ".join(f"{what}: {', '.join(keys)}" for what, keys in by_outcome.items()) or "nothing"


def _condition(study: Study, verdicts: Mapping[str, str]) -> Light:
    key = study.patient.condition
    if key is None:
        text, source = said("no_condition")
        return Light("condition", "none named", "nothing", "grey", text, source)
    own = [c for c in covered() if c.condition == key]
    stimulated = [c for c in own if c.outcome == PAIN]
    found = support(stimulated, verdicts)
    course = support([c for c in own if c.outcome != PAIN], verdicts)
    stands = {t.taken_as for t in published_trials() if t.key in {c.key for c in stimulated}}
    taken = "; ".join(sorted(filter(None, stands)))
    reason = f"pain under stimulation: {found.words}. Course of sham arms: {course.words}"
    trials = published(key)
    validated = f"{_outcomes(own)}. Published trials in the tables, {len(trials)}: "
    validated += ", ".join(trials) or "none"
    reason += f". Taken as the condition: {taken}" if taken else ""
    where = f"{ROWS}, data/evidence/trials.csv"
    return Light("condition", key, validated, found.colour, reason, where)


def _outcome(study: Study, site: str, verdicts: Mapping[str, str]) -> Light:
    """The effect on pain against sham: never green, since no predictive skill is shown.

    Amber needs a contrast with sham at this site, in this condition, held out and reproduced.
    """
    dimension, condition = "effect on pain against sham", study.patient.condition
    if condition is None:
        text, source = said("no_condition")
        return Light(dimension, "not asked", "nothing", "grey", text, source)
    pair = [c for c in at(site, PAIN) if c.condition == condition]
    held = any(c.condition == condition and c.against == SHAM for c in passed(site, verdicts))
    colour: Colour = "amber" if held else "red"
    text, source = said("outcome_pair" if held else "outcome_no_pair")
    found = support(pair, verdicts)
    score, where = said("outcome_score")
    claim = next(r["claim"] for r in read_table("body/conditions.csv") if r["key"] == condition)
    reason = f"{text} ({found.words}). {score}. {condition}: {claim}"
    asked = f"{site}, {condition}"
    return Light(dimension, asked, _outcomes(pair), colour, reason, f"{source}; {where}; {ROWS}")


def _sentence(lights: Sequence[Light], colour: Colour) -> str:
    by_colour: dict[str, list[str]] = {"red": [], "amber": [], "grey": [], "green": []}
    for light in lights:
        by_colour[light.colour].append(light.dimension)
    words = {
        "red": "Beyond anything validated, or all that was held out fails",
        "amber": "Near it, or compared only in part",
        "grey": "Cannot be said", "green": "Inside what was compared",
    }  # fmt: skip
    parts = [f"{words[c]}: {', '.join(found)}." for c, found in by_colour.items() if found]
    return f"{colour.capitalize()}. {' '.join(parts)} {said('green_needs')[0]}"
