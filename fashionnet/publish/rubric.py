"""Check that what is published shows its evidence, and nothing else beside it.

A rule is a function that lists what it finds wrong in `Reports`. `make check` applies
all of them to the reports; `make reports` publishes only what passes.
"""

import html
import re
import sys

import nbformat

from fashionnet.course.agreement import AGREEMENT
from fashionnet.course.evidence import find_evidence, print_evidence
from fashionnet.course.published import (
    ROOT,
    Finding,
    images_of,
    list_cells,
    list_outputs,
    read_reports,
    tags_of,
)
from fashionnet.course.steps import read_truth
from fashionnet.data import DataError
from fashionnet.runs import RunError

# A share, or a decimal fraction: results belong into generated sentences.
MEASURED = re.compile(r"\d+(?:\.\d+)?\s?%|(?<![\w.])0\.\d{2,}")
# What comes before is looked at second: a slash is found fast among embedded pictures.
PRIVATE = re.compile(
    rf"/(?<![\w.:/]/){re.escape(str(ROOT)[1:])}\b|:\\+Users\b"
    r"|/(?<![\w.:/]/)(?:home|root|Users|tmp|mnt|workspace)/[\w./-]+"
)
PLACEHOLDER = re.compile(r"\b(?:todo|tbd|alt text|untitled)\b|^no description", re.I)
RUN_AGAIN = "run make reports"


def check_steps(reports):
    """Every step of the assignment shows its evidence, in cells with its tag."""
    return [
        Finding(
            f"{found.notebook}.ipynb",
            f"cells tagged rubric:{found.step}",
            f"do not show {found.need.what}: {found.need.exact}".rstrip(": "),
            f"show it and tag its cell, then {RUN_AGAIN}",
        )
        for found in find_evidence(reports.books, reports.truth.needs)
        if found.section is None
    ]


def check_counters(reports):
    """The cells were executed from top to bottom, each once."""
    findings, last = [], dict.fromkeys(reports.books, 0)
    for name, place, cell in list_cells(reports):
        if cell.cell_type == "code":
            last[name] += 1
            if cell.execution_count != last[name]:
                problem = f"has the counter {cell.execution_count}, not {last[name]}"
                findings.append(Finding(f"{name}.ipynb", place, problem, RUN_AGAIN))
    return findings


def check_errors(reports):
    """No cell ended in an error."""
    return [
        Finding(file, place, f"ended in {output.ename}", "mend the cell")
        for file, place, output in list_outputs(reports)
        if output.output_type == "error"
    ]


def check_warnings(reports):
    """No warning of a library is left."""
    return [
        Finding(file, place, f"warns {output.text.strip()[:60]!r}", "mend its cause")
        for file, place, output in list_outputs(reports)
        if output.get("name") == "stderr"
    ]


def check_exception_tags(reports):
    """No cell is allowed to end in an error."""
    return [
        Finding(f"{name}.ipynb", place, "may raise an exception", "remove the tag")
        for name, place, cell in list_cells(reports)
        if "raises-exception" in tags_of(cell)
    ]


def check_figures(reports):
    """Every figure that a cell shows is there."""
    return [
        Finding(f"{name}.ipynb", place, "has lost a figure", RUN_AGAIN)
        for name, place, cell in list_cells(reports)
        if cell.cell_type == "code"
        and cell.source.count("show_figure(") > len(images_of(cell))
    ]


def check_alt_texts(reports):
    """Every figure is described in a sentence; no image of any page lacks alt text."""
    images = [
        (f"{name}.ipynb", place, image)
        for name, place, cell in list_cells(reports)
        for image in images_of(cell)
    ]
    images += [
        (f"{name}.html", f"image {i}", image)
        for name, page in reports.pages.items()
        for i, image in enumerate(page.images, 1)
        if name in reports.books or image.alt is None
    ]
    return [
        Finding(file, place, f"has the alt text {image.alt!r}", "say what it shows")
        for file, place, image in images
        if not is_description(image.alt)
    ]


def is_description(alt):
    """Tell a sentence that describes a figure from a missing or placeholder text."""
    is_sentence = bool(alt) and len(alt) > 20 and alt.endswith(".")
    return is_sentence and not PLACEHOLDER.search(alt)


def check_addresses(reports):
    """No page makes a browser ask for anything outside it."""
    return [
        Finding(f"{name}.html", "", f"asks for {address[:80]}", "embed it in the page")
        for name, page in reports.pages.items()
        for address in page.fetched
    ]


def check_scripts(reports):
    """Nothing from a text cell or an output runs in the reader's browser."""
    return [
        Finding(f"{name}.html", "", f"runs {active}", "remove it from its cell")
        for name in reports.books
        for active in reports.pages[name].active
    ]


def check_links(reports):
    """Links within the pages lead somewhere, and to one place only."""
    findings = []
    for name in (*reports.books, "index"):
        ids = reports.pages[name].ids
        for anchor in {x for x in ids if ids.count(x) > 1}:
            problem = f"has the id {anchor} more than once"
            findings.append(Finding(f"{name}.html", "", problem, "rename a heading"))
        for link in reports.pages[name].links:
            if not _leads_somewhere(link, name, reports):
                cure = "link to a page and an id that exist"
                findings.append(Finding(f"{name}.html", "", f"links to {link}", cure))
    return findings


def _leads_somewhere(link, name, reports):
    file, _, anchor = link.partition("#")
    if re.match(r"\w+:", file):
        return True
    page = reports.pages.get(file.removesuffix(".html") or name)
    if page is None:
        return (reports.folder / file).is_file()
    return not anchor or anchor in page.ids


def find_measured(text):
    """List the measured numbers that somebody typed into a text."""
    return MEASURED.findall(text)


def check_typed_results(reports):
    """Text cells state no result, because a typed number does not follow its run."""
    return [
        Finding(f"{name}.ipynb", place, f"states {hit}", "generate the sentence")
        for name, place, cell in list_cells(reports)
        if cell.cell_type == "markdown"
        for hit in find_measured(cell.source)
    ]


def check_paths(reports):
    """Nothing names a folder of the machine that it was made on."""
    texts = {f"{n}.ipynb": nbformat.writes(b) for n, b in reports.books.items()}
    texts |= {f"{n}.html": html.unescape(p.html) for n, p in reports.pages.items()}
    texts |= {f"results/{n}.json": str(r) for n, r in reports.results.items()}
    return [
        Finding(file, "", f"names {path}", "name paths from the project's folder on")
        for file, text in texts.items()
        for path in PRIVATE.findall(text)
    ]


RULES = (
    check_steps,
    check_counters,
    check_errors,
    check_warnings,
    check_exception_tags,
    check_figures,
    check_alt_texts,
    check_addresses,
    check_scripts,
    check_links,
    check_typed_results,
    check_paths,
    *AGREEMENT,
)


def check_reports():
    """Apply all rules to the reports in `home()`, and print what was found.

    Returns:
        A list of `Finding`, empty if the reports may be published.

    Raises:
        SystemExit: If a report, a run or the data set is missing or damaged.
    """
    try:
        reports = read_reports(read_truth())
    except (DataError, RunError, FileNotFoundError) as error:
        raise SystemExit(f"The reports cannot be checked. {error}") from None
    print_evidence(find_evidence(reports.books, reports.truth.needs))
    findings = [finding for rule in RULES for finding in rule(reports)]
    for file, place, problem, cure in findings:
        print(f"{file}{', ' if place else ''}{place} {problem}. Cure: {cure}.")
    print(f"{len(RULES)} rules, {len(findings)} violations.")
    return findings


def require_evidence():
    """Refuse to publish reports that break a rule.

    Raises:
        SystemExit: If `check_reports` finds anything.
    """
    if check_reports():
        raise SystemExit("The reports break the rules above: nothing was published.")


if __name__ == "__main__":
    sys.exit(1 if check_reports() else 0)
