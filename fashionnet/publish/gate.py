"""Check that what is published shows its evidence, and that nobody changed it since.

A rule is a function that lists what it finds wrong in `Reports`. `check` applies all of
them to the reports; `reports` publishes only what passes. Contents are compared, never
dates, which a checkout does not keep.
"""

import html
import json
import posixpath
import re
from typing import NamedTuple

import nbformat

from fashionnet.publish.evidence import read_truth
from fashionnet.publish.needs import find_evidence, print_evidence
from fashionnet.publish.published import (
    ROOT,
    SYSTEMS,
    ReportError,
    images_of,
    read_reports,
    sum_files,
    tags_of,
)
from fashionnet.publish.results import write_readme_block

# A share, or a decimal fraction: results belong into generated sentences.
MEASURED = re.compile(r"\d+(?:\.\d+)?\s?%|(?<![\w.])0\.\d{2,}")
# What comes before is looked at second: a slash is found fast among embedded pictures.
PRIVATE = re.compile(
    rf"/(?<![\w.:/]/){re.escape(str(ROOT)[1:])}\b|:\\+Users\b"
    r"|/(?<![\w.:/]/)(?:home|root|Users|tmp|mnt|workspace)/[\w./-]+"
)
PLACEHOLDER = re.compile(r"\b(?:todo|tbd|alt text|untitled)\b|^no description", re.I)
CURE = "run `python -m fashionnet reports`"


class Finding(NamedTuple):
    """What is wrong with what is published, where, and what to do about it."""

    file: str
    place: str
    problem: str
    cure: str = CURE


def list_cells(reports):
    """List all executed cells as `(notebook, place, cell)`."""
    return [
        (name, f"cell {i} ({cell.source.strip()[:30]!r})", cell)
        for name, book in reports.books.items()
        for i, cell in enumerate(book.cells, 1)
    ]


def check_sums(reports, truth):
    """Pages, executed notebooks and pictures are as they were when they were made."""
    made, found = reports.build.get("sha256", {}), sum_files(reports.folder)
    return [
        Finding(name, "", "is not as it was made" if name in found else "is missing")
        for name in sorted(made | found)
        if made.get(name) != found.get(name)
    ]


def check_sources(reports, truth):
    """What was executed is the notebook as it is now."""
    findings = []
    for name, book in reports.books.items():
        executed = [cell.source for cell in book.cells]
        written = [cell.source for cell in reports.sources[name].cells]
        if executed != written:
            same = [a == b for a, b in zip(executed, written, strict=False)]
            place = f"cell {[*same, False].index(False) + 1}"
            problem = f"is not what stands in notebooks/{name}.ipynb"
            findings.append(Finding(f"{name}.ipynb", place, problem))
    return findings


def check_results(reports, truth):
    """The result files are those of the stored runs."""
    findings = []
    for name, content in truth.results.items():
        content, stored = (
            _name_rows(entry)
            for entry in (json.loads(json.dumps(content)), reports.results.get(name))
        )
        wrong = [k for k in content | stored if content.get(k) != stored.get(k)]
        if wrong:
            problem = f"is not that of the stored runs in {', '.join(wrong)}"
            findings.append(Finding(f"results/{name}.json", "", problem))
    return findings


def _name_rows(content):
    """Key a list of rows by their network; leave a dictionary as it is."""
    if isinstance(content, list):
        return {row["network"]: row for row in content}
    return content or {}


def check_readme(reports, truth):
    """The README of the checkout shows the stored runs of the checkout."""
    if reports.folder != ROOT / "reports":
        return []
    block = write_readme_block(truth.results)
    if block in (ROOT / "README.md").read_text(encoding="utf-8"):
        return []
    return [Finding("README.md", "", "its results are not the stored ones")]


def check_steps(reports, truth):
    """Every step of the assignment shows its evidence, in cells with its tag."""
    return [
        Finding(
            f"{found.notebook}.ipynb",
            f"cells tagged rubric:{found.step}",
            f"do not show {found.need.what}: {found.need.exact}".rstrip(": "),
            f"show it and tag its cell, then {CURE}",
        )
        for found in find_evidence(reports.books, truth.needs)
        if found.section is None
    ]


def check_execution(reports, truth):
    """The cells were executed in order, once each, without an error or a warning."""
    findings, last = [], dict.fromkeys(reports.books, 0)
    for name, place, cell in list_cells(reports):
        problems = []
        if cell.cell_type == "code":
            last[name] += 1
            if cell.execution_count != last[name]:
                counter = f"has the counter {cell.execution_count}, not {last[name]}"
                problems.append((counter, CURE))
        if "raises-exception" in tags_of(cell):
            problems.append(("may raise an exception", "remove the tag"))
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                problems.append((f"ended in {output.ename}", "mend the cell"))
            elif output.get("name") == "stderr":
                warning = f"warns {output.text.strip()[:60]!r}"
                problems.append((warning, "mend its cause"))
        findings += [Finding(f"{name}.ipynb", place, *problem) for problem in problems]
    return findings


def check_figures(reports, truth):
    """Every figure that a cell shows is there, and described in a sentence."""
    findings = []
    for name, place, cell in list_cells(reports):
        images = images_of(cell)
        if cell.cell_type == "code" and cell.source.count("show_figure(") > len(images):
            findings.append(Finding(f"{name}.ipynb", place, "has lost a figure"))
        for image in images:
            if not is_description(image.alt):
                problem = f"has the alt text {image.alt!r}"
                cure = "say what the figure shows"
                findings.append(Finding(f"{name}.ipynb", place, problem, cure))
    return findings


def is_description(alt):
    """Tell a sentence that describes a figure from a missing or placeholder text."""
    is_sentence = bool(alt) and len(alt) > 20 and alt.endswith(".")
    return is_sentence and not PLACEHOLDER.search(alt)


def check_pages(reports, truth):
    """No page asks for anything outside it, or has an image without alt text."""
    findings = []
    for name, page in reports.pages.items():
        file = f"{name}.html"
        for address in page.fetched:
            problem, cure = f"asks for {address[:80]}", "embed it in the page"
            findings.append(Finding(file, "", problem, cure))
        for i, image in enumerate(page.images, 1):
            if image.alt is None:
                findings.append(Finding(file, f"image {i}", "has no alt text"))
    return findings


def check_scripts(reports, truth):
    """Nothing from a text cell or an output runs in the reader's browser."""
    return [
        Finding(f"{name}.html", "", f"runs {active}", "remove it from its cell")
        for name in (*reports.books, SYSTEMS)
        for active in reports.pages[name].active
    ]


def check_links(reports, truth):
    """Links within the pages lead somewhere, and to one place only."""
    findings = []
    for name in (*reports.books, "index", SYSTEMS):
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
    place = posixpath.normpath(posixpath.join(posixpath.dirname(name), file))
    page = reports.pages.get(place.removesuffix(".html") if file else name)
    if page is None:
        return (reports.folder / place).is_file()
    if place == "explore.html" and anchor.isdigit():  # finds an image by its number
        return int(anchor) < reports.results["multiclass"]["n_test"]
    return not anchor or anchor in page.ids


def find_measured(text):
    """List the measured numbers that somebody typed into a text."""
    return MEASURED.findall(text)


def check_typed_results(reports, truth):
    """Text cells state no result, because a typed number does not follow its run.

    Cells tagged "given" may name settings and what others have measured.
    """
    return [
        Finding(f"{name}.ipynb", place, f"states {hit}", "generate the sentence")
        for name, place, cell in list_cells(reports)
        if cell.cell_type == "markdown" and "given" not in tags_of(cell)
        for hit in find_measured(cell.source)
    ]


def check_paths(reports, truth):
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
    check_sums,
    check_sources,
    check_results,
    check_readme,
    check_steps,
    check_execution,
    check_figures,
    check_pages,
    check_scripts,
    check_links,
    check_typed_results,
    check_paths,
)


def check_reports():
    """Apply all rules to the reports in `home()`, and print what was found.

    Returns:
        A list of `Finding`, empty if the reports may be published.

    Raises:
        ReportError: If a report is missing.
        RunError: If a run is missing or damaged.
    """
    reports, truth = read_reports(), read_truth()
    print_evidence(find_evidence(reports.books, truth.needs))
    findings = [finding for rule in RULES for finding in rule(reports, truth)]
    for file, place, problem, cure in findings:
        print(f"{file}{', ' if place else ''}{place} {problem}. Cure: {cure}.")
    print(f"{len(RULES)} rules, {len(findings)} violations.")
    return findings


def require_evidence():
    """Refuse to publish reports that break a rule.

    Raises:
        ReportError: If `check_reports` finds anything.
    """
    if check_reports():
        raise ReportError("The reports break the rules above: nothing was published.")
