"""What the notebook on convolutions claims is true of every stored training."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import binomtest

from fashionnet.data import CLASS_NAMES, load_test_set, load_training_set
from fashionnet.evaluation import count_confusions
from fashionnet.publish.published import ROOT
from fashionnet.study.contrasts import estimate_images
from fashionnet.zoo.comparing import compare_seeds
from fashionnet.zoo.looking import correlate_ranks, find_place, trace_fields
from fashionnet.zoo.permuted import PermutePixels, build_permuted
from fashionnet.zoo.scoreboard import PUBLISHED, list_ours
from fashionnet.zoo.stored import find_training
from fashionnet.zoo.summary import find_right, load_trainings
from fashionnet.zoo.table import COSINE, MLP, find_network
from fashionnet.zoo.trainings import load_network

IMAGES, LABELS = load_test_set()
SHIRT = CLASS_NAMES.index("Shirt")
N = np.arange(20)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Read the published trainings."""
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))


def find_rights(name, *, n_seeds=3):
    """Say which images each training labels right, or skip the test without them."""
    trainings = load_trainings(find_network(name))
    if len(trainings) < n_seeds:
        pytest.skip(f"{len(trainings)} of {n_seeds} trainings of {name} are stored")
    return find_right(trainings, LABELS)


def load_seed_0(name):
    return load_network(find_network(name), find_training(find_network(name), 0))


def shuffle(model, seed):
    """Return another network with the weights of this one shuffled, layer by layer."""
    other, rng = keras.models.clone_model(model), np.random.default_rng(seed)
    other.set_weights([rng.permuted(w, axis=None) for w in model.get_weights()])
    return other


def hide(model, ground=0):
    """Map by how much hiding a square lowers the probability of the true class."""
    few, truth, drop = IMAGES[:20], LABELS[:20], np.zeros((20, 14, 14))
    before = model.predict_on_batch(few)[N, truth]
    for row, column in np.ndindex(14, 14):
        hidden = few.copy()
        rows = slice(max(0, 2 * row - 2), 2 * row + 4)
        hidden[:, rows, max(0, 2 * column - 2) : 2 * column + 4] = ground
        drop[:, row, column] = before - model.predict_on_batch(hidden)[N, truth]
    return drop


def split_last_block(model, images):
    """Return the last feature maps, and the two dense layers after them."""
    last, dense, output = [layer for layer in model.layers if layer.weights][-3:]
    body = keras.Model(model.inputs, last.output)
    return body.predict(images, verbose=0), dense, output


def slope_of_truth(model, images, truth):
    """Compute the slopes along the last feature maps as the notebook does."""
    maps, dense, output = split_last_block(model, images)
    weights, bias = dense.get_weights()
    is_active = maps.reshape(len(maps), -1) @ weights + bias > 0
    of_truth = output.get_weights()[0][:, truth].T
    return maps, ((is_active * of_truth) @ weights.T).reshape(maps.shape)


def add_up_maps(model):
    """Return what Grad-CAM adds up, before it keeps what is positive."""
    maps, slopes = slope_of_truth(model, IMAGES[:20], LABELS[:20])
    importance = slopes.mean(axis=(1, 2), keepdims=True)
    return (importance * maps).sum(axis=3)


def correlate(one, other):
    """Correlate maps after subtracting the mean of each."""
    both = np.array([one, other])
    both -= both.mean(axis=(2, 3), keepdims=True)
    return np.corrcoef(both.reshape(2, -1))[0, 1]


@pytest.fixture(scope="module")
def model():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
        return load_seed_0("cnn-adam-dropout")


def test_parameters_are_those_of_the_text(model):
    counts = [layer.count_params() for layer in model.layers if layer.weights]
    assert counts[:3] == [320, 18_496, 73_856]
    assert round(785 * 26 * 26 * 32, -6) == 17_000_000
    assert sum(counts) == 241_546


def test_receptive_fields_are_those_of_the_text(model):
    # With positive weights, a number is above 0 if it depends on the lit pixel.
    positive, sides = keras.models.clone_model(model), []
    positive.set_weights([np.abs(w) for w in model.get_weights()[:-2]]
                         + model.get_weights()[-2:])  # fmt: skip
    dark = [np.zeros_like(w) if w.ndim == 1 else w for w in positive.get_weights()]
    positive.set_weights(dark)
    lit = np.uint8(255 * np.eye(784).reshape(784, 28, 28))
    for layer in positive.layers:
        if layer.name.startswith(("conv2d", "max_pooling2d")):
            body = keras.Model(positive.inputs, layer.output)
            maps = body.predict(lit, batch_size=784, verbose=0)
            middle = maps.shape[1] // 2
            reached = maps[:, middle, middle].max(axis=1).reshape(28, 28) > 0
            sides.append([np.ptp(np.flatnonzero(reached.any(axis=i))) + 1
                          for i in (0, 1)])  # fmt: skip
    assert sides == [[side, side] for side in (3, 4, 8, 10, 18)]


def test_filters_of_block_1_have_both_signs_and_most_numbers_in_maps_are_zero(model):
    kernels = model.get_weights()[0][:, :, 0]
    assert (kernels.min(axis=(0, 1)) < 0).all()
    assert (kernels.max(axis=(0, 1)) > 0).all()
    shirt = IMAGES[LABELS == SHIRT][:1]
    for layer in model.layers:
        if layer.name.startswith("conv2d"):
            maps = keras.Model(model.inputs, layer.output).predict(shirt, verbose=0)
            assert np.mean(maps == 0) > 0.5


def test_adam_is_ahead_and_dropout_is_within_chance():
    plain, sgd = find_rights("cnn-sgd"), find_rights("cnn-sgd-dropout")
    adam = find_rights("cnn-adam-dropout")
    assert not estimate_images(sgd.astype(int) - plain).excludes_zero()
    ahead = adam.astype(int) - sgd
    assert (ahead.sum(axis=1) > 0).all()
    assert estimate_images(ahead).excludes_zero()
    shares = np.array([0.9106, 0.9125])
    assert np.sqrt(10_000 * np.sum(shares * (1 - shares))) == pytest.approx(40, abs=1)


@pytest.mark.parametrize("name", ["cnn-sgd", "cnn-sgd-dropout", "cnn-adam-dropout"])
def test_shirt_is_the_hardest_class(name):
    for training in load_trainings(find_network(name)).values():
        matrix = count_confusions(LABELS, training.y_prob_test.argmax(axis=1), 10)
        assert np.diag(matrix).argmin() == SHIRT


def count_ink():
    """Add up the gray levels that each square of `hide` covers."""
    ink = np.zeros((20, 14, 14))
    for row, column in np.ndindex(14, 14):
        rows = slice(max(0, 2 * row - 2), 2 * row + 4)
        columns = slice(max(0, 2 * column - 2), 2 * column + 4)
        ink[:, row, column] = IMAGES[:20, rows, columns].sum(axis=(1, 2))
    return ink


@pytest.mark.integration
def test_drops_depend_on_the_weights_and_their_sizes_on_the_ink(model):
    seen, sums, ink = hide(model), add_up_maps(model), count_ink()
    for seed in range(3):
        shuffled = shuffle(model, seed)
        other = hide(shuffled)
        assert abs(correlate_ranks(seen, other)) < 0.2
        assert correlate_ranks(np.abs(seen), np.abs(other)) > 0.5
        assert correlate_ranks(np.abs(other), ink) > 0.6
        assert abs(correlate_ranks(sums, add_up_maps(shuffled))) < 0.3
    assert correlate_ranks(np.abs(seen), ink) > 0.6
    assert [find_place(seen[i]) for i in (0, 2)] == ["middle", "top"]


def test_last_two_pixels_of_each_side_are_not_seen(model):
    last = trace_fields(model)["last pixel"].iloc[-1]
    assert last == 25
    few = IMAGES[:50].copy()
    before = model.predict(few, verbose=0)
    few[:, last + 1 :], few[:, :, last + 1 :] = 255, 255
    assert np.array_equal(model.predict(few, verbose=0), before)
    few[:, last] = 255
    assert not np.array_equal(model.predict(few, verbose=0), before)


@pytest.mark.slow
@pytest.mark.integration
def test_another_network_has_like_maps_and_another_ground_has_not(model):
    seen = hide(model)
    assert correlate_ranks(seen, hide(load_seed_0("small-resnet"))) > 0.4
    assert correlate(seen, hide(model, ground=128)) < 0.2


@pytest.mark.integration
def test_grad_cam_mostly_marks_other_places_than_occlusion(model):
    # The squares in the middle of the places of Grad-CAM: 8.5, 12.5 and 16.5.
    drops = hide(model)[:, 4:9:2, 4:9:2]
    assert abs(correlate_ranks(add_up_maps(model), drops)) < 0.2
    assert abs(correlate_ranks(np.maximum(add_up_maps(model), 0), drops)) < 0.2


def test_some_maps_of_shuffled_networks_are_empty_and_those_of_the_trained_are_not(
    model,
):
    n_empty = [
        np.sum((add_up_maps(judge) <= 0).all(axis=(1, 2)))
        for judge in (model, *(shuffle(model, seed) for seed in range(3)))
    ]
    assert n_empty[0] == 0
    assert min(n_empty[1:]) >= 1 and sum(n_empty[1:]) >= 15


def test_slopes_by_the_chain_rule_are_those_of_tensorflow(model):
    maps, slopes = slope_of_truth(model, IMAGES[:20], LABELS[:20])
    _, dense, output = split_last_block(model, IMAGES[:1])
    watched = tf.constant(maps)
    with tf.GradientTape() as tape:
        tape.watch(watched)
        hidden = dense(tf.reshape(watched, (20, -1)))
        scores = hidden @ output.kernel + output.bias
        truth = tf.one_hot(LABELS[:20], 10)
        total = tf.reduce_sum(scores * truth)
    assert slopes == pytest.approx(tape.gradient(total, watched).numpy(), abs=1e-4)


def test_dense_network_does_not_notice_shuffled_pixels():
    [shuffled] = find_rights("mlp-2x256-permuted", n_seeds=1).sum(axis=1)
    plain = find_rights("mlp-2x256").sum(axis=1)
    assert plain.min() <= shuffled <= plain.max()


def test_convolutional_network_loses_on_shuffled_pixels_what_it_was_ahead():
    [shuffled] = find_rights("cnn-adam-dropout-permuted", n_seeds=1).sum(axis=1)
    assert shuffled < find_rights("cnn-adam-dropout").sum(axis=1).min() - 100
    assert shuffled < find_rights("mlp-2x256").sum(axis=1).min()
    table = compare_seeds(["mlp-2x256", "cnn-adam-dropout"], "permuted", LABELS)
    found = table.loc["cnn-adam-dropout"]
    assert len(found) == 3 and (found["to"] < -300).all()
    assert table.loc["mlp-2x256"]["difference"].abs().max() < 100


def test_shuffled_pixels_have_neighbors_that_are_not_alike():
    images = load_training_set()[0][:1000]
    order = PermutePixels(seed=0).order
    shuffled = images.reshape(1000, -1)[:, order].reshape(images.shape)
    for pictures, (low, high) in ((images, (0.7, 1)), (shuffled, (-0.2, 0.2))):
        x = pictures.astype(float)
        r = np.corrcoef(x[:, :, 1:].ravel(), x[:, :, :-1].ravel())[0, 1]
        assert low < r < high


def test_two_of_the_first_thirty_are_wrong_which_says_little():
    y_pred = load_trainings(find_network("cnn-adam-dropout"))[0].y_prob_test.argmax(1)
    wrong = np.flatnonzero(y_pred[:30] != LABELS[:30])
    names = [(CLASS_NAMES[LABELS[i]], CLASS_NAMES[y_pred[i]]) for i in wrong]
    assert names == [("Ankle boot", "Sandal"), ("Coat", "Pullover")]
    found = binomtest(28, 30).proportion_ci(method="wilson")
    assert found.high - found.low == pytest.approx(0.2, abs=0.02)


def test_no_effect_of_augmentation_on_the_dense_network_was_found():
    augmented, plain = find_rights("mlp-2x256-augmented"), find_rights("mlp-2x256")
    estimate = estimate_images(augmented.astype(int) - plain)
    assert not estimate.excludes_zero()
    assert np.ptp(estimate.interval()) > 100


def list_accuracies():
    """List the accuracies of Figure 7 by name; those of others as they are called."""
    ours = {row["network"]: row["test_accuracy"] for row in list_ours(LABELS)}
    return ours | {p.network: p.test_accuracy for p in PUBLISHED}


def test_convolutional_networks_of_001_are_ahead_of_its_dense_ones_and_a_committee():
    accuracies = list_accuracies()
    names = ("cnn-sgd", "cnn-sgd-dropout", "cnn-adam-dropout")
    convolutional = [accuracies[f"{by}{n}"] for n in names for by in ("", "001: ")]
    names = ("mlp-2x256", "mlp-3x256")
    dense = [accuracies[f"{by}{n}"] for n in names for by in ("", "001: ")]
    assert min(convolutional) > max(*dense, accuracies["Part 1"])
    committee = accuracies["ten-of-notebook-1"]
    assert min(convolutional) > committee
    error = np.sqrt(2 * committee * (1 - committee) / 10_000)
    reported = [accuracies[name] for name in accuracies if "001: cnn" in name]
    assert len(reported) == 3 and max(reported) - committee < 2 * error
    assert accuracies["cnn-adam-dropout"] - committee > 2 * error


def test_two_points_of_figure_7_do_not_fit():
    accuracies = list_accuracies()
    assert accuracies["squeezenet-features"] < accuracies["001: cnn-sgd-dropout"]
    assert accuracies["001: cnn-adam-dropout"] < accuracies["MLP 3×1024"]
    assert accuracies["MLP 3×1024"] < accuracies["cnn-adam-dropout"]
    [large] = [p for p in PUBLISHED if p.network == "MLP 3×1024"]
    assert round(large.parameters / find_network("cnn-sgd").parameters) == 12


def test_adam_is_ahead_of_the_document_by_more_than_two_standard_errors():
    reported = find_network("cnn-adam-dropout").reported
    reached = find_rights("cnn-adam-dropout").mean()
    error = np.sqrt((reported * (1 - reported) + reached * (1 - reached)) / len(LABELS))
    assert reached - reported > 2 * error


def test_settings_are_those_of_the_text():
    for name in ("cnn-sgd", "cnn-sgd-dropout", "cnn-adam-dropout"):
        assert find_network(name).schedule == COSINE
    assert find_network("small-resnet").epochs == 40
    assert find_network("small-resnet").views == 18
    strong = find_network("small-resnet").augmentation
    assert strong == {"flip": True, "shift": 2, "erase": 0.5}


def test_permuted_weights_make_a_dense_layer_answer_alike():
    network = build_permuted(10, of=MLP, seed=0, hidden_units=(16,), dropout=0.2)
    plain = network.layers[-1]
    before = plain.predict(IMAGES[:5], verbose=0)
    first = next(layer for layer in plain.layers if layer.weights)
    weights, *rest = first.get_weights()
    first.set_weights([weights[network.layers[0].order], *rest])
    after = network.predict(IMAGES[:5], verbose=0)
    assert after == pytest.approx(before, abs=1e-5)


def test_small_resnet_is_ahead_of_the_documents_and_behind_a_larger_effort():
    accuracies = find_rights("small-resnet", n_seeds=1).mean(axis=1)
    assert (accuracies > 0.9176).all()
    best = [p for p in PUBLISHED if p.network.startswith("ResNet-20")]
    assert (accuracies < min(p.test_accuracy for p in best)).all()


@pytest.mark.slow
@pytest.mark.integration
def test_solution_on_shifts_prints_what_it_says(model):
    counts = []
    for judge in (model, load_seed_0("leaky-mlp")):
        for shift in range(4):
            moved = np.pad(IMAGES, ((0, 0), (0, 0), (shift, 0)))[:, :, :28]
            y_prob = judge.predict(moved, batch_size=1000, verbose=0)
            counts.append(np.sum(y_prob.argmax(axis=1) == LABELS))
    expected = [9248, 9033, 8251, 5894, 8986, 8294, 6063, 3663]
    assert counts == pytest.approx(expected, abs=5)
