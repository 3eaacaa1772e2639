"""What the notebook on own pictures claims is true of the published network."""

from collections import Counter

import numpy as np
import pytest

from fashionnet.data import CLASS_NAMES, load_test_set
from fashionnet.evaluation import confidence
from fashionnet.publish.trying import predict_layers
from fashionnet.study.calibration import calibration_error
from fashionnet.study.steps import (
    PICTURES,
    STEPS,
    add_steps,
    count_right,
    list_pictures,
    load_answers,
    prepare,
)
from fashionnet.study.unlike import load_measured, load_neighbors, measure_distances
from fashionnet.zoo.brittle import shift_images, shrink_images

IMAGES, LABELS = load_test_set()
FEW = slice(2000)


@pytest.fixture
def right(layers):
    """Return a function that says of changed test images which are labeled right."""

    def find_right(images, labels=LABELS[FEW]):
        y_prob = predict_layers(layers["multiclass"], images)
        return y_prob.argmax(axis=1) == labels

    return find_right


def test_most_pictures_are_bags_and_preparation_helps_more_than_half():
    answers = load_answers()
    before = Counter(told["before"] for told in answers.values())
    assert before["Bag"] > 0.8 * len(answers)
    assert count_right(answers, "before") < 6 < 15 < count_right(answers, "after")


def test_dark_ground_centering_and_cutting_out_are_worth_most():
    answers = load_answers()
    counts = {step: count_right(answers, step) for step in STEPS}
    assert sorted(counts, key=counts.get)[:3] == ["dark", "center", "cut"]
    assert counts["sharpen"] >= count_right(answers, "after")
    others = [counts[step] for step in ("upright", "white", "shape", "contrast")]
    assert max(abs(n - count_right(answers, "after")) for n in others) <= 2


def test_a_dress_is_mostly_a_bag_until_its_ground_is_dark(layers):
    found = add_steps(PICTURES / "dress-landscape.jpg")
    stages, names = np.stack([*found.values()]), [*STEPS]
    y_pred = predict_layers(layers["multiclass"], stages).argmax(axis=1)
    said = [CLASS_NAMES[label] for label in y_pred]
    n = names.index("dark") + 1
    assert said[:n].count("Bag") > n / 2
    assert "Bag" not in said[n:]
    assert said.index("Dress") == len(names)
    np.testing.assert_array_equal(stages[0], stages[2])


def test_shirts_and_coats_are_taken_for_pullovers_and_a_boot_is_unknown():
    answers = load_answers()
    wrong = [t["after"] for t in answers.values() if t["class"] in ("Coat", "Shirt")]
    assert wrong.count("Pullover") >= 4
    assert answers["boot-mirrored.jpg"]["after"] != "Ankle boot"


def test_nearly_no_shoe_that_points_to_the_right_is_recognized(right):
    is_right = right(IMAGES[:, :, ::-1], LABELS)
    shares = [is_right[label == LABELS].mean() for label in range(10)]
    assert shares[CLASS_NAMES.index("Ankle boot")] < 0.05
    shoes = [CLASS_NAMES.index(name) for name in ("Sandal", "Sneaker", "Ankle boot")]
    assert np.delete(shares, shoes).min() > 0.65


def test_moved_images_are_lost_sideways_first(right):
    whole = right(IMAGES[FEW]).mean()
    for sign in (-1, 1):
        right_2, right_6 = (
            right(shift_images(IMAGES[FEW], right=sign * n)).mean() for n in (2, 6)
        )
        down_2, down_6 = (
            right(shift_images(IMAGES[FEW], down=sign * n)).mean() for n in (2, 6)
        )
        assert whole - down_2 > 0.1
        assert right_2 < down_2
        assert right_6 < down_6 < 0.5


def test_images_of_half_the_side_are_mostly_lost(right):
    shares = [right(shrink_images(IMAGES[FEW], side)).mean() for side in (24, 20, 14)]
    assert right(IMAGES[FEW]).mean() > shares[0] > shares[1] > shares[2]
    assert shares[2] < 0.5


def test_distance_is_a_better_warning_than_probability():
    distance, doubt = (
        load_measured()[x]["called"] for x in ("distance", "probability")
    )
    for name in ("test images", "test scenes"):
        assert distance[name]["unlike"] < doubt[name]["unlike"]
    for name in ("stamps", "digits"):
        assert distance[name]["unlike"] > doubt[name]["unlike"]


def test_most_of_the_thirty_are_called_unlike_and_few_test_images():
    neighbors, measured = load_neighbors(), load_measured()["distance"]
    ours = np.stack([prepare(path) for path, name in list_pictures().items() if name])
    far = measure_distances(ours, neighbors) > measured["threshold"]
    assert far.mean() > 0.5
    called = measured["called"]["test images"]
    assert called["unlike"] < 0.1 * called["n"]


def test_network_is_confident_and_wrong_about_pictures_as_they_come(layers):
    y_prob = predict_layers(layers["multiclass"], IMAGES)
    assert calibration_error(confidence(y_prob), y_prob.argmax(axis=1) == LABELS) < 0.05
    named = {path: name for path, name in list_pictures().items() if name}
    labels = [CLASS_NAMES.index(name) for name in named.values()]
    for without, least in ((STEPS, 0.5), ((), 0.1)):
        images = np.stack([prepare(path, without) for path in named])
        y_prob = predict_layers(layers["multiclass"], images)
        is_right = y_prob.argmax(axis=1) == labels
        assert confidence(y_prob).mean() - is_right.mean() > least
