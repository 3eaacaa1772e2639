"""What the notebook on committees claims is true of every stored training."""

import re
from itertools import combinations

import keras
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import binom

from fashionnet.data import (
    load_test_set,
    load_training_set,
    split_train_val,
)
from fashionnet.publish.published import ROOT
from fashionnet.zoo import committees, comparing, joining, teaching
from fashionnet.zoo.scoreboard import find_kind, list_ours
from fashionnet.zoo.summary import find_right, find_validation_labels, load_trainings
from fashionnet.zoo.table import NETWORKS, SEEDS, build, find_network

LABELS = load_test_set()[1]
TRIO = ["Part 1", "leaky-mlp", "cnn-adam-dropout"]
N = np.arange(6000)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Read the published trainings."""
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))


@pytest.fixture(scope="module")
def found():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
        return joining.load_members()


@pytest.fixture(scope="module")
def ten(found):
    return np.array([run.y_prob_test for run in found["Part 1"].values()])


@pytest.fixture(scope="module")
def y_val():
    return {seed: find_validation_labels(seed) for seed in SEEDS}


@pytest.fixture(scope="module")
def pairs(found, y_val):
    return joining.compare_pairs(found, "val", y_val)


def test_ten_are_ahead_of_the_member_best_on_its_validation_images(found, ten):
    runs = list(found["Part 1"].values())
    assert len(runs) == 10
    best = np.argmax([run.manifest["metrics"]["val_accuracy"] for run in runs])
    member = ten[best].argmax(axis=1) == LABELS
    average, vote = (committees.decide(r, ten) == LABELS for r in ("average", "vote"))
    assert comparing.measure_lead(average, member)[1] > 0
    assert comparing.measure_lead(vote, member)[1] > 0
    _, low, high = comparing.measure_lead(vote, average)
    assert low < 0 < high
    mean = np.mean(ten.argmax(axis=2) == LABELS, axis=0)
    assert comparing.measure_lead(average, mean)[1] > 0
    assert comparing.measure_lead(vote, mean)[1] > 0
    assert 0 < mean.sum() - member.sum() < 10  # "a little below the mean"


def test_average_has_a_lower_log_loss_than_any_member(ten):
    n = np.arange(len(LABELS))
    losses = [-np.log(p[n, LABELS].clip(1e-7, 1)).mean()
              for p in (*ten, ten.mean(axis=0))]  # fmt: skip
    assert losses[-1] < min(losses[:-1])


def test_half_of_the_errors_of_a_member_are_made_by_all(ten):
    wrong = ten.argmax(axis=2) != LABELS
    share = wrong.all(axis=0).sum() / wrong.sum(axis=1).mean()
    assert share == pytest.approx(0.5, abs=0.05)


def test_hardly_any_validation_images_are_those_of_all_seeds():
    labels = load_training_set()[1]
    numbers = np.zeros((len(labels), 28, 28), np.uint8)
    numbers[:, 0, 0], numbers[:, 0, 1] = np.divmod(np.arange(len(labels)), 256)
    held_out = []
    for seed in SEEDS:
        split = split_train_val(numbers, labels, val_fraction=0.1, seed=seed)
        high, low = split.x_val[:, 0, :2].astype(int).T
        held_out.append(set(256 * high + low))
    assert 0 < len(set.intersection(*held_out)) < 100


def test_second_member_brings_more_than_all_others_after_it(ten):
    shares = {}
    for size in (1, 2, 4, 10):
        shares[size] = [
            np.mean(ten[list(members)].sum(axis=0).argmax(axis=1) == LABELS)
            for members in combinations(range(10), size)
        ]
    one, two, _, [all_ten] = map(np.array, shares.values())
    assert len(two) == 45
    assert two.mean() - one.mean() > all_ten - two.mean() > 0
    assert max(shares[4]) > all_ten


def test_pairs_help_each_other_if_near_and_wrong_about_different_images(pairs):
    assert len(pairs) == 45
    is_near = pairs["apart"] < joining.NEAR
    near, far = pairs[is_near], pairs[~is_near]
    assert near["gain"].min() >= 0
    assert near["correlation"].corr(near["gain"], method="spearman") < -0.5
    has = np.array(["squeezenet-features" in pair for pair in near.index])
    without = near[~has]
    assert has.any() and len(without) > 10
    assert without["correlation"].corr(without["gain"], method="spearman") < -0.3
    assert np.mean(far["gain"] < 0) > 0.5


def test_two_dense_networks_share_more_errors_on_average(pairs):
    kinds = np.array(
        [[find_kind({"network": name}) for name in pair] for pair in pairs.index]
    )
    n_dense = np.sum(kinds == "dense", axis=1)
    both, mixed = (pairs.loc[n_dense == n, "correlation"].mean() for n in (2, 1))
    assert both > mixed + 0.1


def test_best_pairs_have_squeezenet_and_gain_on_test_images(found, y_val, pairs):
    chosen = pairs.nlargest(5, "gain").index
    assert all("squeezenet-features" in pair for pair in chosen)
    assert np.sum(pairs.loc[chosen, "apart"] > joining.NEAR) >= 2
    on_test = joining.compare_pairs(found, "test", dict.fromkeys(y_val, LABELS))
    assert (on_test.loc[chosen, "gain"] > 0).all()
    alone = find_right(found["cnn-adam-dropout"], LABELS)
    assert on_test.loc[chosen, "together"].max() < alone.mean()


@pytest.mark.parametrize("group", [TRIO, [*TRIO, "small-resnet"]])
def test_stacking_gains_for_three_but_not_beside_small_resnet(found, y_val, group):
    seeds = [s for s in joining.list_seeds(found, group) if s in SEEDS]
    if not seeds:
        pytest.skip("no seed of all members is stored")
    stacked, alone, refitted = [], [], []
    for seed in seeds:
        members = [found[name][seed] for name in group]
        rights = joining.ask_rules(members, y_val[seed], LABELS)
        means = {rule: right.mean() for rule, right in rights.items()}
        assert max(means["average"], means["vote"]) < means["best alone"]
        stacked.append(rights["stacked"])
        alone.append(rights["best alone"])
        refitted.append(rights["best refitted"])
    _, low, _ = comparing.measure_lead(np.array(stacked), np.array(alone))
    _, low_refitted, _ = comparing.measure_lead(np.array(stacked), np.array(refitted))
    if group == TRIO:
        assert low > 0 and low_refitted > 0
        for counts in zip(stacked, alone, refitted, strict=True):
            n, *others = [right.sum() for right in counts]
            assert n > max(others)
    else:
        assert low < 0 and low_refitted < 0
        best = [np.mean(found["small-resnet"][s].y_prob_test.argmax(1) == LABELS)
                for s in seeds]  # fmt: skip
        assert [right.mean() for right in alone] == best


def test_prices_are_those_of_the_text():
    small, part_1 = find_network("cnn-adam-dropout"), 784 * 256 + 256 * 256 + 2560
    assert round(10 * 269_322 / small.parameters) == 11
    assert joining.count_multiplications(build(small)) > 10 * part_1
    assert find_network("small-resnet").views == 18


def test_two_views_do_as_well_as_eighteen_on_validation_images():
    said = find_network("small-resnet").choices[-1]
    assert said.startswith("views of an image: ")
    one, two, all_views, *losses = map(float, re.findall(r"0\.\d+", said))
    assert one < two and abs(two - all_views) < 0.001
    assert losses[2] == min(losses) and len(losses) == 3


def test_small_convolutional_network_is_ahead_of_ten_dense_ones(found, ten):
    by_average = committees.decide("average", ten) == LABELS
    for one in found["cnn-adam-dropout"].values():
        right = one.y_prob_test.argmax(axis=1) == LABELS
        assert comparing.measure_lead(right, by_average)[1] > 0


def test_our_networks_err_on_many_of_the_same_images():
    trainings = load_trainings(find_network("small-resnet"))
    is_wrong = ~find_right(trainings, LABELS)
    assert len(trainings) == 3
    assert is_wrong.all(axis=0).sum() > 0.7 * is_wrong.sum(axis=1).mean()


def test_committee_of_the_best_kind_is_the_best_figure_of_the_bundle(found):
    best = joining.find_best(found)
    assert best == "small-resnet"
    members = [training.y_prob_test for training in found[best].values()]
    together = committees.decide("average", members) == LABELS
    others = [
        np.mean(training.y_prob_test.argmax(axis=1) == LABELS)
        for network in NETWORKS
        for training in load_trainings(network).values()
    ]
    others += [row["test_accuracy"] for row in list_ours(LABELS)]
    assert together.mean() >= max(others)


def test_lesson_is_the_loss_of_the_package(found):
    lesson = find_network("taught-mlp").teacher
    assert lesson["name"] == "small-resnet"
    said = [found[name][0].y_prob_test for name in ("small-resnet", "Part 1")]
    is_right = [p.argmax(axis=1) == LABELS for p in said]
    i = np.flatnonzero(is_right[0] & ~is_right[1])[0]
    assert (said[0][i] == 0).any()
    p = np.clip([said[0][i], said[1][i]], teaching.SMALLEST, 1).astype(float)
    temperature, share = lesson["temperature"], lesson["share"]
    q = p ** (1 / temperature)
    q /= q.sum(axis=1, keepdims=True)
    assert keras.ops.convert_to_numpy(
        teaching.soften(p[0], temperature)
    ) == pytest.approx(q[0], abs=1e-6)
    soft, label = -np.sum(q[0] * np.log(q[1])), -np.log(p[1, LABELS[i]])
    by_hand = share * temperature**2 * soft + (1 - share) * label
    loss = teaching.make_taught_loss(temperature=temperature, share=share)
    [in_keras] = loss(np.float32([[LABELS[i], *p[0]]]), np.float32(p[1:]))
    assert float(in_keras) == pytest.approx(by_hand, rel=1e-5)


def test_softening_divides_slopes_by_the_squared_temperature():
    rng, sizes = np.random.default_rng(0), {}
    teacher, pupil = rng.normal(size=(2, 10))
    for temperature in (20, 40):
        soft = [np.exp(s / temperature) for s in (teacher, pupil)]
        said, answer = (s / s.sum() for s in soft)
        slope = (answer - said) / temperature  # of the soft part along the scores
        sizes[temperature] = np.linalg.norm(slope)
    assert sizes[20] / sizes[40] == pytest.approx(4, rel=0.1)


def test_taught_network_has_the_layers_and_settings_of_the_other():
    large, taught = find_network("large-mlp"), find_network("taught-mlp")
    differing = {name for name in large._fields
                 if getattr(large, name) != getattr(taught, name)}  # fmt: skip
    assert differing <= {"name", "teacher", "wanted", "why", "seconds", "seeds"}


def test_teacher_is_far_better_but_helps_no_more_than_chance_would(found):
    right = {
        name: load_trainings(find_network(name))[0].y_prob_test.argmax(axis=1) == LABELS
        for name in ("small-resnet", "taught-mlp", "large-mlp")
    }
    assert right["small-resnet"].mean() - right["taught-mlp"].mean() > 0.03
    gain, low, high = comparing.measure_lead(right["taught-mlp"], right["large-mlp"])
    assert low < 0 < gain < high


def test_solutions_give_what_they_state(found, ten, y_val):
    right = ten.argmax(axis=2) == LABELS
    assert 10_000 * binom.cdf(5, 10, right.mean()) == pytest.approx(15, abs=2)
    assert np.mean(right.sum(axis=0) > 5) == pytest.approx(0.9, abs=0.01)
    val, test = (
        np.log(np.clip(
            np.array([getattr(found[name][0], which)
                      for name in (*TRIO, "small-resnet")], float),
            committees.SMALLEST, 1,
        ))
        for which in ("y_prob_val", "y_prob_test")
    )  # fmt: skip

    def log_loss(weights):
        scores = np.tensordot(weights, val, 1)
        return np.mean(np.log(np.exp(scores).sum(axis=1)) - scores[N, y_val[0]])

    weights = minimize(log_loss, np.full(4, 1 / 4)).x
    assert weights[-1] == pytest.approx(0.9, abs=0.05) and weights[:-1].max() < 0.15
    by_weights = np.tensordot(weights, test, 1).argmax(axis=1) == LABELS
    alone = test[-1].argmax(axis=1) == LABELS
    assert 0 < by_weights.sum() - alone.sum() < 20
    _, low, high = comparing.measure_lead(by_weights, alone)
    assert low < 0 < high
    votes = np.eye(10)[ten.argmax(axis=2)].sum(axis=0)
    is_tie = np.sum(votes == votes.max(axis=1, keepdims=True), axis=1) > 1
    answers = (committees.vote(ten), votes.argmax(axis=1))
    counts = [np.sum((y_pred == LABELS)[is_tie]) for y_pred in answers]
    assert is_tie.sum() < 100
    assert counts[0] / is_tie.sum() == pytest.approx(0.46, abs=0.04)
    assert 0 < counts[0] - counts[1] < 10
