"""Compare speed and accuracy with the peers, and time the notebooks.

    python benchmarks/bench.py            # five seeds, all notebooks
    python benchmarks/bench.py --quick    # one seed, no notebooks
    python benchmarks/bench.py --pages    # the notebooks again, the peers as stored

The peers train by turns, a whole training each, and for every seed in another order, so
that slow minutes of the machine are spread. Writes `reports/results/benchmark.json` and
`reports/benchmark.html`.
"""

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata, util
from pathlib import Path

from page import write_page
from peers import PEERS

from fashionnet.data import load_test_set
from fashionnet.publish.build import describe_machine
from fashionnet.publish.published import seal_benchmark, write_file
from fashionnet.runs import RECIPE, home, versions
from fashionnet.study.summary import summarize_seeds

HERE = Path(__file__).parent
ALL_OUT = HERE / "all_out.json"
NEEDS = {"PyTorch": "torch", "JAX": "jax"}
GOALS = (0.89, 0.90)
USUAL_PEERS = ("starter", "scikit-learn")


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


def race(names, seed, epochs):
    """Train every peer with one seed, one after another, in an order that moves on.

    A peer trains without a break: one in mid-training would leave TensorFlow's tuner of
    data pipelines asleep for seconds, which no student's training has to wait for.

    Returns:
        What each peer reported, by name.
    """
    results, first = {}, seed % len(names)
    for name in names[first:] + names[:first]:
        worker = Worker(name, seed, epochs)
        for epoch in range(epochs):
            worker.train_epoch()
            line = f"seed {seed}: {name}, epoch {epoch + 1} of {epochs}"
            print(f"\r{line:<60}", end="", flush=True)
        results[name] = worker.finish()
    print()
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


def time_import():
    """Measure `import fashionnet` in a fresh interpreter, less the interpreter."""
    code = (
        "import sys, time; t = time.perf_counter(); import fashionnet; "
        "assert 'tensorflow' not in sys.modules; print(time.perf_counter() - t)"
    )
    runs = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(5)]
    return statistics.median(map(float, runs))


def time_reports():
    """Time `make reports` in a scratch home: from nothing, then from stored runs."""
    with tempfile.TemporaryDirectory(prefix="fashionnet-") as folder:
        env = os.environ | {"FASHIONNET_HOME": folder}
        command = [sys.executable, str(HERE / "time_pages.py")]
        times = {}
        for start in ("from nothing", "from stored runs"):
            print(f"make reports {start}", flush=True)
            times[start] = json.loads(subprocess.check_output(command, env=env))
    return times


def list_targets(peers, reports, seeds, all_out):
    """Compare the measures with the targets.

    Returns:
        A list of `{name, value, target, met}`; a `value` of `None` was not measured.
    """

    def ratio(measure, other, ours="ours"):
        if other not in peers:
            return None
        return measure(peers[ours]) / measure(peers[other])

    def pace(peer):
        return peer["epoch_seconds"]

    def way(peer):
        return peer["seconds_to"]["89%"] or math.inf

    usual = [way(peers[name]) for name in USUAL_PEERS]
    errors = [seeds["n_test"] - n for n in seeds["n_correct"]["binary"].values()]
    shares = [n / seeds["n_test"] for n in seeds["n_correct"]["multiclass"].values()]
    rows = [
        ("seconds per epoch, ours / starter, the starter's network",
         ratio(pace, "starter", "starter, our pipeline"), "≤", 0.70),
        ("seconds per epoch, ours / starter, each its own network",
         ratio(pace, "starter"), "≤", 0.70),
        ("seconds per epoch, ours / PyTorch", ratio(pace, "PyTorch"), "≤", 0.95),
        ("seconds per epoch, ours / matrix products",
         ratio(pace, "matrix products"), "≤", 2.4),
        ("seconds to 89% validation accuracy, ours / best usual peer",
         way(peers["ours"]) / min(usual), "≤", 0.25),
        (f"ten-class test accuracy, mean of {len(shares)} seeds",
         statistics.mean(shares) if shares else None, "≥", 0.906),
        (f"all-out test accuracy, mean of {len(all_out)} seeds",
         statistics.mean(all_out) if all_out else None, "≥", 0.917),
        (f"binary errors of 10,000, mean of {len(errors)} seeds",
         statistics.mean(errors) if errors else None, "≤", 38),
        ("import fashionnet, seconds", time_import(), "≤", 0.1),
    ]  # fmt: skip
    if reports:
        walls = {start: sum(r["seconds"].values()) for start, r in reports.items()}
        peak = max(max(r["peak_gigabytes"].values()) for r in reports.values())
        rows += [
            ("make reports from stored runs, seconds",
             walls["from stored runs"], "≤", 100),
            ("make reports from nothing, seconds", walls["from nothing"], "≤", 360),
            ("peak memory of a notebook's kernel, GB", peak, "≤", 1.5),
        ]  # fmt: skip
    return [
        {
            "name": name,
            "value": value,
            "target": f"{sign} {limit}",
            "met": value is not None
            and (value <= limit if sign == "≤" else value >= limit),
        }
        for name, value, sign, limit in rows
    ]


def make_table(targets):
    """Tabulate the targets as text."""
    lines = ["| measure | value | target | met |", "| --- | ---: | ---: | --- |"]
    for row in targets:
        value = "not measured" if row["value"] is None else f"{row['value']:.3g}"
        if row["value"] is not None and row["name"].endswith("seeds"):
            value = f"{row['value']:.4g}"
        met = "yes" if row["met"] else "no"
        lines.append(f"| {row['name']} | {value} | {row['target']} | {met} |")
    return "\n".join(lines)


def main():
    """Race the peers, time the notebooks, and write what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one seed, no notebooks")
    parser.add_argument("--pages", action="store_true", help="only time the notebooks")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs)
    options = parser.parse_args()
    path = home() / "results" / "benchmark.json"
    if options.pages:
        stored = json.loads(path.read_text())
        races, known = stored["trainings"], stored["versions"]
    else:
        n_seeds = 1 if options.quick else options.seeds
        names = find_peers()
        races = [race(names, seed, options.epochs) for seed in range(n_seeds)]
        others = {n: metadata.version(NEEDS[n]) for n in names if n in NEEDS}
        known = versions() | others
    names, epochs = list(races[0]), len(races[0]["ours"]["epochs"])
    peers = {name: summarize_peer([r[name] for r in races]) for name in names}
    reports = None if options.quick else time_reports()
    seeds = summarize_seeds(load_test_set()[1])
    rows = json.loads(ALL_OUT.read_text()) if ALL_OUT.exists() else []
    all_out = [row["test_accuracy"] for row in rows]
    targets = list_targets(peers, reports, seeds, all_out)
    ours = peers["ours"]["epoch_seconds"]
    content = {
        "machine": describe_machine(),
        "versions": known,
        "recipe": RECIPE._asdict(),
        "epochs": epochs,
        "seeds": len(races),
        "peers": peers,
        "ratio_to_ours": {n: p["epoch_seconds"] / ours for n, p in peers.items()},
        "all_out": rows,
        "reports": reports,
        "targets": targets,
        "trainings": races,
    }
    write_file(path, json.dumps(content, indent=1) + "\n")
    page = write_page(content, home() / "benchmark.html")
    seal_benchmark(home())
    print(make_table(targets))
    print(f"Done. Open this page in a browser: {page}")


if __name__ == "__main__":
    main()
