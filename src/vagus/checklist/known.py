"""What a study file, and the device's tables, say of each field that the checklist asks for.

What the simulation merely assumes counts as missing, and is named.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from vagus.data import read_table
from vagus.protocol.schedule import DAY_S
from vagus.study import Study
from vagus.study_checks import Default
from vagus.study_model import Stimulation
from vagus.study_trial import TrialArm

Origin = Literal["study", "device", "missing", "not applicable"]
MARKS = ("", "seen", "derived", "recalled", "assumed", "not_found")
"""From the best known to the least."""
STUDY_FILE = "study file"
NOT_STATUS = ("guidance",)
"""Kinds of rows of the regulatory table that are no regulator's."""


@dataclass(frozen=True)
class Part:
    """One part of an item; ``missing`` says what is, where ``origin`` is "missing".

    A part that is missing may have a ``value``: what of it is known all the same.
    """

    value: str
    origin: Origin
    source: str = ""
    mark: str = ""
    missing: str = ""


@dataclass(frozen=True)
class Known:
    """A study with what it left to the device."""

    study: Study
    defaults: dict[str, Default]

    @property
    def set(self) -> Stimulation:
        return self.study.stimulation

    @property
    def days(self) -> float:
        return self.set.duration_s / DAY_S

    @property
    def arms(self) -> dict[str, TrialArm]:
        """The arms of the trial by name."""
        return dict(self.study.trial.arms) if self.study.trial is not None else {}

    @property
    def has_sham(self) -> bool:
        return any(arm.role == "sham" for arm in self.arms.values())

    @property
    def kind_is_assumed(self) -> bool:
        """Whether the trial's kind is the program's word, not the file's."""
        return self.study.trial is not None and "kind" not in self.study.trial.model_fields_set

    def setting(self, fields: str, value: str) -> Part:
        """A value of the stimulation section, with the weakest origin of the fields behind it."""
        found = [self.defaults.get(f"stimulation.{name}") for name in fields.split()]
        added = [d for d in found if d is not None]
        if not added:
            return Part(value, "study", STUDY_FILE)
        worst = max(added, key=lambda d: MARKS.index(d.mark))
        if worst.mark == "assumed":
            return Part("", "missing", missing=_assumed(value))
        return Part(value, "device", worst.source, worst.mark)

    def fact(self, parameter: str) -> Part:
        """A fact of the device's table."""
        for fact in self.study.device.facts:
            if fact.parameter == parameter and fact.mark != "not_found":
                return Part(str(fact), "device", fact.source, fact.mark)
        return Part("", "missing")

    def listed(self, field: str) -> Part:
        """A fact of ``reporting/device_facts.csv``."""
        for row in read_table("reporting/device_facts.csv"):
            if (row["key"], row["field"]) == (self.study.device.key, field):
                return Part(row["value"], "device", row["source"], row["mark"])
        return Part("", "missing")


def _assumed(*what: str) -> str:
    """Why a part is missing that the simulation fills by itself."""
    return f"the simulation assumes: {', '.join(what)}"


def _regulatory(k: Known) -> Part:
    rows = [
        row
        for row in read_table("suitability/regulatory.csv")
        if row["key"] == k.study.device.key and row["kind"] not in NOT_STATUS
    ]
    if not rows:
        return Part("", "missing", missing="no row found for this device")
    by_region: dict[str, list[str]] = {}
    for row in rows:
        which = ", ".join(filter(None, (row["identifier"] or row["pathway"], row["date"])))
        by_region.setdefault(row["region"], []).append(
            f"{row['status'] or 'listed'} ({which}): {row['indication']}"
        )
    told = " ".join(f"{region}: {'; '.join(said)}." for region, said in by_region.items())
    sources = "; ".join(dict.fromkeys(row["source"] for row in rows))
    return Part(told, "device", sources, max((r["mark"] for r in rows), key=MARKS.index))


def _design(k: Known) -> Part:
    trial = k.study.trial
    if trial is None:
        return Part("", "missing", missing="no `trial` section")
    arms = ", ".join(f"{name} ({arm.n})" for name, arm in k.arms.items())
    if len(k.arms) == 1:
        return Part(f"single arm: {arms}", "study", "trial")
    assumed = [trial.kind] if k.kind_is_assumed else []
    told = f"arms: {arms}" if assumed else f"{trial.kind}: {arms}"
    return Part(told, "missing", "trial", missing=_assumed(*assumed, "randomised"))


def _subject_factor(k: Known) -> Part:
    trial = k.study.trial
    if trial is None:
        return Part("", "missing", missing="no `trial` section")
    within = trial.kind in ("crossover", "n-of-1") or len(k.arms) == 1
    told = "within subjects" if within else "between subjects"
    if k.kind_is_assumed and len(k.arms) > 1:
        return Part("", "missing", missing=_assumed(f"{trial.kind}, so {told}"))
    return Part(told, "study", "trial")


def _blinding(k: Known) -> Part:
    """What the file says that patients know; what an arm leaves out is the simulation's word."""
    told = ", ".join(f"{name} {arm.knows}" for name, arm in k.arms.items() if arm.knows)
    left = [
        f"{name} {'untreated' if arm.role == 'untreated' else 'blinded'}"
        for name, arm in k.arms.items()
        if not arm.knows
    ]
    source = "trial" if told else ""
    if left or not told:
        return Part(told, "missing", source, missing=_assumed(*left) if left else "")
    return Part(told, "study", source)


def _sham(k: Known) -> Part:
    """Missing unless the trial says that there is no sham."""
    if k.study.trial is not None and not k.has_sham:
        return Part("no sham arm", "not applicable", "trial")
    return Part("", "missing")


def _session(k: Known) -> Part:
    if k.set.session_s is None:
        return k.setting("duration", f"{k.set.duration_s / 60:g} min")
    return k.setting("session", f"{k.set.session_s / 60:g} min")


def _dose(k: Known) -> Part:
    session, per_day = k.set.session_s, k.set.sessions_per_day
    if session is None or per_day is None:
        return Part("", "missing", missing=_assumed("all day, without sessions"))
    told = f"{per_day} session{'s' * (per_day > 1)} of {session / 60:g} min a day"
    return k.setting("session sessions_per_day", told)


def _width(k: Known) -> Part:
    if k.set.carrier_Hz is not None:
        half = 5e5 / k.set.carrier_Hz
        return k.setting("carrier", f"{half:g} us per half-wave of the sine")
    return k.setting("pulse_width", f"{k.set.pulse_width_us:g} us")


def _on_off(k: Known) -> Part:
    gate, on, off = k.set.respiratory_gating, k.set.on_time_s, k.set.off_time_s
    cycle = "" if on is None else f"{on:g} s on, {off or 0:g} s off"
    if gate is not None:
        window = f", {gate.window_s:g} s of it" if gate.window_s is not None else ""
        told = (
            f"in expiration only, the last {100 * gate.expiration_share:g} % of each breath"
            f"{window}, at {gate.breaths_per_min:g}/min"
        )
        if not cycle:
            return Part(told, "study", STUDY_FILE)
        return k.setting("on_time off_time", f"{told}, within {cycle}")
    if not cycle:
        return Part("", "missing", missing=_assumed("on throughout each session"))
    return k.setting("on_time off_time", cycle)


def _cathode(k: Known) -> Part:
    """The file's word; the simulation's own choice says nothing of where pads lie on skin."""
    if "stimulation.cathode" in k.defaults:
        return Part("", "missing")
    return Part(f"{k.set.cathode} contact is the cathode of the first phase", "study", STUDY_FILE)


def _direction(k: Known) -> Part:
    one = k.set.waveform == "monophasic"
    return k.setting("waveform", "unidirectional" if one else "bidirectional")


def _shape(k: Known) -> Part:
    shape = "sine" if k.set.waveform == "burst" else f"square, {k.set.waveform}"
    return k.setting("waveform", shape)


def _burst(k: Known) -> Part:
    if k.set.waveform != "burst":
        return k.setting("waveform", "no bursts")
    told = f"bursts of {k.set.cycles} cycles at {k.set.carrier_Hz:g} Hz"
    return k.setting("waveform cycles carrier", told)


def _voltage(k: Known) -> Part:
    mode = k.study.reporting.control_mode or k.listed("control_mode").value
    if mode == "constant current":
        return Part("the current is controlled, not the voltage", "not applicable")
    if mode == "constant voltage":
        return Part("", "missing")
    return Part("", "missing", missing="needed if the voltage is controlled; see R20")


def _inclusion(k: Known) -> Part:
    trial, condition = k.study.trial, k.study.patient.condition
    entry = trial.entry if trial is not None else None
    if entry is None or entry.at_least is entry.at_most is None:
        return Part("", "missing", missing=f"only the condition: {condition}" if condition else "")
    ends = [
        f"{word} {value:g}"
        for word, value in (("at least", entry.at_least), ("at most", entry.at_most))
        if value is not None
    ]
    return Part(f"{condition}; run-in rating {' and '.join(ends)}", "study", "trial.entry")


def _ear(k: Known) -> Part:
    """Prior knowledge of the ear's nerves matters to those who are stimulated at the ear."""
    if k.study.device.device_class.startswith("tcVNS"):
        return Part("stimulated at the neck, not at the ear", "not applicable")
    return Part("", "missing")


def _area(k: Known) -> Part:
    electrode = k.study.device.electrode(k.set.electrode)
    if electrode.contact_area_cm2 is None:
        return Part("", "missing", missing="the contact area was not found either")
    told = f"contact of {electrode.contact_area_cm2:g} cm2"
    return Part(told, "device", electrode.source, electrode.mark)


RESOLVED: dict[str, Callable[[Known], Part]] = {
    "device.manufacturer": lambda k: k.listed("manufacturer"),
    "device.model": lambda k: Part(k.study.device.name, "study", STUDY_FILE),
    "device.regulatory": _regulatory,
    "design.type": _design,
    "design.subject_factor": _subject_factor,
    "design.blinding_subjects": _blinding,
    "session.intended_min": _session,
    "design.manipulation_check": _sham,
    "design.sham": _sham,
    "dose.daily_min": _dose,
    "dose.days": lambda k: k.setting("duration", f"{k.days:g} days"),
    "site.location": lambda k: k.fact("site"),
    "electrode.material": lambda k: k.fact("electrode"),
    "electrode.geometry": _area,
    "stim.current_mA": lambda k: k.setting(
        "current", f"{k.set.current_mA:g} mA, amplitude of the first phase"
    ),
    "stim.pulse_width_us": _width,
    "stim.frequency_Hz": lambda k: k.setting("frequency", f"{k.set.frequency_Hz:g} Hz"),
    "stim.on_off_s": _on_off,
    "stim.control_mode": lambda k: k.listed("control_mode"),
    "stim.polarity": _direction,
    "electrode.cathode": _cathode,
    "stim.shape": _shape,
    "stim.burst": _burst,
    "stim.voltage_mV": _voltage,
    "subject.inclusion": _inclusion,
    "subject.prior_knowledge": _ear,
}
