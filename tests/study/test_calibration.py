"""Temperatures and calibration errors, against search and counting by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from study_samples import LABELS, VAL_LABELS, draw_pairs

from fashionnet.data import binary_labels
from fashionnet.evaluation import predict_labels
from fashionnet.study.calibration import (
    calibrate,
    calibration_error,
    fit_temperature,
    scale_temperature,
)
from fashionnet.study.scores import collect_probabilities, log_losses


def draw_binary(seed, n=4000, temperature=1.0):
    """Draw labels and probabilities that are honest if divided by a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, n)
    y_true = (rng.random(n) < expit(logits)).astype(int)
    return y_true, expit(temperature * logits)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0.05, 20))
def test_temperature_changes_no_label_and_moves_towards_one_half(seed, temperature):
    _, y_prob = draw_binary(seed, n=100)
    scaled = scale_temperature(y_prob, temperature)
    np.testing.assert_array_equal(predict_labels(scaled), predict_labels(y_prob))
    moved = np.abs(y_prob - 0.5) - np.abs(scaled - 0.5)
    assert (moved if temperature > 1 else -moved).min() > -1e-6
    np.testing.assert_allclose(scale_temperature(y_prob, 1), y_prob, atol=1e-7)


def test_fitted_temperature_has_the_lowest_loss_of_all():
    y_true, y_prob = draw_binary(3, n=300, temperature=1.7)
    tried = np.arange(0.5, 4, 0.001)
    losses = [log_losses(y_true, scale_temperature(y_prob, t)).mean() for t in tried]
    best = tried[np.argmin(losses)]
    assert fit_temperature(y_prob, y_true) == pytest.approx(best, abs=0.0015)


def test_perfect_validation_labels_leave_the_temperature_at_its_limit():
    y_true = np.array([0, 1, 1])
    assert 0.05 <= fit_temperature(np.array([0.1, 0.8, 0.9]), y_true) < 0.1


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=30),
    st.integers(1, 20),
)
def test_calibration_error_equals_bin_by_bin(pairs, n_bins):
    y_prob, is_right = map(np.array, zip(*pairs, strict=True))
    edges, expected = np.linspace(0, 1, n_bins + 1), 0
    for i in range(n_bins):
        inside = (edges[i] < y_prob) & (y_prob <= edges[i + 1])
        inside |= (y_prob == 0) & (i == 0)
        if inside.any():
            gap = abs(y_prob[inside].mean() - is_right[inside].mean())
            expected += inside.mean() * gap
    found = calibration_error(y_prob, is_right, n_bins)
    assert found == pytest.approx(expected, abs=1e-12)


def test_calibration_is_fitted_on_validation_images_and_measured_on_test_images():
    pairs = draw_pairs(90, 60, n_seeds=3)
    held_out = dict.fromkeys(pairs, VAL_LABELS)
    table = collect_probabilities(pairs, held_out, LABELS)["multiclass_sum"]
    found = calibrate(table)
    fitted = [fit_temperature(*pair) for pair in zip(table[0], table[1], strict=True)]
    assert found.temperature.tolist() == fitted
    for seed, y_prob in enumerate(table.y_prob_test):
        scaled = scale_temperature(y_prob, fitted[seed])
        for probs, error in ((y_prob, found.error_before), (scaled, found.error_after)):
            sure = np.where(probs > 0.5, probs, 1 - probs)
            right = (probs > 0.5) == binary_labels(LABELS)
            assert error[seed] == pytest.approx(calibration_error(sure, right))
