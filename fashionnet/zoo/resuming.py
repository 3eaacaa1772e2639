"""Back up a training after each epoch, so that it goes on after an interruption."""

import json
import shutil
from copy import copy
from pathlib import Path

import keras

from fashionnet.storing import RunError, write_file

# What callbacks of Keras remember from one epoch to the next.
REMEMBERED = ("best", "wait", "cooldown_counter")
# The copy of weights that Keras falls back on is one epoch older than the last.
KEPT_WEIGHTS = 3
# `fit` makes one at the start of an epoch and, without need, one at its end.
ITERATORS_PER_EPOCH = 2


class Backup(keras.callbacks.BackupAndRestore):
    """Back up all that a training needs to end as if it had not been interrupted.

    Keras takes care of weights and optimizer. Added here are the history, what the
    other callbacks remember, the best weights so far, and the random numbers: those of
    dropout and the order of the images go on where they were.

    An epoch that Ctrl-C cut short is not backed up. The folder stays after training.

    Attributes:
        history: Metrics by epoch, those before the interruption first.
        resumed_after: Numbers of the epochs after which the training went on.
    """

    def __init__(self, folder):
        """Back up to a folder that no other training has."""
        super().__init__(str(folder), double_checkpoint=True, delete_checkpoint=False)
        self.folder = Path(folder)
        self.epochs, self.resumed_after = [], []

    def join(self, batches, callbacks, checkpoint):
        """Take note of the training's batches, its other callbacks and best weights.

        The first of the callbacks is the `Watch`.
        """
        self.batches, self.others = batches, callbacks
        self.checkpoint = Path(checkpoint)

    @property
    def history(self):
        """Metrics by epoch, as `fit(...).history` has them."""
        logs = [epoch["logs"] for epoch in self.epochs]
        return {name: [entry[name] for entry in logs] for name in logs[0]}

    def on_train_begin(self, logs=None):
        """Go on after the last epoch that was backed up, if there is one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            super().on_train_begin(logs)
            n_steps = int(keras.ops.convert_to_numpy(self.model.optimizer.iterations))
            if n_steps:
                self._go_on(n_steps)
        except (OSError, ValueError, KeyError) as error:
            cure = f"delete {self.folder} to begin anew"
            raise RunError(f"the backup does not fit: {error}; {cure}") from error

    def _go_on(self, n_steps):
        memory = json.loads((self.folder / "memory.json").read_bytes())
        steps_per_epoch = self.params["steps"]
        # Not the number that Keras notes: a kill can come before it is written.
        n_done, rest = divmod(n_steps, steps_per_epoch)
        if rest or n_done > len(memory["epochs"]):
            raise ValueError(
                f"{n_steps} steps are not whole epochs of {steps_per_epoch}"
            )
        self.epochs = memory["epochs"][:n_done]
        self.resumed_after = [*memory["resumed_after"], n_done]
        for other in self.others:
            vars(other).update(self.epochs[-1]["states"].get(type(other).__name__, {}))
        for seed, value in zip(
            self._list_seeds(), self.epochs[-1]["seeds"], strict=True
        ):
            seed.assign(value)
        shutil.copy(self._name_weights(), self.checkpoint)
        # Every iterator takes the next order of the images.
        for _ in range(n_done * ITERATORS_PER_EPOCH):
            next(iter(self.batches))
        is_over = any(
            isinstance(other, keras.callbacks.EarlyStopping)
            and other.wait >= other.patience
            for other in self.others
        )
        self.model._initial_epoch = self.params["epochs"] if is_over else n_done

    def on_epoch_end(self, epoch, logs=None):
        """Back up, the weights last: they tell how far the training had come."""
        logs = logs | self.others[0].noted
        if logs["last_step"] - logs["first_step"] != self.params["steps"]:
            return
        self.epochs.append(
            {
                "logs": {name: float(value) for name, value in logs.items()},
                "states": self._read_states(),
                "seeds": [
                    keras.ops.convert_to_numpy(seed).tolist()
                    for seed in self._list_seeds()
                ],
            }
        )
        losses = self.history["val_loss"]
        if losses.index(min(losses)) == epoch:
            write_file(self._name_weights(), self.checkpoint.read_bytes())
        memory = {"epochs": self.epochs, "resumed_after": self.resumed_after}
        write_file(self.folder / "memory.json", json.dumps(memory))
        super().on_epoch_end(epoch, logs)
        for path in sorted(self.folder.glob("best-*.weights.h5"))[:-KEPT_WEIGHTS]:
            path.unlink()

    def _read_states(self):
        return {
            type(other).__name__: {
                name: copy(value)
                for name, value in vars(other).items()
                if name in REMEMBERED
            }
            for other in self.others
        }

    def _list_seeds(self):
        return [v for v in self.model.variables if v.path.endswith("generator_state")]

    def _name_weights(self):
        losses = self.history["val_loss"]
        return self.folder / f"best-{losses.index(min(losses)):04}.weights.h5"
