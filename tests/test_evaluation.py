"""Labels, merged groups and counts of errors, against scikit-learn and by hand."""

import re
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import brier_score_loss, log_loss

from fashionnet.data import CLASS_NAMES, binary_labels
from fashionnet.evaluation import (
    THRESHOLDS,
    binarize_argmax,
    binarize_sum,
    brier_scores,
    choose_threshold,
    clothing_probability,
    confidence,
    count_confusions,
    count_errors_by_class,
    count_errors_by_threshold,
    fit_temperature,
    log_losses,
    merge_groups,
    predict_labels,
    predict_probabilities,
    rank_confusions,
    scale_temperature,
)

CLOTHES = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt"}
SEEDS = st.integers(0, 2**32 - 1)
PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1)
IMAGES = np.zeros((3, 28, 28), np.uint8)


def draw_probabilities(seed, n=500, spread=0.3):
    """Draw rows like those of softmax; the lower `spread`, the surer they are."""
    rng = np.random.default_rng(seed)
    return rng.dirichlet(np.full(10, spread), n)


def chances(**given):
    """Make one row of probabilities from those of the named classes."""
    row = np.zeros((1, 10))
    for name, chance in given.items():
        row[0, CLASS_NAMES.index(name.replace("_", " "))] = chance
    return row


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


def test_ten_probabilities_are_handed_on_as_they_are():
    y_prob = draw_probabilities(0, 3)
    assert predict_probabilities(make_model(y_prob), IMAGES) is y_prob


def test_column_of_the_sigmoid_is_squeezed():
    y_prob = np.array([[0.2], [0.7], [0.5]], np.float32)
    squeezed = predict_probabilities(make_model(y_prob), IMAGES)
    np.testing.assert_array_equal(squeezed, y_prob.ravel())


def test_one_image_keeps_its_dimension():
    y_prob = predict_probabilities(make_model(np.array([[0.2]])), IMAGES[:1])
    assert y_prob.shape == (1,)


def test_prediction_hands_on_images_and_batch_size_in_silence():
    model = make_model(draw_probabilities(0, 3))
    predict_probabilities(model, IMAGES, batch_size=7)
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


# Ten classes to two groups.


@given(SEEDS, st.sampled_from([0.05, 0.2, 0.5]))
@settings(deadline=None, max_examples=30)
def test_both_rules_agree_where_a_class_is_above_one_half(seed, spread):
    y_prob = draw_probabilities(seed, spread=spread)
    sure = y_prob.max(axis=1) > 0.5
    assert sure.any()
    np.testing.assert_array_equal(
        binarize_argmax(y_prob[sure]), binarize_sum(y_prob[sure])
    )


def test_rules_differ_where_small_chances_add_up():
    clothes = chances(Bag=0.4, Dress=0.3, Shirt=0.3)
    others = chances(Coat=0.4, Bag=0.3, Sandal=0.3)
    assert binarize_argmax(np.vstack([clothes, others])).tolist() == [0, 1]
    assert binarize_sum(np.vstack([clothes, others])).tolist() == [1, 0]


@given(SEEDS)
@settings(deadline=None, max_examples=30)
def test_sum_rule_takes_the_likelier_group(seed):
    y_prob = draw_probabilities(seed, 50, spread=1)
    in_group = np.array([name in CLOTHES for name in CLASS_NAMES])
    clothing, others = (y_prob[:, part].sum(axis=1) for part in (in_group, ~in_group))
    np.testing.assert_array_equal(binarize_sum(y_prob), clothing > others)
    np.testing.assert_allclose(clothing_probability(y_prob), clothing, rtol=1e-5)


def test_clothing_probability_loses_no_precision():
    y_prob = draw_probabilities(0).astype(np.float32)
    assert clothing_probability(y_prob).dtype == np.float64


def test_probability_of_clothing_is_its_own_sum():
    y_prob = np.array([0.25, 0.75], np.float32)
    assert clothing_probability(y_prob).tolist() == [0.25, 0.75]
    assert binarize_sum(y_prob).tolist() == [0, 1]


def test_both_rules_give_binary_labels_as_uint8():
    y_prob = draw_probabilities(0)
    for y_pred in (binarize_argmax(y_prob), binarize_sum(y_prob)):
        assert y_pred.dtype == np.uint8
        assert set(y_pred.tolist()) == {0, 1}


# Confusions.


@given(PAIRS)
@settings(deadline=None, max_examples=30)
def test_confusions_count_every_pair_with_the_true_class_on_the_rows(pairs):
    matrix, counted = count_confusions(*two_columns(pairs), 10), Counter(pairs)
    expected = [[counted[true, pred] for pred in range(10)] for true in range(10)]
    assert matrix.tolist() == expected


@given(PAIRS)
@settings(deadline=None, max_examples=30)
def test_merged_confusions_equal_those_of_binarized_labels(pairs):
    y_true, y_pred = two_columns(pairs)
    merged = merge_groups(count_confusions(y_true, y_pred, 10))
    direct = count_confusions(binary_labels(y_true), binary_labels(y_pred), 2)
    np.testing.assert_array_equal(merged, direct)


def test_confusions_are_ranked_worst_first():
    matrix = np.array([[90, 7, 3], [0, 99, 1], [8, 5, 87]])
    assert rank_confusions(matrix, 3) == [(2, 0, 8), (0, 1, 7), (2, 1, 5)]


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


# Scores, temperatures and thresholds.


def draw_binary(seed, n=4000, temperature=1.0):
    """Draw labels and probabilities that are honest if divided by a temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, n)
    y_true = (rng.random(n) < expit(logits)).astype(int)
    return y_true, expit(temperature * logits)


def test_mean_scores_equal_those_of_scikit_learn():
    y_true, y_prob = draw_binary(0)
    assert log_losses(y_true, y_prob).mean() == pytest.approx(log_loss(y_true, y_prob))
    brier = brier_score_loss(y_true, y_prob)
    assert brier_scores(y_true, y_prob).mean() == pytest.approx(brier)


@pytest.mark.parametrize("score", [log_losses, brier_scores])
def test_scores_of_several_trainings_are_those_of_each(score):
    y_true, y_prob = draw_binary(0, n=50)
    table = np.array([y_prob, 1 - y_prob]).astype(np.float32)
    rows = [score(y_true, row) for row in table]
    np.testing.assert_array_equal(score(y_true, table), rows)
    assert score(y_true, table).dtype == np.float64


def test_certainty_that_float32_cannot_tell_from_doubt_costs_little():
    losses = log_losses(np.array([1, 0, 1, 0]), np.array([0, 1, 1, 0], np.float32))
    assert losses[:2] == pytest.approx([24 * np.log(2)] * 2)
    assert losses[2:] == pytest.approx([0, 0], abs=1e-7)


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


def test_errors_by_threshold_equal_brute_force():
    y_true, y_prob = draw_binary(1, n=60)
    pairs = list(zip(y_true.tolist(), y_prob.tolist(), strict=True))
    expected = [sum((p > at) != (y == 1) for y, p in pairs) for at in THRESHOLDS]
    assert count_errors_by_threshold(y_true, y_prob).tolist() == expected
    at_half = (predict_labels(y_prob) != y_true).sum()
    assert expected[THRESHOLDS.tolist().index(0.5)] == at_half


def test_chosen_threshold_has_the_fewest_errors():
    y_true = np.array([0, 0, 1, 1])
    assert choose_threshold(y_true, np.array([0.1, 0.705, 0.8, 0.9])) == 0.71
    assert choose_threshold(y_true, np.array([0.1, 0.2, 0.305, 0.9])) == 0.3


def test_threshold_stays_at_one_half_if_that_is_as_good_as_any():
    assert choose_threshold(np.array([0, 1]), np.array([0.1, 0.9])) == 0.5
