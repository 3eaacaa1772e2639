"""A network that sees every image with its pixels in another order, always the same.

To a network of dense layers any order is as good as another. A convolution looks for
what lies side by side, and that is gone.
"""

import keras
import numpy as np
from keras import layers

from fashionnet.download import IMAGE_SHAPE
from fashionnet.zoo.table import find_builder


class PermutePixels(layers.Layer):
    """Bring the pixels of images into another order, drawn once."""

    def __init__(self, seed, **options):
        """Draw the order with a seed."""
        super().__init__(**options)
        self.order = np.random.default_rng(seed).permutation(np.prod(IMAGE_SHAPE))

    def call(self, images):
        """Return images of shape `(n, 28, 28)`, permuted."""
        pixels = keras.ops.reshape(images, (-1, len(self.order)))
        permuted = keras.ops.take(pixels, self.order, axis=1)
        return keras.ops.reshape(permuted, (-1, *IMAGE_SHAPE))


def build_permuted(n_classes, *, of, seed=0, **settings):
    """Build a network behind a permutation of the pixels.

    Args:
        n_classes: Number of softmax outputs.
        of: Module and function that builds the network, as the table names them.
        seed: Seed of the permutation.
        settings: Arguments of that builder.

    Returns:
        A `keras.Sequential`, not compiled, as other builders do.
    """
    images = keras.Input(IMAGE_SHAPE, dtype="float32")
    network = find_builder(of)(n_classes, **settings)
    return keras.Sequential([images, PermutePixels(seed), network], name="permuted")
