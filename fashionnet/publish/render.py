"""Execute the notebooks and publish their pages, all or nothing."""

import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from tqdm import tqdm

from fashionnet.course.explore import render_explorer
from fashionnet.course.files import fill_place
from fashionnet.course.home_page import render_home
from fashionnet.course.notebook_page import render_page
from fashionnet.course.provenance import describe_build
from fashionnet.course.published import NOTEBOOKS
from fashionnet.course.results import write_readme_block, write_results
from fashionnet.course.rubric import require_evidence
from fashionnet.data import load_fashion_mnist
from fashionnet.runs import MANIFEST, home
from fashionnet.study import find_pairs

ROOT = Path(__file__).resolve().parents[2]
CELL_SECONDS = 900
DEVICE_MESSAGE = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} \S+ +\d+ \S+\.cc:\d+\]"
    r"|To enable the following instructions"
)


def build_reports():
    """Execute the notebooks in order, render them, and publish what they made.

    Everything is made in a staging folder beside the reports, with a copy of the stored
    runs. Only what passes the gate of `make check` is moved to its place.

    Raises:
        SystemExit: If a notebook or the gate fails; the reports stay as they were.
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
        if has_benchmark := (target / "benchmark.html").is_file():
            shutil.copy2(target / "benchmark.html", staging)
        write_pages(staging, books, results, seconds, has_benchmark)
        require_evidence()
        publish(staging, target)
    except (CellExecutionError, DeadKernelError) as error:
        raise SystemExit(f"{error}\n{name} failed: nothing was published.") from None
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
        CellExecutionError: If a cell fails.
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
        )
        try:
            # What libraries write past Jupyter would tear the progress bar.
            client.execute(env=env, stderr=log)
        except DeadKernelError:
            log.seek(0)
            print(log.read()[-2000:], file=sys.stderr)
            raise
    drop_device_messages(book)
    print(f"{path.stem}: executed in {time.perf_counter() - start:.0f} s")
    return book


def drop_device_messages(book):
    """Drop what TensorFlow writes about missing GPUs; keep every other warning."""
    for cell in book.cells:
        for output in cell.get("outputs", []):
            if output.get("name") == "stderr":
                lines = output.text.splitlines(keepends=True)
                output.text = "".join(x for x in lines if not DEVICE_MESSAGE.match(x))
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("text") != ""]


def write_pages(folder, books, results, seconds, has_benchmark=False):
    """Write all pages into `folder`.

    Args:
        folder: Where they go.
        books: The executed notebooks, by name.
        results: What `write_results` returned.
        seconds: How long each notebook ran, by name.
        has_benchmark: Whether there will be a `benchmark.html` beside them.
    """
    pages = {name: render_page(book) for name, book in books.items()}
    build = describe_build(ROOT, seconds)
    home_page = render_home(books, pages, results, build, has_benchmark)
    explorer = render_explorer(*load_fashion_mnist()[2:], find_pairs())
    for name, page in {**pages, "index": home_page, "explore": explorer}.items():
        (folder / f"{name}.html").write_text(page, encoding="utf-8")


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


if __name__ == "__main__":
    build_reports()
