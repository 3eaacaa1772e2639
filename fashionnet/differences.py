"""How a training differs from the one that its recipe names, read off what was used.

Notebooks invite changes: another split, own layers, a `fit` that is run twice or
stopped. What comes of them is welcome, but it is another training. So arrays, network
and history are compared with what the recipe says, and whatever differs becomes part
of the key that the training is stored under.
"""

import hashlib
import json
import math

import keras
import numpy as np

from fashionnet.data import (
    binary_labels,
    load_test_set,
    load_training_set,
    split_train_val,
)
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.training import make_optimizer_of

LOSSES = {
    "multiclass": "sparse_categorical_crossentropy",
    "binary": "binary_crossentropy",
}


def find_differences(
    task, seed, recipe, *, model, split, history, y_prob_val, y_prob_test, y_test
):
    """Compare a finished training with the one that task, seed and recipe name.

    Args:
        task: "multiclass" or "binary".
        seed: Seed of split, initialization, order and dropout.
        recipe: The `Recipe`.
        model: The trained network.
        split: The `Split` that it was trained and validated on.
        history: Metrics by epoch, with what the callbacks of `make_callbacks` note.
        y_prob_val: Its probabilities for `split.x_val`.
        y_prob_test: Its probabilities for the test images.
        y_test: The labels that its answers for the test images are compared with.

    Returns:
        A dictionary of what differs, as JSON keeps it; empty for the usual training.

    Raises:
        ValueError: If the history lacks what `make_callbacks` notes.
    """
    if "first_step" not in history:
        raise ValueError(
            "the history does not say where the training began: "
            "give fit the callbacks of training.make_callbacks"
        )
    n_steps = math.ceil(len(split.x_train) / recipe.batch_size)
    fields = ("hidden_units", "input_dropout", "dropout", "normalize")
    usual = build_mlp(
        2 if task == "binary" else 10,
        **{field: getattr(recipe, field) for field in fields},
    )
    usual_optimizer = make_optimizer_of(recipe, steps_per_epoch=n_steps)
    steps = zip(history["first_step"], history["last_step"], strict=True)
    best = int(np.argmin(history["val_loss"])) + 1
    x_test, test_labels = load_test_set()
    used_and_usual = {
        "images": (_sum(*split), _sum(*_split_as_usual(task, seed))),
        "test_labels": (_sum(y_test), _sum(_labels_of(task, test_labels))),
        "are_test_predictions": (_are_predictions(model, x_test, y_prob_test), True),
        "layers": (list_layers(model), list_layers(usual)),
        "loss": (_describe(model.loss), LOSSES[task]),
        "optimizer": (_describe(model.optimizer), _describe(usual_optimizer)),
        "first_step": (history["first_step"][0], 0),
        "steps": (sorted({end - start for start, end in steps}), [n_steps]),
        "epochs_run": (len(history["val_loss"]), _count_epochs(history, recipe)),
        "kept_epoch": (find_kept(history, best, y_prob_val, split.y_val), best),
    }
    return {name: a for name, (a, b) in used_and_usual.items() if a != b}


def list_layers(model):
    """Describe a network so that equal ones have equal descriptions, as JSON keeps it.

    Raises:
        ValueError: If it is of a class of its own, which cannot be described.
    """
    kind = type(model).__name__
    if kind not in BUILDERS:
        raise ValueError(
            f"the network is a {kind}; only a keras.Sequential or a keras.Model of "
            "layers can be stored and built again"
        )
    config = json.loads(json.dumps(model.get_config(), allow_nan=False))
    for layer in config["layers"]:
        if layer["class_name"] == "GrayLevels":
            _describe_as_rescaling(layer)
    names = [config["name"], *(layer["config"]["name"] for layer in config["layers"])]
    # Keras numbers the layers of a session: the second network has other names.
    numbers = {name: f"layer_{number}" for number, name in enumerate(names)}
    return {"kind": kind, "config": _rename(config, numbers)}


def _describe_as_rescaling(layer):
    """Describe `GrayLevels` as what notebooks write: it scales, but also checks."""
    rescaling = keras.layers.Rescaling(1 / 255, name=layer["config"]["name"])
    plain = json.loads(json.dumps(keras.saving.serialize_keras_object(rescaling)))
    layer.update({key: plain[key] for key in ("module", "class_name", "config")})
    layer["registered_name"] = None


def _rename(value, names, is_name=False):
    """Rename layers in a config: where they are named, and where they are connected."""
    if isinstance(value, dict):
        return {k: _rename(v, names, k in NAMED) for k, v in value.items()}
    if isinstance(value, list):
        return [_rename(v, names, is_name) for v in value]
    return names.get(value, value) if is_name and isinstance(value, str) else value


NAMED = {"name", "keras_history", "input_layers", "output_layers"}
BUILDERS = {"Sequential": keras.Sequential, "Functional": keras.Model}


def rebuild_network(layers):
    """Build the network that `list_layers` described; code of its own is refused."""
    return BUILDERS[layers["kind"]].from_config(layers["config"])


def _split_as_usual(task, seed):
    images, labels = load_training_set()
    split = split_train_val(images, labels, val_fraction=0.1, seed=seed)
    y_train, y_val = (_labels_of(task, y) for y in (split.y_train, split.y_val))
    return split._replace(y_train=y_train, y_val=y_val)


def _labels_of(task, labels):
    return binary_labels(labels) if task == "binary" else labels


def _sum(*arrays):
    """Sum up arrays to a few letters that change with any value in them."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array, np.uint8))
    return digest.hexdigest()[:16]


def _are_predictions(model, images, y_prob):
    """Tell whether probabilities are those of a network, by every 50th image."""
    if len(images) != len(y_prob):
        return False
    said = predict_probabilities(model, images[::50])
    return bool(np.allclose(said, y_prob[::50], atol=1e-3))


def _describe(thing):
    """Describe a loss or an optimizer by its class and settings."""
    if isinstance(thing, str):
        return thing
    config = {k: v for k, v in thing.get_config().items() if k != "name"}
    return json.loads(json.dumps({"kind": type(thing).__name__, **config}))


def _count_epochs(history, recipe):
    """Count the epochs after which early stopping, or else the last one, ends it."""
    best, waited = math.inf, 0
    for number, loss in enumerate(history["val_loss"], start=1):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == recipe.patience:
            return number
    return recipe.epochs


def find_kept(history, best, y_prob, y_true):
    """Return the epoch whose validation loss the probabilities give, `best` first."""
    of_truth = (
        y_prob[np.arange(len(y_true)), y_true]
        if y_prob.ndim == 2
        else (np.where(y_true == 1, y_prob, 1 - y_prob))
    )
    if of_truth.min() < 1e-7:  # Keras computes such losses from the scores.
        return best
    loss = -np.log(of_truth.astype(float)).mean()
    for epoch in (best, *range(1, len(history["val_loss"]) + 1)):
        if math.isclose(history["val_loss"][epoch - 1], loss, rel_tol=1e-3):
            return epoch
    return None
