"""Forest and funnel plots are drawn from the numbers they are given."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vagus.evidence.synthesis import synthesise
from vagus.evidence.words import interval_text, plain
from vagus.report import style
from vagus.report.evidence_content import evidence_figures, forest_rows, funnel_points
from vagus.report.evidence_html import by_source
from vagus.report.figures.forest import COLOUR, ForestRow, forest, limits
from vagus.report.figures.funnel import FunnelPoint, funnel

ROWS = [
    ForestRow("Heavy 2019", -0.4, -0.6, -0.2, weight=0.9, note="means and SDs"),
    ForestRow("Light 2020", -1.2, -9.0, 6.6, weight=0.1, hollow=True),
    ForestRow("virtual", -0.1, -0.3, 0.1, kind="virtual", marker="v", colour="#0072b2"),
    ForestRow("pooled", -0.41, -0.7, -0.1, kind="pooled", prediction=(-1.0, 0.3)),
    ForestRow("Remembered 2018", -2.0, -2.5, -1.5, kind="excluded", note="recalled numbers"),
    ForestRow("Silent 2017", math.nan, math.nan, math.nan, kind="excluded", note="no numbers"),
]


def words(figure: Figure) -> list[str]:
    return [t.get_text() for ax in figure.axes for t in ax.texts]


def middle(figure: Figure) -> Axes:
    return figure.axes[1]


def points(ax: Axes) -> dict[float, object]:
    """x of every single point -> its line."""
    return {
        float(np.asarray(p.get_xdata())[0]): p for p in ax.get_lines() if len(p.get_xdata()) == 1
    }


def test_every_row_is_named_and_its_numbers_printed() -> None:
    said = words(forest(ROWS, "SMD", value="SMD"))
    for row in ROWS:
        assert row.label in said
    assert "−0.40 (−0.60 to −0.20)" in said
    assert "(−1.00 to 0.30)" in said
    assert "90.0 %" in said
    assert "left out of the fit" in said
    assert "recalled numbers" in said


def test_marks_lie_at_the_estimates_and_grow_with_weight() -> None:
    found = points(middle(forest(ROWS, "SMD")))
    heavy, light = found[-0.4], found[-1.2]
    assert heavy.get_markersize() > light.get_markersize()  # type: ignore[attr-defined]
    assert heavy.get_markerfacecolor() == style.INK  # type: ignore[attr-defined]
    assert light.get_markerfacecolor() == "white"  # type: ignore[attr-defined]
    virtual, left_out = found[-0.1], found[-2.0]
    assert virtual.get_marker() == "v"  # type: ignore[attr-defined]
    assert virtual.get_color() == "#0072b2"  # type: ignore[attr-defined]
    assert left_out.get_color() == COLOUR["excluded"]  # type: ignore[attr-defined]


def test_the_diamond_spans_its_interval() -> None:
    (diamond,) = middle(forest(ROWS, "SMD")).patches
    x = diamond.get_path().vertices[:, 0]
    assert (x.min(), x.max()) == pytest.approx((-0.7, -0.1))


def test_wide_intervals_end_in_arrows_inside_the_axis() -> None:
    low, high = limits(ROWS)
    assert -9.0 < low < -2.0
    assert 0.0 < high < 6.6
    ax = middle(forest(ROWS, "SMD"))
    arrows = [p.get_marker() for p in ax.get_lines() if p.get_marker() in ("<", ">")]
    assert sorted(arrows) == ["<", ">"]
    for line in ax.get_lines():
        x = np.asarray(line.get_xdata(), dtype=float)
        if len(x) == 2 and not np.array_equal(x, [0, 1]):
            assert low - 1e-9 <= x.min() <= x.max() <= high + 1e-9


def test_pooled_and_virtual_intervals_are_never_cut() -> None:
    rows = [*ROWS[:1], ForestRow("virtual", 3.0, 1.0, 5.0, kind="virtual")]
    low, high = limits(rows)
    assert low < -0.6
    assert high > 5.0
    assert limits([ROWS[-1]]) == (-1.0, 1.0)


def test_ratios_are_printed_from_logarithms() -> None:
    rows = [ForestRow("EVENT", math.log(6.77), math.log(0.37), math.log(125.65), weight=1.0)]
    figure = forest(rows, "risk ratio", logarithmic=True)
    assert "6.77 (0.37 to 126)" in words(figure)
    labels = [t.get_text() for t in middle(figure).get_xticklabels()]
    assert "1" in labels
    assert all(float(label) > 0 for label in labels)


@pytest.mark.parametrize(
    ("value", "text"),
    [(-0.62, "−0.62"), (0.0, "0.00"), (26.14, "26.1"), (152.3, "152"), (0.0004, "0.0004"),
     (math.nan, "–"), (math.inf, "–")],
)  # fmt: skip
def test_numbers_are_printed_plainly(value: float, text: str) -> None:
    assert plain(value) == text


def test_an_interval_without_a_middle_is_its_ends() -> None:
    assert interval_text(math.nan, (math.log(0.5), math.log(2)), True) == "(0.50 to 2.00)"


def test_a_funnel_is_centred_and_points_upwards() -> None:
    drawn = [FunnelPoint("A", -0.5, 0.2), FunnelPoint("B", 0.1, 0.4, hollow=True)]
    ax = funnel([*drawn, FunnelPoint("", 0.9, 0.4, filled=True)], -0.2, "SMD").axes[0]
    assert ax.get_ylim()[0] > 0.4 > ax.get_ylim()[1]
    for patch, z in zip(ax.patches, (2.5758, 1.96), strict=True):
        xy = patch.get_path().vertices[:3]
        top = xy[0, 1]
        assert xy[1] == pytest.approx((-0.2, 0.0))
        assert xy[2, 0] + 0.2 == pytest.approx(z * top, rel=1e-4)
    names = [t.get_text() for t in ax.texts]
    assert names == ["A", "B"]


def test_rows_of_a_synthesis_hold_its_studies_in_order() -> None:
    made = synthesise("pain")
    rows = forest_rows(made)
    studies = [row for row in rows if row.kind == "study"]
    assert [row.label for row in studies] == [s.name for s in made.used]
    assert sum(row.weight or 0.0 for row in studies) == pytest.approx(1.0)
    (pooled,) = (row for row in rows if row.kind == "pooled")
    assert (pooled.estimate, pooled.low) == (made.pooled.estimate, made.pooled.low)
    left_out = {row.label: row for row in rows if row.kind == "excluded"}
    assert "recalled" in left_out["Kovacic 2017"].note
    assert "Natelson 2021" not in left_out  # without numbers: in the page's table only
    hollow = {row.label: row.hollow for row in studies}
    assert hollow["Aranow 2021"]
    assert not hollow["Shi 2021"]


def test_one_trial_has_no_diamond_and_no_funnel() -> None:
    made = synthesise("mood")
    assert [row.kind for row in forest_rows(made)] == ["study"]
    assert [f.stem for f in evidence_figures(made)] == ["evidence-forest"]


def test_filled_trials_are_those_of_trim_and_fill() -> None:
    made = synthesise("pain")
    assert made.filled is not None
    filled = [point for point in funnel_points(made) if point.filled]
    assert len(filled) == made.filled.k0 == 2


def test_numbers_of_one_source_stand_together() -> None:
    made = synthesise("pain")
    shi = next(s for s in made.studies if s.trial == "SHI2021")
    ((numbers, provenance, source),) = by_source(shi.cells)
    assert numbers.startswith("active mean: 1.1, active SD: 1.1, active n: 21")
    assert (provenance, source) == ("seen", "GIrev2023")


def test_equal_figures_give_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        style.save(forest(ROWS, "SMD", favours=("left", "right")), tmp_path / name, ("svg",))
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
