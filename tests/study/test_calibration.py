"""Temperatures and calibration errors, against search and counting by hand."""

from types import SimpleNamespace

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
    state_calibration,
)
from fashionnet.study.scores import collect_probabilities, log_losses

SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.floats(0, 1)


def draw_binary(seed, n=4000, temperature=1.0):
    """Draw labels and probabilities that are honest if divided by a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, n)
    y_true = (rng.random(n) < expit(logits)).astype(int)
    return y_true, expit(temperature * logits)


@given(SEEDS, st.floats(0.05, 20))
@settings(deadline=None, max_examples=30)
def test_temperature_changes_no_label_and_moves_towards_one_half(seed, temperature):
    _, y_prob = draw_binary(seed, n=100)
    scaled = scale_temperature(y_prob, temperature)
    np.testing.assert_array_equal(predict_labels(scaled), predict_labels(y_prob))
    moved = np.abs(y_prob - 0.5) - np.abs(scaled - 0.5)
    assert (moved if temperature > 1 else -moved).min() > -1e-6


def test_temperature_of_one_changes_nothing():
    _, y_prob = draw_binary(0)
    np.testing.assert_allclose(scale_temperature(y_prob, 1), y_prob, atol=1e-7)


@pytest.mark.parametrize("temperature", [0.5, 1, 2])
def test_fitted_temperature_undoes_false_certainty(temperature):
    y_true, y_prob = draw_binary(0, n=20_000, temperature=temperature)
    assert fit_temperature(y_prob, y_true) == pytest.approx(temperature, rel=0.05)


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
    st.lists(st.tuples(SHARES, st.booleans()), min_size=1, max_size=30),
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


def test_calibration_error_equals_the_worked_example():
    # Two bins of two: |0.95 - 1/2| and |0.55 - 1|, both 0.45.
    found = calibration_error([0.95, 0.95, 0.55, 0.55], [True, False, True, True])
    assert found == pytest.approx(0.45)


def test_calibration_error_tells_honest_from_overconfident():
    rng = np.random.default_rng(0)
    honest = rng.uniform(0.5, 1, 100_000)
    is_right = rng.random(100_000) < honest
    assert calibration_error(honest, is_right) < 0.01
    boasting = (1 + honest) / 2
    assert calibration_error(boasting, is_right) == pytest.approx(0.125, abs=0.005)


@pytest.mark.parametrize(
    ("y_prob", "is_right"),
    [([0.5, 0.5], [True]), ([[0.5, 0.5]], [[True, True]]), ([], []), ([1.2], [True])],
)
def test_calibration_error_refuses_what_does_not_fit(y_prob, is_right):
    with pytest.raises(ValueError):
        calibration_error(y_prob, is_right)


def test_calibration_sentence_counts_trainings_that_are_too_sure():
    found = SimpleNamespace(
        temperature=np.array([1.5, 0.9]),
        error_before=np.array([0.02, 0.04]),
        error_after=np.array([0.01, 0.01]),
    )
    text = state_calibration({"binary": found})
    assert "**binary**: 3.00% as trained, 1.00% scaled" in text
    assert "temperatures of 1.20 on average; 1 of 2 trainings were too sure" in text


# All trainings.


PAIRS = draw_pairs(90, 60, n_seeds=3)
HELD_OUT = dict.fromkeys(PAIRS, VAL_LABELS)
PROBABILITIES = collect_probabilities(PAIRS, HELD_OUT, LABELS)
Y_TRUE = binary_labels(LABELS)


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
        for probs, error in ((y_prob, found.error_before), (scaled, found.error_after)):
            sure = np.where(probs > 0.5, probs, 1 - probs)
            right = (probs > 0.5) == Y_TRUE
            assert error[seed] == pytest.approx(calibration_error(sure, right))
