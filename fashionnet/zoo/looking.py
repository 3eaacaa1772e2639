"""Draw what a convolutional network makes of images, and where in them it looks."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba
from scipy.stats import spearmanr

from fashionnet.data import CLASS_NAMES
from fashionnet.plots import BLUE, RED, WIDTH, describe

# As a share of the largest number: below it, a number has no sign.
SMALL = 0.15

PLACES = (
    ("top left", "top", "top right"),
    ("left", "middle", "right"),
    ("bottom left", "bottom", "bottom right"),
)


def trace_fields(model):
    """Follow what places of maps see of an image, from layer to layer.

    Args:
        model: A `keras.Sequential` of convolutions and poolings without padding, and
            other layers, that sees square images.

    Returns:
        A table by layer: "side" of its maps; pixels of a side of a receptive "field"
        and how far fields are "apart"; "first center" and "last pixel" seen, from 0.
    """
    rows, field, apart = {}, 1, 1
    for layer in model.layers:
        if "2d" not in layer.name:
            continue
        size = layer.kernel_size if "conv" in layer.name else layer.pool_size
        field, apart = field + (size[0] - 1) * apart, apart * layer.strides[0]
        side = layer.output.shape[1]
        last = (side - 1) * apart + field - 1
        rows[layer.name] = side, field, apart, (field - 1) / 2, last
    heads = ["side", "field", "apart", "first center", "last pixel"]
    return pd.DataFrame(list(rows.values()), list(rows), heads)


def correlate_ranks(maps, others):
    """Correlate the ranks of two maps of each image, and take the mean over images.

    Equal numbers share the mean of their ranks. A map that is the same everywhere has
    no order, so its image is left out.
    """
    pairs = [(a.ravel(), b.ravel()) for a, b in zip(maps, others, strict=True)]
    found = [spearmanr(*pair)[0] for pair in pairs if np.ptp(pair, axis=1).all()]
    return np.mean(found)


def plot_rows(rows):
    """Show rows of small pictures, such as filters and the maps that they make.

    White is 0, and the darkest gray is each picture's largest number, of either sign.
    If some are negative, each number has its sign written on it, unless it is small.

    Args:
        rows: Pictures of shape `(n, height, width)` by title; n is the same for all.

    Returns:
        The Figure.
    """
    n_columns = len(next(iter(rows.values())))
    height = (0.9 * WIDTH / n_columns + 0.27) * len(rows)
    fig = plt.figure(figsize=(WIDTH, height), layout="constrained")
    panels = fig.subfigures(len(rows), 1, squeeze=False)[:, 0]
    parts = []
    for panel, (title, pictures) in zip(panels, rows.items(), strict=True):
        panel.suptitle(title, x=0.01, ha="left", fontsize=10)
        axes = panel.subplots(1, n_columns, squeeze=False)[0]
        for ax, picture in zip(axes, pictures, strict=True):
            most = np.abs(picture).max()
            has_signs = picture.min() < 0
            # Signs are read more easily if the darkest gray is not black.
            end = most * (1.8 if has_signs else 1)
            ax.imshow(np.abs(picture), cmap="gray_r", vmin=0, vmax=end)
            if has_signs:
                _write_signs(ax, picture, SMALL * most)
            ax.set(xticks=[], yticks=[])
        _, high, wide = np.shape(pictures)
        share = np.mean(pictures == 0)
        parts.append(f"{title}: {n_columns} of {high}×{wide}, {share:.0%} zeros")
    describe(fig, f"Rows of small pictures. {'; '.join(parts)}.")
    return fig


def _write_signs(ax, picture, smallest):
    """Write the sign of each number on its cell, unless it is too small."""
    style = {"ha": "center", "va": "center", "fontsize": 11, "weight": "bold"}
    for (row, column), value in np.ndenumerate(picture):
        if abs(value) >= smallest:
            ax.text(column, row, "+" if value > 0 else "−", **style)


def plot_looks(images, labels, looks, *, chosen):
    """Show images, and beside each of them maps of numbers for places in it.

    A map lies over its image, in light gray. Where it is 0, only the image is seen;
    orange is above 0, and blue with dots below. The strongest color is the map's own
    largest number, of either sign.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        labels: Their classes.
        looks: A title, maps of shape `(n, height, width)`, and where the maps begin and
            end, in pixels of the image, downwards and across.
        chosen: Which of the images are shown.

    Returns:
        The Figure.
    """
    n_columns = 1 + len(looks)
    titles = [title for title, *_ in looks]
    n_lines = max(title.count("\n") + 1 for title in titles)
    height = 0.94 * WIDTH / n_columns * len(chosen) + 0.25 + 0.15 * n_lines
    options = {"figsize": (WIDTH, height), "layout": "constrained", "squeeze": False}
    fig, axes = plt.subplots(len(chosen), n_columns, **options)
    for ax, title in zip(axes[0], ("image", *titles), strict=True):
        ax.set_title(title, fontsize=9)
    for i, row in zip(chosen, axes, strict=True):
        image = images[i]
        row[0].imshow(image, cmap="gray_r", vmin=0, vmax=255)
        parts = []
        for ax, (title, maps, ends) in zip(row[1:], looks, strict=True):
            ax.imshow(image, cmap="gray_r", vmin=0, vmax=3 * 255)
            _draw_map(ax, maps[i], ends)
            place = find_place(maps[i], ends, len(image))
            parts.append(f"{' '.join(title.split())} {place}")
        for ax in row:
            ax.set(xticks=[], yticks=[])
            ax.set(xlim=(-0.5, 27.5), ylim=(27.5, -0.5))
        said = CLASS_NAMES[labels[i]]
        describe(fig, f"{said}, where each map is largest: {', '.join(parts)}.")
    return fig


def _draw_map(ax, picture, ends):
    """Draw a map over its image; see `plot_looks`."""
    low, high = ends
    shares = picture / max(np.abs(picture).max(), 1e-12)
    colors = np.where(shares[..., None] > 0, to_rgba(RED), to_rgba(BLUE))
    colors[..., 3] = np.abs(shares)
    extent = (low, high, high, low)
    ax.imshow(colors, extent=extent, interpolation="nearest", zorder=2)
    if high - low < 28:
        ax.add_patch(
            plt.Rectangle((low, low), high - low, high - low, fill=False, lw=0.6)
        )
    step = (high - low) / len(picture)
    rows, columns = np.nonzero(shares < -SMALL)
    places = low + step * (np.array([columns, rows]) + 0.5)
    ax.plot(*places, ".", color="black", markersize=2, zorder=3)


def find_place(picture, ends=None, side=28):
    """Say in which of nine parts of an image a map of it is largest.

    Args:
        picture: The map.
        ends: Where it begins and ends in the image, in pixels; everywhere if `None`.
        side: Pixels of a side of the image.
    """
    if np.ptp(picture) == 0:
        return "nowhere"
    low, high = ends or (-0.5, side - 0.5)
    largest = np.unravel_index(np.argmax(picture), np.shape(picture))
    centers = low + (high - low) * (np.array(largest) + 0.5) / np.shape(picture)
    row, column = np.int64(3 * (centers + 0.5) // side)
    return PLACES[row][column]
