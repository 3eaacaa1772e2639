"""One training in a process: silent, alone with its random numbers, never orphaned."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import stand_in

from fashionnet import FashionnetError
from fashionnet.recipes import Recipe
from fashionnet.runs import find_run
from fashionnet.study import workers
from fashionnet.study.trainings import Job, train_missing
from fashionnet.study.workers import connect, train_apart

SHORT = Recipe(hidden_units=(8,), batch_size=512, epochs=1, patience=1, n_train=600)


@pytest.mark.slow
@pytest.mark.integration
def test_pool_and_process_apart_train_alike_on_one_thread(monkeypatch, capfd):
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    job = Job("three_groups", 3, SHORT)
    [run] = train_missing([job])
    assert find_run(*job).folder == run.folder
    capfd.readouterr()
    again, apart = train_apart(job, 0)
    assert capfd.readouterr() == ("", "")
    assert again == job
    assert run.manifest["threads"] == apart.manifest["threads"] == 1
    assert run.y_prob_test.shape == run.y_pred_test.shape == (10_000,)
    np.testing.assert_array_equal(run.y_prob_test, apart.y_prob_test)


@pytest.mark.integration
def test_failure_apart_is_told_with_what_was_said(tmp_path, monkeypatch):
    (tmp_path / "sitecustomize.py").write_text(stand_in.SITECUSTOMIZE)
    path = os.pathsep.join([str(tmp_path), str(Path(__file__).parent)])
    monkeypatch.setenv("PYTHONPATH", path)
    with pytest.raises(RuntimeError, match=r"ternary(?s:.*)ValueError"):
        train_apart(Job("ternary", 0), 0)


def test_process_ends_with_its_caller(monkeypatch):
    ended, parents = [], iter([11, 11, 1])
    monkeypatch.setattr(workers.os, "getppid", lambda: next(parents))
    monkeypatch.setattr(workers.os, "_exit", ended.append)
    monkeypatch.setattr(workers.time, "sleep", lambda seconds: None)
    # A thread that runs when it is started, in its caller.
    monkeypatch.setattr(
        workers.threading,
        "Thread",
        lambda target, daemon: SimpleNamespace(start=target),
    )
    workers.end_with(11)
    assert ended == [1]


def test_cluster_whose_workers_share_a_process_is_refused():
    distributed = pytest.importorskip("distributed", reason="dask is not installed")
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
        ) as cluster,
        pytest.raises(FashionnetError, match="--nthreads 1"),
    ):
        connect(cluster.scheduler_address)


def test_cluster_without_dask_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(FashionnetError, match=r"\[cluster\]"):
        connect("tcp://127.0.0.1:8786")


def test_cluster_that_does_not_answer_is_named():
    dask = pytest.importorskip("dask", reason="dask is not installed")
    pytest.importorskip("distributed", reason="dask is not installed")
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "300ms"}),
        pytest.raises(FashionnetError, match=r"tcp://127\.0\.0\.1:1"),
    ):
        connect("tcp://127.0.0.1:1")
