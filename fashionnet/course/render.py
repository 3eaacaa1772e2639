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
from nbconvert import HTMLExporter
from tqdm import tqdm

from fashionnet.course.results import write_results
from fashionnet.runs import MANIFEST, home

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("01_multiclass", "02_binary", "03_comparison")
CELL_SECONDS = 900
DEVICE_MESSAGE = re.compile(
    r"WARNING: All log messages before absl|[IWE]\d{4} \S+ +\d+ \S+\.cc:\d+\]"
    r"|To enable the following instructions"
)
README_BLOCK = re.compile(r"(<!-- results -->\n).*?(<!-- /results -->)", re.DOTALL)


def build_reports():
    """Execute the notebooks in order, render them, and publish what they made.

    Everything is made in a staging folder beside the reports, with a copy of the stored
    runs. Only when all notebooks have run is it moved to its place.

    Raises:
        SystemExit: If a notebook fails; the reports stay as they were.
    """
    target = home()
    target.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(dir=target, prefix=".staging-"))
    os.environ["FASHIONNET_HOME"] = str(staging)
    try:
        if (target / "runs").is_dir():
            shutil.copytree(target / "runs", staging / "runs")
        for name in NOTEBOOKS:
            book = execute_notebook(ROOT / "notebooks" / f"{name}.ipynb", staging)
            nbformat.write(book, staging / f"{name}.ipynb")
            page = render_page(book)
            (staging / f"{name}.html").write_text(page, encoding="utf-8")
        readme = write_results(staging)
        publish(staging, target)
    except (CellExecutionError, DeadKernelError) as error:
        raise SystemExit(f"{error}\n{name} failed: nothing was published.") from None
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        os.environ["FASHIONNET_HOME"] = str(target)
    if target == ROOT / "reports":
        update_readme(readme)
    print("Done. Open these pages in a browser:")
    for name in NOTEBOOKS:
        print(f"  {target / name}.html")


def execute_notebook(path, folder):
    """Run one notebook in a fresh kernel whose working directory is `folder`.

    Returns:
        The executed notebook.

    Raises:
        CellExecutionError: If a cell fails.
    """
    book = nbformat.read(path, as_version=4)
    n_code = sum(cell.cell_type == "code" for cell in book.cells)
    env = {k: v for k, v in os.environ.items() if k != "MPLBACKEND"}
    start = time.perf_counter()
    with tqdm(total=n_code, desc=path.stem, unit="cell", file=sys.stdout) as bar:
        client = NotebookClient(
            book,
            timeout=CELL_SECONDS,
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: bar.update(),
        )
        client.execute(env=env | {"TF_CPP_MIN_LOG_LEVEL": "3"})
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


def render_page(book):
    """Render an executed notebook to one page that loads nothing from elsewhere."""
    title = book.cells[0].source.splitlines()[0].removeprefix("# ")
    exporter = HTMLExporter(
        template_name="template",
        extra_template_basedirs=[str(Path(__file__).parent)],
        language_code="en",
    )
    page, _ = exporter.from_notebook_node(book, {"metadata": {"name": title}})
    return page


def update_readme(block):
    """Put the block of results between its two marks in the README."""
    path = ROOT / "README.md"
    text = README_BLOCK.sub(rf"\g<1>{block}\g<2>", path.read_text(encoding="utf-8"))
    part = path.with_name(path.name + ".part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)


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
