import keras
import numpy as np
import pytest

from fashionnet.evaluation import predict_probabilities
from fashionnet.zoo.residual import build_resnet, build_small_resnet, standardize


def count_block(before, after, side=3):
    """Count a convolution without bias and its batch normalization."""
    return side * side * before * after + 4 * after


def count_kinds(model, kind):
    return sum(isinstance(layer, kind) for layer in model.layers)


def test_small_resnet_has_the_parameters_counted_by_hand():
    steps = [(1, 32), (32, 56), *[(56, 56)] * 4, (56, 80), (80, 80), (80, 80)]
    by_hand = sum(count_block(*step) for step in steps) + (2 * 80 + 1) * 10
    model = build_small_resnet(10)
    assert model.count_params() == by_hand == 288_650
    # Means and variances of nine normalizations are not trained.
    trained = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert trained == by_hand - 2 * (32 + 5 * 56 + 3 * 80) == 287_546


@pytest.mark.parametrize("depth", [8, 14, 20])
@pytest.mark.parametrize("shortcuts", [True, False])
def test_resnet_has_the_parameters_counted_by_hand(depth, shortcuts):
    n = (depth - 2) // 6
    by_hand = count_block(1, 16) + 2 * n * count_block(16, 16) + 650
    for before, after in ((16, 32), (32, 64)):
        by_hand += count_block(before, after) + (2 * n - 1) * count_block(after, after)
        by_hand += shortcuts * count_block(before, after, side=1)
    model = build_resnet(10, depth=depth, shortcuts=shortcuts)
    assert model.count_params() == by_hand
    assert count_kinds(model, keras.layers.Add) == (3 * n if shortcuts else 0)


def test_resnet_of_depth_20_has_20_layers_with_weights_on_its_longest_path():
    model = build_resnet(10, depth=20)
    convolutions = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    on_the_way = [x for x in convolutions if x.kernel_size == (3, 3)]
    assert len(on_the_way) + count_kinds(model, keras.layers.Dense) == 20


@pytest.mark.parametrize("shortcuts", [True, False])
def test_initial_weights_of_a_resnet_are_those_asked_for(shortcuts):
    factors = {None: 1, "glorot_uniform": 1, "he_uniform": 2}
    for initializer, factor in factors.items():
        keras.utils.set_random_seed(0)
        settings = {"initializer": initializer} if initializer else {}
        model = build_resnet(10, shortcuts=shortcuts, **settings)
        # Where as many maps leave as enter, Glorot's variance is 1/n, and He's 2/n.
        variances = [
            np.var(layer.kernel) * np.prod(layer.kernel.shape[:3]) / factor
            for layer in model.layers
            if isinstance(layer, keras.layers.Conv2D)
            and layer.kernel.shape[2] == layer.kernel.shape[3]
        ]
        assert len(variances) == 16
        assert variances == pytest.approx(np.ones(16), abs=0.1)


def test_shortcuts_have_the_initial_weights_asked_for_too():
    keras.utils.set_random_seed(0)
    model = build_resnet(10, depth=8, initializer="zeros")
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.Conv2D)]
    assert len(layers) == 9 and not any(np.any(layer.kernel) for layer in layers)


def test_resnet_has_no_pooling_before_its_stages_of_28_14_and_7_pixels():
    model = build_resnet(10, depth=8)
    sides = [x.output.shape[1] for x in model.layers if isinstance(x, keras.layers.Add)]
    assert sides == [28, 14, 7]
    assert count_kinds(model, keras.layers.MaxPooling2D) == 0


def test_residual_step_that_adds_nothing_leaves_its_input(noise):
    keras.utils.set_random_seed(0)
    layout = (4, "pool", "residual")
    model = build_small_resnet(10, layout=layout)
    # With a scale and shift of 0, the second block of the step answers 0.
    weights = model.get_weights()
    for place in (-6, -5):
        weights[place] *= 0
    model.set_weights(weights)
    without = build_small_resnet(10, layout=layout[:-1])
    without.set_weights(weights[:5] + weights[-2:])
    found, expected = (predict_probabilities(m, noise[0]) for m in (model, without))
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_images_are_standardized():
    images = np.zeros((1, 28, 28), np.uint8)
    images[0, 0, 0] = 255
    found = keras.ops.convert_to_numpy(standardize(images))
    assert found.shape == (1, 28, 28, 1)
    assert found[0, 0, 0, 0] == pytest.approx((1 - 0.286) / 0.353)
    np.testing.assert_allclose(found[0, 1], -0.286 / 0.353, rtol=1e-5)


@pytest.mark.parametrize("build", [build_resnet, build_small_resnet])
def test_probabilities_add_up_and_do_not_depend_on_the_batch_size(build, noise):
    small = {"depth": 8} if build is build_resnet else {"layout": (4, "pool", 8)}
    model, images = build(10, **small), noise[0][:60]
    at_once = predict_probabilities(model, images, batch_size=60)
    in_parts = predict_probabilities(model, images, batch_size=7)
    np.testing.assert_allclose(at_once.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(at_once, in_parts, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "settings", "message"),
    [
        (build_resnet, {"depth": 9}, "depth is 9"),
        (build_resnet, {"depth": 2}, "depth is 2"),
        (build_resnet, {"filters": (8, 8)}, r"filters is \(8, 8\)"),
        (build_resnet, {"filters": (8, 8, 0)}, r"filters is \(8, 8, 0\)"),
        (build_small_resnet, {"layout": ("pool",)}, r"layout is \[\]"),
        (build_small_resnet, {"layout": (0,)}, r"layout is \[0\]"),
        (build_small_resnet, {"layout": (8, "flood")}, "'flood'"),
        (build_small_resnet, {"dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_impossible_network_is_refused_by_name(build, settings, message):
    with pytest.raises(ValueError, match=message):
        build(10, **settings)
