"""The network of each task, and its training from the data set to predictions."""

import math

import keras
import numpy as np
import pytest
from scipy.special import logsumexp

from fashionnet.data import CLOTHING, binary_labels, split_train_val
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.recipes import Recipe
from fashionnet.runs import Run, store_run
from fashionnet.storing import RunError
from fashionnet.study import networks
from fashionnet.study.networks import build_grouped_mlp, build_network, train_task
from fashionnet.study.tasks import TASKS, task_labels

pytestmark = pytest.mark.integration

SMALL = {"hidden_units": (16, 8), "input_dropout": 0.0, "dropout": 0.0}
SHORT = Recipe(hidden_units=(64,), dropout=0.2, batch_size=64, epochs=4, patience=4)
# Noise for data, and test images that are 77 throughout.
IMAGES = np.random.default_rng(0).integers(0, 256, (300, 28, 28), dtype=np.uint8)
LABELS = np.repeat(np.arange(10, dtype=np.uint8), 30)
X_TEST, Y_TEST = np.full((40, 28, 28), 77, np.uint8), np.resize(LABELS[::30], 40)


@pytest.fixture(scope="module", autouse=True)
def data():
    """Let trainings see noise in place of the data set."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(networks, "load_training_set", lambda: (IMAGES, LABELS))
        patch.setattr(networks, "load_test_set", lambda: (X_TEST, Y_TEST))
        yield


@pytest.fixture(scope="module")
def trained(data):
    """Train once for all tests; return the run, and what `fit` was given of images.

    With them comes the network as `fit` left it.
    """
    seen, fit = [], keras.Sequential.fit

    def watch(self, batches, *, validation_data, **settings):
        history = fit(self, batches, validation_data=validation_data, **settings)
        images = np.concatenate([x for x, _ in batches.as_numpy_iterator()])
        seen.extend((images, validation_data[0], self))
        return history

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Sequential, "fit", watch)
        return train_task("multiclass", 0, SHORT), seen


@pytest.fixture
def splits(monkeypatch):
    """Leave out the training of networks; list the splits they are given."""
    given = []

    def build(task, split, *, seed, recipe):
        given.append(split)
        history = {"val_loss": [1.0], "val_accuracy": [0.5], "seconds": [0.1]}
        return build_network(task, recipe), history

    monkeypatch.setattr(networks, "train_split", build)
    return given


def test_grouped_network_has_the_weights_of_the_ten_class_network():
    built = []
    for build in (lambda **settings: build_mlp(10, **settings), build_grouped_mlp):
        keras.utils.set_random_seed(3)
        built.append(build(hidden_units=(256, 256), input_dropout=0.2, dropout=0.0))
    ten, grouped = built
    for ours, theirs in zip(grouped.get_weights(), ten.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_grouped_network_adds_up_the_clothing_classes():
    ten, grouped = build_mlp(10, **SMALL), build_grouped_mlp(**SMALL)
    grouped.set_weights(ten.get_weights())
    summed = predict_probabilities(ten, IMAGES)[:, CLOTHING].sum(axis=1)
    y_prob = predict_probabilities(grouped, IMAGES)
    assert y_prob.shape == (300,)
    np.testing.assert_allclose(y_prob, summed, rtol=1e-5)


def test_loss_of_the_grouped_network_is_the_log_of_the_summed_share():
    images, y_true = IMAGES, binary_labels(LABELS)
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


def test_fit_sees_every_training_image_and_validates_on_those_held_out(trained):
    _, (x_train, x_val, _) = trained
    split = split_train_val(IMAGES, LABELS, seed=0)
    assert sorted(map(bytes, x_train)) == sorted(map(bytes, split.x_train))
    np.testing.assert_array_equal(x_val, split.x_val)


def test_learning_rate_falls_to_zero_with_the_last_step(trained):
    _, (x_train, _, model) = trained
    schedule = model.optimizer.get_config()["learning_rate"]["config"]
    n_steps = SHORT.epochs * math.ceil(len(x_train) / SHORT.batch_size)
    assert schedule["warmup_steps"] + schedule["decay_steps"] == n_steps


def test_predictions_are_those_of_the_best_epoch(trained):
    # With dropout, or with the weights of the last epoch, the loss would be another.
    run, _ = trained
    y_val = split_train_val(IMAGES, LABELS, seed=0).y_val
    loss = -np.log(run.y_prob_val[np.arange(30), y_val].astype(float)).mean()
    losses = run.history["val_loss"]
    assert loss == pytest.approx(min(losses), rel=1e-4)
    assert loss != pytest.approx(losses[-1], rel=1e-3)
    assert run.manifest["metrics"]["n_correct"] == 4  # one class for all test images
    assert run.manifest["threads"] >= 1


def test_stored_run_reloads_to_equal_predictions(trained):
    stored = store_run(trained[0])
    y_prob = predict_probabilities(networks.load_network(stored), X_TEST)
    np.testing.assert_array_equal(y_prob, stored.y_prob_test)


def test_equal_seeds_agree_and_others_do_not(trained):
    again, other = (train_task("multiclass", seed, SHORT) for seed in (0, 1))
    np.testing.assert_array_equal(trained[0].y_prob_test, again.y_prob_test)
    assert not np.allclose(trained[0].y_prob_test, other.y_prob_test, atol=1e-3)


@pytest.mark.parametrize("n_train", [None, 50])
def test_all_tasks_train_on_the_same_images(n_train, splits):
    recipe = SHORT._replace(n_train=n_train)
    runs = {task: train_task(task, 5, recipe) for task in TASKS}
    for task, split in zip(TASKS, splits, strict=True):
        assert (len(split.x_train), len(split.x_val)) == (n_train or 270, 30)
        np.testing.assert_array_equal(split.x_train, splits[0].x_train)
        expected = task_labels(task, splits[0].y_train)
        np.testing.assert_array_equal(split.y_train, expected)
    # Runs for Part 3 keep their answers only.
    whole = [] if n_train else ["multiclass", "binary"]
    assert [task for task, run in runs.items() if run.weights] == whole
    assert runs["multiclass"].y_prob_test.shape == ((40,) if n_train else (40, 10))
    for task in ("binary", "grouped", "three_groups"):
        assert (runs[task].y_prob_test.shape, runs[task].y_prob_val.shape) == (
            (40,),
            (30,),
        )
    with pytest.raises(RunError):
        networks.load_network(store_run(runs["grouped"]))


@pytest.mark.parametrize(
    ("task", "n_train", "named"), [("ternary", None, "ternary"), ("binary", 271, "271")]
)
def test_impossible_task_or_number_is_refused_by_name(task, n_train, named):
    with pytest.raises(ValueError, match=named):
        train_task(task, 0, SHORT._replace(n_train=n_train))


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


@pytest.mark.parametrize(
    ("task", "y_prob", "clothing", "likeliest"),
    [
        ("three_groups", [[0.75, 0.0, 0.25], [0.25, 0.25, 0.5]], [0.75, 0.25], [0, 2]),
        ("binary", [0.25, 0.75], [0.25, 0.75], None),
        ("grouped", [0.25, 0.75], [0.25, 0.75], None),
    ],
)
def test_condensed_run_keeps_the_output_for_clothing(task, y_prob, clothing, likeliest):
    stored = make_stored(task, np.array(y_prob, np.float32))
    run = networks.condense_run(stored, np.array([0, 8]))
    assert run.y_prob_test.tolist() == clothing
    assert (
        run.y_pred_test if likeliest is None else run.y_pred_test.tolist()
    ) == likeliest
    assert run.weights is None
