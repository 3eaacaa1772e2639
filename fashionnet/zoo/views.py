"""Move images, and ask a network about several views of each."""

from itertools import product

import numpy as np

# How far the views are shifted, in pixels, by their number. From two on, there is also
# the mirror image of each.
VIEWS: dict[int, tuple[int, ...]] = {1: (0,), 2: (0,), 18: (-1, 0, 1)}


def shift_images(images, right=0, down=0):
    """Move images; what enters at the other side is black ground.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        right: Pixels to the right; negative numbers move to the left.
        down: Pixels down; negative numbers move up.
    """
    moved = np.zeros_like(images)
    n_rows, n_columns = images.shape[1:]
    to = slice(max(0, down), n_rows + min(0, down))
    across = slice(max(0, right), n_columns + min(0, right))
    rows = slice(max(0, -down), n_rows - max(0, down))
    columns = slice(max(0, -right), n_columns - max(0, right))
    moved[:, to, across] = images[:, rows, columns]
    return moved


def make_views(images, n_views):
    """Yield views of images: mirrored, and shifted onto a black ground.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        n_views: A number in `VIEWS`.
    """
    for down, right in product(VIEWS[n_views], repeat=2):
        view = shift_images(images, right=right, down=down)
        yield view
        if n_views > 1:
            yield view[:, :, ::-1]
