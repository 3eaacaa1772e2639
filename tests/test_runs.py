import io
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fashionnet import engine, runs, storing
from fashionnet.download import DATA_SHA256
from fashionnet.recipes import Recipe, run_key
from fashionnet.runs import Run, find_run, make_run, run_folder
from fashionnet.storing import RunError
from fashionnet.study.trainings import list_jobs

PUBLISHED = Path(__file__).parents[1] / "reports"
PLACES = PUBLISHED.glob("runs/*/*/manifest.json")
# Maps, and what SqueezeNet says of clothes, lie beside the further trainings.
BESIDE = ("maps", "imagenet")
MANIFESTS = sorted(path for path in PLACES if path.parent.name not in BESIDE)
HISTORY = {
    "loss": [0.9, 0.6, 0.5],
    "accuracy": [0.6, 0.7, 0.8],
    "val_loss": [0.8, 0.55, 0.7],
    "val_accuracy": [0.65, 0.75, 0.72],
    "seconds": [1.004, 0.5, 0.75],
}
Y_TEST = np.array([1, 0, 1, 1])
Y_PROB = np.array([0.9, 0.2, 0.4, 0.5001], np.float32)


ENGINE = {"backend": "tensorflow", "precision": "float32", "threads": 3}


@pytest.fixture(autouse=True)
def keras_is_spared(monkeypatch):
    """Spare the tests Keras and TensorFlow, which would have to describe themselves."""
    monkeypatch.setattr(runs, "describe_engine", lambda: ENGINE)
    monkeypatch.setattr(engine, "describe_engine", lambda: ENGINE)


class FakeModel:
    """What `save_run` needs of a network."""

    trainable_weights = (SimpleNamespace(shape=(3, 2)), SimpleNamespace(shape=(2,)))

    def save_weights(self, path):
        path.write_bytes(b"weights")


class FullDisk(FakeModel):
    def save_weights(self, path):
        path.write_bytes(b"wei")
        raise OSError(28, "No space left on device")


def save(seed=0, recipe=None, model=None, differences=None):
    parts = model or FakeModel(), HISTORY, Y_PROB[:2], Y_PROB, Y_TEST
    run = make_run("binary", seed, recipe or Recipe(), *parts, differences or {})
    return runs.store_run(run)


def test_saved_run_is_found_with_equal_contents():
    save()
    run = find_run("binary", 0)
    np.testing.assert_array_equal(run.y_prob_test, Y_PROB)
    np.testing.assert_array_equal(run.y_prob_val, Y_PROB[:2])
    assert run.y_prob_test.dtype == np.float32
    assert run.history == HISTORY


def test_manifest_tells_what_was_trained_and_what_came_of_it():
    manifest = save(seed=3).manifest
    assert (manifest["task"], manifest["seed"]) == ("binary", 3)
    assert manifest["recipe"] == json.loads(json.dumps(Recipe()._asdict()))
    assert manifest["parameters"] == 8
    assert ENGINE.items() <= manifest.items()
    assert (manifest["epochs_run"], manifest["best_epoch"]) == (3, 2)
    assert manifest["train_seconds"] == 2.25
    assert manifest["data_sha256"] == DATA_SHA256
    assert manifest["metrics"] == {
        "val_loss": 0.55,
        "val_accuracy": 0.75,
        "n_correct": 3,
        "n_test": 4,
        "test_accuracy": 0.75,
    }
    assert {"python", "keras", "tensorflow", "numpy"} <= set(manifest["versions"])


TRAINED = {
    "model": FakeModel(),
    "split": "the split",
    "history": HISTORY,
    "y_prob_val": Y_PROB[:2],
    "y_test": Y_TEST,
}


@pytest.fixture
def found(monkeypatch):
    """Stand in for `find_differences`, which needs Keras: return what it is to find."""
    found = {}

    def find_differences(*arguments, **parts):
        assert arguments == ("binary", 4, Recipe(hidden_units=(8, 8)))
        given = {**TRAINED, "y_prob_test": Y_PROB}
        assert parts.keys() == given.keys()
        assert all(part is given[name] for name, part in parts.items())
        return found

    stand_in = SimpleNamespace(find_differences=find_differences)
    monkeypatch.setitem(sys.modules, "fashionnet.differences", stand_in)
    return found


def save_trained(seed=4, hidden_units=(8, 8)):
    recipe = Recipe(hidden_units=hidden_units)
    return runs.save_run("binary", seed, recipe, y_prob_test=Y_PROB, **TRAINED)


def test_usual_training_is_stored_without_a_word(found, capsys):
    run = save_trained(hidden_units=[8, 8])
    assert run.manifest == find_run("binary", 4, Recipe(hidden_units=(8, 8))).manifest
    assert run.manifest["differences"] == {}
    assert capsys.readouterr().out == ""


def test_other_training_is_stored_beside_the_usual_one_and_that_is_said(
    found, capsys, monkeypatch
):
    found["first_step"] = 106
    monkeypatch.setattr(engine, "describe_engine", lambda: {**ENGINE, "backend": "jax"})
    run = save_trained()
    assert run.manifest["differences"] == {"first_step": 106, "backend": "jax"}
    said = capsys.readouterr().out
    assert "first_step, backend" in said
    assert run.folder.name in said


@pytest.mark.parametrize("wrong", [{"hidden_units": (0,)}, {"seed": -1}], ids=str)
def test_impossible_setting_is_refused_before_anything_is_stored(
    wrong, found, scratch_home
):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        save_trained(**wrong)
    assert not scratch_home.exists()


def test_run_without_stored_labels_has_none():
    run = save()
    assert run.y_pred_val is run.y_pred_test is None


def save_condensed(**changes):
    recipe = Recipe(n_train=500)
    parts = FakeModel(), HISTORY, Y_PROB[:2], Y_PROB, Y_TEST
    run = make_run("multiclass", 0, recipe, *parts, {})
    return runs.store_run(run._replace(weights=None, **changes))


def test_stored_labels_come_back_beside_the_probabilities():
    run = save_condensed(
        y_pred_val=np.array([9, 0]), y_pred_test=np.array([1, 8, 3, 0])
    )
    assert run.y_pred_val.tolist() == [9, 0]
    assert run.y_pred_test.tolist() == [1, 8, 3, 0]
    assert run.y_pred_test.dtype == np.uint8
    np.testing.assert_array_equal(run.y_prob_test, Y_PROB)


def test_run_stored_without_weights_says_so():
    run = save_condensed()
    assert not (run.folder / "best.weights.h5").exists()
    with pytest.raises(RunError, match=r"seed-0-\w+"):
        runs.check_weights(run)


def test_folder_without_manifest_is_no_run():
    assert find_run("binary", 0) is None
    folder = save().folder
    (folder / "manifest.json").unlink()
    assert find_run("binary", 0) is None


@pytest.mark.parametrize("name", ["manifest.json", "history.json", "predictions.npz"])
def test_truncated_file_is_named_and_not_used(name):
    path = save().folder / name
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(RunError, match=rf"{name}.*Delete .*seed-0"):
        find_run("binary", 0)


@pytest.mark.parametrize("name", ["history.json", "predictions.npz"])
def test_lost_file_is_named(name):
    (save().folder / name).unlink()
    with pytest.raises(RunError, match=name):
        find_run("binary", 0)


def test_manifest_that_is_not_a_manifest_is_named():
    (save().folder / "manifest.json").write_text("[]")
    with pytest.raises(RunError, match=r"manifest\.json"):
        find_run("binary", 0)


def test_altered_predictions_are_named():
    folder = save().folder
    np.savez_compressed(
        folder / "predictions.npz", y_prob_val=Y_PROB, y_prob_test=1 - Y_PROB
    )
    with pytest.raises(RunError, match=r"predictions\.npz"):
        find_run("binary", 0)


def test_altered_history_is_named():
    (save().folder / "history.json").write_text('{"loss": [0.1]}')
    with pytest.raises(RunError, match=r"history\.json.*SHA-256"):
        find_run("binary", 0)


def test_altered_manifest_is_named_but_its_order_is_free():
    run = save()
    path = run.folder / "manifest.json"
    path.write_text(json.dumps(run.manifest, sort_keys=True))
    assert find_run("binary", 0).manifest == run.manifest
    path.write_text(json.dumps({**run.manifest, "train_seconds": 1.0}))
    with pytest.raises(RunError, match=r"manifest\.json.*SHA-256"):
        find_run("binary", 0)


def test_pickled_predictions_are_refused():
    buffer = io.BytesIO()
    np.savez(buffer, y_prob_val=np.array([{}]))
    with pytest.raises(ValueError, match="pickle"):
        runs._load_arrays(buffer.getvalue())


def test_weights_are_checked_before_use():
    run = save()
    assert runs.check_weights(run).read_bytes() == b"weights"
    (run.folder / "best.weights.h5").write_bytes(b"w")
    with pytest.raises(RunError, match=r"best\.weights\.h5"):
        runs.check_weights(run)


def test_full_disk_leaves_the_old_run_intact():
    before = save()
    with pytest.raises(OSError, match="28"):
        save(model=FullDisk())
    after = find_run("binary", 0)
    assert after.manifest == before.manifest
    assert [p.name for p in after.folder.parent.iterdir()] == ["seed-0"]


def test_disk_that_fills_up_while_storing_keeps_no_half_of_the_new_run(monkeypatch):
    folder, write, done = save().folder, Path.write_bytes, []
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def fill_up(path, raw):
        if path.suffix == ".part":
            done.append(path)
        if len(done) == 2:
            raise OSError(28, "No space left on device")
        return write(path, raw)

    monkeypatch.setattr(Path, "write_bytes", fill_up)
    with pytest.raises(OSError, match="No space left"):
        save()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("n_steps", range(9))
def test_store_that_is_cut_short_leaves_the_old_run_or_the_new_one(
    n_steps, monkeypatch
):
    old = save(seed=0).manifest
    replace, write, done = os.replace, Path.write_bytes, []

    def cut_short(act):
        def act_or_die(*arguments):
            if len(done) == n_steps:
                raise Killed
            done.append(act)
            return act(*arguments)

        return act_or_die

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut_short(replace))
        patch.setattr(Path, "write_bytes", cut_short(write))
        patch.setattr(runs, "describe_engine", lambda: {**ENGINE, "threads": 7})
        with pytest.raises(Killed):
            save(seed=0)
    found = find_run("binary", 0)
    assert runs.check_weights(found).read_bytes() == b"weights"
    is_new = n_steps > 5  # five files are written, then the manifest is replaced
    assert found.manifest["threads"] == (7 if is_new else old["threads"])


class Killed(BaseException):
    """A death that nothing catches."""


def test_other_recipe_has_a_folder_of_its_own():
    usual = save()
    other = save(recipe=Recipe(dropout=0.5))
    assert usual.folder.name == "seed-0"
    assert other.folder.name.startswith("seed-0-")
    assert find_run("binary", 0).manifest["recipe"]["dropout"] == Recipe().dropout


def test_run_of_an_older_recipe_is_not_reused(monkeypatch):
    folder = save().folder
    with monkeypatch.context() as patch:
        patch.setattr(runs, "run_key", lambda *_: "older")
        save()
    assert folder.is_dir()
    assert find_run("binary", 0) is None


def test_other_training_of_a_recipe_has_a_folder_and_a_key_of_its_own():
    usual, beside = save(), save(differences={"first_step": 106})
    assert usual.folder.name == "seed-0"
    assert beside.folder.name.startswith("seed-0-")
    assert find_run("binary", 0).manifest == usual.manifest
    again = find_run("binary", 0, Recipe(), {"first_step": 106})
    assert again.manifest == beside.manifest
    assert find_run("binary", 0, Recipe(), {"first_step": 212}) is None
    assert save(differences={"first_step": 212}).folder != beside.folder


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_number_that_is_none_is_never_written(loss):
    parts = FakeModel(), {**HISTORY, "val_loss": [0.5, loss, 0.6]}
    run = make_run("binary", 0, Recipe(), *parts, Y_PROB[:2], Y_PROB, Y_TEST, {})
    with pytest.raises(ValueError, match="JSON"):
        runs.store_run(run)
    assert find_run("binary", 0) is None


def test_unusual_engine_is_told_by_what_differs(monkeypatch):
    assert engine.find_unusual_engine() == {}
    monkeypatch.setattr(engine, "describe_engine", lambda: {**ENGINE, "backend": "jax"})
    assert engine.find_unusual_engine() == {"backend": "jax"}


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda p: "/".join(p.parts[-3:-1]))
def test_every_published_run_still_has_its_key(path, monkeypatch):
    manifest = json.loads(path.read_text())
    task, seed = manifest["task"], manifest["seed"]
    recipe = runs.recipe_of(Run(manifest, {}, None, None))
    differences = manifest.get("differences")
    assert run_key(task, seed, recipe, differences) == manifest["key"]
    monkeypatch.setenv("FASHIONNET_HOME", str(PUBLISHED))
    assert run_folder(task, seed, recipe, differences) == path.parent


def test_all_runs_of_the_study_are_published(monkeypatch):
    monkeypatch.setenv("FASHIONNET_HOME", str(PUBLISHED))
    jobs = list_jobs()
    assert {run_folder(*job) for job in jobs} <= {path.parent for path in MANIFESTS}
    assert len(jobs) == 75


def test_home_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path / "täst home"))
    assert run_folder("binary", 7) == tmp_path / "täst home" / "runs/binary/seed-7"


def test_home_may_begin_with_a_tilde(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("FASHIONNET_HOME", "~/mine")
    assert storing.home() == tmp_path / "mine"


def test_home_is_in_the_checkout_or_else_in_the_working_directory(
    monkeypatch, tmp_path
):
    checkout = tmp_path / "checkout"
    monkeypatch.delenv("FASHIONNET_HOME")
    monkeypatch.setattr(storing, "CHECKOUT", checkout)
    monkeypatch.chdir(tmp_path)
    assert storing.home() == storing.own_home() == tmp_path / "reports"
    (checkout / "notebooks").mkdir(parents=True)
    assert storing.home() == checkout / "reports"
    assert storing.own_home() == checkout / "reports/mine"
    monkeypatch.setenv("FASHIONNET_HOME", str(tmp_path / "elsewhere"))
    assert storing.own_home() == storing.home() == tmp_path / "elsewhere"


def test_stored_seeds_are_listed_without_other_recipes():
    for seed in (10, 2):
        save(seed=seed)
    save(seed=5, recipe=Recipe(dropout=0.5))
    assert runs.stored_seeds("binary") == [2, 10]
    assert runs.stored_seeds("multiclass") == []


def test_checkpoints_of_two_trainings_are_in_folders_of_their_own(monkeypatch):
    at_exit = []

    def register(*call, **options):
        at_exit.append((call, options))

    monkeypatch.setattr(runs.atexit, "register", register)
    paths = [runs.make_checkpoint_path() for _ in range(2)]
    assert paths[0].parent != paths[1].parent
    for path, ((remove, *folder), options) in zip(paths, at_exit, strict=True):
        assert (path.name, path.parent.is_dir()) == ("best.weights.h5", True)
        assert path.parent.name.startswith("fashionnet-")
        for _ in range(2):  # The second time, it is gone already.
            remove(*folder, **options)
        assert not path.parent.exists()


@pytest.mark.integration
def test_checkpoints_are_gone_when_python_ends():
    code = (
        "from fashionnet import runs; path = runs.make_checkpoint_path(); "
        "path.write_text('weights'); print(path)"
    )
    path = subprocess.check_output([sys.executable, "-c", code], text=True).strip()
    assert path.endswith("best.weights.h5")
    assert not Path(path).parent.exists()
