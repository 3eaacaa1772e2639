"""Where the two ways to binarize one multiclass network differ, and who is right."""

from typing import NamedTuple

import numpy as np

from fashionnet.study.contrasts import Contrast, make_contrast
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.verdict import phrase_reading
from fashionnet.study.words import phrase_count, phrase_estimate


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


def state_rules(rules):
    """Say where the two ways to binarize differ, and who wins there."""
    differ = rules.won + rules.lost
    seeds = phrase_count(len(differ), "training{}")
    if not differ.sum():
        return f"In {seeds}, the two rules give the same label for every test image."
    estimate, (low, high) = rules.contrast.estimate, (differ.min(), differ.max())
    reading = phrase_reading(estimate, "the sum", "the likeliest class")
    return (
        f"In {seeds}, the two rules differ on "
        f"{low if low == high else f'{low} to {high}'} test images "
        f"each, {differ.sum()} in all: the sum is right on {rules.won.sum()} of these, "
        f"the likeliest class on {rules.lost.sum()}. There, the likeliest class has a "
        f"probability from {rules.largest.min():.2f} to {rules.largest.max():.2f}. "
        "Errors of the sum in 10,000 images, "
        f"compared with the likeliest class: {phrase_estimate(estimate)}; {reading}."
    )
