"""Part 3: compare two ways to a binary label, on the same test images."""

import numpy as np

from fashionnet.evaluation import (
    binarize_argmax,
    binarize_sum,
    count_confusions,
    predict_labels,
)
from fashionnet.runs import find_run, stored_seeds

CLASSIFIERS: dict[str, str] = {
    "multiclass_argmax": "multiclass (likeliest class)",
    "multiclass_sum": "multiclass (sum)",
    "binary": "binary",
}


def find_pairs():
    """Find the seeds with a finished run of both tasks.

    Returns:
        A dictionary from seed to `(multiclass, binary)`, each a `Run`.
    """
    seeds = stored_seeds("multiclass")
    pairs = {s: (find_run("multiclass", s), find_run("binary", s)) for s in seeds}
    return {seed: pair for seed, pair in pairs.items() if all(pair)}


def predict_three_ways(multiclass, binary):
    """Return the binary test labels of both networks, by the name of the classifier.

    Returns:
        A dictionary of `uint8` arrays: the ten-class network by its likeliest class
        and by the sum of its clothing probabilities, and the binary network.
    """
    return {
        "multiclass_argmax": binarize_argmax(multiclass.y_prob_test),
        "multiclass_sum": binarize_sum(multiclass.y_prob_test),
        "binary": predict_labels(binary.y_prob_test).astype(np.uint8),
    }


def cross_tabulate(right_first, right_second):
    """Count images by who is right: `[[both, only first], [only second, neither]]`."""
    return count_confusions(~right_first, ~right_second, 2)
