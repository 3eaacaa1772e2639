"""Try learning rates in one short run: a range test.

Source: Smith (2017), "Cyclical learning rates for training neural networks",
arXiv:1506.01186.
"""

import keras
import numpy as np

from fashionnet.zoo.table import build

BATCH_SIZE, N_SMOOTHED = 128, 9


def try_rates(model, optimizer, images, labels, rates):
    """Train one step with each learning rate, and return the loss before each step.

    Args:
        model: A network, not trained.
        optimizer: Name of an optimizer of Keras, such as "Adam".
        images: Images, enough for a batch for each rate.
        labels: Their labels.
        rates: Learning rates, each the one before times the same factor.

    Returns:
        An array as long as `rates`; not finite where the network has blown up.
    """
    growing = keras.optimizers.schedules.ExponentialDecay(
        rates[0], decay_steps=1, decay_rate=rates[1] / rates[0]
    )
    chosen = keras.optimizers.get(optimizer)
    chosen.learning_rate = growing
    model.compile(loss="sparse_categorical_crossentropy", optimizer=chosen)
    losses = []
    for start in range(0, len(rates) * BATCH_SIZE, BATCH_SIZE):
        batch = slice(start, start + BATCH_SIZE)
        model.reset_metrics()
        losses.append(float(model.train_on_batch(images[batch], labels[batch])))
    return np.array(losses)


def try_seeds(network, images, labels, rates, *, optimizers=("Adam", "SGD"), n_seeds=2):
    """Repeat `try_rates` with new weights and images.

    Returns:
        A list of the optimizer's name, rates, and losses, each the mean of nine steps.
    """
    curves, middle = [], slice(N_SMOOTHED // 2, -(N_SMOOTHED // 2))
    for optimizer in optimizers:
        for seed in range(n_seeds):
            keras.utils.set_random_seed(seed)
            some = np.random.default_rng(seed).permutation(len(images))
            some = some[: len(rates) * BATCH_SIZE]
            losses = try_rates(
                build(network), optimizer, images[some], labels[some], rates
            )
            smooth = np.convolve(losses, np.ones(N_SMOOTHED) / N_SMOOTHED, "valid")
            curves.append((optimizer, rates[middle], smooth))
    return curves
