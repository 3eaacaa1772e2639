import re
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.publish import markup
from fashionnet.publish import page as rendering
from fashionnet.publish.contents import PAGE_SCRIPT, read_page
from fashionnet.publish.markup import LONG, clean
from fashionnet.publish.page import render_page
from fashionnet.publish.sources import list_functions

RAN = "document.documentElement.setAttribute('data-ran', 'yes')"
ATTACKS = [
    f"<script>{RAN}</script>",
    f'<img src="x" onerror="{RAN}">',
    f'<details open ontoggle="{RAN}"><summary>fold</summary></details>',
    f'<svg onload="{RAN}"></svg>',
    f'<iframe srcdoc="<script>parent.{RAN}</script>"></iframe>',
    f'<a id="click" href="javascript:{RAN}">a link</a>',
    f'<input autofocus onfocus="{RAN}">',
    f'<svg><script>{RAN}</script><a xlink:href="javascript:{RAN}">svg</a></svg>',
    f'<math><mtext><img src="x" onerror="{RAN}"></mtext></math>',
]
THERE = "https://example.org"
# These ask for something, or lead away, without a click.
REQUESTS = [
    f'<form action="{THERE}/f"><button formaction="{THERE}/b">send</button></form>',
    f'<p style="background: url({THERE}/p.png)">styled</p>',
    f'<style>@import "{THERE}/a.css"; body {{background: url({THERE}/b.png)}}</style>',
    f'<meta http-equiv="refresh" content="0; url={THERE}/">',
    f'<object data="{THERE}/o"></object><embed src="{THERE}/e">',
    f'<link rel="stylesheet" href="{THERE}/l.css"><base href="{THERE}/">',
    f'<video poster="{THERE}/v.png" src="{THERE}/v" autoplay></video>',
    f'<img srcset="{THERE}/s.png 1x"><iframe src="{THERE}/i"></iframe>',
]


def make_book(*code):
    cells = [new_markdown_cell("# A question?\n\nSays *what* it is about.")]
    return new_notebook(cells=cells + [new_code_cell(c) for c in code])


def show(book, data, **metadata):
    cell = new_code_cell("show()", execution_count=1)
    cell.outputs = [new_output("display_data", data, metadata=metadata)]
    book.cells.append(cell)
    return book


def attack():
    """Make a notebook whose cells try everything to run a script or to lead away."""
    book = make_book()
    book.cells += [new_markdown_cell(text) for text in ATTACKS + REQUESTS]
    book.cells.append(new_markdown_cell(f"[a link](<javascript:{RAN}>)"))
    for text in ATTACKS + REQUESTS:
        show(book, {"text/html": text})
        show(book, {"text/html": text}, **{"text/html": {"isolated": True}})
        show(book, {"text/markdown": text})
    show(book, {"image/svg+xml": f"<svg><script>{RAN}</script></svg>"})
    return show(book, {"application/javascript": RAN})


@pytest.fixture(scope="module")
def attacked():
    return render_page(attack())


def test_no_script_of_a_cell_is_on_the_page(attacked):
    page = read_page(attacked)
    assert page.active == page.fetched == []
    assert "<svg" not in attacked
    ours = {"further/index.html", *(f"{name}.html" for name in rendering.SITE)}
    assert {link for link in page.links if link[:1] != "#"} <= {*ours, ""}
    assert attacked.count("a link") >= 4


def test_nothing_in_a_cell_runs_or_asks_for_anything_in_a_browser(
    open_tab, tmp_path, attacked
):
    path = tmp_path / "page.html"

    def look_at(page):
        """Open a page; return whether a script ran, and what was asked for."""
        path.write_text(page, encoding="utf-8")
        tab = open_tab(path)
        tab.page.wait_for_timeout(200)
        ran = tab.page.evaluate("'ran' in document.documentElement.dataset")
        tab.page.context.close()
        return ran, [url for url in tab.asked if not url.startswith("data:")]

    assert look_at(f"<p>{ATTACKS[1]}")[0]
    assert f"{THERE}/p.png" in look_at(f"<p>{REQUESTS[1]}")[1]
    assert look_at(attacked) == (False, [path.as_uri()])
    # Even if the cleaning let one through, the page's policy would stop it.
    let_through = attacked.replace("</main>", f"{''.join(ATTACKS)}</main>")
    assert not look_at(let_through)[0]


def test_page_keeps_alt_text_and_loads_nothing_from_elsewhere():
    metadata = {"image/png": {"alt": 'a "b" <c>', "width": 12}}
    page = read_page(render_page(show(make_book(), {"image/png": "AAAA"}, **metadata)))
    assert [image.alt for image in page.images] == ['a "b" <c>']
    assert 'width="12"' in page.html
    assert page.fetched == page.active == []


def test_page_has_title_description_and_language():
    soup = BeautifulSoup(render_page(make_book()), "html.parser")
    about = soup.find("meta", attrs={"name": "description"})["content"]
    assert (soup.title.text, soup.html["lang"]) == ("A question?", "en")
    assert about == "Says what it is about."


def test_page_lists_its_sections_and_no_id_is_used_twice():
    book = make_book()
    texts = ("## b) Go", "## b) Go", "### Slowly", "## Main")
    book.cells += [new_markdown_cell(text) for text in texts]
    soup = BeautifulSoup(render_page(book), "html.parser")
    ids = [tag["id"] for tag in soup(id=True)]
    assert len(set(ids)) == len(ids)
    links = [(a["href"], a.text) for a in soup.select(".contents a")]
    assert links == [
        ("#b-go", "b) Go"),
        ("#b-go-2", "b) Go"),
        ("#slowly", "Slowly"),
        ("#main-2", "Main"),
    ]
    assert [a.text for a in soup.select(".contents .h3 a")] == ["Slowly"]


@pytest.mark.parametrize("n_lines", [LONG - 1, LONG])
def test_long_output_is_folded_and_says_how_long_it_is(n_lines):
    book, text = make_book("fit()"), "\n".join(map("Epoch {}".format, range(n_lines)))
    book.cells[-1].outputs = [new_output("stream", name="stdout", text=text)]
    soup = BeautifulSoup(render_page(book), "html.parser")
    assert soup.find(string=re.compile("Epoch 1$", re.MULTILINE))
    folds = soup.select("details.log")
    assert [fold.summary.text for fold in folds] == [f"{LONG} lines of output"] * (
        n_lines == LONG
    )


def test_setup_is_folded_and_other_code_is_open():
    book = make_book("import keras", "from x import y", "model = 1", "# folder")
    book.cells[-1].metadata["tags"] = ["setup"]
    soup = BeautifulSoup(render_page(book), "html.parser")
    folds = soup.select("details.code")
    assert [fold.has_attr("open") for fold in folds] == [False, False, True, False]


def test_folded_code_is_named_by_its_first_comment():
    book = make_book("# Open\none = 1", "# Compare <two> groups\ntwo", "three = 3")
    for cell in book.cells[2:]:
        cell.metadata["tags"] = ["folded"]
    soup = BeautifulSoup(render_page(book), "html.parser")
    named = [
        fold.summary.text.partition(": ")[2] for fold in soup.select("details.code")
    ]
    assert named == ["", "Compare <two> groups", ""]


def test_section_tagged_as_folded_is_folded_up_to_the_next_heading_of_its_rank():
    book = make_book("one = 1", "two = 2", "three = 3")
    heads = ("## A\n\nfirst", "### B\n\nsecond", "## C\n\nthird")
    first, *code = book.cells
    texts = [new_markdown_cell(source) for source in heads]
    for text in (texts[0], first):  # the title is no section
        text.metadata["tags"] = ["folded"]
    book.cells = [first]
    for pair in zip(texts, code, strict=True):
        book.cells += pair
    soup = BeautifulSoup(render_page(book), "html.parser")
    (fold,) = soup.select("details.section")
    assert fold.summary.get_text() == "A optional"
    [noted] = [item for item in soup.select(".contents li") if item.span]
    assert noted.a.text == "A" and noted.span.text == "optional"
    assert [h.text for h in fold(["h2", "h3"])] == ["A", "B"]
    folded = [code.pre.text.strip() for code in fold(class_="code")]
    assert folded == ["one = 1", "two = 2"]
    assert [h.text for h in soup.main(["h2", "h3"])][:3] == ["A", "B", "C"]


def test_links_to_sections_lead_there_as_in_jupyter():
    book = make_book()
    book.cells[0].source = (
        "# Here\n\n## Repeat, again\n\n[a](#Repeat,-again) "
        "[b](02_binary.ipynb#Load-it) [c](../reports/explore.html#5561)"
    )
    soup = BeautifulSoup(render_page(book), "html.parser")
    links = [link["href"] for link in soup.select("main p a")]
    assert links == ["#repeat-again", "02_binary.html#load-it", "explore.html#5561"]
    assert soup.find(id="repeat-again")


def test_page_shows_the_source_of_the_functions_it_calls():
    book = make_book("model = models.build_mlp(10)")
    soup = BeautifulSoup(render_page(book), "html.parser")
    source = soup.find(id="models.build_mlp").get_text()
    assert source.startswith("def build_mlp(")
    (link,) = soup.select("pre a")
    assert (link["href"], link.text) == ("#models.build_mlp", "models.build_mlp")


def test_functions_are_shown_with_what_they_use_but_no_plumbing():
    code = "training.make_callbacks(1); pairs.unheard_of(); reporting.say(2)"
    shown = list_functions(make_book(code))
    assert list(shown) == [
        "reporting.say",
        "training.Watch",
        "training._write",
        "training.make_callbacks",
    ]
    assert shown["training.Watch"].startswith("class Watch(")
    # Through three modules, to the estimate that the figure of Part 3 rests on.
    deep = list_functions(make_book("contrasts.compare(right)"))
    assert {"contrasts.make_contrast", "stats.crossed_estimate"} <= deep.keys()


@pytest.mark.integration
def test_rendering_needs_no_deep_learning_framework():
    code = "import fashionnet.publish.build, sys; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not {"keras", "tensorflow"} & set(answer.stdout.split())


# The HTML of cells.


@pytest.mark.parametrize(
    "html",
    [
        *("<script>alert(1)</script>", "<!-- a comment -->", "<base href='//a.b/'>"),
        *("<style>p { color: red }</style>", "<iframe src='x.html'></iframe>"),
        "<svg onload='alert(1)'><text>drawn</text></svg>",
        "<meta http-equiv='refresh' content='0; url=https://example.org/'>",
        "<link rel='stylesheet' href='https://example.org/a.css'>",
    ],
)
def test_what_runs_is_fetched_or_restyles_is_dropped(html):
    assert str(clean(f"<p>before</p>{html}")) == "<p>before</p>"


@pytest.mark.parametrize(
    "tag",
    [
        '<a href="JaVa\tscript:alert(1)">text</a>',
        '<a href="java&#115;cript:alert(1)">text</a>',
        '<a href="da\tta:text/html,<script>alert(1)</script>">text</a>',
        '<a href="\x01data:text/html,<script>alert(1)</script>">text</a>',
        '<a href="\x01javascript:alert(1)">text</a>',
        '<a href="vbscript:alert(1)">text</a>',
        '<a onclick="alert(1)" style="color: red" formaction="x">text</a>',
    ],
)
def test_links_keep_their_text_and_lose_what_runs(tag):
    assert str(clean(tag)) == "<a>text</a>"


@pytest.mark.parametrize(
    "tag",
    [
        *('<a href="#a">text</a>', '<a href="02.html#a">text</a>'),
        '<a href="https://example.org/">text</a>',
        '<a href="mailto:a@example.org">text</a>',
        '<img alt="a coat" src="data:image/png;base64,AAAA" width="20"/>',
    ],
)
def test_ordinary_links_and_embedded_images_stay(tag):
    assert str(clean(tag)) == tag


@pytest.mark.parametrize(
    "address",
    ["https://example.org/a.png", "a.png", "//example.org/a.png", "data:text/html,x"],
)
def test_images_that_are_not_on_the_page_leave_their_alt_text(address):
    html = f'<p><img alt="a coat" src="{address}" onerror="alert(1)"/></p>'
    assert str(clean(html)) == "<p>a coat</p>"


def test_unknown_tags_leave_their_text():
    assert str(clean("<p><blink>new</blink> <font>old</font></p>")) == "<p>new old</p>"


def test_no_id_is_used_twice_and_each_heading_has_one():
    soup = clean('<h2>a′) Go!</h2><h2>a) Go</h2><p id="a-go">x</p><h2>Functions</h2>')
    soup.extend(clean("<h2>?</h2><h2>…</h2>"))
    markup.name_elements(soup, taken={"functions"})
    names = ["a-go", "a-go-2", None, "functions-2", "section", "section-2"]
    assert [tag.get("id") for tag in soup(True)] == names


def test_tables_say_what_their_headers_head_and_scroll_by_themselves():
    soup = clean(
        "<table><thead><tr><th></th><th>errors</th></tr></thead>"
        "<tbody><tr><th>Bag</th><td>3</td></tr></tbody></table>"
    )
    markup.frame_tables(soup)
    scopes = {th.text: th["scope"] for th in soup("th")}
    assert scopes == {"errors": "col", "Bag": "row"}
    box = soup.table.parent
    assert (box["role"], box["tabindex"]) == ("region", "0")
    assert box["aria-label"] == "Table 1: errors"


def test_only_wide_drawn_texts_scroll():
    wide, short = f"<pre>{'━' * 70}\nshort</pre>", "<pre>short</pre>"
    soup = clean(f'<div class="output_html">{wide}{short}</div>')
    markup.frame_wide_texts(soup)
    wide, short = soup("pre")
    assert wide.parent["tabindex"] == "0"
    assert short.parent["class"] == ["output_html"]


def test_formulas_become_mathml_and_nothing_else_does():
    book = make_book("print('$a$ and $b$')")
    book.cells.append(new_markdown_cell("With $k$ of $n$:\n\n$$\\frac{k}{n}$$"))
    book.cells.append(new_markdown_cell("`$PATH$` costs 5 $ or 6 $."))
    page = BeautifulSoup(render_page(book), "html.parser")
    kinds = [formula["display"] for formula in page("math")]
    assert kinds == ["inline", "inline", "block"]
    assert page.find("mfrac").get_text() == "kn"
    [kept] = page.select(".formula")  # no line begins with the colon
    assert kept.get_text() == "n:"
    assert "$PATH$" in page.get_text()
    assert "5 $ or 6 $" in page.get_text()
    assert "$a$ and $b$" in page.get_text()


def test_index_of_a_sum_stays_below_it():
    book = make_book()
    book.cells.append(new_markdown_cell("$$\\sum_k a_k + \\sum_{i=1}^n b_i$$"))
    page = BeautifulSoup(render_page(book), "html.parser")
    assert page.find("munder").get_text() == "∑k"
    assert page.find("munderover").get_text() == "∑i=1n"


def test_hat_stands_above_its_letter():
    book = make_book()
    book.cells.append(new_markdown_cell("$\\hat m$"))
    page = BeautifulSoup(render_page(book), "html.parser")
    hat = page.find("mover", accent="true")
    assert [part.get_text() for part in hat.children] == ["m", "^"]


@pytest.mark.parametrize(
    "formula",
    [r"\text{<script>x</script>}", r"\href{javascript:x}{y}", r"<img src=x onerror=x>"],
)
def test_formula_runs_nothing(formula):
    book = make_book()
    book.cells.append(new_markdown_cell(f"${formula}$"))
    page = BeautifulSoup(render_page(book), "html.parser")
    assert [script.get_text() for script in page("script")] == [PAGE_SCRIPT]
    assert not page.find(href=re.compile("javascript"))
    assert not page("img")


def test_caption_joins_its_figure():
    book, png = make_book(), {"image/png": "AAAA\n"}
    alt = {"image/png": {"alt": "A line that rises."}}
    show(book, png, **alt)
    said = new_output("display_data", {"text/markdown": "Figure 1. A line."})
    book.cells[-1].outputs.append(said)
    show(book, png, **alt)
    page = BeautifulSoup(render_page(book), "html.parser")
    [figure] = page("figure")
    assert figure.img["alt"] == "A line that rises."
    assert figure.figcaption.get_text() == "Figure 1. A line."


def test_numbers_of_papers_lead_to_them_but_not_in_code():
    book = make_book()
    text = "See arXiv:1708.07747, and doi:10.1186/1471-2288-13-91. `arXiv:1.2`"
    book.cells.append(new_markdown_cell(text))
    page = BeautifulSoup(render_page(book), "html.parser")
    links = {a["href"]: a.text for a in page.select(".cell a, main a")}
    assert links["https://arxiv.org/abs/1708.07747"] == "arXiv:1708.07747"
    doi = "https://doi.org/10.1186/1471-2288-13-91"
    assert links[doi] == "doi:10.1186/1471-2288-13-91"
    assert "https://arxiv.org/abs/1.2" not in links


def test_links_to_notebooks_lead_to_their_pages():
    book = make_book()
    links = "[2](02_binary.ipynb) [e](../reports/explore.html) [h](#here)"
    book.cells.append(new_markdown_cell(links))
    page = BeautifulSoup(render_page(book), "html.parser")
    found = {link["href"] for link in page.main("a", href=True)}
    assert {"02_binary.html", "explore.html", "#here"} <= found


def test_every_page_leads_to_all_others_and_says_which_one_it_is():
    page = BeautifulSoup(render_page(make_book(), "02_binary"), "html.parser")
    links = page.select(".site a")
    leads_to = [link["href"] for link in links]
    assert leads_to[:4] == [f"{page}.html" for page in list(rendering.SITE)[:4]]
    assert leads_to[4:] == ["further/index.html", "explore.html", "try.html"]
    [here] = page.select("[aria-current=page]")
    assert here["href"] == "02_binary.html"
    along = [link["href"] for link in page.select(".along a")]
    assert along == [
        "01_multiclass.html",
        "03_comparison.html",
        "#main",
        "02_binary.ipynb",
        "colab/02_binary.ipynb",
    ]


def test_further_page_says_among_which_it_is():
    name = "further/09_labels_or_outputs"
    page = BeautifulSoup(render_page(make_book(), name), "html.parser")
    [here] = page.select(".site [aria-current]")
    assert here["href"] == "../further/index.html"


def test_page_of_another_notebook_has_no_neighbors():
    page = BeautifulSoup(render_page(make_book()), "html.parser")
    assert [link["href"] for link in page.select(".along a")] == ["#main"]
    assert not page.select("[aria-current]")
