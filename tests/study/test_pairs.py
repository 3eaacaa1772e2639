"""Two ways to a binary label, and two networks on the same images."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_samples import (
    LABELS,
    draw_pairs,
    make_compact,
    read_numbers,
    store_sample,
)

from fashionnet import storing
from fashionnet.data import CLASS_NAMES, binary_labels
from fashionnet.recipes import Recipe
from fashionnet.study.pairs import (
    binarize_argmax,
    binarize_sum,
    clothing_probability,
    cross_tabulate,
    find_own_pairs,
    find_pairs,
    likeliest_classes,
    predict_three_ways,
    right_by_seed,
    state_own_pairs,
)
from fashionnet.study.words import CLASSIFIERS

CLOTHES = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt"}


def chances(**given):
    """Make one row of probabilities from those of the named classes."""
    row = np.zeros((1, 10))
    for name, chance in given.items():
        row[0, CLASS_NAMES.index(name)] = chance
    return row


# Ten classes to two groups.


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from([0.05, 0.2, 0.5, 1]))
def test_sum_rule_takes_the_likelier_group_and_often_agrees(seed, spread):
    y_prob = np.random.default_rng(seed).dirichlet(np.full(10, spread), 500)
    in_group = np.array([name in CLOTHES for name in CLASS_NAMES])
    clothing, others = (y_prob[:, part].sum(axis=1) for part in (in_group, ~in_group))
    np.testing.assert_array_equal(binarize_sum(y_prob), clothing > others)
    np.testing.assert_allclose(clothing_probability(y_prob), clothing, rtol=1e-5)
    sure = y_prob.max(axis=1) > 0.5
    np.testing.assert_array_equal(
        binarize_argmax(y_prob[sure]), binarize_sum(y_prob[sure])
    )


def test_rules_differ_where_small_chances_add_up():
    clothes = chances(Bag=0.4, Dress=0.3, Shirt=0.3)
    others = chances(Coat=0.4, Bag=0.3, Sandal=0.3)
    assert binarize_argmax(np.vstack([clothes, others])).tolist() == [0, 1]
    assert binarize_sum(np.vstack([clothes, others])).tolist() == [1, 0]


def test_probability_of_clothing_is_its_own_sum():
    y_prob = np.array([0.25, 0.75], np.float32)
    assert clothing_probability(y_prob).tolist() == [0.25, 0.75]
    assert clothing_probability(np.eye(10, dtype=np.float32)).dtype == np.float64
    assert binarize_sum(y_prob).tolist() == [0, 1]


def test_cross_table_counts_who_is_right():
    first = np.array([True, True, True, False, False, False, False])
    second = np.array([True, False, False, True, False, False, False])
    assert cross_tabulate(first, second).tolist() == [[1, 2], [1, 3]]


def test_three_ways_differ_where_the_likeliest_class_is_in_the_smaller_group():
    # A bag by its likeliest class, clothing by the sum, and the binary network says no.
    ten = SimpleNamespace(y_prob_test=chances(Bag=0.4, Pullover=0.3, Coat=0.3))
    said = predict_three_ways(ten, SimpleNamespace(y_prob_test=np.array([0.2])))
    assert list(said) == list(CLASSIFIERS)
    assert [y.tolist() for y in said.values()] == [[0], [1], [0]]
    assert {y.dtype for y in said.values()} == {np.dtype(np.uint8)}


def test_pairs_are_found_where_both_tasks_are_stored():
    assert find_pairs() == {}
    for task, seeds in (("multiclass", (3, 0, 10, 2)), ("binary", (10, 0, 1))):
        for seed in seeds:
            store_sample(task, seed)
    pairs = find_pairs()
    assert list(pairs) == [0, 10]
    for seed, pair in pairs.items():
        told = [(run.manifest["task"], run.manifest["seed"]) for run in pair]
        assert told == [("multiclass", seed), ("binary", seed)]


@pytest.fixture
def checkout(monkeypatch, tmp_path):
    """Lay out a checkout whose reader has set nothing."""
    (tmp_path / "notebooks").mkdir()
    monkeypatch.setattr(storing, "CHECKOUT", tmp_path)
    monkeypatch.delenv("FASHIONNET_HOME")
    return tmp_path


def test_own_pairs_lie_apart_and_have_equal_settings(checkout):
    small, place = Recipe(hidden_units=(64,)), storing.own_home()
    stopped = {"epochs_run": 3}
    for task in ("multiclass", "binary"):
        store_sample(task, 0, n_wrong=40)
        store_sample(task, 7, n_wrong=60, place=place)
        store_sample(task, 0, n_wrong=80, recipe=small, place=place)
    store_sample("multiclass", 7, differences=stopped, place=place)
    assert list(find_pairs()) == [0]
    assert {p.name for p in (checkout / "reports").iterdir()} == {"runs", "mine"}
    said = state_own_pairs(find_own_pairs(), binary_labels(LABELS))
    assert said.count("Your own pair") == 2
    assert "seed 7: errors" in said
    assert "seed 0, with other hidden_units: errors" in said
    assert [n for n in read_numbers(said) if n in (40, 60, 80)] == [80] * 3 + [60] * 3


def test_own_pairs_are_none_where_all_lies_together():
    for task in ("multiclass", "binary"):
        store_sample(task, 0)
    assert find_own_pairs() == []


def test_compact_runs_are_right_where_the_whole_ones_are():
    pairs = draw_pairs(900, 700, n_seeds=2)
    compact = {seed: (make_compact(ten), two) for seed, (ten, two) in pairs.items()}
    whole, kept = right_by_seed(pairs, LABELS), right_by_seed(compact, LABELS)
    for name in CLASSIFIERS:
        np.testing.assert_array_equal(kept[name], whole[name])
    (ten, _), (small, _) = pairs[1], compact[1]
    np.testing.assert_array_equal(likeliest_classes(small), likeliest_classes(ten))


def make_pair(*answers):
    """Make runs that put all probability on one class, and on clothing or not."""
    classes, clothing = zip(*answers, strict=True)
    return (
        SimpleNamespace(y_prob_test=np.eye(10)[list(classes)]),
        SimpleNamespace(y_prob_test=np.array(clothing, float)),
    )


def test_right_answers_are_told_seed_by_seed_and_image_by_image():
    # Shirt (6) and coat (4) are clothing, bag (8) and sneaker (7) are not.
    pairs = {
        3: make_pair((6, 1), (4, 0), (8, 0), (2, 0)),
        5: make_pair((7, 1), (0, 1), (1, 1), (9, 0)),
    }
    right = right_by_seed(pairs, np.array([6, 4, 8, 7]))
    multiclass = [[True, True, True, False], [False, True, False, True]]
    assert list(right) == list(CLASSIFIERS)
    assert right["multiclass_argmax"].tolist() == multiclass
    assert right["multiclass_sum"].tolist() == multiclass
    binary = [[True, False, True, True], [True, True, False, True]]
    assert right["binary"].tolist() == binary
    with pytest.raises(ValueError):
        right_by_seed({}, np.array([6, 4, 8]))
