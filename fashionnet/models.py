"""Build the networks: classical ones, made of dense layers only."""

import random

import keras
from keras import initializers, layers, ops

from fashionnet.data import CLASS_NAMES, CLOTHING, FOOTWEAR_AND_BAGS


def build_mlp(
    n_classes, *, hidden_units=(256, 256), input_dropout=0.2, dropout=0.0, seed=None
):
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
        seed: Seed of initial weights and dropout. Without it they depend on
            `keras.utils.set_random_seed`; with it they are the same as right after
            that, whatever else draws random numbers meanwhile.

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
    seeds = _draw_seeds(seed)
    model = _build_body(hidden_units, input_dropout, dropout, seeds)
    if n_classes == 2:
        model.add(_make_dense(1, seeds, activation="sigmoid"))
    else:
        model.add(_make_dense(n_classes, seeds, activation="softmax"))
    return model


def build_grouped_mlp(*, hidden_units, input_dropout, dropout, seed=None):
    """Build the ten-class network so that it answers Clothing or not.

    It has the weights of `build_mlp(10)` and the same ten scores. Their softmax, summed
    over the six clothing classes, is the one output; so it can be trained without ever
    being told which of the ten classes an image shows.

    Args:
        hidden_units: As in `build_mlp`, like all others.
        input_dropout: Share of pixels.
        dropout: Share of hidden units.
        seed: Seed of initial weights and dropout.

    Returns:
        A `keras.Sequential`, not compiled, with output of shape `(n, 1)`.
    """
    seeds = _draw_seeds(seed)
    model = _build_body(hidden_units, input_dropout, dropout, seeds)
    model.add(_make_dense(len(CLASS_NAMES), seeds))
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


def _build_body(hidden_units, input_dropout, dropout, seeds):
    """Build everything before the last layer, which says what is asked."""
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
    pixels = (1, 28 * 28)
    seed = next(seeds) if input_dropout else None
    model.add(layers.Dropout(input_dropout, noise_shape=pixels, seed=seed))
    for units in hidden_units:
        model.add(_make_dense(units, seeds, use_bias=False))
        model.add(layers.BatchNormalization(scale=False, momentum=0.9))
        model.add(layers.Activation("relu"))
        if dropout:
            model.add(layers.Dropout(dropout, seed=next(seeds)))
    return model


def _make_dense(units, seeds, **settings):
    start = initializers.GlorotUniform(seed=next(seeds))
    return layers.Dense(units, kernel_initializer=start, **settings)


def _draw_seeds(seed):
    """Yield a seed for each part of a network, or `None` for Keras to draw them.

    Keras draws them from Python's generator, which all threads of a process share: on
    a cluster, the threads that talk to it draw from it too.
    """
    draw = random.Random(seed).randint
    while True:
        yield None if seed is None else draw(1, 10**9)
