"""Figures of the course report are drawn from the numbers they are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from course_samples import (
    DAY,
    DRIVE,
    PARTS,
    fast,
    links,
    make_course_report,
    make_validation_report,
    parts,
)
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from vagus.body.outcome import Decomposition, Interval
from vagus.report.course_content import Ablation, Link
from vagus.report.equations import draw_equation
from vagus.report.figures.course import (
    fast_course,
    mark_sessions,
    organ_courses,
    outcome_course,
    quantiles,
    time_unit,
)
from vagus.report.figures.decomposition import (
    BEYOND,
    REST,
    SHAM,
    ablation,
    decomposition,
    decomposition_rows,
)
from vagus.report.figures.evidence_chain import (
    NODES,
    OFF,
    ROUTES_DRAWN,
    evidence_chain,
    link_numbers,
)
from vagus.report.figures.validation import measured_and_simulated, measured_scale, plain


def lines(ax: Axes) -> list[np.ndarray]:
    return [np.asarray(line.get_ydata(), dtype=float) for line in ax.get_lines()]


def arrows(figure: Figure) -> list[object]:
    return [p for p in figure.axes[0].patches if type(p).__name__ == "FancyArrowPatch"]


def test_decomposition_rows_add_up() -> None:
    p = parts()
    arm, own = ({r.label: r for r in rows} for rows in decomposition_rows(p))
    assert list(arm) == ["natural course", "sham response", SHAM, BEYOND, "treated arm"]
    assert list(own) == [*PARTS[2:], BEYOND]
    sham = arm["natural course"].mean + arm["sham response"].mean
    added = sum(own[name].mean for name in PARTS[2:])
    assert arm[SHAM].mean == pytest.approx(sham) == pytest.approx(arm[BEYOND].start)
    assert arm[BEYOND].mean == pytest.approx(added) == pytest.approx(own[BEYOND].mean)
    assert arm["treated arm"].mean == pytest.approx(sham + added) == pytest.approx(p.total.mean())
    assert own["brainstem"].start == pytest.approx(own["cytokines"].mean)


def test_decomposition_shows_what_its_parts_leave() -> None:
    p = parts()
    own = {r.label: r for r in decomposition_rows(replace(p, total=p.total - 0.3))[1]}
    assert own[REST].mean == pytest.approx(-0.3)
    assert REST not in {r.label for r in decomposition_rows(p)[1]}


def test_decomposition_bars_are_the_means() -> None:
    p = parts()
    axes = decomposition(p).axes
    for rows, bars, dots in zip(decomposition_rows(p), axes[::2], axes[1::2], strict=True):
        widths = [bar.get_width() for group in bars.containers for bar in group]
        assert widths == pytest.approx([r.mean for r in rows])
        x = [np.asarray(line.get_xdata(), dtype=float) for line in dots.get_lines()]
        middles = [float(v[0]) for v in x if len(v) == 1]
        assert middles == pytest.approx([r.spread.middle for r in rows])


def test_decomposition_of_failed_draws() -> None:
    p = parts()
    values = p.values.copy()
    values[::2] = np.nan
    half, _ = decomposition_rows(replace(p, values=values, total=np.nansum(values, axis=1)))
    assert half[0].mean == pytest.approx(p.values[1::2, 0].mean())
    nothing = Decomposition("pain", "points", PARTS, np.full((3, 6), np.nan), np.full(3, np.nan))
    assert decomposition_rows(nothing) == ((), ())
    decomposition(nothing)


def test_ablation_draws_every_row_and_the_full_one_first() -> None:
    rows = [
        Ablation("no cytokines", Interval(-0.1, 0.0, 0.1)),
        Ablation("no mood", Interval(0, 1, 2)),
    ]
    ax = ablation(Interval(-1, -0.5, 0.1), rows, "pain", "points").axes[0]
    labels = [t.get_text() for t in ax.get_yticklabels()]
    assert labels == ["as simulated", "no cytokines", "no mood"]


def test_outcome_course_shows_both_arms_and_the_paired_difference() -> None:
    r = make_course_report()
    figure = outcome_course(
        r.active, r.sham, r.natural, "outcome", "pain", "points", 6.2, r.sessions_s, 1.0, r.end_s
    )
    top, low = figure.axes
    wanted = [quantiles(c["outcome"])[1] for c in (r.active, r.sham, r.natural) if c is not None]
    for course in wanted:
        assert any(len(y) == len(course) and np.allclose(y, course) for y in lines(top))
    difference = np.median(r.active["outcome"] - r.sham["outcome"], axis=0)
    assert any(len(y) == len(difference) and np.allclose(y, difference) for y in lines(low))
    texts = [t.get_text() for t in figure.legends[0].get_texts()]
    assert {"stimulation", "sham", "sessions", "± 1: smallest noticed"} <= set(texts)


def test_outcome_course_without_options() -> None:
    r = make_course_report()
    figure = outcome_course(r.active, r.sham, None, "outcome", "pain", "points", 6.2)
    texts = [t.get_text() for t in figure.legends[0].get_texts()]
    assert "sessions" not in texts
    assert not any("smallest" in t for t in texts)


def test_failed_draws_are_left_out_of_bands() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, np.nan]])
    assert quantiles(values)[1] == pytest.approx([2.0, 3.0])
    assert np.isnan(quantiles(np.full((2, 3), np.nan))).all()


@pytest.mark.parametrize(
    ("span_s", "unit"),
    [(240.0, "seconds"), (1800.0, "minutes"), (6 * 3600.0, "hours"), (14 * DAY, "days"),
     (84 * DAY, "weeks")],
)  # fmt: skip
def test_time_axis_has_a_fitting_unit(span_s: float, unit: str) -> None:
    assert time_unit(np.array([0.0, span_s]))[1] == unit


def test_dense_sessions_are_merged() -> None:
    ax = Figure().subplots()
    ax.set_xlim(0, 1000)
    starts = np.arange(0.0, 500.0, 0.5)
    assert mark_sessions(ax, np.stack([starts, starts + 0.1], axis=1)) == 1
    assert len(ax.collections[0].get_paths()) == 1
    assert mark_sessions(ax, np.array([[600.0, 601.0], [700.0, 701.0]])) == 2
    assert len(ax.collections[1].get_paths()) == 2


def test_organ_panels_and_seconds() -> None:
    r = make_course_report()
    figure = organ_courses(r.active, r.sham, ("TNF", "M", "W", "ppt"))
    titles = [ax.get_title(loc="left") for ax in figure.axes if ax.axison]
    assert titles[:2] == ["TNF (pg/mL)", "depressed mood, + worse (SD)"]
    assert len(titles) == 4
    f = fast(20)
    axes = fast_course(f, ("LC", "NE"), np.array([[30.0, 60.0]])).axes
    assert axes[0].get_title(loc="left") == "locus coeruleus firing (ratio to rest)"
    assert np.allclose(lines(axes[0])[0], quantiles(f["LC"])[1])
    assert len(axes[0].patches) == 1


def test_every_shipped_link_has_a_place_in_the_drawing() -> None:
    assert {link.symbol for link in links()} == set(ROUTES_DRAWN)
    for way in ROUTES_DRAWN.values():
        assert way[0] in NODES
        assert way[3] in NODES


def test_chain_draws_links_by_grade_and_off_links_grey() -> None:
    figure = evidence_chain(links(), DRIVE)
    drawn = {t.get_text() for t in figure.axes[0].texts}
    assert {str(n) for n in link_numbers(links()).values()} <= drawn
    labels = {t.get_text() for t in figure.legends[0].get_texts()}
    assert {"contested evidence", "switched off in this run"} <= labels
    everything_off = tuple(replace(link, on=False) for link in links())
    labels = {t.get_text() for t in evidence_chain(everything_off, ()).legends[0].get_texts()}
    assert labels == {"switched off in this run"}


def test_chain_starts_at_the_channels_that_carry_spikes() -> None:
    row = replace(DRIVE[0], channel="u_E")
    one = tuple(link for link in links() if link.symbol == "link_vagus_lc")
    ear = evidence_chain(one, (row,))
    both = evidence_chain(one, (row, DRIVE[0]))
    texts = [t.get_text() for t in ear.axes[0].texts]
    assert "A afferents" not in texts
    assert texts.count("1") == 1
    assert [t.get_text() for t in both.axes[0].texts].count("1") == 2


def test_silent_channel_is_drawn_as_off() -> None:
    silent = replace(DRIVE[1], spikes_per_s=Interval(0.0, 0.0, 0.0))
    colours = [a.get_edgecolor() for a in arrows(evidence_chain((), (silent,)))]  # type: ignore[attr-defined]
    from matplotlib.colors import to_rgba

    assert to_rgba(OFF["color"]) in colours


def test_link_without_a_place_is_left_to_the_table() -> None:
    odd = Link("link_new", "somewhere", "pain", "odd", True, "", "")
    evidence_chain((odd,), DRIVE)


def test_validation_rows_are_on_the_scale_of_the_measurement() -> None:
    rows = make_validation_report().rows
    assert measured_scale(rows[0]) == (75.0, 15.0)
    ax = measured_and_simulated(rows[:1]).axes[0]
    drawn = [np.asarray(line.get_xdata(), dtype=float) for line in ax.get_lines()]
    assert any(np.allclose(x, [(62 - 75) / 15, (88 - 75) / 15]) for x in drawn if len(x) == 2)
    point = replace(rows[0].observation, low=75.0, high=75.0)
    assert measured_scale(replace(rows[0], observation=point)) == (75.0, 7.5)
    assert plain(-0.1234) == "−0.123"
    assert plain(12345.0) == "12,345"


def test_equation_is_drawn_or_kept_as_text() -> None:
    good = draw_equation(r"\frac{d\,M}{dt} = \frac{\frac{a}{b}}{\tau_{M}}")
    assert good.svg
    assert good.width_px > 20
    assert draw_equation(good.latex) == good
    bad = draw_equation(r"\begin{cases} a \end{cases}")
    assert (bad.svg, bad.latex) == ("", r"\begin{cases} a \end{cases}")
