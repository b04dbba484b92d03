"""Cards, rubrics, context and calibration: every link leads somewhere, every level has a ground."""

from __future__ import annotations

import re
import shlex
import unicodedata
from functools import cache
from pathlib import Path

import pytest
import typer

from vagus.cli import app
from vagus.credibility.calibration import calibrations
from vagus.credibility.cards import model_cards
from vagus.credibility.context import context_of_use, user_risks
from vagus.credibility.evidence_link import Evidence, evidence_of, subjects
from vagus.credibility.rubric import LEVELS, levels, ten_rules, vv40
from vagus.data import read_table
from vagus.fibre.models import MODELS
from vagus.trial.published import published_trials
from vagus.validation.comparison import observations

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "vagus"
LINKS = [(s, e) for s in subjects() for e in evidence_of(s)]
TABLES = (
    "cards", "ten_rules", "vv40", "context", "context_risks", "hand_set", "evidence_links",
    "applicability", "rubric_levels", "near", "ranges", "covered", "verdicts", "sites",
    "condition_groups",
)  # fmt: skip


@cache
def anchors(page: Path) -> frozenset[str]:
    """Anchors of a page's headings, as the documentation's builder makes them."""
    headings = re.findall(r"^#+ +(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return frozenset(slug(h) for h in headings)


def slug(heading: str) -> str:
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def check_path(target: str) -> None:
    assert (ROOT / target).exists(), f"{target} is not in the repository"


def check_page(target: str) -> None:
    page, _, anchor = target.partition("#")
    check_path(page)
    assert anchor in anchors(ROOT / page), f"{page} has no heading `{anchor}`"


def check_command(line: str) -> None:
    """A target of make, or a command of the program with options that it has."""
    words = shlex.split(line)
    if words[0] == "make":
        text = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert re.search(rf"^{re.escape(words[1])}:", text, re.MULTILINE), line
        return
    command, rest = typer.main.get_command(app), words[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        command, rest = command.commands[rest[0]], rest[1:]  # type: ignore[attr-defined]
    known = {name for p in command.params for name in p.opts}
    assert getattr(command, "commands", {}) == {} or rest, line
    for word in rest:
        if word.startswith("--"):
            assert word in known, f"{line}: {word} is no option"
        elif word.endswith(".yaml"):
            check_path(word)


@pytest.mark.parametrize(("subject", "link"), LINKS, ids=lambda x: x if isinstance(x, str) else "")
def test_every_link_leads_somewhere(subject: str, link: Evidence) -> None:
    assert link.text, link
    if link.kind == "test":
        assert link.target.startswith("tests/")
    if link.kind in ("test", "table"):
        check_path(link.target)
    elif link.kind == "doc":
        check_page(link.target)
    elif link.kind == "command":
        check_command(link.target)
    else:
        assert link.kind == "missing"  # what would be needed, in words


def test_every_link_belongs_to_a_card_a_rule_or_a_factor() -> None:
    cards = {f"card:{card.key}" for card in model_cards()}
    rules = {f"rule:{rule.number}" for rule in ten_rules()}
    factors = {f"factor:{factor.factor}" for factor in vv40()}
    assert set(subjects()) == cards | rules | factors


def test_every_model_has_a_card_that_says_where_it_fails() -> None:
    cards = {card.key: card for card in model_cards()}
    assert len(cards) == len(model_cards())
    for card in cards.values():
        assert (SOURCE / card.part).is_dir(), card.key
        for text in (card.purpose, card.equations_from, card.calibrated_on, card.holds_within):
            assert text, card.key
        assert len(card.fails_where) > 15, card.key
        assert any(e.kind == "test" for e in card.evidence), card.key
    organs = {path.stem for path in (SOURCE / "body" / "organs").glob("*.py")} - {"__init__"}
    as_cards = {o.replace("_", "-").replace("heart-beats", "beats") for o in organs}
    assert as_cards <= set(cards)


def test_every_fibre_model_is_on_a_card() -> None:
    keys = {card.key for card in model_cards() if card.part == "fibre"}
    for name in MODELS:
        family = "mrg" if name.startswith(("mrg", "pena")) else name.rstrip("0123456789")
        assert family in keys, name


def test_levels_of_the_ten_rules_rest_on_what_exists() -> None:
    rules = ten_rules()
    assert [rule.number for rule in rules] == list(range(1, 11))
    for rule in rules:
        assert rule.level in LEVELS
        assert rule.why, rule.name
        assert rule.short, rule.name  # none is comprehensive: something always falls short
        there = [e for e in rule.evidence if e.kind != "missing"]
        assert there or rule.level == LEVELS[0], rule.name
    review = next(rule for rule in rules if "review" in rule.name)
    assert review.level == LEVELS[0]
    assert {e.kind for e in review.evidence} == {"missing"}


def test_every_level_says_what_it_means() -> None:
    assert tuple(level.level for level in levels()) == LEVELS
    page = (ROOT / "docs/credibility.md").read_text(encoding="utf-8")
    for level in levels():
        assert f"| {level.level} | {level.meaning} | {level.here} |" in page
        assert level.mark == "recalled"


def test_grades_say_what_was_not_done() -> None:
    grades = {f.factor: f.level[:6] for f in vv40()}
    assert grades["Discretization error"] == "b of c"  # no study estimates that of its own mesh
    assert grades["Numerical code verification"] == "c of d"
    for factor in ("Test samples", "Output comparison", "Relevance of the quantities of interest"):
        assert grades[factor] == "a of c"  # nothing against sham in pain is held out
    competing = next(rule for rule in ten_rules() if "competing" in rule.name)
    assert competing.level == "adequate"  # parts have competitors, the chain has none


def test_every_goal_has_a_reason_of_its_own() -> None:
    page = (ROOT / "docs/credibility.md").read_text(encoding="utf-8")
    for factor in vv40():
        assert f"| {factor.factor} | {factor.goal} | {factor.goal_why} |" in page
    assert len({factor.goal_why for factor in vv40()}) == len(vv40())


def test_rubrics_repeat_no_count_of_rows() -> None:
    """Counts of verdicts stand in the validation page, where a test measures them."""
    texts = [f"{f.level} {f.why}" for f in vv40()] + [f"{r.why} {r.short}" for r in ten_rules()]
    texts += [e.text for s in subjects() for e in evidence_of(s)]
    count = re.compile(r"\b\d+ (rows|published|held)|\bOf \d+\b|\d+ are reproduced")
    assert [text for text in texts if count.search(text)] == []


def test_the_thirteen_factors_have_grades_goals_and_grounds() -> None:
    factors = vv40()
    assert len({f.factor for f in factors}) == len(factors) == 13
    activities = [f.activity.split(":")[0] for f in factors]
    assert [activities.count(a) for a in ("verification", "validation", "applicability")] == [
        5,
        6,
        2,
    ]
    for factor in factors:
        grade = re.match(r"([a-d]) of ([cd])\b", factor.level)
        assert grade, factor.level
        assert factor.highest.startswith(f"{grade[2]}:")
        assert grade[1] <= grade[2]
        assert factor.goal in "abcd"
        there = [e for e in factor.evidence if e.kind != "missing"]
        assert there or grade[1] == "a", factor.factor
        assert factor.met == (grade[1] >= factor.goal)
    assert not all(factor.met for factor in factors)


def test_the_page_shows_the_levels_of_the_tables() -> None:
    page = (ROOT / "docs/credibility.md").read_text(encoding="utf-8")
    for rule in ten_rules():
        assert f"| {rule.number}. {rule.name} | {rule.level} | {rule.short} |" in page
    for factor in vv40():
        assert f"| {factor.factor} | {factor.level} | {factor.goal} | {factor.highest} |" in page
    for row in read_table("credibility/near.csv"):
        assert f"| {row['dimension']} | {row['factor']} |" in page
    for text in (*context_of_use().uses, *context_of_use().not_for):
        assert text[1:] in page


def test_context_says_what_it_is_not_for() -> None:
    context = context_of_use()
    assert context.question.endswith("?")
    assert len(context.uses) >= 3
    refused = " ".join(context.not_for).lower()
    for word in ("patient", "dose", "device", "stopping", "approval", "trial"):
        assert word in refused
    assert {"trialist", "regulator or reviewer"} <= {risk.who for risk in user_risks()}
    # The whole spans what it says of each reader: low beside the evidence, medium in a plan.
    by_reader = {risk.influence.split(":")[0] for risk in user_risks()}
    assert by_reader == {"low", "medium", "none intended"}
    assert context.influence.startswith("Low to medium, by reader")
    assert context.risk.startswith("Low to medium")
    assert {risk.risk for risk in user_risks()} >= {"low", "low to medium", "medium"}


@pytest.mark.parametrize("table", TABLES)
def test_texts_reassure_nobody(table: str) -> None:
    for row in read_table(f"credibility/{table}.csv"):
        text = " ".join(filter(None, row.values()))
        assert None not in row, f"{table}: a comma that is not quoted in {row}"
        assert not re.search(r"\b(safe|fine|guarantees?|proven|cures?|you should)\b", text, re.I)
        assert not re.search(r"/(work|tmp)/", text)


def test_calibrations_name_every_fit_and_every_known_row() -> None:
    found = calibrations()
    used = " ".join(c.used for c in found)
    known = {row.id for row in observations().values() if row.role == "calibrate"}
    assert not [i for i in known if not re.search(rf"\b{re.escape(i)}\b", used)]
    held_out = {row.id for row in observations().values() if row.role == "validate"}
    assert not [i for i in held_out if re.search(rf"(?<![\w-]){re.escape(i)}(?![\w.-])", used)]
    for trial in published_trials():
        if trial.calibrates:
            assert f"{trial.key}, " in used
        if trial.status == "predict":
            assert not re.search(rf"\b{trial.key}\b", used)
    for c in found:
        assert all((c.what, c.part, c.used, c.how, c.source)), c
        if c.source.startswith("data/"):
            assert (SOURCE / c.source).is_file(), c.source
