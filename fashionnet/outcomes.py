"""What a training leaves behind, on whatever machine it ran: all that a run stores."""

import os
import platform
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fashionnet.data import binary_labels
from fashionnet.evaluation import predict_labels
from fashionnet.tasks import condense, task_labels

PACKAGES = ("keras", "tensorflow", "numpy", "scikit-learn", "scipy", "matplotlib")
WEIGHTS = "best.weights.h5"


class Outcome(NamedTuple):
    """A training that is done but not stored; it may travel between machines.

    `facts` is what `summarize_training` returns; `history` has metrics by epoch. The
    arrays are those of a `Run`. `weights` is the content of a `.weights.h5` file, or
    `None` where they are not worth keeping.
    """

    facts: dict
    history: dict
    y_prob_val: np.ndarray
    y_prob_test: np.ndarray
    y_pred_val: np.ndarray | None = None
    y_pred_test: np.ndarray | None = None
    weights: bytes | None = None


def make_outcome(model, history, y_prob_val, y_prob_test, y_test):
    """Collect all that is stored of a network of the assignment.

    Args:
        model: The trained network, with its best weights restored.
        history: Metrics by epoch, as `fit(...).history` from `make_callbacks` has them.
        y_prob_val: Probabilities of the validation images.
        y_prob_test: Probabilities of the test images.
        y_test: True labels of the test images, 0 and 1 for the binary task.

    Returns:
        An `Outcome` with weights.
    """
    facts = summarize_training(model, history, predict_labels(y_prob_test), y_test)
    weights = read_weights(model)
    return Outcome(facts, history, y_prob_val, y_prob_test, weights=weights)


def condense_outcome(task, model, history, y_prob_val, y_prob_test, test_labels):
    """Collect what Part 3 needs of a network: the answers to its question.

    Args:
        task: One of `TASKS`.
        model: The trained network.
        history: Metrics by epoch.
        y_prob_val: Probabilities of the validation images.
        y_prob_test: Probabilities of the test images.
        test_labels: Class ids of the test images, 0 to 9, whatever the task.

    Returns:
        An `Outcome` without weights. Its probabilities are those of Clothing, and so is
        its count of right images; where the task has classes, `n_correct_classes`
        counts the images of which the likeliest one is right.
    """
    y_prob_val, y_pred_val = condense(task, y_prob_val)
    y_prob_test, y_pred_test = condense(task, y_prob_test)
    y_test, y_pred = binary_labels(test_labels), predict_labels(y_prob_test)
    facts = summarize_training(model, history, y_pred, y_test)
    if y_pred_test is not None:
        right = y_pred_test == task_labels(task, test_labels)
        facts["metrics"]["n_correct_classes"] = int(right.sum())
    return Outcome(facts, history, y_prob_val, y_prob_test, y_pred_val, y_pred_test)


def summarize_training(model, history, y_pred, y_test):
    """Collect what a manifest says of a training, where it ran.

    Returns:
        A dictionary for JSON: versions, number of threads, number of parameters,
        epochs, seconds, and the metrics of the best epoch.
    """
    best = int(np.argmin(history["val_loss"]))
    n_correct = int((y_pred == y_test).sum())
    return {
        "versions": versions(),
        "threads": count_threads(),
        "parameters": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        "epochs_run": len(history["val_loss"]),
        "best_epoch": best + 1,
        "train_seconds": round(sum(history["seconds"]), 2),
        "metrics": {
            "val_loss": history["val_loss"][best],
            "val_accuracy": history["val_accuracy"][best],
            "n_correct": n_correct,
            "n_test": len(y_test),
            "test_accuracy": n_correct / len(y_test),
        },
    }


def versions():
    """Return the versions of Python and of the packages a result depends on."""
    packages = {name: metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


def count_threads():
    """Count the threads that TensorFlow shares one operation among.

    The last digits of a result depend on it.
    """
    # Here, because reading a run needs no TensorFlow.
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()


def read_weights(model):
    """Return a network's weights as the content of a `.weights.h5` file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / WEIGHTS
        model.save_weights(path)
        return path.read_bytes()
