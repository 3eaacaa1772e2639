"""The listings in plain Keras: what they hold, and that they run by themselves."""

import re
from difflib import ndiff
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np
import pytest
from books import PATHS, ROOT, cells, skip_edited, text

from fashionnet import models
from fashionnet.data import CLASS_NAMES, CLOTHING, load_test_set, load_training_set
from fashionnet.recipes import Recipe
from fashionnet.study.pairs import find_pairs, right_by_seed
from fashionnet.study.stats import Estimate, crossed_estimate
from fashionnet.study.verdict import decide
from fashionnet.training import make_optimizer


def read_listing(path, start):
    """Return the code in a text of a notebook that begins with `start`."""
    [source] = read_listings(path, start)
    return source


def read_listings(path, *starts):
    """Return the pieces of code in texts of a notebook that begin so.

    A piece may be in two cells: the test has one of its own.
    """
    prose = "".join(text(c) for c in cells(skip_edited(path), "markdown"))
    prose = prose.replace("```\n\nThen, in a second cell:\n\n```python\n", "\n")
    found = [re.findall(rf"```python\n({s}.*?)```", prose, re.DOTALL) for s in starts]
    return [source for [source] in found]


@pytest.fixture
def run_listing(tmp_path, monkeypatch, noise):
    """Return a function that runs a plain listing for an epoch on few images."""
    x, y = np.concatenate([noise[0]] * 4), np.arange(4 * len(noise[0])) % 10
    split = (x, y), (x[:50], y[:50])
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: split)
    monkeypatch.chdir(tmp_path)

    def run(source):
        names = {}
        exec(re.sub(r"epochs=\d+", "epochs=1, verbose=0", source), names)
        return names

    return run


@pytest.mark.integration
def test_plain_keras_of_part_1_is_its_network_and_trains(run_listing):
    source = read_listing(PATHS[0], "import math\n")
    names, usual, recipe = run_listing(source), models.build_mlp(10), Recipe()
    assert Path("ten.weights.h5").is_file()
    weights = names["model"].weights
    assert [w.shape for w in weights] == [w.shape for w in usual.weights]
    for given in (
        f"shuffle(len(x_train), seed=SEED).batch({recipe.batch_size})",
        f"epochs={recipe.epochs}", f"patience={recipe.patience}",
        f"Dropout({recipe.input_dropout}, noise_shape=(1, 784))",
        f"n_steps = {recipe.epochs} * math.ceil(len(x_train) / {recipe.batch_size})",
    ):  # fmt: skip
        assert given in source
    usual = make_optimizer(
        learning_rate=recipe.learning_rate,
        weight_decay=recipe.weight_decay,
        n_steps=names["n_steps"],
    )
    made = names["model"].optimizer.get_config()
    assert made | {"name": ""} == usual.get_config() | {"name": ""}


@pytest.mark.integration
@pytest.mark.parametrize("is_final", [False, True])
@pytest.mark.parametrize("start", ["import keras\n", "import math\n"])
def test_listings_of_part_1_test_only_when_all_is_chosen(
    start, is_final, run_listing, capsys
):
    source = read_listing(PATHS[0], start)
    names = run_listing(source.replace("IS_FINAL = False", f"IS_FINAL = {is_final}"))
    assert len(names["y_pred"]) == (50 if is_final else 120)
    assert Path("ten-0.npy").exists() == is_final
    matrix = names["matrix"] + names["matrix"].T
    most = np.sort(matrix[np.tril_indices(10, -1)])[::-1][:5]
    said = capsys.readouterr().out.splitlines()[-5:]
    assert [int(line.split()[0]) for line in said] == most.tolist()
    for line, count in zip(said, most, strict=True):
        pair = line.split(" ", 1)[1].split(" and ")
        one, other = (CLASS_NAMES.index(name) for name in pair)
        assert matrix[one, other] == count


@pytest.mark.integration
def test_first_listing_of_part_1_is_its_plain_network(run_listing):
    source = read_listing(PATHS[0], "import keras\n")
    names = run_listing(source)
    sizes = [layer.units for layer in names["model"].layers if hasattr(layer, "units")]
    assert sizes == [256, 256, 10]
    code = "\n".join(text(c) for c in cells(PATHS[0], "code"))
    for given in ("patience=5", "batch_size=128", "epochs=40", 'optimizer="adam"'):
        assert given in source and given in code
    stack = source[source.index("        keras.Input((28, 28)),") :]
    assert stack[: stack.index("    ]\n")] in code


def make_binary(source):
    """Apply to the plain network of Part 1 the six changes that Part 2 names."""
    split, changes = read_listings(PATHS[1], "CLOTHING", "layers.Dense")
    layer, loss, answers, names, file = changes.splitlines()
    for old, new in (
        ("\nlayers = keras.layers", f"\n{split}\nlayers = keras.layers"),
        ('layers.Dense(10, activation="softmax")', layer),
        ('loss="sparse_categorical_crossentropy"', loss),
        ("y_pred = model.predict(x, verbose=0).argmax(axis=1)", answers),
        ("\nmatrix = ", f"\n{names}\nmatrix = "),
        ('np.save(f"ten-{SEED}.npy", model.predict(x, verbose=0))', file),
    ):
        assert source.count(old) == 1
        source = source.replace(old, new)
    return source


@pytest.mark.integration
def test_changes_named_in_part_2_make_the_plain_network_of_part_1_binary(run_listing):
    source = make_binary(read_listing(PATHS[0], "import keras\n"))
    made = run_listing(source.replace("IS_FINAL = False", "IS_FINAL = True"))
    assert made["model"].output_shape == (None, 1)
    assert made["matrix"].shape == (2, 2) and made["matrix"].sum() == 50
    assert np.load("two-0.npy").shape == (50, 1)
    assert set(made["y_train"]) == set(made["y_test"]) == {0, 1}


def find_numbers(path, pattern):
    """Return the numbers in the groups of a pattern that a text matches once."""
    prose = "\n".join(text(c) for c in cells(skip_edited(path), "markdown"))
    [found] = re.finditer(pattern, prose)
    return [float(number) for number in found.groups()]


@pytest.mark.slow
def test_results_told_of_the_plain_network_are_what_its_listings_give(
    tmp_path, monkeypatch, capsys
):
    split = load_training_set(), load_test_set()
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: split)
    monkeypatch.chdir(tmp_path)
    source = read_listing(PATHS[0], "import keras\n")
    source = source.replace("IS_FINAL = False", "IS_FINAL = True")
    right, wrong_in_validation = [], []
    for seed in range(3):
        ten, two, of_seed = {}, {}, source.replace("SEED = 0", f"SEED = {seed}")
        exec(of_seed, ten)
        exec(make_binary(of_seed), two)
        plt.close("all")
        right.append(100 * np.mean(ten["y_pred"] == ten["y_test"]))
        said = two["model"].predict(two["x_val"], verbose=0)[:, 0] > 0.5
        wrong_in_validation.append(np.sum(said != two["y_val"]))
    # On another processor, trainings with the same seed end elsewhere.
    told = find_numbers(PATHS[0], r"on the test images, it gets (\d\d\.\d)% right")
    assert right[:1] == pytest.approx(told, abs=1)
    seeds = r"(\d\d), (\d\d) and (\d\d)"
    told = find_numbers(PATHS[1], rf"this plain network got {seeds} of the 6,000")
    assert wrong_in_validation == pytest.approx(told, abs=15)
    capsys.readouterr()
    exec(read_listing(PATHS[2], "import keras\n"), {})
    said = capsys.readouterr().out
    pairs = re.findall(r"(\d+) errors.*?(\d+) with two", said)
    pattern = rf"we got {seeds} errors with ten classes \(summed\), and {seeds} with"
    told = np.reshape(find_numbers(PATHS[2], pattern), (2, 3))
    np.testing.assert_allclose(np.transpose(pairs).astype(int), told, atol=15)
    assert said.endswith("verdict: undecided\n")


@pytest.mark.integration
def test_plain_keras_of_part_2_is_that_of_part_1_for_two_groups(run_listing):
    source = read_listing(PATHS[1], "import math\n")
    names = run_listing(source.replace("IS_FINAL = False", "IS_FINAL = True"))
    assert names["model"].output_shape == (None, 1)
    assert set(names["y_test"]) == {0, 1} and names["y_pred"].shape == (50,)
    assert np.load("two-0.npy").shape == (50, 1)
    of_part_1 = read_listing(PATHS[0], "import math\n")
    differ = ndiff(of_part_1.splitlines(), source.splitlines())
    removed = [line[2:].strip() for line in differ if line.startswith("- ")]
    others = [line for line in removed if "names" not in line and ".h5" not in line]
    assert others == [
        'model = keras.Sequential([*stack, layers.Dense(10, activation="softmax")])',
        'loss="sparse_categorical_crossentropy",',
        "y_pred = model.predict(x, verbose=0).argmax(axis=1)",
        "for count, one, other in sorted(pairs, reverse=True)[:5]:",
        'print(count, one, "and", other)',
        'np.save(f"ten-{SEED}.npy", model.predict(x, verbose=0))  # for Part 3',
    ]
    assert f"\nCLOTHING = {list(CLOTHING)}" in source


@pytest.mark.parametrize("way", ["multiclass_sum", "multiclass_argmax"])
def test_plain_comparison_of_part_3_finds_what_the_notebook_does(
    way, tmp_path, monkeypatch, capsys
):
    source = read_listing(PATHS[2], "import keras\n")
    source = source.replace("BY_SUM = True", f"BY_SUM = {way == 'multiclass_sum'}")
    monkeypatch.setenv("FASHIONNET_HOME", str(ROOT / "reports"))
    labels = load_test_set()[1]
    split = (None, None), (None, labels)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: split)
    monkeypatch.chdir(tmp_path)
    pairs = {seed: pair for seed, pair in find_pairs().items() if seed < 3}
    for seed, (ten, two) in pairs.items():
        np.save(f"ten-{seed}.npy", ten.y_prob_test)
        np.save(f"two-{seed}.npy", two.y_prob_test[:, np.newaxis])
    names = {}
    exec(source, names)
    right = right_by_seed(pairs, labels)
    differ = right["binary"].astype(int) - right[way]
    np.testing.assert_array_equal(names["excess"], differ)
    n_wrong = [str((~right[kind][0]).sum()) for kind in (way, "binary")]
    first, *_, means, interval, outcome = capsys.readouterr().out.strip().splitlines()
    assert re.findall(r"\d+(?= errors)|\d+(?= with two)", first) == n_wrong
    assert float(first.split()[-1]) > 0.05
    assert f"two: {differ.sum() / 3:+.1f} errors" in means
    low, high = map(float, re.findall(r"[-\d.]+", interval.split(":")[1]))
    expected = crossed_estimate(differ)
    for end, sign in ((low, -1), (high, 1)):
        end_of_formula = expected.value + sign * 1.645 * expected.standard_error
        assert end == pytest.approx(1e4 * end_of_formula, abs=0.1)
    bell = Estimate(1e4 * expected.value, 1e4 * expected.standard_error, np.inf)
    assert outcome == f"verdict: {decide(bell)}"


def test_plain_comparison_of_part_3_takes_networks_that_always_agree(
    tmp_path, monkeypatch, capsys
):
    labels = load_test_set()[1]
    split = (None, None), (None, labels)
    monkeypatch.setattr(keras.datasets.fashion_mnist, "load_data", lambda: split)
    monkeypatch.chdir(tmp_path)
    for seed in range(3):
        np.save(f"ten-{seed}.npy", np.eye(10)[labels])
        np.save(f"two-{seed}.npy", np.isin(labels, CLOTHING)[:, np.newaxis])
    source = read_listing(PATHS[2], "import keras\n")
    exec(source, {})
    said = capsys.readouterr().out
    assert said.count("p-value 1.000") == 3
    assert said.endswith("verdict: equally good\n")


@pytest.mark.parametrize(
    ("mean", "error"), [(12, 5), (-12, 5), (12, 8), (3, 1), (-3, 1), (3, 3), (8, 3)]
)
def test_rule_at_the_end_of_the_plain_comparison_is_that_of_part_3(mean, error, capsys):
    source = read_listing(PATHS[2], "import keras\n")
    exec(source[source.index("low, high = mean") :], {"mean": mean, "error": error})
    outcome = capsys.readouterr().out.splitlines()[-1]
    assert outcome == f"verdict: {decide(Estimate(mean, error, np.inf))}"
