"""The whole body: every organ's statement composed into one, driven by stimulation."""

from __future__ import annotations

from functools import cache

from vagus.body.organs.brainstem import brainstem
from vagus.body.organs.descending import descending
from vagus.body.organs.disease import disease
from vagus.body.organs.heart import heart
from vagus.body.organs.immune import immune
from vagus.body.organs.monoamines import monoamines
from vagus.body.organs.mood import mood
from vagus.body.organs.pain import pain
from vagus.body.organs.plasticity import plasticity
from vagus.body.organs.sensitivity import sensitivity
from vagus.body.statement import Model, compose, state_model, table

ORGANS = (
    heart, brainstem, monoamines, immune, disease, sensitivity, mood, plasticity, descending, pain,
)  # fmt: skip


@cache
def full_body() -> Model:
    """Seconds to months in one statement; inputs `on` (stimulation) and `lps` (endotoxin)."""
    drive = state_model(table("drive"), {})
    return compose("body", drive, *(organ() for organ in ORGANS))
