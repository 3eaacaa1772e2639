"""Train a network: seed, optimizer, callbacks, and the whole of it in one call."""

import math
import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf

from fashionnet.data import load_fashion_mnist
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_grouped_mlp, build_mlp
from fashionnet.outcomes import WEIGHTS, condense_outcome, make_outcome
from fashionnet.runs import RECIPE, Recipe, check_weights, find_run, home, store_outcome
from fashionnet.tasks import MAIN_TASKS, find_task, split_task, task_labels

WARM_UP_SHARE = 0.1


def make_batches(images, labels, *, batch_size, seed):
    """Make batches for `fit`, shuffled anew for every epoch.

    Given arrays, `fit` does the same; but at the end of an epoch it often waits, idle,
    for TensorFlow's tuner of data pipelines. Here that is off.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        labels: Integer array of shape `(n,)`.
        batch_size: Images in a batch; the last one has what is left.
        seed: Seed of the shuffles. Equal seeds give equal orders.

    Returns:
        A `tf.data.Dataset` for `fit(..., shuffle=False)`: it is shuffled already.
    """
    order = tf.data.Dataset.range(len(images)).shuffle(len(images), seed=seed)
    images, labels = tf.constant(images), tf.constant(labels)
    batches = order.batch(batch_size).map(
        lambda chosen: (tf.gather(images, chosen), tf.gather(labels, chosen))
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    return batches.with_options(options)


def make_optimizer(*, learning_rate, weight_decay, n_steps):
    """Make AdamW whose learning rate warms up, then falls to 0 along a cosine.

    Args:
        learning_rate: The highest rate, reached after a tenth of the steps.
        weight_decay: Share of each weight, times the rate, taken off in each step.
        n_steps: Number of steps (batches) of the whole training.

    Returns:
        A `keras.optimizers.AdamW`.

    Source: Loshchilov and Hutter, arXiv:1711.05101 (AdamW), arXiv:1608.03983 (cosine).
    """
    n_warm_up = max(1, int(WARM_UP_SHARE * n_steps))
    schedule = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=learning_rate / n_warm_up,
        warmup_target=learning_rate,
        warmup_steps=n_warm_up,
        decay_steps=max(1, n_steps - n_warm_up),
    )
    return keras.optimizers.AdamW(schedule, weight_decay=weight_decay)


def make_callbacks(checkpoint, *, patience):
    """Make the callbacks of a training: progress, best weights, early stopping.

    Args:
        checkpoint: Path ending in `.weights.h5` for the weights of the epoch with the
            lowest validation loss. Restore them after `fit` with `load_weights`.
        patience: Number of epochs without a lower validation loss before it stops.

    Returns:
        A list for `fit`, which raises a `ValueError` after an epoch without validation.
    """
    return [
        ProgressLine(),
        keras.callbacks.ModelCheckpoint(
            str(checkpoint),
            monitor="val_loss",
            save_best_only=True,
            save_weights_only=True,
        ),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience),
    ]


class ProgressLine(keras.callbacks.Callback):
    """Write one line that grows with the epochs, and time them.

    A line that only grows reads the same in Jupyter, in a terminal and in a rendered
    page. The seconds of each epoch go into the history, as "seconds".
    """

    def on_train_begin(self, logs=None):
        """Start the line."""
        self.losses = []
        print("epoch ", end="", flush=True)

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs):
        """Advance the line; refuse a training whose best epoch nobody could know."""
        if "val_loss" not in logs:
            raise ValueError("no val_loss: pass validation_data=(x_val, y_val) to fit")
        logs["seconds"] = time.perf_counter() - self.start
        self.losses.append(logs["val_loss"])
        number = epoch + 1
        print(f" {number} " if number % 5 == 0 else "·", end="", flush=True)

    def on_train_end(self, logs=None):
        """End the line with the best epoch."""
        best = min(range(len(self.losses)), key=self.losses.__getitem__)
        print(f"  lowest val_loss {self.losses[best]:.4f} in epoch {best + 1}")


def train_network(task, split, *, seed, recipe, checkpoint):
    """Build, compile and fit a network, and restore its best weights.

    These are the steps that the notebooks show one by one.

    Args:
        task: One of `TASKS`.
        split: A `Split` whose labels are those of the task.
        seed: Seed of initialization, order and dropout. Equal seeds give equal
            networks on the same machine.
        recipe: The `Recipe`.
        checkpoint: Path ending in `.weights.h5`.

    Returns:
        The network and its history: a dictionary of lists with one value per epoch.
    """
    keras.utils.set_random_seed(seed)
    model = _build(task, recipe, seed)
    steps_per_epoch = math.ceil(len(split.x_train) / recipe.batch_size)
    optimizer = make_optimizer(
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        n_steps=recipe.epochs * steps_per_epoch,
    )
    model.compile(
        loss=find_task(task).loss,
        optimizer=optimizer,
        metrics=["accuracy"],
        steps_per_execution=steps_per_epoch,
    )
    batches = make_batches(
        split.x_train, split.y_train, batch_size=recipe.batch_size, seed=seed
    )
    history = model.fit(
        batches,
        shuffle=False,  # the batches are
        validation_data=(split.x_val, split.y_val),
        epochs=recipe.epochs,
        callbacks=make_callbacks(checkpoint, patience=recipe.patience),
        verbose=0,
    )
    model.load_weights(checkpoint)
    return model, history.history


def train_outcome(task, seed, recipe=RECIPE):
    """Train a network from data set to predictions, and store nothing.

    Args:
        task: One of `TASKS`.
        seed: Seed of split, initialization, order and dropout.
        recipe: A `Recipe`; the usual one if left out.

    Returns:
        The `Outcome`, condensed if the network serves Part 3 alone: if it has another
        task or fewer images than those of the assignment.

    Raises:
        ValueError: If there is no such task, or not so many images.
    """
    find_task(task)  # before anything takes long
    images, labels, x_test, test_labels = load_fashion_mnist()
    split = split_task(task, images, labels, seed=seed, n_train=recipe.n_train)
    with tempfile.TemporaryDirectory() as folder:
        model, history = train_network(
            task, split, seed=seed, recipe=recipe, checkpoint=Path(folder, WEIGHTS)
        )
    y_prob_val = predict_probabilities(model, split.x_val)
    y_prob_test = predict_probabilities(model, x_test)
    if task in MAIN_TASKS and recipe.n_train is None:
        y_test = task_labels(task, test_labels)
        return make_outcome(model, history, y_prob_val, y_prob_test, y_test)
    return condense_outcome(task, model, history, y_prob_val, y_prob_test, test_labels)


def train_run(task, seed, recipe=RECIPE, *, retrain=False):
    """Return the finished run of a task and a seed, training it if there is none.

    Args:
        task: One of `TASKS`.
        seed: Seed of split, initialization, order and dropout.
        recipe: A `Recipe`; the usual one if left out.
        retrain: Train even if a finished or a damaged run is there, and replace it.

    Returns:
        The `Run`.

    Raises:
        RunError: If the run on disk is damaged and `retrain` is not set.
        ValueError: If there is no such task, or not so many images.
    """
    find_task(task)
    run = None if retrain else find_run(task, seed, recipe)
    if run:
        where = run.folder.relative_to(home())
        print(f"{task}, seed {seed}: finished run reused from {where}")
        return run
    print(f"{task}, seed {seed}: ", end="")
    return store_outcome(task, seed, recipe, train_outcome(task, seed, recipe))


def load_network(run):
    """Build a finished run's network and load its weights.

    Returns:
        The `keras.Model`, ready to predict.

    Raises:
        RunError: If the weights are missing (git does not carry them), damaged or not
            stored.
    """
    model = _build(run.manifest["task"], Recipe(**run.manifest["recipe"]))
    model.load_weights(check_weights(run))
    return model


def _build(task, recipe, seed=None):
    fields = ("hidden_units", "input_dropout", "dropout")
    settings = {field: getattr(recipe, field) for field in fields} | {"seed": seed}
    if task == "grouped":
        return build_grouped_mlp(**settings)
    return build_mlp(find_task(task).n_classes, **settings)
