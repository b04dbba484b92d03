"""What is there: cross-sections, their fibres, a library of nerves and the import of one's own."""

from vagus.nerve.library import LIBRARY, Nerve, load_nerve, load_section
from vagus.nerve.masks import section_from_masks
from vagus.nerve.polygons import save_section, section_from_polygons
from vagus.nerve.population import FIBRE_CLASSES, FibrePopulation
from vagus.nerve.sampling import GroupCount, alternatives, group_counts, sample_population
from vagus.nerve.section import CrossSection, Fascicle
from vagus.nerve.separate import separate_fascicles
from vagus.nerve.synthetic import synthetic_section
from vagus.nerve.validate import validate_section

__all__ = [
    "FIBRE_CLASSES",
    "LIBRARY",
    "CrossSection",
    "Fascicle",
    "FibrePopulation",
    "GroupCount",
    "Nerve",
    "alternatives",
    "group_counts",
    "load_nerve",
    "load_section",
    "sample_population",
    "save_section",
    "section_from_masks",
    "section_from_polygons",
    "separate_fascicles",
    "synthetic_section",
    "validate_section",
]
