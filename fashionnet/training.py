"""Train a network: batches, optimizer, callbacks, and the fit that keeps the best."""

import contextlib
import math
import signal
import tempfile
import threading
import time
from pathlib import Path

import keras
import tensorflow as tf

from fashionnet.data import check_images
from fashionnet.recipes import check_count, check_rate

WARM_UP_SHARE = 0.1
# How many steps TensorFlow takes by itself: more of them are hardly faster, and Keras
# hears of an interruption only between two such rounds.
STEPS_PER_EXECUTION = 27


def make_batches(images, labels, *, batch_size, seed):
    """Make batches for `fit`, shuffled anew for every epoch.

    They are those that notebooks 1 and 2 make with `shuffle` and `batch`. But they take
    less time: `fit` often waits, idle, at the end of an epoch for TensorFlow's tuner of
    data pipelines, which is off here.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        labels: Integer array of shape `(n,)`.
        batch_size: Images in a batch; the last one has what is left.
        seed: Seed of the shuffles. Equal seeds give equal orders.

    Returns:
        A `tf.data.Dataset` for `fit(..., shuffle=False)`: it is shuffled already.

    Raises:
        ValueError: If the images have another type or shape, or the size of a batch is
            no whole number above 0.
    """
    check_images(images)
    check_count("batch_size", batch_size)
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
        n_steps: Number of steps (batches) of the whole training; `None` for a rate that
            stays the same.

    Raises:
        ValueError: If one of them is no such number.

    Source: Loshchilov and Hutter, arXiv:1711.05101 (AdamW).
    """
    check_rate("weight_decay", weight_decay, lowest=0)
    if n_steps is not None:
        learning_rate = make_schedule(learning_rate, n_steps=n_steps)
    return keras.optimizers.AdamW(learning_rate, weight_decay=weight_decay)


def make_optimizer_of(recipe, *, steps_per_epoch):
    """Make the optimizer of a `Recipe`."""
    is_constant = recipe.schedule == "constant"
    return make_optimizer(
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        n_steps=None if is_constant else recipe.epochs * steps_per_epoch,
    )


def make_schedule(learning_rate, *, n_steps, warm_up=WARM_UP_SHARE):
    """Make a learning rate that warms up, then falls to 0 along a cosine.

    `warm_up` is the share of the steps after which the rate is highest.

    Source: Loshchilov and Hutter, arXiv:1608.03983.
    """
    check_rate("learning_rate", learning_rate)
    check_count("n_steps", n_steps)
    n_warm_up = max(1, int(warm_up * n_steps))
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=learning_rate / n_warm_up,
        warmup_target=learning_rate,
        warmup_steps=n_warm_up,
        decay_steps=max(1, n_steps - n_warm_up),
    )


def make_callbacks(checkpoint, *, patience):
    """Make the callbacks of a training: clock, best weights, early stopping.

    Args:
        checkpoint: Path ending in `.weights.h5` for the weights of the epoch with the
            lowest validation loss. Restore them after `fit` with `load_weights`.
        patience: Number of epochs without a lower validation loss before it stops.

    Returns:
        A list for `fit`, which raises a `ValueError` after an epoch without validation.
    """
    check_count("patience", patience)
    return [
        Watch(),
        keras.callbacks.ModelCheckpoint(
            str(checkpoint),
            monitor="val_loss",
            save_best_only=True,
            save_weights_only=True,
        ),
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=patience),
    ]


class Watch(keras.callbacks.Callback):
    """Time the epochs, number their steps, and end training that has failed.

    The history gets "seconds" for each epoch, and the optimizer's step at its start and
    end, "first_step" and "last_step": they distinguish training from scratch from
    training that continues.

    Interrupted (by the stop button or Ctrl-C), `fit` ends after the step at hand and
    returns the history so far; interrupted again, it breaks off.
    """

    def on_train_begin(self, logs=None):
        """Say so if the network is not a new one."""
        self.was_stopped = False
        if step := self._count_steps():
            _write(f"continues after {step:,} steps: not training from scratch\n")
        self._catch_interrupt()

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock."""
        self.start, self.first_step = time.perf_counter(), self._count_steps()

    def on_train_batch_end(self, batch, logs=None):
        """End the epoch here if the training was interrupted."""
        if self.was_stopped:
            self.model.stop_training = True

    def on_epoch_end(self, epoch, logs):
        """Stop the clock; refuse training that cannot succeed."""
        self._check(logs)
        self.noted = {
            "seconds": time.perf_counter() - self.start,
            "first_step": self.first_step,
            "last_step": self._count_steps(),
        }
        # Not into the logs, which Keras prints.
        for name, value in self.noted.items():
            self.model.history.history.setdefault(name, []).append(value)

    def on_train_end(self, logs=None):
        """Let Ctrl-C be what it was."""
        self._release_interrupt()

    def _check(self, logs):
        problem = None
        if "val_loss" not in logs:
            problem = "no val_loss: pass validation_data=(x_val, y_val) to fit"
        elif not math.isfinite(logs["loss"] + logs["val_loss"]):
            problem = (
                f"the loss is {logs['loss']}, val_loss {logs['val_loss']}: lower "
                "learning_rate, then build, compile and train the network anew"
            )
        if problem:
            self._release_interrupt()
            raise ValueError(problem)

    def _count_steps(self):
        return int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))

    def _stop(self, *_):
        self.was_stopped = True
        self._release_interrupt()
        _write("stopping after this step\n")

    def _catch_interrupt(self):
        self._before = None
        # Only the main thread is interrupted.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._stop)

    def _release_interrupt(self):
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
            self._before = None


def _write(text):
    """Write text, without ending the training if its output is closed."""
    with contextlib.suppress(OSError, ValueError):
        print(text, end="", flush=True)


def train_network(
    model,
    split,
    *,
    epochs,
    patience,
    batch_size,
    seed,
    callbacks=(),
    checkpoint=None,
    prepare=None,
    backup=None,
):
    """Fit a compiled network, and restore the weights of its best epoch.

    These are the steps that notebooks 1 and 2 show one by one.

    Args:
        model: A compiled network.
        split: A `Split` with labels that fit the network's loss.
        epochs: Largest number of epochs.
        patience: Number of epochs without a lower validation loss before it stops.
        batch_size: Images in a batch.
        seed: Seed of the order of the images.
        callbacks: Keras callbacks beside those of `make_callbacks`.
        checkpoint: Path for the best weights (`….weights.h5`), if not a temporary one.
        prepare: What is done to the training batches, never to the validation images.
        backup: A `Backup` (`zoo/resuming.py`), from which a stopped training goes on.

    Returns:
        The history: a dictionary of lists with one value per epoch.

    Raises:
        KeyboardInterrupt: If the training was interrupted.
    """
    batches = make_batches(
        split.x_train, split.y_train, batch_size=batch_size, seed=seed
    )
    if prepare:
        batches = prepare(batches)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = checkpoint or Path(folder, "best.weights.h5")
        usual = make_callbacks(checkpoint, patience=patience)
        callbacks = [*usual, *callbacks]
        if backup:
            backup.join(batches, list(callbacks), checkpoint)
            callbacks.append(backup)
        history = model.fit(
            batches,
            shuffle=False,  # `make_batches` has shuffled them
            validation_data=(split.x_val, split.y_val),
            epochs=epochs,
            callbacks=callbacks,
            verbose=0,
        )
        if usual[0].was_stopped:
            raise KeyboardInterrupt
        model.load_weights(checkpoint)
    return backup.history if backup else history.history
