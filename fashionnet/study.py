"""Part 3: compare two ways to a binary label, on the same test images."""

import numpy as np

from fashionnet.data import binary_labels
from fashionnet.evaluation import (
    binarize_argmax,
    binarize_sum,
    count_confusions,
    predict_labels,
)
from fashionnet.stats import mcnemar_midp, wilson_interval


def summarize_run(run, labels):
    """Collect what a finished run has to say, ready for JSON.

    Args:
        run: A `Run`.
        labels: Class ids of the 10,000 test images.

    Returns:
        A dictionary of plain numbers, strings and lists.
    """
    n_classes = 2 if run.manifest["task"] == "binary" else 10
    y_true = binary_labels(labels) if n_classes == 2 else labels
    return {
        **_describe_training(run),
        **_score(y_true, predict_labels(run.y_prob_test), n_classes),
    }


def _describe_training(run):
    names = ("seed", "recipe", "data_sha256", "versions", "parameters")
    costs = ("epochs_run", "best_epoch", "train_seconds")
    return {name: run.manifest[name] for name in (*names, *costs)}


def _score(y_true, y_pred, n_classes):
    n_correct = int((y_pred == y_true).sum())
    share, low, high = wilson_interval(n_correct, len(y_true))
    return {
        "n_correct": n_correct,
        "n_test": len(y_true),
        "test_accuracy": share,
        "test_accuracy_interval": [low, high],
        "confusion_matrix": count_confusions(y_true, y_pred, n_classes).tolist(),
    }


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


def compare_pair(multiclass, binary, labels):
    """Compare one multiclass and one binary run on the same test images.

    Args:
        multiclass: A `Run` of the ten-class task.
        binary: A `Run` of the binary task.
        labels: Class ids of the 10,000 test images.

    Returns:
        A dictionary for JSON. Scores and costs are keyed by classifier;
        `discordant` and `mcnemar_midp` by way of binarizing, each against the binary
        network.
    """
    y_true = binary_labels(labels)
    predictions = predict_three_ways(multiclass, binary)
    classifiers = {
        name: {
            **_describe_training(binary if name == "binary" else multiclass),
            **_score(y_true, y_pred, 2),
        }
        for name, y_pred in predictions.items()
    }
    result = {
        field: {name: values[field] for name, values in classifiers.items()}
        for field in classifiers["binary"]
    }
    result["errors"] = {k: int((p != y_true).sum()) for k, p in predictions.items()}
    result["discordant"], result["mcnemar_midp"] = {}, {}
    for name in ("multiclass_argmax", "multiclass_sum"):
        right = predictions[name] == y_true
        table = cross_tabulate(right, predictions["binary"] == y_true)
        counts = {
            "only_multiclass_right": int(table[0, 1]),
            "only_binary_right": int(table[1, 0]),
        }
        result["discordant"][name] = counts
        result["mcnemar_midp"][name] = mcnemar_midp(*counts.values())
    return result
