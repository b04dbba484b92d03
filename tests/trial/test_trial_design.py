"""Designs: what is accepted, what is refused and why, and the estimand in words."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vagus.errors import InputError
from vagus.patient.regimen import Regimen
from vagus.patient.screening import Entry
from vagus.trial.design import Arm, Design, DropOut, Looks, Rescue, Strata
from vagus.trial.estimand import EVENTS, STRATEGIES, Estimand, default_estimand

ACTIVE = Regimen("active", ((0.0, 84.0),))
SHAM = Regimen("sham")
ARMS = (Arm("active", "active", 60, ACTIVE), Arm("sham", "sham", 60, SHAM))
WORDS = default_estimand(
    "parallel", "mmrm", "adults with migraine", "active against sham", "migraine days", binary=False
)
GOOD = Design(
    "A trial", "migraine", "migraine_days", "parallel", ARMS, (28.0, 56.0, 84.0), WORDS,
    run_in_d=28.0, recall_d=28.0,
)  # fmt: skip
CROSSOVER: dict[str, Any] = {
    "kind": "crossover", "analysis": "crossover", "period_d": 28.0, "washout_d": 28.0,
    "visits_d": (28.0, 84.0),
    "arms": (
        Arm("AB", "active", 10, Regimen("AB", ((0.0, 28.0),))),
        Arm("BA", "sham", 10, Regimen("BA", ((56.0, 84.0),))),
    ),
}  # fmt: skip
N_OF_1: dict[str, Any] = {
    "kind": "n-of-1", "analysis": "n-of-1", "visits_d": (28.0, 56.0, 84.0, 112.0),
    "arms": (Arm("active", "active", 1, ACTIVE), Arm("sham", "sham", 1, SHAM)),
}  # fmt: skip


def _other(arm: Arm, role: Any = "", **regimen: Any) -> Arm:
    return replace(arm, role=role or arm.role, regimen=replace(arm.regimen, **regimen))


def test_a_design_is_frozen_and_says_how_long_and_how_many() -> None:
    assert GOOD.horizon_d() == 84.0
    assert GOOD.patients() == 120
    assert (GOOD.role_index("active"), GOOD.comparator()) == (0, 1)
    assert GOOD.role_index("untreated") == -1
    with pytest.raises(FrozenInstanceError):
        GOOD.alpha = 0.1  # type: ignore[misc]


def test_other_kinds() -> None:
    assert replace(GOOD, **CROSSOVER).patients() == 20
    alone = replace(GOOD, **N_OF_1)
    assert (alone.patients(), alone.horizon_d()) == (1, 112.0)
    enriched = replace(GOOD, kind="enriched-withdrawal", lead_in_d=28.0, visits_d=(56.0, 84.0))
    assert enriched.horizon_d() == 84.0
    single = replace(GOOD, analysis="change-within", arms=ARMS[:1])
    assert single.comparator() == -1
    untreated = Arm("waiting", "untreated", 30, Regimen("waiting", (), "untreated"))
    control = Arm("drug", "control", 30, Regimen("drug"))
    three = replace(GOOD, arms=(ARMS[0], untreated, control))
    assert three.comparator() == 2


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"condition": "migrane"}, r"`condition` is migrane.*Did you mean `migraine`"),
        ({"endpoint": "das28"}, r"`endpoint` is das28.*of migraine: .*migraine_days"),
        ({"endpoint": "migrane_days"}, r"Did you mean `migraine_days`"),
        ({"kind": "paralel"}, r"`kind` is paralel.*Did you mean `parallel`"),
        ({"alpha": 0.0}, r"`alpha` is 0.0; allowed: above 0 and below 1"),
        ({"alpha": 1.0}, r"`alpha` is 1.0"),
        ({"alpha": float("nan")}, r"`alpha` is nan"),
        ({"sides": 3}, r"`sides` is 3; allowed: 1 or 2"),
        ({"responder_share": 1.0}, r"`responder_share` is 1.0"),
        ({"responder_share": 0.0}, r"`responder_share` is 0.0"),
        ({"adherence": 0.0}, r"`adherence` is 0.0"),
        ({"adherence": 1.01}, r"`adherence` is 1.01"),
        ({"visits_d": ()}, r"`visits_d` is \(\); allowed: at least one"),
        ({"visits_d": (28.0, 28.0)}, r"`visits_d`.*days that rise"),
        ({"visits_d": (56.0, 28.0)}, r"`visits_d`.*days that rise"),
        ({"visits_d": (0.0, 28.0)}, r"the first after day 0"),
        ({"visits_d": (28.0, float("inf"))}, r"`visits_d`"),
        ({"visits_d": (28.5,)}, r"whole days"),
        ({"run_in_d": 0.0}, r"`run_in_d` is 0.0; allowed: whole days, 1 or more"),
        ({"recall_d": float("nan")}, r"`recall_d` is nan"),
        ({"lead_in_d": 28.0, "visits_d": (56.0,)}, r"`lead_in_d` is 28.0.*It has no lead-in"),
        ({"kind": "enriched-withdrawal"}, r"`lead_in_d` is 0.*respond to open treatment"),
        ({"analysis": "mmmr"}, r"`analysis` is mmmr.*Did you mean `mmrm`"),
        ({"analysis": "crossover"}, r"`analysis` is crossover; allowed: mmrm.*for `parallel`"),
        ({"arms": ()}, r"`arms` is none; allowed: an active arm"),
        ({"arms": ARMS[1:]}, r"`arms` is sham; allowed: an active arm"),
        ({"arms": ARMS[:1]}, r"an arm to compare with.*change-within"),
        ({"arms": (ARMS[0], ARMS[0])}, r"each name once"),
        ({"arms": (ARMS[0], Arm("b", "sham", 9, Regimen("active")))}, r"names of their own"),
        ({"arms": (ARMS[0], Arm("b", "sham", 1, SHAM))}, r"`arms.b.n` is 1.*n-of-1"),
        ({"strata": Strata(block_sizes=(3,))}, r"`strata.block_sizes` is 3.*Such as 2, 4, 6"),
        ({**CROSSOVER, "arms": CROSSOVER["arms"][:1]}, r"an arm to compare with"),
        ({**CROSSOVER, "arms": (*CROSSOVER["arms"], ARMS[1])}, r"two sequences"),
        ({**CROSSOVER, "period_d": 0.0}, r"`period_d` is 0"),
        ({**CROSSOVER, "visits_d": (28.0, 42.0)}, r"days up to 28, and after 56 up to 84"),
        ({**CROSSOVER, "visits_d": (28.0, 85.0)}, r"days up to 28, and after 56 up to 84"),
        ({**CROSSOVER, "visits_d": (14.0, 28.0)}, r"a visit after day 56 too"),
        ({**N_OF_1, "visits_d": (28.0, 56.0)}, r"2 periods; allowed: an even number.*4 to 10"),
        ({**N_OF_1, "visits_d": tuple(7.0 * k for k in range(1, 13))}, r"12 periods"),
        ({**N_OF_1, "looks": Looks((0.5, 1.0), "pocock")}, r"`looks` is given.*one patient"),
        ({**N_OF_1, "visits_d": (28.0, 56.0, 84.0, 112.0, 140.0)}, r"5 periods"),
        ({**N_OF_1, "arms": ARMS}, r"two treatments with n 1 each"),
        *(
            ({**kind, "arms": (kind["arms"][0], _other(kind["arms"][1], **other))}, part)
            for kind in (CROSSOVER, N_OF_1)
            for other, part in (
                ({"knows": "open"}, r"knows` is blinded and open; allowed: the same in both"),
                ({"background": "exercise"}, r"background` is none and exercise.*`parallel`"),
                ({"role": "untreated"}, r"role` is untreated; allowed: sham, control"),
            )
        ),
        ({"alpha": 1e-300}, r"`alpha` is 1e-300; allowed: 1e-12 or more"),
        ({"alpha": 0.5, "sides": 1}, r"`alpha` is 0.5; allowed: below 0.5 with 1 side"),
        ({"entry": Entry(at_least=29.0)}, r"`entry.at_least` is 29.0.*scale of 0 to 28 days"),
        ({"entry": Entry(at_most=-1.0)}, r"`entry.at_most` is -1.0.*scale of 0 to 28 days"),
        (
            {"condition": "rheumatoid-arthritis", "endpoint": "acr20", "analysis": "responder",
             "rescue": Rescue(6.0, 0.5, -0.3)},
            r"`rescue` is with `acr20`, which is yes or no",
        ),
    ],
)  # fmt: skip
def test_each_mistake_is_one_clear_error(changes: dict[str, Any], part: str) -> None:
    with pytest.raises(InputError, match=part):
        replace(GOOD, **changes)


def test_a_binary_endpoint_is_analysed_by_responders() -> None:
    changes: dict[str, Any] = {"condition": "rheumatoid-arthritis", "endpoint": "acr20"}
    with pytest.raises(InputError, match=r"`responder` for `acr20`, which is yes or no"):
        replace(GOOD, **changes)
    assert replace(GOOD, **changes, analysis="responder").endpoint == "acr20"


@pytest.mark.parametrize("n", [0, -3, 2.5, None, True, "12"])
def test_an_arm_needs_patients(n: Any) -> None:
    with pytest.raises(InputError, match=r"`arms.sham.n` is .*a whole number.*Say how many"):
        Arm("sham", "sham", n, SHAM)


def test_parts_check_themselves() -> None:
    for call, part in (
        (lambda: Arm("a", "actve", 3, ACTIVE), "Did you mean `active`"),  # type: ignore[arg-type]
        (lambda: DropOut(1.0), "`drop_out.per_visit` is 1.0"),
        (lambda: DropOut(-0.1), "`drop_out.per_visit`"),
        (lambda: DropOut(0.1, float("nan")), "`drop_out.log_odds_pain`"),
        (lambda: Rescue(5.0, 1.2, -0.3), "`rescue.probability` is 1.2"),
        (lambda: Rescue(float("nan"), 0.2, -0.3), "`rescue.at_least`"),
        (lambda: Strata((7.0, 5.0)), "values that rise"),
        (lambda: Strata(block_sizes=(0,)), "`strata.block_sizes`"),
        (lambda: Looks((0.5, 0.9), "pocock"), "shares that rise to 1"),
        (lambda: Looks((0.5, 1.0), "pocok"), "Did you mean `pocock`"),  # type: ignore[arg-type]
        (lambda: Looks((0.5, 1.0), "pocock", (0.0, 0.0)), "1 values, one per look but the last"),
        (lambda: Looks((0.5, 1.0), "pocock", (float("nan"),)), "`looks.futility_z`"),
        (lambda: Entry(8.0, 5.0), "at_most"),
    ):
        with pytest.raises(InputError, match=part):
            call()


@given(st.floats(1e-6, 1 - 1e-6), st.floats(1e-6, 1 - 1e-6), st.integers(2, 10**5))
def test_what_is_possible_is_accepted(alpha: float, share: float, n: int) -> None:
    arms = (replace(ARMS[0], n=n), replace(ARMS[1], n=n))
    plan = replace(GOOD, alpha=alpha, responder_share=share, arms=arms)
    assert plan.patients() == 2 * n


def test_the_estimand_is_one_sentence() -> None:
    assert WORDS.sentence() == (
        "In adults with migraine: difference in means of migraine days, active against sham, "
        "as if without stopping treatment; regardless of taking rescue treatment; regardless of "
        "missing sessions."
    )


def test_each_kind_has_the_estimand_that_its_analysis_carries_out() -> None:
    def of(kind: str, analysis: str, *, binary: bool = False) -> Estimand:
        return default_estimand(kind, analysis, "adults", "a against b", "pain", binary=binary)

    stopping = EVENTS[0]
    assert of("parallel", "mmrm").strategies[stopping] == "hypothetical"
    assert of("parallel", "responder").strategies[stopping] == "composite"
    assert "shares that respond" in of("parallel", "responder").summary
    assert "shares that respond" in of("parallel", "responder", binary=True).summary
    assert "responded to open treatment" in of("enriched-withdrawal", "mmrm").population
    assert of("n-of-1", "n-of-1").population == "one person among adults"
    assert of("parallel", "change-within").summary == "mean change from baseline"
    with pytest.raises(InputError, match="Did you mean `ancova`"):
        of("parallel", "anova")


def test_strategies_can_be_others() -> None:
    for strategy in STRATEGIES:
        other = WORDS.having({EVENTS[0]: strategy})  # type: ignore[dict-item]
        assert other.strategies[EVENTS[0]] == strategy
        assert other.strategies[EVENTS[1]] == WORDS.strategies[EVENTS[1]]
        assert EVENTS[0] in other.sentence()
    with pytest.raises(InputError, match="Did you mean `composite`"):
        WORDS.having({EVENTS[0]: "composit"})  # type: ignore[dict-item]
    with pytest.raises(InputError, match="Did you mean `stopping treatment`"):
        WORDS.having({"stopping treatmnt": "composite"})
    with pytest.raises(InputError, match=r"`estimand.variable` is empty"):
        replace(WORDS, variable=" ")
