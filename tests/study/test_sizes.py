"""The learning curve, against counting image by image; and what is said of it."""

import re
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from study_samples import LABELS, draw_pairs, make_compact, make_contrast

from fashionnet.study.contrasts import CONTRASTS, Contrast, compare
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.sizes import (
    Size,
    compare_sizes,
    plot_learning_curve,
    state_fewest,
    state_sizes,
    table_sizes,
)
from fashionnet.study.stats import Estimate
from fashionnet.study.trainings import N_TRAIN
from fashionnet.study.words import CLASSIFIERS, NAMES

PAIRS = draw_pairs(60, 40, n_seeds=4)
RIGHT = right_by_seed(PAIRS, LABELS)
# With so many degrees of freedom, 1.96 standard errors to both sides.
AHEAD, BEHIND = Estimate(12.3, 4, 1e6), Estimate(-2.1, 1, 1e6)


def draw_curve(seeds=(0, 1)):
    pairs = {500: draw_pairs(300, 400, start=5), 5000: draw_pairs(90, 80, start=7)}
    return {
        n: {s: (make_compact(ten), two) for s, (ten, two) in p.items() if s in seeds}
        for n, p in pairs.items()
    }


def test_sizes_come_in_order_with_the_full_one_at_last():
    curve = draw_curve()
    sizes = compare_sizes(dict(reversed(curve.items())), PAIRS, LABELS)
    assert list(sizes) == [500, 5000, N_TRAIN]
    for n_train, pairs in curve.items():
        right = right_by_seed(pairs, LABELS)
        size = sizes[n_train]
        for name in CLASSIFIERS:
            counts = (~right[name]).sum(axis=1)
            assert size.errors[name].tolist() == counts.tolist()
            assert size.rates[name].value == pytest.approx(counts.mean())
        for way, contrast in compare(right).items():
            assert size.contrasts[way].estimate == contrast.estimate


def test_full_size_has_no_more_seeds_than_the_others():
    full = compare_sizes(draw_curve(), PAIRS, LABELS)[N_TRAIN]
    assert {len(counts) for counts in full.errors.values()} == {2}
    alone = compare_sizes({}, PAIRS, LABELS)
    assert list(alone) == [N_TRAIN]
    assert {len(counts) for counts in alone[N_TRAIN].errors.values()} == {4}


def test_sizes_that_are_not_stored_are_left_out():
    assert list(compare_sizes({500: {}}, PAIRS, LABELS)) == [N_TRAIN]


def test_size_of_one_seed_has_errors_but_no_bounds():
    sizes = compare_sizes(draw_curve(seeds=(1,)), PAIRS, LABELS)
    for size in sizes.values():
        assert [len(counts) for counts in size.errors.values()] == [1, 1, 1]
        assert not any(rate.is_bounded() for rate in size.rates.values())


def make_sizes(**values):
    """Make sizes whose estimates have a standard error of 3."""
    return {
        int(n.removeprefix("n")): SimpleNamespace(
            contrasts={"multiclass_sum": make_contrast(value, 3)}
        )
        for n, value in values.items()
    }


def test_sizes_are_sorted_by_what_their_intervals_show():
    text = state_sizes(make_sizes(n500=30, n1500=7, n5000=4, n54000=-2))
    assert "**multiclass (sum)** is ahead with 500 and 1,500 training images" in text
    assert "who is ahead stays open with 5,000 and 54,000 training images." in text
    assert "the answer may still be the same" in text
    assert "depends" not in text


def test_answer_depends_on_the_size_only_if_both_sides_are_ahead_somewhere():
    text = state_sizes(make_sizes(n500=30, n5000=1, n54000=-7))
    assert "**binary** is ahead with 54,000 training images" in text
    assert "So the answer depends on the number of training images." in text
    for same in (make_sizes(n500=30, n5000=9), make_sizes(n500=1, n5000=-1)):
        assert "depends" not in state_sizes(same)
        assert "may still be" not in state_sizes(same)


def test_swapping_the_networks_swaps_who_is_ahead_at_each_size():
    ours = state_sizes(make_sizes(n500=30, n5000=1))
    theirs = state_sizes(make_sizes(n500=-30, n5000=-1))
    assert theirs == ours.replace("**multiclass (sum)**", "**binary**")


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (30, "is borne out by at least one"),
        (-30, "is not borne out: both estimates point the other way"),
        (-1, "is not borne out: both estimates point the other way"),
        (1, "stays open"),
    ],
)
def test_help_of_finer_labels_is_judged_where_images_are_fewest(value, answer):
    text = state_fewest(make_sizes(n54000=30, n500=value))
    assert f"with 500 images {answer}" in text
    assert "As 2 intervals were looked at" in text


def test_help_of_finer_labels_takes_smaller_sizes_and_two_seeds():
    assert "nothing stored can say" in state_fewest(make_sizes(n54000=30))
    one_seed = {
        n: SimpleNamespace(contrasts={"": make_contrast(90, np.inf)}) for n in (1, 2)
    }
    assert "with 1 images stays open" in state_fewest(one_seed)


def test_sizes_of_one_seed_show_nothing():
    alone = {
        500: SimpleNamespace(contrasts={"multiclass_sum": make_contrast(90, np.inf)})
    }
    text = state_sizes(alone)
    assert "who is ahead stays open with 500 training images" in text
    assert "is ahead with" not in text


# The figure.


def make_size(errors, estimates, *, interval=True):
    """Make a size from three mean errors and two estimates."""
    counts = {k: np.full(3, n) for k, n in zip(CLASSIFIERS, errors, strict=True)}
    rates = {k: Estimate(n, 5.0, 1e6) for k, n in zip(CLASSIFIERS, errors, strict=True)}
    contrasts = {
        way: Contrast(way, np.full(3, e.value), np.ones(3), e)
        for way, e in zip(CONTRASTS, estimates, strict=True)
    }
    if not interval:
        rates = {k: rate._replace(standard_error=np.inf) for k, rate in rates.items()}
        contrasts = {
            k: c._replace(estimate=c.estimate._replace(standard_error=np.inf))
            for k, c in contrasts.items()
        }
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
    assert list(errors) == [NAMES[name] for name in CLASSIFIERS]
    assert list(leads) == [NAMES[way] for way in CONTRASTS]
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
    text = plot_learning_curve(SIZES).description
    assert "500 training images: multiclass (likeliest class) 300.0, multi" in text
    assert "multiclass (sum) 60.0 fewer (95% interval from 42.4 to 77.6 fewer)" in text
    assert "54,000 training images: multiclass (likeliest class) 42.0" in text
    assert "multiclass (sum) 2.1 more (95% interval from 0.1 to 4.1 more)" in text


@pytest.mark.parametrize("n_sizes", [1, 2])
def test_few_seeds_and_few_sizes_are_drawn_without_intervals(n_sizes):
    sizes = {
        n: make_size((30, 30, 30), (AHEAD, BEHIND), interval=False)
        for n in (500, 5000)[:n_sizes]
    }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot_learning_curve(sizes)
        figure.canvas.draw()
    assert figure.description.count("% interval from") == 0


# The table.


def test_size_table_has_a_row_for_each_size_and_way():
    table = table_sizes(compare_sizes({500: PAIRS}, PAIRS, LABELS))
    assert table.index.tolist() == ["500", "500", "54,000", "54,000"]
    assert table["network"].tolist() == list(NAMES.values())[:2] * 2
    means = [f"{(~table).sum(axis=1).mean():.1f}" for table in RIGHT.values()]
    assert table["errors"].tolist() == means[:2] * 2
    assert table["of binary"].tolist() == means[2:] * 4
    assert all(re.fullmatch("from .* to .*", said) for said in table["95% interval"])


def test_size_table_of_one_seed_has_no_intervals():
    table = table_sizes(compare_sizes({}, {0: PAIRS[0]}, LABELS))
    assert table["95% interval"].tolist() == ["–"] * 2
