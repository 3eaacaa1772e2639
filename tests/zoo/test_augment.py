import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import binomtest

from fashionnet.data import split_train_val
from fashionnet.training import make_batches
from fashionnet.zoo.augment import (
    Augmentation,
    augment_batches,
    augment_images,
    show_variants,
)
from fashionnet.zoo.fitting import fit_network
from fashionnet.zoo.table import find_network

ALL = Augmentation(flip=True, shift=2, zoom=0.1, rotation=10, erase=0.5)
EACH = [
    Augmentation(flip=True),
    Augmentation(shift=2),
    Augmentation(zoom=0.2),
    Augmentation(rotation=20),
    Augmentation(erase=0.5),
    ALL,
]


def augment(images, augmentation, seed=0):
    return augment_images(images, augmentation, seed=(seed, 0)).numpy()


def read_epoch(batches):
    return [
        np.concatenate(part) for part in zip(*batches.as_numpy_iterator(), strict=True)
    ]


def mark(row, column, n=200):
    """Make black images with one white pixel."""
    images = np.zeros((n, 28, 28), np.uint8)
    images[:, row, column] = 255
    return images


@pytest.mark.parametrize("augmentation", EACH)
def test_type_and_shape_are_kept_and_images_change(augmentation, noise):
    changed = augment(noise[0], augmentation)
    assert changed.dtype == np.uint8
    assert changed.shape == noise[0].shape
    assert (changed != noise[0]).any()


def test_no_augmentation_changes_nothing(noise):
    np.testing.assert_array_equal(augment(noise[0], Augmentation()), noise[0])


def test_flip_mirrors_about_half_of_the_images_and_leaves_the_others(noise):
    images = noise[0]
    changed = augment(images, Augmentation(flip=True))
    same = (changed == images).all(axis=(1, 2))
    mirrored = (changed == images[:, :, ::-1]).all(axis=(1, 2))
    assert (same ^ mirrored).all()
    assert binomtest(int(mirrored.sum()), 300, 0.5).pvalue > 1e-4


def test_shift_moves_whole_images_as_far_as_it_says_in_all_directions():
    changed = augment(mark(14, 9, n=2000), Augmentation(shift=2))
    place, row, column = np.nonzero(changed)
    assert (place == np.arange(2000)).all()
    assert changed.max(axis=(1, 2)).min() == 255
    moves = list(zip(row - 14, column - 9, strict=True))
    counts = np.unique(moves, axis=0, return_counts=True)[1]
    assert len(counts) == 25
    assert counts.min() > 40 < counts.max() < 130


def test_shift_brings_in_black():
    white = np.full((50, 28, 28), 255, np.uint8)
    assert set(np.unique(augment(white, Augmentation(shift=3)))) == {0, 255}


def test_rotation_and_zoom_leave_the_middle_in_place():
    square = np.zeros((100, 28, 28), np.uint8)
    square[:, 9:19, 9:19] = 200
    changed = augment(square, Augmentation(zoom=0.3, rotation=30)).astype(float)
    for axis in (1, 2):
        weights = changed.sum(axis=3 - axis)
        middle = (weights * np.arange(28)).sum(axis=1) / weights.sum(axis=1)
        np.testing.assert_allclose(middle, 13.5, atol=0.1)


def test_zoom_scales_areas_as_far_as_it_says():
    square = np.zeros((500, 28, 28), np.uint8)
    square[:, 9:19, 9:19] = 200
    areas = augment(square, Augmentation(zoom=0.2)).sum(axis=(1, 2)) / 200
    assert 60 < areas.min() < 70
    assert 135 < areas.max() < 148


def test_rotation_turns_no_farther_than_it_says():
    changed = augment(mark(14, 24), Augmentation(rotation=20)).astype(float)
    rows = (changed.sum(axis=2) * np.arange(28)).sum(axis=1) / changed.sum(axis=(1, 2))
    angles = np.rad2deg(np.arcsin((rows - 13.5) / np.hypot(10.5, 0.5)))
    assert 15 < np.abs(angles - np.rad2deg(np.arctan(0.5 / 10.5))).max() < 23


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_erasing_hits_the_share_of_images_it_says(share):
    black = np.zeros((3000, 28, 28), np.uint8)
    changed = augment(black, Augmentation(erase=share)).any(axis=(1, 2))
    assert binomtest(int(changed.sum()), 3000, share).pvalue > 1e-4


def test_erasing_fills_one_rectangle_of_3_to_13_pixels_a_side_with_noise():
    gray = np.full((2000, 28, 28), 77, np.uint8)
    changed = augment(gray, Augmentation(erase=1.0))
    sides = []
    for image in changed:
        rows, columns = np.nonzero(image != 77)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        sides += [height, width]
        # One pixel of 256 is as gray as before.
        assert len(rows) >= 0.85 * height * width
    assert min(sides) == 3
    assert max(sides) == 13
    filled = changed[changed != 77]
    assert set(range(256)) - {77} == set(filled.tolist())
    assert filled.mean() == pytest.approx(127.5, abs=2)


def test_every_pixel_can_be_erased():
    gray = np.full((3000, 28, 28), 77, np.uint8)
    assert (augment(gray, Augmentation(erase=1.0)) != 77).any(axis=0).all()


def test_equal_seeds_change_equally_and_others_differently(noise):
    first, second, other = (augment(noise[0], ALL, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, second)
    assert (first != other).any()


def test_labels_stay_with_their_images_in_every_batch():
    labels = np.arange(300) % 10
    # A band as bright as its label tells, wherever it is moved.
    images = np.zeros((300, 28, 28), np.uint8)
    images[:, 10:18, 10:18] = 20 * labels[:, None, None] + 20
    batches = make_batches(images, labels, batch_size=64, seed=0)
    moves = Augmentation(flip=True, shift=2)
    x, y = read_epoch(augment_batches(batches, moves, seed=0))
    np.testing.assert_array_equal(x.max(axis=(1, 2)), 20 * y + 20)
    assert sorted(y) == sorted(labels)
    assert x.dtype == np.uint8
    assert y.dtype == labels.dtype


def test_epochs_differ_and_trainings_with_equal_seeds_do_not(noise):
    def make(seed):
        # Not shuffled, so that only the changes differ.
        batches = tf.data.Dataset.from_tensor_slices(noise).batch(64)
        return augment_batches(batches, ALL, seed=seed)

    tf.random.set_seed(0)
    one = make(3)
    epochs = [read_epoch(one)[0] for _ in range(2)]
    tf.random.set_seed(0)
    again = make(3)
    np.testing.assert_array_equal(read_epoch(again)[0], epochs[0])
    np.testing.assert_array_equal(read_epoch(again)[0], epochs[1])
    assert (epochs[0] != epochs[1]).any()
    assert (read_epoch(make(4))[0] != epochs[0]).any()


def test_images_of_one_batch_change_in_their_own_ways():
    moved = augment(np.repeat(mark(14, 9, n=1), 64, axis=0), Augmentation(shift=2))
    assert len(np.unique(moved, axis=0)) > 10


@pytest.mark.integration
def test_validation_images_are_never_changed(noise, monkeypatch):
    split, seen = split_train_val(*noise, seed=0), []
    change = augment_images

    def spy(images, augmentation, *, seed):
        seen.append(images.shape[0])
        return change(images, augmentation, seed=seed)

    monkeypatch.setattr("fashionnet.zoo.augment.augment_images", spy)
    network = find_network("mlp-2x256")._replace(
        settings={"hidden_units": (4,)}, augmentation=ALL._asdict(), batch_size=90
    )
    before = split.x_val.copy(), split.x_train.copy()
    model, history = fit_network(network, split, seed=0, epochs=2)
    assert seen
    np.testing.assert_array_equal(split.x_val, before[0])
    np.testing.assert_array_equal(split.x_train, before[1])
    # The validation loss is that of the images as they are.
    y_prob = model.predict(split.x_val, verbose=0).astype(np.float64)
    loss = -np.log(y_prob[np.arange(len(y_prob)), split.y_val]).mean()
    assert loss == pytest.approx(min(history["val_loss"]), rel=1e-4)


def test_variants_for_a_figure_are_eight_different_images(noise):
    variants = show_variants(noise[0][0], ALL, seed=0)
    assert variants.shape == (8, 28, 28)
    assert variants.dtype == np.uint8
    assert len(np.unique(variants, axis=0)) == 8
    np.testing.assert_array_equal(variants, show_variants(noise[0][0], ALL, seed=0))


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"shift": -1}, "shift is -1"),
        ({"shift": 28}, "shift is 28"),
        ({"zoom": 1.0}, "zoom is 1.0"),
        ({"rotation": -5}, "rotation is -5"),
        ({"erase": 1.5}, "erase is 1.5"),
    ],
)
def test_impossible_setting_is_refused_by_name(setting, message, noise):
    with pytest.raises(ValueError, match=message):
        show_variants(noise[0][0], Augmentation(**setting), seed=0)


def test_image_of_another_type_is_refused():
    with pytest.raises(ValueError, match="float64"):
        show_variants(np.zeros((28, 28)), ALL, seed=0)
