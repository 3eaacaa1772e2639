"""The figures of probabilities by what is drawn, and their descriptions by numbers."""

import re
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from study_samples import LABELS, VAL_LABELS, draw_pairs

from fashionnet import score_plots
from fashionnet.evaluation import THRESHOLDS
from fashionnet.score_plots import (
    describe_reliability,
    describe_roc,
    describe_thresholds,
    plot_reliability,
    plot_roc,
    plot_thresholds,
)
from fashionnet.study import CLASSIFIERS, right_by_seed
from fashionnet.study_scores import (
    bin_probabilities,
    calibrate,
    collect_probabilities,
    find_rates,
    sweep_thresholds,
    trace_roc,
)


def draw_study(n_ten, n_two, n_seeds=3):
    """Draw pairs, and return the arguments of each figure."""
    pairs = draw_pairs(n_ten, n_two, n_seeds)
    held_out = dict.fromkeys(pairs, VAL_LABELS)
    tables = collect_probabilities(pairs, held_out, LABELS)
    y_true = tables["binary"].y_test
    right = right_by_seed(pairs, LABELS)
    curves = {k: trace_roc(y_true, t.y_prob_test) for k, t in tables.items()}
    points = {k: find_rates(y_true, table) for k, table in right.items()}
    return {
        "reliability": ({k: calibrate(t) for k, t in tables.items()}, y_true),
        "roc": (curves, points),
        "thresholds": ({k: sweep_thresholds(t) for k, t in tables.items()},),
    }


STUDY, OTHER, ONE = draw_study(90, 60), draw_study(60, 90), draw_study(90, 60, 1)
FIGURES = {
    "reliability": (plot_reliability, describe_reliability),
    "roc": (plot_roc, describe_roc),
    "thresholds": (plot_thresholds, describe_thresholds),
}
each_figure = pytest.mark.parametrize("name", FIGURES)


@each_figure
@pytest.mark.parametrize("study", [STUDY, ONE], ids=["three seeds", "one seed"])
def test_plot_draws_one_figure_without_warnings(name, study):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawn = FIGURES[name][0](*study[name])
        figure = getattr(drawn, "figure", drawn)
        figure.canvas.draw()
    assert plt.get_fignums() == [figure.number]
    assert all(ax.get_xlabel() for ax in figure.axes)
    assert figure.axes[0].get_ylabel()


@each_figure
def test_description_is_one_line_of_sentences_that_follows_the_data(name):
    describe = FIGURES[name][1]
    assert re.fullmatch(r"[A-Z].+\.", describe(*STUDY[name]))
    assert describe(*STUDY[name]) != describe(*OTHER[name])


def test_every_plot_has_a_description():
    kinds = {"plot": set(), "describe": set()}
    for verb, _, rest in (name.partition("_") for name in vars(score_plots)):
        kinds.get(verb, set()).add(rest)
    assert kinds["plot"] == kinds["describe"] == set(FIGURES)


def line(ax, label):
    """Return x and y of the line with this label."""
    [found] = [line for line in ax.lines if line.get_label() == label]
    return [np.asarray(values) for values in found.get_data()]


def test_reliability_draws_the_bins_before_and_after_scaling():
    calibrations, y_true = STUDY["reliability"]
    axes = plot_reliability(calibrations, y_true).axes
    for ax, (name, found) in zip(axes, calibrations.items(), strict=True):
        assert ax.get_title() == CLASSIFIERS[name]
        for label, table in (("as trained", found.before), ("scaled", found.after)):
            said, came, _ = bin_probabilities(y_true, table)
            np.testing.assert_array_equal(line(ax, label), [said, came])
        assert line(ax, "as often as said")[0].tolist() == [0, 1]
        assert len({(x.get_linestyle(), x.get_marker()) for x in ax.lines}) == 3


def test_description_of_reliability_names_the_bin_farthest_off():
    # All of the few probabilities from 10% to 40% are of clothing, and wrong.
    calibrations, y_true = STUDY["reliability"]
    text = describe_reliability(calibrations, y_true)
    for name, found in calibrations.items():
        said, came, _ = bin_probabilities(y_true, found.before)
        k = np.argmax(np.abs(said - came))
        farthest = f"{said[k]:.0%} said and {came[k]:.0%} seen, after scaling"
        assert f"{CLASSIFIERS[name]}: the bin farthest off has {farthest}" in text


def test_roc_draws_mean_curves_and_points():
    curves, points = STUDY["roc"]
    ax = plot_roc(curves, points)
    for name, (false_rate, true_rate) in curves.items():
        drawn = line(ax, f"{CLASSIFIERS[name]}, by its score")
        np.testing.assert_allclose(drawn, [false_rate, true_rate.mean(axis=0)])
    for name, rates in points.items():
        rule = "at one half" if name in curves else "a point only"
        drawn = np.ravel(line(ax, f"{CLASSIFIERS[name]}, {rule}"))
        np.testing.assert_allclose(drawn, [np.mean(rate) for rate in rates])
        assert ax.viewLim.contains(*drawn)


def test_roc_uses_the_axes_it_is_given():
    fig, (left, right) = plt.subplots(1, 2)
    assert plot_roc(*STUDY["roc"], ax=right) is right
    assert not left.has_data()
    assert plt.get_fignums() == [fig.number]


def test_roc_of_a_likeliest_class_is_a_point_without_a_curve():
    curves, points = STUDY["roc"]
    assert set(points) - set(curves) == {"multiclass_argmax"}
    false, true = (np.mean(rate) for rate in points["multiclass_argmax"])
    said = f"(likeliest class) has {false:.2%} false and {true:.2%} true positives, "
    assert said + "which is all it has" in describe_roc(curves, points)
    assert "means over 3 trainings" in describe_roc(curves, points)
    assert "means over 1 training:" in describe_roc(*ONE["roc"])


def test_thresholds_draw_validation_and_test_errors():
    (sweeps,) = STUDY["thresholds"]
    axes = plot_thresholds(sweeps).axes
    for ax, (name, sweep) in zip(axes, sweeps.items(), strict=True):
        assert ax.get_title() == CLASSIFIERS[name]
        for label, table in (("validation", sweep.val), ("test", sweep.test)):
            x, y = line(ax, f"{label} images")
            np.testing.assert_array_equal(x, THRESHOLDS)
            np.testing.assert_allclose(y, table.mean(axis=0))
        assert line(ax, "one half")[0].tolist() == [0.5, 0.5]
        assert line(ax, "chosen")[0].tolist() == sweep.chosen.tolist()
        assert ax.get_ylim()[0] == 0


def test_description_of_thresholds_has_the_chosen_ones():
    (sweeps,) = STUDY["thresholds"]
    text = describe_thresholds(sweeps)
    for name, sweep in sweeps.items():
        low, high = sweep.chosen.min(), sweep.chosen.max()
        said = text.split(f"{CLASSIFIERS[name]}: ")[1].split(". ")[0]
        assert said.rstrip(".").endswith(f"from {low:.2f} to {high:.2f}")
        assert f"{sweep.at_half.mean() / 1e4:.2%} of test images at one half" in said
