"""A patient file against the labels of a device.

The verdict is the strictest statement of the device's own label (and of the standard for its kind)
that applies to what was stated. Where none applies but answers are missing it is "unknown"; where
no label of the device was read it is "unknown" too, or stricter. It is never that all is well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from vagus.protocol.device import Device
from vagus.suitability.adverse import AdverseEvent, adverse_events
from vagus.suitability.codes import Answer, Code, broader, codes
from vagus.suitability.labels import (
    NOTHING,
    UNKNOWN,
    Cover,
    Relation,
    Severity,
    Statement,
    cover,
    severities,
    statements,
    strictest,
)
from vagus.suitability.patient import PatientFile
from vagus.suitability.regulatory import Regulatory, regulatory


@dataclass(frozen=True)
class Finding:
    """One fact, and what labels say of it.

    ``answer``: "yes" where a statement applies, "unknown" where one may; ``because``: the code it
    follows from; ``broader``: a broader fact that was stated "yes" while this one is unknown.
    ``statements``: those that apply (or may, or would).
    """

    code: Code
    answer: Answer
    because: str
    broader: str
    statements: tuple[Statement, ...]

    @property
    def strictest(self) -> Severity:
        """The strictest severity among the statements."""
        return strictest(s.severity for s in self.statements)

    @property
    def disagree(self) -> bool:
        """Whether the labels put it under different severities."""
        return len({s.severity.key for s in self.statements}) > 1

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "code": self.code.code, "name": self.code.name, "answer": self.answer,
            "because": self.because or None, "broader": self.broader or None,
            "strictest": self.strictest.key, "disagree": self.disagree,
            "statements": [s.as_dict() for s in self.statements],
        }  # fmt: skip


@dataclass(frozen=True)
class Screening:
    """Everything that was found for one patient file and one device.

    ``findings``: every fact that the own label or the standard asks about; ``beside``: facts that
    labels of other devices of the kind (or a trial) speak of, as information: those stated "yes",
    and, where no own label was read, those not known. ``uses``: conditions of use.
    """

    device: Device
    patient: PatientFile
    cover: Cover
    verdict: Severity
    findings: tuple[Finding, ...]
    beside: tuple[Finding, ...]
    uses: tuple[Statement, ...]
    regulatory: Regulatory
    adverse_events: tuple[AdverseEvent, ...]

    @property
    def applying(self) -> tuple[Finding, ...]:
        """Findings whose answer is "yes", strictest first."""
        return tuple(sorted((f for f in self.findings if f.answer == "yes"), key=_strictness))

    @property
    def open(self) -> tuple[Finding, ...]:
        """Findings that cannot be said, those nearest to a stated fact first, then strictest."""
        return tuple(sorted((f for f in self.findings if f.answer == "unknown"), key=_strictness))

    @property
    def silent(self) -> tuple[Code, ...]:
        """Facts stated "yes" of which neither the own label nor the standard speaks.

        Left out where a statement speaks of a broader fact, or of a narrower one that may hold.
        """
        asked = {f.code.code for f in self.findings}
        narrower = {b for f in self.findings if f.answer != "no" for b in broader(f.code.code)}
        return tuple(
            code for code in codes().values()
            if self.patient.history.get(code.code) == "yes"
            and code.code not in narrower
            and asked.isdisjoint((code.code, *broader(code.code)))
        )  # fmt: skip

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        own, standard = self.cover.own, self.cover.standard
        return {
            "device": {"key": self.device.key, "name": self.device.name},
            "stated": self.patient.as_dict(),
            "label": {
                "name": own.name if own else None,
                "read": own.read if own else "not read",
                "note": own.note if own else None,
                "standard": standard.name if standard else None,
            },
            "verdict": self.verdict.key,
            "applying": [f.as_dict() for f in self.applying],
            "not_known": [f.as_dict() | {"question": f.code.question} for f in self.open],
            "not_spoken_of": [code.code for code in self.silent],
            "does_not_apply": [f.code.code for f in self.findings if f.answer == "no"],
            "other_devices": [f.as_dict() for f in self.beside],
            "conditions_of_use": [s.as_dict() for s in self.uses],
            "regulatory": self.regulatory.as_dict(),
            "adverse_events": [e.as_dict() for e in self.adverse_events],
        }


def screen(patient: PatientFile, device: Device) -> Screening:
    """What the labels, regulators and reports say of ``device`` for what ``patient`` states."""
    found = cover(device.key)
    of_own = statements(found.own, "own label") if found.own else ()
    trial = [s for s in of_own if s.relation == "trial"]
    own = [s for s in of_own if s.relation == "own label"]
    standard = statements(found.standard, "standard") if found.standard else ()
    relation: Relation = "another device"
    others = [
        s for label in found.others for s in statements(label, relation)
        if codes()[s.code].kind != "condition"  # each label speaks of its own indications
    ]  # fmt: skip
    findings = _findings(patient, [*own, *standard])
    beside = _findings(patient, [*trial, *others])
    shown = ("yes",) if found.label_read else ("yes", "unknown")
    beside = tuple(f for f in beside if f.answer in shown)
    return Screening(
        device=device,
        patient=patient,
        cover=found,
        verdict=_verdict(found, findings),
        findings=findings,
        beside=tuple(sorted(beside, key=lambda f: (f.answer != "yes", *_strictness(f)))),
        uses=tuple(s for s in (*own, *standard) if codes()[s.code].kind == "use"),
        regulatory=regulatory(device.key, patient),
        adverse_events=adverse_events(found.family),
    )


def _verdict(found: Cover, findings: tuple[Finding, ...]) -> Severity:
    """The strictest; the standard alone is no label of the device and leaves it unknown."""
    counted = {"own label", "standard"} if found.any_read else {"own label"}
    applying = [
        s.severity for f in findings if f.answer == "yes" for s in f.statements
        if s.relation in counted
    ]  # fmt: skip
    is_open = not found.label_read or any(f.answer == "unknown" for f in findings)
    return strictest([*applying, severities()[UNKNOWN if is_open else NOTHING]])


def _findings(patient: PatientFile, said: list[Statement]) -> tuple[Finding, ...]:
    """One finding per fact that ``said`` speaks of, in the order of the table of facts."""
    answers = patient.answers()
    found = []
    for code in codes().values():
        mine = [(s, s.applies(patient, answers)) for s in said if s.code == code.code]
        if not mine or code.kind == "use":
            continue
        given = {answer for _, answer in mine}
        answer: Answer = "yes" if "yes" in given else "unknown" if "unknown" in given else "no"
        why = answers[code.code].because if code.kind == "history" else ""
        wide = next((b for b in broader(code.code) if answers[b].answer == "yes"), "")
        found.append(
            Finding(
                code, answer, why, wide if answer == "unknown" else "",
                tuple(sorted((s for s, a in mine if a == answer), key=lambda s: s.severity.rank)),
            )
        )  # fmt: skip
    return tuple(found)


def _strictness(finding: Finding) -> tuple[bool, int]:
    return (not finding.broader, finding.strictest.rank)
