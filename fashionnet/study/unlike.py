"""Is a picture unlike the data set, so that it may show none of its classes?

A network gives a label to anything, and often with a probability near 1. So a picture
is compared with the training images: one that is far from all of them is called unlike.
`benchmarks/own_pictures.py` has chosen how far, and measured how often that is wrong.
"""

import json
from importlib.resources import files

import numpy as np

from fashionnet.data import load_training_set, split_train_val

# The threshold, and what was measured with it.
UNLIKE = files("fashionnet") / "unlike.json"


def load_neighbors():
    """Load the 54,000 training images that pictures are compared with."""
    return split_train_val(*load_training_set(), seed=0).x_train


def measure_distances(images, neighbors):
    """Measure how far images are from the nearest training image.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        neighbors: `uint8` array of shape `(m, 28, 28)`.

    Returns:
        Root of the mean squared difference from the nearest neighbor, in gray levels,
        shape `(n,)`.
    """
    flat = [x.reshape(len(x), -1).astype(np.float32) for x in (images, neighbors)]
    squares = [(x**2).sum(axis=1) for x in flat]
    found = []
    for start in range(0, len(images), 100):  # some at a time, to spare memory
        part = slice(start, start + 100)
        products = flat[0][part] @ flat[1].T
        nearest = (squares[1] - 2 * products).min(axis=1) + squares[0][part]
        found.append(np.sqrt(nearest.clip(0) / flat[0].shape[1]))
    return np.concatenate(found)


def load_measured():
    """Read what `benchmarks/own_pictures.py` measured, `distance` with `threshold`."""
    return json.loads(UNLIKE.read_bytes())


def state_measured(measured):
    """Say how often the warning is wrong, with and without a reason."""
    return (
        "“Unlike the data” is a hint, and often a wrong one. When it was measured, "
        f"{phrase_rates(measured)}."
    )


def phrase_rates(measured):
    """Put false alarms and misses of the warning in words."""
    called, drawn = measured["distance"]["called"], measured["drawn pictures"]
    alarms, stamps = (
        called[name]["unlike"] / called[name]["n"] for name in ("test scenes", "stamps")
    )
    return (
        f"{alarms:.0%} of articles in photo-like scenes got it, and {drawn['unlike']} "
        f"of {drawn['n']} drawn pictures of articles, though {drawn['unlike, right']} "
        f"of these {drawn['unlike']} were labeled correctly; {1 - stamps:.0%} of "
        "pictures of other things did not get it"
    )


def phrase_distance(distance, threshold):
    """Put a distance above the threshold in words, with decimals if it takes some."""
    for digits in range(3):
        far, limit = f"{distance:.{digits}f}", f"{threshold:.{digits}f}"
        if far != limit:
            return f"{far} gray levels away, more than {limit}"
    return f"just over {limit} gray levels away"
