"""What is not stimulation, and can be switched off to see what a trial's result rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Switches:
    """All on by default except ``unblinding``, which is a hypothesis.

    Of the mean course: ``natural_course`` of the disease; ``expectation``; ``unblinding`` (what is
    felt raises expectation); ``visits`` (expectation grows with their number). Of ratings:
    ``noise`` (level drift and daily deviations), ``autocorrelation`` of days, ``heaping`` on round
    numbers, ``overdispersion`` of counts. Regression to the mean is no switch: it comes from
    ``noise`` and an entry criterion, and goes with either.
    """

    natural_course: bool = True
    expectation: bool = True
    unblinding: bool = False
    visits: bool = True
    noise: bool = True
    autocorrelation: bool = True
    heaping: bool = True
    overdispersion: bool = True
