"""Build the networks: classical ones, made of dense layers only."""

import keras
from keras import layers

from fashionnet.download import IMAGE_SHAPE


def build_mlp(n_classes, *, hidden_units=(256, 256), input_dropout=0.2, dropout=0.0):
    """Build a multilayer perceptron that takes raw images.

    Each hidden block is dense, batch normalization, ReLU. The dense layer has no bias,
    because batch normalization adds a shift of its own; and that has no scale, because
    the next layer's weights can do the same.

    Args:
        n_classes: 2 for one sigmoid output, the probability of class 1; more for as
            many softmax outputs.
        hidden_units: Number of units of each hidden layer.
        input_dropout: Share of pixels hidden from all images of a step, in [0, 1).
        dropout: Share of hidden units silenced in a training step, in [0, 1).

    Returns:
        A `keras.Sequential`, not compiled, from `uint8` images of shape `(n, 28, 28)`
        to probabilities of shape `(n, n_classes)`, or `(n, 1)` for two classes. Its
        initial weights depend on `keras.utils.set_random_seed`.

    Raises:
        ValueError: If a size is not positive, or a share is not in [0, 1).

    Source: Ioffe and Szegedy (2015), arXiv:1502.03167 (batch normalization);
    Srivastava et al. (2014), JMLR 15 (dropout).
    """
    _check_settings(n_classes, hidden_units, input_dropout, dropout)
    # One choice of pixels for a whole batch takes far fewer random numbers.
    pixels = (1, IMAGE_SHAPE[0] * IMAGE_SHAPE[1])
    stack = [
        keras.Input(IMAGE_SHAPE, dtype="uint8"),
        layers.Rescaling(1 / 255),
        layers.Flatten(),
        layers.Dropout(input_dropout, noise_shape=pixels),
    ]
    for units in hidden_units:
        stack.append(layers.Dense(units, use_bias=False))
        stack.append(layers.BatchNormalization(scale=False, momentum=0.9))
        stack.append(layers.Activation("relu"))
        if dropout:
            stack.append(layers.Dropout(dropout))
    if n_classes == 2:
        stack.append(layers.Dense(1, activation="sigmoid"))
    else:
        stack.append(layers.Dense(n_classes, activation="softmax"))
    return keras.Sequential(stack, name="mlp")


def _check_settings(n_classes, hidden_units, input_dropout, dropout):
    if n_classes < 2:
        raise ValueError(f"n_classes is {n_classes}; there must be at least 2")
    if not hidden_units or min(hidden_units) < 1:
        raise ValueError(f"hidden_units is {hidden_units}; each must be at least 1")
    for name, share in (("input_dropout", input_dropout), ("dropout", dropout)):
        if not 0 <= share < 1:
            raise ValueError(f"{name} is {share}; it must be in [0, 1)")
