"""Render an executed notebook to one page that needs nothing but itself."""

import base64
import hashlib
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nbconvert import HTMLExporter

from fashionnet.publish.contents import PAGE_SCRIPT
from fashionnet.publish.markup import clean, improve
from fashionnet.publish.sources import highlight_css, highlight_functions, link_calls

TEMPLATE = Path(__file__).parent / "template"
# All pages in the order of reading, and what each is called on the others.
SITE = {
    "index": "Overview",
    "01_multiclass": "Part 1: ten classes",
    "02_binary": "Part 2: two groups",
    "03_comparison": "Part 3: which is better?",
    "further/index": "Further notebooks, and all systems",
    "further/04_explore": "Further: what is in these pictures?",
    "further/05_tuning": "Further: how do you choose settings?",
    "further/06_convolution": "Further: what does a convolution see?",
    "further/07_residual_and_transfer": "Further: do depth and ImageNet help?",
    "further/08_committees": "Further: are ten networks better than one?",
    "further/09_labels_or_outputs": "Further: labels or outputs?",
    "further/10_own_picture": "Further: why is my picture a bag?",
    "further/11_backpropagation": "Further: how does a network learn?",
    "explore": "Explorer",
    "try": "Try it",
}
# What the head of every page leads to.
HEADER = {
    "index": "Overview",
    "01_multiclass": "Part 1",
    "02_binary": "Part 2",
    "03_comparison": "Part 3",
    "further/index": "Further",
    "explore": "Explorer",
    "try": "Try it",
}


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
    improve(soup, taken={"main", "functions", *functions})
    return load_template("notebook.html.j2").render(
        name=name,
        root="../" if "/" in name else "",
        neighbors=list_neighbors(name),
        title=title_of(book),
        description=soup.p.get_text() if soup.p else title_of(book),
        headings=soup(["h2", "h3"]),
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
