"""Train a network: batches, optimizer, callbacks, and the fit that keeps the best."""

import tempfile
import time
from pathlib import Path

import keras
import tensorflow as tf

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


def train_network(
    model, split, *, epochs, patience, batch_size, seed, callbacks=(), checkpoint=None
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
        checkpoint: Path for the best weights, ending in `.weights.h5`; if left out, a
            temporary file.

    Returns:
        The history: a dictionary of lists with one value per epoch.
    """
    batches = make_batches(
        split.x_train, split.y_train, batch_size=batch_size, seed=seed
    )
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = checkpoint or Path(folder, "best.weights.h5")
        history = model.fit(
            batches,
            shuffle=False,  # the batches are
            validation_data=(split.x_val, split.y_val),
            epochs=epochs,
            callbacks=[*make_callbacks(checkpoint, patience=patience), *callbacks],
            verbose=0,
        )
        model.load_weights(checkpoint)
    return history.history
