"""The data are found, downloaded, verified or refused with a cure."""

import functools
import gzip
import hashlib
import http.client
import http.server
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashionnet import download
from fashionnet.download import (
    DataError,
    download_fashion_mnist,
    load_part,
)

TRAIN, T10K = LABEL_FILES = [name for name in download.SHA256 if "labels" in name]
HTML = b"<!DOCTYPE html><title>Sign in to the network</title>"


@pytest.fixture(scope="module")
def genuine():
    return load_all()


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
        download, "SHA256", {name: download.SHA256[name] for name in LABEL_FILES}
    )
    monkeypatch.delenv("FASHIONNET_DATA", raising=False)


@pytest.fixture
def sources(labels_only, monkeypatch, tmp_path):
    """Return the folders of Keras cache and Debian package, both empty, offline."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(download, "DEBIAN_FOLDER", tmp_path / "debian")
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


def load_all(folder=None):
    """Load all four files, or those that `SHA256` still names."""
    return (*load_part("train", folder), *load_part("t10k", folder))


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
    """Let the data be downloaded from `url`, without patience."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    fetch = functools.partial(download_fashion_mnist, url=url, attempts=2, pause=0)
    monkeypatch.setattr(download, "download_fashion_mnist", fetch)


def run_python(*args, **env):
    return subprocess.run(
        [sys.executable, *args],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )


# What the genuine files hold.


def test_genuine_data_are_balanced_uint8_arrays_that_may_be_changed(genuine):
    x_train, y_train, x_test, y_test = genuine
    assert (x_train.shape, x_test.shape) == ((60_000, 28, 28), (10_000, 28, 28))
    assert np.bincount(y_train).tolist() == [6000] * 10
    assert np.bincount(y_test).tolist() == [1000] * 10
    assert {array.dtype for array in genuine} == {np.dtype(np.uint8)}
    assert [(x.min(), x.max()) for x in (x_train, x_test)] == [(0, 255), (0, 255)]
    assert all(array.flags.writeable for array in genuine)


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


def test_fingerprint_of_the_data_is_stable():
    # Stored runs carry it: another value would make all of them strangers.
    assert download.DATA_SHA256 == (
        "d1fd84a877f3b78fa9a171b3de73f93e7b6f69ed94bada3feae9d96821401f5c"
    )


def test_loading_imports_no_deep_learning_framework():
    code = """
import sys
from fashionnet.data import load_test_set, load_training_set
load_training_set(), load_test_set()
print({name.split(".")[0] for name in sys.modules} & {"keras", "tensorflow"})
"""
    assert run_python("-c", code).stdout == "set()\n"


@given(st.integers(0, 2**32 - 1), st.booleans(), st.booleans())
@settings(deadline=None, max_examples=20)
def test_any_idx_file_of_the_right_size_is_read_as_it_was_written(seed, zip_it, labels):
    rng = np.random.default_rng(seed)
    name = "t10k-labels-idx1-ubyte" if labels else "t10k-images-idx3-ubyte"
    shape = (10_000,) if labels else (10_000, 28, 28)
    array = rng.integers(0, 256, shape, dtype=np.uint8)
    raw = struct.pack(f">{1 + len(shape)}I", 0x800 + len(shape), *shape)
    raw += array.tobytes()
    with pytest.MonkeyPatch.context() as patch:
        sums = {name: hashlib.sha256(raw).hexdigest()}
        patch.setattr(download, "SHA256", sums)
        packed = gzip.compress(raw, 1) if zip_it else raw
        np.testing.assert_array_equal(download._decode(packed, name), array)


# Where the files are looked for.


def test_decompressed_files_load_like_compressed_ones(genuine, plain, tmp_path):
    images = {
        name: struct.pack(">4I", 0x803, len(x), 28, 28) + x.tobytes()
        for name, x in zip(
            [name for name in download.SHA256 if "images" in name],
            genuine[::2],
            strict=True,
        )
    }
    loaded = load_all(fill(tmp_path, {**images, **plain}))
    assert all(map(np.array_equal, loaded, genuine))


def test_folder_may_be_a_string_with_tilde(labels_only, zipped, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    fill(tmp_path / "mnist", zipped)
    assert [len(y) for y in load_all("~/mnist")] == [60_000, 10_000]


def test_environment_or_argument_names_the_folder(
    sources, zipped, tmp_path, monkeypatch
):
    monkeypatch.setenv("FASHIONNET_DATA", str(fill(tmp_path / "mine", zipped)))
    assert len(load_all()) == 2
    monkeypatch.setenv("FASHIONNET_DATA", str(tmp_path / "nowhere"))
    assert len(load_all(tmp_path / "mine")) == 2  # an argument beats it


def test_named_folder_is_the_only_source(sources, zipped, tmp_path):
    # Other data than those asked for would be a silent surprise.
    fill(sources[0], zipped)
    with pytest.raises(DataError, match=re.escape(f"{tmp_path / 'empty' / TRAIN}.gz")):
        load_all(tmp_path / "empty")


@pytest.mark.parametrize("source", [0, 1], ids=["Keras cache", "Debian package"])
def test_usual_folders_are_found(source, sources, zipped):
    fill(sources[source], zipped)
    assert len(load_all()) == 2


def test_what_is_changed_after_a_failure_takes_effect(
    sources, zipped, tmp_path, monkeypatch
):
    for named in (str(tmp_path / "nowhere"), "~nobody-at-all/data"):
        monkeypatch.setenv("FASHIONNET_DATA", named)
        with pytest.raises(
            DataError, match=re.escape(f"FASHIONNET_DATA is set to '{named}")
        ):
            load_all()
    monkeypatch.setenv("FASHIONNET_DATA", str(fill(tmp_path / "mine", zipped)))
    assert len(load_all()) == 2
    monkeypatch.delenv("FASHIONNET_DATA")
    with pytest.raises(DataError):
        load_all()
    fill(sources[1], zipped)
    assert len(load_all()) == 2


def test_user_without_a_home_has_a_cache_all_the_same(sources, monkeypatch):
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert download.keras_cache().is_absolute()


def test_damaged_cache_falls_through_to_the_next_source(sources, genuine, zipped):
    cache, debian = sources
    fill(cache, {**zipped, f"{T10K}.gz": HTML})
    fill(debian, zipped)
    np.testing.assert_array_equal(load_all()[1], genuine[3])


def test_last_source_is_a_download_to_the_cache(sources, server, zipped, monkeypatch):
    server.answers = {name: [raw] for name, raw in zipped.items()}
    download_from(server.url, monkeypatch)
    assert len(load_all()) == 2
    assert names_in(sources[0]) == sorted(zipped)


def test_without_any_source_the_error_lists_all_and_a_cure(sources):
    cache, debian = sources
    with pytest.raises(DataError) as caught:
        load_all()
    _, of_cache, of_debian, of_download = str(caught.value).splitlines()
    assert f"{cache / TRAIN}.gz" in of_cache
    assert f"{debian / TRAIN}.gz" in of_debian
    assert "http://127.0.0.1" in of_download
    assert all(download.CURE in line for line in (of_cache, of_debian, of_download))


# What is refused.


def damage_label(raw):
    return raw[:-1] + bytes([(raw[-1] + 1) % 10])


FAULTS = {
    "cut short": lambda zipped, plain: (zipped[:-100], "incomplete or truncated"),
    "empty": lambda zipped, plain: (b"", "0 bytes"),
    "a web page": lambda zipped, plain: (HTML, re.escape(f"{HTML[:8]!r}")),
    "one other label": lambda zipped, plain: (
        gzip.compress(damage_label(plain)),
        f"{download.SHA256[TRAIN]}, found (?!{download.SHA256[TRAIN]})[0-9a-f]{{64}}",
    ),
    "cut short inside": lambda zipped, plain: (gzip.compress(plain[:99]), "99 bytes"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_damaged_file_is_named_with_what_was_found(
    fault, labels_only, zipped, plain, tmp_path
):
    damaged, found = FAULTS[fault](zipped[f"{TRAIN}.gz"], plain[TRAIN])
    fill(tmp_path, {**zipped, f"{TRAIN}.gz": damaged})
    message = f"^{re.escape(str(tmp_path / TRAIN))}.gz.*{found}.*FASHIONNET_DATA"
    with pytest.raises(DataError, match=message):
        load_all(tmp_path)


def test_test_labels_are_refused_as_training_labels(labels_only, zipped, tmp_path):
    fill(tmp_path, {**zipped, f"{TRAIN}.gz": zipped[f"{T10K}.gz"]})
    found = f"{download.SHA256[TRAIN]}, found {download.SHA256[T10K]}"
    with pytest.raises(DataError, match=found):
        load_all(tmp_path)


def test_damaged_decompressed_file_is_named(labels_only, plain, tmp_path):
    fill(tmp_path, {**plain, T10K: damage_label(plain[T10K])})
    with pytest.raises(DataError, match=re.escape(str(tmp_path / T10K))):
        load_all(tmp_path)


@pytest.mark.parametrize("missing", LABEL_FILES)
def test_missing_file_is_named_with_a_cure(missing, labels_only, zipped, tmp_path):
    fill(tmp_path, zipped)
    (tmp_path / f"{missing}.gz").unlink()
    message = f"{re.escape(str(tmp_path / missing))}.gz.*fashionnet data"
    with pytest.raises(DataError, match=message):
        load_all(tmp_path)


def test_folder_in_place_of_a_file_is_named(labels_only, zipped, tmp_path):
    fill(tmp_path, {f"{TRAIN}.gz": zipped[f"{TRAIN}.gz"]})
    (tmp_path / f"{T10K}.gz").mkdir()
    with pytest.raises(DataError, match=f"{T10K}.gz"):
        load_all(tmp_path)


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
    message = f"2 .*{server.url}{TRAIN}.gz.*{found}"
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
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    with pytest.raises(DataError, match=r"http://127\.0\.0\.1"):
        download_fashion_mnist(tmp_path, url=closed_port(), attempts=3, pause=7)
    assert pauses == [7, 7]


def test_progress_is_shown_by_name_and_size(server, tmp_path, capsys):
    server.answers = {"labels.gz": [bytes(512)]}
    download._fetch(f"{server.url}labels.gz", tmp_path / "labels.gz.part")
    shown = capsys.readouterr().err
    assert shown.lstrip().startswith("labels.gz: ")
    assert "512/512" in shown


def test_server_that_falls_silent_is_not_waited_for_forever(monkeypatch, tmp_path):
    def fall_silent(url, timeout):
        assert 5 <= timeout <= 60
        raise TimeoutError("timed out")

    monkeypatch.setattr(download.urllib.request, "urlopen", fall_silent)
    with pytest.raises(DataError, match="timed out"):
        download_fashion_mnist(tmp_path, url="http://x/", attempts=2, pause=0)


def test_only_the_damaged_file_is_replaced(server, zipped, tmp_path):
    fill(tmp_path, {**zipped, f"{T10K}.gz": HTML})
    server.answers = {f"{T10K}.gz": [zipped[f"{T10K}.gz"]]}
    download_fashion_mnist(tmp_path, url=server.url)
    assert server.asked == [f"{T10K}.gz"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == zipped


def test_broken_http_answer_is_tried_again_and_named(monkeypatch, tmp_path):
    def break_off(url, path):
        raise http.client.IncompleteRead(b"")

    monkeypatch.setattr(download, "_fetch", break_off)
    with pytest.raises(DataError, match="IncompleteRead"):
        download_fashion_mnist(tmp_path, url="http://x/", attempts=2, pause=0)


def test_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match=re.escape(str(tmp_path / "file"))):
        download_fashion_mnist(tmp_path / "file", attempts=1, pause=0)


def test_overlong_folder_is_named():
    with pytest.raises(DataError, match="xxx"):
        load_all("x" * 300)


# Debian's package.


@pytest.fixture
def empty_machine(tmp_path, monkeypatch):
    """Make a machine with an empty cache, no Debian package and no network."""
    monkeypatch.delenv("FASHIONNET_DATA", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras home"))
    monkeypatch.setattr(download, "DEBIAN_FOLDER", tmp_path / "debian")

    def fail(folder=None):
        raise DataError("no network")

    monkeypatch.setattr(download, "download_fashion_mnist", fail)
    return tmp_path


def test_data_that_are_there_need_nothing(monkeypatch):
    monkeypatch.setattr(download, "_install_package", pytest.fail)
    monkeypatch.setattr(download, "_unpack_package", pytest.fail)
    download.get_data()


def test_machine_without_apt_is_told_what_to_put_where(empty_machine, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(DataError, match="FASHIONNET_DATA"):
        download.get_data()


def test_named_folder_is_not_helped_by_the_package(empty_machine, apt, monkeypatch):
    monkeypatch.setenv("FASHIONNET_DATA", str(empty_machine / "mine"))
    with pytest.raises(DataError, match="FASHIONNET_DATA"):
        download.get_data()
    assert not (apt / "calls").exists()


@pytest.mark.parametrize("missing", LABEL_FILES)
def test_both_sets_are_wanted_before_and_after_the_package(
    missing, labels_only, zipped, empty_machine, apt, monkeypatch, capsys
):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    incomplete = {name: raw for name, raw in zipped.items() if missing not in name}
    fill(apt / "debian", incomplete)
    fill(apt / "package", incomplete)
    with pytest.raises(DataError, match=f"{missing}.gz: no such file"):
        download.get_data()
    assert download.DEBIAN_PACKAGE in capsys.readouterr().out
    fill(apt / "package", zipped)
    download.get_data()


def test_failing_package_is_named_beside_the_other_sources(empty_machine, monkeypatch):
    def refuse(*args):
        raise subprocess.CalledProcessError(100, "apt-get")

    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/apt-get")
    monkeypatch.setattr(download, "_install_package", refuse)
    monkeypatch.setattr(download, "_unpack_package", refuse)
    with pytest.raises(DataError, match=r"(?s)no network.*apt-get"):
        download.get_data()


@pytest.fixture
def apt(tmp_path, monkeypatch):
    """Put an `apt-get` on the path that finds a lock as often as `busy` says."""
    programs, installed = tmp_path / "bin", tmp_path / "debian"
    package = tmp_path / "package"
    programs.mkdir()
    installed.mkdir()
    (tmp_path / "busy").write_text("0")
    scripts = {
        "apt-get": f"""
echo "$@" >> "{tmp_path}/calls"
echo "$DEBIAN_FRONTEND $LC_ALL" > "{tmp_path}/env"
if [ "$(wc -l < "{tmp_path}/calls")" -le "$(cat "{tmp_path}/busy")" ]; then
    echo "E: Could not get lock /var/lib/apt/lists/lock" >&2
    exit 100
fi
case "$*" in
    *install*) cp "{package}/"* "{installed}" ;;
    *download*) touch package.deb ;;
esac
""",
        "dpkg-deb": f"""
echo "$@" >> "{tmp_path}/unpacked"
mkdir -p ".{tmp_path}"; cp -r "{package}" ".{installed}"
""",
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}")
        (programs / name).chmod(0o755)
    monkeypatch.delenv("DEBIAN_FRONTEND", raising=False)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


@pytest.mark.parametrize("user", [0, 1000], ids=["root", "ordinary user"])
def test_last_resort_is_the_package_of_debian(
    user, labels_only, zipped, empty_machine, apt, monkeypatch
):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    fill(apt / "package", zipped)
    download.get_data()
    assert [len(y) for y in load_all()] == [60_000, 10_000]
    folder = download.keras_cache() if user else apt / "debian"
    assert names_in(folder) == sorted(zipped)
    name = download.DEBIAN_PACKAGE
    calls = [f"download {name}"] if user else ["update", f"install -y {name}"]
    assert (apt / "calls").read_text().splitlines() == [f"-qq {call}" for call in calls]
    if user:
        assert (apt / "unpacked").read_text() == "-x package.deb .\n"


def test_package_of_debian_repairs_a_damaged_cache(zipped, empty_machine, apt):
    cache = fill(download.keras_cache(), {f"{TRAIN}.gz": HTML})
    fill(apt / "package", zipped)
    download._unpack_package(cache)
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == zipped


def test_package_that_cannot_be_unpacked_is_named(empty_machine, apt, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (apt / "bin" / "dpkg-deb").write_text("#!/bin/sh\nexit 2\n")
    with pytest.raises(DataError, match=r"no network.*\n.*dpkg-deb"):
        download.get_data()


def test_busy_apt_is_waited_for_and_that_is_said(apt, capsys):
    (apt / "busy").write_text("2")
    download._run_apt("update", pause=0.01)
    assert (apt / "calls").read_text().splitlines() == ["-qq update"] * 3
    said = capsys.readouterr().out.splitlines()
    assert ["120 s" in line for line in said] == [True, True]
    # apt-get asks nothing, and tells of its lock in English.
    assert (apt / "env").read_text() == "noninteractive C\n"


def test_apt_that_stays_busy_is_given_up(apt, monkeypatch):
    monkeypatch.setattr(download, "LOCK_SECONDS", 0.1)
    (apt / "busy").write_text("99")
    with pytest.raises(DataError, match=r"apt-get -qq update.*lists/lock"):
        download._run_apt("update", pause=0.05)


def test_other_failure_of_apt_is_not_tried_again(apt, capsys):
    script = apt / "bin" / "apt-get"
    script.write_text(
        f"#!/bin/sh\necho x >> {apt}/calls; echo E: no space >&2; exit 1\n"
    )
    with pytest.raises(DataError, match="no space"):
        download._run_apt("update", pause=0.01)
    assert (apt / "calls").read_text() == "x\n"
    assert capsys.readouterr().out == ""
