"""Two maps of the test images: by their pixels, and by what a network makes of them.

`python -m fashionnet.zoo.maps` makes them, with the network of notebook 1.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from fashionnet.data import CLASS_NAMES, load_test_set
from fashionnet.plots import describe, make_axes
from fashionnet.zoo.stored import load_arrays, store_arrays

N_IMAGES, N_NEIGHBORS = 5000, 10
NAME = "maps"  # of what is stored
MARKERS = "osD^v<>ph*"


def load_maps():
    """Load what `make_maps` returned; a `RunError` says what is damaged."""
    return load_arrays(NAME)


def make_maps(model, *, n_images=N_IMAGES):
    """Map the first test images by their pixels and by a network's last hidden layer.

    Args:
        model: A trained network; its last layer gives the answer.
        n_images: Number of test images.

    Returns:
        Arrays by name: "pixels_points" and "hidden_points" of shape `(n, 2)`, where the
        images lie on the two maps; "pixels_same" and "hidden_same", how many of each
        one's ten nearest neighbors, not on the map but in all dimensions, are of its
        own class.
    """
    import keras

    images, labels = (part[:n_images] for part in load_test_set())
    body = keras.Model(model.inputs, model.layers[-2].output)
    features = {
        "pixels": images.reshape(n_images, -1) / np.float32(255),
        "hidden": body.predict(images, batch_size=1000, verbose=0),
    }
    arrays = {}
    for name, x in features.items():
        arrays[f"{name}_points"], arrays[f"{name}_same"] = map_images(x, labels)
    return arrays


def map_images(features, labels):
    """Put images on a map by t-SNE, and count neighbors of their own class.

    Returns both, as `make_maps` does.

    Source: van der Maaten and Hinton (2008), JMLR 9, 2579-2605.
    """
    search = NearestNeighbors(n_neighbors=N_NEIGHBORS + 1, algorithm="brute")
    neighbors = search.fit(features).kneighbors(features, return_distance=False)
    same = (labels[neighbors[:, 1:]] == labels[:, None]).sum(axis=1)
    # Fifty directions hold nearly all that differs, and are faster.
    few = PCA(min(50, *features.shape), random_state=0).fit_transform(features)
    points = TSNE(random_state=0, init="pca").fit_transform(few)
    return points.astype(np.float16), same.astype(np.uint8)


def plot_map(points, labels, *, ax=None):
    """Plot a map of images, a color and a marker for each class. Returns the Axes."""
    ax = ax or make_axes(4.6)
    colors = plt.get_cmap("tab10").colors
    for c, name in enumerate(CLASS_NAMES):
        x, y = np.asarray(points[labels == c], float).T
        ax.plot(x, y, MARKERS[c], color=colors[c], markersize=2.5, alpha=0.7)
        # The middle of the class, where half of it lies to either side.
        ax.annotate(
            name,
            (np.median(x), np.median(y)),
            ha="center",
            va="center",
            bbox={"boxstyle": "round", "facecolor": "white", "alpha": 0.8, "lw": 0},
        )
    ax.set_axis_off()
    describe(
        ax,
        f"Map of {len(points):,} test images as points, a color and a marker for each "
        "class, its name in the middle of its points.",
    )
    return ax


def main():
    """Make and store the maps of notebook 1's network with seed 0."""
    from fashionnet.study.networks import load_network
    from fashionnet.study.trainings import train_run

    arrays = make_maps(load_network(train_run("multiclass", 0)))
    facts = {"n_images": N_IMAGES, "n_neighbors": N_NEIGHBORS}
    print(f"stored in {store_arrays(NAME, arrays, facts)}")


if __name__ == "__main__":
    main()
