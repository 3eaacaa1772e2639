import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashionnet.data import CLASS_NAMES, Split, binary_labels
from fashionnet.study import tasks

SHARES = st.floats(0, 1)


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
    clothing = tasks.group_labels(np.arange(10)) == 0
    np.testing.assert_array_equal(clothing, binary_labels(np.arange(10)) == 1)


def test_group_labels_refuse_what_is_no_class():
    with pytest.raises(ValueError, match="10"):
        tasks.group_labels(np.array([3, 10]))


def test_unknown_task_is_refused_by_name():
    with pytest.raises(ValueError, match="ternary"):
        tasks.task_labels("ternary", np.arange(10))


@settings(deadline=None)
@given(st.lists(st.integers(5, 40), min_size=2, max_size=10), SHARES, SHARES)
def test_subsets_keep_the_shares_of_all_classes_and_lie_in_larger_ones(
    counts, small, large
):
    split, n, k = make_split(counts), sum(counts), len(counts)
    sizes = sorted(int(k + share * (n - k)) for share in (small, large))
    inside, around = (tasks.take_subset(split, size) for size in sizes)
    assert set(numbers(inside.x_train)) <= set(numbers(around.x_train))
    shares = np.array(counts) / n
    for size, subset in zip(sizes, (inside, around), strict=True):
        chosen = numbers(subset.x_train)
        assert len(set(chosen)) == size
        np.testing.assert_array_equal(subset.y_train, split.y_train[chosen])
        assert subset[2:] == split[2:]
        kept = np.bincount(subset.y_train, minlength=k)
        # Half an image of each class, and its share of such halves of all classes.
        assert (np.abs(kept - size * shares) <= 0.5 + k / 2 * shares + 1e-9).all()


@pytest.mark.parametrize("n_train", [0, -10, 9, 301, 50.0, "50"])
def test_impossible_subset_is_refused_by_name(n_train):
    with pytest.raises(ValueError, match=f"n_train.*{n_train!r}"):
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
    whole = tasks.split_task("multiclass", *noise, seed=5)
    assert set(map(bytes, ten.x_train)) < set(map(bytes, whole.x_train))
    np.testing.assert_array_equal(ten.x_val, whole.x_val)
