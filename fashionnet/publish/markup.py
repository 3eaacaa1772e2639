"""Make the HTML of notebook cells safe to show, and usable by keyboard and by ear."""

import re

from bs4 import BeautifulSoup
from bs4.element import PreformattedString

# fmt: off
TAGS = frozenset((
    "a", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div",
    "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "img", "kbd", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))
# What these hold is no text to read; others that are not in TAGS lose the tag only.
DROPPED = (
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg",
    "math", "title",
)
ATTRIBUTES = frozenset((
    "alt", "class", "colspan", "id", "open", "rowspan", "start", "title", "width",
))
# fmt: on
SCHEMES = frozenset(("http", "https", "mailto"))
HEADING = re.compile("^h[1-6]$")
# At 360 px, so many characters of a text that must not wrap fit on the page.
NARROW = 40


def clean(html):
    """Drop what runs, what is fetched, and what changes the style of the page.

    Only known tags and attributes stay, written anew: a browser finds no others.

    Args:
        html: HTML of cells, which may hold anything.

    Returns:
        A `BeautifulSoup`. Of images that are not embedded, the alt text stays.
    """
    soup = BeautifulSoup(html, "html.parser")
    for comment in soup(string=lambda text: isinstance(text, PreformattedString)):
        comment.extract()
    for tag in soup(DROPPED):
        tag.decompose()
    for tag in soup(True):
        kept = [name for name in tag.attrs if _may_stay(tag, name)]
        tag.attrs = {name: tag[name] for name in kept}
        if tag.name not in TAGS:
            tag.unwrap()
        elif tag.name == "img" and "src" not in tag.attrs:
            tag.replace_with(tag.get("alt", ""))
    return soup


def _may_stay(tag, name):
    if name == "src":
        return tag.name == "img" and tag[name].startswith("data:image/")
    if name == "href":
        # Browsers skip white space inside an address.
        address = re.sub(r"[\x00-\x20]", "", tag[name]).lower()
        scheme = re.match(r"[a-z][a-z0-9+.-]*(?=:)", address)
        return scheme is None or scheme[0] in SCHEMES
    return name in ATTRIBUTES


def name_elements(soup, taken):
    """Give each heading an id made of its words; no id is used twice.

    Args:
        soup: The cells; changed in place.
        taken: Ids that the rest of the page uses.
    """
    taken = set(taken)
    for heading in soup(HEADING):
        words = re.sub(r"[^a-z0-9]+", "-", heading.get_text().lower()).strip("-")
        name = words = words or "section"
        n = 1
        while name in taken:
            n += 1
            name = f"{words}-{n}"
        heading["id"] = name
        taken.add(name)
    for tag in soup(id=True):
        if HEADING.match(tag.name):
            continue
        if tag["id"] in taken:
            del tag["id"]
        else:
            taken.add(tag["id"])


def frame_tables(soup):
    """Say which cells of a table head a row or column; let wide tables scroll alone."""
    for n, table in enumerate(soup("table"), start=1):
        for scope in ("col", "row"):
            for cell in table.select("thead th" if scope == "col" else "tbody th"):
                cell["scope"] = scope
                if not cell.get_text(strip=True):
                    cell.name, cell.attrs = "td", {}
        heads = (cell.get_text(strip=True) for cell in table.select("thead th"))
        _frame(soup, table, f"Table {n}: {', '.join(heads)}")


def frame_wide_texts(soup):
    """Let drawn texts, which must not wrap, scroll alone where the page is narrower."""
    n = 0
    for text in soup.select(".output_html pre"):
        if max(map(len, text.get_text().splitlines()), default=0) > NARROW:
            n += 1
            _frame(soup, text, f"Wide text {n}")


def _frame(soup, element, label):
    """Put an element into a box that scrolls, by keyboard too."""
    box = {"class": "scroll", "role": "region", "tabindex": "0", "aria-label": label}
    element.wrap(soup.new_tag("div", attrs=box))
