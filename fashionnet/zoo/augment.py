"""Change training images at random: mirror, shift, zoom, turn, erase.

Validation and test images are never changed: what is changed is the batches of a
training, and nothing else is given to these functions.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from fashionnet.data import check_images
from fashionnet.download import IMAGE_SHAPE

HEIGHT, WIDTH = IMAGE_SHAPE
ERASED_SIDES = (3, 13)


class Augmentation(NamedTuple):
    """How training images are changed; every image in its own way.

    `flip` mirrors half of the images. `shift` is the farthest shift, in pixels, up,
    down and sideways. `zoom` is the largest share by which an image grows or shrinks.
    `rotation` is the largest angle, in degrees. `erase` is the share of images in which
    a rectangle of 3 to 13 pixels a side is filled with noise.
    """

    flip: bool = False
    shift: int = 0
    zoom: float = 0.0
    rotation: float = 0.0
    erase: float = 0.0


def augment_batches(batches, augmentation, *, seed):
    """Change the images of a training's batches, anew in every epoch.

    Args:
        batches: A `tf.data.Dataset` of `uint8` images of shape `(n, 28, 28)` and their
            labels, as `make_batches` makes it.
        augmentation: An `Augmentation`.
        seed: Equal seeds change equal batches equally.

    Returns:
        A `tf.data.Dataset` of changed `uint8` images, with the same labels.

    Raises:
        ValueError: If a setting of `augmentation` is impossible.
    """
    check_augmentation(augmentation)
    seeds = tf.data.Dataset.random(seed, rerandomize_each_iteration=True)

    def change(batch, seed):
        """Change the images of one batch, and leave the rest of it."""
        images, *labels = batch
        return augment_images(images, augmentation, seed=seed), *labels

    pairs = tf.data.Dataset.zip(batches, seeds.batch(2, drop_remainder=True))
    return pairs.map(change, num_parallel_calls=2).prefetch(2)


def augment_images(images, augmentation, *, seed):
    """Change each image of a batch at random.

    Args:
        images: `uint8` tensor or array of shape `(n, 28, 28)`.
        augmentation: An `Augmentation`.
        seed: Two integers; equal ones give equal images.

    Returns:
        A `uint8` tensor of the same shape.
    """
    images = tf.convert_to_tensor(images)
    # One seed for each kind of change, so that none depends on another.
    moving, erasing = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
    if augmentation._replace(erase=0.0) != Augmentation():
        images = _move(images, augmentation, moving)
    if augmentation.erase:
        images = _erase(images, augmentation.erase, erasing)
    return images


def show_variants(image, augmentation, *, seed):
    """Change one image eight times, for a figure.

    Args:
        image: `uint8` array of shape `(28, 28)`.
        augmentation: An `Augmentation`.
        seed: An integer; equal ones give equal images.

    Returns:
        A `uint8` array of shape `(8, 28, 28)`.

    Raises:
        ValueError: If the image has another type or shape, or a setting is impossible.
    """
    copies = np.repeat(image[np.newaxis], 8, axis=0)
    check_images(copies)
    check_augmentation(augmentation)
    return augment_images(copies, augmentation, seed=(seed, 0)).numpy()


def check_augmentation(augmentation):
    """Raise a `ValueError` that names the first impossible setting."""
    ranges = {"shift": HEIGHT, "zoom": 1, "rotation": 181}
    for name, end in ranges.items():
        if not 0 <= (value := getattr(augmentation, name)) < end:
            raise ValueError(f"{name} is {value}; it must be in [0, {end})")
    if not 0 <= augmentation.erase <= 1:
        raise ValueError(f"erase is {augmentation.erase}; it must be in [0, 1]")


def _move(images, augmentation, seed):
    """Mirror, zoom, turn and shift each image, all in one step; new ground is black.

    For each pixel of the new image, a matrix tells where in the old one its gray level
    comes from. It turns and zooms around the middle.
    """
    n = tf.shape(images)[0]
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 4))

    def draw(limit, seed, shape):
        """Draw numbers between minus and plus a limit."""
        return tf.random.stateless_uniform(shape, seed, -limit, limit)

    reach = augmentation.shift
    shifts = tf.random.stateless_uniform(
        (2, n), seeds[0], -reach, reach + 1, dtype=tf.int32
    )
    down, aside = tf.unstack(tf.cast(shifts, tf.float32))
    scale = 1 + draw(augmentation.zoom, seeds[1], (n,))
    angle = draw(np.deg2rad(augmentation.rotation), seeds[2], (n,))
    side = tf.ones(n)
    if augmentation.flip:
        side = tf.where(draw(1.0, seeds[3], (n,)) < 0, -1.0, 1.0)
    a, b = side * tf.cos(angle) / scale, -tf.sin(angle) / scale
    c, d = side * tf.sin(angle) / scale, tf.cos(angle) / scale
    middle_x, middle_y = (WIDTH - 1) / 2, (HEIGHT - 1) / 2
    x = middle_x - a * (middle_x + aside) - b * (middle_y + down)
    y = middle_y - c * (middle_x + aside) - d * (middle_y + down)
    zero = tf.zeros(n)
    exact = not (augmentation.zoom or augmentation.rotation)
    moved = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32)[..., tf.newaxis],
        transforms=tf.stack([a, b, x, c, d, y, zero, zero], axis=1),
        output_shape=IMAGE_SHAPE,
        fill_value=0.0,
        interpolation="NEAREST" if exact else "BILINEAR",
        fill_mode="CONSTANT",
    )
    return tf.cast(tf.round(moved[..., 0]), tf.uint8)


def _erase(images, share, seed):
    """Fill one rectangle with noise, in a share of the images.

    Source: Zhong et al. (2020), arXiv:1708.04896 (random erasing).
    """
    n = tf.shape(images)[0]
    seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 4))
    chosen = tf.random.stateless_uniform((n, 1, 1), seeds[0]) < share
    least, most = ERASED_SIDES
    sides = tf.random.stateless_uniform(
        (2, n, 1), seeds[1], least, most + 1, dtype=tf.int32
    )
    room = tf.constant(IMAGE_SHAPE, shape=(2, 1, 1)) - sides + 1
    place = tf.random.stateless_uniform((2, n, 1), seeds[2])
    start = tf.cast(place * tf.cast(room, tf.float32), tf.int32)
    rows, columns = (
        (tf.range(size) >= start[axis]) & (tf.range(size) < start[axis] + sides[axis])
        for axis, size in enumerate(IMAGE_SHAPE)
    )
    inside = rows[:, :, tf.newaxis] & columns[:, tf.newaxis, :] & chosen
    noise = tf.random.stateless_uniform(
        tf.shape(images), seeds[3], 0, 256, dtype=tf.int32
    )
    return tf.where(inside, tf.cast(noise, tf.uint8), images)
