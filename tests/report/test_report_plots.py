"""What the plots show."""

import itertools

import numpy as np
import pytest
from material.synthetic import synthetic_study
from matplotlib.colors import to_hex

from voxnas.drawing import style
from voxnas.drawing.names import short_names, spread
from voxnas.problems.amp.problem import AmpProblem
from voxnas.records.collect import collect, latest
from voxnas.report.curves import MAX_GREY, loss_curves
from voxnas.report.marks import MAX_LABELS
from voxnas.report.plots import plane
from voxnas.report.review import review
from voxnas.report.space import space

AMP = AmpProblem()
PLANES, SPACE = AMP.report().planes, AMP.report().space


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plots") / "s"
    synthetic_study(folder, 60, epochs=(4, 6))
    return review(collect(folder), AMP)


def draw(result, x, y):
    return plane(result.candidates, result.mask, x, y, AMP, result.picks, result.sections.guides)


def words(figure):
    """The labels that were placed, those of the axes and guides left out."""
    return [
        t for t in figure.axes[0].texts if t.get_fontsize() == 8 and t.get_color() in (style.INK, style.FAINT)
    ]


@pytest.mark.parametrize(("x", "y"), PLANES.values())
def test_the_frontier_is_the_red_stars(result, x, y):
    figure = draw(result, x, y)
    stars = next(c for c in figure.axes[0].collections if c.get_label() == "Pareto frontier")
    expected = result.frontier[[x, y]].to_numpy()
    np.testing.assert_allclose(np.sort(stars.get_offsets(), axis=0), np.sort(expected, axis=0))
    assert to_hex(stars.get_facecolor()[0]).upper() == style.FRONTIER
    dots = sum(len(c.get_offsets()) for c in figure.axes[0].collections) - len(expected)
    assert dots == (result.candidates["status"] == "ok").sum() - len(expected)


@pytest.mark.parametrize(("x", "y"), PLANES.values())
def test_labels_cover_neither_each_other_nor_leave_the_axes(result, x, y):
    figure = draw(result, x, y)
    figure.canvas.draw()
    inside = figure.axes[0].get_window_extent()
    labels = [t for t in words(figure) if t.xycoords == "figure fraction"]
    assert 4 <= len(labels) <= MAX_LABELS
    renderer = figure.canvas.get_renderer()
    boxes = [
        t.get_tightbbox(renderer) if t.arrow_patch is None else super_extent(t, renderer) for t in labels
    ]
    assert not any(a.overlaps(b) for a, b in itertools.combinations(boxes, 2))
    assert all(inside.x0 <= b.x0 and b.x1 <= inside.x1 for b in boxes)
    assert all(inside.y0 <= b.y0 and b.y1 <= inside.y1 for b in boxes)


def super_extent(note, renderer):
    """A note's box without its leader line."""
    from matplotlib.text import Text

    return Text.get_window_extent(note, renderer)


def test_the_line_is_the_frontier_of_the_two_axes(result):
    line = draw(result, "parameters", "score").axes[0].get_lines()[0]
    x, y = line.get_data()
    assert (np.diff(x) > 0).all()
    assert (np.diff(y) < 0).all()
    finished = result.candidates[result.candidates["status"] == "ok"]
    assert y.min() == finished["score"].min()
    assert x.min() == finished["parameters"].min()


def test_axes_have_units_and_are_logarithmic_where_the_range_asks(result):
    axes = draw(result, "latency_ms", "score").axes[0]
    assert "(ms)" in axes.get_xlabel()
    assert axes.get_yscale() == "log"
    narrow = result.candidates.assign(latency_ms=np.linspace(1, 2, len(result.candidates)))
    assert plane(narrow, result.mask, "latency_ms", "score", AMP).axes[0].get_xscale() == "linear"


def test_infinite_and_missing_figures_are_left_out(result):
    frame = result.candidates.copy()
    frame.loc[frame.index[:3], "cpu_rtf"] = [np.nan, np.inf, 0.1]
    mask = np.zeros(len(frame), dtype=bool)
    figure = plane(frame, mask, "cpu_rtf", "score", AMP)
    shown = sum(len(c.get_offsets()) for c in figure.axes[0].collections)
    assert shown == ((frame["status"] == "ok") & np.isfinite(frame["cpu_rtf"])).sum()


def test_with_no_finished_candidate_plots_say_so(result):
    frame = result.candidates.assign(status="failed")
    mask = np.zeros(len(frame), dtype=bool)
    for figure in (plane(frame, mask, "latency_ms", "score", AMP), space(frame, mask, SPACE, AMP)):
        assert any("nothing to show" in t.get_text() for t in figure.texts)
    figure = loss_curves(frame.assign(folder=""), [], AMP)
    assert any("nothing to show" in t.get_text() for t in figure.texts)


def test_space_shows_every_finished_candidate(result):
    axes = space(result.candidates, result.mask, SPACE, AMP, result.picks).axes[0]
    shown = sum(len(c._offsets3d[0]) for c in axes.collections)
    assert shown == (result.candidates["status"] == "ok").sum()


def test_curves_are_per_rung_with_the_frontier_in_colour(result):
    names = list(result.frontier["candidate"])
    figure = loss_curves(result.records, names, AMP)
    assert [a.get_title() for a in figure.axes] == ["", ""]
    for axes, rung in zip(figure.axes, ("phase1", "phase2"), strict=True):
        assert axes.get_title(loc="left").startswith(rung)
        rows = result.records[(result.records["rung"] == rung) & (result.records["status"] != "rejected")]
        assert len(axes.get_lines()) == len(rows)
    coloured = {line.get_label() for line in figure.axes[0].get_lines() if line.get_linewidth() > 1}
    assert coloured == set(names[: len(style.LINES)])


def test_a_crowd_of_curves_is_sampled_but_for_the_frontier(tmp_path):
    synthetic_study(tmp_path / "s", MAX_GREY + 60, epochs=(2, 2), failures=False, keep=0)
    frame = latest(collect(tmp_path / "s"))
    chosen = list(frame["candidate"][:5])
    lines = loss_curves(frame, chosen, AMP).axes[0].get_lines()
    assert len(lines) == MAX_GREY + 5
    assert set(chosen) <= {line.get_label() for line in lines}


def test_figures_are_written_for_readers():
    assert [AMP.figure("parameters").text(v) for v in (12345.0, None, float("nan"), float("inf"))] == [
        "12,345",
        "–",
        "–",
        "∞",
    ]
    assert AMP.figure("score").text(0.0012345) == "0.00123"
    assert AMP.figure("latency_ms").text(1.0) == "1.00"
    assert (AMP.figure("cpu_realtime_capable").text(True), AMP.figure("engine").text("torch")) == (
        "yes",
        "torch",
    )
    assert [AMP.score.quality(e) for e in (0.009, 0.01, 0.05, 0.5)] == [
        "great",
        "not bad",
        "might sound ok",
        "audibly off",
    ]


def test_short_names_leave_out_what_all_share():
    assert short_names(["wavenet-l5-c16-k3", "wavenet-l6-c16-k3"]) == ["l5", "l6"]
    assert short_names(["only-one"]) == ["only-one"]
    assert short_names(["a-b", "a-b"]) == ["a-b", "a-b"]
    assert short_names(["a", "a-b"]) == ["a", "b"]


def test_spread_has_both_ends():
    assert spread(10, 3) == [0, 4, 9]
    assert spread(2, 5) == [0, 1]
    assert spread(0, 5) == []
    assert spread(5, 0) == []
