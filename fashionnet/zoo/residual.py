"""Convolutional networks with shortcuts: a ResNet, and our own small network."""

from functools import partial

import keras
from keras import layers

from fashionnet.download import IMAGE_SHAPE
from fashionnet.models import GrayLevels
from fashionnet.recipes import check_count, check_share, check_units

# Of the gray levels of the 60,000 images, on a scale from 0 to 1.
MEAN, DEVIATION = 0.286, 0.353


def build_resnet(
    n_classes,
    *,
    depth=20,
    filters=(16, 32, 64),
    shortcuts=True,
    initializer="glorot_uniform",
):
    """Build the ResNet of document 004: no pooling before the first block.

    After one convolution come three stages, of 28, 14 and 7 pixels a side. A stage has
    `(depth - 2) / 6` blocks of two convolutions, and what enters a block is added to
    what leaves it. Where a stage begins, a 1×1 convolution brings the shortcut to the
    new size.

    Args:
        n_classes: Number of softmax outputs, at least 2.
        depth: Number of layers with weights on the longest path: 8, 14, 20, ...
        filters: Number of filters of the three stages.
        shortcuts: Whether there are any; the same layers without them are a control.
        initializer: How Keras draws the initial weights of the convolutions.

    Returns:
        A `keras.Model`, not compiled, from gray levels of shape `(n, 28, 28)` to
        probabilities of shape `(n, n_classes)`.

    Raises:
        ValueError: If the depth is none of these, there are not three numbers of
            filters, or a size is not positive.

    Source: document 004; He et al. (2016), arXiv:1512.03385, section 4.2.
    """
    check_count("n_classes", n_classes, lowest=2)
    check_units("filters", filters)
    if depth < 8 or depth % 6 != 2:
        raise ValueError(f"depth is {depth}; it must be 8, 14, 20, ...")
    if len(filters) != 3:
        raise ValueError(f"filters is {filters}; there must be three numbers")
    add = partial(convolve, initializer=initializer)
    images = keras.Input(IMAGE_SHAPE, dtype="float32")
    x = layers.Activation("relu")(add(standardize(images), filters[0]))
    for stage, count in enumerate(filters):
        for block in range((depth - 2) // 6):
            stride = 2 if stage > 0 and block == 0 else 1
            way = add(x, count, stride=stride)
            way = add(layers.Activation("relu")(way), count)
            if shortcuts:
                changes = stride > 1 or x.shape[-1] != count
                short = add(x, count, size=1, stride=stride) if changes else x
                way = layers.Add()([way, short])
            x = layers.Activation("relu")(way)
    x = layers.GlobalAveragePooling2D()(x)
    answer = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(images, answer, name="resnet")


SMALL_LAYOUT = (32, "pool", 56, "residual", "residual", "pool", 80, "residual")


def build_small_resnet(n_classes, *, layout=SMALL_LAYOUT, dropout=0.2):
    """Build our own convolutional network from a list of steps.

    A number is a block of so many filters: convolution of 3×3, batch normalization,
    ReLU. "residual" is two such blocks of as many filters as there are, with a shortcut
    around both. "pool" halves the sides. In the end, the largest and the mean value of
    each map go to the outputs.

    Args:
        n_classes: Number of softmax outputs, at least 2.
        layout: The steps, in order.
        dropout: Share of the last layer's inputs silenced in a training step, in
            [0, 1).

    Returns:
        A `keras.Model`, not compiled, from gray levels of shape `(n, 28, 28)` to
        probabilities of shape `(n, n_classes)`.

    Raises:
        ValueError: If a step is unknown, or a size or the share impossible.

    Source: He et al. (2016), arXiv:1512.03385.
    """
    numbers = [step for step in layout if isinstance(step, int)]
    check_count("n_classes", n_classes, lowest=2)
    check_units("layout", numbers)
    check_share("dropout", dropout)
    images = keras.Input(IMAGE_SHAPE, dtype="float32")
    x = standardize(images)
    for step in layout:
        if step == "pool":
            x = layers.MaxPooling2D()(x)
        elif step == "residual":
            count = x.shape[-1]
            way = layers.Activation("relu")(convolve(x, count))
            way = layers.Activation("relu")(convolve(way, count))
            x = layers.Add()([x, way])
        elif isinstance(step, int):
            x = layers.Activation("relu")(convolve(x, step))
        else:
            raise ValueError(f"layout has {step!r}, neither a number nor a known step")
    largest, mean = layers.GlobalMaxPooling2D()(x), layers.GlobalAveragePooling2D()(x)
    x = layers.Dropout(dropout)(layers.Concatenate()([largest, mean]))
    answer = layers.Dense(n_classes, activation="softmax")(x)
    return keras.Model(images, answer, name="small_resnet")


def standardize(images):
    """Bring gray levels to mean 0 and deviation 1, in one channel."""
    x = layers.Rescaling(1 / DEVIATION, offset=-MEAN / DEVIATION)(GrayLevels()(images))
    return layers.Reshape((*IMAGE_SHAPE, 1))(x)


def convolve(x, filters, *, size=3, stride=1, initializer="glorot_uniform"):
    """Add a convolution without bias and its batch normalization, with padding."""
    settings = {"padding": "same", "use_bias": False, "kernel_initializer": initializer}
    x = layers.Conv2D(filters, size, strides=stride, **settings)(x)
    return layers.BatchNormalization(momentum=0.9)(x)
