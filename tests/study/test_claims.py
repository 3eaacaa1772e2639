"""From stored predictions to what is said: trading all errors trades all claims."""

import re

import pytest
from study_samples import LABELS, draw_pairs, read_numbers, trade_errors

from fashionnet.study.contrasts import compare, plot_contrasts
from fashionnet.study.images import plot_runs_wrong, tabulate_runs_wrong
from fashionnet.study.pairs import right_by_seed
from fashionnet.study.sizes import compare_sizes, plot_learning_curve, state_sizes
from fashionnet.study.verdict import state_verdict

APART, ALIKE = draw_pairs(30, 120), draw_pairs(40, 40)
MIRROR = {"more": "fewer", "fewer": "more"}


@pytest.mark.parametrize(
    ("pairs", "winner"),
    [
        (APART, ["multiclass (sum)"]),
        (trade_errors(APART), ["binary"]),
        (ALIKE, []),
        (trade_errors(ALIKE), []),
        ({0: APART[0]}, []),
    ],
)
def test_claims_name_the_better_network_or_none(pairs, winner):
    found = compare(right_by_seed(pairs, LABELS))
    answer = state_verdict(found["multiclass_sum"]).split("**")[1].split(": ")[1]
    assert re.findall(r"multiclass \(sum\)|binary", answer) == winner
    text = state_sizes(compare_sizes({500: pairs}, pairs, LABELS))
    assert re.findall(r"\*\*(.+?)\*\*", text) == winner


@pytest.mark.parametrize("pairs", [APART, ALIKE])
def test_trading_all_errors_turns_every_direction_around(pairs):
    described = []
    for stored in (pairs, trade_errors(pairs)):
        right = right_by_seed(stored, LABELS)
        curve = plot_learning_curve(compare_sizes({500: stored}, stored, LABELS))
        texts = (plot_contrasts(compare(right)).figure.description, curve.description)
        said = re.findall(r"([\d.]+) (more|fewer) \(", " ".join(texts))
        table = tabulate_runs_wrong(right["multiclass_argmax"], right["binary"])
        sides = read_numbers(plot_runs_wrong(table).figure.description)[-2:]
        described.append((said, sides))
    (ours, our_sides), (theirs, their_sides) = described
    assert theirs == [(n, MIRROR[word]) for n, word in ours] != []
    assert their_sides == our_sides[::-1]
