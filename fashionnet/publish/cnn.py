"""Pack our convolutional network, so that the page for trying can carry it."""

import numpy as np

from fashionnet.publish.trying import encode
from fashionnet.zoo.stored import find_training
from fashionnet.zoo.table import find_network

# What `keras.layers.BatchNormalization` adds to a variance.
EPSILON = 1e-3


def load_cnn():
    """Load our convolutional network, seed 0, packed; one view of an image, not 18.

    Returns:
        A dictionary of `layout`, the steps as `build_small_resnet` has them; `mean` and
        `deviation` of the gray levels; and `weights`, of each convolution and then of
        the outputs, each with its biases, as `float16` in base64.
    """
    from fashionnet.zoo.residual import DEVIATION, MEAN, SMALL_LAYOUT

    weights = find_training(find_network("small-resnet"), 0).weights
    return {
        "layout": SMALL_LAYOUT,
        "mean": MEAN,
        "deviation": DEVIATION,
        "weights": encode(np.concatenate(fold_convolutions(weights))),
    }


def fold_convolutions(weights):
    """List all numbers of the network, with batch normalization as part of them.

    Args:
        weights: What `get_weights` of `build_small_resnet` returns.

    Returns:
        Arrays of `float16` of one dimension: weights, biases, weights, biases, ...
    """
    numbers, remaining = [], (np.asarray(w, float) for w in weights)
    for kernel in remaining:
        if kernel.ndim == 4:  # a convolution, then its normalization
            factor, shift, mean, variance = (next(remaining) for _ in range(4))
            scale = factor / np.sqrt(variance + EPSILON)
            numbers += [kernel * scale, shift - mean * scale]
        else:
            numbers += [kernel, next(remaining)]
    return [part.ravel().astype("<f2") for part in numbers]
