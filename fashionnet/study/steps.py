"""What is each step of the preparation for? Leave it out, and see what is answered."""

import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageOps
from scipy.stats import binomtest

from fashionnet.data import CLASS_NAMES
from fashionnet.pictures import (
    ORIENTATION,
    SHARPEN,
    SIDE,
    PictureError,
    cut_out,
    darken_ground,
    estimate_ground,
    read_picture,
    scale_article,
)
from fashionnet.storing import CHECKOUT

# The steps that can be left out, in their order, and what is done in each.
STEPS: dict[str, str] = {
    "upright": "turn it upright",
    "white": "lay it on white",
    "cut": "cut the article out",
    "shape": "keep its shape",
    "sharpen": "sharpen",
    "dark": "darken the rest",
    "contrast": "raise the contrast",
    "center": "center",
}
# What is left out: everything, nothing, or one step.
WAYS: dict[str, tuple[str, ...]] = {
    "before": tuple(STEPS),
    "after": (),
    **{step: (step,) for step in STEPS},
}
# Thirty drawn pictures, the classes they show, and what was answered.
PICTURES = CHECKOUT / "tests/pictures"
CLASSES, ANSWERS = "classes.json", "answers.json"


def prepare(source, without=()):
    """Prepare a picture as `load_picture` does, but without some of its steps.

    Without any step it is squeezed into 28 × 28 and turned to gray.

    Args:
        source: As in `load_picture`.
        without: Names of `STEPS`.

    Returns:
        A `uint8` image of shape `(28, 28)`.

    Raises:
        PictureError: If the picture cannot be used.
        ValueError: If there is no such step.
    """
    if unknown := set(without) - set(STEPS):
        raise ValueError(f"there is no step {sorted(unknown)}; there are {[*STEPS]}")
    colored, _ = read_picture(_lay_out(source, without))
    ground, noise = estimate_ground(colored)
    article = (colored, ground)
    if "cut" not in without:
        article = cut_out(colored, ground, noise)
    small, level = (_scale(part, without) for part in article)
    image, under = _darken(small, level, without)
    return _put(image, under, is_centered="center" not in without)


def add_steps(source):
    """Prepare a picture with no step, the first one, the first two, and so on.

    Returns:
        Images by what the last step does, "no step" first.
    """
    names = [*STEPS]
    images = [prepare(source, names[n:]) for n in range(len(names) + 1)]
    return dict(zip(("no step", *STEPS.values()), images, strict=True))


def _lay_out(source, without):
    """Open a picture without its EXIF data, or laid on black, where that is wanted."""
    if not {"upright", "white"} & set(without):
        return source
    image = source
    if not isinstance(source, Image.Image):
        image = Image.open(io.BytesIO(Path(source).read_bytes()))
    if "upright" in without and ORIENTATION in image.getexif():
        image = Image.fromarray(np.asarray(image.convert("RGB")))
    if "white" in without and image.has_transparency_data:
        layers = image.convert("RGBA")
        black = Image.new("RGBA", image.size, "black")
        image = Image.alpha_composite(black, layers)
    return image


def _scale(part, without):
    """Scale a part to a longer side of 28, or squeeze it into a square."""
    if "shape" not in without:
        return scale_article(part, sharpen="sharpen" not in without)
    square = part.resize((SIDE, SIDE), Image.Resampling.BOX)
    return square if "sharpen" in without else square.filter(SHARPEN)


def _darken(small, level, without):
    """Turn to gray with a dark ground. Returns the image and the level around it."""
    if not {"dark", "contrast"} & set(without):
        return darken_ground(small, level)[0], 0
    gray, under = (np.asarray(ImageOps.grayscale(x), float) for x in (small, level))
    around = np.median(under)
    if "dark" not in without:
        sign = -1 if under.mean() > gray.mean() else 1
        gray, around = (sign * (gray - under)).clip(0), 0
    factor = 1 if "contrast" in without else 255 / max(1, gray.max())
    gray = (factor * gray).round().clip(0, 255).astype(np.uint8)
    return gray, min(255, round(factor * around))


def _put(image, under, *, is_centered):
    """Put an image on a canvas of 28 × 28, in its center or top left."""
    (height, width), canvas = image.shape, np.full((SIDE, SIDE), under, np.uint8)
    top, left = ((SIDE - x + 1) // 2 * is_centered for x in (height, width))
    canvas[top : top + height, left : left + width] = image
    return canvas


def list_pictures():
    """List the thirty pictures. Returns a class, or `None` for none, by path."""
    classes = json.loads((PICTURES / CLASSES).read_text(encoding="utf-8"))
    return {PICTURES / file: name for file, name in classes.items()}


def load_answers():
    """Read what `benchmarks/draw_pictures.py --measure` stored, by file name."""
    return json.loads((PICTURES / ANSWERS).read_text(encoding="utf-8"))


def label_pictures(predict, ways=WAYS):
    """Let a network label the thirty pictures, prepared in several ways.

    Args:
        predict: Function from images to probabilities of shape `(n, 10)`.
        ways: Some of `WAYS`: by name, the steps that are left out.

    Returns:
        By file name, the `class` that the picture shows and the label that it is given
        in each way; `None` is no class, and a refusal.
    """
    return {
        path.name: {"class": name}
        | {way: _label(predict, path, without) for way, without in ways.items()}
        for path, name in list_pictures().items()
    }


def _label(predict, path, without):
    try:
        image = prepare(path, without)
    except PictureError:
        return None
    return CLASS_NAMES[int(predict(image[np.newaxis])[0].argmax())]


def table_pairs(answers):
    """Compare, picture by picture, all steps with all but one.

    Args:
        answers: What `label_pictures` returns.

    Returns:
        A table by step: pictures that are right "only with" it and "only without" it,
        and "p", how often counts at least as uneven come about if it does nothing.
        Steps that change no answer from right to wrong or back are left out.
    """
    rows = {}
    for step, done in STEPS.items():
        pairs = [
            (told["after"] == told["class"], told[step] == told["class"])
            for told in answers.values()
        ]
        only_with, only_without = pairs.count((True, False)), pairs.count((False, True))
        if n := only_with + only_without:
            p = binomtest(only_with, n).pvalue
            rows[done] = only_with, only_without, f"{p:.3f}"
    heads = ["only with", "only without", "p"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=heads)


def table_grounds(answers):
    """Count what pictures are called before preparation, by their ground.

    It is light if, squeezed into 28 × 28, the median of the top row is above 127.

    Args:
        answers: What `label_pictures` returns.
    """
    grounds, called = [], []
    for path in list_pictures():
        level = np.median(prepare(path, STEPS)[0])
        grounds.append("light" if level > 127 else "darker")
        called.append(answers[path.name]["before"])
    names = {"rownames": ["background"], "colnames": ["called"]}
    return pd.crosstab(np.array(grounds), np.array(called), margins=True, **names)


def count_right(answers, way):
    """Count the right answers in one of `WAYS`, to what `label_pictures` returns.

    A picture that shows nothing is answered rightly by a refusal.
    """
    return sum(told[way] == told["class"] for told in answers.values())
