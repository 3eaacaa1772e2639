"""Choose the recipe: try candidates on validation images, several seeds each.

    python benchmarks/search.py            # what is missing in search.json
    python benchmarks/search.py --table    # only print the table again

No test image is loaded. Each training is added to `benchmarks/search.json` as soon as it
is done, so an interrupted search goes on where it stopped.
"""

import argparse
import json
import os
import re
import statistics
import tempfile
from pathlib import Path

from fashionnet.data import binary_labels, load_fashion_mnist, split_train_val
from fashionnet.runs import Recipe

HERE = Path(__file__).parent
RESULTS = HERE / "search.json"
README_BLOCK = re.compile(r"(<!-- search -->\n).*?(<!-- /search -->)", re.DOTALL)
SEEDS = range(3)
CANDIDATES = {
    "the recipe": {},
}


def read_results():
    """Return the stored trainings, a list of dictionaries."""
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else []


def train_candidate(task, name, seed):
    """Train one candidate and return its row: settings and validation metrics."""
    from fashionnet.training import train_network

    recipe = Recipe()._replace(**CANDIDATES[name])
    images, labels = load_fashion_mnist()[:2]
    split = split_train_val(images, labels, seed=seed)
    if task == "binary":
        y_train, y_val = binary_labels(split.y_train), binary_labels(split.y_val)
        split = split._replace(y_train=y_train, y_val=y_val)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = Path(folder) / "best.weights.h5"
        _, history = train_network(
            task, split, seed=seed, recipe=recipe, checkpoint=checkpoint
        )
    best = min(range(len(history["val_loss"])), key=history["val_loss"].__getitem__)
    return {
        "task": task,
        "candidate": name,
        "seed": seed,
        "recipe": recipe._asdict(),
        "val_accuracy": round(history["val_accuracy"][best], 6),
        "val_loss": round(history["val_loss"][best], 6),
        "best_epoch": best + 1,
        "epochs_run": len(history["val_loss"]),
        "seconds": round(sum(history["seconds"]), 1),
    }


def search():
    """Train every candidate that `search.json` does not have yet."""
    for seed in SEEDS:
        for name, changes in CANDIDATES.items():
            for task in ("multiclass", "binary"):
                recipe = json.loads(json.dumps(Recipe()._replace(**changes)._asdict()))
                rows = read_results()
                known = [(r["task"], r["seed"], r["recipe"]) for r in rows]
                if (task, seed, recipe) in known:
                    continue
                print(f"{name}, {task}, seed {seed}: ", end="", flush=True)
                rows.append(train_candidate(task, name, seed))
                write_atomically(RESULTS, json.dumps(rows, indent=1) + "\n")


def write_atomically(path, text):
    """Write a text file under another name first."""
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


def make_table(rows):
    """Tabulate candidates by mean validation accuracy over seeds, best first."""
    lines = []
    for name, changes in CANDIDATES.items():
        recipe = json.loads(json.dumps(Recipe()._replace(**changes)._asdict()))
        cells = []
        for task, digits in (("multiclass", 2), ("binary", 3)):
            found = [r for r in rows if (r["task"], r["recipe"]) == (task, recipe)]
            values = [100 * r["val_accuracy"] for r in found]
            if len(values) < 2:
                break
            spread = statistics.stdev(values)
            cells.append((statistics.mean(values), f"± {spread:.{digits}f}", digits))
            kept = statistics.mean(r["best_epoch"] for r in found)
            if task == "multiclass":
                epochs = f"{kept:.0f} of {found[0]['recipe']['epochs']}"
        if len(cells) == 2:
            text = " | ".join(f"{mean:.{d}f} {spread}" for mean, spread, d in cells)
            lines.append((-cells[0][0], f"| {name} | {text} | {epochs} |"))
    head = "| candidate | ten classes, % | binary, % | epoch kept |\n| --- | --- | --- | --- |"
    return "\n".join([head, *(line for _, line in sorted(lines))]) + "\n"


def main():
    """Search, then write the table into `benchmarks/README.md`."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", action="store_true", help="train nothing")
    if not parser.parse_args().table:
        search()
    table = make_table(read_results())
    print(table)
    readme = HERE / "README.md"
    text = README_BLOCK.sub(rf"\g<1>{table}\g<2>", readme.read_text(encoding="utf-8"))
    write_atomically(readme, text)


if __name__ == "__main__":
    main()
