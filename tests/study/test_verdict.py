"""What is said of pairs of trainings, and that it follows the verdict rule."""

import itertools
from math import comb

import numpy as np
import pytest
from scipy import stats as scipy_stats

from fashionnet.study import verdict
from fashionnet.study.contrasts import Contrast
from fashionnet.study.stats import Estimate
from fashionnet.study.verdict import decide, measure, measure_fixed_images, measure_wins

UNBOUNDED = Estimate(0.0, np.inf, 1.0)


def make_contrast(value, error, *, p_adjusted=0.001, way="multiclass_sum"):
    """Make what ten pairs say, with 1.96 standard errors to both sides for 95%."""
    ahead, midp = np.full(10, round(value)), np.full(10, np.copysign(0.3, value))
    return Contrast(way, ahead, midp, Estimate(value, error, 1e6), p_adjusted)


def test_estimate_is_told_with_both_intervals():
    sentence = verdict.state_estimate(make_contrast(-2.3, 2.0))
    assert "Over 10 pairs of trainings, **multiclass (sum)** makes 2.3 more" in sentence
    assert "compared with **binary**" in sentence
    assert "95% interval is from 1.6 fewer to 6.2 more" in sentence
    assert "90% interval from 1.0 fewer to 5.6 more" in sentence
    assert "makes 2.3 fewer errors" in verdict.state_estimate(make_contrast(2.3, 2))
    level = verdict.state_estimate(make_contrast(0.0, 2))
    assert "makes equally many errors" in level


def test_estimate_names_what_is_compared_with():
    contrast = make_contrast(2, 1)._replace(against="grouped")
    assert "compared with **ten outputs, binary loss**" in verdict.state_estimate(
        contrast
    )


# Value, standard error, and the answer for the multiclass and for the binary network.
ANSWERS = {
    "better": (12, 3, "{} is better"),
    "detectable, not relevant": (5, 1, "{} makes fewer errors, but too few to matter"),
    "equivalent": (2, 3, "neither is better by as much as matters"),
    "undecided": (2, 9, "undecided"),
}


@pytest.mark.parametrize("outcome", ANSWERS)
def test_verdict_starts_with_its_answer_and_swaps_with_the_networks(outcome):
    value, error, answer = ANSWERS[outcome]
    for sign, winner in ((1, "multiclass (sum)"), (-1, "binary")):
        contrast = make_contrast(sign * value, error)
        assert decide(contrast.estimate) == outcome
        lead = f"**Multiclass (sum) against binary: {answer.format(winner)}.** Over 10"
        text = verdict.state_verdict(contrast)
        assert text.startswith(lead)
        assert verdict.state_estimate(contrast) in text
        assert "margin of 10 images" in text


def test_only_a_relevant_difference_makes_the_choice():
    for outcome, (value, error, _) in ANSWERS.items():
        for sign, winner in ((1, "multiclass (sum)"), (-1, "binary")):
            text = verdict.state_verdict(make_contrast(sign * value, error))
            takes = f"whoever must choose by errors takes {winner}." in text
            costs = "whoever must choose goes by cost and use" in text
            assert (takes, costs) == ((True, False), (False, True))[outcome != "better"]


def test_no_verdict_takes_small_or_unclear_for_equal():
    texts = {
        outcome: verdict.state_verdict(make_contrast(value, error))
        for outcome, (value, error, _) in ANSWERS.items()
    }
    assert "does not mean that there is no difference" in texts["equivalent"]
    assert "leaves open" in texts["undecided"]
    assert not [text for text in texts.values() if "equally good" in text]
    # (1.96 + 0.84) standard errors of 9 images.
    assert "a difference of 25.2 images four times in five" in texts["undecided"]


def test_direction_that_may_be_chance_after_adjusting_is_called_that():
    for value, error in ((12, 3), (-5, 1)):
        doubtful = make_contrast(value, error, p_adjusted=0.06)
        assert "adjusted p = 0.06" in verdict.state_verdict(doubtful)
        clear = make_contrast(value, error, p_adjusted=0.04)
        assert "may be chance" not in verdict.state_verdict(clear)
    undecided = make_contrast(2, 9, p_adjusted=0.9)
    assert "may be chance" not in verdict.state_verdict(undecided)


def test_verdict_on_one_pair_says_why_it_is_undecided():
    alone = Contrast("multiclass_argmax", np.zeros(1), np.ones(1), UNBOUNDED, 1.0)
    text = verdict.state_verdict(alone)
    lead = "**Multiclass (likeliest class) against binary: undecided.**"
    assert text.startswith(f"{lead} 1 stored pair ")
    assert "at least 2" in text


def state_expectation(*values, error=3.0):
    contrasts = [make_contrast(value, error) for value in values]
    ways = ("multiclass_argmax", "multiclass_sum")
    return verdict.state_expectation(dict(zip(ways, contrasts, strict=True)))


def test_expectation_is_held_against_estimates_and_intervals():
    kept = state_expectation(-1.9, 2.5)
    assert "at most 15 images. The estimates are within that" in kept
    assert "1.9 more by multiclass (likeliest class) and 2.5 fewer by mult" in kept
    assert "so are the ends of their 95% intervals" in kept
    assert "intervals allow up to" in state_expectation(-1.9, 2.5, error=9.0)
    assert "That was wrong" in state_expectation(-1.9, 15.5)


def test_expectation_is_not_held_against_one_pair():
    one = make_contrast(1, 1)._replace(estimate=UNBOUNDED)
    said = verdict.state_expectation({"multiclass_sum": one})
    assert "one pair cannot tell" in said


# The rule.


# With so many degrees of freedom, the 95% interval reaches 1.96 standard errors to both
# sides, the 90% interval 1.645.
OUTCOMES = {
    "better": [(12, 3), (10, 1), (40, 20)],
    "detectable, not relevant": [(5, 1), (1, 0.1), (9.5, 0.2)],
    "equivalent": [(0, 5), (3, 4), (-2, 4.8), (0, 0), (5.4, 2.7)],
    "undecided": [(0, 6.5), (12, 8), (8, 3), (3, 4.5), (9, 5)],
}


@pytest.mark.parametrize(
    ("verdict", "value", "error"),
    [(verdict, *pair) for verdict, pairs in OUTCOMES.items() for pair in pairs],
)
def test_rule_reaches_each_verdict_on_both_sides(verdict, value, error):
    assert decide(Estimate(value, error, 1e6)) == verdict
    assert decide(Estimate(-value, error, 1e6)) == verdict


def test_rule_is_the_one_fixed_beforehand():
    for value, error, df in itertools.product(
        np.linspace(-15, 15, 31), (0.3, 1, 2, 3, 5, 8), (1, 9, 200)
    ):
        low, high = scipy_stats.t.interval(0.95, df, value, error)
        lower, upper = scipy_stats.t.interval(0.9, df, value, error)
        if not low <= 0 <= high and abs(value) >= 10:
            expected = "better"
        elif not low <= 0 <= high and -10 < low < high < 10:
            expected = "detectable, not relevant"
        elif -10 < lower < upper < 10:
            expected = "equivalent"
        else:
            expected = "undecided"
        assert decide(Estimate(value, error, df)) == expected


def test_wider_margin_makes_the_same_difference_irrelevant():
    estimate = Estimate(12, 3, 1e6)
    assert decide(estimate, margin=10) == "better"
    assert decide(estimate, margin=20) == "detectable, not relevant"


def test_measures_of_an_estimate_are_those_of_students_t():
    facts = measure(Estimate(3.0, 2.0, 9))
    t = scipy_stats.t(9, 3, 2)
    assert facts["interval_95"] == pytest.approx(t.interval(0.95))
    assert facts["interval_90"] == pytest.approx(t.interval(0.9))
    assert facts["p_value"] == pytest.approx(2 * t.cdf(0))
    assert facts["p_equivalence"] == pytest.approx(t.sf(10))
    expected = [t.cdf(-10), t.cdf(10) - t.cdf(-10), t.sf(10)]
    assert list(facts["probability"].values()) == pytest.approx(expected)
    reach = t.interval(0.95)[1] - 3 + 2 * scipy_stats.t.ppf(0.8, 9)
    assert facts["detectable_difference"] == pytest.approx(reach)


def test_probabilities_name_the_better_network():
    chances = measure(Estimate(-14, 1, 50))["probability"]
    assert chances["binary_better"] > 0.99
    chances = measure(Estimate(14, 1, 50))["probability"]
    assert chances["multiclass_better"] > 0.99


def test_fixed_images_leave_the_chance_of_seeds_only():
    ahead = np.array([3, -1, 4, 2, 6])
    facts = measure_fixed_images(ahead)
    test = scipy_stats.ttest_1samp(ahead, 0)
    assert facts["value"] == pytest.approx(2.8)
    assert facts["interval_95"] == pytest.approx(list(test.confidence_interval()))
    signs = list(itertools.product((1, -1), repeat=5))
    extreme = sum(abs(np.dot(sign, ahead)) >= 14 for sign in signs)
    assert facts["sign_flip_p"] == pytest.approx(extreme / 32)


def test_more_seeds_than_all_patterns_of_signs_allow_are_no_error():
    facts = measure_fixed_images(np.arange(21))
    assert facts["sign_flip_p"] is None
    assert facts["value"] == pytest.approx(10)


def test_pairs_won_are_counted_with_draws_by_half():
    assert measure_wins(np.array([3, -1, 0, 2]))["share"] == 2.5 / 4
    mirrored = measure_wins(np.array([-3, 1, 0, -2]))
    assert mirrored["share"] == 1.5 / 4


def test_interval_of_pairs_won_is_that_of_pairs_drawn_anew():
    # Of all 6**6 ways to draw six pairs from these, by counting.
    ahead = np.array([5, 1, 2, -4, -1, 3])
    chances = [comb(6, k) * (2 / 3) ** k * (1 / 3) ** (6 - k) for k in range(7)]
    below = np.cumsum(chances)
    expected = [np.flatnonzero(below >= q)[0] / 6 for q in (0.025, 0.975)]
    assert measure_wins(ahead)["interval_95"] == pytest.approx(expected)


def test_one_sided_pairs_leave_no_doubt_on_who_wins():
    wins = measure_wins(np.array([3, 1, 2]))
    assert (wins["share"], *wins["interval_95"]) == (1, 1, 1)


# The table.


def test_contrast_table_follows_the_estimates():
    ahead, midp = np.array([-9, 1, 2]), np.ones(3)
    first = Contrast("multiclass_argmax", ahead, midp, Estimate(-2.0, 1.5, 200), 0.37)
    second = Contrast("multiclass_sum", -ahead, midp, Estimate(15.0, 2.0, 200), 1e-9)
    table = verdict.table_contrasts({c.way: c for c in (first, second)})
    assert list(table) == ["multiclass (likeliest class)", "multiclass (sum)"]
    assert table.loc["errors compared with binary"].tolist() == [
        "2.0 more",
        "15.0 fewer",
    ]
    assert table.loc["verdict"].tolist() == ["equivalent", "better"]
    assert table.loc["… adjusted for two contrasts"].tolist() == ["0.370", "< 0.001"]
    likely = table.loc["probability of over 10 fewer"].tolist()
    chance = measure(second.estimate)["probability"]["multiclass_better"]
    assert likely == ["< 0.001", f"{chance:.3f}"]
    p = measure_fixed_images(ahead)["sign_flip_p"]
    assert table.loc["these images only: p-value"].tolist() == [f"{p:.3f}"] * 2
    won = [
        text.split()[0] for text in table.loc["these images only: share of pairs won"]
    ]
    assert won == ["67%", "33%"]


def test_contrast_table_without_an_estimate_has_the_verdict_only():
    contrast = Contrast("multiclass_sum", np.zeros(1), np.ones(1), UNBOUNDED)
    table = verdict.table_contrasts({"multiclass_sum": contrast})
    assert table.to_dict() == {"multiclass (sum)": {"verdict": "undecided"}}


# Exploratory readings.


# Value and standard error, and what may be said of them: with so many degrees of
# freedom, 1.96 standard errors to both sides for 95%, 1.645 for 90%.
READINGS = {
    "better": (12, 3, "{} is ahead, by an estimate that reaches the margin of 10"),
    "detectable": (5, 1, "{} is ahead, by less than the margin of 10 images"),
    "equivalent": (2, 3, "neither is ahead by as much as the margin of 10 images"),
    "how much is open": (8, 3, "{} is ahead, by how much stays open"),
    "open": (2, 9, "who is ahead stays open"),
}


@pytest.mark.parametrize("case", READINGS)
def test_reading_claims_what_the_interval_allows_and_swaps_with_the_sides(case):
    value, error, said = READINGS[case]
    for sign, winner in ((1, "first"), (-1, "second")):
        estimate = Estimate(sign * value, error, 1e6)
        reading = verdict.phrase_reading(estimate, "first", "second")
        assert reading.startswith(said.format(winner))


def test_one_seed_leaves_open_who_is_ahead():
    said = verdict.phrase_reading(UNBOUNDED._replace(value=9), "first", "second")
    assert "stays open" in said
    assert "first" not in said
