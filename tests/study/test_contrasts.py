"""The figures of Part 3 by what is drawn, and their descriptions by the numbers."""

import re
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex

from fashionnet import study_plots
from fashionnet.side_views import Size
from fashionnet.stats import Estimate
from fashionnet.study import CLASSIFIERS, CONTRASTS, Contrast, compare
from fashionnet.study_plots import (
    describe_contrasts,
    describe_learning_curve,
    describe_runs_wrong,
    describe_seeds,
    plot_contrasts,
    plot_learning_curve,
    plot_runs_wrong,
    plot_seeds,
)
from fashionnet.study_sentences import state_students, state_verdict

ERRORS = {"likeliest": [38, 46, 42], "sum": [38, 44, 47], "binary": [35, 50, 44]}
SEEDS = [0, 3, 12]


def make_contrasts(*estimates):
    return {
        way: Contrast(way, np.zeros(3, int), np.ones(3), estimate, None)
        for way, estimate in zip(CONTRASTS, estimates, strict=True)
    }


# With so many degrees of freedom, 1.96 and 1.645 standard errors to both sides.
AHEAD, BEHIND = Estimate(12.3, 4, 1e6), Estimate(-2.1, 1, 1e6)
CONTRASTS_FOUND = make_contrasts(AHEAD, BEHIND)
# Images by how many of two multiclass (columns) and binary (rows) trainings are wrong.
RUNS_WRONG = np.array([[9000, 12, 3], [20, 0, 1], [5, 4, 955]])
FIGURES = {
    "seeds": (plot_seeds, (ERRORS, SEEDS)),
    "contrasts": (plot_contrasts, (CONTRASTS_FOUND,)),
    "runs wrong": (plot_runs_wrong, (RUNS_WRONG,)),
}
each_figure = pytest.mark.parametrize(("plot", "args"), FIGURES.values(), ids=FIGURES)


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def segments(lines):
    """List start, end and height of horizontal lines."""
    return [
        (*sorted(float(x) for x in path[:, 0]), float(path[0, 1]))
        for path in lines.get_segments()
    ]


@each_figure
def test_plot_uses_the_axes_it_is_given(plot, args):
    fig, (left, right) = plt.subplots(1, 2)
    assert plot(*args, ax=right) is right
    assert right.has_data()
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]


@each_figure
def test_plot_without_axes_makes_one_figure_without_warnings(plot, args):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        ax = plot(*args)
        ax.figure.canvas.draw()
    assert plt.get_fignums() == [ax.figure.number]
    assert ax.get_xlabel()


def test_every_plot_has_a_description():
    names = [n.partition("_") for n, f in vars(study_plots).items() if callable(f)]
    kinds = {
        verb: {rest for v, _, rest in names if v == verb}
        for verb in ("plot", "describe")
    }
    figures = {"seeds", "contrasts", "runs_wrong", "learning_curve"}
    assert kinds["plot"] == kinds["describe"] == figures


# Dumbbells.


def test_every_count_is_a_marker_in_the_row_of_its_seed():
    _, *markers = plot_seeds(ERRORS, SEEDS).collections
    drawn = {m.get_label(): m.get_offsets().tolist() for m in markers}
    assert drawn == {k: [[x, y] for y, x in enumerate(n)] for k, n in ERRORS.items()}


def test_line_of_a_seed_joins_its_fewest_and_most_errors():
    lines, *_ = plot_seeds(ERRORS, SEEDS).collections
    assert segments(lines) == [(35, 38, 0), (44, 50, 1), (42, 47, 2)]


def test_rows_are_named_by_their_seeds_from_the_top():
    ax = plot_seeds(ERRORS, SEEDS)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "3", "12"]
    bottom, top = ax.get_ylim()
    assert top < 0 < 2 < bottom


def test_classifiers_differ_in_color_and_shape_and_size():
    # A smaller marker in front leaves a larger one of the same count visible.
    ax = plot_seeds(ERRORS, SEEDS)
    _, *markers = ax.collections
    assert len({to_hex(m.get_facecolor()[0]) for m in markers}) == 3
    assert len({len(m.get_paths()[0].vertices) for m in markers}) > 1
    sizes = [m.get_sizes()[0] for m in markers]
    assert sizes == sorted(sizes, reverse=True)
    assert [m.get_zorder() for m in markers] == [2, 3, 4]
    assert legend_texts(ax) == list(ERRORS)


def test_one_seed_is_drawn():
    ax = plot_seeds({"first": [3], "second": [5]}, [7])
    assert segments(ax.collections[0]) == [(3, 5, 0)]


def test_description_of_seeds_lists_every_count():
    text = describe_seeds(ERRORS, SEEDS)
    assert "for likeliest, sum, binary" in text
    assert "Seed 0: 38, 38, 35; seed 3: 46, 44, 50; seed 12: 42, 47, 44." in text


# Contrasts.


def test_intervals_are_drawn_around_their_estimates():
    ax = plot_contrasts(CONTRASTS_FOUND)
    points = [
        tuple(np.ravel(line.get_data()).tolist())
        for line in ax.lines
        if line.get_marker() != "None"
    ]
    assert points == [(12.3, 0), (-2.1, 1)]
    drawn = [segments(lines)[0] for lines in ax.collections]
    expected = [
        (*estimate.interval(level), row)
        for row, estimate in enumerate((AHEAD, BEHIND))
        for level in (0.95, 0.9)
    ]
    np.testing.assert_allclose(drawn, expected)


def test_wider_interval_is_the_thinner_line():
    ax = plot_contrasts(CONTRASTS_FOUND)
    widths = [lines.get_linewidths()[0] for lines in ax.collections]
    assert widths[0] < widths[1]
    assert legend_texts(ax) == ["margin of 10 images", "95% interval", "90% interval"]


@pytest.mark.parametrize("margin", [10, 4])
def test_band_is_as_wide_as_the_margin_on_both_sides(margin):
    (band,) = plot_contrasts(CONTRASTS_FOUND, margin).patches
    assert band.get_x() == -margin
    assert band.get_width() == 2 * margin


def test_axis_says_the_direction_in_words_and_shows_no_sign():
    ax = plot_contrasts(CONTRASTS_FOUND)
    ax.figure.canvas.draw()
    assert re.fullmatch(r"← fewer .* more →", ax.get_xlabel())
    ticks = [text.get_text() for text in ax.get_xticklabels()]
    assert "10" in ticks
    assert not [tick for tick in ticks if not tick.isdigit()]


def test_all_of_every_interval_and_of_the_band_is_in_view():
    for contrasts in (CONTRASTS_FOUND, make_contrasts(BEHIND, BEHIND)):
        high, low = plot_contrasts(contrasts).get_xlim()
        assert low == -high, "fewer errors, above 0, belong to the left"
        assert high > max(10, *(c.estimate.interval()[1] for c in contrasts.values()))


def test_description_of_contrasts_says_the_direction_in_words():
    text = describe_contrasts(CONTRASTS_FOUND)
    first, second = text.split("images: ")[1].split("; ")
    assert first.startswith("multiclass (likeliest class) against binary 12.3 fewer (")
    assert "95% interval from 4.5 to 20.1 fewer" in first
    assert "90% interval from 5.7 to 18.9 fewer)" in first
    assert second.startswith("multiclass (sum) against binary 2.1 more (95% interval")
    assert "band of 10 images" in text
    swapped = describe_contrasts(make_contrasts(BEHIND, AHEAD))
    assert "multiclass (likeliest class) against binary 2.1 more" in swapped
    assert "multiclass (sum) against binary 12.3 fewer" in swapped


def test_contrasts_without_an_estimate_leave_their_rows_empty():
    nothing = make_contrasts(None, None)
    ax = plot_contrasts(nothing)
    assert not ax.collections
    assert [t.get_text() for t in ax.get_yticklabels()] != []
    assert describe_contrasts(nothing).count("no interval") == 2


def test_any_contrast_is_named_by_both_of_its_sides():
    control = CONTRASTS_FOUND["multiclass_sum"]._replace(against="grouped")
    ax = plot_contrasts({"any key": control})
    [label] = ax.get_yticklabels()
    assert label.get_text() == "multiclass (sum)\nagainst ten outputs, binary loss"
    text = describe_contrasts({"any key": control})
    assert "multiclass (sum) against ten outputs, binary loss 2.1 more" in text


def test_no_contrasts_are_drawn_as_an_empty_band():
    ax = plot_contrasts({})
    assert not ax.collections
    assert "no contrast" in describe_contrasts({})


# Heat map.


def test_heat_map_writes_every_count_in_its_cell_but_no_zeros():
    ax = plot_runs_wrong(RUNS_WRONG)
    written = {text.get_position(): text.get_text() for text in ax.texts}
    for (row, column), n in np.ndenumerate(RUNS_WRONG):
        assert written[column + 0.5, row + 0.5] == (f"{n:,}" if n else "")


def test_heat_map_counts_trainings_from_none_to_all():
    ax = plot_runs_wrong(RUNS_WRONG)
    for axis, kind in ((ax.xaxis, "multiclass"), (ax.yaxis, "binary")):
        assert [text.get_text() for text in axis.get_ticklabels()] == ["0", "1", "2"]
        assert f"2 {kind} trainings" in axis.get_label_text()


def test_description_of_the_heat_map_says_which_side_is_wrong_more_often():
    text = describe_runs_wrong(RUNS_WRONG)
    assert "10,000 images" in text
    assert "Never wrong: 9,000; always wrong: 955" in text
    assert "more multiclass trainings: 16; in more binary ones: 29" in text
    turned = describe_runs_wrong(RUNS_WRONG.T)
    assert "more multiclass trainings: 29; in more binary ones: 16" in turned


def test_heat_map_without_trainings_is_drawn():
    assert plot_runs_wrong(np.array([[10_000]])).get_xlabel()
    assert "always wrong: 0" in describe_runs_wrong(np.array([[10_000]]))


# Learning curve.


def make_size(errors, estimates, *, interval=True):
    """Make a size from three mean errors and two estimates."""
    counts = {k: np.full(3, n) for k, n in zip(CLASSIFIERS, errors, strict=True)}
    rates = {k: Estimate(n, 5.0, 1e6) for k, n in zip(CLASSIFIERS, errors, strict=True)}
    contrasts = {
        way: Contrast(way, np.full(3, e.value), np.ones(3), e, None)
        for way, e in zip(CONTRASTS, estimates, strict=True)
    }
    if not interval:
        rates = dict.fromkeys(CLASSIFIERS)
        contrasts = {k: c._replace(estimate=None) for k, c in contrasts.items()}
    return Size(counts, rates, contrasts)


SIZES = {
    500: make_size((300, 280, 340), (Estimate(40, 9, 1e6), Estimate(60, 9, 1e6))),
    54_000: make_size((42, 40, 39), (BEHIND, BEHIND)),
}


def drawn_lines(ax):
    """List x and y of each line with intervals, and the ends of these, by label."""
    lines = {}
    for line, _, (bars,) in ax.containers:
        ends = [path[:, 1].tolist() for path in bars.get_segments()]
        lines[ax.containers[len(lines)].get_label()] = (*line.get_data(), ends)
    return lines


def test_learning_curve_draws_errors_and_differences_with_their_intervals():
    left, right = plot_learning_curve(SIZES).axes
    errors, leads = drawn_lines(left), drawn_lines(right)
    assert list(errors) == list(CLASSIFIERS.values())
    assert list(leads) == [CLASSIFIERS[way] for way in CONTRASTS]
    for i, (x, y, ends) in enumerate(errors.values()):
        assert x == pytest.approx([500, 54_000], rel=0.07)
        assert y.tolist() == [(300, 280, 340)[i], (42, 40, 39)[i]]
        assert ends[0] == pytest.approx(Estimate(y[0], 5, 1e6).interval())
    _, y, ends = leads["multiclass (sum)"]
    assert y.tolist() == pytest.approx([60, BEHIND.value])
    assert ends[1] == pytest.approx(BEHIND.interval())


def test_learning_curve_has_sizes_on_a_log_axis_and_directions_in_words():
    figure = plot_learning_curve(SIZES)
    figure.canvas.draw()
    for ax in figure.axes:
        assert ax.get_xscale() == "log"
        assert [t.get_text() for t in ax.get_xticklabels()] == ["500", "54,000"]
        assert not [t for t in ax.get_yticklabels() if "−" in t.get_text()]
    assert re.fullmatch("← fewer .* more errors →", figure.axes[1].get_ylabel())
    assert figure.axes[1].yaxis_inverted()


def test_learning_curve_tells_its_lines_apart_without_color():
    for ax in plot_learning_curve(SIZES).axes:
        lines = [line for line, *_ in ax.containers]
        looks = {(line.get_marker(), line.get_linestyle()) for line in lines}
        assert len(looks) == len({line.get_color() for line in lines}) == len(lines)


def test_description_of_the_learning_curve_follows_the_sizes():
    text = describe_learning_curve(SIZES)
    assert "500 training images: multiclass (likeliest class) 300.0, multi" in text
    assert "multiclass (sum) 60.0 fewer (95% interval from 42.4 to 77.6 fewer)" in text
    assert "54,000 training images: multiclass (likeliest class) 42.0" in text
    assert "multiclass (sum) 2.1 more (95% interval from 0.1 to 4.1 more)" in text


@pytest.mark.parametrize("n_sizes", [0, 1, 2])
def test_few_seeds_and_few_sizes_are_drawn_without_intervals(n_sizes):
    sizes = {
        n: make_size((30, 30, 30), (AHEAD, BEHIND), interval=False)
        for n in (500, 5000)[:n_sizes]
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot_learning_curve(sizes).canvas.draw()
    text = describe_learning_curve(sizes)
    assert text.count("no interval") == 2 * n_sizes
    assert ("No training is stored" in text) == (n_sizes == 0)


# From images to words.


def draw_contrasts(n_wrong):
    """Draw ten pairs that err on about so many of 10,000 images, and compare them."""
    drawn = np.random.default_rng(0).random((3, 10, 10_000))
    chances = np.reshape(n_wrong, (3, 1, 1)) / 10_000
    return compare(dict(zip(CLASSIFIERS, drawn >= chances, strict=True)))


@pytest.mark.parametrize(
    ("n_wrong", "answer", "directions", "students"),
    [
        ((30, 30, 120), "{way} is better.", {"fewer"}, ("10", "0", "0")),
        ((120, 120, 30), "binary is better.", {"more"}, ("0", "10", "0")),
        ((40, 40, 40), "neither is better by", {"more", "fewer"}, ("1", "0", "9")),
    ],
)
def test_better_network_wins_in_verdict_sentence_and_alt_text(
    n_wrong, answer, directions, students
):
    contrasts = draw_contrasts(n_wrong)
    alt = describe_contrasts(contrasts).split("images: ")[1].split("; ")
    for (way, contrast), said in zip(contrasts.items(), alt, strict=True):
        name = CLASSIFIERS[way]
        lead = f"**{name.capitalize()} against binary: {answer.format(way=name)}"
        assert state_verdict(contrast).startswith(lead)
        assert set(re.findall("fewer|more", said)) == directions
    counts = r"each, (\d+) would .* better, (\d+) that binary is, and (\d+) that"
    said = state_students(contrasts["multiclass_argmax"])
    assert re.search(counts, said).groups() == students
