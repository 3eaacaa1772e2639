"""Put images of the data set into scenes such as photos show, as JPEG files.

There is no collection of photos of clothes that this project may carry, so these stand
in: an article of the data set in some color, somewhere on a ground of its own, a little
turned, in uneven light, with noise and perhaps a shadow. The data set was sharpened at
last; that is undone first.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

GROUNDS: tuple[str, ...] = ("white", "colored", "dark", "wood", "carpet")
# Blur in pixels of the 28, after which sharpening brings validation images back best.
BLUR = 0.4


def make_scene(image, rng, ground=None):
    """Put an image into a scene.

    Args:
        image: `uint8` array of shape `(28, 28)`, ground 0.
        rng: NumPy's random generator.
        ground: One of `GROUNDS`; drawn if left out.

    Returns:
        The bytes of a JPEG file with sides of 300 to 900 pixels.
    """
    ground = ground or str(rng.choice(GROUNDS))
    height, width = rng.integers(300, 901, 2)
    scene = draw_ground(ground, height, width, rng)
    size = int(rng.uniform(0.35, 0.85) * min(height, width))
    level, cover = enlarge(image, size, angle=rng.uniform(-8, 8))
    top, left = rng.integers(0, height - size + 1), rng.integers(0, width - size + 1)
    place = slice(top, top + size), slice(left, left + size)
    ink = rng.uniform(170, 255, 3) if ground == "dark" else rng.uniform(0, 100, 3)
    under = scene[place].mean(axis=(0, 1))
    article = under * (1 - level) + ink * level
    if rng.random() < 0.4:
        scene *= 1 - 0.3 * drop_shadow(cover, (height, width), (top, left))
    scene[place] = scene[place] * (1 - cover) + article * cover
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j][..., np.newaxis]
    slope_y, slope_x = rng.uniform(-0.12, 0.12, 2)
    scene *= 1 + slope_y * y + slope_x * x
    scene += rng.normal(0, rng.uniform(1, 5), scene.shape)
    file = io.BytesIO()
    quality = int(rng.integers(70, 96))
    to_picture(scene).save(file, format="JPEG", quality=quality)
    return file.getvalue()


def draw_ground(kind, height, width, rng):
    """Draw one of `GROUNDS` as `float` levels of shape `(height, width, 3)`."""
    color = {
        "white": np.full(3, rng.uniform(235, 255)),
        "colored": rng.uniform(90, 240, 3),
        "dark": np.full(3, rng.uniform(5, 50)),
        "wood": np.array([180, 130, 85]) * rng.uniform(0.8, 1.25),
        "carpet": np.array([200, 195, 185]) * rng.uniform(0.7, 1.1),
    }[kind]
    ground = np.ones((height, width, 3)) * color
    y, x = np.mgrid[:height, :width]
    if kind == "wood":
        waves = np.sin(y / rng.uniform(4, 9) + 2 * np.sin(x / rng.uniform(60, 120)))
        ground += rng.uniform(3, 9) * waves[..., np.newaxis]
    if kind == "carpet":
        tufts = to_picture(128 + 20 * rng.normal(size=(height // 6, width // 6)))
        tufts = np.asarray(tufts.resize((width, height)), float) - 128
        ground += rng.uniform(0.2, 0.6) * tufts[..., np.newaxis]
    return ground


def enlarge(image, size, angle):
    """Enlarge and turn an image. Returns its levels and where it is, each 0 to 1."""
    pixel = size / len(image)
    level = Image.fromarray(image).resize((size, size), Image.Resampling.BICUBIC)
    level = level.filter(ImageFilter.GaussianBlur(BLUR * pixel))
    cover = Image.fromarray(image > 0).convert("L").resize((size, size))
    cover = cover.filter(ImageFilter.GaussianBlur(pixel / 3))
    turned = [x.rotate(angle, Image.Resampling.BICUBIC) for x in (level, cover)]
    return [np.asarray(x, float)[..., np.newaxis] / 255 for x in turned]


def drop_shadow(cover, shape, place):
    """Draw the soft shadow of an article, a little below it. Returns 0 to 1."""
    shadow, size = np.zeros((*shape, 1)), len(cover)
    top, left = np.add(place, size // 30)
    part = shadow[top : top + size, left : left + size]
    part[:] = cover[: part.shape[0], : part.shape[1]]
    picture = to_picture(255 * shadow[..., 0])
    soft = picture.filter(ImageFilter.GaussianBlur(size / 50))
    return np.asarray(soft, float)[..., np.newaxis] / 255


def to_picture(levels):
    """Turn levels into a picture; what is outside 0 to 255 is cut off."""
    return Image.fromarray(levels.clip(0, 255).astype(np.uint8))
