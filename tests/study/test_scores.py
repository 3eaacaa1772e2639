"""Probabilities of all trainings, against scikit-learn and image by image."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_curve
from study_samples import LABELS, VAL_LABELS, draw_pairs

from fashionnet.data import binary_labels, split_train_val
from fashionnet.evaluation import THRESHOLDS, fit_temperature, scale_temperature
from fashionnet.stats import calibration_error, crossed_estimate
from fashionnet.study import right_by_seed
from fashionnet.study_scores import (
    bin_probabilities,
    calibrate,
    collect_probabilities,
    compare_scores,
    find_rates,
    list_held_out,
    sweep_thresholds,
    trace_roc,
)

PAIRS = draw_pairs(90, 60, n_seeds=3)
HELD_OUT = dict.fromkeys(PAIRS, VAL_LABELS)
PROBABILITIES = collect_probabilities(PAIRS, HELD_OUT, LABELS)
Y_TRUE = binary_labels(LABELS)


def draw_table(n_seeds=3, n=400, skill=2.0):
    """Draw labels and probabilities of several trainings with some skill."""
    rng = np.random.default_rng(0)
    y_true = rng.integers(0, 2, n)
    noise = rng.normal(size=(n_seeds, n))
    return y_true, 1 / (1 + np.exp(noise - skill * (2 * y_true - 1)))


def test_held_out_labels_are_those_of_the_split(noise):
    images, labels = noise
    held_out = list_held_out(images, labels, (0, 4))
    for seed, found in held_out.items():
        split = split_train_val(images, labels, seed=seed)
        np.testing.assert_array_equal(found, split.y_val)
    assert list(held_out) == [0, 4]


def test_probabilities_are_collected_seed_by_seed():
    ten, two = PROBABILITIES["multiclass_sum"], PROBABILITIES["binary"]
    assert ten.y_prob_test.shape == (3, 10_000)
    assert ten.y_prob_val.shape == ten.y_val.shape == (3, 600)
    np.testing.assert_array_equal(two.y_prob_val[1], PAIRS[1][1].y_prob_val)
    right = right_by_seed(PAIRS, LABELS)
    for name, table in PROBABILITIES.items():
        said = (table.y_prob_test > 0.5) == table.y_test
        np.testing.assert_array_equal(said, right[name])
        assert 0 <= table.y_prob_test.min() <= table.y_prob_test.max() <= 1


def test_no_pair_is_named_as_the_reason():
    with pytest.raises(ValueError, match="no pair of runs is stored"):
        collect_probabilities({}, {}, LABELS)


# Scores.


def test_scores_are_those_of_scikit_learn_and_their_difference_is_crossed():
    for name, reference in (("log-loss", log_loss), ("Brier score", brier_score_loss)):
        means, estimate = compare_scores(PROBABILITIES)[name]
        for classifier, table in PROBABILITIES.items():
            expected = [reference(Y_TRUE, row) for row in table.y_prob_test]
            assert means[classifier] == pytest.approx(expected)
        lower = means["binary"] - means["multiclass_sum"]
        assert estimate.value == pytest.approx(lower.mean())
        # A better network with equal certainty has the lower score.
        assert estimate.value < 0


def test_scores_of_one_pair_have_no_interval():
    one = collect_probabilities({0: PAIRS[0]}, HELD_OUT, LABELS)
    assert {found.estimate for found in compare_scores(one).values()} == {None}


def test_difference_of_scores_is_estimated_image_by_image():
    ten, two = (table.y_prob_test for table in PROBABILITIES.values())
    lower = (two - Y_TRUE) ** 2 - (ten - Y_TRUE) ** 2
    assert compare_scores(PROBABILITIES)["Brier score"].estimate == pytest.approx(
        crossed_estimate(lower)
    )


# Calibration.


def test_temperatures_come_from_validation_images_only():
    table = PROBABILITIES["binary"]
    found = calibrate(table)
    other = calibrate(table._replace(y_test=1 - table.y_test))
    np.testing.assert_array_equal(found.temperature, other.temperature)
    fitted = [fit_temperature(*pair) for pair in zip(table[0], table[1], strict=True)]
    assert found.temperature.tolist() == fitted


def test_calibration_errors_are_those_of_the_label_that_is_given():
    table = PROBABILITIES["multiclass_sum"]
    found = calibrate(table)
    for seed, y_prob in enumerate(table.y_prob_test):
        scaled = scale_temperature(y_prob, found.temperature[seed])
        np.testing.assert_array_equal(found.after[seed], scaled)
        for probs, error in ((y_prob, found.error_before), (scaled, found.error_after)):
            sure = np.where(probs > 0.5, probs, 1 - probs)
            right = (probs > 0.5) == Y_TRUE
            assert error[seed] == pytest.approx(calibration_error(sure, right))


def test_bins_hold_every_probability_once():
    y_true, y_prob = draw_table()
    y_prob[0, :2] = 0, 1
    said, came, counts = bin_probabilities(y_true, y_prob, n_bins=4)
    for k in range(4):
        upper = 1.1 if k == 3 else (k + 1) / 4
        inside = (y_prob >= k / 4) & (y_prob < upper)
        assert counts[k] == inside.sum()
        assert said[k] == pytest.approx(y_prob[inside].mean())
        truth = np.broadcast_to(y_true, y_prob.shape)[inside]
        assert came[k] == pytest.approx(truth.mean())


def test_empty_bins_are_left_out():
    said, came, counts = bin_probabilities(np.array([1, 0]), np.array([[0.95, 0.05]]))
    assert said == pytest.approx([0.05, 0.95])
    assert (came.tolist(), counts.tolist()) == ([0, 1], [1, 1])


# ROC.


def test_traced_curve_is_that_of_scikit_learn():
    y_true, y_prob = draw_table()
    false_rate, true_rate = trace_roc(y_true, y_prob, highest=0.5)
    for row, traced in zip(y_prob, true_rate, strict=True):
        theirs = roc_curve(y_true, row, drop_intermediate=False)[:2]
        reached = [theirs[1][theirs[0] <= rate + 1e-12].max() for rate in false_rate]
        np.testing.assert_allclose(traced, reached)


def test_curve_stops_at_the_highest_rate():
    y_true, y_prob = draw_table()
    false_rate, true_rate = trace_roc(y_true, y_prob, highest=0.1)
    assert false_rate[0] == 0
    assert 0.09 < false_rate[-1] <= 0.1
    assert true_rate.shape == (3, len(false_rate))


def test_rates_are_counted_by_group():
    y_true = np.array([0, 0, 0, 0, 1, 1])
    right = np.array([[1, 1, 1, 0, 1, 0], [1, 1, 1, 1, 1, 1]], bool)
    false_rate, true_rate = find_rates(y_true, right)
    assert false_rate.tolist() == [0.25, 0]
    assert true_rate.tolist() == [0.5, 1]


# Thresholds.


def test_sweep_counts_errors_at_every_threshold():
    table = PROBABILITIES["binary"]
    sweep = sweep_thresholds(table)
    k = THRESHOLDS.tolist().index(0.3)
    wrong = (table.y_prob_test > 0.3) != table.y_test
    assert sweep.test[:, k] == pytest.approx(wrong.mean(axis=1))
    wrong = (table.y_prob_val > 0.3) != table.y_val
    assert sweep.val[:, k] == pytest.approx(wrong.mean(axis=1))


def test_threshold_is_chosen_without_the_test_images():
    table = PROBABILITIES["binary"]
    sweep = sweep_thresholds(table)
    other = sweep_thresholds(table._replace(y_test=1 - table.y_test))
    np.testing.assert_array_equal(sweep.chosen, other.chosen)
    best = [THRESHOLDS.tolist().index(at) for at in sweep.chosen]
    rows = np.arange(len(best))
    np.testing.assert_array_equal(sweep.val[rows, best], sweep.val.min(axis=1))
    assert sweep.at_chosen == pytest.approx(1e4 * sweep.test[rows, best])


def test_errors_at_one_half_are_those_of_the_comparison():
    right = right_by_seed(PAIRS, LABELS)
    for name, table in PROBABILITIES.items():
        errors = (~right[name]).sum(axis=1)
        assert sweep_thresholds(table).at_half.tolist() == errors.tolist()
