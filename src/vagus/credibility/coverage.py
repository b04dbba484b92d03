"""What validation covered: every study of stimulation in people that a row compares with.

``data/credibility/covered.csv`` says which rows of `vagus validate` stand for which protocol.
Numbers of trials come from ``data/trial/designs.csv`` and ``data/evidence/trials.csv``, and count
only where they were read or recalled (`read`), never where they were assumed. Trials that are set
aside to be predicted are not there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from vagus.credibility.light import Colour, Span, span
from vagus.data import Row, read_table
from vagus.protocol.device import device
from vagus.trial.design import Design
from vagus.trial.published import PublishedTrial, published_trial
from vagus.validation.comparison import Observation, observations

PAIN = "pain"
WEEK_D = 7.0
BURSTS = "gammacore"
NUMBERS = ("rate_Hz", "width_us", "on_min_per_day", "duty", "weeks", "follow_up_weeks")


@dataclass(frozen=True)
class Covered:
    """A protocol that was compared, with its numbers where they are known.

    ``site``: key of `sites.csv`, empty for sham arms alone; ``condition``: empty where the outcome
    is not of one; ``outcome``: what was compared, `pain` for trials in pain; ``against``: with
    what, for those trials (`sham`, another rate, or `nothing`). ``numbers``: of `NUMBERS`, those
    that were read or recalled.
    """

    key: str
    site: str
    condition: str
    outcome: str
    against: str
    compared: tuple[Observation, ...]
    numbers: Mapping[str, float]
    source: str
    mark: str

    @property
    def held_out(self) -> bool:
        """Whether a row of it was neither fitted to nor a reason for a prior."""
        return any(o.role == "validate" for o in self.compared)


@dataclass(frozen=True)
class Support:
    """What rows say together: ``colour``, and counts in words."""

    colour: Colour
    words: str


@cache
def covered() -> tuple[Covered, ...]:
    """All protocols of the table, in its order."""
    found = observations()
    return tuple(_covered(row, found) for row in read_table("credibility/covered.csv"))


def at(site: str, outcome: str | None = None) -> tuple[Covered, ...]:
    """Protocols at one site, of one outcome or of all."""
    return tuple(c for c in covered() if c.site == site and outcome in (None, c.outcome))


def values(protocols: Sequence[Covered], quantity: str) -> dict[str, float]:
    """Key -> number of those protocols that have one."""
    return {c.key: c.numbers[quantity] for c in protocols if quantity in c.numbers}


def passed(site: str, verdicts: Mapping[str, str]) -> tuple[Covered, ...]:
    """Protocols at ``site`` whose pain was held out, and every such row of theirs reproduced.

    A row that is only compatible, or has no verdict, passes nothing.
    """
    return tuple(c for c in at(site, PAIN) if c.held_out and _reproduced(c, verdicts))


def spans(site: str, quantity: str, verdicts: Mapping[str, str]) -> tuple[Span | None, Span | None]:
    """Span over the protocols that `passed`, and over all that were compared at ``site``."""
    of_passed = span(tuple(values(passed(site, verdicts), quantity).values()))
    return of_passed, span(tuple(values(at(site), quantity).values()))


def _reproduced(protocol: Covered, verdicts: Mapping[str, str]) -> bool:
    held = [o.id for o in protocol.compared if o.role == "validate"]
    return all(verdicts.get(i) == "reproduced" for i in held)


@cache
def published(condition: str) -> tuple[str, ...]:
    """Keys of published trials of stimulation in ``condition``; none is set aside to be predicted.

    Which groups of the evidence belong to a condition says `condition_groups.csv`.
    """
    groups = [
        r for r in read_table("credibility/condition_groups.csv") if r["condition"] == condition
    ]
    return tuple(
        row["trial_key"]
        for row in read_table("evidence/trials.csv")
        if any(
            g["condition_group"] == row["condition_group"] and g["word"] in row["condition"]
            for g in groups
        )
    )


@cache
def recorded() -> Mapping[str, str]:
    """Observation -> verdict as last measured (`verdicts.csv`; a slow test measures it again)."""
    return {r["observation"]: r["verdict"] for r in read_table("credibility/verdicts.csv")}


def support(protocols: Sequence[Covered], verdicts: Mapping[str, str]) -> Support:
    """Green: held out and all reproduced. Red: nothing compared, or all that was held out failed.

    Amber: everything else, among it rows whose results were known when the priors were set.
    """
    rows = {o.id: o for c in protocols for o in c.compared}
    held = [o for o in rows.values() if o.role == "validate"]
    known = len(rows) - len(held)
    if not rows:
        return Support("red", "no row compares with it")
    if not held:
        return Support("amber", f"no row was held out; {known} known {_rows(known)}")
    tally = Counter(verdicts.get(o.id, "not judged") for o in held)
    words = ", ".join(f"{n} {verdict}" for verdict, n in sorted(tally.items(), reverse=True))
    names = ", ".join(o.id for o in held if verdicts.get(o.id) == "failed")
    colour: Colour = "amber"
    if set(tally) == {"reproduced"}:
        colour = "green"
    elif set(tally) == {"failed"}:
        colour = "red"
    more = f"; fails: {names}" if names else ""
    also = f"; {known} known {_rows(known)}" if known else ""
    return Support(colour, f"held out: {words}{more}{also}")


def _rows(n: int) -> str:
    return "row" if n == 1 else "rows"


def _covered(row: Row, found: Mapping[str, Observation]) -> Covered:
    numbers = {name: float(row[name]) for name in NUMBERS if row[name]}
    condition = row["condition"]
    if row["kind"] == "trial":
        trial = published_trial(row["key"])
        condition = trial.design.condition
        numbers = _of_trial(trial, row)
    return Covered(
        row["key"], row["site"], condition, row["outcome"], row["against"],
        tuple(found[i] for i in row["observations"].split()), numbers, row["source"], row["mark"],
    )  # fmt: skip


def _of_trial(trial: PublishedTrial, row: Row) -> dict[str, float]:
    """Numbers of a trial: as its design delivers it, where the table of evidence has none."""
    design, given = trial.design, trial.delivery
    assert isinstance(design, Design)  # single attacks have no body and stand for no row
    read: Any = next(
        r for r in read_table("evidence/trials.csv") if r["trial_key"] == row["evidence_key"]
    )
    on, off = (float(read[c]) if read[c] else None for c in ("on_s", "off_s"))
    if on is None or off is None:
        on, off = given.on_s, given.off_s
    duty = 1.0 if on is None or off is None else on / (on + off)
    active = next(arm for arm in design.arms if arm.role == "active")
    stop = active.regimen.stimulated_d[0][1]
    end = design.period_d if design.kind == "crossover" else design.visits_d[-1]
    session = given.session_min * given.sessions_per_day * given.days_per_week / WEEK_D
    numbers = {
        "rate_Hz": given.rate_Hz, "on_min_per_day": session * duty, "duty": duty,
        "weeks": min(stop, end) / WEEK_D,
    }  # fmt: skip
    asked = {"rate": "rate_Hz", "on": "on_min_per_day", "duty": "duty", "weeks": "weeks"}
    kept = {asked[word]: numbers[asked[word]] for word in row["read"].split()}
    kept["follow_up_weeks"] = max(0.0, end - stop) / WEEK_D
    width = _phase_us(read)
    return kept if width is None else kept | {"width_us": width}


def _phase_us(read: Row) -> float | None:
    """Width of the first phase: as read, or half a wave of gammaCore's burst."""
    if read["pulse_width_us"]:
        return float(read["pulse_width_us"])
    if read["device"].lower().startswith(BURSTS):
        sine = device(BURSTS).typical("carrier_Hz")
        assert sine is not None  # the device's table has it
        assert sine.typical is not None
        return 1e6 / (2 * sine.typical)
    return None
