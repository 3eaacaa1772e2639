"""A finished training as a folder on disk, and nothing else counts as one.

`<home>/runs/<task>/seed-<k>/` holds `manifest.json` (what was trained, how, and what
came of it), `history.json` (metrics by epoch), `predictions.npz` (probabilities of the
validation and test images) and `best.weights.h5`. Reading a run needs no Keras.
"""

import atexit
import hashlib
import io
import json
import os
import platform
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fashionnet import FashionnetError
from fashionnet.download import DATA_SHA256
from fashionnet.evaluation import predict_labels

MANIFEST, WEIGHTS = "manifest.json", "best.weights.h5"
PACKAGES = ("keras", "tensorflow", "numpy", "scikit-learn", "scipy", "matplotlib")
ARRAYS = {
    "y_prob_val": np.float32,
    "y_prob_test": np.float32,
    "y_pred_val": np.uint8,
    "y_pred_test": np.uint8,
}


class Recipe(NamedTuple):
    """Everything that decides how a network is trained, apart from task and seed.

    `n_train` is the number of training images, `None` for all that are not held out.
    """

    hidden_units: tuple[int, ...] = (256, 256)
    input_dropout: float = 0.2
    dropout: float = 0.0
    batch_size: int = 512
    epochs: int = 20
    patience: int = 10
    learning_rate: float = 6e-3
    weight_decay: float = 0.1
    n_train: int | None = None


RECIPE = Recipe()
# In the key of every run. A field added to `Recipe` later counts where it differs from
# its default, so that the runs stored before it are still found.
KEY_FIELDS = (
    "hidden_units", "input_dropout", "dropout", "batch_size", "epochs", "patience",
    "learning_rate", "weight_decay", "n_train",
)  # fmt: skip


class Run(NamedTuple):
    """A finished training: what is stored of it, and what is read back.

    `manifest` has `task`, `seed`, `key`, `recipe`, `data_sha256`, `versions`,
    `threads`, `parameters`, `epochs_run`, `best_epoch`, `train_seconds` and `metrics`
    of the best epoch; `history` has metrics by epoch. `y_prob_val` and `y_prob_test`
    are `float32` probabilities of shape `(n, n_classes)`, or `(n,)` of class 1.
    `y_pred_val` and `y_pred_test`, the likeliest classes as `uint8`, are there where
    probabilities of a group took the place of those of the classes. `weights` has the
    content of a `.weights.h5` file until the run is stored, `folder` says where it is.
    """

    manifest: dict
    history: dict
    y_prob_val: np.ndarray
    y_prob_test: np.ndarray
    y_pred_val: np.ndarray | None = None
    y_pred_test: np.ndarray | None = None
    weights: bytes | None = None
    folder: Path | None = None


class RunError(FashionnetError):
    """A run on disk is damaged; the message names the file and the way out."""


def home():
    """Return where results go: `FASHIONNET_HOME`, or `reports/` of the checkout."""
    if named := os.environ.get("FASHIONNET_HOME"):
        return Path(named).expanduser().resolve()
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "notebooks").is_dir():
        return checkout / "reports"
    return Path.cwd() / "reports"


def run_key(task, seed, recipe=RECIPE):
    """Hash what a run depends on: another recipe, data set or seed has another key."""
    defaults = recipe._field_defaults
    settings = {
        name: value
        for name, value in recipe._asdict().items()
        if name in KEY_FIELDS or value != defaults[name]
    }
    parts = [task, seed, settings, DATA_SHA256]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def run_folder(task, seed, recipe=RECIPE):
    """Return where the run belongs; other recipes get folders of their own."""
    suffix = "" if recipe == RECIPE else f"-{run_key(task, seed, recipe)[:8]}"
    return home() / "runs" / task / f"seed-{seed}{suffix}"


def stored_seeds(task):
    """List the seeds for which the usual recipe has a folder, in order."""
    names = (p.name.removeprefix("seed-") for p in (home() / "runs" / task).glob("*"))
    # Folders of other recipes have a key behind the seed.
    return sorted(int(name) for name in names if name.isdigit())


def make_checkpoint_path():
    """Return a new path for the best weights of one training, shared with no other.

    Its folder goes when Python ends.
    """
    folder = tempfile.mkdtemp(prefix="fashionnet-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / WEIGHTS


def save_run(task, seed, recipe, *, model, history, y_prob_val, y_prob_test, y_test):
    """Store a finished training, all or nothing, and read it back.

    Args:
        task: "multiclass" or "binary".
        seed: Seed of split, initialization, order and dropout.
        recipe: The `Recipe` of the training.
        model: The trained network, with its best weights restored.
        history: Metrics by epoch, as `fit(...).history` from `make_callbacks` has them.
        y_prob_val: Probabilities of the validation images.
        y_prob_test: Probabilities of the test images.
        y_test: True labels of the test images, 0 and 1 for the binary task.

    Returns:
        The stored `Run`. One that stood there before is replaced.
    """
    return store_run(
        make_run(task, seed, recipe, model, history, y_prob_val, y_prob_test, y_test)
    )


def make_run(task, seed, recipe, model, history, y_prob_val, y_prob_test, y_test):
    """Collect what is stored of a training, where it ran; arguments as in `save_run`.

    Returns:
        A `Run` without a folder, which may travel to the machine that stores it.
    """
    best = int(np.argmin(history["val_loss"]))
    n_correct = int((predict_labels(y_prob_test) == y_test).sum())
    manifest = {
        "task": task,
        "seed": seed,
        "key": run_key(task, seed, recipe),
        "recipe": recipe._asdict(),
        "data_sha256": DATA_SHA256,
        "versions": versions(),
        "threads": count_threads(),
        "parameters": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        "epochs_run": len(history["val_loss"]),
        "best_epoch": best + 1,
        "train_seconds": round(sum(history["seconds"]), 2),
        "metrics": {
            "val_loss": history["val_loss"][best],
            "val_accuracy": history["val_accuracy"][best],
            "n_correct": n_correct,
            "n_test": len(y_test),
            "test_accuracy": n_correct / len(y_test),
        },
    }
    with tempfile.TemporaryDirectory() as folder:
        model.save_weights(Path(folder, WEIGHTS))
        weights = Path(folder, WEIGHTS).read_bytes()
    return Run(manifest, history, y_prob_val, y_prob_test, weights=weights)


def versions():
    """Return the versions of Python and of the packages a result depends on."""
    packages = {name: metadata.version(name) for name in PACKAGES}
    return {"python": platform.python_version(), **packages}


def count_threads():
    """Count TensorFlow's threads for one operation; last digits depend on them."""
    # Here, because reading a run needs no TensorFlow.
    import tensorflow as tf

    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count()


def store_run(run):
    """Store what `make_run` collected, all or nothing, and read it back."""
    task, seed, recipe = run.manifest["task"], run.manifest["seed"], recipe_of(run)
    folder = run_folder(task, seed, recipe)
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".staging-"))
    try:
        if run.weights is not None:
            (staging / WEIGHTS).write_bytes(run.weights)
        history = json.dumps(run.history, indent=1) + "\n"
        (staging / "history.json").write_text(history)
        _save_arrays(staging / "predictions.npz", run)
        sums = {path.name: _sha256(path) for path in sorted(staging.iterdir())}
        manifest = json.dumps({**run.manifest, "files": sums}, indent=1) + "\n"
        (staging / MANIFEST).write_text(manifest)
        # A run without a manifest does not exist: it goes first and comes last.
        (folder / MANIFEST).unlink(missing_ok=True)
        for name in (*sums, MANIFEST):
            os.replace(staging / name, folder / name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return find_run(task, seed, recipe)


def find_run(task, seed, recipe=RECIPE):
    """Read a finished run.

    Returns:
        The `Run`, or `None` where there is none, or one of an older recipe.

    Raises:
        RunError: If the run is there, but one of its files is missing or damaged.
    """
    folder = run_folder(task, seed, recipe)
    if not (folder / MANIFEST).is_file():
        return None
    manifest = _read(folder, MANIFEST, _parse_manifest)
    if manifest["key"] != run_key(task, seed, recipe):
        return None
    sums = manifest["files"]
    history = _read(folder, "history.json", json.loads, sums)
    arrays = _read(folder, "predictions.npz", _load_arrays, sums)
    return Run(manifest, history, **arrays, folder=folder)


def recipe_of(run):
    """Return the `Recipe` that a run was trained by."""
    settings = run.manifest["recipe"]
    return Recipe(**{**settings, "hidden_units": tuple(settings["hidden_units"])})


def check_weights(run):
    """Return the path of a run's weights.

    Raises:
        RunError: If they are missing (git does not carry them) or damaged, or were
            not stored.
    """
    if WEIGHTS not in run.manifest["files"]:
        raise RunError(f"{run.folder} was stored without weights; train it again")
    _read(run.folder, WEIGHTS, len, run.manifest["files"])
    return run.folder / WEIGHTS


def _read(folder, name, parse, sums=None):
    """Read one file of a run and parse it, or say what is wrong with it."""
    path = folder / name
    cure = f"Train it again with train_run(..., retrain=True), or delete {folder}."
    try:
        raw = path.read_bytes()
        found = hashlib.sha256(raw).hexdigest()
        if sums and found != sums[name]:
            raise ValueError(f"expected SHA-256 {sums[name]}, found {found}")
        return parse(raw)
    except (OSError, ValueError, KeyError) as error:
        raise RunError(f"{path} is missing or damaged: {error}. {cure}") from error


def _parse_manifest(raw):
    manifest = json.loads(raw)
    if missing := {"key", "files"} - set(manifest):
        raise ValueError(f"no entry {' or '.join(sorted(missing))}")
    return manifest


def _save_arrays(path, run):
    arrays = {name: getattr(run, name) for name in ARRAYS}
    stored = {k: np.asarray(v, ARRAYS[k]) for k, v in arrays.items() if v is not None}
    np.savez_compressed(path, **stored)


def _load_arrays(raw):
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in ARRAYS if name in arrays}


def _sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
