"""Build the networks: classical ones, made of dense layers only."""

import keras
from keras import layers, ops

from fashionnet.download import IMAGE_SHAPE
from fashionnet.recipes import check_count, check_share, check_units

NO_GRAY_LEVELS = (
    "images must hold gray levels, whole numbers from 0 to 255, as the data set has "
    "them: the network scales them to 0…1 itself, so do not divide by 255"
)


@keras.saving.register_keras_serializable("fashionnet")
class GrayLevels(layers.Layer):
    """Scale gray levels from 0…255 to 0…1, and refuse what is not a gray level.

    Keras passes on anything that has the right shape. Images that were
    divided by 255 before would train and predict without a warning, but badly.
    """

    def build(self, shape):
        """Keep XLA away, because it leaves out checks."""
        self.supports_jit = False

    def call(self, images):
        """Scale a batch of images."""
        images = ops.cast(images, self.compute_dtype)
        whole = ops.cast(ops.cast(images, "uint8"), images.dtype)
        are_levels = ops.all(ops.equal(images, whole))
        if keras.config.backend() == "tensorflow":
            import tensorflow as tf

            tf.debugging.Assert(are_levels, [NO_GRAY_LEVELS])
        else:  # Other backends cannot refuse values, but no training survives NaNs.
            images = ops.where(are_levels, images, float("nan"))
        return images * (1 / 255)


def build_mlp(
    n_classes,
    *,
    hidden_units=(256, 256),
    input_dropout=0.2,
    dropout=0.0,
    normalize=True,
):
    """Build a multilayer perceptron that takes raw images.

    Each hidden block is dense, batch normalization, ReLU. The dense layer has no bias,
    because batch normalization adds a shift of its own; and that has no scale, because
    the next layer's weights can do the same.

    Args:
        n_classes: 2 for one sigmoid output, the probability of class 1; more for as
            many softmax outputs.
        hidden_units: Number of units of each hidden layer; `()` for none.
        input_dropout: Share of pixels hidden from all images of a step, in [0, 1).
        dropout: Share of hidden units silenced in a training step, in [0, 1).
        normalize: Whether there is batch normalization; if not, biases take its place.

    Returns:
        A `keras.Sequential`, not compiled, from gray levels of shape `(n, 28, 28)`, 0
        to 255, to probabilities of shape `(n, n_classes)`, or `(n, 1)` for two classes.
        Its initial weights depend on `keras.utils.set_random_seed`.

    Raises:
        ValueError: If a size is not positive, or a share is not in [0, 1).

    Source: Ioffe and Szegedy (2015), arXiv:1502.03167 (batch normalization);
    Srivastava et al. (2014), JMLR 15 (dropout).
    """
    check_count("n_classes", n_classes, lowest=2)
    check_share("input_dropout", input_dropout)
    check_share("dropout", dropout)
    # One choice of pixels for a whole batch takes far fewer random numbers.
    pixels = (1, IMAGE_SHAPE[0] * IMAGE_SHAPE[1])
    stack = [
        keras.Input(IMAGE_SHAPE, dtype="float32"),
        GrayLevels(),
        layers.Flatten(),
        layers.Dropout(input_dropout, noise_shape=pixels),
    ]
    for units in check_units("hidden_units", hidden_units, fewest=0):
        stack.append(layers.Dense(units, use_bias=not normalize))
        if normalize:
            stack.append(layers.BatchNormalization(scale=False, momentum=0.9))
        stack.append(layers.Activation("relu"))
        if dropout:
            stack.append(layers.Dropout(dropout))
    if n_classes == 2:
        stack.append(layers.Dense(1, activation="sigmoid"))
    else:
        stack.append(layers.Dense(n_classes, activation="softmax"))
    return keras.Sequential(stack, name="mlp")
