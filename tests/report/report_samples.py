"""A plausible, made-up nerve with thresholds by a simple law: the report is tested, not physics."""

from __future__ import annotations

import numpy as np

from vagus.fibre.recruitment import Recruitment
from vagus.fibre.strength_duration import StrengthDuration
from vagus.nerve.population import FibrePopulation
from vagus.nerve.section import CrossSection, Fascicle
from vagus.protocol.waveform import biphasic
from vagus.report.content import Fact, Report, Stimulus
from vagus.report.figures import ContactDrawing, CuffDrawing, FieldProfile, PotentialMap, map_points

GROUPS = (  # group, class, mean diameter um, share, afferent
    ("laryngeal-motor", "A-alpha", 11.0, 0.02, False),
    ("pulmonary-stretch", "A-beta", 8.0, 0.04, True),
    ("baroreceptor", "A-delta", 4.0, 0.06, True),
    ("cough-mechanosensor", "A-delta", 3.5, 0.05, True),
    ("cardiac-efferent", "B", 2.2, 0.05, False),
    ("splenic-efferent", "B", 2.0, 0.03, False),
    ("gastrointestinal-afferent", "C", 0.8, 0.55, True),
    ("sympathetic", "C", 0.9, 0.20, False),
)


def ellipse(x: float, y: float, a: float, b: float, n: int = 60) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    return np.column_stack([x + a * np.cos(t), y + b * np.sin(t)])


def make_section() -> CrossSection:
    shapes = ((-450, 60, 230, 180), (250, 250, 260, 220), (330, -330, 150, 140))
    return CrossSection(
        "three-ellipses",
        ellipse(0, 0, 1000, 800),
        tuple(Fascicle(ellipse(*s), 15.0) for s in shapes),
    )


def make_population(fibres: int = 3000, seed: int = 1) -> FibrePopulation:
    rng = np.random.default_rng(seed)
    section = make_section()
    kind = rng.choice(len(GROUPS), size=fibres, p=[g[3] for g in GROUPS])
    fascicle = rng.choice(3, size=fibres, p=[0.42, 0.43, 0.15])
    centre = np.array([f.inner_um.mean(axis=0) for f in section.fascicles])[fascicle]
    half = np.array([np.ptp(f.inner_um, axis=0) / 2 for f in section.fascicles])[fascicle]
    radius, angle = np.sqrt(rng.random(fibres)), rng.uniform(0, 2 * np.pi, fibres)
    at = centre + 0.97 * half * radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    diameter = np.array([g[2] for g in GROUPS])[kind] * rng.lognormal(0, 0.15, fibres)
    names = np.array([g[1] for g in GROUPS])[kind]
    return FibrePopulation(
        np.array([g[0] for g in GROUPS])[kind],
        names,
        diameter,
        at[:, 0],
        at[:, 1],
        fascicle.astype(np.int64),
        names != "C",
        np.array([g[4] for g in GROUPS])[kind],
    )


def make_recruitment(
    fibres: int = 3000, seed: int = 1, max_current_mA: float = 20.0
) -> Recruitment:
    population = make_population(fibres, seed)
    away = np.hypot(population.x_um + 900, population.y_um) / 900
    myelinated = population.myelinated
    law = np.where(myelinated, 0.45 * (10 / population.diameter_um), 14 / population.diameter_um)
    threshold = law * (0.4 + away**1.3)
    threshold = np.where(threshold > max_current_mA, np.inf, threshold)
    d = population.diameter_um
    velocity = np.where(myelinated, 5.2 * d, 0.5 * np.sqrt(d))
    model = np.where(myelinated, "mrg-interpolation", "sundt")
    return Recruitment(
        population, model, threshold, threshold * 0.999, threshold, velocity, max_current_mA
    )


def with_thresholds(recruitment: Recruitment, threshold: np.ndarray) -> Recruitment:
    r = recruitment
    return Recruitment(
        r.population,
        r.model,
        threshold,
        threshold,
        threshold,
        r.conduction_velocity_m_per_s,
        r.max_current_mA,
    )


def make_cuff() -> CuffDrawing:
    contacts = (
        ContactDrawing("cathode", 45.0, 315.0, -1, -4750.0, -3250.0),
        ContactDrawing("anode", 45.0, 315.0, 1, 3250.0, 4750.0),
    )
    return CuffDrawing((0.0, 0.0), 1080.0, 1500.0, contacts)


def make_profile() -> FieldProfile:
    z = np.linspace(-20e3, 20e3, 801)
    unit = [
        [1e3 * 60 / np.hypot(z - at, 600 + 300 * k) for k in range(3)] for at in (-4000.0, 4000.0)
    ]
    extent = ((-4750.0, -3250.0), (3250.0, 4750.0))
    names = ("nearest to the cathode", "centre", "farthest")
    return FieldProfile(
        ("cathode", "anode"), z, np.array(unit), np.array([-1.0, 1.0]), names, extent
    )


def make_map() -> PotentialMap:
    x, y, _ = map_points(make_section())
    return PotentialMap(x, y, -90 * np.exp(-np.hypot(x + 900, y) / 1500), -4000.0)


def make_report(recruitment: Recruitment) -> Report:
    width = np.array([50.0, 100, 200, 400, 800])
    curves = (
        StrengthDuration("Aα, median", "A-alpha", width, 0.3 * (1 + 180 / width)),
        StrengthDuration("B, median", "B", width, 1.9 * (1 + 260 / width)),
        StrengthDuration("C, median", "C", width, np.where(width < 300, np.inf, 9.0)),
    )
    facts = (
        Fact("current", "1.5 mA", "study file", "assumed"),
        Fact("pulse width", "250 µs", "study file", "assumed", "per phase"),
        Fact("device", "LivaNova <VNS> & co", "physician's manual", "seen"),
        Fact("charge per phase", "0.375 µC", "current × pulse width", "derived"),
    )
    on_off = np.array([[0.0, 30.0], [330.0, 360.0], [660.0, 690.0]])
    stimulus = Stimulus(biphasic(250.0), 1.5, 250.0, 20.0, 0.25, on_off)
    return Report(
        "LivaNova cuff on three ellipses",
        facts[:2],
        facts[2:],
        facts,
        facts,
        facts[:1],
        make_section(),
        recruitment,
        stimulus,
        7,
        alternatives=facts[:1],
        warnings=("Charge is not balanced: 3 nC per pulse.",),
        cuff=make_cuff(),
        field_profile=make_profile(),
        potential_map=("cathode", make_map()),
        strength_duration=curves,
    )
