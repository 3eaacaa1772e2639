"""What is said besides the verdict, and that it goes no further than its interval."""

from types import SimpleNamespace

import numpy as np
import pytest

from fashionnet import side_sentences as sentences
from fashionnet.side_views import CONTROL_CONTRASTS, Rules
from fashionnet.stats import Estimate
from fashionnet.study import Contrast, make_contrast
from fashionnet.study_images import BagErrors, Gallery
from fashionnet.study_scores import ScoreContrast

# Value and standard error, and what may be said of them: with so many degrees of
# freedom, 1.96 standard errors to both sides for 95%, 1.645 for 90%.
READINGS = {
    "better": (12, 3, "{} is ahead, by an estimate that reaches the margin of 10"),
    "detectable": (5, 1, "{} is ahead, by less than the margin of 10 images"),
    "equivalent": (2, 3, "neither is ahead by as much as the margin of 10 images"),
    "how much is open": (8, 3, "{} is ahead, by how much stays open"),
    "open": (2, 9, "who is ahead stays open"),
}


def make(value, error, *, way="multiclass_sum", against="binary", n_seeds=5):
    estimate = Estimate(value, error, 1e6) if error else None
    ahead = np.full(n_seeds, float(value))
    return Contrast(way, ahead, np.ones(n_seeds), estimate, None, against)


@pytest.mark.parametrize("case", READINGS)
def test_reading_claims_what_the_interval_allows_and_swaps_with_the_sides(case):
    value, error, said = READINGS[case]
    for sign, winner in ((1, "first"), (-1, "second")):
        reading = sentences.phrase_reading(
            make(sign * value, error)[3], "first", "second"
        )
        assert reading.startswith(said.format(winner))


def test_one_seed_has_no_reading():
    assert "cannot say" in sentences.phrase_reading(None, "first", "second")


# Rules.


def make_rules(won, lost, *, value, error=2.0, largest=(0.25, 0.48)):
    sides = {"way": "multiclass_sum", "against": "multiclass_argmax"}
    contrast = make(value, error, n_seeds=len(won), **sides)
    return Rules(np.array(won), np.array(lost), np.array(largest), contrast)


def test_rules_sentence_counts_who_is_right_where_they_differ():
    text = sentences.state_rules(make_rules([3, 1], [1, 0], value=1.5))
    assert text.startswith("In 2 trainings, the two rules differ on 1 to 4 test images")
    assert "the sum is right on 4 of these, the likeliest class on 1" in text
    assert "from 0.25 to 0.48" in text
    assert "1.5 fewer (95% interval from 5.4 fewer to 2.4 more); neither" in text


def test_rules_sentence_of_one_training_has_no_interval():
    rules = make_rules([3], [1], value=2.0, error=None)
    text = sentences.state_rules(rules)
    assert text.startswith("In 1 training, the two rules differ on 4 test images")
    assert "2.0 fewer (no interval from one seed)" in text


def test_rules_that_agree_are_said_to():
    text = sentences.state_rules(make_rules([0, 0], [0, 0], value=0.0, largest=()))
    assert (
        text
        == "In 2 trainings, the two rules give the same label for every test image."
    )


# Bags and galleries.


def test_bag_sentence_has_counts_and_shares():
    ten, two = BagErrors(200, 80, 100, 110), BagErrors(120, 30, None, 70)
    counts = {"multiclass_argmax": ten, "binary": two}
    text = sentences.state_bags(counts)
    assert "180 (90%) have to do with bags: 80 bags taken for clothing, 100" in text
    assert "Of the 120 errors of **binary**, 30 (25%) are bags" in text
    assert "of the 70 pieces of clothing that it loses, it does not say" in text


def test_bag_sentence_without_errors_has_no_share():
    none = dict.fromkeys(("multiclass_argmax", "binary"), BagErrors(0, 0, 0, 0))
    assert "%" not in sentences.state_bags(none)


def test_gallery_sentence_counts_images():
    galleries = {
        name: Gallery(*np.zeros((3, n), int))
        for name, n in (("nobody", 12), ("first", 5), ("second", 7))
    }
    text = sentences.state_galleries(galleries, 10)
    assert "Of 10 trainings of either kind, none is right on 12 images" in text
    assert "5 are labeled right more often by the multiclass" in text
    assert "7 by the binary" in text
    assert sentences.state_galleries(galleries, 1).startswith("Of 1 training of")


# Controls.


def make_controls(value, error, n_seeds=5):
    return {
        (way, against): make(value, error, way=way, against=against, n_seeds=n_seeds)
        for way, against in CONTROL_CONTRASTS
    }


@pytest.mark.parametrize("case", READINGS)
def test_control_sentence_names_both_sides_and_reads_each_interval(case):
    value, error, said = READINGS[case]
    text = sentences.state_controls(make_controls(-value, error))
    assert text.startswith("Exploratory, from 5 seeds, not adjusted for being several")
    for winner, named in (
        ("binary", "(ten outputs, binary loss against binary): "),
        ("binary", "(three groups against binary): "),
        ("ten outputs, binary loss", "(multiclass (sum) against ten outputs, "),
    ):
        found = text.split(named)[1]
        assert f"{value:.1f} more (95% interval" in found.split("; ")[0]
        assert found.split("; ")[1].startswith(said.format(winner))
    for meaning in CONTROL_CONTRASTS.values():
        assert f"*{meaning.capitalize()}*" in text


def test_control_sentence_without_seeds_says_so():
    for nothing in ({}, make_controls(0, None, n_seeds=0)):
        assert sentences.state_controls(nothing).startswith("No control is stored")
    text = sentences.state_controls(make_controls(2, None, n_seeds=1))
    assert "from 1 seed," in text
    assert text.count("one seed cannot say who is ahead") == 3


# Learning curve.


def make_sizes(**values):
    """Make sizes whose estimates have a standard error of 3."""
    return {
        int(n.removeprefix("n")): SimpleNamespace(
            contrasts={"multiclass_sum": make(value, 3)}
        )
        for n, value in values.items()
    }


def test_sizes_are_sorted_by_what_their_intervals_show():
    text = sentences.state_sizes(make_sizes(n500=30, n1500=7, n5000=4, n54000=-2))
    assert "**multiclass (sum)** is ahead with 500 and 1,500 training images" in text
    assert "who is ahead stays open with 5,000 and 54,000 training images." in text
    assert "the answer may still be the same" in text
    assert "depends" not in text


def test_answer_depends_on_the_size_only_if_both_sides_are_ahead_somewhere():
    text = sentences.state_sizes(make_sizes(n500=30, n5000=1, n54000=-7))
    assert "**binary** is ahead with 54,000 training images" in text
    assert "So the answer depends on the number of training images." in text
    for same in (make_sizes(n500=30, n5000=9), make_sizes(n500=1, n5000=-1)):
        assert "depends" not in sentences.state_sizes(same)
        assert "may still be" not in sentences.state_sizes(same)


def test_swapping_the_networks_swaps_who_is_ahead_at_each_size():
    ours = sentences.state_sizes(make_sizes(n500=30, n5000=1))
    theirs = sentences.state_sizes(make_sizes(n500=-30, n5000=-1))
    assert theirs == ours.replace("**multiclass (sum)**", "**binary**")


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (30, "is borne out by at least one"),
        (-30, "is not borne out: both estimates point the other way"),
        (-1, "is not borne out: both estimates point the other way"),
        (1, "stays open"),
    ],
)
def test_help_of_finer_labels_is_judged_where_images_are_fewest(value, answer):
    text = sentences.state_fewest(make_sizes(n54000=30, n500=value))
    assert f"with 500 images {answer}" in text
    assert "As 2 intervals were looked at" in text


def test_help_of_finer_labels_takes_smaller_sizes_and_two_seeds():
    assert "nothing stored can say" in sentences.state_fewest(make_sizes(n54000=30))
    one_seed = {n: SimpleNamespace(contrasts={"": make(90, None)}) for n in (1, 2)}
    assert "one seed cannot say" in sentences.state_fewest(one_seed)


def test_sizes_of_one_seed_show_nothing():
    alone = {500: SimpleNamespace(contrasts={"multiclass_sum": make(90, None)})}
    text = sentences.state_sizes(alone)
    assert "who is ahead stays open with 500 training images" in text
    assert "is ahead with" not in text


# Probabilities.


def make_scores(value, error):
    means = {"multiclass_sum": np.array([0.02, 0.04]), "binary": np.array([0.05, 0.03])}
    estimate = Estimate(value, error, 1e6) if error else None
    return {"log-loss": ScoreContrast(means, estimate)}


@pytest.mark.parametrize(
    ("value", "error", "said"),
    [
        (0.01, 0.001, "by this score, the multiclass network's sum has the better"),
        (-0.01, 0.001, "by this score, the binary network has the better"),
        (0.01, 0.01, "whose probabilities are better stays open"),
        (0.01, None, "whose probabilities are better stays open"),
    ],
)
def test_score_sentence_claims_what_the_interval_allows(value, error, said):
    text = sentences.state_scores(make_scores(value, error))
    assert (
        "Log-loss per image: 0.03000 for the multiclass network's sum and 0.04000"
        in text
    )
    word = "lower" if value > 0 else "higher"
    assert f"The sum's is 0.01000 {word} (" in text
    assert said in text


def test_calibration_sentence_counts_trainings_that_are_too_sure():
    found = SimpleNamespace(
        temperature=np.array([1.5, 0.9]),
        error_before=np.array([0.02, 0.04]),
        error_after=np.array([0.01, 0.01]),
    )
    text = sentences.state_calibration({"binary": found})
    assert "**binary**: 3.00% as trained, 1.00% scaled" in text
    assert "temperatures of 1.20 on average; 1 of 2 trainings were too sure" in text


def test_threshold_sentence_keeps_one_half_as_the_rule():
    sweep = SimpleNamespace(at_half=np.array([40, 41]), at_chosen=np.array([42, 44]))
    text = sentences.state_thresholds({"multiclass_sum": sweep, "binary": sweep})
    assert (
        "**multiclass (sum)** makes 43.0 test errors on average instead of 40.5" in text
    )
    assert "One half stays the rule" in text


def test_without_pairs_every_sentence_says_that_there_are_none():
    right = dict.fromkeys(
        ("multiclass_sum", "multiclass_argmax"), np.zeros((0, 9), bool)
    )
    contrast = make_contrast(right, "multiclass_sum", "multiclass_argmax")
    empty = np.zeros(0, int)
    said = (
        sentences.state_rules(Rules(empty, empty, empty, contrast)),
        sentences.state_galleries({}, 0),
        sentences.state_sizes({}),
    )
    assert set(said) == {sentences.NOTHING}
