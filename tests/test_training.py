import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from fashionnet import training
from fashionnet.data import split_train_val
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.recipes import RECIPE

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("eager")]


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


def test_optimizer_of_a_recipe_has_its_schedule():
    rising = training.make_optimizer_of(RECIPE, steps_per_epoch=5)
    assert max(rates(rising, 100)) == pytest.approx(RECIPE.learning_rate)
    same = training.make_optimizer_of(
        RECIPE._replace(schedule="constant", learning_rate=0.002), steps_per_epoch=5
    )
    assert float(same._learning_rate) == pytest.approx(0.002)
    assert same.weight_decay == RECIPE.weight_decay


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


@given(st.integers(1, 60), st.integers(1, 70), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_batches_of_any_size_hold_every_image_once(n, batch_size, seed):
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 0, 0] = np.arange(n)
    batches = training.make_batches(
        images, np.arange(n), batch_size=batch_size, seed=seed
    )
    sizes, x, y = read_batches(batches)
    assert sorted(y.tolist()) == list(range(n))
    np.testing.assert_array_equal(x[:, 0, 0], y)
    assert set(sizes[:-1]) <= {batch_size}
    assert 0 < sizes[-1] <= batch_size


def test_batches_are_shuffled_anew_and_alike_for_equal_seeds(noise):
    first, second = (
        training.make_batches(*noise, batch_size=64, seed=seed) for seed in (3, 3)
    )
    other = training.make_batches(*noise, batch_size=64, seed=4)
    epoch = read_batches(first)[1]
    np.testing.assert_array_equal(epoch, read_batches(second)[1])
    assert (epoch != read_batches(first)[1]).any()
    assert (epoch != read_batches(other)[1]).any()


def test_batches_are_those_that_the_notebooks_make(noise):
    keras.utils.set_random_seed(7)
    ours = training.make_batches(*noise, batch_size=64, seed=3)
    keras.utils.set_random_seed(7)
    theirs = tf.data.Dataset.from_tensor_slices(noise)
    theirs = theirs.shuffle(len(noise[1]), seed=3).batch(64)
    for _ in range(2):  # epochs
        for mine, other in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(mine[0], other[0])
            np.testing.assert_array_equal(mine[1], other[1])


def test_training_without_validation_data_is_refused(noise, tmp_path):
    model = build_mlp(10, hidden_units=(4,))
    model.compile(loss="sparse_categorical_crossentropy")
    checkpoint = tmp_path / "best.weights.h5"
    callbacks = training.make_callbacks(checkpoint, patience=1)
    with pytest.raises(ValueError, match="validation_data"):
        model.fit(*noise, callbacks=callbacks, verbose=0)
    assert not checkpoint.exists()


def compile_small(units):
    keras.utils.set_random_seed(0)
    model = build_mlp(10, hidden_units=(units,), input_dropout=0.0)
    optimizer = training.make_optimizer(
        learning_rate=6e-3, weight_decay=0.1, n_steps=30
    )
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=optimizer,
        metrics=["accuracy"],
    )
    return model


def test_early_stopping_ends_training_and_best_weights_are_restored(noise):
    split, model = split_train_val(*noise, seed=0), compile_small(64)
    options = {"epochs": 30, "patience": 2, "batch_size": 512, "seed": 0}
    history = training.train_network(model, split, **options)
    best = int(np.argmin(history["val_loss"]))
    assert len(history["val_loss"]) == best + 1 + 2 < 30
    y_prob = predict_probabilities(model, split.x_val).astype(np.float64)
    loss = -np.log(y_prob[np.arange(len(y_prob)), split.y_val]).mean()
    assert loss == pytest.approx(history["val_loss"][best], rel=1e-4)
    assert loss != pytest.approx(history["val_loss"][-1], rel=1e-4)


def test_epochs_are_timed_and_keras_prints_its_own_metrics_only(noise, capsys):
    split, model = split_train_val(*noise, seed=0), compile_small(4)
    batches = training.make_batches(
        split.x_train, split.y_train, batch_size=512, seed=0
    )
    history = model.fit(
        batches,
        shuffle=False,
        validation_data=(split.x_val, split.y_val),
        epochs=6,
        callbacks=[training.Watch()],
        verbose=2,
    ).history
    assert len(history["seconds"]) == len(history["val_loss"]) == 6
    assert min(history["seconds"]) > 0
    assert history["first_step"] == [0, 1, 2, 3, 4, 5]
    said = capsys.readouterr().out
    assert said.count("Epoch ") == 6
    assert "val_loss" in said
    assert not re.search("seconds:|first_step|last_step", said)


def test_training_of_the_study_is_silent(noise, capsys):
    split, model = split_train_val(*noise, seed=0), compile_small(4)
    options = {"epochs": 2, "patience": 2, "batch_size": 512, "seed": 0}
    history = training.train_network(model, split, **options)
    assert len(history["seconds"]) == 2
    assert capsys.readouterr().out == ""


def test_highest_rate_comes_after_the_share_that_is_asked_for():
    schedule = training.make_schedule(0.01, n_steps=100, warm_up=0.3)
    rate = [float(schedule(step)) for step in range(101)]
    assert int(np.argmax(rate)) == pytest.approx(30, abs=1)
    assert max(rate) == pytest.approx(0.01)
    assert rate[100] == pytest.approx(0, abs=1e-8)


def test_training_batches_are_prepared_and_validation_images_are_not(noise):
    split, models = split_train_val(*noise, seed=0), []
    settings = {"epochs": 1, "patience": 1, "batch_size": 512, "seed": 0}

    def blacken(batches):
        return batches.map(lambda images, labels: (images * 0, labels))

    black = split._replace(x_train=split.x_train * 0)
    for data, prepare in ((split, blacken), (black, None), (split, None)):
        models.append(compile_small(4))
        training.train_network(models[-1], data, **settings, prepare=prepare)
    prepared, blackened, plain = (model.get_weights() for model in models)
    assert all(map(np.array_equal, prepared, blackened))
    assert not all(map(np.array_equal, prepared, plain))


def test_callbacks_of_the_caller_are_called_too(noise):
    split, model, epochs = split_train_val(*noise, seed=0), compile_small(4), []
    count = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda i, logs: epochs.append(i)
    )
    options = {"epochs": 2, "patience": 2, "batch_size": 512, "seed": 0}
    training.train_network(model, split, **options, callbacks=[count])
    assert epochs == [0, 1]
