"""The program trains, goes on, tests and writes files; small networks stand in."""

import csv
import errno
import os
import signal

import keras
import numpy as np
import pytest
from sklearn.metrics import accuracy_score
from zoo_samples import make_training

from fashionnet.__main__ import main
from fashionnet.data import CLASS_NAMES
from fashionnet.storing import own_home
from fashionnet.zoo import __main__ as document_002
from fashionnet.zoo import program, trainings
from fashionnet.zoo.stored import find_training, score, store_training
from fashionnet.zoo.table import find_network
from fashionnet.zoo.views import make_views

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("eager")]
SMALL = {
    "leaky-mlp": {"hidden_units": (8,), "slope": 0.3},
    "leaky-cnn": {"filters": (2, 2), "dense_units": 4, "normalize": False},
}


@pytest.fixture(autouse=True)
def small_world(noise, monkeypatch, tmp_path):
    """Put small networks and 300 images in place of those of the table."""
    networks = tuple(
        find_network(name)._replace(settings=s, batch_size=64, epochs=3, parameters=1)
        for name, s in SMALL.items()
    )
    monkeypatch.setattr("fashionnet.zoo.table.NETWORKS", networks)
    monkeypatch.setattr(trainings, "load_training_set", lambda: noise)
    for module in (trainings, program):
        monkeypatch.setattr(module, "load_test_set", lambda: noise)
    monkeypatch.setattr("fashionnet.__main__.ROOT", tmp_path)
    monkeypatch.chdir(tmp_path)


def read_answers(path):
    loss, accuracy, *pairs = path.read_text().splitlines()
    pairs = np.array([[int(label) for label in pair.split(",")] for pair in pairs])
    return float(loss), float(accuracy), pairs


def test_network_is_trained_stored_tested_and_written(noise, tmp_path, capsys):
    assert main(["train", "leaky-mlp", "--seed", "1"]) == 0
    stored = find_training(find_network("leaky-mlp"), 1)
    assert str(stored.folder) in capsys.readouterr().out
    facts, labels = stored.manifest, noise[1]
    assert facts["epochs_run"] == 3
    assert facts["resumed_after"] == []
    assert {weight.dtype for weight in stored.weights} == {np.dtype("float16")}
    assert main(["train", "leaky-mlp", "--seed", "1"]) == 0
    again = find_training(find_network("leaky-mlp"), 1)
    assert again.manifest == facts

    assert main(["test", "leaky-mlp", "--seed", "1"]) == 0
    folder = tmp_path / "build" / "test" / "leaky-mlp"
    loss, accuracy, pairs = read_answers(folder / "answers.txt")
    # The accuracy that is stated is that of the weights that are stored.
    assert accuracy == pytest.approx(facts["metrics"]["test_accuracy"], abs=1e-4)
    assert accuracy == pytest.approx(accuracy_score(*pairs.T), abs=1e-4)
    assert loss == pytest.approx(score(stored.y_prob_test, labels)[0], rel=0.01)
    np.testing.assert_array_equal(pairs[:, 0], labels)
    with open(folder / "confusion.csv", newline="") as file:
        head, *rows = csv.reader(file)
    matrix = np.array([[int(count) for count in row[1:]] for row in rows])
    assert head[1:] == [row[0] for row in rows] == list(CLASS_NAMES)
    assert matrix.sum() == 300
    assert np.trace(matrix) == facts["metrics"]["n_correct"]
    assert (folder / "confusion.png").read_bytes().startswith(b"\x89PNG")
    report = (folder / "report.txt").read_text()
    assert all(name in report for name in CLASS_NAMES)
    assert len(list(folder.iterdir())) == 4


class Stop(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            os.kill(os.getpid(), signal.SIGINT)


def test_interrupted_training_goes_on_with_the_same_command(monkeypatch, capsys):
    monkeypatch.setattr("fashionnet.zoo.fitting.STEPS_PER_EXECUTION", 2)
    train = trainings.train

    def train_until_ctrl_c(network, seed, *, callbacks, **options):
        return train(network, seed, callbacks=[*callbacks, Stop()], **options)

    with monkeypatch.context() as patch:
        patch.setattr(program, "train", train_until_ctrl_c)
        assert main(["train", "leaky-cnn"]) == 130
    assert "Traceback" not in capsys.readouterr().err
    network = find_network("leaky-cnn")
    assert find_training(network, 0) is None
    assert list((own_home() / "unfinished").iterdir())
    assert main(["train", "leaky-cnn"]) == 0
    stored = find_training(network, 0)
    assert stored.manifest["resumed_after"] == [2]
    assert stored.history["last_step"] == [5, 10, 15]
    assert list((own_home() / "unfinished").iterdir()) == []


def test_other_epochs_are_stored_beside(capsys):
    assert main(["train", "leaky-mlp", "--epochs", "1"]) == 0
    assert find_training(find_network("leaky-mlp"), 0) is None
    assert main(["test", "leaky-mlp"]) == 1
    [line] = capsys.readouterr().err.splitlines()[-1:]
    assert "fashionnet train leaky-mlp --seed 0" in line
    assert "3 epochs" in line
    assert main(["test", "leaky-mlp", "--epochs", "1"]) == 0


def test_weights_of_another_version_are_refused_in_one_line(capsys):
    network = find_network("leaky-mlp")
    weights = trainings.build(network).get_weights()[:-1]
    stored = store_training(make_training(network, 0)._replace(weights=weights))
    assert main(["test", "leaky-mlp"]) == 1
    [line] = capsys.readouterr().err.splitlines()[-1:]
    assert "another version" in line
    assert str(stored.folder) in line


def test_full_disk_is_one_line_and_the_training_is_not_lost(monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "weights.npz")

    with monkeypatch.context() as patch:
        patch.setattr("fashionnet.zoo.stored.store_files", refuse)
        assert main(["train", "leaky-mlp"]) == 1
    assert "make room" in capsys.readouterr().err.splitlines()[-1]
    assert main(["train", "leaky-mlp"]) == 0
    stored = find_training(find_network("leaky-mlp"), 0)
    assert stored.manifest["resumed_after"] == [3]


@pytest.mark.slow
def test_program_of_document_002_trains_tests_and_writes_its_files(tmp_path, capsys):
    assert document_002.main([]) == 1
    assert "train leaky-mlp" in capsys.readouterr().err
    assert document_002.main(["--train-model"]) == 0
    assert document_002.main([]) == 0
    for file in document_002.ANSWERS.values():
        loss, accuracy, pairs = read_answers(tmp_path / file)
        assert loss > 0
        assert accuracy == pytest.approx(accuracy_score(*pairs.T), abs=1e-4)
        assert pairs.shape == (300, 2)


def test_weights_that_are_not_of_the_best_epoch_are_refused(noise):
    network = find_network("leaky-mlp")
    split = trainings.split_train_val(*noise, seed=0)
    model = trainings.build(network)
    # The steps are those of a whole training, the losses are of no such weights.
    history = {"first_step": [0, 5, 10], "last_step": [5, 10, 15], "val_loss": [9] * 3}
    with pytest.raises(ValueError, match="the weights are those of"):
        trainings.collect(network, 0, model, split, history, keep_weights=False)


@pytest.mark.parametrize("n_views", [1, 2])
def test_answers_are_averaged_over_views(n_views, noise):
    network = find_network("leaky-mlp")._replace(views=n_views)
    model, images = trainings.build(network), noise[0][:50]
    views = list(make_views(images, n_views))
    answers = [trainings.predict_probabilities(model, view) for view in views]
    found = trainings.predict(network, model, images)
    np.testing.assert_allclose(found, np.mean(answers, axis=0), atol=1e-6)


@pytest.mark.slow
def test_gain_of_views_is_logged_among_the_choices(noise):
    network = find_network("leaky-mlp")._replace(views=2, choices=("rate: 1e-3",))
    split = trainings.split_train_val(*noise, seed=0)
    model, history = trainings.fit_network(network, split, seed=0, epochs=1)
    y_pred = trainings.predict_probabilities(model, split.x_val).argmax(axis=1)
    training = trainings.collect(network, 0, model, split, history, keep_weights=False)
    first, second = training.manifest["choices"]
    assert first == "rate: 1e-3"
    n_val = round(30 * training.manifest["metrics"]["val_accuracy"])
    assert f"mean over 2 views: {n_val} of 30 " in second
    assert f" {(y_pred == split.y_val).sum()} without" in second


def test_side_view_keeps_no_answers_to_validation_images(noise):
    network = find_network("leaky-mlp")
    split = trainings.split_train_val(*noise, seed=0)
    model, history = trainings.fit_network(network, split, seed=0, epochs=1)
    for seeds, is_kept in (((0,), False), ((0, 1, 2), True)):
        network = network._replace(seeds=seeds)
        training = trainings.collect(
            network, 0, model, split, history, keep_weights=False
        )
        assert (training.y_prob_val is not None) is is_kept


@pytest.mark.slow
def test_teacher_is_trained_first_and_then_found(monkeypatch):
    teacher = find_network("leaky-cnn")
    pupil = find_network("leaky-mlp")._replace(
        teacher={"name": "leaky-cnn", "temperature": 2, "share": 0.5}
    )
    assert trainings.load_teacher(teacher, 1) is None
    training = trainings.train(pupil, 1, keep_weights=False)
    assert training.manifest["settings"]["teacher"]["name"] == "leaky-cnn"
    found = find_training(teacher, 1)
    monkeypatch.setattr(trainings, "train", None)
    loaded = trainings.load_teacher(pupil, 1).get_weights()
    for weight, stored in zip(loaded, found.weights, strict=True):
        np.testing.assert_array_equal(weight, stored)
