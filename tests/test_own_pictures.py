"""What is said of own pictures was measured: the threshold, the tables, the scenes."""

import importlib.util
import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fashionnet.data import CLASS_NAMES
from fashionnet.pictures import load_picture
from fashionnet.study.unlike import load_measured, load_neighbors, measure_distances

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
MEASURED = load_measured()


def load(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


scenes = load("scenes")
own_pictures = load("own_pictures")
FRAME = np.zeros((28, 28), np.uint8)
FRAME[:, 6:22] = 200
FRAME[8:20, 10:18] = 90


def share(name, score="distance"):
    called = MEASURED[score]["called"][name]
    return called["unlike"] / called["n"]


def test_table_in_the_readme_is_that_of_what_was_measured():
    table = own_pictures.make_table(MEASURED)
    assert table in (BENCHMARKS / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("score", ["distance", "probability"])
def test_threshold_takes_equal_shares_for_the_other_kind(score):
    alarms, misses = share("validation scenes", score), 1 - share("emoji", score)
    assert alarms == pytest.approx(misses, abs=0.003)


def test_drawn_pictures_are_counted_as_they_are_called_now():
    neighbors = load_neighbors()
    threshold = MEASURED["distance"]["threshold"]
    found = own_pictures.measure_drawn(
        lambda images: measure_distances(images, neighbors), threshold
    )
    assert found == MEASURED["drawn pictures"]


def test_threshold_is_found_where_both_kinds_overlap_equally():
    rng = np.random.default_rng(0)
    articles, others = rng.normal(0, 1, 20_000), rng.normal(3, 1, 5_000)
    threshold = own_pictures.choose_threshold(articles, others)
    assert threshold == pytest.approx(1.5, abs=0.05)
    assert own_pictures.choose_threshold(np.arange(5), np.arange(10, 20)) == 4


def test_distance_warns_better_than_probability():
    for name in ("stamps", "digits"):
        assert share(name) > share(name, "probability") + 0.1
    for name in ("test images", "test scenes"):
        assert share(name) < share(name, "probability") - 0.1
    assert share("test images") < share("test scenes") < 0.2


def test_box_agrees_with_the_data_set_and_mass_does_not():
    box, mass = (MEASURED["centering"][way] for way in ("box", "mass"))
    assert box["unchanged"] > 0.9
    assert mass["unchanged"] < 0.2
    assert box["right"] > mass["right"] + 0.1


def test_preparation_is_what_makes_the_difference():
    found = MEASURED["scenes"]
    assert found["before"] < 0.2
    assert found["called Bag before"] > 0.5
    assert 0.7 < found["after"] < found["in the data set"]
    gain = found["after, not unlike"] - found["after, unlike"]
    assert 0 < gain < 0.1


def test_groups_of_the_table_are_those_that_were_measured():
    for score in ("distance", "probability"):
        assert list(MEASURED[score]["called"]) == list(own_pictures.GROUPS)


@pytest.mark.parametrize("ground", scenes.GROUNDS)
def test_scene_is_a_photo_in_which_the_article_is_found(ground):
    found = []
    for seed in range(4):
        file = scenes.make_scene(FRAME, np.random.default_rng(seed), ground)
        assert file == scenes.make_scene(FRAME, np.random.default_rng(seed), ground)
        photo = Image.open(io.BytesIO(file))
        assert photo.format == "JPEG"
        assert 300 <= min(photo.size) <= max(photo.size) <= 900
        image = load_picture(photo).image
        found.append(np.abs((image > 0).astype(int) - (FRAME > 0)).mean())
    assert np.median(found) < 0.15


def test_scenes_take_as_many_images_of_each_class(noise):
    files, images, labels = own_pictures.make_scenes(*noise, n=30, seed=0)
    assert len(files) == len(images) == 30
    assert labels[:10].tolist() == list(range(10))
    assert np.bincount(labels).tolist() == [3] * 10


def test_thirty_scenes_are_written_by_class(tmp_path, noise, monkeypatch):
    monkeypatch.setattr(own_pictures, "load_test_set", lambda: noise)
    monkeypatch.setattr(own_pictures, "make_scene", lambda image, rng: b"photo")
    own_pictures.write_scenes(tmp_path / "scenes")
    names = sorted(path.name for path in (tmp_path / "scenes").iterdir())
    assert len(names) == 30
    assert "t-shirt-top-3.jpg" in names
    assert "ankle-boot-1.jpg" in names


def test_refused_picture_is_black_and_neither_right_nor_a_false_alarm():
    class Network:
        def predict(self, images, **_):
            return np.tile(np.eye(10, dtype=np.float32)[3], (len(images), 1))

    images = own_pictures.prepare([Image.new("L", (50, 50)), Image.fromarray(FRAME)])
    assert [image.any() for image in images] == [False, True]
    assert own_pictures.share_right(Network(), images, np.array([3, 3])) == 0.5
    groups = {"validation scenes": images, "emoji": images}
    found = own_pictures.measure_warning(groups, lambda x: x.mean(axis=(1, 2)))
    assert found["called"]["emoji"]["n"] == 1


def test_centering_by_mass_moves_what_stands_to_one_side():
    class Network:
        def predict(self, images, **_):
            return np.tile(np.eye(10, dtype=np.float32)[0], (len(images), 1))

    image = np.zeros((28, 28), np.uint8)
    image[:, 6:22] = 50
    image[14:, 6:22] = 200
    ways = own_pictures.measure_centering(image[np.newaxis], np.array([0]), Network())
    assert ways["box"]["unchanged"] == ways["as it is"]["unchanged"] == 1
    assert ways["mass"]["unchanged"] == 0


def test_missing_packages_are_told_with_the_way_out(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["own_pictures.py", "--root", str(tmp_path)])
    with pytest.raises(SystemExit) as left:
        own_pictures.main()
    assert left.value.code == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert str(tmp_path) in line
    assert "tuxpaint-stamps-default" in line


def test_emoji_have_names_of_classes():
    names = set(own_pictures.ARTICLES.values())
    assert names - {"", "Pullover"} <= set(CLASS_NAMES)
    signs = "".join(own_pictures.ARTICLES)
    assert len(signs) == len(set(signs))


def test_choosing_uses_no_test_image():
    """The threshold comes from two groups, of which none holds a test image."""
    rng = np.random.default_rng(0)
    groups = {name: rng.integers(1, 255, (20, 28, 28)) for name in own_pictures.GROUPS}
    first = own_pictures.measure_warning(groups, lambda x: x.mean(axis=(1, 2)))
    groups["test scenes"] = groups["test images"] = groups["stamps"][:3] + 9
    again = own_pictures.measure_warning(groups, lambda x: x.mean(axis=(1, 2)))
    assert first["threshold"] == again["threshold"]
