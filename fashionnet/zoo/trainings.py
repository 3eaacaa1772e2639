"""From a row of the table to a finished training: data, network, predictions."""

import numpy as np

from fashionnet.data import load_test_set, load_training_set, split_train_val
from fashionnet.differences import find_kept
from fashionnet.download import DATA_SHA256
from fashionnet.engine import describe_engine, find_unusual_engine, versions
from fashionnet.evaluation import predict_probabilities
from fashionnet.storing import RunError, own_home
from fashionnet.zoo.fitting import fit_network
from fashionnet.zoo.resuming import Backup
from fashionnet.zoo.stored import (
    Training,
    backup_folder,
    check_history,
    find_training,
    lighten,
    score,
    store_training,
    training_key,
)
from fashionnet.zoo.table import build, find_network, list_settings
from fashionnet.zoo.views import make_views


def train(network, seed, *, keep_weights, callbacks=()):
    """Train a network of the table, or go on with it, and store nothing.

    Args:
        network: A `Network`, with the table's settings or others.
        seed: Seed of split, initialization, order, dropout and augmentation.
        keep_weights: Whether the weights are part of what is returned.
        callbacks: Keras callbacks beside those of the training.

    Returns:
        A `Training` without a folder. Its backup stays until it is stored.
    """
    split = split_train_val(*load_training_set(), val_fraction=0.1, seed=seed)
    key = training_key(network, seed, find_unusual_engine())
    backup = Backup(backup_folder(network.name, seed, key))
    backup.folder.mkdir(parents=True, exist_ok=True)
    model, history = fit_network(
        network,
        split,
        seed=seed,
        callbacks=callbacks,
        checkpoint=backup.folder / "checkpoint.weights.h5",
        backup=backup,
        teacher=load_teacher(network, seed),
    )
    training = collect(network, seed, model, split, history, keep_weights=keep_weights)
    training.manifest["resumed_after"] = backup.resumed_after
    return training


def collect(network, seed, model, split, history, *, keep_weights):
    """Collect what is stored of a training: facts, predictions, weights.

    Args:
        network: A `Network`.
        seed: Seed of the training.
        model: The trained network, with the weights of its best epoch; with
            `keep_weights`, they are rounded to `float16` here.
        split: The `Split` that it was trained and validated on.
        history: Metrics by epoch, as `fit_network` returns them.
        keep_weights: Whether the weights are kept.

    Returns:
        A `Training` without a folder.

    Raises:
        ValueError: If the steps are not those of a whole training, or the weights not
            those of its best epoch.
    """
    check_history(network, history, len(split.x_train))
    best = int(np.argmin(history["val_loss"])) + 1
    y_prob = predict_probabilities(model, split.x_val)
    kept = find_kept(history, best, y_prob, split.y_val)
    if kept != best:
        raise ValueError(f"the weights are those of epoch {kept}, not {best}")
    weights = None
    if keep_weights:
        weights = [w.astype(np.float16) for w in model.get_weights()]
        model.set_weights(weights)
    x_test, y_test = load_test_set()
    answers = predict(network, model, split.x_val)
    val_loss, n_val = score(answers, split.y_val)
    y_prob_test = lighten(predict(network, model, x_test))
    _, n_correct = score(y_prob_test, y_test)
    # A side view is no member of a committee, which learns from these.
    y_prob_val = lighten(answers) if len(network.seeds) > 1 else None
    manifest = _describe(network, seed, history) | {
        "choices": [*network.choices, *_log_views(network, y_prob, n_val, split)],
        "metrics": {
            "val_loss": val_loss,
            "val_accuracy": n_val / len(split.y_val),
            "n_correct": n_correct,
            "n_test": len(y_test),
            "test_accuracy": n_correct / len(y_test),
        },
    }
    return Training(manifest, history, y_prob_val, y_prob_test, weights)


def _log_views(network, y_prob, n_val, split):
    """Say what averaging over views gives on validation images."""
    if network.views == 1:
        return []
    n_plain = score(y_prob, split.y_val)[1]
    return [
        f"mean over {network.views} views: {n_val:,} of {len(split.y_val):,} "
        f"validation images right, {n_plain:,} without"
    ]


def _describe(network, seed, history):
    differences = find_unusual_engine()
    return {
        "network": network.name,
        "seed": seed,
        "key": training_key(network, seed, differences),
        "settings": list_settings(network),
        "differences": differences,
        "data_sha256": DATA_SHA256,
        "versions": versions(),
        **describe_engine(),
        "parameters": network.parameters,
        "epochs_run": len(history["val_loss"]),
        "best_epoch": int(np.argmin(history["val_loss"])) + 1,
        "resumed_after": [],
        "train_seconds": round(sum(history["seconds"]), 2),
        "seconds_per_epoch": round(float(np.median(history["seconds"])), 2),
    }


def predict(network, model, images):
    """Predict probabilities, averaged over as many views as the table says."""
    views = make_views(images, network.views)
    return np.mean([predict_probabilities(model, view) for view in views], axis=0)


def load_teacher(network, seed):
    """Load the network that teaches this one, or train it first; or return `None`.

    It was trained with the same seed, so with the same images: it has not seen those
    that its pupil is validated with.
    """
    if not network.teacher:
        return None
    teacher = find_network(network.teacher["name"])
    training = find_training(teacher, seed)
    if training is None or training.weights is None:
        training = train(teacher, seed, keep_weights=True)
        training = store_training(training, base=own_home())
    return load_network(teacher, training)


def load_network(network, training):
    """Build the network of a training that kept its weights, ready to predict.

    Raises:
        RunError: If the weights are not those of such a network.
    """
    model = build(network)
    try:
        model.set_weights(training.weights)
    except ValueError as error:
        raise RunError(
            f"{training.folder} is a training of another version of {network.name}; "
            "delete it and train again"
        ) from error
    return model
