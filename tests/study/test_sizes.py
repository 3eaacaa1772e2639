"""The learning curve, against counting image by image; and what is said of it."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from study_samples import LABELS, draw_pairs, make_compact, make_contrast, read_numbers

from fashionnet.study.contrasts import CONTRASTS, Contrast, compare
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.sizes import (
    Size,
    compare_sizes,
    plot_learning_curve,
    table_sizes,
)
from fashionnet.study.stats import Estimate
from fashionnet.study.trainings import N_TRAIN
from fashionnet.study.words import CLASSIFIERS, NAMES

PAIRS = draw_pairs(60, 40, n_seeds=4)


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
        right, size = right_by_seed(pairs, LABELS), sizes[n_train]
        for name, table in right.items():
            counts = (~table).sum(axis=1)
            assert size.errors[name].tolist() == counts.tolist()
            assert size.rates[name].value == pytest.approx(counts.mean())
        for way, contrast in compare(right).items():
            assert size.contrasts[way].estimate == contrast.estimate


def test_full_size_has_no_more_seeds_than_the_others():
    for size in compare_sizes(draw_curve(seeds=(1,)), PAIRS, LABELS).values():
        assert [len(counts) for counts in size.errors.values()] == [1, 1, 1]
        assert not any(rate.is_bounded() for rate in size.rates.values())
    full = compare_sizes(draw_curve(), PAIRS, LABELS)[N_TRAIN]
    assert {len(counts) for counts in full.errors.values()} == {2}
    alone = compare_sizes({500: {}}, PAIRS, LABELS)
    assert list(alone) == [N_TRAIN]
    assert {len(counts) for counts in alone[N_TRAIN].errors.values()} == {4}


def make_sizes(error=3, **values):
    """Make sizes from the estimates by `n` and number of training images."""
    return {
        int(n.removeprefix("n")): SimpleNamespace(
            contrasts={"multiclass_sum": make_contrast(value, error)}
        )
        for n, value in values.items()
    }


SUM = NAMES["multiclass_sum"]


# The figure.


def make_size(errors, estimates, error=5.0):
    """Make a size from three mean errors and two estimates."""
    counts = {k: np.full(3, n) for k, n in zip(CLASSIFIERS, errors, strict=True)}
    rates = {k: Estimate(n[0], error, 1e6) for k, n in counts.items()}
    contrasts = {
        way: Contrast(way, np.full(3, e.value), np.ones(3), e)
        for way, e in zip(CONTRASTS, estimates, strict=True)
    }
    return Size(counts, rates, contrasts)


BEHIND = Estimate(-2.1, 1, 1e6)
SIZES = {
    500: make_size((300, 280, 340), (Estimate(40, 9, 1e6), Estimate(60, 9, 1e6))),
    54_000: make_size((42, 40, 39), (BEHIND, BEHIND)),
}


def drawn_lines(ax):
    """List x and y of each line with intervals, and the ends of these, by label."""
    return {
        drawn.get_label(): (
            *drawn[0].get_data(),
            [path[:, 1].tolist() for path in drawn[2][0].get_segments()],
        )
        for drawn in ax.containers
    }


def test_learning_curve_draws_errors_and_differences_with_their_intervals():
    left, right = plot_learning_curve(SIZES).axes
    errors, leads = drawn_lines(left), drawn_lines(right)
    assert list(errors) == [NAMES[name] for name in CLASSIFIERS]
    assert list(leads) == [NAMES[way] for way in CONTRASTS]
    for i, (x, y, ends) in enumerate(errors.values()):
        assert x == pytest.approx([500, 54_000], rel=0.12)
        assert y.tolist() == [(300, 280, 340)[i], (42, 40, 39)[i]]
        assert ends[0] == pytest.approx(Estimate(y[0], 5, 1e6).interval())
    _, y, ends = leads["ten classes, summed"]
    assert y.tolist() == pytest.approx([60, BEHIND.value])
    assert ends[1] == pytest.approx(BEHIND.interval())


def test_learning_curve_has_sizes_on_a_log_axis_and_looks_of_lines():
    figure = plot_learning_curve(SIZES)
    figure.canvas.draw()
    for ax in figure.axes:
        assert ax.get_xscale() == "log"
        assert [t.get_text() for t in ax.get_xticklabels()] == ["500", "54,000"]
        assert not [t for t in ax.get_yticklabels() if "−" in t.get_text()]
        # Lines are told apart without color.
        lines = [line for line, *_ in ax.containers]
        looks = {(line.get_marker(), line.get_linestyle()) for line in lines}
        assert len(looks) == len({line.get_color() for line in lines}) == len(lines)
    assert figure.axes[1].yaxis_inverted()


def test_description_of_the_learning_curve_follows_the_sizes():
    text = plot_learning_curve(SIZES).description
    compared = re.findall(r"([\d.]+) (fewer|more) \(95% .*? from ([\d.]+) to", text)
    assert compared == [
        ("40.0", "fewer", "22.4"), ("60.0", "fewer", "42.4"),
        ("2.1", "more", "0.1"), ("2.1", "more", "0.1"),
    ]  # fmt: skip
    said = r"top class ([\d.]+), .*?summed ([\d.]+), binary ([\d.]+);"
    errors = re.findall(said, text)
    assert errors == [("300.0", "280.0", "340.0"), ("42.0", "40.0", "39.0")]


def test_estimates_without_bounds_are_drawn_without_intervals():
    unbounded = [Estimate(value, np.inf, 1) for value in (12.3, -2.1)]
    figure = plot_learning_curve({500: make_size((30, 30, 30), unbounded, np.inf)})
    figure.canvas.draw()
    for ax in figure.axes:
        for _, y, ends in drawn_lines(ax).values():
            assert ends == [[value, value] for value in y]


# The table.


def test_size_table_has_a_row_for_each_size_and_way():
    table = table_sizes(compare_sizes({500: PAIRS}, PAIRS, LABELS))
    assert table.index.tolist() == ["500", "500", "54,000", "54,000"]
    assert table["network"].tolist() == list(NAMES.values())[:2] * 2
    right = right_by_seed(PAIRS, LABELS).values()
    means = [f"{(~table).sum(axis=1).mean():.1f}" for table in right]
    assert table["errors"].tolist() == means[:2] * 2
    assert table["of binary"].tolist() == means[2:] * 4
    assert all(len(read_numbers(said)) == 2 for said in table["95% interval"])
    alone = table_sizes(compare_sizes({}, {0: PAIRS[0]}, LABELS))
    assert alone["95% interval"].tolist() == ["–"] * 2
