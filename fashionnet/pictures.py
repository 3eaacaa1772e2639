"""A picture of one's own, made like those of the data set: gray, dark ground, 28 × 28.

The data set was made in seven steps: read; trim edges whose color is within 5% of that
of the corners; scale the longer side to 28 by leaving out rows and columns; sharpen
with a Gaussian of radius 1; extend the shorter side to 28, the article in the center;
negate; turn to gray. Its photos had an even, nearly white ground; others need more.

Source: section 2 of Xiao, Rasul and Vollgraf (2017), arXiv:1708.07747.
"""

import io
import warnings
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from fashionnet import FashionnetError
from fashionnet.download import IMAGE_SHAPE

SIDE, MAX_MEGAPIXELS = IMAGE_SHAPE[0], 50
FORMATS: tuple[str, ...] = ("PNG", "JPEG", "WEBP", "GIF")
ORIENTATION = 0x0112  # the number of this entry of EXIF data
# Longer side, in pixels, of the picture in which the article is looked for; and, in
# units of 28, of the article before rows are left out: the shop's pictures had 73.
LARGE, TIMES = 512, 3
# A color is the ground's within 5% of the highest level, as in the data set, or within
# four times the usual deviation at the border. Dust is this small beside the article.
CLOSE, NOISE, DUST = 0.05 * 255, 4, 0.02
SHARPEN = ImageFilter.UnsharpMask(radius=1, percent=100, threshold=0)


class PictureError(FashionnetError):
    """A picture cannot be used; the message says which one, why, and the way out."""


class Picture(NamedTuple):
    """A picture as the networks take it, and how it became so.

    `image` is `uint8` of shape `(28, 28)`, its ground 0; `steps` are phrases.
    """

    image: np.ndarray
    steps: tuple[str, ...]


def load_picture(source):
    """Read a picture and make it like those of the data set.

    Args:
        source: A path, a binary file of one of `FORMATS`, or a `PIL.Image.Image`.

    Returns:
        A `Picture`.

    Raises:
        PictureError: If it is not a picture, or damaged, too large, or of one color.
    """
    try:
        colored, steps = read_picture(source)
        ground, noise = estimate_ground(colored)
        article, place = cut_out(colored, ground, noise)
        image, said = darken_ground(scale_article(article), scale_article(place))
    except PictureError as error:
        is_path = isinstance(source, str | Path)
        name = source if is_path else getattr(source, "name", "the picture")
        raise PictureError(f"{name}: {error}") from error
    width, height = np.divide(article.size, colored.size)
    cut = f"article cut out: {width:.0%} of the width, {height:.0%} of the height"
    return Picture(center_box(image), (*steps, cut, *said))


def read_picture(source):
    """Read a picture upright, in colors, and lay it on white where it is transparent.

    Returns an RGB picture of at most 512 × 512, and a list of phrases.
    """
    steps = []
    with warnings.catch_warnings(action="ignore"):
        image = source if isinstance(source, Image.Image) else _open(source)
        if (size := image.width * image.height / 1e6) > MAX_MEGAPIXELS:
            limit = f"at most {MAX_MEGAPIXELS} are read, so make it smaller"
            raise PictureError(f"it has {size:.0f} megapixels; {limit}")
        try:
            if image.getexif().get(ORIENTATION) in range(2, 9):
                steps.append("turned upright, as its EXIF data say")
            upright = ImageOps.exif_transpose(image)
            if upright.mode.startswith("I"):  # 16 bits, which Pillow cuts off at 255
                levels = (np.asarray(upright, float) / 257).clip(0, 255)
                upright = Image.fromarray(levels.astype(np.uint8))
            layers = upright.convert("RGBA")
        except Exception as error:  # decoders raise whatever they stumble over
            raise PictureError(f"it is damaged: {error}") from error
    layers.thumbnail((LARGE, LARGE))
    white = Image.new("RGBA", layers.size, "white")
    if layers.getextrema()[3][0] < 255:
        steps.append("laid on white where it is transparent")
    return Image.alpha_composite(white, layers).convert("RGB"), steps


def _open(source):
    """Open a path or a binary file as a picture, which is not decoded yet."""
    formats = FORMATS
    if find_spec("pillow_heif"):
        from pillow_heif import register_heif_opener

        register_heif_opener()
        formats += ("HEIF",)
    try:
        raw = source.read() if hasattr(source, "read") else Path(source).read_bytes()
        return Image.open(io.BytesIO(raw), formats=formats)
    except Image.DecompressionBombError:
        reason = f"it has far more than the {MAX_MEGAPIXELS} megapixels that are read"
    except Exception as error:
        readable = f"{', '.join(FORMATS)} are read, HEIC with `pip install pillow-heif`"
        reason = getattr(error, "strerror", None) or f"it is not a picture: {readable}"
    raise PictureError(reason)


def estimate_ground(colored):
    """Estimate the ground from the border: a color that may change evenly across.

    Returns an RGB picture of the ground alone, and how many gray levels the border
    usually differs from it.
    """
    pixels = np.asarray(colored, float)
    y, x = np.indices(pixels.shape[:2]) / np.array(pixels.shape[:2]).reshape(2, 1, 1)
    terms = np.stack([np.ones_like(x), x, y], axis=-1)
    border, width = np.ones(x.shape, bool), max(1, min(x.shape) // 30)
    border[width:-width, width:-width] = False
    colors, places = pixels[border], terms[border]
    fitted = np.median(colors, axis=0)
    for _ in range(3):  # without what differs from most of it: an article at the edge
        deviation = np.abs(colors - fitted).max(axis=1)
        usual = deviation <= max(CLOSE, 2 * np.median(deviation))
        plane = np.linalg.lstsq(places[usual], colors[usual], rcond=None)[0]
        fitted = places @ plane
    noise = np.median(np.abs(colors - fitted).max(axis=1))
    ground = (terms @ plane).round().clip(0, 255).astype(np.uint8)
    return Image.fromarray(ground), noise


def cut_out(colored, ground, noise):
    """Cut out what differs from the ground; specks, dust and noise do not count.

    Returns the picture inside the bounding box, on the estimated ground instead of its
    own, and that ground alone.
    """
    from scipy.ndimage import label

    difference = np.abs(np.asarray(colored, int) - np.asarray(ground, int)).max(axis=2)
    mask = Image.fromarray(difference > max(CLOSE, NOISE * noise)).convert("L")
    if min(mask.size) > 4 * SIDE:
        mask = mask.filter(ImageFilter.MedianFilter(5))
    parts, _ = label(np.asarray(mask))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0  # the ground
    mask = Image.fromarray((sizes >= max(1, DUST * sizes.max()))[parts])
    if (box := mask.getbbox()) is None:
        raise PictureError("nothing in it differs from its border: it has one color")
    return Image.composite(colored, ground, mask).crop(box), ground.crop(box)


def scale_article(article, *, sharpen=True):
    """Scale the longer side to 28 as the data set was: leave rows out, then sharpen."""
    factor = SIDE / max(article.size)
    width, height = (max(1, round(side * factor)) for side in article.size)
    medium = article.resize((TIMES * width, TIMES * height), Image.Resampling.BOX)
    small = medium.resize((width, height), Image.Resampling.NEAREST)
    return small.filter(SHARPEN) if sharpen and factor < 1 else small


def darken_ground(small, ground):
    """Turn a small picture to gray: its ground to 0, the most different level to 255.

    All images of the data set reach 254 or 255. If the ground is lighter than the
    article, light and dark are swapped. Returns a `uint8` array, and a list of phrases.
    """
    gray, level = (np.asarray(ImageOps.grayscale(x), int) for x in (small, ground))
    is_light = level.mean() > gray.mean()
    above = (level - gray if is_light else gray - level).clip(0)
    if above.max() < CLOSE:
        raise PictureError("in gray it is like its background: lay it on a lighter one")
    factor = 255 / above.max()
    kind = "light, so light and dark were swapped" if is_light else "dark already"
    steps = [f"background {kind}"]
    if factor >= 1.05:  # below, it is no more than rounded to one time
        steps.append(f"contrast raised {factor:.1f} times")
    return (above * factor).round().astype(np.uint8), steps


def center_box(image):
    """Put an image into the center of 28 × 28; a row that is left over goes above."""
    height, width = image.shape
    top, left = (SIDE - height + 1) // 2, (SIDE - width + 1) // 2
    canvas = np.zeros(IMAGE_SHAPE, np.uint8)
    canvas[top : top + height, left : left + width] = image
    return canvas
