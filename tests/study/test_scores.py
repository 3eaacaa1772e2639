"""Probabilities of all trainings, against scikit-learn and image by image."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, log_loss
from study_samples import LABELS, VAL_LABELS, draw_pairs

from fashionnet.data import binary_labels, split_train_val
from fashionnet.study.calibration import calibrate
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.scores import (
    collect_probabilities,
    compare_scores,
    list_held_out,
    log_losses,
    table_probabilities,
)
from fashionnet.study.stats import crossed_estimate

PAIRS = draw_pairs(90, 60, n_seeds=3)
HELD_OUT = dict.fromkeys(PAIRS, VAL_LABELS)
PROBABILITIES = collect_probabilities(PAIRS, HELD_OUT, LABELS)
Y_TRUE = binary_labels(LABELS)


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
    ten, two = (table.y_prob_test.astype(float) for table in PROBABILITIES.values())
    lower = (two - Y_TRUE) ** 2 - (ten - Y_TRUE) ** 2
    assert estimate == pytest.approx(crossed_estimate(lower))


# Losses of single images.


def test_certainty_that_float32_cannot_tell_from_doubt_costs_little():
    losses = log_losses(np.array([1, 0, 1, 0]), np.array([0, 1, 1, 0], np.float32))
    assert losses[:2] == pytest.approx([24 * np.log(2)] * 2)
    assert losses[2:] == pytest.approx([0, 0], abs=1e-7)
    assert losses.dtype == np.float64


# What is said.


def test_probability_table_has_means_and_spreads_over_seeds():
    found = {name: calibrate(table) for name, table in PROBABILITIES.items()}
    scored = compare_scores(PROBABILITIES)
    table = table_probabilities(scored, found)
    assert list(table.index) == ["ten classes, summed", "binary"]
    means = scored["Brier score"].means["binary"]
    said = f"{means.mean():.4f} ± {means.std(ddof=1):.4f}"
    assert table.loc["binary", "Brier score"] == said
    assert table.loc["binary", "temperature"].count("±") == 1
