"""The steps of the preparation, one by one, and the thirty pictures."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from fashionnet.data import CLASS_NAMES
from fashionnet.pictures import PictureError, load_picture
from fashionnet.publish.trying import predict_layers
from fashionnet.storing import CHECKOUT
from fashionnet.study import steps
from fashionnet.study.steps import (
    PICTURES,
    STEPS,
    WAYS,
    count_right,
    label_pictures,
    list_pictures,
    load_answers,
    prepare,
    table_pairs,
)

PATHS = list_pictures()


def test_pairs_are_counted_where_a_step_changes_the_answer():
    right, wrong = "Bag", "Coat"
    answers = {
        str(i): {"class": right, "after": after, **dict.fromkeys(STEPS, after)}
        | {"dark": without}
        for i, (after, without) in enumerate(
            6 * [(right, wrong)] + [(wrong, right), (right, right)]
        )
    }
    table = table_pairs(answers)
    assert table.index.tolist() == [STEPS["dark"]]
    # Of seven that differ, six or more on one side: twice (1 + 7) / 2**7.
    assert table.iloc[0].tolist() == [6, 1, f"{16 / 128:.3f}"]


def draw(mode="RGB", ground="white"):
    picture = Image.new(mode, (200, 160), ground)
    ImageDraw.Draw(picture).rectangle((20, 40, 60, 120), fill="navy")
    return picture


def test_there_are_thirty_pictures_in_little_space():
    files = {path.name for path in PICTURES.iterdir()}
    assert {path.name for path in PATHS} == files - {steps.CLASSES, steps.ANSWERS}
    assert len(PATHS) == 30
    assert sum(path.stat().st_size for path in PICTURES.iterdir()) < 1_500_000
    assert set(PATHS.values()) == {*CLASS_NAMES, None}
    assert list(PATHS.values()).count(None) == 1


def test_pictures_are_of_all_kinds():
    modes, endings, areas = set(), set(), []
    for path in PATHS:
        with Image.open(path) as picture:
            is_turned = picture.getexif().get(0x0112, 1) != 1
            modes |= {picture.mode} | ({"EXIF"} if is_turned else set())
            areas.append(picture.width * picture.height)
        endings.add(path.suffix)
    assert {"RGB", "RGBA", "LA", "P", "CMYK", "EXIF"} <= modes
    assert any(mode.startswith("I") for mode in modes)
    assert endings == {".jpg", ".png", ".gif", ".webp"}
    assert min(areas) < 1_000
    assert max(areas) > 10_000_000


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_with_all_steps_it_is_the_preparation_of_predict(path):
    if PATHS[path] is None:
        with pytest.raises(PictureError):
            load_picture(path)
        with pytest.raises(PictureError):
            prepare(path)
    else:
        np.testing.assert_array_equal(prepare(path), load_picture(path).image)


def test_without_any_step_it_is_a_small_gray_picture():
    found = prepare(draw().resize((280, 224)), without=STEPS)
    expected = draw().resize((280, 224)).convert("L")
    expected = expected.resize((28, 28), Image.Resampling.BOX)
    assert np.abs(found.astype(int) - np.asarray(expected)).max() <= 1


def test_steps_are_added_one_after_another():
    stages = steps.add_steps(draw())
    assert [*stages] == ["no step", *STEPS.values()]
    np.testing.assert_array_equal(stages["no step"], prepare(draw(), STEPS))
    np.testing.assert_array_equal(stages["center"], prepare(draw()))


def test_each_step_is_left_out():
    whole = prepare(draw())
    upright = Image.Exif()
    upright[0x0112] = 6
    path = PICTURES / "shirt-exif.jpg"
    assert (prepare(path, ["upright"]) != prepare(path)).mean() > 0.3
    layers = draw("RGBA", (0, 0, 0, 0))
    on_black = prepare(layers, ["white", "contrast"])
    assert (on_black != prepare(layers, ["contrast"])).mean() > 0.2
    assert prepare(draw(), ["cut"]).any(axis=0).sum() < whole.any(axis=0).sum()
    assert prepare(draw(), ["shape"])[14].all()
    noisy = PICTURES / "pullover-noise.jpg"
    rough, soft = (prepare(noisy, x).astype(float) for x in ((), ["sharpen"]))
    assert np.abs(np.diff(rough)).mean() > np.abs(np.diff(soft)).mean()
    assert prepare(draw(), ["center"])[:, 0].any()
    assert not whole[:, 0].any()
    light = prepare(draw(), ["dark", "contrast"])
    assert light[:, 0].min() == 255
    assert light[14, 14] < 60
    assert prepare(draw(), ["contrast"]).max() < whole.max() == 255


def test_step_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match="polish"):
        prepare(draw(), without=["polish"])


def test_picture_that_is_handed_over_stays_as_it_is():
    picture = draw("RGBA", (0, 0, 0, 0))
    before = picture.copy()
    prepare(picture, without=STEPS)
    assert picture == before


def test_calls_are_counted_by_the_ground_at_the_top(monkeypatch, tmp_path):
    called = {"a.png": (200, "Bag"), "b.png": (250, "Coat"), "c.png": (90, "Bag")}
    for name, (level, _) in called.items():
        picture = Image.new("L", (56, 56), level)
        ImageDraw.Draw(picture).rectangle((20, 20, 40, 40), fill=0)
        picture.save(tmp_path / name)
    paths = {tmp_path / name: None for name in called}
    monkeypatch.setattr(steps, "list_pictures", lambda: paths)
    answers = {name: {"before": answer} for name, (_, answer) in called.items()}
    table = steps.table_grounds(answers)
    assert table.loc["light"].to_dict() == {"Bag": 1, "Coat": 1, "All": 2}
    assert table.loc["darker"].to_dict() == {"Bag": 1, "Coat": 0, "All": 1}


def test_right_answers_are_counted_and_so_is_a_refusal():
    told = {
        "a": {"class": "Bag", "before": "Bag", "after": "Bag"},
        "b": {"class": None, "before": "Bag", "after": None},
        "c": {"class": "Coat", "before": "Bag", "after": "Shirt"},
    }
    assert count_right(told, "before") == 1
    assert count_right(told, "after") == 2


def test_stored_answers_are_to_all_pictures_in_all_ways():
    answers = load_answers()
    shown = {file: told["class"] for file, told in answers.items()}
    assert shown == {path.name: name for path, name in PATHS.items()}
    assert all([*told] == ["class", *WAYS] for told in answers.values())


def test_readme_says_how_many_are_right():
    answers, readme = load_answers(), (CHECKOUT / "README.md").read_text("utf-8")
    said = " ".join(readme.split())
    assert f"gets {count_right(answers, 'before')} of them right as they are" in said
    assert f"and {count_right(answers, 'after')} after preparation" in said


def test_so_many_of_thirty_are_right_before_and_after_preparation(layers):
    """What is reported, made again: few are right as they are, two thirds prepared."""

    def predict(images):
        return predict_layers(layers["multiclass"], images)

    ways = {way: WAYS[way] for way in ("before", "after")}
    found, stored = label_pictures(predict, ways), load_answers()
    # Seed 0 of another processor differs in a few of its answers.
    for way in ways:
        others = [file for file in found if found[file][way] != stored[file][way]]
        assert len(others) <= 3, f"{way}: {others}"
    assert count_right(found, "before") < 10
    assert count_right(found, "after") > 15
