"""What the notebook on own pictures claims is true of the published network."""

from collections import Counter

import numpy as np
import pytest
from PIL import Image
from scipy.stats import binomtest, fisher_exact
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score

from fashionnet.data import CLASS_NAMES, load_test_set, load_training_set
from fashionnet.evaluation import confidence, predict_probabilities
from fashionnet.pictures import load_picture
from fashionnet.publish.published import ROOT
from fashionnet.publish.trying import predict_layers
from fashionnet.study.calibration import calibration_error
from fashionnet.study.stats import mcnemar_exact
from fashionnet.study.steps import (
    PICTURES,
    STEPS,
    add_steps,
    count_right,
    list_pictures,
    load_answers,
    prepare,
    table_grounds,
    table_pairs,
)
from fashionnet.study.unlike import load_measured, load_neighbors, measure_distances
from fashionnet.zoo.brittle import shrink_images
from fashionnet.zoo.stored import find_training
from fashionnet.zoo.table import find_network
from fashionnet.zoo.trainings import load_network
from fashionnet.zoo.views import shift_images

IMAGES, LABELS = load_test_set()
FEW, BAG = slice(2000), CLASS_NAMES.index("Bag")


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
    n_bags = sum(told["class"] == "Bag" for told in answers.values())
    assert count_right(answers, "before") <= n_bags + 1


def test_all_but_one_on_a_light_ground_and_two_of_five_others_are_bags():
    table = table_grounds(load_answers())
    assert table.loc["light", "Bag"] == table.loc["light", "All"] - 1
    assert table.loc["darker", ["Bag", "All"]].tolist() == [2, 5]


def test_right_after_preparation_are_19_of_30_whose_interval_reaches_below_half():
    n_right = count_right(load_answers(), "after")
    assert n_right == 19
    assert binomtest(n_right, 30).proportion_ci(method="wilson").low < 0.5


def test_a_light_ground_alone_is_called_bag(layers):
    swapped = predict_layers(layers["multiclass"], 255 - IMAGES).argmax(axis=1)
    assert (swapped == BAG).mean() > 0.8
    white = np.full((1, 28, 28), 255, np.uint8)
    shares = predict_layers(layers["multiclass"], white)[0]
    assert shares.argmax() == BAG and shares[BAG] > 0.99
    images, labels = load_training_set()
    bright = np.mean(images > 127, axis=(1, 2))
    for least in (0.7, 0.8):
        assert (labels[bright > least] == BAG).mean() > 0.5


def test_dark_ground_centering_and_cutting_out_are_worth_most():
    answers = load_answers()
    counts = {step: count_right(answers, step) for step in STEPS}
    assert sorted(counts, key=counts.get)[:3] == ["dark", "center", "cut"]
    assert counts["sharpen"] >= count_right(answers, "after")
    others = [counts[step] for step in ("upright", "white", "shape", "contrast")]
    assert max(abs(n - count_right(answers, "after")) for n in others) <= 2
    p = table_pairs(answers)["p"].astype(float)
    assert set(p.index[p < 0.05]) == {STEPS["dark"], STEPS["center"]}


def test_a_dress_is_mostly_a_bag_until_its_ground_is_dark(layers):
    found = add_steps(PICTURES / "dress-landscape.jpg")
    stages, names = np.stack([*found.values()]), [*STEPS]
    y_pred = predict_layers(layers["multiclass"], stages).argmax(axis=1)
    said = [CLASS_NAMES[label] for label in y_pred]
    n = names.index("dark") + 1
    assert said[:n].count("Bag") > n / 2
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


def test_half_are_wrong_from_three_pixels_sideways_and_four_or_five_up_or_down(right):
    for sign in (-1, 1):
        for way, near, far in (("right", 2, 3), ("down", 3, 5)):
            shares = [
                right(shift_images(IMAGES[FEW], **{way: sign * k})).mean()
                for k in (near, far)
            ]
            assert shares[0] > 0.5 > shares[1]


def test_solutions_about_mirrored_and_moved_images_give_what_they_state(right, layers):
    found = [right(images, LABELS) for images in (IMAGES, IMAGES[:, :, ::-1])]
    lost = [1 - np.sum(found[1][c == LABELS]) / np.sum(found[0][c == LABELS])
            for c in (5, 7, 9)]  # fmt: skip
    assert lost == pytest.approx([0.6, 0.5, 1], abs=0.07)
    for c in set(range(10)) - {5, 7, 9}:
        assert np.sum(found[0][c == LABELS]) - np.sum(found[1][c == LABELS]) < 45
    for n, *told in ((0, 1820, 1680), (2, 1250, 1550), (4, 530, 700)):
        moved = shift_images(IMAGES[FEW], right=n)
        three = [
            predict_layers(layers["multiclass"], shift_images(moved, right=k))
            for k in (-2, 0, 2)
        ]
        counts = [
            np.sum(p.argmax(axis=1) == LABELS[FEW])
            for p in (three[1], np.mean(three, axis=0))
        ]
        assert counts == pytest.approx(told, abs=40)


def test_most_of_the_loss_comes_from_moving_not_from_cutting_off(right):
    whole = right(IMAGES[FEW]).mean()
    for way in ("right", "down"):
        for n in (-6, -4, 4, 6):
            moved = shift_images(IMAGES[FEW], **{way: n})
            back = shift_images(moved, **{way: -n})
            assert whole - right(back).mean() < 0.4 * (whole - right(moved).mean())


def test_smaller_images_with_a_margin_suffer_from_moving_too(right):
    small = shrink_images(IMAGES[FEW], 24)
    whole = right(small).mean()
    sideways = [right(shift_images(small, right=n)).mean() for n in (-2, 2)]
    upright = [right(shift_images(small, down=n)).mean() for n in (-2, 2)]
    assert whole > max(upright) > min(upright) > max(sideways)
    assert whole - max(sideways) > 0.1
    # Each edge moved in by two pixels hurts less than two pixels sideways, and as much
    # as two pixels up or down.
    moved = [right(shift_images(IMAGES[FEW], right=n)).mean() for n in (-2, 2)]
    assert whole > max(moved) + 0.05
    moved = [right(shift_images(IMAGES[FEW], down=n)).mean() for n in (-2, 2)]
    assert np.abs(whole - np.array(moved)).max() < 0.03


@pytest.fixture(scope="module")
def rights(layers):
    """Say which pictures and test images three networks label correctly."""
    networks = {}
    for name in ("cnn-adam-dropout", "small-resnet"):
        row = find_network(name)
        training = find_training(row, 0, bases=[ROOT / "reports"])
        networks[name] = load_network(row, training)
    named = {path: name for path, name in list_pictures().items() if name}
    drawn = [CLASS_NAMES.index(name) for name in named.values()]
    groups = {
        way: (np.stack([prepare(path, without) for path in named]), drawn)
        for way, without in {"before": STEPS, "after": (), "edge": ["center"]}.items()
    }
    few, truth = IMAGES[:500], LABELS[:500]
    groups |= {n: (shift_images(few, right=n), truth) for n in (0, 2, 4)}
    found = {}
    for group, (images, labels) in groups.items():
        said = {name: predict_probabilities(x, images) for name, x in networks.items()}
        said["Part 1"] = predict_layers(layers["multiclass"], images)
        for name, y_prob in said.items():
            found[name, group] = y_prob.argmax(axis=1) == labels
    return found


def compare_rights(one, other):
    """Return how many more are right in the first, and the p-value."""
    only_one, only_other = np.sum(one & ~other), np.sum(other & ~one)
    return only_one - only_other, mcnemar_exact(only_one, only_other)


@pytest.mark.slow
def test_pictures_as_they_come_defeat_all_networks_and_prepared_ones_not(rights):
    first, cnn, ours = "Part 1", "cnn-adam-dropout", "small-resnet"
    for name in (first, cnn, ours):
        assert rights[name, "before"].mean() < 0.25 < 0.5 < rights[name, "after"].mean()
    for name in (cnn, ours):
        assert compare_rights(rights[name, "before"], rights[first, "before"])[1] > 0.05
    assert compare_rights(rights[cnn, "after"], rights[first, "after"])[1] > 0.05
    lead, p = compare_rights(rights[ours, "after"], rights[first, "after"])
    assert lead > 0 and p < 0.05


@pytest.mark.slow
def test_small_resnet_needs_no_centering_and_others_do(rights):
    for name in ("Part 1", "cnn-adam-dropout"):
        lead, p = compare_rights(rights[name, "after"], rights[name, "edge"])
        assert lead > 0 and p < 0.05
    ours = [rights["small-resnet", way] for way in ("after", "edge")]
    assert abs(compare_rights(*ours)[0]) <= 2


@pytest.mark.slow
def test_moves_cost_a_convolutional_network_less_and_small_resnet_nearly_nothing(
    rights,
):
    ours = [rights["small-resnet", n].mean() for n in (0, 2, 4)]
    assert max(ours) - min(ours) < 0.02
    for n in (2, 4):
        losses = [
            rights[name, 0].mean() - rights[name, n].mean()
            for name in ("Part 1", "cnn-adam-dropout")
        ]
        assert losses[0] > losses[1] + 0.05 > 0.1


def test_distance_is_a_better_warning_than_probability():
    distance, doubt = (
        load_measured()[x]["called"] for x in ("distance", "probability")
    )
    for name in ("test images", "test scenes"):
        assert distance[name]["unlike"] < doubt[name]["unlike"]
    for name in ("stamps", "digits"):
        assert distance[name]["unlike"] > doubt[name]["unlike"]


def test_the_threshold_misjudges_equal_shares_only_where_it_was_chosen():
    called = load_measured()["distance"]["called"]
    shares = {name: x["unlike"] / x["n"] for name, x in called.items()}
    chosen = shares["validation scenes"], 1 - shares["emoji"]
    assert chosen[0] == pytest.approx(chosen[1], abs=0.005)
    assert 1.8 < (1 - shares["stamps"]) / shares["test scenes"] < 2.2
    assert shares["digits"] > 0.95 > 0.8 > shares["stamps"]


def test_most_of_the_thirty_are_called_unlike_and_few_test_images():
    neighbors, measured = load_neighbors(), load_measured()["distance"]
    ours = np.stack([prepare(path) for path, name in list_pictures().items() if name])
    distances = measure_distances(ours, neighbors)
    far = distances > measured["threshold"]
    assert (far.sum(), len(far)) == (17, 29)
    counted = load_measured()["drawn pictures"]
    assert (counted["unlike"], counted["n"]) == (17, 29)
    said = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    assert "Of the 29 that show an article, 17 are called unlike the data" in said
    assert f"though {counted['unlike, right']} of these are labeled correctly" in said
    noise = np.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=np.uint8)
    nearest = measure_distances(noise, neighbors).min()
    assert np.sum(distances > nearest - 5) == 4
    called = measured["called"]["test images"]
    assert called["unlike"] < 0.1 * called["n"]


def test_network_is_confident_and_wrong_about_pictures_as_they_come(layers):
    y_prob = predict_layers(layers["multiclass"], IMAGES)
    is_right = y_prob.argmax(axis=1) == LABELS
    gap = confidence(y_prob).mean() - is_right.mean()
    assert 5 * is_right.std() / 100 < gap < 0.05
    assert calibration_error(confidence(y_prob), is_right) == pytest.approx(gap, 0.05)
    named = {path: name for path, name in list_pictures().items() if name}
    labels = [CLASS_NAMES.index(name) for name in named.values()]
    for without, least in ((STEPS, 0.5), ((), 0.1)):
        images = np.stack([prepare(path, without) for path in named])
        y_prob = predict_layers(layers["multiclass"], images)
        is_right = y_prob.argmax(axis=1) == labels
        assert confidence(y_prob).mean() - is_right.mean() > least


@pytest.mark.slow
def test_distance_tells_other_things_and_probability_tells_mistakes(layers):
    images, labels = IMAGES[FEW], LABELS[FEW]
    digits = [Image.fromarray(np.uint8(15.9 * x)) for x in load_digits().images[:500]]
    digits = np.stack([load_picture(x.resize((112, 112))).image for x in digits])
    neighbors = load_neighbors()
    seen, others = (predict_layers(layers["multiclass"], x) for x in (images, digits))
    is_wrong = seen.argmax(axis=1) != labels
    is_digit = np.repeat([False, True], [len(images), len(digits)])
    aurocs = []
    for scores in (
        [measure_distances(x, neighbors) for x in (images, digits)],
        [1 - x.max(axis=1) for x in (seen, others)],
    ):
        both = roc_auc_score(is_digit, np.concatenate(scores))
        aurocs.append((both, roc_auc_score(is_wrong, scores[0])))
    distance, doubt = aurocs
    assert distance[0] > doubt[0] + 0.05
    assert doubt[1] > distance[1] + 0.05
    # The distance says a little about mistakes: at least three standard errors.
    error = (1 / 12 * (1 / is_wrong.sum() + 1 / (~is_wrong).sum())) ** 0.5
    assert 0.5 + 3 * error < distance[1] < 0.7
    named = [path for path, name in list_pictures().items() if name]
    drawn = np.stack([prepare(path) for path in named])
    scores = [measure_distances(x, neighbors) for x in (drawn, digits)]
    is_digit = np.repeat([False, True], [len(drawn), len(digits)])
    assert 0.6 < roc_auc_score(is_digit, np.concatenate(scores)) < distance[0] - 0.1


@pytest.mark.slow
def test_answers_with_a_low_probability_are_wrong_more_often_unlike_ones_are_not(
    layers,
):
    named = {path: name for path, name in list_pictures().items() if name}
    labels = np.array([CLASS_NAMES.index(name) for name in named.values()])
    drawn = np.stack([prepare(path) for path in named])
    neighbors, measured = load_neighbors(), load_measured()
    for images, truth in ((IMAGES[FEW], LABELS[FEW]), (drawn, labels)):
        y_prob = predict_layers(layers["multiclass"], images)
        is_right = y_prob.argmax(axis=1) == truth
        far = measure_distances(images, neighbors) > measured["distance"]["threshold"]
        low = 1 - y_prob.max(axis=1) > measured["probability"]["threshold"]
        chances = []
        for warned in (far, low):
            counts = [[np.sum(is_right[x]), np.sum(~is_right[x])]
                      for x in (warned, ~warned)]  # fmt: skip
            chances.append(fisher_exact(counts).pvalue)
        assert chances[0] > 0.05 > 0.01 > chances[1]
        assert is_right[low].mean() < is_right[~low].mean()
    assert is_right[low].mean() < 0.5
