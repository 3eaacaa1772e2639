"""Kinds of evidence, each told from its absence."""

import matplotlib.pyplot as plt
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from fashionnet.publish import needs


def draw(description):
    """Make a figure with this description."""
    figure = plt.figure()
    figure.description = description
    return figure


TABLE = "<table><tr><th>Bag</th><td>19</td></tr></table>"
SHOWN = new_code_cell(
    "model.compile(\n    loss='mse',\n    optimizer='adam')\nEPOCHS = 50\n",
    outputs=[
        new_output("display_data", {"text/html": TABLE, "text/plain": "Bag 19"}),
        new_output(
            "display_data",
            {"image/png": "AAAA", "text/plain": "<Image>"},
            metadata={"image/png": {"alt": "Bars."}},
        ),
        new_output("display_data", {"text/markdown": "**Bag** is right 9 times."}),
        new_output("stream", text="lowest val_loss 0.25 in epoch 3"),
    ],
)
TOLD = new_markdown_cell("**Loss.** It is small when the network is right.")
# Where it is looked for, what is there, and what is not.
KINDS = [
    (TOLD, needs.need_text(9, "**Loss"), needs.need_text(10, "**Loss")),
    (TOLD, needs.need_text(9), needs.need_text(9, "Optimizer")),
    (TOLD, needs.need_text(1), needs.need_code("Loss")),
    (SHOWN, needs.need_code("compile(", "loss="), needs.need_code("compile(", "x=")),
    (SHOWN, needs.need_code("compile("), needs.need_text(1)),
    (SHOWN, needs.need_table("", "Bag", "19"), needs.need_table("", "Bag", "20")),
    (SHOWN, needs.need_said("", "is right **9**"), needs.need_said("", "is right 8")),
    (SHOWN, needs.need_said("", "in epoch 3"), needs.need_said("", "in epoch 4")),
]


@pytest.mark.parametrize(("where", "there", "absent"), KINDS)
def test_evidence_is_told_from_its_absence(where, there, absent):
    assert there.is_met(where)
    assert not absent.is_met(where)


@pytest.mark.parametrize(
    ("source", "is_met"),
    [
        ("EPOCHS = 50", True),
        ("EPOCHS = 51", False),
        ("model.fit(\n    x,\n    epochs=60,\n)", False),
        ("model.fit(x, epochs=EPOCHS)", False),
    ],
)
def test_number_of_epochs_is_visible_and_allowed(source, is_met):
    assert needs.need_few_epochs().is_met(new_code_cell(source)) is is_met


def test_figure_is_found_by_its_description_and_closed():
    there, absent = (needs.need_figure("", draw(alt)) for alt in ("Bars.", "Lines."))
    assert there.is_met(SHOWN)
    assert not absent.is_met(SHOWN)
    assert there.exact == "Bars."
    assert plt.get_fignums() == []


def test_evidence_is_found_in_tagged_cells_and_its_section_is_named():
    tagged = new_code_cell("model.fit()", metadata={"tags": ["rubric:d"]})
    other = new_code_cell("model.load()")
    cells = [new_markdown_cell("# Q"), new_markdown_cell("## d) Train"), tagged, other]
    books = {"01": new_notebook(cells=cells)}
    wanted = {"01": {"d": [needs.need_code("fit("), needs.need_code("load(")]}}
    found = needs.find_evidence(books, wanted)
    assert [f.section for f in found] == ["d) Train", None]
