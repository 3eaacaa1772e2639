from itertools import pairwise

import keras
import numpy as np
import pytest

from fashionnet.evaluation import predict_probabilities
from fashionnet.zoo.convolutional import build_block_cnn, build_unpadded_cnn

BUILDERS = (build_unpadded_cnn, build_block_cnn)


def map_shapes(model):
    """List the shapes of maps behind each convolution and pooling."""
    kinds = keras.layers.Conv2D, keras.layers.MaxPooling2D
    return [tuple(x.output.shape[1:]) for x in model.layers if isinstance(x, kinds)]


def test_network_of_document_001_has_the_parameters_counted_by_hand():
    by_hand = 320 + 18_496 + 73_856 + 147_584 + 1_290  # as the document lists them
    assert build_unpadded_cnn(10).count_params() == by_hand == 241_546
    assert build_unpadded_cnn(10, dropout=0.2).count_params() == by_hand


def test_maps_of_document_001_have_the_shapes_it_lists():
    assert map_shapes(build_unpadded_cnn(10)) == [
        (26, 26, 32), (13, 13, 32), (11, 11, 64), (5, 5, 64), (3, 3, 128)
    ]  # fmt: skip


def test_dropout_of_document_001_follows_poolings_last_convolution_and_dense_layer():
    kinds = [type(x).__name__ for x in build_unpadded_cnn(10, dropout=0.2).layers]
    before = [kinds[i - 1] for i, kind in enumerate(kinds) if kind == "Dropout"]
    assert before == ["MaxPooling2D", "MaxPooling2D", "Conv2D", "Dense"]


def test_network_of_document_002_has_the_parameters_counted_by_hand():
    convolutions = (9 + 1) * 32 + (9 * 32 + 1) * 64 + (9 * 64 + 1) * 128
    by_hand = convolutions + (3 * 3 * 128 + 1) * 128 + (128 + 1) * 10
    model = build_block_cnn(10, filters=(32, 64, 128), normalize=False, slope=0.3)
    assert model.count_params() == by_hand == 241_546


def test_network_of_document_004_has_the_parameters_counted_by_hand():
    filters = (1, 32, 64, 128, 256)
    kernels = sum(9 * a * b for a, b in pairwise(filters))
    normalizations = 4 * sum(filters[1:])  # scale, shift, mean and variance
    by_hand = kernels + normalizations + (256 + 1) * 128 + (128 + 1) * 10
    assert build_block_cnn(10).count_params() == by_hand == 423_466


def test_four_poolings_leave_one_pixel():
    assert map_shapes(build_block_cnn(10)) == [
        (28, 28, 32), (14, 14, 32), (14, 14, 64), (7, 7, 64),
        (7, 7, 128), (3, 3, 128), (3, 3, 256), (1, 1, 256),
    ]  # fmt: skip


@pytest.mark.parametrize("build", BUILDERS)
def test_probabilities_add_up_and_do_not_depend_on_the_batch_size(build, noise):
    model = build(10, filters=(4, 4, 4), dense_units=8)
    at_once = predict_probabilities(model, noise[0], batch_size=300)
    in_parts = predict_probabilities(model, noise[0], batch_size=7)
    np.testing.assert_allclose(at_once.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(at_once, in_parts, atol=1e-5)


@pytest.mark.parametrize("build", BUILDERS)
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_classes": 1}, "n_classes is 1"),
        ({"n_classes": 10, "filters": ()}, r"filters is \(\)"),
        ({"n_classes": 10, "filters": (4, 0)}, r"filters is \(4, 0\)"),
        ({"n_classes": 10, "filters": (4,) * 5}, r"filters is \(4, 4, 4, 4, 4\)"),
        ({"n_classes": 10, "dense_units": 0}, "dense_units is 0"),
        ({"n_classes": 10, "dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_impossible_network_is_refused_by_name(build, settings, message):
    with pytest.raises(ValueError, match=message):
        build(**settings)
