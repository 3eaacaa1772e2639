"""The page with all systems in one table."""

import json
from pathlib import Path

from bs4 import BeautifulSoup

from fashionnet.publish.contents import read_page
from fashionnet.publish.systems import (
    COLUMNS,
    explain_difference,
    render_systems,
    table_systems,
)

REPORTS = Path(__file__).parents[2] / "reports"
RESULTS = {p.stem: json.loads(p.read_text()) for p in REPORTS.glob("results/*.json")}
TABLE = "table.sortable tbody tr"


def make_row(network, accuracy, **others):
    return {
        "network": network,
        "source": "001",
        "source_accuracy": 0.8,
        "parameters": 10,
        "test_accuracy": accuracy,
        "seeds": [0],
        **others,
    }


def texts(row):
    """Return what a row of the table says."""
    [cells] = [c for c in table_systems([row], RESULTS) if c[0].text == row["network"]]
    return dict(zip(COLUMNS, [cell.text for cell in cells], strict=True))


def test_best_system_is_first_and_the_network_of_part_1_is_among_them():
    rows = [make_row("low", 0.5), make_row("high", 0.99), make_row("middle", 0.7)]
    names = [cells[0].text for cells in table_systems(rows, RESULTS)]
    assert names == ["high", "the network of Part 1", "middle", "low"]


def test_row_says_mean_spread_and_difference():
    ahead = {"seeds": [0, 1], "images": -12.4, "interval": [-20.6, 3.2]}
    row = make_row(
        "a", 0.91234, spread=0.00123, seeds=[0, 1], seconds_per_epoch=[2, 3.2],
        ahead_of_notebook_1=ahead,
    )  # fmt: skip
    assert texts(row) == {
        "system": "a",
        "here": "91.23% ± 0.12",
        "reported": "80.00%",
        "described in": "001",
        "runs": "2",
        "parameters": "10",
        "s/epoch": "3",
        "against Part 1": "−12 (−21 to +3)",
    }


def test_frozen_parameters_are_counted_and_those_trained_named():
    row = make_row("a", 0.9, parameters=1500, frozen=500)
    assert texts(row)["parameters"] == "2,000 (1,500\u00a0trained)"


def test_number_of_views_is_told_beside_the_name():
    for views, said in ((1, "a"), (18, "a (18\u00a0views)")):
        row = make_row("a", 0.999, views=views)
        cell = table_systems([row], RESULTS)[0][0]
        assert cell == (said, "a")


def test_what_a_row_lacks_is_a_dash():
    row = make_row("a", 0.9, source_accuracy=None)
    assert [texts(row)[c] for c in ("reported", "s/epoch", "against Part 1")] == 3 * [
        "–"
    ]


def test_what_no_document_reports_is_our_variant_of_it():
    sources = {
        "001": make_row("a", 0.9),
        "ours, after 001": make_row("a", 0.9, source_accuracy=None),
        "ours": make_row("a", 0.9, source_accuracy=None, source="ours"),
    }
    for said, row in sources.items():
        assert texts(row)["described in"] == said


def test_smallest_difference_is_explained_with_its_seeds():
    def ahead(*numbers):
        found = {"seeds": [0, 1, 2], "images": numbers[0], "interval": numbers[1:]}
        return make_row(f"by {numbers[0]}", 0.9, ahead_of_notebook_1=found)

    said = explain_difference([ahead(90, 50, 130), ahead(-14.6, -66, 37)])
    assert "−15 (−66 to +37) for by -14.6" in said
    assert "0, 1, 2" in said and "15 fewer" in said and "includes zero" in said
    assert "90 more" in explain_difference([ahead(90, 50, 130)])
    assert "excludes zero" in explain_difference([ahead(90, 50, 130)])
    alone = make_row("b", 0.9, ahead_of_notebook_1={"images": 3, "interval": None})
    assert explain_difference([alone, make_row("c", 0.9)]) is None


def test_committee_has_the_runs_of_its_members():
    row = make_row("a", 0.9, members=["b", "c"], rule="vote", seeds=[0, 1, 2])
    assert texts(row)["runs"] == "6"


def test_page_has_every_system_but_not_every_setting():
    results = RESULTS | {"further": [make_row("grid-x", 0.9), make_row("b", 0.9)]}
    page = read_page(render_systems({}, results))
    rows = BeautifulSoup(page.html, "html.parser").select(TABLE)
    assert {row.th.text for row in rows} == {"b", "the network of Part 1"}
    assert page.active == page.fetched == []


def test_page_says_why_a_figure_is_not_reached():
    row = make_row("b", 0.9, why="the reason")
    assert "b: the reason." in render_systems({}, RESULTS | {"further": [row]})


def test_headings_sort_the_table(open_tab, tmp_path):
    rows = [
        make_row("b", 0.95, parameters=9),
        make_row("a", 0.8, parameters=1000, source_accuracy=None),
        make_row("c", 0.85, parameters=80, source_accuracy=0.7),
    ]
    path = tmp_path / "page.html"
    path.write_text(render_systems({}, RESULTS | {"further": rows}), encoding="utf-8")
    page = open_tab(path).page

    def names_by(heading):
        """Click on a heading; return the names of the systems."""
        page.get_by_role("button", name=heading).click()
        names = page.locator(f"{TABLE} th").all_text_contents()
        return "".join(name for name in names if len(name) == 1)

    assert names_by("parameters") == "acb"  # the largest first
    assert names_by("parameters") == "bca"
    assert names_by("reported") == "bca"  # what has none is last, in both orders
    assert names_by("reported") == "cba"
    assert names_by("system") == "cba"
    assert page.locator("[aria-sort]").all_text_contents() == ["system"]
