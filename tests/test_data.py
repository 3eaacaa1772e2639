"""The split is fair; classes and groups are those of the assignment."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fashionnet import data
from fashionnet.data import CLASS_NAMES, binary_labels, split_train_val

CLOTHES = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Shirt"}
OTHERS = {"Sandal", "Sneaker", "Bag", "Ankle boot"}


def test_sets_are_loaded_from_the_folder_that_is_named(monkeypatch):
    monkeypatch.setattr(data, "load_part", lambda *arguments: arguments)
    assert data.load_training_set("mine") == ("train", "mine")
    assert data.load_test_set("mine") == ("t10k", "mine")


# Training and validation set.


def number_images(n):
    """Make images that carry their own number in their first two pixels."""
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, 0, 0], images[:, 0, 1] = np.divmod(np.arange(n), 256)
    return images


def numbers_of(images):
    return images[:, 0, 0].astype(int) * 256 + images[:, 0, 1]


IMAGES, LABELS = number_images(200), np.repeat(np.arange(10), 20)


def split(seed=0, images=IMAGES, labels=LABELS, val_fraction=0.1):
    return split_train_val(images, labels, val_fraction=val_fraction, seed=seed)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(20, 40), min_size=2, max_size=10),
    st.floats(0.1, 0.9),
    st.integers(0, 2**32 - 1),
)
def test_split_keeps_every_image_once_with_its_label(counts, val_fraction, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    images = number_images(len(labels))
    x_train, y_train, x_val, y_val = split(seed, images, labels, val_fraction)
    assert x_train.dtype == x_val.dtype == np.uint8
    numbers = numbers_of(np.concatenate([x_train, x_val]))
    assert sorted(numbers) == list(range(len(labels)))
    np.testing.assert_array_equal(np.concatenate([y_train, y_val]), labels[numbers])


@settings(deadline=None, max_examples=30)
@given(st.lists(st.integers(20, 40), min_size=2, max_size=10), st.floats(0.1, 0.9))
def test_split_takes_the_same_share_of_every_class(counts, val_fraction):
    labels = np.repeat(np.arange(len(counts)), counts)
    n_val = int(np.ceil(val_fraction * len(labels)))
    y_val = split(0, number_images(len(labels)), labels, val_fraction).y_val
    fair = n_val * np.divide(counts, sum(counts))
    assert abs(np.bincount(y_val, minlength=len(counts)) - fair).max() < 1


def test_split_of_balanced_classes_is_exact():
    y_train, y_val = split()[1::2]
    assert np.bincount(y_train).tolist() == [18] * 10
    assert np.bincount(y_val).tolist() == [2] * 10


def test_split_may_take_one_image_of_every_class():
    y_val = split(val_fraction=0.05).y_val
    assert np.bincount(y_val).tolist() == [1] * 10


def test_split_takes_a_tenth_unless_told_otherwise():
    parts = zip(split(), split_train_val(IMAGES, LABELS, seed=0), strict=True)
    assert all(np.array_equal(*pair) for pair in parts)


def test_equal_seeds_give_equal_splits():
    assert all(map(np.array_equal, split(seed=3), split(seed=3)))


def test_different_seeds_give_different_splits():
    chosen = [frozenset(numbers_of(split(seed=seed).x_val)) for seed in range(5)]
    assert len(set(chosen)) == 5


def with_label(label):
    return np.where(np.arange(200) == 77, label, LABELS)


REFUSED = {
    "float images": ({"images": IMAGES.astype(np.float32)}, "float32"),
    "NaN images": ({"images": np.full((200, 28, 28), np.nan)}, "float64"),
    "wide images": ({"images": np.zeros((200, 29, 28), np.uint8)}, "(200, 29, 28)"),
    "flat images": ({"images": IMAGES.reshape(200, 784)}, "(200, 784)"),
    "one image": ({"images": IMAGES[0]}, "(28, 28)"),
    "no images": ({"images": IMAGES[:0]}, "(0, 28, 28)"),
    "images in a list": ({"images": IMAGES.tolist()}, "list (200, 28, 28)"),
    "label 10": ({"labels": with_label(10)}, "[10]"),
    "label -1": ({"labels": with_label(-1)}, "[-1]"),
    "float labels": ({"labels": LABELS.astype(float)}, "float64"),
    "text labels": ({"labels": LABELS.astype(str)}, "<U"),
    "one-hot labels": ({"labels": np.eye(10, dtype=int)[LABELS]}, "(200, 10)"),
    "fewer labels": ({"labels": LABELS[:-1]}, "200 images but 199 labels"),
    "lonely class": ({"labels": np.arange(200) // 199}, "class 1 has 1 of 200"),
    "small class": (
        {"labels": np.clip(np.arange(200), 0, 2) // 2, "val_fraction": 0.02},
        "class 0 has 2 of 200",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_split_refuses_and_names(case):
    arguments, found = REFUSED[case]
    with pytest.raises(ValueError, match=re.escape(found)):
        split(**arguments)


@pytest.mark.parametrize("val_fraction", [0, 1, -0.1, 1.5, float("nan")])
def test_split_refuses_what_is_no_fraction(val_fraction):
    with pytest.raises(ValueError, match=f"val_fraction is {val_fraction}"):
        split(val_fraction=val_fraction)


@pytest.mark.parametrize("val_fraction", [0.001, 0.999])
def test_split_refuses_a_fraction_of_less_than_one_image(val_fraction):
    with pytest.raises(ValueError, match=f"20 of 200 .* val_fraction {val_fraction}"):
        split(val_fraction=val_fraction)


# Classes and groups.


def test_groups_partition_the_classes():
    assert sorted(data.CLOTHING + data.FOOTWEAR_AND_BAGS) == list(range(10))
    assert {CLASS_NAMES[i] for i in data.CLOTHING} == CLOTHES
    assert {CLASS_NAMES[i] for i in data.FOOTWEAR_AND_BAGS} == OTHERS


def test_binary_labels_map_as_the_assignment_says():
    groups = binary_labels(np.arange(10, dtype=np.uint8))
    mapped = dict(zip(CLASS_NAMES, groups, strict=True))
    assert groups.dtype == np.uint8
    assert mapped == dict.fromkeys(CLOTHES, 1) | dict.fromkeys(OTHERS, 0)


def test_binary_names_are_in_the_order_of_the_binary_labels():
    assert [data.BINARY_NAMES[y] for y in binary_labels(np.array([7, 0]))] == [
        "Footwear and Bags",
        "Clothing",
    ]


@pytest.mark.parametrize("label", [10, -1, 255])
def test_binary_labels_refuse_what_is_no_class(label):
    with pytest.raises(ValueError, match=re.escape(f"[{label}]")):
        binary_labels(np.array([0, label]))


def test_refused_labels_are_named_up_to_five():
    with pytest.raises(ValueError, match=re.escape("[10, 11, 12, 13, 14] ")):
        binary_labels(np.arange(20))
