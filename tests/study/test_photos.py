"""Own pictures, from the command line to the answer; stand-ins answer and train."""

import io
import json
import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image, ImageDraw
from stand_in import make_finished

from fashionnet import FashionnetError
from fashionnet.__main__ import main
from fashionnet.data import CLASS_NAMES, CLOTHING
from fashionnet.evaluation import predict_probabilities
from fashionnet.pictures import load_picture
from fashionnet.recipes import RECIPE, run_key
from fashionnet.runs import WEIGHTS, make_run, store_run
from fashionnet.storing import RunError
from fashionnet.study import photos
from fashionnet.study.photos import (
    INPUT,
    find_weights,
    predict_photos,
)
from fashionnet.study.tasks import MAIN_TASKS
from fashionnet.study.unlike import load_measured, phrase_distance, state_measured
from fashionnet.study.words import CLASSIFIERS, NAMES, SOURCES

Y_PROB = np.array([0.02, 0.01, 0.1, 0, 0.07, 0.02, 0.3, 0.08, 0.4, 0], np.float32)


class Network:
    """Says the same of every image."""

    def __init__(self, *y_prob):
        self.y_prob = np.array(y_prob, np.float32)

    def predict(self, images, **_):
        return np.tile(self.y_prob, (len(images), 1))


def draw_shirt():
    picture = Image.new("RGB", (200, 160), "white")
    ImageDraw.Draw(picture).rectangle((60, 40, 120, 120), fill="navy")
    return picture


@pytest.fixture
def shirt(tmp_path):
    """Save a picture in a folder of its own."""
    path = tmp_path / "wardrobe" / "shirt.png"
    path.parent.mkdir()
    draw_shirt().save(path)
    return path


@pytest.fixture(autouse=True)
def networks(monkeypatch):
    """Put stand-ins in place of networks, training images and threshold."""
    loaded = []

    def load_networks(**options):
        loaded.append(options)
        return {"multiclass": Network(*Y_PROB), "binary": Network(0.7)}

    near = load_picture(draw_shirt()).image
    monkeypatch.setattr(photos, "load_networks", load_networks)
    monkeypatch.setattr(photos, "load_neighbors", lambda: near[np.newaxis])
    measured = load_measured()
    measured["distance"]["threshold"] = 30
    monkeypatch.setattr(photos, "load_measured", lambda: measured)
    return loaded


def tell(capsys, *arguments):
    """Run `predict`. Returns status, what it printed and what it complained of."""
    status = main(["predict", *map(str, arguments)])
    said = capsys.readouterr()
    return status, said.out, said.err.splitlines()


def tell_json(capsys, *arguments):
    status, out, errors = tell(capsys, "--json", *arguments)
    return status, json.loads(out), errors


def test_answer_has_three_classes_three_ways_and_the_steps(shirt, capsys):
    status, (told,), errors = tell_json(capsys, shirt)
    assert (status, errors) == (0, [])
    assert told["photo"] == str(shirt)
    assert list(told["classes"]) == ["Bag", "Shirt", "Pullover"]
    assert list(told["classes"].values()) == pytest.approx([0.4, 0.3, 0.1])
    summed = Y_PROB[list(CLOTHING)].sum()
    assert list(told["clothing"]) == [NAMES[way] for way in CLASSIFIERS]
    assert list(told["clothing"].values()) == [
        False, pytest.approx(summed, abs=1e-3), pytest.approx(0.7)
    ]  # fmt: skip
    assert told["prepared"] == list(load_picture(shirt).steps)
    assert (told["distance"], told["unlike"]) == (0, False)


def test_text_says_what_json_says(shirt, capsys):
    _, (told,), _ = tell_json(capsys, shirt)
    status, out, errors = tell(capsys, shirt)
    assert (status, errors) == (0, [])
    for part in (str(shirt), "Bag 40.0%", "Shirt 30.0%", "Pullover 10.0%", "70.0%"):
        assert part in out
    assert all(step in out for step in told["prepared"])
    assert all(source in out for source in SOURCES.values())
    assert f"no {SOURCES['multiclass_argmax']}" in out
    assert "Unlike" not in out
    assert state_measured(load_measured()) not in out


def test_sources_are_those_of_the_three_ways():
    assert tuple(SOURCES) == CLASSIFIERS


def test_picture_unlike_the_data_is_called_so(shirt, capsys, monkeypatch):
    far = np.zeros((3, 28, 28), np.uint8)
    monkeypatch.setattr(photos, "load_neighbors", lambda: far)
    _, out, _ = tell(capsys, shirt)
    image = load_picture(shirt).image.astype(float)
    distance = np.sqrt((image**2).mean())
    assert "Unlike the data" in out
    assert f"{distance:.0f} gray levels" in out
    assert state_measured(load_measured()) in out
    _, (told,), _ = tell_json(capsys, shirt)
    assert told["unlike"] is True
    assert told["distance"] == pytest.approx(distance, abs=0.06)


@pytest.mark.parametrize(
    ("distance", "threshold", "shown"),
    [
        (54.3, 51.08, ("54 ", "51")),
        (51.4, 51.08, ("51.4", "51.1")),
        (51.12, 51.08, ("51.12", "51.08")),
        (51.08, 51.0799, ("over 51.08",)),
    ],
)
def test_distance_never_reads_as_more_than_itself(distance, threshold, shown):
    said = phrase_distance(distance, threshold)
    assert all(number in said for number in shown)
    numbers = re.findall(r"[\d.]+", said)
    assert len(set(numbers)) == len(numbers)


def test_folder_stands_for_its_pictures_and_a_broken_one_stops_none(shirt, capsys):
    folder = shirt.parent
    (folder / "broken.jpg").write_text("no picture")
    (folder / "list.txt").write_text("not asked for")
    (folder / ".hidden.png").write_text("not asked for")
    draw_shirt().save(folder / "zebra.WEBP", format="WEBP")
    status, told, errors = tell_json(capsys, folder)
    assert status == 1
    names = [path["photo"].rsplit("/")[-1] for path in told]
    assert names == ["broken.jpg", "shirt.png", "zebra.WEBP"]
    assert "error" in told[0]
    assert all("classes" in one for one in told[1:])
    line, summary = errors
    assert line.startswith(f"fashionnet: {folder / 'broken.jpg'}: ")
    assert "1 of 3" in summary


@pytest.mark.parametrize(
    "make",
    [
        lambda folder: folder / "missing.png",
        lambda folder: folder,
        lambda folder: write(folder / "text.png", b"a text"),
        lambda folder: write(folder / "empty.png", b""),
        lambda folder: save(folder / "huge.png", Image.new("1", (10000, 6000))),
    ],
    ids=["missing", "folder without pictures", "text", "empty", "60 megapixels"],
)
def test_what_cannot_be_read_is_one_line_without_loading_a_network(
    make, tmp_path, capsys, networks
):
    folder = tmp_path / "bare"
    folder.mkdir()
    path = make(folder)
    status, out, errors = tell(capsys, path)
    assert (status, out) == (1, "")
    assert errors[0].startswith(f"fashionnet: {path}: ")
    assert len(errors) == 2
    assert networks == []


def write(path, raw):
    path.write_bytes(raw)
    return path


def save(path, picture):
    picture.save(path)
    return path


def test_folder_that_may_not_be_read_stops_none_of_the_others(
    shirt, tmp_path, capsys, monkeypatch
):
    locked, listdir = tmp_path / "locked", os.listdir
    locked.mkdir()

    def refuse(path):
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(photos.os, "listdir", refuse)
    status, told, errors = tell_json(capsys, locked, shirt)
    assert status == 1
    assert ["error" in one for one in told] == [True, False]
    assert str(locked) in errors[0]


def test_nothing_to_predict_is_one_line(capsys):
    assert main(["predict"]) == main(["predict", "--json"]) == 1
    said = capsys.readouterr()
    first, second = said.err.splitlines()
    assert first == second
    assert first.startswith("fashionnet: ") and "PHOTO" in first
    assert said.out == ""


def test_standard_input_is_read(shirt, capsys, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    raw = io.BytesIO(shirt.read_bytes())
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=raw))
    status, (told,), _ = tell_json(capsys, "-", "--save")
    assert (status, told["photo"]) == (0, INPUT)
    assert next(iter(told["classes"])) == "Bag"
    assert (tmp_path / told["saved"]).is_file()


@pytest.mark.parametrize(
    ("raw", "why"), [(b"", "empty"), (b"a text", "not a picture"), (None, "empty")]
)
def test_standard_input_without_a_picture_has_the_same_name(
    raw, why, capsys, monkeypatch
):
    stdin = raw is not None and SimpleNamespace(buffer=io.BytesIO(raw))
    monkeypatch.setattr(sys, "stdin", stdin or None)
    status, (told,), errors = tell_json(capsys, "-")
    assert (status, told["photo"]) == (1, INPUT)
    assert errors[0].startswith(f"fashionnet: {INPUT}: ")
    assert why in errors[0]


def test_errors_and_answers_come_in_the_order_of_the_pictures(shirt, monkeypatch):
    blank = save(shirt.with_name("blank.png"), Image.new("RGB", (50, 50), "red"))
    text = write(shirt.with_name("text.png"), b"a text")
    said = io.StringIO()
    monkeypatch.setattr(sys, "stdout", said)
    monkeypatch.setattr(sys, "stderr", said)
    names = [text, shirt, blank]
    with pytest.raises(FashionnetError, match="no answer for 2 of 3"):
        predict_photos([*map(str, names)])
    places = [said.getvalue().index(f"{name}: ") for name in names]
    assert places == sorted(places)


def test_what_the_network_saw_is_saved_beside_and_not_taken_for_a_photo(shirt, capsys):
    before = shirt.read_bytes()
    for _ in range(2):
        status, told, _ = tell_json(capsys, shirt.parent, "--save")
        assert (status, len(told)) == (0, 1)
    seen = Image.open(shirt.with_name("shirt.png.seen.png"))
    np.testing.assert_array_equal(np.asarray(seen), load_picture(shirt).image)
    assert shirt.read_bytes() == before
    assert len(list(shirt.parent.iterdir())) == 2
    assert told[0]["saved"] == str(shirt.with_name("shirt.png.seen.png"))
    _, out, _ = tell(capsys, shirt.parent, "--save")
    assert f"28×28: {told[0]['saved']}" in out


def test_without_save_nothing_is_written(shirt, capsys, scratch_home):
    tell(capsys, shirt)
    assert os.listdir(shirt.parent) == [shirt.name]
    assert not scratch_home.exists()


def test_folder_that_cannot_be_written_is_told_and_the_answer_is_given(
    shirt, capsys, monkeypatch
):
    def refuse(path, _):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(photos, "write_file", refuse)
    status, out, errors = tell(capsys, shirt, "--save")
    assert status == 1
    assert "Bag 40.0%" in out
    assert "Permission denied" in errors[0]
    assert str(shirt) in errors[0]
    assert "nothing saved for 1 of 1" in errors[1]
    assert "Saved" not in out


LOAD_NETWORKS = photos.load_networks


@pytest.fixture
def trained(monkeypatch):
    """Put stand-ins in place of training and loading. Returns what was trained."""
    tasks = []

    def train_task(task, seed):
        tasks.append((task, seed))
        return make_finished(task, seed, RECIPE)._replace(weights=b"weights")

    stand_in = SimpleNamespace(train_task=train_task, load_network=lambda run: run)
    monkeypatch.setitem(sys.modules, "fashionnet.study.networks", stand_in)
    monkeypatch.setattr(photos, "find_unusual_engine", dict)
    return tasks


def test_missing_weights_are_told_with_the_way_out(trained):
    store_run(make_finished("multiclass", 0, RECIPE))  # as git carries it
    with pytest.raises(FashionnetError, match="--train") as told:
        LOAD_NETWORKS()
    assert "multiclass and binary" in str(told.value)
    assert trained == []


@pytest.mark.integration
def test_missing_weights_are_told_before_anything_slow_is_loaded(shirt):
    code = (
        "import sys; from fashionnet.__main__ import main; "
        f"status = main(['predict', {str(shirt)!r}]); "
        "sys.exit(10 * status + ('tensorflow' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 10
    (line,) = done.stderr.splitlines()
    assert "--train" in line


def test_loading_is_told_on_standard_error_alone(trained, capsys):
    for task in MAIN_TASKS:
        store_run(make_finished(task, 0, RECIPE)._replace(weights=b"weights"))
    LOAD_NETWORKS()
    assert capsys.readouterr() == ("", "")
    LOAD_NETWORKS(is_told=True)
    said = capsys.readouterr()
    assert said.out == ""
    assert "Loading" in said.err


def test_weights_of_an_unusual_engine_are_found(trained, monkeypatch):
    unusual = {"backend": "torch"}
    monkeypatch.setattr(photos, "find_unusual_engine", lambda: unusual)
    assert find_weights("binary") is None
    run = make_finished("binary", 0, RECIPE)._replace(weights=b"weights")
    key = run_key("binary", 0, RECIPE, unusual)
    run.manifest.update(key=key, differences=unusual)
    store_run(run)
    assert find_weights("binary").manifest["differences"] == unusual


def test_train_trains_what_is_missing_once(trained, capsys):
    store_run(make_finished("binary", 0, RECIPE)._replace(weights=b"weights"))
    for _ in range(2):
        networks = LOAD_NETWORKS(train=True)
        assert trained == [("multiclass", 0)]
        assert list(networks) == ["multiclass", "binary"]
    assert "multiclass" in capsys.readouterr().err


def test_own_training_is_apart_and_found(trained, monkeypatch, tmp_path):
    monkeypatch.setattr(photos, "home", lambda: tmp_path / "published")
    monkeypatch.setattr(photos, "own_home", lambda: tmp_path / "mine")
    LOAD_NETWORKS(train=True)
    assert not (tmp_path / "published").exists()
    for task in ("multiclass", "binary"):
        assert find_weights(task).folder.is_relative_to(tmp_path / "mine")
    LOAD_NETWORKS()
    assert len(trained) == 2


def test_damaged_weights_are_told_by_the_file(trained, monkeypatch, shirt, capsys):
    run = store_run(make_finished("binary", 0, RECIPE)._replace(weights=b"weights"))
    (run.folder / WEIGHTS).write_bytes(b"other")

    def load_networks(**_):
        from fashionnet.runs import check_weights

        return check_weights(find_weights("binary"))

    monkeypatch.setattr(photos, "load_networks", load_networks)
    with pytest.raises(RunError, match=WEIGHTS):
        predict_photos([str(shirt)])
    status, _, errors = tell(capsys, shirt)
    assert status == 1
    assert str(run.folder) in errors[0]


@pytest.mark.integration
def test_networks_are_built_from_the_stored_weights(noise):
    from fashionnet.study.networks import build_network

    history = {"val_loss": [1.0], "val_accuracy": [0.1], "seconds": [1.0]}
    images, expected = noise[0][:20], {}
    for task in MAIN_TASKS:
        model = build_network(task, RECIPE)
        expected[task] = predict_probabilities(model, images)
        y_prob = expected[task]
        y_test = np.zeros(20, int)
        store_run(make_run(task, 0, RECIPE, model, history, y_prob, y_prob, y_test, {}))
    networks = LOAD_NETWORKS()
    for task, network in networks.items():
        found = predict_probabilities(network, images)
        np.testing.assert_allclose(found, expected[task], atol=1e-6)
    said = photos.answer(images[7], networks, images)
    top = expected["multiclass"][7]
    assert next(iter(said.classes)) == CLASS_NAMES[top.argmax()]
    assert said.clothing["multiclass_sum"] == pytest.approx(
        top[list(CLOTHING)].sum(), abs=1e-4
    )
    assert said.clothing["binary"] == pytest.approx(expected["binary"][7], abs=1e-4)
    assert said.distance == pytest.approx(0, abs=0.2)


def test_classes_are_named_as_in_the_data_set():
    network = {"multiclass": Network(*np.eye(10)[3]), "binary": Network(1)}
    image = np.zeros((28, 28), np.uint8)
    said = photos.answer(image, network, image[np.newaxis])
    assert next(iter(said.classes)) == CLASS_NAMES[3]
    assert said.clothing == dict(zip(CLASSIFIERS, (True, 1, 1), strict=True))
