"""Trainings as if they had been trained, and weights as if they had been learned."""

from functools import cache

import numpy as np

from fashionnet.data import load_test_set, load_training_set, split_train_val
from fashionnet.zoo.stored import Training, score, store_training, training_key
from fashionnet.zoo.table import list_settings


def answer(labels, n_wrong, start=0):
    """Make probabilities that are wrong for so many labels, from a place on."""
    y_pred = np.array(labels, int)
    wrong = slice(start, start + n_wrong)
    y_pred[wrong] = (y_pred[wrong] + 1) % 10
    return (0.9 * np.eye(10)[y_pred] + 0.01).astype(np.float16)


@cache
def load_labels(seed):
    """Load the labels of validation and test images; a split takes a quarter second."""
    split = split_train_val(*load_training_set(), seed=seed)
    return split.y_val, load_test_set()[1]


def make_training(network, seed, n_wrong=1000, start=0):
    """Make a training that errs on so many test images, from a place on."""
    y_val, y_test = load_labels(seed)
    y_prob_val, y_prob_test = answer(y_val, 500), answer(y_test, n_wrong, start)
    n_correct = score(y_prob_test, y_test)[1]
    manifest = {
        "network": network.name,
        "seed": seed,
        "key": training_key(network, seed),
        "settings": list_settings(network),
        "differences": {},
        "parameters": network.parameters,
        "epochs_run": 3,
        "best_epoch": 2,
        "seconds_per_epoch": 4.0,
        "metrics": {
            "val_accuracy": 1 - n_wrong / 10_000,
            "n_correct": n_correct,
            "test_accuracy": n_correct / 10_000,
        },
    }
    history = {"val_loss": [2.0, 1.0, 1.5]}
    return Training(manifest, history, y_prob_val, y_prob_test)


def store_sample(network, seed, n_wrong=1000, start=0, **options):
    """Store such a training."""
    return store_training(make_training(network, seed, n_wrong, start), **options)


# Of each block: inputs, filters of its first layer, filters of each of the two others.
BLOCKS = {
    "fire2": (64, 16, 64), "fire3": (128, 16, 64),
    "fire4": (128, 32, 128), "fire5": (256, 32, 128),
    "fire6": (256, 48, 192), "fire7": (384, 48, 192),
    "fire8": (384, 64, 256), "fire9": (512, 64, 256),
}  # fmt: skip


def make_squeezenet_weights():
    """Draw weights in the shapes of the real ones."""
    shapes = {"conv1": (3, 3, 3, 64), "conv10": (1, 1, 512, 1000)}
    for block, (before, few, many) in BLOCKS.items():
        shapes[f"{block}/squeeze1x1"] = (1, 1, before, few)
        shapes[f"{block}/expand1x1"] = (1, 1, few, many)
        shapes[f"{block}/expand3x3"] = (3, 3, few, many)
    rng = np.random.default_rng(0)
    return {
        name: [
            rng.normal(0, np.sqrt(2 / np.prod(shape[:3])), shape).astype(np.float32),
            rng.normal(0, 0.1, shape[3]).astype(np.float32),
        ]
        for name, shape in shapes.items()
    }
