"""Reports of adverse events in plain words: how many in 100, with sham and other studies beside."""

from __future__ import annotations

from collections.abc import Sequence

from vagus.suitability.adverse import AdverseEvent, Frequency, elsewhere, sham_beside

NO_INTERVAL = "interval not known"


def per_100(f: Frequency) -> str:
    """ "about 46 in 100 (43 to 48)", "fewer than 2 in 100 (0.01 to 4.2)"."""
    interval = NO_INTERVAL
    if f.low is not None and f.high is not None:
        interval = f"{_share(f.low)} to {_share(f.high)}"
    often = f"fewer than {f.per_100:g}" if f.below else f"about {_share(f.per_100)}"
    return f"{often} in 100 ({interval})"


def frequency_words(event: AdverseEvent) -> str:
    """How often, for people or events; the count alone where no number of people is known."""
    if event.frequency is None:
        what = "people" if event.counts == "people" else "events"
        return f"{event.count} {what}, of how many is not known"
    if event.counts == "events":
        return per_100(event.frequency).replace(" in 100 ", " events per 100 people ")
    if event.count == 0 and event.frequency.high is not None:
        return f"none of {event.n} (0 to {_share(event.frequency.high)} in 100)"
    return per_100(event.frequency)


def event_line(event: AdverseEvent, events: Sequence[AdverseEvent]) -> str:
    """One event with its frequency, other studies that disagree, and sham beside it."""
    text = f"{event.term}: {frequency_words(event)}"
    if event.frequency is not None and event.counts == "events" and event.count is not None:
        text = f"{text[:-1]}; {event.count} in {event.n})"
    shares = elsewhere(event, events)
    if len(shares) == 1:
        text += f"; another study: {_share(shares[0])}"
    elif shares:
        text += f"; other studies: {_share(shares[0])} to {_share(shares[-1])}"
    sham = sham_beside(event, events)
    return f"{text}; with sham {frequency_words(sham)}" if sham else text


def who_reported(event: AdverseEvent) -> str:
    """The study, and whether it was around surgery or after years."""
    when = {"weeks": "", "years": "after years", "surgery": "around surgery"}[event.period]
    return ", ".join(filter(None, [event.study, when]))


def exposure_words(event: AdverseEvent) -> str:
    """The printed rate beside that of count and exposure; empty where there is no exposure."""
    e = event.exposure
    if e is None:
        return ""
    verdict = "the two conflict" if e.conflict else "the two agree"
    return (
        f"per 100,000 person-minute-days: printed {e.printed:g} ({e.printed_low:g} to "
        f"{e.printed_high:g}), from count and exposure {e.computed:.2f} ({e.computed_low:.2f} to "
        f"{e.computed_high:.2f}); {verdict}"
    )


def _share(per_100: float) -> str:
    if per_100 >= 10 or per_100 == 0:
        return f"{per_100:.0f}"
    return f"{per_100:.1f}" if per_100 >= 0.95 else f"{per_100:.1g}"
