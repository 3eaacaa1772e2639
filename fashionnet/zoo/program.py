"""The program: list the networks, train one, test one, and write what came of it."""

import contextlib
import io

import keras
import numpy as np
import pandas as pd
from sklearn.metrics import classification_report
from tqdm import tqdm

from fashionnet import FashionnetError
from fashionnet.data import CLASS_NAMES, load_test_set
from fashionnet.evaluation import count_confusions
from fashionnet.plots import plot_confusion
from fashionnet.reporting import save_figure
from fashionnet.storing import own_home, write_file
from fashionnet.study.trainings import BAR
from fashionnet.zoo.further import estimate_seconds, phrase_time
from fashionnet.zoo.stored import find_training, score, store_training
from fashionnet.zoo.trainings import load_network, predict, train


class TimeLeft(keras.callbacks.Callback):
    """Show a bar with the epoch, its validation accuracy and the time left."""

    def on_train_begin(self, logs=None):
        """Start the bar where the training starts."""
        self.n_steps, self.n_epochs = self.params["steps"], self.params["epochs"]
        self.bar, self.said = None, ""

    def on_epoch_begin(self, epoch, logs=None):
        """Name the epoch; the first one may come after an interruption."""
        n_done, total = epoch * self.n_steps, self.n_epochs * self.n_steps
        if self.bar is None:
            self.bar = tqdm(total=total, initial=n_done, bar_format=BAR)
        name = f"epoch {epoch + 1} of {self.n_epochs}{self.said}"
        self.bar.set_description_str(name)
        self.n_before = n_done

    def on_train_batch_end(self, batch, logs=None):
        """Advance the bar by the steps that were taken."""
        n_taken = min(batch + 1, self.n_steps)
        self.bar.update(self.n_before + n_taken - self.bar.n)

    def on_epoch_end(self, epoch, logs=None):
        """Keep the accuracy to show it during the next epoch."""
        self.said = f", validation accuracy {logs['val_accuracy']:.1%}"

    def on_train_end(self, logs=None):
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()


def train_and_store(network, seed):
    """Train a network of the table, or go on with it; store it with its weights.

    Args:
        network: A `Network`, with the table's settings or others.
        seed: Seed of split, initialization, order, dropout and augmentation.

    Returns:
        The stored `Training`; a finished one with weights is reused.
    """
    found = find_training(network, seed)
    if found and found.weights is not None:
        print(f"{network.name}, seed {seed}: finished training in {found.folder}")
        return found
    print(f"{network.name}, seed {seed}: at most {state_time(network)}")
    with contextlib.redirect_stdout(io.StringIO()):  # the bar says it all
        training = train(network, seed, keep_weights=True, callbacks=[TimeLeft()])
    stored = store_training(training, base=own_home())
    facts, metrics = stored.manifest, stored.manifest["metrics"]
    print(
        f"Best epoch {facts['best_epoch']} of {facts['epochs_run']}; right: "
        f"{metrics['val_accuracy']:.2%} of the validation images, "
        f"{metrics['test_accuracy']:.2%} of the test images. Stored in {stored.folder}"
    )
    return stored


def state_time(network):
    """Say how long a training takes on two cores."""
    seconds = estimate_seconds(network)
    return (
        f"{network.epochs} epochs of some {seconds:.0f} seconds on two cores, "
        f"{phrase_time(network.epochs * seconds)}"
    )


def predict_test_images(network, seed):
    """Load a trained network and let it label the test images.

    Returns:
        `y_prob, y_true`: probabilities of shape `(10000, 10)`, and class ids.

    Raises:
        FashionnetError: If there are no weights; says how to get them.
    """
    training = find_training(network, seed)
    if training is None or training.weights is None:
        raise FashionnetError(
            f"no weights of {network.name}, seed {seed}, are stored; `python -m "
            f"fashionnet train {network.name} --seed {seed}` makes them: "
            f"{state_time(network)}"
        )
    x_test, y_true = load_test_set()
    return predict(network, load_network(network, training), x_test), y_true


def test_and_write(network, seed, folder):
    """Test a trained network and write what came of it into a folder.

    These are `answers.txt` (see `write_answers`), `report.txt` (precision and recall by
    class), `confusion.csv` and `confusion.png`.

    Returns:
        `loss, accuracy` on the test images.
    """
    y_prob, y_true = predict_test_images(network, seed)
    y_pred = y_prob.argmax(axis=1)
    matrix = count_confusions(y_true, y_pred, len(CLASS_NAMES))
    folder.mkdir(parents=True, exist_ok=True)
    loss, accuracy = write_answers(folder / "answers.txt", y_prob, y_true)
    report = classification_report(
        y_true, y_pred, labels=range(10), target_names=CLASS_NAMES, digits=4,
        zero_division=0,
    )  # fmt: skip
    write_file(folder / "report.txt", report)
    table = pd.DataFrame(matrix, CLASS_NAMES, CLASS_NAMES)
    table = table.to_csv(index_label="true", lineterminator="\n")
    write_file(folder / "confusion.csv", table)
    save_figure(plot_confusion(matrix, CLASS_NAMES), folder / "confusion.png")
    return loss, accuracy


def write_answers(path, y_prob, y_true):
    """Write loss, accuracy, and a line `true,predicted` for each image.

    Returns:
        `loss, accuracy`.

    Source: document 002, whose program writes such files.
    """
    loss, n_correct = score(y_prob, y_true)
    pairs = np.stack([y_true, y_prob.argmax(axis=1)], axis=1).tolist()
    lines = [f"{loss:.6f}", f"{n_correct / len(y_true):.4f}"]
    lines += [f"{true},{predicted}" for true, predicted in pairs]
    write_file(path, "\n".join([*lines, ""]))
    return loss, n_correct / len(y_true)
