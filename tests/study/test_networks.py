"""The network of each task, and its training from the data set to predictions."""

import keras
import numpy as np
import pytest
from scipy.special import logsumexp

from fashionnet.data import CLOTHING, binary_labels, split_train_val
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.runs import Recipe, Run, RunError, store_run
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
    """Train once for all tests; return the run, and the images that `fit` was given."""
    seen, fit = [], keras.Sequential.fit

    def watch(self, batches, *, validation_data, **settings):
        history = fit(self, batches, validation_data=validation_data, **settings)
        images = np.concatenate([x for x, _ in batches.as_numpy_iterator()])
        seen.extend((images, validation_data[0]))
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
    _, (x_train, x_val) = trained
    split = split_train_val(IMAGES, LABELS, seed=0)
    assert sorted(map(bytes, x_train)) == sorted(map(bytes, split.x_train))
    np.testing.assert_array_equal(x_val, split.x_val)


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


@pytest.mark.parametrize(
    ("task", "n_train", "n_classes"),
    [
        ("multiclass", 50, 10),
        ("binary", 50, None),
        ("grouped", None, None),
        ("three_groups", None, 3),
    ],
)
def test_run_for_part_3_keeps_its_answers_only(task, n_train, n_classes, splits):
    run = train_task(task, 0, SHORT._replace(n_train=n_train))
    assert (len(splits[0].x_train), len(splits[0].x_val)) == (n_train or 270, 30)
    assert (run.y_prob_test.shape, run.y_prob_val.shape) == ((40,), (30,))
    metrics, y_pred = run.manifest["metrics"], run.y_pred_test
    n_correct = int(((run.y_prob_test > 0.5) == binary_labels(Y_TEST)).sum())
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
    with pytest.raises(RunError):
        networks.load_network(store_run(run))


def test_all_tasks_train_on_the_same_images(splits):
    runs = [train_task(task, 5, SHORT) for task in TASKS]
    for task, split in zip(TASKS, splits, strict=True):
        np.testing.assert_array_equal(split.x_train, splits[0].x_train)
        expected = task_labels(task, splits[0].y_train)
        np.testing.assert_array_equal(split.y_train, expected)
    assert [run.weights is None for run in runs] == [False, False, True, True]
    assert runs[1].y_prob_test.shape == (40,)


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
