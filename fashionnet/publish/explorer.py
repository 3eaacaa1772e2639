"""Make the page for looking: the test images behind each cell of the matrices."""

import base64
import io
from typing import NamedTuple

import numpy as np
from PIL import Image
from sklearn.neighbors import NearestNeighbors

from fashionnet.data import BINARY_NAMES, CLASS_NAMES, binary_labels
from fashionnet.evaluation import confidence, count_confusions, predict_labels
from fashionnet.publish.page import load_template
from fashionnet.study.pairs import (
    clothing_probability,
    predict_three_ways,
    right_by_seed,
)
from fashionnet.study.words import CLASSIFIERS, NAMES, format_percent

# Of the images labeled right, so many of each class are shown: the least sure ones.
N_RIGHT = 40
N_NEIGHBORS = 3
# Where one group of probabilities ends and the next begins.
EDGES = (0.6, 0.9, 0.99)


class View(NamedTuple):
    """What one classifier with seed 0 says to one question, for all test images.

    `sure` is the probability behind each label, `asides` what else is to be said of it.
    `n_wrong` is the number of seeds that label the image wrong.
    """

    title: str
    names: tuple[str, ...]
    y_true: np.ndarray
    y_pred: np.ndarray
    sure: np.ndarray
    asides: list[str]
    n_wrong: np.ndarray


def render_explorer(images, labels, pairs, training):
    """Render the page on which a click on a cell shows its images.

    Args:
        images: `uint8` test images of shape `(n, 28, 28)`.
        labels: Their class ids, 0 to 9.
        pairs: What `find_pairs` returns. The pair with seed 0 is shown; the others
            tell how many trainings label an image wrong.
        training: All training images and their class ids: those most like an image
            that is labeled wrong, here or in most trainings, are shown beside it.

    Returns:
        A page that needs no other file.
    """
    views = make_views(labels, pairs)
    chosen = choose_images(views)
    often = [2 * view.n_wrong > len(pairs) for view in views.values()]
    wrong = np.flatnonzero(find_wrong(views) | np.any(often, axis=0))
    neighbors = find_neighbors(images[wrong], training[0])
    data = {
        "n_runs": len(pairs),
        "n_right": N_RIGHT,
        "names": CLASS_NAMES,
        "label": write_digits(labels),
        "id": chosen.tolist(),
        "png": [encode_image(image) for image in images[chosen]],
        "views": {name: list_answers(view, chosen) for name, view in views.items()},
        "neighbors": dict(zip(wrong.tolist(), neighbors.tolist(), strict=True)),
        "training": {
            i: [CLASS_NAMES[training[1][i]], encode_image(training[0][i])]
            for i in np.unique(neighbors).tolist()
        },
    }
    return load_template("explore.html.j2").render(
        views=views,
        rows={name: table_cells(view) for name, view in views.items()},
        n_shown=len(chosen),
        n_test=len(labels),
        edges=EDGES,
        data=data,
    )


def find_neighbors(images, training_images):
    """Find the training images most like some others, by Euclidean distance.

    Returns:
        Indices of shape `(n, N_NEIGHBORS)`, the nearest first.
    """
    if not len(images):
        return np.zeros((0, N_NEIGHBORS), int)
    flat, training = (
        part.reshape(len(part), -1).astype(np.float32)
        for part in (images, training_images)
    )
    search = NearestNeighbors(n_neighbors=N_NEIGHBORS, algorithm="brute")
    return search.fit(training).kneighbors(flat, return_distance=False)


def make_views(labels, pairs):
    """Collect what the ten-class network and the three binary classifiers say.

    Args:
        labels: Class ids of the test images.
        pairs: What `find_pairs` returns, with seed 0.

    Returns:
        A dictionary of `View`, by the name that the page's address has for it.
    """
    ten_classes = view_ten_classes(labels, pairs)
    return {"ten_classes": ten_classes, **view_two_groups(labels, pairs)}


def view_ten_classes(labels, pairs):
    """Collect what the multiclass network says of the ten classes."""
    y_prob = pairs[0][0].y_prob_test
    y_pred = predict_labels(y_prob)
    by_seed = [predict_labels(run.y_prob_test) for run, _ in pairs.values()]
    asides = [
        "" if true == pred else f" ({CLASS_NAMES[true]}: {format_percent(row[true])})"
        for row, true, pred in zip(y_prob, labels, y_pred, strict=True)
    ]
    return View(
        "Ten classes",
        CLASS_NAMES,
        labels,
        y_pred,
        confidence(y_prob),
        asides,
        n_wrong=(np.array(by_seed) != labels).sum(axis=0),
    )


def view_two_groups(labels, pairs):
    """Collect what the three classifiers say of Clothing, by their names."""
    multiclass, binary = pairs[0]
    y_pred, right = predict_three_ways(multiclass, binary), right_by_seed(pairs, labels)
    sure = {
        "multiclass_argmax": confidence(multiclass.y_prob_test),
        "multiclass_sum": confidence(clothing_probability(multiclass.y_prob_test)),
        "binary": confidence(binary.y_prob_test),
    }
    asides = dict.fromkeys(CLASSIFIERS, [""] * len(labels))
    likeliest = predict_labels(multiclass.y_prob_test)
    asides["multiclass_argmax"] = [f" for {CLASS_NAMES[y]}" for y in likeliest]
    return {
        name: View(
            f"Clothing or not: {NAMES[name]}",
            BINARY_NAMES,
            binary_labels(labels),
            y_pred[name],
            sure[name],
            asides[name],
            n_wrong=(~right[name]).sum(axis=0),
        )
        for name in CLASSIFIERS
    }


def find_wrong(views):
    """Say which images any of the views labels wrong."""
    return np.any([view.y_true != view.y_pred for view in views.values()], axis=0)


def choose_images(views):
    """Choose what to show: all errors, and the least sure of what is right.

    Returns:
        Indices of test images, in order.
    """
    shown = np.flatnonzero(find_wrong(views))
    for view in views.values():
        for label in range(len(view.names)):
            right = np.flatnonzero((view.y_pred == label) & (view.y_true == label))
            least_sure = np.argsort(view.sure[right], kind="stable")[:N_RIGHT]
            shown = np.union1d(shown, right[least_sure])
    return shown


def list_answers(view, chosen):
    """List what the page says in one view.

    `true`, `labeled` and `sure` have a digit for each test image: its label, the one
    it was given, and the number of `EDGES` that the probability reaches. `answer` and
    `rank`, the order by probability, lowest first, are of the chosen images.
    """
    rank = np.argsort(np.argsort(view.sure, kind="stable"))
    return {
        "title": view.title,
        "true": write_digits(view.y_true),
        "labeled": write_digits(view.y_pred),
        "sure": write_digits(np.digitize(view.sure, EDGES)),
        "n_wrong": view.n_wrong.tolist(),
        "answer": [_phrase_answer(view, i) for i in chosen],
        "rank": rank[chosen].tolist(),
    }


def write_digits(values):
    """Write small numbers as a text of digits, which is shorter than a list."""
    return "".join(map(str, values.tolist()))


def _phrase_answer(view, i):
    return (
        f"{view.names[view.y_pred[i]]}, {format_percent(view.sure[i])}{view.asides[i]}"
    )


def table_cells(view):
    """List the cells of a matrix by rows: place, title, count, and shade in percent.

    The shade grows with the square root of the share in the row, so that errors show.
    """
    matrix = count_confusions(view.y_true, view.y_pred, len(view.names))
    shades = 100 * np.sqrt(matrix / matrix.sum(axis=1, keepdims=True).clip(1))
    return [
        [
            {
                "place": f"{t}-{p}",
                "title": f"{true} labeled {'correctly' if t == p else labeled}",
                "count": int(matrix[t, p]),
                "shade": round(shades[t, p]),
            }
            for p, labeled in enumerate(view.names)
        ]
        for t, true in enumerate(view.names)
    ]


def encode_image(image):
    """Return a gray image as PNG in base64, dark on white as in the figures."""
    buffer = io.BytesIO()
    Image.fromarray(255 - image).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()
