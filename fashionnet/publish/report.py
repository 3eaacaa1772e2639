"""Print the published pages, and a report of at most four pages, as tagged PDFs.

Chromium or Chrome prints them. The report takes text, sentences and figures from the
executed notebooks and its tables from `results/*.json`: no number in it is typed.
"""

import json
import os
import re
import shutil

import nbformat
from bs4 import BeautifulSoup
from markupsafe import Markup
from nbconvert.filters import markdown2html
from playwright.sync_api import Error, sync_playwright

from fashionnet.publish.markup import write_formulas
from fashionnet.publish.page import TEMPLATE, load_template
from fashionnet.publish.published import ReportError, name_page, tags_of
from fashionnet.publish.results import COLUMNS, state_spread, table_results

# The first one has no windows: the tests of the pages take about a tenth less time.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser")
BROWSERS += ("google-chrome", "google-chrome-stable")
NO_BROWSER = (
    "no Chromium or Chrome on the path, which prints the PDFs: install one (Debian: "
    "apt install chromium), or print the pages from any browser"
)
PRINT_SECONDS = 120
# For pages that do not say themselves how they want to be printed.
EDGES = dict.fromkeys(("top", "right", "bottom", "left"), "12mm")
PRINTING = {
    "format": "A4",
    "margin": EDGES,
    "prefer_css_page_size": True,
    "tagged": True,
    "outline": True,
}
# These answer clicks: on paper there would be nothing to see.
UNPRINTED = ("explore", "try")
MAX_REPORT_PAGES = 4
ASIDES = ("## ", "### Copy the ", "**Exercise", "**Sources.**")


def make_pdfs(reports, folder):
    """Print every page of `reports`, and the report, into `folder`.

    Raises:
        ReportError: If there is no browser or no page, a page cannot be printed, or the
            report is longer than the assignment allows.
    """
    if not (reports / "index.html").is_file():
        raise ReportError(f"{reports} has no pages; run `python -m fashionnet reports`")
    browser = find_chromium()
    if browser is None:
        raise ReportError(NO_BROWSER)
    folder.mkdir(parents=True, exist_ok=True)
    pages = {
        name_page(path, reports).replace("/", "-"): prepare_page(
            path.read_text(encoding="utf-8")
        )
        for path in sorted([*reports.glob("*.html"), *reports.glob("further/*.html")])
        if path.stem not in UNPRINTED
    }
    pages["report"] = render_report(reports)
    print_pages(browser, {folder / f"{name}.pdf": html for name, html in pages.items()})
    report = folder / "report.pdf"
    if (n_pages := count_pages(report)) > MAX_REPORT_PAGES:
        raise ReportError(
            f"{report} has {n_pages} pages, {MAX_REPORT_PAGES} are allowed: take "
            f"something out of {TEMPLATE.name}/report.html.j2"
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


def print_pages(browser, pages):
    """Print pages, given as HTML by target, to tagged PDFs with an outline.

    Raises:
        ReportError: If the browser makes no PDF of one.
    """
    target = None
    try:
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=browser)
            tab = chromium.new_page()
            tab.set_default_timeout(1000 * PRINT_SECONDS)
            for target, html in pages.items():
                tab.set_content(html)
                part = target.with_name(f"{target.name}.part")
                tab.pdf(path=part, **PRINTING)
                os.replace(part, target)
            chromium.close()
    except Error as error:
        name = target.name if target else "any page"
        said = str(error).splitlines()[0]
        raise ReportError(f"{browser} did not print {name}: {said}") from None


def count_pages(path):
    """Return the number of pages of a PDF that Chromium made."""
    return len(re.findall(rb"/Type\s*/Page\b", path.read_bytes()))


def render_report(reports):
    """Render the report of the assignment from the executed notebooks and results."""
    paths = [*reports.glob("*.ipynb"), *reports.glob("further/*.ipynb")]
    books = {path.stem: nbformat.read(path, as_version=4) for path in paths}
    files = (reports / "results").glob("*.json")
    results = {p.stem: json.loads(p.read_text(encoding="utf-8")) for p in files}
    return load_template("report.html.j2").render(
        books=books,
        results=results,
        columns=COLUMNS,
        rows=table_results(results),
        spread=state_spread(results["seeds"]),
        explain=explain_step,
        conclude=conclude,
        sentences=find_sentences,
        printed=find_printed,
        figures=find_figures,
    )


def explain_step(book, step):
    """Return the text that opens a step of the assignment, as HTML."""
    for cell in book.cells:
        if re.match(rf"## {step}′?\) ", cell.source):
            return to_html(cell.source.replace("## ", "### ", 1))
    raise ReportError(f"no section is headed {step})")


def conclude(book, heading):
    """Return the typed remarks of a section, without exercises and sources, as HTML."""
    starts = [i for i, cell in enumerate(book.cells) if cell.source.startswith("## ")]
    for start, end in zip(starts, [*starts[1:], None], strict=True):
        if book.cells[start].source.splitlines()[0] == f"## {heading}":
            cells = [c for c in book.cells[start:end] if c.cell_type == "markdown"]
            texts = [c.source for c in cells if not c.source.startswith(ASIDES)]
            return to_html("\n\n".join(texts))
    raise ReportError(f"no section is headed {heading}")


def find_sentences(book, function):
    """Return the sentences shown where a function is called, as HTML."""
    found = _find_outputs(book, function, "text/markdown")
    return to_html("\n\n".join(output.data["text/markdown"] for output in found))


def find_printed(book, tag):
    """Return what the cells with a tag print, line by line, as HTML.

    Raises:
        ReportError: If they print nothing: the report would have a gap.
    """
    cells = [cell for cell in book.cells if tag in tags_of(cell)]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    said = "".join(o.text for o in outputs if o.get("name") == "stdout")
    if not said:
        raise ReportError(f"no cell tagged {tag} prints anything")
    return to_html("  \n".join(said.splitlines()))


def find_figures(book, function):
    """List picture and alt text of the figures shown where a function is called."""
    found = _find_outputs(book, function, "image/png")
    return [
        (o.data["image/png"].strip(), o.metadata["image/png"]["alt"]) for o in found
    ]


def _find_outputs(book, function, kind):
    """List the outputs of one kind in the cells that call a function.

    Raises:
        ReportError: If there is none: the report would have a gap.
    """
    cells = [c for c in book.cells if re.search(rf"\b{function}\(", c.source)]
    outputs = [o for cell in cells for o in cell.get("outputs", [])]
    found = [output for output in outputs if kind in output.get("data", {})]
    if not found:
        raise ReportError(f"no cell that calls {function} shows anything of {kind}")
    return found


def to_html(text):
    """Convert Markdown to HTML that a template takes as it is."""
    # Equal headings of two notebooks would have equal ids on one page.
    ids = r' id="[^"]*"|<a class="anchor-link".*?</a>'
    soup = BeautifulSoup(re.sub(ids, "", markdown2html(text)), "html.parser")
    write_formulas(soup)
    return Markup(soup)
