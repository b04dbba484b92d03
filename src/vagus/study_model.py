"""The fields of a study file and what each may be: one pydantic model per section.

In the file a quantity is written with its unit (``current: 1.5 mA``); here it is a float whose
name says the unit (``current_mA``). Files that are named must exist, relative to the study file.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationInfo,
    WithJsonSchema,
)

from vagus.data import read_table
from vagus.protocol.device import device, device_keys, nearest
from vagus.study_quantity import QuantityIn, Section, problem
from vagus.study_trial import Trial


def _one_of(names: Callable[[], tuple[str, ...]]) -> AfterValidator:
    """The text must be one of ``names()``, which is asked only when a file is read."""

    def check(text: str) -> str:
        if text not in names():
            raise problem(", ".join(names()), nearest(text, names()))
        return text

    return AfterValidator(check)


def _device_key(text: str) -> str:
    try:
        return device(text).key
    except ValueError as error:
        raise problem(", ".join(device_keys()), nearest(text, device_keys())) from error


def _existing_file(text: object, info: ValidationInfo) -> Path:
    if not isinstance(text, str):
        raise problem("the path of a file")
    path = Path((info.context or {}).get("folder", ".")) / text
    if not path.is_file():
        beside = sorted(p.name for p in path.parent.glob("*")) if path.parent.is_dir() else []
        fix = nearest(path.name, beside) or "Paths are relative to the study file."
        raise problem("a file that exists", fix)
    return path


def _nerve_names() -> tuple[str, ...]:
    from vagus.nerve.library import LIBRARY

    return tuple(LIBRARY)


def _alternative_names() -> tuple[str, ...]:
    from vagus.nerve.sampling import alternatives

    return alternatives()


def _cuff_names() -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["cuff"] for row in read_table("field/cuffs.csv")))


def _condition_names() -> tuple[str, ...]:
    return tuple(dict.fromkeys(row["key"] for row in read_table("body/conditions.csv")))


def _perineurium_rules() -> tuple[str, ...]:
    return (*(row["id"] for row in read_table("field/perineurium.csv")), "measured")


def _as_tuple(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _one_image(value: object) -> object:
    return {"nerve": value} if isinstance(value, str) else value


def _named_nerve(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


def _dose(text: object) -> float:
    """ng/kg of a text such as `2 ng/kg`; pint would take mass per mass for a plain number."""
    row = next(r for r in read_table("body/drive_settings.csv") if r["id"] == "lps-largest")
    allowed = f"a dose above 0 ng/kg, up to {row['value']} ng/kg, such as `2 ng/kg`"
    found = DOSE.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise problem(allowed, "Write a number and its unit, ng/kg.")
    dose = float(found[1])
    if not 0 < dose <= float(row["value"]):
        raise problem(allowed, f"Outside what was given to volunteers: {row['source']}.")
    return dose


DOSE = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*ng\s*/\s*kg\s*")
Dose = Annotated[
    float, BeforeValidator(_dose), WithJsonSchema({"type": "string", "examples": ["2 ng/kg"]})
]
LINKS = {"cytokines": "off", "link_mood_pain": "on"}
FilePath = Annotated[Path, BeforeValidator(_existing_file), WithJsonSchema({"type": "string"})]
NOT_A_SIGN = "Reverse the polarity with `cathode`, not with a sign."
Current = Annotated[float, QuantityIn("mA", "1.5 mA", fix=NOT_A_SIGN)]
LargestCurrent = Annotated[float, QuantityIn("mA", "10 mA", above_minimum=True)]
PulseTime = Annotated[float, QuantityIn("us", "250 us", above_minimum=True)]
GapTime = Annotated[float, QuantityIn("us", "50 us")]
Rate = Annotated[float, QuantityIn("Hz", "20 Hz", above_minimum=True)]
BreathingRate = Annotated[float, QuantityIn("1/min", "15/min", above_minimum=True)]
Span = Annotated[float, QuantityIn("s", "30 s", above_minimum=True)]
Pause = Annotated[float, QuantityIn("s", "5 min")]
PixelSize = Annotated[float, QuantityIn("um", "0.5 um", above_minimum=True)]
WaveformName = Literal["monophasic", "biphasic", "pseudo-monophasic", "burst"]
SmallModel = Literal["pena", "mrg-interpolation"]
LargeModel = Literal["mrg-interpolation", "pena"]
CFibreModel = Literal["sundt", "tigerholm", "rattay", "schild94", "schild97"]


class RespiratoryGating(Section):
    """Stimulation during expiration only, the last share of each breath."""

    breaths_per_min: BreathingRate = Field(alias="breathing_rate")
    expiration_share: float = Field(gt=0, lt=1)
    phase: float = Field(default=0.0, ge=0, lt=1)
    window_s: Span | None = Field(default=None, alias="window")


class Stimulation(Section):
    """What the device is set to; what is not given comes from the device where it is known.

    ``pulse_width_us`` is None for a burst, which has ``carrier_Hz`` and ``cycles`` instead.
    ``session_s`` None: one session as long as the study. ``off_time_s`` None: always on.
    """

    current_mA: Current = Field(alias="current")
    frequency_Hz: Rate = Field(alias="frequency")
    waveform: WaveformName
    pulse_width_us: PulseTime | None = Field(default=None, alias="pulse_width")
    gap_us: GapTime = Field(default=0.0, alias="gap")
    ratio: float = Field(default=1.0, gt=0, le=100)
    recovery_tau_us: PulseTime | None = Field(default=None, alias="recovery_tau")
    carrier_Hz: Rate | None = Field(default=None, alias="carrier")
    cycles: int | None = Field(default=None, ge=1, le=10_000)
    cathode: Literal["cranial", "caudal"] = "cranial"
    electrode: str | None = None
    on_time_s: Span | None = Field(default=None, alias="on_time")
    off_time_s: Pause | None = Field(default=None, alias="off_time")
    session_s: Span | None = Field(default=None, alias="session")
    sessions_per_day: int | None = Field(default=None, ge=1, le=1440)
    respiratory_gating: RespiratoryGating | None = None
    duration_s: Span = Field(alias="duration")


class Masks(Section):
    """One label image, or the nerve's mask and that of its fascicles."""

    nerve: FilePath
    fascicles: FilePath | None = None


class NerveSource(Section):
    """Where the cross-section comes from: exactly one of a library name, polygons, masks."""

    name: Annotated[str, _one_of(_nerve_names)] | None = None
    polygons: FilePath | None = None
    masks: Annotated[Masks, BeforeValidator(_one_image)] | None = None
    um_per_px: PixelSize | None = Field(default=None, alias="scale")


class FibreModels(Section):
    """Which membrane model stands for which fibres."""

    myelinated_small: SmallModel = Field(default="pena", alias="myelinated-small")
    myelinated_large: LargeModel = Field(default="mrg-interpolation", alias="myelinated-large")
    unmyelinated: CFibreModel = "sundt"


class Fibres(Section):
    """Which view of the fibre counts, and how many are drawn (None: the published number)."""

    alternative: Annotated[str, _one_of(_alternative_names)] = "kronsteiner-2024"
    side: Literal["left", "right"] = "left"
    seed: int | None = Field(default=None, ge=0)
    count: int | None = Field(default=None, ge=1, le=1_000_000)
    models: FibreModels = FibreModels()


class FieldSettings(Section):
    """How the potential in the nerve is worked out, or the file it is read from.

    ``cuff`` None: no preset is shaped like the device's electrode. ``perineurium``: one rule for
    its thickness, or several to sweep.
    """

    cuff: Annotated[str, _one_of(_cuff_names)] | None = None
    perineurium: Annotated[
        tuple[Annotated[str, _one_of(_perineurium_rules)], ...],
        BeforeValidator(_as_tuple),
        Field(min_length=1),
    ] = ("human-fit",)
    lumen: Literal["saline", "encapsulation"] = "saline"
    surrounding: Literal["muscle", "fat", "saline"] = "muscle"
    resolution: Literal["default", "publication"] = "default"
    potentials: FilePath | None = None


class SolverSettings(Section):
    """How thresholds are searched; ``max_current_mA`` None: chosen by the pipeline."""

    scheme: Literal["converged", "neuron"] = "converged"
    tolerance: float = Field(default=1e-3, gt=0, le=0.1)
    max_current_mA: LargestCurrent | None = Field(default=None, alias="max_current")
    precision: Literal["float32", "float64"] = "float32"


class Patient(Section):
    """Who is treated: a condition with its baseline, scale and weights, from the table."""

    condition: Annotated[str, _one_of(_condition_names)] | None = None


class Lps(Section):
    """A dose of endotoxin, as given to volunteers; a bolus is an infusion of one minute."""

    dose_ng_per_kg: Dose = Field(alias="dose")
    at_s: Pause = Field(default=0.0, alias="at")
    infusion_s: Span = Field(default=60.0, alias="infusion")


class Body(Section):
    """How the body is simulated.

    ``links``: symbol of a link -> whether it is on; ``parameters``: symbol -> value in the unit of
    its table, for all draws. ``follow_up_s``: simulated after the study's duration.
    """

    draws: int = Field(default=200, ge=1, le=100_000)
    links: Annotated[dict[str, bool], WithJsonSchema({"type": "object", "examples": [LINKS]})] = (
        Field(default_factory=dict)
    )
    parameters: Annotated[
        dict[str, float], WithJsonSchema({"type": "object", "examples": [{"pairing": 0.5}]})
    ] = Field(default_factory=dict)
    lps: Lps | None = None
    follow_up_s: Pause = Field(default=0.0, alias="follow_up")


def _as_text(value: object) -> object:
    """Numbers and lists as they were written; "" is as good as nothing."""
    if isinstance(value, list):
        return "; ".join(str(_as_text(item)) for item in value)
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if numeric else value.strip() if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_as_text)]


class Reporting(Section):
    """What `vagus report --tvns-checklist` cannot know from the rest of the study, in words.

    An empty text is missing. A text here stands before what the device's table says.
    """

    manufacturer: Text = ""
    device_version: Text = ""
    regulatory_status: Text = ""
    design: Text = ""
    subject_factor: Text = ""
    blinding_of_subjects: Text = ""
    blinding_of_assessors: Text = ""
    blinding_of_statisticians: Text = ""
    session_delivered: Text = ""
    pre_stimulation_period: Text = ""
    time_of_day: Text = ""
    manipulation_check: Text = ""
    sham: Text = ""
    dose_delivered: Text = ""
    compliance_monitoring: Text = ""
    completer_definition: Text = ""
    site: Text = ""
    skin_preparation: Text = ""
    electrode_material: Text = ""
    electrode_geometry: Text = ""
    control_mode: Literal["", "constant current", "constant voltage"] = ""
    voltage: Text = ""
    anode_cathode: Text = ""
    inclusion_criteria: Text = ""
    exclusion_criteria: Text = ""
    mean_age: Text = ""
    age_range: Text = ""
    sex: Text = ""
    ethnicity: Text = ""
    confounders: Text = ""
    prior_knowledge_of_ear_innervation: Text = ""
    adverse_event_methods: Text = ""
    adverse_events: Text = ""
    titration: Text = ""
    threshold: Text = ""


class StudyFile(Section):
    """A study file, whole."""

    title: str = ""
    device: Annotated[str, AfterValidator(_device_key)]
    stimulation: Stimulation
    recruitment: Literal["computed", "prior"] = "computed"
    nerve: Annotated[NerveSource, BeforeValidator(_named_nerve)] = NerveSource()
    fibres: Fibres = Fibres()
    field: FieldSettings = FieldSettings()
    solver: SolverSettings = SolverSettings()
    patient: Patient = Patient()
    body: Body = Body()
    trial: Trial | None = None
    reporting: Reporting = Reporting()
    seed: int = Field(default=0, ge=0)
