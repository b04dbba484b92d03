"""The study file: a methods section that runs.

    device: livanova-vns-therapy
    stimulation:
      current: 1.5 mA
      pulse_width: 250 us
      frequency: 20 Hz
      on_time: 30 s
      off_time: 5 min
    nerve: human-cervical-sub57

Every quantity has its unit. What is left out comes from the device where that is known, and
`Study.defaults` says so. All problems of a file are reported at once, each with its line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from vagus.errors import InputError
from vagus.protocol.device import Device, nearest
from vagus.protocol.finding import Finding
from vagus.protocol.protocol import Protocol
from vagus.protocol.schedule import (
    DAY_S,
    Schedule,
    continuous,
    duty_cycle,
    respiratory_gating,
    sessions,
)
from vagus.protocol.waveform import (
    RECOVERY_TAUS,
    Waveform,
    biphasic,
    monophasic,
    pseudo_monophasic,
    sine_burst,
)
from vagus.study_checks import (
    Default,
    dose_problems,
    known_device,
    nerve_problems,
    prior_of,
    recruitment_problems,
    stimulation_problems,
    with_body,
    with_cuff,
    with_defaults,
)
from vagus.study_model import (
    Body,
    Fibres,
    FieldSettings,
    NerveSource,
    Patient,
    Reporting,
    SolverSettings,
    Stimulation,
    StudyFile,
)
from vagus.study_quantity import Section
from vagus.study_text import Keys, Problem, StudyText, parse_study_text, read_study_text
from vagus.study_trial import Trial, trial_problems

CHECKED = (
    "pulse_width_us",
    "on_time_s",
    "off_time_s",
    "session_s",
    "sessions_per_day",
    "carrier_Hz",
    "cycles",
    "duration_s",
)


@dataclass(frozen=True)
class Study:
    """A study, checked and complete: sections as in the file, floats with their unit in the name.

    ``nerve`` is empty where ``recruitment`` is ``prior`` and none is given. ``defaults`` lists what
    the file left out and where each value came from; ``fibre_seed`` is the seed of the fibres:
    theirs, or else the study's. ``trial`` is None where there is none. ``source`` is the file it
    was read from.
    """

    title: str
    device: Device
    stimulation: Stimulation
    recruitment: Literal["computed", "prior"]
    nerve: NerveSource
    fibres: Fibres
    field: FieldSettings
    solver: SolverSettings
    patient: Patient
    body: Body
    trial: Trial | None
    reporting: Reporting
    seed: int
    defaults: tuple[Default, ...]
    source: str

    @property
    def fibre_seed(self) -> int:
        """Seed of the fibre population."""
        return self.seed if self.fibres.seed is None else self.fibres.seed

    @property
    def prior(self) -> str | None:
        """Key of the recruitment prior for the device; None where fibres are computed."""
        return prior_of(self.device) if self.recruitment == "prior" else None

    @property
    def horizon_s(self) -> float:
        """How long the body is simulated: the stimulation's duration and the follow-up."""
        return self.stimulation.duration_s + self.body.follow_up_s

    def protocol(self) -> Protocol:
        """The protocol that the study's device delivers."""
        s = self.stimulation
        named = {name: getattr(s, name) for name in CHECKED}
        return Protocol(
            device=self.device,
            waveform=_waveform(s),
            current_mA=s.current_mA,
            frequency_Hz=s.frequency_Hz,
            schedule=_schedule(s),
            electrode=self.device.electrode(s.electrode),
            cathode=s.cathode,
            settings={name: float(v) for name, v in named.items() if v is not None},
        )

    def findings(self) -> list[Finding]:
        """What a reader should know before running: the device's limits and electrical safety."""
        return self.protocol().findings()


def load_study(path: str | Path) -> Study:
    """Read and check a study file.

    Raises `InputErrors` with every problem at once: line, field, value, what is allowed, and how
    to mend it.
    """
    return _study(read_study_text(path))


def parse_study(text: str, source: str = "study", folder: str | Path = ".") -> Study:
    """As `load_study`, from text; files it names are looked for in ``folder``."""
    return _study(parse_study_text(text, source, Path(folder)))


def study_schema() -> dict[str, Any]:
    """The study file as JSON schema, for documentation and editors."""
    return StudyFile.model_json_schema(by_alias=True)


def _study(text: StudyText) -> Study:
    values = dict(text.values)
    defaults: tuple[Default, ...] = ()
    problems: list[Problem] = []
    which, given = known_device(values), values.get("stimulation")
    if which is not None and isinstance(given, dict):
        values["stimulation"], defaults = with_defaults(given, which)
        problems += stimulation_problems(values["stimulation"], which)
        values["field"], cuff = with_cuff(values.get("field", {}), which)
        defaults += cuff
    elif isinstance(given, dict):
        # What a device would have supplied is not missing: the device is, and that is reported.
        values["stimulation"] = {"waveform": "monophasic", "duration": "1 day"} | given
    problems += nerve_problems(values.get("nerve"))
    problems += recruitment_problems(values, which)
    values["body"], of_body = with_body(values.get("body", {}))
    problems += of_body
    try:
        file = StudyFile.model_validate(values, context={"folder": text.folder})
    except ValidationError as error:
        problems += _field_problems(error, values, which)
    else:
        lps, length_s = file.body.lps, file.stimulation.duration_s + file.body.follow_up_s
        if lps is not None:
            problems += dose_problems(values, length_s, lps.at_s + lps.infusion_s)
        if file.trial is not None:
            condition, duration_s = file.patient.condition, file.stimulation.duration_s
            given = values["trial"]
            problems += trial_problems(given, file.trial, condition, duration_s, length_s)
    if problems:
        raise text.errors(problems)
    assert which is not None  # a file without a known device has a problem
    sections = {name: getattr(file, name) for name in StudyFile.model_fields if name != "device"}
    study = Study(device=which, defaults=defaults, source=text.source, **sections)
    try:
        study.protocol()
    except InputError as error:  # what only shows once waveform and schedule are built
        found = Problem(("stimulation", error.field), error.value, error.allowed, error.fix)
        raise text.errors([found]) from error
    return study


def _field_problems(
    error: ValidationError, values: dict[str, Any], which: Device | None
) -> list[Problem]:
    """pydantic's errors in the study's words."""
    found = []
    for e in error.errors(include_url=False):
        keys = tuple(k for k in e["loc"] if not str(k).startswith("function-"))
        context, value = e.get("ctx", {}), e["input"]
        shown = f"a {type(value).__name__}" if isinstance(value, dict | list) else value
        fix = context.get("fix", "")
        if e["type"] == "missing":
            shown, allowed = "missing", _needed(keys, which)
        elif e["type"] == "extra_forbidden":
            names = _names(keys[:-1])
            allowed = ", ".join(names)
            fix = nearest(str(keys[-1]), names) or "Remove it."
            shown = "not a field of a study"
        elif e["type"] == "study":
            allowed = context["allowed"]
        elif e["type"] == "literal_error":
            allowed = str(context["expected"]).replace("'", "")
            fix = nearest(str(value), allowed.replace(" or ", ", ").split(", "))
        elif e["type"] == "model_type":
            allowed = f"keys and values: {', '.join(_names(keys))}"
        else:
            allowed = e["msg"].removeprefix("Input should be ")
        found.append(Problem(keys, shown, allowed, fix))
    return found


def _needed(keys: Keys, which: Device | None) -> str:
    """What a missing field should hold."""
    name = str(keys[-1])
    python_name = next((n for n, i in Stimulation.model_fields.items() if i.alias == name), "")
    limits = which.limits(python_name) if which is not None else ()
    examples = {
        "device": "the key of a device, such as livanova-vns-therapy",
        "stimulation": "`current`, `pulse_width`, `frequency` and more",
        "dose": "a dose such as `2 ng/kg`",
        "n": "the number of patients of the arm",
        "role": "active, sham, untreated or control",
        "visits": "times such as `[4 weeks, 12 weeks]`",
        "arms": "arms such as `active: {role: active, n: 60}`",
        "current": "a current such as `1.5 mA`",
        "frequency": "a rate such as `20 Hz`",
    }
    text = examples.get(name, "a value")
    return f"{text} ({limits[0].allowed()} for {which.key})" if limits and which else text


def _names(keys: Keys) -> list[str]:
    """The fields of the section at ``keys``."""
    model: type[Section] = StudyFile
    for key in keys:
        info = next((i for n, i in model.model_fields.items() if key in (n, i.alias)), None)
        section = getattr(info, "annotation", None)
        options = [section, *getattr(section, "__args__", ())]
        model = next((o for o in options if isinstance(o, type) and issubclass(o, Section)), model)
    return [info.alias or name for name, info in model.model_fields.items()]


def _waveform(s: Stimulation) -> Waveform:
    if s.waveform == "burst":
        assert s.carrier_Hz is not None
        assert s.cycles is not None
        return sine_burst(s.carrier_Hz, s.cycles)
    assert s.pulse_width_us is not None
    if s.waveform == "monophasic":
        return monophasic(s.pulse_width_us)
    if s.waveform == "biphasic":
        return biphasic(s.pulse_width_us, s.gap_us, s.ratio)
    assert s.recovery_tau_us is not None
    # The discharge goes on until it has died away or the next pulse begins.
    room = 1e6 / s.frequency_Hz - s.pulse_width_us - s.gap_us
    recovery = min(RECOVERY_TAUS * s.recovery_tau_us, room)
    return pseudo_monophasic(s.pulse_width_us, s.recovery_tau_us, s.gap_us, recovery)


def _schedule(s: Stimulation) -> Schedule:
    length = s.duration_s if s.session_s is None else min(s.session_s, s.duration_s)
    if s.on_time_s is None:
        schedule = continuous(length)
    else:
        schedule = duty_cycle(s.on_time_s, s.off_time_s or 0.0, length)
    if s.session_s is not None and s.sessions_per_day is not None:
        days = math.ceil(s.duration_s / DAY_S)
        schedule = sessions(schedule, s.sessions_per_day, days) & continuous(s.duration_s)
    if s.respiratory_gating is not None:
        g = s.respiratory_gating
        schedule &= respiratory_gating(
            g.breaths_per_min, g.expiration_share, s.duration_s, g.phase, g.window_s
        )
    return schedule
