"""Lights of the model itself: fibres, switches, values set by hand, endotoxin, the endpoint."""

from __future__ import annotations

import math

import numpy as np

from vagus.credibility.light import (
    ROUNDING,
    Colour,
    Light,
    Span,
    by_distance,
    known_range,
    near,
    said,
    worst,
)
from vagus.credibility.protocol_lights import beyond, in_words, phase_us
from vagus.data import read_table
from vagus.study import Study

CENTRAL = (0.025, 0.975)
MEASURED = ("cervical", "auricular")
"""Priors of recruitment whose zeros come from evoked potentials (recruitment_priors.csv)."""


def fibre_lights(study: Study) -> tuple[Light, ...]:
    """Recruitment in people, and, where fibres are computed, the solver against NEURON."""
    dimension = "fibres recruited"
    if study.recruitment == "prior":
        return (_prior_light(dimension, study.prior or ""),)
    if study.field.potentials is not None:
        text, source = said("fibres_imported")
        field = Light(dimension, "potentials of a file", "nothing", "grey", text, source)
        return (field, _solver(study))
    text, source = said("fibres_computed")
    if study.field.cuff != "livanova-helical":
        also, table = said("fibres_other_shape")
        text, source = f"{text}; {also}", f"{source}; {table}"
    asked = f"computed, cuff {study.field.cuff or 'not named'}"
    return (Light(dimension, asked, "six human thresholds", "amber", text, source), _solver(study))


def _prior_light(dimension: str, prior: str) -> Light:
    """A prior whose zeros were measured, or one that is assumed like another."""
    measured = prior in MEASURED
    text, source = said("fibres_prior" if measured else "fibres_prior_assumed")
    compared = "evoked potentials at neck and ear" if measured else "nothing"
    colour: Colour = "amber" if measured else "red"
    return Light(dimension, f"prior, {prior}", compared, colour, text, source)


def _solver(study: Study) -> Light:
    row = known_range("pulse_width_neuron")
    compared, shapes = Span(float(row["low"]), float(row["high"])), row["text"].split()
    factor, why = near("pulse against NEURON")
    width, shape = phase_us(study.stimulation), study.stimulation.waveform
    colour = by_distance(width, compared, compared, factor)
    text, source = said("neuron")
    reasons = [text] if colour == "green" else [beyond(width, "us", compared, factor, why)]
    if shape not in shapes:
        reasons.append(said("neuron_shape")[0])
        colour = worst(colour, "amber")
    validated = f"{row['low']} to {row['high']} {row['unit']}: {', '.join(shapes)}"
    asked = f"{shape}, {in_words(width, 'us')}"
    return Light(
        "pulse against NEURON", asked, validated, colour, "; ".join(reasons),
        f"{source}; {row['source']}",
    )  # fmt: skip


def link_light(study: Study) -> Light:
    """What acts on what, against the switches that validation ran with."""
    rows = {row["symbol"]: row for row in read_table("body/links.csv")}
    changed = {s: on for s, on in study.body.links.items() if on != (rows[s]["default"] == "1")}
    if not changed:
        text, source = said("links_default")
        return Light("links", "the default switches", "the default switches", "green", text, source)
    colour: Colour = "amber"
    reasons = []
    for symbol, on in changed.items():
        key = "links_changed"
        if on and rows[symbol]["grade"] == "none":
            colour, key = "red", "links_none"
        reasons.append(f"{symbol}: {said(key)[0]}")
    asked = ", ".join(f"{s} {'on' if on else 'off'}" for s, on in changed.items())
    return Light(
        "links", asked, "the default switches", colour, "; ".join(reasons), "data/body/links.csv"
    )


def parameter_lights(study: Study) -> tuple[Light, ...]:
    """One light for each parameter set by hand: its fixed value, inside its prior, or further out.

    Inside its prior is amber: what was uncertain is then taken as known, which nothing validates.
    """
    if not study.body.parameters:
        return ()
    from vagus.body.conditions import condition
    from vagus.body.full import full_body

    quantities = full_body().quantities
    treated = study.patient.condition
    own = condition(treated).parameters if treated is not None else {}
    lights = []
    for symbol, value in study.body.parameters.items():
        row = quantities[symbol]
        prior, text = row.prior, row.distribution
        default = float(row.default)
        if symbol in own:
            prior, text, default = own[symbol].prior, own[symbol].distribution, own[symbol].default
        asked = in_words(value, "" if row.unit == "1" else row.unit)
        if prior is None:
            same = math.isclose(value, default, rel_tol=ROUNDING, abs_tol=ROUNDING)
            colour: Colour = "green" if same else "amber"
            place = "the fixed value" if same else "another than the fixed value; no spread known"
        else:
            low, high = prior.quantile(np.array(CENTRAL))
            colour, place = _in_prior(value, float(low), float(high), prior.support)
            if prior.kind == "choice" and value not in prior.numbers[::2]:
                colour, place = "red", "none of the alternatives"
        reason = f"{place}. {said('parameters')[0]}"
        lights.append(
            Light(f"parameter {symbol}", asked, text or "fixed", colour, reason, row.reference)
        )
    return tuple(lights)


def _in_prior(
    value: float, low: float, high: float, support: tuple[float, float]
) -> tuple[Colour, str]:
    if Span(low, high).holds(value):
        text, _ = said("parameter_inside")
        return "amber", text
    if Span(*support).holds(value):
        return "red", "in the tails of its prior"
    return "red", "outside the support of its prior"


def endotoxin_lights(study: Study) -> tuple[Light, ...]:
    """Dose and duration of endotoxin, where the study gives any."""
    given = study.body.lps
    if given is None:
        return ()
    treated = study.patient.condition is not None
    text, source = said("lps_patient" if treated else "lps")
    lights = []
    for dimension, quantity, value in (
        ("endotoxin dose", "lps_dose", given.dose_ng_per_kg),
        ("endotoxin given over", "lps_infusion", given.infusion_s),
    ):
        row = known_range(quantity)
        compared = Span(float(row["low"]), float(row["high"]))
        factor, why = near(dimension)
        # Some of these rows fail: inside is amber at best. Patients were given none.
        colour = "red" if treated else by_distance(value, None, compared, factor)
        far = (
            ""
            if compared.holds(value)
            else beyond(value, row["unit"], compared, factor, why) + ". "
        )
        validated = f"{row['low']} to {row['high']} {row['unit']}"
        asked = in_words(value, row["unit"])
        where = f"{source}; {row['source']}"
        lights.append(Light(dimension, asked, validated, colour, f"{far}{text}", where))
    return tuple(lights)


def endpoint_lights(study: Study) -> tuple[Light, ...]:
    """Endpoint and kind of a virtual trial, against those of scored trials."""
    if study.trial is None:
        return ()
    scored = {row["design"] for row in read_table("trial/scored_outcomes.csv")}
    designs = [row for row in read_table("trial/designs.csv") if row["key"] in scored]
    asked = (study.trial.endpoint, study.trial.kind)
    with_endpoint = [f"{r['key']} ({r['kind']})" for r in designs if r["endpoint"] == asked[0]]
    # Of a design with one arm nothing is scored but the course.
    alike = any((row["endpoint"], row["kind"]) == asked for row in designs)
    colour: Colour = "amber" if alike else "red"
    text, source = said("endpoint_scored" if colour == "amber" else "endpoint_unscored")
    validated = f"endpoint scored in {', '.join(with_endpoint)}" if with_endpoint else "nothing"
    return (
        Light("endpoint and design", f"{asked[0]}, {asked[1]}", validated, colour, text, source),
    )
