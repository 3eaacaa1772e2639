"""Load Fashion-MNIST, split it, make its labels binary; the names of its classes.

Source: Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a Novel Image Dataset for
Benchmarking Machine Learning Algorithms", arXiv:1708.07747.
"""

from typing import NamedTuple

import numpy as np

from fashionnet.download import IMAGE_SHAPE, load_part

CLASS_NAMES: tuple[str, ...] = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
FOOTWEAR_AND_BAGS: tuple[int, ...] = (5, 7, 8, 9)
CLOTHING: tuple[int, ...] = (0, 1, 2, 3, 4, 6)
BINARY_NAMES: tuple[str, ...] = ("Footwear and Bags", "Clothing")


class Split(NamedTuple):
    """Training and validation images (`uint8`, `(n, 28, 28)`) with their labels."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray


def load_training_set(folder=None):
    """Load the 60,000 images for training and validation, verified by SHA-256 sums.

    Args:
        folder: Folder of the original files, as `.gz` or decompressed. Without one, the
            environment variable `FASHIONNET_DATA` names it. Without either: the Keras
            cache, the Debian package `dataset-fashion-mnist`, a download to the cache.

    Returns:
        `images, labels`: `uint8` arrays of shape `(60000, 28, 28)`, gray levels 0 to
        255, and `(60000,)`, class ids 0 to 9.

    Raises:
        DataError: If no source has the genuine files; says what to do.
    """
    return load_part("train", folder)


def load_test_set(folder=None):
    """Load the 10,000 test images and their labels, as in `load_training_set`."""
    return load_part("t10k", folder)


def split_train_val(images, labels, *, val_fraction=0.1, seed):
    """Hold out part of the training images, with equal shares of every class.

    The test set is balanced (1,000 images per class); holding out by class keeps
    validation accuracy comparable with test accuracy.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`, gray levels 0 to 255.
        labels: Integer array of shape `(n,)`, class ids 0 to 9.
        val_fraction: Share of images to hold out, between 0 and 1 (exclusive).
        seed: Seed of the shuffle. Equal seeds give equal splits.

    Returns:
        A `Split` of `x_train, y_train, x_val, y_val`. Images stay `uint8`.

    Raises:
        ValueError: If shape, type or length of an array is wrong, a label is not a
            class id, `val_fraction` is not strictly between 0 and 1, or a class has
            too few images to stand in both parts.
    """
    # Here, because scikit-learn takes longer to import than the data to load.
    from sklearn.model_selection import train_test_split

    check_images(images)
    check_labels(labels)
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction is {val_fraction}; it must be inside (0, 1)")
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() * min(val_fraction, 1 - val_fraction) < 1:
        raise ValueError(
            f"class {classes[counts.argmin()]} has {counts.min()} of {len(labels)} "
            f"images: too few for a split with val_fraction {val_fraction}"
        )
    x_train, x_val, y_train, y_val = train_test_split(
        images, labels, test_size=val_fraction, stratify=labels, random_state=seed
    )
    return Split(x_train, y_train, x_val, y_val)


def binary_labels(labels):
    """Map class ids 0 to 9 to 1 (Clothing) and 0 (Footwear and Bags), as `uint8`."""
    check_labels(labels)
    return np.isin(labels, CLOTHING).astype(np.uint8)


def check_images(images):
    """Raise a `ValueError` unless `images` is `uint8` of shape `(n, 28, 28)`, n > 0."""
    shape, dtype = np.shape(images), getattr(images, "dtype", type(images).__name__)
    if dtype != np.uint8 or shape[1:] != IMAGE_SHAPE or not shape[0]:
        raise ValueError(
            f"images are {dtype} {shape}; expected uint8 (n, 28, 28), gray levels as "
            "loaded: the networks scale them themselves"
        )


def check_labels(labels):
    """Raise a `ValueError` unless `labels` are integers 0 to 9 of shape `(n,)`."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        found = f"{labels.dtype} of shape {labels.shape}"
        raise ValueError(f"labels are {found}; expected integers of shape (n,)")
    wrong = np.unique(labels[(labels < 0) | (labels >= len(CLASS_NAMES))])
    if wrong.size:
        raise ValueError(f"labels {wrong[:5].tolist()} are not class ids from 0 to 9")
