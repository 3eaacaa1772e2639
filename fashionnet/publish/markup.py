"""Clean the HTML of cells, and make it easy to read: ids, links, captions, formulas."""

import html
import re

import nh3
from bs4 import BeautifulSoup
from latex2mathml.converter import convert

# fmt: off
TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "dd", "del", "details", "div",
    "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr",
    "i", "img", "kbd", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
}
# What these hold is no text to read; others that are not in TAGS lose the tag only.
DROPPED = {
    "script", "style", "template", "noscript", "iframe", "object", "embed", "svg",
    "math", "title",
}
# fmt: on
ATTRIBUTES = {
    "*": {"alt", "class", "colspan", "id", "open", "rowspan", "start", "title"},
    "a": {"href"},
    "img": {"src", "width"},
}
FORMULA_TAGS = {
    "math",
    "mfrac",
    "mi",
    "mn",
    "mo",
    "mover",
    "mrow",
    "mspace",
    "msqrt",
    "msub",
    "msubsup",
    "msup",
    "mtext",
    "munder",
    "munderover",
}
FORMULA_ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy"},
    "mover": {"accent"},
    "mspace": {"width"},
}
HEADING = re.compile("^h[1-6]$")
CAPTION = re.compile(r"Figure \d+\. ")
ARCHIVES = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
SOURCE = re.compile(r"(arXiv|doi):([\w./-]*\w)")
# With the marks behind it, which must not begin a line.
FORMULA = re.compile(
    r"\$\$(.+?)\$\$|\$([^\s$](?:[^$\n]*[^\s$])?)\$([.,;:?!)]*)", re.DOTALL
)
# What may scroll by itself is reached by keyboard too.
FOCUSABLE = {"role": "region", "tabindex": "0"}
# At 360 px, so many characters of a text that must not wrap fit on the page.
NARROW = 40
# From so many lines on, what a cell prints is folded.
LONG = 18


def improve(soup, taken):
    """Do to cells that were cleaned all that helps to read them.

    Args:
        soup: The cells; changed in place.
        taken: Ids that the rest of the page uses.
    """
    name_elements(soup, taken)
    caption_figures(soup)
    lead_to_pages(soup)
    link_sources(soup)
    write_formulas(soup)
    frame_tables(soup)
    frame_wide_texts(soup)
    fold_long_texts(soup)
    fold_sections(soup)
    for n, code in enumerate(soup.select(".highlight"), start=1):
        code.attrs |= FOCUSABLE | {"aria-label": f"Code block {n}"}


def clean(page):
    """Drop what runs, what is fetched, and what changes the style of the page.

    Args:
        page: HTML of cells, which may hold anything.

    Returns:
        A `BeautifulSoup`. Of images that are not embedded, the alt text stays.
    """
    kept = nh3.clean(
        page,
        tags=TAGS,
        clean_content_tags=DROPPED,
        attributes=ATTRIBUTES,
        attribute_filter=_keep_address,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    soup = BeautifulSoup(kept, "html.parser")
    for image in soup("img", src=None):
        image.replace_with(image.get("alt", ""))
    return soup


def _keep_address(tag, name, value):
    """Let data be the source of an image, and nothing else."""
    if name == "src":
        return value if tag == "img" and value.startswith("data:image/") else None
    # Browsers skip white space and control characters inside an address.
    address = re.sub(r"[\x00-\x20]", "", value).lower()
    return None if name == "href" and address.startswith("data:") else value


def name_elements(soup, taken):
    """Give each heading an id made of its words; no id is used twice.

    Args:
        soup: The cells; changed in place.
        taken: Ids that the rest of the page uses.
    """
    taken = set(taken)
    for heading in soup(HEADING):
        name = words = make_id(heading.get_text()) or "section"
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


def caption_figures(soup):
    """Join each picture with the caption in the output that follows it."""
    for picture in soup.select(".output_png"):
        after = picture.parent.find_next_sibling()
        caption = after and after.select_one(".output_markdown p")
        if caption and CAPTION.match(caption.get_text()):
            figure = picture.wrap(soup.new_tag("figure"))
            _frame(soup, picture, caption.get_text())
            caption.name = "figcaption"
            figure.append(caption.extract())
            after.decompose()


def lead_to_pages(soup):
    """Let links between notebooks, as they work in Jupyter, lead to their pages."""
    for link in soup("a", href=True):
        address = re.sub(r"^((?:\.\./)*)\.\./reports/", r"\1", link["href"])
        place, mark, section = address.partition("#")
        if place.endswith(".ipynb") or not place:
            section = make_id(section)
        link["href"] = re.sub(r"^([\w./]+)\.ipynb$", r"\1.html", place) + mark + section


def make_id(heading):
    """Make the id of a heading: its words in lower case, with hyphens between them."""
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def link_sources(soup):
    """Let the number of a paper lead to it."""
    for text in soup.find_all(string=SOURCE):
        if not text.find_parent(["pre", "code", "a"]):
            parts = SOURCE.sub(_link_source, html.escape(text, quote=False))
            text.replace_with(BeautifulSoup(parts, "html.parser"))


def _link_source(found):
    kind, number = found.groups()
    return f'<a href="{ARCHIVES[kind]}{number}">{found[0]}</a>'


def write_formulas(soup):
    """Write formulas, which stand in dollar signs, as MathML."""
    for text in soup.find_all(string=FORMULA):
        if text.find_parent(["pre", "code"]):
            continue
        parts = FORMULA.sub(_write_formula, html.escape(text, quote=False))
        text.replace_with(BeautifulSoup(parts, "html.parser"))


def _write_formula(found):
    display, inline, marks = found.groups()
    kind = "block" if display else "inline"
    formula = convert(html.unescape(display or inline), display=kind)
    # The converter hands HTML inside a formula on as it is.
    formula = nh3.clean(formula, tags=FORMULA_TAGS, attributes=FORMULA_ATTRIBUTES)
    return f'<span class="formula">{formula}{marks}</span>' if marks else formula


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


def fold_long_texts(soup):
    """Fold what a cell prints where it is long, as the log of a training is."""
    for text in soup.select(".output_stdout pre"):
        n_lines = len(text.get_text().strip().splitlines())
        if n_lines >= LONG:
            fold = text.wrap(soup.new_tag("details", attrs={"class": "log"}))
            summary = soup.new_tag("summary")
            summary.string = f"{n_lines} lines of output"
            fold.insert(0, summary)


def fold_sections(soup):
    """Fold the sections whose heading is tagged "folded", and call them optional."""
    first = ".celltag_folded .text_cell_render > :is(h2, h3):first-child"
    for heading in soup.select(first):
        text = heading.find_parent(class_="cell")
        # A cell like others, so that what looks for headings in cells finds this one.
        fold = text.wrap(soup.new_tag("details", attrs={"class": "cell section"}))
        summary = soup.new_tag("summary")
        note = soup.new_tag("span", string="optional")
        summary.extend([heading.extract(), " ", note])
        fold.insert(0, summary)
        while (after := fold.find_next_sibling()) and not _ends(heading, after):
            fold.append(after.extract())


def _ends(heading, cell):
    """Tell whether a cell begins a section beside or above that of a heading."""
    next_heading = cell.find(HEADING)
    return next_heading and next_heading.name <= heading.name


def _frame(soup, element, label):
    """Put an element into a box that scrolls, by keyboard too."""
    box = {"class": "scroll", "aria-label": label} | FOCUSABLE
    element.wrap(soup.new_tag("div", attrs=box))
