import html
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.course.notebook_page import list_functions, render_page

REPORTS = Path(__file__).parents[1] / "reports"
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJ"
    "RU5ErkJggg=="
)
RAN = "document.documentElement.setAttribute('data-ran', 'yes')"
ATTACKS = [
    f"<script>{RAN}</script>",
    f'<img src="x" onerror="{RAN}">',
    f'<details open ontoggle="{RAN}"><summary>fold</summary></details>',
    f'<svg onload="{RAN}"></svg>',
    f'<iframe srcdoc="<script>parent.{RAN}</script>"></iframe>',
    f'<a id="click" href="javascript:{RAN}">a link</a>',
]
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def make_book(*code):
    cells = [new_markdown_cell("# A question?\n\nSays *what* it is about.")]
    return new_notebook(cells=cells + [new_code_cell(c) for c in code])


def show(book, data, **metadata):
    cell = new_code_cell("show()", execution_count=1)
    cell.outputs = [new_output("display_data", data, metadata=metadata)]
    book.cells.append(cell)
    return book


def attack():
    """Make a notebook whose cells try everything to run a script."""
    book = make_book()
    book.cells += [new_markdown_cell(text) for text in ATTACKS]
    book.cells.append(new_markdown_cell(f"[a link](<javascript:{RAN}>)"))
    for text in ATTACKS:
        show(book, {"text/html": text})
        show(book, {"text/html": text}, **{"text/html": {"isolated": True}})
        show(book, {"text/markdown": text})
    show(book, {"image/svg+xml": f"<svg><script>{RAN}</script></svg>"})
    return show(book, {"application/javascript": RAN})


@pytest.fixture(scope="module", params=["01_multiclass", "02_binary", "03_comparison"])
def stored(request):
    book = nbformat.read(REPORTS / f"{request.param}.ipynb", as_version=4)
    return book, render_page(book)


def test_no_script_of_a_cell_is_on_the_page():
    soup = BeautifulSoup(render_page(attack()), "html.parser")
    assert not soup(["script", "iframe", "svg", "object", "embed"])
    attributes = [name for tag in soup(True) for name in tag.attrs]
    assert not [name for name in attributes if name.startswith("on")]
    links = [tag["href"] for tag in soup("a", href=True)]
    assert not [link for link in links if not link.startswith(("#", "index.html"))]
    assert soup.main.get_text().count("a link") >= 4


@pytest.mark.integration
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium or Chrome on the path")
def test_no_script_of_a_cell_runs_in_a_browser(tmp_path):
    path = tmp_path / "page.html"
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path}/profile", path.as_uri()]

    def runs_a_script(page):
        path.write_text(page, encoding="utf-8")
        answer = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert "</html>" in answer.stdout
        return re.search("<html[^>]*data-ran", answer.stdout)

    assert runs_a_script(f"<p>{ATTACKS[1]}")
    page = render_page(attack())
    assert not runs_a_script(page)
    # Even if the cleaning let one through, the page's policy would stop it.
    assert not runs_a_script(page.replace("</main>", f"{''.join(ATTACKS)}</main>"))


def test_page_keeps_alt_text_and_loads_nothing_from_elsewhere():
    book = show(
        make_book(),
        {"image/png": PIXEL},
        **{"image/png": {"alt": 'a "b" <c>', "width": 12}},
    )
    page = render_page(book)
    assert 'a "b" <c>' in html.unescape(page)
    assert "<c>" not in page
    assert 'width="12"' in page
    for marker in ('src="http', "require.min.js", "MathJax.js", "import mermaid"):
        assert marker not in page


def test_page_has_title_description_and_language():
    page = render_page(make_book())
    assert "<title>A question?</title>" in page
    assert '<html lang="en">' in page
    assert '<meta name="description" content="Says what it is about.">' in page


def test_page_lists_its_sections_and_no_id_is_used_twice():
    book = make_book()
    book.cells += [new_markdown_cell(t) for t in ("## b) Go", "## b) Go", "## Main")]
    soup = BeautifulSoup(render_page(book), "html.parser")
    ids = [tag["id"] for tag in soup(id=True)]
    assert len(set(ids)) == len(ids)
    links = [(a["href"], a.text) for a in soup.nav.ul("a")]
    assert links == [("#b-go", "b) Go"), ("#b-go-2", "b) Go"), ("#main-2", "Main")]


def test_setup_is_folded_and_other_code_is_open():
    book = make_book("import keras", "from x import y", "model = 1", "# folder")
    book.cells[-1].metadata["tags"] = ["setup"]
    soup = BeautifulSoup(render_page(book), "html.parser")
    folds = soup.select("details.code")
    assert [fold.has_attr("open") for fold in folds] == [False, False, True, False]


def test_code_is_copied_as_it_is_in_the_notebook(stored):
    book, page = stored
    folds = BeautifulSoup(page, "html.parser").select(".cell details.code")
    sources = [cell.source for cell in book.cells if cell.cell_type == "code"]
    assert [fold.pre.get_text().rstrip("\n") for fold in folds] == sources


def test_stored_notebook_makes_a_page_that_is_easy_to_use(stored):
    _, page = stored
    soup = BeautifulSoup(page, "html.parser")
    levels = [int(tag.name[1]) for tag in soup(re.compile("^h[1-6]$"))]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b - a <= 1 for a, b in pairwise(levels))
    assert soup("table")
    for table in soup("table"):
        assert table.parent["tabindex"] == "0"
        assert all(th.get("scope") and th.text for th in table("th"))
    assert soup.body.a["href"] == "#main"
    links = {a["href"] for a in soup("a", href=re.compile("^#"))}
    assert links <= {f"#{tag['id']}" for tag in soup(id=True)}
    # Formulas would have to be MathML: as TeX, a reader could not read them.
    assert "$" not in soup.get_text()


def test_equal_notebooks_make_equal_pages(stored):
    book, page = stored
    assert render_page(book) == page


def test_page_shows_the_source_of_the_functions_it_calls():
    book = make_book("model = models.build_mlp(10)", "plots.plot_history(history)")
    assert list(list_functions(book)) == ["models.build_mlp"]
    soup = BeautifulSoup(render_page(book), "html.parser")
    source = soup.find(id="models.build_mlp").get_text()
    assert source.startswith("def build_mlp(\n    n_classes")
    (link,) = soup.select("pre a")
    assert (link["href"], link.text) == ("#models.build_mlp", "models.build_mlp")


def test_names_that_a_module_only_imports_are_left_out():
    book = make_book("training.build_mlp(10)", "runs.Recipe()", "study.unheard_of()")
    assert list(list_functions(book)) == ["runs.Recipe"]


@pytest.mark.integration
def test_rendering_needs_no_deep_learning_framework():
    code = "import fashionnet.course.render, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not {"keras", "tensorflow"} & set(answer.stdout.split())
