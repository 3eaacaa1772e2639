"""What is said of pairs of trainings, and that it follows the verdict rule."""

import itertools
import re
from math import comb

import numpy as np
import pytest
from scipy import stats as scipy_stats
from study_samples import LABELS, draw_pairs, read_numbers

from fashionnet.study import verdict
from fashionnet.study.contrasts import Contrast, compare, count_errors
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.stats import Estimate
from fashionnet.study.verdict import decide, measure, measure_fixed_images, measure_wins
from fashionnet.study.words import NAMES, phrase_interval

UNBOUNDED = Estimate(0.0, np.inf, 1.0)
SUM = NAMES["multiclass_sum"]


def make_contrast(value, error, *, p_adjusted=0.001, way="multiclass_sum"):
    """Make what ten pairs say, with 1.96 standard errors to both sides for 95%."""
    ahead, p = np.full(10, round(value)), np.full(10, np.copysign(0.3, value))
    return Contrast(way, ahead, p, Estimate(value, error, 1e6), p_adjusted)


# What is said.


# Value, standard error, whether the answer has a winner, and its numbers.
ANSWERS = {
    "better": (12, 3, True, [12, 10_000, 95, 6.1, 17.9, 90, 7.1, 16.9]),
    "detectable, not relevant": (5, 1, True, [5, 10_000, 95, 3, 7, 90, 3.4, 6.6]),
    "equally good": (2, 3, False, [2, 10_000, 95, 7.9, 3.9, 90, 6.9, 2.9]),
    # (1.96 + 0.84) standard errors of 9 images are found four times in five.
    "undecided": (2, 9, False, [2, 10_000, 95, 19.6, 15.6, 90, 16.8, 12.8, 25.2]),
}


@pytest.mark.parametrize("outcome", ANSWERS)
def test_verdict_names_both_sides_and_swaps_with_the_networks(outcome):
    value, error, has_winner, numbers = ANSWERS[outcome]
    for sign, winner in ((1, SUM), (-1, "binary")):
        contrast = make_contrast(sign * value, error)
        assert decide(contrast.estimate) == outcome
        text = verdict.state_verdict(contrast)
        lead, said = text.split(": ", 1)
        assert lead.replace("*", "") == f"{SUM.capitalize()} against binary"
        answer = verdict.VERDICTS[outcome].format(ahead=winner)
        assert said.startswith(f"{answer}. ")
        assert (winner in answer) == has_winner
        assert sorted(read_numbers(text)) == sorted(numbers)
        first = re.search(
            "fewer|more", said.split(". The ten-class network makes ")[1]
        )[0]
        assert first == ("fewer" if sign > 0 else "more")


@pytest.mark.parametrize(
    ("n_ten", "n_two", "outcome", "ahead"),
    [
        (30, 120, "better", "ten-class"),
        (120, 30, "better", "binary"),
        (40, 40, "equally good", ""),
    ],
)
def test_answer_on_drawn_runs_is_that_of_both_ways(n_ten, n_two, outcome, ahead):
    right = right_by_seed(draw_pairs(n_ten, n_two), LABELS)
    n_wrong = {name: np.mean((~table).sum(axis=1)) for name, table in right.items()}
    ten = (
        f"{n_wrong['multiclass_argmax']:.1f} (by the likeliest class) or "
        f"{n_wrong['multiclass_sum']:.1f} (by summed probabilities)"
    )
    found = compare(right)
    ends = np.array([c.estimate.interval(0.9) for c in found.values()])
    interval = phrase_interval(ends[:, 0].min(), ends[:, 1].max())
    answer = verdict.ANSWERS[outcome].format(
        ahead=ahead,
        ten=ten,
        binary=f"{n_wrong['binary']:.1f}",
        interval=interval,
        joint="",
    )
    said = verdict.state_answer(found, count_errors(right), {})
    _, bold, rest = said.split("**")  # the index takes both
    assert bold + rest == answer
    assert bold.endswith(".") and ". " not in bold


@pytest.mark.parametrize("leads", [((12, 3), (2, 3)), ((12, 3), (-12, 3))])
def test_answer_says_if_the_two_ways_come_out_differently(leads):
    ways = ("multiclass_argmax", "multiclass_sum")
    found = {
        way: make_contrast(*values, way=way)
        for way, values in zip(ways, leads, strict=True)
    }
    errors = dict.fromkeys(NAMES, np.ones(10))
    assert "differently" in verdict.state_answer(found, errors, {})


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (-5, ["binary networks", "make about 5 fewer", "ten-class ones", " less"]),
        (5, ["ten-class ones", "make about 5 fewer", "binary networks", " less"]),
        (-12, ["binary networks", "12 fewer", "ten-class ones", "no less"]),
        (3, []),  # 0 is inside of its interval
    ],
)
def test_answer_tells_which_lead_validation_images_suggest(value, words):
    ways = ("multiclass_argmax", "multiclass_sum")
    found = {way: make_contrast(2, 3, way=way) for way in ways}
    joint = {ways[0]: Estimate(value, 2, np.inf), ways[1]: Estimate(1, 2, np.inf)}
    errors = dict.fromkeys(NAMES, np.ones(10))
    said = verdict.state_answer(found, errors, joint)
    assert "0 is inside" not in said
    assert said.count("If validation images") == bool(words)
    assert said.count("by summed probabilities, no lead is shown.") == bool(words)
    added = said.partition("If validation images")[2].partition("margin")[0]
    places = [added.index(word) for word in words]
    assert places == sorted(places)


def test_answer_says_so_where_only_the_narrower_interval_of_a_lead_excludes_0():
    way = "multiclass_argmax"
    joint = {way: Estimate(-3.6, 2, np.inf)}  # 1.8 standard errors
    found = {way: make_contrast(-2, 3, way=way)}
    said = verdict.state_answer(found, dict.fromkeys(NAMES, np.ones(10)), joint)
    assert "less than our margin (0 is inside the 95% interval)" in said


def test_direction_that_may_be_chance_after_adjusting_has_its_p_value():
    for value, error in ((12, 3), (-5, 1)):
        doubtful = make_contrast(value, error, p_adjusted=0.06)
        assert read_numbers(verdict.state_verdict(doubtful))[-1] == 0.06
        clear = make_contrast(value, error, p_adjusted=0.04)
        assert 0.04 not in read_numbers(verdict.state_verdict(clear))
    undecided = make_contrast(2, 9, p_adjusted=0.9)
    assert 0.9 not in read_numbers(verdict.state_verdict(undecided))


def test_one_pair_is_undecided():
    alone = Contrast("multiclass_sum", np.zeros(1), np.ones(1), UNBOUNDED, 1.0)
    text = verdict.state_verdict(alone)
    assert ": undecided. " in text
    assert read_numbers(text) == [1, 2]
    table = verdict.table_contrasts({"multiclass_sum": alone})
    assert table.to_dict() == {SUM: {"verdict": "undecided"}}


# The rule.


def test_rule_judges_zero_by_the_95_percent_and_the_margin_by_the_90_percent_interval():
    found = set()
    for value, error, df in itertools.product(
        np.linspace(-15, 15, 31), (0.3, 1, 2, 3, 5, 8), (1, 9, 200)
    ):
        low, high = scipy_stats.t.interval(0.95, df, value, error)
        lower, upper = scipy_stats.t.interval(0.9, df, value, error)
        if not low <= 0 <= high and abs(value) >= 10:
            expected = "better"
        elif not low <= 0 <= high and -10 < lower < upper < 10:
            expected = "detectable, not relevant"
        elif -10 < lower < upper < 10:
            expected = "equally good"
        else:
            expected = "undecided"
        assert decide(Estimate(value, error, df)) == expected
        found.add(expected)
    assert found == set(verdict.VERDICTS)
    assert decide(Estimate(12, 3, 1e6), margin=20) == "detectable, not relevant"


def test_measures_of_an_estimate_are_those_of_students_t():
    facts = measure(Estimate(3.0, 2.0, 9))
    t = scipy_stats.t(9, 3, 2)
    assert facts["interval_95"] == pytest.approx(t.interval(0.95))
    assert facts["interval_90"] == pytest.approx(t.interval(0.9))
    assert facts["p_value"] == pytest.approx(2 * t.cdf(0))
    assert facts["p_equivalence"] == pytest.approx(t.sf(10))
    expected = [t.cdf(-10), t.cdf(10) - t.cdf(-10), t.sf(10)]
    outcomes = ("binary_better", "within_margin", "multiclass_better")
    assert facts["probability"] == pytest.approx(
        dict(zip(outcomes, expected, strict=True))
    )
    reach = t.interval(0.95)[1] - 3 + 2 * scipy_stats.t.ppf(0.8, 9)
    assert facts["detectable_difference"] == pytest.approx(reach)


def test_fixed_images_leave_the_chance_of_seeds_only():
    ahead = np.array([3, -1, 4, 2, 6])
    facts = measure_fixed_images(ahead)
    test = scipy_stats.ttest_1samp(ahead, 0)
    assert facts["value"] == pytest.approx(2.8)
    assert facts["interval_95"] == pytest.approx(list(test.confidence_interval()))
    signs = list(itertools.product((1, -1), repeat=5))
    extreme = sum(abs(np.dot(sign, ahead)) >= 14 for sign in signs)
    assert facts["sign_flip_p"] == pytest.approx(extreme / 32)
    # So many patterns of signs are too many.
    assert measure_fixed_images(np.arange(21))["sign_flip_p"] is None


def test_pairs_won_are_counted_with_draws_by_half():
    assert measure_wins(np.array([3, -1, 0, 2]))["share"] == 2.5 / 4
    assert measure_wins(np.array([-3, 1, 0, -2]))["share"] == 1.5 / 4
    all_won = measure_wins(np.array([3, 1, 2]))
    assert (all_won["share"], *all_won["interval_95"]) == (1, 1, 1)


def test_interval_of_pairs_won_is_that_of_pairs_drawn_anew():
    # Of all 6**6 ways to draw six pairs from these, by counting.
    ahead = np.array([5, 1, 2, -4, -1, 3])
    chances = [comb(6, k) * (2 / 3) ** k * (1 / 3) ** (6 - k) for k in range(7)]
    below = np.cumsum(chances)
    expected = [np.flatnonzero(below >= q)[0] / 6 for q in (0.025, 0.975)]
    assert measure_wins(ahead)["interval_95"] == pytest.approx(expected)


# The table.


def test_contrast_table_follows_the_estimates():
    ahead, p = np.array([-9, 1, 2]), np.ones(3)
    first = Contrast("multiclass_argmax", ahead, p, Estimate(-2.0, 1.5, 200), 0.37)
    second = Contrast("multiclass_sum", -ahead, p, Estimate(15.0, 2.0, 200), 1e-9)
    table = verdict.table_contrasts({c.way: c for c in (first, second)})
    assert list(table) == [NAMES["multiclass_argmax"], SUM]
    chance = measure(second.estimate)["probability"]["multiclass_better"]
    for row, expected in {
        "errors compared with binary": ["2.0 more", "15.0 fewer"],
        "verdict": ["equally good", "better"],
        "… adjusted for two contrasts": ["0.370", "< 0.001"],
        "probability of over 10 fewer": ["< 0.001", f"{chance:.3f}"],
    }.items():
        assert table.loc[row].tolist() == expected
