"""The rough distance from the training images, against the true one."""

import numpy as np
import pytest

from fashionnet.publish.near import estimate_distances, measure_parts
from fashionnet.publish.trying import encode


def pack(directions, means):
    """Pack what needs no rounding."""
    return {
        "directions": encode(directions.astype(np.int8)),
        "times": 1.0,
        "means": encode(means.astype(np.int8)),
        "scales": [1.0] * means.shape[1],
        "terms": [1.0, 1.0, 0.0],
    }


def test_estimate_is_the_distance_where_the_directions_hold_all(noise):
    rng = np.random.default_rng(0)
    means = np.zeros((4, 784))
    means[:, :5] = rng.integers(0, 128, (4, 5))
    near = pack(np.eye(784)[:5], means[:, :5])
    images = noise[0][:30]
    differences = images.reshape(30, 1, 784).astype(float) - means
    expected = np.sqrt((differences**2).mean(axis=2).min(axis=1))
    np.testing.assert_allclose(estimate_distances(images, near), expected, rtol=1e-4)


def test_parts_are_what_lies_along_directions_and_what_does_not(noise):
    images = noise[0][:10]
    near = pack(np.eye(784)[:3], np.zeros((1, 3)))
    flat = images.reshape(10, 784).astype(float)
    parts = measure_parts(images, near)
    assert parts.shape == (10, 3)
    np.testing.assert_allclose(parts[:, 0], (flat[:, :3] ** 2).sum(axis=1) / 784)
    np.testing.assert_allclose(parts[:, 1], (flat[:, 3:] ** 2).sum(axis=1) / 784)
    np.testing.assert_array_equal(parts[:, 2], 1)


def test_estimate_is_never_below_zero(noise):
    near = pack(np.eye(784)[:3], np.zeros((1, 3))) | {"terms": [0, 0, -5.0]}
    assert estimate_distances(noise[0][:3], near) == pytest.approx([0, 0, 0])
