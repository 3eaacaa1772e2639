"""Build the networks: classical ones, made of dense layers only."""

import keras
from keras import layers


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
        to probabilities of shape `(n, n_classes)`, or `(n, 1)` for two classes.

    Raises:
        ValueError: If a size is not positive, or a share is not in [0, 1).

    Source: Ioffe and Szegedy (2015), arXiv:1502.03167 (batch normalization);
    Srivastava et al. (2014), JMLR 15 (dropout).
    """
    if n_classes < 2:
        raise ValueError(f"n_classes is {n_classes}; there must be at least 2")
    if not hidden_units or min(hidden_units) < 1:
        raise ValueError(f"hidden_units is {hidden_units}; each must be at least 1")
    for name, share in (("input_dropout", input_dropout), ("dropout", dropout)):
        if not 0 <= share < 1:
            raise ValueError(f"{name} is {share}; it must be in [0, 1)")
    model = keras.Sequential(name="mlp")
    model.add(keras.Input((28, 28), dtype="uint8"))
    model.add(layers.Rescaling(1 / 255))
    model.add(layers.Flatten())
    # One choice of pixels for a whole batch takes far fewer random numbers.
    model.add(layers.Dropout(input_dropout, noise_shape=(1, 28 * 28)))
    for units in hidden_units:
        model.add(layers.Dense(units, use_bias=False))
        model.add(layers.BatchNormalization(scale=False, momentum=0.9))
        model.add(layers.Activation("relu"))
        if dropout:
            model.add(layers.Dropout(dropout))
    if n_classes == 2:
        model.add(layers.Dense(1, activation="sigmoid"))
    else:
        model.add(layers.Dense(n_classes, activation="softmax"))
    return model
