"""The project works wherever it lies, and whatever the machine is set to."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil  # a dependency of Jupyter's kernel
import pytest

ROOT = Path(__file__).parents[1]
PARTS = ("fashionnet", "notebooks", "reports", "pyproject.toml", "README.md")
PARTS += ("benchmarks", "tests/pictures")
pytestmark = pytest.mark.integration
# A place, a time and a language unlike those of whoever wrote this.
ELSEWHERE = {"TZ": "Asia/Kathmandu", "LC_ALL": "C", "PYTHONUTF8": "0", "LANG": "C"}


@pytest.fixture
def checkout(tmp_path):
    """Copy the project into a folder whose name has what names seldom have."""
    folder = tmp_path / "a place, möglichst #1"
    for part in PARTS:
        if (ROOT / part).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".staging-*", "*.h5")
            shutil.copytree(ROOT / part, folder / part, ignore=ignored)
        else:
            shutil.copy2(ROOT / part, folder / part)
    return folder


def measure_memory(process):
    """Return the memory that a process and its children have together, in bytes.

    What several of them share is counted once.
    """
    total = 0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.Error):  # it may have ended
            total += one.memory_full_info().pss
    return total


def run(verb, checkout, **env):
    """Run a verb in a copy of the project.

    Returns exit status, output, and the most memory that it took, in gigabytes.
    """
    command = [sys.executable, "-m", "fashionnet", verb]
    env = {**os.environ, **ELSEWHERE, "PYTHONPATH": str(checkout), **env}
    if "FASHIONNET_HOME" not in env or env["FASHIONNET_HOME"] == "":
        env.pop("FASHIONNET_HOME", None)
    with open(checkout / "log", "w") as log:
        process = subprocess.Popen(
            command, cwd=checkout, env=env, umask=0o077, stdout=log, stderr=log
        )
        peak, family = 0, psutil.Process(process.pid)
        while process.poll() is None:
            peak = max(peak, measure_memory(family))
            time.sleep(0.2)
    said = (checkout / "log").read_text(encoding="utf-8", errors="replace")
    return process.returncode, said, peak / 1e9


@pytest.mark.slow
def test_published_reports_are_checked_in_any_place_and_language(checkout):
    status, said, _ = run("check", checkout, FASHIONNET_HOME="")
    assert status == 0, said


@pytest.mark.slow
def test_reports_are_made_elsewhere_on_one_core_in_little_memory(checkout, tmp_path):
    before = {p: p.stat().st_mtime_ns for p in checkout.rglob("*") if p.is_file()}
    home = tmp_path / "results ä #2"
    shutil.copytree(ROOT / "reports" / "runs", home / "runs")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        status, said, gigabytes = run("reports", checkout, FASHIONNET_HOME=str(home))
    finally:
        os.sched_setaffinity(0, cores)
    assert status == 0, said
    print(f"peak memory {gigabytes:.2f} GB")
    assert gigabytes < 4
    assert json.loads((home / "results/build.json").read_text())["seconds"]
    # Nothing but caches of Python is written where the project lies.
    changed = [
        path
        for path in checkout.rglob("*")
        if path.is_file() and before.get(path) != path.stat().st_mtime_ns
    ]
    assert {path.suffix for path in changed} <= {".pyc", ""}


@pytest.mark.slow
def test_second_build_in_a_folder_says_that_one_is_at_work(checkout, tmp_path):
    home = tmp_path / "home"
    shutil.copytree(ROOT / "reports" / "runs", home / "runs")
    first = []
    build = threading.Thread(
        target=lambda: first.append(run("reports", checkout, FASHIONNET_HOME=str(home)))
    )
    build.start()
    while not (home / ".lock").exists():
        assert build.is_alive()
    second = tmp_path / "second"
    shutil.copytree(checkout, second)
    status, said, _ = run("reports", second, FASHIONNET_HOME=str(home))
    assert status == 1
    assert str(home) in said
    build.join()
    assert first[0][0] == 0, first[0][1]
