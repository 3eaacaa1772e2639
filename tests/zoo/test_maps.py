"""Maps of images, against counting neighbors one by one; and stored maps."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from fashionnet.models import build_mlp
from fashionnet.storing import RunError
from fashionnet.zoo import maps
from fashionnet.zoo.stored import store_arrays


def test_neighbors_of_the_same_class_are_counted_in_all_dimensions():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 3
    features = rng.normal(size=(60, 8)).astype(np.float32)
    features[:, 0] += 3 * labels
    points, same = maps.map_images(features, labels)
    assert points.shape == (60, 2)
    for i in range(60):
        distances = np.linalg.norm(features - features[i], axis=1)
        nearest = np.argsort(distances)[1:11]
        assert same[i] == np.sum(labels[nearest] == labels[i])


@pytest.mark.integration
def test_maps_are_stored_whole_and_damage_is_found(scratch_home):
    made = maps.make_maps(build_mlp(10, hidden_units=(16,)), n_images=64)
    path = store_arrays(maps.NAME, made, {}) / "maps.npz"
    loaded = maps.load_maps()
    assert loaded.keys() == made.keys() and len(made) == 4
    for name, values in loaded.items():
        np.testing.assert_array_equal(values, made[name])
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError, match=r"maps\.npz"):
        maps.load_maps()


def test_map_has_a_color_a_marker_and_a_name_for_each_class():
    points = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float16)
    labels = np.arange(200) % 10
    fig, (left, right) = plt.subplots(1, 2)
    ax = maps.plot_map(points, labels, ax=right)
    assert ax is right
    assert not left.has_data()
    assert [len(line.get_xdata()) for line in ax.lines] == [20] * 10
    assert len({line.get_marker() for line in ax.lines}) == 10
    assert len({line.get_color() for line in ax.lines}) == 10
    assert len({text.get_text() for text in ax.texts}) == 10
    assert "200 test images" in fig.description
