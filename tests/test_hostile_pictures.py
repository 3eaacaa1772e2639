"""Mutated pictures: an answer or one clear line each, no crash, and no file written."""

import os

import numpy as np
import pytest
from test_mutated_files import list_mutations

from fashionnet.__main__ import main
from fashionnet.pictures import Picture, PictureError
from fashionnet.study import photos
from fashionnet.study.steps import list_pictures

# Small files, so that a change more often hits what matters; of every kind of pixels.
PATHS = [path for path in list_pictures() if path.stat().st_size < 25_000]


def overwrite_head(raw, rng):
    """Put extreme values where sizes, lengths and kinds stand."""
    changed = bytearray(raw)
    for at in rng.integers(0, min(80, len(raw)), 3):
        changed[at] = int(rng.choice([0, 1, 127, 128, 255]))
    return bytes(changed)


def list_hostile(n):
    """List `n` mutated pictures as `(name, content)`; half are damaged at the head."""
    rng, hostile = np.random.default_rng(0), []
    for i in range(n):
        path = PATHS[i % len(PATHS)]
        raw = path.read_bytes()
        (changed,) = list_mutations(raw, 1, seed=i)
        if i % 2:
            changed = overwrite_head(raw, rng)
        hostile.append((f"{i:04}-{path.name}", changed))
    return hostile


def read_all(n, folder, monkeypatch):
    """Read mutated pictures one after another. Returns how many were refused."""
    here = folder / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    n_refused = 0
    for name, content in list_hostile(n):
        path = folder / name
        path.write_bytes(content)
        try:
            picture = photos.read_photo(str(path))
        except PictureError as error:
            n_refused += 1
            assert str(error).startswith(f"{path}: ")
            assert len(str(error).splitlines()) == 1
            assert len(str(error)) < len(str(path)) + 200
        else:
            assert isinstance(picture, Picture)
            assert picture.image.shape == (28, 28)
        assert path.read_bytes() == content
        path.unlink()
        assert os.listdir(folder) == ["here"]
        assert os.listdir(here) == []
    return n_refused


def test_hundred_mutated_pictures_are_read_or_refused(tmp_path, monkeypatch):
    assert 20 < read_all(100, tmp_path, monkeypatch) < 100


@pytest.mark.slow
def test_two_thousand_mutated_pictures_are_read_or_refused(tmp_path, monkeypatch):
    n_refused = read_all(2000, tmp_path, monkeypatch)
    print(f"{n_refused} of 2,000 refused")
    assert 400 < n_refused < 2000


class Network:
    """Says the same of every image."""

    def __init__(self, *y_prob):
        self.y_prob = np.array(y_prob, np.float32)

    def predict(self, images, **_):
        return np.tile(self.y_prob, (len(images), 1))


def test_predict_answers_what_can_be_read_and_tells_each_other(
    tmp_path, monkeypatch, capsys
):
    networks = {"multiclass": Network(*np.full(10, 0.1)), "binary": Network(0.7)}
    monkeypatch.setattr(photos, "load_networks", lambda **_: networks)
    blank = np.zeros((1, 28, 28), np.uint8)
    monkeypatch.setattr(photos, "load_neighbors", lambda: blank)
    folder = tmp_path / "hostile"
    folder.mkdir()
    contents = dict(list_hostile(60))
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    assert main(["predict", str(folder)]) == 1
    said = capsys.readouterr()
    answered = [name for name in contents if f"{folder / name}: " in said.out]
    refused = [name for name in contents if f"{folder / name}: " in said.err]
    assert sorted(answered + refused) == sorted(contents)
    assert len(said.err.splitlines()) == len(refused) + 1
    assert "Traceback" not in said.err
    assert {path.name for path in folder.iterdir()} == set(contents)
