import os
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from fashionnet import training
from fashionnet.data import binary_labels, split_train_val
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.runs import Recipe, RunError, find_run
from fashionnet.tasks import task_labels

pytestmark = pytest.mark.integration

# What `small_data` and `train_run` do below, in a process of its own.
TRAIN_NOISE = """
import numpy as np
from fashionnet import training
from fashionnet.runs import Recipe

rng = np.random.default_rng(0)
images = rng.integers(0, 256, (300, 28, 28), dtype=np.uint8)
labels = np.repeat(np.arange(10, dtype=np.uint8), 30)
x_test = np.full((40, 28, 28), 77, np.uint8)
data = images, labels, x_test, np.arange(40, dtype=np.uint8) % 10
training.load_fashion_mnist = lambda: data
recipe = Recipe(hidden_units=(16, 16), batch_size=64, epochs=2, patience=2)
training.train_run("multiclass", 0, recipe)
"""


@pytest.fixture
def small_data(noise, monkeypatch):
    """Let `train_run` see noise in place of the data set; test images are all 77."""
    x_test = np.full((40, 28, 28), 77, np.uint8)
    y_test = np.arange(40, dtype=np.uint8) % 10
    monkeypatch.setattr(
        training, "load_fashion_mnist", lambda: (*noise, x_test, y_test)
    )
    return x_test, y_test


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory):
    """Train seed 0 on noise, once for all tests; hold its folder."""
    return {"home": tmp_path_factory.mktemp("trained") / "home"}


@pytest.fixture
def trained(trained_once, small_data, short_recipe, scratch_home, monkeypatch):
    """Give every test a finished run of its own to use or to damage."""
    if not trained_once["home"].exists():
        training.train_run("multiclass", 0, short_recipe)
        shutil.copytree(scratch_home, trained_once["home"])
    else:
        shutil.copytree(trained_once["home"], scratch_home)
    return find_run("multiclass", 0, short_recipe)


def rates(optimizer, n_steps):
    return [float(optimizer._learning_rate(step)) for step in range(n_steps + 1)]


def test_learning_rate_warms_up_then_falls_to_zero():
    optimizer = training.make_optimizer(
        learning_rate=0.01, weight_decay=0.1, n_steps=100
    )
    rate = rates(optimizer, 100)
    top = int(np.argmax(rate))
    assert top == pytest.approx(10, abs=1)
    assert max(rate) == pytest.approx(0.01)
    assert rate[0] < 0.002
    assert rate[100] == pytest.approx(0, abs=1e-8)
    assert (np.diff(rate[: top + 1]) > 0).all()
    assert (np.diff(rate[top:]) < 0).all()


def read_batches(batches):
    pairs = [(x.numpy(), y.numpy()) for x, y in batches]
    return [len(y) for _, y in pairs], *map(np.concatenate, zip(*pairs, strict=True))


def test_batches_hold_every_image_once_with_its_label(noise):
    images, labels = noise
    batches = training.make_batches(images, labels, batch_size=64, seed=0)
    assert len(batches) == 5
    sizes, x, y = read_batches(batches)
    assert sizes == [64, 64, 64, 64, 44]
    assert x.dtype == np.uint8
    place = {image.tobytes(): i for i, image in enumerate(images)}
    order = [place[image.tobytes()] for image in x]
    assert sorted(order) == list(range(300))
    np.testing.assert_array_equal(y, labels[order])


def test_batches_are_shuffled_anew_and_alike_for_equal_seeds(noise):
    first, second = (
        training.make_batches(*noise, batch_size=64, seed=seed) for seed in (3, 3)
    )
    other = training.make_batches(*noise, batch_size=64, seed=4)
    epoch = read_batches(first)[1]
    np.testing.assert_array_equal(epoch, read_batches(second)[1])
    assert (epoch != read_batches(first)[1]).any()
    assert (epoch != read_batches(other)[1]).any()


def test_training_without_validation_data_is_refused(noise, tmp_path):
    model = build_mlp(10, hidden_units=(4,))
    model.compile(loss="sparse_categorical_crossentropy")
    checkpoint = tmp_path / "best.weights.h5"
    callbacks = training.make_callbacks(checkpoint, patience=1)
    with pytest.raises(ValueError, match="validation_data"):
        model.fit(*noise, callbacks=callbacks, verbose=0)
    assert not checkpoint.exists()


def test_early_stopping_ends_training_and_best_weights_are_restored(noise, tmp_path):
    split = split_train_val(*noise, seed=0)
    recipe = Recipe((64,), input_dropout=0.0, dropout=0.0, epochs=30, patience=2)
    model, history = training.train_network(
        "multiclass", split, seed=0, recipe=recipe, checkpoint=tmp_path / "a.weights.h5"
    )
    best = int(np.argmin(history["val_loss"]))
    assert len(history["val_loss"]) == best + 1 + 2 < 30
    y_prob = predict_probabilities(model, split.x_val).astype(np.float64)
    loss = -np.log(y_prob[np.arange(len(y_prob)), split.y_val]).mean()
    assert loss == pytest.approx(history["val_loss"][best], rel=1e-4)
    assert loss != pytest.approx(history["val_loss"][-1], rel=1e-4)


def test_progress_is_one_line_that_only_grows_and_epochs_are_timed(
    noise, tmp_path, capsys
):
    split = split_train_val(*noise, seed=0)
    recipe = Recipe(hidden_units=(4,), epochs=6, patience=6)
    _, history = training.train_network(
        "multiclass", split, seed=0, recipe=recipe, checkpoint=tmp_path / "a.weights.h5"
    )
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert not {"\r", "\b"} & set(line)
    assert line.startswith("epoch ···· 5 ·  lowest val_loss ")
    assert len(history["seconds"]) == 6
    assert min(history["seconds"]) > 0


def test_finished_run_is_reused_and_says_so(trained, short_recipe, capsys, monkeypatch):
    monkeypatch.setattr(training, "train_network", pytest.fail)
    again = training.train_run("multiclass", 0, short_recipe)
    assert "multiclass, seed 0: finished run reused" in capsys.readouterr().out
    np.testing.assert_array_equal(trained.y_prob_test, again.y_prob_test)


def test_stored_run_reloads_to_equal_predictions(trained, small_data):
    y_prob = predict_probabilities(training.load_network(trained), small_data[0])
    np.testing.assert_array_equal(y_prob, trained.y_prob_test)


def test_damaged_run_is_refused_unless_told_to_train_again(
    trained, short_recipe, monkeypatch
):
    (trained.folder / "predictions.npz").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"predictions\.npz"):
        training.train_run("multiclass", 0, short_recipe)

    def train(*args, **settings):
        raise InterruptedError

    monkeypatch.setattr(training, "train_network", train)
    with pytest.raises(InterruptedError):
        training.train_run("multiclass", 0, short_recipe, retrain=True)


def test_binary_run_has_one_probability_per_image(small_data, short_recipe):
    run = training.train_run("binary", 0, short_recipe)
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
    run = training.train_run(task, 0, short_recipe._replace(n_train=n_train))
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
        training.load_network(run)


def test_small_set_trains_on_so_many_images_and_validates_on_all(
    small_data, short_recipe, monkeypatch
):
    sizes = []

    def record(task, split, **settings):
        sizes.append((len(split.x_train), len(split.x_val)))
        raise InterruptedError

    monkeypatch.setattr(training, "train_network", record)
    with pytest.raises(InterruptedError):
        training.train_run("binary", 0, short_recipe._replace(n_train=50))
    assert sizes == [(50, 30)]


def test_impossible_number_of_images_is_refused_by_name(small_data, short_recipe):
    with pytest.raises(ValueError, match=r"n_train is 271.*to 270"):
        training.train_run("binary", 0, short_recipe._replace(n_train=271))


def test_manifest_has_the_number_of_threads(trained):
    assert trained.manifest["threads"] >= 1


def test_no_fit_or_callback_sees_the_test_set(small_data, short_recipe, monkeypatch):
    seen = []
    fit = keras.Sequential.fit

    def watch(self, batches, *, validation_data, **settings):
        seen.extend([read_batches(batches)[1], validation_data[0]])
        return fit(self, batches, validation_data=validation_data, **settings)

    monkeypatch.setattr(keras.Sequential, "fit", watch)
    training.train_run("multiclass", 0, short_recipe)
    assert [len(images) for images in seen] == [270, 30]
    # Every test image is 77 throughout, and no noise image is.
    assert not any((images == 77).all(axis=(1, 2)).any() for images in seen)


def test_both_tasks_train_on_the_same_images(noise, small_data, monkeypatch):
    splits = {}

    def record(task, split, **settings):
        splits[task] = split
        raise InterruptedError

    monkeypatch.setattr(training, "train_network", record)
    for task in ("multiclass", "binary"):
        with pytest.raises(InterruptedError):
            training.train_run(task, 5)
    ten, two = splits["multiclass"], splits["binary"]
    np.testing.assert_array_equal(ten.x_train, two.x_train)
    np.testing.assert_array_equal(binary_labels(ten.y_val), two.y_val)


def test_two_processes_train_at_once_and_equal_seeds_agree(
    trained, small_data, short_recipe, scratch_home, tmp_path
):
    env = os.environ | {"FASHIONNET_HOME": str(tmp_path / "other home")}
    with subprocess.Popen([sys.executable, "-c", TRAIN_NOISE], env=env) as fresh:
        other = training.train_run("multiclass", 1, short_recipe)
    assert fresh.returncode == 0
    (stored,) = (tmp_path / "other home").rglob("predictions.npz")
    there = np.load(stored)["y_prob_test"]
    np.testing.assert_array_equal(trained.y_prob_test, there)
    assert not np.array_equal(other.y_prob_test, there)


def test_interrupted_training_leaves_no_run(small_data, short_recipe, monkeypatch):
    def interrupt(*args, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train_network", interrupt)
    with pytest.raises(KeyboardInterrupt):
        training.train_run("multiclass", 0, short_recipe)
    assert find_run("multiclass", 0, short_recipe) is None


def test_unknown_task_is_refused_by_name():
    with pytest.raises(ValueError, match="'ternary'"):
        training.train_run("ternary", 0)
