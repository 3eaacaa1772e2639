import random
import re
from itertools import pairwise

import keras
import numpy as np
import pytest

from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp

SMALL = {"hidden_units": (16, 8), "input_dropout": 0.0, "dropout": 0.0}


def count_trainable(model):
    return sum(int(np.prod(w.shape)) for w in model.trainable_weights)


def test_ten_class_network_has_the_parameters_counted_by_hand():
    by_hand = (784 * 256 + 256) + (256 * 256 + 256) + (256 + 1) * 10
    assert count_trainable(build_mlp(10)) == by_hand == 269_322


def test_binary_network_has_the_parameters_counted_by_hand():
    by_hand = (784 * 256 + 256) + (256 * 256 + 256) + (256 + 1)
    assert count_trainable(build_mlp(2)) == by_hand == 267_009


@pytest.mark.parametrize(("n_classes", "n_outputs"), [(2, 1), (3, 3), (10, 10)])
@pytest.mark.parametrize("hidden_units", [(), (8,), (16, 4), (5, 6, 7)])
def test_every_layer_has_a_weight_per_input_and_a_shift(
    n_classes, n_outputs, hidden_units
):
    sizes = pairwise((784, *hidden_units, n_outputs))
    by_hand = sum((before + 1) * units for before, units in sizes)
    assert count_trainable(build_mlp(n_classes, hidden_units=hidden_units)) == by_hand


def draw_seeds(seed):
    """Draw seeds as Keras does after `set_random_seed`."""
    draw = random.Random(seed).randint
    while True:
        yield draw(1, 10**9)


@pytest.mark.parametrize("input_dropout", [0.2, 0.0])
@pytest.mark.parametrize("dropout", [0.1, 0.0])
@pytest.mark.parametrize("n_classes", [10, 2])
def test_initial_weights_are_those_of_the_stored_trainings(
    n_classes, input_dropout, dropout
):
    # One seed for the hidden pixels, then one for each dense layer and each dropout.
    seeds, expected = draw_seeds(7), []
    if input_dropout:
        next(seeds)
    shapes = [(784, 16), (16, 8), (8, 1 if n_classes == 2 else n_classes)]
    for shape in shapes:
        start = keras.initializers.GlorotUniform(seed=next(seeds))
        expected.append(keras.ops.convert_to_numpy(start(shape)))
        if dropout:
            next(seeds)
    keras.utils.set_random_seed(7)
    settings = SMALL | {"input_dropout": input_dropout, "dropout": dropout}
    model = build_mlp(n_classes, **settings)
    kernels = [w for w in model.get_weights() if w.ndim == 2]
    assert all(map(np.array_equal, kernels, expected))
    assert len(kernels) == 3


def test_network_is_a_classical_one():
    kinds = {type(layer).__name__ for layer in build_mlp(10).layers}
    assert kinds == {
        "GrayLevels", "Flatten", "Dense", "BatchNormalization", "Activation", "Dropout"
    }  # fmt: skip


def test_first_layer_scales_raw_images_to_one(noise):
    model = build_mlp(10)
    scaled = keras.ops.convert_to_numpy(model.layers[0](noise[0]))
    np.testing.assert_allclose(scaled, noise[0] / 255, atol=1e-6)


def test_first_weights_are_drawn_from_the_range_that_part_1_names():
    weights = np.abs(build_mlp(10).layers[3].get_weights()[0])
    assert weights.shape == (784, 256)
    assert weights.max() == pytest.approx((6 / (784 + 256)) ** 0.5, rel=0.01)
    assert weights.max() == pytest.approx(0.08, abs=0.005)


def test_input_dropout_hides_the_same_pixels_of_a_whole_batch(noise):
    (dropout,) = [
        layer
        for layer in build_mlp(10, input_dropout=0.3, dropout=0.0).layers
        if isinstance(layer, keras.layers.Dropout) and layer.rate
    ]
    hidden = keras.ops.convert_to_numpy(dropout(np.ones((50, 784)), training=True)) == 0
    assert (hidden == hidden[0]).all()
    assert 0.2 < hidden[0].mean() < 0.4
    again = keras.ops.convert_to_numpy(dropout(np.ones((50, 784)), training=True)) == 0
    assert (again[0] != hidden[0]).any()


def test_ten_probabilities_add_up_to_one(noise):
    y_prob = predict_probabilities(build_mlp(10), noise[0])
    assert y_prob.shape == (300, 10)
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, atol=1e-5)


def test_binary_network_gives_one_probability_per_image(noise):
    y_prob = predict_probabilities(build_mlp(2), noise[0])
    assert y_prob.shape == (300,)
    assert ((y_prob > 0) & (y_prob < 1)).all()


def test_predictions_do_not_depend_on_the_batch_size(noise):
    model = build_mlp(10)
    at_once = predict_probabilities(model, noise[0], batch_size=300)
    in_parts = predict_probabilities(model, noise[0], batch_size=7)
    np.testing.assert_allclose(at_once, in_parts, atol=1e-6)


@pytest.mark.integration
def test_network_can_learn_64_images_by_heart(noise):
    keras.utils.set_random_seed(0)
    x, y = noise[0][:64], np.arange(64) % 10
    model = build_mlp(10, hidden_units=(64,), input_dropout=0.0, dropout=0.0)
    model.compile(
        loss="sparse_categorical_crossentropy", optimizer=keras.optimizers.Adam(0.01)
    )
    model.fit(x, y, epochs=40, batch_size=64, verbose=0)
    assert (predict_probabilities(model, x).argmax(axis=1) == y).all()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_classes", 1),
        ("hidden_units", (8, 0)),
        ("hidden_units", 64),
        ("dropout", 1.0),
        ("input_dropout", -0.1),
    ],
)
def test_impossible_network_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"{name} is .*{re.escape(str(value))}"):
        build_mlp(**{"n_classes": 10, name: value})
