"""Render the page that leads to all others, with results, verdict and every step."""

import re
from typing import NamedTuple

from bs4 import BeautifulSoup
from markupsafe import Markup
from nbconvert.filters import markdown2html

from fashionnet.publish.page import (
    clean,
    highlight_css,
    highlight_functions,
    load_template,
    title_of,
)
from fashionnet.publish.published import ReportError
from fashionnet.publish.results import COLUMNS, state_spread, tabulate_results

# What `state_verdict` writes in bold: one way against another, and the answer.
VERDICT = re.compile(r"^\*\*([^*]+?) against ([^*]+)\.\*\*", re.MULTILINE)


class Section(NamedTuple):
    """A section of a page: its id, its heading, and the HTML of its tagged cells."""

    id: str
    title: str
    evidence: str


def render_home(books, pages, results, build, has_benchmark=False):
    """Render the home page.

    Args:
        books: The executed notebooks, by name.
        pages: What `render_page` made of them, by name.
        results: What `write_results` returned.
        build: What `describe_build` returned.
        has_benchmark: Whether there is a `benchmark.html` to link to.
    """
    parts = [
        {
            "name": name,
            "title": title_of(books[name]),
            "sections": list_sections(page, name),
            "findings": find_findings(books[name]),
        }
        for name, page in pages.items()
    ]
    return load_template("home.html.j2").render(
        parts=parts,
        verdict=state_verdicts(list(books.values())[-1]),
        results=results,
        columns=COLUMNS,
        rows=tabulate_results(results),
        spread=state_spread(results["seeds"]),
        run=results["multiclass"],
        build=build,
        has_benchmark=has_benchmark,
        functions=highlight_functions(*books.values()),
        highlight_css=highlight_css(),
    )


def list_sections(page, name):
    """List the sections of a page, with what proves them.

    Args:
        page: What `render_page` returned.
        name: The page's name, to which links within it are completed.

    Returns:
        A list of `Section`. Its evidence are the cells tagged `rubric:…`; the first
        section has those above it too.
    """
    sections, before = [], ""
    for cell in BeautifulSoup(page, "html.parser").select("main .cell"):
        if cell.h2:
            heading = cell.h2.extract()
            sections.append(Section(heading["id"], heading.get_text(), before))
            before = ""
        if any(x.startswith("celltag_rubric") for x in cell["class"]):
            evidence = _move_cell(cell, name)
            if sections:
                evidence = sections[-1].evidence + evidence
                sections[-1] = sections[-1]._replace(evidence=evidence)
            else:
                before += evidence
    return sections


def _move_cell(cell, name):
    """Return a cell's HTML for another page: without ids, names completed.

    Links to a function stay: the other page has it too.
    """
    for tag in [cell, *cell(id=True)]:
        tag.attrs.pop("id", None)
    for link in cell("a", href=re.compile(r"^#[^.]+$")):
        link["href"] = f"{name}.html{link['href']}"
    for box in cell.select("[role=region]"):
        box["aria-label"] = f"{name}: {box['aria-label']}"
    return str(cell)


def list_sayings(book):
    """List what each cell of a notebook says in generated sentences, as Markdown."""
    return [
        [o.data["text/markdown"] for o in cell.get("outputs", []) if _is_text(o)]
        for cell in book.cells
    ]


def _is_text(output):
    return "text/markdown" in output.get("data", {})


def find_findings(book):
    """Return what the last generated sentences before any appendix say, as HTML."""
    cells = enumerate(book.cells)
    appendix = (i for i, cell in cells if cell.source.startswith("## Appendix"))
    sayings = list_sayings(book)[: next(appendix, None)]
    last = next((said for said in reversed(sayings) if said), [])
    return [Markup(clean(markdown2html(text))) for text in last]


def state_verdicts(book):
    """Say in one sentence what a notebook concludes: "… against binary: …".

    Raises:
        ReportError: If no generated sentence of the notebook begins with a verdict.
    """
    said = "\n".join(text for texts in list_sayings(book) for text in texts)
    ways = {}
    for way, answer in VERDICT.findall(said):
        ways.setdefault(answer, []).append(way[0].lower() + way[1:])
    if not ways:
        raise ReportError(
            f"“{title_of(book)}” states no verdict: state_verdict writes it in bold"
        )
    parts = [f"{' and '.join(way)} against {answer}" for answer, way in ways.items()]
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."
