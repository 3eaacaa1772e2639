"""What SqueezeNet says of clothes, against loops; and stored answers."""

import keras
import numpy as np
import pytest
from zoo_samples import make_squeezenet_weights

from fashionnet.storing import RunError
from fashionnet.zoo import imagenet
from fashionnet.zoo.stored import store_arrays
from fashionnet.zoo.transfer import build_squeezenet


def test_half_the_resolution_keeps_brightness_but_not_single_pixels():
    images = np.zeros((3, 28, 28), np.uint8)
    images[0] = 100
    images[1, 10:12, 10:12] = 200
    images[2, 10, 10] = 200
    found = imagenet.halve_resolution(images)
    assert found.shape == images.shape and found.dtype == np.uint8
    assert (found[0] == 100).all()
    assert 100 < found[1].max() < 200
    assert found[2].max() <= found[1].max() / 4 + 1
    assert (found[1, :8] == 0).all()


def test_gray_share_is_all_of_equal_parts_and_nothing_of_parts_that_cancel():
    filters = np.ones((1, 1, 3, 3))
    filters[0, 0, :, 1] = 1, -2, 1
    filters[0, 0, :, 2] = 3, 0, 0
    assert imagenet.measure_gray(filters) == pytest.approx([1, 0, 1 / 3])


def test_features_are_means_over_the_maps(noise):
    network, images = build_squeezenet(make_squeezenet_weights()), noise[0][:3]
    found = imagenet.compute_parts(network, images)
    outputs = [network.get_layer(name).output for name in ("fire5", "fire9")]
    early, late = keras.Model(network.input, outputs).predict(images, verbose=0)
    assert early.shape == (3, 11, 11, 256) and late.shape == (3, 5, 5, 512)
    assert found["fire5"] == pytest.approx(early.mean(axis=(1, 2)), rel=1e-4)
    assert found["means"] == pytest.approx(late.mean(axis=(1, 2)), rel=1e-4)
    corners = [
        late[:, row : row + 3, column : column + 3].mean(axis=(1, 2))
        for row in (0, 2)
        for column in (0, 2)
    ]
    assert found["by place"] == pytest.approx(np.hstack(corners), rel=1e-4)


def test_judge_learns_from_the_first_and_tests_with_the_last():
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    features = rng.normal(size=(300, 5)) + 3 * np.eye(5)[labels]
    right, chosen = imagenet.judge(features, labels, 150, 50)
    assert right.shape == (100,) and right.mean() > 0.8
    assert chosen in imagenet.STRENGTHS
    # What it is tested with changes nothing that it has learned.
    features[200:250] = 0
    again, _ = imagenet.judge(features, labels, 150, 50)
    assert np.array_equal(again[50:], right[50:])


@pytest.mark.slow
@pytest.mark.integration
def test_answers_are_stored_whole_and_damage_is_found(scratch_home):
    arrays, facts = imagenet.make_answers(make_squeezenet_weights(), sizes=(40, 10, 20))
    assert sum(x.dtype == bool and x.shape == (20,) for x in arrays.values()) == 7
    assert [arrays[name].shape[:2] for name in imagenet.SHOWN] == [
        (6, 48), (6, 23), (6, 11), (6, 5),
    ]  # fmt: skip
    assert set(facts["C"].values()) <= set(imagenet.STRENGTHS)
    path = store_arrays(imagenet.NAME, arrays, facts) / "imagenet.npz"
    loaded = imagenet.load_answers()
    assert loaded.keys() == arrays.keys()
    assert all(np.array_equal(loaded[name], arrays[name]) for name in arrays)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError, match=r"imagenet\.npz"):
        imagenet.load_answers()
