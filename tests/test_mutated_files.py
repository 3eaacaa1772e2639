"""Damaged files end in a clear error or change nothing; never in a wrong result."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from fashionnet import FashionnetError, check_keras, download, runs
from fashionnet.publish import published
from fashionnet.storing import RunError

REPORTS = Path(__file__).parents[1] / "reports"
OTHER_VALUES = [None, True, 0, -1, 1e308, "", "text", [], {}, [[]], {"a": 1}]


def mutate_bytes(raw, rng):
    """Flip a bit, cut, drop or double a piece, or swap two bytes."""
    kind, at, end = rng.integers(5), *sorted(rng.integers(0, len(raw), 2))
    changed = bytearray(raw)
    if kind == 0:
        changed[at] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        del changed[at:]
    elif kind == 2:
        del changed[at : at + 1 + (end - at) // 8]
    elif kind == 3:
        changed[at:at] = changed[at:end]
    else:
        changed[at], changed[end] = changed[end], changed[at]
    return bytes(changed)


def mutate_json(raw, rng):
    """Put a value of another type, or of another size, somewhere in a JSON file."""
    content = json.loads(raw)
    places, stack = [], [content]
    while stack:
        holder = stack.pop()
        keys = holder if isinstance(holder, dict) else range(len(holder))
        places += [(holder, key) for key in keys]
        stack += [holder[k] for k in keys if isinstance(holder[k], (dict, list))]
    holder, key = places[rng.integers(len(places))]
    old = holder[key]
    if isinstance(old, (int, float)) and rng.random() < 0.5:
        holder[key] = old + 1
    else:
        holder[key] = OTHER_VALUES[rng.integers(len(OTHER_VALUES))]
    return json.dumps(content).encode()


def list_mutations(raw, n, *, is_json=False, seed=0):
    """List `n` mutations of a file's content that are not equal to it."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < n:
        kind = mutate_json if is_json and rng.random() < 0.5 else mutate_bytes
        changed = kind(raw, rng)
        if changed != raw:
            found.append(changed)
    return found


@pytest.fixture
def stored(scratch_home):
    """Copy a published run into the home of this test; return it and its folder."""
    source = REPORTS / "runs" / "binary" / "seed-1"
    folder = scratch_home / "runs" / "binary" / "seed-1"
    shutil.copytree(source, folder)
    return runs.find_run("binary", 1), folder


@pytest.mark.parametrize(
    ("name", "n"),
    [("manifest.json", 600), ("history.json", 200), ("predictions.npz", 200)],
)
def test_damaged_run_is_refused_or_unchanged(name, n, stored):
    run, folder = stored
    raw = (folder / name).read_bytes()
    n_refused = 0
    for changed in list_mutations(raw, n, is_json=name.endswith(".json")):
        (folder / name).write_bytes(changed)
        try:
            found = runs.find_run("binary", 1)
        except RunError as error:
            assert name in str(error)
            n_refused += 1
            continue
        assert found.manifest == run.manifest
        assert found.history == run.history
        np.testing.assert_array_equal(found.y_prob_test, run.y_prob_test)
    assert n_refused > 0.9 * n


@pytest.mark.parametrize("compress", [gzip.compress, bytes], ids=["gzip", "plain"])
def test_damaged_data_are_refused_or_unchanged(compress):
    y_test = download.load_part("t10k")[1]
    raw = compress(b"\0\0\x08\x01" + len(y_test).to_bytes(4, "big") + y_test.tobytes())
    name, n_refused = "t10k-labels-idx1-ubyte", 0
    np.testing.assert_array_equal(download._decode(raw, name), y_test)
    for changed in list_mutations(raw, 200):
        try:
            found = download._decode(changed, name)
        except download.DataError:
            n_refused += 1
        else:
            np.testing.assert_array_equal(found, y_test)
    assert n_refused > 150


def test_damaged_notebook_or_results_are_refused_or_noticed(tmp_path):
    name, known = "further/11_backpropagation.ipynb", REPORTS / "results/build.json"
    raw, sums = (REPORTS / name).read_bytes(), json.loads(known.read_bytes())["sha256"]
    assert published.sum_files(REPORTS)[name] == sums[name]
    damaged = tmp_path / name
    damaged.parent.mkdir()
    for changed in list_mutations(raw, 100, is_json=True):
        damaged.write_bytes(changed)
        try:
            published.read_book(damaged)
        except published.ReportError as error:
            assert name in str(error)
        assert published.sum_files(tmp_path)[name] != sums[name]
    for changed in list_mutations(known.read_bytes(), 300, is_json=True):
        (tmp_path / "build.json").write_bytes(changed)
        try:
            published.read_json(tmp_path / "build.json")
        except published.ReportError as error:
            assert "build.json" in str(error)


def test_damaged_settings_of_keras_are_refused_or_possible(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    usual = {"floatx": "float32", "epsilon": 1e-07, "backend": "tensorflow",
             "image_data_format": "channels_last"}  # fmt: skip
    raw = json.dumps(usual, indent=4).encode()
    for changed in list_mutations(raw, 300, is_json=True):
        (tmp_path / "keras.json").write_bytes(changed)
        try:
            check_keras()
        except FashionnetError as error:
            assert "keras.json" in str(error)
