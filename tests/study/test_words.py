"""What is said of pairs of trainings, and that it follows the verdict rule."""

import numpy as np
import pytest

from fashionnet import study_sentences as sentences
from fashionnet.stats import Estimate
from fashionnet.study import Contrast


def make_pair(only_first, only_second, n=1000):
    y_true = np.ones(n, int)
    first, second = np.ones(n, int), np.ones(n, int)
    second[:only_first] = 0
    first[only_first : only_first + only_second] = 0
    return first, second, y_true


def test_pair_inside_the_noise_is_called_that():
    sentence = sentences.state_pair("A", "B", *make_pair(20, 17))
    assert "**A** makes 3 fewer errors than **B**" in sentence
    assert "McNemar mid-p = 0.627" in sentence
    assert "so uneven a split is nothing unusual" in sentence
    assert "does not show which is better" in sentence


def test_pair_far_apart_speaks_for_these_networks_only():
    sentence = sentences.state_pair("A", "B", *make_pair(5, 40))
    assert "**B** makes 35 fewer errors than **A**" in sentence
    assert "so uneven a split is rare" in sentence
    assert "evidence that B is the better one of these two networks" in sentence
    assert "one pair cannot say" in sentence


def test_single_error_is_not_plural():
    sentence = sentences.state_pair("A", "B", *make_pair(3, 2))
    assert "1 fewer error than" in sentence


def test_equal_pair_has_no_winner():
    sentence = sentences.state_pair("A", "B", *make_pair(9, 9))
    assert "equally many errors" in sentence
    assert "mid-p = " in sentence


def test_seeds_sentence_has_range_and_mean_of_each_classifier():
    errors = {"first": [38, 46, 42], "second": np.array([40, 31, 34])}
    sentence = sentences.state_seeds(errors)
    assert sentence.startswith("Errors over 3 seeds: ")
    assert "first from 38 to 46 (mean 42.0)" in sentence
    assert "second from 31 to 40 (mean 35.0)" in sentence
    assert "over 1 seed:" in sentences.state_seeds({"first": [38]})


@pytest.mark.parametrize(
    ("n", "words"),
    [(3.21, "3.2 fewer"), (-3.21, "3.2 more"), (0.04, "equally many")],
)
def test_difference_is_put_in_words(n, words):
    assert sentences.phrase_difference(n) == words


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((-3.12, 8.24), "from 8.2 fewer to 3.1 more"),
        ((1.5, 8.24), "from 1.5 to 8.2 fewer"),
        ((-8.24, -1.5), "from 1.5 to 8.2 more"),
        ((-8.24, 0.0), "from 0.0 to 8.2 more"),
        ((0.0, 8.24), "from 0.0 to 8.2 fewer"),
    ],
)
def test_interval_is_put_in_words_without_signs(ends, words):
    assert sentences.phrase_interval(*ends) == words


def test_difference_of_a_score_has_words_and_digits_of_its_own():
    options = {"words": ("lower", "higher"), "digits": 3}
    assert sentences.phrase_difference(0.0124, **options) == "0.012 lower"
    assert sentences.phrase_difference(-0.0004, **options) == "equal"
    interval = sentences.phrase_interval(-0.001, 0.02, **options)
    assert interval == "from 0.020 lower to 0.001 higher"


def test_estimate_is_put_in_words_with_its_interval_if_there_is_one():
    text = sentences.phrase_estimate(Estimate(3, 1, 1e6), 9.0)
    assert text == "3.0 fewer (95% interval from 1.0 to 5.0 fewer)"
    assert sentences.phrase_estimate(None, -2) == "2.0 more (no interval from one seed)"


def make_contrast(value, error, *, p_adjusted=0.001, way="multiclass_sum"):
    """Make what ten pairs say, with 1.96 standard errors to both sides for 95%."""
    ahead, midp = np.full(10, round(value)), np.full(10, np.copysign(0.3, value))
    return Contrast(way, ahead, midp, Estimate(value, error, 1e6), p_adjusted)


def test_estimate_is_told_with_both_intervals():
    sentence = sentences.state_estimate(make_contrast(-2.3, 2.0))
    assert "Over 10 pairs of trainings, **multiclass (sum)** makes 2.3 more" in sentence
    assert "compared with **binary**" in sentence
    assert "95% interval is from 1.6 fewer to 6.2 more" in sentence
    assert "90% interval from 1.0 fewer to 5.6 more" in sentence
    assert "makes 2.3 fewer errors" in sentences.state_estimate(make_contrast(2.3, 2))
    level = sentences.state_estimate(make_contrast(0.0, 2))
    assert "makes equally many errors" in level


def test_estimate_names_what_is_compared_with():
    contrast = make_contrast(2, 1)._replace(against="grouped")
    assert "compared with **ten outputs, binary loss**" in sentences.state_estimate(
        contrast
    )


# Value, standard error, and the answer for the multiclass and for the binary network.
ANSWERS = {
    "better": (12, 3, "{} is better"),
    "detectable, not relevant": (5, 1, "{} makes fewer errors, but too few to matter"),
    "equivalent": (2, 3, "neither is better by as much as matters"),
    "undecided": (2, 9, "undecided"),
}


@pytest.mark.parametrize("verdict", ANSWERS)
def test_verdict_starts_with_its_answer_and_swaps_with_the_networks(verdict):
    value, error, answer = ANSWERS[verdict]
    for sign, winner in ((1, "multiclass (sum)"), (-1, "binary")):
        contrast = make_contrast(sign * value, error)
        assert contrast.verdict == verdict
        lead = f"**Multiclass (sum) against binary: {answer.format(winner)}.** Over 10"
        text = sentences.state_verdict(contrast)
        assert text.startswith(lead)
        assert sentences.state_estimate(contrast) in text
        assert "margin of 10 images" in text


def test_only_a_relevant_difference_makes_the_choice():
    for verdict, (value, error, _) in ANSWERS.items():
        for sign, winner in ((1, "multiclass (sum)"), (-1, "binary")):
            text = sentences.state_verdict(make_contrast(sign * value, error))
            takes = f"whoever must choose by errors takes {winner}." in text
            costs = "whoever must choose goes by cost and use" in text
            assert (takes, costs) == ((True, False), (False, True))[verdict != "better"]


def test_no_verdict_takes_small_or_unclear_for_equal():
    texts = {
        verdict: sentences.state_verdict(make_contrast(value, error))
        for verdict, (value, error, _) in ANSWERS.items()
    }
    assert "does not mean that there is no difference" in texts["equivalent"]
    assert "leaves open" in texts["undecided"]
    assert not [text for text in texts.values() if "equally good" in text]
    # (1.96 + 0.84) standard errors of 9 images.
    assert "a difference of 25.2 images four times in five" in texts["undecided"]


def test_direction_that_may_be_chance_after_adjusting_is_called_that():
    for value, error in ((12, 3), (-5, 1)):
        doubtful = make_contrast(value, error, p_adjusted=0.06)
        assert "adjusted p = 0.06" in sentences.state_verdict(doubtful)
        clear = make_contrast(value, error, p_adjusted=0.04)
        assert "may be chance" not in sentences.state_verdict(clear)
    undecided = make_contrast(2, 9, p_adjusted=0.9)
    assert "may be chance" not in sentences.state_verdict(undecided)


@pytest.mark.parametrize(("n", "words"), [(0, "0 stored pairs"), (1, "1 stored pair ")])
def test_verdict_on_fewer_than_two_pairs_says_why_it_is_undecided(n, words):
    contrast = Contrast("multiclass_argmax", np.zeros(n), np.ones(n), None, None)
    text = sentences.state_verdict(contrast)
    lead = "**Multiclass (likeliest class) against binary: undecided.**"
    assert text.startswith(f"{lead} {words}")
    assert "at least 2" in text


def test_students_are_counted_by_what_their_own_pair_shows():
    ahead = np.array([15, 3, -16, -17, -2, 0])
    midp = np.array([0.01, 0.6, -0.02, -0.049, -0.05, 1.0])
    contrast = Contrast("multiclass_sum", ahead, midp, None, None)
    text = sentences.state_students(contrast)
    assert text.startswith("Of 6 students with one pair of runs each, 1 would")
    assert "1 would have concluded that multiclass (sum) is better" in text
    assert "2 that binary is, and 3 that their pair does not show it" in text
    assert "2 would have said multiclass (sum), 3 binary, and 1 a draw" in text
    swapped = sentences.state_students(contrast._replace(ahead=-ahead))
    assert "2 would have concluded that multiclass (sum) is better, 1 that" in swapped
    alone = contrast._replace(ahead=ahead[:1], signed_midp=midp[:1])
    assert sentences.state_students(alone).startswith("Of 1 student with")


def state_expectation(*values, error=3.0):
    contrasts = [make_contrast(value, error) for value in values]
    ways = ("multiclass_argmax", "multiclass_sum")
    return sentences.state_expectation(dict(zip(ways, contrasts, strict=True)))


def test_expectation_is_held_against_estimates_and_intervals():
    kept = state_expectation(-1.9, 2.5)
    assert "at most 15 images. The estimates are within that" in kept
    assert "1.9 more by multiclass (likeliest class) and 2.5 fewer by mult" in kept
    assert "so are the ends of their 95% intervals" in kept
    assert "intervals allow up to" in state_expectation(-1.9, 2.5, error=9.0)
    assert "That was wrong" in state_expectation(-1.9, 15.5)


def test_expectation_is_not_held_against_one_pair():
    one = make_contrast(1, 1)._replace(estimate=None)
    said = sentences.state_expectation({"multiclass_sum": one})
    assert "one pair cannot tell" in said
