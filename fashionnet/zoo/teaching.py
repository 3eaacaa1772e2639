"""Teach a network what another one says: its probabilities stand beside the labels.

A label says *Shirt*; a teacher says *Shirt, perhaps a T-shirt, and surely no shoe*. The
pupil sees the very images that the teacher sees, mirrored and shifted anew in each
epoch.

Source: Hinton, Vinyals and Dean (2015), arXiv:1503.02531 (distillation); Beyer et al.
(2022), arXiv:2106.05237 (the same view for both, and patience).
"""

import keras
import tensorflow as tf
from keras import ops

SMALLEST = 1e-7


def ask_teacher(batches, teacher):
    """Put what a teacher says beside the labels of a training's batches.

    Args:
        batches: A `tf.data.Dataset` of images and labels, changed already.
        teacher: A trained network, from images to probabilities of ten classes.

    Returns:
        A `tf.data.Dataset` of images and targets of shape `(n, 11)`: the label, then
        the teacher's probabilities.
    """

    def ask(images, labels):
        """Ask about one batch."""
        y_prob = teacher(images, training=False)
        labels = tf.cast(labels[:, tf.newaxis], y_prob.dtype)
        return images, tf.concat([labels, y_prob], axis=1)

    return batches.map(ask, num_parallel_calls=2).prefetch(2)


def make_taught_loss(*, temperature, share):
    """Make the loss of a pupil: one part for the teacher, the rest for the label.

    Args:
        temperature: Both answers are softened: probabilities to the power of one over
            it, divided by their sum. Above 1, small chances count for more.
        share: Share of the teacher, from 0 to 1.

    Returns:
        A function for `compile`, of targets and probabilities. Where targets are labels
        alone, as with validation images, it is their cross-entropy.
    """

    def taught_loss(targets, y_prob):
        """Weigh both cross-entropies, the teacher's times the squared temperature."""
        labels = _read_labels(targets)
        of_label = keras.losses.sparse_categorical_crossentropy(labels, y_prob)
        if targets.shape[-1] != y_prob.shape[-1] + 1:
            return of_label
        said, answer = (soften(p, temperature) for p in (targets[:, 1:], y_prob))
        of_teacher = keras.losses.categorical_crossentropy(said, answer)
        return share * temperature**2 * of_teacher + (1 - share) * of_label

    return taught_loss


def soften(y_prob, temperature):
    """Bring probabilities closer together, as a higher temperature does."""
    return ops.softmax(ops.log(ops.clip(y_prob, SMALLEST, 1)) / temperature)


def accuracy(targets, y_prob):
    """Compare the likeliest classes with the labels that the targets begin with."""
    return keras.metrics.sparse_categorical_accuracy(_read_labels(targets), y_prob)


def _read_labels(targets):
    return targets[:, 0] if len(targets.shape) == 2 else targets
