"""What the networks of notebooks 1 and 2 see in a picture of one's own."""

import io
import json
import os
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fashionnet import FashionnetError
from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.engine import find_unusual_engine
from fashionnet.evaluation import predict_probabilities
from fashionnet.pictures import PictureError, load_picture
from fashionnet.runs import WEIGHTS, find_run, store_run
from fashionnet.storing import home, own_home, write_file
from fashionnet.study.tasks import MAIN_TASKS
from fashionnet.study.unlike import (
    load_measured,
    load_neighbors,
    measure_distances,
    state_measured,
)
from fashionnet.study.words import CLASSIFIERS, NAMES, format_percent
from fashionnet.study.workers import silence

SEED = 0
SEEN = ".seen.png"  # added to the name of a picture
ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".heic", ".heif")


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
    for place in (home(), own_home()):
        for differences in (None, find_unusual_engine()):
            run = find_run(task, SEED, differences=differences, place=place)
            if run and (run.folder / WEIGHTS).is_file():
                return run
    return None


def load_networks(*, train=False):
    """Load the networks of notebooks 1 and 2.

    Args:
        train: Whether networks without weights are trained; they are one's own then.

    Returns:
        A dictionary of network by task, "multiclass" and "binary".

    Raises:
        FashionnetError: If weights are missing, and `train` is false.
        RunError: If they are damaged.
    """
    with silence():  # here, because what cannot be read is told without TensorFlow
        from fashionnet.study.networks import load_network, train_task

        runs = {task: find_weights(task) for task in MAIN_TASKS}
    missing = [task for task, run in runs.items() if run is None]
    if missing and not train:
        raise FashionnetError(
            f"no weights of {' and '.join(missing)}, seed {SEED}, are stored; --train "
            "trains what is missing, half a minute to a minute each"
        )
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


def read_photo(name):
    """Read one of `list_photos` as a `Picture`, or raise a `PictureError`."""
    if name == "-":
        return load_picture(sys.stdin.buffer)
    if Path(name).is_dir():
        raise PictureError(f"{name}: no picture can be found in this folder")
    return load_picture(name)


def describe_answer(name, picture, said, threshold):
    """Collect what is said of a picture in a dictionary, as `--json` prints it."""
    return {
        "photo": name,
        "classes": said.classes,
        "clothing": {NAMES[way]: x for way, x in said.clothing.items()},
        "prepared": list(picture.steps),
        "distance": round(said.distance, 1),
        "unlike": said.distance > threshold,
    }


def phrase_answer(told, threshold):
    """Put what `describe_answer` collected in some lines."""
    shares = told["classes"].items()
    classes = [f"{label} {format_percent(share)}" for label, share in shares]
    clothing = []
    for way, share in told["clothing"].items():
        is_label = isinstance(share, bool)
        yes_or_no = "yes" if share else "no"
        says = yes_or_no if is_label else format_percent(share)
        clothing.append(f"{says} ({way})")
    lines = [
        f"{told['photo']}: {', '.join(classes)}",
        f"  Clothing: {', '.join(clothing)}",
        f"  Prepared: {'; '.join(told['prepared'])}",
    ]
    if told["unlike"]:
        lines.append(
            f"  Unlike the data: {told['distance']:.0f} gray levels from the nearest "
            f"training image, more than {threshold:.0f}. Perhaps it shows none of the "
            "ten classes."
        )
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
    """Print what the networks say of pictures; a failure stops none of the others.

    Args:
        names: Paths of files and folders; "-" is standard input.
        as_json: Whether one JSON list is printed instead of text.
        save: Whether what the networks see is written beside each picture.
        train: As in `load_networks`.

    Raises:
        FashionnetError: After all is done, if a picture could not be read or what was
            seen of it not be written; or if weights are missing.
    """
    photos = list_photos(names)
    pictures, told = _read_photos(photos)
    n_failed = len(told)
    if pictures:  # else no network has to be loaded
        networks, neighbors = load_networks(train=train), load_neighbors()
        measured = load_measured()
        threshold = measured["distance"]["threshold"]
    for name, picture in pictures.items():
        said = answer(picture.image, networks, neighbors)
        told[name] = describe_answer(name, picture, said, threshold)
        if not as_json:
            print(phrase_answer(told[name], threshold), flush=True)
        if save:
            n_failed += not _try_to_save(name, picture)
    if as_json:
        print(json.dumps([told[name] for name in photos], indent=1))
    elif pictures:
        print(state_measured(measured))
    if n_failed:
        raise FashionnetError(f"{n_failed} of {len(photos)} could not be read or saved")


def _read_photos(photos):
    """Read pictures. Returns those that can be read, and what is told of the others."""
    pictures, told = {}, {}
    for name in photos:
        try:
            pictures[name] = read_photo(name)
        except PictureError as error:
            told[name] = {"photo": name, "error": str(error)}
            print(f"fashionnet: {error}", file=sys.stderr)
    return pictures, told


def _try_to_save(name, picture):
    """Save what is seen, or tell why not. Returns whether it is saved."""
    try:
        save_seen(name, picture)
    except OSError as error:
        print(f"fashionnet: {error}; leave --save out", file=sys.stderr)
        return False
    return True
