"""Trainings of the table as if they had been trained: which images are wrong is set."""

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


def make_training(network, seed, n_wrong=1000, start=0):
    """Make a training that errs on so many test images."""
    y_test = load_test_set()[1]
    y_val = split_train_val(*load_training_set(), seed=seed).y_val
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
        "metrics": {"n_correct": n_correct, "test_accuracy": n_correct / 10_000},
    }
    history = {"val_loss": [2.0, 1.0, 1.5]}
    return Training(manifest, history, y_prob_val, y_prob_test)


def store_sample(network, seed, n_wrong=1000, start=0, **options):
    """Store such a training."""
    return store_training(make_training(network, seed, n_wrong, start), **options)
