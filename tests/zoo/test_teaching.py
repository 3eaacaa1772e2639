import keras
import numpy as np
import pytest
import tensorflow as tf

from fashionnet.zoo.teaching import accuracy, ask_teacher, make_taught_loss, soften

Y_PROB = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]], np.float32)
SAID = np.array([[0.5, 0.25, 0.25], [0.2, 0.2, 0.6]], np.float32)
TARGETS = np.column_stack([[0, 1], SAID]).astype(np.float32)


def test_higher_temperature_brings_chances_closer():
    by_hand = np.sqrt(Y_PROB) / np.sqrt(Y_PROB).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(soften(Y_PROB, 2), by_hand, rtol=1e-5)
    np.testing.assert_allclose(soften(Y_PROB, 1), Y_PROB, rtol=1e-5)


@pytest.mark.parametrize(("temperature", "share"), [(1, 0.0), (2, 0.5), (4, 1.0)])
def test_loss_is_computed_by_hand(temperature, share):
    loss = make_taught_loss(temperature=temperature, share=share)
    said, answer = (
        p ** (1 / temperature) / (p ** (1 / temperature)).sum(axis=1, keepdims=True)
        for p in (SAID, Y_PROB)
    )
    of_teacher = -(said * np.log(answer)).sum(axis=1) * temperature**2
    of_label = -np.log([0.7, 0.1])
    by_hand = share * of_teacher + (1 - share) * of_label
    np.testing.assert_allclose(loss(TARGETS, Y_PROB), by_hand, rtol=1e-5)


@pytest.mark.parametrize("labels", [np.array([0, 1]), np.array([[0], [1]])])
def test_labels_alone_give_their_cross_entropy(labels):
    loss = make_taught_loss(temperature=4, share=0.9)
    np.testing.assert_allclose(loss(labels, Y_PROB), -np.log([0.7, 0.1]), rtol=1e-5)
    np.testing.assert_array_equal(accuracy(labels, Y_PROB), [1, 0])


def test_accuracy_is_that_of_the_labels():
    np.testing.assert_array_equal(accuracy(TARGETS, Y_PROB), [1, 0])


def test_teacher_is_asked_about_the_image_as_it_is_seen(noise):
    images, labels = noise
    keras.utils.set_random_seed(0)
    teacher = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    )
    batches = tf.data.Dataset.from_tensor_slices((images, labels)).batch(100)
    seen, targets = next(iter(ask_teacher(batches, teacher)))
    np.testing.assert_array_equal(seen, images[:100])
    np.testing.assert_array_equal(targets[:, 0], labels[:100])
    np.testing.assert_allclose(
        targets[:, 1:], teacher.predict(images[:100], verbose=0), rtol=1e-4
    )
