"""Choose the recipe: try candidates on validation images, several seeds each.

    python benchmarks/search.py            # train what is missing in search.json
    python benchmarks/search.py --table    # only write the table again

No test image is used. Each training is added to `fashionnet/search.json` as soon as
it is done, so an interrupted search goes on where it stopped.
"""

import argparse
import json
import statistics
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from fashionnet.data import load_training_set
from fashionnet.publish.published import fill_place, write_file
from fashionnet.recipes import (
    PLAIN_WITH_SCHEDULE,
    RECIPE,
    SEARCH,
    STEPS,
    load_search,
)
from fashionnet.study.tasks import split_task

HERE = Path(__file__).parent
TASKS = ("multiclass", "binary")
SEEDS = (0, 1, 2)
# From the simplest network to the recipe, a part more with each.
PLAIN = {"learning_rate": 1e-3, "schedule": "constant", "weight_decay": 0.0}
BARE = PLAIN | {"input_dropout": 0.0, "normalize": False}
FALLING = BARE | {"schedule": "cosine"}
WAY = (
    BARE | {"hidden_units": ()},
    BARE,
    PLAIN | {"input_dropout": 0.0},
    PLAIN,
    PLAIN | {"learning_rate": RECIPE.learning_rate},
)
CANDIDATES = {
    **dict(zip(STEPS, WAY, strict=True)),
    **{
        name: FALLING | {"learning_rate": rate}
        for name, rate in zip(PLAIN_WITH_SCHEDULE, (0.001, 0.003, 0.006), strict=True)
    },
    "the recipe": {},
    "smaller: 64, 64": {"hidden_units": (64, 64)},
    "larger: 512, 512": {"hidden_units": (512, 512)},
    "deeper: 256, 256, 256": {"hidden_units": (256, 256, 256)},
    "no batch normalization": {"normalize": False},
    "no batch normalization, rate 0.003": {"normalize": False, "learning_rate": 0.003},
    "no batch normalization, rate 0.001": {"normalize": False, "learning_rate": 0.001},
    "no input dropout": {"input_dropout": 0.0},
    "hidden dropout 0.1": {"dropout": 0.1},
    "no weight decay": {"weight_decay": 0.0},
    "batch size 128": {"batch_size": 128},
    "learning rate 0.003": {"learning_rate": 0.003},
    "learning rate 0.001": {"learning_rate": 0.001},
    "10 epochs": {"epochs": 10},
    "30 epochs": {"epochs": 30},
}


def as_stored(changes):
    """Return a candidate's settings in the form that JSON gives them."""
    return json.loads(json.dumps(RECIPE._replace(**changes)._asdict()))


def search(jobs):
    """Train every candidate that is not stored yet, `jobs` at a time."""
    rows = load_search()
    known = [(row["task"], row["seed"], row["recipe"]) for row in rows]
    missing = [
        (name, task, seed, changes)
        for seed in SEEDS
        for name, changes in CANDIDATES.items()
        for task in TASKS
        if (task, seed, as_stored(changes)) not in known
    ]
    trainings = Parallel(n_jobs=jobs, return_as="generator_unordered")(
        delayed(train_candidate)(*settings) for settings in missing
    )
    for done, row in enumerate(trainings, start=1):
        rows.append(row)
        rows.sort(key=lambda r: (r["candidate"], r["task"], r["seed"]))
        lines = ",\n".join(map(json.dumps, rows))
        write_file(SEARCH, f"[\n{lines}\n]\n")
        print(f"{done} of {len(missing)}: {row}", flush=True)


def train_candidate(name, task, seed, changes):
    """Train one candidate on one thread; return settings and validation metrics."""
    import tensorflow as tf

    from fashionnet.study.networks import train_split

    tf.config.threading.set_intra_op_parallelism_threads(1)
    recipe = RECIPE._replace(**changes)
    split = split_task(task, *load_training_set(), seed=seed)
    model, history = train_split(task, split, seed=seed, recipe=recipe)
    best = min(range(len(history["val_loss"])), key=history["val_loss"].__getitem__)
    return {
        "candidate": name,
        "task": task,
        "seed": seed,
        "recipe": recipe._asdict(),
        "parameters": sum(int(np.prod(w.shape)) for w in model.trainable_weights),
        "val_accuracy": round(history["val_accuracy"][best], 6),
        "val_loss": round(history["val_loss"][best], 6),
        "best_epoch": best + 1,
        "epochs_run": len(history["val_loss"]),
    }


def make_table(rows):
    """Tabulate candidates by mean ten-class validation accuracy, best first."""
    lines = []
    for name, changes in CANDIDATES.items():
        found = [row for row in rows if row["recipe"] == as_stored(changes)]
        cells, means = [name], []
        for task in TASKS:
            some = [row for row in found if row["task"] == task]
            values = [100 * row["val_accuracy"] for row in some]
            means.append(statistics.mean(values))
            cells.append(f"{means[-1]:.2f} ± {statistics.stdev(values):.2f}")
            kept = statistics.mean(row["best_epoch"] for row in some)
            cells.append(f"{kept:.0f} of {some[0]['recipe']['epochs']}")
        lines.append((-means[0], f"| {' | '.join(cells)} |"))
    head = "| candidate | ten classes, % | epoch kept | binary, % | epoch kept |"
    return "\n".join([head, "| --- " * 5 + "|", *(x for _, x in sorted(lines)), ""])


def main():
    """Search, then write the table into `benchmarks/README.md`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="train nothing")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at a time")
    options = parser.parse_args()
    if not options.table:
        search(options.jobs)
    table = make_table(load_search())
    fill_place(HERE / "README.md", "search", table)
    print(table)


if __name__ == "__main__":
    main()
