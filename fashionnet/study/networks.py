"""The network of each task: build it, train it from data to predictions, load it."""

import math

import keras
import numpy as np
from keras import layers, ops

from fashionnet.data import (
    CLASS_NAMES,
    CLOTHING,
    FOOTWEAR_AND_BAGS,
    binary_labels,
    load_test_set,
    load_training_set,
)
from fashionnet.differences import rebuild_network
from fashionnet.engine import find_unusual_engine
from fashionnet.evaluation import predict_labels, predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.recipes import RECIPE
from fashionnet.runs import check_weights, make_run, recipe_of
from fashionnet.study.tasks import (
    BEST_FOR_TEN,
    CONTROLS,
    find_task,
    split_task,
    task_labels,
)
from fashionnet.training import STEPS_PER_EXECUTION, make_optimizer_of, train_network


def build_network(task, recipe):
    """Build the network of a task, not compiled, with the layers of a `Recipe`."""
    fields = ("hidden_units", "input_dropout", "dropout", "normalize")
    settings = {field: getattr(recipe, field) for field in fields}
    if task == "grouped":
        return build_grouped_mlp(**settings)
    return build_mlp(find_task(task).n_classes, **settings)


def build_grouped_mlp(**settings):
    """Build the ten-class network so that it answers Clothing or not.

    It has the weights of `build_mlp(10)`, whose settings it takes, and the same ten
    scores. Their softmax, summed over the six clothing classes, is the one output, of
    shape `(n, 1)`; so it can be trained without ever being told which of the ten
    classes an image shows.
    """
    model = build_mlp(len(CLASS_NAMES), **settings)
    model.layers[-1].activation = keras.activations.linear  # the scores themselves
    model.add(ClothingLogit())
    model.add(layers.Activation("sigmoid"))
    return model


class ClothingLogit(layers.Layer):
    """Turn ten scores into the log of the odds for Clothing.

    The probability of a group is the sum of `exp(score)` over its classes, divided by
    the sum over all. The odds are free of that divisor, and their log is exact where
    probabilities would be rounded to 0 or 1.
    """

    def call(self, scores):
        """Subtract the log-sum-exp of one group's scores from the other's."""
        clothing, others = (
            ops.logsumexp(ops.take(scores, group, axis=1), axis=1, keepdims=True)
            for group in (CLOTHING, FOOTWEAR_AND_BAGS)
        )
        return clothing - others


def train_task(task, seed, recipe=RECIPE):
    """Train a network from data set to predictions, and store nothing.

    `seed` is that of split, initialization, order and dropout: equal seeds give equal
    networks on the same machine.

    Returns:
        A `Run` without a folder; condensed if the network serves Part 3 alone, that is
        if it has another task or fewer images than those of the assignment.

    Raises:
        ValueError: If there is no such task, or there are too few images.
    """
    find_task(task)  # before anything takes long
    split = split_task(task, *load_training_set(), seed=seed, n_train=recipe.n_train)
    model, history = train_split(task, split, seed=seed, recipe=recipe)
    x_test, labels = load_test_set()
    y_prob = [predict_probabilities(model, images) for images in (split.x_val, x_test)]
    y_test = task_labels(task, labels)
    unusual = find_unusual_engine()
    run = make_run(task, seed, recipe, model, history, *y_prob, y_test, unusual)
    if task in CONTROLS or recipe.n_train is not None or recipe == BEST_FOR_TEN:
        return condense_run(run, labels)
    return run


def train_split(task, split, *, seed, recipe):
    """Build, compile and train the network of a task on a `Split` with its labels.

    Returns the network with its best weights, and its history.
    """
    keras.utils.set_random_seed(seed)
    model = build_network(task, recipe)
    steps_per_epoch = math.ceil(len(split.x_train) / recipe.batch_size)
    model.compile(
        loss=find_task(task).loss,
        optimizer=make_optimizer_of(recipe, steps_per_epoch=steps_per_epoch),
        metrics=["accuracy"],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    fields = ("epochs", "patience", "batch_size")
    settings = {field: getattr(recipe, field) for field in fields}
    return model, train_network(model, split, seed=seed, **settings)


def condense_run(run, labels):
    """Keep what Part 3 needs of a network, the answers to its question.

    The probabilities are then those of Clothing, and so is the count of right images;
    where the task has classes, `n_correct_classes` counts the images of which the
    likeliest one is right. `labels` are class ids, whatever the task.
    """
    clothing = find_task(run.manifest["task"]).clothing
    if clothing is None:
        return run._replace(weights=None)
    names = ("y_prob_val", "y_prob_test")
    y_prob_val, y_prob_test = (
        getattr(run, name)[:, clothing].sum(axis=1, dtype=np.float64).astype(np.float32)
        for name in names
    )
    n_correct = int((predict_labels(y_prob_test) == binary_labels(labels)).sum())
    metrics = run.manifest["metrics"] | {
        "n_correct": n_correct,
        "test_accuracy": n_correct / len(labels),
        "n_correct_classes": run.manifest["metrics"]["n_correct"],
    }
    return run._replace(
        manifest=run.manifest | {"metrics": metrics},
        y_prob_val=y_prob_val,
        y_prob_test=y_prob_test,
        y_pred_val=run.y_prob_val.argmax(axis=1).astype(np.uint8),
        y_pred_test=run.y_prob_test.argmax(axis=1).astype(np.uint8),
        weights=None,
    )


def load_network(run):
    """Build a finished run's network and load its weights, ready to predict.

    Raises:
        RunError: If the weights are missing (git does not carry them), damaged or not
            stored.
    """
    differences = run.manifest.get("differences", {})
    if "layers" in differences:
        model = rebuild_network(differences["layers"])
    else:
        model = build_network(run.manifest["task"], recipe_of(run))
    model.load_weights(check_weights(run))
    return model
