"""The peers of the benchmark. Each trains in a process of its own, epoch by epoch.

    python benchmarks/peers.py NAME SEED EPOCHS

A peer trains as its users would train it. Before each epoch it waits for a line on its
standard input, so that none trains before its turn; after it, it writes a line of JSON:
the seconds that the epoch took, and the validation accuracy, taken off the clock.
"""

import functools
import hashlib
import itertools
import json
import math
import os
import resource
import sys
import time

import numpy as np

from fashionnet.data import load_test_set, load_training_set, split_train_val
from fashionnet.recipes import RECIPE

CLASSES = range(10)


class Turns:
    """Wait for the turn, time the epoch, report; the trainings need nothing else."""

    def __init__(self, split, x_test, y_test, messages=sys.stdin, reports=sys.stdout):
        """Keep what is measured on, and where to listen and speak."""
        self.split, self.x_test, self.y_test = split, x_test, y_test
        self.messages, self.reports = messages, reports
        self.is_ready = False

    def report(self, **values):
        """Write one line of JSON."""
        print(json.dumps(values), file=self.reports, flush=True)

    def start(self):
        """Wait for the turn, then start the clock; before the first, say what with."""
        if not self.is_ready:
            self.is_ready = True
            x = self.split.x_train
            sha256 = hashlib.sha256(x).hexdigest()
            self.report(n_images=len(x), images_sha256=sha256)
        self.messages.readline()
        self.started = time.perf_counter()

    def end_epoch(self, predict):
        """Stop the clock and report; `predict` maps images to class ids."""
        seconds = time.perf_counter() - self.started
        right = predict(self.split.x_val) == self.split.y_val
        self.report(seconds=seconds, val_accuracy=float(right.mean()))

    def end(self, predict, *, n_parameters, n_updates):
        """Report what the whole training came to."""
        self.report(
            n_parameters=int(n_parameters),
            n_updates=int(n_updates),
            n_correct=int((predict(self.x_test) == self.y_test).sum()),
            n_test=len(self.y_test),
            peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        )


def train_ours(turns, seed, epochs):
    """Train as the notebooks do, without their callbacks."""
    from fashionnet.training import make_batches

    split = turns.split

    def fit(model, **options):
        batches = make_batches(
            split.x_train, split.y_train, batch_size=RECIPE.batch_size, seed=seed
        )
        model.fit(batches, shuffle=False, **options)

    build = functools.partial(build_ours, len(split.x_train), epochs)
    train_with_keras(turns, seed, epochs, build, fit)


def build_ours(n_images, epochs):
    """Build and compile as the notebooks do."""
    from fashionnet.models import build_mlp
    from fashionnet.training import STEPS_PER_EXECUTION, make_optimizer

    model = build_mlp(
        10,
        hidden_units=RECIPE.hidden_units,
        input_dropout=RECIPE.input_dropout,
        dropout=RECIPE.dropout,
    )
    steps = math.ceil(n_images / RECIPE.batch_size)
    optimizer = make_optimizer(
        learning_rate=RECIPE.learning_rate,
        weight_decay=RECIPE.weight_decay,
        n_steps=epochs * steps,
    )
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=optimizer,
        metrics=["accuracy"],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    return model


def train_ours_in_jax(turns, seed, epochs):
    """Train our recipe with Keras on JAX, given arrays."""
    split = turns.split

    def fit(model, **options):
        model.fit(split.x_train, split.y_train, batch_size=RECIPE.batch_size, **options)

    build = functools.partial(build_ours, len(split.x_train), epochs)
    train_with_keras(turns, seed, epochs, build, fit)


def build_starter(float_input):
    """Build and compile what most solutions of this coursework begin with."""
    import keras
    from keras import layers

    first = (
        [keras.Input((28, 28))]
        if float_input
        else [keras.Input((28, 28), dtype="uint8"), layers.Rescaling(1 / 255)]
    )
    hidden = [
        layer
        for units in RECIPE.hidden_units
        for layer in (layers.Dense(units, activation="relu"), layers.Dropout(0.2))
    ]
    output = layers.Dense(10, activation="softmax")
    return keras.Sequential([*first, layers.Flatten(), *hidden, output])


def train_starter(turns, seed, epochs):
    """Train the starter network on arrays of floats with Adam, as one usually does."""
    import keras

    split = turns.split
    x_train = split.x_train.astype("float32") / 255

    def build():
        model = build_starter(float_input=True)
        model.compile(
            loss="sparse_categorical_crossentropy",
            optimizer=keras.optimizers.Adam(1e-3),
            metrics=["accuracy"],
        )
        return model

    def fit(model, **options):
        model.fit(x_train, split.y_train, batch_size=RECIPE.batch_size, **options)

    train_with_keras(turns, seed, epochs, build, fit, scale=1 / 255)


def train_starter_our_way(turns, seed, epochs):
    """Train the starter network, but give it its images as the notebooks do."""
    import keras

    from fashionnet.training import STEPS_PER_EXECUTION, make_batches

    split = turns.split

    def build():
        model = build_starter(float_input=False)
        model.compile(
            loss="sparse_categorical_crossentropy",
            optimizer=keras.optimizers.Adam(1e-3),
            metrics=["accuracy"],
            steps_per_execution=STEPS_PER_EXECUTION,
        )
        return model

    def fit(model, **options):
        batches = make_batches(
            split.x_train, split.y_train, batch_size=RECIPE.batch_size, seed=seed
        )
        model.fit(batches, shuffle=False, **options)

    train_with_keras(turns, seed, epochs, build, fit)


def train_with_keras(turns, seed, epochs, build, fit, scale=None):
    """Build and fit a Keras network; a callback takes the turns."""
    import keras

    keras.utils.set_random_seed(seed)
    model = build()

    def predict(images):
        x = images if scale is None else (images * scale).astype("float32")
        return model.predict(x, batch_size=2000, verbose=0).argmax(axis=1)

    class TakeTurns(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            turns.end_epoch(predict)
            if epoch + 1 < epochs:
                turns.start()

    turns.start()
    fit(model, epochs=epochs, callbacks=[TakeTurns()], verbose=0)
    turns.end(
        predict,
        n_parameters=sum(math.prod(w.shape) for w in model.trainable_weights),
        n_updates=model.optimizer.iterations,
    )


def train_torch(turns, seed, epochs):
    """Train our recipe in PyTorch: arrays in memory and a tight loop."""
    import torch
    from torch import nn
    from torch.nn import functional

    torch.manual_seed(seed)
    sizes = (784, *RECIPE.hidden_units)
    modules = []
    for before, units in itertools.pairwise(sizes):
        normalize = nn.BatchNorm1d(units, eps=1e-3, momentum=0.1)
        normalize.weight.requires_grad_(False)  # a shift, but no scale
        dense = nn.Linear(before, units, bias=False)
        modules += [dense, normalize, nn.ReLU()]
        if RECIPE.dropout:
            modules.append(nn.Dropout(RECIPE.dropout))
    model = nn.Sequential(*modules, nn.Linear(sizes[-1], 10))
    for module in model:
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight)
    nn.init.zeros_(model[-1].bias)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        parameters, eps=1e-7, weight_decay=RECIPE.weight_decay, fused=True
    )
    x_train, y_train = map(torch.from_numpy, (turns.split.x_train, turns.split.y_train))
    x_train, y_train = x_train.flatten(1), y_train.long()
    steps = math.ceil(len(x_train) / RECIPE.batch_size)
    n_updates, keep = 0, 1 - RECIPE.input_dropout

    def predict(images):
        model.eval()
        with torch.inference_mode():
            x = torch.from_numpy(images).flatten(1).float() / 255
            return model(x).argmax(dim=1).numpy()

    for _ in range(epochs):
        turns.start()
        model.train()
        order = torch.randperm(len(x_train))
        for chosen in order.split(RECIPE.batch_size):
            rate = learning_rate_at(n_updates, epochs * steps, RECIPE.learning_rate)
            optimizer.param_groups[0]["lr"] = rate
            mask = torch.bernoulli(torch.full((1, 784), keep)) / (255 * keep)
            loss = functional.cross_entropy(
                model(x_train[chosen].float() * mask), y_train[chosen]
            )
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            n_updates += 1
        turns.end_epoch(predict)
    n_parameters = sum(p.numel() for p in parameters)
    turns.end(predict, n_parameters=n_parameters, n_updates=n_updates)


def learning_rate_at(step, n_steps, highest):
    """Compute the rate that `make_optimizer` sets, for a step from 0."""
    from fashionnet.training import WARM_UP_SHARE

    n_warm_up = max(1, int(WARM_UP_SHARE * n_steps))
    if step < n_warm_up:
        return highest * (1 + step * (n_warm_up - 1) / n_warm_up) / n_warm_up
    done = (step - n_warm_up) / max(1, n_steps - n_warm_up)
    return highest * 0.5 * (1 + math.cos(math.pi * done))


def train_sklearn(turns, seed, epochs):
    """Train scikit-learn's `MLPClassifier` with its usual settings, batches of 512."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        RECIPE.hidden_units, batch_size=RECIPE.batch_size, random_state=seed
    )
    x_train = turns.split.x_train.reshape(-1, 784).astype("float32") / 255

    def predict(images):
        return model.predict(images.reshape(-1, 784).astype("float32") / 255)

    for _ in range(epochs):
        turns.start()
        model.partial_fit(x_train, turns.split.y_train, classes=CLASSES)
        turns.end_epoch(predict)
    arrays = (*model.coefs_, *model.intercepts_)
    n_parameters = sum(array.size for array in arrays)
    turns.end(predict, n_parameters=n_parameters, n_updates=model._optimizer.t)


def multiply_matrices(turns, seed, epochs):
    """Do the matrix products of the trainings in NumPy, and nothing else.

    Forward, and backward for weights and for all inputs but the images. A lower bound:
    nothing is learned.
    """
    rng = np.random.default_rng(seed)
    sizes = (784, *RECIPE.hidden_units, 10)
    shapes = list(itertools.pairwise(sizes))
    weights = [rng.random(shape, np.float32) for shape in shapes]
    inputs = [rng.random((RECIPE.batch_size, n), np.float32) for n in sizes]
    n_updates = 0
    for _ in range(epochs):
        turns.start()
        for first in range(0, len(turns.split.x_train), RECIPE.batch_size):
            n = min(RECIPE.batch_size, len(turns.split.x_train) - first)
            for i, weight in enumerate(weights):
                x, error = inputs[i][:n], inputs[i + 1][:n]
                _ = x @ weight, x.T @ error
                if i:
                    _ = error @ weight.T
            n_updates += 1
        turns.end_epoch(lambda images: np.full(len(images), -1))
    turns.end(
        lambda images: np.full(len(images), -1),
        # One more per unit, for the biases that need no product.
        n_parameters=sum((before + 1) * units for before, units in shapes),
        n_updates=n_updates,
    )


PEERS = {
    "ours": train_ours,
    "starter": train_starter,
    "starter, our pipeline": train_starter_our_way,
    "PyTorch": train_torch,
    "JAX": train_ours_in_jax,
    "scikit-learn": train_sklearn,
    "matrix products": multiply_matrices,
}


def main(name, seed, epochs):
    """Load the data, and train the peer of that name."""
    if name == "JAX":
        os.environ["KERAS_BACKEND"] = "jax"
    split = split_train_val(*load_training_set(), seed=seed)
    x_test, y_test = load_test_set()
    PEERS[name](Turns(split, x_test, y_test), seed, epochs)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
