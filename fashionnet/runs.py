"""A finished training as a folder on disk, and nothing else counts as one.

`<place>/runs/<task>/seed-<k>/` holds `manifest.json` (what was trained, how, and what
came of it), `history.json` (metrics by epoch), `predictions.npz` (probabilities of the
validation and test images) and `best.weights.h5`. Reading a run needs no Keras.
"""

import atexit
import io
import json
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fashionnet.download import DATA_SHA256
from fashionnet.engine import describe_engine, find_unusual_engine, versions
from fashionnet.evaluation import predict_labels
from fashionnet.recipes import RECIPE, Recipe, check_settings, run_key
from fashionnet.storing import (
    MANIFEST,
    RunError,
    finish_store,
    home,
    is_apart,
    own_home,
    read_file,
    store_files,
    to_json,
)

WEIGHTS = "best.weights.h5"
ARRAYS = {
    "y_prob_val": np.float32,
    "y_prob_test": np.float32,
    "y_pred_val": np.uint8,
    "y_pred_test": np.uint8,
}


class Run(NamedTuple):
    """A finished training: what is stored of it, and what is read back.

    `manifest` has `task`, `seed`, `key`, `recipe`, `differences` from it,
    `data_sha256`, `versions`, `backend`, `precision`, `threads`, `parameters`,
    `epochs_run`, `best_epoch`, `train_seconds` and `metrics` of the best epoch;
    `history` has metrics by epoch. `y_prob_val` and `y_prob_test`
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


def run_folder(task, seed, recipe=RECIPE, differences=None, *, place=None):
    """Return where the run belongs; all but the usual one have a key in their name.

    `place` is where its `runs/` lie: `home()`, unless another one is given.
    """
    is_usual = recipe == RECIPE and not differences
    key = run_key(task, seed, recipe, differences)
    suffix = "" if is_usual else f"-{key[:8]}"
    return (place or home()) / "runs" / task / f"seed-{seed}{suffix}"


def stored_seeds(task):
    """List the seeds for which the usual recipe has a folder, in order."""
    names = (p.name.removeprefix("seed-") for p in (home() / "runs" / task).glob("*"))
    # Folders of other recipes have a key behind the seed.
    return sorted(int(name) for name in names if name.isdigit())


def list_own_runs(task):
    """Read all trainings of one's own, whatever their settings.

    There are none where they do not lie apart from the published ones.
    """
    folders = sorted((own_home() / "runs" / task).glob("*")) if is_apart() else []
    manifests = [finish_store(path) for path in folders if (path / MANIFEST).is_file()]
    facts = [
        (task, m["seed"], _read_recipe(m), m.get("differences")) for m in manifests
    ]
    runs = [find_run(*fact, place=own_home()) for fact in facts]
    return [run for run in runs if run]


def make_checkpoint_path():
    """Return a new path for the best weights of one training, shared with no other.

    Its folder is deleted when Python exits.
    """
    folder = tempfile.mkdtemp(prefix="fashionnet-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder) / WEIGHTS


def save_run(
    task, seed, recipe, *, model, split, history, y_prob_val, y_prob_test, y_test
):
    """Store a finished training, all or nothing, and read it back.

    Args:
        task: "multiclass" or "binary".
        seed: Seed of split, initialization, order and dropout.
        recipe: The `Recipe` of the training.
        model: The trained network, with its best weights restored.
        split: The `Split` that it was trained and validated on.
        history: Metrics by epoch, as `fit(...).history` from `make_callbacks` has them.
        y_prob_val: Probabilities of the validation images.
        y_prob_test: Probabilities of the test images.
        y_test: True labels of the test images, 0 and 1 for the binary task.

    Returns:
        The stored `Run`. An earlier run of the same training is replaced. A run that
        differs from the recipe (see `differences`) is stored beside it.

    Raises:
        ValueError: If a setting is impossible, or the history is not from
            `make_callbacks`.
    """
    # Imported here, because reading a run does not need Keras.
    from fashionnet.differences import find_differences

    recipe = check_settings(recipe, seed=seed)
    found = find_differences(
        task, seed, recipe, model=model, split=split, history=history,
        y_prob_val=y_prob_val, y_prob_test=y_prob_test, y_test=y_test,
    )  # fmt: skip
    differences = found | find_unusual_engine()
    y_prob = y_prob_val, y_prob_test
    run = make_run(task, seed, recipe, model, history, *y_prob, y_test, differences)
    run = store_run(run, place=own_home())
    if differences:
        print(
            f"Not the usual training: {', '.join(differences)} differ. "
            f"Stored separately, as {run.folder.name}"
        )
    return run


def make_run(
    task, seed, recipe, model, history, y_prob_val, y_prob_test, y_test, differences
):
    """Collect what is stored of a training, where it ran; arguments as in `save_run`.

    `differences` are those of `find_differences` and `find_unusual_engine`.

    Returns:
        A `Run` without a folder, which may travel to the machine that stores it.
    """
    best = int(np.argmin(history["val_loss"]))
    n_correct = int((predict_labels(y_prob_test) == y_test).sum())
    manifest = {
        "task": task,
        "seed": seed,
        "key": run_key(task, seed, recipe, differences),
        "recipe": recipe._asdict(),
        "differences": differences,
        "data_sha256": DATA_SHA256,
        "versions": versions(),
        **describe_engine(),
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


def store_run(run, *, place=None):
    """Store what `make_run` collected, all or nothing, and read it back.

    `place` is as in `run_folder`.
    """
    differences = run.manifest.get("differences")
    facts = run.manifest["task"], run.manifest["seed"], recipe_of(run), differences
    folder = run_folder(*facts, place=place)
    files = {"history.json": to_json(run.history), "predictions.npz": _pack(run)}
    if run.weights is not None:
        files[WEIGHTS] = run.weights
    store_files(folder, run.manifest, files)
    return find_run(*facts, place=place)


def find_run(task, seed, recipe=RECIPE, differences=None, *, place=None):
    """Read a finished run; without `differences`, the one that the recipe names.

    `place` is as in `run_folder`.

    Returns:
        The `Run`, or `None` where there is none, or one of an older recipe.

    Raises:
        RunError: If the run is there, but one of its files is missing or damaged.
    """
    folder = run_folder(task, seed, recipe, differences, place=place)
    if not (folder / MANIFEST).is_file():
        return None
    manifest = finish_store(folder)  # which may have been cut short
    if manifest["key"] != run_key(task, seed, recipe, differences):
        return None
    sums = manifest["files"]
    history = read_file(folder, "history.json", json.loads, sums)
    arrays = read_file(folder, "predictions.npz", _load_arrays, sums)
    return Run(manifest, history, **arrays, folder=folder)


def recipe_of(run):
    """Return the `Recipe` that a run was trained by."""
    return _read_recipe(run.manifest)


def _read_recipe(manifest):
    settings = manifest["recipe"]
    return Recipe(**{**settings, "hidden_units": tuple(settings["hidden_units"])})


def check_weights(run):
    """Return the path of a run's weights.

    Raises:
        RunError: If they are missing (git does not carry them) or damaged, or were
            not stored.
    """
    if WEIGHTS not in run.manifest["files"]:
        raise RunError(f"{run.folder} was stored without weights; train it again")
    read_file(run.folder, WEIGHTS, len, run.manifest["files"])
    return run.folder / WEIGHTS


def _pack(run):
    arrays, buffer = {name: getattr(run, name) for name in ARRAYS}, io.BytesIO()
    stored = {k: np.asarray(v, ARRAYS[k]) for k, v in arrays.items() if v is not None}
    np.savez_compressed(buffer, **stored)
    return buffer.getvalue()


def _load_arrays(raw):
    with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
        return {name: arrays[name] for name in ARRAYS if name in arrays}
