"""What a page shows, links to, asks for by itself and may run."""

import re
from pathlib import Path
from typing import NamedTuple

from bs4 import BeautifulSoup

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
    soup = BeautifulSoup(html, "html.parser")
    return Page(
        html,
        [Image(tag.get("alt"), tag.get("src", "")) for tag in soup("img")],
        [tag["id"] for tag in soup(id=True)],
        [tag.get("href", "") for tag in soup(["a", "area"])],
        [x for x in _list_fetched(soup) if x and x[0] != "#" and x[:5] != "data:"],
        [name for tag in soup(True) for name in _list_active(tag)],
    )


def _is_data(tag):
    return tag.get("type", "").endswith("json")


def _list_fetched(soup):
    """List the addresses in attributes, styles and scripts."""
    for tag in soup(True):
        yield from (tag[name] for name in FETCHED if name in tag.attrs)
        if tag.name not in ("a", "area"):
            yield tag.get("href", "")
        if tag.get("http-equiv", "").lower() == "refresh":
            yield tag.get("content", "")
        code, pattern = tag.get("style", ""), CSS_ADDRESS
        if tag.name == "style":
            code = tag.get_text()
        elif tag.name == "script" and not _is_data(tag):
            code, pattern = tag.get_text(), JS_ADDRESS
        yield from map("".join, pattern.findall(code))


def _list_active(tag):
    """List what of an element runs."""
    yield from (name for name in tag.attrs if name.startswith("on"))
    # Browsers skip white space inside an address.
    target = re.sub(r"\s", "", tag.get("href", "")).lower()
    if target.startswith(("javascript:", "vbscript:", "data:text/html")):
        yield target[:40]
    if tag.name in ("script", "iframe", "object", "embed") and not (
        _is_data(tag) or tag.get_text() == PAGE_SCRIPT
    ):
        yield f"<{tag.name}>"
