"""From stored predictions to everything that is said: no claim goes beyond the rule.

The errors of both networks are traded, made far apart, and made alike; verdicts, side
views, alt texts and captions have to follow.
"""

import re
from functools import cache

import matplotlib.pyplot as plt
import pytest
from study_samples import LABELS, VAL_LABELS, draw_pairs, make_compact, trade_errors

from fashionnet.study import (
    contrasts,
    controls,
    images,
    scores,
    sizes,
    two_ways,
    verdict,
)
from fashionnet.study.contrasts import compare
from fashionnet.study.controls import compare_controls, right_by_control
from fashionnet.study.images import (
    caption_runs_wrong,
    count_bag_errors,
    pick_galleries,
    tabulate_runs_wrong,
)
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.scores import collect_probabilities, compare_scores
from fashionnet.study.sizes import compare_sizes
from fashionnet.study.two_ways import compare_rules
from fashionnet.study.words import NAMES

APART, ALIKE = draw_pairs(30, 120), draw_pairs(40, 40)
STORED = {
    "multiclass better": APART,
    "binary better": trade_errors(APART),
    "alike": ALIKE,
    "alike, traded": trade_errors(ALIKE),
    "one pair": {0: APART[0]},
}
# "neither is ahead …" and "who is ahead stays open" claim nothing.
CLAIM = re.compile(
    r"(?<!neither )(?<!who )is (?:ahead|better)|has the better|makes fewer errors,"
)


def describe(drawn):
    plt.close(drawn.figure)
    return drawn.figure.description


@cache
def say_everything(stored):
    """Return every generated text on the pairs of this name, by what it is."""
    pairs = STORED[stored]
    right = right_by_seed(pairs, LABELS)
    compared = compare(right)
    # Trainings of three groups err like the multiclass network here, the others not.
    stored_controls = {
        "grouped": {seed: two for seed, (_, two) in pairs.items()},
        "three_groups": {seed: make_compact(ten) for seed, (ten, _) in pairs.items()},
    }
    sides = compare_controls(right_by_control(stored_controls, pairs, LABELS))
    by_size = compare_sizes({500: pairs}, pairs, LABELS)
    tables = collect_probabilities(pairs, dict.fromkeys(pairs, VAL_LABELS), LABELS)
    runs_wrong = tabulate_runs_wrong(right["multiclass_argmax"], right["binary"])
    return {
        **{f"verdict {k}": verdict.state_verdict(c) for k, c in compared.items()},
        **{f"estimate {k}": verdict.state_estimate(c) for k, c in compared.items()},
        "contrasts": describe(contrasts.plot_contrasts(compared)),
        "controls": controls.state_controls(sides),
        "controls drawn": describe(contrasts.plot_contrasts(sides)),
        "sizes": sizes.state_sizes(by_size),
        "sizes drawn": describe(sizes.plot_learning_curve(by_size)),
        "rules": two_ways.state_rules(compare_rules(pairs, LABELS)),
        "scores": scores.state_scores(compare_scores(tables)),
        "bags": images.state_bags(count_bag_errors(right, pairs, LABELS)),
        "runs wrong": describe(images.plot_runs_wrong(runs_wrong)),
    }


def find_claims(texts):
    return {
        name: CLAIM.findall(text) for name, text in texts.items() if CLAIM.search(text)
    }


def test_networks_far_apart_are_claimed_to_be_wherever_an_interval_shows_it():
    claimed = {"verdict multiclass_argmax", "verdict multiclass_sum"}
    claimed |= {"controls", "sizes", "scores"}
    for stored in ("multiclass better", "binary better"):
        assert find_claims(say_everything(stored)).keys() == claimed


@pytest.mark.parametrize("stored", ["alike", "alike, traded", "one pair"])
def test_nothing_is_claimed_of_networks_alike_or_of_one_pair(stored):
    assert find_claims(say_everything(stored)) == {}


@pytest.mark.parametrize(
    ("stored", "winner"),
    [("multiclass better", "multiclass (sum)"), ("binary better", "binary")],
)
def test_every_claim_names_the_better_network(stored, winner):
    texts, binary_wins = say_everything(stored), winner == "binary"
    for way in ("multiclass_argmax", "multiclass_sum"):
        name = winner if binary_wins else NAMES[way]
        assert f"against binary: {name} is better.**" in texts[f"verdict {way}"]
    assert f"**{winner}** is ahead with 500 and 54,000" in texts["sizes"]
    side = "binary network" if binary_wins else "multiclass network's sum"
    assert texts["scores"].count(f"the {side} has the better") == 2
    size, three, ten = re.findall(r"images?\)|; ([^;]+?)\.(?= |$)", texts["controls"])[
        1:
    ]
    assert size.startswith("neither is ahead by as much as the margin")
    ahead = "binary" if binary_wins else "three groups"
    assert three.startswith(f"{ahead} is ahead")
    ahead = "ten outputs, binary loss" if binary_wins else winner
    assert ten.startswith(f"{ahead} is ahead")


DIRECTION = re.compile(r"([\d.]+) (more|fewer) \(")
MIRROR = {"more": "fewer", "fewer": "more"}


@pytest.mark.parametrize(
    ("stored", "traded"),
    [("multiclass better", "binary better"), ("alike", "alike, traded")],
)
def test_trading_all_errors_turns_every_direction_around(stored, traded):
    before, after = say_everything(stored), say_everything(traded)
    for name in ("contrasts", "sizes drawn"):
        turned = [(n, MIRROR[word]) for n, word in DIRECTION.findall(before[name])]
        assert DIRECTION.findall(after[name]) == turned != []
    counts = re.compile(
        r"more multiclass trainings: (\S+); in more binary ones: (\S+)\."
    )
    [ours], [theirs] = (counts.findall(x["runs wrong"]) for x in (before, after))
    assert ours == theirs[::-1]


def test_one_pair_is_said_to_be_too_few_for_every_comparison():
    texts = say_everything("one pair")
    for name in ("verdict multiclass_sum", "estimate multiclass_sum"):
        assert "1 stored pair of trainings cannot tell" in texts[name]
    for name in ("contrasts", "controls drawn", "sizes drawn", "scores", "controls"):
        assert re.search("no interval", texts[name])
        assert "% interval from" not in texts[name]
    assert "who is ahead stays open" in texts["sizes"]
    assert "whose probabilities are better stays open" in texts["scores"]


@pytest.mark.parametrize("stored", ["multiclass better", "binary better"])
def test_captions_and_points_follow_the_better_network(stored):
    pairs = STORED[stored]
    right = right_by_seed(pairs, LABELS)
    galleries = pick_galleries(right["multiclass_argmax"], right["binary"])
    for side, sign in (("first", 1), ("second", -1)):
        captions = caption_runs_wrong(galleries[side], LABELS, len(pairs))
        leads = [re.findall(r"✗ (\d+)/10", caption) for caption in captions]
        assert leads
        assert all(sign * (int(two) - int(ten)) >= 5 for ten, two in leads)
