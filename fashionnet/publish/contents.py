"""What a page shows, links to, asks for by itself and may run."""

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

# The only script that a page made from a notebook may run.
PAGE_SCRIPT = (Path(__file__).parent / "template/page.js").read_text(encoding="utf-8")
# Attributes whose address a browser asks for without a click.
FETCHED = ("src", "srcset", "poster", "background", "data", "xlink:href")
CSS_ADDRESS = re.compile(r"url\(\s*[\"']?([^\"')\s]+)|@import\s*[\"']([^\"']+)")
JS_ADDRESS = re.compile(
    r"[\"'`]((?:(?:https?|wss?):)?//(?!www\.w3\.org/)[\w.-]+)"
    r"|\b((?:fetch|importScripts|sendBeacon|import)\(|XMLHttpRequest|WebSocket)"
)


class Image(NamedTuple):
    """An image of a page or a cell: its alt text, or `None`, and address or data."""

    alt: str | None
    address: str


class Page(NamedTuple):
    """What a page shows, links to and asks for.

    `fetched` lists what a browser asks for by itself, embedded data aside; `active`
    what may run in it.
    """

    html: str
    images: list[Image]
    ids: list[str]
    links: list[str]
    fetched: list[str]
    active: list[str]


def read_page(html):
    """Read a `Page` from its HTML."""
    reader = _Reader(Page(html, [], [], [], [], []))
    reader.feed(html)
    reader.close()
    return reader.page


class _Reader(HTMLParser):
    """Fills a page, tag by tag: a tree of them all would take four times as long."""

    def __init__(self, page):
        super().__init__()
        self.page = page
        self.code_of = None  # the start tag of the style or script that is open
        self.code = ""

    def handle_starttag(self, name, attributes):
        """Note what a tag shows, links to, asks for and runs."""
        tag = {key: value or "" for key, value in attributes}
        if name == "img":
            self.page.images.append(Image(tag.get("alt"), tag.get("src", "")))
        if "id" in tag:
            self.page.ids.append(tag["id"])
        if name in ("a", "area"):
            self.page.links.append(tag.get("href", ""))
        self._note_fetched(_list_addresses(name, tag))
        self.page.active.extend(_list_active(name, tag))
        if name in ("style", "script"):
            self.code_of, self.code = (name, tag), ""

    def handle_data(self, text):
        """Collect the code of a style or a script."""
        if self.code_of:
            self.code += text

    def handle_endtag(self, name):
        """Read the code that ends here, if any: neither holds other tags."""
        if self.code_of:
            self._read_code(*self.code_of)
            self.code_of = None

    def close(self):
        """Read the code of a script that does not end, too."""
        super().close()
        self.handle_endtag("html")

    def _read_code(self, name, tag):
        """Note what a style or a script asks for, and a script that may run."""
        if name == "style":
            self._note_fetched(_find_addresses(CSS_ADDRESS, self.code))
        elif not tag.get("type", "").endswith("json"):
            self._note_fetched(_find_addresses(JS_ADDRESS, self.code))
            if self.code != PAGE_SCRIPT:
                self.page.active.append("<script>")

    def _note_fetched(self, addresses):
        kept = (x for x in addresses if x and x[0] != "#" and x[:5] != "data:")
        self.page.fetched.extend(kept)


def _list_addresses(name, tag):
    """List the addresses in a tag's attributes that a browser asks for by itself."""
    yield from (tag[key] for key in FETCHED if key in tag)
    if name not in ("a", "area"):
        yield tag.get("href", "")
    if tag.get("http-equiv", "").lower() == "refresh":
        yield tag.get("content", "")
    yield from _find_addresses(CSS_ADDRESS, tag.get("style", ""))


def _find_addresses(pattern, code):
    return map("".join, pattern.findall(code))


def _list_active(name, tag):
    """List what of a tag runs. What is between `<script>` and its end is read apart."""
    yield from (key for key in tag if key.startswith("on"))
    # Browsers skip white space inside an address.
    target = re.sub(r"\s", "", tag.get("href", "")).lower()
    if target.startswith(("javascript:", "vbscript:", "data:text/html")):
        yield target[:40]
    if name in ("iframe", "object", "embed"):
        yield f"<{name}>"
