"""An interrupted training goes on, and ends as if nothing had happened."""

import json
import os
import signal

import keras
import numpy as np
import pytest

from fashionnet.data import split_train_val
from fashionnet.storing import RunError
from fashionnet.zoo.augment import Augmentation
from fashionnet.zoo.fitting import fit_network
from fashionnet.zoo.resuming import Backup
from fashionnet.zoo.table import find_network

MOVES = Augmentation(flip=True, shift=2, erase=0.5)._asdict()
# One of each kind of layers, schedule and augmentation.
NETWORKS = {
    "leaky-mlp": {"settings": {"hidden_units": (8,), "dropout": 0.3}},
    "cnn-sgd-dropout": {"settings": {"filters": (2, 2), "dense_units": 4}},
    "small-resnet": {"settings": {"layout": ("pool", "pool", 2, "residual")}},
}
EPOCHS, STEPS = 5, 5  # 270 images in batches of 64
pytestmark = pytest.mark.integration


class Breakdown(Exception):
    """Stands for what ends a process."""


class Break(keras.callbacks.Callback):
    """End a training in the middle of an epoch."""

    def __init__(self, epoch, how):
        super().__init__()
        self.epoch, self.how = epoch, how

    def on_train_batch_end(self, batch, logs=None):
        epoch, step = divmod(int(self.model.optimizer.iterations), STEPS)
        if epoch == self.epoch and step:
            self.how()


def break_down():
    raise Breakdown


def press_ctrl_c():
    os.kill(os.getpid(), signal.SIGINT)


def make(name, patience=EPOCHS):
    schedule = find_network(name).schedule
    if schedule["name"] == "plateau":
        schedule = schedule | {"patience": 1}
    network = find_network(name)._replace(
        **NETWORKS[name], schedule=schedule, batch_size=64, patience=patience
    )
    return network._replace(augmentation=network.augmentation and MOVES)


@pytest.fixture
def train(noise, tmp_path, monkeypatch):
    """Return a function that trains a network with a backup."""
    monkeypatch.setattr("fashionnet.zoo.fitting.STEPS_PER_EXECUTION", 2)
    split = split_train_val(*noise, seed=0)

    def train(network, folder="backup", **options):
        path = tmp_path / folder
        backup = Backup(path)
        model, history = fit_network(
            network, split, seed=3, epochs=EPOCHS, backup=backup,
            checkpoint=path / "checkpoint.weights.h5", **options,
        )  # fmt: skip
        return model, history, backup

    (tmp_path / "backup").mkdir()
    (tmp_path / "other").mkdir()
    return train


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("cnn-sgd-dropout", [2]),
        pytest.param("leaky-mlp", [1, 3], marks=pytest.mark.slow),
        pytest.param("small-resnet", [2], marks=pytest.mark.slow),
    ],
)
def test_interrupted_training_ends_like_an_uninterrupted_one(name, after, train):
    network, ways = make(name), {Breakdown: break_down, KeyboardInterrupt: press_ctrl_c}
    for epoch, (error, how) in zip(after, ways.items(), strict=False):
        with pytest.raises(error):
            train(network, callbacks=[Break(epoch, how)])
    model, history, backup = train(network)
    assert backup.resumed_after == after
    assert history["first_step"] == [STEPS * n for n in range(EPOCHS)]
    assert history["last_step"][-1] == EPOCHS * STEPS
    alone, expected, _ = train(network, "other")
    for metric in {"val_loss", "learning_rate"} & set(expected):
        assert history[metric] == expected[metric]
    for found, wanted in zip(model.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_training_that_early_stopping_ended_is_not_trained_further(train):
    standing = {"name": "SGD", "learning_rate": 0.0}
    network = make("leaky-mlp", patience=1)._replace(optimizer=standing)
    _, history, _ = train(network)
    assert len(history["val_loss"]) == 2
    _, again, backup = train(network)
    assert again == history
    assert backup.resumed_after == [2]


@pytest.fixture(scope="module")
def left():
    """Keep by name what the first breakdown left in its folder, for all tests."""
    return {}


@pytest.fixture
def broken(train, tmp_path, left):
    """Return a network whose training broke down in its fourth epoch."""
    network, folder = make("leaky-mlp"), tmp_path / "backup"
    if not left:
        with pytest.raises(Breakdown):
            train(network, callbacks=[Break(3, break_down)])
        left.update((path.name, path.read_bytes()) for path in folder.iterdir())
    for name, content in left.items():
        (folder / name).write_bytes(content)
    return network


def test_torn_backup_falls_back_to_the_epoch_before(train, broken, tmp_path):
    latest = tmp_path / "backup" / "latest.weights.h5"
    latest.write_bytes(latest.read_bytes()[:1000])
    _, history, backup = train(broken)
    assert backup.resumed_after == [2]
    assert history["last_step"][-1] == EPOCHS * STEPS


@pytest.mark.parametrize("damage", ["steps", "memory", "network"])
def test_backup_that_does_not_fit_is_named_with_the_way_out(
    damage, train, broken, tmp_path
):
    network, memory = broken, tmp_path / "backup" / "memory.json"
    if damage == "steps":
        content = json.loads(memory.read_bytes())
        memory.write_text(json.dumps(content | {"epochs": content["epochs"][:1]}))
    elif damage == "memory":
        memory.write_text("{")
    else:
        network = network._replace(settings={"hidden_units": (9,)})
    with pytest.raises(RunError, match=r"delete .*backup to begin anew"):
        train(network)
