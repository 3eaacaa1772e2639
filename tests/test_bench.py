"""The benchmark is fair: the same images, network size and updates for every peer."""

import html
import importlib.util
import io
import json
import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fashionnet.data import Split, split_train_val
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.recipes import RECIPE
from fashionnet.training import make_optimizer

ROOT = Path(__file__).parents[1]
BENCHMARKS, REPORTS = ROOT / "benchmarks", ROOT / "reports"
SMALL = RECIPE._replace(hidden_units=(16, 8), batch_size=64)
EPOCHS = 3


def load(name):
    spec = importlib.util.spec_from_file_location(name, BENCHMARKS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


peers = load("peers")
page = load("page")
bench = load("bench")
all_out = load("all_out")
INSTALLED = bench.find_peers()


def run_here(name, noise):
    reports = io.StringIO()
    turns = peers.Turns(
        split_train_val(*noise, seed=0), *noise, io.StringIO("\n" * EPOCHS), reports
    )
    peers.PEERS[name](turns, 0, EPOCHS)
    return [json.loads(line) for line in reports.getvalue().splitlines()]


def run_elsewhere(name, noise, folder):
    """Run a peer whose Keras has another backend in a process of its own."""
    np.savez(folder / "noise.npz", images=noise[0], labels=noise[1])
    code = f"""
import os, sys
os.environ["KERAS_BACKEND"] = "jax"
sys.path.insert(0, {str(BENCHMARKS)!r})
import numpy as np, peers
from fashionnet.data import split_train_val
from fashionnet.recipes import RECIPE
noise = tuple(np.load({str(folder / "noise.npz")!r}).values())
peers.RECIPE = RECIPE._replace(hidden_units={SMALL.hidden_units}, batch_size=64)
turns = peers.Turns(split_train_val(*noise, seed=0), *noise)
peers.PEERS[{name!r}](turns, 0, {EPOCHS})
"""
    process = subprocess.run(
        [sys.executable, "-c", code], input="\n" * EPOCHS, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    return [json.loads(line) for line in process.stdout.splitlines()]


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("name", INSTALLED)
def test_every_peer_does_the_same_work(name, noise, monkeypatch, tmp_path):
    monkeypatch.setattr(peers, "RECIPE", SMALL)
    run = run_elsewhere if name == "JAX" else run_here
    extra = (tmp_path,) if name == "JAX" else ()
    first, *epochs, last = run(name, noise, *extra)
    split = split_train_val(*noise, seed=0)
    assert first["n_images"] == len(split.x_train) == 270
    reference = run_here("matrix products", noise)
    assert first["images_sha256"] == reference[0]["images_sha256"]
    assert last["n_parameters"] == (784 + 1) * 16 + (16 + 1) * 8 + (8 + 1) * 10
    assert last["n_updates"] == EPOCHS * math.ceil(270 / 64)
    assert len(epochs) == EPOCHS
    assert min(epoch["seconds"] for epoch in epochs) > 0


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("name", sorted(set(INSTALLED) - {"JAX", "matrix products"}))
def test_every_peer_learns(name, monkeypatch):
    recipe = SMALL._replace(hidden_units=(32, 32), learning_rate=0.01)
    monkeypatch.setattr(peers, "RECIPE", recipe)
    labels = np.tile(np.arange(10, dtype=np.uint8), 200)
    # A class is a bright row.
    images = np.zeros((2000, 28, 28), np.uint8)
    images[np.arange(2000), 2 * labels] = 255
    reports = io.StringIO()
    split = Split(images, labels, images, labels)
    turns = peers.Turns(split, images, labels, io.StringIO("\n" * 15), reports)
    peers.PEERS[name](turns, 0, 15)
    lines = [json.loads(line) for line in reports.getvalue().splitlines()]
    assert max(line["val_accuracy"] for line in lines[1:-1]) > 0.9
    assert lines[-1]["n_correct"] > 0.9 * len(labels)


def test_learning_rate_in_pytorch_is_that_of_our_optimizer():
    optimizer = make_optimizer(learning_rate=0.006, weight_decay=0.1, n_steps=57)
    ours = [float(optimizer._learning_rate(step)) for step in range(57)]
    theirs = [peers.learning_rate_at(step, 57, 0.006) for step in range(57)]
    np.testing.assert_allclose(theirs, ours, rtol=1e-4, atol=1e-9)


def make_training(seconds, accuracies):
    epochs = [
        {"seconds": s, "val_accuracy": a}
        for s, a in zip(seconds, accuracies, strict=True)
    ]
    return {
        "epochs": epochs, "n_parameters": 5, "n_updates": 9, "start_seconds": 3.0,
        "n_correct": 90, "n_test": 100, "peak_bytes": 10**9,
    }  # fmt: skip


def test_way_to_an_accuracy_counts_every_second_before_it():
    training = make_training([4.0, 1.0, 1.0], [0.5, 0.895, 0.91])
    assert bench.seconds_to(0.89, training) == 5.0
    assert bench.seconds_to(0.90, training) == 6.0
    assert bench.seconds_to(0.95, training) == math.inf


def test_never_counts_in_the_median():
    good = make_training([1.0, 1.0, 1.0], [0.5, 0.6, 0.9])
    bad = make_training([1.0, 1.0, 1.0], [0.5, 0.6, 0.7])
    assert bench.summarize_peer([good, good, bad])["seconds_to"]["89%"] == 3.0
    assert bench.summarize_peer([good, bad, bad])["seconds_to"]["89%"] is None


def test_pace_leaves_out_the_epoch_that_compiles():
    training = make_training([9.0, 1.0, 2.0, 3.0], [0.5, 0.6, 0.7, 0.8])
    peer = bench.summarize_peer([training])
    assert peer["epoch_seconds"] == 2.0
    assert peer["first_epoch_after_seconds"] == 12.0


def test_pace_is_compared_seed_by_seed():
    def run(seconds):
        return make_training([9.0, seconds, seconds], [0.5, 0.6, 0.7])

    races = [
        {"ours": run(1.0), "other": run(2.0)},
        {"ours": run(2.0), "other": run(6.0)},
        {"ours": run(4.0), "other": run(4.0)},
    ]
    ratio = bench.compare_pace("other", races)
    assert ratio == {"median": 2.0, "lowest": 1.0, "highest": 3.0}
    assert set(bench.compare_pace("ours", races).values()) == {1.0}


def test_reports_are_timed_as_one_command(tmp_path, monkeypatch):
    script = (
        "import json, os, pathlib, time; time.sleep(0.2); "
        "home = pathlib.Path(os.environ['FASHIONNET_HOME']); "
        "assert (home / 'runs/kept').read_text() == 'a run'; "
        "(home / 'results').mkdir(); (home / 'results/build.json').write_text("
        "json.dumps({'seconds': {'01': 0.1}}))"
    )
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs/kept").write_text("a run")
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path))
    monkeypatch.setattr(bench, "REPORTS", [sys.executable, "-c", script])
    timed = bench.time_reports()
    assert 0.2 <= timed["wall_seconds"] < 5
    assert timed["seconds"] == {"01": 0.1}
    assert 0.005 < timed["peak_gigabytes"] < 4
    monkeypatch.setattr(bench, "REPORTS", [sys.executable, "-c", "1 / 0"])
    with pytest.raises(SystemExit):
        bench.time_reports()


def test_committee_averages_its_branches(noise):
    branches = [build_mlp(10, hidden_units=(8,)) for _ in range(3)]
    committee = all_out.join_branches(branches)
    average = np.mean([predict_probabilities(b, noise[0]) for b in branches], axis=0)
    y_prob = predict_probabilities(committee, noise[0])
    np.testing.assert_allclose(y_prob, average, atol=1e-6)


def test_committee_is_within_its_limits():
    rows = json.loads(all_out.RESULTS.read_text())
    assert [row["seed"] for row in rows] == [0, 1, 2]
    for row in rows:
        assert row["parameters"] <= 3_000_000
        assert row["parameters"] == row["branches"] * 269_322
        assert row["recipe"]["epochs"] <= 50
        usual = json.loads(json.dumps(RECIPE._asdict()))
        assert usual | row["recipe"] == usual


@pytest.fixture
def stored():
    return json.loads((REPORTS / "results" / "benchmark.json").read_text())


def test_page_and_readme_are_those_of_the_stored_benchmark(stored):
    shown = html.unescape((REPORTS / "benchmark.html").read_text(encoding="utf-8"))
    readme = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
    # A field that a recipe was given later is not in what was stored before.
    usual = json.loads(json.dumps(RECIPE._asdict()))
    assert usual | stored["recipe"] == usual
    assert stored["peers"].keys() == stored["ratio_to_ours"].keys()
    for name, peer in stored["peers"].items():
        races = stored["trainings"]
        assert bench.summarize_peer([race[name] for race in races]) == peer
        ratio = bench.compare_pace(name, races)
        assert ratio == stored["ratio_to_ours"][name]
        cell = (
            f"{ratio['median']:.2f} ({ratio['lowest']:.2f} to {ratio['highest']:.2f})"
        )
        assert f"<td>{cell}</td>" in shown
    assert f"{stored['reports']['wall_seconds']:.0f} seconds" in shown
    assert page.make_table(stored) in readme
    alt = page.plot_race(stored["trainings"], stored["peers"]).figure.description
    assert alt in shown
    assert f"![{alt}](race.png)" in readme
    assert not re.findall(r'(?:src|href)="https?:', shown)


def test_every_peer_of_the_stored_benchmark_did_the_same_work(stored):
    for race in stored["trainings"]:
        assert set(race) == set(peers.PEERS)
        for field in ("n_images", "images_sha256", "n_parameters", "n_updates"):
            assert len({training[field] for training in race.values()}) == 1
