"""Find, verify and load Fashion-MNIST; split it; name its classes.

Source: Xiao, Rasul and Vollgraf (2017), "Fashion-MNIST: a Novel Image Dataset for
Benchmarking Machine Learning Algorithms", arXiv:1708.07747.
"""

import hashlib
import os
import shutil
import time
import urllib.request
import zlib
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

CLASS_NAMES: tuple[str, ...] = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
FOOTWEAR_AND_BAGS: tuple[int, ...] = (5, 7, 8, 9)
CLOTHING: tuple[int, ...] = (0, 1, 2, 3, 4, 6)
BINARY_NAMES: tuple[str, ...] = ("Footwear and Bags", "Clothing")

IMAGE_SHAPE = (28, 28)
# Of the decompressed content: good copies differ in how they are compressed.
SUMS = """
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte
"""
SHA256: dict[str, str] = dict(line.split()[::-1] for line in SUMS.strip().splitlines())
# One fingerprint for the four files: every loaded data set has passed their check.
DATA_SHA256: str = hashlib.sha256("".join(SHA256.values()).encode()).hexdigest()

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
DOWNLOAD_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
CURE = (
    "Run `make data`, or set FASHIONNET_DATA to a folder with the four original files."
)


class DataError(OSError):
    """The data set is missing, damaged or not Fashion-MNIST."""


class Split(NamedTuple):
    """Training and validation images (`uint8`, `(n, 28, 28)`) with their labels."""

    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray


def load_fashion_mnist(folder=None):
    """Load the four arrays of Fashion-MNIST, verified by their SHA-256 sums.

    Args:
        folder: Folder of the four files, as `.gz` or decompressed. Without one, the
            environment variable `FASHIONNET_DATA` names it. Without either: the Keras
            cache, the Debian package `dataset-fashion-mnist`, a download to the cache.

    Returns:
        `x_train, y_train, x_test, y_test`: `uint8` arrays of shape `(60000, 28, 28)`,
        `(60000,)`, `(10000, 28, 28)` and `(10000,)`; gray levels 0 to 255, class ids
        0 to 9.

    Raises:
        DataError: If no source has the genuine files; says what to do.
    """
    folder = folder or os.environ.get("FASHIONNET_DATA")
    if folder:
        return _load_folder(Path(folder).expanduser())
    problems = []
    for find_folder in (keras_cache, lambda: DEBIAN_FOLDER, download_fashion_mnist):
        try:
            return _load_folder(find_folder())
        except DataError as error:
            problems.append(f"- {error}")
    raise DataError("\n".join(["no source has Fashion-MNIST", *problems]))


def keras_cache():
    """Return the folder in which Keras keeps Fashion-MNIST, without importing Keras."""
    home = os.environ.get("KERAS_HOME") or Path.home() / ".keras"
    return Path(home).expanduser() / "datasets" / "fashion-mnist"


def download_fashion_mnist(folder=None, *, url=DOWNLOAD_URL, attempts=3, pause=2.0):
    """Download what is missing or damaged in `folder`, verified, with progress.

    Args:
        folder: Where the four `.gz` files go; the Keras cache unless named.
        url: Address that the file names are appended to.
        attempts: How often each file is tried.
        pause: Seconds between two attempts.

    Returns:
        The folder.

    Raises:
        DataError: If the folder cannot be written, or a file cannot be had.
    """
    folder = Path(folder or keras_cache())
    for name in SHA256:
        try:
            _read_verified(folder, name)
        except DataError:
            _download_file(f"{url}{name}.gz", folder / f"{name}.gz", attempts, pause)
    return folder


def split_train_val(images, labels, *, val_fraction=0.1, seed):
    """Hold out part of the training images, with equal shares of every class.

    The test set is balanced (1,000 images per class); holding out by class keeps
    validation accuracy comparable with test accuracy.

    Args:
        images: `uint8` array of shape `(n, 28, 28)`, gray levels 0 to 255.
        labels: Integer array of shape `(n,)`, class ids 0 to 9.
        val_fraction: Share of images to hold out, between 0 and 1 (exclusive).
        seed: Seed of the shuffle. Equal seeds give equal splits.

    Returns:
        A `Split` of `x_train, y_train, x_val, y_val`. Images stay `uint8`.

    Raises:
        ValueError: If shape, type or length of an array is wrong, a label is not a
            class id, `val_fraction` is not strictly between 0 and 1, or a class has
            too few images to stand in both parts.
    """
    # Here, because scikit-learn takes longer to import than the data to load.
    from sklearn.model_selection import train_test_split

    check_images(images)
    check_labels(labels)
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images but {len(labels)} labels")
    if not 0 < val_fraction < 1:
        raise ValueError(f"val_fraction is {val_fraction}; it must be inside (0, 1)")
    classes, counts = np.unique(labels, return_counts=True)
    if counts.min() * min(val_fraction, 1 - val_fraction) < 1:
        raise ValueError(
            f"class {classes[counts.argmin()]} has {counts.min()} of {len(labels)} "
            f"images: too few for a split with val_fraction {val_fraction}"
        )
    x_train, x_val, y_train, y_val = train_test_split(
        images, labels, test_size=val_fraction, stratify=labels, random_state=seed
    )
    return Split(x_train, y_train, x_val, y_val)


def binary_labels(labels):
    """Map class ids 0 to 9 to 1 (Clothing) and 0 (Footwear and Bags), as `uint8`."""
    check_labels(labels)
    return np.isin(labels, CLOTHING).astype(np.uint8)


def check_images(images):
    """Raise a `ValueError` unless `images` is `uint8` of shape `(n, 28, 28)`, n > 0."""
    shape, dtype = np.shape(images), getattr(images, "dtype", type(images).__name__)
    if dtype != np.uint8 or shape[1:] != IMAGE_SHAPE or not shape[0]:
        raise ValueError(f"images are {dtype} {shape}; expected uint8 (n, 28, 28)")


def check_labels(labels):
    """Raise a `ValueError` unless `labels` are integers 0 to 9 of shape `(n,)`."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        found = f"{labels.dtype} of shape {labels.shape}"
        raise ValueError(f"labels are {found}; expected integers of shape (n,)")
    wrong = np.unique(labels[(labels < 0) | (labels >= len(CLASS_NAMES))])
    if wrong.size:
        raise ValueError(f"labels {wrong[:5].tolist()} are not class ids from 0 to 9")


def _load_folder(folder):
    """Read and verify the four files of one folder."""
    return tuple(_read_verified(folder, name) for name in SHA256)


def _read_verified(folder, name):
    """Read one IDX file, plain or gzipped, and return its array."""
    path = folder / f"{name}.gz"
    try:
        if not path.exists() and (folder / name).exists():
            path = folder / name
        return _decode(path.read_bytes(), name)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file. {CURE}") from error
    except OSError as error:
        raise DataError(f"{path}: {error}. Delete or replace it. {CURE}") from error


def _decode(raw, name):
    """Decompress if needed, compare with the known sum, and strip the IDX header."""
    shape = (60000 if name.startswith("train") else 10000,)
    shape += IMAGE_SHAPE if "images" in name else ()
    size = int(np.prod(shape))
    try:
        if raw[:2] == b"\x1f\x8b":
            # wbits=31 reads gzip; a buffer of the right size saves a fifth of the time.
            raw = zlib.decompress(raw, wbits=31, bufsize=size + 16)
        found = hashlib.sha256(raw).hexdigest()
    except zlib.error as error:
        found = f"no readable gzip file: {error}"
    if found != SHA256[name]:
        raise DataError(
            f"expected decompressed content with SHA-256 {SHA256[name]}, found {found} "
            f"({len(raw):,} bytes that start with {raw[:8]!r})"
        )
    return np.frombuffer(raw, np.uint8, offset=len(raw) - size).reshape(shape).copy()


def _download_file(url, target, attempts, pause):
    """Download under another name, verify, and only then give the final name."""
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    for attempts_left in reversed(range(attempts)):
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _fetch(url, part)
            _decode(part.read_bytes(), target.name.removesuffix(".gz"))
            os.replace(part, target)
            return
        except (OSError, HTTPException) as error:
            if not attempts_left:
                tried = f"{attempts} downloads of {url} failed"
                raise DataError(f"{target}: {tried}: {error!r}. {CURE}") from error
            time.sleep(pause)
        finally:
            if part.exists():
                part.unlink()


def _fetch(url, path):
    """Copy what `url` answers into `path`, with a progress bar."""
    with urllib.request.urlopen(url, timeout=20) as answer:
        size = int(answer.headers.get("Content-Length") or 0) or None
        bar = tqdm.wrapattr(answer, "read", total=size, desc=url.rsplit("/")[-1])
        with bar as body, path.open("wb") as out:
            shutil.copyfileobj(body, out)
