"""Measure what becomes of pictures of one's own: prepared, labeled, called unlike.

    apt install fonts-noto-color-emoji tuxpaint-stamps-default
    python benchmarks/own_pictures.py               # measure all (ten minutes)
    python benchmarks/own_pictures.py --scenes FOLDER   # write 30 scenes to try

Measures how articles are centered best, how many scenes are labeled correctly before
and after preparation, and chooses from which distance on a picture is called unlike
the data: so that, of validation images in scenes and of emoji, equal shares are taken
for the other kind. False alarms and misses are then measured on pictures that chose
nothing: test images, and stamps of a paint program and handwritten digits.

Writes `fashionnet/unlike.json`, which `predict` reads, and the tables in `README.md`.
The packages can also be unpacked somewhere (`dpkg-deb -x`): `--root` names the place.
"""

import argparse
import io
import json
import unicodedata
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scenes import make_scene
from scipy.ndimage import center_of_mass, shift

from fashionnet.data import (
    CLASS_NAMES,
    load_test_set,
    load_training_set,
    split_train_val,
)
from fashionnet.evaluation import predict_probabilities
from fashionnet.pictures import PictureError, center_box, load_picture
from fashionnet.publish.published import fill_place, write_file
from fashionnet.study.photos import load_networks
from fashionnet.study.steps import list_pictures, load_answers
from fashionnet.study.unlike import UNLIKE, load_measured, measure_distances

BAG = CLASS_NAMES.index("Bag")
README = Path(__file__).parent / "README.md"
FONT = "usr/share/fonts/truetype/noto/NotoColorEmoji.ttf"
STAMPS = "usr/share/tuxpaint/stamps"
PACKAGES = "Debian's fonts-noto-color-emoji and tuxpaint-stamps-default"
N_SCENES = 1_000
# Emoji that show an article, with its class, or "" if it is none of the ten.
ARTICLES = {
    "👕👚": "T-shirt/top", "👖": "Trouser", "👗": "Dress", "🧥": "Coat",
    "👡🩴": "Sandal", "👔": "Shirt", "👟": "Sneaker", "👜👛👝🎒💼": "Bag",
    "👢🥾": "Ankle boot",
    "👞👠🥿🩳👘🥻🩱👙🎽🧦🧤🧣🦺🥋🛍🧳👒🎩🧢⛑": "",
}  # fmt: skip
# The groups of pictures, in the words of the table.
GROUPS = {
    "validation images": "validation images, as they are",
    "validation scenes": "validation images in scenes (chose)",
    "emoji": "emoji that show no article (chose)",
    "test images": "test images, as they are",
    "test scenes": "test images in scenes",
    "articles among emoji": "emoji that show an article",
    "stamps": "stamps: photos and drawings of other things",
    "digits": "handwritten digits",
}
# Folders of stamps without articles; letters and coins would be most of all.
LEFT_OUT = {"clothes", "people", "symbols"}


def draw_emoji(root):
    """Draw the pictures of Debian's emoji font: those of articles, and all others.

    Returns:
        `articles, labels, others`: lists of pictures and of class ids.
    """
    font = ImageFont.truetype(str(root / FONT), 109)
    known = {sign: name for signs, name in ARTICLES.items() for sign in signs}
    signs = [chr(n) for n in range(0x1F300, 0x1FB00) if unicodedata.name(chr(n), "")]
    others = [draw_sign(s, font) for s in signs if s not in known]
    named = [(sign, CLASS_NAMES.index(name)) for sign, name in known.items() if name]
    articles = [draw_sign(sign, font) for sign, _ in named]
    others = [picture for picture in others if picture.getbbox()]
    return articles, [label for _, label in named], others


def draw_sign(sign, font):
    """Draw one sign on a transparent ground; one that the font lacks stays empty."""
    picture = Image.new("RGBA", (136, 128))
    ImageDraw.Draw(picture).text((0, 0), sign, font=font, embedded_color=True)
    return picture


def list_stamps(root):
    """List the stamps, photos and drawings, that show no article, as paths."""
    folder = root / STAMPS
    paths = sorted(folder.rglob("*.png"))
    return [p for p in paths if p.relative_to(folder).parts[0] not in LEFT_OUT]


def draw_digits(n):
    """Draw handwritten digits of scikit-learn, white on black."""
    from sklearn.datasets import load_digits

    levels = (load_digits().images[:n] * 15.9).astype(np.uint8)
    return [Image.fromarray(digit).resize((112, 112)) for digit in levels]


def prepare(pictures):
    """Prepare pictures as `predict` does. Returns images, black if one is refused."""
    images = []
    for picture in pictures:
        try:
            images.append(load_picture(picture).image)
        except PictureError:
            images.append(np.zeros((28, 28), np.uint8))
    return np.stack(images)


def squeeze(files):
    """Scale scenes to 28 × 28 and gray, as one does who knows no better."""
    pictures = [Image.open(io.BytesIO(file)).convert("L") for file in files]
    return np.stack([np.asarray(picture.resize((28, 28))) for picture in pictures])


def make_scenes(images, labels, n, seed):
    """Put `n` images, as many of each class, into scenes.

    Returns:
        `files, images, labels`, in which the classes take turns.
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(images))
    turns = [order[labels[order] == label][: n // 10] for label in range(10)]
    chosen = np.stack(turns, axis=1).ravel()
    files = [make_scene(image, rng) for image in images[chosen]]
    return files, images[chosen], labels[chosen]


def write_scenes(folder):
    """Write 30 scenes with test images, three of each class, to try `predict` on."""
    files, _, labels = make_scenes(*load_test_set(), n=30, seed=1)
    for number, (file, label) in enumerate(zip(files, labels, strict=True)):
        name = CLASS_NAMES[label].replace("/", "-").replace(" ", "-").lower()
        write_file(folder / f"{name}-{number // 10 + 1}.jpg", file)


def measure_centering(images, labels, network):
    """Center images by box and by mass, and see which leaves the data set as it is.

    Returns:
        By way: the share of images that it changes in nothing, and that of those that
        the network labels correctly then.
    """
    boxes, masses = [], []
    for image in images:
        picture = Image.fromarray(image)
        boxes.append(center_box(np.asarray(picture.crop(picture.getbbox()))))
        away = np.round((len(image) - 1) / 2 - np.array(center_of_mass(image)))
        masses.append(shift(image, away, order=0))
    ways = {"as it is": images, "box": np.stack(boxes), "mass": np.stack(masses)}
    return {
        way: {
            "unchanged": float((centered == images).all(axis=(1, 2)).mean()),
            "right": share_right(network, centered, labels),
        }
        for way, centered in ways.items()
    }


def share_right(network, images, labels):
    """Return the share of images that a network labels correctly; no black one is."""
    y_pred = predict_probabilities(network, images).argmax(axis=1)
    return float(((y_pred == labels) & images.any(axis=(1, 2))).mean())


def measure_scenes(network, plain, prepared, labels, is_far):
    """Measure which share of scenes is labeled correctly.

    Args:
        network: The network with ten classes.
        plain: The scenes as they are, scaled to 28 × 28.
        prepared: The same scenes, prepared.
        labels: Their class ids.
        is_far: Whether each prepared scene is called unlike the data.

    Returns:
        Shares by name, among them those of the first 30, and `n`, the number of all.
    """
    bags = predict_probabilities(network, plain).argmax(axis=1) == BAG
    is_near = ~is_far
    return {
        "n": len(labels),
        "before": share_right(network, plain, labels),
        "called Bag before": float(bags.mean()),
        "after": share_right(network, prepared, labels),
        "after, unlike": share_right(network, prepared[is_far], labels[is_far]),
        "after, not unlike": share_right(network, prepared[is_near], labels[is_near]),
        "30 before": share_right(network, plain[:30], labels[:30]),
        "30 after": share_right(network, prepared[:30], labels[:30]),
    }


def choose_threshold(articles, others):
    """Choose the level above which equal shares of both are taken for the other."""
    levels = np.sort(np.concatenate([articles, others]))
    gaps = [abs((articles > x).mean() - (others <= x).mean()) for x in levels]
    return float(levels[np.argmin(gaps)])


def measure_warning(groups, score):
    """Choose a threshold on the first groups, and count what is above it in all.

    Args:
        groups: Images by name; "validation scenes" and "emoji" choose.
        score: Function of images that is the higher, the more unlike they are.

    Returns:
        `threshold`, and by group `n` images and how many of them are called `unlike`;
        those that are refused get no answer and do not count.
    """
    scores = {name: score(x[x.any(axis=(1, 2))]) for name, x in groups.items()}
    threshold = choose_threshold(scores["validation scenes"], scores["emoji"])
    called = {
        name: {"n": len(x), "unlike": int((x > threshold).sum())}
        for name, x in scores.items()
    }
    return {"threshold": threshold, "called": called}


def measure_drawn(distance, threshold):
    """Count drawn pictures of an article that are called unlike, or labeled correctly.

    Args:
        distance: Function of images, as `measure_distances` from all training images.
        threshold: The distance above which a picture is called unlike.

    Returns:
        `n`, all of them; how many are called `unlike`; and how many of these are
        labeled correctly, `unlike, right`.
    """
    paths = [path for path, name in list_pictures().items() if name]
    answers = [load_answers()[path.name] for path in paths]
    is_far = distance(prepare(paths)) > threshold
    is_right = np.array([said["after"] == said["class"] for said in answers])
    return {
        "n": len(paths),
        "unlike": int(is_far.sum()),
        "unlike, right": int((is_far & is_right).sum()),
    }


def measure(root):
    """Measure all. Returns what is stored."""
    network = load_networks(train=True)["multiclass"]
    split = split_train_val(*load_training_set(), seed=0)
    x_test, y_test = load_test_set()
    val_files, _, _ = make_scenes(split.x_val, split.y_val, N_SCENES, seed=0)
    files, originals, labels = make_scenes(x_test, y_test, N_SCENES, seed=1)
    articles, article_labels, others = draw_emoji(root)
    scenes = prepare(map(io.BytesIO, files))
    groups = {
        "validation images": split.x_val,
        "validation scenes": prepare(map(io.BytesIO, val_files)),
        "emoji": prepare(others),
        "test images": x_test,
        "test scenes": scenes,
        "articles among emoji": prepare(articles),
        "stamps": prepare(list_stamps(root)),
        "digits": prepare(draw_digits(500)),
    }

    def distance(images):
        """Measure how far images are from the training images."""
        return measure_distances(images, split.x_train)

    def doubt(images):
        """Return what the largest of ten probabilities lacks of 1."""
        return 1 - predict_probabilities(network, images).max(axis=1)

    warning = measure_warning(groups, distance)
    is_far = distance(scenes) > warning["threshold"]
    return {
        "distance": warning,
        "probability": measure_warning(groups, doubt),
        "centering": measure_centering(split.x_val, split.y_val, network),
        "scenes": {
            "in the data set": share_right(network, originals, labels),
            **measure_scenes(network, squeeze(files), scenes, labels, is_far),
        },
        "drawn": {
            "n": len(article_labels),
            "after": share_right(network, prepare(articles), article_labels),
        },
        "drawn pictures": measure_drawn(distance, warning["threshold"]),
    }


def make_table(measured):
    """Put what was measured into Markdown."""
    scenes, centering = measured["scenes"], measured["centering"]
    by_box, by_mass = centering["box"], centering["mass"]
    distance, doubt = measured["distance"], measured["probability"]
    drawn = measured["drawn pictures"]
    lines = [
        f"Of {scenes['n']:,} test images in such scenes, the ten-class network labels "
        f"{scenes['before']:.1%} correctly when they are only scaled to 28 × 28 and "
        f"turned to gray; {scenes['called Bag before']:.1%} of them it calls Bag. "
        f"After preparation it is {scenes['after']:.1%}; as they are in the data set, "
        f"{scenes['in the data set']:.1%}. Of those that are called unlike the data it "
        f"is {scenes['after, unlike']:.1%}, of the others "
        f"{scenes['after, not unlike']:.1%}. Of the 30 that `--scenes` writes, "
        f"{30 * scenes['30 before']:.0f} are labeled correctly before and "
        f"{30 * scenes['30 after']:.0f} after. Of {measured['drawn']['n']} emoji that "
        f"show an article, it is {measured['drawn']['after']:.1%}. Of the {drawn['n']} "
        f"pictures of `draw_pictures.py` that show an article, {drawn['unlike']} are "
        f"called unlike the data, {drawn['unlike, right']} of which are labeled "
        "correctly.",
        "",
        f"Centering by the box leaves {by_box['unchanged']:.1%} of the validation "
        f"images exactly as they are, centering by mass {by_mass['unchanged']:.1%}; "
        f"{by_box['right']:.1%} and {by_mass['right']:.1%} of them are labeled "
        f"correctly then, {centering['as it is']['right']:.1%} without either. So "
        "pictures are centered by the box.",
        "",
        "| pictures | number | unlike by distance | unlike by probability |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, called in distance["called"].items():
        shares = [x["called"][name]["unlike"] / called["n"] for x in (distance, doubt)]
        cells = [GROUPS[name], f"{called['n']:,}", *(f"{x:.1%}" for x in shares)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def main():
    """Measure, store, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=Path, default="/", help="of Debian's packages")
    parser.add_argument("--scenes", type=Path, metavar="FOLDER", help="write 30 scenes")
    parser.add_argument("--table", action="store_true", help="only write the table")
    options = parser.parse_args()
    if options.scenes:
        return write_scenes(options.scenes)
    if not options.table:
        for path in (options.root / FONT, options.root / STAMPS):
            if not path.exists():
                cure = "or unpack them and name the place with --root"
                parser.error(f"{path} is missing: install {PACKAGES}, {cure}")
        write_file(UNLIKE, json.dumps(measure(options.root), indent=1) + "\n")
    return fill_place(README, "own-pictures", make_table(load_measured()))


if __name__ == "__main__":
    main()
