"""A finished training of the table as a folder on disk; reading it needs no Keras.

`runs/further/<network>/seed-<k>/` holds `manifest.json`, `history.json`,
`predictions.npz` (probabilities of the validation and test images as float16) and, for
some networks, `weights.npz` (float16). The accuracy in the manifest is that of the
stored probabilities, which are those of the stored weights.
"""

import hashlib
import io
import json
import math
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fashionnet.download import DATA_SHA256
from fashionnet.storing import (
    MANIFEST,
    finish_store,
    home,
    own_home,
    read_file,
    store_files,
    to_json,
)
from fashionnet.zoo.table import find_network, list_settings

# Probabilities below are stored as 0.
SMALLEST_STORED = 1e-3


class Training(NamedTuple):
    """A finished training of a network of the table.

    `manifest` has `network`, `seed`, `key`, `settings`, `differences` of Keras' engine
    from the usual one, `data_sha256`, `versions`, `backend`, `precision`, `threads`,
    `parameters`, `epochs_run`, `best_epoch`, `resumed_after`, `train_seconds`,
    `seconds_per_epoch`, `choices` and `metrics`. `history` has metrics by epoch. The
    probabilities are `float16` of shape `(n, 10)`; those of the validation images are
    `None` for a side view with one seed. `weights` are those of the network, as
    `float16`, or `None`; `folder` says where it is stored.
    """

    manifest: dict
    history: dict
    y_prob_val: np.ndarray | None
    y_prob_test: np.ndarray
    weights: list | None = None
    folder: Path | None = None


def training_key(network, seed, differences=None):
    """Hash what a training depends on: settings, data, seed, and an unusual engine."""
    parts = [list_settings(network), DATA_SHA256, seed]
    if differences:
        parts.append(differences)
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def training_folder(network, seed, differences=None, *, base=None):
    """Return where a training belongs; all but the table's have a key in their name."""
    row = find_network(network.name)
    is_usual = list_settings(network) == list_settings(row) and seed in row.seeds
    key = training_key(network, seed, differences)
    suffix = "" if is_usual and not differences else f"-{key[:8]}"
    return (base or home()) / "runs/further" / network.name / f"seed-{seed}{suffix}"


def backup_folder(name, seed, key):
    """Return where a training is backed up until it is stored."""
    return own_home() / "unfinished" / f"{name}-{seed}-{key[:8]}"


def lighten(y_prob):
    """Round probabilities to `float16`, and those below a tenth to 5 binary digits.

    Digits that are as good as random do not compress. The likeliest of ten classes has
    a tenth or more, so that it stays what it is. Less than a thousandth becomes 0.
    """
    y_prob = np.asarray(y_prob, np.float16)
    bits = y_prob.view(np.uint16)
    rounded = ((bits + 32) & 0xFFC0).astype(np.uint16).view(np.float16)
    light = np.where(y_prob < 0.1, rounded, y_prob)
    return np.where(light < SMALLEST_STORED, 0, light).astype(np.float16)


def score(y_prob, y_true):
    """Return the loss (mean negative log-probability of the truth) and right labels."""
    y_prob = y_prob.astype(np.float64)
    of_truth = y_prob[np.arange(len(y_true)), y_true]
    loss = -np.log(of_truth.clip(1e-7, 1)).mean()
    return float(loss), int((y_prob.argmax(axis=1) == y_true).sum())


def check_history(network, history, n_images):
    """Refuse to store a training that did not run from the start, step by step.

    Raises:
        ValueError: Names the epoch and its steps.
    """
    n_steps = math.ceil(n_images / network.batch_size)
    for epoch, first in enumerate(history["first_step"]):
        last = history["last_step"][epoch]
        if (first, last) != (epoch * n_steps, (epoch + 1) * n_steps):
            expected = f"{epoch * n_steps} to {(epoch + 1) * n_steps}"
            raise ValueError(
                f"epoch {epoch + 1} had the steps {first:g} to {last:g}, not {expected}"
            )


def pack_training(training):
    """Return the files of a training beside its manifest, as bytes by name."""
    arrays = {name: getattr(training, name) for name in ("y_prob_val", "y_prob_test")}
    arrays = {name: array for name, array in arrays.items() if array is not None}
    files = {
        "history.json": to_json(training.history),
        "predictions.npz": pack(arrays),
    }
    if training.weights is not None:
        numbered = {f"{i:03}": w for i, w in enumerate(training.weights)}
        files["weights.npz"] = pack(numbered)
    return files


def store_training(training, *, base=None):
    """Store a training in `base` or `home()`, all or nothing, and read it back.

    Its backup, no longer needed, is deleted.
    """
    manifest = training.manifest
    network = find_network(manifest["network"])._replace(**manifest["settings"])
    facts = network, manifest["seed"], manifest["differences"]
    folder = training_folder(*facts, base=base)
    store_files(folder, manifest, pack_training(training))
    backup = backup_folder(network.name, manifest["seed"], manifest["key"])
    shutil.rmtree(backup, ignore_errors=True)
    return read_training(folder)


def find_training(network, seed, *, bases=None):
    """Read the finished training of a network and a seed, one's own before others.

    Args:
        network: A `Network`, with the table's settings or others.
        seed: Seed of split, initialization, order, dropout and augmentation.
        bases: Folders to look in, if not `own_home()` and `home()`.

    Returns:
        The `Training`, or `None` where there is none, or one of other settings.

    Raises:
        RunError: If it is there, but one of its files is missing or damaged.
    """
    for base in bases or (own_home(), home()):
        folder = training_folder(network, seed, base=base)
        if (folder / MANIFEST).is_file():
            training = read_training(folder)
            if training.manifest["key"] == training_key(network, seed):
                return training
    return None


def read_training(folder):
    """Read a stored training. Raises a `RunError` if a file is missing or damaged."""
    manifest = finish_store(folder)  # which may have been cut short
    sums, weights = manifest["files"], None
    history = read_file(folder, "history.json", json.loads, sums)
    arrays = {"y_prob_val": None}
    arrays |= read_file(folder, "predictions.npz", unpack, sums)
    if (folder / "weights.npz").is_file():  # the packed archive has none
        weights = list(read_file(folder, "weights.npz", unpack, sums).values())
    return Training(manifest, history, **arrays, weights=weights, folder=folder)


def store_arrays(name, arrays, facts):
    """Store what else a notebook reads: arrays by name. Returns the folder."""
    folder = home() / "runs/further" / name
    store_files(folder, facts, {f"{name}.npz": pack(arrays)})
    return folder


def load_arrays(name):
    """Load what `store_arrays` stored.

    Raises:
        RunError: If a file is missing or damaged.
    """
    folder = home() / "runs/further" / name
    return read_file(folder, f"{name}.npz", unpack, finish_store(folder)["files"])


def pack(arrays):
    """Return arrays, by name, as the bytes of a compressed file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def unpack(raw):
    """Return the arrays that `pack` packed."""
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays}
