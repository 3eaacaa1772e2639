"""Labels, merged groups and counts of errors, against scikit-learn and by hand."""

import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm, ttest_1samp

from fashionnet.data import binary_labels
from fashionnet.evaluation import (
    add_intervals,
    confidence,
    count_confusions,
    count_errors_by_class,
    predict_labels,
    predict_probabilities,
    rank_confusions,
    wilson_interval,
)

SEEDS = st.integers(0, 2**32 - 1)
COUNTS = st.integers(0, 500)
PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1)
IMAGES = np.zeros((3, 28, 28), np.uint8)


def draw_probabilities(seed, n=500, spread=0.3):
    """Draw rows like those of softmax; the lower `spread`, the surer they are."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(10, spread), n)


def two_columns(pairs):
    return np.array(pairs).T


# Probabilities and labels.


def make_model(y_prob):
    """Make an object that predicts `y_prob` and keeps what it was called with."""
    model = SimpleNamespace(calls=[])

    def predict(images, **options):
        model.calls.append((images, options))
        return y_prob

    model.predict = predict
    return model


def test_column_of_the_sigmoid_is_squeezed():
    y_prob = np.array([[0.2], [0.7], [0.5]], np.float32)
    squeezed = predict_probabilities(make_model(y_prob), IMAGES)
    np.testing.assert_array_equal(squeezed, y_prob.ravel())
    assert predict_probabilities(make_model(y_prob[:1]), IMAGES[:1]).shape == (1,)


def test_prediction_hands_on_images_and_batch_size_in_silence():
    y_prob = draw_probabilities(0, 3)
    model = make_model(y_prob)
    assert predict_probabilities(model, IMAGES, batch_size=7) is y_prob
    [(images, options)] = model.calls
    assert images is IMAGES
    assert options == {"batch_size": 7, "verbose": 0}


@pytest.mark.parametrize(
    ("images", "found"),
    [
        (IMAGES / 255, "float64 (3, 28, 28)"),
        (np.full((3, 28, 28), np.nan, np.float32), "float32 (3, 28, 28)"),
        (IMAGES.reshape(3, 784), "uint8 (3, 784)"),
        (IMAGES[..., None], "uint8 (3, 28, 28, 1)"),
        (IMAGES[0], "uint8 (28, 28)"),
        (IMAGES[:0], "uint8 (0, 28, 28)"),
        (IMAGES.tolist(), "list (3, 28, 28)"),
    ],
)
def test_prediction_refuses_what_are_no_images(images, found):
    model = make_model(None)
    with pytest.raises(ValueError, match=re.escape(found)):
        predict_probabilities(model, images)
    assert not model.calls


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_label_is_a_class_that_no_other_beats(seed):
    y_prob = draw_probabilities(seed, 50)
    y_pred = predict_labels(y_prob)
    assert [row[label] for row, label in zip(y_prob, y_pred, strict=True)] == [
        max(row) for row in y_prob.tolist()
    ]


def test_binary_label_is_one_above_one_half():
    y_prob = np.array([0, 0.49, 0.5, np.nextafter(0.5, 1), 1])
    assert predict_labels(y_prob).tolist() == [0, 0, 0, 1, 1]


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_confidence_is_the_probability_of_the_predicted_label(seed):
    y_prob = draw_probabilities(seed, 50)
    two_sided = np.column_stack([1 - y_prob[:, 0], y_prob[:, 0]])
    for given_prob, by_label in ((y_prob, y_prob), (y_prob[:, 0], two_sided)):
        labels = predict_labels(given_prob)
        expected = [row[y] for row, y in zip(by_label, labels, strict=True)]
        np.testing.assert_allclose(confidence(given_prob), expected)


# Confusions.


@given(PAIRS)
@settings(deadline=None, max_examples=30)
def test_confusions_count_every_pair_with_the_true_class_on_the_rows(pairs):
    matrix, counted = count_confusions(*two_columns(pairs), 10), Counter(pairs)
    expected = [[counted[true, pred] for pred in range(10)] for true in range(10)]
    assert matrix.tolist() == expected


@given(SEEDS, st.integers(1, 90))
@settings(deadline=None, max_examples=30)
def test_ranking_equals_sorting_all_confusions(seed, k):
    # Few distinct counts make ties, which must not come out in another order each time.
    matrix = np.random.default_rng(seed).integers(1, 20, (10, 10))
    cells = ((-n, *at) for at, n in np.ndenumerate(matrix) if at[0] != at[1])
    expected = [(true, pred, -n) for n, true, pred in sorted(cells)[:k]]
    assert rank_confusions(matrix, k) == expected


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans())))
@settings(deadline=None, max_examples=30)
def test_errors_are_counted_by_their_original_class(images):
    labels = np.array([label for label, _ in images], int)
    wrong = np.array([flag for _, flag in images], bool)
    y_true = binary_labels(labels)
    errors = count_errors_by_class(y_true, np.where(wrong, 1 - y_true, y_true), labels)
    counted = Counter(label for label, flag in images if flag)
    assert errors.tolist() == [counted[label] for label in range(10)]


def test_ranking_has_no_right_labels():
    assert rank_confusions(np.array([[9, 1], [2, 8]]), 3) == [(1, 0, 2), (0, 1, 1)]
    assert rank_confusions(np.diag([5, 5]), 3) == []


# The interval of a share.


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 10_000), st.floats(0, 1), st.floats(0.5, 0.999))
def test_wilson_interval_equals_the_closed_formula(n, share, level):
    k = round(share * n)
    p, z = k / n, norm.ppf((1 + level) / 2)
    center = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    expected = (p, center - half, center + half)
    assert wilson_interval(k, n, level) == pytest.approx(expected, abs=1e-12)


def test_intervals_of_means_are_those_of_the_t_test():
    table = pd.DataFrame(np.random.default_rng(0).normal(size=(5, 3)))
    found = add_intervals(table, "gain")
    np.testing.assert_array_equal(found[[0, 1, 2]], table)
    expected = ttest_1samp(table, 0, axis=1)
    low, high = expected.confidence_interval(0.95)
    np.testing.assert_allclose(found[["from", "to"]], np.transpose([low, high]))
    np.testing.assert_allclose(found["gain"], table.mean(axis=1))


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_equals_published_ones(k, n, low, high):
    # Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3.
    assert wilson_interval(k, n)[1:] == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000))
@settings(deadline=None, max_examples=30)
def test_interval_of_none_and_of_all_ends_exactly_there(n):
    assert wilson_interval(0, n)[:2] == (0, 0)
    assert wilson_interval(n, n)[::2] == (1, 1)


@given(COUNTS, COUNTS.map(lambda n: n + 1))
@settings(deadline=None, max_examples=30)
def test_intervals_of_right_and_wrong_mirror_each_other(n_right, n_wrong):
    share, low, high = wilson_interval(n_right, n_right + n_wrong)
    mirrored = wilson_interval(n_wrong, n_right + n_wrong)
    assert mirrored == pytest.approx((1 - share, 1 - high, 1 - low))
    assert 0 <= low <= share <= high <= 1


@pytest.mark.parametrize("truth", [0.5, 0.9, 0.99])
def test_interval_holds_the_truth_as_often_as_it_says(truth):
    rng = np.random.default_rng(0)
    seen, times = np.unique(rng.binomial(1000, truth, 20_000), return_counts=True)
    ends = np.array([wilson_interval(k, 1000)[1:] for k in seen])
    holds = (ends[:, 0] <= truth) & (truth <= ends[:, 1])
    assert np.average(holds, weights=times) == pytest.approx(0.95, abs=0.015)


@pytest.mark.parametrize(
    ("arguments", "found"),
    [((11, 10), "11 of 10"), ((-1, 10), "-1"), ((0, 0), "0"), ((5, 10, 1.5), r"1\.5")],
)
def test_wilson_interval_refuses_the_impossible(arguments, found):
    with pytest.raises(ValueError, match=found):
        wilson_interval(*arguments)
