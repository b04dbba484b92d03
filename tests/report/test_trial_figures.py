"""Figures of trials: what is drawn is what was given, inside the page, no text over another."""

from __future__ import annotations

from pathlib import Path

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from scipy import stats

from vagus.report import style
from vagus.report.figures.consort import consort_flow
from vagus.report.figures.operating import power_curve
from vagus.report.figures.trial_course import trial_course
from vagus.trial.consort import ArmFlow, Flow
from vagus.trial.mean_course import MeanCourse
from vagus.trial.operating import Estimate
from vagus.trial.power_curve import CurvePoint

NAMES = ("active", "sham", "usual care only", "auricular, 25 Hz, an hour a day", "exercise")


def make_flow(arms: int) -> Flow:
    left = {"lack of efficacy": 3, "side effects": 0, "withdrawn or lost": 2}
    flows = tuple(ArmFlow(name, 60, left, 55, 4 * k, 58) for k, name in enumerate(NAMES[:arms]))
    excluded = {"rated below the entry criterion": 31, "rated above the entry criterion": 0}
    return Flow("sample", 60 * arms + 31, excluded, 60 * arms, flows)


def make_courses(arms: int) -> list[MeanCourse]:
    day = np.array([0.0, 28.0, 56.0, 84.0])
    courses = []
    for k in range(arms):
        mean = 7 - (2 - 0.5 * k) * (1 - np.exp(-day / 20))
        courses.append(
            MeanCourse(NAMES[k], day, mean, mean - 0.4, mean + 0.5, 60 - 5 * np.arange(4))
        )
    return courses


def make_points() -> list[CurvePoint]:
    return [
        CurvePoint(n, Estimate(p, np.sqrt(p * (1 - p) / 200)), Estimate(e, 0.016), 200)
        for n, p, e in ((40, 0.22, 0.06), (80, 0.45, 0.04), (160, 0.7, 0.055), (320, 0.995, 0.05))
    ]


FIGURES = {
    **{f"flow of {k}": lambda k=k: consort_flow(make_flow(k)) for k in range(1, 6)},
    **{
        f"courses of {k}": lambda k=k: trial_course(make_courses(k), "pain (NRS 0-10)", "interval")
        for k in (1, 2, 4)
    },
    "power": lambda: power_curve(make_points(), 0.05, "patients"),
}


def drawn_text(figure: Figure) -> list[tuple[str, np.ndarray]]:
    """Every text that reaches the canvas, with its box in pixels."""
    found: dict[int, tuple[str, np.ndarray]] = {}

    class Canvas(RendererAgg):
        def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):  # type: ignore
            if mtext is not None and s.strip():
                found[id(mtext)] = (mtext.get_text(), mtext.get_window_extent(self).extents)
            super().draw_text(gc, x, y, s, prop, angle, ismath, mtext)

    with matplotlib.rc_context(style.RC):
        FigureCanvasAgg(figure).draw()
        figure.draw(Canvas(int(figure.bbox.width), int(figure.bbox.height), figure.dpi))
    return list(found.values())


@pytest.mark.parametrize("name", FIGURES)
def test_text_stays_inside_and_apart(name: str) -> None:
    figure = FIGURES[name]()
    shown: list[tuple[str, np.ndarray]] = []
    for text, box in drawn_text(figure):
        assert min(box[:2]) > -2, text
        assert box[2] < figure.bbox.width + 2, text
        assert box[3] < figure.bbox.height + 2, text
        for other, there in shown:
            wide = min(box[2], there[2]) - max(box[0], there[0])
            high = min(box[3], there[3]) - max(box[1], there[1])
            assert min(wide, high) < 2, f"{text} over {other}"
        shown.append((text, box))


@pytest.mark.parametrize("arms", [1, 2, 5])
def test_text_of_the_flow_stays_in_its_box(arms: int) -> None:
    figure = consort_flow(make_flow(arms))
    texts = drawn_text(figure)
    boxes = [p.get_window_extent().extents for p in figure.axes[0].patches]
    for text, inner in texts:
        inside = [
            b for b in boxes
            if b[0] <= inner[0] and inner[2] <= b[2] and b[1] <= inner[1] and inner[3] <= b[3]
        ]  # fmt: skip
        assert inside, text


def test_flow_shows_every_number_and_no_empty_reason() -> None:
    said = [text for text, _ in drawn_text(consort_flow(make_flow(2)))]
    for wanted in (
        "Assessed for eligibility (n = 151)", "Excluded (n = 31)", "Randomised (n = 120)",
        "Allocated (n = 60)", "Left (n = 5)", "3 lack of efficacy", "Analysed (n = 58)",
        "55 completed all visits", "4 took rescue treatment",
    ):  # fmt: skip
        assert wanted in said
    assert not any("side effects" in text for text in said)


def test_courses_are_drawn_with_their_intervals_and_numbers() -> None:
    courses = make_courses(2)
    figure = trial_course(courses, "pain", "interval")
    ax = figure.axes[0]
    for course, drawn in zip(courses, ax.containers, strict=True):
        line, _, (bars,) = drawn.lines
        np.testing.assert_allclose(line.get_ydata(), course.mean)
        ends = np.array([segment[:, 1] for segment in bars.get_segments()])
        np.testing.assert_allclose(ends, np.stack([course.low, course.high], axis=1))
    said = [text for text, _ in drawn_text(figure)]
    assert said.count("60") == 2
    assert {"active", "sham", "45"} <= set(said)


def test_power_is_drawn_beside_type_i_error_with_monte_carlo_bars() -> None:
    points = make_points()
    ax = power_curve(points, 0.05, "patients").axes[0]
    for name, drawn in zip(("power", "type_i_error"), ax.containers, strict=True):
        line, _, (bars,) = drawn.lines
        found = [getattr(p, name) for p in points]
        np.testing.assert_allclose(line.get_ydata(), [e.value for e in found])
        for segment, e in zip(bars.get_segments(), found, strict=True):
            known = stats.binomtest(round(200 * e.value), 200).proportion_ci(0.95, "wilson")
            np.testing.assert_allclose(segment[:, 1], [known.low, known.high], atol=2e-3)
    levels = [line.get_ydata()[0] for line in ax.lines if len(set(line.get_ydata())) == 1]
    assert {0.05, 0.8} <= set(levels)


def test_files_are_written_and_equal_when_drawn_again(tmp_path: Path) -> None:
    for stem in ("a", "b"):
        style.save(consort_flow(make_flow(2)), tmp_path / stem, ("svg",))
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()
