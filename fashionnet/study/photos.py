"""What the networks of notebooks 1 and 2 see in a picture of one's own."""

import io
import json
import os
import sys
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fashionnet import FashionnetError
from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.engine import find_unusual_engine
from fashionnet.evaluation import predict_probabilities
from fashionnet.pictures import SIDE, PictureError, load_picture
from fashionnet.runs import WEIGHTS, check_weights, find_run, store_run
from fashionnet.storing import home, own_home, write_file
from fashionnet.study.tasks import MAIN_TASKS
from fashionnet.study.unlike import (
    load_measured,
    load_neighbors,
    measure_distances,
    phrase_distance,
    state_measured,
)
from fashionnet.study.words import CLASSIFIERS, NAMES, SOURCES, format_percent
from fashionnet.study.workers import silence

SEED = 0
SEEN = ".seen.png"  # added to the name of a picture
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".heif")
INPUT = "standard input"  # the name of "-" in all that is told


class Answer(NamedTuple):
    """What is said of one picture.

    `classes` has the probabilities of the three likeliest, `clothing` those of Clothing
    by each of `CLASSIFIERS`, but whether it is Clothing from the top class; `distance`
    is that of `measure_distances`.
    """

    classes: dict
    clothing: dict
    distance: float


def find_weights(task):
    """Find the stored run with the weights of a network of the notebooks, or `None`."""
    for is_usual, place in product((True, False), (home(), own_home())):
        others = (place / "runs" / task).glob(f"seed-{SEED}-*")
        if not is_usual and not any(others):
            continue  # TensorFlow, which takes long to load, need not be asked
        differences = None if is_usual else find_unusual_engine()
        run = find_run(task, SEED, differences=differences, place=place)
        if run and (run.folder / WEIGHTS).is_file():
            return run
    return None


def load_networks(*, train=False, is_told=False):
    """Load the networks of notebooks 1 and 2.

    Args:
        train: Whether networks without weights are trained; they are one's own then.
        is_told: Whether standard error says when loading begins, which takes a while.

    Returns:
        A dictionary of network by task, "multiclass" and "binary".

    Raises:
        FashionnetError: If weights are missing, and `train` is false.
        RunError: If they are damaged.
    """
    with silence():
        runs = {task: find_weights(task) for task in MAIN_TASKS}
    missing = [task for task, run in runs.items() if run is None]
    if missing and not train:
        raise FashionnetError(
            f"no weights of {' and '.join(missing)}, seed {SEED}, are stored; --train "
            "trains them, each in half a minute to a minute"
        )
    for run in filter(None, runs.values()):
        check_weights(run)
    if is_told:
        print("Loading the networks …", file=sys.stderr)
    with silence():  # here, because what is missing is told without TensorFlow
        from fashionnet.study.networks import load_network, train_task
    for task in missing:
        print(f"Training {task}, seed {SEED}: up to a minute", file=sys.stderr)
        with silence():
            runs[task] = store_run(train_task(task, SEED), place=own_home())
    return {task: load_network(run) for task, run in runs.items()}


def answer(image, networks, neighbors):
    """Let the networks answer. Returns an `Answer` to one `uint8` image, 28 × 28."""
    images = image[np.newaxis]
    probabilities = predict_probabilities(networks["multiclass"], images)[0]
    likeliest = np.argsort(-probabilities)[:3].tolist()
    says = (
        likeliest[0] in CLOTHING,
        round(float(probabilities[list(CLOTHING)].sum(dtype=np.float64)), 4),
        round(float(predict_probabilities(networks["binary"], images)[0]), 4),
    )
    return Answer(
        {
            CLASS_NAMES[label]: round(float(probabilities[label]), 4)
            for label in likeliest
        },
        dict(zip(CLASSIFIERS, says, strict=True)),
        float(measure_distances(images, neighbors)[0]),
    )


def list_photos(names):
    """List the pictures that are named: files, those of a folder, "-" for input."""
    photos = []
    for name in names:
        try:
            inside = sorted(os.listdir(name))
        except OSError:  # no folder, or one that may not be read: `read_photo` tells
            inside = []
        found = [
            os.path.join(name, file)
            for file in inside
            if file.lower().endswith(ENDINGS) and not file.startswith(".")
            and not file.endswith(SEEN)
        ]  # fmt: skip
        photos += found or [name]
    return list(dict.fromkeys(photos))


def call_photo(name):
    """Return the name of one of `list_photos` in all that is told of it."""
    return INPUT if name == "-" else name


def read_photo(name):
    """Read one of `list_photos` as a `Picture`, or raise a `PictureError`."""
    if name == "-":
        raw = sys.stdin.buffer.read() if sys.stdin else b""
        if not raw:
            raise PictureError(f"{INPUT}: it was empty; put `< PHOTO` after the `-`")
        file = io.BytesIO(raw)
        file.name = INPUT  # for what `load_picture` may have to say of it
        return load_picture(file)
    if Path(name).is_dir():
        raise PictureError(f"{name}: no picture can be found in this folder")
    return load_picture(name)


def describe_answer(name, picture, said, threshold):
    """Collect what is said of a picture in a dictionary, as `--json` prints it."""
    return {
        "photo": call_photo(name),
        "classes": said.classes,
        "clothing": {NAMES[way]: x for way, x in said.clothing.items()},
        "prepared": list(picture.steps),
        "distance": round(said.distance, 2),
        "unlike": said.distance > threshold,
    }


def phrase_answer(told, threshold):
    """Put what `describe_answer` collected, and where it was saved, in some lines."""
    classes = [f"{label} {format_percent(p)}" for label, p in told["classes"].items()]
    clothing = []
    for way, source in SOURCES.items():
        share = told["clothing"][NAMES[way]]
        yes_or_no = "yes" if share else "no"
        says = yes_or_no if isinstance(share, bool) else format_percent(share)
        clothing.append(f"{says} {source}")
    lines = [
        f"{told['photo']}: {', '.join(classes)}",
        f"  Clothing: {', '.join(clothing)}",
        f"  Prepared: {'; '.join(told['prepared'])}",
    ]
    if told["unlike"]:
        away = phrase_distance(told["distance"], threshold)
        lines.append(
            "  Unlike the data that the networks learned from: do not rely on the "
            f"answer (the nearest image is {away})"
        )
    if "saved" in told:
        lines.append(f"  Saved what they see, {SIDE}×{SIDE}: {told['saved']}")
    return "\n".join(lines)


def save_seen(name, picture):
    """Write what the networks see beside a picture. Returns the path."""
    path = Path("standard-input" if name == "-" else name)
    drawn = io.BytesIO()
    Image.fromarray(picture.image).save(drawn, format="PNG")
    path = path.with_name(path.name + SEEN)
    write_file(path, drawn.getvalue())
    return path


def predict_photos(names, *, as_json=False, save=False, train=False):
    """Print what networks say of pictures, in order; a failure stops none of them.

    Args:
        names: Paths of files and folders; "-" is standard input.
        as_json: Whether one JSON list is printed instead of text.
        save: Whether what the networks see is written beside each picture.
        train: As in `load_networks`.

    Raises:
        FashionnetError: After all is done, if there is a picture without an answer, or
            what was seen of it could not be written; or if weights are missing.
    """
    read = {name: _try_to_read(name) for name in list_photos(names)}
    measured, networks, told, n_unsaved = load_measured(), None, [], 0
    threshold = measured["distance"]["threshold"]
    for name, picture in read.items():
        if isinstance(picture, PictureError):
            told.append({"photo": call_photo(name), "error": str(picture)})
            print(f"fashionnet: {picture}", file=sys.stderr)
            continue
        if networks is None:  # none has to be loaded if no picture can be read
            networks = load_networks(train=train, is_told=True)
            neighbors = load_neighbors()
        said = answer(picture.image, networks, neighbors)
        told.append(describe_answer(name, picture, said, threshold))
        if save:
            n_unsaved += not _try_to_save(name, picture, told[-1])
        if not as_json:
            print(phrase_answer(told[-1], threshold), flush=True)
    if as_json:
        print(json.dumps(told, indent=1))
    elif any(one.get("unlike") for one in told):
        print(state_measured(measured))
    n_refused = sum("error" in one for one in told)
    counts = {"no answer for": n_refused, "nothing saved for": n_unsaved}
    failures = [f"{text} {n} of {len(read)}" for text, n in counts.items() if n]
    if failures:
        raise FashionnetError(", ".join(failures))


def _try_to_read(name):
    """Read a picture. Returns it, or the error that says why there is none."""
    try:
        return read_photo(name)
    except PictureError as error:
        return error


def _try_to_save(name, picture, told):
    """Save what is seen, and tell where, or why not. Returns whether it is saved."""
    try:
        path = save_seen(name, picture)
    except OSError as error:
        print(f"fashionnet: {error}; leave --save out", file=sys.stderr)
        return False
    told["saved"] = str(path)
    return True
