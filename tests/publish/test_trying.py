"""The page for trying, in a browser, against Python and against Keras."""

import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import expect

from fashionnet.data import CLASS_NAMES, CLOTHING, load_test_set
from fashionnet.evaluation import predict_probabilities
from fashionnet.models import build_mlp
from fashionnet.pictures import PictureError
from fashionnet.publish.cnn import fold_convolutions
from fashionnet.publish.contents import read_page
from fashionnet.publish.near import estimate_distances
from fashionnet.publish.published import ROOT
from fashionnet.publish.trying import (
    N_EACH,
    encode,
    fold_layers,
    pack_layers,
    predict_layers,
    read_layers,
    render_trying,
    unpack_layers,
)
from fashionnet.runs import find_run
from fashionnet.study.steps import STEPS, WAYS, list_pictures, prepare
from fashionnet.study.tasks import MAIN_TASKS
from fashionnet.study.unlike import load_measured, load_neighbors, measure_distances
from fashionnet.study.words import CLASSIFIERS, NAMES
from fashionnet.zoo.stored import find_training
from fashionnet.zoo.table import build, find_network

IMAGES, LABELS = load_test_set()
PHONE, WIDE = {"width": 360, "height": 740}, {"width": 1600, "height": 900}
CONTRASTS = Path(__file__).parents[1] / "contrast.js"
AXE_OPTIONS = {
    "rules": {"color-contrast": {"enabled": False}},
    "resultTypes": ["violations"],
}
# Open a file as if it were chosen. Returns what the networks see, or the message.
CHOOSE = """async ([name, letters, isOn]) => {
  const bytes = Uint8Array.from(atob(letters), letter => letter.charCodeAt(0));
  const file = new File([bytes], name);
  setSteps(true);
  for (const step of Object.keys(isOn)) steps.elements[step].checked = isOn[step];
  await openFile(file);
  return state.shown ? [...state.shown.image] : find("message").textContent;
}"""
ANSWER = """images => images.map(image => {
  const { classes, binary } = answer(image);
  return [classes, binary];
})"""
# Two frames: the first may be the one that brings the event.
CATCH_UP = """new Promise(done =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""


def flat(images):
    return images.reshape(len(images), -1).tolist()


@pytest.fixture(scope="module")
def page(layers, cnn, near):
    return render_trying(IMAGES, LABELS, layers, cnn, near)


@pytest.fixture(scope="module")
def path(page, tmp_path_factory):
    path = tmp_path_factory.mktemp("trying") / "try.html"
    path.write_text(page, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def opened(open_tab, path):
    tab = open_tab(path, has_touch=True)
    yield tab
    tab.page.context.close()


@pytest.fixture
def trying(opened):
    opened.page.reload()
    return opened.page


# Layers.


@pytest.mark.integration
@pytest.mark.parametrize(
    ("n_classes", "normalize"), [(10, True), (2, True), (2, False)]
)
def test_folded_layers_answer_as_keras_does(n_classes, normalize):
    model = build_mlp(n_classes, hidden_units=(20, 30), normalize=normalize)
    rng = np.random.default_rng(0)
    model.set_weights([rng.uniform(0.1, 0.3, w.shape) for w in model.get_weights()])
    layers = fold_layers(model)
    assert [weights.shape for weights, _ in layers][:2] == [(784, 20), (20, 30)]
    expected = predict_probabilities(model, IMAGES[:50])
    np.testing.assert_allclose(predict_layers(layers, IMAGES[:50]), expected, atol=1e-5)


def test_packed_layers_come_back_as_numbers_of_16_bits():
    rng = np.random.default_rng(0)
    layers = [(rng.normal(size=(784, 5)), rng.normal(size=5))]
    layers.append((rng.normal(size=(5, 3)), rng.normal(size=3)))
    packed = json.loads(json.dumps(pack_layers(layers)))
    assert packed["sizes"] == [784, 5, 3]
    for found, made in zip(unpack_layers(packed), layers, strict=True):
        for one, other in zip(found, made, strict=True):
            np.testing.assert_array_equal(one, other.astype(np.float16))


def test_page_carries_the_layers_that_it_was_given(page, layers):
    found = read_layers(page)
    assert set(found) == set(layers) == set(MAIN_TASKS)
    for task, expected in layers.items():
        for (weights, _), (others, _) in zip(found[task], expected, strict=True):
            np.testing.assert_array_equal(weights, others)


# The file.


def test_page_asks_for_nothing_stores_nothing_and_runs_one_script(page):
    assert read_page(page).fetched == []
    soup = BeautifulSoup(page, "html.parser")
    policy = soup.find("meta", {"http-equiv": True})["content"]
    assert "default-src 'none'" in policy
    assert re.findall(r"script-src ([^;]*);", policy)[0].startswith("'sha256-")
    (script,) = [x for x in soup("script") if not x.get("type")]
    senders = "fetch|XMLHttp|WebSocket|sendBeacon|Storage|indexedDB|cookie|RTCPeer"
    assert re.findall(senders, script.text) == []
    assert "nothing is stored, and nothing is sent" in " ".join(soup.text.split())


def test_page_is_under_2_6_mb(page):
    assert len(page.encode()) < 2_600_000


def test_page_says_how_many_drawn_articles_are_called_unlike(page):
    trust = BeautifulSoup(page, "html.parser").find(id="trust")
    parts = [part.get_text() for part in trust.find_next_siblings("p")]
    said, drawn = " ".join(" ".join(parts).split()), load_measured()["drawn pictures"]
    assert f"{drawn['unlike']} of {drawn['n']} drawn pictures" in said
    assert BeautifulSoup(page, "html.parser").select('#try a[href="#trust"]')


def test_page_has_forty_test_images(page):
    data = json.loads(BeautifulSoup(page, "html.parser").find(id="data").text)
    ids, levels = data["samples"]["ids"], base64.b64decode(data["samples"]["levels"])
    images = np.frombuffer(levels, np.uint8).reshape(-1, 28, 28)
    np.testing.assert_array_equal(images, IMAGES[ids])
    assert np.bincount(LABELS[ids]).tolist() == [N_EACH] * 10
    assert data["samples"]["labels"] == LABELS[ids].tolist()
    assert data["ways"] == [*(NAMES[way] for way in CLASSIFIERS), "CNN, summed"]
    assert data["clothing"] == list(CLOTHING)


# The networks, against what Keras said when they were trained.


def test_browser_answers_as_keras_does_for_200_test_images(trying, monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    said = trying.evaluate(ANSWER, flat(IMAGES[:200]))
    expected = [find_run(task, 0).y_prob_test[:200] for task in MAIN_TASKS]
    found = [np.array([one[i] for one in said]) for i in range(2)]
    for y_prob, stored in zip(found, expected, strict=True):
        np.testing.assert_allclose(y_prob, stored, atol=0.002)
    np.testing.assert_array_equal(found[0].argmax(axis=1), expected[0].argmax(axis=1))
    np.testing.assert_array_equal(found[1] > 0.5, expected[1] > 0.5)


@pytest.mark.integration
def test_browser_answers_as_our_convolutional_network_does(trying, monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    network, images = find_network("small-resnet"), IMAGES[:60]
    model = build(network)
    model.set_weights(find_training(network, 0).weights)
    expected = predict_probabilities(model, images)
    found = np.array(trying.evaluate("all => all.map(answerByCnn)", flat(images)))
    # Batch normalization is part of the weights, which are rounded once more.
    np.testing.assert_allclose(found, expected, atol=0.005)
    np.testing.assert_array_equal(found.argmax(axis=1), expected.argmax(axis=1))


def test_published_cnn_is_the_stored_one(cnn, monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    weights = find_training(find_network("small-resnet"), 0).weights
    numbers = np.concatenate(fold_convolutions(weights))
    assert cnn["weights"] == encode(numbers)


def test_cnn_answers_once_the_drawing_rests(trying):
    start_from(trying, 1)
    cells = trying.locator("#classes td:last-child")
    expect(trying.locator("#ways tr").last).to_contain_text("%")
    shares = trying.evaluate("state.shown.said.byCnn")
    assert sum(shares) == pytest.approx(1)
    assert cells.nth(int(np.argmax(shares))).get_attribute("class") == "top"


def test_an_answer_takes_at_most_five_milliseconds(trying):
    rounds = """images => Math.min(...[1, 2, 3, 4, 5].map(() => {
      const start = performance.now();
      for (const image of images) answer(image);
      return (performance.now() - start) / images.length;
    }))"""
    assert trying.evaluate(rounds, flat(IMAGES[:50])) < 5


# The preparation, against Python's.


def choose(trying, path, without=()):
    letters = base64.b64encode(path.read_bytes()).decode()
    is_on = {step: step not in without for step in STEPS}
    return trying.evaluate(CHOOSE, [path.name, letters, is_on])


def assert_alike(found, path, without=()):
    """Compare with Python; both may refuse."""
    try:
        expected = prepare(path, without)
    except PictureError:
        assert isinstance(found, str)
        return
    assert not isinstance(found, str), found
    difference = np.abs(np.array(found) - expected.ravel().astype(int))
    assert difference.mean() < 2


@pytest.mark.parametrize("picture", list_pictures(), ids=lambda path: path.stem)
def test_browser_prepares_as_python_does(opened, picture):
    assert_alike(choose(opened.page, picture), picture)


@pytest.mark.slow
@pytest.mark.parametrize("way", sorted(set(WAYS) - {"after"}))
def test_browser_leaves_steps_out_as_python_does(opened, way):
    names = ("shirt-exif.jpg", "coat-gray-alpha.png", "trouser-shadow.jpg")
    for picture in [path for path in list_pictures() if path.name in names]:
        found = choose(opened.page, picture, WAYS[way])
        assert_alike(found, picture, WAYS[way])


@pytest.mark.parametrize("content", [b"", b"no picture", b"\x89PNG\r\n\x1a\n1234"])
def test_file_that_is_no_picture_takes_the_place_of_the_answer(
    trying, content, tmp_path
):
    trying.set_viewport_size(PHONE)
    drawing = "canvas.toDataURL()"
    before = trying.evaluate(drawing)
    path = tmp_path / "text.png"
    path.write_bytes(content)
    assert choose(trying, path).startswith("text.png cannot be read")
    for place in ("#message", "#short", "#spoken"):
        expect(trying.locator(place)).to_contain_text("text.png cannot be read")
    assert trying.locator("#short").bounding_box()["y"] < PHONE["height"]
    for cell in trying.locator(":is(#classes, #ways) td").all():
        assert cell.inner_text() == "–"
    assert trying.locator("#classes .top").count() == 0
    assert trying.locator("#look").is_disabled()
    # What was drawn is kept, and answered again once it changes.
    assert trying.evaluate(drawing) == before
    trying.locator("#mirror").click()
    expect(trying.locator("#short")).to_contain_text("%")
    trying.set_viewport_size(WIDE)


# The warning, against Python's.


def test_browser_estimates_distances_as_python_does(trying, near):
    images = np.concatenate([IMAGES[:40], np.random.default_rng(0).integers(
        0, 256, (5, 28, 28), dtype=np.uint8)])  # fmt: skip
    found = trying.evaluate("all => all.map(estimateDistance)", flat(images))
    np.testing.assert_allclose(found, estimate_distances(images, near), atol=1e-3)


@pytest.mark.slow
def test_page_warns_of_the_drawn_pictures_of_which_predict_warns(opened):
    named = [path for path, name in list_pictures().items() if name]
    images = np.stack([prepare(path) for path in named])
    distances = measure_distances(images, load_neighbors())
    threshold, differ = load_measured()["distance"]["threshold"], []
    for path, distance in zip(named, distances, strict=True):
        choose(opened.page, path)
        said = opened.page.locator("#unlike").inner_text()
        in_short = "unlike" in opened.page.locator("#short").text_content()
        assert ("unlike" in said) == in_short == (said != "")
        if (said != "") != (distance > threshold):
            differ.append((path.name, round(float(distance), 1)))
    # It knows means of the training images only, and prepares a little differently.
    assert len(differ) <= 1, differ


def test_estimate_agrees_with_the_true_distance_as_often_as_the_page_says(page, near):
    images = IMAGES[-500:]  # which neither taught nor counted
    threshold = load_measured()["distance"]["threshold"]
    assert near["threshold"] == threshold
    is_far = measure_distances(images, load_neighbors()) > threshold
    same = is_far == (estimate_distances(images, near) > threshold)
    said = near["same"] / near["n"]
    assert same.mean() == pytest.approx(said, abs=0.03)
    assert said > 0.95
    assert f"{said:.1%}" in page


def test_clearing_takes_the_warning_away(trying):
    path = next(p for p in list_pictures() if p.name == "shirt-checked.jpg")
    choose(trying, path)
    expect(trying.locator("#unlike")).to_contain_text("an estimate")
    expect(trying.locator("#spoken")).to_contain_text("an estimate")
    trying.locator("#clear").click()
    assert trying.locator("#unlike").inner_text() == ""


def test_large_picture_is_refused(trying, tmp_path):
    path = tmp_path / "large.png"
    Image.new("1", (10000, 6000)).save(path)
    choose(trying, path)
    assert "60 megapixels" in trying.locator("#message").inner_text()


# Drawing.


def wait_until(trying, condition):
    """Wait for a condition; the page's policy forbids playwright to do it there."""
    for _ in range(200):
        if trying.evaluate(condition):
            return
        trying.wait_for_timeout(50)
    raise AssertionError(f"{condition} has not become true")


def seen(trying):
    """Return what the networks see, once the page has caught up."""
    trying.evaluate(CATCH_UP)
    levels = np.array(trying.evaluate("[...state.shown.image]"), np.uint8)
    return levels.reshape(28, 28)


def start_from(trying, number):
    if not trying.locator("#samples").is_visible():
        trying.locator("summary", has_text="test images").click()
    button = trying.locator("#samples button").nth(number)
    button.click()
    return int(re.search(r"\d+", button.get_attribute("aria-label"))[0])


def test_test_image_is_seen_as_it_is_and_can_be_changed(trying, layers):
    number = start_from(trying, 13)
    np.testing.assert_array_equal(seen(trying), IMAGES[number])
    y_prob = predict_layers(layers["multiclass"], IMAGES[[number]])[0]
    top = trying.locator("#classes tr", has=trying.locator("td:nth-child(2).top"))
    expect(top).to_have_count(1)
    assert top.locator("th").inner_text() == CLASS_NAMES[y_prob.argmax()]
    trying.locator("#mirror").click()
    np.testing.assert_array_equal(seen(trying), IMAGES[number][:, ::-1])
    trying.locator("#undo").click()
    np.testing.assert_array_equal(seen(trying), IMAGES[number])


def drag(trying, start, end):
    trying.locator("#surface").scroll_into_view_if_needed()
    frame = trying.locator("#surface").bounding_box()
    points = [(frame["x"] + x * frame["width"], frame["y"] + y * frame["height"])
              for x, y in (start, end)]  # fmt: skip
    n_strokes = trying.evaluate("state.undo.length")
    trying.mouse.move(*points[0])
    trying.mouse.down()
    trying.mouse.move(*points[1], steps=5)
    trying.mouse.up()
    is_drawn = f"state.undo.length > {n_strokes} && !state.last && !isWaiting"
    wait_until(trying, is_drawn)


def test_pen_draws_eraser_erases_and_undo_takes_back(trying):
    trying.locator("#clear").click()
    assert trying.evaluate("state.shown") is None
    assert "no answer" in trying.locator("#message").inner_text()
    assert trying.locator("#look").is_disabled()
    drag(trying, (0.3, 0.5), (0.7, 0.5))
    line = seen(trying)
    assert line[14].all()
    assert not line[:8].any()
    drag(trying, (0.5, 0.3), (0.5, 0.7))
    assert (cross := seen(trying))[2, 14] > 0
    trying.locator("input[value=eraser]").check()
    drag(trying, (0.5, 0.3), (0.5, 0.7))
    assert (seen(trying) != cross).any()
    for _ in range(2):
        trying.locator("#undo").click()
    np.testing.assert_array_equal(seen(trying), line)


def test_drawing_works_with_the_keyboard_alone(trying):
    trying.locator("#clear").focus()
    trying.keyboard.press("Enter")
    for _ in range(20):
        trying.keyboard.press("Shift+Tab")
        if trying.evaluate("document.activeElement.id") == "surface":
            break
    expect(trying.locator("#cursor")).to_be_visible()
    for key in ("Space", "ArrowRight", "ArrowRight", "ArrowDown", "Space", "ArrowUp"):
        trying.keyboard.press(key)
    assert seen(trying).any()
    expect(trying.locator("#spoken")).to_contain_text("Clothing:")


@pytest.mark.parametrize("key", ["Delete", "Backspace"])
def test_keyboard_hint_is_visible_and_a_key_clears(trying, key):
    surface = trying.locator("#surface")
    hint = trying.locator(f"#{surface.get_attribute('aria-describedby')}")
    expect(hint).to_be_visible()
    for word in ("Shift", "space bar", "Delete", "Arrow keys"):
        assert word in hint.inner_text()
    surface.focus()
    trying.keyboard.press("Space")
    trying.keyboard.press(key)
    assert trying.evaluate("[state.shown, state.isDown]") == [None, False]
    for key in ("Space", "ArrowRight", "Space"):
        trying.keyboard.press(key)
    line = seen(trying)
    assert line.any()
    assert line.any(axis=1).sum() < 20  # no T-shirt is left


def test_arrow_keys_move_among_the_test_images(trying):
    start_from(trying, 0)
    trying.locator("#samples button").first.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "Enter"):
        trying.keyboard.press(key)
    buttons = trying.locator("#samples button")
    second = buttons.nth(1).get_attribute("aria-label")
    number = int(re.search(r"\d+", second)[0])
    np.testing.assert_array_equal(seen(trying), IMAGES[number])
    trying.keyboard.press("ArrowDown")
    boxes = [button.bounding_box() for button in buttons.all()]
    [below] = [k for k, box in enumerate(boxes) if box["x"] == boxes[1]["x"]][1:2]
    expect(buttons.nth(below)).to_be_focused()
    trying.keyboard.press("ArrowUp")
    expect(buttons.nth(1)).to_be_focused()


def test_steps_can_be_switched_off_and_on(trying):
    whole = seen(trying)
    trying.locator("input[name=center]").uncheck()
    assert (seen(trying) != whole).any()
    trying.locator("#none").click()
    assert seen(trying)[0, 0] == 255  # the white ground
    trying.locator("#all").click()
    np.testing.assert_array_equal(seen(trying), whole)


def list_unchanged(trying):
    """List the steps of which the page says that they changed nothing."""
    notes = {step: trying.locator(f"#change-{step}").inner_text() for step in STEPS}
    return [step for step, note in notes.items() if note == "no change here"]


UNCHANGED = {
    "shirt-exif.jpg": ["white"],
    "coat-gray-alpha.png": ["upright"],
    "trouser-shadow.jpg": ["upright", "white"],
}


@pytest.mark.parametrize("name", UNCHANGED)
def test_every_step_has_a_picture_and_says_if_it_changed_nothing(trying, name):
    assert list_unchanged(trying)[:2] == ["upright", "white"]  # of the drawn T-shirt
    path = next(p for p in list_pictures() if p.name == name)
    choose(trying, path)
    reading = {"upright", "white"}
    found = [step for step in list_unchanged(trying) if step in reading]
    assert found == UNCHANGED[name]
    tops = {}
    for step in STEPS:
        box = trying.locator(f"#stage-{step}").bounding_box()
        assert box["height"] > 50
        tops.setdefault(step, box["y"])
    assert len(set(tops.values())) == 1  # in line, however long the labels are
    trying.locator("input[name=upright]").uncheck()
    wait_until(trying, "!steps.elements.upright.checked && state.undo.length > 1")
    assert "upright" not in list_unchanged(trying)


@pytest.mark.parametrize("key", ["Control+z", "Meta+z"])
def test_a_key_takes_a_stroke_back(trying, key):
    shirt = seen(trying)
    trying.keyboard.press(key)  # nothing to take back yet
    trying.locator("#mirror").click()
    trying.keyboard.press(key)
    np.testing.assert_array_equal(seen(trying), shirt)
    assert trying.locator("#undo").is_disabled()


def test_stroke_that_becomes_a_scroll_is_taken_back(trying):
    shirt = seen(trying)
    trying.evaluate("""() => {
      const at = { pointerId: 1, button: 0, buttons: 1, clientX: 60, clientY: 200 };
      canvas.setPointerCapture = () => {};
      for (const name of ["pointerdown", "pointercancel"])
        canvas.dispatchEvent(new PointerEvent(name, at));
    }""")
    np.testing.assert_array_equal(seen(trying), shirt)
    assert trying.locator("#undo").is_disabled()


def test_undo_takes_a_file_back(trying):
    path = next(p for p in list_pictures() if p.name == "coat-gray-alpha.png")
    choose(trying, path)
    assert "white" not in list_unchanged(trying)
    trying.locator("#undo").click()
    assert trying.evaluate("[state.file, state.read]") == [None, None]
    assert "white" in list_unchanged(trying)


def test_undo_takes_steps_back_and_an_edited_file_is_a_drawing(trying):
    whole = seen(trying)
    start_from(trying, 5)
    expect(trying.locator("#message")).to_contain_text("labeled")
    assert not trying.locator("input[name=dark]").is_checked()
    trying.locator("#undo").click()
    assert trying.locator("input[name=dark]").is_checked()
    np.testing.assert_array_equal(seen(trying), whole)

    path = next(p for p in list_pictures() if p.name == "trouser-portrait.jpg")
    choose(trying, path)
    before = seen(trying)
    trying.locator("#mirror").click()
    mirrored = seen(trying)
    assert (mirrored != before).any()
    trying.locator("input[name=upright]").uncheck()  # reads no file again
    np.testing.assert_array_equal(seen(trying), mirrored)


# What is said.


def test_three_ways_are_those_of_part_3(trying, layers):
    number = start_from(trying, 5)
    image = IMAGES[[number]]
    y_prob = predict_layers(layers["multiclass"], image)[0]
    summed, binary = (
        y_prob[list(CLOTHING)].sum(),
        predict_layers(layers["binary"], image),
    )
    rows = trying.locator("#ways tr").all_inner_texts()
    assert [row.split("\t")[0] for row in rows[:3]] == [NAMES[w] for w in CLASSIFIERS]
    groups = [y_prob.argmax() in CLOTHING, summed > 0.5, binary[0] > 0.5]
    for row, is_clothing in zip(rows[:3], groups, strict=True):
        assert row.split("\t")[1].startswith("yes" if is_clothing else "no")
    assert all("probability of Clothing" in row for row in rows[1:3])


def test_live_region_speaks_the_answer(trying):
    name = CLASS_NAMES[LABELS[start_from(trying, 1)]]
    spoken = trying.locator("#spoken[aria-live=polite]")
    expect(spoken).to_contain_text(name)
    expect(spoken).to_contain_text("binary")
    expect(spoken).to_contain_text("The CNN says")


def test_occlusion_says_where_hiding_hurts_most(trying, layers):
    image = IMAGES[start_from(trying, 9)]
    trying.locator("#look").click()
    drops = trying.evaluate("""() => {
      const { image, said } = state.shown;
      return hideParts(image, said.top, said.classes[said.top]);
    }""")
    y_prob = predict_layers(layers["multiclass"], image[np.newaxis])[0]
    top, expected = y_prob.argmax(), []
    for row, column in np.ndindex(14, 14):
        hidden = image[np.newaxis].copy()
        across = slice(max(0, 2 * column - 2), 2 * column + 4)
        hidden[:, max(0, 2 * row - 2) : 2 * row + 4, across] = 0
        after = predict_layers(layers["multiclass"], hidden)[0, top]
        expected.append(y_prob[top] - after)
    np.testing.assert_allclose(drops, expected, atol=1e-6)
    assert CLASS_NAMES[top] in trying.locator("#looked").inner_text()
    for place in ("#look", "#looked"):
        assert "network of Part 1" in trying.locator(place).inner_text()


@pytest.mark.parametrize("kind", ["drop", "paste"])
def test_picture_can_be_dropped_and_pasted(trying, kind):
    path = next(iter(list_pictures()))
    letters = base64.b64encode(path.read_bytes()).decode()
    trying.evaluate(
        """([kind, letters]) => {
          const bytes = Uint8Array.from(atob(letters), letter => letter.charCodeAt(0));
          const carried = new DataTransfer();
          carried.items.add(new File([bytes], "shirt.jpg", { type: "image/jpeg" }));
          const event = kind === "paste"
            ? new ClipboardEvent("paste", { clipboardData: carried, bubbles: true })
            : new DragEvent("drop", { dataTransfer: carried, bubbles: true });
          document.body.dispatchEvent(event);
        }""",
        [kind, letters],
    )
    wait_until(trying, "state.file !== null")
    assert_alike(seen(trying).ravel().tolist(), path)


def test_a_phone_can_photograph(trying):
    photo = trying.locator("#photo")
    assert photo.get_attribute("capture") == "environment"
    assert photo.get_attribute("accept") == "image/*"


# Everywhere.


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_is_accessible_and_readable_on_a_phone(trying, scheme):
    trying.set_viewport_size(PHONE)
    trying.emulate_media(color_scheme=scheme)
    start_from(trying, 0)
    trying.locator("#look").click()
    assert trying.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    contrasts = trying.evaluate(CONTRASTS.read_text("utf-8"))
    assert sorted(pair for pair in contrasts if pair[0] < 4.5) == []
    faults = Axe().run(trying, options=AXE_OPTIONS).response["violations"]
    assert faults == []


def test_answer_is_right_below_the_drawing_on_a_phone_and_beside_it_else(trying):
    boxes = {}
    for size in (PHONE, WIDE):
        trying.set_viewport_size(size)
        boxes[size["width"]] = {
            name: trying.locator(f"#try > .{name}").bounding_box()
            for name in ("draw", "answers", "more", "wide")
        }
    narrow, wide = boxes[PHONE["width"]], boxes[WIDE["width"]]
    tops = [narrow[name]["y"] for name in ("draw", "answers", "more", "wide")]
    assert tops == sorted(tops)
    assert tops[1] - tops[0] - narrow["draw"]["height"] < 40
    assert wide["answers"]["y"] == wide["draw"]["y"]
    assert wide["more"]["x"] == wide["draw"]["x"]


def test_without_a_script_the_page_says_what_it_would_do(open_tab, path):
    tab = open_tab(path, java_script_enabled=False)
    assert "predict PHOTO" in tab.page.locator("noscript").inner_text()
    assert not tab.page.locator("#try").is_visible()
    tab.page.context.close()


def test_page_asked_for_nothing_and_never_complained(opened):
    # The last test of the page: all that the others did to it counts.
    assert set(opened.asked) == {opened.path.as_uri()}
    assert opened.complaints == []
