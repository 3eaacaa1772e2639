"""Draw what a convolutional network makes of images, and where in them it looks."""

import matplotlib.pyplot as plt
import numpy as np

from fashionnet.plots import WIDTH, describe

PLACES = (
    ("top left", "top", "top right"),
    ("left", "middle", "right"),
    ("bottom left", "bottom", "bottom right"),
)


def plot_rows(rows):
    """Show rows of small pictures, such as filters and the maps that they make.

    The darkest gray is each picture's largest number. White is 0, or the opposite of
    the largest number if some are negative; then 0 is a medium gray.

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
            least = -most if picture.min() < 0 else 0
            ax.imshow(picture, cmap="gray_r", vmin=least, vmax=most)
            ax.set(xticks=[], yticks=[])
        _, high, wide = np.shape(pictures)
        share = np.mean(pictures == 0)
        parts.append(f"{title}: {n_columns} of {high}×{wide}, {share:.0%} zeros")
    describe(fig, f"Rows of small pictures. {'; '.join(parts)}.")
    return fig


def plot_looks(images, names, looks):
    """Show images, and beside each of them maps of where something is largest.

    A map covers its image, and its darkest color is its own largest number. The outline
    of the image is drawn over it.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`.
        names: A name for each image.
        looks: Pairs of a title and maps of shape `(n, height, width)`, of any size.

    Returns:
        The Figure.
    """
    n_columns = 1 + len(looks)
    height = 0.94 * WIDTH / n_columns * len(images) + 0.4
    options = {"figsize": (WIDTH, height), "layout": "constrained", "squeeze": False}
    fig, axes = plt.subplots(len(images), n_columns, **options)
    _, high, wide = images.shape
    titles = [title for title, _ in looks]
    whole = (-0.5, wide - 0.5, high - 0.5, -0.5)
    for ax, title in zip(axes[0], ("image", *titles), strict=True):
        ax.set_title(title, fontsize=9)
    for i, (row, image) in enumerate(zip(axes, images, strict=True)):
        row[0].imshow(image, cmap="gray_r", vmin=0, vmax=255)
        parts = []
        for ax, (title, maps) in zip(row[1:], looks, strict=True):
            ax.imshow(maps[i], cmap="Oranges", extent=whole)
            ax.contour(image > 20, levels=[0.5], colors="black", linewidths=0.7)
            parts.append(f"{title} {find_place(maps[i])}")
        for ax in row:
            ax.set(xticks=[], yticks=[])
        describe(fig, f"{names[i]}, where each map is largest: {', '.join(parts)}.")
    return fig


def find_place(picture):
    """Say in which of nine parts a picture is largest."""
    if np.ptp(picture) == 0:
        return "nowhere"
    row, column = np.unravel_index(np.argmax(picture), np.shape(picture))
    high, wide = np.shape(picture)
    return PLACES[3 * row // high][3 * column // wide]
