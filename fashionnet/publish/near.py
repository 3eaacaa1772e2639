"""A rough distance from the training images, small enough for the page for trying.

`predict` compares a picture with all of them, for which a page has no room. So they are
summed up: by directions in which images differ most, and by means of similar images
along these. From both, and from what of a picture lies in no such direction, its
distance is estimated; how much each counts is learned on validation images.
"""

import base64

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from fashionnet.data import load_test_set, load_training_set, split_train_val
from fashionnet.publish.trying import encode
from fashionnet.study.unlike import load_measured, measure_distances

N_DIRECTIONS, N_MEANS = 64, 1_500
# As many validation images teach, and as many test images check; those that teach are
# this close to the threshold, in gray levels.
N_IMAGES, CLOSE = 2_000, 15


def load_near():
    """Sum up the training images, and learn to estimate distances from them.

    Returns:
        A dictionary: `directions`, of shape `(64, 784)`, and `means`, of shape
        `(1500, 64)`, both `int8` in base64; by how much these are multiplied, `times`
        for directions and `scales` for means along each; `terms`, what squared
        distances are made of; `threshold`; `n_means`; and of `n` test images, of how
        many the `same` is said as by the true distance.
    """
    split = split_train_val(*load_training_set(), seed=0)
    flat = _flatten(split.x_train)
    _, vectors = np.linalg.eigh(flat.T @ flat)
    directions = vectors[:, : -N_DIRECTIONS - 1 : -1].T
    times = 127 / np.abs(directions).max()
    directions = np.round(times * directions).astype(np.int8)
    places = flat @ (directions.T / np.float32(times))
    groups = MiniBatchKMeans(N_MEANS, random_state=0, n_init=1).fit(places)
    means = groups.cluster_centers_
    scales = 127 / np.abs(means).max(axis=0)
    near = {
        "directions": encode(directions),
        "times": float(times),
        "means": encode(np.round(scales * means).astype(np.int8)),
        "scales": scales.tolist(),
        "threshold": load_measured()["distance"]["threshold"],
    }
    images = split.x_val[:N_IMAGES]
    distances = measure_distances(images, split.x_train)
    is_close = np.abs(distances - near["threshold"]) < CLOSE
    parts = measure_parts(images[is_close], near)
    terms, *_ = np.linalg.lstsq(parts, distances[is_close] ** 2, rcond=None)
    near["terms"] = terms.tolist()
    images = load_test_set()[0][:N_IMAGES]
    far = measure_distances(images, split.x_train) > near["threshold"]
    same = far == (estimate_distances(images, near) > near["threshold"])
    return {**near, "n_means": N_MEANS, "n": len(images), "same": int(same.sum())}


def measure_parts(images, near):
    """Measure what squared distances are estimated from.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        near: What `load_near` returns; `terms` may be missing.

    Returns:
        An array of shape `(n, 3)`: the mean squared difference from the nearest mean,
        the mean square of what lies in none of the directions, and ones.
    """
    flat = _flatten(images)
    directions = _decode(near["directions"], flat.shape[1]) / near["times"]
    means = _decode(near["means"], len(directions)) / near["scales"]
    places = flat @ directions.T
    nearest = _square_distances(places, means).min(axis=1)
    rest = (flat**2).sum(axis=1) - (places**2).sum(axis=1)
    ones = np.full(len(flat), flat.shape[1])
    return np.stack([nearest, rest, ones], axis=1) / flat.shape[1]


def estimate_distances(images, near):
    """Estimate what `measure_distances` would measure; takes what `measure_parts` does.

    Returns:
        Distances in gray levels, shape `(n,)`.
    """
    return np.sqrt((measure_parts(images, near) @ near["terms"]).clip(0))


def _flatten(images):
    return images.reshape(len(images), -1).astype(np.float32)


def _decode(text, n_columns):
    levels = np.frombuffer(base64.b64decode(text), np.int8)
    return levels.reshape(-1, n_columns).astype(float)


def _square_distances(places, means):
    sums = (places**2).sum(axis=1)[:, np.newaxis] + (means**2).sum(axis=1)
    return sums - 2 * places @ means.T
