"""Execute the notebooks and publish their pages, all or nothing."""

import inspect
import os
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError
from nbconvert import HTMLExporter
from pygments.formatters import HtmlFormatter
from tqdm import tqdm

from fashionnet import evaluation, models, runs, study, training
from fashionnet.course.files import fill_place
from fashionnet.course.published import NOTEBOOKS
from fashionnet.course.results import (
    tabulate_results,
    write_readme_block,
    write_results,
)
from fashionnet.course.rubric import require_evidence
from fashionnet.runs import MANIFEST, home

ROOT = Path(__file__).resolve().parents[2]
TEMPLATE = Path(__file__).parent / "template"
CELL_SECONDS = 900
SHOWN_MODULES = {
    "models": models,
    "training": training,
    "evaluation": evaluation,
    "study": study,
    "runs": runs,
}
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
        books, pages = {}, {}
        for name in NOTEBOOKS:
            book = execute_notebook(ROOT / "notebooks" / f"{name}.ipynb", staging)
            nbformat.write(book, staging / f"{name}.ipynb")
            books[name], pages[name] = book, render_page(book)
        results = write_results(staging)
        if has_benchmark := (target / "benchmark.html").is_file():
            shutil.copy2(target / "benchmark.html", staging)
        pages["index"] = render_home(books, pages, results, has_benchmark)
        for name, page in pages.items():
            (staging / f"{name}.html").write_text(page, encoding="utf-8")
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


def render_page(book):
    """Render an executed notebook to one page that loads nothing from elsewhere."""
    exporter = HTMLExporter(
        template_name="template",
        extra_template_basedirs=[str(TEMPLATE.parent)],
        language_code="en",
    )
    resources = {
        "metadata": {"name": title_of(book)},
        "highlight_css": highlight_css(),
        "functions": list_functions(book),
    }
    page, _ = exporter.from_notebook_node(book, resources)
    links = "".join(f'<a href="#{i}">{text}</a>' for i, text in headings_of(page))
    return page.replace("<!-- contents -->", links)


def list_functions(book):
    """List name and source of the package's functions that a notebook calls.

    Figures and sentences are left out: they say in the page what they do.
    """
    code = "\n".join(c.source for c in book.cells if c.cell_type == "code")
    calls = re.findall(rf"\b({'|'.join(SHOWN_MODULES)})\.([a-z]\w+)\(", code)
    return [
        (f"{module}.{name}", inspect.getsource(getattr(SHOWN_MODULES[module], name)))
        for module, name in sorted(set(calls))
    ]


def render_home(books, pages, results, has_benchmark=False):
    """Render the page that leads to the others, with results and steps."""
    env = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True)
    entries = [
        {
            "name": name,
            "title": title_of(books[name]),
            "headings": headings_of(page),
            "finding": last_sentences(books[name]),
        }
        for name, page in pages.items()
    ]
    template = env.get_template("home.html.j2")
    rows = tabulate_results(results)
    return template.render(
        pages=entries,
        rows=rows,
        run=results["multiclass"],
        has_benchmark=has_benchmark,
    )


def title_of(book):
    """Return the heading of a notebook."""
    return book.cells[0].source.splitlines()[0].removeprefix("# ")


def last_sentences(book):
    """Return the last generated sentences of a notebook: what it found."""
    outputs = [o for c in book.cells for o in c.get("outputs", []) if "data" in o]
    texts = [o.data["text/markdown"] for o in outputs if "text/markdown" in o.data]
    return texts[-1].replace("**", "") if texts else ""


def headings_of(page):
    """List the sections of a page as `(id, text)`."""
    return re.findall(r'<h2 id="([^"]+)">(.*?)<a class="anchor-link"', page)


def highlight_css():
    """Return the colors of code on light and on dark ground."""
    light, dark = (
        HtmlFormatter(style=style).get_style_defs(".highlight")
        for style in ("default", "github-dark")
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


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
