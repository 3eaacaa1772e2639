import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fashionnet.data import CLASS_NAMES, Split, binary_labels
from fashionnet.study import tasks


def make_split(counts, seed=0):
    """Make a split whose images are numbered in their first pixel row."""
    labels = np.repeat(np.arange(len(counts), dtype=np.uint8), counts)
    labels = np.random.default_rng(seed).permutation(labels)
    images = np.zeros((len(labels), 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(len(labels)), 256)
    return Split(images, labels, images[:5], labels[:5])


def numbers(images):
    return (images[:, 0, 0].astype(int) * 256 + images[:, 0, 1]).tolist()


def test_groups_hold_the_articles_they_are_named_after():
    group = np.array(tasks.GROUP_NAMES)[tasks.group_labels(np.arange(10))]
    names = dict(zip(CLASS_NAMES, group, strict=True))
    assert [n for n, g in names.items() if g == "Bag"] == ["Bag"]
    footwear = [n for n, g in names.items() if g == "Footwear"]
    assert footwear == ["Sandal", "Sneaker", "Ankle boot"]
    assert list(group).count("Clothing") == 6


def test_groups_agree_with_the_binary_labels():
    labels = np.arange(10)
    clothing = tasks.group_labels(labels) == 0
    np.testing.assert_array_equal(clothing, binary_labels(labels) == 1)


def test_group_labels_refuse_what_is_no_class():
    with pytest.raises(ValueError, match=r"labels \[10\]"):
        tasks.group_labels(np.array([3, 10]))


def test_unknown_task_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'ternary'.*'binary'"):
        tasks.task_labels("ternary", np.arange(10))


@given(
    st.lists(st.integers(5, 40), min_size=2, max_size=10),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_smaller_subset_lies_inside_the_larger_one(counts, small, large):
    split, n = make_split(counts), sum(counts)
    sizes = sorted(int(len(counts) + x * (n - len(counts))) for x in (small, large))
    inside, around = (set(numbers(tasks.take_subset(split, k).x_train)) for k in sizes)
    assert [len(inside), len(around)] == sizes
    assert inside <= around


@given(st.lists(st.integers(5, 40), min_size=2, max_size=10), st.floats(0, 1))
def test_subset_keeps_the_share_of_every_class(counts, share):
    split, n = make_split(counts), sum(counts)
    n_train = int(len(counts) + share * (n - len(counts)))
    subset = tasks.take_subset(split, n_train)
    kept = np.bincount(subset.y_train, minlength=len(counts))
    assert np.abs(kept - n_train * np.array(counts) / n).max() <= 1


def test_subset_keeps_images_with_their_labels_and_all_validation_images():
    split = make_split([30] * 10)
    subset = tasks.take_subset(split, 50)
    labels = split.y_train[numbers(subset.x_train)]
    np.testing.assert_array_equal(subset.y_train, labels)
    assert np.bincount(labels).tolist() == [5] * 10
    assert subset.x_val is split.x_val
    assert subset.y_val is split.y_val


@pytest.mark.parametrize("n_train", [0, -10, 9, 301, 50.0, "50"])
def test_impossible_subset_is_refused_by_name(n_train):
    with pytest.raises(ValueError, match=rf"n_train is {n_train!r}.*from 10 to 300"):
        tasks.take_subset(make_split([30] * 10), n_train)


def test_all_tasks_split_the_same_images(noise):
    splits = {
        name: tasks.split_task(name, *noise, seed=5, n_train=60) for name in tasks.TASKS
    }
    ten = splits["multiclass"]
    for name, split in splits.items():
        np.testing.assert_array_equal(split.x_train, ten.x_train)
        np.testing.assert_array_equal(split.x_val, ten.x_val)
        np.testing.assert_array_equal(
            split.y_train, tasks.task_labels(name, ten.y_train)
        )
    assert (len(ten.y_train), len(ten.y_val)) == (60, 30)


def test_subset_is_of_the_images_that_the_whole_trains_on(noise):
    whole = tasks.split_task("multiclass", *noise, seed=5)
    part = tasks.split_task("multiclass", *noise, seed=5, n_train=60)
    images = {image.tobytes() for image in whole.x_train}
    assert {image.tobytes() for image in part.x_train} < images
    np.testing.assert_array_equal(part.x_val, whole.x_val)


def test_controls_are_the_tasks_that_the_assignment_does_not_have():
    assert set(tasks.CONTROLS) == {"grouped", "three_groups"}
    assert [tasks.TASKS[name].n_classes for name in tasks.MAIN_TASKS] == [10, 2]
