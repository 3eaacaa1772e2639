"""What is drawn of a network's insides, against the numbers it is drawn from."""

import numpy as np
import pytest

from fashionnet.zoo.looking import find_place, plot_looks, plot_rows


def test_rows_show_each_picture_on_its_own_scale_with_zero_in_the_middle():
    rng = np.random.default_rng(0)
    filters, maps = rng.normal(size=(3, 3, 3)), rng.random((3, 5, 5))
    maps[:, 0] = 0
    figure = plot_rows({"filters": filters, "maps": maps})
    drawn = [ax.images[0] for ax in figure.axes]
    for image, picture in zip(drawn, [*filters, *maps], strict=True):
        assert np.array_equal(image.get_array(), picture)
        low, high = image.get_clim()
        assert high == np.abs(picture).max()
        assert low == (-high if picture.min() < 0 else 0)
    assert "filters: 3 of 3×3, 0% zeros" in figure.description
    assert "maps: 3 of 5×5, 20% zeros" in figure.description


def test_looks_cover_their_image_and_may_share_a_title():
    images = np.zeros((2, 28, 28), np.uint8)
    images[:, 10:20, 10:20] = 200
    one, other = np.zeros((2, 14, 14)), np.zeros((2, 3, 3))
    one[:, 0, 13], other[1, 1, 1] = 1, 1
    looks = [("hidden", one), ("shuffled", other), ("shuffled", one)]
    figure = plot_looks(images, ["Bag", "Coat"], looks)
    axes = np.reshape(figure.axes, (2, 4))
    extents = {tuple(ax.images[0].get_extent()) for ax in axes.flat}
    assert extents == {(-0.5, 27.5, 27.5, -0.5)}
    assert [ax.get_title() for ax in axes[0]] == ["image", *(t for t, _ in looks)]
    for said in (
        "Bag, where each map is largest: hidden top right, shuffled nowhere",
        "Coat, where each map is largest: hidden top right, shuffled middle",
    ):
        assert said in figure.description


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
