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

Origin = Literal["study", "device", "missing", "not applicable"]
MARKS = ("", "seen", "derived", "recalled", "assumed", "not_found")
"""From the best known to the least."""
STUDY_FILE = "study file"
NOT_STATUS = ("guidance",)
"""Kinds of rows of the regulatory table that are no regulator's."""


@dataclass(frozen=True)
class Part:
    """One part of an item; ``missing`` says what is, where ``origin`` is "missing"."""

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
    def arms(self) -> list[tuple[str, str, str, int]]:
        """(name, role, what its patients know, number) of the arms of the trial."""
        trial = self.study.trial
        found = trial.arms.items() if trial is not None else ()
        return [
            (name, a.role, a.knows or ("untreated" if a.role == "untreated" else "blinded"), a.n)
            for name, a in found
        ]

    def setting(self, fields: str, value: str) -> Part:
        """A value of the stimulation section, with the weakest origin of the fields behind it."""
        found = [self.defaults.get(f"stimulation.{name}") for name in fields.split()]
        added = [d for d in found if d is not None]
        if not added:
            return Part(value, "study", STUDY_FILE)
        worst = max(added, key=lambda d: MARKS.index(d.mark))
        if worst.mark == "assumed":
            return Part("", "missing", missing=f"the simulation assumes: {value}")
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
    arms = ", ".join(f"{name} ({n})" for name, _, _, n in k.arms)
    kind = "single arm, not randomised" if len(k.arms) == 1 else f"randomised, {trial.kind}"
    return Part(f"{kind}: {arms}", "study", "trial")


def _subject_factor(k: Known) -> Part:
    trial = k.study.trial
    if trial is None:
        return Part("", "missing", missing="no `trial` section")
    within = trial.kind in ("crossover", "n-of-1") or len(k.arms) == 1
    return Part("within subjects" if within else "between subjects", "study", "trial")


def _blinding(k: Known) -> Part:
    told = ", ".join(f"{name} {knows}" for name, _, knows, _ in k.arms)
    return Part(told, "study", "trial") if told else Part("", "missing")


def _sham(k: Known) -> Part:
    """Missing unless the trial says that there is no sham."""
    if k.study.trial is not None and "sham" not in {role for _, role, _, _ in k.arms}:
        return Part("no sham arm", "not applicable", "trial")
    return Part("", "missing")


def _session(k: Known) -> Part:
    if k.set.session_s is None:
        return k.setting("duration", f"{k.set.duration_s / 60:g} min, without pause")
    return k.setting("session", f"{k.set.session_s / 60:g} min")


def _dose(k: Known) -> Part:
    session, per_day = k.set.session_s, k.set.sessions_per_day
    if session is None or per_day is None:
        return k.setting("duration", "all day")
    told = f"{per_day} session{'s' * (per_day > 1)} of {session / 60:g} min a day"
    return k.setting("session sessions_per_day", told)


def _width(k: Known) -> Part:
    if k.set.carrier_Hz is not None:
        half = 5e5 / k.set.carrier_Hz
        return k.setting("carrier", f"{half:g} us per half-wave of the sine")
    return k.setting("pulse_width", f"{k.set.pulse_width_us:g} us")


def _on_off(k: Known) -> Part:
    gate = k.set.respiratory_gating
    if gate is not None:
        share = 100 * gate.expiration_share
        return Part(
            f"in expiration only, {share:g} % of breaths at {gate.breaths_per_min:g}/min",
            "study", STUDY_FILE,
        )  # fmt: skip
    if k.set.on_time_s is None or not k.set.off_time_s:
        return Part("on throughout each session", "study", f"{STUDY_FILE}: no on-time given")
    return k.setting("on_time off_time", f"{k.set.on_time_s:g} s on, {k.set.off_time_s:g} s off")


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
