"""Where the two ways to binarize differ, against counting by hand."""

from types import SimpleNamespace

import numpy as np
import pytest
from study_samples import LABELS, draw_pairs

from fashionnet.study.two_ways import compare_rules

PAIRS = draw_pairs(60, 40, n_seeds=4)


def make_row(**chances):
    names = {"bag": 8, "shirt": 6, "coat": 4, "boot": 9}
    row = np.zeros(10, np.float32)
    row[[names[name] for name in chances]] = list(chances.values())
    return row


def test_rules_are_compared_where_they_differ():
    labels = np.array([8, 6, 4, 9])
    sure = make_row(bag=1), make_row(shirt=1), make_row(coat=1), make_row(boot=1)
    # By its likeliest class a bag, by the sum clothing; the other way around.
    unsure = make_row(bag=0.4, shirt=0.35, coat=0.25)
    opposite = make_row(coat=0.45, bag=0.3, boot=0.25)
    rows = {
        0: (sure[0], unsure, *sure[2:]),
        1: (*sure[:2], opposite, opposite),
        2: sure,
    }
    binary = SimpleNamespace(y_prob_test=np.zeros(4))
    pairs = {
        seed: (SimpleNamespace(y_prob_test=np.array(table)), binary)
        for seed, table in rows.items()
    }
    rules = compare_rules(pairs, labels)
    assert rules.won.tolist() == [1, 1, 0]
    assert rules.lost.tolist() == [0, 1, 0]
    assert rules.largest == pytest.approx([0.4, 0.45, 0.45])
    contrast = rules.contrast
    assert (contrast.way, contrast.against) == ("multiclass_sum", "multiclass_argmax")
    assert contrast.ahead.tolist() == [1, 0, 0]


def test_rules_that_agree_differ_nowhere():
    rules = compare_rules(PAIRS, LABELS)
    assert rules.won.sum() == rules.lost.sum() == len(rules.largest) == 0
