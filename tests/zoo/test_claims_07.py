"""What the notebook on depth and transfer claims is true of every stored training."""

import time

import keras
import numpy as np
import pytest

from fashionnet.data import CLASS_NAMES, load_test_set, load_training_set
from fashionnet.publish.published import ROOT
from fashionnet.zoo import deeper, imagenet, residual, transfer
from fashionnet.zoo.comparing import compare
from fashionnet.zoo.joining import count_multiplications
from fashionnet.zoo.summary import load_trainings
from fashionnet.zoo.table import build, find_network, list_settings

IMAGES, LABELS = load_test_set()
DEPTHS = ("resnet-8", "resnet-20")


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Read the published trainings."""
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))


def load(name, n_seeds=1):
    """Load what is stored of a network, or skip the test without so many trainings."""
    trainings = load_trainings(find_network(name))
    if len(trainings) < n_seeds:
        pytest.skip(f"{len(trainings)} of {n_seeds} trainings of {name} are stored")
    return trainings


def find_ends(one, other):
    """Return the interval of how many images one network is ahead, or skip the test."""
    for name in (one, other):
        load(name)
    return compare(one, other, LABELS)[2:]


def find_loss(name):
    return np.array(load(name)[0].history["loss"])


def test_shortcuts_lower_the_training_loss_of_20_layers_and_raise_that_of_8():
    eight, twenty = (find_loss(name) for name in DEPTHS)
    eight_without, twenty_without = (
        find_loss(f"{name}-without-shortcuts") for name in DEPTHS
    )
    assert (twenty < twenty_without).all()
    assert (eight > eight_without)[1:].all() and eight[0] < eight_without[0]
    # No degradation at 20 layers, with shortcuts or without.
    assert max(twenty[-1], twenty_without[-1]) < min(eight[-1], eight_without[-1])


def test_shortcuts_have_weights_where_the_size_of_the_maps_changes():
    for name in DEPTHS:
        more = find_network(name).parameters
        more -= find_network(f"{name}-without-shortcuts").parameters
        assert more == (16 * 32 + 2 * 32) + (32 * 64 + 2 * 64)


def test_augmentation_is_ahead_of_plain_images_that_are_learned_by_heart():
    augmented, plain = "resnet", "resnet-plain-images"
    assert find_ends(augmented, plain)[0] > 0
    assert compare(augmented, plain, LABELS).by_seed.size == 1
    assert load(plain)[0].history["accuracy"][-1] > 0.998
    assert max(load(augmented)[0].history["accuracy"]) < 0.97
    settings = [list_settings(find_network(name)) for name in (augmented, plain)]
    assert settings[0].pop("augmentation") and not settings[1].pop("augmentation")
    assert settings[0] == settings[1]
    assert settings[0]["epochs"] == 15
    right = load(plain)[0].y_prob_test.argmax(axis=1) == LABELS
    assert right.mean() > find_network(plain).reported


def test_all_four_networks_were_trained_alike():
    """The notebook prints how the first one was; the rate rises over a fifth."""
    names = [f"{name}{kind}" for name in DEPTHS for kind in ("", "-without-shortcuts")]
    trained = [list_settings(find_network(name)) for name in names]
    for settings in trained:
        settings.pop("settings")
    assert trained == [trained[0]] * 4
    assert trained[0]["schedule"] == {"name": "cosine", "warm_up": 1 / 5}


def test_networks_of_20_layers_have_more_parameters():
    eight, twenty = (find_network(name).parameters for name in DEPTHS)
    assert twenty > 3 * eight


def test_shortcuts_cost_8_layers_and_are_within_chance_at_20_on_test_images():
    assert find_ends("resnet-8", "resnet-8-without-shortcuts")[1] < 0
    low, high = find_ends("resnet-20", "resnet-20-without-shortcuts")
    assert low < 0 < high
    for suffix in ("", "-without-shortcuts"):
        names = [f"{name}{suffix}" for name in DEPTHS[::-1]]
        assert find_ends(*names)[0] > 0


def measure_slopes(seed):
    """Return the length of the slopes at the first layer, at three depths.

    By what is done against fading: "nothing", "He", "shortcuts"; and whether layers
    are normalized.
    """
    images, labels = load_training_set()
    batch, truth, found = images[:16].astype("float32"), labels[:16], {}
    kinds = {"nothing": {"shortcuts": False}, "shortcuts": {}}
    kinds["He"] = {"shortcuts": False, "initializer": "he_uniform"}
    for kind, settings in kinds.items():
        for depth in (8, 20, 44):
            keras.utils.set_random_seed(seed)
            model = residual.build_resnet(10, depth=depth, **settings)
            for normalize in (False, True):
                size = deeper.measure_slopes(model, batch, truth, normalize=normalize)
                found.setdefault((kind, normalize), []).append(size)
    return found


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_slopes_fade_only_without_he_weights_shortcuts_and_normalization(seed):
    found = measure_slopes(seed)
    faded, he = found.pop(("nothing", False)), found.pop(("He", False))
    assert faded[0] > 10 * faded[1] > 1000 * faded[2]
    assert faded[2] < 1e-5 * faded[0]
    # About √2 in each of the 36 layers more.
    assert (faded[0] / faded[2]) ** (1 / 36) == pytest.approx(2**0.5, abs=0.2)
    # That of He weights is about 1.
    assert (he[0] / he[2]) ** (1 / 36) == pytest.approx(1, abs=0.15)
    assert all(sizes[2] > sizes[0] for sizes in found.values())
    growth = {kind: sizes[2] / sizes[0] for kind, sizes in found.items()}
    fastest = min(growth.pop((kind, True)) for kind in ("nothing", "He"))
    assert fastest > 3 * max(growth.values())


def test_normalized_networks_with_he_and_glorot_weights_are_the_same():
    batch, found = IMAGES[:16].astype("float32"), []
    for initializer in ("glorot_uniform", "he_uniform"):
        keras.utils.set_random_seed(0)
        settings = {"shortcuts": False, "initializer": initializer}
        model = residual.build_resnet(10, depth=8, **settings)
        size = deeper.measure_slopes(model, batch, LABELS[:16], normalize=True)
        found.append((np.array(model(batch, training=True)), size))
    (glorot, longer), (he, shorter) = found
    assert glorot == pytest.approx(he, abs=0.02)
    # Of a first convolution from 1 map to 16, by the variances of both rules.
    assert longer / shorter == pytest.approx(17**0.5, rel=0.1)


def test_batch_normalization_of_a_new_network_changes_nothing_outside_of_training():
    layer, x = keras.layers.BatchNormalization(), np.float32([[1, 2], [3, -4]])
    assert np.array(layer(x, training=False)) == pytest.approx(x, rel=1e-3)
    assert np.array(layer(x, training=True)).mean() == pytest.approx(0, abs=1e-6)


def test_features_are_ahead_of_linear_but_not_of_dense_networks_on_pixels():
    low, high = find_ends("squeezenet-features", "mlp-2x256")
    assert low < 0 < high
    assert find_ends("squeezenet-features", "leaky-mlp")[1] < 0
    head, dense = (
        find_network(name).parameters for name in ("squeezenet-features", "leaky-mlp")
    )
    assert dense == pytest.approx(head, rel=0.01)


def test_fine_tuning_is_ahead_of_features_and_dense_networks_and_behind_the_small():
    tuned = "squeezenet-fine-tuned"
    for behind in ("squeezenet-features", "leaky-mlp", "mlp-2x256"):
        assert find_ends(tuned, behind)[0] > 0
    assert find_ends(tuned, "cnn-adam-dropout")[1] < 0


def test_features_are_ahead_of_softmax_and_far_behind_the_small_network():
    assert find_ends("squeezenet-features", "softmax-regression")[0] > 100
    assert find_ends("squeezenet-features", "cnn-adam-dropout")[1] < -200
    small, large = "cnn-adam-dropout", "squeezenet-features"
    assert find_network(small).parameters < find_network(large).parameters / 2


@pytest.fixture
def gap():
    """Return a function: what sorts of features add up to, and its half width."""
    right = imagenet.load_answers()

    def measure(*signs):
        """Add up sorts of features, each with its sign."""
        total = sum(sign * right[name].astype(int) for name, sign in signs)
        return total.mean(), 1.96 * total.std() / np.sqrt(len(total))

    return measure


def test_weights_of_imagenet_help(gap):
    for other in ("features, not trained", "pixels"):
        lead, half = gap(("features", 1), (other, -1))
        assert lead > half
    lead, half = gap(("features, not trained", 1), ("pixels", -1))
    assert lead < -0.03 and lead < -half


def test_features_lose_several_times_as_much_as_pixels_at_half_the_resolution(gap):
    losses = [
        ((name, 1), (f"{name}, half the resolution", -1))
        for name in ("features", "pixels")
    ]
    of_features, of_pixels = (gap(*loss)[0] for loss in losses)
    assert of_features > 2 * of_pixels > 0
    more, half = gap(*losses[0], *((name, -sign) for name, sign in losses[1]))
    assert more > half


def test_an_earlier_block_is_better_and_no_effect_of_place_was_found(gap):
    lead, half = gap(("features of fire5", 1), ("features", -1))
    assert lead > half
    lead, half = gap(("features by place", 1), ("features", -1))
    assert abs(lead) < half


def test_some_filters_of_the_first_layer_see_little_in_gray():
    left = imagenet.measure_gray(imagenet.load_answers()["filters"])
    noise = np.random.default_rng(0).normal(size=(3, 3, 3, 10_000))
    of_random = imagenet.measure_gray(noise)
    assert 5 < np.sum(left < 0.1) < 32
    assert np.mean(left < 0.1) > 5 * np.mean(of_random < 0.1)
    assert left.mean() > 1.2 * of_random.mean()
    assert of_random.mean() == pytest.approx(1 / 3, abs=0.01)


def test_maps_of_figure_3_are_those_with_the_largest_mean():
    found = imagenet.load_answers()
    for name in imagenet.SHOWN:
        means = found[name].astype(float).mean(axis=(1, 2))
        assert (np.diff(means) < 0.1).all() and len(means) == 6


def test_most_of_the_strongest_first_maps_respond_to_the_ground():
    maps = imagenet.load_answers()["conv1"].astype(float)
    shirt = IMAGES[LABELS == 6][0]
    ground = np.kron(shirt, np.ones((48, 48))).reshape(28 * 48, 28 * 48)
    ground = ground[14::28, 14::28] == 0  # as many places as a map has
    outside, inside = maps[:, ground].mean(axis=1), maps[:, ~ground].mean(axis=1)
    assert np.sum(outside > 2 * inside) > len(maps) / 2


@pytest.mark.integration
def test_squeezenet_takes_many_times_as_long_as_the_small_network():
    seconds = []
    squeezenet = transfer.build_fine_tuned(10, weights={})
    for model in (build(find_network("cnn-adam-dropout")), squeezenet):
        taken = []
        for _ in range(4):
            start = time.perf_counter()
            model.predict_on_batch(IMAGES[:200])
            taken.append(time.perf_counter() - start)
        seconds.append(min(taken[1:]))
    assert seconds[1] > 5 * seconds[0]


def test_squeezenet_multiplies_about_as_many_times_more_as_it_has_pixels():
    squeezenet = transfer.build_fine_tuned(10, weights={})
    small = build(find_network("cnn-adam-dropout"))
    more = count_multiplications(squeezenet) / count_multiplications(small)
    assert round((96 / 28) ** 2) == 12
    assert more == pytest.approx(12, rel=0.2)


@pytest.mark.slow
@pytest.mark.integration
def test_inception_has_thirty_times_the_parameters_without_tops():
    network = keras.applications.InceptionV3(
        include_top=False, weights=None, input_shape=(150, 150, 3)
    )
    squeezenet = transfer.build_squeezenet({})
    tops = 2049 * 1000, squeezenet.get_layer("conv10").count_params()
    bodies = network.count_params(), squeezenet.count_params() - tops[1]
    in_millions = [round(n / 1e6, 3) for n in (*bodies, *tops)]
    assert in_millions == [21.803, 0.722, 2.049, 0.513]
    assert [round(sum(n) / 1e6, 2) for n in zip(bodies, tops, strict=True)] == [
        23.85, 1.24,
    ]  # fmt: skip
    assert round(bodies[0] / bodies[1]) == 30
    assert 2 < (150 / 96) ** 2 < 3


def test_solutions_give_what_they_state():
    found = []
    for scale in (1, 1000):
        weights, adam = keras.Variable(np.zeros(3)), keras.optimizers.Adam(0.01)
        for slopes in ([0.1, -0.2, 0.3], [0.2, -0.1, 0.3]):
            given = keras.ops.convert_to_tensor(scale * np.float32(slopes))
            adam.apply([given], [weights])
        found.append(weights.numpy().round(4))
    assert np.array_equal(*found)
    ends = []
    for side in (28, 48, 96):
        sides = [side, -(-side // 2)]
        for _ in range(3):
            sides.append((sides[-1] - 3) // 2 + 1)
        ends.append(sides)
    assert ends[0] == [28, 14, 6, 2, 0]
    assert [sides[-1] for sides in ends] == [0, 2, 5]
    right = imagenet.load_answers()
    gain = right["features"].astype(int) - right["pixels"]
    of_classes = [gain[LABELS[:4000] == c] for c in range(10)]
    means = np.array([100 * of_class.mean() for of_class in of_classes])
    halves = [196 * of_class.std() / len(of_class) ** 0.5 for of_class in of_classes]
    assert CLASS_NAMES[means.argmax()] == "Pullover"
    assert means.max() == pytest.approx(7, abs=0.5)
    assert np.sum(np.abs(means) < halves) == 7  # with about four hundred images each
