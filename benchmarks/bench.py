"""Compare speed and accuracy with the peers, and time `make reports`.

    python benchmarks/bench.py              # five seeds, then the reports
    python benchmarks/bench.py --quick      # one seed; prints, and stores nothing
    python benchmarks/bench.py --reports    # the reports again, the peers as stored

The peers train by turns, a whole training each, and for every seed in another order, so
that slow minutes of the machine are spread. Writes `reports/results/benchmark.json`,
`reports/benchmark.html`, and the table and the plot of `benchmarks/README.md`.
"""

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata, util
from pathlib import Path

from page import make_table, write_pages
from peers import PEERS
from tqdm import tqdm

from fashionnet.engine import versions
from fashionnet.publish.build import describe_machine
from fashionnet.publish.published import BUILD, read_json, write_file
from fashionnet.recipes import RECIPE
from fashionnet.storing import home

HERE = Path(__file__).parent
ALL_OUT = HERE / "all_out.json"
NEEDS = {"PyTorch": "torch", "JAX": "jax"}
GOALS = (0.89, 0.90)
REPORTS = [sys.executable, "-m", "fashionnet", "reports"]


class Worker:
    """A peer in a process of its own, which trains an epoch when told to."""

    def __init__(self, name, seed, epochs):
        """Start the process and wait until it is ready to train."""
        command = [sys.executable, HERE / "peers.py", name, str(seed), str(epochs)]
        started = time.perf_counter()
        self.name = name
        self.log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            list(map(str, command)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        )
        self.result = {"seed": seed, "epochs": [], **self.read()}
        self.result["start_seconds"] = time.perf_counter() - started

    def read(self):
        """Read one line of JSON, or end with what the process had to say."""
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.log.seek(0)
            raise SystemExit(f"{self.name} failed:\n{self.log.read()[-2000:]}")
        return json.loads(line)

    def train_epoch(self):
        """Let the peer train one epoch."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        self.result["epochs"].append(self.read())

    def finish(self):
        """Read the last report and end the process."""
        self.result.update(self.read())
        self.process.communicate()
        return self.result


def find_peers():
    """Name the peers that are installed, and say which are not."""
    names = [n for n in PEERS if n not in NEEDS or util.find_spec(NEEDS[n])]
    for name in set(PEERS) - set(names):
        print(f"{name} is not installed; pip install --editable '.[bench]' adds it")
    return names


def say_what_is_ahead(stored, names, n_seeds, *, reports):
    """Say how long it takes, by what the stored benchmark took."""
    seconds = stored["reports"]["wall_seconds"] if reports else 0
    for name in names:
        training = stored["trainings"][0][name]
        in_epochs = sum(epoch["seconds"] for epoch in training["epochs"])
        seconds += n_seeds * (training["start_seconds"] + in_epochs)
    parts = [f"{n_seeds} trainings each of {', '.join(names)}"] if n_seeds else []
    parts += ["all notebooks"] if reports else []
    print(f"{'; then '.join(parts)}: some {math.ceil(seconds / 60)} minutes.")


def race_all(names, n_seeds, epochs):
    """Race all peers, seed by seed, with a bar of progress."""
    with tqdm(total=n_seeds * len(names) * epochs, unit="epoch") as bar:
        return [race(names, seed, epochs, bar) for seed in range(n_seeds)]


def race(names, seed, epochs, bar):
    """Train every peer with one seed, one after another, in an order that moves on.

    A peer trains without a break: one in mid-training would leave TensorFlow's tuner of
    data pipelines asleep for seconds, which no student's training has to wait for.

    Returns:
        What each peer reported, by name.
    """
    results, first = {}, seed % len(names)
    for name in names[first:] + names[:first]:
        bar.set_description(f"seed {seed}, {name}")
        worker = Worker(name, seed, epochs)
        for _ in range(epochs):
            worker.train_epoch()
            bar.update()
        results[name] = worker.finish()
    return {name: results[name] for name in names}


def summarize_peer(trainings):
    """Boil the trainings of one peer (one per seed) down to the measures."""
    # The first epoch compiles: it counts for the way to an accuracy, not for the pace.
    steady = [e["seconds"] for t in trainings for e in t["epochs"][1:]]
    shares = [t["n_correct"] / t["n_test"] for t in trainings]
    first = [t["start_seconds"] + t["epochs"][0]["seconds"] for t in trainings]
    return {
        "n_parameters": trainings[0]["n_parameters"],
        "n_updates": trainings[0]["n_updates"],
        "epoch_seconds": statistics.median(steady),
        "epoch_seconds_quartiles": statistics.quantiles(steady, n=4)[::2],
        "seconds_to": {
            f"{goal:.0%}": median_or_never([seconds_to(goal, t) for t in trainings])
            for goal in GOALS
        },
        "test_accuracy": statistics.mean(shares),
        "test_accuracy_sd": statistics.stdev(shares) if len(shares) > 1 else None,
        "peak_gigabytes": max(t["peak_bytes"] for t in trainings) / 1e9,
        "first_epoch_after_seconds": statistics.median(first),
    }


def seconds_to(goal, training):
    """Add up the seconds until the validation accuracy first reaches `goal`."""
    total = 0.0
    for epoch in training["epochs"]:
        total += epoch["seconds"]
        if epoch["val_accuracy"] >= goal:
            return total
    return math.inf


def median_or_never(values):
    """Return the median, or `None` for JSON where it is infinite."""
    median = statistics.median(values)
    return median if math.isfinite(median) else None


def compare_pace(name, races):
    """Compare a peer's seconds per epoch with ours, seed by seed.

    Returns:
        The ratio of medians, theirs to ours, as the median and the range of the seeds.
    """

    def pace(training):
        return statistics.median(e["seconds"] for e in training["epochs"][1:])

    ratios = [pace(race[name]) / pace(race["ours"]) for race in races]
    return {
        "median": statistics.median(ratios),
        "lowest": min(ratios),
        "highest": max(ratios),
    }


def time_reports():
    """Time `make reports` on the stored runs, without its set-up, in a scratch home.

    Returns:
        The wall seconds of the whole command, those of each notebook, and the peak
        memory of the largest process.
    """
    with tempfile.TemporaryDirectory(prefix="fashionnet-") as folder:
        shutil.copytree(home() / "runs", Path(folder, "runs"))
        start = time.perf_counter()
        env = os.environ | {"FASHIONNET_HOME": folder}
        process = subprocess.Popen(REPORTS, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            raise SystemExit("the reports failed: see above")
        parts = read_json(Path(folder, BUILD))["seconds"]
    return {
        "machine": describe_machine(),
        "wall_seconds": round(wall, 1),
        "seconds": parts,
        "peak_gigabytes": round(usage.ru_maxrss / 1e6, 2),
    }


def main():
    """Race the peers, time the reports, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed, stores nothing")
    parser.add_argument("--reports", action="store_true", help="only time the reports")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs)
    options = parser.parse_args()
    content = read_json(home() / "results" / "benchmark.json")
    names = find_peers()
    n_seeds = 0 if options.reports else 1 if options.quick else options.seeds
    say_what_is_ahead(content, names, n_seeds, reports=not options.quick)
    if n_seeds:
        races = race_all(names, n_seeds, options.epochs)
        others = {n: metadata.version(NEEDS[n]) for n in names if n in NEEDS}
        content |= {
            "machine": describe_machine(),
            "versions": versions() | others,
            "recipe": RECIPE._asdict(),
            "epochs": options.epochs,
            "trainings": races,
        }
    races = content["trainings"]
    content["peers"] = {n: summarize_peer([r[n] for r in races]) for n in races[0]}
    content["ratio_to_ours"] = {n: compare_pace(n, races) for n in races[0]}
    if options.quick:
        print(make_table(content))
        print("One seed: no spread, and the reports were not timed. Nothing is stored.")
        return
    content["all_out"] = read_json(ALL_OUT)
    content["reports"] = time_reports()
    write_file(
        home() / "results" / "benchmark.json", json.dumps(content, indent=1) + "\n"
    )
    print(make_table(content))
    print(f"Done. Open this page in a browser: {write_pages(content)}")


if __name__ == "__main__":
    main()
