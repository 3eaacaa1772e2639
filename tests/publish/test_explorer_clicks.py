"""The explorer in a browser: a click shows the images of the stored predictions."""

import base64
import io
import itertools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from PIL import Image

from fashionnet.data import CLASS_NAMES, CLOTHING, load_test_set
from fashionnet.study.pairs import find_pairs

REPORTS = Path(__file__).parents[2] / "reports"


class View(NamedTuple):
    """What one classifier says of the test images: arrays of one entry per image."""

    y_true: np.ndarray
    y_pred: np.ndarray
    sure: np.ndarray
    n_wrong: np.ndarray
    disagree: np.ndarray


@pytest.fixture(scope="module")
def views():
    """Work out with NumPy alone, from the stored runs, what the page should show."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FASHIONNET_HOME", str(REPORTS))
        pairs = find_pairs().values()
    tens = np.array([multiclass.y_prob_test for multiclass, _ in pairs])
    ones = np.array([binary.y_prob_test for _, binary in pairs])
    sums = tens[:, :, CLOTHING].sum(axis=2)
    labels = load_test_set()[1].astype(int)
    likeliest, is_clothing = tens.argmax(axis=2), np.isin(labels, CLOTHING)
    by_argmax = np.isin(likeliest, CLOTHING)
    by_sum, by_binary = sums > 0.5, ones > 0.5
    known = {
        "ten_classes": (labels, likeliest, tens.max(axis=2), by_argmax),
        "multiclass_argmax": (is_clothing, by_argmax, tens.max(axis=2), by_argmax),
        "multiclass_sum": (is_clothing, by_sum, np.maximum(sums, 1 - sums), by_sum),
        "binary": (is_clothing, by_binary, np.maximum(ones, 1 - ones), by_argmax),
    }
    return {
        name: View(
            y_true.astype(int),
            y_pred[0].astype(int),
            sure[0],
            n_wrong=(y_pred != y_true).sum(axis=0),
            disagree=multiclass[0] != by_binary[0],
        )
        for name, (y_true, y_pred, sure, multiclass) in known.items()
    }, len(tens)


@pytest.fixture(scope="module")
def explorer(open_tab):
    tab = open_tab(REPORTS / "explore.html", has_touch=True)
    yield tab.page
    tab.page.context.close()


def choose(page, view, cell, filters=()):
    page.locator(f"input[value={view}]").check()
    for name in ("every", "disagree"):
        page.locator(f"input[name={name}]").set_checked(name in filters)
    page.locator(button(view, cell)).click()


def button(view, cell):
    return f"table[data-view={view}] button[data-cell='{cell[0]}-{cell[1]}']"


def shown(page):
    """List the test images in the gallery, once the page has answered the click."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
    items = "items => items.map(item => Number(item.dataset.image))"
    return page.locator("#gallery li").evaluate_all(items)


def expect(view, n_runs, cell, filters=()):
    """List the test images of a cell that pass the filters, in order."""
    passes = (view.y_true == cell[0]) & (view.y_pred == cell[1])
    passes &= (view.n_wrong == n_runs) | ("every" not in filters)
    passes &= view.disagree | ("disagree" not in filters)
    return np.flatnonzero(passes)


CELLS = {
    "ten_classes": [(6, 0), (0, 6), (7, 5), (8, 3)],
    "multiclass_argmax": [(0, 1), (1, 0)],
    "multiclass_sum": [(0, 1), (1, 0)],
    "binary": [(1, 1), (1, 0), (0, 1)],
}
FILTERS = [(), ("every",), ("disagree",), ("every", "disagree")]


@pytest.mark.parametrize("name", CELLS)
def test_explorer_shows_the_images_of_the_stored_predictions(explorer, views, name):
    by_name, n_runs = views
    view = by_name[name]
    *others, last = CELLS[name]
    tries = [*((cell, ()) for cell in others), *itertools.product([last], FILTERS)]
    for cell, filters in tries:
        choose(explorer, name, cell, filters)
        images = expect(view, n_runs, cell, filters)
        for place in (button(name, cell), "#chosen"):
            count = explorer.locator(place).inner_text().split(": ")[-1].split()[0]
            assert int(count.replace(",", "")) == len(images), (cell, filters)
        if cell[0] == cell[1] and not filters:
            images = images[np.argsort(view.sure[images], kind="stable")][:40]
        assert sorted(shown(explorer)) == sorted(images.tolist()), (cell, filters)
    # The page's address remembers view, cell and filters.
    explorer.reload()
    assert sorted(shown(explorer)) == images.tolist()


def test_explorer_says_of_each_image_what_is_stored(explorer, views):
    by_name, n_runs = views
    view = by_name["ten_classes"]
    choose(explorer, "ten_classes", (6, 0))
    ids = shown(explorer)
    facts = "images => images.map(image => [image.alt, image.src])"
    pictures = explorer.locator("#gallery img").evaluate_all(facts)
    assert (np.diff(view.sure[ids]) <= 0).all()  # the surest mistake first
    x_test = load_test_set()[0]
    for i, (alt, address) in zip(ids, pictures, strict=True):
        for fact in (
            f"Test image {i};",
            f"true: {CLASS_NAMES[6]}",
            f"labeled: {CLASS_NAMES[0]}, ",
            f"{view.sure[i]:.1%}" if view.sure[i] < 0.9995 else "over 99.9%",
            f"wrong in {view.n_wrong[i]} of {n_runs} trainings",
        ):
            assert fact in alt
        png = io.BytesIO(base64.b64decode(address.partition(",")[2]))
        np.testing.assert_array_equal(255 - np.asarray(Image.open(png)), x_test[i])


def test_explorer_answers_keys_and_touch(explorer, views):
    by_name, n_runs = views
    view = by_name["ten_classes"]
    choose(explorer, "ten_classes", (7, 5))
    explorer.locator(button("ten_classes", (6, 0))).tap()
    assert sorted(shown(explorer)) == expect(view, n_runs, (6, 0)).tolist()
    explorer.locator(button("ten_classes", (6, 0))).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowDown", "Enter"):
        explorer.keyboard.press(key)
    assert sorted(shown(explorer)) == expect(view, n_runs, (6, 2)).tolist()
