"""Figures by what is drawn, and their descriptions by the numbers in them."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgba
from sklearn.metrics import roc_auc_score, roc_curve

from fashionnet import plots
from fashionnet.plots import (
    plot_chance,
    plot_confusion,
    plot_history,
    plot_images,
    plot_probabilities,
    plot_roc,
)

NAMES = ("Coat", "Bag", "Shirt")
MATRIX = np.array([[900, 40, 60], [0, 1200, 0], [75, 0, 225]])
HISTORY = {
    "loss": [0.9, 0.5, 0.4, 0.3],
    "val_loss": [0.8, 0.45, 0.41, 0.47],
    "accuracy": [0.7, 0.8, 0.85, 0.88],
    "val_accuracy": [0.72, 0.81, 0.83, 0.84],
}
IMAGES = np.random.default_rng(0).integers(50, 200, (5, 28, 28), dtype=np.uint8)
CAPTIONS = ["a", "b", "c", "d", "e"]
RIGHT = [True, False, True, True, False]


def draw_scores(seed=0, skill=2.0):
    """Draw labels and probabilities as of a network with some skill."""
    rng = np.random.default_rng(seed)
    y_true = rng.integers(0, 2, 400)
    return y_true, 1 / (1 + np.exp(rng.normal(size=400) - skill * (2 * y_true - 1)))


SCORES = draw_scores()

# One panel each: may be given Axes, and returns them.
PANELS = {
    "confusion": (plot_confusion, (MATRIX, NAMES)),
}
FIGURES = {
    "images": (partial(plot_images, right=RIGHT), (IMAGES, CAPTIONS)),
    "history": (plot_history, (HISTORY,)),
    "chance": (plot_chance, (np.linspace(0.88, 0.92, 401), 0.9, 0.01)),
    "probabilities": (
        plot_probabilities,
        (IMAGES[:1], np.full((1, 3), 1 / 3), [0], NAMES),
    ),
}
each_panel = pytest.mark.parametrize(("plot", "args"), PANELS.values(), ids=PANELS)
each_plot = pytest.mark.parametrize(
    ("plot", "args"), (PANELS | FIGURES).values(), ids=PANELS | FIGURES
)


def texts_of(ax):
    return [text.get_text() for text in ax.texts]


def tick_texts(axis):
    return [text.get_text() for text in axis.get_ticklabels()]


def line(ax, label):
    """Return the x and y data of the line with this label."""
    [found] = [line for line in ax.lines if line.get_label() == label]
    return [list(values) for values in found.get_data()]


# Every figure.


@each_panel
def test_panel_is_drawn_on_the_given_axes_or_on_a_figure_of_its_own(plot, args):
    fig, (left, right) = plt.subplots(1, 2)
    assert plot(*args, ax=right) is right
    assert right.has_data()
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]
    assert plot(*args).figure.number == plt.get_fignums()[-1] != fig.number


@each_panel
def test_axes_say_what_they_measure(plot, args):
    ax = plot(*args)
    assert ax.get_xlabel()
    # Bars carry the names of the classes, which say themselves what they are.
    assert ax.get_ylabel() or tick_texts(ax.yaxis) == list(NAMES)


@each_plot
def test_plot_neither_shows_nor_changes_settings(plot, args, monkeypatch):
    settings = dict(plt.rcParams)
    monkeypatch.setattr(plt, "show", pytest.fail)
    plot(*args).figure.canvas.draw()  # a mark that the font lacks would warn
    assert dict(plt.rcParams) == settings


def description_of(drawn):
    return drawn.figure.description


DESCRIPTIONS = {
    "images": (
        plot_images,
        (IMAGES, CAPTIONS),
        (IMAGES, ["a", "b", "c", "d", "f"]),
        ["5 images", "a; b; c; d; e"],
    ),
    "history": (
        plot_history,
        (HISTORY,),
        (HISTORY | {"val_loss": [0.8, 0.45, 0.48, 0.47]},),
        ["1 to 4", "0.900", "0.300", "0.800", "0.470", "0.410 in epoch 3", "0.830"],
    ),
    "confusion": (
        plot_confusion,
        (MATRIX, NAMES),
        (MATRIX.T, NAMES),
        ["(100.0%)", "(75.0%)", "Coat (75)"],
    ),
    "roc": (plot_roc, SCORES, draw_scores(1), [f"{roc_auc_score(*SCORES):.5f}"]),
}


@pytest.mark.parametrize("figure", DESCRIPTIONS)
def test_description_has_the_numbers_that_are_drawn(figure):
    plot, args, others, numbers = DESCRIPTIONS[figure]
    text = description_of(plot(*args))
    assert [number for number in numbers if number not in text] == []
    assert description_of(plot(*others)) != text


def test_descriptions_of_panels_that_share_a_figure_are_joined():
    fig, axes = plt.subplots(1, 2)
    said = [f"{name} errors are told." for name in ("Few", "Many")]
    for ax, text in zip(axes, said, strict=True):
        plots.describe(ax, text)
    assert fig.description == " ".join(said)


# Images.


def panels_of(fig):
    """Return the panels that hold an image, in reading order."""
    return [ax for ax in fig.axes if ax.images]


@pytest.mark.parametrize(
    ("n_images", "n_columns", "n_rows"),
    [(5, 6, 1), (5, 5, 1), (5, 4, 2), (4, 2, 2), (1, 1, 1)],
)
def test_images_fill_rows_and_the_rest_stays_blank(n_images, n_columns, n_rows):
    fig = plot_images(IMAGES[:n_images], CAPTIONS[:n_images], n_columns=n_columns)
    assert [len(row.axes) for row in fig.subfigs] == [n_columns] * n_rows
    assert panels_of(fig) == fig.axes[:n_images]
    assert not any(ax.axison for ax in fig.axes)


def test_images_are_drawn_as_they_are_on_one_gray_scale():
    for ax, image in zip(panels_of(plot_images(IMAGES, CAPTIONS)), IMAGES, strict=True):
        [drawn] = ax.images
        np.testing.assert_array_equal(drawn.get_array(), image)
        assert drawn.get_clim() == (0, 255)


def test_rows_have_titles_if_there_are_any():
    fig = plot_images(IMAGES[:4], CAPTIONS[:4], n_columns=2, titles=["one", "two"])
    assert [row.get_suptitle() for row in fig.subfigs] == ["one", "two"]
    fig = plot_images(IMAGES[:4], CAPTIONS[:4], n_columns=2)
    assert [row.get_suptitle() for row in fig.subfigs] == ["", ""]


def test_captions_stand_alone_without_a_verdict():
    panels = panels_of(plot_images(IMAGES, CAPTIONS))
    assert [ax.get_title() for ax in panels] == CAPTIONS
    assert {to_hex(ax.title.get_color()) for ax in panels} == {"#000000"}


def test_right_and_wrong_differ_by_mark_and_color():
    panels = panels_of(plot_images(IMAGES, CAPTIONS, right=RIGHT))
    assert [ax.get_title() for ax in panels] == ["✓ a", "✗ b", "✓ c", "✓ d", "✗ e"]
    colors = {False: plots.RED, True: plots.BLUE}
    assert [ax.title.get_color() for ax in panels] == [colors[flag] for flag in RIGHT]
    assert len(set(colors.values())) == 2


# History.


@pytest.mark.parametrize(("panel", "metric"), [(0, "loss"), (1, "accuracy")])
def test_history_draws_both_sets_by_epoch(panel, metric):
    ax = plot_history(HISTORY).axes[panel]
    # What was measured during an epoch stands in its middle.
    assert line(ax, "training") == [[0.5, 1.5, 2.5, 3.5], HISTORY[metric]]
    assert line(ax, "validation") == [[1, 2, 3, 4], HISTORY[f"val_{metric}"]]
    assert ax.get_ylabel() == metric
    assert plot_history(HISTORY).axes[1].get_xlabel() == "epoch"


def test_history_marks_the_epoch_with_the_lowest_validation_loss():
    for ax in plot_history(HISTORY).axes:
        assert line(ax, "epoch 3 kept")[0] == [3, 3]


def test_history_tells_its_lines_apart_without_color():
    lines = plot_history(HISTORY).axes[0].lines
    assert len({(line.get_linestyle(), line.get_marker()) for line in lines}) == 3
    assert len({line.get_color() for line in lines}) == 3


# Answers.


def test_probabilities_are_bars_beside_their_image():
    y_prob = np.array([[0.7, 0.2, 0.1], [0.3, 0.3, 0.4]])
    figure = plot_probabilities(IMAGES[:2], y_prob, [0, 1], NAMES)
    for panel, image, shares in zip(figure.axes[::2], IMAGES, y_prob, strict=False):
        np.testing.assert_array_equal(panel.images[0].get_array(), image)
        bars = figure.axes[figure.axes.index(panel) + 1]
        assert [bar.get_width() for bar in bars.patches] == shares.tolist()
        said = [f"{share:.0%}" for share in shares]
        said[shares.argmax()] += " ←"
        assert texts_of(bars)[:3] == said
    weights = [t.get_weight() for t in figure.axes[3].get_yticklabels()]
    assert weights == ["normal", "bold", "normal"]
    assert figure.description.count(NAMES[1]) >= 2


def test_bars_of_the_classes_that_are_named_have_the_color_of_the_true_one():
    y_prob = np.array([[0.7, 0.2, 0.1]])
    colored = []
    for chosen in (None, [0, 2]):
        figure = plot_probabilities(IMAGES[:1], y_prob, [1], NAMES, colored=chosen)
        bars = figure.axes[1].patches
        colored.append([bar.get_facecolor() == to_rgba(plots.BLUE) for bar in bars])
    assert colored == [[False, True, False], [True, False, True]]


def test_chance_marks_the_band_and_counts_what_is_in_it():
    ax = plot_chance(np.linspace(0.88, 0.92, 401), 0.9, 0.01)
    band, *bars = ax.patches
    assert (band.get_x(), band.get_width()) == pytest.approx((0.89, 0.02))
    assert sum(bar.get_height() for bar in bars) == 401
    assert "49.6% of them" in description_of(ax)


# Confusion.


def test_confusion_colors_by_share_of_the_true_class():
    [mesh] = plot_confusion(MATRIX, NAMES).collections
    # A fifth and more have one shade.
    shares = [[0.2, 0.04, 0.06], [0, 0.2, 0], [0.2, 0, 0.2]]
    np.testing.assert_allclose(mesh.get_array(), shares)


def test_confusion_writes_counts_but_no_zeros():
    ax = plot_confusion(MATRIX, NAMES)
    assert texts_of(ax) == ["900", "40", "60", "", "1200", "", "75", "", "225"]


def test_groups_of_classes_stand_side_by_side_in_an_outline():
    ax = plot_confusion(MATRIX, NAMES, groups=[[0, 2], [1]])
    assert tick_texts(ax.xaxis) == tick_texts(ax.yaxis) == ["Coat", "Shirt", "Bag"]
    assert texts_of(ax)[:3] == ["900", "60", "40"]
    frames = [(p.get_x(), p.get_y(), p.get_width()) for p in ax.patches]
    assert frames == [(0, 0, 2), (2, 2, 1)]


def test_confusion_has_the_true_class_on_the_rows_from_the_top():
    ax = plot_confusion(MATRIX, NAMES)
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted class", "true class")
    assert tick_texts(ax.xaxis) == tick_texts(ax.yaxis) == list(NAMES)
    assert ax.yaxis_inverted()


def test_class_without_images_is_drawn_blank_and_without_warning():
    ax = plot_confusion((MATRIX * [[1], [0], [1]]).tolist(), NAMES)
    ax.figure.canvas.draw()
    assert ax.collections[0].get_array()[1].tolist() == [0, 0, 0]
    assert texts_of(ax)[3:6] == ["", "", ""]


# Scores.


def count_rates(y_true, y_pred):
    """Count false and true positive rate, image by image."""
    pairs = list(zip(y_true.tolist(), y_pred.tolist(), strict=True))
    hits, false_alarms = pairs.count((1, True)), pairs.count((0, True))
    misses, passes = pairs.count((1, False)), pairs.count((0, False))
    return false_alarms / (false_alarms + passes), hits / (hits + misses)


def test_roc_curve_is_that_of_scikit_learn():
    ax = plot_roc(*SCORES)
    np.testing.assert_array_equal(ax.lines[0].get_data(), roc_curve(*SCORES)[:2])


def test_area_below_the_drawn_curve_is_the_chance_to_rank_a_pair_right():
    y_true, y_score = SCORES
    false_rate, true_rate = plot_roc(*SCORES).lines[0].get_data()
    ranked = y_score[y_true == 1][:, None] > y_score[y_true == 0]
    assert np.trapezoid(true_rate, false_rate) == pytest.approx(ranked.mean())


NETWORKS = {
    "good": draw_scores(skill=3.0),
    "useless": draw_scores(skill=0.0),
    "worse than chance": draw_scores(skill=-3.0),
    "perfect": (SCORES[0], SCORES[0].astype(float)),
    "never positive": (SCORES[0], SCORES[1] / 3),
}


@pytest.mark.parametrize("network", NETWORKS)
def test_roc_curve_marks_thresholds_within_its_zoom_and_the_ideal_corner(network):
    y_true, y_score = NETWORKS[network]
    ax = plot_roc(y_true, y_score)
    assert ax.viewLim.contains(0, 1)
    for threshold in ("0.1", "0.5", "0.9"):
        rates = count_rates(y_true, y_score > float(threshold))
        [[x], [y]] = line(ax, f"threshold {threshold}")
        assert (x, y) == pytest.approx(rates)
        assert ax.viewLim.contains(x, y)
        said = f"at {threshold} {rates[0]:.2%} false and {rates[1]:.2%} true positives"
        assert said in description_of(ax)
    markers = {x.get_marker() for x in ax.lines[1:]}
    assert len(markers) == 3


def test_no_images_make_an_empty_figure():
    figure = plots.plot_images(np.zeros((0, 28, 28), np.uint8), [])
    assert not any(ax.images for ax in figure.axes)
