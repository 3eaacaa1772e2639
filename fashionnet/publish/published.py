"""Read what is published: executed notebooks, their pages, and result files."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import nbformat

from fashionnet.runs import home

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ("01_multiclass", "02_binary", "03_comparison")
# Elements within a line; around all others a reader sees a gap.
INLINE = {"a", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup"}
# Attributes whose address a browser asks for without a click.
FETCHED = {"src", "srcset", "poster", "background", "data", "xlink:href"}
CSS_ADDRESS = re.compile(r"url\(\s*[\"']?([^\"')\s]+)|@import\s*[\"']([^\"']+)")
JS_ADDRESS = re.compile(
    r"[\"'`]((?:(?:https?|wss?):)?//(?!www\.w3\.org/)[\w.-]+)"
    r"|\b((?:fetch|importScripts|sendBeacon|import)\(|XMLHttpRequest|WebSocket)"
)


class Finding(NamedTuple):
    """What is wrong with what is published, where, and what to do about it."""

    file: str
    place: str
    problem: str
    cure: str


class Image(NamedTuple):
    """An image of a page: its alt text, or `None`, and its address."""

    alt: str | None
    address: str


class Page(HTMLParser):
    """What a page says, shows, links to and asks for.

    `text` leaves out styles and scripts. `fetched` lists what a browser asks for by
    itself, embedded data aside; `active` what may run in it.
    """

    def __init__(self, html):
        """Read a page, or a part of one, from its HTML."""
        super().__init__()
        self.html, self.inside = html, ""
        self.images, self.ids, self.links = [], [], []
        self.fetched, self.active, self._pieces = [], [], []
        self.feed(html)
        self.close()
        self.text = " ".join("".join(self._pieces).split())

    def handle_starttag(self, tag, attrs):
        """Take what an element shows and asks for."""
        attrs = {name: value or "" for name, value in attrs}
        is_data = attrs.get("type", "").endswith("json")
        self.inside = "data" if tag == "script" and is_data else tag
        self._pieces.append("" if tag in INLINE else " ")
        self.ids += [attrs["id"]] if "id" in attrs else []
        if tag == "img":
            self.images.append(Image(attrs.get("alt"), attrs.get("src", "")))
        if tag in ("a", "area"):
            self.links.append(attrs.get("href", ""))
        self._note_fetched(tag, attrs)
        if self.inside != "data":
            self._note_active(tag, attrs)

    def handle_endtag(self, tag):
        """Leave an element."""
        self.inside = ""
        self._pieces.append("" if tag in INLINE else " ")

    def handle_data(self, data):
        """Take text, or look for addresses in a style or script."""
        if self.inside == "style":
            self._note_addresses(CSS_ADDRESS, data)
        elif self.inside == "script":
            self._note_addresses(JS_ADDRESS, data)
        elif self.inside not in ("data", "title"):
            self._pieces.append(data)

    def _note_addresses(self, pattern, code):
        self._note("".join(groups) for groups in pattern.findall(code))

    def _note(self, addresses):
        self.fetched += [x for x in addresses if x and x[0] != "#" and x[:5] != "data:"]

    def _note_fetched(self, tag, attrs):
        asked = [value for name, value in attrs.items() if name in FETCHED]
        if tag not in ("a", "area") and "href" in attrs:
            asked.append(attrs["href"])
        if attrs.get("http-equiv", "").lower() == "refresh":
            asked.append(attrs.get("content", ""))
        self._note(asked)
        self._note_addresses(CSS_ADDRESS, attrs.get("style", ""))

    def _note_active(self, tag, attrs):
        handlers = [name for name in attrs if name.startswith("on")]
        # Browsers skip white space inside an address.
        target = re.sub(r"\s", "", attrs.get("href", "")).lower()
        if target.startswith(("javascript:", "vbscript:", "data:text/html")):
            handlers.append(target[:40])
        if tag in ("script", "iframe", "object", "embed"):
            handlers.append(f"<{tag}>")
        self.active += handlers


class Truth(NamedTuple):
    """What the stored runs say.

    `results` are the contents of `results/*.json`; `needs` lists for each notebook and
    step the evidence to show.
    """

    results: dict
    needs: dict[str, dict[str, list]]


class Reports(NamedTuple):
    """What is published in a folder.

    `sources` are the notebooks as they stand in `notebooks/`, `books` as they were
    executed, both by name; `pages` has every page of the folder, `results` the contents
    of `results/*.json`. `truth` is what the stored runs say they should be.
    """

    folder: Path
    sources: dict
    books: dict
    pages: dict[str, Page]
    results: dict
    truth: Truth


def read_reports(truth):
    """Read what is published in `home()`.

    Args:
        truth: What it is to be compared with.

    Raises:
        FileNotFoundError: If a notebook or its page is missing; names the file.
    """
    folder = home()
    for path in [folder / f"{n}.{end}" for n in NOTEBOOKS for end in ("ipynb", "html")]:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: make reports writes it")
    return Reports(
        folder,
        sources=_read_books(ROOT / "notebooks"),
        books=_read_books(folder),
        pages={p.stem: Page(p.read_text("utf-8")) for p in folder.glob("*.html")},
        results={
            p.stem: json.loads(p.read_text("utf-8"))
            for p in (folder / "results").glob("*.json")
        },
        truth=truth,
    )


def _read_books(folder):
    return {n: nbformat.read(folder / f"{n}.ipynb", as_version=4) for n in NOTEBOOKS}


def tags_of(cell):
    """List the tags of a cell."""
    return cell.metadata.get("tags", [])


def sections_of(book):
    """List for each cell the heading that it stands under."""
    sections, heading = [], ""
    for cell in book.cells:
        if cell.cell_type == "markdown":
            found = re.findall(r"^#+ (.*)", cell.source, re.MULTILINE)
            heading = found[-1] if found else heading
        sections.append(heading)
    return sections


def texts_of(cell):
    """List what the outputs of a cell say, tables and sentences without markup."""
    texts = []
    for output in cell.get("outputs", []):
        shown = output.get("data", {})
        if "text/html" in shown:
            texts.append(Page(shown["text/html"]).text)
        elif "text/markdown" in shown:
            texts.append(shown["text/markdown"].replace("**", ""))
        elif not any(kind.startswith("image/") for kind in shown):
            texts.append(output.get("text") or shown.get("text/plain", ""))
    return texts


def list_cells(reports):
    """List all executed cells as `(notebook, place, cell)`."""
    return [
        (name, f"cell {i} ({cell.source.strip()[:30]!r})", cell)
        for name, book in reports.books.items()
        for i, cell in enumerate(book.cells, 1)
    ]


def images_of(cell):
    """List the images among the outputs of a cell, each with its alt text."""
    return [
        Image(output.get("metadata", {}).get(kind, {}).get("alt"), data)
        for output in cell.get("outputs", [])
        for kind, data in output.get("data", {}).items()
        if kind.startswith("image/")
    ]


def list_outputs(reports):
    """List all outputs as `(file, place, output)`."""
    return [
        (f"{name}.ipynb", place, output)
        for name, place, cell in list_cells(reports)
        for output in cell.get("outputs", [])
    ]
