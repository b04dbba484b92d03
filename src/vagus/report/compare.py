"""Published human thresholds beside the predicted bands; verdicts are computed, whatever they are.

A published threshold is an effect (an EMG, a slower heart), the prediction is a share of fibres.
``data/report/comparison.csv`` says which share of which fibres stands for which effect, and why;
these readings are assumed and shown. The predicted band runs from the 5 % edge, over placements, of
the current for the least share to the 95 % edge of that for the largest share.

Verdicts, always about the published figure (its value where it has one, else its range):

    inside       within the predicted band
    overlaps     a published range that is partly within
    below        under the whole band: people respond at less current than predicted
    above        over the whole band: people need more current than predicted
    not reached  no fibre fires up to the largest current searched, which the figure does not exceed
    no fibres    the nerve holds none of this class and group
    contested    the literature disagrees with itself; the relation is shown, no verdict given
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vagus.data import Row, read_table
from vagus.fibre.recruitment import Band, Recruitment, current_band
from vagus.report.style import percent

PULSE_WIDTH_TOLERANCE = 0.05  # relative; beyond it the remark says that pulse widths differ


@dataclass(frozen=True)
class Published:
    """A row of ``human_thresholds.csv``: mA; nan where not given."""

    id: str
    effect: str
    species: str
    subjects: str
    pulse_width_us: float
    value_mA: float
    lower_mA: float
    upper_mA: float
    statistic: str
    note: str
    source: str
    mark: str

    @property
    def has_range(self) -> bool:
        """Both ends of a range are given."""
        return bool(np.isfinite(self.lower_mA) and np.isfinite(self.upper_mA))

    @property
    def central_mA(self) -> float:
        """The value, else the geometric mean of the range, else nan."""
        if np.isfinite(self.value_mA):
            return self.value_mA
        return float(np.sqrt(self.lower_mA * self.upper_mA)) if self.has_range else float("nan")


@dataclass(frozen=True)
class Comparison:
    """One published figure beside its prediction.

    ``band``: predicted mA. ``verdict``: see the module. ``ratio``: predicted middle over published
    middle; nan where either is missing, inf where the share is not reached. ``reading``: how the
    effect was read as a share of fibres, ``reading_mark`` its mark; ``remark``: what else to know.
    """

    published: Published
    fibre_class: str
    group: str
    fraction: float
    band: Band
    verdict: str
    ratio: float
    reading: str
    reading_mark: str
    remark: str


def published_thresholds() -> dict[str, Published]:
    """All shipped human (and some pig) thresholds by id."""
    return {row["id"]: _published(row) for row in read_table("report/human_thresholds.csv")}


def _published(row: Row) -> Published:
    value, lower, upper, width = (
        _number(row[key]) for key in ("value", "lo", "hi", "pulse_width_us")
    )
    text = (row[key] for key in ("statistic", "note", "source", "mark"))
    return Published(
        row["id"], row["effect"], row["species"], row["n"], width, value, lower, upper, *text
    )


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")  # empty, "various", or a range: not one number


def compare(
    recruitment: Recruitment, pulse_width_us: float, lowest_current_mA: float, seed: int
) -> tuple[Comparison, ...]:
    """Every row of ``comparison.csv`` against ``recruitment``.

    ``pulse_width_us``: of the study. ``lowest_current_mA``: the device's lowest setting, at which
    some claim C fibres to fire.
    """
    published = published_thresholds()
    rows = []
    for row in read_table("report/comparison.csv"):
        mask = recruitment.mask(row["fibre_class"], row["group"])
        low, middle, high = (
            float(row[key]) for key in ("fraction_lower", "fraction", "fraction_upper")
        )
        band = current_band(recruitment, mask, middle, seed, low, high)
        found = published[row["threshold_id"]]
        contested = row["contested"] == "yes"
        said = "contested" if contested else verdict(found, band, recruitment.max_current_mA)
        remarks = [_range_remark(found, band), _pulse_remark(found, pulse_width_us)]
        if contested:
            remarks = [_contested_remark(found, recruitment, mask, band, lowest_current_mA)]
        rows.append(
            Comparison(
                found,
                row["fibre_class"],
                row["group"],
                middle,
                band,
                said,
                _ratio(band, found),
                row["reason"],
                row["mark"],
                " ".join(filter(None, remarks)),
            )
        )
    return tuple(rows)


def verdict(published: Published, band: Band, max_current_mA: float) -> str:
    """Relation of a published figure to a predicted band (module docstring); ends belong to it."""
    if band.fibres == 0:
        return "no fibres"
    low, high = published.value_mA, published.value_mA
    if not np.isfinite(published.value_mA):
        low, high = published.lower_mA, published.upper_mA
    if np.isinf(band.lower):
        return "not reached" if low <= max_current_mA else "inside"
    if high < band.lower:
        return "below"
    if low > band.upper:
        return "above"
    return "inside" if band.lower <= low and high <= band.upper else "overlaps"


def _ratio(band: Band, published: Published) -> float:
    return float(band.middle / published.central_mA)


def _range_remark(published: Published, band: Band) -> str:
    """Where a value decides the verdict, how its range stands; empty where there is no range."""
    if band.fibres == 0 or not (published.has_range and np.isfinite(published.value_mA)):
        return ""
    meets = published.lower_mA <= band.upper and published.upper_mA >= band.lower
    return "Its range meets the band." if meets else "Its range misses the band, too."


def _pulse_remark(published: Published, pulse_width_us: float) -> str:
    width = published.pulse_width_us
    if np.isnan(width):
        return "Pulse width not one published number."
    if abs(width / pulse_width_us - 1) > PULSE_WIDTH_TOLERANCE:
        return f"Published at {width:g} µs, predicted at {pulse_width_us:g} µs."
    return ""


def _contested_remark(
    published: Published,
    recruitment: Recruitment,
    mask: NDArray[np.bool_],
    band: Band,
    lowest_mA: float,
) -> str:
    if band.fibres == 0:
        return "This nerve holds no such fibre."
    if np.isfinite(published.lower_mA):
        share = float(recruitment.fraction(published.lower_mA, mask))
        beyond = published.lower_mA > recruitment.max_current_mA
        at = min(published.lower_mA, recruitment.max_current_mA)
        tail = ", the largest current searched" if beyond else ""
        return f"Predicted: {percent(share)} of these fibres fire at {at:g} mA{tail}."
    share = float(recruitment.fraction(lowest_mA, mask))
    setting = f"the lowest setting, {lowest_mA:g} mA"
    return f"Predicted: {percent(share)} of these fibres fire at {setting}."


def tally(comparisons: tuple[Comparison, ...]) -> dict[str, int]:
    """Number of rows of each verdict that occurs, in the order of first occurrence."""
    counts: dict[str, int] = {}
    for row in comparisons:
        counts[row.verdict] = counts.get(row.verdict, 0) + 1
    return counts
