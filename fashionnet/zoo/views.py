"""Ask a network about several views of an image, and average its answers."""

from itertools import product

import numpy as np

# How far the views are shifted, in pixels, by their number. From two on, there is also
# the mirror image of each.
VIEWS: dict[int, tuple[int, ...]] = {1: (0,), 2: (0,), 18: (-1, 0, 1)}


def make_views(images, n_views):
    """Yield views of images: mirrored, and shifted onto a black ground.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        n_views: A number in `VIEWS`.
    """
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    height, width = images.shape[1:]
    for down, aside in product(VIEWS[n_views], repeat=2):
        rows = slice(1 - down, 1 - down + height)
        view = padded[:, rows, 1 - aside : 1 - aside + width]
        yield view
        if n_views > 1:
            yield view[:, :, ::-1]


def predict_with_views(predict, images, n_views):
    """Average a network's answers to the views of each image.

    Args:
        predict: Function from images to probabilities.
        images: `uint8` array of shape `(n, 28, 28)`.
        n_views: A number in `VIEWS`.

    Returns:
        Probabilities, as `predict` returns them.
    """
    answers = [predict(view) for view in make_views(images, n_views)]
    return np.mean(answers, axis=0)
