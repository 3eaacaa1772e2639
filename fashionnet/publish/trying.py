"""Make the page for trying: it draws, prepares pictures, and runs the networks."""

import base64
import json
from itertools import pairwise

import numpy as np
from bs4 import BeautifulSoup

from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.publish.page import TEMPLATE, load_template
from fashionnet.study.photos import load_networks
from fashionnet.study.steps import STEPS, count_right, load_answers
from fashionnet.study.unlike import load_measured, phrase_rates
from fashionnet.study.words import CLASSIFIERS, NAMES

# Of each class, so many test images can be started from: the first ones.
N_EACH = 4
# The only scripts that the page runs, as one.
SCRIPT = "".join(
    (TEMPLATE / name).read_text(encoding="utf-8") for name in ("prepare.js", "try.js")
)


def render_trying(images, labels, layers, cnn, near):
    """Render the page on which one tries the networks on pictures of one's own.

    Args:
        images: `uint8` test images of shape `(n, 28, 28)`.
        labels: Their class ids, 0 to 9.
        layers: What `load_layers` returns.
        cnn: What `load_cnn` returns.
        near: What `load_near` returns.

    Returns:
        A page that needs no other file.
    """
    first = [np.flatnonzero(labels == label)[:N_EACH] for label in range(10)]
    chosen = np.stack(first, axis=1).ravel()
    answers = load_answers()
    counts = {step: count_right(answers, step) for step in ("before", "after")}
    return load_template("try.html.j2").render(
        script=SCRIPT,
        right={"n": len(answers), **counts},
        rates=phrase_rates(load_measured()),
        data={
            "names": CLASS_NAMES,
            "clothing": CLOTHING,
            "ways": [*(NAMES[way] for way in CLASSIFIERS), "CNN, summed"],
            "steps": STEPS,
            "networks": {task: pack_layers(found) for task, found in layers.items()},
            "cnn": cnn,
            "near": near,
            "samples": {
                "ids": chosen.tolist(),
                "labels": labels[chosen].tolist(),
                "levels": encode(images[chosen]),
            },
        },
    )


def load_layers():
    """Load the layers of the networks of notebooks 1 and 2, seed 0, by task.

    Raises:
        FashionnetError: If their weights are not stored.
    """
    return {task: fold_layers(model) for task, model in load_networks().items()}


def fold_layers(model):
    """List a network's dense layers, with batch normalization as part of them.

    When a network predicts, batch normalization subtracts constants and divides by
    others. The weights and biases before it can do that.

    Args:
        model: A network of `build_mlp`.

    Returns:
        A list of `(weights, biases)`, arrays of shape `(inputs, units)`, `(units,)`.
    """
    layers = []
    for layer in model.layers:
        kind, arrays = type(layer).__name__, layer.get_weights()
        if kind == "Dense":
            weights, *rest = arrays
            layers.append((weights, rest[0] if rest else np.zeros(weights.shape[1])))
        elif kind == "BatchNormalization":
            shift, mean, variance = arrays
            weights, biases = layers.pop()
            scale = 1 / np.sqrt(variance + layer.epsilon)
            layers.append((weights * scale, (biases - mean) * scale + shift))
    return layers


def predict_layers(layers, images):
    """Predict as `predict_probabilities` does, from layers and without Keras.

    Args:
        layers: What `fold_layers` returns.
        images: `uint8` array of shape `(n, 28, 28)`.
    """
    values = images.reshape(len(images), -1) / 255
    for number, (weights, biases) in enumerate(layers, 1):
        values = values @ weights + biases
        if number < len(layers):
            values = values.clip(0)
    if values.shape[1] == 1:
        return 1 / (1 + np.exp(-values[:, 0]))
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def pack_layers(layers):
    """Pack layers as `float16`: the sizes from input to output, and all numbers."""
    numbers = [part.ravel().astype("<f2") for layer in layers for part in layer]
    sizes = [len(layers[0][0]), *(len(biases) for _, biases in layers)]
    return {"sizes": sizes, "weights": encode(np.concatenate(numbers))}


def unpack_layers(packed):
    """Return the layers that `pack_layers` packed."""
    sizes, layers = packed["sizes"], []
    numbers = np.frombuffer(base64.b64decode(packed["weights"]), "<f2").astype(float)
    for inputs, units in pairwise(sizes):
        parts = np.split(numbers, [inputs * units, (inputs + 1) * units])
        layers.append((parts[0].reshape(inputs, units), parts[1]))
        numbers = parts[2]
    return layers


def read_layers(page):
    """Read the layers that a page for trying carries, by task."""
    networks = read_data(page)["networks"]
    return {task: unpack_layers(packed) for task, packed in networks.items()}


def read_data(page):
    """Read all data that a page for trying carries."""
    return json.loads(BeautifulSoup(page, "html.parser").find(id="data").text)


def encode(array):
    """Return the bytes of an array in base64."""
    return base64.b64encode(array.tobytes()).decode()
