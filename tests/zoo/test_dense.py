import keras
import numpy as np
import pytest

from fashionnet.evaluation import predict_probabilities
from fashionnet.zoo.dense import build_biased_mlp


def test_two_hidden_layers_have_the_parameters_of_document_001():
    by_hand = (784 + 1) * 256 + (256 + 1) * 256 + (256 + 1) * 10
    assert build_biased_mlp(10).count_params() == by_hand == 269_322


def test_three_hidden_layers_have_the_parameters_of_document_001():
    by_hand = (784 + 1) * 256 + 2 * (256 + 1) * 256 + (256 + 1) * 10
    model = build_biased_mlp(10, hidden_units=(256, 256, 256))
    assert model.count_params() == by_hand == 335_114


def test_network_of_document_002_has_the_parameters_counted_by_hand():
    by_hand = (784 + 1) * 512 + (512 + 1) * 256 + (256 + 1) * 10
    model = build_biased_mlp(10, hidden_units=(512, 256), slope=0.3)
    assert model.count_params() == by_hand == 535_818


def test_probabilities_are_those_of_plain_matrix_products(noise):
    keras.utils.set_random_seed(0)
    model = build_biased_mlp(10, hidden_units=(7, 5), slope=0.3)
    w = model.get_weights()
    x = noise[0].reshape(300, 784) / 255
    for kernel, bias in zip(w[:-2:2], w[1:-2:2], strict=True):
        x = x @ kernel + bias
        x = np.where(x < 0, 0.3 * x, x)
    scores = x @ w[-2] + w[-1]
    by_hand = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predict_probabilities(model, noise[0]), by_hand, 1e-3)


def test_slope_0_is_relu():
    leaky = [
        layer
        for layer in build_biased_mlp(10, hidden_units=(4,)).layers
        if isinstance(layer, keras.layers.LeakyReLU)
    ]
    answer = keras.ops.convert_to_numpy(leaky[0](np.array([[-2.0, 0.0, 3.0]])))
    np.testing.assert_array_equal(answer, [[0, 0, 3]])


@pytest.mark.parametrize("dropout", [0.2, 0.5])
def test_dropout_follows_every_hidden_layer(dropout):
    model = build_biased_mlp(10, hidden_units=(4, 4, 4), dropout=dropout)
    rates = [
        layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)
    ]
    assert rates == [dropout] * 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_classes": 1}, "n_classes is 1"),
        ({"n_classes": 10, "hidden_units": ()}, r"hidden_units is \(\)"),
        ({"n_classes": 10, "hidden_units": (8, 0)}, r"hidden_units is \(8, 0\)"),
        ({"n_classes": 10, "dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_impossible_network_is_refused_by_name(settings, message):
    with pytest.raises(ValueError, match=message):
        build_biased_mlp(**settings)
