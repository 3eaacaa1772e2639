"""Rules of the gate: notebook, page, result files and stored runs say the same.

They compare contents, never dates, which a checkout does not keep.
"""

import html
import json
import re

from fashionnet.course.published import (
    NOTEBOOKS,
    ROOT,
    Finding,
    images_of,
    list_cells,
    texts_of,
)
from fashionnet.course.results import tabulate_results, write_readme_block

NUMBER = r"\d(?:[\d,.]*\d)?"
SHARE = re.compile(
    r"(\d[\d,]*) of (?:the )?([1-9][\d,]*) [^.;()%]*"
    r"(?:: accuracy |\()(\d+(?:\.\d+)?)%"
)
LIST_MARK = re.compile(r"^\s*(?:\d+\.|#+|[-*>])\s")
LINK = re.compile(r"\[([^]]*)\]\([^)]*\)")
CALL = re.compile(r"\b(?:models|training|evaluation|study|runs)\.([a-z]\w+)\(")
CURE = "make reports makes all agree again"


def check_sources(reports):
    """What was executed is the notebook as it is now."""
    findings = []
    for name, book in reports.books.items():
        executed = [cell.source for cell in book.cells]
        written = [cell.source for cell in reports.sources[name].cells]
        if executed != written:
            same = [a == b for a, b in zip(executed, written, strict=False)]
            place = f"cell {[*same, False].index(False) + 1}"
            problem = f"is not what stands in notebooks/{name}.ipynb"
            findings.append(Finding(f"{name}.ipynb", place, problem, CURE))
    return findings


def check_pages(reports):
    """A page shows all texts, code, outputs and images of its executed notebook."""
    pages = {name: reports.pages[name] for name in reports.books}
    texts = {name: _squeeze(page.text) for name, page in pages.items()}
    images = {name: set(map(_embed, page.images)) for name, page in pages.items()}
    lost = [
        (name, place, text)
        for name, place, cell in list_cells(reports)
        for text in _list_texts(cell)
        if _squeeze(text) not in texts[name]
    ]
    lost += [
        (name, place, image.alt or "an image")
        for name, place, cell in list_cells(reports)
        for image in images_of(cell)
        if _embed(image) not in images[name]
    ]
    return [
        Finding(f"{name}.html", place, f"is not on the page: {part[:60]!r}", CURE)
        for name, place, part in lost
    ]


def check_page_images(reports):
    """A page shows no image that its notebook did not make."""
    made = {name: set() for name in reports.books}
    for name, _, cell in list_cells(reports):
        made[name] |= {_embed(image) for image in images_of(cell)}
    return [
        Finding(f"{name}.html", f"image {i}", "comes from no cell", CURE)
        for name in reports.books
        for i, image in enumerate(reports.pages[name].images, 1)
        if _embed(image) not in made[name]
    ]


def _embed(image):
    """Return the embedded data of an image, and nothing around them."""
    return "".join(image.address.rpartition(",")[2].split())


def _list_texts(cell):
    """List what a reader has to find of a cell, line by line where it is formatted."""
    if cell.cell_type == "code":
        return [cell.source, *texts_of(cell)]
    # Formulas are converted: a page shows them in other characters.
    lines = [line for line in cell.source.splitlines() if "$" not in line]
    return [html.unescape(LINK.sub(r"\1", LIST_MARK.sub("", line))) for line in lines]


def _squeeze(text):
    """Reduce a text to letters and digits: layout and emphasis do not count."""
    return re.sub(r"[\W_]+", "", text)


def check_functions(reports):
    """The package functions that a notebook calls can be read on its page."""
    calls = {name: set() for name in reports.books}
    for name, _, cell in list_cells(reports):
        if cell.cell_type == "code":
            calls[name] |= set(CALL.findall(cell.source))
    return [
        Finding(f"{name}.html", "", f"does not show {call}", CURE)
        for name, called in calls.items()
        for call in sorted(called)
        if f"def {call}(" not in reports.pages[name].text
    ]


def check_results(reports):
    """The result files are those of the stored runs."""
    findings = []
    for name, content in reports.truth.results.items():
        content, stored = json.loads(json.dumps(content)), reports.results.get(name, {})
        wrong = [k for k in content | stored if content.get(k) != stored.get(k)]
        if wrong:
            problem = f"is not that of the stored runs in {', '.join(wrong)}"
            findings.append(Finding(f"results/{name}.json", "", problem, CURE))
    return findings


def check_whole_images(reports):
    """Every stored accuracy is a whole number of images."""
    return [
        Finding(f"results/{name}.json", key, f"{share} is not {n} of {total}", CURE)
        for name, result in reports.results.items()
        if "test_accuracy" in result
        for key, share, n, total in _list_accuracies(result)
        if abs(share * total - n) > 1e-6 or n != int(n)
    ]


def _list_accuracies(result):
    fields = [result[k] for k in ("test_accuracy", "n_correct", "n_test")]
    if not isinstance(fields[0], dict):
        return [("test_accuracy", *fields)]
    return [(key, *(field[key] for field in fields)) for key in fields[0]]


def check_sentences(reports):
    """No sentence or description on a page has other numbers than its run gives."""
    findings, allowed = [], _list_exact(reports)
    shown = {name: _join_texts(reports.pages[name]) for name in allowed}
    for name, exact in allowed.items():
        said = {hit for words in exact for hit in _find_like(words, shown[name])}
        for words in sorted(said - exact):
            # What the first page quotes was checked on the page that it comes from.
            if name == "index" and any(words in shown[page] for page in NOTEBOOKS):
                continue
            problem = f"differs from the stored run: {words[:120]!r}"
            findings.append(Finding(f"{name}.html", "", problem, CURE))
    return findings


def _join_texts(page):
    return "\n".join([page.text, *(image.alt or "" for image in page.images)])


def _list_exact(reports):
    """List by page what it must say word for word; the first page has a bit of each."""
    exact = {
        name: {need.exact for needs in steps.values() for need in needs if need.exact}
        for name, steps in reports.truth.needs.items()
    }
    return exact | {"index": set().union(*exact.values())}


def _find_like(words, text):
    """List the passages of a text that say the same, with whatever numbers."""
    pattern = NUMBER.join(map(re.escape, re.split(NUMBER, words)))
    return re.findall(pattern, text)


def check_shares(reports):
    """A share that is given with its counts is what they make."""
    return [
        Finding(f"{name}.html", "", f"{n} of {total} is not {percent}%", CURE)
        for name, page in reports.pages.items()
        for n, total, percent in SHARE.findall(page.text)
        if not _is_share(n, total, percent)
    ]


def _is_share(n, total, percent):
    share = 100 * int(n.replace(",", "")) / int(total.replace(",", ""))
    half_digit = 0.5 / 10 ** len(percent.partition(".")[2])
    return abs(share - float(percent)) <= half_digit + 1e-9


def check_home(reports):
    """The first page has the results table of the stored runs."""
    return [
        Finding("index.html", "", f"lacks the row {' '.join(row)}", CURE)
        for row in tabulate_results(reports.truth.results)
        if " ".join(row) not in reports.pages["index"].text
    ]


def check_readme(reports):
    """The README of the checkout shows the stored runs of the checkout."""
    if reports.folder != ROOT / "reports":
        return []
    block = write_readme_block(reports.truth.results)
    if block in (ROOT / "README.md").read_text(encoding="utf-8"):
        return []
    return [Finding("README.md", "", "its results are not the stored ones", CURE)]


AGREEMENT = (
    check_sources,
    check_pages,
    check_page_images,
    check_functions,
    check_results,
    check_whole_images,
    check_sentences,
    check_shares,
    check_home,
    check_readme,
)
