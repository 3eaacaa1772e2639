"""Part 3 by probabilities: how good they are, how honest, and at other thresholds.

All of this is exploratory. A temperature or a threshold is fitted on the validation
images of the same training, never on test images.
"""

from typing import NamedTuple

import numpy as np

from fashionnet.data import binary_labels, split_train_val
from fashionnet.evaluation import (
    brier_scores,
    choose_threshold,
    clothing_probability,
    confidence,
    count_errors_by_threshold,
    fit_temperature,
    log_losses,
    predict_labels,
    scale_temperature,
)
from fashionnet.stats import Estimate, calibration_error, crossed_estimate

SCORES = {"log-loss": log_losses, "Brier score": brier_scores}


class Probabilities(NamedTuple):
    """Probabilities of clothing from every training of one kind, and the truth.

    `y_prob_val` and `y_val` have shape `(seeds, validation images)`, `y_prob_test` has
    `(seeds, test images)`, and `y_test`, the same for all seeds, `(test images,)`.
    """

    y_prob_val: np.ndarray
    y_val: np.ndarray
    y_prob_test: np.ndarray
    y_test: np.ndarray


def list_held_out(images, labels, seeds):
    """List the class ids of the validation images of each seed.

    Args:
        images: The 60,000 images that are not of the test set.
        labels: Their class ids, 0 to 9.
        seeds: The seeds.

    Returns:
        A dictionary from seed to class ids, in the order of the predictions.
    """
    return {seed: split_train_val(images, labels, seed=seed).y_val for seed in seeds}


def collect_probabilities(pairs, held_out, labels):
    """Collect p(clothing) of both networks, the ten-class one by its sum.

    Args:
        pairs: What `find_pairs` returns, with at least one pair.
        held_out: What `list_held_out` returns for the seeds of the pairs.
        labels: Class ids of the test images, 0 to 9.

    Returns:
        A dictionary of `Probabilities`: "multiclass_sum" and "binary".

    Raises:
        ValueError: If there is no pair.
    """
    if not pairs:
        raise ValueError("no pair of runs is stored: train one with train_run")
    y_val = np.array([binary_labels(held_out[seed]) for seed in pairs])
    columns = zip(*pairs.values(), strict=True)
    return {
        name: Probabilities(
            np.array([_clip_sum(run.y_prob_val) for run in runs]),
            y_val,
            np.array([_clip_sum(run.y_prob_test) for run in runs]),
            binary_labels(labels),
        )
        for name, runs in zip(("multiclass_sum", "binary"), columns, strict=True)
    }


class ScoreContrast(NamedTuple):
    """A score of both networks, the lower the better.

    `means` has the mean over the test images by seed, by classifier. `estimate` is of
    how much lower the multiclass network's is, for new trainings and new images; it is
    `None` with fewer than two pairs.
    """

    means: dict
    estimate: Estimate | None


def compare_scores(probabilities):
    """Compare what `collect_probabilities` returns. Returns a dictionary by score."""
    found = {}
    for name, score in SCORES.items():
        tables = {k: score(p.y_test, p.y_prob_test) for k, p in probabilities.items()}
        lower = tables["binary"] - tables["multiclass_sum"]
        means = {classifier: table.mean(axis=1) for classifier, table in tables.items()}
        estimate = crossed_estimate(lower) if len(lower) > 1 else None
        found[name] = ScoreContrast(means, estimate)
    return found


class Calibration(NamedTuple):
    """Probabilities of clothing before and after temperature scaling.

    `temperature` and the expected calibration errors `error_before` and `error_after`
    have one value per seed; `before` and `after` are probabilities of the test images,
    shape `(seeds, n)`.
    """

    temperature: np.ndarray
    error_before: np.ndarray
    error_after: np.ndarray
    before: np.ndarray
    after: np.ndarray


def calibrate(probabilities):
    """Scale one kind of `Probabilities` by temperatures. Returns the `Calibration`."""
    y_prob_val, y_val, before, y_test = probabilities
    pairs = zip(y_prob_val, y_val, strict=True)
    temperature = np.array([fit_temperature(*pair) for pair in pairs])
    after = scale_temperature(before, temperature[:, None])
    errors = [
        np.array([_calibration_error(y_test, row) for row in table])
        for table in (before, after)
    ]
    return Calibration(temperature, *errors, before, after)


def bin_probabilities(y_true, y_prob, n_bins=10):
    """Bin probabilities of all trainings, for a reliability diagram.

    Args:
        y_true: Labels 0 and 1, shape `(n,)`.
        y_prob: Probabilities of class 1, shape `(seeds, n)`.
        n_bins: Number of bins of equal width.

    Returns:
        Mean probability, share of class 1 and number of probabilities of each bin that
        is not empty, three arrays.
    """
    bins = np.clip((n_bins * y_prob).astype(int), 0, n_bins - 1).ravel()
    ones = np.broadcast_to(y_true, y_prob.shape).ravel()
    counts = np.bincount(bins, minlength=n_bins)
    sums = (np.bincount(bins, x, minlength=n_bins) for x in (y_prob.ravel(), ones))
    full = counts > 0
    return *(total[full] / counts[full] for total in sums), counts[full]


def trace_roc(y_true, y_prob, highest=0.02):
    """Follow the ROC curve of every training by its number of false positives.

    Args:
        y_true: Labels 0 and 1, shape `(n,)`.
        y_prob: Probabilities of class 1, shape `(seeds, n)`.
        highest: False positive rate at which to stop, above 0 and below 1.

    Returns:
        False positive rates, shape `(k,)`, and the true positive rates reached with at
        most as many, shape `(seeds, k)`.

    Source: Fawcett (2006), Pattern Recognition Letters 27, 861-874.
    """
    negatives = np.sort(y_prob[:, y_true == 0])[:, ::-1]
    positives = np.sort(y_prob[:, y_true == 1])
    n_false = np.arange(int(highest * negatives.shape[1]) + 1)
    # With the next negative's score as threshold, so many are above it and no more.
    above = [
        1 - np.searchsorted(row, limits, side="right") / len(row)
        for row, limits in zip(positives, negatives[:, n_false], strict=True)
    ]
    return n_false / negatives.shape[1], np.array(above)


def find_rates(y_true, right):
    """Return false and true positive rate of given labels, each of shape `(seeds,)`.

    `right` says which labels are right, shape `(seeds, n)`.
    """
    return 1 - right[:, y_true == 0].mean(axis=1), right[:, y_true == 1].mean(axis=1)


class Sweep(NamedTuple):
    """Errors of every training at each of `evaluation.THRESHOLDS`.

    `val` and `test` are shares of images, shape `(seeds, thresholds)`. `chosen` has the
    threshold with the fewest validation errors by seed, `at_half` and `at_chosen` the
    numbers of test errors with one half and with that threshold.
    """

    val: np.ndarray
    test: np.ndarray
    chosen: np.ndarray
    at_half: np.ndarray
    at_chosen: np.ndarray


def sweep_thresholds(probabilities):
    """Try all thresholds on one kind of `Probabilities`. Returns the `Sweep`."""
    y_prob_val, y_val, y_prob_test, y_test = probabilities
    pairs = list(zip(y_val, y_prob_val, strict=True))
    val = np.array([count_errors_by_threshold(*pair) for pair in pairs])
    test = np.array([count_errors_by_threshold(y_test, row) for row in y_prob_test])
    chosen = np.array([choose_threshold(*pair) for pair in pairs])
    moved = ((y_prob_test > chosen[:, None]) != y_test).sum(axis=1)
    at_half = ((y_prob_test > 0.5) != y_test).sum(axis=1)
    sizes = y_val.shape[1], len(y_test)
    return Sweep(val / sizes[0], test / sizes[1], chosen, at_half, moved)


def _clip_sum(y_prob):
    # A sum of probabilities in float32 may miss 1 by a rounding error.
    return clothing_probability(y_prob).clip(0, 1)


def _calibration_error(y_true, y_prob):
    return calibration_error(confidence(y_prob), predict_labels(y_prob) == y_true)
