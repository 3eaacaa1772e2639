"""What students change in the notebooks is stored beside the usual training."""

import copy
import json
import signal

import keras
import numpy as np
import pytest

from fashionnet import differences, runs, training
from fashionnet.data import Split, split_train_val
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.recipes import Recipe
from fashionnet.study.networks import load_network

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("eager")]
RECIPE = Recipe(hidden_units=(16,), batch_size=64, epochs=3, patience=2)


class Notebook:
    """The cells of a notebook as methods; what a student changes is an argument."""

    def __init__(self, images, labels):
        self.images, self.labels = images, labels
        self.recipe = RECIPE

    def split_data(self, **changes):
        settings = {"val_fraction": 0.1, "seed": 0, **changes}
        self.split = split_train_val(self.images, self.labels, **settings)

    def build(self, layers=None):
        keras.utils.set_random_seed(0)
        recipe = self.recipe
        self.model = layers or build_mlp(10, hidden_units=recipe.hidden_units)

    def compile(self, loss="sparse_categorical_crossentropy", **changes):
        n_steps = -(-len(self.split.x_train) // self.recipe.batch_size)
        settings = {
            "learning_rate": self.recipe.learning_rate,
            "weight_decay": self.recipe.weight_decay,
            "n_steps": n_steps * self.recipe.epochs,
            **changes,
        }
        optimizer = training.make_optimizer(**settings)
        self.model.compile(loss=loss, optimizer=optimizer, metrics=["accuracy"])

    def fit(self, n_train=None, extra=(), **changes):
        x, y, *held_out = self.split
        settings = {"batch_size": self.recipe.batch_size, "seed": 0}
        self.checkpoint = runs.make_checkpoint_path()
        callbacks = training.make_callbacks(
            self.checkpoint, patience=self.recipe.patience
        )
        options = {"epochs": self.recipe.epochs, "verbose": 0, **changes}
        self.history = self.model.fit(
            training.make_batches(x[:n_train], y[:n_train], **settings),
            shuffle=False,
            validation_data=tuple(held_out),
            callbacks=[*callbacks, *extra],
            **options,
        ).history

    def restore(self):
        self.model.load_weights(self.checkpoint)

    def store(self, tested=slice(None)):
        y_prob = [
            predict_probabilities(self.model, x)
            for x in (self.split.x_val, self.images[tested])
        ]
        return runs.save_run(
            "multiclass", 0, self.recipe, model=self.model, split=self.split,
            history=self.history, y_prob_val=y_prob[0], y_prob_test=y_prob[1],
            y_test=self.labels,
        )  # fmt: skip

    def run_all(self, until=None, **changes):
        """Run the cells in order, up to the one called `until`."""
        for cell in ("split_data", "build", "compile", "fit", "restore"):
            getattr(self, cell)(**changes.get(cell, {}))
            if cell == until:
                break
        return self


@pytest.fixture
def notebook(noise, monkeypatch):
    """Return a notebook whose training and test set are the same noise."""
    for name in ("load_training_set", "load_test_set"):
        monkeypatch.setattr(differences, name, lambda: noise)
    return Notebook(*noise)


TRAINED = {}


@pytest.fixture
def trained(notebook):
    """Return a function that runs the cells up to "restore", once for all tests."""

    def train(change=None):
        if change not in TRAINED:
            changes = CHANGES[change][0] if change else {}
            if "build" in changes:
                changes = {"build": {"layers": changes["build"]["layers"]()}}
            TRAINED[change] = notebook.run_all(**changes)
        again = copy.copy(TRAINED[change])
        again.history = copy.deepcopy(again.history)
        return again

    return train


def test_usual_training_differs_in_nothing_and_is_the_usual_run(trained):
    run = trained().store()
    assert run.manifest["differences"] == {}
    assert runs.find_run("multiclass", 0, RECIPE).manifest == run.manifest
    assert run.manifest["precision"] == "float32"
    assert run.manifest["backend"] == "tensorflow"
    assert run.history["first_step"] == [0, 5, 10]
    assert run.history["last_step"] == [5, 10, 15]


def stop_after(n_steps):
    """Interrupt the training as the stop button does, once."""

    def interrupt(batch, logs):
        if batch + 1 == n_steps:
            signal.raise_signal(signal.SIGINT)

    return keras.callbacks.LambdaCallback(on_train_batch_end=interrupt)


def own_layers():
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((28, 28)),
            layers.Flatten(),
            layers.Dense(5, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def own_graph():
    layers = keras.layers
    images = keras.Input((28, 28))
    flat = layers.Flatten()(images)
    both = layers.Concatenate()([layers.Dense(4)(flat), layers.Dense(3)(flat)])
    return keras.Model(images, layers.Dense(10, activation="softmax")(both))


CHANGES = {
    "another share held out": ({"split_data": {"val_fraction": 0.2}}, {"images"}),
    "another split": ({"split_data": {"seed": 1}}, {"images"}),
    "own layers": ({"build": {"layers": own_layers}}, {"layers"}),
    "own graph of layers": ({"build": {"layers": own_graph}}, {"layers"}),
    "another learning rate": ({"compile": {"learning_rate": 0.1}}, {"optimizer"}),
    "a shorter schedule": ({"compile": {"n_steps": 5}}, {"optimizer"}),
    "fewer images": ({"fit": {"n_train": 100}}, {"steps"}),
    "fewer epochs": ({"fit": {"epochs": 2}}, {"epochs_run"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_read_off_and_stored_beside_the_usual_run(change, trained):
    run = trained(change).store()
    found = run.manifest["differences"]
    assert set(found) == CHANGES[change][1]
    assert runs.find_run("multiclass", 0, RECIPE) is None
    again = runs.find_run("multiclass", 0, RECIPE, found)
    np.testing.assert_array_equal(again.y_prob_val, run.y_prob_val)
    assert json.dumps(found, allow_nan=False)


def test_predictions_of_other_images_are_told(trained):
    run = trained().store(tested=slice(None, None, -1))
    assert set(run.manifest["differences"]) == {"are_test_predictions"}


@pytest.mark.parametrize("change", ["own layers", "own graph of layers"])
def test_network_of_own_layers_is_built_again_with_its_weights(change, trained):
    notebook = trained(change)
    run = notebook.store()
    network = load_network(run)
    y_prob = predict_probabilities(network, notebook.split.x_val)
    np.testing.assert_allclose(y_prob, run.y_prob_val, atol=1e-6)


def test_equal_own_layers_are_one_network_and_others_another():
    pairs = [(own_layers(), own_layers()), (own_graph(), own_graph())]
    for first, second in pairs:
        described = differences.list_layers(first)
        assert described == differences.list_layers(second)
    assert differences.list_layers(own_layers()) != differences.list_layers(own_graph())


def test_layers_with_code_of_their_own_are_not_run():
    model = own_layers()
    model.add(keras.layers.Lambda(lambda x: x))
    with pytest.raises((ValueError, TypeError), match=r"(?i)lambda"):
        differences.rebuild_network(differences.list_layers(model))


def test_fit_that_is_run_twice_goes_on_and_is_stored_beside(notebook, capsys):
    notebook.run_all()
    first = notebook.store()
    notebook.fit()
    assert "15 steps" in capsys.readouterr().out
    notebook.restore()
    second = notebook.store()
    assert second.manifest["differences"]["first_step"] == 15
    assert second.folder != first.folder
    usual = runs.find_run("multiclass", 0, RECIPE)
    assert usual.manifest == first.manifest


def test_stopped_fit_is_stored_beside_and_so_is_one_that_goes_on(notebook):
    before = signal.getsignal(signal.SIGINT)
    notebook.run_all(until="compile")
    notebook.fit(extra=[stop_after(2)])
    assert notebook.history["last_step"] == [3]
    assert signal.getsignal(signal.SIGINT) == before
    notebook.restore()
    run = notebook.store()
    assert {"epochs_run", "steps"} <= set(run.manifest["differences"])
    assert runs.find_run("multiclass", 0, RECIPE) is None
    # Started again, it is no training from the start.
    notebook.fit()
    notebook.restore()
    assert notebook.store().manifest["differences"]["first_step"] == 3


def test_weights_that_were_not_restored_are_noticed(trained):
    notebook = trained()
    # As if the first epoch had been the best one.
    losses = notebook.history["val_loss"]
    notebook.history["val_loss"] = [min(losses) / 2, *losses[1:]]
    assert "kept_epoch" in notebook.store().manifest["differences"]


def test_other_precision_is_noticed(notebook):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        run = notebook.run_all().store()
    finally:
        keras.config.set_dtype_policy(policy)
    assert run.manifest["differences"]["precision"] == "mixed_float16"


def test_history_of_other_callbacks_is_refused(trained):
    notebook = trained()
    del notebook.history["first_step"]
    with pytest.raises(ValueError, match="make_callbacks"):
        notebook.store()


def test_loss_that_is_not_finite_ends_the_training_and_names_the_cure(notebook):
    before = signal.getsignal(signal.SIGINT)
    notebook.run_all(until="compile", compile={"learning_rate": 1e30})
    with pytest.raises(ValueError, match=r"(nan|inf).*learning_rate"):
        notebook.fit()
    assert signal.getsignal(signal.SIGINT) == before


# Images that are no gray levels, through every door.

NO_LEVELS = {
    "divided by 255": lambda x: x / 255,
    "divided by 255, float32": lambda x: (x / 255).astype("float32"),
    "divided by 255 twice": lambda x: x / 255**2,
    "fractions": lambda x: x + 0.5,
    "negative": lambda x: x.astype(int) - 128,
    "standardized": lambda x: (x - 127.5) / 127.5,
    "above 255": lambda x: x.astype(int) + 1,
    "not a number": lambda x: np.where(x > 200, np.nan, x),
}
DOORS = {
    "fit": lambda model, x, y: model.fit(x, y, verbose=0),
    "validation": lambda model, x, y: model.fit(
        np.uint8(np.zeros((2, 28, 28))), y[:2], validation_data=(x, y), verbose=0
    ),
    "evaluate": lambda model, x, y: model.evaluate(x, y, verbose=0),
    "predict": lambda model, x, y: model.predict(x, verbose=0),
    "call": lambda model, x, y: model(x),
}


@pytest.fixture(scope="module")
def compiled():
    model = build_mlp(10, hidden_units=(4,))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    return model


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("kind", NO_LEVELS)
def test_network_refuses_what_are_no_gray_levels(kind, door, compiled, noise):
    images, labels = noise
    with pytest.raises(Exception, match="whole numbers from 0 to 255"):
        DOORS[door](compiled, NO_LEVELS[kind](images), labels)


@pytest.mark.parametrize("shape", [(784,), (27, 28), (28, 28, 3)])
def test_network_refuses_other_shapes(shape, compiled, noise):
    with pytest.raises(ValueError, match="28"):
        compiled.predict(np.zeros((2, *shape), np.uint8), verbose=0)


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64"])
def test_gray_levels_of_any_type_give_equal_answers(dtype, compiled, noise):
    expected = compiled.predict(noise[0], verbose=0)
    found = compiled.predict(noise[0].astype(dtype), verbose=0)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("kind", NO_LEVELS)
def test_batches_refuse_what_are_no_gray_levels(kind, noise):
    images, labels = noise
    with pytest.raises(ValueError, match="uint8"):
        training.make_batches(NO_LEVELS[kind](images), labels, batch_size=8, seed=0)


def test_study_never_stores_a_stopped_training(noise):
    model = build_mlp(10, hidden_units=(4,))
    model.compile(loss="sparse_categorical_crossentropy", optimizer="sgd")
    settings = {"epochs": 3, "patience": 3, "batch_size": 64, "seed": 0}
    with pytest.raises(KeyboardInterrupt):
        training.train_network(
            model, Split(*noise, *noise), **settings, callbacks=[stop_after(1)]
        )
