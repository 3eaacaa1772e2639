"""Convolutional networks without shortcuts, as documents 001, 002 and 004 have them."""

import keras
from keras import layers

from fashionnet.download import IMAGE_SHAPE
from fashionnet.models import GrayLevels
from fashionnet.recipes import check_count, check_share, check_units


def build_unpadded_cnn(
    n_classes, *, filters=(32, 64, 128), dense_units=128, dropout=0.0
):
    """Build the convolutional network of document 001.

    Convolutions of 3×3 without padding, with pooling between them: three of them leave
    maps of 26, 11 and 3 pixels a side. A dense layer reads the last ones. Dropout, in
    the document's second and third network, follows each pooling, the last convolution
    and the dense layer.

    Args:
        n_classes: Number of softmax outputs, at least 2.
        filters: Number of filters of each convolution, at most three of them.
        dense_units: Number of units of the dense layer.
        dropout: Share of values silenced in a training step, in [0, 1).

    Returns:
        A `keras.Sequential`, not compiled, from gray levels of shape `(n, 28, 28)`
        to probabilities of shape `(n, n_classes)`.

    Raises:
        ValueError: If a size is not positive, there are too many convolutions, or the
            dropout is not in [0, 1).
    """
    _check_sizes(n_classes, filters, 3, dense_units, dropout)
    stack = _take_gray_images()
    for i, count in enumerate(filters):
        if i > 0:
            stack.append(layers.MaxPooling2D())
            stack.append(layers.Dropout(dropout))
        stack.append(layers.Conv2D(count, 3, activation="relu"))
    stack += [
        layers.Dropout(dropout),
        layers.Flatten(),
        layers.Dense(dense_units, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(n_classes, activation="softmax"),
    ]
    return keras.Sequential(stack, name="unpadded_cnn")


def build_block_cnn(
    n_classes,
    *,
    filters=(32, 64, 128, 256),
    dense_units=128,
    normalize=True,
    slope=0.0,
    dropout=0.5,
):
    """Build the convolutional network of document 004, or that of 002.

    A block is a convolution of 3×3 with padding, batch normalization, ReLU and pooling;
    after four of them, one pixel of each map is left. Document 002 has LeakyReLU and no
    batch normalization. Neither gives numbers of filters or units in its text; those in
    the table are ours.

    Args:
        n_classes: Number of softmax outputs, at least 2.
        filters: Number of filters of each block, at most four of them.
        dense_units: Number of units of the dense layer.
        normalize: Whether blocks have batch normalization, or a bias instead.
        slope: What LeakyReLU multiplies negative numbers by; 0 is ReLU.
        dropout: Share of dense units silenced in a training step, in [0, 1).

    Returns:
        A `keras.Sequential`, as `build_unpadded_cnn` does.

    Raises:
        ValueError: If a size is not positive, there are too many blocks, or the dropout
            is not in [0, 1).

    Source: Ioffe and Szegedy (2015), arXiv:1502.03167 (batch normalization).
    """
    _check_sizes(n_classes, filters, 4, dense_units, dropout)
    stack = _take_gray_images()
    for count in filters:
        stack.append(layers.Conv2D(count, 3, padding="same", use_bias=not normalize))
        if normalize:
            stack.append(layers.BatchNormalization(momentum=0.9))
        stack.append(layers.LeakyReLU(slope))
        stack.append(layers.MaxPooling2D())
    stack += [
        layers.Flatten(),
        layers.Dense(dense_units),
        layers.LeakyReLU(slope),
        layers.Dropout(dropout),
        layers.Dense(n_classes, activation="softmax"),
    ]
    return keras.Sequential(stack, name="block_cnn")


def _take_gray_images():
    """Return the first layers: gray levels from 0 to 1, in one channel."""
    return [
        keras.Input(IMAGE_SHAPE, dtype="float32"),
        GrayLevels(),
        layers.Reshape((*IMAGE_SHAPE, 1)),
    ]


def _check_sizes(n_classes, filters, most, dense_units, dropout):
    check_count("n_classes", n_classes, lowest=2)
    check_units("filters", filters)
    check_count("dense_units", dense_units)
    check_share("dropout", dropout)
    if len(filters) > most:
        raise ValueError(
            f"filters is {filters}; these images have room for only {most}"
        )
