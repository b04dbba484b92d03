"""What the figures need, taken from the values of the earlier stages."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vagus.field.basis import PotentialBasis
from vagus.field.electrodes import Cuff, Strip, enclosing_circle
from vagus.field.sample import Field
from vagus.nerve.population import FibrePopulation
from vagus.nerve.section import CrossSection
from vagus.protocol.protocol import Protocol
from vagus.protocol.safety import safety_lines
from vagus.protocol.safety_line import compared, remark
from vagus.report.content import Fact
from vagus.report.figures import ContactDrawing, CuffDrawing, FieldProfile, PotentialMap

Floats = NDArray[np.float64]


def cuff_drawing(cuff: Cuff, section: CrossSection, weights: Floats) -> CuffDrawing:
    """The cuff as fitted to ``section``, concentric with the circle around its outline."""
    centre = enclosing_circle(section.outline_um)[0]
    fitted = cuff.fitted(section)
    inner = fitted.inner_diameter_um / 2
    contacts = tuple(
        _contact(strip, float(w)) for strip, w in zip(fitted.contacts, weights, strict=True)
    )
    at = (float(centre[0]), float(centre[1]))
    return CuffDrawing(at, inner, inner + fitted.thickness_um, contacts)


def _contact(strip: Strip, weight: float) -> ContactDrawing:
    half = min(strip.arc_deg, 360.0) / 2  # a helix of several turns covers the whole circle
    start, end = strip.angle_deg - half, strip.angle_deg + half
    return ContactDrawing(strip.name, start, end, int(np.sign(weight)), *strip.extent_um)


def field_profile(
    basis: PotentialBasis, cuff: Cuff, weights: Floats, population: FibrePopulation
) -> FieldProfile:
    """Potential along the fibres that feel the stimulus most, in the median, and least.

    Fibres are ranked by the span of the stimulus's potential along them; row f of ``basis`` belongs
    to fibre f of ``population``.
    """
    rank = np.argsort(np.ptp(basis.combined(weights), axis=1))
    chosen = rank[[-1, len(rank) // 2, 0]]
    words = ("strongest field", "median", "weakest")
    names = tuple(
        f"{word} (fascicle {population.fascicle[f] + 1})"
        for word, f in zip(words, chosen, strict=True)
    )
    phi = np.asarray(basis.potential_mV_per_mA[:, chosen], dtype=np.float64)
    extent = {strip.name: strip.extent_um for strip in cuff.contacts}
    spans = tuple(extent[name] for name in basis.contacts if name in extent)
    complete = spans if len(spans) == len(basis.contacts) else ()
    return FieldProfile(basis.contacts, basis.z_um, phi, weights, names, complete)


def potential_map(field: Field, weights: Floats) -> tuple[str, PotentialMap]:
    """The stimulus's potential in nerve and lumen at the level of the strongest cathode.

    Returns the contact's name with the map; the level is the nearest z node of the field.
    """
    contact = int(np.argmin(weights))
    strip = field.cuff.contacts[contact]
    level = int(np.argmin(np.abs(field.line.nodes - strip.z_um * 1e-3)))
    values = np.tensordot(weights, field.potential_mV_per_mA[level], axes=1)
    region = field.plane.mesh.region
    shown = np.flatnonzero(region <= len(field.section.fascicles) + 1)  # fascicles, nerve, lumen
    corner, inside = _subdivision(3 if field.plane.order == 2 else 1)
    place = np.einsum("ka,tai->tki", corner, field.plane.points[field.plane.elements[shown, :3]])
    shape = field.plane.weights(np.repeat(shown, len(corner)), place.reshape(-1, 2))
    nodes = np.repeat(field.plane.elements[shown], len(corner), axis=0)
    potential = np.einsum("pn,pn->p", shape, values[nodes])
    first = np.arange(len(shown)) * len(corner)
    triangles = (first[:, None, None] + inside).reshape(-1, 3)
    xy, z_um = place.reshape(-1, 2) * 1e3, float(field.line.nodes[level] * 1e3)
    return strip.name, PotentialMap(xy[:, 0], xy[:, 1], potential, z_um, triangles)


def _subdivision(n: int) -> tuple[Floats, NDArray[np.int64]]:
    """Barycentric points [(n+1)(n+2)/2, 3] and triangles [n * n, 3] of a triangle cut n-fold."""
    index = {
        (i, j): k for k, (i, j) in enumerate((i, j) for i in range(n + 1) for j in range(n + 1 - i))
    }
    points = np.array([(i, j, n - i - j) for i, j in index], dtype=np.float64) / n
    up = [(index[i, j], index[i + 1, j], index[i, j + 1]) for i, j in index if i + j < n]
    down = [
        (index[i + 1, j], index[i + 1, j + 1], index[i, j + 1]) for i, j in index if i + j < n - 1
    ]
    return points, np.array(up + down, dtype=np.int64)


def safety_facts(protocol: Protocol) -> tuple[Fact, ...]:
    """Electrical safety, one line per quantity, with its limit and verdict.

    A remark that repeats that of the line above is left out.
    """
    facts, before = [], ""
    for line in safety_lines(protocol):
        said = remark(line)
        note = "" if said == before else said
        facts.append(Fact(line.quantity, compared(line), line.source, line.mark, note))
        before = said
    return tuple(facts)
