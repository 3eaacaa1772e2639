import re

import pytest
from bs4 import BeautifulSoup
from edited import EDITED
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.publish import home
from fashionnet.publish.page import render_page

BUILD = {
    "date": "2026-01-02 03:04 UTC",
    "commit": "abc1234 with changes",
    "machine": "some processor, 2 cores, Linux",
    "seconds": {"01": 41.2, "03": 7.6},
}
RUN = {
    **{"seed": 0, "n_test": 10_000, "n_correct": 9_012, "data_sha256": "f" * 64},
    **{"versions": {"python": "3.12.1"}, "parameters": 12_345, "best_epoch": 7},
    "recipe": {"hidden_units": [32, 16], "learning_rate": 0.007, "n_train": None},
    "train_seconds": 8.6,
}
SEEDS = {"multiclass": {"0": 8_000, "3": 9_001}, "binary": {"0": 9_958}}
RESULTS = {
    **{"multiclass": RUN, "binary": RUN},
    "comparison": {
        "n_correct": {"multiclass_sum": 9_961, "binary": 9_958},
        "errors_by_seed": {"multiclass_sum": [39, 42], "binary": [42]},
    },
    "seeds": {"n_test": 10_000, "n_correct": SEEDS},
}


def say(*texts, tags=()):
    cell = new_code_cell("say()", execution_count=1, metadata={"tags": list(tags)})
    cell.outputs = [new_output("display_data", {"text/markdown": t}) for t in texts]
    return cell


def print_line(text):
    cell = new_code_cell("print()", execution_count=2)
    cell.outputs = [new_output("stream", text=text)]
    return cell


def make_part(name, *cells):
    return new_notebook(cells=[new_markdown_cell(f"# Part {name}?"), *cells])


def parse(book, name="index"):
    return BeautifulSoup(render_page(book, name), "html.parser")


@pytest.fixture
def books():
    step = {"tags": ["rubric:b"]}
    first = make_part(
        1,
        new_markdown_cell("## Load the data\n\nuntagged"),
        new_markdown_cell("## b) Build\n\nBecause.", metadata=step),
        new_code_cell("models.build_mlp(10)", execution_count=1, metadata=step),
        new_markdown_cell("An aside."),
        new_markdown_cell("## What we found"),
        print_line("9,012 are\n right."),
    )
    third = make_part(
        3, say("A remark."), say("**Neither is better.** *Sum* and more.")
    )
    return {"01": first, "03": third}


@pytest.fixture
def soup(books):
    pages = {name: render_page(book, name) for name, book in books.items()}
    return BeautifulSoup(home.render_home(books, pages, RESULTS, BUILD), "html.parser")


def test_home_page_leads_to_each_section_and_says_what_is_there(books):
    load, build, _ = home.list_sections(parse(books["01"]), {"b": "the layers"})
    assert (load.id, load.title, load.content) == ("load-the-data", "Load the data", "")
    assert (build.id, build.title) == ("b-build", "b) Build")
    assert "layers" in build.content
    load, *_ = home.list_sections(parse(books["01"]), {"Load the data": "shapes"})
    assert load.content == "shapes"


def test_home_page_has_results_verdict_and_steps(soup, books):
    text = " ".join(soup.main.get_text(" ").split())
    assert home.find_verdict(books["03"])[0] == "Neither is better."
    assert "Neither is better." in text
    assert "9,012 are right." in text
    assert "988 90.12% 89.52% to 90.69% 1,499.5" in text
    assert "39 99.61% 99.47% to 99.71% 40.5" in text


def test_terms_lead_to_where_they_are_first_explained(books):
    books["01"].cells.append(new_markdown_cell("## Train\n\n**Unit.** The *epoch*."))
    books["03"].cells.append(new_markdown_cell("## Later\n\nThe *epoch*, a *word*."))
    pages = {name: render_page(book, name) for name, book in books.items()}
    found = home.find_terms({name: parse(book, name) for name, book in books.items()})
    assert found == {"epoch": "01.html#train", "unit": "01.html#train"}
    page = home.render_home(books, pages, RESULTS, BUILD)
    terms = BeautifulSoup(page, "html.parser").select(".terms a")
    assert {a.text: a["href"] for a in terms} == found


@pytest.mark.skipif(EDITED, reason="an edited notebook may explain other terms")
def test_every_term_is_explained_on_a_published_page(stored_reports):
    page = BeautifulSoup(stored_reports[0].pages["index"].html, "html.parser")
    explained = [a.text for a in page.select(".terms a")]
    assert sorted(explained, key=str.lower) == home.TERMS


def test_published_home_page_has_the_answer_of_each_part(stored_reports):
    page = BeautifulSoup(stored_reports[0].pages["index"].html, "html.parser")
    answers = [answer.get_text() for answer in page.select(".verdict")]
    assert len(answers) == 3
    assert all(len(answer.split()) > 10 for answer in answers)


@pytest.mark.parametrize("has_benchmark", [False, True])
def test_home_page_leads_to_all_other_pages(has_benchmark, books):
    pages = {name: render_page(book, name) for name, book in books.items()}
    page = home.render_home(books, pages, RESULTS, BUILD, has_benchmark)
    links = {a["href"] for a in BeautifulSoup(page, "html.parser").main("a")}
    assert {
        "01.html",
        "03.html",
        "01.html#b-build",
        "explore.html",
        "try.html",
    } <= links
    assert ("benchmark.html" in links) == has_benchmark


def test_home_page_says_once_where_it_came_from(soup):
    facts = " ".join(dd.text for dd in soup("dd"))
    for fact in (BUILD["date"], BUILD["commit"], BUILD["machine"], "01 41 s, 03 8 s"):
        assert facts.count(fact) == str(soup).count(fact) == 1
    assert "f" * 12 in facts
    assert "python 3.12.1" in facts


def test_home_page_is_in_order_and_has_each_id_once(soup):
    levels = [int(tag.name[1]) for tag in soup(re.compile("^h[1-6]$"))]
    assert levels == [1, *[2] * 7]
    ids = [tag["id"] for tag in soup(id=True)]
    assert len(set(ids)) == len(ids)


def test_home_page_shows_the_figure_that_says_most():
    alt = {"image/png": {"alt": "A matrix."}}
    cell = new_code_cell("plots.plot_confusion(matrix)", execution_count=1)
    cell.outputs = [new_output("display_data", {"image/png": "AAAA\n"}, metadata=alt)]
    book = make_part(1, new_code_cell("other()", execution_count=1), cell)
    assert home.find_figure(book, "plot_confusion") == ("A matrix.", "AAAA\n")
    assert home.find_figure(book, "plot_scores") is None
    assert home.find_figure(book, None) is None
    cell.outputs.append(new_output("display_data", {"text/markdown": "Figure 1. All."}))
    page, figure = parse(book), home.find_figure(book, "plot_confusion")
    assert home.find_caption(page, figure) == "All."
    assert home.find_caption(page, None) == ""
    assert home.find_caption(parse(make_part(1)), figure) == ""


def test_without_a_verdict_the_answer_is_what_is_printed_below_what_we_found():
    remark = say("A **bold** remark against all.")
    assert home.find_verdict(make_part(3, remark)) == ()
    heads = [new_markdown_cell(f"## {t}") for t in ("What we found", "Exercises")]
    answer = print_line("90% are\nright.")
    book = make_part(1, print_line("early"), heads[0], remark, answer, heads[1],
                     print_line("late"))  # fmt: skip
    assert home.find_answer(book) == "90% are right."
    assert home.find_answer(make_part(1, remark, answer)) == ""


def test_answer_has_the_bold_sentence_and_what_follows_it():
    book = make_part(3, say("**About equal.** Train for <two>."))
    assert home.find_answer(book) == (
        "<strong>About equal.</strong> Train for &lt;two&gt;."
    )


@pytest.mark.parametrize("task", ["multiclass", "binary"])
def test_home_page_answers_with_the_accuracy_of_each_network(task, stored_reports):
    reports, truth = stored_reports
    [book] = [book for name, book in reports.books.items() if name[3:] == task]
    accuracy = f"{truth.results[task]['test_accuracy']:.2%}"
    answer = home.find_answer(book)
    assert answer.startswith(f"{accuracy} of the test images are classified correctly")
