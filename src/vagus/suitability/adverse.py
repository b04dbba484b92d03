"""Adverse events that were reported with devices of a kind: how many in 100, and how surely.

Two tables: published reports by kind of device (``suitability/adverse_events.csv``) and the trials
of `vagus.evidence`. A frequency is that of people in a study, not the chance of one person.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from vagus.data import Row, read_table
from vagus.evidence.tables import Line, evidence
from vagus.suitability.codes import split
from vagus.suitability.intervals import count_interval, counts_behind, share_interval

Arm = Literal["active", "sham", "all"]
Period = Literal["weeks", "years", "surgery"]
PER = 1e5  # person-minute-days, as Kim 2022 prints its rates


@dataclass(frozen=True)
class Frequency:
    """How many in 100 with a 95 % interval; ``low`` and ``high`` are None where it is not known.

    ``basis``: how it was got, in words. ``below``: the report gives an upper bound only ("<2 %").
    """

    per_100: float
    low: float | None
    high: float | None
    basis: str
    below: bool = False


@dataclass(frozen=True)
class Exposure:
    """Events per 100,000 person-minute-days: as printed, and from count and exposure (exact)."""

    printed: float
    printed_low: float
    printed_high: float
    computed: float
    computed_low: float
    computed_high: float

    @property
    def conflict(self) -> bool:
        """Whether the printed rate lies outside what count and exposure allow."""
        return not self.computed_low <= self.printed <= self.computed_high


@dataclass(frozen=True)
class AdverseEvent:
    """One event in one study. ``count``: people (or ``counts`` "events"); None where not known.

    ``own``: the study is of the kind of device asked about; else of all kinds together.
    """

    study: str
    arm: Arm
    term: str
    as_reported: str
    period: Period
    serious: bool
    counts: Literal["people", "events"]
    count: int | None
    n: int | None
    frequency: Frequency | None
    exposure: Exposure | None
    timepoint: str
    note: str
    source: str
    mark: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        f, e = self.frequency, self.exposure
        found: dict[str, Any] = {
            "study": self.study, "arm": self.arm, "term": self.term,
            "as_reported": self.as_reported, "period": self.period, "serious": self.serious,
            "counts": self.counts, "count": self.count, "n": self.n,
            "per_100": f and f.per_100, "low": f and f.low, "high": f and f.high,
            "below": bool(f and f.below), "basis": f.basis if f else "not known",
            "timepoint": self.timepoint or None, "note": self.note or None,
            "source": self.source, "mark": self.mark,
        }  # fmt: skip
        if e is not None:
            found["per_100000_person_minute_days"] = {
                "printed": [e.printed, e.printed_low, e.printed_high],
                "computed": [e.computed, e.computed_low, e.computed_high],
                "conflict": e.conflict,
            }
        return found


def adverse_events(family: Row) -> tuple[AdverseEvent, ...]:
    """Everything reported with devices of a family, most frequent first, not known last."""
    classes, trials = split(family["adverse_classes"]), split(family["trial_classes"])
    rows = [r for r in read_table("suitability/adverse_events.csv") if r["device_class"] in classes]
    found = [_published(row) for row in rows]
    told = {(row["trial"], row["trial_term"]) for row in rows}
    plain = {(r["trial"], r["term"]): r["plain"] for r in read_table("suitability/trial_terms.csv")}
    names = {row["trial"]: row["study"] for row in rows if row["trial"]}  # one name for one study
    for key, trial in evidence().trials.items():
        if trial.line["device_class"] in trials:
            roles = {arm["arm_key"]: arm["role"] for arm in trial.arms}
            found += [
                _of_trial(
                    line,
                    names.get(key, trial.name),
                    roles,
                    plain.get((key, line["term"]), line["term"]),
                )
                for line in evidence().adverse_events_of(key)
                if line.cell("n_affected").known and (key, line["term"]) not in told
            ]
    return tuple(sorted(found, key=_rank))


def most_common(
    events: Sequence[AdverseEvent], period: Period = "weeks", serious: bool = False
) -> tuple[AdverseEvent, ...]:
    """One row per term and what it counts, most frequent first, so that zeros come last.

    Of several studies that of the most people stands for the term, an interval first, a zero only
    where no study has more. Sham arms are left out, and events that were not counted in people
    unless they are serious: a serious one is never left out.
    """
    best: dict[tuple[str, str], AdverseEvent] = {}
    for event in events:
        fits = event.period == period and event.serious == serious and event.arm != "sham"
        fits = fits and event.frequency is not None and (serious or event.counts == "people")
        key = (event.term, event.counts)
        if fits and _weight(event) > _weight(best.get(key)):
            best[key] = event
    return tuple(sorted(best.values(), key=_rank))


def gravest(events: Sequence[AdverseEvent]) -> tuple[AdverseEvent, ...]:
    """The serious ones and all of surgery, one row per term as in `most_common`, zeros last."""
    surgery = [*most_common(events, "surgery"), *most_common(events, "surgery", serious=True)]
    late = most_common(events, "years", serious=True)
    return tuple(sorted([*most_common(events, serious=True), *surgery, *late], key=_rank))


def elsewhere(event: AdverseEvent, events: Sequence[AdverseEvent]) -> tuple[float, ...]:
    """Per 100 in the other studies of the same event, sorted, where one is outside the interval.

    Empty where all lie inside the interval of ``event``; where that is not known, where all agree.
    """
    shown = event.frequency
    if shown is None:
        return ()
    same = (event.term, event.period, event.serious, event.counts)
    found = sorted(
        e.frequency.per_100 for e in events
        if (e.term, e.period, e.serious, e.counts) == same and e.study != event.study
        and e.arm != "sham" and e.frequency is not None
    )  # fmt: skip
    low = shown.per_100 if shown.low is None else shown.low
    high = shown.per_100 if shown.high is None else shown.high
    return tuple(found) if any(not low <= share <= high for share in found) else ()


def sham_beside(event: AdverseEvent, events: Sequence[AdverseEvent]) -> AdverseEvent | None:
    """The same event in the sham arm of the same study, where it was reported."""
    found = (e for e in events if (e.study, e.term, e.arm) == (event.study, event.term, "sham"))
    return next(found, None) if event.arm == "active" else None


def _weight(event: AdverseEvent | None) -> tuple[bool, bool, int]:
    if event is None or event.frequency is None:
        return (False, False, -1)
    return (event.frequency.per_100 > 0, event.frequency.low is not None, event.n or 0)


def _rank(event: AdverseEvent) -> tuple[float, str, str]:
    return (-event.frequency.per_100 if event.frequency else 1.0, event.study, event.term)


def _published(row: Row) -> AdverseEvent:
    n = int(row["n"]) if row["n"] else None
    count = int(row["count"]) if row["count"] else None
    events = row["counts"] == "events"
    frequency: Frequency | None
    if count is not None and n:
        frequency = events_per_100(count, n) if events else people_per_100(count, n)
    elif row["pct"]:
        frequency = from_percentage(row["pct"], n)
    else:
        frequency = None
    if count is None and row["pct"] and n and not row["pct"].startswith("<"):
        only = counts_behind(row["pct"], n)
        count = only[0] if len(only) == 1 else None
    return AdverseEvent(
        row["study"], row["arm"], row["term"], row["event"], row["period"],  # type: ignore[arg-type]
        row["serious"] == "yes", "events" if events else "people", count, n, frequency,
        _exposure(row), row["timepoint"], row["note"], row["source"], row["mark"],
    )  # fmt: skip


def _of_trial(line: Line, study: str, roles: dict[str, str], term: str) -> AdverseEvent:
    count = round(line.cell("n_affected").value)
    at_risk = line.cell("n_at_risk")
    n = round(at_risk.value) if at_risk.known else None
    role = roles.get(line["arm_key"], "all")
    arm: Arm = role if role in ("active", "sham") else "all"  # type: ignore[assignment]
    source = evidence().sources[line["source_key"]]
    return AdverseEvent(
        study, arm, term, line["term"], "weeks",
        line["serious"] == "yes", "people", count, n, people_per_100(count, n) if n else None, None,
        "", line["note"], source.citation, line.cell("n_affected").provenance,
    )  # fmt: skip


def people_per_100(count: int, n: int) -> Frequency:
    """A share of people, with its exact interval."""
    low, high = share_interval(count, n)
    basis = f"{count} of {n} people; exact binomial interval"
    return Frequency(100 * count / n, 100 * low, 100 * high, basis)


def events_per_100(count: int, n: int) -> Frequency:
    """Events per 100 people, of whom one may have several, with the exact Poisson interval."""
    low, high = count_interval(count)
    basis = f"{count} events among {n} people; exact Poisson interval"
    return Frequency(100 * count / n, 100 * low / n, 100 * high / n, basis)


def from_percentage(percent: str, n: int | None) -> Frequency:
    """A printed percentage; its interval where a count of ``n`` people can be behind it.

    Where several counts can, the interval spans those of all; "<2" is any count from 1 on that
    gives less than 2 %.
    """
    bound = percent.startswith("<")
    if n is None:
        basis = "interval not known: number not reported"
        return Frequency(float(percent.removeprefix("<")), None, None, basis, bound)
    if bound:
        return _fewer_than(percent, n)
    counts = counts_behind(percent, n)
    if not counts:
        basis = f"interval not known: no whole number of {n} people gives {percent} %"
        return Frequency(float(percent), None, None, basis)
    low, high = share_interval(counts[0], n)[0], share_interval(counts[-1], n)[1]
    which = " or ".join(str(k) for k in counts)
    basis = f"{which} of {n} people, worked back from {percent} %; exact binomial interval"
    return Frequency(float(percent), 100 * low, 100 * high, basis)


def _fewer_than(percent: str, n: int) -> Frequency:
    """An upper bound such as "<2": the interval spans those of all counts that it allows."""
    bound = float(percent.removeprefix("<"))
    most = max((k for k in range(1, n + 1) if 100 * k / n < bound), default=None)
    if most is None:
        basis = f"interval not known: no whole number of {n} people gives {percent} %"
        return Frequency(bound, None, None, basis, below=True)
    low, high = share_interval(1, n)[0], share_interval(most, n)[1]
    basis = f"1 to {most} of {n} people, from {percent} %; exact binomial interval of all these"
    return Frequency(bound, 100 * low, 100 * high, basis, below=True)


def _exposure(row: Row) -> Exposure | None:
    if not row["exposure"]:
        return None
    per = PER / float(row["exposure"])
    count = int(row["count"])
    low, high = count_interval(count)
    rate, rate_low, rate_high = (float(row[name]) for name in ("rate", "rate_low", "rate_high"))
    return Exposure(rate, rate_low, rate_high, count * per, low * per, high * per)
