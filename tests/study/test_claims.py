"""From stored predictions to what is said: trading all errors trades all claims."""

import re
from functools import cache

import pytest
from study_samples import (
    LABELS,
    VAL_LABELS,
    draw_pairs,
    make_compact,
    read_numbers,
    trade_errors,
)

from fashionnet.study import contrasts, controls, images, scores, sizes, verdict
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.words import NAMES

APART, ALIKE = draw_pairs(30, 120), draw_pairs(40, 40)
STORED = {
    "multiclass better": APART,
    "binary better": trade_errors(APART),
    "alike": ALIKE,
    "alike, traded": trade_errors(ALIKE),
    "one pair": {0: APART[0]},
}
MIRROR = {"more": "fewer", "fewer": "more"}


@cache
def say_everything(stored):
    """Return what is said of the pairs of this name, by what it is."""
    pairs = STORED[stored]
    right = right_by_seed(pairs, LABELS)
    compared = contrasts.compare(right)
    # Trainings of three groups err like the multiclass network here, the others not.
    stored_controls = {
        "grouped": {seed: two for seed, (_, two) in pairs.items()},
        "three_groups": {seed: make_compact(ten) for seed, (ten, _) in pairs.items()},
    }
    of_controls = controls.right_by_control(stored_controls, pairs, LABELS)
    by_size = sizes.compare_sizes({500: pairs}, pairs, LABELS)
    tables = scores.collect_probabilities(
        pairs, dict.fromkeys(pairs, VAL_LABELS), LABELS
    )
    runs_wrong = images.tabulate_runs_wrong(right["multiclass_argmax"], right["binary"])
    return {
        "verdict": verdict.state_verdict(compared["multiclass_sum"]),
        "contrasts": contrasts.plot_contrasts(compared).figure.description,
        "controls": controls.state_controls(controls.compare_controls(of_controls)),
        "sizes": sizes.state_sizes(by_size),
        "sizes drawn": sizes.plot_learning_curve(by_size).description,
        "scores": scores.state_scores(scores.compare_scores(tables)),
        "images": images.plot_runs_wrong(runs_wrong).figure.description,
    }


@pytest.mark.parametrize(
    ("stored", "in_verdict", "in_scores", "in_controls"),
    [
        ("multiclass better", "multiclass (sum)", "multiclass network's sum",
         [None, "three groups", "multiclass (sum)"]),
        ("binary better", "binary", "binary network",
         [None, "binary", "ten outputs, binary loss"]),
        ("alike", None, None, [None] * 3),
        ("alike, traded", None, None, [None] * 3),
        ("one pair", None, None, [None] * 3),
    ],
)  # fmt: skip
def test_every_claim_names_the_better_network_or_none(
    stored, in_verdict, in_scores, in_controls
):
    texts = say_everything(stored)
    answer = texts["verdict"].split("**")[1].split(": ")[1]
    assert (re.findall("multiclass .sum.|binary", answer) or [None]) == [in_verdict]
    assert re.findall(r"\*\*(.+?)\*\*", texts["sizes"]) == [in_verdict] * bool(
        in_verdict
    )
    readings = re.findall(r"\); ([^;]+?)\.(?= |$)", texts["scores"])
    sides = "multiclass network's sum|binary network"
    assert [(re.findall(sides, said) or [None])[0] for said in readings] == [
        in_scores
    ] * 2
    readings = re.findall(r"\); ([^;]+?)\.(?= |$)", texts["controls"])
    sides = "|".join(map(re.escape, sorted(NAMES.values(), key=len, reverse=True)))
    named = [(re.findall(sides, said) or [None])[0] for said in readings]
    assert named == in_controls


@pytest.mark.parametrize(
    ("stored", "traded"),
    [("multiclass better", "binary better"), ("alike", "alike, traded")],
)
def test_trading_all_errors_turns_every_direction_around(stored, traded):
    before, after = say_everything(stored), say_everything(traded)
    direction = re.compile(r"([\d.]+) (more|fewer) \(")
    for name in ("contrasts", "sizes drawn"):
        turned = [(n, MIRROR[word]) for n, word in direction.findall(before[name])]
        assert direction.findall(after[name]) == turned != []
    ours, theirs = (read_numbers(x["images"])[-2:] for x in (before, after))
    assert ours == theirs[::-1]


def test_one_pair_has_no_interval():
    texts = say_everything("one pair")
    for name in ("contrasts", "controls", "sizes drawn", "scores"):
        assert not {90, 95} & set(read_numbers(texts[name]))
