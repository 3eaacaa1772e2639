"""Print the published pages, and a report of at most four pages, as tagged PDFs.

Chromium or Chrome prints them. The report takes text, sentences and figures from the
executed notebooks and its tables from `results/*.json`: no number in it is typed.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import nbformat
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from nbconvert.filters import markdown2html

from fashionnet.course.results import COLUMNS, state_spread, tabulate_results
from fashionnet.runs import home

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = (
    "No Chromium or Chrome on the path, which prints the PDFs. Install one (Debian: "
    "apt install chromium), or print the pages from any browser."
)
PRINTING = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-pdf-header-footer",
    "--generate-pdf-document-outline",
)
PRINT_SECONDS = 120
# The explorer answers clicks: on paper there would be nothing to see.
UNPRINTED = ("explore",)
MAX_REPORT_PAGES = 4
ASIDES = ("## ", "**Exercises**", "**Sources.**")


def make_pdfs(reports, folder):
    """Print every page of `reports`, and the report, into `folder`.

    Raises:
        SystemExit: If there is no browser or no page, a page cannot be printed, or the
            report is longer than the assignment allows.
    """
    browser = find_chromium()
    if browser is None:
        raise SystemExit(NO_BROWSER)
    if not (reports / "index.html").is_file():
        raise SystemExit(f"{reports} has no pages yet: make reports")
    folder.mkdir(parents=True, exist_ok=True)
    for path in sorted(reports.glob("*.html")):
        if path.stem not in UNPRINTED:
            page = prepare_page(path.read_text(encoding="utf-8"))
            print_page(browser, page, folder / f"{path.stem}.pdf")
    report = folder / "report.pdf"
    print_page(browser, render_report(reports), report)
    if (n_pages := count_pages(report)) > MAX_REPORT_PAGES:
        raise SystemExit(
            f"{report} has {n_pages} pages, {MAX_REPORT_PAGES} are allowed: take "
            "something out of fashionnet/course/template/report.html.j2"
        )
    print(f"Done. The PDFs are in {folder}; report.pdf is the short one.")


def find_chromium():
    """Return the path of Chromium or Chrome, or `None`."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def prepare_page(page):
    """Unfold what is folded, and turn links to other files into plain text.

    In a PDF they would name a folder of this machine.
    """
    page = re.sub(r"<details(?![^>]*\sopen\b)", "<details open", page)
    return re.sub(r'(<a\b[^>]*?)\shref="(?!#|https?:)[^"]*"', r"\1", page)


def print_page(browser, page, target):
    """Print one page, given as HTML, to a tagged PDF with an outline.

    Raises:
        SystemExit: If the browser makes no PDF of it.
    """
    part = target.with_name(f"{target.name}.part")
    # Beside the target: Ubuntu's Chromium cannot see the usual temporary folder.
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="print-") as scratch:
        source = Path(scratch, "page.html")
        source.write_text(page, encoding="utf-8")
        # A profile of its own, because one that is open belongs to its window.
        profile = f"--user-data-dir={scratch}/profile"
        command = [browser, *PRINTING, profile, f"--print-to-pdf={part}"]
        try:
            subprocess.run(
                [*command, source.as_uri()],
                check=True,
                capture_output=True,
                text=True,
                timeout=PRINT_SECONDS,
            )
            os.replace(part, target)
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", None) or ""
            message = f"{browser} did not print {target.name}: {error}\n{said}"
            raise SystemExit(message) from None


def count_pages(path):
    """Return the number of pages of a PDF that Chromium made."""
    return len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))


def render_report(reports):
    """Render the report of the assignment from the executed notebooks and results."""
    books = {p.stem: nbformat.read(p, as_version=4) for p in reports.glob("*.ipynb")}
    files = (reports / "results").glob("*.json")
    results = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in files}
    env = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "template"), autoescape=True
    )
    return env.get_template("report.html.j2").render(
        books=books,
        results=results,
        columns=COLUMNS,
        rows=tabulate_results(results),
        spread=state_spread(results["seeds"]),
        explain=explain_step,
        conclude=conclude,
        sentences=find_sentences,
        figures=find_figures,
    )


def explain_step(book, step):
    """Return the text that opens a step of the assignment, as HTML."""
    for cell in book.cells:
        if re.match(rf"## {step}′?\) ", cell.source):
            return to_html(cell.source.replace("## ", "### ", 1))
    raise SystemExit(f"no section is headed {step})")


def conclude(book, heading):
    """Return the typed remarks of a section, without exercises and sources, as HTML."""
    starts = [i for i, cell in enumerate(book.cells) if cell.source.startswith("## ")]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        if book.cells[start].source.splitlines()[0] == f"## {heading}":
            cells = [c for c in book.cells[start:end] if c.cell_type == "markdown"]
            texts = [c.source for c in cells if not c.source.startswith(ASIDES)]
            return to_html("\n\n".join(texts))
    raise SystemExit(f"no section is headed {heading}")


def find_sentences(book, function):
    """Return the sentences shown where a function is called, as HTML."""
    found = _find_outputs(book, function, "text/markdown")
    return to_html("\n\n".join(output.data["text/markdown"] for output in found))


def find_figures(book, function):
    """List picture and alt text of the figures shown where a function is called."""
    found = _find_outputs(book, function, "image/png")
    return [
        (o.data["image/png"].strip(), o.metadata["image/png"]["alt"]) for o in found
    ]


def _find_outputs(book, function, kind):
    """List the outputs of one kind in the cells that call a function.

    Raises:
        SystemExit: If there is none: the report would have a gap.
    """
    cells = [c for c in book.cells if re.search(rf"\b{function}\(", c.source)]
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    found = [output for output in outputs if kind in output.get("data", {})]
    if not found:
        raise SystemExit(f"no cell that calls {function} shows anything of {kind}")
    return found


def to_html(text):
    """Convert Markdown to HTML that a template takes as it is."""
    # Equal headings of two notebooks would have equal ids on one page.
    ids = r' id="[^"]*"|<a class="anchor-link".*?</a>'
    return Markup(re.sub(ids, "", markdown2html(text)))


if __name__ == "__main__":
    make_pdfs(home(), Path(__file__).resolve().parents[2] / "build" / "pdf")
