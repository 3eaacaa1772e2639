"""Render an executed notebook to one page that needs nothing but itself."""

import ast
import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader
from nbconvert import HTMLExporter
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from fashionnet.course.markup import (
    clean,
    frame_tables,
    frame_wide_texts,
    name_elements,
)

PACKAGE = Path(__file__).parents[1]
TEMPLATE = Path(__file__).parent / "template"
# Figures, tables and sentences are left out: they say in the page what they do.
SHOWN_MODULES = (
    "data", "models", "training", "evaluation", "stats", "runs", "study", "experiment",
    "side_views", "study_images", "study_scores",
)  # fmt: skip


def render_page(book):
    """Render an executed notebook to one page that loads nothing from elsewhere.

    Whatever the cells hold, no script of theirs runs.
    """
    exporter = HTMLExporter(
        template_name=TEMPLATE.name,
        extra_template_basedirs=[str(TEMPLATE.parent)],
        exclude_anchor_links=True,
    )
    functions = highlight_functions(book)
    soup = clean(exporter.from_notebook_node(book)[0])
    name_elements(soup, taken={"main", "functions", *functions})
    frame_tables(soup)
    frame_wide_texts(soup)
    return load_template("notebook.html.j2").render(
        title=title_of(book),
        description=soup.p.get_text() if soup.p else title_of(book),
        headings=[(h["id"], h.get_text()) for h in soup("h2")],
        cells=link_calls(str(soup), functions),
        functions=functions,
        highlight_css=highlight_css(),
    )


def load_template(name):
    """Return one of our templates, which escape what they are given."""
    env = Environment(loader=FileSystemLoader(TEMPLATE), autoescape=True)
    return env.get_template(name)


def title_of(book):
    """Return the heading of a notebook."""
    return book.cells[0].source.splitlines()[0].removeprefix("# ")


def list_functions(book):
    """Find the package's key functions that a notebook calls.

    Modules are read, not imported: a page needs no deep learning framework.

    Returns:
        A dictionary from names such as `models.build_mlp` to source code.
    """
    code = "\n".join(c.source for c in book.cells if c.cell_type == "code")
    calls = re.findall(rf"\b({'|'.join(SHOWN_MODULES)})\.([A-Za-z]\w+)\(", code)
    sources = {module: read_definitions(module) for module, _ in calls}
    return {
        f"{module}.{name}": sources[module][name]
        for module, name in sorted(set(calls))
        if name in sources[module]
    }


def highlight_functions(*books):
    """Return the key functions that notebooks call, as HTML in colors, by name."""
    found = {}
    for book in books:
        found |= list_functions(book)
    return {name: highlight_python(found[name]) for name in sorted(found)}


def read_definitions(module):
    """Return the source of a module's functions and classes, by name."""
    text = (PACKAGE / f"{module}.py").read_text(encoding="utf-8")
    kinds = (ast.FunctionDef, ast.ClassDef)
    nodes = [node for node in ast.parse(text).body if isinstance(node, kinds)]
    return {node.name: ast.get_source_segment(text, node) for node in nodes}


def link_calls(html, functions):
    """Link highlighted calls such as `models.build_mlp` to the source on the page."""
    for name in functions:
        module, function = name.split(".")
        call = (
            f'<span class="n">{module}</span><span class="o">.</span>'
            f'<span class="n">{function}</span>'
        )
        html = html.replace(call, f'<a href="#{name}">{call}</a>')
    return html


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
