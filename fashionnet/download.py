"""Find, fetch and verify the four files of Fashion-MNIST."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import urllib.request
import zlib
from http.client import HTTPException
from pathlib import Path

import numpy as np
from tqdm import tqdm

from fashionnet import FashionnetError

IMAGE_SHAPE = (28, 28)
# Of the decompressed content: good copies differ in how they are compressed.
SUMS = """
c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888 train-images-idx3-ubyte
bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9 train-labels-idx1-ubyte
5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b t10k-images-idx3-ubyte
0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34 t10k-labels-idx1-ubyte
"""
SHA256: dict[str, str] = dict(line.split()[::-1] for line in SUMS.strip().splitlines())
# One fingerprint for the four files: whatever is loaded has passed their check.
DATA_SHA256: str = hashlib.sha256("".join(SHA256.values()).encode()).hexdigest()

DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
DOWNLOAD_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
DEBIAN_PACKAGE = "dataset-fashion-mnist"
LOCK_SECONDS = 120
CURE = (
    "Run `python -m fashionnet data`, or set FASHIONNET_DATA to a folder with the four "
    "original files."
)


class DataError(FashionnetError, OSError):
    """The data set is missing, damaged or not Fashion-MNIST."""


def load_part(part, folder=None):
    """Read one of the two parts from the first source that has it.

    Args:
        part: "train" or "t10k", with which the names of its two files begin.
        folder: As in `data.load_training_set`.

    Returns:
        `images, labels`, both `uint8`.

    Raises:
        DataError: If no source has the genuine files.
    """
    if folder:
        return _load_folder(folder, part)
    if named := os.environ.get("FASHIONNET_DATA"):
        try:
            return _load_folder(named, part)
        except DataError as error:
            raise DataError(f"FASHIONNET_DATA is set to {named!r}: {error}") from error
    problems = []
    for find_folder in (keras_cache, lambda: DEBIAN_FOLDER, download_fashion_mnist):
        try:
            return _load_folder(find_folder(), part)
        except DataError as error:
            problems.append(f"- {error}")
    raise DataError("\n".join(["no source has Fashion-MNIST", *problems]))


def _load_folder(folder, part):
    folder = Path(os.path.expanduser(folder))
    names = [name for name in SHA256 if name.startswith(part)]
    return tuple(_read_verified(folder, name) for name in names)


def get_data():
    """Make sure that both sets can be loaded, from Debian's package as a last resort.

    Raises:
        DataError: If there is no source at all; says what to put where.
    """
    try:
        load_part("train")
        load_part("t10k")
    except DataError as error:
        if os.environ.get("FASHIONNET_DATA") or not shutil.which("apt-get"):
            raise
        print(f"{error}\nTrying Debian's package {DEBIAN_PACKAGE} ...", flush=True)
        try:
            _install_package() if os.geteuid() == 0 else _unpack_package(keras_cache())
        except (OSError, subprocess.CalledProcessError) as failure:
            raise DataError(f"{error}\n- Debian's package: {failure}") from failure
        load_part("train")
        load_part("t10k")


def keras_cache():
    """Return the folder in which Keras keeps Fashion-MNIST."""
    home = os.path.expanduser(os.environ.get("KERAS_HOME") or "~/.keras")
    if home.startswith("~"):  # an unknown user without a home
        home = Path(tempfile.gettempdir(), ".keras")
    return Path(home) / "datasets" / "fashion-mnist"


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


def _install_package():
    """Install Debian's package, as root."""
    _run_apt("update")
    _run_apt("install", "-y", DEBIAN_PACKAGE)


def _unpack_package(target):
    """Download Debian's package as an ordinary user; unpack its files into `target`."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        _run_apt("download", DEBIAN_PACKAGE, folder=folder)
        (package,) = Path(folder).glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", package.name, "."], check=True, cwd=folder)
        for path in Path(folder, *DEBIAN_FOLDER.parts[1:]).glob("*.gz"):
            part = target / f"{path.name}.part"
            shutil.copyfile(path, part)
            os.replace(part, target / path.name)


def _run_apt(*arguments, folder=None, pause=5):
    """Run apt-get; while another program holds its lock, wait and say so."""
    command = ["apt-get", "-qq", *arguments]
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    options = {"cwd": folder, "env": env, "stderr": subprocess.PIPE, "text": True}
    give_up = time.monotonic() + LOCK_SECONDS
    while True:
        done = subprocess.run(command, check=False, **options)
        if "Could not get lock" not in done.stderr or time.monotonic() > give_up:
            break
        print(f"apt is at work elsewhere; waiting, up to {LOCK_SECONDS} s", flush=True)
        time.sleep(pause)
    if done.returncode:
        said = " ".join(done.stderr.split())
        raise DataError(f"{' '.join(command)} failed: {said}")
