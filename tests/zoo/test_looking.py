"""What is drawn of a network's insides, against the numbers it is drawn from."""

import numpy as np
import pytest

from fashionnet.zoo.convolutional import build_unpadded_cnn
from fashionnet.zoo.looking import (
    correlate_ranks,
    find_place,
    plot_looks,
    plot_rows,
    trace_fields,
)


def test_rows_show_sizes_in_gray_and_signs_of_what_is_not_small():
    rng = np.random.default_rng(0)
    filters, maps = rng.normal(size=(3, 3, 3)), rng.random((3, 5, 5))
    maps[:, 0] = 0
    figure = plot_rows({"filters": filters, "maps": maps})
    for ax, picture in zip(figure.axes, [*filters, *maps], strict=True):
        assert np.array_equal(ax.images[0].get_array(), np.abs(picture))
        low, high = ax.images[0].get_clim()
        assert low == 0 and high >= np.abs(picture).max()
        signs = {text.get_position(): text.get_text() for text in ax.texts}
        for (column, row), sign in signs.items():
            assert sign == ("+" if picture[row, column] > 0 else "−")
        is_large = np.abs(picture) > 0.2 * np.abs(picture).max()
        assert not signs or len(signs) >= is_large.sum()
        assert bool(signs) == (picture.min() < 0)
    assert "filters: 3 of 3×3, 0% zeros" in figure.description
    assert "maps: 3 of 5×5, 20% zeros" in figure.description


def test_looks_lie_where_they_belong_and_share_their_zero():
    images = np.zeros((3, 28, 28), np.uint8)
    one, other = np.zeros((3, 14, 14)), np.zeros((3, 3, 3))
    one[:, 0, 13], one[:, 13, 0], other[2, 1, 1] = 1, -2, 1
    whole, inner = (-0.5, 27.5), (6.5, 18.5)
    looks = [("hidden", one, whole), ("then\nshuffled", other, inner)]
    figure = plot_looks(images, [8, 0, 4], looks, chosen=[0, 2])
    axes = np.reshape(figure.axes, (2, 3))
    assert [ax.get_title() for ax in axes[0]] == ["image", "hidden", "then\nshuffled"]
    for ax, (low, high) in zip(axes[1, 1:], (whole, inner), strict=True):
        assert ax.images[-1].get_extent() == [low, high, high, low]
        assert ax.get_xlim() == whole
    colors = axes[1, 1].images[-1].get_array()
    assert colors[0, 13, 3] == 0.5 and colors[13, 0, 3] == 1
    assert not np.array_equal(colors[0, 13, :3], colors[13, 0, :3])
    assert colors[5, 5, 3] == 0
    [dots] = axes[1, 1].lines
    assert (dots.get_xdata(), dots.get_ydata()) == ([0.5], [26.5])
    for said in (
        "Bag, where each map is largest: hidden top right, then shuffled nowhere",
        "Coat, where each map is largest: hidden top right, then shuffled middle",
    ):
        assert said in figure.description


def test_fields_of_an_unpadded_network_are_those_by_hand():
    fields = trace_fields(build_unpadded_cnn(10))
    assert fields["side"].tolist() == [26, 13, 11, 5, 3]
    assert fields["field"].tolist() == [3, 4, 8, 10, 18]
    assert fields["apart"].tolist() == [1, 2, 2, 4, 4]
    assert fields["first center"].iloc[-1] == 8.5
    assert fields["last pixel"].tolist() == [27, 27, 27, 25, 25]


def test_ranks_are_compared_image_by_image():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(4, 5, 5))
    assert correlate_ranks(maps, np.exp(maps)) == pytest.approx(1)
    others = -maps
    others[0] = 7  # the same everywhere
    assert correlate_ranks(maps, others) == pytest.approx(-1)


@pytest.mark.parametrize("side", [3, 14, 28])
def test_places_are_the_nine_parts_of_a_picture(side):
    found = []
    for row, column in np.ndindex(side, side):
        picture = np.zeros((side, side))
        picture[row, column] = 1
        found.append(find_place(picture))
    assert len(set(found)) == 9
    assert found[0] == "top left"
    assert found[-1] == "bottom right"
    assert found.count("middle") in ((side // 3) ** 2, (side // 3 + 1) ** 2)


def test_place_of_a_map_that_covers_only_a_part_is_that_in_the_image():
    picture = np.zeros((3, 3))
    picture[2, 2] = 1
    assert find_place(picture) == "bottom right"
    assert find_place(picture, (6.5, 18.5)) == "middle"
