"""The data are found, verified or refused with a cure; the split is fair."""

import functools
import gzip
import http.client
import http.server
import os
import re
import socket
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashionnet import data
from fashionnet.data import (
    CLASS_NAMES,
    DataError,
    binary_labels,
    download_fashion_mnist,
    load_fashion_mnist,
    split_train_val,
)

TRAIN, T10K = LABEL_FILES = [name for name in data.SHA256 if "labels" in name]
CLOTHES = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt"}
OTHERS = {"Sandal", "Sneaker", "Bag", "Ankle boot"}
HTML = b"<!DOCTYPE html><title>Sign in to the network</title>"


@pytest.fixture(scope="module")
def genuine():
    return load_fashion_mnist()


@pytest.fixture(scope="module")
def plain(genuine):
    """The two label files as published: small enough to damage and to serve."""
    _, y_train, _, y_test = genuine
    return {
        name: struct.pack(">II", 0x801, len(y)) + y.tobytes()
        for name, y in zip(LABEL_FILES, (y_train, y_test), strict=True)
    }


@pytest.fixture(scope="module")
def zipped(plain):
    return {f"{name}.gz": gzip.compress(raw) for name, raw in plain.items()}


@pytest.fixture
def labels_only(monkeypatch):
    """Ask for the label files alone, which turns a second into milliseconds."""
    monkeypatch.setattr(
        data, "SHA256", {name: data.SHA256[name] for name in LABEL_FILES}
    )
    monkeypatch.delenv("FASHIONNET_DATA", raising=False)


@pytest.fixture
def sources(labels_only, monkeypatch, tmp_path):
    """Return the folders of Keras cache and Debian package, both empty, offline."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(data, "DEBIAN_FOLDER", tmp_path / "debian")
    download_from(closed_port(), monkeypatch)
    return tmp_path / "keras" / "datasets" / "fashion-mnist", tmp_path / "debian"


class Cut(bytes):
    """An answer that ends before the length that it announces."""


class Server(http.server.ThreadingHTTPServer):
    """Answers each name with its list of bodies in turn; `None` is "not found"."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked = {}, []
        self.url = f"http://127.0.0.1:{self.server_port}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        name = self.path.removeprefix("/")
        self.server.asked.append(name)
        body = self.server.answers[name].pop(0)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        announced = 2 * len(body) if isinstance(body, Cut) else len(body)
        self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        """Keep the output of the tests clean."""


@pytest.fixture
def server(labels_only, monkeypatch):
    # A proxy of the reader's network must not see requests to this machine.
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as running:
        threading.Thread(target=running.serve_forever, args=(0.01,)).start()
        yield running
        running.shutdown()


def fill(folder, files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
    return folder


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


def closed_port():
    """Return an address at which nothing answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/"


def download_from(url, monkeypatch):
    """Let `load_fashion_mnist` download from `url`, without patience."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    download = functools.partial(download_fashion_mnist, url=url, attempts=2, pause=0)
    monkeypatch.setattr(data, "download_fashion_mnist", download)


def run_python(*args, **env):
    return subprocess.run(
        [sys.executable, *args],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )


# What the genuine files hold.


def test_genuine_data_have_the_promised_shapes(genuine):
    shapes = [array.shape for array in genuine]
    assert shapes == [(60000, 28, 28), (60000,), (10000, 28, 28), (10000,)]


def test_genuine_data_are_uint8_from_black_to_white(genuine):
    assert {array.dtype for array in genuine} == {np.dtype(np.uint8)}
    assert [(x.min(), x.max()) for x in genuine[::2]] == [(0, 255), (0, 255)]


def test_genuine_classes_are_balanced(genuine):
    _, y_train, _, y_test = genuine
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10


def test_genuine_labels_start_as_everywhere(genuine):
    # As printed by every tutorial: a wrong header offset would shift them.
    _, y_train, _, y_test = genuine
    assert y_train[:10].tolist() == [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]
    assert y_test[:10].tolist() == [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]


def test_first_image_is_an_upright_ankle_boot(genuine):
    # The sole fills the bottom of the picture, and the shaft stands on the right.
    boot = genuine[0][0].astype(int)
    assert boot[14:].sum() > boot[:14].sum()
    assert boot[:10, 14:].sum() > boot[:10, :14].sum()


def test_loaded_arrays_may_be_changed(genuine):
    assert all(array.flags.writeable for array in genuine)


def test_fingerprint_of_the_data_is_stable():
    # Stored runs carry it: another value would make all of them strangers.
    assert data.DATA_SHA256 == (
        "d1fd84a877f3b78fa9a171b3de73f93e7b6f69ed94bada3feae9d96821401f5c"
    )


def test_loading_imports_no_deep_learning_framework():
    code = """
import sys
from fashionnet.data import load_fashion_mnist
load_fashion_mnist()
print({name.split(".")[0] for name in sys.modules} & {"keras", "tensorflow"})
"""
    assert run_python("-c", code).stdout == "set()\n"


def test_check_on_the_command_line_fails_without_traceback(tmp_path):
    result = run_python(
        "-m", "fashionnet.course.get_data", FASHIONNET_DATA=str(tmp_path)
    )
    assert result.returncode == 1
    assert result.stderr.startswith(f"fashionnet: {tmp_path}")
    assert "Traceback" not in result.stderr


# Where the files are looked for.


def test_decompressed_files_load_like_compressed_ones(genuine, plain, tmp_path):
    images = {
        name: struct.pack(">4I", 0x803, len(x), 28, 28) + x.tobytes()
        for name, x in zip(
            [name for name in data.SHA256 if "images" in name],
            genuine[::2],
            strict=True,
        )
    }
    loaded = load_fashion_mnist(fill(tmp_path, {**images, **plain}))
    assert all(map(np.array_equal, loaded, genuine))


def test_named_folder_is_loaded(labels_only, genuine, zipped, tmp_path):
    y_train, y_test = load_fashion_mnist(fill(tmp_path, zipped))
    np.testing.assert_array_equal(y_train, genuine[1])
    np.testing.assert_array_equal(y_test, genuine[3])


def test_folder_may_be_a_string_with_tilde(labels_only, zipped, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(tmp_path / "mnist", zipped)
    assert len(load_fashion_mnist("~/mnist")) == 2


def test_environment_names_the_folder(sources, zipped, tmp_path, monkeypatch):
    monkeypatch.setenv("FASHIONNET_DATA", str(fill(tmp_path / "mine", zipped)))
    assert len(load_fashion_mnist()) == 2


def test_argument_beats_the_environment(labels_only, zipped, tmp_path, monkeypatch):
    monkeypatch.setenv("FASHIONNET_DATA", str(tmp_path / "nowhere"))
    assert len(load_fashion_mnist(fill(tmp_path / "mine", zipped))) == 2


def test_named_folder_is_the_only_source(sources, zipped, tmp_path):
    # Other data than those asked for would be a silent surprise.
    fill(sources[0], zipped)
    with pytest.raises(DataError, match=re.escape(f"{tmp_path / 'empty' / TRAIN}.gz")):
        load_fashion_mnist(tmp_path / "empty")


@pytest.mark.parametrize("source", [0, 1], ids=["Keras cache", "Debian package"])
def test_usual_folders_are_found(source, sources, zipped):
    fill(sources[source], zipped)
    assert len(load_fashion_mnist()) == 2


def test_damaged_cache_falls_through_to_the_next_source(sources, genuine, zipped):
    cache, debian = sources
    fill(cache, {**zipped, f"{T10K}.gz": HTML})
    fill(debian, zipped)
    np.testing.assert_array_equal(load_fashion_mnist()[1], genuine[3])


def test_last_source_is_a_download_to_the_cache(sources, server, zipped, monkeypatch):
    server.answers = {name: [raw] for name, raw in zipped.items()}
    download_from(server.url, monkeypatch)
    assert len(load_fashion_mnist()) == 2
    assert names_in(sources[0]) == sorted(zipped)


def test_without_any_source_the_error_lists_all_and_a_cure(sources):
    cache, debian = sources
    with pytest.raises(DataError, match="no source has Fashion-MNIST") as caught:
        load_fashion_mnist()
    _, of_cache, of_debian, of_download = str(caught.value).splitlines()
    assert f"{cache / TRAIN}.gz: no such file" in of_cache
    assert f"{debian / TRAIN}.gz: no such file" in of_debian
    assert "2 downloads of http://127.0.0.1" in of_download
    assert all(data.CURE in line for line in (of_cache, of_debian, of_download))


# What is refused.


def damage_label(raw):
    return raw[:-1] + bytes([(raw[-1] + 1) % 10])


FAULTS = {
    "cut short": lambda zipped, plain: (
        zipped[:-100],
        "expected decompressed .*incomplete or truncated",
    ),
    "empty": lambda zipped, plain: (b"", "0 bytes"),
    "a web page": lambda zipped, plain: (HTML, re.escape(f"{HTML[:8]!r}")),
    "one other label": lambda zipped, plain: (
        gzip.compress(damage_label(plain)),
        f"{data.SHA256[TRAIN]}, found (?!{data.SHA256[TRAIN]})[0-9a-f]{{64}}",
    ),
    "cut short inside": lambda zipped, plain: (gzip.compress(plain[:99]), "99 bytes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_file_is_named_with_what_was_found(
    fault, labels_only, zipped, plain, tmp_path
):
    damaged, found = FAULTS[fault](zipped[f"{TRAIN}.gz"], plain[TRAIN])
    fill(tmp_path, {**zipped, f"{TRAIN}.gz": damaged})
    message = f"^{re.escape(str(tmp_path / TRAIN))}.gz: .*{found}.*FASHIONNET_DATA"
    with pytest.raises(DataError, match=message):
        load_fashion_mnist(tmp_path)


def test_test_labels_are_refused_as_training_labels(labels_only, zipped, tmp_path):
    fill(tmp_path, {**zipped, f"{TRAIN}.gz": zipped[f"{T10K}.gz"]})
    found = f"expected .* {data.SHA256[TRAIN]}, found {data.SHA256[T10K]}"
    with pytest.raises(DataError, match=found):
        load_fashion_mnist(tmp_path)


def test_damaged_decompressed_file_is_named(labels_only, plain, tmp_path):
    fill(tmp_path, {**plain, T10K: damage_label(plain[T10K])})
    with pytest.raises(DataError, match=f"{re.escape(str(tmp_path / T10K))}: expected"):
        load_fashion_mnist(tmp_path)


@pytest.mark.parametrize("missing", LABEL_FILES)
def test_missing_file_is_named_with_a_cure(missing, labels_only, zipped, tmp_path):
    fill(tmp_path, zipped)
    (tmp_path / f"{missing}.gz").unlink()
    message = f"{re.escape(str(tmp_path / missing))}.gz: no such file. .*`make data`"
    with pytest.raises(DataError, match=message):
        load_fashion_mnist(tmp_path)


def test_folder_in_place_of_a_file_is_named(labels_only, zipped, tmp_path):
    fill(tmp_path, {f"{TRAIN}.gz": zipped[f"{TRAIN}.gz"]})
    (tmp_path / f"{T10K}.gz").mkdir()
    with pytest.raises(DataError, match=f"{T10K}.gz: .*Is a directory"):
        load_fashion_mnist(tmp_path)


# The download.


def test_download_gives_verified_files_only(server, zipped, tmp_path):
    server.answers = {name: [raw] for name, raw in zipped.items()}
    assert download_fashion_mnist(tmp_path, url=server.url) == tmp_path
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == zipped


BAD_ANSWERS = {
    "wrong content": (lambda raw: gzip.compress(b"other"), "5 bytes"),
    "cut short": (lambda raw: Cut(raw[: len(raw) // 2]), "truncated"),
    "a web page": (lambda raw: HTML, "DOCT"),
    "not found": (lambda raw: None, "404"),
}


@pytest.mark.parametrize("answer", BAD_ANSWERS)
def test_bad_download_leaves_no_file(answer, server, zipped, tmp_path):
    make_body, found = BAD_ANSWERS[answer]
    server.answers = {name: [make_body(raw)] * 2 for name, raw in zipped.items()}
    message = f"{TRAIN}.gz: 2 downloads of {server.url}{TRAIN}.gz failed: .*{found}"
    with pytest.raises(DataError, match=message):
        download_fashion_mnist(tmp_path, url=server.url, attempts=2, pause=0)
    assert server.asked == [f"{TRAIN}.gz"] * 2
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("answer", BAD_ANSWERS)
def test_second_attempt_of_a_download_succeeds(answer, server, zipped, tmp_path):
    make_body, _ = BAD_ANSWERS[answer]
    server.answers = {name: [make_body(raw), raw] for name, raw in zipped.items()}
    download_fashion_mnist(tmp_path, url=server.url, attempts=2, pause=0)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == zipped


def test_download_waits_between_attempts_only(labels_only, monkeypatch, tmp_path):
    pauses = []
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(data.time, "sleep", pauses.append)
    with pytest.raises(DataError, match=r"3 downloads of http://127\.0\.0\.1"):
        download_fashion_mnist(tmp_path, url=closed_port(), attempts=3, pause=7)
    assert pauses == [7, 7]


def test_genuine_files_are_not_downloaded_again(server, zipped, plain, tmp_path):
    fill(tmp_path, {f"{TRAIN}.gz": zipped[f"{TRAIN}.gz"], T10K: plain[T10K]})
    download_fashion_mnist(tmp_path, url=server.url)
    assert server.asked == []


def test_only_the_damaged_file_is_replaced(server, zipped, tmp_path):
    fill(tmp_path, {**zipped, f"{T10K}.gz": HTML})
    server.answers = {f"{T10K}.gz": [zipped[f"{T10K}.gz"]]}
    download_fashion_mnist(tmp_path, url=server.url)
    assert server.asked == [f"{T10K}.gz"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == zipped


# Training and validation set.


def number_images(n):
    """Make images that carry their own number in their first two pixels."""
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(n), 256)
    return images


def numbers_of(images):
    return images[:, 0, 0].astype(int) * 256 + images[:, 0, 1]


IMAGES, LABELS = number_images(200), np.repeat(np.arange(10), 20)


def split(seed=0, images=IMAGES, labels=LABELS, val_fraction=0.1):
    return split_train_val(images, labels, val_fraction=val_fraction, seed=seed)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(20, 40), min_size=2, max_size=10),
    st.floats(0.1, 0.9),
    st.integers(0, 2**32 - 1),
)
def test_split_keeps_every_image_once_with_its_label(counts, val_fraction, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    images = number_images(len(labels))
    x_train, y_train, x_val, y_val = split(seed, images, labels, val_fraction)
    numbers = numbers_of(np.concatenate([x_train, x_val]))
    assert sorted(numbers) == list(range(len(labels)))
    np.testing.assert_array_equal(np.concatenate([y_train, y_val]), labels[numbers])


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(20, 40), min_size=2, max_size=10),
    st.floats(0.1, 0.9),
)
def test_split_takes_the_same_share_of_every_class(counts, val_fraction):
    labels = np.repeat(np.arange(len(counts)), counts)
    n_val = int(np.ceil(val_fraction * len(labels)))
    y_val = split(0, number_images(len(labels)), labels, val_fraction).y_val
    fair = n_val * np.divide(counts, sum(counts))
    assert abs(np.bincount(y_val, minlength=len(counts)) - fair).max() < 1


def test_split_of_balanced_classes_is_exact():
    y_train, y_val = split()[1::2]
    assert np.bincount(y_train).tolist() == [18] * 10
    assert np.bincount(y_val).tolist() == [2] * 10


def test_equal_seeds_give_equal_splits():
    assert all(map(np.array_equal, split(seed=3), split(seed=3)))


def test_different_seeds_give_different_splits():
    chosen = [frozenset(numbers_of(split(seed=seed).x_val)) for seed in range(5)]
    assert len(set(chosen)) == 5


def test_split_leaves_images_as_they_are():
    assert split().x_train.dtype == split().x_val.dtype == np.uint8
    assert split().x_val.shape == (20, 28, 28)


def with_label(label):
    return np.where(np.arange(200) == 77, label, LABELS)


REFUSED = {
    "float images": ({"images": IMAGES.astype(np.float32)}, "float32"),
    "NaN images": ({"images": np.full((200, 28, 28), np.nan)}, "float64"),
    "wide images": ({"images": np.zeros((200, 29, 28), np.uint8)}, "(200, 29, 28)"),
    "flat images": ({"images": IMAGES.reshape(200, 784)}, "(200, 784)"),
    "one image": ({"images": IMAGES[0]}, "(28, 28)"),
    "no images": ({"images": IMAGES[:0]}, "(0, 28, 28)"),
    "images in a list": ({"images": IMAGES.tolist()}, "list (200, 28, 28)"),
    "label 10": ({"labels": with_label(10)}, "[10]"),
    "label -1": ({"labels": with_label(-1)}, "[-1]"),
    "float labels": ({"labels": LABELS.astype(float)}, "float64"),
    "text labels": ({"labels": LABELS.astype(str)}, "<U"),
    "one-hot labels": ({"labels": np.eye(10, dtype=int)[LABELS]}, "(200, 10)"),
    "fewer labels": ({"labels": LABELS[:-1]}, "200 images but 199 labels"),
    "lonely class": ({"labels": np.arange(200) // 199}, "class 1 has 1 of 200"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_split_refuses_and_names(case):
    arguments, found = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(found)):
        split(**arguments)


@pytest.mark.parametrize("val_fraction", [0, 1, -0.1, 1.5, float("nan"), 0.001, 0.999])
def test_split_refuses_the_fraction(val_fraction):
    with pytest.raises(ValueError, match=f"val_fraction (is )?{val_fraction}"):
        split(val_fraction=val_fraction)


# Classes and groups.


def test_groups_partition_the_classes():
    assert sorted(data.CLOTHING + data.FOOTWEAR_AND_BAGS) == list(range(10))
    assert {CLASS_NAMES[i] for i in data.CLOTHING} == CLOTHES
    assert {CLASS_NAMES[i] for i in data.FOOTWEAR_AND_BAGS} == OTHERS


def test_binary_labels_map_as_the_assignment_says():
    mapped = dict(zip(CLASS_NAMES, binary_labels(np.arange(10)), strict=True))
    assert mapped == dict.fromkeys(CLOTHES, 1) | dict.fromkeys(OTHERS, 0)


def test_binary_names_are_in_the_order_of_the_binary_labels():
    assert [data.BINARY_NAMES[y] for y in binary_labels(np.array([7, 0]))] == [
        "Footwear and Bags",
        "Clothing",
    ]


def test_binary_labels_keep_order_and_length():
    labels = np.array([9, 0, 6, 6, 5], np.uint8)
    assert binary_labels(labels).tolist() == [0, 1, 1, 1, 0]
    assert binary_labels(labels).dtype == np.uint8


@pytest.mark.parametrize("label", [10, -1, 255])
def test_binary_labels_refuse_what_is_no_class(label):
    with pytest.raises(ValueError, match=re.escape(f"[{label}]")):
        binary_labels(np.array([0, label]))


def test_split_refuses_classes_too_small_for_both_parts():
    labels = np.repeat(np.arange(4), (2, 2, 2, 100))
    images = np.zeros((106, 28, 28), np.uint8)
    with pytest.raises(ValueError, match="class 0 has 2 of 106 images: too few"):
        data.split_train_val(images, labels, val_fraction=0.05, seed=0)


def test_broken_http_answer_is_tried_again_and_named(monkeypatch, tmp_path):
    def break_off(url, path):
        raise http.client.IncompleteRead(b"")

    monkeypatch.setattr(data, "_fetch", break_off)
    with pytest.raises(data.DataError, match=r"2 downloads.*IncompleteRead"):
        data.download_fashion_mnist(tmp_path, url="http://x/", attempts=2, pause=0)


def test_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(data.DataError, match=re.escape(str(tmp_path / "file"))):
        data.download_fashion_mnist(tmp_path / "file", attempts=1, pause=0)


def test_overlong_folder_is_named():
    with pytest.raises(data.DataError, match="xxx"):
        data.load_fashion_mnist("x" * 300)
