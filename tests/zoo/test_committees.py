import numpy as np
import pytest
from scipy.stats import binomtest

from fashionnet.zoo import committees


def make_answers(y_true, skill, seed, n_classes=10):
    """Make probabilities of a network that leans towards the truth by `skill`."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(len(y_true), n_classes))
    scores[np.arange(len(y_true)), y_true] += skill
    odds = np.exp(scores)
    return odds / odds.sum(axis=1, keepdims=True)


def accuracy(y_prob, y_true):
    return (y_prob.argmax(axis=1) == y_true).mean()


@pytest.fixture
def truth():
    return np.repeat(np.arange(10), 100)


def test_average_is_the_mean_of_the_probabilities():
    members = [[[0.8, 0.2], [0.4, 0.6]], [[0.6, 0.4], [0.0, 1.0]]]
    np.testing.assert_allclose(committees.average(members), [[0.7, 0.3], [0.2, 0.8]])


def test_average_of_float16_is_computed_in_higher_precision():
    members = [np.full((1, 2), 0.1, np.float16)] * 1000
    assert committees.average(members)[0, 0] == pytest.approx(float(np.float16(0.1)))


def test_vote_goes_by_heads_not_by_certainty():
    members = [[[0.51, 0.49, 0]], [[0.51, 0.49, 0]], [[0.0, 1.0, 0]]]
    assert committees.vote(members).tolist() == [0]
    assert committees.average(members).argmax(axis=1).tolist() == [1]


def test_draw_goes_to_the_likelier_label_among_those_with_most_votes():
    # One vote each for 0 and 2; label 1 is likeliest, but nobody's choice.
    members = [[[0.5, 0.45, 0.05]], [[0.0, 0.45, 0.55]]]
    assert committees.vote(members).tolist() == [2]


def test_independent_members_are_better_together(truth):
    members = [make_answers(truth, 2, seed) for seed in range(5)]
    best = max(accuracy(y_prob, truth) for y_prob in members)
    assert accuracy(committees.average(members), truth) > best + 0.1
    assert (committees.vote(members) == truth).mean() > best + 0.05


def test_stacker_learns_on_validation_whom_to_trust(truth):
    def answers(shift):
        # The second network names the next class, always.
        return [make_answers(truth, 2, shift), make_answers((truth + 1) % 10, 4, shift)]

    stacker = committees.fit_stacker(answers(100), truth)
    members = answers(200)
    y_prob = committees.predict_stacked(stacker, members)
    np.testing.assert_allclose(y_prob.sum(axis=1), 1)
    assert accuracy(y_prob, truth) > 0.9
    assert accuracy(committees.average(members), truth) < 0.5


def test_stacker_survives_certain_answers(truth):
    certain = np.eye(10)[truth]
    stacker = committees.fit_stacker([certain], truth)
    y_prob = committees.predict_stacked(stacker, [certain])
    assert np.isfinite(y_prob).all()
    assert accuracy(y_prob, truth) == 1


def test_stacker_refuses_fewer_members_than_it_was_fitted_with(truth):
    members = [make_answers(truth, 2, seed) for seed in range(3)]
    stacker = committees.fit_stacker(members, truth)
    with pytest.raises(ValueError, match="20 features"):
        committees.predict_stacked(stacker, members[:2])


def test_strength_is_chosen_on_the_half_that_was_not_learned(truth):
    members = [make_answers(truth, 2, seed) for seed in range(2)]
    chosen = committees.choose_strength(members, truth, (1.0, 1e-7, 0.1))
    n_right = {}
    for strength in (1.0, 1e-7, 0.1):
        learned = [member[::2] for member in members]
        stacker = committees.fit_stacker(learned, truth[::2], strength=strength)
        y_prob = committees.predict_stacked(stacker, [m[1::2] for m in members])
        n_right[strength] = np.sum(y_prob.argmax(axis=1) == truth[1::2])
    assert n_right[chosen] == max(n_right.values()) > min(n_right.values())
    assert committees.choose_strength(members, truth, (0.1, 0.1)) == 0.1


def test_gain_is_counted_image_by_image():
    y_true = np.zeros(10, int)
    committee = np.array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1])
    member = np.array([1, 1, 1, 1, 1, 0, 0, 0, 0, 1])
    gain = committees.measure_gain(committee, member, y_true)
    assert gain[:4] == (8, 4, 5, 1)
    assert gain.p == pytest.approx(binomtest(1, 6).pvalue)


def test_committee_decides_by_its_rule(truth):
    members = [make_answers(truth, 1, seed) for seed in range(3)]
    by_average = committees.average(members).argmax(axis=1)
    np.testing.assert_array_equal(committees.decide("average", members), by_average)
    by_vote = committees.vote(members)
    np.testing.assert_array_equal(committees.decide("vote", members), by_vote)
    stacked = committees.decide("stacked", members, members, truth)
    stacker = committees.fit_stacker(members, truth)
    by_stacker = committees.predict_stacked(stacker, members).argmax(axis=1)
    np.testing.assert_array_equal(stacked, by_stacker)
    with pytest.raises(ValueError, match=r"'veto'.*average, vote or stacked"):
        committees.decide("veto", members)


@pytest.mark.parametrize("members", [[], [np.ones((3, 2)), np.ones((4, 2))], [[1, 0]]])
def test_members_of_different_shapes_are_refused(members):
    for use in (committees.average, committees.vote):
        with pytest.raises(ValueError, match="shapes"):
            use(members)


def test_stacker_refuses_labels_of_other_images(truth):
    with pytest.raises(ValueError, match="1000 images but 999 labels"):
        committees.fit_stacker([make_answers(truth, 1, 0)], truth[1:])
