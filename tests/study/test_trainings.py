"""The study trains what is missing, wherever that runs and however often it stops."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import stand_in
from stand_in import make_finished

from fashionnet.__main__ import main
from fashionnet.recipes import RECIPE, Recipe
from fashionnet.runs import find_run, store_run
from fashionnet.storing import RunError
from fashionnet.study import trainings
from fashionnet.study.tasks import BEST_FOR_TEN
from fashionnet.study.trainings import (
    Job,
    list_jobs,
    load_runs,
    recipe_for,
    train_missing,
    train_run,
)

ROOT = Path(__file__).parents[2]
SHORT = Recipe(hidden_units=(8,), batch_size=512, epochs=1, patience=1, n_train=600)
JOBS = list_jobs("controls")
TRAIN = """
from fashionnet.study.trainings import list_jobs, train_missing

print(len(train_missing(list_jobs("controls"))), "runs trained")
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    """Make the environment of processes in which trainings are stood in for."""
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "sitecustomize.py").write_text(stand_in.SITECUSTOMIZE)
    paths = map(str, (folder, ROOT, Path(__file__).parent))
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
    command = [sys.executable, "-c", TRAIN]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=os.environ | workplace, **pipes) as study:
        while study.poll() is None and not list_manifests(workplace["FASHIONNET_HOME"]):
            time.sleep(0.01)
        study.send_signal(signal.SIGKILL)
        output = study.communicate(timeout=60)[0]
    assert study.returncode == -signal.SIGKILL, output.decode()
    return list_manifests(workplace["FASHIONNET_HOME"])


@pytest.fixture(scope="module")
def resumed(workplace, killed):
    """Start the killed study again; return what it said."""
    command, env = [sys.executable, "-c", TRAIN], os.environ | workplace
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True)


def test_study_started_again_trains_only_what_is_missing(killed, resumed, workplace):
    assert 0 < len(killed) < len(JOBS)
    stored, trained = resumed.stdout.splitlines()
    assert stored.startswith(f"{len(killed)} of {len(JOBS)} runs")
    assert trained == f"{len(JOBS) - len(killed)} runs trained"
    now = list_manifests(workplace["FASHIONNET_HOME"])
    assert {folder: now[folder] for folder in killed} == killed
    assert len(now) == len(JOBS)


def test_progress_is_one_bar_and_nothing_else_is_printed(killed, resumed):
    n_missing = len(JOBS) - len(killed)
    lines = re.split(r"[\r\n]+", resumed.stderr.strip())
    form = rf"\d+ of {n_missing} runs +\d+%\|.*\| \d\d:\d\d passed, \S+ left"
    assert [line for line in lines if not re.fullmatch(form, line.strip())] == []
    assert lines[-1].startswith(f"{n_missing} of {n_missing} runs 100%")


def test_finished_study_trains_nothing(resumed, workplace, monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", workplace["FASHIONNET_HOME"])
    monkeypatch.setattr(trainings, "Parallel", pytest.fail)
    assert train_missing(JOBS) == []


@pytest.mark.slow
def test_cluster_of_two_workers_gives_the_same_predictions(
    resumed, workplace, monkeypatch, tmp_path, capsys
):
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    for name, value in workplace.items():
        monkeypatch.setenv(name, value)
    jobs = JOBS[1:3]
    alone = [find_run(*job) for job in jobs]
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path / "of the cluster"))
    monkeypatch.setattr(trainings, "list_jobs", lambda part: jobs)
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None
    ) as cluster:
        assert main(["study", "--cluster", cluster.scheduler_address]) == 0
    assert "2 networks, 6 epochs" in capsys.readouterr().out
    for job, run in zip(jobs, alone, strict=True):
        again = find_run(*job)
        assert again.folder != run.folder
        np.testing.assert_array_equal(again.y_prob_test, run.y_prob_test)
        np.testing.assert_array_equal(again.y_prob_val, run.y_prob_val)


def test_study_has_75_trainings_with_the_longest_first():
    jobs = list_jobs()
    assert len(jobs) == len(set(jobs)) == 75
    parts = {part: list_jobs(part) for part in ("main", "controls", "curve")}
    assert [len(some) for some in parts.values()] == [20, 15, 40]
    assert set(jobs) == {job for some in parts.values() for job in some}
    lengths = [(j.recipe.n_train or 54_000) * j.recipe.epochs for j in jobs]
    assert lengths == sorted(lengths, reverse=True)
    # Pairs are trained seed by seed.
    counts = Counter((job.seed, job.recipe) for job in parts["curve"])
    assert set(counts.values()) == {2}
    whole = Counter((j.task, j.recipe) for j in parts["main"] + parts["controls"])
    expected = {"multiclass": 10, "binary": 10, "grouped": 5, "three_groups": 5}
    expected = {(task, RECIPE): n for task, n in expected.items()}
    assert whole == expected | {("multiclass", BEST_FOR_TEN): 5}


def test_small_sets_get_more_steps_for_their_images():
    recipes = [recipe_for(n) for n in trainings.SIZES]
    assert [r.n_train for r in recipes] == [500, 1_500, 5_000, 15_000]
    assert recipe_for(54_000) == RECIPE
    passes = [r.n_train / r.batch_size * r.epochs for r in recipes]
    assert passes == sorted(passes)
    # From 500 to 54,000 images are 108 times as many, steps a handful.
    assert 54_000 / RECIPE.batch_size * RECIPE.epochs < 5 * passes[0]
    with pytest.raises(ValueError, match="600"):
        recipe_for(600)


def test_damaged_run_is_named_before_anything_is_trained(monkeypatch):
    run = store_run(make_finished("binary", 0, RECIPE))
    (run.folder / "history.json").write_text("{")
    monkeypatch.setattr(trainings, "Parallel", pytest.fail)
    with pytest.raises(RunError, match=r"binary.seed-0.history\.json"):
        train_missing([Job("multiclass", 0), Job("binary", 0)])


def test_failed_training_keeps_those_before_it(monkeypatch):
    def trained(*args, **settings):
        def run(calls):
            yield Job("binary", 0), make_finished("binary", 0, RECIPE)
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
        return [store_run(make_finished(*job)) for job in jobs]

    monkeypatch.setattr(trainings, "train_missing", train)
    assert main(["study", "--only", "controls", "--jobs", "3"]) == 0
    assert asked == {"jobs": JOBS, "n_jobs": 3, "backend": None}
    assert "15 networks, 45 epochs" in capsys.readouterr().out


# One training.


@pytest.fixture
def trained(monkeypatch):
    """Stand in for the training in this process; list what is trained."""
    asked = []

    def train_task(*job):
        asked.append(job)
        return make_finished(*job)

    networks = SimpleNamespace(train_task=train_task)
    monkeypatch.setitem(sys.modules, "fashionnet.study.networks", networks)
    return asked


def test_finished_run_is_reused_for_its_seed_and_recipe_only(trained):
    runs = [train_run("grouped", 3), train_run("grouped", 1, SHORT)]
    assert train_run("grouped", 3).folder == runs[0].folder
    assert trained == [("grouped", 3, RECIPE), ("grouped", 1, SHORT)]
    assert list(load_runs("grouped", range(5))) == [3]
    assert list(load_runs("grouped", range(5), SHORT)) == [1]
    train_run("grouped", 1)
    assert trained[2:] == [("grouped", 1, RECIPE)]
    assert load_runs("grouped", [1], SHORT)[1].folder == runs[1].folder


def test_damaged_run_is_refused_until_it_is_deleted(trained):
    run = train_run("multiclass", 0)
    (run.folder / "predictions.npz").write_bytes(b"damaged")
    with pytest.raises(RunError, match=r"predictions\.npz"):
        train_run("multiclass", 0)
    shutil.rmtree(run.folder)
    again = train_run("multiclass", 0)
    np.testing.assert_array_equal(again.y_prob_test, run.y_prob_test)
    assert len(trained) == 2
