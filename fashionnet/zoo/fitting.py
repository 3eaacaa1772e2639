"""Train a network of the table: optimizer, schedule, augmentation, fit."""

import math

import keras

from fashionnet.training import STEPS_PER_EXECUTION, make_schedule, train_network
from fashionnet.zoo.augment import Augmentation, augment_batches
from fashionnet.zoo.table import build, find_network
from fashionnet.zoo.teaching import accuracy, ask_teacher, make_taught_loss
from fashionnet.zoo.transfer import fit_on_features


def make_optimizer(network, *, n_steps):
    """Make the optimizer of a network, with its schedule.

    Args:
        network: A `Network`.
        n_steps: Number of steps (batches) of the whole training.
    """
    arguments = dict(network.optimizer)
    optimizer = getattr(keras.optimizers, arguments.pop("name"))
    if network.schedule["name"] == "cosine":
        arguments["learning_rate"] = make_schedule(
            arguments["learning_rate"],
            n_steps=n_steps,
            warm_up=network.schedule["warm_up"],
        )
    return optimizer(**arguments)


def make_schedule_callbacks(network):
    """Make the callbacks of a network's schedule; only "plateau" has one."""
    arguments = dict(network.schedule)
    if arguments.pop("name") != "plateau":
        return []
    return [keras.callbacks.ReduceLROnPlateau(**arguments)]


def compile_network(network, *, n_images, epochs):
    """Build a network and compile it for a training.

    Args:
        network: A `Network`.
        n_images: Number of training images.
        epochs: Number of epochs that the schedule is made for.

    Returns:
        A compiled network.
    """
    steps_per_epoch = math.ceil(n_images / network.batch_size)
    n_steps = steps_per_epoch * epochs
    loss, metric = "sparse_categorical_crossentropy", "accuracy"
    if network.teacher:
        lessons = {name: network.teacher[name] for name in ("temperature", "share")}
        loss, metric = make_taught_loss(**lessons), accuracy
    model = build(network)
    model.compile(
        loss=loss,
        optimizer=make_optimizer(network, n_steps=n_steps),
        metrics=[metric],
        steps_per_execution=STEPS_PER_EXECUTION,
    )
    return model


def fit_network(
    network,
    split,
    *,
    seed,
    epochs=None,
    callbacks=(),
    checkpoint=None,
    backup=None,
    teacher=None,
):
    """Train a network of the table on a split.

    Args:
        network: A `Network`.
        split: A `Split` with class ids as labels.
        seed: Seed of initialization, order, dropout and augmentation.
        epochs: Largest number of epochs, if not the table's.
        callbacks: Keras callbacks beside those of the training.
        checkpoint: Path for the best weights, as in `train_network`.
        backup: A `Backup`, from which an interrupted training goes on.
        teacher: The trained network that teaches this one, if the table names one.

    Returns:
        `model, history`: the network with the weights of its best epoch, and metrics
        by epoch.

    Raises:
        ValueError: If `epochs` is not positive.
    """
    epochs = network.epochs if epochs is None else epochs
    if epochs < 1:
        raise ValueError(f"epochs is {epochs}; there must be at least 1")
    if network.after:
        before = find_network(network.after)
        start, _ = fit_network(before, split, seed=seed)
    keras.utils.set_random_seed(seed)
    model = compile_network(network, n_images=len(split.x_train), epochs=epochs)
    if network.on_features:
        return model, fit_on_features(
            model, split, epochs=epochs, batch_size=network.batch_size, seed=seed
        )
    if network.after:
        model.set_weights(start.get_weights())

    def change(batches):
        """Change the training images, anew in every epoch, and ask the teacher."""
        if network.augmentation:
            augmentation = Augmentation(**network.augmentation)
            batches = augment_batches(batches, augmentation, seed=seed)
        return ask_teacher(batches, teacher) if network.teacher else batches

    history = train_network(
        model,
        split,
        epochs=epochs,
        patience=network.patience,
        batch_size=network.batch_size,
        seed=seed,
        callbacks=[*make_schedule_callbacks(network), *callbacks],
        checkpoint=checkpoint,
        prepare=change,
        backup=backup,
    )
    return model, history
