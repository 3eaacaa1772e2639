"""Show on a page the source of the functions behind it."""

import ast
import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from fashionnet.publish.markup import FOCUSABLE

PACKAGE = Path(__file__).parents[1]
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
    return {name: _highlight_function(name, found[name]) for name in sorted(found)}


@cache
def _highlight_function(name, source):
    """Return a function's source as HTML that can be reached by keyboard."""
    names = FOCUSABLE | {"aria-label": f"Source of {name}"}
    attributes = "".join(f' {key}="{value}"' for key, value in names.items())
    return highlight_python(source).replace("<div", f"<div{attributes}", 1)


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
