"""A screening in plain words. It says who says what; it never says what to do."""

from __future__ import annotations

from collections.abc import Sequence

from vagus.data import read_table
from vagus.suitability.codes import Code, codes
from vagus.suitability.labels import NOTHING, UNKNOWN, Statement, strictest
from vagus.suitability.patient import PatientFile, conditions
from vagus.suitability.regulatory import REGION_NAMES
from vagus.suitability.screen import Finding, Screening

NONE_APPLIES = (
    "No statement of the labels read applies to what was stated. That is not the same as suitable."
)
RELATIONS = {"standard": "the standard for such devices", "trial": "a trial"}
LABELS = ("instructions for use", "maker's web page", "brief summary")
UNNAMED = ("from memory", "not read", "regulator")  # kinds that the name or the mark says already
ANSWERED = {"yes": "yes to", "no": "no to", "unknown": "unknown"}
REGIONS = {"any": "any region"}


def headline(s: Screening) -> str:
    """The verdict in one or two sentences, with who says it and what is missing."""
    verdict, missing = s.verdict, _missing(s)
    if verdict.key == NOTHING:
        return NONE_APPLIES
    if verdict.key == UNKNOWN:
        if not s.cover.label_read:
            besides = f" Besides, {missing}." if missing and s.cover.any_read else ""
            return f"Unknown: {unread(s)}{besides}{_information(s)}"
        return (
            "Unknown until these are answered: no statement of the labels read applies to what was "
            f"stated so far, and {missing}."
        )
    text = f"{verdict.name.capitalize()}: {_decisive(s)}."
    if not s.cover.label_read:
        text += f" Beyond that it is unknown: {unread(s)}"
    if missing and s.cover.any_read:
        text += f" Besides, {missing}."
    return text


def speaker(statement: Statement) -> str:
    """Who makes a statement, in words that fit how it was read."""
    if statement.mark == "recalled":
        return "a label that is recalled from memory and was not verified"
    if statement.relation in RELATIONS:
        return RELATIONS[statement.relation]
    kind, name = statement.document.kind, statement.label.name
    elsewhere = statement.relation == "another device"
    if statement.mark == "derived":
        whose = f"that of {name}, another device" if elsewhere else "its label or clearance"
        return f"what was worked out from {whose} (not its words)"
    if kind == "regulator":
        return "a regulator's text" + (f" on {name}, another device," if elsewhere else "")
    if elsewhere:
        return f"the label of {name}, another device,"
    return "the label read" if kind in LABELS else article(kind)


def where_said(statement: Statement) -> str:
    """Label or document (with its kind where it is no label), region, date, how it was read."""
    who = statement.document.name
    if statement.relation == "another device":
        who = f"another device, {statement.label.name}: {who}"
    elif statement.relation == "trial":
        who = f"no label, but a trial: {who}"
    elif statement.relation == "standard":
        who = f"standard: {who}"
    elif statement.document.kind not in (*LABELS, *UNNAMED):
        who = f"{statement.document.kind}: {who}"
    region = REGIONS.get(statement.region, statement.region)
    mark = {"recalled": "; from memory, not verified", "derived": "; worked out from the source"}
    return f"{who}; {region}; {statement.document.dated}{mark.get(statement.mark, '')}"


def fact_name(code: Code, patient: PatientFile) -> str:
    """A fact in words; age and condition as stated."""
    if code.kind == "age":
        return "this age" if patient.age_y is None else f"an age of {patient.age_y:g} years"
    if code.kind == "condition":
        known = conditions().get(patient.condition)
        return f"treatment of {known['name']}" if known else "the condition to be treated"
    return code.name


def stated(patient: PatientFile) -> list[tuple[str, str]]:
    """What the file states, as (field, words); what it does not state is said so."""
    known = conditions().get(patient.condition)
    rows = [
        ("age", "not stated" if patient.age_y is None else f"{patient.age_y:g} years"),
        ("region", REGION_NAMES[patient.region] if patient.region else "not stated"),
        ("condition", known["name"] if known else "not stated"),
    ]
    for answer in ("yes", "no", "unknown"):
        names = [codes()[c].name for c, a in patient.history.items() if a == answer]
        if names or answer == "yes":
            rows.append((ANSWERED[answer], listed(names) or "nothing"))
    return rows


def question(finding: Finding) -> str:
    """What is missing, with the broader fact that was stated."""
    text = finding.code.question
    if finding.broader:
        text += f" (Stated: {codes()[finding.broader].name}.)"
    return text


def asker(s: Screening) -> str:
    """Who asks the open questions, where it is not a label that was read; else empty."""
    if s.cover.label_read:
        return ""
    read = s.cover.own.read if s.cover.own else ""
    names = ["A label recalled from memory"] if read == "from memory" else []
    names += ["What was read of this device"] if read == "in part" else []
    names += ["the standard for such devices"] if s.cover.standard else []
    return sentence(" and ".join(names) + (" ask" if len(names) > 1 else " asks"))


def why(finding: Finding) -> str:
    """What an answer follows from, in words; empty where it was stated itself."""
    if not finding.because:
        return ""
    names = [codes()[c].name for c in finding.because.split(" and ")]
    return f"follows from: {listed(names)}"


def use_line(s: Screening) -> str:
    """Conditions of use that are contraindicated, each with who says it; empty where none is."""
    said: dict[str, list[str]] = {}
    for x in s.uses:
        if x.severity.rank == 0:
            text = f"{x.text} ({x.note})" if x.note else x.text
            said.setdefault(speaker(x), []).append(text)
    return "; ".join(f"{who}: {'; '.join(texts)}" for who, texts in said.items())


def notes(kind: str, family: str = "") -> list[str]:
    """Fixed sentences of a kind, for all devices or one family."""
    rows = read_table("suitability/notes.csv")
    return [r["text"] for r in rows if r["kind"] == kind and r["family"] in ("", family)]


def listed(names: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def sentence(text: str) -> str:
    """The text with a capital first letter."""
    return text[:1].upper() + text[1:]


def article(noun: str) -> str:
    """The noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def _decisive(s: Screening) -> str:
    """Who says what makes the verdict, each speaker with the facts that it names."""
    named: dict[str, list[str]] = {}
    for finding in s.applying:
        first = [x for x in finding.statements if x.severity == s.verdict]
        if first:  # what was read speaks before what is recalled
            who = speaker(min(first, key=lambda x: x.mark == "recalled"))
            named.setdefault(who, []).append(fact_name(finding.code, s.patient))
    return "; ".join(
        f"{who} {s.verdict.words.format(fact=listed(facts))}" for who, facts in named.items()
    )


def _missing(s: Screening) -> str:
    """How many answers are missing and how many of them are stricter; empty where none is."""
    if not s.open:
        return ""
    n = len(s.open)
    text = f"{n} facts that the statements ask about are not stated"
    if n == 1:
        text = "one fact that the statements ask about is not stated"
    stricter = [f for f in s.open if f.strictest.rank < s.verdict.rank]
    if not stricter:
        return f"{text}, none of which would be stricter"
    worst = min(stricter, key=lambda f: f.strictest.rank).strictest.name
    return f"{text}; {len(stricter)} of them would be stricter (up to {worst})"


def unread(s: Screening) -> str:
    """Why not enough can be said from a label of the device itself."""
    if s.cover.own is None:
        return f"no label of {s.device.name} was read, so what it says is not known."
    if s.cover.own.read == "in part":
        return (
            f"of {s.device.name} this was read: {s.cover.own.note}. What else it says is not known."
        )
    more = " else" if s.cover.own.read == "from memory" else ""
    said = f"so what{more} it says is not known."
    return f"no label of {s.device.name} was read ({s.cover.own.note}), {said}"


def _information(s: Screening) -> str:
    """What the standard and labels of other devices say of stated facts; no label of this one."""
    said = {
        relation: [
            f"{strictest(x.severity for x in mine).name} with {fact_name(f.code, s.patient)}"
            for f in (*s.applying, *s.beside)
            if f.answer == "yes" and (mine := [x for x in f.statements if x.relation == relation])
        ]
        for relation in ("standard", "another device")
    }
    text = ""
    if said["standard"]:
        text += f" The standard for such devices says: {listed(said['standard'])}."
    if said["another device"]:
        text += f" Texts on other devices of the kind say: {listed(said['another device'])}."
    return text
