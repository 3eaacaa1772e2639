"""The study of Part 3, against counting image by image."""

import re
import warnings
from math import comb

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex
from study_samples import LABELS, draw_pairs

from fashionnet.study.contrasts import (
    CONTRASTS,
    Contrast,
    compare,
    estimate_images,
    make_contrast,
    plot_contrasts,
    plot_seeds,
    state_seeds,
    state_students,
    table_errors,
    table_seeds,
)
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.stats import Estimate, crossed_estimate
from fashionnet.study.verdict import decide, state_verdict
from fashionnet.study.words import CLASSIFIERS, NAMES


def draw_right(n_wrong, *, n_seeds=10, seed=0):
    """Draw which of 10,000 images each classifier gets right, by its mean errors."""
    rng = np.random.default_rng(seed)
    drawn = rng.random((len(CLASSIFIERS), n_seeds, 10_000))
    chances = np.reshape(n_wrong, (-1, 1, 1)) / 10_000
    return dict(zip(CLASSIFIERS, drawn >= chances, strict=True))


def swap(right):
    """Let the binary network and both ways of the multiclass network trade places."""
    argmax, _, binary = right.values()
    return dict(zip(CLASSIFIERS, (binary, binary, argmax), strict=True))


RIGHT = draw_right((60, 50, 40))


def test_contrasts_count_fewer_errors_as_above_zero():
    for way, contrast in compare(RIGHT).items():
        wrong = [
            [row.tolist().count(False) for row in RIGHT[k]] for k in (way, "binary")
        ]
        ahead = [theirs - ours for ours, theirs in zip(*wrong, strict=True)]
        assert contrast.ahead.tolist() == ahead
        assert contrast.estimate.value == pytest.approx(sum(ahead) / 10)
        assert contrast.estimate.value < 0


def test_contrasts_are_in_images_whatever_their_number():
    right = {name: table[:, :400] for name, table in draw_right((900, 0, 100)).items()}
    contrast = compare(right)["multiclass_argmax"]
    table = right["multiclass_argmax"].astype(int) - right["binary"]
    value, error, df = crossed_estimate(table)
    assert contrast.estimate == Estimate(1e4 * value, 1e4 * error, df)
    assert contrast.ahead.sum() == pytest.approx(contrast.estimate.value / 10_000 * 4e3)


def test_p_values_are_adjusted_for_two_contrasts():
    contrasts = compare(RIGHT)
    raw = {way: c.estimate.p_value() for way, c in contrasts.items()}
    first, second = sorted(raw, key=raw.get)
    smaller = contrasts[first].p_adjusted
    assert smaller == pytest.approx(2 * raw[first])
    assert contrasts[second].p_adjusted == pytest.approx(max(smaller, raw[second]))


def test_swapping_the_networks_swaps_every_sign_and_no_verdict():
    before, after = compare(RIGHT), compare(swap(RIGHT))
    for way in CONTRASTS:
        ours, theirs = before["multiclass_argmax"], after[way]
        assert theirs.estimate.value == pytest.approx(-ours.estimate.value)
        assert theirs.estimate[1:] == pytest.approx(ours.estimate[1:])
        assert theirs.ahead.tolist() == (-ours.ahead).tolist()
        untied = ours.ahead != 0
        np.testing.assert_allclose(
            theirs.signed_midp[untied], -ours.signed_midp[untied]
        )
        assert decide(theirs.estimate) == decide(ours.estimate)


def toss_coins(won, lost):
    """Add up the chances of counts as uneven as these, half for the same ones."""
    n = won + lost
    chances = {k: comb(n, k) / 2**n for k in range(n + 1)}
    as_uneven = sum(p for k, p in chances.items() if abs(2 * k - n) == abs(won - lost))
    more = sum(p for k, p in chances.items() if abs(2 * k - n) > abs(won - lost))
    return more + as_uneven / 2


def test_each_pair_has_its_own_signed_p_value():
    won, lost = [5, 0, 3, 12], [0, 5, 3, 4]
    ours, theirs = np.zeros((2, 4, 20), bool)
    for row, (a, b) in enumerate(zip(won, lost, strict=True)):
        ours[row, :a] = theirs[row, a : a + b] = True
    right = dict(zip(CLASSIFIERS, (ours, ours, theirs), strict=True))
    signs = [1, -1, 1, 1]
    expected = [s * toss_coins(*n) for s, *n in zip(signs, won, lost, strict=True)]
    for contrast in compare(right).values():
        np.testing.assert_allclose(contrast.signed_midp, expected)


def test_any_two_classifiers_can_be_compared():
    first, second = ("multiclass_sum", "multiclass_argmax")
    contrast = make_contrast(RIGHT, first, second)
    assert (contrast.way, contrast.against) == (first, second)
    more = (~RIGHT[second]).sum(axis=1) - (~RIGHT[first]).sum(axis=1)
    assert contrast.ahead.tolist() == more.tolist()
    assert contrast.estimate.value == pytest.approx(more.mean())
    assert contrast.p_adjusted is None


def test_estimate_in_images_is_the_mean_of_the_counts():
    estimate = estimate_images(~RIGHT["binary"])
    assert estimate.value == pytest.approx((~RIGHT["binary"]).sum() / 10)


def test_one_pair_decides_nothing():
    right = {name: table[:1] for name, table in RIGHT.items()}
    for contrast in compare(right).values():
        assert len(contrast.ahead) == len(contrast.signed_midp) == 1
        assert contrast.estimate.value == contrast.ahead[0]
        assert not contrast.estimate.is_bounded()
        assert contrast.p_adjusted == 1
        assert decide(contrast.estimate) == "undecided"


def test_verdict_follows_who_is_better_in_drawn_pairs():
    verdicts = {
        errors: decide(compare(draw_right(errors))["multiclass_argmax"].estimate)
        for errors in ((40, 40, 90), (90, 90, 40), (40, 40, 40))
    }
    assert list(verdicts.values()) == ["better", "better", "equivalent"]
    few = draw_right((900, 900, 900), n_seeds=2)
    assert decide(compare(few)["multiclass_argmax"].estimate) == "undecided"


# What is said.


def test_seeds_sentence_has_range_and_mean_of_each_classifier():
    errors = {"grouped": np.array([38, 46, 42]), "binary": np.array([40, 31, 34])}
    sentence = state_seeds(errors)
    assert sentence.startswith("Errors over 3 seeds: ")
    assert "ten outputs, binary loss from 38 to 46 (mean 42.0)" in sentence
    assert "binary from 31 to 40 (mean 35.0)" in sentence
    assert "over 1 seed:" in state_seeds({"binary": np.array([38])})


def test_students_are_counted_by_what_their_own_pair_shows():
    ahead = np.array([15, 3, -16, -17, -2, 0])
    midp = np.array([0.01, 0.6, -0.02, -0.049, -0.05, 1.0])
    contrast = Contrast("multiclass_sum", ahead, midp, Estimate(0, 1, 9))
    text = state_students(contrast)
    assert text.startswith("Of 6 students with one pair of runs each, 1 would")
    assert "1 would have concluded that multiclass (sum) is better" in text
    assert "2 that binary is, and 3 that their pair does not show it" in text
    assert "2 would have said multiclass (sum), 3 binary, and 1 a draw" in text
    swapped = state_students(contrast._replace(ahead=-ahead))
    assert "2 would have concluded that multiclass (sum) is better, 1 that" in swapped
    alone = contrast._replace(ahead=ahead[:1], signed_midp=midp[:1])
    assert state_students(alone).startswith("Of 1 student with")


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
FIGURES = {
    "seeds": (plot_seeds, (ERRORS, SEEDS)),
    "contrasts": (plot_contrasts, (CONTRASTS_FOUND,)),
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
    assert re.fullmatch(r"[A-Z0-9].+\.", ax.figure.description)


# Dumbbells.


def test_every_count_is_a_marker_in_the_row_of_its_seed():
    _, *markers = plot_seeds(ERRORS, SEEDS).collections
    drawn = {m.get_label(): m.get_offsets().tolist() for m in markers}
    assert drawn == {
        NAMES[k]: [[x, y] for y, x in enumerate(n)] for k, n in ERRORS.items()
    }


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
    assert legend_texts(ax) == [NAMES[name] for name in ERRORS]


def test_one_seed_is_drawn():
    ax = plot_seeds({"binary": [3], "grouped": [5]}, [7])
    assert segments(ax.collections[0]) == [(3, 5, 0)]


def test_description_of_seeds_lists_every_count():
    text = plot_seeds(ERRORS, SEEDS).figure.description
    assert "for multiclass (likeliest class), multiclass (sum), binary" in text
    assert "Seed 0: 38, 38, 35; seed 3: 46, 44, 50; seed 12: 42, 47, 44." in text


def test_look_of_a_classifier_does_not_depend_on_who_is_beside_it():
    both = plot_seeds({"multiclass_sum": [3], "binary": [5]}, [7]).collections[2]
    alone = plot_seeds({"binary": [5]}, [7]).collections[1]
    assert to_hex(both.get_facecolor()[0]) == to_hex(alone.get_facecolor()[0])


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
    for contrasts in (CONTRASTS_FOUND, make_found(BEHIND, BEHIND)):
        high, low = plot_contrasts(contrasts).get_xlim()
        assert low == -high, "fewer errors, above 0, belong to the left"
        assert high > max(10, *(c.estimate.interval()[1] for c in contrasts.values()))


def test_description_of_contrasts_says_the_direction_in_words():
    text = plot_contrasts(CONTRASTS_FOUND).figure.description
    first, second = text.split("images: ")[1].split("; ")
    assert first.startswith("multiclass (likeliest class) against binary 12.3 fewer (")
    assert "95% interval from 4.5 to 20.1 fewer" in first
    assert "90% interval from 5.7 to 18.9 fewer)" in first
    assert second.startswith("multiclass (sum) against binary 2.1 more (95% interval")
    assert "band of 10 images" in text
    swapped = plot_contrasts(make_found(BEHIND, AHEAD)).figure.description
    assert "multiclass (likeliest class) against binary 2.1 more" in swapped
    assert "multiclass (sum) against binary 12.3 fewer" in swapped


def test_interval_without_bounds_spans_the_whole_width():
    ax = plot_contrasts(make_found(Estimate(3.0, np.inf, 1.0), BEHIND))
    left, right = ax.get_xlim()
    assert segments(ax.collections[0]) == [(right, left, 0)]
    assert segments(ax.collections[2])[0] == (*BEHIND.interval(), 1)
    assert ax.figure.description.count("% interval from") == 2


def test_any_contrast_is_named_by_both_of_its_sides():
    control = CONTRASTS_FOUND["multiclass_sum"]._replace(against="grouped")
    ax = plot_contrasts({"any key": control})
    [label] = ax.get_yticklabels()
    assert label.get_text() == "multiclass (sum)\nagainst ten outputs, binary loss"
    text = ax.figure.description
    assert "multiclass (sum) against ten outputs, binary loss 2.1 more" in text


def test_no_contrasts_are_drawn_as_an_empty_band():
    ax = plot_contrasts({})
    assert not ax.collections
    assert "no contrast" in ax.figure.description


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
    alt = plot_contrasts(contrasts).figure.description.split("images: ")[1].split("; ")
    for (way, contrast), said in zip(contrasts.items(), alt, strict=True):
        name = NAMES[way]
        lead = f"**{name.capitalize()} against binary: {answer.format(way=name)}"
        assert state_verdict(contrast).startswith(lead)
        assert set(re.findall("fewer|more", said)) == directions
    counts = r"each, (\d+) would .* better, (\d+) that binary is, and (\d+) that"
    said = state_students(contrasts["multiclass_argmax"])
    assert re.search(counts, said).groups() == students


# Tables.


PAIRS = draw_pairs(60, 40, n_seeds=3)
OF_PAIRS = right_by_seed(PAIRS, LABELS)
NAMED = [NAMES[name] for name in CLASSIFIERS]


def test_seed_table_has_errors_differences_and_costs_by_seed():
    table = table_seeds(OF_PAIRS, PAIRS)
    assert table.index.tolist() == [0, 1, 2]
    for name, wrong in zip(NAMED, OF_PAIRS.values(), strict=True):
        assert table[name].tolist() == (~wrong).sum(axis=1).tolist()
    for name in NAMED[:2]:
        leads = table["binary"] - table[name]
        said = [f"{abs(n)} {'fewer' if n > 0 else 'more'}" for n in leads]
        assert table[f"{name} against binary"].tolist() == said
    assert table["seconds"].tolist() == ["40, 40"] * 3
    assert table["epochs"].tolist() == ["20, 20"] * 3


def test_error_table_takes_any_classifiers():
    right = {"grouped": OF_PAIRS["binary"], "binary": OF_PAIRS["binary"]}
    table = table_errors(right, [4, 5, 9])
    assert list(table) == ["ten outputs, binary loss", "binary"]
    assert table.index.tolist() == [4, 5, 9]
    assert (table.iloc[:, 0] == table["binary"]).all()
