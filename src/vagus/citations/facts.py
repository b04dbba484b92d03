"""What a study's run is made of, as words that the tables of citations can ask for.

A tag is a stage (``body``) or a fact with its value (``fibre:sundt``). In ``data/citations``,
``tables.csv`` says which rows of which table are read where a tag holds, ``methods.csv`` which
works stand behind the program where it does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vagus.data import Row, read_table
from vagus.evidence.controlled import controlled_studies
from vagus.patient.observables import observable, primary_outcome
from vagus.protocol.safety import safety_lines
from vagus.study import Study
from vagus.study_trial import ANALYSES, Trial
from vagus.trial.targets import calibrating

IMPLANTED = "iVNS"
EVERY_ROW = ("all", "both")
"""Cells that stand for any value of their column."""
NERVE_TISSUES = ("endoneurium", "epineurium")
ANATOMY = ("AN001", "AN010", "AN013", "AN014", "AN015")
"""Rows that generated sections are made from, as `vagus.nerve.synthetic` says."""
TARGETS = ("between_trial_share", "rating_correlation")
"""Settings behind targets of calibration, as `vagus.trial.targets` has it."""
DOSES = "lps-largest"
Values = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Facts:
    """``stages``: what is run; ``values``: fact -> its values."""

    stages: frozenset[str]
    values: Mapping[str, tuple[str, ...]]

    def hold(self, tags: str) -> bool:
        """Whether one of ``tags``, parted by spaces, is a stage or a fact of the run."""
        return any(self._holds(tag) for tag in tags.split())

    def meet(self, row: Mapping[str, str], where: str) -> bool:
        """Whether ``row`` has in each column of ``where`` (``column=fact``) a value of that fact.

        A cell may name several, parted by spaces.
        """
        pairs = (pair.split("=") for pair in where.split())
        return all(self._names(row[column], fact) for column, fact in pairs)

    def _names(self, cell: str, fact: str) -> bool:
        known = self.values.get(fact, ())
        return cell in EVERY_ROW or bool({cell, *cell.split()} & set(known))

    def _holds(self, tag: str) -> bool:
        fact, _, value = tag.partition(":")
        return value in self.values.get(fact, ()) if value else tag in self.stages


def facts_of(study: Study) -> Facts:
    """What a run of ``study`` is made of; nothing is simulated."""
    stages, values = {"protocol"}, _protocol(study)
    if study.recruitment == "computed":
        stages.add("nerve")
        values |= _nerve(study)
        if study.field.potentials is None:
            stages.add("field")
            values |= _field(study)
    if study.patient.condition is not None:
        stages.add("body")
        values |= _body(study, study.patient.condition)
        if study.trial is not None:
            stages |= {"trial", *_parts(study.trial)}
            values |= _trial(study, study.trial, study.patient.condition)
            stages |= {stage for stage in ("calibration", "beside") if values[stage]}
        if study.recruitment == "computed":
            stages.add("nerve_to_body")
    return Facts(frozenset(stages), values)


def _protocol(study: Study) -> Values:
    protocol = study.protocol()
    keys = {row["key"]: row["device_id"] for row in read_table("devices/keys.csv")}
    limits = (line.limit_id for line in safety_lines(protocol))
    return {
        "device": (study.device.key,),
        "device_id": (keys[study.device.key],),
        "waveform": (study.stimulation.waveform,),
        "limit": tuple(dict.fromkeys(limits)),
    }


def _nerve(study: Study) -> Values:
    fibres = study.fibres
    models = fibres.models
    return {
        "section": (study.nerve.name or "own",),
        "alternative": (fibres.alternative,),
        "side": (fibres.side,),
        "fibre": (models.myelinated_small, models.myelinated_large, models.unmyelinated),
        "scheme": (study.solver.scheme,),
        "anatomy": ANATOMY,
        "compared": tuple(row["threshold_id"] for row in read_table("report/comparison.csv")),
    }


def _field(study: Study) -> Values:
    field = study.field
    return {
        "cuff": () if field.cuff is None else (field.cuff,),
        "perineurium": field.perineurium,
        "tissue": (*NERVE_TISSUES, field.lumen, field.surrounding),
    }


def _body(study: Study, condition: str) -> Values:
    links = {row["symbol"]: bool(float(row["default"])) for row in read_table("body/links.csv")}
    links |= study.body.links
    rows = read_table("body/drive_settings.csv")
    dosed = study.body.lps is not None
    return {
        "condition": (condition,),
        "link": tuple(symbol for symbol, on in links.items() if on),
        "setting": tuple(row["id"] for row in rows if dosed or row["id"] != DOSES),
        "prior": () if study.prior is None else (study.prior,),
        "dose": ("lps",) if dosed else (),
    }


def _parts(trial: Trial) -> set[str]:
    """Optional parts of a trial that have methods of their own."""
    given = {"looks": trial.looks is not None, "rescue": trial.rescue is not None}
    given["dropout"] = trial.drop_out.per_visit > 0
    given["futility"] = trial.looks is not None and bool(trial.looks.futility_z)
    return {name for name, there in given.items() if there}


def _trial(study: Study, trial: Trial, condition: str) -> Values:
    analysis = trial.analysis or ANALYSES[trial.kind][0]
    endpoints = tuple(dict.fromkeys((trial.endpoint, primary_outcome(condition))))
    seen = {row["endpoint"]: row["parameters"].split() for row in _endpoints()}
    calibration = calibrating(condition, frozenset())
    device = "device_implant" if study.device.device_class == IMPLANTED else "device_skin"
    responses = (row["symbol"] for row in read_table("patient/response.csv"))
    values = {
        "kind": (trial.kind,),
        "analysis": (analysis,),
        "efficacy": () if trial.looks is None else (trial.looks.efficacy,),
        "endpoint": endpoints,
        "observed": tuple(symbol for endpoint in endpoints for symbol in seen[endpoint]),
        "response": tuple(s for s in responses if s == device or not s.startswith("device_")),
        "background": tuple(dict.fromkeys(arm.background for arm in trial.arms.values())),
        "calibration": tuple(found.key for found in calibration),
        "scoring": TARGETS,
        "calibrated_endpoint": tuple(
            getattr(found.design, "endpoint", "") for found in calibration
        ),
    }
    return values | _beside(trial, analysis, condition)


def _beside(trial: Trial, analysis: str, condition: str) -> Values:
    """Published trials that the page sets beside the virtual one, as `vagus.report` chooses them.

    A change within one arm and periods of one patient are beside none.
    """
    words = {row["condition"]: row for row in read_table("citations/beside.csv")}
    groups = tuple(words[condition]["groups"].split("; ")) if condition in words else ()
    binary = analysis == "responder" or observable(trial.endpoint).kind == "binary"
    outcomes = {row["endpoint"]: row["outcome"] for row in _endpoints()}
    outcome = "responders" if binary else outcomes.get(trial.endpoint, "")
    comparable = analysis != "change-within" and trial.kind != "n-of-1" and outcome
    if not comparable or condition not in words:
        return {"beside": (), "group": groups, "pooled": ()}
    studies = controlled_studies(
        outcome, measure="OR" if binary else "SMD", condition=words[condition]["words"]
    )
    used = tuple(s.trial for s in studies if s.pooled)
    return {
        "beside": used or tuple(s.trial for s in studies),
        "group": groups,
        "pooled": tuple(str(k) for k in range(1, len(used) + 1)),
    }


def _endpoints() -> tuple[Row, ...]:
    return read_table("citations/endpoints.csv")
