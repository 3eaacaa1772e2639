"""Draw thirty pictures of articles, as different as photos are: `tests/pictures/`.

    python benchmarks/draw_pictures.py             # draw them again
    python benchmarks/draw_pictures.py --measure   # what the networks say of them

All of them are drawn: polygons and lines in color, on grounds of many kinds. The shapes
follow the usual cut of an article; none was changed because a network named it wrongly.
`classes.json` has the class that each shows, `answers.json` what `--measure` found.
"""

import argparse
import io
import json

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps
from scenes import draw_ground, drop_shadow, to_picture

from fashionnet.evaluation import predict_probabilities
from fashionnet.storing import write_file
from fashionnet.study.photos import load_networks
from fashionnet.study.steps import (
    ANSWERS,
    CLASSES,
    PICTURES,
    count_right,
    label_pictures,
)

FOLDER = PICTURES
FINE = 3  # An article is drawn so many times larger, and made smaller for soft edges.
NAVY, RED, BLACK, GREEN = (35, 45, 110), (190, 30, 45), (25, 25, 28), (60, 110, 70)
YELLOW, CREAM, SKY, BROWN = (
    (245, 205, 60),
    (235, 225, 205),
    (175, 205, 235),
    (95, 60, 35),
)
GRAY, WHITE, BEIGE, NIGHT = (120, 122, 126), (250,) * 3, (225, 215, 195), (28, 30, 36)
SLEEVES = [(32, 3), (42, 8), (58, 8), (68, 3), (82, 11), (98, 86), (86, 93), (75, 46),
           (74, 97), (26, 97), (25, 46), (14, 93), (2, 86), (18, 11)]  # fmt: skip
# By class: width and height, then parts with a shade, from -1 (black) to 1 (white), and
# for lines a width: 0 is filled. All in hundredths of the longer side.
SHAPES = {
    "T-shirt/top": [(100, 100), (0, 0, [
        (30, 4), (42, 9), (58, 9), (70, 4), (98, 25), (87, 41), (74, 33), (74, 97),
        (26, 97), (26, 33), (13, 41), (2, 25)]),
        (-0.4, 2, [(38, 7), (44, 13), (56, 13), (62, 7)])],
    "Trouser": [(54, 100), (0, 0, [
        (6, 2), (48, 2), (53, 98), (33, 98), (27, 34), (21, 98), (1, 98)]),
        (-0.4, 2, [(6, 8), (48, 8)]), (-0.3, 1.5, [(27, 8), (27, 34)])],
    "Pullover": [(100, 100), (0, 0, SLEEVES),
        (-0.35, 3, [(38, 6), (46, 11), (54, 11), (62, 6)]),
        (-0.3, 2, [(26, 91), (74, 91)]), (-0.3, 2, [(12, 86), (3, 80)]),
        (-0.3, 2, [(88, 86), (97, 80)])],
    "Dress": [(60, 100), (0, 0, [
        (17, 2), (24, 10), (36, 10), (43, 2), (46, 20), (41, 42), (58, 98), (2, 98),
        (19, 42), (14, 20)]), (-0.4, 3, [(19, 42), (41, 42)])],
    "Coat": [(90, 100), (0, 0, [
        (30, 2), (60, 2), (74, 9), (89, 78), (78, 83), (68, 44), (71, 98), (19, 98),
        (22, 44), (12, 83), (1, 78), (16, 9)]), (-0.6, 1.5, [(45, 26), (45, 98)]),
        (0.25, 0, [(34, 2), (45, 26), (56, 2), (50, 2), (45, 14), (40, 2)]),
        (-0.5, 1.5, [(27, 62), (38, 62)]), (-0.5, 1.5, [(52, 62), (63, 62)])],
    "Sandal": [(100, 46), (-0.2, 0, [
        (2, 34), (26, 38), (58, 32), (84, 18), (98, 20), (97, 36), (84, 44), (52, 44),
        (14, 45), (3, 42)]), (0, 5, [(10, 35), (24, 20), (40, 35)]),
        (0, 5, [(66, 29), (74, 5), (92, 5), (95, 20)])],
    "Shirt": [(100, 100), (0, 0, SLEEVES), (0.35, 0, [
        (38, 3), (50, 14), (62, 3), (56, 1), (44, 1)]),
        (-0.35, 1.5, [(50, 14), (50, 97)]),
        *((-0.6, 3, [(50, y), (52, y)]) for y in (25, 42, 59, 76)),
        (-0.3, 1.5, [(58, 32), (70, 32), (70, 44), (58, 44), (58, 32)])],
    "Sneaker": [(100, 48), (0, 0, [
        (2, 36), (10, 24), (36, 15), (52, 2), (62, 9), (78, 9), (92, 3), (97, 18),
        (98, 40), (3, 42)]), (0.6, 0, [(2, 37), (98, 37), (97, 46), (4, 46)]),
        *((0.6, 2, [(x, 22 - x / 3.2), (x + 8, 26 - x / 3.2)]) for x in (24, 32, 40))],
    "Bag": [(100, 90), (0, 0, [(6, 32), (94, 32), (98, 88), (2, 88)]),
        (-0.3, 4, [(28, 34), (34, 10), (50, 3), (66, 10), (72, 34)]),
        (-0.4, 2, [(5, 54), (95, 54)]), (0.5, 5, [(48, 55), (53, 55)])],
    "Ankle boot": [(92, 100), (0, 0, [
        (2, 82), (10, 68), (36, 58), (48, 44), (50, 3), (88, 3), (90, 52), (91, 84),
        (3, 88)]),
        (-0.5, 0, [(2, 87), (91, 83), (91, 98), (72, 98), (70, 91), (3, 95)]),
        (-0.3, 2, [(66, 8), (62, 50)])],
}  # fmt: skip
# File, class, what is changed of `draw_picture`, and how it is saved.
DRAWN = [
    ("t-shirt-white.jpg", "T-shirt/top", {}),
    ("t-shirt-dark.jpg", "T-shirt/top", {"ink": YELLOW, "ground": NIGHT, "noise": 5}),
    ("t-shirt-palette.png", "T-shirt/top", {"ink": RED, "ground": SKY}, "P"),
    ("trouser-portrait.jpg", "Trouser", {"ground": BEIGE, "size": (500, 800)}),
    ("trouser-16-bit.png", "Trouser", {"ink": BLACK, "size": (240, 240)}, "I;16"),
    ("trouser-shadow.jpg", "Trouser", {"ink": GREEN, "shadow": True, "noise": 3}),
    ("pullover-noise.jpg", "Pullover", {"ink": GREEN, "ground": BEIGE, "noise": 14}),
    ("pullover-transparent.png", "Pullover", {"ink": BROWN}, "RGBA"),
    ("pullover-frame.jpg", "Pullover", {"ink": NAVY, "frame": True}),
    ("dress-red.webp", "Dress", {"ink": RED, "ground": CREAM}),
    ("dress-landscape.jpg", "Dress", {"size": (900, 480), "place": (0.15, 0.6)}),
    ("dress-cmyk.jpg", "Dress", {"ink": BLACK}, "CMYK"),
    ("coat-gray-alpha.png", "Coat", {"ink": BLACK, "size": (300, 400)}, "LA"),
    ("coat-wood.jpg", "Coat", {"ink": NAVY, "ground": "wood"}),
    ("coat-rotated.jpg", "Coat", {"ink": GRAY, "turn": 15, "noise": 3}),
    ("sandal-brown.png", "Sandal", {"ink": BROWN, "size": (300, 240)}),
    ("sandal-tiny.png", "Sandal", {"ink": BLACK, "size": (24, 18), "share": 0.9}),
    ("sandal-dark.webp", "Sandal", {"ink": CREAM, "ground": NIGHT, "noise": 4}),
    ("shirt-checked.jpg", "Shirt", {"ink": SKY, "checks": True, "ground": GRAY}),
    ("shirt-exif.jpg", "Shirt", {"ink": NAVY, "size": (400, 560), "noise": 3}, "EXIF"),
    ("shirt-pale.jpg", "Shirt", {"ink": SKY, "noise": 2}),
    ("sneaker-huge.png", "Sneaker", {"ink": RED, "size": (4000, 3000)}, "P"),
    ("sneaker-pair.jpg", "Sneaker", {"ink": NAVY, "pair": True, "share": 0.45}),
    ("sneaker-uneven.jpg", "Sneaker", {"ground": BEIGE, "slope": 0.3, "noise": 4}),
    ("bag-red.gif", "Bag", {"ink": RED, "ground": BEIGE, "size": (320, 320)}, "P"),
    ("bag-edge.jpg", "Bag", {"ink": BROWN, "place": (-0.12, 0.5)}),
    ("bag-carpet.jpg", "Bag", {"ink": BLACK, "ground": "carpet", "shadow": True}),
    ("boot-small.png", "Ankle boot", {"ink": BROWN, "share": 0.2, "place": (0.8, 0.9)}),
    ("boot-mirrored.jpg", "Ankle boot", {"ink": BLACK, "mirror": True, "shadow": True}),
    ("empty.jpg", None, {"noise": 3, "share": 0}),
]  # fmt: skip


def draw_article(name, length, ink):
    """Draw the article of a class, `length` pixels long. Returns an RGBA picture."""
    (width, height), *parts = SHAPES[name]
    scale = FINE * length / 100
    size = round(scale * width), round(scale * height)
    article = Image.new("RGBA", size, (*ink, 0))
    pen = ImageDraw.Draw(article)
    for shade, line, points in parts:
        places = [(scale * x, scale * y) for x, y in points]
        end = 255 if shade > 0 else 0
        color = tuple(round(c + abs(shade) * (end - c)) for c in ink)
        if line:
            pen.line(places, (*color, 255), round(scale * line), joint="curve")
        else:
            pen.polygon(places, (*color, 255))
    return article.resize([max(1, side // FINE) for side in size])


def draw_checks(article):
    """Put dark stripes across and along an article."""
    width, height = article.size
    stripes = Image.new("RGBA", article.size)
    pen, step = ImageDraw.Draw(stripes), height // 8
    for at in range(0, max(article.size), step):
        for box in ((at, 0, at + step // 4, height), (0, at, width, at + step // 4)):
            pen.rectangle(box, (*NAVY, 255))
    mask = Image.fromarray(np.minimum(article.getchannel("A"), stripes.getchannel("A")))
    return Image.composite(stripes, article, mask)


def lay_out(name, *, ink=NAVY, size=(480, 480), place=(0.5, 0.5), share=0.7, turn=0,
            mirror=False, checks=False, pair=False):  # fmt: skip
    """Put an article, or two of them, on a transparent picture.

    Args:
        name: A class, or `None` for nothing.
        ink: The article's color.
        size: Width and height in pixels.
        place: Where the article is, from 0 (left, top) to 1 (right, bottom).
        share: The article's longer side as a share of the picture's shorter one.
        turn: Degrees to the left.
        mirror: Whether left and right change places.
        checks: Whether there are stripes on it.
        pair: Whether it is there twice, one above the other.
    """
    whole = Image.new("RGBA", size)
    if name is None:
        return whole
    article = draw_article(name, share * min(size), ink)
    article = draw_checks(article) if checks else article
    article = ImageOps.mirror(article) if mirror else article
    article = article.rotate(turn, Image.Resampling.BICUBIC, expand=True)
    if pair:
        both = Image.new("RGBA", (article.width, round(2.3 * article.height)))
        for top in (0, both.height - article.height):
            both.paste(article, (0, top))
        article = both
    free = np.subtract(size, article.size)
    whole.paste(article, tuple(int(x) for x in np.round(free * place)))
    return whole


def draw_picture(name, *, ground=WHITE, noise=0, slope=0, shadow=False, frame=False,
                 seed=0, **options):  # fmt: skip
    """Draw an article of a class on a ground.

    Args:
        name: A class, or `None` for the ground alone.
        ground: A color, or one of the grounds of `scenes.py`.
        noise: Standard deviation of noise in gray levels.
        slope: How much lighter it is on the right, and darker on the left.
        shadow: Whether the article casts one.
        frame: Whether a dark frame is around the picture, a little inside.
        seed: Of noise and ground.
        **options: As in `lay_out`.

    Returns:
        An RGB picture, and the article alone as an RGBA picture.
    """
    rng, whole = np.random.default_rng(seed), lay_out(name, **options)
    width, height = whole.size
    if isinstance(ground, str):
        under = draw_ground(ground, height, width, rng)
    else:
        under = np.ones((height, width, 3)) * ground
    if shadow:
        cover = np.asarray(whole.getchannel("A"), float)[..., np.newaxis] / 255
        under *= 1 - 0.35 * drop_shadow(cover, (height, width), (8, 8))
    below = to_picture(under).convert("RGBA")
    picture = Image.alpha_composite(below, whole).convert("RGB")
    if frame:
        box = (width // 25, height // 25, width - width // 25, height - height // 25)
        ImageDraw.Draw(picture).rectangle(box, outline=BROWN, width=width // 60)
    levels = np.asarray(picture, np.float32)
    if slope:
        levels = levels * (1 + slope * np.linspace(-1, 1, width)[:, np.newaxis])
    if noise:
        levels = levels + rng.normal(0, noise, levels.shape)
        return to_picture(levels).filter(ImageFilter.GaussianBlur(0.5)), whole
    return to_picture(levels), whole


def save_as(picture, article, ending, kind):
    """Save a picture in a kind of pixels. Returns the bytes of its file."""
    options, file = {"quality": 80} if ending in ("jpg", "webp") else {}, io.BytesIO()
    if kind in ("RGBA", "LA"):
        picture = article.convert(kind)
    elif kind == "I;16":
        levels = np.asarray(picture.convert("L")).astype(np.uint16)
        picture = Image.fromarray(257 * levels)
    elif kind == "P":
        picture = picture.quantize(16)
    elif kind == "CMYK":
        picture = picture.convert("CMYK")
    elif kind == "EXIF":  # lies on its side, and says so
        picture, options["exif"] = (
            picture.transpose(Image.Transpose.ROTATE_90),
            Image.Exif(),
        )
        options["exif"][0x0112] = 6
    form = {"jpg": "JPEG"}.get(ending, ending.upper())
    picture.save(file, form, **options)
    return file.getvalue()


def draw_all(folder=FOLDER):
    """Draw all pictures, and write which class each shows."""
    for seed, (file, name, options, *kind) in enumerate(DRAWN):
        drawn = draw_picture(name, seed=seed, **options)
        raw = save_as(*drawn, file.split(".")[1], kind[0] if kind else None)
        write_file(folder / file, raw)
    classes = {file: name for file, name, *_ in DRAWN}
    write_file(folder / CLASSES, json.dumps(classes, indent=1) + "\n")


def measure():
    """Let the network of notebook 1 label all pictures, and store its answers."""
    network = load_networks(train=True)["multiclass"]
    answers = label_pictures(lambda images: predict_probabilities(network, images))
    write_file(FOLDER / ANSWERS, json.dumps(answers, indent=1) + "\n")
    counts = [count_right(answers, step) for step in ("before", "after")]
    print(f"{counts[0]} of {len(answers)} right before preparation, {counts[1]} after")


def main():
    """Draw, or measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--measure", action="store_true", help="store what is answered")
    measure() if parser.parse_args().measure else draw_all()


if __name__ == "__main__":
    main()
