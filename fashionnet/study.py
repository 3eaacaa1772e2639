"""Part 3: compare two ways to a binary label, on the same test images."""

import numpy as np

from fashionnet.evaluation import (
    binarize_argmax,
    binarize_sum,
    count_confusions,
    predict_labels,
)


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
