"""Render an executed notebook to one page that needs nothing but itself."""

import ast
import base64
import hashlib
import html
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import nh3
from bs4 import BeautifulSoup
from jinja2 import Environment, FileSystemLoader
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from fashionnet.publish.contents import PAGE_SCRIPT

PACKAGE = Path(__file__).parents[1]
TEMPLATE = Path(__file__).parent / "template"
SHOWN_MODULES = tuple(
    sorted(
        path.stem
        for folder in (PACKAGE, PACKAGE / "study")
        for path in folder.glob("[a-z]*.py")
    )
)
# Shown where a notebook calls them, but nothing that lies behind them.
PLUMBING = ("download", "engine", "reporting", "runs", "storing", "tasks", "words")
# Checks say in their errors what they do.
LEFT_OUT = ("check_", "_check_")
# All pages in the order of reading, and what each is called on the others.
SITE = {
    "index": "Overview",
    "01_multiclass": "Part 1: ten classes",
    "02_binary": "Part 2: two groups",
    "03_comparison": "Part 3: which is better?",
    "further/09_labels_or_outputs": "Further: labels or outputs?",
    "explore": "Explorer",
}
# What the head of every page leads to.
HEADER = {
    "index": "Overview",
    "01_multiclass": "Part 1",
    "02_binary": "Part 2",
    "03_comparison": "Part 3",
    "index.html#further": "Further notebooks",
    "explore": "Explorer",
}
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
    "mrow",
    "mspace",
    "msqrt",
    "msub",
    "msubsup",
    "msup",
    "mtext",
}
FORMULA_ATTRIBUTES = {"math": {"display"}, "mspace": {"width"}, "mo": {"stretchy"}}
HEADING = re.compile("^h[1-6]$")
CAPTION = re.compile(r"Figure \d+\. ")
ARCHIVES = {"arXiv": "https://arxiv.org/abs/", "doi": "https://doi.org/"}
SOURCE = re.compile(r"(arXiv|doi):([\w./-]*\w)")
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^\s$](?:[^$\n]*[^\s$])?)\$", re.DOTALL)
# What may scroll by itself is reached by keyboard too.
FOCUSABLE = {"role": "region", "tabindex": "0"}
# At 360 px, so many characters of a text that must not wrap fit on the page.
NARROW = 40


def render_page(book, name=""):
    """Render an executed notebook to one page that loads nothing from elsewhere.

    Whatever the cells hold, no script of theirs runs. `name` is that of the page, for
    the links to its neighbors.
    """
    exporter = HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        exclude_anchor_links=True,
    )
    functions = highlight_functions(book)
    soup = clean(exporter.from_notebook_node(book)[0])
    name_elements(soup, taken={"main", "functions", *functions})
    caption_figures(soup)
    lead_to_pages(soup)
    link_sources(soup)
    write_formulas(soup)
    frame_tables(soup)
    frame_wide_texts(soup)
    for n, code in enumerate(soup.select(".highlight"), start=1):
        code.attrs |= FOCUSABLE | {"aria-label": f"Code block {n}"}
    return load_template("notebook.html.j2").render(
        name=name,
        root="../" if "/" in name else "",
        neighbors=list_neighbors(name),
        title=title_of(book),
        description=soup.p.get_text() if soup.p else title_of(book),
        headings=[(h["id"], h.get_text()) for h in soup("h2")],
        cells=link_calls(str(soup), functions),
        functions=functions,
        highlight_css=highlight_css(),
        script=PAGE_SCRIPT,
    )


def load_template(name):
    """Return one of our templates, which escape what they are given."""
    env = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True)
    env.globals |= {"header": HEADER, "digest": digest}
    return env.get_template(name)


def digest(script):
    """Return what a page's policy names the one script by that may run."""
    found = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(found).decode()}"


def list_neighbors(name):
    """List the pages before and after one, each as `(what, name, title)`."""
    places = list(SITE)
    if name not in places:
        return []
    place = places.index(name)
    before, after = places[:place][-1:], places[place + 1 :][:1]
    pairs = [("Previous", page) for page in before] + [("Next", page) for page in after]
    return [(what, page, SITE[page]) for what, page in pairs]


def title_of(book):
    """Return the heading of a notebook."""
    return book.cells[0].source.splitlines()[0].removeprefix("# ")


def list_functions(book):
    """Find the package's functions and classes that a notebook uses.

    What these use is among them, but for plumbing. Modules are read, not imported: a
    page needs no deep learning framework.

    Returns:
        A dictionary from names such as `models.build_mlp` to source code.
    """
    code = "\n".join(c.source for c in book.cells if c.cell_type == "code")
    calls = re.findall(rf"\b({'|'.join(SHOWN_MODULES)})\.([A-Za-z]\w+)\(", code)
    found, waiting = {}, [*dict.fromkeys(calls)]
    while waiting:
        module, name = waiting.pop()
        source = read_module(module).sources.get(name)
        if source is None or name.startswith(LEFT_OUT) or f"{module}.{name}" in found:
            continue
        found[f"{module}.{name}"] = source
        if module not in PLUMBING:
            homes = read_module(module).homes
            used = [homes[word] for word in re.findall(r"\w+", source) if word in homes]
            waiting += [home for home in used if home[0] not in PLUMBING]
    return dict(sorted(found.items()))


class Module(NamedTuple):
    """The source of a module's functions and classes, by name.

    `homes` tells for these, and for those it imports, `(module, name)`.
    """

    sources: dict[str, str]
    homes: dict[str, tuple[str, str]]


@cache
def read_module(name):
    """Read a module of the package."""
    (path,) = [*PACKAGE.glob(f"{name}.py"), *PACKAGE.glob(f"study/{name}.py")]
    text = path.read_text(encoding="utf-8")
    sources, homes = {}, {}
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            sources[node.name] = ast.get_source_segment(text, node)
            homes[node.name] = (name, node.name)
        elif isinstance(node, ast.ImportFrom) and node.module.startswith("fashionnet."):
            module = node.module.split(".")[-1]
            homes |= {a.asname or a.name: (module, a.name) for a in node.names}
    return Module(sources, homes)


def highlight_functions(*books):
    """Return the key functions that notebooks call, as HTML in colors, by name."""
    found = {}
    for book in books:
        found |= list_functions(book)
    pages = {}
    for name in sorted(found):
        code = BeautifulSoup(highlight_python(found[name]), "html.parser")
        code.div.attrs |= FOCUSABLE | {"aria-label": f"Source of {name}"}
        pages[name] = str(code)
    return pages


def link_calls(page, functions):
    """Link highlighted calls such as `models.build_mlp` to the source on the page."""
    for name in functions:
        module, function = name.split(".")
        call = (
            f'<span class="n">{module}</span><span class="o">.</span>'
            f'<span class="n">{function}</span>'
        )
        page = page.replace(call, f'<a href="#{name}">{call}</a>')
    return page


def highlight_python(source):
    """Return Python code as HTML, in colors."""
    return highlight(source, PythonLexer(), HtmlFormatter())


def highlight_css():
    """Return the colors of code on light and on dark ground."""
    light, dark = (
        HtmlFormatter(style=style).get_style_defs(".highlight")
        for style in ("default", "github-dark")
    )
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


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
        link["href"] = re.sub(r"^([\w./]+)\.ipynb(?=#|$)", r"\1.html", address)


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
    display, inline = found.groups()
    kind = "block" if display else "inline"
    formula = convert(html.unescape(display or inline), display=kind)
    # The converter hands HTML inside a formula on as it is.
    return nh3.clean(formula, tags=FORMULA_TAGS, attributes=FORMULA_ATTRIBUTES)


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
    box = {"class": "scroll", "aria-label": label} | FOCUSABLE
    element.wrap(soup.new_tag("div", attrs=box))
