import numpy as np
import pytest

from fashionnet.evaluation import predict_probabilities
from fashionnet.zoo.dense import build_biased_mlp
from fashionnet.zoo.permuted import PermutePixels, build_permuted

OF = {"of": "zoo.dense:build_biased_mlp", "hidden_units": (5,)}


def test_every_pixel_is_there_once_in_an_order_of_its_own(noise):
    images = noise[0].astype(np.float32)
    permuted = np.asarray(PermutePixels(0)(images))
    assert permuted.shape == images.shape
    assert not np.array_equal(permuted, images)
    np.testing.assert_array_equal(
        np.sort(permuted.reshape(300, -1)), np.sort(images.reshape(300, -1))
    )
    np.testing.assert_array_equal(permuted, PermutePixels(0)(images))
    assert not np.array_equal(permuted, PermutePixels(1)(images))


def test_network_behind_the_permutation_is_the_builders(noise):
    model = build_permuted(10, **OF)
    plain = build_biased_mlp(10, hidden_units=(5,))
    plain.set_weights(model.get_weights())
    permuted = np.asarray(PermutePixels(0)(noise[0])).astype(np.uint8)
    np.testing.assert_allclose(
        predict_probabilities(model, noise[0]),
        predict_probabilities(plain, permuted),
        atol=1e-6,
    )


def test_settings_of_the_builder_are_checked():
    with pytest.raises(ValueError, match="dropout"):
        build_permuted(10, **OF, dropout=1.0)
