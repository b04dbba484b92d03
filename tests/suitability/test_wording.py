"""No word of the screening is advice: every device, four patients, as text, JSON and page.

The words below may occur nowhere, not even in what labels are noted to say: the tables put those as
statements of their source. ("Quick start" is the title of a document.)
"""

from __future__ import annotations

import json
import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vagus.cli import app
from vagus.data import read_table
from vagus.protocol.device import device, device_keys
from vagus.report import html
from vagus.screening import load_patient, screen
from vagus.suitability.codes import history_codes
from vagus.suitability.labels import cover, severities
from vagus.suitability.words import NONE_APPLIES, headline

ADVICE = re.compile(
    r"\b(should(n't)?|must(n't)?|ought|shall|need(s|ed)? to|ha(s|ve) to|"
    r"(?<!quick )start(ing)?|stop(ping)?|discontinu\w*|increas(e|ing)|reduc(e|ing)|switch\w*|"
    r"recommend\w*|advis\w+|suggest\w*|avoid\w*|try|consider|consult|go ahead|do not use|don't|"
    r"safe(ly)?|harmless|fine|well tolerated|eligible|you|your|we)\b|"
    r"suitable (for|candidate)|is suitable|no (risk|reason against)",
    re.IGNORECASE,
)
LABELS_MISSING = tuple(key for key in device_keys() if not cover(key).label_read)
# Verdicts milder than unknown, in any wording.
MILD = re.compile(r"no statement of the labels read applies|nothing.found", re.IGNORECASE)


def patient_text(kind: str) -> str:
    codes = history_codes()
    answers = {
        "all yes": dict.fromkeys(codes, "yes"),
        "all no": dict.fromkeys(codes, "no"),
        "all unknown": dict.fromkeys(codes, "unknown"),
        "mixed": {code: ("unknown", "no")[i % 2] for i, code in enumerate(codes)}
        | {"pacemaker": "yes", "aimd": "yes", "cervical_vagotomy": "yes"},
    }[kind]
    about = {
        "all yes": "age: 9\nregion: US\ncondition: migraine\n",
        "all no": "age: 40\nregion: EU\ncondition: visceral\n",
        "all unknown": "",
        "mixed": "age: 61\nregion: UK\ncondition: cluster-headache\n",
    }[kind]
    return about + "history:\n" + "".join(f"  {c}: {a}\n" for c, a in answers.items())


class Words(HTMLParser):
    """The visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.hidden = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden |= tag == "style"

    def handle_endtag(self, tag: str) -> None:
        self.hidden &= tag != "style"

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.found.append(data)


@pytest.fixture
def _one_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The template is compiled once for all pages."""
    monkeypatch.setattr(html, "page_environment", cache(html.page_environment))


@pytest.mark.usefixtures("_one_environment")
@pytest.mark.parametrize("kind", ["all yes", "all no", "all unknown", "mixed"])
def test_no_advice_anywhere(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text(patient_text(kind), encoding="utf-8")
    for key in device_keys():
        folder = tmp_path / key
        done = CliRunner().invoke(app, ["screen", str(file), "--device", key, "--out", str(folder)])
        assert done.exit_code == 0, done.output
        page = (folder / "screening.html").read_text(encoding="utf-8")
        written = (folder / "screening.json").read_text(encoding="utf-8")
        shown = " ".join(" ".join(Words(page).found).split())
        for text in (" ".join(done.stdout.split()), written, shown):
            found = ADVICE.search(text)
            assert found is None, (key, text[max(found.start() - 60, 0) : found.end() + 60])
        if key in LABELS_MISSING:
            assert said_of_missing(key, json.loads(written)["verdict"]), key
            for text in (done.stdout, written, shown):
                assert MILD.search(text) is None, key
                assert re.search("unknown", text, re.IGNORECASE), key


def said_of_missing(key: str, verdict: str) -> bool:
    """Whether a device without a label that was read may have a verdict."""
    own = cover(key).own
    if own is not None and own.read in ("from memory", "in part"):
        return severities()[verdict].rank <= severities()["unknown"].rank
    return verdict == "unknown"


def test_the_pattern_finds_advice() -> None:
    for text in (
        "You should start", "it is safe", "use is recommended", "stop it", "we advise",
        "that is fine", "suitable for this person", "reduce the current", "eligible",
    ):  # fmt: skip
        assert ADVICE.search(text), text
    assert not ADVICE.search(NONE_APPLIES)


def test_nothing_found_is_said_not_to_be_suitable(tmp_path: Path) -> None:
    file = tmp_path / "patient.yaml"
    file.write_text(patient_text("all no").replace("EU", "US"), encoding="utf-8")
    found = screen(file, "gammacore")
    assert found.verdict.key == "nothing_found"
    assert headline(found) == NONE_APPLIES
    assert NONE_APPLIES.endswith("That is not the same as suitable.")


def test_tables_hold_no_advice() -> None:
    """Also what no patient above brings up."""
    columns = {
        "rules": ("text", "note"), "labels": ("note",), "conditions": ("name", "question"),
        "severities": ("name", "words"), "notes": ("text",), "adverse_events": ("term", "note"),
        "trial_terms": ("plain",),
        "regulatory": ("indication", "status", "limits", "covers_reason"),
        "documents": ("name", "kind"),
    }  # fmt: skip
    for name, of in columns.items():
        for row in read_table(f"suitability/{name}.csv"):
            for column in of:
                assert not ADVICE.search(row[column]), (name, row[column])


def test_headlines_say_who_says_it() -> None:
    examples = Path(__file__).parents[2] / "examples" / "patients"
    ra = load_patient(examples / "ra-pacemaker.yaml")
    said = headline(screen(ra, "setpoint"))
    assert said.startswith("Unknown: no label of SetPoint System was read")
    fibromyalgia = load_patient(examples / "fibromyalgia.yaml")
    said = headline(screen(fibromyalgia, "nurosym"))
    assert said.startswith("Contraindicated unless supervised: the label read names an implanted")
    assert "7 facts that the statements ask about are not stated; 6 of them would be" in said
    said = headline(screen(ra, "ib-stim"))
    assert said.startswith("Contraindicated: a regulator's text names a pacemaker as a reason")
    assert "What else it says is not known." in said
    said = headline(screen(fibromyalgia, "livanova-vns-therapy"))
    assert "what was worked out from its label or clearance (not its words) names treatment" in said
    said = headline(screen(fibromyalgia, "nemos"))
    assert "a label that is recalled from memory and was not verified names" in said
    said = headline(screen(fibromyalgia, "soterix"))
    assert "The standard for such devices says: caution with an implanted" in said
    assert "Texts on other devices of the kind say: contraindicated with an implanted" in said
    said = headline(screen(load_patient(examples / "migraine.yaml"), "gammacore"))
    assert said.startswith("Not evaluated: a report on a regulator's notice names high or low")
    assert device("gammacore").name not in said
