"""The page for looking, against counting image by image."""

import base64
import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from bs4 import BeautifulSoup
from PIL import Image

from fashionnet.data import BINARY_NAMES, CLASS_NAMES, CLOTHING
from fashionnet.publish.contents import read_page
from fashionnet.publish.explorer import N_RIGHT, render_explorer

N, SEEDS = 600, 3
LABELS = np.arange(N) % 10
IMAGES = np.random.default_rng(9).integers(0, 256, (N, 28, 28), dtype=np.uint8)
IS_CLOTHING = np.isin(LABELS, CLOTHING).astype(int)


def make_pair(seed):
    rng = np.random.default_rng(seed)
    scores = rng.gumbel(size=(N, 10)) + 4 * np.eye(10)[LABELS]
    y_prob = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    p_clothing = 1 / (1 + np.exp(rng.normal(size=N) - 4 * IS_CLOTHING + 2))
    return tuple(SimpleNamespace(y_prob_test=p) for p in (y_prob, p_clothing))


PAIRS = {seed: make_pair(seed) for seed in range(SEEDS)}


def answer(pair):
    """Label all images in each view, by another way than the package's."""
    y_prob, p_clothing = (run.y_prob_test for run in pair)
    sums = y_prob @ np.isin(np.arange(10), CLOTHING)
    likeliest = y_prob.argmax(axis=1)
    return {
        "ten_classes": likeliest,
        "multiclass_argmax": np.isin(likeliest, CLOTHING).astype(int),
        "multiclass_sum": (sums > 1 - sums).astype(int),
        "binary": (p_clothing > 1 - p_clothing).astype(int),
    }


ANSWERS = [answer(pair) for pair in PAIRS.values()]
TRUTH = dict.fromkeys(ANSWERS[0], IS_CLOTHING) | {"ten_classes": LABELS}
VIEWS = list(TRUTH)
N_WRONG = {v: sum(a[v] != TRUTH[v] for a in ANSWERS) for v in VIEWS}
TRAINING = (
    np.concatenate([IMAGES[::-1], IMAGES[:200] // 2]),
    np.concatenate([LABELS[::-1], LABELS[:200]]),
)
RIGHT = {v: ANSWERS[0][v] == TRUTH[v] for v in VIEWS}
TEN, TWO = RIGHT["multiclass_argmax"], RIGHT["binary"]


def sureness(view):
    """Return the probability behind each label."""
    y_prob, p_clothing = (run.y_prob_test for run in PAIRS[0])
    sums = y_prob[:, CLOTHING].sum(axis=1)
    two = {"binary": p_clothing, "multiclass_sum": sums}.get(view)
    return y_prob.max(axis=1) if two is None else np.maximum(two, 1 - two)


def expect(view, cell, filters=None):
    """List the test images of a cell that pass the filters."""
    filters, sure = filters or {}, sureness(view)
    passes = (TRUTH[view] == cell[0]) & (ANSWERS[0][view] == cell[1])
    edges = (0, 0.6, 0.9, 0.99, 2)
    for name, value in filters.items():
        if name == "every":
            passes &= N_WRONG[view] == SEEDS
        elif name == "class":
            passes &= int(value) == LABELS
        elif name == "sure":
            passes &= (sure >= edges[int(value)]) & (sure < edges[int(value) + 1])
        else:
            passes &= {
                "ten": TEN & ~TWO,
                "two": TWO & ~TEN,
                "one": TEN ^ TWO,
                "both": TEN & TWO,
                "neither": ~TEN & ~TWO,
            }[value]
    return np.flatnonzero(passes).tolist()


@pytest.fixture(scope="module")
def page():
    return render_explorer(IMAGES, LABELS, PAIRS, TRAINING)


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page, "html.parser")


@pytest.fixture(scope="module")
def data(soup):
    return json.loads(soup.find(id="data").text)


@pytest.mark.parametrize("view", VIEWS)
def test_every_cell_tells_its_count(soup, view):
    names = CLASS_NAMES if view == "ten_classes" else BINARY_NAMES
    matrix = np.zeros((len(names), len(names)), dtype=int)
    np.add.at(matrix, (TRUTH[view], ANSWERS[0][view]), 1)
    buttons = soup.find("table", {"data-view": view})("button")
    assert len(buttons) == matrix.size
    for button in buttons:
        true, labeled = map(int, button["data-cell"].split("-"))
        assert button.text == button["data-count"] == str(matrix[true, labeled])
        said = button["aria-label"]
        assert said.startswith(names[true])
        assert re.search(r": (\d+) images?$", said)[1] == button.text
        assert true == labeled or names[labeled] in said


@pytest.mark.parametrize("view", VIEWS)
def test_page_carries_all_errors(data, view):
    assert set(np.flatnonzero(~RIGHT[view])) <= set(data["id"])
    assert len(set(data["id"])) == len(data["id"])


@pytest.mark.parametrize("view", VIEWS)
def test_page_says_of_each_image_what_the_networks_say(data, view):
    chosen, said = np.array(data["id"]), data["views"][view]
    for name, digits in (("true", TRUTH[view]), ("labeled", ANSWERS[0][view])):
        assert said[name] == "".join(map(str, digits))
    assert said["n_wrong"] == N_WRONG[view].tolist()
    assert data["label"] == "".join(map(str, LABELS))
    names = CLASS_NAMES if view == "ten_classes" else BINARY_NAMES
    assert [text.split(",")[0] for text in said["answer"]] == [
        names[i] for i in ANSWERS[0][view][chosen]
    ]


def test_neighbors_of_errors_are_the_nearest_training_images(data):
    wrong = ~np.all(list(RIGHT.values()), axis=0)
    wrong |= np.any([N_WRONG[view] > SEEDS / 2 for view in VIEWS], axis=0)
    wrong = np.flatnonzero(wrong)
    assert [int(i) for i in data["neighbors"]] == wrong.tolist()
    flat = TRAINING[0].reshape(len(TRAINING[0]), -1).astype(float)
    for i in wrong[::10]:
        distances = ((flat - IMAGES[i].ravel()) ** 2).sum(axis=1)
        found = data["neighbors"][str(i)]
        assert found == np.argsort(distances)[:3].tolist()
        assert found[0] == N - 1 - i  # the same image, stored in reverse order
        for k in found:
            name, png = data["training"][str(k)]
            assert name == CLASS_NAMES[TRAINING[1][k]]
            image = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))
            np.testing.assert_array_equal(image, 255 - TRAINING[0][k])


def test_probabilities_are_those_of_the_label(data):
    y_prob, p_clothing = (run.y_prob_test for run in PAIRS[0])
    said = [data["views"][view]["answer"] for view in (*VIEWS[:2], "binary")]
    for i, ten, argmax, two in zip(data["id"], *said, strict=True):
        likeliest, share = y_prob[i].argmax(), f"{y_prob[i].max():.1%}"
        aside = f" ({CLASS_NAMES[LABELS[i]]}: {y_prob[i, LABELS[i]]:.1%})"
        aside = "" if likeliest == LABELS[i] else aside
        assert "under" in ten or ten == f"{CLASS_NAMES[likeliest]}, {share}{aside}"
        assert argmax.endswith(f"{share} for {CLASS_NAMES[likeliest]}")
        assert f", {max(p_clothing[i], 1 - p_clothing[i]):.1%}" in two


def test_chances_of_a_single_pair_are_never_said_to_be_none_or_all():
    multiclass = SimpleNamespace(y_prob_test=np.eye(10)[[0, 0]])
    binary = SimpleNamespace(y_prob_test=np.array([1.0, 1e-9]))
    pairs = {0: (multiclass, binary)}
    text = render_explorer(IMAGES[:2], np.array([0, 9]), pairs, TRAINING)
    assert "99.9%" in text
    assert "(Ankle boot: under 0.1%)" in text
    assert "100.0%" not in text
    data = BeautifulSoup(text, "html.parser").find(id="data").text
    assert json.loads(data)["n_runs"] == 1


def sort_by_chance(view, images):
    """Sort images by the probability behind their label, the least sure one first."""
    sure = sureness(view)
    return sorted(images, key=lambda i: sure[i])


@pytest.mark.parametrize("view", VIEWS)
def test_of_right_labels_the_least_sure_ones_are_there(data, view):
    said = data["views"][view]
    for label in set(TRUTH[view]):
        expected = sort_by_chance(view, expect(view, (label, label)))[:N_RIGHT]
        cells = [(said["true"][i], said["labeled"][i]) for i in data["id"]]
        here = [k for k, cell in enumerate(cells) if cell == (str(label),) * 2]
        here.sort(key=lambda k: said["rank"][k])
        assert [data["id"][k] for k in here[:N_RIGHT]] == expected


def test_images_are_the_test_images_dark_on_white(data):
    for i, png in list(zip(data["id"], data["png"], strict=True))[::20]:
        image = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))))
        np.testing.assert_array_equal(image, 255 - IMAGES[i])


def test_page_needs_no_other_file_and_hides_its_controls_without_a_script(page, soup):
    assert read_page(page).fetched == []
    assert soup.noscript.text
    assert not soup.main("script")
    assert soup.find(id="controls").has_attr("hidden")


# In a browser.


@pytest.fixture(scope="module")
def explorer(open_tab, page, tmp_path_factory):
    path = tmp_path_factory.mktemp("explorer") / "explore.html"
    path.write_text(page, encoding="utf-8")
    tab = open_tab(path, has_touch=True)
    yield tab.page
    tab.page.context.close()


def button(explorer, view, cell):
    place = f"table[data-view={view}] button[data-cell='{cell[0]}-{cell[1]}']"
    return explorer.locator(place)


def wait_for_answer(explorer):
    """Wait until the page has answered the last click: it learns of it by an event."""
    answered = "new Promise(done => requestAnimationFrame(() => setTimeout(done, 20)))"
    explorer.evaluate(answered)


def choose(explorer, view, cell, filters=None):
    wait_for_answer(explorer)  # which chooses the view of the last click again
    explorer.locator(f"input[value={view}]").check()
    filters = filters or {}
    for name in ("class", "sure", "right"):
        select, wanted = explorer.locator(f"select[name={name}]"), filters.get(name, "")
        if select.input_value() != wanted:  # each change draws the gallery anew
            select.select_option(wanted)
    explorer.locator("input[name=every]").set_checked("every" in filters)
    button(explorer, view, cell).click()


def shown(explorer):
    """List the test images in the gallery, once the page has answered the click."""
    wait_for_answer(explorer)
    items = "items => items.map(item => Number(item.dataset.image))"
    return explorer.locator("#gallery li").evaluate_all(items)


FILTERS = [
    {},
    {"every": "1"},
    {"class": "6"},
    {"sure": "0"},
    {"sure": "2"},
    *({"right": value} for value in ("ten", "two", "one", "both", "neither")),
    {"every": "1", "right": "neither"},
    {"class": "0", "sure": "1", "right": "one"},
]


@pytest.mark.parametrize("view", VIEWS)
def test_click_shows_the_images_of_a_cell_that_pass_the_filters(explorer, data, view):
    n = 6 if view == "ten_classes" else 1
    # All filters with one cell, each other cell with some of them.
    pairs = [((0, n), filters) for filters in FILTERS]
    pairs += [(cell, filters) for cell in [(n, n), (n, 0)] for filters in FILTERS[::4]]
    for cell, filters in pairs:
        choose(explorer, view, cell, filters)
        images = sort_by_chance(view, expect(view, cell, filters))
        n_images = len(images)
        images = [i for i in images if i in data["id"]]
        if cell[0] != cell[1]:
            images.reverse()
        else:
            images = images[:N_RIGHT]
        assert shown(explorer) == images, (cell, filters)
        for said in (button(explorer, view, cell), explorer.locator("#chosen")):
            assert int(re.findall(r"\d+", said.inner_text())[-1]) == n_images
    # The page's address remembers view, cell and filters.
    explorer.reload()
    assert shown(explorer) == images


def test_address_of_an_image_leads_to_it_and_back(explorer, data):
    wrong = int(next(iter(data["neighbors"])))
    choose(explorer, "binary", (0, 1))
    before = explorer.url
    explorer.locator("input[name=image]").fill(str(wrong))
    explorer.locator("input[name=image]").press("Enter")
    shown(explorer)
    assert explorer.url.endswith(f"#{wrong}")
    portrait = explorer.locator("#image")
    assert portrait.is_visible()
    assert portrait.locator("h2").inner_text() == f"Test image {wrong}"
    assert CLASS_NAMES[LABELS[wrong]] in explorer.locator("#image-label").inner_text()
    said = portrait.locator("tbody tr").all_inner_texts()
    assert len(said) == len(VIEWS)
    for text, view in zip(said, VIEWS, strict=True):
        assert ("✓" in text) == RIGHT[view][wrong]
        assert f"{N_WRONG[view][wrong]} of {SEEDS}" in text
    alts = portrait.locator("#neighbors img").evaluate_all("all => all.map(x => x.alt)")
    numbers = [int(re.search(r"\d+", alt)[0]) for alt in alts]
    assert numbers == data["neighbors"][str(wrong)]
    portrait.locator("#back").click()
    shown(explorer)
    assert explorer.url == before
    assert not portrait.is_visible()


def test_image_without_a_picture_or_a_number_out_of_range_is_answered(explorer, data):
    absent = next(i for i in range(N) if i not in data["id"])
    explorer.evaluate(f"location.hash = '#{absent}'")
    shown(explorer)
    assert explorer.locator("#image").is_visible()
    assert not explorer.locator("#image img").first.is_visible()
    explorer.evaluate(f"location.hash = '#{N}'")
    shown(explorer)
    assert not explorer.locator("#image").is_visible()


def test_explorer_says_of_each_image_what_the_page_carries(explorer, data):
    choose(explorer, "ten_classes", (6, 6))
    images = shown(explorer)
    facts = "images => images.map(image => [image.alt, image.src])"
    pictures = explorer.locator("#gallery img").evaluate_all(facts)
    said = data["views"]["ten_classes"]
    for i, (alt, address) in zip(images, pictures, strict=True):
        k = data["id"].index(i)
        assert alt.startswith(f"Test image {i};")
        assert f" {CLASS_NAMES[LABELS[i]]};" in alt
        assert f" {said['answer'][k]};" in alt
        assert f" {said['n_wrong'][i]} of {SEEDS} " in alt
        assert address == f"data:image/png;base64,{data['png'][k]}"


def test_explorer_answers_keys_and_touch(explorer):
    choose(explorer, "ten_classes", (7, 5))
    button(explorer, "ten_classes", (6, 0)).tap()
    assert sorted(shown(explorer)) == expect("ten_classes", (6, 0))
    button(explorer, "ten_classes", (6, 0)).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "ArrowDown", "Enter"):
        explorer.keyboard.press(key)
    assert sorted(shown(explorer)) == expect("ten_classes", (6, 2))
