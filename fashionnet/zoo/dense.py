"""Networks of dense layers, as documents 001 and 002 describe them."""

import keras
from keras import layers

from fashionnet.download import IMAGE_SHAPE
from fashionnet.models import GrayLevels
from fashionnet.recipes import check_count, check_share, check_units


def build_softmax(n_classes):
    """Build a network without a hidden layer: logistic regression on the pixels.

    Returns:
        A `keras.Sequential`, not compiled, from gray levels of shape `(n, 28, 28)`
        to probabilities of shape `(n, n_classes)`. A `ValueError` refuses fewer than
        two classes.
    """
    check_count("n_classes", n_classes, lowest=2)
    stack = [
        keras.Input(IMAGE_SHAPE, dtype="float32"),
        GrayLevels(),
        layers.Flatten(),
        layers.Dense(n_classes, activation="softmax"),
    ]
    return keras.Sequential(stack, name="softmax")


def build_biased_mlp(n_classes, *, hidden_units=(256, 256), slope=0.0, dropout=0.2):
    """Build a multilayer perceptron with biases and without batch normalization.

    Each hidden layer is dense, ReLU, dropout: document 001. With a positive slope it is
    LeakyReLU instead: document 002, which shows its sizes in a picture only, so that
    those in the table are ours.

    Args:
        n_classes: Number of softmax outputs, at least 2.
        hidden_units: Number of units of each hidden layer.
        slope: What LeakyReLU multiplies negative numbers by; 0 is ReLU.
        dropout: Share of hidden units silenced in a training step, in [0, 1).

    Returns:
        A `keras.Sequential`, not compiled, from gray levels of shape `(n, 28, 28)`
        to probabilities of shape `(n, n_classes)`.

    Raises:
        ValueError: If a size is not positive, or the dropout is not in [0, 1).

    Source: Srivastava et al. (2014), JMLR 15 (dropout); Maas, Hannun and Ng (2013),
    ICML workshop (LeakyReLU).
    """
    check_count("n_classes", n_classes, lowest=2)
    check_share("dropout", dropout)
    stack = [
        keras.Input(IMAGE_SHAPE, dtype="float32"),
        GrayLevels(),
        layers.Flatten(),
    ]
    for units in check_units("hidden_units", hidden_units):
        stack.append(layers.Dense(units))
        stack.append(layers.LeakyReLU(slope))
        stack.append(layers.Dropout(dropout))
    stack.append(layers.Dense(n_classes, activation="softmax"))
    return keras.Sequential(stack, name="biased_mlp")
