"""The study trains what is missing, wherever that runs and however often it stops."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from fashionnet.__main__ import main
from fashionnet.runs import RECIPE, Recipe, Run, RunError, find_run, run_key, store_run
from fashionnet.study import trainings
from fashionnet.study.tasks import TASKS
from fashionnet.study.trainings import (
    Job,
    list_jobs,
    load_runs,
    recipe_for,
    train_missing,
)

ROOT = Path(__file__).parents[2]
# Python imports a file of this name whenever it starts: here, with noise for data.
SITECUSTOMIZE = """
import numpy as np
from fashionnet import data

rng = np.random.default_rng(0)
images = rng.integers(0, 256, (340, 28, 28), dtype=np.uint8)
labels = np.resize(np.arange(10, dtype=np.uint8), 340)
data.load_training_set = lambda: (images[:300], labels[:300])
data.load_test_set = lambda: (images[300:], labels[300:])
"""
SHORT = Recipe(hidden_units=(16, 16), batch_size=64, epochs=2, patience=2)
SMALL_STUDY = [Job(task, seed, SHORT) for seed in (0, 1) for task in TASKS]
TRAIN = """
from test_trainings import SMALL_STUDY
from fashionnet.study.trainings import train_missing

print(len(train_missing(SMALL_STUDY)), "runs trained")
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """Make the environment of processes that train on noise."""
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "sitecustomize.py").write_text(SITECUSTOMIZE)
    paths = map(str, (folder, ROOT, ROOT / "tests", Path(__file__).parent))
    old = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([*paths, *([old] if old else [])])
    return {"PYTHONPATH": path, "FASHIONNET_HOME": str(folder / "home")}


def list_manifests(home):
    return {
        path.parent: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in Path(home).rglob("seed-*/manifest.json")
    }


@pytest.fixture(scope="module")
def killed(workplace):
    """Kill a study when its first run is stored, and wait for its workers to end.

    All of them hold the other end of the pipe that is read here.
    """
    home = workplace["FASHIONNET_HOME"]
    command = [sys.executable, "-c", TRAIN]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=os.environ | workplace, **pipes) as study:
        while study.poll() is None and not list_manifests(home):
            time.sleep(0.01)
        study.send_signal(signal.SIGKILL)
        output = study.communicate(timeout=60)[0]
    assert study.returncode == -signal.SIGKILL, output.decode()
    return list_manifests(home)


@pytest.fixture(scope="module")
def resumed(workplace, killed):
    """Start the killed study again; return what it said."""
    command = [sys.executable, "-c", TRAIN]
    return subprocess.run(
        command, env=os.environ | workplace, capture_output=True, text=True, check=True
    )


def test_killed_study_keeps_finished_runs_and_leaves_no_process(killed):
    assert 0 < len(killed) < len(SMALL_STUDY)


def test_study_started_again_trains_only_what_is_missing(killed, resumed, workplace):
    n_missing = len(SMALL_STUDY) - len(killed)
    assert f"{len(killed)} of {len(SMALL_STUDY)} runs are stored" in resumed.stdout
    assert f"{n_missing} runs trained" in resumed.stdout
    now = list_manifests(workplace["FASHIONNET_HOME"])
    assert {folder: now[folder] for folder in killed} == killed
    assert len(now) == len(SMALL_STUDY)


def test_progress_is_one_bar_with_runs_and_time(killed, resumed):
    n_missing = len(SMALL_STUDY) - len(killed)
    lines = re.split(r"[\r\n]+", resumed.stderr.strip())
    form = rf"\d of {n_missing} runs +\d+%\|.*\| \d\d:\d\d passed, \S+ left"
    # Nothing else is printed: TensorFlow has much to say when it starts.
    assert [line for line in lines if not re.fullmatch(form, line.strip())] == []
    assert lines[-1].startswith(f"{n_missing} of {n_missing} runs 100%")


def test_every_training_had_one_thread(resumed, workplace):
    for text, _ in list_manifests(workplace["FASHIONNET_HOME"]).values():
        assert json.loads(text)["threads"] == 1


def test_finished_study_trains_nothing(resumed, workplace, monkeypatch, capsys):
    monkeypatch.setenv("FASHIONNET_HOME", workplace["FASHIONNET_HOME"])
    monkeypatch.setattr(trainings, "Parallel", pytest.fail)
    assert train_missing(SMALL_STUDY) == []
    assert capsys.readouterr().out == "8 of 8 runs are stored\n"


def test_cluster_of_two_workers_gives_the_same_predictions(
    resumed, workplace, monkeypatch, tmp_path, capsys
):
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    for name, value in workplace.items():
        monkeypatch.setenv(name, value)
    jobs = SMALL_STUDY[1:3]
    alone = [find_run(*job) for job in jobs]
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path / "of the cluster"))
    monkeypatch.setattr(trainings, "list_jobs", lambda part: jobs)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        assert main(["study", "--cluster", cluster.scheduler_address]) == 0
    assert "Trained 2 networks, 4 epochs" in capsys.readouterr().out
    for job, run in zip(jobs, alone, strict=True):
        again = find_run(*job)
        assert again.folder != run.folder
        np.testing.assert_array_equal(again.y_prob_test, run.y_prob_test)
        np.testing.assert_array_equal(again.y_prob_val, run.y_prob_val)


def make_finished(job):
    """Make a run as if the job had been trained."""
    manifest = {
        "task": job.task,
        "seed": job.seed,
        "key": run_key(*job),
        "recipe": job.recipe._asdict(),
        "epochs_run": 30,
    }
    return Run(manifest, {"val_loss": [1.0]}, np.zeros(2), np.zeros(3))


def test_study_has_seventy_trainings_with_the_longest_first():
    jobs = list_jobs()
    assert len(jobs) == len(set(jobs)) == 70
    parts = {part: list_jobs(part) for part in ("main", "controls", "curve")}
    assert {part: len(some) for part, some in parts.items()} == {
        "main": 20, "controls": 10, "curve": 40
    }  # fmt: skip
    assert set(jobs) == {job for some in parts.values() for job in some}
    lengths = [(j.recipe.n_train or 54_000) * j.recipe.epochs for j in jobs]
    assert lengths == sorted(lengths, reverse=True)


def test_study_is_paired_seed_by_seed():
    counts = Counter((job.seed, job.recipe) for job in list_jobs("curve"))
    assert set(counts.values()) == {2}
    assert Counter(job.task for job in list_jobs()) == {
        "multiclass": 30, "binary": 30, "grouped": 5, "three_groups": 5
    }  # fmt: skip
    whole = {job.recipe for part in ("main", "controls") for job in list_jobs(part)}
    assert whole == {RECIPE}


def test_small_sets_get_more_steps_for_their_images():
    recipes = [recipe_for(n) for n in trainings.SIZES]
    assert [r.n_train for r in recipes] == [500, 1_500, 5_000, 15_000]
    assert recipe_for(54_000) == RECIPE
    passes = [r.n_train / r.batch_size * r.epochs for r in recipes]
    assert passes == sorted(passes)
    # From 500 to 54,000 images are 108 times as many, steps a handful.
    assert 54_000 / RECIPE.batch_size * RECIPE.epochs < 5 * passes[0]


def test_size_without_recipe_is_refused_by_name():
    with pytest.raises(ValueError, match=r"n_train is 600.*\[500, .*54000\]"):
        recipe_for(600)


def test_stored_runs_are_read_by_seed():
    store_run(make_finished(Job("grouped", 3)))
    store_run(make_finished(Job("grouped", 1, SHORT)))
    assert list(load_runs("grouped", range(5))) == [3]
    assert list(load_runs("grouped", range(5), SHORT)) == [1]


def test_damaged_run_is_named_before_anything_is_trained(monkeypatch):
    run = store_run(make_finished(Job("binary", 0)))
    (run.folder / "history.json").write_text("{")
    monkeypatch.setattr(trainings, "Parallel", pytest.fail)
    with pytest.raises(RunError, match=r"binary.seed-0.history\.json"):
        train_missing([Job("multiclass", 0), Job("binary", 0)])


def test_failed_training_keeps_those_before_it(monkeypatch):
    def trained(*args, **settings):
        def run(calls):
            yield Job("binary", 0), make_finished(Job("binary", 0))
            raise MemoryError

        return run

    monkeypatch.setattr(trainings, "Parallel", trained)
    with pytest.raises(MemoryError):
        train_missing([Job("binary", 0), Job("binary", 1)])
    assert list(load_runs("binary", range(5))) == [0]


def test_command_trains_the_part_it_is_told(monkeypatch, capsys):
    asked = {}

    def train(jobs, **settings):
        asked.update(settings, jobs=jobs)
        return [store_run(make_finished(job)) for job in jobs]

    monkeypatch.setattr(trainings, "train_missing", train)
    assert main(["study", "--only", "controls", "--jobs", "3"]) == 0
    assert {job.task for job in asked["jobs"]} == {"grouped", "three_groups"}
    assert (asked["n_jobs"], asked["backend"]) == (3, None)
    output = capsys.readouterr().out
    assert "Trained 10 networks, 300 epochs" in output
    assert "Next: python -m fashionnet reports" in output
