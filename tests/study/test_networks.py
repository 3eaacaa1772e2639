import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest
from scipy.special import logsumexp

from fashionnet.data import CLOTHING, binary_labels
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.runs import Run, RunError, find_run
from fashionnet.study import networks, trainings
from fashionnet.study.networks import build_grouped_mlp
from fashionnet.study.tasks import task_labels

pytestmark = pytest.mark.integration

SMALL = {"hidden_units": (16, 8), "input_dropout": 0.0, "dropout": 0.0}
# What `small_data` and `train_run` do below, in a process of its own.
TRAIN_NOISE = """
import numpy as np
from fashionnet.runs import Recipe
from fashionnet.study import networks
from fashionnet.study.trainings import train_run

rng = np.random.default_rng(0)
images = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8)
labels = np.repeat(np.arange(10, dtype=np.uint8), 30)
x_test = np.full((40, 28, 28), 77, np.uint8)
y_test = np.arange(40, dtype=np.uint8) % 10
networks.load_training_set = lambda: (images, labels)
networks.load_test_set = lambda: (x_test, y_test)
recipe = Recipe(hidden_units=(16, 16), batch_size=64, epochs=2, patience=2)
train_run("multiclass", 0, recipe)
"""


@pytest.fixture
def small_data(noise, monkeypatch):
    """Let `train_run` see noise in place of the data set; test images are all 77."""
    x_test = np.full((40, 28, 28), 77, np.uint8)
    y_test = np.arange(40, dtype=np.uint8) % 10
    monkeypatch.setattr(networks, "load_training_set", lambda: noise)
    monkeypatch.setattr(networks, "load_test_set", lambda: (x_test, y_test))
    return x_test, y_test


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    """Train seed 0 on noise, once for all tests; hold its folder."""
    return {"home": tmp_path_factory.mktemp("trained") / "home"}


@pytest.fixture
def trained(trained_once, small_data, short_recipe, scratch_home, monkeypatch):
    """Give every test a finished run of its own to use or to damage."""
    if not trained_once["home"].exists():
        trainings.train_run("multiclass", 0, short_recipe)
        shutil.copytree(scratch_home, trained_once["home"])
    else:
        shutil.copytree(trained_once["home"], scratch_home)
    return find_run("multiclass", 0, short_recipe)


def test_grouped_network_has_the_weights_of_the_ten_class_network():
    networks = []
    for build in (lambda **settings: build_mlp(10, **settings), build_grouped_mlp):
        keras.utils.set_random_seed(3)
        networks.append(build(hidden_units=(256, 256), input_dropout=0.2, dropout=0.0))
    ten, grouped = networks
    for ours, theirs in zip(grouped.get_weights(), ten.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_grouped_network_adds_up_the_clothing_classes(noise):
    ten, grouped = build_mlp(10, **SMALL), build_grouped_mlp(**SMALL)
    grouped.set_weights(ten.get_weights())
    summed = predict_probabilities(ten, noise[0])[:, CLOTHING].sum(axis=1)
    y_prob = predict_probabilities(grouped, noise[0])
    assert y_prob.shape == (300,)
    np.testing.assert_allclose(y_prob, summed, rtol=1e-5)


def test_loss_of_the_grouped_network_is_the_log_of_the_summed_share(noise):
    images, y_true = noise[0], binary_labels(noise[1])
    model = build_grouped_mlp(**SMALL)
    # Scores so far apart that probabilities would be rounded to 0 and 1.
    kernel, bias = model.layers[-3].get_weights()
    model.layers[-3].set_weights([200 * kernel, bias])
    model.compile(loss="binary_crossentropy")
    until_scores = keras.Sequential(model.layers[:-2])
    scores = until_scores.predict(images, verbose=0).astype(np.float64)
    assert np.ptp(scores, axis=1).max() > 100
    right = np.isin(np.arange(10), CLOTHING) == y_true[:, None]
    shares = logsumexp(scores, axis=1, b=right) - logsumexp(scores, axis=1)
    loss = model.evaluate(images, y_true, batch_size=300, verbose=0)
    assert loss == pytest.approx(-shares.mean(), rel=1e-4)


def test_finished_run_is_reused_and_says_so(trained, short_recipe, capsys, monkeypatch):
    monkeypatch.setattr(networks, "train_split", pytest.fail)
    again = trainings.train_run("multiclass", 0, short_recipe)
    assert "multiclass, seed 0: finished run reused" in capsys.readouterr().out
    np.testing.assert_array_equal(trained.y_prob_test, again.y_prob_test)


def test_stored_run_reloads_to_equal_predictions(trained, small_data):
    y_prob = predict_probabilities(networks.load_network(trained), small_data[0])
    np.testing.assert_array_equal(y_prob, trained.y_prob_test)


def test_damaged_run_is_refused_unless_told_to_train_again(
    trained, short_recipe, monkeypatch
):
    (trained.folder / "predictions.npz").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"predictions\.npz"):
        trainings.train_run("multiclass", 0, short_recipe)

    def train(*args, **settings):
        raise InterruptedError

    monkeypatch.setattr(networks, "train_split", train)
    with pytest.raises(InterruptedError):
        trainings.train_run("multiclass", 0, short_recipe, retrain=True)


def test_binary_run_has_one_probability_per_image(small_data, short_recipe):
    run = trainings.train_run("binary", 0, short_recipe)
    assert run.y_prob_test.shape == (40,)
    assert run.y_prob_val.shape == (30,)


@pytest.mark.parametrize(
    ("task", "n_train", "n_classes"),
    [
        ("multiclass", 50, 10),
        ("binary", 50, None),
        ("grouped", None, None),
        ("three_groups", None, 3),
    ],
)
def test_run_for_part_3_keeps_its_answers_only(
    task, n_train, n_classes, small_data, short_recipe
):
    run = trainings.train_run(task, 0, short_recipe._replace(n_train=n_train))
    assert run.y_prob_test.shape == (40,)
    assert run.y_prob_val.shape == (30,)
    metrics, y_pred = run.manifest["metrics"], run.y_pred_test
    n_correct = int(((run.y_prob_test > 0.5) == binary_labels(small_data[1])).sum())
    assert (metrics["n_correct"], metrics["n_test"]) == (n_correct, 40)
    if n_classes is None:
        assert y_pred is None
        assert "n_correct_classes" not in metrics
    else:
        # All test images are the same one, and there are four of each class.
        group = task_labels(task, np.arange(10))
        assert len(set(y_pred)) == 1
        assert y_pred[0] < n_classes
        assert metrics["n_correct_classes"] == 4 * (group == y_pred[0]).sum()
    with pytest.raises(RunError, match="without weights"):
        networks.load_network(run)


def test_small_set_trains_on_so_many_images_and_validates_on_all(
    small_data, short_recipe, monkeypatch
):
    sizes = []

    def record(task, split, **settings):
        sizes.append((len(split.x_train), len(split.x_val)))
        raise InterruptedError

    monkeypatch.setattr(networks, "train_split", record)
    with pytest.raises(InterruptedError):
        trainings.train_run("binary", 0, short_recipe._replace(n_train=50))
    assert sizes == [(50, 30)]


def test_impossible_number_of_images_is_refused_by_name(small_data, short_recipe):
    with pytest.raises(ValueError, match=r"n_train is 271.*to 270"):
        trainings.train_run("binary", 0, short_recipe._replace(n_train=271))


def test_manifest_has_the_number_of_threads(trained):
    assert trained.manifest["threads"] >= 1


def test_no_fit_or_callback_sees_the_test_set(small_data, short_recipe, monkeypatch):
    seen = []
    fit = keras.Sequential.fit

    def watch(self, batches, *, validation_data, **settings):
        x_train = np.concatenate([x.numpy() for x, _ in batches])
        seen.extend([x_train, validation_data[0]])
        return fit(self, batches, validation_data=validation_data, **settings)

    monkeypatch.setattr(keras.Sequential, "fit", watch)
    trainings.train_run("multiclass", 0, short_recipe)
    assert [len(images) for images in seen] == [270, 30]
    # Every test image is 77 throughout, and no noise image is.
    assert not any((images == 77).all(axis=(1, 2)).any() for images in seen)


def test_both_tasks_train_on_the_same_images(noise, small_data, monkeypatch):
    splits = {}

    def record(task, split, **settings):
        splits[task] = split
        raise InterruptedError

    monkeypatch.setattr(networks, "train_split", record)
    for task in ("multiclass", "binary"):
        with pytest.raises(InterruptedError):
            trainings.train_run(task, 5)
    ten, two = splits["multiclass"], splits["binary"]
    np.testing.assert_array_equal(ten.x_train, two.x_train)
    np.testing.assert_array_equal(binary_labels(ten.y_val), two.y_val)


def test_two_processes_train_at_once_and_equal_seeds_agree(
    trained, small_data, short_recipe, scratch_home, tmp_path
):
    env = os.environ | {"FASHIONNET_HOME": str(tmp_path / "other home")}
    with subprocess.Popen([sys.executable, "-c", TRAIN_NOISE], env=env) as fresh:
        other = trainings.train_run("multiclass", 1, short_recipe)
    assert fresh.returncode == 0
    (stored,) = (tmp_path / "other home").rglob("predictions.npz")
    there = np.load(stored)["y_prob_test"]
    np.testing.assert_array_equal(trained.y_prob_test, there)
    assert not np.array_equal(other.y_prob_test, there)


def test_interrupted_training_leaves_no_run(small_data, short_recipe, monkeypatch):
    def interrupt(*args, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(networks, "train_split", interrupt)
    with pytest.raises(KeyboardInterrupt):
        trainings.train_run("multiclass", 0, short_recipe)
    assert find_run("multiclass", 0, short_recipe) is None


def test_unknown_task_is_refused_by_name():
    with pytest.raises(ValueError, match="'ternary'"):
        trainings.train_run("ternary", 0)


def make_stored(task, y_prob):
    metrics = {"n_correct": 1, "n_test": len(y_prob), "test_accuracy": 0.5}
    return Run({"task": task, "metrics": metrics}, {}, y_prob, y_prob, weights=b"w")


def test_condensed_classes_keep_the_sum_of_clothing_and_the_likeliest():
    rng = np.random.default_rng(0)
    y_prob = rng.dirichlet(np.ones(10), 50).astype(np.float32)
    labels = rng.integers(0, 10, 50)
    run = networks.condense_run(make_stored("multiclass", y_prob), labels)
    by_hand = [sum(float(row[c]) for c in CLOTHING) for row in y_prob]
    np.testing.assert_allclose(run.y_prob_test, by_hand, rtol=1e-6)
    np.testing.assert_array_equal(run.y_pred_val, y_prob.argmax(axis=1))
    assert (run.y_prob_val.dtype, run.y_pred_test.dtype) == (np.float32, np.uint8)
    right = (np.array(by_hand) > 0.5) == binary_labels(labels)
    assert run.manifest["metrics"]["n_correct"] == right.sum()
    assert run.manifest["metrics"]["test_accuracy"] == right.mean()
    assert run.manifest["metrics"]["n_correct_classes"] == 1
    assert run.weights is None


def test_condensed_groups_keep_the_first_column():
    y_prob = np.array([[0.7, 0.1, 0.2], [0.2, 0.3, 0.5]], np.float32)
    run = networks.condense_run(make_stored("three_groups", y_prob), np.array([0, 8]))
    np.testing.assert_array_equal(run.y_prob_test, y_prob[:, 0])
    assert run.y_pred_test.tolist() == [0, 2]


@pytest.mark.parametrize("name", ["binary", "grouped"])
def test_a_single_probability_is_kept_as_it_is(name):
    y_prob = np.array([0.25, 0.75], np.float32)
    run = networks.condense_run(make_stored(name, y_prob), np.array([0, 8]))
    np.testing.assert_array_equal(run.y_prob_test, y_prob)
    assert run.y_pred_test is None
    assert run.weights is None
