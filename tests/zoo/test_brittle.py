"""Moved and smaller images, and the figures of them."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet.zoo.brittle import (
    measure_moves,
    plot_counts,
    plot_moves,
    plot_pictures,
    shrink_images,
    table_networks,
)

IMAGES = np.random.default_rng(0).integers(1, 256, (5, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize("side", [28, 20, 15])
def test_smaller_image_is_in_the_center_of_black(side):
    small = shrink_images(IMAGES, side)
    rows = small.any(axis=(0, 2)).nonzero()[0]
    assert len(rows) == small.any(axis=(0, 1)).sum() == side
    assert abs(rows[0] - (27 - rows[-1])) <= 1
    assert side < 28 or (small == IMAGES).all()


def test_counts_are_drawn_on_the_axes_they_are_given():
    _, axes = plt.subplots(1, 2)
    assert plot_counts({"before": 4, "after": 19}, 30, ax=axes[1]) is axes[1]
    assert [bar.get_width() for bar in axes[1].patches] == [4, 19]
    assert axes[1].get_xlim() == (0, 30)


class Corner:
    """Answers 1 if the pixel in the top left corner is bright, else 0."""

    def predict(self, images, **_):
        is_bright = np.asarray(images)[:, 0, 0] > 127
        return np.eye(10, dtype=np.float32)[is_bright.astype(int)]


class Opposite:
    """Answers 0 if the pixel in the top left corner is bright, else 1."""

    def predict(self, images, **_):
        is_dark = np.asarray(images)[:, 0, 0] <= 127
        return np.eye(10, dtype=np.float32)[is_dark.astype(int)]


def test_images_that_move_there_and_back_lose_what_left_on_the_way():
    images = np.zeros((2, 28, 28), np.uint8)
    images[:, 0, 0] = 255
    panels = measure_moves(Corner(), images, np.ones(2), (-1, 0, 1))
    assert [*panels] == ["pixels right", "pixels down"]
    for lines in panels.values():
        assert lines == {"moved": [0, 1, 0], "only cut off": [0, 1, 1]}
    figure = plot_moves((-1, 0, 1), panels)
    assert [ax.get_xlabel() for ax in figure.axes] == [*panels]
    assert [len(ax.get_lines()) for ax in figure.axes] == [2, 2]
    moved = figure.axes[0].get_lines()[0]
    assert moved.get_ydata().tolist() == [0, 100, 0]
    said = "only cut off (accuracy in %) by pixels down: 0 at -1, 100 at 0"
    assert said in figure.description


def test_networks_are_compared_picture_by_picture():
    images = np.zeros((3, 28, 28), np.uint8)
    images[:2, 0, 0] = 255
    networks = {"first": Corner(), "other": Corner()}
    groups = {"all": (images, np.array([1, 0, 0])), "one": (images[:1], np.array([1]))}
    table = table_networks(networks, groups)
    assert table["of"].tolist() == [3, 1]
    assert table["first"].tolist() == [2, 1]
    assert table["other"].tolist() == ["2 (0 : 0, p 1.000)", "1 (0 : 0, p 1.000)"]
    networks["other"] = Opposite()
    table = table_networks(networks, groups)
    assert table["other"].tolist() == ["1 (1 : 2, p 1.000)", "0 (0 : 1, p 1.000)"]
    many = {"all": (np.repeat(images[:1], 12, axis=0), np.zeros(12))}
    assert (
        table_networks(networks, many).loc["all", "other"] == "12 (12 : 0, p < 0.001)"
    )


def test_pictures_are_shown_as_they_are():
    fig = plot_pictures([IMAGES[0], IMAGES[1][:20]], ["one\nline", "two"])
    shown = [ax.images[0] for ax in fig.axes if ax.images]
    np.testing.assert_array_equal(shown[1].get_array(), IMAGES[1][:20])
    assert shown[0].get_cmap().name == "gray"
    assert shown[0].get_clim() == (0, 255)
