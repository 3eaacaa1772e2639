"""How far a picture is from the training images, and how far is too far."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from fashionnet.data import load_training_set, split_train_val
from fashionnet.study.unlike import (
    UNLIKE,
    load_measured,
    load_neighbors,
    measure_distances,
    state_measured,
)

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("n_images", [1, 5, 250])
def test_distance_is_that_of_the_nearest_neighbor(n_images, noise):
    images, neighbors = noise[0][:n_images], noise[0][-30:]
    differences = images[:, np.newaxis].astype(float) - neighbors
    expected = np.sqrt((differences**2).mean(axis=(2, 3)).min(axis=1))
    found = measure_distances(images, neighbors)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=0.2)
    assert found.shape == (n_images,)


def test_distance_of_known_images_is_in_gray_levels():
    black, gray = np.zeros((1, 28, 28), np.uint8), np.full((2, 28, 28), 50, np.uint8)
    assert measure_distances(gray, black) == pytest.approx([50, 50])
    assert measure_distances(black, gray) == pytest.approx([50])
    assert measure_distances(gray, gray) == pytest.approx([0, 0], abs=0.1)


def test_neighbors_are_the_training_images_of_the_published_networks():
    split = split_train_val(*load_training_set(), seed=0)
    np.testing.assert_array_equal(load_neighbors(), split.x_train)


def test_validation_images_are_hardly_ever_unlike_and_noise_always(noise):
    threshold = load_measured()["distance"]["threshold"]
    images = split_train_val(*load_training_set(), seed=0).x_val[:300]
    neighbors = load_neighbors()
    assert (measure_distances(images, neighbors) > threshold).mean() < 0.1
    assert (measure_distances(noise[0][:50], neighbors) > threshold).all()


def test_reliability_that_is_stated_is_the_measured_one():
    called = load_measured()["distance"]["called"]
    sentence = state_measured(load_measured())
    alarms = called["test scenes"]["unlike"] / called["test scenes"]["n"]
    misses = 1 - called["stamps"]["unlike"] / called["stamps"]["n"]
    assert f"{alarms:.0%}" in sentence
    assert f"{misses:.0%}" in sentence
    drawn = load_measured()["drawn pictures"]
    assert f"{drawn['unlike']} of {drawn['n']} drawn pictures" in sentence
    assert f"{drawn['unlike, right']} of these" in sentence


def test_measurements_travel_with_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
        "setuptools"
    ]
    assert UNLIKE.parent == ROOT / "fashionnet"
    assert UNLIKE.name in settings["package-data"]["fashionnet"]
