"""Whose probabilities of clothing are better: log-loss and Brier score.

All of this is exploratory: nothing here decides the verdict.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from fashionnet.data import binary_labels, split_train_val
from fashionnet.study.pairs import clothing_probability
from fashionnet.study.stats import Estimate, crossed_estimate
from fashionnet.study.words import NAMES, format_spread

# Between 1 and the next number of float32, where outputs end: nothing is surer.
LEAST_DOUBT = 2.0**-24


def limit_doubt(y_prob):
    """Keep probabilities as far from 0 and 1 as `float32` can tell, as `float64`."""
    return np.clip(np.asarray(y_prob, np.float64), LEAST_DOUBT, 1 - LEAST_DOUBT)


def log_losses(y_true, y_prob):
    """Compute the logarithmic loss of each image, minus the log of the true label's.

    Args:
        y_true: Labels 0 and 1, shape `(n,)`.
        y_prob: Probabilities of class 1, shape `(n,)` or `(seeds, n)`. They count as no
            surer than `float32` outputs can say, which keeps the loss below 17.

    Source: Gneiting and Raftery (2007), JASA 102, 359-378, as for `brier_scores`.
    """
    of_truth = np.where(y_true == 1, y_prob, 1 - np.asarray(y_prob, np.float64))
    return -np.log(limit_doubt(of_truth))


def brier_scores(y_true, y_prob):
    """Compute the squared distance from probability to label, as in `log_losses`."""
    return (np.asarray(y_prob, np.float64) - y_true) ** 2


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
    """List the class ids of the validation images of each seed, in their order.

    `images` and `labels` are those of `load_training_set`.
    """
    return {seed: split_train_val(images, labels, seed=seed).y_val for seed in seeds}


def collect_probabilities(pairs, held_out, labels):
    """Collect p(clothing) of both networks, the ten-class one by its sum.

    Returns:
        A dictionary of `Probabilities`: "multiclass_sum" and "binary".
    """
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


def _clip_sum(y_prob):
    # A sum of probabilities in float32 may miss 1 by a rounding error.
    return clothing_probability(y_prob).clip(0, 1)


class ScoreContrast(NamedTuple):
    """A score of both networks, the lower the better.

    `means` has the mean over the test images by seed, by classifier. `estimate` is of
    how much lower the multiclass network's is, for new trainings and new images.
    """

    means: dict
    estimate: Estimate


def compare_scores(probabilities):
    """Compare what `collect_probabilities` returns: a `ScoreContrast` by score."""
    found = {}
    for name, score in SCORES.items():
        tables = {k: score(p.y_test, p.y_prob_test) for k, p in probabilities.items()}
        means = {classifier: table.mean(axis=1) for classifier, table in tables.items()}
        estimate = crossed_estimate(tables["binary"] - tables["multiclass_sum"])
        found[name] = ScoreContrast(means, estimate)
    return found


def table_probabilities(scores, calibrations):
    """Tabulate scores and calibration: mean and standard deviation over seeds."""
    rows = {}
    for name, found in calibrations.items():
        rows[NAMES[name]] = {
            **{k: format_spread(score.means[name], 4) for k, score in scores.items()},
            "calibration error": format_spread(found.error_before, 4),
            "… after scaling": format_spread(found.error_after, 4),
            "temperature": format_spread(found.temperature, 2),
        }
    return pd.DataFrame.from_dict(rows, orient="index")
