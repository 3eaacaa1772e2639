"""Execute the notebooks and publish their pages, all or nothing."""

import asyncio
import contextlib
import json
import os
import platform
import shutil
import signal
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import nbformat

from fashionnet.data import load_test_set, load_training_set
from fashionnet.publish.cnn import load_cnn
from fashionnet.publish.editions import build_colab
from fashionnet.publish.execute import Progress, execute_notebook, run_all
from fashionnet.publish.explorer import render_explorer
from fashionnet.publish.gate import require_evidence
from fashionnet.publish.home import render_home
from fashionnet.publish.near import load_near
from fashionnet.publish.page import render_page
from fashionnet.publish.published import (
    BENCHMARK,
    BOOKS,
    BUILD,
    FURTHER,
    NOTEBOOKS,
    PUBLISHING,
    README_BLOCK,
    ROOT,
    SYSTEMS,
    finish_publishing,
    lock,
    read_json,
    sum_files,
    write_file,
)
from fashionnet.publish.results import write_readme_block, write_results
from fashionnet.publish.systems import render_systems
from fashionnet.publish.trying import load_layers, render_trying
from fashionnet.storing import home
from fashionnet.study.pairs import find_pairs


def build_reports():
    """Execute the notebooks, render them, and publish what they made.

    Everything is made in a staging folder beside the reports, with a copy of the stored
    runs. Only what passes the gate of `check` is moved to its place.

    Raises:
        ReportError: If a notebook or the gate fails; the reports stay as they were.
    """
    target = home()
    target.mkdir(parents=True, exist_ok=True)
    with lock(target):
        finish_publishing(target)
        _build_in(target)
    print(f"Done. Open this page in a browser: {target / 'index.html'}")


def _build_in(target):
    """Make everything in a staging folder inside of `target`, and publish it there."""
    staging = Path(tempfile.mkdtemp(dir=target, prefix=".staging-"))
    os.environ["FASHIONNET_HOME"] = str(staging)
    try:
        if (target / "runs").is_dir():
            half_written = shutil.ignore_patterns("*.part")  # what a kill left
            shutil.copytree(target / "runs", staging / "runs", ignore=half_written)
        books, pages, seconds = asyncio.run(make_pages(staging))
        results = write_results(staging)
        kept_sums = keep_benchmark(target, staging)
        build = describe_build(ROOT, seconds)
        write_pages(staging, books, pages, results, build, kept_sums)
        require_evidence()
        if target == ROOT / "reports":
            write_file(staging / README_BLOCK, write_readme_block(results))
        os.replace(staging, target / PUBLISHING)
        finish_publishing(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        os.environ["FASHIONNET_HOME"] = str(target)


async def make_pages(staging):
    """Execute the notebooks, and render each to its page.

    The three parts run side by side, each with as many threads as when it is alone. The
    third one waits, with all that it imports, until the first two have stored their
    trainings. Then it goes on, their pages are rendered, and the further notebooks
    follow, two at a time: each takes up to a gigabyte of memory.

    Args:
        staging: Where the kernels run. The executed notebooks are written there.

    Returns:
        Notebooks, pages and the seconds of each execution, as dictionaries by name.
    """
    paths = {name: ROOT / "notebooks" / f"{name}.ipynb" for name in BOOKS}
    books = {name: nbformat.read(path, as_version=4) for name, path in paths.items()}
    progress, others_stored = Progress(books), asyncio.Event()
    room_for_further = asyncio.Semaphore(2)
    clock = asyncio.create_task(progress.keep_clock_running())
    interrupt = signal.getsignal(signal.SIGINT)
    pages, seconds = {}, {}

    async def execute(name):
        """Execute one notebook and write it."""
        ways = staging, progress, interrupt, others_stored
        seconds[name] = await execute_notebook(name, books[name], *ways)
        target = staging / f"{name}.ipynb"
        target.parent.mkdir(exist_ok=True)
        nbformat.write(books[name], target)

    async def render(name):
        """Render a page where it does not hold up the kernels' messages."""
        pages[name] = await asyncio.to_thread(render_page, books[name], name)

    async def make_others(names):
        """Execute those that train, tell the third, and render them."""
        await run_all(*map(execute, names))
        others_stored.set()
        for name in names:
            await render(name)

    async def execute_further(name):
        """Execute one of the further notebooks when there is room for it."""
        await others_stored.wait()
        async with room_for_further:
            await execute(name)

    *trained, last = NOTEBOOKS
    further = map(execute_further, FURTHER)
    try:
        await run_all(make_others(trained), execute(last), *further)
    finally:
        clock.cancel()
        progress.close()
    for name in (last, *FURTHER):
        await render(name)
    return books, {name: pages[name] for name in BOOKS}, seconds


def keep_benchmark(source, folder):
    """Take along what `make bench` made. Returns the sums it had then, by file."""
    for name in BENCHMARK:
        if (source / name).is_file():
            shutil.copy2(source / name, folder / name)
    if not (source / BUILD).is_file():
        return {}
    sums = read_json(source / BUILD)["sha256"]
    return {name: sums[name] for name in BENCHMARK if name in sums}


def write_pages(folder, books, pages, results, build, kept_sums):
    """Write all pages into `folder`, and last how they were made, with their sums.

    Beside them go copies of the notebooks that run alone, for readers of the pages.

    Args:
        folder: Where they go, with the executed notebooks in it.
        books: The executed notebooks, by name.
        pages: What `render_page` made of them, by name.
        results: What `write_results` returned.
        build: What `describe_build` returned.
        kept_sums: What `keep_benchmark` returned.
    """
    has_benchmark = (folder / BENCHMARK[0]).is_file()
    index = render_home(books, pages, results, build, has_benchmark)
    test_set = load_test_set()
    explorer = render_explorer(*test_set, find_pairs(), load_training_set())
    trying = render_trying(*test_set, load_layers(), load_cnn(), load_near())
    overview = render_systems(books, results)
    pages = {**pages, "index": index, "explore": explorer, "try": trying}
    pages[SYSTEMS] = overview
    for name, page in pages.items():
        target = folder / f"{name}.html"
        target.parent.mkdir(exist_ok=True)
        target.write_text(page, encoding="utf-8")
    build_colab(folder / "colab", ROOT)
    sums = {**sum_files(folder), **kept_sums}
    write_file(folder / BUILD, json.dumps({**build, "sha256": sums}, indent=1) + "\n")


def describe_build(folder, seconds):
    """Collect what changes from build to build, for the home page.

    Args:
        folder: The checkout with the sources.
        seconds: Wall time of each executed notebook, by name.

    Returns:
        A dictionary of `date`, `commit` (`None` outside of git), `machine`, `seconds`.
    """
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": find_commit(folder),
        "machine": describe_machine(),
        "seconds": {name: round(value, 1) for name, value in seconds.items()},
    }


def find_commit(folder):
    """Name the commit of the sources, and say if they differ from it.

    The reports may differ: they are what is being made.
    """
    if not (folder / ".git").exists():
        return None
    try:
        commit = _ask_git(folder, "rev-parse", "--short", "HEAD")
        changes = _ask_git(folder, "status", "--porcelain", "--", ".", ":!reports")
    except (OSError, subprocess.CalledProcessError):
        return None
    return f"{commit} with changes" if changes else commit


def _ask_git(folder, *command):
    answer = subprocess.run(
        ["git", *command], cwd=folder, capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


def describe_machine():
    """Name processor, number of cores and operating system."""
    model = platform.processor() or platform.machine()
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        names = [x.split(":")[1].strip() for x in lines if x.startswith("model name")]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"
