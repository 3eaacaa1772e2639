"""Moved and smaller images, and the figures of them."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet.zoo.brittle import (
    plot_accuracies,
    plot_counts,
    plot_distances,
    plot_pictures,
    shift_images,
    shrink_images,
)

IMAGES = np.random.default_rng(0).integers(1, 256, (5, 28, 28), dtype=np.uint8)


@pytest.mark.parametrize(("right", "down"), [(0, 0), (3, 0), (-3, 2), (0, -5), (1, 1)])
def test_moved_image_is_the_same_elsewhere_on_black(right, down):
    moved = shift_images(IMAGES, right=right, down=down)
    rolled = np.roll(IMAGES, (down, right), axis=(1, 2))
    inside = moved > 0
    np.testing.assert_array_equal(moved[inside], rolled[inside])
    assert inside[0].sum() == (28 - abs(right)) * (28 - abs(down))


@pytest.mark.parametrize("side", [28, 20, 15])
def test_smaller_image_is_in_the_center_of_black(side):
    small = shrink_images(IMAGES, side)
    rows = small.any(axis=(0, 2)).nonzero()[0]
    assert len(rows) == small.any(axis=(0, 1)).sum() == side
    assert abs(rows[0] - (27 - rows[-1])) <= 1
    assert side < 28 or (small == IMAGES).all()


def test_figures_draw_on_the_axes_they_are_given_and_describe_what_they_drew():
    _, axes = plt.subplots(1, 3)
    lines = {"right": [0.2, 0.9], "down": [0.3, 0.9]}
    drawn = plot_accuracies([2, 0], lines, "pixels", ax=axes[0])
    assert [x.get_ydata().tolist() for x in drawn.get_lines()] == [
        [20, 90],
        [30, 90],
    ]
    assert plot_counts({"before": 4, "after": 19}, 30, ax=axes[1]) is axes[1]
    assert [bar.get_width() for bar in axes[1].patches] == [4, 19]
    assert axes[1].get_xlim() == (0, 30)
    plot_distances({"ours": [10, 60, 70], "noise": [80]}, 51, ax=axes[2])
    assert [len(line.get_xdata()) for line in axes[2].get_lines()[1:]] == [3, 1]


def test_pictures_are_shown_as_they_are():
    fig = plot_pictures([IMAGES[0], IMAGES[1][:20]], ["one\nline", "two"])
    shown = [ax.images[0] for ax in fig.axes if ax.images]
    np.testing.assert_array_equal(shown[1].get_array(), IMAGES[1][:20])
    assert shown[0].get_cmap().name == "gray"
    assert shown[0].get_clim() == (0, 255)
