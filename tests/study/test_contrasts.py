"""Contrasts of two ways to train, against counting; and their figures."""

import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from study_samples import LABELS, draw_pairs, read_numbers

from fashionnet.study.contrasts import (
    CONTRASTS,
    Contrast,
    compare,
    estimate_images,
    make_contrast,
    plot_contrasts,
    plot_seeds,
    table_seeds,
)
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.stats import Estimate, crossed_estimate, mcnemar_exact
from fashionnet.study.verdict import decide
from fashionnet.study.words import CLASSIFIERS, NAMES, STYLES


def draw_right(n_wrong, *, n_seeds=10, seed=0):
    """Draw which of 10,000 images each classifier gets right, by its mean errors."""
    rng = np.random.default_rng(seed)
    drawn = rng.random((len(CLASSIFIERS), n_seeds, 10_000))
    chances = np.reshape(n_wrong, (-1, 1, 1)) / 10_000
    return dict(zip(CLASSIFIERS, drawn >= chances, strict=True))


RIGHT = draw_right((60, 50, 40))


@pytest.mark.parametrize(("way", "against"), [*itertools.permutations(CLASSIFIERS, 2)])
def test_contrast_counts_fewer_errors_as_above_zero(way, against):
    contrast = make_contrast(RIGHT, way, against)
    ours, theirs = (
        [row.tolist().count(False) for row in RIGHT[name]] for name in (way, against)
    )
    ahead = [b - a for a, b in zip(ours, theirs, strict=True)]
    assert (contrast.way, contrast.against) == (way, against)
    assert contrast.ahead.tolist() == ahead
    assert contrast.estimate.value == pytest.approx(sum(ahead) / 10)
    assert contrast.p_adjusted is None


@pytest.mark.parametrize("n_images", [400, 10_000])
def test_estimate_is_of_paired_differences_in_10_000_images(n_images):
    right = {k: table[:, :n_images] for k, table in draw_right((900, 0, 100)).items()}
    contrast = make_contrast(right, "multiclass_argmax")
    paired = right["multiclass_argmax"].astype(int) - right["binary"]
    value, error, df = crossed_estimate(paired)
    assert contrast.estimate == Estimate(1e4 * value, 1e4 * error, df)
    assert estimate_images(paired) == contrast.estimate


def test_p_values_are_adjusted_for_two_contrasts():
    contrasts = compare(RIGHT)
    raw = {way: c.estimate.p_value() for way, c in contrasts.items()}
    first, second = sorted(raw, key=raw.get)
    smaller = contrasts[first].p_adjusted
    assert smaller == pytest.approx(2 * raw[first])
    assert contrasts[second].p_adjusted == pytest.approx(max(smaller, raw[second]))


def test_each_pair_has_its_own_signed_p_value():
    won, lost, signs = [5, 0, 3, 12], [0, 5, 3, 4], [1, -1, 1, 1]
    ours, theirs = np.zeros((2, 4, 20), bool)
    for row, (a, b) in enumerate(zip(won, lost, strict=True)):
        ours[row, :a] = theirs[row, a : a + b] = True
    right = dict(zip(CLASSIFIERS, (ours, ours, theirs), strict=True))
    expected = [s * mcnemar_exact(*n) for s, *n in zip(signs, won, lost, strict=True)]
    for contrast in compare(right).values():
        assert contrast.signed_p.tolist() == expected


@pytest.mark.parametrize(
    ("n_wrong", "verdict"),
    [
        ((40, 40, 90), "better"),
        ((90, 90, 40), "better"),
        ((40, 40, 40), "equally good"),
    ],
)
def test_verdict_follows_who_is_better_and_takes_two_pairs(n_wrong, verdict):
    right = draw_right(n_wrong)
    assert decide(compare(right)["multiclass_argmax"].estimate) == verdict
    one = compare({name: table[:1] for name, table in right.items()})
    for contrast in one.values():
        assert decide(contrast.estimate) == "undecided"
        assert contrast.p_adjusted == 1


# What is said.


# Figures.


ERRORS = {
    "multiclass_argmax": [38, 46, 42],
    "multiclass_sum": [38, 44, 47],
    "binary": [35, 50, 44],
}
SEEDS = [0, 3, 12]


def make_found(*estimates):
    return {
        way: Contrast(way, np.zeros(3, int), np.ones(3), estimate)
        for way, estimate in zip(CONTRASTS, estimates, strict=True)
    }


# With so many degrees of freedom, 1.96 and 1.645 standard errors to both sides.
AHEAD, BEHIND = Estimate(12.3, 4, 1e6), Estimate(-2.1, 1, 1e6)
CONTRASTS_FOUND = make_found(AHEAD, BEHIND)


def segments(lines):
    """List start, end and height of horizontal lines."""
    return [
        (*sorted(float(x) for x in path[:, 0]), float(path[0, 1]))
        for path in lines.get_segments()
    ]


@pytest.mark.parametrize(
    ("plot", "args"),
    [
        (plot_seeds, (ERRORS, SEEDS)),
        (plot_contrasts, (CONTRASTS_FOUND,)),
    ],
)
def test_plot_uses_the_axes_it_is_given(plot, args):
    fig, (left, right) = plt.subplots(1, 2)
    assert plot(*args, ax=right) is right
    assert right.has_data()
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]


def test_every_count_is_a_marker_in_the_row_of_its_seed():
    ax = plot_seeds(ERRORS, SEEDS)
    [lines] = ax.collections
    for line, counts in zip(ax.lines[1::2], ERRORS.values(), strict=True):
        assert list(line.get_xdata()) == list(counts)
        assert list(line.get_ydata()[1:]) == [1, 2]
    assert segments(lines) == [(35, 38, 0), (44, 50, 1), (42, 47, 2)]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["0", "3", "12"]
    bottom, top = ax.get_ylim()
    assert top < 0 < 2 < bottom
    text = ax.figure.description
    assert read_numbers(text)[:3] == [42.0, 43.0, 43.0]
    assert read_numbers(text)[3:] == [0, 38, 38, 35, 3, 46, 44, 50, 12, 42, 47, 44]


def test_every_mean_is_a_line_in_the_style_of_its_classifier():
    ax = plot_seeds(ERRORS, SEEDS)
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    for line, label, name in zip(ax.lines[::2], said, ERRORS, strict=True):
        mean = np.mean(ERRORS[name])
        assert list(line.get_xdata()) == [mean, mean]
        assert (line.get_color(), line.get_linestyle()) == STYLES[name][1:]
        assert label == f"{NAMES[name]}, mean {mean:.1f}"


def test_markers_are_equally_large_and_equal_counts_stay_visible():
    lines = plot_seeds(ERRORS, SEEDS).lines[1::2]
    assert len({line.get_markersize() for line in lines}) == 1
    assert len({line.get_marker() for line in lines}) == 3
    first, second, alone = (line.get_ydata()[0] for line in lines)
    assert first == -second != 0
    assert alone == 0
    all_equal = plot_seeds({name: [40] for name in ERRORS}, [0]).lines[1::2]
    heights = [line.get_ydata()[0] for line in all_equal]
    assert heights[0] < heights[1] == 0 < heights[2] < 0.5


def test_intervals_are_drawn_around_their_estimates():
    ax = plot_contrasts(CONTRASTS_FOUND)
    points = [
        tuple(np.ravel(line.get_data()).tolist())
        for line in ax.lines
        if line.get_marker() != "None"
    ]
    assert points == [(-12.3, 0), (2.1, 1)], "errors, where above 0 are fewer"
    drawn = [segments(lines)[0] for lines in ax.collections]
    expected = [
        (*sorted(-end for end in estimate.interval(level)), row)
        for row, estimate in enumerate((AHEAD, BEHIND))
        for level in (0.95, 0.9)
    ]
    np.testing.assert_allclose(drawn, expected)
    wide, narrow = [lines.get_linewidths()[0] for lines in ax.collections[:2]]
    assert wide < narrow
    legend = [read_numbers(text.get_text()) for text in ax.get_legend().get_texts()]
    assert legend == [[10], [95], [90]]
    for margin, plotted in ((10, ax), (4, plot_contrasts(CONTRASTS_FOUND, 4))):
        [band] = plotted.patches
        assert (band.get_x(), band.get_width()) == (-margin, 2 * margin)


def test_all_of_every_interval_is_in_view_and_minus_signs_are_real():
    for contrasts in (CONTRASTS_FOUND, make_found(BEHIND, BEHIND)):
        ax = plot_contrasts(contrasts)
        ax.figure.canvas.draw()
        for text in ax.get_xticklabels():
            value = text.get_position()[0]
            assert text.get_text() == f"{value:.0f}".replace("-", "\N{MINUS SIGN}")
        low, high = ax.get_xlim()
        assert low == -high, "fewer errors belong to the left"
        assert high > max(10, *(c.estimate.interval()[1] for c in contrasts.values()))


def test_description_of_contrasts_has_the_numbers_with_their_directions():
    for order in ((AHEAD, BEHIND), (BEHIND, AHEAD)):
        text = plot_contrasts(make_found(*order)).figure.description
        parts = text.split("images: ")[1].split("; ")
        for way, estimate, said in zip(CONTRASTS, order, parts, strict=True):
            assert said.startswith(f"{NAMES[way]} against binary ")
            side = "fewer" if estimate.value > 0 else "more"
            assert re.findall("fewer|more", said) == [side] * 3
            ends = [sorted(map(abs, estimate.interval(x))) for x in (0.95, 0.9)]
            expected = [abs(estimate.value), 95, *ends[0], 90, *ends[1]]
            assert read_numbers(said) == pytest.approx(expected, abs=0.051)


def test_interval_without_bounds_spans_the_whole_width():
    ax = plot_contrasts(make_found(Estimate(3.0, np.inf, 1.0), BEHIND))
    assert segments(ax.collections[0]) == [(*sorted(ax.get_xlim()), 0)]
    low, high = BEHIND.interval()
    assert segments(ax.collections[2])[0] == (-high, -low, 1)


def read_ticks(ax):
    """List the names of rows, each on one line."""
    return [text.get_text().replace("\n", " ") for text in ax.get_yticklabels()]


def test_rows_are_named_left_of_the_panel_and_the_axis_says_of_what():
    ax = plot_contrasts(CONTRASTS_FOUND)
    assert read_ticks(ax) == [NAMES[way] for way in CONTRASTS]
    assert not ax.texts
    assert "ten-class errors minus binary errors" in ax.get_xlabel()
    assert ax.get_title("left").startswith("←")
    assert ax.get_title("right").endswith("→")


def test_any_contrast_is_named_by_both_of_its_sides():
    control = CONTRASTS_FOUND["multiclass_sum"]._replace(against="grouped")
    ax = plot_contrasts({"any key": control})
    [label] = read_ticks(ax)
    assert label.split(" against ") == [NAMES[k] for k in control[::5]]
    assert "binary" not in ax.get_xlabel()
    assert not plot_contrasts({}).collections


# Tables.


PAIRS = draw_pairs(60, 40, n_seeds=3)
OF_PAIRS = right_by_seed(PAIRS, LABELS)


def test_seed_table_has_errors_differences_and_costs_by_seed():
    table = table_seeds(OF_PAIRS, PAIRS)
    assert table.index.tolist() == [0, 1, 2]
    for name, right in OF_PAIRS.items():
        assert table[NAMES[name]].tolist() == (~right).sum(axis=1).tolist()
    for name in map(NAMES.get, CONTRASTS):
        leads = table["binary"] - table[name]
        said = [f"{abs(n)} {'fewer' if n > 0 else 'more'}" for n in leads]
        assert table[f"{name} against binary"].tolist() == said
    assert table["seconds"].tolist() == ["40, 40"] * 3
    assert table["epochs"].tolist() == ["20, 20"] * 3
