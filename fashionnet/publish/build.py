"""Execute the notebooks and publish their pages, all or nothing."""

import asyncio
import contextlib
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from tqdm import tqdm

from fashionnet.data import load_test_set
from fashionnet.publish.explorer import render_explorer
from fashionnet.publish.gate import require_evidence
from fashionnet.publish.home import render_home
from fashionnet.publish.page import render_page
from fashionnet.publish.published import (
    BENCHMARK,
    BUILD,
    NOTEBOOKS,
    ROOT,
    ReportError,
    fill_place,
    read_json,
    sum_files,
    write_file,
)
from fashionnet.publish.results import write_readme_block, write_results
from fashionnet.runs import MANIFEST, home
from fashionnet.study.pairs import find_pairs

CELL_SECONDS = 900
DEVICE_MESSAGE = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} \S+ +\d+ \S+\.cc:\d+\]"
    r"|To enable the following instructions"
)


def build_reports():
    """Execute the notebooks in order, render them, and publish what they made.

    Everything is made in a staging folder beside the reports, with a copy of the stored
    runs. Only what passes the gate of `check` is moved to its place.

    Raises:
        ReportError: If a notebook or the gate fails; the reports stay as they were.
    """
    target = home()
    target.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=target, prefix=".staging-"))
    os.environ["FASHIONNET_HOME"] = str(staging)
    try:
        if (target / "runs").is_dir():
            shutil.copytree(target / "runs", staging / "runs")
        books, seconds = {}, {}
        for name in NOTEBOOKS:
            start = time.perf_counter()
            book = execute_notebook(ROOT / "notebooks" / f"{name}.ipynb", staging)
            nbformat.write(book, staging / f"{name}.ipynb")
            books[name], seconds[name] = book, time.perf_counter() - start
        results = write_results(staging)
        kept_sums = keep_benchmark(target, staging)
        build = describe_build(ROOT, seconds)
        write_pages(staging, books, results, build, kept_sums)
        require_evidence()
        publish(staging, target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        os.environ["FASHIONNET_HOME"] = str(target)
    if target == ROOT / "reports":
        fill_place(ROOT / "README.md", "results", write_readme_block(results))
    print(f"Done. Open this page in a browser: {target / 'index.html'}")


def execute_notebook(path, folder, *, record_timing=False):
    """Run one notebook in a fresh kernel whose working directory is `folder`.

    Args:
        path: The notebook.
        folder: Where its kernel runs.
        record_timing: Keep in each cell's metadata when it ran.

    Returns:
        The executed notebook.

    Raises:
        ReportError: If a cell fails or the kernel dies.
    """
    book = nbformat.read(path, as_version=4)
    n_code = sum(cell.cell_type == "code" for cell in book.cells)
    env = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    start = time.perf_counter()
    progress = tqdm(total=n_code, desc=path.stem, unit="cell", file=sys.stdout)
    with tempfile.TemporaryFile("w+") as log, progress as bar:
        client = NotebookClient(
            book,
            timeout=CELL_SECONDS,
            record_timing=record_timing,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: bar.update(),
            on_notebook_start=_let_interrupt,
        )
        try:
            # What libraries write past Jupyter would tear the progress bar.
            client.execute(env=env, stderr=log)
        except (CellExecutionError, DeadKernelError) as error:
            log.seek(0)
            said = f"{log.read()[-2000:]}\n{error}".strip()
            message = f"{said}\n{path.stem} failed: nothing was published."
            raise ReportError(message) from None
    drop_device_messages(book)
    print(f"{path.stem}: executed in {time.perf_counter() - start:.0f} s")
    return book


def _let_interrupt(notebook):
    """Let Ctrl-C end the work: nbclient would take it for the kernel's death."""
    with contextlib.suppress(NotImplementedError):  # where signals are not handled so
        asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)


def drop_device_messages(book):
    """Drop what TensorFlow writes about missing GPUs; keep every other warning."""
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                lines = output.text.splitlines(keepends=True)
                output.text = "".join(x for x in lines if not DEVICE_MESSAGE.match(x))
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("text") != ""]


def keep_benchmark(source, folder):
    """Take along what `make bench` made. Returns the sums it had then, by file."""
    for name in BENCHMARK:
        if (source / name).is_file():
            shutil.copy2(source / name, folder / name)
    if not (source / BUILD).is_file():
        return {}
    sums = read_json(source / BUILD)["sha256"]
    return {name: sums[name] for name in BENCHMARK if name in sums}


def write_pages(folder, books, results, build, kept_sums):
    """Write all pages into `folder`, and last how they were made, with their sums.

    Args:
        folder: Where they go, with the executed notebooks in it.
        books: The executed notebooks, by name.
        results: What `write_results` returned.
        build: What `describe_build` returned.
        kept_sums: What `keep_benchmark` returned.
    """
    pages = {name: render_page(book) for name, book in books.items()}
    has_benchmark = (folder / BENCHMARK[0]).is_file()
    pages["index"] = render_home(books, pages, results, build, has_benchmark)
    pages["explore"] = render_explorer(*load_test_set(), find_pairs())
    for name, page in pages.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
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


def publish(staging, target):
    """Move every finished file to its place; a run's manifest goes last."""
    files = [p for p in staging.rglob("*") if p.is_file()]
    for path in files:
        if path.name == MANIFEST:
            (target / path.relative_to(staging)).unlink(missing_ok=True)
    for path in sorted(files, key=lambda p: (p.name == MANIFEST, p)):
        place = target / path.relative_to(staging)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, place)
