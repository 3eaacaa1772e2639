"""What the answer of Part 3 depends on: labels, training images, rules, and its price.

All of this is exploratory: nothing here decides the verdict.
"""

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fashionnet.data import binary_labels
from fashionnet.evaluation import predict_labels
from fashionnet.experiment import N_TRAIN
from fashionnet.study import (
    CLASSIFIERS,
    Contrast,
    compare,
    estimate_images,
    make_contrast,
    right_by_seed,
)

# Other ways of training, and what a contrast with one tells apart.
CONTROLS: dict[str, str] = {
    "grouped": "ten outputs, binary loss",
    "three_groups": "three groups",
}
NAMES: dict[str, str] = CLASSIFIERS | CONTROLS
CONTROL_CONTRASTS: dict[tuple[str, str], str] = {
    ("grouped", "binary"): "ten outputs instead of one",
    ("three_groups", "binary"): "labels of three groups instead of two",
    ("multiclass_sum", "grouped"): "labels of ten classes instead of two groups",
}
OUTPUTS: dict[str, int] = {"multiclass": 10, "binary": 1}


def share_seeds(controls, pairs):
    """List the seeds of `pairs` that every stored control has too."""
    stored = [runs for runs in controls.values() if runs]
    return [seed for seed in pairs if all(seed in runs for runs in stored)]


def right_by_control(controls, pairs, labels):
    """Say who labels which test images right, on the seeds of `share_seeds`.

    Args:
        controls: Maps names of `CONTROLS` to dictionaries from seed to `Run`.
        pairs: What `find_pairs` returns.
        labels: Class ids of the test images, 0 to 9.

    Returns:
        What `right_by_seed` returns, with the stored controls added.
    """
    shared, y_true = share_seeds(controls, pairs), binary_labels(labels)
    right = right_by_seed({seed: pairs[seed] for seed in shared}, labels)
    for name, runs in controls.items():
        if runs:
            answers = [predict_labels(runs[s].y_prob_test) == y_true for s in shared]
            right[name] = np.array(answers, bool).reshape(right["binary"].shape)
    return right


def compare_controls(right):
    """List a `Contrast` for each of `CONTROL_CONTRASTS` whose control is stored."""
    stored = [pair for pair in CONTROL_CONTRASTS if set(pair) <= set(right)]
    return {pair: make_contrast(right, *pair) for pair in stored}


class Size(NamedTuple):
    """What trainings with one number of training images say.

    `errors` has counts by seed and `rates` estimates of errors in 10,000 new images
    (`None` with fewer than two pairs), both by classifier; `contrasts` is from
    `compare`.
    """

    errors: dict
    rates: dict
    contrasts: dict


def compare_sizes(curve, pairs, labels):
    """Compare the classifiers at each number of training images.

    Args:
        curve: Maps numbers of training images to what `pair_runs` returns.
        pairs: What `find_pairs` returns, for the full number; of them, the seeds that
            are in `curve` count, so that no size has more than the others.
        labels: Class ids of the test images, 0 to 9.

    Returns:
        A dictionary of `Size` by number of training images, sizes without pairs left
        out.
    """
    seeds = {seed for smaller in curve.values() for seed in smaller} or pairs
    full = {seed: pair for seed, pair in pairs.items() if seed in seeds}
    sizes = {}
    for n_train, stored in sorted({**curve, N_TRAIN: full}.items()):
        if stored:
            right = right_by_seed(stored, labels)
            errors = {name: (~table).sum(axis=1) for name, table in right.items()}
            rates = {name: estimate_images(~table) for name, table in right.items()}
            sizes[n_train] = Size(errors, rates, compare(right))
    return sizes


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
        np.concatenate([[], *largest]),
        make_contrast(right, "multiclass_sum", "multiclass_argmax"),
    )


def measure_costs(pairs):
    """List what the trainings of each task cost.

    Returns:
        A dictionary of facts by task: `parameters`, `mflop_per_image` (a multiplication
        and an addition per weight of a dense layer, in millions), `weights_kb` (4 bytes
        per parameter), and by seed `best_epoch`, `epochs_run` and `train_seconds`.
    """
    runs = zip(*pairs.values(), strict=True)
    return {
        task: _list_costs([run.manifest for run in column], n_outputs)
        for (task, n_outputs), column in zip(OUTPUTS.items(), runs, strict=False)
    }


def _list_costs(manifests, n_outputs):
    first = manifests[0]
    widths = [28 * 28, *first["recipe"]["hidden_units"], n_outputs]
    n_weights = sum(a * b for a, b in pairwise(widths))
    by_seed = ("best_epoch", "epochs_run", "train_seconds")
    return {
        "parameters": first["parameters"],
        "mflop_per_image": 2 * n_weights / 1e6,
        "weights_kb": 4 * first["parameters"] / 1000,
        **{name: [manifest[name] for manifest in manifests] for name in by_seed},
    }
