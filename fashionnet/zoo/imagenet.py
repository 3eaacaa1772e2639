"""What a network that learned from photos makes of clothes, and why no more of it.

`python -m fashionnet.zoo.imagenet` asks SqueezeNet, in some minutes; its answers are
stored, so that they can be read without its weights.
"""

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from fashionnet.data import load_test_set, load_training_set
from fashionnet.zoo.stored import load_arrays, store_arrays
from fashionnet.zoo.transfer import build_squeezenet, load_squeezenet_weights

SIZES = (4000, 1000, 4000)  # images to learn from, to choose with, to test with
STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1)  # `C` of scikit-learn: low is strict
SHOWN = ("conv1", "fire3", "fire5", "fire9")
NAME = "imagenet"  # of the stored answers


def load_answers():
    """Load the arrays of `make_answers`. Raises a `RunError` if they are missing."""
    return load_arrays(NAME)


def halve_resolution(images):
    """Shrink images to half their sides by averages, and enlarge them again."""
    n, high, wide = images.shape
    small = images.reshape(n, high // 2, 2, wide // 2, 2).mean(axis=(2, 4))
    large = keras.ops.image.resize(small[..., None], (high, wide))
    return np.uint8(np.round(large[..., 0]))


def measure_gray(filters):
    """Measure how much of filters is left if all three colors are the same.

    Args:
        filters: Array of shape `(rows, columns, 3, n)`.

    Returns:
        A share of each one's squared weights: 1 if its three parts are the same, 0 if
        their sum is.
    """
    weights = np.asarray(filters, float)
    in_gray = np.square(weights.mean(axis=2)).sum(axis=(0, 1))
    return in_gray / np.square(weights).mean(axis=2).sum(axis=(0, 1))


def compute_parts(network, images):
    """Compute three sorts of features: arrays of shape `(n, k)` by name.

    "means" are those of the maps of "fire9"; "by place" are the means of their four
    corners, of 3×3 of 5×5 places each; "fire5" are the means of the maps there.
    """
    early, late = (network.get_layer(name).output for name in ("fire5", "fire9"))
    sorts = {
        "means": layers.GlobalAveragePooling2D()(late),
        "by place": layers.Flatten()(layers.AveragePooling2D(3, strides=2)(late)),
        "fire5": layers.GlobalAveragePooling2D()(early),
    }
    return keras.Model(network.input, sorts).predict(images, batch_size=200, verbose=0)


def judge(features, labels, n_train, n_val):
    """Say which images logistic regression labels right, after those it learns from.

    It learns from the first `n_train`; the next `n_val` choose its strength. Returns
    that, too.
    """
    x = StandardScaler().fit(features[:n_train]).transform(features)
    held_out, tested = slice(n_train, n_train + n_val), slice(n_train + n_val, None)
    models = [LogisticRegression(C=c, max_iter=1000) for c in STRENGTHS]
    for model in models:
        model.fit(x[:n_train], labels[:n_train])
    best = max(models, key=lambda m: m.score(x[held_out], labels[held_out]))
    return best.predict(x[tested]) == labels[tested], best.C


def show_maps(network, image):
    """Return the six strongest maps that some layers make of one image, by layer."""
    outputs = [network.get_layer(name).output for name in SHOWN]
    body, found = keras.Model(network.input, outputs), {}
    for name, maps in zip(SHOWN, body.predict(image[None], verbose=0), strict=True):
        strongest = np.argsort(-maps[0].mean(axis=(0, 1)))[:6]
        found[name] = np.moveaxis(maps[0], 2, 0)[strongest].astype(np.float16)
    return found


def make_answers(weights, *, sizes=SIZES):
    """Ask SqueezeNet about images: as they are, at half the resolution, untrained.

    Args:
        weights: What `load_squeezenet_weights` returns.
        sizes: Numbers of images to learn from, to choose with, and to test with.

    Returns:
        Arrays by name, and facts about them. Boolean ones of shape `(n_test,)` say
        which test images are labeled right from each sort of features; the maps of the
        first shirt have the names of their layers; "filters" are those of the first
        layer, blue first.
    """
    n_train, n_val, n_test = sizes
    (images, labels), (x_test, y_test) = load_training_set(), load_test_set()
    images = np.concatenate([images[: n_train + n_val], x_test[:n_test]])
    labels = np.concatenate([labels[: n_train + n_val], y_test[:n_test]])
    half, trained = halve_resolution(images), build_squeezenet(weights)
    keras.utils.set_random_seed(0)
    untrained = build_squeezenet({})
    as_they_are = compute_parts(trained, images)
    features = {
        "pixels": images.reshape(len(images), -1),
        "pixels, half the resolution": half.reshape(len(half), -1),
        "features": as_they_are["means"],
        "features, half the resolution": compute_parts(trained, half)["means"],
        "features by place": as_they_are["by place"],
        "features of fire5": as_they_are["fire5"],
        "features, not trained": compute_parts(untrained, images)["means"],
    }
    right, chosen = {}, {}
    for name, x in features.items():
        right[name], chosen[name] = judge(x, labels, n_train, n_val)
    maps = show_maps(trained, x_test[y_test == 6][0])
    arrays = right | maps | {"filters": np.float16(weights["conv1"][0])}
    facts = {"n_train": n_train, "n_val": n_val, "n_test": n_test, "C": chosen}
    return arrays, facts


def main():
    """Make and store the answers."""
    arrays, facts = make_answers(load_squeezenet_weights())
    print(f"stored in {store_arrays(NAME, arrays, facts)}")


if __name__ == "__main__":
    main()
