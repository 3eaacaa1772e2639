"""Where the two ways to binarize one multiclass network differ, and who is right."""

from typing import NamedTuple

import numpy as np

from fashionnet.study.contrasts import Contrast, make_contrast
from fashionnet.study.pairs import right_by_seed


class Rules(NamedTuple):
    """Where the two ways to binarize a multiclass network give different labels.

    `won` and `lost` count by seed the images on which only the sum, and only the
    likeliest class, is right; `largest` has the largest of the ten probabilities on
    each of them. `contrast` compares the sum with the likeliest class.
    """

    won: np.ndarray
    lost: np.ndarray
    largest: np.ndarray
    contrast: Contrast


def compare_rules(pairs, labels):
    """Compare the two ways to binarize the same networks. Returns the `Rules`."""
    right = right_by_seed(pairs, labels)
    summed, argmax = right["multiclass_sum"], right["multiclass_argmax"]
    runs = [multiclass for multiclass, _ in pairs.values()]
    largest = [
        run.y_prob_test[differ].max(axis=1)
        for run, differ in zip(runs, summed != argmax, strict=True)
    ]
    return Rules(
        (summed & ~argmax).sum(axis=1),
        (argmax & ~summed).sum(axis=1),
        np.concatenate(largest),
        make_contrast(right, "multiclass_sum", "multiclass_argmax"),
    )
